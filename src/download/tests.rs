//! What clients below protocol 13 are sent of a Realm whose classes and columns were erased or replaced.

use bytes::Bytes;

use super::dialect::Dialect;
use super::{Fragments, make, make_now};
use crate::changeset::{
    self, Changeset, CollectionKind, Column, ColumnKind, Instruction, Key, KeyKind, Path,
    PrimaryKeyColumn, Slot, Step, TableKind, Value,
};
use crate::ident::{
    ClientVersion, DownloadCursor, FileIdent, OriginTimestamp, RealmName, ServerVersion,
    UploadCursor,
};
use crate::limits::Limits;
use crate::realm::{Allow, Pending, Realm, Registry, Uploaded};
use crate::state::{Applier, MemoryCells, Schema};
use crate::storage::Store;
use crate::wire::Protocol;

fn upload(realm: &Realm, ident: FileIdent, version: u64, instructions: Vec<Instruction>) {
    upload_all(realm, ident, version, vec![instructions]);
}

/// The first of the changesets makes this version.
fn upload_all(realm: &Realm, ident: FileIdent, first: u64, changesets: Vec<Vec<Instruction>>) {
    let changesets = (first..).zip(changesets);
    let changesets = changesets.map(|(version, instructions)| Uploaded {
        client_version: ClientVersion(version),
        server_version: ServerVersion(0),
        timestamp: OriginTimestamp(version),
        origin: FileIdent(0),
        changeset: changeset::encode(&Changeset { instructions }).into(),
    });
    let changesets: Vec<_> = changesets.collect();
    let pending = Pending {
        ident,
        progress: UploadCursor {
            client_version: changesets.last().unwrap().client_version,
            server_version: ServerVersion(0),
        },
        changesets,
        locked: ServerVersion(0),
        allow: Allow::ALL,
    };
    for outcome in realm.integrate(vec![pending]).unwrap().outcomes {
        outcome.unwrap();
    }
}

fn table(class: &str) -> Instruction {
    Instruction::AddTable {
        class: class.into(),
        kind: TableKind::TopLevel(PrimaryKeyColumn {
            field: "_id".into(),
            kind: KeyKind::Int,
            nullable: false,
        }),
    }
}

fn column(class: &str, kind: ColumnKind, collection: CollectionKind) -> Instruction {
    Instruction::AddColumn {
        class: class.into(),
        field: "x".into(),
        column: Column {
            nullable: kind == ColumnKind::Mixed,
            kind,
            collection,
            dictionary_key: 0,
        },
    }
}

fn path(class: &str, steps: &[Step]) -> Path {
    Path {
        class: class.into(),
        key: Key::Int(1),
        field: "x".into(),
        steps: steps.to_vec(),
    }
}

/// A list is put into a Mixed field, and the number into the list.
fn nested(class: &str) -> Vec<Instruction> {
    vec![
        Instruction::Update {
            path: path(class, &[]),
            value: Value::List,
            slot: Slot::Field { is_default: false },
        },
        insert(class),
    ]
}

fn insert(class: &str) -> Instruction {
    Instruction::ArrayInsert {
        path: path(class, &[Step::Index(0)]),
        value: Value::Int(7),
        prior_size: 0,
    }
}

fn create(class: &str) -> Instruction {
    Instruction::CreateObject {
        class: class.into(),
        key: Key::Int(1),
    }
}

/// A Mixed column holds a list; it is erased, and one of the same name made that is a list; then a class with another goes.
fn history(realm: &Realm) {
    let (ident, _) = realm.allocate_client_file().unwrap();
    let mixed = |class| column(class, ColumnKind::Mixed, CollectionKind::Single);
    let erase = || Instruction::EraseColumn {
        class: "A".into(),
        field: "x".into(),
    };
    let list = column("A", ColumnKind::Int, CollectionKind::List);
    let mut in_one = vec![table("C"), mixed("C"), create("C")];
    in_one.extend(nested("C"));
    in_one.push(Instruction::EraseTable { class: "C".into() });
    let changesets = [
        vec![table("A"), mixed("A"), create("A")],
        nested("A"),
        vec![table("B"), mixed("B"), create("B")],
        nested("B"),
        vec![erase(), list],
        vec![insert("A")],
        vec![Instruction::EraseTable { class: "B".into() }],
        in_one,
    ];
    for (version, instructions) in changesets.into_iter().enumerate() {
        upload(realm, ident, version as u64 + 1, instructions);
    }
}

struct Folder {
    registry: Registry,
    _root: tempfile::TempDir,
}

fn folder() -> Folder {
    let root = tempfile::tempdir().unwrap();
    let store = Store::open(root.path(), rand::random).unwrap();
    Folder {
        registry: Registry::new(store, &Limits::default()),
        _root: root,
    }
}

#[test]
fn what_was_erased_since_is_told_by_the_schema_of_its_time() {
    let folder = folder();
    let realm = folder
        .registry
        .open(&RealmName::from_canonical("/a"), true)
        .unwrap();
    history(&realm);
    let slice = realm
        .read(DownloadCursor::default(), FileIdent(999), usize::MAX)
        .unwrap();
    let fragments = Fragments::new(1 << 20);
    let (mut cells, mut schema) = (MemoryCells::default(), Schema::default());
    let mut lists = 0;
    let mut past = realm.past();
    for item in &slice.entries {
        let fragment = fragments
            .get(&realm, item, Dialect::Flat, &mut past)
            .unwrap();
        let told = changeset::decode(&Bytes::clone(&fragment.plain)).unwrap();
        let mut applier = Applier::new(&mut cells, &mut schema);
        for instruction in &told.instructions {
            applier.apply(instruction).unwrap();
            let nests = matches!(
                instruction,
                Instruction::Update {
                    value: Value::List,
                    ..
                }
            );
            assert!(!nests, "{instruction:?}");
            lists += usize::from(matches!(instruction, Instruction::ArrayInsert { .. }));
        }
        applier.finish();
    }
    assert_eq!(lists, 1, "what is in the column that is a list");

    // From the middle, with nothing kept: the same.
    let anew = Fragments::new(1 << 20);
    let last = &slice.entries[slice.entries.len() - 3];
    let fragment = |fragments: &Fragments| {
        fragments
            .get(&realm, last, Dialect::Flat, &mut realm.past())
            .unwrap()
    };
    assert_eq!(fragment(&anew).plain, fragment(&fragments).plain);
    assert_eq!(anew.lock().warned.len(), 0);
    assert_eq!(fragments.lock().warned.len(), 1);
}

#[test]
fn what_needs_the_past_is_not_made_at_once() {
    let folder = folder();
    let realm = folder
        .registry
        .open(&RealmName::from_canonical("/a"), true)
        .unwrap();
    history(&realm);
    let (other, _) = realm.allocate_client_file().unwrap();
    realm.client_file(other).unwrap();
    let fragments = Fragments::new(1 << 20);
    let (start, old, new) = (
        DownloadCursor::default(),
        Protocol::new(8).unwrap(),
        Protocol::new(14).unwrap(),
    );
    assert!(make_now(&realm, &fragments, other, start, old, usize::MAX).is_none());
    assert!(make_now(&realm, &fragments, other, start, new, usize::MAX).is_some());
    let made = make(&realm, &fragments, other, start, old, 1 << 20).unwrap();
    assert_eq!(made.cursor.server_version, realm.head().version);
}

/// A thousand entries of some size, the last of which erases a column.
fn long_history(realm: &Realm, ident: FileIdent, text: &str) {
    let mixed = column("A", ColumnKind::Mixed, CollectionKind::Single);
    let gone = column("B", ColumnKind::Int, CollectionKind::Single);
    let mut changesets = vec![vec![table("A"), mixed, create("A"), table("B"), gone]];
    changesets.resize_with(999, || write(text));
    changesets.push(vec![Instruction::EraseColumn {
        class: "B".into(),
        field: "x".into(),
    }]);
    upload_all(realm, ident, 1, changesets);
}

fn write(text: &str) -> Vec<Instruction> {
    vec![Instruction::Update {
        path: path("A", &[]),
        value: Value::String(text.into()),
        slot: Slot::Field { is_default: false },
    }]
}

/// Makes a DOWNLOAD for a device of an old protocol: where it stands then, and how many entries of the past were gone through for it.
fn read(realm: &Realm, file: FileIdent, from: u64, limit: usize) -> (u64, usize) {
    let from = DownloadCursor {
        server_version: ServerVersion(from),
        ..DownloadCursor::default()
    };
    let (before, none_kept) = (realm.followed(), Fragments::new(0));
    let old = Protocol::new(7).unwrap();
    let made = make(realm, &none_kept, file, from, old, limit).unwrap();
    assert!(made.changesets > 0);
    (made.cursor.server_version.0, realm.followed() - before)
}

#[test]
fn the_past_is_gone_through_once() {
    let folder = folder();
    let name = RealmName::from_canonical("/a");
    let realm = folder.registry.open(&name, true).unwrap();
    let (writer, _) = realm.allocate_client_file().unwrap();
    let (reader, _) = realm.allocate_client_file().unwrap();
    long_history(&realm, writer, "short");
    for head in 1000..1020 {
        upload(&realm, writer, head + 1, write("short"));
        assert_eq!(read(&realm, reader, head, 1 << 20).0, head + 1);
    }
    assert!(realm.followed() <= 1020, "{}", realm.followed());
}

#[test]
fn readers_far_behind_and_at_the_head_leave_each_other_their_places() {
    let folder = folder();
    let name = RealmName::from_canonical("/a");
    let realm = folder.registry.open(&name, true).unwrap();
    let (writer, _) = realm.allocate_client_file().unwrap();
    let (reader, _) = realm.allocate_client_file().unwrap();
    let text = "long ".repeat(400);
    long_history(&realm, writer, &text);
    let (mut head, mut behind, mut followed) = (1000, 0, Vec::new());
    while behind < head {
        upload(&realm, writer, head + 1, write(&text));
        followed.push(read(&realm, reader, head, 1 << 20).1);
        head += 1;
        let (reached, for_it) = read(&realm, reader, behind, 100_000);
        (behind, _) = (reached, followed.push(for_it));
    }
    let (first, later) = followed.split_first().unwrap();
    // The entries of a DOWNLOAD, and those of two steps.
    assert!(*first <= 1000 && later.iter().all(|entries| *entries < 50 + 250));
}
