//! The list of Realms as a Realm: `/__admin`, for administrators.
//!
//! The server's own database is the truth; this is its image for whoever syncs: listeners, and the commands of this program. The server takes part in it as a device of
//! its own, through the lanes like any other. A Realm is added when it has been listed; what a crash left out is added at the next start.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use super::clock;
use super::writer::{Lanes, Strand};
use crate::changeset::{
    self, Changeset, CollectionKind, Column, ColumnKind, Instruction, Key, KeyKind, Path,
    PrimaryKeyColumn, Slot, TableKind, Value,
};
use crate::ident::{ClientVersion, FileIdent, RealmName, ServerVersion, UnixTime, UploadCursor};
use crate::realm::{Allow, Pending, Realm, RealmError, Registry, Uploaded};
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

/// The writer of the list.
pub struct Listing {
    registry: Arc<Registry>,
    device: Mutex<Device>,
}

/// The server as a device: a client file of this run.
struct Device {
    file: FileIdent,
    version: ClientVersion,
}

/// The name of the list.
pub fn name() -> RealmName {
    RealmName::from_canonical("/__admin")
}

impl Listing {
    /// Opens the list, and adds what is missing in it of these Realms.
    pub fn start(
        registry: Arc<Registry>,
        lanes: &Lanes,
        realms: &[(RealmName, UnixTime)],
    ) -> Result<Listing, RealmError> {
        let realm = registry.open(&name(), true)?;
        let (file, _) = realm.allocate_client_file()?;
        let listing = Listing {
            registry,
            device: Mutex::new(Device {
                file,
                version: ClientVersion(1),
            }),
        };
        let there = there(&realm)?;
        let missing: Vec<_> = realms
            .iter()
            .filter(|(realm, _)| *realm != name() && !there.contains(realm.as_str()))
            .collect();
        for some in missing.chunks(AT_ONCE) {
            listing.write(&realm, lanes, some.iter().copied());
        }
        if there.is_empty() && realms.is_empty() {
            listing.write(&realm, lanes, std::iter::empty()); // the classes, for whoever comes first
        }
        Ok(listing)
    }

    /// Whether the list has the class in which permissions are shown.
    pub fn shows_permissions(&self) -> Result<bool, RealmError> {
        let schema = self.registry.open(&name(), true)?.schema()?;
        Ok(schema.class(&"Permission".into()).is_some())
    }

    /// Adds a Realm.
    pub fn add(&self, lanes: &Lanes, added: &RealmName, created: UnixTime) {
        if *added == name() {
            return;
        }
        match self.registry.open(&name(), true) {
            Ok(realm) => self.write(&realm, lanes, std::iter::once(&(added.clone(), created))),
            Err(error) => {
                tracing::error!(realm = %added, %error, "the list of Realms cannot be opened; the next start adds it");
            }
        }
    }

    fn write<'a>(
        &self,
        realm: &Realm,
        lanes: &Lanes,
        added: impl Iterator<Item = &'a (RealmName, UnixTime)>,
    ) {
        let mut instructions = schema();
        for (name, created) in added {
            instructions.extend(row(name, *created));
        }
        let changeset = changeset::encode(&Changeset { instructions });
        // Uploads of a device have growing versions in the order in which they are queued.
        let mut device = self.device.lock().unwrap_or_else(PoisonError::into_inner);
        device.version.0 += 1;
        let at = UploadCursor {
            client_version: device.version,
            server_version: realm.head().version,
        };
        let pending = Pending {
            ident: device.file,
            changesets: vec![Uploaded {
                client_version: at.client_version,
                server_version: at.server_version,
                timestamp: clock::timestamp(),
                origin: FileIdent(0),
                changeset: changeset.into(),
            }],
            progress: at,
            locked: ServerVersion(0),
            allow: Allow::ALL,
        };
        let reply = Box::new(|outcome: Result<(), _>| {
            if let Err(refusal) = outcome {
                tracing::error!(%refusal, "the list of Realms was not written; the next start adds what is missing");
            }
        });
        // A strand of its own for each: one that fails is made good at the next start and holds up nobody.
        lanes.push(realm.name(), pending, &Strand::default(), reply);
    }
}

/// The names in the list.
fn there(realm: &Realm) -> Result<BTreeSet<String>, RealmError> {
    realm.look(|schema, cells| {
        let mut names = BTreeSet::new();
        for class in [PATHS, PARTITIONS] {
            let Some(class) = schema.class(&class.into()) else {
                continue;
            };
            for (key, _) in Reader::new(cells, schema).keys(class, None, usize::MAX)? {
                if let Key::String(name) = key {
                    names.insert(name.to_lossy());
                }
            }
        }
        Ok(names)
    })
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
                column: Column {
                    kind,
                    nullable: false,
                    collection: CollectionKind::Single,
                    dictionary_key: 0,
                },
            });
        }
    }
    instructions
}

/// What lists a Realm.
fn row(name: &RealmName, created: UnixTime) -> [Instruction; 3] {
    let class = if name.is_path() { PATHS } else { PARTITIONS };
    let key = Key::String(name.as_str().into());
    let set = |field: &str, value| Instruction::Update {
        path: Path {
            class: class.into(),
            key: key.clone(),
            field: field.into(),
            steps: Vec::new(),
        },
        value,
        slot: Slot::Field { is_default: false },
    };
    let seconds = i64::try_from(created.0).unwrap_or(i64::MAX);
    [
        Instruction::CreateObject {
            class: class.into(),
            key: key.clone(),
        },
        set("syncLabel", Value::String("default".into())),
        set(
            "createdAt",
            Value::Timestamp {
                seconds,
                nanoseconds: 0,
            },
        ),
    ]
}
