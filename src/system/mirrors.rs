//! The Realms that show rows of permissions: to each user its own and those on its Realms, to everybody the defaults, to administrators all.
//!
//! They are made when somebody opens them first, with all that belongs there; from then on every change of a row is an effect on them. The data of SDKs before version 10
//! has no primary key there; the server's number of the row is its key.

use rusqlite::{OptionalExtension, params};

use super::book::Book;
use super::permissions::{self, Permission};
use super::realms;
use super::{System, SystemError};
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

/// Where administrators see all rows.
fn admin_realm() -> RealmName {
    RealmName::from_canonical("/__admin")
}

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
            Some(after) => form.put(after),
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
    mirrors.push(admin_realm());
    let mut made = Vec::new();
    for mirror in mirrors {
        let found = book
            .tx
            .prepare_cached("SELECT 1 FROM mirrors WHERE realm = ?1")?
            .query_row([mirror.as_str()], |_| Ok(()))
            .optional()?;
        made.extend(found.map(|()| mirror));
    }
    Ok(made)
}

impl System {
    /// Writes all rows that belong into a Realm as effects on it, if it is one that shows rows. Whether it is.
    pub fn fill_mirror(&self, realm: &RealmName, now: UnixTime) -> Result<bool, SystemError> {
        if *realm != admin_realm()
            && !matches!(
                Reserved::of(realm),
                Some(Reserved::Permissions(_) | Reserved::Defaults)
            )
        {
            return Ok(false);
        }
        self.change(now, |book| {
            book.tx.execute(
                "INSERT OR IGNORE INTO mirrors (realm) VALUES (?1)",
                params![realm.as_str()],
            )?;
            let form = Form::of(realm);
            book.effect(realm, None, form.schema())?;
            let rows = belonging(book, realm)?;
            for some in rows.chunks(AT_ONCE) {
                book.effect(
                    realm,
                    None,
                    some.iter().flat_map(|row| form.put(row)).collect(),
                )?;
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
    /// By `userPath`.
    UserPath,
    /// By `_id`.
    Twin,
}

impl Form {
    fn of(realm: &RealmName) -> Form {
        if Reserved::is_twin(realm) {
            Form::Twin
        } else if realm.as_str().ends_with("/__perm") {
            Form::UserPath
        } else {
            Form::Keyless
        }
    }

    fn schema(self) -> Vec<Instruction> {
        let (field, kind) = match self {
            Form::Keyless => ("", KeyKind::None),
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
        std::iter::once(table).chain(columns).collect()
    }

    fn key(self, row: &Permission) -> Key {
        match self {
            Form::Keyless => Key::Global {
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

    fn put(self, row: &Permission) -> Vec<Instruction> {
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
        std::iter::once(create).chain(set).collect()
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
