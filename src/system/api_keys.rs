//! API keys: long random texts with which a program signs in as the user who has made them.
//!
//! Only the SHA-256 of a key is kept. Keys are drawn, so they need no slow hash.

use rusqlite::{OptionalExtension, Row, Transaction, params};
use sha2::{Digest, Sha256};

use super::users::{Provider, seconds, user_id};
use super::{Device, Moment, SignedIn, System, SystemError, hex};
use crate::auth::{AppToken, TokenKind};
use crate::ident::{AppId, UnixTime, UserId};
use crate::secret::Secret;

/// Keys of one user, at most.
const MOST: i64 = 100;
/// Bytes of a key's name, at most.
const NAME_BYTES: usize = 64;

/// A key, as its user sees it later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// 24 hex digits.
    pub id: String,
    /// What the user calls it.
    pub name: String,
    /// Whether it signs nobody in for now.
    pub disabled: bool,
}

/// What is done to a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyChange {
    /// It signs in again.
    Enable,
    /// It signs nobody in.
    Disable,
    /// It is gone.
    Remove,
}

impl System {
    /// Makes a key for the user of a refresh token, whose id is given too; the key itself is shown this once.
    pub fn make_api_key(
        &self,
        token: &Secret,
        name: &str,
        moment: &Moment,
    ) -> Result<(UserId, ApiKey, Secret), SystemError> {
        let token = self.key_holder(token, moment.now)?;
        let narrow = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        if !(1..=NAME_BYTES).contains(&name.len()) || !name.bytes().all(narrow) {
            return Err(SystemError::BadKeyName);
        }
        // The first bytes are the key's id, these are the key.
        let secret = Secret::new(hex(&moment.random[16..56]));
        let key = ApiKey {
            id: moment.user().to_string(),
            name: name.to_owned(),
            disabled: false,
        };
        self.write(|tx| {
            let (count, taken): (i64, bool) = tx.query_row(
                "SELECT count(*), coalesce(max(name = ?2), 0) FROM api_keys WHERE user = ?1",
                params![&*token.user.0, name],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )?;
            if taken {
                return Err(SystemError::KeyNameInUse);
            }
            if count >= MOST {
                return Err(SystemError::TooManyKeys);
            }
            tx.execute(
                "INSERT INTO api_keys (id, user, app, name, hash, disabled, created) VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6)",
                params![key.id, &*token.user.0, token.app.as_str(), name, hash(&secret), seconds(moment.now)],
            )?;
            Ok(())
        })?;
        Ok((token.user, key, secret))
    }

    /// The keys of the user of a refresh token.
    pub fn api_keys(&self, token: &Secret, now: UnixTime) -> Result<Vec<ApiKey>, SystemError> {
        let token = self.key_holder(token, now)?;
        self.admin.read(|tx| {
            let mut statement =
                tx.prepare_cached(&format!("{COLUMNS} WHERE user = ?1 ORDER BY created, id"))?;
            let found = statement.query_map([&*token.user.0], from_row)?;
            Ok(found.collect::<Result<_, _>>()?)
        })
    }

    /// One of them.
    pub fn api_key(&self, token: &Secret, id: &str, now: UnixTime) -> Result<ApiKey, SystemError> {
        let token = self.key_holder(token, now)?;
        self.admin.read(|tx| {
            let found = tx
                .prepare_cached(&format!("{COLUMNS} WHERE user = ?1 AND id = ?2"))?
                .query_row(params![&*token.user.0, id], from_row)
                .optional()?;
            found.ok_or(SystemError::NoSuchKey)
        })
    }

    /// Changes or removes one of them.
    pub fn change_api_key(
        &self,
        token: &Secret,
        id: &str,
        change: KeyChange,
        now: UnixTime,
    ) -> Result<UserId, SystemError> {
        let token = self.key_holder(token, now)?;
        let sql = match change {
            KeyChange::Enable => "UPDATE api_keys SET disabled = 0 WHERE user = ?1 AND id = ?2",
            KeyChange::Disable => "UPDATE api_keys SET disabled = 1 WHERE user = ?1 AND id = ?2",
            KeyChange::Remove => "DELETE FROM api_keys WHERE user = ?1 AND id = ?2",
        };
        let changed =
            self.write(|tx| Ok::<_, SystemError>(tx.execute(sql, params![&*token.user.0, id])?))?;
        if changed > 0 {
            Ok(token.user)
        } else {
            Err(SystemError::NoSuchKey)
        }
    }

    /// Signs in the user of a key.
    pub fn sign_in_api_key(
        &self,
        app: &AppId,
        key: &Secret,
        device: Option<Device>,
        moment: &Moment,
    ) -> Result<SignedIn, SystemError> {
        if !self.app(app)?.api_key {
            return Err(SystemError::NoSuchProvider(Provider::ApiKey));
        }
        let found = self.admin.read(|tx| owner(tx, app, key))?;
        let (user, suspended) = found.ok_or(SystemError::WrongPassword)?;
        if suspended {
            return Err(SystemError::UserDisabled);
        }
        self.sign_in(app, user, device, moment, |_| Ok(()))
    }

    /// The user of a refresh token, in an app that has keys.
    fn key_holder(&self, token: &Secret, now: UnixTime) -> Result<AppToken, SystemError> {
        let token = self.verify(token, TokenKind::Refresh, now)?;
        if self.app(&token.app)?.api_key {
            Ok(token)
        } else {
            Err(SystemError::NoSuchProvider(Provider::ApiKey))
        }
    }
}

const COLUMNS: &str = "SELECT id, name, disabled FROM api_keys";

fn from_row(row: &Row<'_>) -> rusqlite::Result<ApiKey> {
    Ok(ApiKey {
        id: row.get(0)?,
        name: row.get(1)?,
        disabled: row.get(2)?,
    })
}

/// Whose key it is, and whether that user is kept out. A disabled key is nobody's.
fn owner(
    tx: &Transaction<'_>,
    app: &AppId,
    key: &Secret,
) -> Result<Option<(UserId, bool)>, SystemError> {
    let sql = "SELECT users.id, users.disabled FROM api_keys JOIN users ON users.id = api_keys.user
               WHERE hash = ?1 AND api_keys.app = ?2 AND NOT api_keys.disabled";
    let found = tx
        .prepare_cached(sql)?
        .query_row(params![hash(key), app.as_str()], |row| {
            Ok((user_id(row.get(0)?), row.get(1)?))
        })
        .optional()?;
    Ok(found)
}

fn hash(key: &Secret) -> String {
    hex(&Sha256::digest(key.reveal()))
}
