//! The Realms that show rows of permissions: to each user its own and those on its Realms, to everybody the defaults, to administrators all.
//!
//! They are made when somebody opens them first, with all that belongs there; from then on every change of a row is an effect on them. The data of SDKs before version 10
//! has no primary key there; the server's number of the row is its key. For administrators a row has links to the user and the Realm besides, as Realm Object Server 2 and 3 had them.

use rusqlite::{OptionalExtension, Transaction, params};

use super::book::Book;
use super::permissions::{self, Permission};
use super::{System, SystemError, listing, people, realms, removals};
use crate::access::{Everyone, Reserved, Rights, app_of};
use crate::changeset::{
    CollectionKind, Column, ColumnKind, Instruction, Key, KeyKind, Path, PrimaryKeyColumn, Slot,
    TableKind, Value,
};
use crate::ident::{FileIdent, RealmName, UnixTime, UserId};

/// The class in all of them.
const CLASS: &str = "Permission";

/// Rows in one changeset.
const AT_ONCE: usize = 1000;

/// Shows what has become of a row, wherever it is shown.
pub(super) fn show(
    book: &mut Book<'_>,
    before: Option<&Permission>,
    after: Option<&Permission>,
) -> Result<(), SystemError> {
    let Some(row) = after.or(before) else {
        return Ok(());
    };
    for mirror in shown_in(book, row)? {
        let form = Form::of(&mirror);
        let instructions = match after {
            Some(after) => form.put(book.tx, after)?,
            None => vec![form.erase(row)],
        };
        book.effect(&mirror, None, instructions)?;
    }
    Ok(())
}

/// The Realms that show a row and have been made.
fn shown_in(book: &Book<'_>, row: &Permission) -> Result<Vec<RealmName>, SystemError> {
    let mut mirrors = Reserved::mirrors(&row.realm, &row.user);
    if let Some(owner) = realms::owner(book.tx, &row.realm)?.filter(|owner| *owner != row.user) {
        mirrors.extend(Reserved::mirrors(&row.realm, &owner));
    }
    mirrors.push(listing::name());
    let mut made = Vec::new();
    for mirror in mirrors {
        if is_made(book.tx, &mirror)? {
            made.push(mirror);
        }
    }
    Ok(made)
}

/// Whether a Realm that shows rows has been made.
fn is_made(tx: &Transaction<'_>, mirror: &RealmName) -> Result<bool, SystemError> {
    let found = tx
        .prepare_cached("SELECT 1 FROM mirrors WHERE realm = ?1")?
        .query_row([mirror.as_str()], |_| Ok(()))
        .optional()?;
    Ok(found.is_some())
}

/// The links to a user in its rows in the list for administrators.
pub(super) fn linked(tx: &Transaction<'_>, user: &UserId) -> Result<Vec<Instruction>, SystemError> {
    if !is_made(tx, &listing::name())? {
        return Ok(Vec::new());
    }
    let rows = permissions::of_user(tx, user)?;
    let link = |row: &Permission| set(CLASS, &Form::Admin.key(row), "user", people::link(user));
    Ok(rows.iter().map(link).collect())
}

/// The class of rows as administrators see it.
pub(super) fn admin_schema() -> Vec<Instruction> {
    Form::Admin.schema()
}

impl System {
    /// Writes all rows that belong into a Realm as effects on it, if it is one that shows rows. Whether it is.
    pub fn fill_mirror(&self, realm: &RealmName, now: UnixTime) -> Result<bool, SystemError> {
        if *realm != listing::name()
            && !matches!(
                Reserved::of(realm),
                Some(Reserved::Permissions(_) | Reserved::Defaults)
            )
        {
            return Ok(false);
        }
        self.change(now, |book| {
            if removals::is_pending(book.tx, realm)? {
                return Ok(false);
            }
            book.tx.execute(
                "INSERT OR IGNORE INTO mirrors (realm) VALUES (?1)",
                params![realm.as_str()],
            )?;
            let form = Form::of(realm);
            book.effect(realm, None, form.schema())?;
            let rows = belonging(book, realm)?;
            for some in rows.chunks(AT_ONCE) {
                let mut instructions = Vec::new();
                for row in some {
                    instructions.extend(form.put(book.tx, row)?);
                }
                book.effect(realm, None, instructions)?;
            }
            Ok(true)
        })
    }
}

/// The rows that belong into a Realm.
fn belonging(book: &Book<'_>, realm: &RealmName) -> Result<Vec<Permission>, SystemError> {
    let rows = match Reserved::of(realm) {
        Some(Reserved::Permissions(user)) => {
            let mut rows = permissions::of_user(book.tx, &user)?;
            let others = permissions::on_realms_of(book.tx, &user)?;
            rows.extend(others.into_iter().filter(|row| row.user != user));
            rows
        }
        Some(Reserved::Defaults) => permissions::of_user(book.tx, &UserId(Everyone::ID.into()))?,
        Some(Reserved::Management(_) | Reserved::Server) | None => {
            return permissions::all_rows(book.tx);
        }
    };
    let same = |row: &Permission| app_of(&row.realm) == app_of(realm);
    Ok(rows.into_iter().filter(same).collect())
}

/// What a Realm calls itself to those who see it: its path, or the value of its partition. Administrators see the whole name.
fn told(row: &Permission, form: Form) -> String {
    let name = row.realm.as_str();
    match (app_of(&row.realm), form) {
        (Some(app), Form::Twin) => name[app.len() + 1..].to_owned(),
        (Some(_) | None, _) => name.to_owned(),
    }
}

/// How rows stand in a Realm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Without primary key.
    Keyless,
    /// The same, with links.
    Admin,
    /// By `userPath`.
    UserPath,
    /// By `_id`.
    Twin,
}

impl Form {
    fn of(realm: &RealmName) -> Form {
        if *realm == listing::name() {
            Form::Admin
        } else if Reserved::is_twin(realm) {
            Form::Twin
        } else if realm.as_str().ends_with("/__perm") {
            Form::UserPath
        } else {
            Form::Keyless
        }
    }

    fn schema(self) -> Vec<Instruction> {
        let (field, kind) = match self {
            Form::Keyless | Form::Admin => ("", KeyKind::None),
            Form::UserPath => ("userPath", KeyKind::String),
            Form::Twin => ("_id", KeyKind::String),
        };
        let key = PrimaryKeyColumn {
            field: field.into(),
            kind,
            nullable: false,
        };
        let table = Instruction::AddTable {
            class: CLASS.into(),
            kind: TableKind::TopLevel(key),
        };
        let columns = COLUMNS.map(|(field, kind)| Instruction::AddColumn {
            class: CLASS.into(),
            field: field.into(),
            column: column(kind, false),
        });
        let links = LINKS.iter().filter(|_| self == Form::Admin);
        let links = links.map(|(field, class)| Instruction::AddColumn {
            class: CLASS.into(),
            field: (*field).into(),
            column: column(ColumnKind::Link((*class).into()), true),
        });
        let all = std::iter::once(table).chain(columns).chain(links);
        all.collect()
    }

    fn key(self, row: &Permission) -> Key {
        match self {
            Form::Keyless | Form::Admin => Key::Global {
                hi: FileIdent::SERVER.0,
                lo: row.id,
            },
            Form::UserPath | Form::Twin => {
                Key::String(format!("{}-{}", row.user, told(row, self)).as_str().into())
            }
        }
    }

    fn erase(self, row: &Permission) -> Instruction {
        Instruction::EraseObject {
            class: CLASS.into(),
            key: self.key(row),
        }
    }

    fn put(self, tx: &Transaction<'_>, row: &Permission) -> Result<Vec<Instruction>, SystemError> {
        let key = self.key(row);
        let Rights {
            read,
            write,
            manage,
        } = row.rights;
        let values = [
            date(row.changed),
            Value::String(row.user.0[..].into()),
            Value::String(told(row, self).as_str().into()),
            Value::Bool(read),
            Value::Bool(write),
            Value::Bool(manage),
        ];
        let create = Instruction::CreateObject {
            class: CLASS.into(),
            key: key.clone(),
        };
        let set = COLUMNS
            .iter()
            .zip(values)
            .map(|((field, _), value)| set(CLASS, &key, field, value));
        let mut instructions: Vec<_> = std::iter::once(create).chain(set).collect();
        if self == Form::Admin {
            let user = match people::is_shown(tx, &row.user)? {
                true => people::link(&row.user),
                false => Value::Null,
            };
            let realm = listing::link(&row.realm).unwrap_or(Value::Null);
            for ((field, _), value) in LINKS.into_iter().zip([user, realm]) {
                instructions.push(self::set(CLASS, &key, field, value));
            }
        }
        Ok(instructions)
    }
}

/// The properties, beside a primary key.
const COLUMNS: [(&str, ColumnKind); 6] = [
    ("updatedAt", ColumnKind::Timestamp),
    ("userId", ColumnKind::String),
    ("path", ColumnKind::String),
    ("mayRead", ColumnKind::Bool),
    ("mayWrite", ColumnKind::Bool),
    ("mayManage", ColumnKind::Bool),
];

/// The links beside them, and what they lead to.
const LINKS: [(&str, &str); 2] = [("user", people::USERS), ("realmFile", listing::PATHS)];

/// A column of single values.
pub(super) fn column(kind: ColumnKind, nullable: bool) -> Column {
    Column {
        kind,
        nullable,
        collection: CollectionKind::Single,
        dictionary_key: 0,
    }
}

/// Sets a field.
pub(super) fn set(class: &str, key: &Key, field: &str, value: Value) -> Instruction {
    Instruction::Update {
        path: Path {
            class: class.into(),
            key: key.clone(),
            field: field.into(),
            steps: Vec::new(),
        },
        value,
        slot: Slot::Field { is_default: false },
    }
}

/// A moment as a value.
pub(super) fn date(time: UnixTime) -> Value {
    Value::Timestamp {
        seconds: i64::try_from(time.0).unwrap_or(i64::MAX),
        nanoseconds: 0,
    }
}

/// Now as a value, and after a row was changed last (seconds, nanoseconds), which may have been in this very second.
pub(super) fn date_after(last: Option<(i64, i32)>, now: UnixTime) -> Value {
    match last {
        Some((seconds, nanoseconds)) if i64::try_from(now.0) == Ok(seconds) => Value::Timestamp {
            seconds,
            nanoseconds: nanoseconds.saturating_add(1_000_000).clamp(0, 999_999_999),
        },
        Some(_) | None => date(now),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_not_from_before_its_question() {
        let at = |seconds, nanoseconds| Value::Timestamp {
            seconds,
            nanoseconds,
        };
        for (last, told) in [
            (None, at(9, 0)),
            (Some((8, 999_000_000)), at(9, 0)),
            (Some((9, 0)), at(9, 1_000_000)),
            (Some((9, 500_000_000)), at(9, 501_000_000)),
            (Some((9, 999_999_000)), at(9, 999_999_999)),
            (Some((9, i32::MAX)), at(9, 999_999_999)),
            (Some((9, -5_000_000)), at(9, 0)),
            (Some((10, 0)), at(9, 0)), // a clock that is ahead
        ] {
            assert_eq!(date_after(last, UnixTime(9)), told, "{last:?}");
        }
    }
}
