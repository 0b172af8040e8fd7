//! Users, logins and the list of Realms, in the server's own database; who a token belongs to, and what that caller may do.
//!
//! Invariants
//! - A login that has ended, or whose user is gone or disabled, opens nothing any more, whatever its tokens say.
//! - A Realm is listed before its file is made.
//! - A change of permissions, and what it brings about in Realms, are durable together; the latter is carried out after it, once.
//! - Passwords are stored as hashes only, tokens not at all.
//!
//! All functions may wait for the disk, those that take a password also for its hash. Time and chance are arguments. Knows no HTTP and no sync sessions.

mod accounts;
mod api_keys;
mod authorize;
mod book;
mod classic;
mod effects;
mod first;
mod gone;
mod homes;
mod imported;
mod issuers;
mod link;
mod listing;
mod logins;
mod mailed;
mod management;
mod mirrors;
mod name;
mod named;
mod offers;
mod people;
mod permissions;
mod realms;
mod removals;
mod requests;
mod schema;
mod sign_in;
mod tokens;
mod users;
mod why;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};

pub use accounts::{Account, AccountChange, METADATA_BYTES, PAGE, Search, Wanted};
pub use api_keys::{ApiKey, KeyChange};
pub use authorize::Refusal;
pub use book::Changed;
pub use classic::{Issued, NoAccess, classic_user};
pub use effects::Effect;
pub use first::{INVITATION_SECONDS, NotInvited};
pub use imported::ImportedUser;
pub use issuers::{ForeignToken, Home, Issuers, Proof, Recognised};
pub use listing::name as list_of_realms;
pub use mailed::{Letter, MailedToken, Purpose};
pub use management::Reply;
pub use name::{BadName, realm_name};
pub use offers::Offered;
pub use permissions::{Flags, Origin, Permission};
pub use removals::NotRemoved;
pub use requests::{Ask, Found, Place, look};
pub use sign_in::{Device, SignedIn, domain_id, provider_id};
pub use tokens::{Shown, Verdict};
pub use users::{Identity, Profile, Provider};
pub use why::Why;

use rusqlite::Transaction;

use crate::auth::{ForeignTokenError, KeyRing, PasswordError, TokenError, WeakPassword};
use crate::config::{App, Settings};
use crate::ident::{AppId, LoginId, UnixTime, UserId};
use crate::storage::{AdminFile, StorageError};

/// Why a call did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum SystemError {
    /// There is no such app.
    #[error("cannot find app using Client App ID '{0}'")]
    NoSuchApp(String),
    /// The app does not have this way to sign in.
    #[error("authentication via '{0}' is unsupported")]
    NoSuchProvider(Provider),
    /// The app has users with passwords, but not everybody may become one.
    #[error("registration is not open for this app")]
    RegistrationClosed,
    /// What was given as e-mail address cannot be one.
    #[error("email invalid")]
    BadEmail,
    /// What was given as a user's name cannot be one.
    #[error("name invalid")]
    BadName,
    /// What was given as a user's id cannot be one.
    #[error(
        "id invalid: it is the first segment of paths, A-Z a-z 0-9 _ - . that does not start with a dot or __"
    )]
    BadId,
    /// Somebody else has this id.
    #[error("id already in use")]
    IdInUse,
    /// Realms that belong to nobody lie where the home of this user would be.
    #[error(
        "no user can have the id {0}: Realms below /{0} belong to nobody; users come before the Realms in their homes"
    )]
    IdOfRealms(UserId),
    /// Whoever would make the Realm may not by now.
    #[error("the Realm may not be made by this user")]
    NotMade,
    /// Nobody may choose this password.
    #[error(transparent)]
    BadPassword(#[from] WeakPassword),
    /// Somebody else has this name.
    #[error("name already in use")]
    NameInUse,
    /// No such user, or not this password; which of the two is nobody's business.
    #[error("invalid username/password")]
    WrongPassword,
    /// The user has been disabled.
    #[error("user disabled")]
    UserDisabled,
    /// The token is not one that this server has signed for this purpose, or its time is over.
    #[error("invalid session: {0}")]
    Token(#[from] TokenError),
    /// The token is right, but its login has ended or its user is gone.
    #[error("invalid session: the login has ended")]
    LoginEnded,
    /// The token is right, and has been revoked.
    #[error("invalid session: the token has been revoked")]
    Revoked,
    /// The token is right, and was made for a user who has been removed since.
    #[error("invalid session: the user of the token has been removed")]
    UserRemoved,
    /// The password is right, and the address not yet confirmed.
    #[error("confirmation required")]
    NotConfirmed,
    /// The token was not sent to anybody, or too long ago, or has been used.
    #[error("invalid token data")]
    BadMailedToken,
    /// The server sends no e-mail.
    #[error("this server sends no e-mail")]
    NoMail,
    /// A key may not be called so.
    #[error("API key name must be 1 to 64 letters, digits, - and _")]
    BadKeyName,
    /// The user has a key of this name.
    #[error("API key name already in use")]
    KeyNameInUse,
    /// The user has as many keys as one may have.
    #[error("too many API keys")]
    TooManyKeys,
    /// There is no such key, or it is another user's.
    #[error("API key not found")]
    NoSuchKey,
    /// The Realm is on its way out.
    #[error("the Realm is being removed; try again")]
    BeingRemoved,
    /// The token of another issuer signs nobody in.
    #[error(transparent)]
    Foreign(#[from] ForeignTokenError),
    /// There is no such user.
    #[error("user not found")]
    NoSuchUser,
    /// The custom data of a user is too large.
    #[error("custom data has at most {METADATA_BYTES} bytes")]
    BadMetadata,
    /// The token is right, and its user no administrator.
    #[error("only administrators may do this")]
    NotAdmin,
    /// The file of the database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The database failed.
    #[error("admin.db: {0}")]
    Database(#[from] rusqlite::Error),
    /// A password could not be hashed.
    #[error(transparent)]
    Hash(#[from] PasswordError),
}

impl SystemError {
    /// Whether the server has failed, and not whoever asks.
    pub fn is_ours(&self) -> bool {
        matches!(
            self,
            SystemError::Storage(_) | SystemError::Database(_) | SystemError::Hash(_)
        )
    }
}

/// Time and chance for one call, drawn by whoever has a clock and dice. Using one twice gives the same ids twice.
#[derive(Clone, Copy)]
pub struct Moment {
    /// The time.
    pub now: UnixTime,
    /// What ids and salts are cut from.
    pub random: [u8; 64],
}

impl Moment {
    /// One of four ids of 24 hex digits.
    fn id(&self, index: usize) -> String {
        hex(&self.random[index * 12..][..12])
    }

    fn user(&self) -> UserId {
        UserId(self.id(0).into())
    }

    fn account(&self) -> String {
        self.id(1)
    }

    fn login(&self) -> LoginId {
        LoginId(self.id(2).into())
    }

    fn device(&self) -> String {
        self.id(3)
    }

    /// A salt, from the bytes that no id is cut from.
    fn salt(&self) -> [u8; 16] {
        let mut salt = [0; 16];
        salt.copy_from_slice(&self.random[48..]);
        salt
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The one value that knows everybody.
pub struct System {
    settings: RwLock<Arc<Settings>>,
    keys: KeyRing,
    issuers: RwLock<Arc<Issuers>>,
    admin: AdminFile,
    /// Hears of changes.
    watcher: OnceLock<Watcher>,
    /// The link that makes the first administrator, if there is none.
    invitation: Mutex<Option<first::Invitation>>,
}

/// Who hears of changes; see [`System::watch`].
type Watcher = Box<dyn Fn(&BTreeSet<Changed>) + Send + Sync>;

impl System {
    /// Opens `admin.db` below the data folder, which must exist; makes it if it is not there.
    pub fn open(settings: Arc<Settings>, keys: impl Into<KeyRing>) -> Result<System, StorageError> {
        let admin = AdminFile::open(&settings.root, schema::STEPS)?;
        Ok(System {
            settings: RwLock::new(settings),
            keys: keys.into(),
            issuers: RwLock::default(),
            admin,
            watcher: OnceLock::new(),
            invitation: Mutex::default(),
        })
    }

    /// What the configuration says about an app.
    pub fn app(&self, app: &AppId) -> Result<App, SystemError> {
        let settings = self.settings();
        let found = settings.apps.get(app).cloned();
        found.ok_or_else(|| SystemError::NoSuchApp(app.to_string()))
    }

    /// The configuration.
    pub fn settings(&self) -> Arc<Settings> {
        let settings = self.settings.read();
        settings.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn invitation(&self) -> MutexGuard<'_, Option<first::Invitation>> {
        let invitation = self.invitation.lock();
        invitation.unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs a transaction that writes. Whoever watches hears of it if users are others by it.
    fn write<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, SystemError>,
    ) -> Result<T, SystemError> {
        let (done, are_stale) = self.admin.write(|tx| {
            let done = work(tx)?;
            Ok::<_, SystemError>((done, people::are_stale(tx)?))
        })?;
        if are_stale && let Some(watcher) = self.watcher.get() {
            watcher(&[Changed::Users].into());
        }
        Ok(done)
    }

    /// From now on another configuration.
    pub fn configure(&self, settings: Settings) {
        let mut held = self
            .settings
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *held = Arc::new(settings);
    }
}
