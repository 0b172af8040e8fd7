//! A disk that fails once, at any point, and whose power goes later: what was stored in between is there. SQLite passes over some failures, that of the sync of a folder
//! among them.

use std::any::Any;
use std::path::Path;

use ros::changeset::{Changeset, Instruction, Key, KeyKind, PrimaryKeyColumn, TableKind, encode};
use ros::ident::{
    ClientVersion, FileIdent, OriginTimestamp, RealmName, ServerVersion, UploadCursor,
};
use ros::limits::Limits;
use ros::realm::{Allow, Pending, Registry, Uploaded};
use ros::replica::{Local, Replica, Rules};
use ros::storage::{AdminFile, ReplicaFile, StorageError};

use super::reopen;
use crate::support::disk::{Disk, Fault, Loss, Trouble, can_mount};
use crate::support::model::Model;

/// What is still open, and how it is closed.
type Open = Box<dyn Any>;

/// Something that keeps numbers on a disk.
struct Keeper {
    /// Opens it and stores a number.
    store: fn(&Path, i64) -> Result<Open, String>,
    /// The numbers that are there.
    stored: fn(&Path) -> Vec<i64>,
}

/// Stores a number, closes, opens again, stores another one; then the power goes. What fails is tried again. Answers how many points of the disk there were.
fn run(disk: &Disk, keeper: &Keeper, point: Option<u64>) -> u64 {
    disk.wipe();
    std::fs::create_dir(disk.root()).unwrap();
    disk.cut_power();
    disk.restore_power(Loss::Nothing, 0);
    disk.take_strike();
    let before = disk.count();
    if let Some(point) = point {
        disk.plan(before + point, Fault::Once(Trouble::Broken));
    }
    let mut open: Option<Open> = None;
    for number in [1, 2] {
        open = None; // what was open is closed as at a stop
        for tries in 0.. {
            match (keeper.store)(&disk.root(), number) {
                Ok(stored) => {
                    open = Some(stored);
                    break;
                }
                Err(error) => assert!(tries < 3 && disk.is_troubled(), "{point:?}: {error}"),
            }
        }
    }
    let points = disk.count() - before;
    disk.cut_power();
    drop(open);
    disk.restore_power(Loss::All, 0);
    assert_eq!((keeper.stored)(&disk.root()), [1, 2], "failed at {point:?}");
    points
}

fn at_every_point(keeper: &Keeper) {
    if !can_mount() {
        return;
    }
    let disk = Disk::new();
    let points = run(&disk, keeper, None);
    assert!(points > 10);
    for point in 1..=points {
        run(&disk, keeper, Some(point));
    }
    println!("all of {points} points");
}

fn instructions(number: i64) -> Vec<Instruction> {
    let kind = TableKind::TopLevel(PrimaryKeyColumn {
        field: "_id".into(),
        kind: KeyKind::Int,
        nullable: false,
    });
    let class = "Number";
    vec![
        Instruction::AddTable {
            class: class.into(),
            kind,
        },
        Instruction::CreateObject {
            class: class.into(),
            key: Key::Int(number),
        },
    ]
}

fn numbers(model: &Model) -> Vec<i64> {
    let objects = model.objects[&"Number".into()].keys();
    let numbers = objects.map(|key| match key {
        Key::Int(number) => *number,
        other => panic!("{other:?}"),
    });
    numbers.collect()
}

fn registry(root: &Path) -> Result<Registry, StorageError> {
    reopen(root, rand::random).map(|store| Registry::new(store, &Limits::default()))
}

fn realm() -> RealmName {
    RealmName::from_canonical("/numbers")
}

#[test]
fn a_realm_is_stored() {
    at_every_point(&Keeper {
        store: |root, number| {
            let failed = |error: StorageError| error.to_string();
            let registry = registry(root).map_err(failed)?;
            let realm = registry.open(&realm(), true).map_err(failed)?;
            let (ident, _) = realm.allocate_client_file().map_err(failed)?;
            let changeset = Changeset {
                instructions: instructions(number),
            };
            let version = ClientVersion(2);
            let pending = Pending {
                ident,
                changesets: vec![Uploaded {
                    client_version: version,
                    server_version: realm.head().version,
                    timestamp: OriginTimestamp(1),
                    origin: FileIdent(0),
                    changeset: encode(&changeset).into(),
                }],
                progress: UploadCursor {
                    client_version: version,
                    server_version: ServerVersion(0),
                },
                locked: ServerVersion(0),
                allow: Allow::ALL,
            };
            let integrated = realm.integrate(vec![pending]).map_err(failed)?;
            assert_eq!(integrated.outcomes, [Ok(())]);
            Ok(Box::new((realm, registry)))
        },
        stored: |root| {
            let registry = registry(root).unwrap();
            numbers(&super::stored(&registry.open(&realm(), false).unwrap()))
        },
    });
}

fn copy(root: &Path) -> Result<Replica, String> {
    let file = ReplicaFile::open(&root.join("copy.realm")).map_err(|error| error.to_string())?;
    Replica::open(Local::File(file), Rules::SERVER).map_err(|error| error.to_string())
}

#[test]
fn a_copy_is_stored() {
    at_every_point(&Keeper {
        store: |root, number| {
            let mut replica = copy(root)?;
            let written = replica.write(OriginTimestamp(1), |transaction| {
                let mut instructions = instructions(number).into_iter();
                instructions.try_for_each(|instruction| transaction.apply(instruction))
            });
            written.map_err(|error| error.to_string())?;
            Ok(Box::new(replica))
        },
        stored: |root| {
            let replica = copy(root).unwrap();
            let model = replica.look(|schema, cells| Model::read(cells, schema));
            numbers(&model.unwrap())
        },
    });
}

#[test]
fn the_servers_own_database_is_stored() {
    const STEPS: &[&str] = &["CREATE TABLE numbers (number INTEGER PRIMARY KEY)"];
    at_every_point(&Keeper {
        store: |root, number| {
            let file = AdminFile::open(root, STEPS).map_err(|error| error.to_string())?;
            let written = file.write(|transaction| {
                let sql = "INSERT OR IGNORE INTO numbers VALUES (?1)";
                let written = transaction.execute(sql, [number]);
                written.map(drop).map_err(|error| StorageError::Io {
                    file: root.to_owned(),
                    cause: error.to_string(),
                })
            });
            written.map_err(|error| error.to_string())?;
            Ok(Box::new(file))
        },
        stored: |root| {
            let file = AdminFile::open(root, STEPS).unwrap();
            let found = file.read(|transaction| {
                let sql = "SELECT number FROM numbers ORDER BY number";
                let mut statement = transaction.prepare(sql).unwrap();
                let rows = statement.query_map([], |row| row.get(0)).unwrap();
                Ok::<_, StorageError>(rows.map(Result::unwrap).collect())
            });
            found.unwrap()
        },
    });
}
