//! Files of older formats: each Realm in `tests/data` was written by the program of its time.

use std::path::Path;

use ros::ident::RealmName;
use ros::storage::{ReplicaFile, StorageError};
use rusqlite::{Connection, params};

use super::{Server, assert_same, replayed, stored};

/// A server whose Realm has the old file.
fn server() -> Server {
    let server = Server::start();
    let path = path(&server);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let old = Connection::open(path).unwrap();
    old.execute_batch(include_str!("../data/format-1.sql"))
        .unwrap();
    server
}

fn path(server: &Server) -> std::path::PathBuf {
    server.folder.path().join("realms/realm.realm.db")
}

fn format_of(path: &Path) -> i64 {
    let file = ros::storage::connect(path).unwrap();
    file.pragma_query_value(None, "user_version", |row| row.get(0))
        .unwrap()
}

#[test]
fn a_realm_of_format_1_has_the_state_that_its_history_gives() {
    let mut server = server();
    for _ in 0..2 {
        let realm = server.realm();
        assert_same(&stored(&realm), &replayed(&realm), "stored and replayed");
        let objects = stored(&realm).objects;
        assert_eq!(objects.values().map(|class| class.len()).sum::<usize>(), 15);
        drop(realm);
        server.restart();
    }
    assert_eq!(format_of(&path(&server)), 3);
}

#[test]
fn damage_is_found_before_a_realm_gets_a_new_format() {
    let server = server();
    let file = ros::storage::connect(&path(&server)).unwrap();
    let damaged = file.execute(
        "UPDATE cells SET value = CAST(value || x'00' AS BLOB) WHERE key = (SELECT max(key) FROM cells WHERE key < x'70')",
        [],
    );
    assert_eq!(damaged.unwrap(), 1);
    drop(file);
    let name = RealmName::from_canonical("/realm");
    let opened = server.registry.as_ref().unwrap().open(&name, true);
    let error = opened.err().unwrap();
    assert!(matches!(error, StorageError::Damaged { .. }), "{error}");
    assert_eq!(format_of(&path(&server)), 1);
}

#[test]
fn a_copy_of_format_1_is_brought_forward() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("copy.db");
    drop(ReplicaFile::open(&path).unwrap());
    let (key, row) = (b"o\0\0\0\x07\0\x01\x3F", b"\x02\x01\x3F\x05five");
    let mut sum = crc32fast::Hasher::new();
    sum.update(&(key.len() as u64).to_le_bytes());
    sum.update(key);
    sum.update(row);
    let file = ros::storage::connect(&path).unwrap();
    file.execute(
        "INSERT INTO cells VALUES (?1, ?2, ?3)",
        params![&key[..], &row[..], sum.finalize()],
    )
    .unwrap();
    file.pragma_update(None, "user_version", 1).unwrap();
    drop(file);
    let copy = ReplicaFile::open(&path).unwrap();
    let cells = copy.cells(b"o", None, 10).unwrap();
    let key = b"o\0\0\0\x07\x01\x80\0\0\0\0\0\0\x3F".to_vec();
    assert_eq!(cells, [(key, b"\0\x05five".to_vec().into())]);
    drop(copy);
    assert_eq!(format_of(&path), 3);
}
