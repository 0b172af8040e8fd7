//! The list for administrators as a Realm: `/__admin`, with Realms and users in the form of Realm Object Server 2 and 3.
//!
//! The server's own database is the truth; this is its image for whoever syncs: listeners, and the commands of this program. Each change is an effect on it. A start
//! compares the two, for a data folder may have come back from a backup in which one is older.

use rusqlite::Transaction;

use super::mirrors::{self, column, date, set};
use super::realms::AT_ONCE;
use super::{System, SystemError, people, realms};
use crate::changeset::{
    CollectionKind, Column, ColumnKind, Instruction, Key, KeyKind, Link, PrimaryKeyColumn,
    TableKind, Value,
};
use crate::ident::{RealmName, UnixTime};
use crate::realm::{Realm, Schema};
use crate::state::Reader;

/// The class of virtual paths, as listeners of Realm Object Server 2 and 3 know it.
pub(super) const PATHS: &str = "RealmFile";
/// The class of partitions.
const PARTITIONS: &str = "Partition";

/// What a property holds.
enum Holds {
    /// Values of this kind.
    Values(ColumnKind),
    /// A link to an object of this class, or null.
    Link(&'static str),
    /// A list of links.
    Links(&'static str),
}

/// A class: its name, its primary key (empty if it has none), and what else it has.
type Class = (&'static str, &'static str, &'static [Property]);
type Property = (&'static str, Holds);

/// The classes, but for that of permissions.
const CLASSES: [Class; 5] = [
    (
        PATHS,
        "path",
        &[
            ("syncLabel", Holds::Values(ColumnKind::String)),
            ("createdAt", Holds::Values(ColumnKind::Timestamp)),
            ("realmType", Holds::Values(ColumnKind::String)),
            ("owner", Holds::Link(people::USERS)),
        ],
    ),
    (
        PARTITIONS,
        "path",
        &[
            ("syncLabel", Holds::Values(ColumnKind::String)),
            ("createdAt", Holds::Values(ColumnKind::Timestamp)),
        ],
    ),
    (
        people::USERS,
        "userId",
        &[
            ("isAdmin", Holds::Values(ColumnKind::Bool)),
            ("status", Holds::Values(ColumnKind::String)),
            ("app", Holds::Values(ColumnKind::String)),
            ("accounts", Holds::Links(people::ACCOUNTS)),
            ("metadata", Holds::Links(people::METADATA)),
        ],
    ),
    (
        people::ACCOUNTS,
        "",
        &[
            ("provider", Holds::Values(ColumnKind::String)),
            ("providerId", Holds::Values(ColumnKind::String)),
        ],
    ),
    (
        people::METADATA,
        "",
        &[
            ("key", Holds::Values(ColumnKind::String)),
            ("value", Holds::Values(ColumnKind::String)),
        ],
    ),
];
/// The name of the list.
pub fn name() -> RealmName {
    RealmName::from_canonical("/__admin")
}

impl System {
    /// Whether the list shows permissions, with all that belongs to them.
    pub fn list_shows_permissions(list: &Realm) -> Result<bool, SystemError> {
        let schema = list.schema()?;
        let class = schema.class(&"Permission".into());
        Ok(class.is_some_and(|class| class.column(&"realmFile".into()).is_some()))
    }

    /// Writes down which Realms are missing in the list, and which are there in vain. Users are compared by [`System::compare_users`].
    pub fn compare_list(&self, list: &Realm, now: UnixTime) -> Result<(), SystemError> {
        let has_classes = has_classes(&list.schema()?);
        if !has_classes {
            self.change(now, |book| book.effect(&name(), None, schema()))?;
        }
        self.each_realm(|page| {
            let keys = page.iter().map(|(realm, _)| object(realm));
            let missing = missing(list, keys)?;
            let missing = page.iter().zip(missing);
            let missing = missing.filter(|((realm, _), missing)| *missing && *realm != name());
            let missing: Vec<_> = missing.map(|(entry, _)| entry).collect();
            self.change_list(now, &missing, |tx, (realm, created)| {
                put(tx, realm, *created)
            })
        })?;
        for class in [PATHS, PARTITIONS] {
            each_key(list, class, |page| {
                let names = page.into_iter().filter_map(|key| match key {
                    Key::String(name) => Some(RealmName::from_canonical(name.to_lossy())),
                    _ => None,
                });
                let needless = self.admin.read(|tx| {
                    let mut needless = Vec::new();
                    for realm in names {
                        if realms::listed(tx, &realm)?.is_none() {
                            needless.push(realm);
                        }
                    }
                    Ok::<_, SystemError>(needless)
                })?;
                self.change_list(now, &needless, |_, realm| Ok(vec![erase(realm)]))
            })?;
        }
        Ok(())
    }

    /// Changes the list by one effect, if there is anything to change.
    pub(super) fn change_list<T>(
        &self,
        now: UnixTime,
        all: &[T],
        change: impl Fn(&Transaction<'_>, &T) -> Result<Vec<Instruction>, SystemError>,
    ) -> Result<(), SystemError> {
        if all.is_empty() {
            return Ok(());
        }
        self.change(now, |book| {
            let mut changes = Vec::new();
            for one in all {
                changes.extend(change(book.tx, one)?);
            }
            book.effect(&name(), None, changes)
        })
    }
}

fn has_classes(schema: &Schema) -> bool {
    CLASSES.iter().all(|(class, _, columns)| {
        let class = schema.class(&(*class).into());
        class.is_some_and(|class| {
            let has = |(field, _): &Property| class.column(&(*field).into()).is_some();
            columns.iter().all(has)
        })
    })
}

/// Of each of some objects, whether the list is without it.
pub(super) fn missing(
    list: &Realm,
    objects: impl IntoIterator<Item = (&'static str, Key)>,
) -> Result<Vec<bool>, SystemError> {
    let missing = list.look(|schema, cells| {
        let mut reader = Reader::new(cells, schema);
        let links = objects.into_iter().map(|(class, key)| Link {
            class: class.into(),
            key,
        });
        links.map(|link| Ok(!reader.resolves(&link)?)).collect()
    })?;
    Ok(missing)
}

/// Goes through the primary keys of a class of the list, [`AT_ONCE`] in memory.
pub(super) fn each_key(
    list: &Realm,
    class: &str,
    mut look: impl FnMut(Vec<Key>) -> Result<(), SystemError>,
) -> Result<(), SystemError> {
    let mut last: Option<Vec<u8>> = None;
    loop {
        let page = list.look(|schema, cells| match schema.class(&class.into()) {
            Some(class) => Reader::new(cells, schema).keys(class, last.as_deref(), AT_ONCE),
            None => Ok(Vec::new()),
        })?;
        let Some((_, place)) = page.last() else {
            return Ok(());
        };
        last = Some(place.clone());
        look(page.into_iter().map(|(key, _)| key).collect())?;
    }
}

/// The classes first, for links lead to them.
fn schema() -> Vec<Instruction> {
    let tables = CLASSES.iter().map(|(class, key, _)| {
        let kind = if key.is_empty() {
            KeyKind::None
        } else {
            KeyKind::String
        };
        Instruction::AddTable {
            class: (*class).into(),
            kind: TableKind::TopLevel(PrimaryKeyColumn {
                field: (*key).into(),
                kind,
                nullable: false,
            }),
        }
    });
    let columns = CLASSES.iter().flat_map(|(class, _, columns)| {
        columns.iter().map(|(field, holds)| Instruction::AddColumn {
            class: (*class).into(),
            field: (*field).into(),
            column: holds.column(),
        })
    });
    tables
        .chain(columns)
        .chain(mirrors::admin_schema())
        .collect()
}

impl Holds {
    fn column(&self) -> Column {
        match self {
            Holds::Values(kind) => column(kind.clone(), false),
            Holds::Link(class) => column(ColumnKind::Link((*class).into()), true),
            Holds::Links(class) => Column {
                collection: CollectionKind::List,
                ..column(ColumnKind::Link((*class).into()), false)
            },
        }
    }
}

fn object(realm: &RealmName) -> (&'static str, Key) {
    let class = if realm.is_path() { PATHS } else { PARTITIONS };
    (class, Key::String(realm.as_str().into()))
}

/// A link to a Realm, if it is one of virtual paths.
pub(super) fn link(realm: &RealmName) -> Option<Value> {
    let (class, key) = object(realm);
    (class == PATHS).then(|| {
        Value::Link(Link {
            class: class.into(),
            key,
        })
    })
}

/// What lists a Realm.
pub(super) fn put(
    tx: &Transaction<'_>,
    realm: &RealmName,
    created: UnixTime,
) -> Result<Vec<Instruction>, SystemError> {
    let (class, key) = object(realm);
    let mut instructions = vec![
        Instruction::CreateObject {
            class: class.into(),
            key: key.clone(),
        },
        set(class, &key, "syncLabel", Value::String("default".into())),
        set(class, &key, "createdAt", date(created)),
    ];
    if class == PATHS {
        instructions.push(set(class, &key, "realmType", Value::String("full".into())));
        // An owner who is not in the list yet is linked to when it comes.
        if let Some(owner) = realms::owner(tx, realm)?
            && people::is_shown(tx, &owner)?
        {
            instructions.push(set(class, &key, "owner", people::link(&owner)));
        }
    }
    Ok(instructions)
}

/// What takes it out of the list.
pub(super) fn erase(realm: &RealmName) -> Instruction {
    let (class, key) = object(realm);
    Instruction::EraseObject {
        class: class.into(),
        key,
    }
}
