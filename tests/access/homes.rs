//! Whose a Realm is, for everything that may come before it: a user of that id or none, a token alone, an administrator who makes Realms for all.

use std::time::{Duration, Instant};

use ros::client::Realm;
use serde_json::{Value, json};

use super::attacks::{printed, syncs};
use super::people::{objects, string};
use super::{admin, ask, change, made, management, open, stranger};
use crate::serve::signed;
use crate::support::patience::deadline;
use crate::support::server::Server;
use crate::support::wire;

/// What has come before, in this order.
#[derive(Debug, Clone, Copy)]
struct Case {
    /// Whether there is a user of this id.
    user: bool,
    /// Who makes the first Realm below it.
    first: First,
    /// Whether a user of this id is to come then.
    comes: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum First {
    Nobody,
    Administrator,
    /// Who has a token for this id.
    Holder,
}

impl Case {
    fn all() -> impl Iterator<Item = Case> {
        let cases = [false, true].into_iter().flat_map(|user| {
            let first = [First::Nobody, First::Administrator, First::Holder];
            first
                .into_iter()
                .flat_map(move |first| [false, true].map(|comes| Case { user, first, comes }))
        });
        cases.filter(|case| !(case.user && case.comes))
    }

    /// Whether the Realms below the id belong to nobody: an administrator made the first, and there was nobody of this id.
    fn is_shared(self) -> bool {
        self.first == First::Administrator && !self.user
    }
}

fn token(server: &Server, id: &str) -> String {
    signed(server, &format!(r#"{{"identity":"{id}"}}"#))
}

/// Makes a user of this id; the status of the answer.
fn make_user(server: &Server, id: &str) -> (u16, Value) {
    let body = json!({ "provider": "password", "provider_id": format!("{id}@example.com"), "user_id": id });
    wire::ask(
        server.address(),
        "PUT",
        "/auth/users",
        &server.admin_token(),
        &body,
    )
}

fn why(server: &Server, user: &str, realm: &str) -> Value {
    serde_json::from_str(&printed(
        server,
        &["perms", "why", user, realm, "-o", "json"],
    ))
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_is_whoever_had_the_home_when_the_realm_was_made() {
    let server = Server::start();
    let root = server.admin_token();
    assert_eq!(make_user(&server, "tom").0, 200);
    let tom = token(&server, "tom");
    for (number, case) in Case::all().enumerate() {
        let id = format!("s{number}");
        let (first, second) = (format!("/{id}/first"), format!("/{id}/second"));
        let holder = token(&server, &id);
        if case.user {
            assert_eq!(make_user(&server, &id).0, 200, "{case:?}");
        }
        match case.first {
            First::Nobody => {}
            First::Administrator => assert_eq!(syncs(&server, &root, &first), Ok(())),
            First::Holder => assert_eq!(syncs(&server, &holder, &first), Ok(())),
        }
        if case.comes {
            let (status, told) = make_user(&server, &id);
            if case.is_shared() {
                assert_eq!((status, &told["code"]), (400, &json!(601)), "{case:?}");
                let path = format!("/auth/users/{id}");
                let found = wire::ask(server.address(), "GET", &path, &root, &Value::Null);
                assert_eq!(found.0, 404, "{case:?}");
            } else {
                assert_eq!(status, 200, "{case:?}: {told}");
            }
        }

        let owned = |is: bool| if is { Ok(()) } else { Err(206) };
        let is_there = case.first != First::Nobody;
        for (realm, is_mine) in [
            (&first, !case.is_shared() && is_there),
            (&second, !case.is_shared()),
        ] {
            assert_eq!(syncs(&server, &tom, realm), Err(206), "{case:?}");
            if realm == &second || is_there {
                assert_eq!(
                    syncs(&server, &holder, realm),
                    owned(is_mine),
                    "{case:?} {realm}"
                );
                assert_eq!(syncs(&server, &root, realm), Ok(()), "{case:?}");
                let told = why(&server, &id, realm);
                let owner = if is_mine { json!(id) } else { Value::Null };
                assert_eq!(told["owner"], owner, "{case:?} {told}");
                assert_eq!(told["mayManage"], is_mine, "{case:?} {told}");
                assert_eq!(told["own"].is_null(), !is_mine, "{case:?} {told}");
            }
        }
        // Wherever it asks for permissions is its own in any case.
        let asks = format!("/{id}/__management");
        assert_eq!(syncs(&server, &holder, &asks), Ok(()), "{case:?}");
    }
}

/// The rows that the list for administrators has, as user and Realm, when nothing is under way any more.
async fn listed(list: &Realm, expected: &[&str]) {
    let end = deadline();
    loop {
        let rows = objects(list, "Permission").into_values();
        let rows = rows.map(|row| format!("{} {}", string(&row["userId"]), string(&row["path"])));
        let mut rows: Vec<String> = rows.filter(|row| !row.contains("__")).collect();
        rows.sort();
        if rows == expected {
            return;
        }
        assert!(Instant::now() < end, "{rows:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn realms_from_before_owners_were_settled_stay_with_users_and_those_who_were_there() {
    let mut server = Server::start();
    let root = admin(&server).await;
    assert_eq!(make_user(&server, "ada").0, 200);
    // In files from before, an administrator who made /shared/wall has left the same: `shared` owned it.
    for id in ["ada", "eve", "shared"] {
        let realm = if id == "shared" { "wall" } else { "notes" };
        made(&stranger(&server, id).await, &format!("/{id}/{realm}")).await;
    }
    let eve = management(&stranger(&server, "eve").await).await;
    assert_eq!(ask(&eve, change("ada", "/~/notes", "r--")).await.code, 0);
    let all = management(&root).await;
    assert_eq!(
        ask(&all, change("ada", "/shared/wall", "rw-")).await.code,
        0
    );
    let list = open(&root, "/__admin").await;
    list.wait_for_download().await.unwrap();
    let stays = [
        "ada /ada/notes",
        "ada /eve/notes",
        "ada /shared/wall",
        "eve /eve/notes",
    ];
    let mut before = stays.to_vec();
    before.push("shared /shared/wall");
    listed(&list, &before).await;

    // The step of the format has been taken, and what follows from it not yet.
    for _ in 0..2 {
        server.kill();
        let database = ros::storage::connect(&server.root().join("admin.db")).unwrap();
        let sql = "UPDATE realms SET owner = NULL WHERE name = '/shared/wall'";
        assert_eq!(database.execute(sql, []).unwrap(), 1);
        drop(database);
        server.restart();
        list.lose_connection();
        listed(&list, &stays).await;
        for (user, realm, owner, may) in [
            ("ada", "/ada/notes", json!("ada"), true),
            ("eve", "/eve/notes", json!("eve"), true),
            ("shared", "/shared/wall", Value::Null, false),
            ("ada", "/shared/wall", Value::Null, false),
        ] {
            let told = why(&server, user, realm);
            assert_eq!(
                (&told["owner"], &told["mayManage"]),
                (&owner, &json!(may)),
                "{told}"
            );
        }
        assert_eq!(
            syncs(&server, &token(&server, "ada"), "/shared/wall"),
            Ok(())
        );
        assert_eq!(
            syncs(&server, &token(&server, "shared"), "/shared/wall"),
            Err(206)
        );
        let (status, told) = make_user(&server, "shared");
        assert_eq!((status, &told["code"]), (400, &json!(601)), "{told}");
    }
}
