//! Our own client against the program: a process, sockets, files.

mod reset;

mod example {
    //! What the library's documentation shows.
    include!("example.rs");

    #[tokio::test(flavor = "multi_thread")]
    async fn the_example_of_the_documentation_runs() {
        let server = crate::support::server::Server::start();
        let read = example(&server.url()).await.unwrap();
        assert_eq!(read, Some(Content::Value(Value::String("Milk".into()))));
    }
}

use ros::changeset::{
    Changeset, CollectionKind, Column, ColumnKind, Instruction, Key, KeyKind, Path,
    PrimaryKeyColumn, Slot, Step, TableKind, Value,
};
use ros::client::{
    ClientError, Credentials, Options, Place, Realm, RealmAddress, Touch, Transaction, User,
    WriteError, field,
};
use ros::secret::Secret;
use ros::state::{Content, Reader};

use crate::support::model::Model;
use crate::support::patience::PATIENCE;
use crate::support::server::Server;

/// Somebody who has never been there.
pub async fn anybody(server: &Server) -> User {
    anybody_at(&server.url()).await
}

async fn anybody_at(url: &str) -> User {
    anybody_of(&ros::client::Server::at(url).unwrap()).await
}

async fn anybody_of(there: &ros::client::Server) -> User {
    let app = "app".to_owned();
    there
        .sign_in(&Credentials::Anonymous { app })
        .await
        .unwrap()
}

/// A copy in memory of a partition.
pub async fn open(server: &Server, partition: &str) -> Realm {
    open_at(&server.url(), partition).await
}

/// The same, of a server that is known by its URL.
pub async fn open_at(url: &str, partition: &str) -> Realm {
    open_of(&ros::client::Server::at(url).unwrap(), partition).await
}

/// The same, of a server that a client knows.
pub async fn open_of(there: &ros::client::Server, partition: &str) -> Realm {
    let user = anybody_of(there).await;
    user.open(&address(partition), Place::Memory, Options::default())
        .await
        .unwrap()
}

pub fn address(partition: &str) -> RealmAddress {
    format!("app/{partition}").parse().unwrap()
}

/// The classes of these tests.
pub fn schema(edit: &mut Transaction<'_, '_>) -> Result<(), WriteError> {
    let key = |kind| {
        TableKind::TopLevel(PrimaryKeyColumn {
            field: "_id".into(),
            kind,
            nullable: false,
        })
    };
    let column = |kind, collection| Column {
        kind,
        nullable: false,
        collection,
        dictionary_key: 0,
    };
    edit.add_class("Note", key(KeyKind::Int))?;
    edit.add_column(
        "Note",
        "text",
        column(ColumnKind::String, CollectionKind::Single),
    )?;
    edit.add_column(
        "Note",
        "count",
        column(ColumnKind::Int, CollectionKind::Single),
    )?;
    edit.add_column(
        "Note",
        "list",
        column(ColumnKind::Int, CollectionKind::List),
    )?;
    edit.add_class("Loose", key(KeyKind::None))
}

/// Makes a transaction that fits what there is; again, if something has come in between looking and writing.
pub fn write_fitting(
    realm: &Realm,
    mut make: impl FnMut(&mut Model) -> Changeset,
) -> Result<(), ClientError> {
    for _ in 0..100 {
        let mut model = realm.look(|schema, cells| Model::read(cells, schema))?;
        let changeset = make(&mut model);
        let made = realm.write(|transaction| {
            let mut each = changeset.instructions.into_iter();
            each.try_for_each(|one| transaction.apply(one))
        });
        match made {
            Ok(()) => return Ok(()),
            Err(WriteError::Refused(_)) => {}
            Err(error) => return Err(ClientError::Refused(error.to_string())),
        }
    }
    Err(ClientError::Refused("nothing fits in 100 attempts".into()))
}

/// Makes a note.
pub fn note(realm: &Realm, number: i64, text: &str) {
    let key = Key::Int(number);
    realm
        .write(|edit| {
            schema(edit)?;
            edit.create("Note", key.clone())?;
            edit.set(field("Note", &key, "text"), Value::String(text.into()))
        })
        .unwrap();
}

/// The texts of all notes.
pub fn texts(realm: &Realm) -> Vec<String> {
    realm
        .look(|schema, cells| {
            let Some(class) = schema.class(&"Note".into()).cloned() else {
                return Ok(Vec::new());
            };
            let mut reader = Reader::new(cells, schema);
            let mut texts = Vec::new();
            for (key, _) in reader.keys(&class, None, usize::MAX)? {
                for found in reader.object(&class, &key)?.unwrap_or_default() {
                    if let (b"text", Content::Value(Value::String(text))) =
                        (found.name.as_bytes(), &found.content)
                    {
                        texts.push(text.to_lossy());
                    }
                }
            }
            texts.sort();
            Ok(texts)
        })
        .unwrap()
}

fn element(number: i64, index: u32) -> Path {
    let mut path = field("Note", &Key::Int(number), "list");
    path.steps.push(Step::Index(index));
    path
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_writes_another_sees() {
    let server = Server::start();
    let (first, second) = (open(&server, "p").await, open(&server, "p").await);
    let mut changes = second.changes();
    second.wait_for_download().await.unwrap();
    note(&first, 1, "Milk");
    first.wait_for_upload().await.unwrap();
    second.wait_for_download().await.unwrap();
    assert_eq!(texts(&second), ["Milk"]);
    let touched = changes.next().await.unwrap();
    assert!(touched.schema);
    assert_eq!(
        touched.objects[&("Note".into(), Key::Int(1))],
        Touch::Inserted
    );
}

/// Whoever writes and asks afterwards which version to wait for may find that an answer has come in between.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_last_is_acknowledged_whatever_was_integrated_since() {
    let server = Server::start();
    let (first, second) = (open(&server, "p").await, open(&server, "p").await);
    note(&first, 1, "Milk");
    first.wait_for_upload().await.unwrap();
    second.wait_for_download().await.unwrap();
    note(&second, 2, "Bread");
    second.wait_for_upload().await.unwrap();
    first.wait_for_download().await.unwrap();
    let progress = first.progress();
    assert!(progress.version > progress.acknowledged, "{progress:?}");
    let acknowledged = tokio::time::timeout(PATIENCE, first.wait_for_own(first.written()));
    assert_eq!(acknowledged.await.unwrap().unwrap(), first.written());
}

#[tokio::test(flavor = "multi_thread")]
async fn offline_edits_of_copies_merge() {
    let server = Server::start();
    let copies = [open(&server, "p").await, open(&server, "p").await];
    note(&copies[0], 1, "x");
    copies[0].wait_for_upload().await.unwrap();
    copies[1].wait_for_download().await.unwrap();
    copies.iter().for_each(|copy| copy.set_online(false));
    for (number, copy) in copies.iter().enumerate() {
        let number = i64::try_from(number).unwrap();
        copy.write(|edit| {
            edit.add(field("Note", &Key::Int(1), "count"), 1 + number)?;
            edit.insert(element(1, 0), Value::Int(number))?;
            edit.create("Note", Key::Int(10 + number))
        })
        .unwrap();
    }
    copies.iter().for_each(|copy| copy.set_online(true));
    for copy in &copies {
        copy.wait_for_upload().await.unwrap();
    }
    for copy in &copies {
        copy.wait_for_download().await.unwrap();
        let count = copy.get("Note", &Key::Int(1), "count").unwrap();
        assert_eq!(count, Some(Content::Value(Value::Int(3))));
        assert_eq!(texts(copy).len(), 3);
    }
    let lists = copies
        .each_ref()
        .map(|copy| copy.get("Note", &Key::Int(1), "list").unwrap());
    assert_eq!(lists[0], lists[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_in_a_file_survives_its_process_and_a_killed_server() {
    let mut server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let place = Place::File(folder.path().join("copy.realm"));
    let user = anybody(&server).await;
    let partition = address("p");
    let open = || user.open(&partition, place.clone(), Options::default());
    let copy = open().await.unwrap();
    note(&copy, 1, "uploaded");
    copy.wait_for_upload().await.unwrap();
    server.kill();
    note(&copy, 2, "while the server was down");
    copy.close().await;
    let copy = open().await.unwrap();
    assert_eq!(texts(&copy), ["uploaded", "while the server was down"]);
    let busy = open().await.err().unwrap();
    assert!(matches!(busy, ClientError::Replica(_)), "{busy}");
    server.restart();
    copy.wait_for_upload().await.unwrap();
    let reader = self::open(&server, "p").await;
    reader.wait_for_download().await.unwrap();
    assert_eq!(texts(&reader), texts(&copy));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_opens_paths_and_partitions() {
    let server = Server::start();
    let there = ros::client::Server::at(&server.url()).unwrap();
    let token = Credentials::Token(Secret::new(server.admin_token()));
    let admin = there.sign_in(&token).await.unwrap();
    for name in ["/some/where", "app/p"] {
        let address = name.parse().unwrap();
        let realm = admin
            .open(&address, Place::Memory, Options::default())
            .await
            .unwrap();
        realm.wait_for_download().await.unwrap();
        note(&realm, 1, name);
        let loose = realm.write(|edit| edit.create_keyless("Loose")).unwrap();
        assert!(matches!(loose, Key::Global { .. }));
        realm.wait_for_upload().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_refused_is_told() {
    let server = Server::start();
    let there = ros::client::Server::at(&server.url()).unwrap();
    let bad = Credentials::Token(Secret::new("no token"));
    let user = there.sign_in(&bad).await.unwrap();
    let realm = user
        .open(&"/x".parse().unwrap(), Place::Memory, Options::default())
        .await
        .unwrap();
    let error = realm.wait_for_download().await.unwrap_err();
    assert!(matches!(error, ClientError::Unauthorized(_)), "{error}");
    let password = Credentials::Password {
        app: "app".into(),
        email: "nobody@example.com".into(),
        password: Secret::new("wrong"),
    };
    let error = there.sign_in(&password).await.err().unwrap();
    assert!(matches!(error, ClientError::Unauthorized(_)), "{error}");
    let nowhere = ros::client::Server::at("http://127.0.0.1:1").unwrap();
    let error = nowhere.sign_in(&password).await.err().unwrap();
    assert!(matches!(error, ClientError::Unreachable { .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_that_fails_leaves_nothing_behind() {
    let server = Server::start();
    let realm = open(&server, "p").await;
    note(&realm, 1, "kept");
    let failed = realm.write(|edit| {
        edit.create("Note", Key::Int(2))?;
        edit.set(field("Note", &Key::Int(2), "text"), Value::Int(1))
    });
    assert!(matches!(failed, Err(WriteError::Refused(_))));
    // Nobody who has changed the list could merge with what counts it wrongly.
    let failed = realm.write(|edit| {
        edit.insert(element(1, 0), Value::Int(1))?;
        edit.apply(Instruction::Update {
            path: element(1, 0),
            value: Value::Int(2),
            slot: Slot::Element { prior_size: 2 },
        })
    });
    assert!(matches!(failed, Err(WriteError::Refused(_))));
    assert_eq!(texts(&realm), ["kept"]);
    realm.wait_for_upload().await.unwrap();
}

/// Access tokens end, connections with them; the client gets new ones and goes on.
#[tokio::test(flavor = "multi_thread")]
async fn expired_tokens_are_no_concern_of_the_app() {
    let server = Server::with_configuration(
        "apps: { app: { providers: { anon-user: true }, partitions: { read: true, write: true }, ttls: { access_token: 1 } } }",
    );
    let (writer, reader) = (open(&server, "p").await, open(&server, "p").await);
    for number in 0..4 {
        note(&writer, number, "x");
        writer.wait_for_upload().await.unwrap();
        // Both had a connection at first; each that was closed for its token has come back.
        server.log_with_many(" connected ", 3 + usize::try_from(number).unwrap());
    }
    reader.wait_for_download().await.unwrap();
    assert_eq!(texts(&reader).len(), 4);
}
