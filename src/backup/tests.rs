use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::*;
use crate::ident::{ClientVersion, FileIdent, OriginTimestamp, RealmName, Salt, ServerVersion};
use crate::storage::{AdminFile, Batch, Entry, RealmFile, Store, UNFINISHED};

/// Sees everything, and goes on.
struct Patient;

impl Watch for Patient {
    fn pace(&self) -> Pace {
        Pace::Full
    }
    fn begin(&self, _: &'static str, _: u64) {}
    fn more(&self, _: u64) {}
    fn moved(&self, _: u64) {}
    fn done(&self, _: &Item) {}
    fn go_on(&self) -> bool {
        true
    }
}

struct World {
    folder: tempfile::TempDir,
}

impl World {
    /// A data folder with two Realms and a key.
    fn new() -> World {
        let world = World {
            folder: tempfile::tempdir().unwrap(),
        };
        let store = world.store();
        AdminFile::open(&world.root(), &["CREATE TABLE users (id TEXT)"]).unwrap();
        for (name, versions) in [("/a", 3), ("/a/b%\"", 1)] {
            let file = realm(&store, name);
            (1..=versions).for_each(|version| append(&file, version));
        }
        fs::create_dir(world.root().join("keys")).unwrap();
        fs::write(world.root().join("keys/private.pem"), "secret").unwrap();
        fs::set_permissions(
            world.root().join("keys/private.pem"),
            fs::Permissions::from_mode(0o600),
        )
        .unwrap();
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn root(&self) -> PathBuf {
        self.path("root")
    }

    fn store(&self) -> Store {
        Store::open(&self.root(), || 7).unwrap()
    }

    fn backup(&self, target: &str) -> Result<Made, BackupError> {
        backup(&self.root(), &self.path(target), &options(), &Patient)
    }

    fn verify(&self, backup: &str) -> Verified {
        verify(&self.path(backup), 2, &Patient).unwrap()
    }
}

fn options() -> Options {
    Options {
        begun: "2026-01-01T00:00:00Z".into(),
        threads: 2,
        keys: Vec::new(),
        with_keys: false,
    }
}

fn realm(store: &Store, name: &str) -> RealmFile {
    store.realm(&RealmName::from_canonical(name), true).unwrap()
}

fn append(file: &RealmFile, version: u64) {
    let entry = Entry {
        version: ServerVersion(version),
        salt: Salt(9),
        origin: FileIdent(2),
        client_version: ClientVersion(version),
        timestamp: OriginTimestamp(1),
        changeset: vec![5; 1000].into(),
        total_bytes: version * 1000,
    };
    let cells = vec![(version.to_be_bytes().to_vec(), Some(vec![1; 100].into()))];
    let batch = Batch {
        entries: vec![entry.into()],
        cells,
        ..Batch::default()
    };
    file.begin().unwrap();
    file.commit(ServerVersion(version - 1), &batch).unwrap();
}

fn last(root: &Path, name: &str) -> u64 {
    let store = Store::open(root, || 8).unwrap();
    realm(&store, name)
        .last()
        .unwrap()
        .map_or(0, |entry| entry.version.0)
}

/// Every file below a folder with its bytes and mode.
fn contents(folder: &Path) -> BTreeMap<PathBuf, (Vec<u8>, u32)> {
    let files = walkdir::WalkDir::new(folder)
        .into_iter()
        .map(Result::unwrap)
        .filter(|entry| entry.file_type().is_file());
    files
        .map(|entry| {
            let mode = entry.metadata().unwrap().mode() & 0o777;
            (
                entry.path().strip_prefix(folder).unwrap().to_owned(),
                (fs::read(entry.path()).unwrap(), mode),
            )
        })
        .collect()
}

#[test]
fn a_backup_of_a_folder_in_use_is_whole_and_comes_back() {
    let world = World::new();
    let store = world.store();
    let open = realm(&store, "/a");
    append(&open, 4); // in the log, not in the database
    let made = world.backup("backup").unwrap();
    append(&open, 5);
    let realms: Vec<&Content> = made.items.iter().map(|item| &item.content).collect();
    let realm = |name: &str, version| Content::Realm {
        realm: name.into(),
        version,
    };
    assert_eq!(
        realms,
        [
            &Content::Admin,
            &Content::Other,
            &realm("/a", 4),
            &realm("/a/b%\"", 1)
        ]
    );

    assert!(world.verify("backup").is_whole());
    restore(&world.path("backup"), &world.path("new"), 2, &Patient).unwrap();
    let (mut backup, restored) = (
        contents(&world.path("backup")),
        contents(&world.path("new")),
    );
    assert_eq!(backup.remove(Path::new(MANIFEST)).unwrap().1, 0o600);
    assert_eq!(backup, restored);
    assert_eq!(
        restored[Path::new("keys/private.pem")],
        (b"secret".to_vec(), 0o600)
    );
    assert_eq!(
        (
            last(&world.path("new"), "/a"),
            last(&world.path("new"), "/a/b%\"")
        ),
        (4, 1)
    );
    assert_eq!(last(&world.path("backup"), "/a"), 4); // it is a data folder itself
}

#[test]
fn an_empty_folder_is_filled_in_place() {
    let world = World::new();
    for name in ["backup", "new"] {
        fs::create_dir_all(world.path(name).join("lost+found")).unwrap();
    }
    let inode = |name: &str| fs::metadata(world.path(name)).unwrap().ino();
    let before = (inode("backup"), inode("new"));
    world.backup("backup").unwrap();
    assert!(world.verify("backup").is_whole());
    restore(&world.path("backup"), &world.path("new"), 2, &Patient).unwrap();
    assert_eq!((inode("backup"), inode("new")), before);
    assert_eq!(last(&world.path("new"), "/a"), 3);
}

#[test]
fn any_changed_byte_and_any_other_file_is_found() {
    let world = World::new();
    world.backup("backup").unwrap();
    let backup = world.path("backup");
    for (path, (bytes, _)) in contents(&backup) {
        for place in (0..bytes.len()).step_by(509).chain([bytes.len() - 1]) {
            let mut changed = bytes.clone();
            changed[place] ^= 0x20;
            fs::write(backup.join(&path), changed).unwrap();
            let found = world.verify("backup").problems;
            assert_eq!(
                found
                    .iter()
                    .map(|problem| Path::new(&problem.path))
                    .collect::<Vec<_>>(),
                [&path],
                "byte {place}"
            );
        }
        fs::write(backup.join(&path), [&bytes[..], b"\n"].concat()).unwrap();
        assert_eq!(world.verify("backup").problems.len(), 1);
        fs::write(backup.join(&path), &bytes).unwrap();
        if path != Path::new(MANIFEST) {
            fs::remove_file(backup.join(&path)).unwrap();
            assert_eq!(world.verify("backup").problems.len(), 1);
            fs::write(backup.join(&path), bytes).unwrap();
        }
    }
    assert!(world.verify("backup").is_whole());
    fs::write(backup.join("realms/a.realm.db-wal"), "").unwrap();
    assert_eq!(
        world.verify("backup").problems[0].path,
        "realms/a.realm.db-wal"
    );
    let refused = restore(&backup, &world.path("new"), 2, &Patient);
    assert!(matches!(refused, Err(BackupError::Damaged(_))));
    assert!(!world.path("new").exists());
}

#[test]
fn what_was_damaged_at_the_source_is_copied_and_named() {
    let world = World::new();
    let connection = crate::storage::connect(&world.root().join("realms/a.realm.db")).unwrap();
    connection
        .execute(
            "UPDATE cells SET value = zeroblob(100) WHERE key = ?1",
            [2u64.to_be_bytes()],
        )
        .unwrap();
    drop(connection);
    fs::write(world.root().join("realms/c.realm.db"), "no database at all").unwrap();
    let made = world.backup("backup").unwrap();
    let damaged = made.items.iter().filter(|item| item.damage.is_some());
    let damaged: Vec<&str> = damaged.map(|item| item.path.as_str()).collect();
    assert_eq!(damaged, ["realms/a.realm.db", "realms/c.realm.db"]);
    assert!(world.verify("backup").is_whole());
}

#[test]
fn nothing_is_overwritten_and_nothing_is_left_by_a_refusal() {
    let world = World::new();
    fs::create_dir(world.path("full")).unwrap();
    fs::write(world.path("full/file"), "").unwrap();
    assert!(matches!(
        world.backup("full"),
        Err(BackupError::NotEmpty(_))
    ));
    assert!(matches!(
        world.backup("root/inside"),
        Err(BackupError::Nested { .. })
    ));
    assert!(matches!(
        backup(&world.path("full"), &world.path("b"), &options(), &Patient),
        Err(BackupError::NotARoot(_))
    ));
    assert!(matches!(
        verify(&world.path("full"), 1, &Patient),
        Err(BackupError::NotABackup(_))
    ));
    world.backup("backup").unwrap();
    let running = world.store();
    assert!(matches!(
        restore(&world.path("backup"), &world.root(), 1, &Patient),
        Err(BackupError::InUse(_))
    ));
    drop(running);
    assert!(matches!(
        restore(&world.path("backup"), &world.root(), 1, &Patient),
        Err(BackupError::NotEmpty(_))
    ));
    let mut names: Vec<_> = fs::read_dir(world.folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    names.sort();
    assert_eq!(names, ["backup", "full", "root"]);
}

/// Removes a Realm as soon as a file is copied, and makes another of its name, once.
struct Replacing<'a> {
    world: &'a World,
    after: PathBuf,
    realm: RealmName,
    done: std::sync::atomic::AtomicBool,
}

impl Watch for Replacing<'_> {
    fn pace(&self) -> Pace {
        Pace::Full
    }
    fn begin(&self, _: &'static str, _: u64) {}
    fn more(&self, _: u64) {}
    fn moved(&self, _: u64) {}
    fn done(&self, item: &Item) {
        let replaced = || self.done.swap(true, std::sync::atomic::Ordering::Relaxed);
        if self.after == Path::new(&item.path) && !replaced() {
            let store = Store::open(&self.world.root(), || 8).unwrap();
            store.erase(&self.realm).unwrap();
            append(&store.realm(&self.realm, true).unwrap(), 1);
        }
    }
    fn go_on(&self) -> bool {
        true
    }
}

#[test]
fn a_realm_made_again_while_a_backup_is_made_is_in_it_as_it_is_now() {
    let realm = RealmName::from_canonical("/a");
    let file = crate::storage::file_of(&realm);
    // As soon as it is copied, and just when the database is that names it.
    for after in [&file, Path::new("admin.db")] {
        let world = World::new();
        let replacing = Replacing {
            world: &world,
            after: after.to_owned(),
            realm: realm.clone(),
            done: false.into(),
        };
        let target = world.path("backup");
        let made = backup(&world.root(), &target, &options(), &replacing).unwrap();
        let copies = made
            .items
            .iter()
            .filter(|item| Path::new(&item.path) == file);
        let copies: Vec<&Content> = copies.map(|item| &item.content).collect();
        let new = Content::Realm {
            realm: "/a".into(),
            version: 1,
        };
        assert_eq!(copies, [&new]);
        assert!(world.verify("backup").is_whole());
    }
}

#[test]
fn a_realm_that_goes_on_while_a_backup_is_made_is_the_same() {
    let world = World::new();
    let file = crate::storage::file_of(&RealmName::from_canonical("/a"));
    let [source, copy] = ["root", "backup"].map(|name| world.path(name).join(&file));
    world.backup("backup").unwrap();
    let open = realm(&world.store(), "/a");
    (4..200).for_each(|version| append(&open, version));
    let is_copy = || crate::storage::is_copy_of(&copy, &source).ok();
    assert_eq!(is_copy(), Some(true)); // in the log
    drop(open);
    assert_eq!(is_copy(), Some(true)); // in the database
    fs::remove_file(&source).unwrap();
    assert_eq!(is_copy(), None);
    let other = Store::open(&world.root(), || 8).unwrap();
    let _open = realm(&other, "/a");
    assert_eq!(is_copy(), Some(false));
    assert!(world.verify("backup").is_whole());
}

#[test]
fn a_look_at_what_has_just_changed_says_nothing() {
    let fresh = tempfile::NamedTempFile::new().unwrap();
    assert_eq!(files::look(fresh.path()), None);
    let old = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    assert!(files::look(&old).is_some());
    assert_eq!(files::look(&old), files::look(&old));
}

/// Removes a file as soon as there is something of its copy.
struct Interrupting {
    copy: PathBuf,
    file: PathBuf,
}

impl Watch for Interrupting {
    fn pace(&self) -> Pace {
        Pace::Full
    }
    fn begin(&self, _: &'static str, _: u64) {}
    fn more(&self, _: u64) {}
    fn moved(&self, _: u64) {
        if self.copy.exists() {
            let _ = fs::remove_file(&self.file);
        }
    }
    fn done(&self, _: &Item) {}
    fn go_on(&self) -> bool {
        true
    }
}

#[test]
fn what_is_removed_while_it_is_copied_leaves_nothing() {
    let file = crate::storage::file_of(&RealmName::from_canonical("/a"));
    let world = World::new();
    let interrupting = Interrupting {
        copy: world.path(".backup.unfinished").join(&file),
        file: world.root().join(&file),
    };
    let target = world.path("backup");
    backup(&world.root(), &target, &options(), &interrupting).unwrap();
    assert!(!interrupting.file.exists() && !target.join(&file).exists());
    assert!(world.verify("backup").is_whole());
}

#[test]
fn what_cannot_be_seen_is_not_left_out() {
    let file = crate::storage::file_of(&RealmName::from_canonical("/a"));
    // The file of a Realm, and a folder with others.
    for linked in [&file, Path::new("realms/a")] {
        let world = World::new();
        let link = world.root().join(linked);
        fs::rename(&link, world.path("elsewhere")).unwrap();
        std::os::unix::fs::symlink(world.path("elsewhere"), &link).unwrap();
        let made = world.backup("backup").unwrap();
        assert_eq!(made.items.len(), 4);
        fs::rename(world.path("elsewhere"), world.path("not-mounted")).unwrap();
        let refused = world.backup("other");
        assert!(matches!(refused, Err(BackupError::LeadsNowhere(path)) if path == link));
        assert!(!world.path("other").exists());
    }
}

#[test]
fn what_cannot_be_seen_any_more_is_not_gone() {
    let folder = tempfile::tempdir().unwrap();
    let [link, mounted, file] = ["link", "mounted", "file"].map(|name| folder.path().join(name));
    std::os::unix::fs::symlink(&mounted, &link).unwrap();
    fs::write(&file, "").unwrap();
    for below in [link.clone(), link.join("x.db"), link.join("y/x.db")] {
        let looked = files::is_there(&below);
        assert!(matches!(looked, Err(BackupError::LeadsNowhere(path)) if path == link));
    }
    assert!(files::is_there(&file.join("x.db")).is_err()); // no folder: cannot be looked at
    fs::create_dir(&mounted).unwrap();
    assert!(files::is_there(&link).unwrap());
    assert!(!files::is_there(&link.join("y/x.db")).unwrap());
}

/// Stops after some bytes.
struct Hasty(std::sync::atomic::AtomicU64);

impl Watch for Hasty {
    fn pace(&self) -> Pace {
        Pace::Full
    }
    fn begin(&self, _: &'static str, _: u64) {}
    fn more(&self, _: u64) {}
    fn moved(&self, bytes: u64) {
        self.0
            .fetch_add(bytes, std::sync::atomic::Ordering::Relaxed);
    }
    fn done(&self, _: &Item) {}
    fn go_on(&self) -> bool {
        self.0.load(std::sync::atomic::Ordering::Relaxed) < 10_000
    }
}

/// Removes a file as soon as another is copied.
struct Removing {
    after: PathBuf,
    file: PathBuf,
}

impl Watch for Removing {
    fn pace(&self) -> Pace {
        Pace::Full
    }
    fn begin(&self, _: &'static str, _: u64) {}
    fn more(&self, _: u64) {}
    fn moved(&self, _: u64) {}
    fn done(&self, item: &Item) {
        if self.after == Path::new(&item.path) {
            let _ = fs::remove_file(&self.file);
        }
    }
    fn go_on(&self) -> bool {
        true
    }
}

#[test]
fn what_is_removed_while_a_backup_is_made_is_not_in_it() {
    let file = crate::storage::file_of(&RealmName::from_canonical("/a"));
    // As soon as it is copied, and just when the database is that would name it.
    for after in [&file, Path::new("admin.db")] {
        let world = World::new();
        let removing = Removing {
            after: after.to_owned(),
            file: world.root().join(&file),
        };
        let target = world.path("backup");
        let made = backup(&world.root(), &target, &options(), &removing).unwrap();
        assert!(!removing.file.exists() && !target.join(&file).exists());
        assert!(made.items.iter().all(|item| Path::new(&item.path) != file));
        let admins = made.items.iter().filter(|item| item.path == "admin.db");
        assert_eq!(admins.count(), 1);
        assert!(world.verify("backup").problems.is_empty());
    }
}

#[test]
fn what_is_stopped_leaves_nothing_and_what_was_killed_is_no_backup() {
    let world = World::new();
    let stopped = backup(
        &world.root(),
        &world.path("backup"),
        &options(),
        &Hasty(0.into()),
    );
    assert!(matches!(stopped, Err(BackupError::Stopped)));
    assert_eq!(fs::read_dir(world.folder.path()).unwrap().count(), 1);

    // As if it had been killed: the mark is there, and nobody holds it.
    world.backup("backup").unwrap();
    fs::write(world.path("backup").join(UNFINISHED), "").unwrap();
    assert!(matches!(
        verify(&world.path("backup"), 1, &Patient),
        Err(BackupError::Unfinished(_))
    ));
    assert!(matches!(
        world.backup("backup"),
        Err(BackupError::Unfinished(_))
    ));
    let served = Store::open(&world.path("backup"), || 1).err().unwrap();
    assert!(matches!(served, StorageError::Unfinished(_)), "{served}");
    fs::rename(world.path("backup"), world.path(".later.unfinished")).unwrap();
    world.backup("later").unwrap(); // takes what was left away
    assert!(!world.path(".later.unfinished").exists());
}

#[test]
fn keys_elsewhere_are_named_and_copied_when_asked_to() {
    let world = World::new();
    fs::write(world.path("token.key"), "secret").unwrap();
    let mut options = options();
    options.keys = vec![
        world.path("token.key"),
        world.root().join("keys/private.pem"),
    ];
    let made = backup(&world.root(), &world.path("without"), &options, &Patient).unwrap();
    assert_eq!(
        made.keys,
        [Key {
            file: world.path("token.key"),
            copied: false
        }]
    );
    let head = world.verify("without").head.unwrap();
    assert_eq!(
        head.keys_elsewhere,
        [world.path("token.key").to_string_lossy()]
    );
    options.with_keys = true;
    let made = backup(&world.root(), &world.path("with"), &options, &Patient).unwrap();
    assert!(made.keys[0].copied);
    assert!(world.path("with/keys/token.key").exists());
    assert!(world.verify("with").head.unwrap().keys_elsewhere.is_empty());
}

#[test]
fn a_rehearsal_reads_everything_and_leaves_nothing() {
    let world = World::new();
    world.backup("backup").unwrap();
    let restored = rehearse(&world.path("backup"), &world.path("scratch"), 2, &Patient).unwrap();
    assert_eq!(restored.items.len(), 4);
    assert_eq!(fs::read_dir(world.folder.path()).unwrap().count(), 2);
}

/// Goes on, gently.
struct Considerate;

impl Watch for Considerate {
    fn pace(&self) -> Pace {
        Pace::Gentle
    }
    fn begin(&self, _: &'static str, _: u64) {}
    fn more(&self, _: u64) {}
    fn moved(&self, _: u64) {}
    fn done(&self, _: &Item) {}
    fn go_on(&self) -> bool {
        true
    }
}

#[test]
fn a_portion_that_could_not_be_made_durable_fails_the_copy() {
    let folder = tempfile::tempdir().unwrap();
    let [from, to] = ["from", "to"].map(|name| folder.path().join(name));
    fs::write(&from, "source").unwrap();
    for fails in [true, false] {
        let mut portions = files::Portions::of(&to, &Considerate);
        if !fails {
            fs::write(&to, "copy").unwrap();
        }
        portions.more(1 << 30);
        fs::write(&to, "copy").unwrap(); // all is well again when it ends
        portions.more(1 << 30);
        assert_eq!(portions.settle(&from).is_err(), fails);
        fs::remove_file(&to).unwrap();
    }
}
