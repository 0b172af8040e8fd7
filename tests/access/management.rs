//! Requests, and what the server says to them.

use ros::client::Options;
use ros::client::permissions::{Ask, Grantee, Management};

use super::{admin, anybody, ask, change, classic, flags, made, management, open, stranger};
use crate::support::patience::deadline;
use crate::support::server::Server;

const INVALID: &str = "Your request parameters did not validate: ";
const DENIED: &str = "The path is invalid or current user has no access.";
const EXPIRED: &str = "The permission offer is expired.";

#[tokio::test(flavor = "multi_thread")]
async fn changes_are_checked_in_order_and_answered_in_words() {
    let server = Server::start();
    let (ada, bob) = (classic(&server, "ada").await, classic(&server, "bob").await);
    made(&ada, "/ada/notes").await;
    made(&ada, "/ada/wall").await;
    made(&admin(&server).await, "/shared").await;
    let (ada, bob) = (management(&ada).await, management(&bob).await);
    let admin = management(&admin(&server).await).await;
    let url = "realm://anything:1/~/notes";
    let notes =
        |what: &str, whom: &str| format!("Applied: {what} access to /ada/notes for {whom}.");
    for (who, asked, code, message) in [
        (
            &ada,
            change("bob", url, "r.."),
            0,
            notes("read-only", "user bob"),
        ),
        (
            &ada,
            change("bob", url, ".w."),
            0,
            notes("read-write", "user bob"),
        ),
        (
            &ada,
            change("bob", "/ada/notes", "..m"),
            0,
            notes("administrative", "user bob"),
        ),
        (
            &ada,
            change("bob", "/~/notes", ".-."),
            0,
            notes("administrative", "user bob"),
        ),
        (
            &bob,
            change("*", "/ada/notes", "r.."),
            0,
            notes("read-only", "everyone"),
        ),
        (&ada, change("bob", url, "---"), 0, notes("no", "user bob")),
        (&bob, change("bob", "/ada/notes", "rwm"), 614, DENIED.into()),
        (
            &ada,
            change("ada", url, "---"),
            0,
            notes("administrative", "user ada"),
        ),
        (
            &ada,
            change("bob", "*", "rw."),
            0,
            "Applied: read-write access to 2 Realms for user bob.".into(),
        ),
        (
            &bob,
            change("ada", "*", "rw."),
            0,
            "Applied: no access to 0 Realms.".into(),
        ),
        (
            &admin,
            change("bob", "/shared", "rw."),
            0,
            "Applied: read-write access to /shared for user bob.".into(),
        ),
        (&bob, change("ada", "/shared", "r.."), 614, DENIED.into()),
        (&ada, change("bob", "/shared", "r.."), 614, DENIED.into()),
        // What is not there, is the server's, or is nobody.
        (
            &ada,
            change("bob", "/ada/none", "r.."),
            601,
            format!("{INVALID}realmUrl names no Realm that is there"),
        ),
        (
            &ada,
            change("bob", "/ada/../bob/x", "r.."),
            601,
            format!("{INVALID}realmUrl names no Realm that is there"),
        ),
        (
            &ada,
            change("bob", "", "r.."),
            601,
            format!("{INVALID}realmUrl names no Realm that is there"),
        ),
        (
            &ada,
            change("bob", "/~/__management", "r.."),
            601,
            format!("{INVALID}realmUrl names a Realm of the server"),
        ),
        (
            &ada,
            change("bob", "/~/__permission", "r.."),
            601,
            format!("{INVALID}realmUrl names a Realm of the server"),
        ),
        (
            &admin,
            change("bob", "/__admin", "r.."),
            601,
            format!("{INVALID}realmUrl names a Realm of the server"),
        ),
        (
            &ada,
            change("nobody", url, "rwm"),
            601,
            format!("{INVALID}userId names no user"),
        ),
        (
            &ada,
            change("", url, "rwm"),
            601,
            format!("{INVALID}userId names no user"),
        ),
        (
            &ada,
            change("Bob", url, "rwm"),
            601,
            format!("{INVALID}userId names no user"),
        ),
    ] {
        let told = ask(who, asked.clone()).await;
        assert_eq!(
            (told.code, told.message.as_deref()),
            (code, Some(message.as_str())),
            "{asked:?}"
        );
    }
    let nobody = Grantee::Metadata("email".into(), "nobody@example.com".into());
    let told = ask(
        &ada,
        Ask::Change {
            grantee: nobody,
            realm: url.into(),
            flags: flags("r.."),
        },
    )
    .await;
    assert_eq!(
        (told.code, told.message.unwrap()),
        (601, format!("{INVALID}no user has this metadata"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_grantee_never_becomes_everybody() {
    let server = Server::start();
    let ada = classic(&server, "ada").await;
    made(&ada, "/ada/notes").await;
    let ada = management(&ada).await;
    for grantee in ["nobody", "", "**", "* ", "%", "null"] {
        assert_eq!(
            ask(&ada, change(grantee, "/~/notes", "rwm")).await.code,
            601,
            "{grantee}"
        );
    }
    let eve = open(&stranger(&server, "eve").await, "/ada/notes").await;
    assert!(eve.wait_for_download().await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn offers_are_taken_up_until_they_end() {
    let server = Server::start();
    let (ada, bob) = (classic(&server, "ada").await, classic(&server, "bob").await);
    let eve = classic(&server, "eve").await;
    made(&ada, "/ada/notes").await;
    let (from_ada, from_bob, from_eve) = (
        management(&ada).await,
        management(&bob).await,
        management(&eve).await,
    );
    let offer = |expires| Ask::Offer {
        realm: "realm://h/~/notes".into(),
        flags: flags("rw-"),
        expires,
    };
    let accept = |token: &str| Ask::Accept {
        token: token.into(),
    };
    let now = i64::try_from(
        std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap()
            .as_secs(),
    )
    .unwrap();

    let told = ask(&from_ada, offer(Some(now - 1))).await;
    assert_eq!(
        (told.code, told.message.as_deref(), told.token),
        (701, Some(EXPIRED), None)
    );
    let all = Ask::Offer {
        realm: "*".into(),
        flags: flags("r--"),
        expires: None,
    };
    assert_eq!(ask(&from_ada, all).await.code, 614);
    let foreign = Ask::Offer {
        realm: "/ada/notes".into(),
        flags: flags("rwm"),
        expires: None,
    };
    assert_eq!(ask(&from_eve, foreign).await.code, 614);

    let offered = ask(&from_ada, offer(Some(now + 3600))).await;
    assert_eq!(
        (offered.code, offered.realm.as_deref()),
        (0, Some("realm://h/ada/notes"))
    );
    let token = offered.token.unwrap();
    assert!(
        token.starts_with("ada:") && token.len() == "ada:".len() + 32,
        "{token}"
    );

    // Guessed, cut, or of somebody else's making.
    let row = from_ada.offers().unwrap();
    let ros::changeset::Key::String(key) = &row.last().unwrap().key else {
        panic!("{row:?}")
    };
    for guess in [
        "",
        "ada:",
        "ada",
        &token[..token.len() - 1],
        &token.to_uppercase(),
        &format!("ada:{key}"),
        &format!("{token} "),
    ] {
        let told = ask(&from_eve, accept(guess)).await;
        assert_eq!((told.code, told.realm), (601, None), "{guess}");
    }
    // Whoever knows it may take it up, and again.
    for _ in 0..2 {
        let told = ask(&from_bob, accept(&token)).await;
        assert_eq!((told.code, told.realm.as_deref()), (0, Some("/ada/notes")));
    }
    let notes = open(&bob, "/ada/notes").await;
    notes.wait_for_download().await.unwrap();

    // It is never a way to lose anything.
    assert_eq!(
        ask(&from_ada, change("eve", "/~/notes", "rwm")).await.code,
        0
    );
    assert_eq!(ask(&from_eve, accept(&token)).await.code, 0);
    assert_eq!(
        ask(&from_eve, change("bob", "/ada/notes", "---"))
            .await
            .code,
        0,
        "eve still manages"
    );
    assert_eq!(
        ask(&from_ada, accept(&token)).await.code,
        0,
        "its owner may, too"
    );
    assert_eq!(
        ask(&from_ada, change("eve", "/~/notes", "---")).await.code,
        0
    );

    // It ends when its maker says so, in the row.
    let key = row
        .iter()
        .rfind(|row| row.text("token").as_deref() == Some(&token))
        .unwrap()
        .key
        .clone();
    from_ada
        .realm()
        .write(|edit| {
            let end = ros::changeset::Value::Timestamp {
                seconds: now,
                nanoseconds: 0,
            };
            edit.set(
                ros::client::field("PermissionOffer", &key, "expiresAt"),
                end,
            )
        })
        .map_err(|error: ros::client::WriteError| error)
        .unwrap();
    from_ada.realm().wait_for_upload().await.unwrap();
    let end = deadline();
    loop {
        let told = ask(&from_eve, accept(&token)).await;
        if told.code == 701 {
            assert_eq!(told.message.as_deref(), Some(EXPIRED));
            break;
        }
        assert!(std::time::Instant::now() < end, "{told:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_ends_with_the_rights_of_whoever_made_it_and_with_its_row() {
    let server = Server::start();
    let (ada, bob) = (classic(&server, "ada").await, classic(&server, "bob").await);
    made(&ada, "/ada/notes").await;
    let (from_ada, from_bob) = (management(&ada).await, management(&bob).await);
    assert_eq!(
        ask(&from_ada, change("bob", "/~/notes", "rwm")).await.code,
        0
    );
    let offer = || Ask::Offer {
        realm: "/ada/notes".into(),
        flags: flags("rwm"),
        expires: None,
    };
    let token = ask(&from_bob, offer()).await.token.unwrap();
    assert_eq!(
        ask(&from_ada, change("bob", "/~/notes", "---")).await.code,
        0
    );
    let told = ask(&from_bob, Ask::Accept { token }).await;
    assert_eq!((told.code, told.message.as_deref()), (614, Some(DENIED)));

    let keys = from_ada.write(&[offer()]).unwrap();
    let told = from_ada.told(&[offer()], &keys).await.unwrap();
    let token = told[0].token.clone().unwrap();
    from_ada
        .realm()
        .write(|edit| edit.delete("PermissionOffer", keys[0].clone()))
        .map_err(|error: ros::client::WriteError| error)
        .unwrap();
    // A later request of the same Realm is answered after the row was seen to be gone.
    assert_eq!(
        ask(&from_ada, change("bob", "/~/notes", "---")).await.code,
        0
    );
    assert_eq!(ask(&from_bob, Ask::Accept { token }).await.code, 601);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_twin_of_an_app_speaks_of_partitions() {
    let server = Server::start();
    let ((ada, at_ada), (bob, at_bob)) =
        (anybody(&server, "app").await, anybody(&server, "app").await);
    let (_, at_other) = anybody(&server, "other").await;
    made(&ada, "app/notes").await;
    let open = |user, namespace| Management::open(user, namespace, Options::default());
    let from_ada = open(&ada, at_ada).await.unwrap();
    let from_bob = open(&bob, at_bob.clone()).await.unwrap();
    let bob_id = bob.id().unwrap();
    for realm in ["notes", "\"notes\""] {
        let told = ask(&from_ada, change(bob_id, realm, "r--")).await;
        let message = format!("Applied: read-only access to app/\"notes\" for user {bob_id}.");
        assert_eq!((told.code, told.message), (0, Some(message)), "{realm}");
    }
    // His own row replaces what everybody has in this app: he reads, and no more.
    let told = ask(&from_bob, change(bob_id, "notes", "rwm")).await;
    assert_eq!((told.code, told.message.as_deref()), (614, Some(DENIED)));
    let ros::client::permissions::Namespace::App(_, stranger) = at_other else {
        panic!()
    };
    assert_eq!(
        ask(&from_ada, change(&stranger, "notes", "r--")).await.code,
        601,
        "users of other apps are nobody"
    );
    assert_eq!(
        ask(&from_ada, change(bob_id, "/notes", "r--")).await.code,
        601
    );
    let offer = Ask::Offer {
        realm: "notes".into(),
        flags: flags("rw-"),
        expires: None,
    };
    let offered = ask(&from_ada, offer).await;
    assert_eq!(
        (offered.code, offered.realm.as_deref()),
        (0, Some("\"notes\""))
    );
    let told = ask(
        &from_bob,
        Ask::Accept {
            token: offered.token.unwrap(),
        },
    )
    .await;
    assert_eq!((told.code, told.realm.as_deref()), (0, Some("\"notes\"")));
    // Nobody asks in another's name.
    let told = Management::open(&ada, at_bob, Options::default())
        .await
        .unwrap();
    assert!(told.realm().wait_for_download().await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_is_set_back_to_null_is_carried_out_again_and_no_other_is() {
    let server = Server::start();
    let ada = classic(&server, "ada").await;
    classic(&server, "bob").await;
    made(&ada, "/ada/notes").await;
    let from_ada = management(&ada).await;
    let grant = [change("bob", "/~/notes", "r..")];
    let keys = from_ada.write(&grant).unwrap();
    assert_eq!(from_ada.told(&grant, &keys).await.unwrap()[0].code, 0);
    let revoke = [change("bob", "/~/notes", "---")];
    assert_eq!(from_ada.ask(&revoke).await.unwrap()[0].code, 0);
    let rows = || {
        let database = ros::storage::connect(&server.root().join("admin.db")).unwrap();
        let sql = "SELECT count(*) FROM permissions WHERE user = 'bob'";
        database
            .query_row(sql, [], |row| row.get::<_, i64>(0))
            .unwrap()
    };
    assert_eq!(rows(), 0);
    from_ada
        .realm()
        .write(|edit| {
            let code = ros::client::field("PermissionChange", &keys[0], "statusCode");
            edit.set(code, ros::changeset::Value::Null)
        })
        .map_err(|error: ros::client::WriteError| error)
        .unwrap();
    assert_eq!(from_ada.told(&grant, &keys).await.unwrap()[0].code, 0);
    assert_eq!(rows(), 1);
}
