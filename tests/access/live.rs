//! Rights that change while sessions are open: within a second, in a form that clients of every version survive.

use std::time::{Duration, Instant};

use ros::changeset::{Changeset, Instruction, TableKind, encode};

use super::{admin, anybody, ask, change, classic, made, management};
use crate::hostile::client::Client;
use crate::serve::signed;
use crate::support::patience::{deadline, stretched};
use crate::support::server::Server;
use crate::support::wire::Wire;

const AT_ONCE: Duration = Duration::from_secs(1);

fn token(server: &Server, user: &str) -> String {
    signed(server, &format!(r#"{{"identity":"{user}"}}"#)).replace('+', "%2B")
}

/// A changeset that adds a class.
fn class(name: &str) -> Vec<u8> {
    let (class, kind) = (name.into(), TableKind::Embedded);
    let instructions = vec![Instruction::AddTable { class, kind }];
    encode(&Changeset { instructions })
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_no_longer_read_is_told_at_once() {
    let server = Server::start();
    let ada = classic(&server, "ada").await;
    classic(&server, "bob").await;
    for name in ["notes", "other"] {
        made(&ada, &format!("/ada/{name}")).await;
    }
    let from_ada = management(&ada).await;
    for (protocol, kind, flag) in [
        ("com.mongodb.realm-sync#14", "json_error", 0),
        ("com.mongodb.realm-sync/7", "json_error", 0),
        ("com.mongodb.realm-sync/3", "error", 1),
    ] {
        assert_eq!(ask(&from_ada, change("bob", "*", "r--")).await.code, 0);
        let target = format!("/realm-sync?baas_at={}", token(&server, "bob"));
        let mut wire = Wire::open(server.address(), &target, Some(protocol)).unwrap();
        assert!(crate::serve::is_bound(&mut wire, 1, "/ada/notes", ""));
        assert!(crate::serve::is_bound(&mut wire, 2, "/ada/other", ""));
        assert_eq!(
            ask(&from_ada, change("bob", "/~/notes", "---")).await.code,
            0
        );
        let told = Instant::now();
        assert!(wire.await_message(|message| message.kind() == kind));
        assert!(told.elapsed() < stretched(AT_ONCE));
        let error = loop {
            let message = wire.receive().unwrap();
            if message.kind() == kind {
                break message;
            }
        };
        assert_eq!(
            (error.number(1), error.number(3 + flag)),
            (206, 1),
            "{error:?}"
        );
        if kind == "json_error" {
            assert_eq!(error.json()["tryAgain"], false);
        } else {
            assert_eq!(error.number(3), 0, "no other try");
        }
        // The other session of the connection goes on.
        wire.send("unbind 1\n");
        assert!(wire.send("unbind 2\n"));
        assert!(wire.await_message(|message| message.kind() == "unbound"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_no_longer_write_goes_on_reading_and_is_refused_what_it_uploads() {
    let server = Server::start();
    let ada = classic(&server, "ada").await;
    classic(&server, "bob").await;
    made(&ada, "/ada/notes").await;
    let from_ada = management(&ada).await;
    assert_eq!(
        ask(&from_ada, change("bob", "/~/notes", "rw-")).await.code,
        0
    );
    let mut bob = Client::with_token(&server, &token(&server, "bob"));
    bob.bind(1, "/ada/notes");
    bob.upload(1, &class("First"));
    bob.acknowledged();
    assert_eq!(
        ask(&from_ada, change("bob", "/~/notes", ".-.")).await.code,
        0
    );
    // It still hears of what others write, and may say how far it is.
    let mut other = Client::with_token(&server, &token(&server, "ada"));
    other.bind(1, "/ada/notes");
    other.upload(1, &class("Second"));
    other.acknowledged();
    assert!(
        bob.wire
            .await_message(|message| message.kind() == "download" && message.number(2) == 2)
    );
    assert!(
        bob.wire
            .send(format!("upload 1 0 0 0 {} 2 0\n", bob.version + 1))
    );
    bob.is_served(1);
    bob.version += 1;
    bob.upload_after(1, 2, &class("Third"));
    let (code, session, error) = bob.error();
    assert_eq!((code, session, &error["tryAgain"]), (206, 1, &false.into()));
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("may not add classes"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_granted_counts_for_open_sessions() {
    let server = Server::start();
    let ada = classic(&server, "ada").await;
    classic(&server, "bob").await;
    made(&ada, "/ada/notes").await;
    let from_ada = management(&ada).await;
    assert_eq!(ask(&from_ada, change("*", "/~/notes", "r--")).await.code, 0);
    let mut bob = Client::with_token(&server, &token(&server, "bob"));
    bob.bind(1, "/ada/notes");
    assert_eq!(ask(&from_ada, change("*", "/~/notes", ".w.")).await.code, 0);
    let granted = Instant::now();
    // The clerk tells sessions before it answers, and the session is asked after that.
    bob.upload(1, &class("First"));
    bob.acknowledged();
    assert!(granted.elapsed() < stretched(AT_ONCE));
    let erase = |class: &str| {
        let instructions = vec![Instruction::EraseTable {
            class: class.into(),
        }];
        encode(&Changeset { instructions })
    };
    bob.upload_after(1, 1, &erase("First"));
    assert_eq!(bob.error().0, 206, "only who manages may remove classes");
    assert_eq!(
        ask(&from_ada, change("bob", "/~/notes", "rwm")).await.code,
        0
    );
    let mut bob = Client::with_token(&server, &token(&server, "bob"));
    bob.bind(1, "/ada/notes");
    bob.upload_after(1, 1, &erase("First"));
    bob.acknowledged();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_for_one_realm_gives_no_more_than_its_user_has() {
    let server = Server::start();
    let ada = classic(&server, "ada").await;
    classic(&server, "bob").await;
    made(&ada, "/ada/notes").await;
    let from_ada = management(&ada).await;
    // As sign-in makes it.
    let claims = r#"{"identity":"bob","access":["download","upload"],"path":"/ada/notes","sync_label":"default"}"#;
    let token = signed(&server, claims).replace('+', "%2B");
    let refused = |server: &Server| {
        let target = format!("/realm-sync?baas_at={token}");
        let mut wire =
            Wire::open(server.address(), &target, Some("com.mongodb.realm-sync#14")).unwrap();
        !crate::serve::is_bound(&mut wire, 1, "/ada/notes", "")
    };
    assert!(refused(&server));
    assert_eq!(
        ask(&from_ada, change("bob", "/~/notes", "rw-")).await.code,
        0
    );
    let mut bob = Client::with_token(&server, &token);
    bob.bind(1, "/ada/notes");
    assert_eq!(
        ask(&from_ada, change("bob", "/~/notes", "---")).await.code,
        0
    );
    assert_eq!(bob.error().0, 206);
    assert!(refused(&server));
}

#[tokio::test(flavor = "multi_thread")]
async fn rights_of_everybody_in_an_app_change_with_the_configuration() {
    let apps = |read: bool| {
        format!("apps: {{app: {{providers: {{anon-user: true}}, partitions: {{read: {read}}}}}}}\n")
    };
    let server = Server::with_configuration(&apps(true));
    let (user, _) = anybody(&server, "app").await;
    let notes = made(&user, "app/notes").await;
    server.reconfigure(&apps(false));
    let end = deadline();
    while notes.wait_for_upload().await.is_ok() {
        assert!(Instant::now() < end, "the session goes on");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // An administrator lets this one in again, by a row.
    let from_admin = management(&admin(&server).await).await;
    let grant = change(user.id().unwrap(), "app/notes", "r--");
    assert_eq!(ask(&from_admin, grant).await.code, 0);
    made(&user, "app/notes").await;
}
