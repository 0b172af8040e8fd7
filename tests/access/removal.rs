//! Realms that are removed, by themselves and with their user: nothing of them is left, whenever the server dies, and nobody who has them open is lost.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use ros::changeset::{Changeset, Instruction, TableKind, encode};
use rusqlite::Connection;
use rusqlite::types::ValueRef;
use serde_json::Value;
use walkdir::WalkDir;

use super::{Ask, admin, ask, change, flags, made, management, open};
use crate::hostile::client::Client;
use crate::serve::is_bound;
use crate::support::issuer::Issuer;
use crate::support::patience::{PATIENCE, deadline, stretched};
use crate::support::server::Server;
use crate::support::wire::Wire;

const NEWEST: &str = "com.mongodb.realm-sync#14";
const AT_ONCE: Duration = Duration::from_secs(1);

fn eventually(what: &str, mut is: impl FnMut() -> bool) {
    let end = deadline();
    while !is() {
        assert!(Instant::now() < end, "{what} never came");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn classic(server: &Server, method: &str, path: &str, token: &str, body: &Value) -> (u16, Value) {
    crate::support::wire::ask(server.address(), method, path, token, body)
}

/// A new classic user: its id, and a token of its login that opens Realms.
pub fn registered(server: &Server, name: &str) -> (String, String) {
    let body = serde_json::json!({
        "provider": "password", "data": name, "app_id": "x",
        "user_info": { "password": "a long password", "register": true },
    });
    signed_in_by(server, &body)
}

/// Whom the classic API signs in: its id, and a token of its login that opens Realms.
fn signed_in_by(server: &Server, body: &Value) -> (String, String) {
    let (status, answer) = classic(server, "POST", "/auth", "", body);
    assert_eq!(status, 200, "{answer}");
    let token = &answer["refresh_token"];
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let body = serde_json::json!({ "provider": "realm", "data": token["token"], "path": null });
    let (status, access) = classic(server, "POST", "/auth", "", &body);
    assert_eq!(status, 200, "{access}");
    let id = text(&token["token_data"]["identity"]);
    (id, text(&access["user_token"]["token"]))
}

async fn signed_in(server: &Server, token: &str) -> ros::client::User {
    super::holder(server, token).await
}

fn database(server: &Server) -> Connection {
    let database = ros::storage::connect(&server.root().join("admin.db")).unwrap();
    database.busy_timeout(PATIENCE).unwrap();
    database
}

/// Where a text stands in the server's own database: the tables.
fn tables_with(server: &Server, text: &str) -> Vec<String> {
    let database = database(server);
    let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    let mut statement = database.prepare(sql).unwrap();
    let tables = statement.query_map([], |row| row.get::<_, String>(0));
    let tables: Vec<String> = tables.unwrap().map(Result::unwrap).collect();
    assert!(tables.len() > 10);
    let has = |table: &String| {
        let mut statement = database.prepare(&format!("SELECT * FROM {table}")).unwrap();
        let columns = statement.column_count();
        let mut rows = statement.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let found = (0..columns).any(|column| match row.get_ref(column).unwrap() {
                ValueRef::Text(bytes) | ValueRef::Blob(bytes) => contains(bytes, text),
                _ => false,
            });
            if found {
                return true;
            }
        }
        false
    };
    tables.into_iter().filter(has).collect()
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|window| window == text.as_bytes())
}

/// The files and folders whose names have a text, below the data folder.
fn names_with(server: &Server, text: &str) -> Vec<String> {
    let names = WalkDir::new(server.root()).into_iter().flatten();
    let names = names.map(|entry| entry.path().display().to_string());
    names.filter(|name| name.contains(text)).collect()
}

fn count(server: &Server, sql: &str) -> i64 {
    database(server)
        .query_row(sql, [], |row| row.get(0))
        .unwrap()
}

/// Waits until nothing is left to be done.
fn settled(server: &Server) {
    eventually("the end of all removals", || {
        let left = "SELECT (SELECT count(*) FROM removals WHERE NOT done) + (SELECT count(*) FROM effects) + (SELECT count(*) FROM stale_users)";
        count(server, left) == 0
    });
}

/// A changeset that adds a class.
fn class(name: &str) -> Vec<u8> {
    let (class, kind) = (name.into(), TableKind::Embedded);
    let instructions = vec![Instruction::AddTable { class, kind }];
    encode(&Changeset { instructions })
}

fn escaped(token: &str) -> String {
    token.replace('+', "%2B")
}

fn wire(server: &Server, token: &str) -> Wire {
    let target = format!("/realm-sync?baas_at={}", escaped(token));
    Wire::open(server.address(), &target, Some(NEWEST)).unwrap()
}

/// The paths that the list of Realms shows.
async fn listed(server: &Server) -> Vec<String> {
    let admin = admin(server).await;
    let list = open(&admin, "/__admin").await;
    list.wait_for_download().await.unwrap();
    let rows = ros::client::permissions::rows(&list, "RealmFile").unwrap();
    let path = |key| match key {
        ros::changeset::Key::String(path) => path.to_lossy(),
        other => panic!("{other:?} is no path"),
    };
    rows.into_iter().map(|row| path(row.key)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_goes_with_its_realms_and_every_trace() {
    let server = Server::start();
    let (ada_id, ada_token) = registered(&server, "ada@example.com");
    let (bob_id, bob_token) = registered(&server, "bob");
    let (ada, bob) = (
        signed_in(&server, &ada_token).await,
        signed_in(&server, &bob_token).await,
    );
    for name in ["notes", "other"] {
        drop(made(&ada, &format!("/{ada_id}/{name}")).await);
    }
    made(&ada, "/~/__permission").await;
    made(&bob, "/~/__permission").await;
    made(&bob, &format!("/{bob_id}/shared")).await;
    let from_ada = management(&ada).await;
    let notes = format!("/{ada_id}/notes");
    let offer = Ask::Offer {
        realm: notes.clone(),
        flags: flags("r--"),
        expires: None,
    };
    assert_eq!(ask(&from_ada, offer).await.code, 0);
    assert_eq!(ask(&from_ada, change(&bob_id, "*", "rw-")).await.code, 0);
    let from_bob = management(&bob).await;
    let shared = change(&ada_id, "/~/shared", "r--");
    assert_eq!(ask(&from_bob, shared).await.code, 0);
    settled(&server);
    assert!(listed(&server).await.contains(&notes));
    assert!(tables_with(&server, &ada_id).len() >= 6);
    assert!(names_with(&server, &ada_id).len() >= 4);

    // Both have it open when ada is removed.
    let mut bobs = wire(&server, &bob_token);
    assert!(is_bound(&mut bobs, 1, &notes, ""));
    assert!(is_bound(&mut bobs, 2, &format!("/{bob_id}/shared"), ""));
    let mut adas = wire(&server, &ada_token);
    assert!(is_bound(&mut adas, 1, &notes, ""));
    let path = format!("/auth/users/{ada_id}");
    let (status, answer) = classic(
        &server,
        "DELETE",
        &path,
        &server.admin_token(),
        &Value::Null,
    );
    let removed = Instant::now();
    assert_eq!((status, &answer), (200, &serde_json::json!({})));
    assert_eq!(adas.await_close(), Some(4001));
    let error = loop {
        let message = bobs.receive().unwrap();
        if message.kind() == "json_error" {
            break message;
        }
    };
    assert!(removed.elapsed() < stretched(AT_ONCE));
    assert_eq!((error.number(1), error.number(3)), (206, 1), "{error:?}");
    assert_eq!(error.json()["tryAgain"], false);
    // What bob has beside it goes on.
    bobs.send("unbind 2\n");
    assert!(bobs.await_message(|message| message.kind() == "unbound"));

    settled(&server);
    assert_eq!(tables_with(&server, &ada_id), Vec::<String>::new());
    assert_eq!(
        tables_with(&server, "ada@example.com"),
        Vec::<String>::new()
    );
    assert_eq!(names_with(&server, &ada_id), Vec::<String>::new());
    assert!(
        !listed(&server)
            .await
            .iter()
            .any(|path| path.contains(&ada_id))
    );
    let target = format!("/realm-sync?baas_at={}", escaped(&ada_token));
    assert_eq!(
        Wire::open(server.address(), &target, Some(NEWEST)).err(),
        Some(401)
    );
    let shown = open(&bob, "/~/__permission").await;
    shown.wait_for_download().await.unwrap();
    let rows = ros::client::permissions::rows(&shown, "Permission").unwrap();
    assert!(!rows.is_empty());
    for row in rows {
        let (path, user) = (row.text("path").unwrap(), row.text("userId").unwrap());
        assert!(!path.contains(&ada_id) && user != ada_id, "{path} {user}");
    }
    let (status, _) = classic(
        &server,
        "DELETE",
        &path,
        &server.admin_token(),
        &Value::Null,
    );
    assert_eq!(status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_of_an_app_goes_with_what_the_server_made_for_it() {
    let server = Server::start();
    let (user, namespace) = super::anybody(&server, "app").await;
    let id = user.id().unwrap().to_owned();
    let address = namespace.permissions();
    let shown = user
        .open(&address, ros::client::Place::Memory, Default::default())
        .await
        .unwrap();
    shown.wait_for_download().await.unwrap();
    made(&user, "app/notes").await;
    settled(&server);
    assert!(!names_with(&server, &id).is_empty());
    let signed_in = crate::serve::User::sign_in(server.address(), "app");
    drop(signed_in);
    let path = format!("/api/ros/v1/users/{id}?app=app");
    let token = server.admin_token();
    let (status, answer) = classic(&server, "DELETE", &path, &token, &Value::Null);
    assert_eq!(status, 200, "{answer}");
    settled(&server);
    assert_eq!(tables_with(&server, &id), Vec::<String>::new());
    assert_eq!(names_with(&server, &id), Vec::<String>::new());
    // What belongs to nobody stays.
    assert_eq!(
        count(
            &server,
            "SELECT count(*) FROM realms WHERE name = 'app/\"notes\"'"
        ),
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn whenever_the_server_is_killed_a_user_is_there_with_its_realm_or_neither_is() {
    let mut server = Server::start();
    let mut gone = 0;
    for round in 0..12 {
        let (id, token) = registered(&server, &format!("user{round}"));
        let user = signed_in(&server, &token).await;
        drop(made(&user, &format!("/{id}/notes")).await);
        let file = server.root().join(format!("realms/{id}/notes.realm.db"));
        assert!(file.exists());
        let path = format!("/auth/users/{id}");
        let head = format!(
            "DELETE {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {}\r\nContent-Length: 0\r\n\r\n",
            server.admin_token()
        );
        let address = server.address();
        let asked = std::thread::spawn(move || {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.write_all(head.as_bytes()).unwrap();
            // Until it is killed, or the answer is there.
            let mut answer = [0; 16];
            let _ = stream.read(&mut answer);
        });
        tokio::time::sleep(Duration::from_millis(round)).await;
        server.kill();
        asked.join().unwrap();
        server.restart();
        settled(&server);
        let is_there = count(
            &server,
            &format!("SELECT count(*) FROM users WHERE id = '{id}'"),
        ) == 1;
        assert_eq!(file.exists(), is_there, "round {round}");
        let rows = format!("SELECT count(*) FROM realms WHERE owner = '{id}'");
        assert_eq!(count(&server, &rows) > 0, is_there, "round {round}");
        let is_listed = listed(&server).await.contains(&format!("/{id}/notes"));
        assert_eq!(is_listed, is_there, "round {round}");
        gone += u32::from(!is_there);
    }
    assert!(gone > 0, "nobody was ever removed");
}

#[test]
fn whoever_asks_for_a_removal_and_goes_leaves_nothing_open() {
    let server = Server::start();
    for round in 0..5 {
        let (id, token) = registered(&server, &format!("user{round}"));
        let mut device = wire(&server, &token);
        assert!(is_bound(&mut device, 1, &format!("/{id}/notes"), ""));
        let head = format!(
            "DELETE /auth/users/{id} HTTP/1.1\r\nHost: x\r\nAuthorization: {}\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n",
            server.admin_token()
        );
        let mut asking = TcpStream::connect(server.address()).unwrap();
        asking.write_all(head.as_bytes()).unwrap();
        // It is at work on the request when it wants the rest of it.
        let mut answer = [0; 12];
        asking.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"HTTP/1.1 100");
        asking.write_all(b" ").unwrap();
        drop(asking);
        assert_eq!(device.await_close(), Some(4001), "round {round}");
        settled(&server);
        assert_eq!(names_with(&server, &id), Vec::<String>::new());
    }
}

/// What a kill leaves behind that came after the database was changed, and before all files were gone.
fn leave(server: &Server, realm: &str, kept: bool) {
    let database = database(server);
    database
        .execute("DELETE FROM realms WHERE name = ?1", [realm])
        .unwrap();
    let sql = "INSERT INTO removals (realm, asked, kept, done) VALUES (?1, 0, ?2, 0)";
    database
        .execute(sql, rusqlite::params![realm, kept])
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_kill_has_left_of_a_removal_goes_at_the_next_start() {
    let mut server = Server::start();
    let admin = admin(&server).await;
    let file = |server: &Server, name: &str| server.root().join(format!("realms/{name}.realm.db"));
    for step in ["nothing yet", "the database", "all files"] {
        drop(made(&admin, "/a/b").await);
        settled(&server);
        assert!(listed(&server).await.contains(&"/a/b".to_owned()));
        server.kill();
        leave(&server, "/a/b", false);
        let database = file(&server, "a/b");
        let log = database.with_extension("db-wal");
        match step {
            "nothing yet" => assert!(database.exists()),
            "the database" => {
                std::fs::remove_file(&database).unwrap();
                std::fs::write(&log, "what was in the log").unwrap();
            }
            _ => std::fs::remove_dir_all(server.root().join("realms/a")).unwrap(),
        }
        server.restart();
        settled(&server);
        assert!(!database.exists() && !log.exists(), "{step}");
        assert_eq!(count(&server, "SELECT count(*) FROM removals"), 0, "{step}");
        assert!(
            !listed(&server).await.contains(&"/a/b".to_owned()),
            "{step}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_opens_a_realm_while_it_is_on_its_way_out() {
    let mut server = Server::start();
    server.kill();
    leave(&server, "/a/b", false);
    // A folder in the place of the file: it cannot be removed until somebody makes room.
    let stone = server.root().join("realms/a/b.realm.db");
    std::fs::create_dir_all(stone.join("x")).unwrap();
    server.restart();
    let mut early = wire(&server, &server.admin_token());
    early.send("bind 1 4 0 1 0\n/a/b");
    let error = early.receive().unwrap();
    assert_eq!((error.kind(), error.number(1)), ("json_error", 201));
    assert_eq!(error.json()["tryAgain"], true);
    assert_eq!(
        count(&server, "SELECT count(*) FROM realms WHERE name = '/a/b'"),
        0
    );
    std::fs::remove_dir_all(&stone).unwrap();
    settled(&server);
    let mut later = wire(&server, &server.admin_token());
    assert!(is_bound(&mut later, 1, "/a/b", ""));
}

const HOLDING: &str = "apps: {app: {providers: {anon-user: true}, partitions: {read: true, write: true}, unknown_files: hold}}\n";

#[test]
fn devices_of_a_removed_realm_are_told_and_start_over_when_they_come_back() {
    let server = Server::with_configuration(HOLDING);
    let token = server.admin_token();
    let mut device = Client::connect(&server);
    device.bind(1, "/wall/a");
    device.upload(1, &class("First"));
    device.acknowledged();
    let (status, answer) = classic(
        &server,
        "DELETE",
        "/realms/files/wall%2Fa",
        &token,
        &Value::Null,
    );
    assert_eq!((status, answer), (200, serde_json::json!({})));
    let (code, session, error) = device.error();
    assert_eq!((code, session, &error["tryAgain"]), (206, 1, &false.into()));
    let said = error["message"].as_str().unwrap();
    assert!(said.contains("the Realm has been removed"), "{said}");
    settled(&server);
    assert!(!server.root().join("realms/wall").exists());
    assert!(server.root().join("realms").exists());
    assert_eq!(tables_with(&server, "wall"), Vec::<String>::new());

    // It opens the Realm again with the file that it has. The new Realm has an ident of this number too.
    let mut again = Client::connect(&server);
    again.send("bind 1 7 0 0 0\n", b"/wall/a");
    let ident = format!("ident 1 {} {} 1 0 0 0\n", device.file, device.salt);
    again.send(&ident, b"");
    let (code, _, error) = again.error();
    assert_eq!(
        (code, &error["action"]),
        (211, &"ClientReset".into()),
        "{error}"
    );
    let mut fresh = Client::connect(&server);
    fresh.bind(1, "/wall/a");
    fresh.upload(1, &class("Second"));
    fresh.acknowledged();
    // Another that was never removed has it wait.
    let mut other = Client::connect(&server);
    other.send("bind 1 7 0 0 0\n", b"/wall/b");
    other.send(&ident, b"");
    assert_eq!(other.error().0, 201);

    // Removed once more, it is still one that was.
    let path = "/realms/files/wall%2Fa";
    let (status, _) = classic(&server, "DELETE", path, &token, &Value::Null);
    assert_eq!(status, 200);
    settled(&server);
    assert_eq!(count(&server, "SELECT count(*) FROM removals"), 1);
}

#[test]
fn devices_of_a_user_whom_an_issuer_names_again_start_over() {
    let (issuer, folder) = (Issuer::new(), tempfile::tempdir().unwrap());
    let keys = issuer.publish(folder.path());
    let server = Server::with_configuration(&format!(
        "  providers: {{ jwt: {{ public_key_paths: [ {} ] }} }}",
        keys.display()
    ));
    let connected = || {
        let token = issuer.token(&serde_json::json!({ "userId": "ada" }));
        let body = serde_json::json!({ "provider": "jwt", "data": token, "app_id": "x" });
        let (id, token) = signed_in_by(&server, &body);
        assert_eq!(id, "ada");
        Client::with_token(&server, &escaped(&token))
    };
    let mut device = connected();
    device.bind(1, "/ada/notes");
    device.upload(1, &class("First"));
    device.acknowledged();
    let admin = server.admin_token();
    let (status, _) = classic(&server, "DELETE", "/auth/users/ada", &admin, &Value::Null);
    assert_eq!(status, 200);
    settled(&server);
    assert_eq!(tables_with(&server, "ada"), Vec::<String>::new());

    let mut again = connected();
    again.send("bind 1 10 0 0 0\n", b"/ada/notes");
    let ident = format!("ident 1 {} {} 1 0 0 0\n", device.file, device.salt);
    again.send(&ident, b"");
    let (code, _, error) = again.error();
    let action = (code, &error["action"]);
    assert_eq!(action, (211, &"ClientReset".into()), "{error}");
}

#[test]
fn only_administrators_remove_realms_and_never_those_of_the_server() {
    let server = Server::start();
    let (ada, token) = registered(&server, "ada");
    let mut device = Client::with_token(&server, &escaped(&token));
    device.bind(1, &format!("/{ada}/notes"));
    let remove = |path: &str, token: &str| {
        let path = format!("/realms/files/{path}");
        let (status, answer) = classic(&server, "DELETE", &path, token, &Value::Null);
        (status, answer["code"].as_u64())
    };
    let admin = server.admin_token();
    assert_eq!(remove(&format!("{ada}%2Fnotes"), &token), (403, Some(614)));
    assert_eq!(remove(&format!("{ada}%2Fnotes"), ""), (401, Some(611)));
    for reserved in [
        "__admin",
        "__wildcardpermissions",
        &format!("{ada}%2F__management"),
    ] {
        assert_eq!(remove(reserved, &admin), (403, Some(614)), "{reserved}");
    }
    assert_eq!(remove("nowhere", &admin), (404, Some(617)));
    assert_eq!(remove("..%2Fx", &admin).0, 403);
    device.is_served(1);
    assert_eq!(remove(&format!("{ada}%2Fnotes"), &admin), (200, None));
    assert!(Path::new(&server.root()).join("admin.db").exists());
}

#[test]
fn whoever_has_the_folder_of_a_stopped_server_removes_realms() {
    let mut server = Server::start();
    let (ada, token) = registered(&server, "ada");
    let (kept, gone) = (format!("/{ada}/kept"), format!("/{ada}/gone"));
    for realm in [&kept, &gone] {
        Client::with_token(&server, &escaped(&token)).bind(1, realm);
    }
    let remove = |server: &Server, realm: &str, rest: &[&str]| {
        let root = server.root();
        let mut command = Command::new(env!("CARGO_BIN_EXE_ros"));
        command
            .args(["realms", "remove", realm, "--root"])
            .arg(root);
        let ran = command.args(rest).stdin(Stdio::null()).output().unwrap();
        ran.status.code()
    };
    assert_eq!(remove(&server, &gone, &["--yes"]), Some(7), "it is running");
    server.stop();
    assert_eq!(remove(&server, &gone, &[]), Some(2), "nobody to ask");
    assert_eq!(remove(&server, &gone, &["--dry-run"]), Some(0));
    assert_eq!(remove(&server, "/nowhere", &["--yes"]), Some(6));
    assert_eq!(remove(&server, "/__admin", &["--yes"]), Some(5));
    let files = || names_with(&server, "gone").len();
    assert!(files() > 0);
    assert_eq!(remove(&server, &gone, &["--yes"]), Some(0));
    assert_eq!(files(), 0);
    assert_eq!(remove(&server, &gone, &["--yes"]), Some(6));
    server.restart();
    let mut device = Client::with_token(&server, &escaped(&token));
    device.bind(1, &kept);
    device.bind(2, &gone);
    device.is_served(2);
}
