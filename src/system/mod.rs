//! Users, their sessions, and the list of Realms: the server's own database, typed. The only place where those records are known.
//!
//! Does not know HTTP or sync sessions.

mod names;

use std::path::Path;

use crate::auth::{AppClaims, Caller, KeyPair, Scope, TokenError, TokenKind};
use crate::ident::{RealmName, UserId};
use crate::secret::Secret;
use crate::storage::{AccountRow, AdminFile, SessionRow, StorageError, UserRow};

pub use names::{NameError, partition_name, path_name};

/// The name of the anonymous provider.
pub const ANONYMOUS: &str = "anon-user";
/// The name of the e-mail and password provider.
pub const PASSWORD: &str = "local-userpass";

/// What does not work out.
#[derive(Debug, thiserror::Error)]
pub enum SystemError {
    /// The database said no.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// Another user has that name.
    #[error("name already in use")]
    NameInUse,
    /// The token is not, or no longer, good.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The user is suspended.
    #[error("the user is suspended")]
    Suspended,
}

/// The server's own database, with what makes tokens.
pub struct System {
    admin: AdminFile,
    keys: KeyPair,
    random: fn() -> u64,
    access_lifetime: u64,
    refresh_lifetime: u64,
}

/// A user who has just signed in.
#[derive(Debug)]
pub struct SignedIn {
    /// The user's id.
    pub user: String,
    /// The device's id.
    pub device: String,
    /// The access token.
    pub access: Secret,
    /// The refresh token.
    pub refresh: Secret,
}

/// What a user's profile shows.
#[derive(Debug)]
pub struct Profile {
    /// The user's id.
    pub user: String,
    /// The app.
    pub app: String,
    /// The ways to sign in: id, provider, name.
    pub identities: Vec<(String, String, String)>,
}

impl System {
    /// Opens the database of a data folder. Lifetimes of tokens are in seconds.
    pub fn open(
        root: &Path,
        keys: KeyPair,
        random: fn() -> u64,
        access_lifetime: u64,
        refresh_lifetime: u64,
    ) -> Result<System, StorageError> {
        Ok(System {
            admin: AdminFile::open(root)?,
            keys,
            random,
            access_lifetime,
            refresh_lifetime,
        })
    }

    /// The key pair.
    pub fn keys(&self) -> &KeyPair {
        &self.keys
    }

    /// A new anonymous user of an app, signed in.
    pub fn sign_in_anonymously(&self, app: &str, now: u64) -> Result<SignedIn, SystemError> {
        let name = self.object_id(now);
        let user = self.add_user(app, ANONYMOUS, &name, None, now)?;
        self.begin_session(&user, app, now)
    }

    /// A new user with a password, given by its hash.
    pub fn register(
        &self,
        app: &str,
        email: &str,
        hash: &Secret,
        now: u64,
    ) -> Result<(), SystemError> {
        self.add_user(app, PASSWORD, email, Some(hash), now)
            .map(drop)
    }

    /// The user and the password's hash of an e-mail address.
    pub fn password_account(
        &self,
        app: &str,
        email: &str,
    ) -> Result<Option<(String, Secret)>, SystemError> {
        let account = self.admin.account(app, PASSWORD, email)?;
        Ok(account.and_then(|account| Some((account.user, Secret::new(account.password_hash?)))))
    }

    /// Signs a user in whose credentials have been checked.
    pub fn begin_session(&self, user: &str, app: &str, now: u64) -> Result<SignedIn, SystemError> {
        self.active(user, app)?;
        let (device, id) = (self.object_id(now), self.object_id(now));
        let expires = now.saturating_add(self.refresh_lifetime);
        self.admin.add_session(
            &SessionRow {
                id: id.clone(),
                user: user.into(),
                device: device.clone(),
                expires,
            },
            now,
        )?;
        let token = |kind, lifetime| {
            AppClaims::new(kind, user, app, &device, &id, now, lifetime).sign(&self.keys)
        };
        Ok(SignedIn {
            access: token(TokenKind::Access, self.access_lifetime)?,
            refresh: token(TokenKind::Refresh, self.refresh_lifetime)?,
            user: user.into(),
            device,
        })
    }

    /// A new access token for a refresh token.
    pub fn refresh(&self, refresh: &str, now: u64) -> Result<Secret, SystemError> {
        let claims = self.verify(refresh, TokenKind::Refresh, now)?;
        Ok(AppClaims::new(
            TokenKind::Access,
            &claims.sub,
            &claims.app,
            &claims.device,
            &claims.sid,
            now,
            self.access_lifetime,
        )
        .sign(&self.keys)?)
    }

    /// Ends the session of a refresh token.
    pub fn end_session(&self, refresh: &str, now: u64) -> Result<(), SystemError> {
        let claims = self.verify(refresh, TokenKind::Refresh, now)?;
        Ok(self.admin.remove_session(&claims.sid)?)
    }

    /// The profile of an access token's user.
    pub fn profile(&self, access: &str, now: u64) -> Result<Profile, SystemError> {
        let claims = self.verify(access, TokenKind::Access, now)?;
        let accounts = self.admin.accounts(&claims.sub)?;
        let identities = accounts
            .into_iter()
            .map(|account| (account.id, account.provider, account.name))
            .collect();
        Ok(Profile {
            user: claims.sub,
            app: claims.app,
            identities,
        })
    }

    /// Deletes the user of an access token.
    pub fn delete_user(&self, access: &str, now: u64) -> Result<(), SystemError> {
        let claims = self.verify(access, TokenKind::Access, now)?;
        self.admin.remove_user(&claims.sub)?;
        Ok(())
    }

    /// Who shows this access token to sync with an app.
    pub fn caller(&self, app: &str, access: &str, now: u64) -> Result<Caller, SystemError> {
        let claims = self.verify(access, TokenKind::Access, now)?;
        if claims.app != app {
            return Err(TokenError::WrongUse.into());
        }
        Ok(Caller {
            user: UserId(claims.sub.into()),
            scope: Scope::App { app: claims.app },
            expires: Some(claims.exp),
        })
    }

    /// Notes a Realm before its file is made.
    pub fn note_realm(&self, name: &RealmName, now: u64) -> Result<(), SystemError> {
        if !self.admin.has_realm(name.as_str())? {
            self.admin.add_realm(name.as_str(), None, now)?;
        }
        Ok(())
    }

    /// A good token of this kind, of a session that is not over and a user who is there and not suspended.
    fn verify(&self, token: &str, kind: TokenKind, now: u64) -> Result<AppClaims, SystemError> {
        let claims = AppClaims::verify(token, kind, &self.keys, now)?;
        let session = self.admin.session(&claims.sid)?;
        if session.is_none_or(|session| session.user != claims.sub) {
            return Err(TokenError::Expired.into());
        }
        self.active(&claims.sub, &claims.app)?;
        Ok(claims)
    }

    fn active(&self, user: &str, app: &str) -> Result<(), SystemError> {
        match self.admin.user(user)? {
            Some(user) if user.app != app => Err(TokenError::WrongUse.into()),
            Some(user) if user.suspended => Err(SystemError::Suspended),
            Some(_) => Ok(()),
            None => Err(TokenError::Expired.into()),
        }
    }

    fn add_user(
        &self,
        app: &str,
        provider: &str,
        name: &str,
        hash: Option<&Secret>,
        now: u64,
    ) -> Result<String, SystemError> {
        let user = UserRow {
            id: self.object_id(now),
            app: app.into(),
            suspended: false,
        };
        let account = AccountRow {
            id: self.object_id(now),
            user: user.id.clone(),
            provider: provider.into(),
            name: name.into(),
            password_hash: hash.map(|hash| hash.reveal().to_owned()),
        };
        if self.admin.add_user(&user, &account, now)? {
            Ok(user.id)
        } else {
            Err(SystemError::NameInUse)
        }
    }

    /// 24 hex digits: the time and 64 random bits.
    fn object_id(&self, now: u64) -> String {
        format!("{:08x}{:016x}", now & 0xFFFF_FFFF, (self.random)())
    }
}
