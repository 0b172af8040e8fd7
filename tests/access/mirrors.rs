//! The Realms that show permissions.

use std::time::{Duration, Instant};

use ros::client::permissions::{Namespace, Row, rows};
use ros::client::{Options, Place, Realm, User};

use super::{admin, anybody, ask, change, classic, made, management};
use crate::support::patience::deadline;
use crate::support::server::Server;

/// What a Realm shows as soon as it is downloaded: user, path and flags.
async fn shown(user: &User, address: ros::client::RealmAddress) -> (Realm, Vec<String>) {
    let realm = user
        .open(&address, Place::Memory, Options::default())
        .await
        .unwrap();
    realm.wait_for_download().await.unwrap();
    let lines = lines(&realm);
    (realm, lines)
}

fn lines(realm: &Realm) -> Vec<String> {
    let mut lines: Vec<String> = rows(realm, "Permission")
        .unwrap()
        .iter()
        .map(line)
        .collect();
    lines.sort();
    lines
}

fn line(row: &Row) -> String {
    let letter = |name, letter| if row.flag(name) { letter } else { '-' };
    let flags = [
        letter("mayRead", 'r'),
        letter("mayWrite", 'w'),
        letter("mayManage", 'm'),
    ];
    let text = |name| row.text(name).unwrap();
    format!(
        "{} {} {}",
        text("userId"),
        text("path"),
        flags.iter().collect::<String>()
    )
}

/// Waits until a Realm shows just this.
async fn shows(realm: &Realm, expected: &[&str]) {
    let end = deadline();
    while lines(realm) != expected {
        assert!(
            Instant::now() < end,
            "{:?} and not {expected:?}",
            lines(realm)
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_there_with_the_first_download_and_follow_every_change() {
    let server = Server::start();
    let (ada, bob) = (classic(&server, "ada").await, classic(&server, "bob").await);
    made(&ada, "/ada/notes").await;
    let from_ada = management(&ada).await;
    assert_eq!(
        ask(&from_ada, change("bob", "/~/notes", "rw.")).await.code,
        0
    );
    let (of_ada, lines) = shown(&ada, Namespace::Classic.permissions()).await;
    let own = [
        "ada /ada/__management rwm",
        "ada /ada/__permission rwm",
        "ada /ada/notes rwm",
    ];
    assert_eq!(lines, [own.as_slice(), &["bob /ada/notes rw-"]].concat());
    let (of_bob, lines) = shown(&bob, Namespace::Classic.permissions()).await;
    assert_eq!(lines, ["bob /ada/notes rw-", "bob /bob/__permission rwm"]);
    let (of_all, lines) = shown(&bob, Namespace::Classic.defaults()).await;
    assert_eq!(lines, [""; 0]);
    let (of_admin, _) = shown(&admin(&server).await, "/__admin".parse().unwrap()).await;

    assert_eq!(
        ask(&from_ada, change("bob", "/~/notes", ".-.")).await.code,
        0
    );
    assert_eq!(ask(&from_ada, change("*", "/~/notes", "r..")).await.code, 0);
    shows(
        &of_bob,
        &["bob /ada/notes r--", "bob /bob/__permission rwm"],
    )
    .await;
    shows(&of_all, &["* /ada/notes r--"]).await;
    let both = ["* /ada/notes r--"];
    shows(
        &of_ada,
        &[both.as_slice(), &own, &["bob /ada/notes r--"]].concat(),
    )
    .await;
    assert_eq!(
        ask(&from_ada, change("bob", "/~/notes", "---")).await.code,
        0
    );
    assert_eq!(ask(&from_ada, change("*", "/~/notes", "---")).await.code, 0);
    shows(&of_bob, &["bob /bob/__permission rwm"]).await;
    shows(&of_all, &[]).await;
    shows(&of_ada, &own).await;
    shows(
        &of_admin,
        &[own.as_slice(), &["bob /bob/__permission rwm"]].concat(),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_twins_show_partitions_of_their_app_alone() {
    let server = Server::start();
    let (ada, at_ada) = anybody(&server, "app").await;
    made(&ada, "app/notes").await;
    let from_ada =
        ros::client::permissions::Management::open(&ada, at_ada.clone(), Options::default());
    let from_ada = from_ada.await.unwrap();
    let id = ada.id().unwrap();
    assert_eq!(ask(&from_ada, change("*", "notes", "r..")).await.code, 0);
    // From now on an own row takes the place of what everybody has, managing included.
    assert_eq!(ask(&from_ada, change(id, "notes", "rw.")).await.code, 0);
    let own = |kind: &str| format!("{id} \"{kind}/{id}\" rwm");
    let (_, lines) = shown(&ada, at_ada.permissions()).await;
    assert_eq!(
        lines,
        [
            format!("{id} \"__management/{id}\" rwm"),
            own("__permission"),
            format!("{id} \"notes\" rw-")
        ]
    );
    let (_, lines) = shown(&ada, at_ada.defaults()).await;
    assert_eq!(lines, ["* \"notes\" r--"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_writes_there() {
    let server = Server::start();
    let (ada, bob) = (classic(&server, "ada").await, classic(&server, "bob").await);
    let (realm, lines) = shown(&ada, Namespace::Classic.permissions()).await;
    assert_eq!(lines, ["ada /ada/__permission rwm"]);
    let key = rows(&realm, "Permission").unwrap()[0].key.clone();
    realm
        .write(|edit| edit.delete("Permission", key))
        .map_err(|error: ros::client::WriteError| error)
        .unwrap();
    assert!(realm.wait_for_upload().await.is_err());
    let there = super::open(&bob, "/ada/__permission").await;
    assert!(there.wait_for_download().await.is_err());
}
