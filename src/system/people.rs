//! Users in the list for administrators: the classes `User`, `Account` and `UserMetadataRow` of `/__admin`, as Realm Object Server 2 and 3 had them. No secrets are there.
//!
//! Whatever changes a user leaves its id in the table `stale_users`, by triggers, in the transaction of the change; effects are made of that afterwards, in the order of the
//! ids. Accounts and metadata have no primary key there: the number under which a row is shown is its key.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension, Transaction, params};
use serde_json::Value as Json;

use super::book::Book;
use super::listing::{self, PATHS};
use super::mirrors::set;
use super::users::{self, Provider, user_id};
use super::{System, SystemError, classic, mirrors, realms};
use crate::changeset::{CollectionKind, Instruction, Key, Link, Path, Step, Value};
use crate::ident::{FileIdent, UnixTime, UserId};
use crate::realm::Realm;

/// The class of users.
pub(super) const USERS: &str = "User";
/// The class of the ways in which they sign in.
pub(super) const ACCOUNTS: &str = "Account";
/// The class of their custom data.
pub(super) const METADATA: &str = "UserMetadataRow";

/// Users in one effect, at most.
const AT_ONCE: usize = 200;
/// Instructions after which no other user is begun: custom data may have many members.
const INSTRUCTIONS: usize = 10_000;

impl System {
    /// Writes down what has become of users, for the list. Whether there are more.
    pub fn show_users(&self, now: UnixTime) -> Result<bool, SystemError> {
        if !self.admin.read(are_stale)? {
            return Ok(false);
        }
        self.change(now, |book| {
            let stale = stale(book.tx)?;
            let mut instructions = Vec::new();
            for user in &stale {
                if instructions.len() >= INSTRUCTIONS {
                    break;
                }
                instructions.extend(brought_up_to_date(book, user)?);
                book.tx
                    .prepare_cached("DELETE FROM stale_users WHERE user = ?1")?
                    .execute([&*user.0])?;
            }
            if !instructions.is_empty() {
                book.effect(&listing::name(), None, instructions)?;
            }
            are_stale(book.tx)
        })
    }

    /// Compares what is noted as shown with what the list shows, which is the same unless one of the two came back from a backup or was lost: then all of it is
    /// taken out of the list and made anew. All effects must have been carried out. Whether it was the same.
    pub fn compare_users(&self, list: &Realm, now: UnixTime) -> Result<bool, SystemError> {
        if self.is_all_there(list)? && self.is_nothing_else_there(list)? {
            return Ok(true);
        }
        for class in CLASSES {
            listing::each_key(list, class, |keys| {
                self.change_list(now, &keys, |_, key| Ok(vec![erase(class, key.clone())]))
            })?;
        }
        self.change(now, |book| {
            book.tx.execute("DELETE FROM shown", [])?;
            let all = "INSERT OR IGNORE INTO stale_users (user) SELECT id FROM users";
            book.tx.execute(all, [])?;
            Ok(false)
        })
    }

    fn is_all_there(&self, list: &Realm) -> Result<bool, SystemError> {
        let mut after = 0;
        loop {
            let page = self.admin.read(|tx| shown_after(tx, after))?;
            let Some((number, _)) = page.last() else {
                return Ok(true);
            };
            after = *number;
            let objects = page.into_iter().map(|(_, object)| object);
            if listing::missing(list, objects)?.contains(&true) {
                return Ok(false);
            }
        }
    }

    fn is_nothing_else_there(&self, list: &Realm) -> Result<bool, SystemError> {
        let mut nothing = true;
        for class in CLASSES {
            listing::each_key(list, class, |keys| {
                nothing = nothing
                    && self.admin.read(|tx| {
                        let mut shown = keys.iter().map(|key| is_noted(tx, class, key));
                        shown.try_fold(true, |all, one| Ok::<_, SystemError>(all && one?))
                    })?;
                Ok(())
            })?;
        }
        Ok(nothing)
    }
}

/// Whether there are users whose rows are not up to date.
pub(super) fn are_stale(tx: &Transaction<'_>) -> Result<bool, SystemError> {
    let found = tx
        .prepare_cached("SELECT 1 FROM stale_users LIMIT 1")?
        .query_row([], |_| Ok(()))
        .optional()?;
    Ok(found.is_some())
}

/// The classes of rows that are about users.
const CLASSES: [&str; 3] = [USERS, ACCOUNTS, METADATA];

fn erase(class: &str, key: Key) -> Instruction {
    Instruction::EraseObject {
        class: class.into(),
        key,
    }
}

/// A row in the list: its class and its key.
type Row = (&'static str, Key);

/// What is noted as shown, by number.
fn shown_after(tx: &Transaction<'_>, after: i64) -> Result<Vec<(i64, Row)>, SystemError> {
    let mut statement = tx.prepare_cached(
        "SELECT number, user, what FROM shown WHERE number > ?1 ORDER BY number LIMIT ?2",
    )?;
    let found = statement.query_map(params![after, realms::AT_ONCE as i64], |row| {
        let (number, user, what): (i64, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let key = object(u64::try_from(number).unwrap_or_default());
        let row = match what.split_once('/') {
            Some((ACCOUNTS, _)) => (ACCOUNTS, key),
            Some(_) => (METADATA, key),
            None => (USERS, Key::String(user[..].into())),
        };
        Ok((number, row))
    })?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// Whether a row of the list is noted as shown.
fn is_noted(tx: &Transaction<'_>, class: &str, key: &Key) -> Result<bool, SystemError> {
    match key {
        Key::String(id) => Ok(number(tx, &user_id(id.to_lossy()), ITSELF)?.is_some()),
        Key::Global { lo, .. } => {
            let what: Option<String> = tx
                .prepare_cached("SELECT what FROM shown WHERE number = ?1")?
                .query_row([i64::try_from(*lo).unwrap_or(i64::MAX)], |row| row.get(0))
                .optional()?;
            Ok(what.is_some_and(|what| what.starts_with(class)) && *key == object(*lo))
        }
        _ => Ok(false),
    }
}

fn stale(tx: &Transaction<'_>) -> Result<Vec<UserId>, SystemError> {
    let mut statement = tx.prepare_cached("SELECT user FROM stale_users ORDER BY user LIMIT ?1")?;
    let most = i64::try_from(AT_ONCE).unwrap_or(i64::MAX);
    let found = statement.query_map([most], |row| Ok(user_id(row.get(0)?)))?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// Whether a user is in the list, so that others may link to it.
pub(super) fn is_shown(tx: &Transaction<'_>, user: &UserId) -> Result<bool, SystemError> {
    Ok(number(tx, user, ITSELF)?.is_some())
}

/// A link to a user.
pub(super) fn link(user: &UserId) -> Value {
    Value::Link(Link {
        class: USERS.into(),
        key: key(user),
    })
}

/// The key of a user in the list.
pub(super) fn key(user: &UserId) -> Key {
    Key::String(user.0[..].into())
}

/// What is shown of a user, beside accounts and metadata.
const ITSELF: &str = "user";

/// What makes the rows of a user what they should be.
fn brought_up_to_date(book: &mut Book<'_>, user: &UserId) -> Result<Vec<Instruction>, SystemError> {
    let shown = shown(book.tx, user)?;
    let Some(facts) = facts(book.tx, user)? else {
        return taken_away(book.tx, user, &shown);
    };
    let mut instructions = vec![Instruction::CreateObject {
        class: USERS.into(),
        key: key(user),
    }];
    let status = if facts.suspended {
        "suspended"
    } else {
        "active"
    };
    for (field, value) in [
        ("isAdmin", Value::Bool(facts.admin)),
        ("status", Value::String(status.into())),
        ("app", Value::String(facts.app[..].into())),
    ] {
        instructions.push(set(USERS, &key(user), field, value));
    }
    for (class, field, wanted) in [
        (ACCOUNTS, "accounts", &facts.accounts),
        (METADATA, "metadata", &facts.metadata),
    ] {
        let part = Part {
            user,
            class,
            field,
            shown: &shown,
        };
        instructions.extend(part.rows(book.tx, wanted)?);
    }
    if !shown.contains_key(ITSELF) {
        show(book.tx, user, ITSELF)?;
        instructions.extend(linked(book.tx, user)?);
    }
    Ok(instructions)
}

/// What removes the rows of a user who is gone.
fn taken_away(
    tx: &Transaction<'_>,
    user: &UserId,
    shown: &BTreeMap<String, u64>,
) -> Result<Vec<Instruction>, SystemError> {
    tx.prepare_cached("DELETE FROM shown WHERE user = ?1")?
        .execute([&*user.0])?;
    let rows = shown
        .iter()
        .map(|(what, number)| match what.split_once('/') {
            Some((ACCOUNTS, _)) => erase(ACCOUNTS, object(*number)),
            Some(_) => erase(METADATA, object(*number)),
            None => erase(USERS, key(user)),
        });
    Ok(rows.collect())
}

/// What is known of a user, to be shown.
struct Facts {
    admin: bool,
    suspended: bool,
    app: String,
    /// By the name under which each is shown: its fields.
    accounts: Vec<(String, [(&'static str, String); 2])>,
    metadata: Vec<(String, [(&'static str, String); 2])>,
}

fn facts(tx: &Transaction<'_>, user: &UserId) -> Result<Option<Facts>, SystemError> {
    let found = tx
        .prepare_cached("SELECT admin, disabled, app FROM users WHERE id = ?1")?
        .query_row([&*user.0], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get::<_, String>(2)?))
        })
        .optional()?;
    let Some((admin, suspended, app)) = found else {
        return Ok(None);
    };
    let mut statement = tx.prepare_cached(
        "SELECT id, provider, name FROM accounts WHERE user = ?1 ORDER BY created, id",
    )?;
    let accounts = statement.query_map([&*user.0], |row| {
        let (id, provider, name): (String, Provider, String) =
            (row.get(0)?, row.get(1)?, row.get(2)?);
        let (provider, name) = match provider {
            // As it has always been here.
            Provider::CustomToken => (provider.name().to_owned(), name),
            provider if app == classic::CLASSIC => provider.classic(&name),
            provider => (provider.name().to_owned(), name),
        };
        let fields = [("provider", provider), ("providerId", name)];
        Ok((format!("{ACCOUNTS}/{id}"), fields))
    })?;
    let accounts = accounts.collect::<Result<_, _>>()?;
    let metadata = users::custom_data(tx, user)?;
    let metadata = metadata.into_iter().map(|(key, value)| {
        let value = match value {
            Json::String(text) => text,
            value => value.to_string(),
        };
        let name = format!("{METADATA}/{key}");
        (name, [("key", key), ("value", value)])
    });
    Ok(Some(Facts {
        admin,
        suspended,
        accounts,
        metadata: metadata.collect(),
        app,
    }))
}

/// A list of a user: what is shown in it, and where.
struct Part<'a> {
    user: &'a UserId,
    class: &'static str,
    field: &'static str,
    shown: &'a BTreeMap<String, u64>,
}

impl Part<'_> {
    /// What makes the list what it should be. It is only written when it has other members.
    fn rows(
        &self,
        tx: &Transaction<'_>,
        wanted: &[(String, [(&'static str, String); 2])],
    ) -> Result<Vec<Instruction>, SystemError> {
        let mut instructions = Vec::new();
        let mut numbers = Vec::new();
        for (name, fields) in wanted {
            let number = match self.shown.get(name) {
                Some(number) => *number,
                None => {
                    let number = show(tx, self.user, name)?;
                    instructions.push(Instruction::CreateObject {
                        class: self.class.into(),
                        key: object(number),
                    });
                    number
                }
            };
            numbers.push(number);
            let values = fields.iter().map(|(field, text)| {
                set(
                    self.class,
                    &object(number),
                    field,
                    Value::String(text[..].into()),
                )
            });
            instructions.extend(values);
        }
        let prefix = format!("{}/", self.class);
        let before = self
            .shown
            .iter()
            .filter(|(name, _)| name.starts_with(&prefix));
        let gone: Vec<u64> = before
            .clone()
            .map(|(_, number)| *number)
            .filter(|number| !numbers.contains(number))
            .collect();
        if gone.is_empty() && before.count() == numbers.len() {
            return Ok(instructions);
        }
        instructions.push(Instruction::Clear {
            path: self.path(Vec::new()),
            kind: CollectionKind::List,
        });
        for number in gone {
            hide(tx, number)?;
            instructions.push(Instruction::EraseObject {
                class: self.class.into(),
                key: object(number),
            });
        }
        for (index, number) in (0..).zip(numbers) {
            instructions.push(Instruction::ArrayInsert {
                path: self.path(vec![Step::Index(index)]),
                value: Value::Link(Link {
                    class: self.class.into(),
                    key: object(number),
                }),
                prior_size: index,
            });
        }
        Ok(instructions)
    }

    fn path(&self, steps: Vec<Step>) -> Path {
        Path {
            class: USERS.into(),
            key: key(self.user),
            field: self.field.into(),
            steps,
        }
    }
}

/// The links of Realms and permissions to a user who is shown from now on.
fn linked(tx: &Transaction<'_>, user: &UserId) -> Result<Vec<Instruction>, SystemError> {
    let mut instructions = Vec::new();
    for realm in realms::owned_by(tx, user)? {
        if realm.is_path() {
            let key = Key::String(realm.as_str().into());
            instructions.push(set(PATHS, &key, "owner", link(user)));
        }
    }
    instructions.extend(mirrors::linked(tx, user)?);
    Ok(instructions)
}

/// The key of a row that has none of its own.
fn object(number: u64) -> Key {
    Key::Global {
        hi: FileIdent::SERVER.0,
        lo: number,
    }
}

/// What is shown of a user: the number of each row, by what it is.
fn shown(tx: &Transaction<'_>, user: &UserId) -> Result<BTreeMap<String, u64>, SystemError> {
    let mut statement = tx.prepare_cached("SELECT what, number FROM shown WHERE user = ?1")?;
    let found = statement.query_map([&*user.0], |row| {
        let number: i64 = row.get(1)?;
        Ok((row.get(0)?, u64::try_from(number).unwrap_or_default()))
    })?;
    Ok(found.collect::<Result<_, _>>()?)
}

fn number(tx: &Transaction<'_>, user: &UserId, what: &str) -> Result<Option<i64>, SystemError> {
    let found = tx
        .prepare_cached("SELECT number FROM shown WHERE user = ?1 AND what = ?2")?
        .query_row(params![&*user.0, what], |row| row.get(0))
        .optional()?;
    Ok(found)
}

/// A row is shown from now on; its number.
fn show(tx: &Transaction<'_>, user: &UserId, what: &str) -> Result<u64, SystemError> {
    tx.prepare_cached("INSERT INTO shown (user, what) VALUES (?1, ?2)")?
        .execute(params![&*user.0, what])?;
    Ok(u64::try_from(tx.last_insert_rowid()).unwrap_or_default())
}

fn hide(tx: &Transaction<'_>, number: u64) -> Result<(), SystemError> {
    tx.prepare_cached("DELETE FROM shown WHERE number = ?1")?
        .execute([i64::try_from(number).unwrap_or(i64::MAX)])?;
    Ok(())
}
