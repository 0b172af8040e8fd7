//! One byte of a small data folder is other than it was written, at every place in turn: what is served is what was stored, or an error that names the file.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use rand::SeedableRng;
use rand::rngs::StdRng;
use ros::history::Rules;
use ros::ident::{DownloadCursor, FileIdent, RealmName};
use ros::realm::{Pending, Realm, RealmError, Registry};
use ros::storage::{AdminFile, Entry, StorageError};

use super::peer::Peer;
use super::{Server, integrate, open};
use crate::support::edits::{Scope, Shape};
use crate::support::model::{Model, difference};

/// Bytes from one place to the next.
const STRIDE: usize = 64;

/// All that can be asked of a Realm.
struct Content {
    state: Model,
    entries: Vec<Arc<Entry>>,
}

fn content(realm: &Realm) -> Result<Content, RealmError> {
    let state = realm.look(|schema, cells| Model::read(cells, schema))?;
    let all = realm.read(DownloadCursor::default(), FileIdent(0), usize::MAX)?;
    let entries = all.entries.into_iter().map(|item| item.entry).collect();
    Ok(Content { state, entries })
}

/// What happens to a Realm: everything in it is asked, a device that has something new uploads it, and everything is asked again.
fn visit(realm: &Realm, upload: &Pending) -> Result<[Content; 2], RealmError> {
    let before = content(realm)?;
    let integrated = realm.integrate(vec![upload.clone()])?;
    for outcome in integrated.outcomes {
        outcome.unwrap_or_else(|refusal| panic!("a good upload is refused: {refusal}"));
    }
    Ok([before, content(realm)?])
}

fn assert_equal(left: &Content, right: &Content, at: usize) {
    assert_eq!(difference(&left.state, &right.state), None, "byte {at}");
    assert!(
        left.entries == right.entries,
        "byte {at}: the history differs"
    );
}

const OTHER: &str = "/other";

/// A folder with a Realm that has seen some edits and another one; and the upload of a device that has something new.
fn scene() -> (Server, Pending) {
    let server = Server::start();
    let mut random = StdRng::seed_from_u64(1);
    let mut peers = [0, 1].map(|_| Peer::new(&server.realm(), Rules::SERVER));
    peers[0].begin(&Shape::of(1));
    for at in 1..100 {
        for peer in &mut peers {
            peer.edit(&mut random, Scope::ALL, 6, at);
        }
        let uploads = peers.iter().map(|peer| peer.upload(usize::MAX)).collect();
        integrate(&server, uploads, 1);
        for peer in &mut peers {
            while peer.download(&server.realm(), usize::MAX).unwrap() {}
        }
    }
    peers[1].edit(&mut random, Scope::ALL, 20, 40);
    let upload = peers[1].upload(usize::MAX);
    (server, upload)
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            std::fs::copy(&path, &target).unwrap();
        }
    }
}

fn realm(registry: &Registry) -> Result<Arc<Realm>, RealmError> {
    registry.open(&RealmName::from_canonical("/realm"), false)
}

#[test]
fn a_changed_byte_is_found_or_changes_nothing() {
    let (mut server, upload) = scene();
    let other = RealmName::from_canonical(OTHER);
    let registry = server.registry.take().unwrap();
    registry.open(&other, true).unwrap();
    drop(registry);
    let scratch = tempfile::tempdir().unwrap();
    let fresh = |number: usize| {
        let root = scratch.path().join(number.to_string());
        copy(server.folder.path(), &root);
        root
    };
    let whole = visit(&realm(&open(&fresh(0))).unwrap(), &upload).unwrap();
    let path = Path::new("realms/realm.realm.db");
    let size = std::fs::metadata(server.folder.path().join(path)).unwrap();
    let size = usize::try_from(size.len()).unwrap();
    let (mut named, mut harmless) = (0, 0);
    for (number, at) in (0..size).step_by(STRIDE).enumerate() {
        let root = fresh(number + 1);
        let file = root.join(path);
        let mut bytes = std::fs::read(&file).unwrap();
        bytes[at] ^= 1 << (number % 8);
        std::fs::write(&file, bytes).unwrap();
        let registry = open(&root);
        let visited = catch_unwind(AssertUnwindSafe(|| {
            realm(&registry).and_then(|realm| visit(&realm, &upload))
        }));
        match visited.unwrap_or_else(|_| panic!("byte {at} ends the server")) {
            Ok([before, after]) => {
                harmless += 1;
                assert_equal(&before, &whole[0], at);
                assert_eq!(difference(&after.state, &whole[1].state), None, "byte {at}");
            }
            Err(error) => {
                named += 1;
                let said = error.to_string();
                assert!(said.contains("realm.realm.db"), "byte {at}: {said}");
            }
        }
        registry.open(&other, false).unwrap();
        drop(registry);
        std::fs::remove_dir_all(root).unwrap();
    }
    println!(
        "damage: {} places of {size} bytes: {named} named, {harmless} changed nothing",
        named + harmless
    );
    assert!(named > 0, "nothing was found");
}

/// Everything in a table of numbers and words.
fn rows(file: &AdminFile) -> Result<Vec<(i64, String)>, StorageError> {
    file.read(|transaction| {
        let read = || {
            let mut all = transaction.prepare("SELECT number, word FROM words ORDER BY number")?;
            let rows = all.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect::<Result<Vec<_>, rusqlite::Error>>()
        };
        read().map_err(|cause| StorageError::Io {
            file: "admin.db".into(),
            cause: cause.to_string(),
        })
    })
}

#[test]
fn a_changed_byte_of_the_servers_own_database_is_found_or_changes_nothing() {
    const TABLES: &[&str] = &["CREATE TABLE words (number INTEGER PRIMARY KEY, word TEXT)"];
    let folder = tempfile::tempdir().unwrap();
    let file = AdminFile::open(folder.path(), TABLES).unwrap();
    let filled = file.write(|transaction| {
        let fill = "WITH RECURSIVE n(i) AS (SELECT 1 UNION SELECT i + 1 FROM n WHERE i < 1500) \
                    INSERT INTO words SELECT i, 'word ' || i || hex(zeroblob(i / 20)) FROM n";
        let filled = transaction.execute_batch(fill);
        filled.map_err(|cause| StorageError::Io {
            file: "admin.db".into(),
            cause: cause.to_string(),
        })
    });
    filled.unwrap();
    let whole = rows(&file).unwrap();
    drop(file);
    let path = folder.path().join("admin.db");
    let bytes = std::fs::read(&path).unwrap();
    let (mut named, mut harmless) = (0, 0);
    for (number, at) in (0..bytes.len()).step_by(STRIDE).enumerate() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1 << (number % 8);
        std::fs::write(&path, damaged).unwrap();
        match AdminFile::open(folder.path(), TABLES).and_then(|file| rows(&file)) {
            Ok(read) => {
                harmless += 1;
                assert!(read == whole, "byte {at}");
            }
            Err(error) => {
                named += 1;
                let said = error.to_string();
                assert!(said.contains("admin.db"), "byte {at}: {said}");
            }
        }
    }
    println!("damage: admin.db: {named} named, {harmless} changed nothing");
    assert!(named > 10 * harmless, "{named} named, {harmless} not");
}
