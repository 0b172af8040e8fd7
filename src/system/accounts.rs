//! Users as administrators see and change them, whatever app they belong to.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension, Row, Transaction, params};
use serde_json::Value;

use super::classic::{self, CLASSIC};
use super::sign_in::check_name;
use super::users::{self, NewUser, Provider, user_id};
use super::{Moment, System, SystemError, logins};
use crate::auth::hash_password;
use crate::ident::{AppId, LoginId, UnixTime, UserId};
use crate::secret::Secret;

/// Most users in one answer.
pub const PAGE: usize = 1000;

/// A user, as an administrator sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct Account {
    /// The user.
    pub user: UserId,
    /// The app; `classic` for classic users.
    pub app: AppId,
    /// The name or e-mail address, as the user wrote it.
    pub name: Option<String>,
    /// When it was made.
    pub created: UnixTime,
    /// Whether it administers the server.
    pub admin: bool,
    /// Whether it is kept out.
    pub suspended: bool,
    /// The ways in which it signs in, with the name in each.
    pub identities: Vec<(Provider, String)>,
    /// Its custom data.
    pub metadata: BTreeMap<String, Value>,
    /// How often it is signed in.
    pub logins: u64,
}

/// Which users are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Search {
    /// Those of one app.
    pub app: Option<AppId>,
    /// Those whose name, or an identity's, contains this text, or whose id begins with it; large and small letters are the same.
    pub text: Option<String>,
    /// Administrators alone.
    pub admins: bool,
    /// Those after this one, by id.
    pub after: Option<UserId>,
    /// How many, at most; never more than [`PAGE`].
    pub limit: usize,
}

/// A user that an administrator makes.
pub struct Wanted<'a> {
    /// The app.
    pub app: &'a AppId,
    /// The name or e-mail address.
    pub name: &'a str,
    /// The password; without one the user cannot sign in until it is given one.
    pub password: Option<&'a Secret>,
    /// Whether it administers the server.
    pub admin: bool,
}

/// What an administrator changes of a user; what is not named stays.
#[derive(Default)]
pub struct AccountChange {
    /// Another password; all logins end.
    pub password: Option<Secret>,
    /// Whether it administers the server.
    pub admin: Option<bool>,
    /// Whether it is kept out; all logins end.
    pub suspended: Option<bool>,
    /// Custom data in the place of what there was.
    pub metadata: Option<BTreeMap<String, Value>>,
}

impl System {
    /// Changes a user, all of it or nothing; which logins have ended by it.
    pub fn change_account(
        &self,
        user: &UserId,
        change: &AccountChange,
        moment: &Moment,
    ) -> Result<Vec<LoginId>, SystemError> {
        let metadata = change.metadata.as_ref().map(metadata_text).transpose()?;
        let password = match &change.password {
            Some(password) => Some((password, self.hashed(password, moment)?)),
            None => None,
        };
        self.write(|tx| {
            let mut ended = Vec::new();
            if let Some(metadata) = &metadata {
                set_metadata(tx, user, metadata)?;
            }
            if let Some(admin) = change.admin {
                set_admin(tx, user, admin)?;
            }
            if let Some((password, hash)) = &password {
                set_password(tx, user, password, hash)?;
                ended.extend(logins::delete_all(tx, user)?);
            }
            if let Some(suspended) = change.suspended {
                users::set_disabled(tx, user, suspended)?;
                if suspended {
                    ended.extend(logins::delete_all(tx, user)?);
                }
            }
            Ok(ended)
        })
    }

    /// Users in the order of their ids.
    pub fn accounts(&self, search: &Search) -> Result<Vec<Account>, SystemError> {
        let sql = format!(
            "{COLUMNS} WHERE (?1 IS NULL OR app = ?1) AND id > ?2 AND (NOT ?3 OR admin)
                AND (?4 IS NULL OR instr(lower(coalesce(email, '')), ?4) > 0 OR substr(id, 1, length(?4)) = ?4
                    OR EXISTS (SELECT 1 FROM accounts WHERE user = users.id AND instr(name, ?4) > 0))
             ORDER BY id LIMIT ?5"
        );
        let limit = i64::try_from(search.limit.min(PAGE)).unwrap_or(0);
        let after = search.after.as_ref().map_or("", |user| &user.0);
        let text = search.text.as_ref().map(|text| text.to_lowercase());
        let app = search.app.as_ref().map(AppId::as_str);
        self.admin.read(|tx| {
            let mut statement = tx.prepare_cached(&sql)?;
            let found =
                statement.query_map(params![app, after, search.admins, text, limit], from_row)?;
            let mut accounts = found.collect::<Result<Vec<_>, _>>()?;
            for account in &mut accounts {
                account.identities = identities(tx, &account.user)?;
            }
            Ok(accounts)
        })
    }

    /// One user.
    pub fn account(&self, user: &UserId) -> Result<Account, SystemError> {
        self.admin.read(|tx| account(tx, user))
    }

    /// The user of an app who has this id or, if nobody has, this name.
    pub fn who(&self, app: &AppId, who: &str) -> Result<Account, SystemError> {
        self.admin.read(|tx| {
            let of_id = user_id(who.to_owned());
            if let Ok(found) = account(tx, &of_id)
                && found.app == *app
            {
                return Ok(found);
            }
            let named = users::find(tx, app, Provider::Password, &who.to_lowercase())?;
            account(tx, &named.ok_or(SystemError::NoSuchUser)?.user)
        })
    }

    /// The user of an app with this identity.
    pub fn with_identity(
        &self,
        app: &AppId,
        provider: Provider,
        name: &str,
    ) -> Result<Account, SystemError> {
        self.admin.read(|tx| {
            let found = users::find(tx, app, provider, &provider.key(name))?;
            account(tx, &found.ok_or(SystemError::NoSuchUser)?.user)
        })
    }

    /// Makes a user.
    pub fn add_account(
        &self,
        wanted: &Wanted<'_>,
        moment: &Moment,
    ) -> Result<Account, SystemError> {
        let hash = self.checked(wanted, moment)?;
        self.write(|tx| make(tx, wanted, hash.as_deref(), moment))
    }

    /// Looks at a user that is wanted; the hash of its password.
    pub(super) fn checked(
        &self,
        wanted: &Wanted<'_>,
        moment: &Moment,
    ) -> Result<Option<String>, SystemError> {
        if wanted.app.as_str() != CLASSIC {
            self.app(wanted.app)?;
        }
        check_name(wanted.name)?;
        let hash = wanted.password.map(|password| {
            self.check_password(password, Some(wanted.name))?;
            Ok(hash_password(password, moment.salt())?)
        });
        hash.transpose()
    }

    /// Gives a user another password; which logins have ended by it. A user who had none gets this way to sign in, under its name.
    pub fn set_password(
        &self,
        user: &UserId,
        password: &Secret,
        keep_logins: bool,
        moment: &Moment,
    ) -> Result<Vec<LoginId>, SystemError> {
        let hash = self.hashed(password, moment)?;
        self.write(|tx| {
            set_password(tx, user, password, &hash)?;
            if keep_logins {
                Ok(Vec::new())
            } else {
                logins::delete_all(tx, user)
            }
        })
    }

    /// The hash of a password that somebody may have.
    fn hashed(&self, password: &Secret, moment: &Moment) -> Result<String, SystemError> {
        self.check_password(password, None)?;
        Ok(hash_password(password, moment.salt())?)
    }

    /// Makes a user an administrator, or one like all others. What it has open goes on with what it may do then.
    pub fn set_admin(&self, user: &UserId, admin: bool) -> Result<(), SystemError> {
        self.write(|tx| set_admin(tx, user, admin))
    }

    /// Replaces the custom data of a user.
    pub fn set_metadata(
        &self,
        user: &UserId,
        metadata: &BTreeMap<String, Value>,
    ) -> Result<(), SystemError> {
        let text = metadata_text(metadata)?;
        self.write(|tx| set_metadata(tx, user, &text))
    }

    /// Removes a user with its Realms, all that hangs on it, and all that is granted to it; which logins have ended by it.
    pub fn remove_account(
        &self,
        user: &UserId,
        now: UnixTime,
    ) -> Result<Vec<LoginId>, SystemError> {
        self.change(now, |book| book.remove_user(user))
    }

    /// Whether there is a user who administers the server.
    pub fn has_administrator(&self) -> Result<bool, SystemError> {
        self.admin.read(has_administrator)
    }
}

/// The same, in the transaction of whoever asks.
pub(super) fn has_administrator(tx: &Transaction<'_>) -> Result<bool, SystemError> {
    let found = tx
        .prepare_cached("SELECT 1 FROM users WHERE admin AND NOT disabled LIMIT 1")?
        .query_row([], |_| Ok(()))
        .optional()?;
    Ok(found.is_some())
}

/// Makes a user that was looked at.
pub(super) fn make(
    tx: &Transaction<'_>,
    wanted: &Wanted<'_>,
    hash: Option<&str>,
    moment: &Moment,
) -> Result<Account, SystemError> {
    let user = NewUser {
        id: fresh_id(wanted.app, moment),
        app: wanted.app,
        email: Some(wanted.name),
        account: moment.account(),
        provider: Provider::Password,
        name: &wanted.name.to_lowercase(),
        password_hash: hash,
        created: moment.now,
    };
    users::insert(tx, &user)?;
    set_admin(tx, &user.id, wanted.admin)?;
    account(tx, &user.id)
}

/// Bytes of a user's custom data as JSON, at most. It travels in every access token of the App Services API.
pub const METADATA_BYTES: usize = 2048;

const COLUMNS: &str = "SELECT id, app, email, created, admin, disabled, custom,
    (SELECT count(*) FROM logins WHERE user = users.id) FROM users";

fn from_row(row: &Row<'_>) -> rusqlite::Result<Account> {
    let app: String = row.get(1)?;
    let custom: Option<String> = row.get(6)?;
    let number = |at| Ok::<_, rusqlite::Error>(u64::try_from(row.get::<_, i64>(at)?).unwrap_or(0));
    Ok(Account {
        user: user_id(row.get(0)?),
        app: AppId::parse(&app).unwrap_or_else(classic::app),
        name: row.get(2)?,
        created: UnixTime(number(3)?),
        admin: row.get(4)?,
        suspended: row.get(5)?,
        identities: Vec::new(),
        metadata: custom
            .and_then(|text| serde_json::from_str(&text).ok())
            .unwrap_or_default(),
        logins: number(7)?,
    })
}

fn account(tx: &Transaction<'_>, user: &UserId) -> Result<Account, SystemError> {
    let found = tx
        .prepare_cached(&format!("{COLUMNS} WHERE id = ?1"))?
        .query_row([&*user.0], from_row)
        .optional()?;
    let found = found.ok_or(SystemError::NoSuchUser)?;
    Ok(Account {
        identities: identities(tx, user)?,
        ..found
    })
}

fn identities(tx: &Transaction<'_>, user: &UserId) -> Result<Vec<(Provider, String)>, SystemError> {
    let mut statement = tx.prepare_cached(
        "SELECT provider, name FROM accounts WHERE user = ?1 ORDER BY created, id",
    )?;
    let found = statement.query_map([&*user.0], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(found.collect::<Result<_, _>>()?)
}

pub(super) fn set_admin(
    tx: &Transaction<'_>,
    user: &UserId,
    admin: bool,
) -> Result<(), SystemError> {
    let changed = tx
        .prepare_cached("UPDATE users SET admin = ?2 WHERE id = ?1")?
        .execute(params![&*user.0, admin])?;
    (changed > 0).then_some(()).ok_or(SystemError::NoSuchUser)
}

/// Custom data as it is stored, if it is not too much.
pub(super) fn metadata_text(metadata: &BTreeMap<String, Value>) -> Result<String, SystemError> {
    let text = serde_json::to_string(metadata).unwrap_or_default();
    (text.len() <= METADATA_BYTES)
        .then_some(text)
        .ok_or(SystemError::BadMetadata)
}

pub(super) fn set_metadata(
    tx: &Transaction<'_>,
    user: &UserId,
    text: &str,
) -> Result<(), SystemError> {
    let changed = tx
        .prepare_cached("UPDATE users SET custom = ?2 WHERE id = ?1")?
        .execute(params![&*user.0, text])?;
    (changed > 0).then_some(()).ok_or(SystemError::NoSuchUser)
}

fn set_password(
    tx: &Transaction<'_>,
    user: &UserId,
    password: &Secret,
    hash: &str,
) -> Result<(), SystemError> {
    users::check_password(tx, user, password)?;
    let changed = tx
        .prepare_cached("UPDATE accounts SET secret = ?2 WHERE user = ?1 AND provider = ?3")?
        .execute(params![&*user.0, hash, Provider::Password.name()])?;
    (changed > 0).then_some(()).ok_or(SystemError::NoSuchUser)
}

/// The id of a new user, in the form that its clients know.
fn fresh_id(app: &AppId, moment: &Moment) -> UserId {
    if app.as_str() == CLASSIC {
        classic::classic_user(moment)
    } else {
        moment.user()
    }
}
