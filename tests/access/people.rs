//! Users, Realms and permissions as administrators sync them: `/__admin` in the form of Realm Object Server 2 and 3.

use std::collections::BTreeMap;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use ros::changeset::{Instruction, Key, TableKind, Value};
use ros::client::Realm;
use ros::state::{Content, Reader};
use serde_json::{Value as Json, json};

use super::removal::registered;
use super::{admin, anybody, ask as request, change, made, management, open};
use crate::support::patience::deadline;
use crate::support::server::Server;
use crate::support::wire::ask;

/// The objects of a class, by key: what their fields hold.
pub(super) type Objects = BTreeMap<Key, BTreeMap<String, Content>>;

pub(super) fn objects(list: &Realm, class: &str) -> Objects {
    let read = list.look(|schema, cells| {
        let Some(class) = schema.class(&class.into()).cloned() else {
            return Ok(Objects::new());
        };
        let mut reader = Reader::new(cells, schema);
        let keys = reader.keys(&class, None, usize::MAX)?;
        let mut objects = Objects::new();
        for (key, _) in keys {
            let fields = reader.object(&class, &key)?.unwrap_or_default();
            let fields = fields
                .into_iter()
                .map(|field| (field.name.to_lossy(), field.content));
            objects.insert(key, fields.collect());
        }
        Ok(objects)
    });
    read.unwrap()
}

pub(super) fn string(content: &Content) -> String {
    match content {
        Content::Value(Value::String(text)) => text.to_lossy(),
        other => panic!("{other:?} is no text"),
    }
}

/// The key of what a field links to, of this class.
fn target(content: &Content, class: &str) -> Key {
    match content {
        Content::Value(Value::Link(link)) => {
            assert_eq!(link.class.to_lossy(), class);
            link.key.clone()
        }
        other => panic!("{other:?} is no link"),
    }
}

fn key(text: &str) -> Key {
    Key::String(text.into())
}

/// All that the list shows of users, as the classic API would show it.
fn people(list: &Realm) -> Json {
    let users = objects(list, "User");
    let (accounts, metadata) = (objects(list, "Account"), objects(list, "UserMetadataRow"));
    let mut linked = (0, 0);
    let mut shown = serde_json::Map::new();
    for (id, user) in &users {
        let Key::String(id) = id else {
            panic!("{id:?}")
        };
        let mut members = |field: &str,
                           class: &str,
                           of: &Objects,
                           names: [&str; 2],
                           count: fn(&mut (usize, usize))| {
            let Content::List(links) = &user[field] else {
                panic!("{user:?}")
            };
            let rows = links.iter().map(|link| {
                count(&mut linked);
                let row = &of[&target(link, class)];
                let text = |name: &str| Json::from(string(&row[name]));
                json!([text(names[0]), text(names[1])])
            });
            rows.collect::<Vec<Json>>()
        };
        let accounts = members(
            "accounts",
            "Account",
            &accounts,
            ["provider", "providerId"],
            |linked| linked.0 += 1,
        );
        let metadata = members(
            "metadata",
            "UserMetadataRow",
            &metadata,
            ["key", "value"],
            |linked| linked.1 += 1,
        );
        let row = json!({
            "admin": user["isAdmin"] == Content::Value(Value::Bool(true)),
            "status": string(&user["status"]),
            "app": string(&user["app"]),
            "accounts": accounts,
            "metadata": metadata,
        });
        shown.insert(id.to_lossy(), row);
    }
    // Nothing is there that belongs to nobody.
    assert_eq!(linked, (accounts.len(), metadata.len()));
    shown.into()
}

/// What the server itself knows of its users, in the same form.
fn known(server: &Server) -> Json {
    let path = "/api/ros/v1/users?limit=1000";
    let (status, answer) = ask(
        server.address(),
        "GET",
        path,
        &server.admin_token(),
        &Json::Null,
    );
    assert_eq!(status, 200, "{answer}");
    let users = answer["users"].as_array().unwrap().iter().map(|user| {
        let provider = |name: &Json| match name.as_str() {
            Some("local-userpass") if user["app"] == "classic" => json!("password"),
            _ => name.clone(),
        };
        let accounts = user["identities"].as_array().unwrap().iter();
        let accounts =
            accounts.map(|account| json!([provider(&account["provider"]), account["name"]]));
        let metadata = user["metadata"].as_object().unwrap().iter();
        let metadata = metadata.map(|(key, value)| match value {
            Json::String(_) => json!([key, value]),
            value => json!([key, value.to_string()]),
        });
        let row = json!({
            "admin": user["admin"],
            "status": if user["suspended"] == true { "suspended" } else { "active" },
            "app": user["app"],
            "accounts": accounts.collect::<Vec<_>>(),
            "metadata": metadata.collect::<Vec<_>>(),
        });
        (user["id"].as_str().unwrap().to_owned(), row)
    });
    Json::Object(users.collect())
}

/// Waits until the list shows what the server knows.
async fn agree(server: &Server, list: &Realm, what: &str) {
    let end = deadline();
    loop {
        let (shown, known) = (people(list), known(server));
        if shown == known {
            return;
        }
        assert!(Instant::now() < end, "{what}: {shown} is shown of {known}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn administrators_see_users_as_they_are_and_no_secrets() {
    let server = Server::start();
    let list = open(&admin(&server).await, "/__admin").await;
    list.wait_for_download().await.unwrap();
    let (ada, _) = registered(&server, "ada@example.com");
    let (bob, _) = registered(&server, "bob");
    let (anonymous, _) = anybody(&server, "app").await;
    agree(&server, &list, "who came").await;
    assert_eq!(people(&list).as_object().unwrap().len(), 3);
    let change = |user: &str, app: &str, body: Json| {
        let path = format!("/api/ros/v1/users/{user}?app={app}");
        let (status, answer) = ask(
            server.address(),
            "PATCH",
            &path,
            &server.admin_token(),
            &body,
        );
        assert_eq!(status, 200, "{answer}");
    };
    change(
        &ada,
        "classic",
        json!({ "admin": true, "metadata": { "team": "blue", "age": 7 } }),
    );
    change(&bob, "classic", json!({ "suspended": true }));
    agree(&server, &list, "what they have become").await;
    change(
        &ada,
        "classic",
        json!({ "metadata": { "team": "red", "a/b": ["c"] } }),
    );
    change(
        &bob,
        "classic",
        json!({ "suspended": false, "password": "another password" }),
    );
    change(anonymous.id().unwrap(), "app", json!({ "admin": true }));
    agree(&server, &list, "other metadata").await;
    let shown = people(&list);
    assert_eq!(
        shown[&ada],
        json!({
            "admin": true, "status": "active", "app": "classic",
            "accounts": [["password", "ada@example.com"]],
            "metadata": [["a/b", "[\"c\"]"], ["team", "red"]],
        })
    );

    // An anonymous user who is given a password stays, and the one that was made for it goes.
    let there = crate::serve::User::sign_in(server.address(), "app");
    let base = "/api/client/v2.0/app/app/auth/providers/local-userpass";
    let body = json!({ "email": "eve@example.com", "password": "a long password" });
    let registered = ask(
        server.address(),
        "POST",
        &format!("{base}/register"),
        "",
        &body,
    );
    assert_eq!(registered.0, 201);
    agree(&server, &list, "one without a name and one without a login").await;
    let body = json!({ "username": "eve@example.com", "password": "a long password" });
    let path = format!("{base}/login?link=true");
    let linked = ask(server.address(), "POST", &path, &there.access, &body);
    assert_eq!(linked.0, 200, "{}", linked.1);
    agree(&server, &list, "one of both").await;

    let path = format!("/api/ros/v1/users/{bob}");
    let removed = ask(
        server.address(),
        "DELETE",
        &path,
        &server.admin_token(),
        &Json::Null,
    );
    assert_eq!(removed.0, 200);
    agree(&server, &list, "who is left").await;
    let file = std::fs::read(server.root().join("realms/__admin.realm.db")).unwrap();
    let log = std::fs::read(server.root().join("realms/__admin.realm.db-wal")).unwrap_or_default();
    for secret in ["argon2", "pbkdf2"] {
        for bytes in [&file, &log] {
            let found = bytes
                .windows(secret.len())
                .any(|window| window == secret.as_bytes());
            assert!(!found, "{secret}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn realms_and_permissions_lead_to_users() {
    let server = Server::start();
    let (ada, token) = registered(&server, "ada");
    let (bob, _) = registered(&server, "bob");
    let list = open(&admin(&server).await, "/__admin").await;
    list.wait_for_download().await.unwrap();
    let user = super::holder(&server, &token).await;
    let notes = format!("/{ada}/notes");
    made(&user, &notes).await;
    made(&admin(&server).await, "/shared/wall").await;
    let from_ada = management(&user).await;
    assert_eq!(
        request(&from_ada, change(&bob, &notes, "rw-")).await.code,
        0
    );
    assert_eq!(request(&from_ada, change("*", &notes, "r--")).await.code, 0);
    agree(&server, &list, "users").await;
    let end = deadline();
    let on_notes = |list: &Realm| {
        let rows = objects(list, "Permission").into_values();
        rows.filter(|row| string(&row["path"]) == notes)
            .map(|row| (string(&row["userId"]), row))
            .collect::<BTreeMap<_, _>>()
    };
    while on_notes(&list).len() < 3 {
        assert!(Instant::now() < end, "{:?}", on_notes(&list));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let files = objects(&list, "RealmFile");
    let file = &files[&key(&notes)];
    assert_eq!(target(&file["owner"], "User"), key(&ada));
    assert_eq!(string(&file["realmType"]), "full");
    assert_eq!(
        files[&key("/shared/wall")]["owner"],
        Content::Value(Value::Null)
    );
    let rows = on_notes(&list);
    for (user, row) in &rows {
        assert_eq!(target(&row["realmFile"], "RealmFile"), key(&notes));
        match user.as_str() {
            "*" => assert_eq!(row["user"], Content::Value(Value::Null)),
            user => assert_eq!(target(&row["user"], "User"), key(user)),
        }
    }
    assert_eq!(rows[&bob]["mayWrite"], Content::Value(Value::Bool(true)));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_agrees_with_the_server_whenever_that_is_killed() {
    let mut server = Server::start();
    let list = open(&admin(&server).await, "/__admin").await;
    for round in 0..12 {
        let (id, _) = registered(&server, &format!("user{round}"));
        let path = format!("/api/ros/v1/users/{id}");
        let body = json!({ "admin": round % 2 == 0, "metadata": { "round": round } });
        let changed = ask(
            server.address(),
            "PATCH",
            &path,
            &server.admin_token(),
            &body,
        );
        assert_eq!(changed.0, 200);
        if round % 3 == 0 {
            let removed = ask(
                server.address(),
                "DELETE",
                &path,
                &server.admin_token(),
                &Json::Null,
            );
            assert_eq!(removed.0, 200);
        }
        // What it shows is gathered for 100 ms: each round kills it at another moment of that.
        tokio::time::sleep(Duration::from_millis(round * 15)).await;
        server.kill();
        server.restart();
        list.lose_connection();
        agree(&server, &list, &format!("round {round}")).await;
    }
    assert_eq!(people(&list).as_object().unwrap().len(), 8);

    // A list that was lost is made anew.
    server.kill();
    for end in ["", "-wal", "-shm"] {
        let file = server.root().join(format!("realms/__admin.realm.db{end}"));
        let removed = std::fs::remove_file(file);
        assert!(removed.is_ok() || !end.is_empty()); // the last two are there or not
    }
    server.restart();
    let list = open(&admin(&server).await, "/__admin").await;
    list.wait_for_download().await.unwrap();
    agree(&server, &list, "made anew").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_follows_a_database_that_is_older() {
    let mut server = Server::start();
    let list = open(&admin(&server).await, "/__admin").await;
    registered(&server, "ada");
    made(&admin(&server).await, "/stays").await;
    agree(&server, &list, "before").await;
    server.kill();
    let (root, older) = (server.root(), tempfile::tempdir().unwrap());
    let ends = ["", "-wal", "-shm"];
    for name in ends.map(|end| format!("admin.db{end}")) {
        std::fs::copy(root.join(&name), older.path().join(&name)).unwrap();
    }
    server.restart();
    list.lose_connection();
    registered(&server, "bob");
    made(&admin(&server).await, "/goes").await;
    agree(&server, &list, "what is to be in vain").await;
    let realms = |list: &Realm| {
        let paths = objects(list, "RealmFile").into_keys();
        let paths: Vec<String> = paths.map(|path| format!("{path:?}")).collect();
        ["/stays", "/goes"].map(|name| paths.iter().any(|path| path.contains(name)))
    };
    list.wait_for_download().await.unwrap();
    assert_eq!(realms(&list), [true, true]);
    server.kill();
    let second = || {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_secs()
    };
    let last = second();
    while second() == last {
        std::thread::sleep(Duration::from_millis(10)); // effects have numbers by the second: nobody is quicker with a backup
    }
    for name in ends.map(|end| format!("admin.db{end}")) {
        std::fs::copy(older.path().join(&name), root.join(&name)).unwrap();
    }
    server.restart();
    list.lose_connection();
    agree(&server, &list, "of an older database").await;
    list.wait_for_download().await.unwrap();
    assert_eq!(people(&list).as_object().unwrap().len(), 1);
    assert_eq!(realms(&list), [true, false]);
}

#[tokio::test(flavor = "multi_thread")]
async fn administrators_read_the_list_and_write_nothing_into_it() {
    let server = Server::start();
    let (ada, _) = registered(&server, "ada");
    let list = open(&admin(&server).await, "/__admin").await;
    list.wait_for_download().await.unwrap();
    agree(&server, &list, "who is there").await;
    let path = ros::changeset::Path {
        class: "User".into(),
        key: key(&ada),
        field: "isAdmin".into(),
        steps: Vec::new(),
    };
    // What a listener declares is taken, and is nobody else's.
    list.write(|edit| {
        edit.apply(Instruction::AddTable {
            class: "Mine".into(),
            kind: TableKind::Embedded,
        })
    })
    .map_err(|error: ros::client::WriteError| error)
    .unwrap();
    list.wait_for_upload().await.unwrap();
    list.write(|edit| edit.set(path, Value::Bool(true)))
        .map_err(|error: ros::client::WriteError| error)
        .unwrap();
    assert!(list.wait_for_upload().await.is_err());
    let again = open(&admin(&server).await, "/__admin").await;
    again.wait_for_download().await.unwrap();
    agree(&server, &again, "who is there, still").await;
    let has_class = |list: &Realm, name: &str| {
        list.look(|schema, _| Ok(schema.class(&name.into()).is_some()))
            .unwrap()
    };
    assert!(has_class(&again, "RealmFile") && !has_class(&again, "Mine"));
}
