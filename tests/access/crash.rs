//! The server dies between any two steps of a change: after a restart everything is as if it had not.

use std::time::{Duration, Instant};

use ros::client::permissions::{Ask, Namespace, rows};
use ros::client::{Options, Place};

use super::{change, classic, made, management};
use crate::support::patience::{PATIENCE, deadline};
use crate::support::server::Server;

/// How many permissions somebody has, and how many effects wait.
fn counted(server: &Server, user: &str) -> (i64, i64) {
    let database = ros::storage::connect(&server.root().join("admin.db")).unwrap();
    let count = |sql: &str| {
        database
            .query_row(sql, [], |row| row.get::<_, i64>(0))
            .unwrap()
    };
    (
        count(&format!(
            "SELECT count(*) FROM permissions WHERE user = '{user}'"
        )),
        count("SELECT count(*) FROM effects"),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn every_request_is_carried_out_once_whenever_the_server_is_killed() {
    let mut server = Server::start();
    let (ada, bob) = (classic(&server, "ada").await, classic(&server, "bob").await);
    made(&ada, "/ada/0").await;
    let shown = bob
        .open(
            &Namespace::Classic.permissions(),
            Place::Memory,
            Options::default(),
        )
        .await
        .unwrap();
    shown.wait_for_download().await.unwrap();
    let from_ada = management(&ada).await;
    let realms: Vec<_> = futures_made(&ada, 12).await;
    // Each round kills it a little later than the one before.
    for (round, realm) in realms.iter().enumerate() {
        let asks = [
            change("bob", realm, "r--"),
            Ask::Offer {
                realm: realm.clone(),
                flags: super::flags("r--"),
                expires: None,
            },
        ];
        let keys = from_ada.write(&asks).unwrap();
        tokio::time::sleep(Duration::from_millis(round as u64)).await;
        server.kill();
        server.restart();
        from_ada.realm().lose_connection();
        shown.lose_connection();
        let told = tokio::time::timeout(PATIENCE, from_ada.told(&asks, &keys));
        let told = told.await.expect("an answer").unwrap();
        assert_eq!([told[0].code, told[1].code], [0, 0], "{told:?}");
        assert!(told[1].token.is_some());
    }
    let expected = realms.len() + 1; // and what shows them
    let end = deadline();
    loop {
        let seen = rows(&shown, "Permission").unwrap().len();
        let (granted, waiting) = counted(&server, "bob");
        if (seen, granted, waiting) == (expected, i64::try_from(expected).unwrap(), 0) {
            break;
        }
        assert!(
            Instant::now() < end,
            "{seen} rows are shown of {granted}, {waiting} effects wait"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let offers = from_ada.offers().unwrap();
    let mut tokens: Vec<_> = offers.iter().filter_map(|row| row.text("token")).collect();
    tokens.sort();
    tokens.dedup();
    assert_eq!(tokens.len(), realms.len());
}

async fn futures_made(user: &ros::client::User, count: usize) -> Vec<String> {
    let mut realms = Vec::new();
    for number in 1..=count {
        let realm = format!("/ada/{number}");
        made(user, &realm).await;
        realms.push(realm);
    }
    realms
}

/// Leaves an effect behind, as a kill between the change and its effect does, or one between the effect and striking it off.
fn leave(server: &Server, number: i64, realm: &str, changeset: &[u8]) {
    let database = ros::storage::connect(&server.root().join("admin.db")).unwrap();
    let sql = "INSERT INTO effects (number, realm, changeset) VALUES (?1, ?2, ?3)";
    database
        .execute(sql, rusqlite::params![number, realm, changeset])
        .unwrap();
}

/// Waits until no effect is left.
async fn carried_out(server: &Server) {
    let end = deadline();
    while counted(server, "").1 > 0 {
        assert!(Instant::now() < end, "effects are left");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_effect_that_was_left_is_carried_out_at_the_next_start_and_never_twice() {
    let mut server = Server::start();
    let ada = classic(&server, "ada").await;
    let notes = made(&ada, "/ada/notes").await;
    let number = 9_000_000_000_000; // far after all that the clock gives
    let (class, kind) = ("Left".into(), ros::changeset::TableKind::Embedded);
    let instructions = vec![ros::changeset::Instruction::AddTable { class, kind }];
    let changeset = ros::changeset::encode(&ros::changeset::Changeset { instructions });
    for _ in 0..3 {
        server.kill();
        leave(&server, number, "/ada/notes", &changeset);
        server.restart();
        carried_out(&server).await;
        notes.lose_connection();
        notes.wait_for_download().await.unwrap();
        let classes = notes.look(|schema, _| Ok(schema.class(&"Left".into()).is_some()));
        assert!(classes.unwrap());
        assert_eq!(notes.progress().download.server_version.0, 1);
    }
    let shown = ada
        .open(
            &Namespace::Classic.permissions(),
            Place::Memory,
            Options::default(),
        )
        .await
        .unwrap();
    shown.wait_for_download().await.unwrap();
    assert_eq!(rows(&shown, "Permission").unwrap().len(), 2);
}
