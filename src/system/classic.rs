//! Signing in through the classic API: refresh tokens that last, access tokens for one Realm each.
//!
//! Classic users are those of the app `classic`. Every token belongs to a login, and ends with it.

use super::logins::NewLogin;
use super::sign_in::check_name;
use super::users::{self, NewUser, Provider};
use super::{BadName, Moment, System, SystemError, hex, logins, realm_name};
use crate::access::{Caller, Decision, Endpoint};
use crate::auth::{ClassicClaims, ClassicToken, TokenError, hash_password};
use crate::ident::{AppId, LoginId, RealmName, UnixTime, UserId};
use crate::secret::Secret;

/// The app that classic users and Realms belong to.
pub(super) const CLASSIC: &str = AppId::CLASSIC;

/// What a client says of itself when it says nothing.
const APP_ID: &str = "io.realm.Auth";

/// A token that was made for somebody, with what is in it.
#[derive(Debug, Clone)]
pub struct Issued {
    /// The token.
    pub token: Secret,
    /// Its claims, which clients are shown beside it.
    pub claims: ClassicClaims,
}

/// Why somebody who has signed in gets no access token.
#[derive(Debug, thiserror::Error)]
pub enum NoAccess {
    /// The path can be no Realm's.
    #[error(transparent)]
    Path(#[from] BadName),
    /// Nothing is allowed there.
    #[error("{realm}: {}", .decision.reason)]
    Denied {
        /// Who asks.
        user: UserId,
        /// The Realm.
        realm: RealmName,
        /// Why.
        decision: Decision,
    },
    /// The token, or the server.
    #[error(transparent)]
    System(#[from] SystemError),
}

/// The app of classic users.
pub(super) fn app() -> AppId {
    AppId::parse(CLASSIC).expect("a word of letters is an app id")
}

impl System {
    /// Makes a classic user with name and password, if everybody may become one, and signs it in. `app_id` is what the client calls its app, and only repeated.
    pub fn classic_register(
        &self,
        name: &str,
        password: &Secret,
        app_id: Option<String>,
        moment: &Moment,
    ) -> Result<Issued, SystemError> {
        if !self.settings().classic_registration {
            return Err(SystemError::RegistrationClosed);
        }
        check_name(name)?;
        self.check_password(password, Some(name))?;
        let (app, key) = (app(), name.to_lowercase());
        let taken = self
            .admin
            .read(|tx| users::find(tx, &app, Provider::Password, &key))?;
        if taken.is_some() {
            return Err(SystemError::NameInUse);
        }
        let hash = hash_password(password, moment.salt())?;
        let user = NewUser {
            id: classic_user(moment),
            app: &app,
            email: Some(name),
            account: moment.account(),
            provider: Provider::Password,
            name: &key,
            password_hash: Some(&hash),
            created: moment.now,
        };
        self.classic_login(user.id.clone(), app_id, moment, |tx| {
            users::insert(tx, &user)
        })
    }

    /// Signs in a classic user with name and password.
    pub fn classic_sign_in(
        &self,
        name: &str,
        password: &Secret,
        app_id: Option<String>,
        moment: &Moment,
    ) -> Result<Issued, SystemError> {
        let account = self
            .admin
            .read(|tx| users::find(tx, &app(), Provider::Password, &name.to_lowercase()))?;
        let right = self.verify_account(account.as_ref(), password, moment)?;
        match account {
            Some(account) if right && account.disabled => Err(SystemError::UserDisabled),
            Some(account) if right => self.classic_login(account.user, app_id, moment, |_| Ok(())),
            Some(_) | None => Err(SystemError::WrongPassword),
        }
    }

    /// An access token for a Realm, whose path may begin with `~`: it carries what the user may do there.
    pub fn classic_access(
        &self,
        refresh: &Secret,
        path: &str,
        app_id: Option<String>,
        moment: &Moment,
    ) -> Result<Issued, NoAccess> {
        let token = self.classic_refresh(refresh, moment.now)?;
        let caller = self.classic_user(&token)?;
        let path = format!("/{}", path.strip_prefix('/').unwrap_or(path));
        let realm = realm_name(&Endpoint::Classic, &caller.user, path.as_bytes())?;
        let decision = self.decide(&caller, &realm, moment.now)?;
        if decision.rights.is_empty() {
            let user = caller.user;
            return Err(NoAccess::Denied {
                user,
                realm,
                decision,
            });
        }
        let rights = [
            ("download", decision.rights.read),
            ("upload", decision.rights.write),
            ("manage", decision.rights.manage),
        ];
        let rights = rights.into_iter().filter(|(_, has)| *has);
        let claims = ClassicClaims {
            access: Some(rights.map(|(word, _)| word).collect()),
            expires: Some(self.access_end(&token, moment.now).0),
            path: Some(realm.to_string()),
            sync_label: Some("default"),
            ..of(token.identity, &token.login, app_id, moment)
        };
        Ok(self.issue(claims))
    }

    /// Ends the login of a refresh token, or the token itself if it has none; which one it was.
    pub fn classic_log_out(&self, refresh: &Secret, now: UnixTime) -> Result<LoginId, SystemError> {
        self.classic_refresh(refresh, now)?;
        self.revoke(refresh, now)
    }

    /// A token that says who somebody is, and carries no rights of its own.
    pub fn classic_user_token(
        &self,
        refresh: &Secret,
        app_id: Option<String>,
        moment: &Moment,
    ) -> Result<Issued, SystemError> {
        let token = self.classic_refresh(refresh, moment.now)?;
        let claims = ClassicClaims {
            expires: Some(self.access_end(&token, moment.now).0),
            is_admin: Some(self.classic_user(&token)?.admin),
            ..of(token.identity, &token.login, app_id, moment)
        };
        Ok(self.issue(claims))
    }

    /// The claims of a refresh token whose login lasts.
    pub(super) fn classic_refresh(
        &self,
        token: &Secret,
        now: UnixTime,
    ) -> Result<ClassicToken, SystemError> {
        let token = ClassicToken::verify(token, &self.keys)?;
        // An administrator's opens everything itself.
        if !token.is_refresh() || token.is_admin() {
            return Err(TokenError::Kind.into());
        }
        self.check_classic(&token, now)?;
        Ok(token)
    }

    /// Who shows a token of the classic API, with the rights of the user and not those of the token.
    pub fn caller(&self, token: &Secret, now: UnixTime) -> Result<Caller, SystemError> {
        let shown = self.person(token, now)?;
        Ok(Caller {
            endpoint: Endpoint::Classic,
            user: shown.user,
            admin: shown.admin,
            token: None,
            expires_at: None,
            issued_at: None,
            login: None,
        })
    }

    /// The user of a token, with the rights of the user and not those of the token.
    fn classic_user(&self, token: &ClassicToken) -> Result<Caller, SystemError> {
        let user = users::user_id(token.identity.clone());
        Ok(Caller {
            endpoint: Endpoint::Classic,
            admin: self.admin.read(|tx| users::is_admin(tx, &user))?,
            user,
            token: None,
            expires_at: token.expires_at,
            issued_at: token.issued_at,
            login: Some(token.login.clone()),
        })
    }

    /// Begins a login in one transaction with what must come before it; its refresh token.
    pub(super) fn classic_login(
        &self,
        user: UserId,
        app_id: Option<String>,
        moment: &Moment,
        before: impl FnOnce(&rusqlite::Transaction<'_>) -> Result<(), SystemError>,
    ) -> Result<Issued, SystemError> {
        let expires = moment.now.after(self.settings().lifetimes.refresh);
        let login = moment.login();
        let new = NewLogin {
            id: &login,
            user: &user,
            device: "",
            created: moment.now,
            expires,
        };
        let admin = self.write(|tx| {
            before(tx)?;
            logins::insert(tx, &new)?;
            users::is_admin(tx, &user)
        })?;
        let claims = ClassicClaims {
            access: Some(vec!["refresh"]),
            expires: Some(expires.0),
            is_admin: Some(admin),
            ..of(user.to_string(), &login, app_id, moment)
        };
        Ok(self.issue(claims))
    }

    /// When a token ends that is made now: it does not outlive the login.
    fn access_end(&self, refresh: &ClassicToken, now: UnixTime) -> UnixTime {
        let end = now.after(self.settings().lifetimes.access);
        refresh.expires_at.map_or(end, |last| end.min(last))
    }

    fn issue(&self, claims: ClassicClaims) -> Issued {
        Issued {
            token: claims.sign(self.keys.signing()),
            claims,
        }
    }
}

/// What all tokens of a user say.
fn of(identity: String, login: &LoginId, app_id: Option<String>, moment: &Moment) -> ClassicClaims {
    let said = app_id.filter(|id| !id.is_empty());
    ClassicClaims {
        app_id: Some(said.unwrap_or_else(|| APP_ID.to_owned())),
        identity,
        salt: Some(hex(&moment.random[48..52])),
        timestamp: Some(moment.now.0),
        sid: Some(login.to_string()),
        ..ClassicClaims::default()
    }
}

/// The id of a new classic user: 32 hex digits.
pub fn classic_user(moment: &Moment) -> UserId {
    users::user_id(hex(&moment.random[..16]))
}
