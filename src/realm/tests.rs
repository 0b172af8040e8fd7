//! One Realm on a real file, and clients that are nothing but what they upload.

mod cost;
mod reciprocal;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

use super::*;
use crate::changeset::{
    self, Changeset, CollectionKind, Column, ColumnKind, Instruction, Key, KeyKind, Path,
    PrimaryKeyColumn, Slot, Step, TableKind, Value,
};
use crate::storage::Store;

/// A data folder and what is open of it.
pub(super) struct Server {
    folder: tempfile::TempDir,
    registry: Option<Registry>,
    limits: Limits,
}

impl Server {
    pub fn start(limits: Limits) -> Server {
        let folder = tempfile::tempdir().unwrap();
        let mut server = Server {
            folder,
            registry: None,
            limits,
        };
        server.restart();
        server
    }

    /// As after a crash: what was not committed is gone.
    pub fn restart(&mut self) {
        self.registry = None;
        let store = Store::open(self.folder.path(), random).unwrap();
        self.registry = Some(Registry::new(store, &self.limits));
    }

    fn registry(&self) -> &Registry {
        self.registry.as_ref().unwrap()
    }

    pub fn realm(&self) -> Arc<Realm> {
        self.named("/realm")
    }

    fn named(&self, name: &str) -> Arc<Realm> {
        self.registry()
            .open(&RealmName::from_canonical(name), true)
            .unwrap()
    }

    /// Integrates uploads that nothing is wrong with.
    pub fn integrate(&self, pendings: Vec<Pending>) {
        let outcomes = self.realm().integrate(pendings).unwrap().outcomes;
        assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    }

    pub fn history(&self) -> Vec<Arc<Entry>> {
        history(&self.realm())
    }
}

/// Numbers that never repeat, as randomness seldom does.
fn random() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

pub(super) fn history(realm: &Realm) -> Vec<Arc<Entry>> {
    let all = realm.read(DownloadCursor::default(), FileIdent(0), usize::MAX);
    let entries = all.unwrap().entries.into_iter();
    entries.map(|item| item.entry).collect()
}

/// One client file, whose user may do anything.
pub(super) struct Client {
    pub ident: FileIdent,
    pub version: u64,
}

impl Client {
    pub fn new(realm: &Realm) -> Client {
        let (ident, _) = realm.allocate_client_file().unwrap();
        Client { ident, version: 1 }
    }

    /// An upload of changesets, each made knowing the server version beside it.
    pub fn upload(&mut self, changesets: Vec<(u64, Vec<Instruction>)>) -> Pending {
        let mut base = 0;
        let mut uploaded = Vec::new();
        for (server_version, instructions) in changesets {
            self.version += 1;
            base = server_version;
            uploaded.push(Uploaded {
                client_version: ClientVersion(self.version),
                server_version: ServerVersion(server_version),
                timestamp: OriginTimestamp(self.version),
                origin: FileIdent(0),
                changeset: changeset::encode(&Changeset { instructions }).into(),
            });
        }
        self.pending(uploaded, base)
    }

    /// A report that it has nothing to say up to here.
    fn progress(&mut self) -> Pending {
        self.version += 1;
        self.pending(Vec::new(), 0)
    }

    fn pending(&self, changesets: Vec<Uploaded>, base: u64) -> Pending {
        Pending {
            ident: self.ident,
            changesets,
            progress: self.cursor(base),
            locked: ServerVersion(0),
            allow: Allow::ALL,
        }
    }

    fn cursor(&self, base: u64) -> UploadCursor {
        UploadCursor {
            client_version: ClientVersion(self.version),
            server_version: ServerVersion(base),
        }
    }

    /// What a DOWNLOAD tells it about itself.
    fn told(&self, realm: &Realm) -> u64 {
        let read = realm.read(DownloadCursor::default(), self.ident, 0);
        read.unwrap().upload.client_version.0
    }
}

/// Dogs have an integer key, a name and a list of integers.
pub(super) fn schema() -> Vec<Instruction> {
    let column = |field: &str, kind, collection| Instruction::AddColumn {
        class: "Dog".into(),
        field: field.into(),
        column: Column {
            kind,
            nullable: false,
            collection,
            dictionary_key: 0,
        },
    };
    vec![
        Instruction::AddTable {
            class: "Dog".into(),
            kind: TableKind::TopLevel(PrimaryKeyColumn {
                field: "_id".into(),
                kind: KeyKind::Int,
                nullable: false,
            }),
        },
        column("name", ColumnKind::String, CollectionKind::Single),
        column("walks", ColumnKind::Int, CollectionKind::List),
    ]
}

pub(super) fn dog(key: i64) -> Instruction {
    Instruction::CreateObject {
        class: "Dog".into(),
        key: Key::Int(key),
    }
}

fn path(key: i64, field: &str, steps: Vec<Step>) -> Path {
    Path {
        class: "Dog".into(),
        key: Key::Int(key),
        field: field.into(),
        steps,
    }
}

pub(super) fn named(key: i64, name: &str) -> Instruction {
    Instruction::Update {
        path: path(key, "name", Vec::new()),
        value: Value::String(name.into()),
        slot: Slot::Field { is_default: false },
    }
}

/// Inserts into the list of a dog that has so many walks.
pub(super) fn walk(key: i64, index: u32, walks: u32, value: i64) -> Instruction {
    Instruction::ArrayInsert {
        path: path(key, "walks", vec![Step::Index(index)]),
        value: Value::Int(value),
        prior_size: walks,
    }
}

pub(super) fn decoded(entry: &Entry) -> Vec<Instruction> {
    changeset::decode(&entry.changeset).unwrap().instructions
}

/// A Realm with the schema and dog 1, made by a client of its own: versions 1 and 2.
pub(super) fn begun(limits: Limits) -> Server {
    let server = Server::start(limits);
    let mut first = Client::new(&server.realm());
    server.integrate(vec![first.upload(vec![(0, schema()), (0, vec![dog(1)])])]);
    server
}

#[test]
fn who_sets_an_element_says_of_which_size_the_list_is() {
    let server = begun(Limits::default());
    let realm = server.realm();
    let (mut a, mut b) = (Client::new(&realm), Client::new(&realm));
    let set = |said| Instruction::Update {
        path: path(1, "walks", vec![Step::Index(0)]),
        value: Value::Int(7),
        slot: Slot::Element { prior_size: said },
    };
    let made = vec![walk(1, 0, 0, 5), walk(1, 1, 1, 6), set(9)];
    server.integrate(vec![a.upload(vec![(2, made)])]);
    let stored = server.history().into_iter().next_back().unwrap();
    assert_eq!(decoded(&stored)[2], set(2));
    // Who has changed the list without knowing of that.
    let upload = b.upload(vec![(2, vec![walk(1, 0, 0, 8)])]);
    assert_eq!(realm.integrate(vec![upload]).unwrap().outcomes, [Ok(())]);
}

#[test]
fn uploads_become_versions_in_order() {
    let server = begun(Limits::default());
    let realm = server.realm();
    let (mut a, mut b) = (Client::new(&realm), Client::new(&realm));
    // In the order of their idents, whoever came first.
    let pendings = vec![
        b.upload(vec![(2, vec![dog(3)])]),
        a.upload(vec![(2, vec![dog(2)])]),
        b.upload(vec![(2, vec![dog(4)])]),
    ];
    let integration = realm.integrate(pendings).unwrap();
    assert!(integration.appended);
    assert_eq!(integration.head.version, ServerVersion(5));
    let made: Vec<_> = server
        .history()
        .iter()
        .skip(2)
        .map(|entry| (entry.version.0, entry.origin, decoded(entry)))
        .collect();
    assert_eq!(
        made,
        [
            (3, a.ident, vec![dog(2)]),
            (4, b.ident, vec![dog(3)]),
            (5, b.ident, vec![dog(4)])
        ]
    );
    assert_eq!((a.told(&realm), b.told(&realm)), (2, 3));
}

#[test]
fn each_group_is_merged_with_what_it_did_not_know() {
    let server = begun(Limits::default());
    let realm = server.realm();
    let (mut a, mut b) = (Client::new(&realm), Client::new(&realm));
    server.integrate(vec![a.upload(vec![
        (2, vec![walk(1, 0, 0, 10)]),
        (2, vec![walk(1, 1, 1, 11)]),
    ])]);
    // The first two did not know of the walks, the third knows of one.
    let upload = b.upload(vec![
        (2, vec![walk(1, 0, 0, 20)]),
        (2, vec![walk(1, 1, 1, 21)]),
        (3, vec![walk(1, 2, 3, 22)]),
    ]);
    server.integrate(vec![upload]);
    let sizes: Vec<u32> = server
        .history()
        .iter()
        .skip(2)
        .map(|entry| match &decoded(entry)[..] {
            [Instruction::ArrayInsert { prior_size, .. }] => *prior_size,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(sizes, [0, 1, 2, 3, 4]);
}

#[test]
fn what_was_integrated_before_is_passed_over() {
    let server = begun(Limits::default());
    let realm = server.realm();
    let mut client = Client::new(&realm);
    let first = client.upload(vec![(2, vec![dog(2)])]);
    let more = client.upload(vec![(2, vec![dog(3)])]);
    server.integrate(vec![first.clone()]);
    let both = Pending {
        changesets: [first.changesets, more.changesets].concat(),
        ..more
    };
    server.integrate(vec![both.clone()]);
    server.integrate(vec![both]);
    assert_eq!(realm.head().version, ServerVersion(4));
}

/// Something about an upload of one changeset.
type Spoil = fn(&mut Pending);

const REFUSED: &[(&str, Spoil, &str)] = &[
    (
        "no changeset",
        |pending| pending.changesets[1].changeset = Bytes::from_static(b"nonsense"),
        "bad changeset: ",
    ),
    (
        "an object of no class",
        |pending| {
            let (class, key) = ("Cat".into(), Key::Int(1));
            let instructions = vec![Instruction::CreateObject { class, key }];
            pending.changesets[1].changeset = changeset::encode(&Changeset { instructions }).into();
        },
        "bad changeset: ",
    ),
    (
        "of another file",
        |pending| pending.changesets[1].origin = FileIdent(2),
        "bad origin",
    ),
    (
        "by nobody",
        |pending| pending.ident = FileIdent(9999),
        "bad origin",
    ),
    (
        "no right to write",
        |pending| pending.allow.data = false,
        "the user may not write to this Realm",
    ),
    (
        "no right to remove classes",
        |pending| {
            let class = "Dog".into();
            let instructions = vec![Instruction::EraseTable { class }];
            pending.changesets[1].changeset = changeset::encode(&Changeset { instructions }).into();
            pending.allow.erase = false;
        },
        "the user may not remove classes of this Realm",
    ),
    (
        "no right to add classes",
        |pending| {
            let (class, kind) = ("Cat".into(), TableKind::Embedded);
            let instructions = vec![Instruction::AddTable { class, kind }];
            pending.changesets[1].changeset = changeset::encode(&Changeset { instructions }).into();
            pending.allow.add = Additions::Refused;
        },
        "the user may not add classes to this Realm",
    ),
    (
        "too large",
        |pending| {
            let instructions = vec![dog(5); 100];
            pending.changesets[1].changeset = changeset::encode(&Changeset { instructions }).into();
        },
        "the changeset has too many instructions",
    ),
];

#[test]
fn who_is_refused_leaves_nothing_behind_and_takes_nobody_along() {
    for (what, spoil, cause) in REFUSED {
        let server = begun(Limits {
            changeset_memory_bytes: 10_000,
            ..Limits::default()
        });
        let realm = server.realm();
        let (mut a, mut b, mut c) = (
            Client::new(&realm),
            Client::new(&realm),
            Client::new(&realm),
        );
        let mut bad = b.upload(vec![(2, vec![dog(6), walk(1, 0, 0, 6)]), (2, vec![dog(7)])]);
        let good = bad.clone();
        spoil(&mut bad);
        let pendings = vec![
            a.upload(vec![(2, vec![dog(2), walk(1, 0, 0, 2)])]),
            bad,
            c.upload(vec![(2, vec![walk(1, 0, 0, 3)])]),
        ];
        let outcomes = realm.integrate(pendings).unwrap().outcomes;
        assert_eq!((&outcomes[0], &outcomes[2]), (&Ok(()), &Ok(())), "{what}");
        let refusal = outcomes[1].clone().unwrap_err().to_string();
        assert!(refusal.starts_with(cause), "{what}: {refusal}");
        assert_eq!(realm.head().version, ServerVersion(4), "{what}");
        assert_eq!(b.told(&realm), 0, "{what}");

        // As if it had never been: what is right is taken as after A and C.
        server.integrate(vec![good]);
        let last = &server.history()[4];
        let second = [dog(6), walk(1, 2, 2, 6)];
        assert!(
            matches!(&decoded(last)[..], [first, Instruction::ArrayInsert { prior_size: 2, .. }] if *first == second[0]),
            "{what}: {:?}",
            decoded(last)
        );
    }
}

#[test]
fn schema_that_is_there_needs_no_right() {
    let server = begun(Limits::default());
    let realm = server.realm();
    let mut reader = Client::new(&realm);
    let nothing = Allow::NOTHING;
    let repeated = Pending {
        allow: nothing,
        ..reader.upload(vec![(0, schema())])
    };
    server.integrate(vec![repeated]);
    let class = "Cat".into();
    let kind = TableKind::Embedded;
    let new = Pending {
        allow: nothing,
        ..reader.upload(vec![(3, vec![Instruction::AddTable { class, kind }])])
    };
    let outcomes = realm.integrate(vec![new]).unwrap().outcomes;
    assert!(matches!(outcomes[..], [Err(Refusal::Denied(_))]));
}

#[test]
fn schema_that_is_not_kept_is_left_out_and_what_comes_after_it_stays() {
    let server = begun(Limits::default());
    let realm = server.realm();
    let (before, version) = (realm.schema().unwrap(), realm.head().version);
    let mut reader = Client::new(&realm);
    let class = || "Cat".into();
    let kind = TableKind::Embedded;
    let add = Instruction::AddTable {
        class: class(),
        kind,
    };
    let allow = Allow {
        add: Additions::Dropped,
        ..Allow::NOTHING
    };
    // Beside what is there already; and again, when it knows what has come of the first.
    for _ in 0..2 {
        let instructions = [schema(), vec![add.clone()]].concat();
        let pending = Pending {
            allow,
            ..reader.upload(vec![(0, instructions)])
        };
        server.integrate(vec![pending]);
    }
    let after = realm.schema().unwrap();
    assert_eq!(format!("{after:?}"), format!("{before:?}"));
    assert_eq!(realm.head().version.0, version.0 + 2);
    // An object of it is refused, with the rest of what it comes with.
    let object = Instruction::CreateObject {
        class: class(),
        key: Key::Int(1),
    };
    let pending = Pending {
        allow,
        ..reader.upload(vec![(0, vec![add, object])])
    };
    let outcomes = realm.integrate(vec![pending]).unwrap().outcomes;
    assert!(matches!(outcomes[..], [Err(Refusal::Denied(_))]));
}

#[test]
fn a_cursor_is_told_when_it_is_durable() {
    let mut server = begun(Limits::default());
    let mut client = Client::new(&server.realm());
    let reported = client.progress();
    let integration = server.realm().integrate(vec![reported.clone()]).unwrap();
    assert!(!integration.appended);
    assert_eq!(client.told(&server.realm()), 0);
    // A crash takes it back.
    server.restart();
    assert_eq!(client.told(&server.realm()), 0);

    // It rides with the next commit of anybody.
    server.integrate(vec![reported]);
    let mut other = Client::new(&server.realm());
    server.integrate(vec![other.upload(vec![(2, vec![dog(2)])])]);
    assert_eq!(client.told(&server.realm()), client.version);
    server.restart();
    assert_eq!(client.told(&server.realm()), client.version);

    // Or is stored when there is time.
    let reported = client.progress();
    server.integrate(vec![reported]);
    assert_eq!(client.told(&server.realm()), client.version - 1);
    server.realm().flush().unwrap();
    assert_eq!(client.told(&server.realm()), client.version);
    server.restart();
    assert_eq!(client.told(&server.realm()), client.version);
}

#[test]
fn what_is_noted_is_told_when_it_is_durable() {
    let mut server = begun(Limits::default());
    let realm = server.realm();
    let mut client = Client::new(&realm);
    let note = |realm: &Realm, reported: &Pending| {
        assert!(realm.note(reported.ident, reported.progress, reported.locked));
    };
    let (first, second) = (client.progress(), client.progress());
    note(&realm, &second);
    note(&realm, &first); // late
    assert_eq!(client.told(&realm), 0);
    let mut other = Client::new(&realm);
    server.integrate(vec![other.upload(vec![(2, vec![dog(2)])])]);
    assert_eq!(client.told(&realm), client.version);

    let third = client.progress();
    note(&realm, &third);
    realm.flush().unwrap();
    assert_eq!(client.told(&realm), client.version);
    let unknown = FileIdent(1 << 40);
    assert!(realm.note(unknown, third.progress, third.locked));
    realm.flush().unwrap();
    drop(realm);
    server.restart();
    assert_eq!(client.told(&server.realm()), client.version);
    assert_eq!(server.realm().client_file(unknown).unwrap(), None);
}

#[test]
fn a_note_that_comes_late_takes_nothing_back() {
    let server = begun(Limits::default());
    let realm = server.realm();
    let mut client = Client::new(&realm);
    let reported = client.progress();
    let upload = client.upload(vec![(2, vec![dog(2)])]);
    server.integrate(vec![upload.clone()]);
    let head = realm.head().version;
    assert!(realm.note(reported.ident, reported.progress, reported.locked));
    // What was integrated is not integrated once more.
    server.integrate(vec![upload]);
    assert_eq!(realm.head().version, head);
    assert_eq!(client.told(&realm), client.version);
}

#[test]
fn what_is_merely_reported_does_not_pile_up() {
    let mut server = begun(Limits::default());
    let mut clients = Vec::new();
    for _ in 0..1001 {
        let mut client = Client::new(&server.realm());
        server.integrate(vec![client.progress()]);
        clients.push(client);
    }
    server.restart();
    let realm = server.realm();
    let is_stored = |client: &Client| client.told(&realm) == client.version;
    assert!(clients.iter().all(is_stored));
}

#[test]
fn versions_keep_their_salts_and_new_ones_get_new_salts() {
    let mut server = begun(Limits::default());
    let first = server.realm().head();
    server.restart();
    let realm = server.realm();
    assert_eq!(realm.head(), first);
    let mut client = Client::new(&realm);
    server.integrate(vec![client.upload(vec![(2, vec![dog(2)])])]);
    assert_ne!(realm.head().salt, first.salt);
    let salts = |version| realm.salt_at(ServerVersion(version)).unwrap();
    assert_eq!(salts(0), Some(Salt(0)));
    assert_eq!(salts(1), Some(first.salt));
    assert_eq!(salts(2), Some(first.salt));
    assert_eq!(salts(3), Some(realm.head().salt));
    assert_eq!(salts(4), None);
}

#[test]
fn a_salt_that_was_damaged_is_not_compared_with() {
    let mut server = begun(Limits::default());
    server.registry = None;
    let file = server.folder.path().join("realms/realm.realm.db");
    let database = crate::storage::connect(&file).unwrap();
    let changed = database.execute("UPDATE history SET salt = salt + 1 WHERE version = 1", []);
    assert_eq!(changed, Ok(1));
    server.restart();
    let damaged = server.realm().salt_at(ServerVersion(1));
    assert!(
        matches!(damaged, Err(RealmError::Damaged { .. })),
        "{damaged:?}"
    );
}

#[test]
fn a_realm_that_is_only_read_does_not_write_without_end() {
    let server = begun(Limits {
        checkpoint_bytes: 1 << 16,
        ..Limits::default()
    });
    let realm = server.realm();
    for _ in 0..64 * 100 {
        realm.allocate_client_file().unwrap();
    }
    let log = server.folder.path().join("realms/realm.realm.db-wal");
    assert!(std::fs::metadata(log).unwrap().len() < 256 << 10);
}

#[test]
fn idents_are_given_once_and_known_for_ever() {
    let mut server = Server::start(Limits::default());
    let mut given: HashMap<FileIdent, Salt> = HashMap::new();
    for _ in 0..3 {
        for _ in 0..100 {
            let (ident, salt) = server.realm().allocate_client_file().unwrap();
            assert!(ident.0 >= 2 && salt.0 >= 1);
            assert_eq!(given.insert(ident, salt), None);
        }
        server.restart();
        for (ident, salt) in &given {
            let file = server.realm().client_file(*ident).unwrap().unwrap();
            assert_eq!(file.salt, *salt);
        }
    }
    for never in [0, 1, 1_000_000] {
        let file = server.realm().client_file(FileIdent(never)).unwrap();
        assert_eq!(file, None, "{never}");
    }
}

#[test]
fn files_of_another_server_are_held_once_they_found_the_realm_empty() {
    let mut server = Server::start(Limits::default());
    let held = |first| Foreign::Held { first };
    assert_eq!(server.realm().foreign_file().unwrap(), held(true));
    assert_eq!(server.realm().foreign_file().unwrap(), held(false));
    let mut client = Client::new(&server.realm());
    server.integrate(vec![client.upload(vec![(0, schema())])]);
    assert_eq!(server.realm().foreign_file().unwrap(), held(false));
    server.restart();
    assert_eq!(server.realm().foreign_file().unwrap(), held(false));
    assert_eq!(
        begun(Limits::default()).realm().foreign_file().unwrap(),
        Foreign::Refused
    );
}

#[test]
fn the_realm_used_least_recently_makes_room() {
    let server = Server::start(Limits {
        open_realms: 2,
        ..Limits::default()
    });
    let is_open = |name: &str| {
        let name = RealmName::from_canonical(name);
        server.registry().opened(&name).is_some()
    };
    let mut client = Client::new(&server.named("/a"));
    let reported = client.progress();
    server.named("/a").integrate(vec![reported]).unwrap();
    server.named("/b");
    server.named("/a");
    server.named("/c");
    assert!(is_open("/a") && !is_open("/b") && is_open("/c"));

    // What was merely reported is stored before a Realm goes.
    server.named("/d");
    server.named("/e");
    assert!(!is_open("/a"));
    assert_eq!(client.told(&server.named("/a")), client.version);

    // Who is at work keeps it open, beyond the bound if it must be.
    let kept = [server.named("/a"), server.named("/b"), server.named("/c")];
    server.named("/d");
    for (name, realm) in ["/a", "/b", "/c"].iter().zip(&kept) {
        assert!(Arc::ptr_eq(&server.named(name), realm));
    }
}

#[test]
fn realms_used_least_recently_forget_what_they_keep() {
    let most = 100_000;
    let server = Server::start(Limits {
        realms_kept_bytes: most,
        ..Limits::default()
    });
    let names = ["/a", "/b", "/c", "/d", "/e", "/f"];
    let mut clients = Vec::new();
    for name in names {
        let realm = server.named(name);
        let mut client = Client::new(&realm);
        let text = "a name of some length ".repeat(50);
        let changesets = [schema(), vec![dog(1)]]
            .into_iter()
            .chain((0..20).map(|_| vec![named(1, &text)]));
        let upload = client.upload(changesets.map(|changeset| (0, changeset)).collect());
        realm.integrate(vec![upload]).unwrap();
        server.registry().trim();
        let kept = server.registry().kept_bytes();
        assert!(kept > 0 && kept <= most, "{kept}");
        clients.push(client);
    }
    let other = FileIdent(u64::MAX >> 1);
    let from = DownloadCursor::default();
    let in_memory = |(name, client): (&&str, &Client)| {
        let recent = server
            .named(name)
            .read_recent(from, client.ident, usize::MAX);
        recent.is_some()
    };
    let kept: Vec<bool> = names.iter().zip(&clients).map(in_memory).collect();
    assert!(!kept[0] && kept[5], "{kept:?}");
    // They read it again.
    for (name, client) in names.iter().zip(&mut clients) {
        let realm = server.named(name);
        assert_eq!(client.told(&realm), client.version);
        let all = realm.read(from, other, usize::MAX).unwrap();
        assert_eq!((all.entries.len(), all.remaining_bytes), (22, 0));
        let more = client.upload(vec![(0, vec![dog(2)])]);
        assert!(realm.integrate(vec![more]).unwrap().appended);
    }
    drop(server.registry().close());
    assert_eq!(server.registry().kept_bytes(), 0);
}

#[test]
fn reading_gives_what_a_client_has_not_seen_and_did_not_make() {
    let server = begun(Limits {
        tail_bytes: 300, // so that both the tail and the file are read
        ..Limits::default()
    });
    let realm = server.realm();
    let (mut a, mut b) = (Client::new(&realm), Client::new(&realm));
    for key in 2..10 {
        server.integrate(vec![a.upload(vec![(2, vec![dog(key)])])]);
        server.integrate(vec![b.upload(vec![(2, vec![named(1, "Rex")])])]);
    }
    let mut cursor = DownloadCursor::default();
    let mut seen = Vec::new();
    while cursor.server_version < realm.head().version {
        let slice = realm.read(cursor, a.ident, 1).unwrap();
        let total = realm.read(cursor, a.ident, usize::MAX).unwrap();
        assert!(slice.cursor.server_version > cursor.server_version);
        assert_eq!(total.remaining_bytes, 0);
        assert!(slice.entries.len() <= 1);
        seen.extend(slice.entries.iter().map(|item| item.entry.version.0));
        cursor = slice.cursor;
    }
    assert_eq!(seen, [1, 2, 4, 6, 8, 10, 12, 14, 16, 18]);
    assert_eq!(cursor.client_version.0, a.version);
}
