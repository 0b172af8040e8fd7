//! Whose token is this?

use super::{System, SystemError, users};
use crate::access::{Caller, Endpoint, Rights, TokenRights};
use crate::auth::{ClassicToken, TokenError, TokenKind};
use crate::ident::{AppId, RealmName, UnixTime, UserId};
use crate::secret::Secret;

/// Why nobody is let in.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// There is no such app: HTTP 404.
    #[error("there is no app {0}")]
    NoSuchApp(String),
    /// The token is bad, expired, or its login has ended: HTTP 401, or close code 4001.
    #[error("{0}")]
    Unauthorized(String),
    /// The server cannot say: HTTP 503.
    #[error("{0}")]
    Unavailable(String),
}

impl From<SystemError> for Refusal {
    fn from(error: SystemError) -> Refusal {
        match error {
            SystemError::NoSuchApp(app) => Refusal::NoSuchApp(app),
            SystemError::Token(_)
            | SystemError::LoginEnded
            | SystemError::Revoked
            | SystemError::UserRemoved
            | SystemError::NotAdmin
            | SystemError::Foreign(_)
            | SystemError::UserDisabled
            | SystemError::WrongPassword => Refusal::Unauthorized(error.to_string()),
            SystemError::Storage(_)
            | SystemError::Database(_)
            | SystemError::Hash(_)
            | SystemError::NoSuchProvider(_)
            | SystemError::RegistrationClosed
            | SystemError::BadEmail
            | SystemError::BadName
            | SystemError::BadMetadata
            | SystemError::NotConfirmed
            | SystemError::BadMailedToken
            | SystemError::NoMail
            | SystemError::BadKeyName
            | SystemError::KeyNameInUse
            | SystemError::TooManyKeys
            | SystemError::NoSuchKey
            | SystemError::BeingRemoved
            | SystemError::NoSuchUser
            | SystemError::BadPassword(_)
            | SystemError::BadId
            | SystemError::IdInUse
            | SystemError::IdOfRealms(_)
            | SystemError::NotMade
            | SystemError::NameInUse => Refusal::Unavailable(error.to_string()),
        }
    }
}

impl System {
    /// Who shows this token, if whoever it is may open sync connections at this endpoint.
    pub fn authorize(
        &self,
        endpoint: &Endpoint,
        token: &Secret,
        now: UnixTime,
    ) -> Result<Caller, Refusal> {
        match endpoint {
            Endpoint::App(app) => Ok(self.app_caller(app, token, now)?),
            Endpoint::Classic => Ok(self.classic_caller(token, now)?),
        }
    }

    /// A user of the app, or an administrator with a classic admin token.
    fn app_caller(
        &self,
        app: &AppId,
        token: &Secret,
        now: UnixTime,
    ) -> Result<Caller, SystemError> {
        self.app(app)?;
        let endpoint = Endpoint::App(app.clone());
        if token.reveal().contains(':') {
            let admin = ClassicToken::verify(token, &self.keys)?;
            return if admin.is_admin() {
                self.caller_of(endpoint, admin, now)
            } else {
                Err(TokenError::Kind.into())
            };
        }
        let token = self.verify(token, TokenKind::Access, now)?;
        if token.app != *app {
            return Err(TokenError::OtherApp.into());
        }
        let admin = self.admin.read(|tx| users::is_admin(tx, &token.user))?;
        Ok(Caller {
            endpoint,
            user: token.user,
            admin,
            token: None,
            expires_at: Some(token.expires_at),
            issued_at: Some(token.issued_at),
            login: Some(token.login),
        })
    }

    fn classic_caller(&self, token: &Secret, now: UnixTime) -> Result<Caller, SystemError> {
        let token = ClassicToken::verify(token, &self.keys)?;
        let caller = self.caller_of(Endpoint::Classic, token, now)?;
        let is_admin = self.admin.read(|tx| users::is_admin(tx, &caller.user))?;
        if caller.admin || !is_admin {
            return Ok(caller);
        }
        // An administrator's token that carries rights carries those alone, and all of those.
        let token = caller.token.map(|token| TokenRights {
            is_capped: false,
            ..token
        });
        Ok(Caller {
            admin: token.is_none(),
            token,
            ..caller
        })
    }

    fn caller_of(
        &self,
        endpoint: Endpoint,
        token: ClassicToken,
        now: UnixTime,
    ) -> Result<Caller, SystemError> {
        // A path belongs to access tokens; without what they allow there, it allows nothing.
        if token.is_refresh() || (token.path.is_some() && token.access.is_none()) {
            return Err(TokenError::Kind.into());
        }
        self.check_classic(&token, now)?;
        Ok(Caller {
            endpoint,
            admin: token.is_admin(),
            token: rights_of(&token),
            user: UserId(token.identity.into()),
            expires_at: token.expires_at,
            issued_at: token.issued_at,
            login: Some(token.login),
        })
    }
}

/// The rights that an access token carries; a user token carries none and its user has those that it was granted.
fn rights_of(token: &ClassicToken) -> Option<TokenRights> {
    let access = token.access?;
    let rights = Rights {
        read: access.download,
        write: access.upload,
        manage: access.manage,
    };
    Some(TokenRights {
        realm: token.path.as_deref().map(RealmName::from_canonical),
        rights,
        is_capped: token.is_issued,
    })
}
