//! Users and the ways in which they sign in.

use std::collections::BTreeMap;
use std::fmt;

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ValueRef};
use rusqlite::{OptionalExtension, Transaction, params};
use serde_json::Value;

use super::{SystemError, homes};
use crate::auth::PasswordRules;
use crate::ident::{AppId, UnixTime, UserId};
use crate::secret::Secret;

/// A way to sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provider {
    /// Without credentials.
    Anonymous,
    /// E-mail and password.
    Password,
    /// A key that a user has made.
    ApiKey,
    /// A token of another issuer.
    CustomToken,
    /// An ID token of Google.
    Google,
    /// An ID token of Apple.
    Apple,
    /// An access token of Facebook.
    Facebook,
    /// A token of Azure Active Directory.
    AzureAd,
    /// The name of a user's record in CloudKit.
    CloudKit,
    /// Whatever name is given.
    Debug,
    /// One of the others, under a name that the operator has chosen. It stands before the user's, with a slash behind it.
    Custom,
}

impl Provider {
    const ALL: [Provider; 11] = [
        Provider::Anonymous,
        Provider::Password,
        Provider::ApiKey,
        Provider::CustomToken,
        Provider::Google,
        Provider::Apple,
        Provider::Facebook,
        Provider::AzureAd,
        Provider::CloudKit,
        Provider::Debug,
        Provider::Custom,
    ];

    /// The name in paths, profiles and the database.
    pub fn name(self) -> &'static str {
        match self {
            Provider::Anonymous => "anon-user",
            Provider::Password => "local-userpass",
            Provider::ApiKey => "api-key",
            Provider::CustomToken => "custom-token",
            Provider::Google => "oauth2-google",
            Provider::Apple => "oauth2-apple",
            Provider::Facebook => "oauth2-facebook",
            Provider::AzureAd => "azuread",
            Provider::CloudKit => "cloudkit",
            Provider::Debug => "debug",
            Provider::Custom => "custom",
        }
    }

    /// What the classic API calls an account: the provider, and the name there.
    pub fn classic(self, name: &str) -> (String, String) {
        let provider = match self {
            Provider::Password => "password",
            Provider::CustomToken => "jwt",
            Provider::Google => "google",
            Provider::Facebook => "facebook",
            Provider::Custom => {
                let (custom, name) = name.split_once('/').unwrap_or(("", name));
                return (format!("custom/{custom}"), name.to_owned());
            }
            other => other.name(),
        };
        (provider.to_owned(), name.to_owned())
    }

    /// The account that the classic API calls so.
    pub fn of_classic(provider: &str, name: &str) -> Option<(Provider, String)> {
        if let Some(custom) = provider.strip_prefix("custom/") {
            return Some((Provider::Custom, format!("{custom}/{name}")));
        }
        let mut all = Provider::ALL.into_iter();
        let found = all.find(|one| one.classic("").0 == provider)?;
        Some((found, name.to_owned()))
    }

    /// The provider of this name.
    pub fn named(name: &str) -> Option<Provider> {
        let mut all = Provider::ALL.into_iter();
        all.find(|provider| provider.name() == name)
    }

    /// A user's name as accounts keep it: those that people type are the same in small and large letters.
    pub(super) fn key(self, name: &str) -> String {
        if self == Provider::Password {
            name.to_lowercase()
        } else {
            name.to_owned()
        }
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromSql for Provider {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Provider> {
        Provider::named(value.as_str()?).ok_or(FromSqlError::InvalidType)
    }
}

/// What a user is shown of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// The user.
    pub user: UserId,
    /// The app.
    pub app: AppId,
    /// The e-mail address, if it has one.
    pub email: Option<String>,
    /// The ways in which it signs in.
    pub identities: Vec<Identity>,
    /// What the tokens of an issuer have said of it.
    pub data: BTreeMap<String, Value>,
}

/// One way in which a user signs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// 24 hex digits.
    pub id: String,
    /// The provider.
    pub provider: Provider,
}

/// A user that is about to be made, with its first account.
pub(super) struct NewUser<'a> {
    pub id: UserId,
    pub app: &'a AppId,
    pub email: Option<&'a str>,
    pub account: String,
    pub provider: Provider,
    /// Unique for the provider.
    pub name: &'a str,
    pub password_hash: Option<&'a str>,
    pub created: UnixTime,
}

/// Makes a user; `NameInUse` if the account's name is taken, `IdOfRealms` if its home is.
pub(super) fn insert(tx: &Transaction<'_>, user: &NewUser<'_>) -> Result<(), SystemError> {
    let (id, app, created) = (&*user.id.0, user.app.as_str(), seconds(user.created));
    if find(tx, user.app, user.provider, user.name)?.is_some() {
        return Err(SystemError::NameInUse);
    }
    homes::check_id(tx, app, &user.id)?;
    tx.prepare_cached("INSERT INTO users (id, app, created, email) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![id, app, created, user.email])?;
    insert_account(tx, user)
}

/// Adds an account to a user that is there.
pub(super) fn insert_account(tx: &Transaction<'_>, user: &NewUser<'_>) -> Result<(), SystemError> {
    let (id, app, created) = (&*user.id.0, user.app.as_str(), seconds(user.created));
    tx.prepare_cached("INSERT INTO accounts (id, user, app, provider, name, secret, created) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?
        .execute(params![user.account, id, app, user.provider.name(), user.name, user.password_hash, created])?;
    Ok(())
}

/// An account as it is needed to sign in.
pub(super) struct Account {
    pub user: UserId,
    pub password_hash: Option<String>,
    pub disabled: bool,
    pub id: String,
    pub confirmed: bool,
}

/// The account of this name.
pub(super) fn find(
    tx: &Transaction<'_>,
    app: &AppId,
    provider: Provider,
    name: &str,
) -> Result<Option<Account>, SystemError> {
    let sql =
        "SELECT users.id, secret, disabled, accounts.id, confirmed FROM accounts JOIN users ON users.id = accounts.user
               WHERE accounts.app = ?1 AND provider = ?2 AND name = ?3";
    let account =
        tx.prepare_cached(sql)?
            .query_row(params![app.as_str(), provider.name(), name], |row| {
                Ok(Account {
                    user: user_id(row.get(0)?),
                    password_hash: row.get(1)?,
                    disabled: row.get(2)?,
                    id: row.get(3)?,
                    confirmed: row.get(4)?,
                })
            });
    Ok(account.optional()?)
}

/// The profile of a user; `None` if there is none.
pub(super) fn profile(
    tx: &Transaction<'_>,
    app: &AppId,
    user: &UserId,
) -> Result<Option<Profile>, SystemError> {
    let email = tx
        .prepare_cached("SELECT email FROM users WHERE id = ?1")?
        .query_row([user.to_string()], |row| row.get(0))
        .optional()?;
    let Some(email) = email else { return Ok(None) };
    let identities = tx
        .prepare_cached("SELECT id, provider FROM accounts WHERE user = ?1 ORDER BY created, id")?
        .query_map([user.to_string()], |row| {
            Ok(Identity {
                id: row.get(0)?,
                provider: row.get(1)?,
            })
        })?
        .collect::<Result<_, _>>()?;
    Ok(Some(Profile {
        user: user.clone(),
        app: app.clone(),
        email,
        identities,
        data: BTreeMap::new(),
    }))
}

/// Removes a user and all that hangs on it. Whether there was one.
pub(super) fn delete(tx: &Transaction<'_>, user: &UserId) -> Result<bool, SystemError> {
    tx.execute(
        "DELETE FROM permissions WHERE user = ?1",
        [user.to_string()],
    )?;
    Ok(tx.execute("DELETE FROM users WHERE id = ?1", [user.to_string()])? > 0)
}

/// Disables a user, or lets it in again. Whether there is one.
pub(super) fn set_disabled(
    tx: &Transaction<'_>,
    user: &UserId,
    disabled: bool,
) -> Result<bool, SystemError> {
    Ok(tx.execute(
        "UPDATE users SET disabled = ?2 WHERE id = ?1",
        params![user.to_string(), disabled],
    )? > 0)
}

/// Whether a user administers the server; `false` if there is none, or it is disabled.
pub(super) fn is_admin(tx: &Transaction<'_>, user: &UserId) -> Result<bool, SystemError> {
    let found = tx
        .prepare_cached("SELECT admin AND NOT disabled FROM users WHERE id = ?1")?
        .query_row([user.to_string()], |row| row.get(0))
        .optional()?;
    Ok(found.unwrap_or_default())
}

/// Whether there is a user of this id, and whether it has been disabled.
pub(super) fn is_disabled(
    tx: &Transaction<'_>,
    user: &UserId,
) -> Result<Option<bool>, SystemError> {
    let found = tx
        .prepare_cached("SELECT disabled FROM users WHERE id = ?1")?
        .query_row([user.to_string()], |row| row.get(0))
        .optional()?;
    Ok(found)
}

/// The app of a user.
pub(super) fn app_of(tx: &Transaction<'_>, user: &UserId) -> Result<Option<String>, SystemError> {
    let found = tx
        .prepare_cached("SELECT app FROM users WHERE id = ?1")?
        .query_row([&*user.0], |row| row.get(0))
        .optional()?;
    Ok(found)
}

/// Whether there is a user of this id in an app, disabled or not.
pub(super) fn is_of(tx: &Transaction<'_>, app: &str, user: &UserId) -> Result<bool, SystemError> {
    let found = tx
        .prepare_cached("SELECT 1 FROM users WHERE id = ?1 AND app = ?2")?
        .query_row([&*user.0, app], |_| Ok(()))
        .optional()?;
    Ok(found.is_some())
}

/// The users of an app whose custom data has this member; `email` is also the name by which a user signs in with a password.
pub(super) fn with_metadata(
    tx: &Transaction<'_>,
    app: &str,
    key: &str,
    value: &str,
) -> Result<Vec<UserId>, SystemError> {
    let sql = "SELECT users.id FROM users, json_each(CASE WHEN json_valid(custom) THEN custom ELSE '{}' END) AS member
                   WHERE app = ?1 AND member.key = ?2 AND member.atom = ?3
               UNION SELECT user FROM accounts
                   WHERE app = ?1 AND ?2 = 'email' AND provider IN ('password', 'local-userpass') AND name = ?4";
    let mut statement = tx.prepare_cached(sql)?;
    let found = statement.query_map(params![app, key, value, value.to_lowercase()], |row| {
        Ok(user_id(row.get(0)?))
    })?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// Refuses a password that is a name by which the user signs in.
pub(super) fn check_password(
    tx: &Transaction<'_>,
    user: &UserId,
    password: &Secret,
) -> Result<(), SystemError> {
    let mut statement =
        tx.prepare_cached("SELECT name FROM accounts WHERE user = ?1 AND provider = ?2")?;
    let names = statement.query_map(params![&*user.0, Provider::Password.name()], |row| {
        row.get::<_, String>(0)
    })?;
    for name in names {
        PasswordRules::check_name(password, &name?)?;
    }
    Ok(())
}

/// The custom data of a user; empty if it has none.
pub(super) fn custom_data(
    tx: &Transaction<'_>,
    user: &UserId,
) -> Result<BTreeMap<String, Value>, SystemError> {
    let found: Option<Option<String>> = tx
        .prepare_cached("SELECT custom FROM users WHERE id = ?1")?
        .query_row([user.to_string()], |row| row.get(0))
        .optional()?;
    let data = found.flatten().map(|text| serde_json::from_str(&text).ok());
    Ok(data.flatten().unwrap_or_default())
}

pub(super) fn user_id(text: String) -> UserId {
    UserId(text.into())
}

/// A time as the database keeps it; what lies beyond its range is as good as its end.
pub(super) fn seconds(time: UnixTime) -> i64 {
    i64::try_from(time.0).unwrap_or(i64::MAX)
}
