//! What the configuration says of access: rules of apps, frozen Realms, who may add classes, and how rows go together.

use ros::changeset::TableKind;
use ros::client::{Realm, WriteError};

use super::{admin, anybody, ask, change, classic, made, management, open};
use crate::support::server::Server;

/// Adds a class; whether the server takes it.
async fn takes_class(realm: &Realm, name: &str) -> bool {
    let added = realm.write(|edit| edit.add_class(name, TableKind::Embedded));
    added.map_err(|error: WriteError| error).unwrap();
    realm.wait_for_upload().await.is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_open_partitions_by_name_and_user() {
    let rules = "[{partition: 'user=%%user.id', read: true, write: true}, {partition: 'public/*', read: true}]";
    let server = Server::with_configuration(&format!(
        "apps: {{app: {{providers: {{anon-user: true}}, rules: {rules}}}}}\n"
    ));
    let ((ada, _), (bob, _)) = (anybody(&server, "app").await, anybody(&server, "app").await);
    let home = format!("app/user={}", ada.id().unwrap());
    assert!(takes_class(&made(&ada, &home).await, "Mine").await);
    for (user, realm) in [
        (&bob, home.as_str()),
        (&ada, "app/user="),
        (&ada, "app/private"),
        (&ada, "app/42"),
    ] {
        let refused = open(user, realm).await.wait_for_download().await;
        assert!(refused.is_err(), "{realm}");
    }
    let public = made(&bob, "app/public/news").await;
    assert!(!takes_class(&public, "Theirs").await);
    // A row gives what no rule does.
    let from_admin = management(&admin(&server).await).await;
    let grant = change(bob.id().unwrap(), &home, "r--");
    assert_eq!(ask(&from_admin, grant).await.code, 0);
    made(&bob, &home).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_realm_takes_no_class_from_anybody() {
    let server = Server::with_configuration("access: {frozen: [/ada/wall]}\n");
    let ada = classic(&server, "ada").await;
    assert!(takes_class(&made(&ada, "/ada/notes").await, "Note").await);
    assert!(!takes_class(&made(&ada, "/ada/wall").await, "Note").await);
    let admin = admin(&server).await;
    assert!(!takes_class(&made(&admin, "/ada/wall").await, "Note").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn classes_may_be_for_those_who_manage_and_rows_may_add_up() {
    let server = Server::with_configuration("access: {schema: manage, rows: add}\n");
    let (ada, bob) = (classic(&server, "ada").await, classic(&server, "bob").await);
    assert!(takes_class(&made(&ada, "/ada/notes").await, "Note").await);
    let from_ada = management(&ada).await;
    assert_eq!(ask(&from_ada, change("*", "/~/notes", "rw-")).await.code, 0);
    assert_eq!(
        ask(&from_ada, change("bob", "/~/notes", "r--")).await.code,
        0
    );
    let notes = made(&bob, "/ada/notes").await;
    assert!(!takes_class(&notes, "Other").await);
    // Alone, the own row would only let him read; what everybody may he may, too.
    let notes = made(&bob, "/ada/notes").await;
    assert!(
        takes_class(&notes, "Note").await,
        "what changes nothing is free"
    );
    assert_eq!(
        ask(&from_ada, change("bob", "/~/notes", "--m")).await.code,
        0
    );
    assert!(takes_class(&made(&bob, "/ada/notes").await, "Other").await);
}
