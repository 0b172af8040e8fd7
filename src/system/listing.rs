//! The list of Realms as a Realm: `/__admin`, for administrators.
//!
//! The server's own database is the truth; this is its image for whoever syncs: listeners, and the commands of this program. Each change is an effect on it. A start
//! compares the two, for a data folder may have come back from a backup in which one is older.

use std::collections::BTreeSet;

use super::mirrors::{column, set};
use super::{System, SystemError};
use crate::changeset::{ColumnKind, Instruction, Key, KeyKind, PrimaryKeyColumn, TableKind, Value};
use crate::ident::{RealmName, UnixTime};
use crate::realm::{Realm, Schema};
use crate::state::Reader;

/// The class of virtual paths, as listeners of Realm Object Server 2 and 3 know it.
const PATHS: &str = "RealmFile";
/// The class of partitions.
const PARTITIONS: &str = "Partition";
/// The properties of both, beside their primary key `path`.
const COLUMNS: [(&str, ColumnKind); 2] = [
    ("syncLabel", ColumnKind::String),
    ("createdAt", ColumnKind::Timestamp),
];
/// Realms in one changeset.
const AT_ONCE: usize = 1000;

/// The name of the list.
pub fn name() -> RealmName {
    RealmName::from_canonical("/__admin")
}

impl System {
    /// Writes down what is missing in the list, and what is there in vain.
    pub fn compare_list(&self, list: &Realm, now: UnixTime) -> Result<(), SystemError> {
        let has_classes = has_classes(&list.schema()?);
        let there = there(list)?;
        let listed = self.realms()?;
        let names: BTreeSet<&str> = listed.iter().map(|(realm, _)| realm.as_str()).collect();
        let missing = listed
            .iter()
            .filter(|(realm, _)| *realm != name() && !there.contains(realm))
            .map(|(realm, created)| put(realm, *created).to_vec());
        let needless = there
            .iter()
            .filter(|realm| !names.contains(realm.as_str()))
            .map(|realm| vec![erase(realm)]);
        let changes: Vec<Vec<Instruction>> = missing.chain(needless).collect();
        self.change(now, |book| {
            if !has_classes {
                book.effect(&name(), None, schema())?;
            }
            for some in changes.chunks(AT_ONCE) {
                book.effect(&name(), None, some.concat())?;
            }
            Ok(())
        })
    }
}

fn has_classes(schema: &Schema) -> bool {
    [PATHS, PARTITIONS].iter().all(|class| {
        let class = schema.class(&(*class).into());
        class.is_some_and(|class| {
            let has = |(field, _): &(&str, ColumnKind)| class.column(&(*field).into()).is_some();
            COLUMNS.iter().all(has)
        })
    })
}

/// The names in the list.
fn there(list: &Realm) -> Result<BTreeSet<RealmName>, SystemError> {
    let names = list.look(|schema, cells| {
        let mut names = BTreeSet::new();
        for class in [PATHS, PARTITIONS] {
            let Some(class) = schema.class(&class.into()) else {
                continue;
            };
            for (key, _) in Reader::new(cells, schema).keys(class, None, usize::MAX)? {
                if let Key::String(name) = key {
                    names.insert(RealmName::from_canonical(name.to_lossy()));
                }
            }
        }
        Ok(names)
    })?;
    Ok(names)
}

fn schema() -> Vec<Instruction> {
    let mut instructions = Vec::new();
    for class in [PATHS, PARTITIONS] {
        let key = PrimaryKeyColumn {
            field: "path".into(),
            kind: KeyKind::String,
            nullable: false,
        };
        instructions.push(Instruction::AddTable {
            class: class.into(),
            kind: TableKind::TopLevel(key),
        });
        for (field, kind) in COLUMNS {
            instructions.push(Instruction::AddColumn {
                class: class.into(),
                field: field.into(),
                column: column(kind, false),
            });
        }
    }
    instructions
}

fn object(realm: &RealmName) -> (&'static str, Key) {
    let class = if realm.is_path() { PATHS } else { PARTITIONS };
    (class, Key::String(realm.as_str().into()))
}

/// What lists a Realm.
pub(super) fn put(realm: &RealmName, created: UnixTime) -> [Instruction; 3] {
    let (class, key) = object(realm);
    [
        Instruction::CreateObject {
            class: class.into(),
            key: key.clone(),
        },
        set(class, &key, "syncLabel", Value::String("default".into())),
        set(class, &key, "createdAt", super::mirrors::date(created)),
    ]
}

/// What takes it out of the list.
pub(super) fn erase(realm: &RealmName) -> Instruction {
    let (class, key) = object(realm);
    Instruction::EraseObject {
        class: class.into(),
        key,
    }
}
