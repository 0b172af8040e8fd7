//! Attacks, each at every place where it could be tried: sync, HTTP, and the commands.

use std::process::Command;

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use ros::auth::KeyPair;
use ros::changeset::{Changeset, Instruction, TableKind, encode};
use ros::ident::{FileIdent, RealmName};
use ros::storage::Store;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{ask, change, classic, made, management};
use crate::hostile::client::Client;
use crate::serve::{User, bind, signed};
use crate::support::server::Server;
use crate::support::wire::{self, Wire};

const NEWEST: &str = "com.mongodb.realm-sync#14";
const PROTOCOL: Option<&str> = Some(NEWEST);

fn http(server: &Server, method: &str, path: &str, token: &str, body: &Value) -> (u16, Value) {
    wire::ask(server.address(), method, path, token, body)
}

/// The exit code of a command with this token.
fn command(server: &Server, token: &str, arguments: &[&str]) -> Option<i32> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), token).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_ros"))
        .env_remove("ROS_ADMIN_TOKEN_FILE")
        .args(arguments)
        .args(["--server", &server.url(), "--token-file"])
        .arg(file.path())
        .output()
        .unwrap();
    output.status.code()
}

/// A text as a part of a URL.
fn escaped(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// A token in a URL, as clients put it there.
fn in_url(token: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/=".contains(&byte);
    let shown = token.bytes().map(|byte| match plain(byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    });
    shown.collect()
}

/// Opens a connection of the classic API and a session; the code of the error.
pub(super) fn syncs(server: &Server, token: &str, path: &str) -> Result<(), u64> {
    let target = format!("/realm-sync?baas_at={}", in_url(token));
    let mut wire = Wire::open(server.address(), &target, PROTOCOL).map_err(u64::from)?;
    let (kind, code) = bind(&mut wire, 1, path, "");
    if kind == "ident" { Ok(()) } else { Err(code) }
}

/// The doors that a token opens.
fn doors(server: &Server, token: &str) -> Vec<&'static str> {
    let is = |method: &str, path: &str, body: &Value| {
        let (status, _) = http(server, method, path, token, body);
        (200..300).contains(&status)
    };
    let in_body = json!({"provider": "realm", "data": token, "path": "/~/notes"});
    let app = format!(
        "/api/client/v2.0/app/x/realm-sync?baas_at={}",
        in_url(token)
    );
    let in_bind = || {
        let mut wire = Wire::open(server.address(), "/realm-sync", PROTOCOL).unwrap();
        bind(&mut wire, 1, "/ada/notes", token).0 == "ident"
    };
    let none = Value::Null;
    let opened = [
        ("profile", is("GET", "/api/client/v2.0/auth/profile", &none)),
        (
            "session",
            is("POST", "/api/client/v2.0/auth/session", &none),
        ),
        ("keys", is("GET", "/api/client/v2.0/auth/api_keys", &none)),
        ("permissions", is("GET", "/permissions", &none)),
        ("access token", is("POST", "/auth", &in_body)),
        ("administration", is("GET", "/api/ros/v1/users", &none)),
        ("status", is("GET", "/api/ros/v1/status", &none)),
        ("sync", syncs(server, token, "/ada/notes").is_ok()),
        ("bind", in_bind()),
        (
            "sync of the app",
            Wire::open(server.address(), &app, PROTOCOL).is_ok(),
        ),
    ];
    let opened = opened
        .into_iter()
        .filter_map(|(name, is)| is.then_some(name));
    opened.collect()
}

/// HMAC with SHA-256, for tokens whose "secret" is the public key.
fn hs256(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut block = [0; 64];
    match key.len() {
        0..=64 => block[..key.len()].copy_from_slice(key),
        _ => block[..32].copy_from_slice(&Sha256::digest(key)),
    }
    let padded = |pad: u8| block.map(|byte| byte ^ pad);
    let inner = Sha256::new()
        .chain_update(padded(0x36))
        .chain_update(message);
    let outer = Sha256::new()
        .chain_update(padded(0x5c))
        .chain_update(inner.finalize());
    outer.finalize().to_vec()
}

fn jwt(header: &str, claims: &str, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
    let [header, claims] = [header, claims].map(|part| BASE64_URL_SAFE_NO_PAD.encode(part));
    let text = format!("{header}.{claims}");
    let signature = BASE64_URL_SAFE_NO_PAD.encode(sign(text.as_bytes()));
    format!("{text}.{signature}")
}

/// Tokens that look like ours and are not, made of some that are.
fn forged(server: &Server, access: &str, user: &str) -> Vec<(&'static str, String)> {
    let ours = KeyPair::read(&server.root().join("keys/private.pem"), None).unwrap();
    let other = KeyPair::generate(&mut rand_core::OsRng).unwrap();
    let public = ours.public_pem().unwrap();
    let kid = ours.public().id();
    let rs256 = format!(r#"{{"alg":"RS256","typ":"JWT","kid":"{kid}"}}"#);
    let admin = r#"{"identity":"__admin","access":["upload","download","manage"]}"#;
    let [header, claims, signature] = access.split('.').collect::<Vec<_>>()[..] else {
        panic!("{access}")
    };
    let of_app = String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
    let (of_user, signature_of_user) = user.split_once(':').unwrap();
    let classic = |claims: &str, signature: &[u8]| {
        let [claims, signature] =
            [claims.as_bytes(), signature].map(|part| BASE64_STANDARD.encode(part));
        format!("{claims}:{signature}")
    };
    let none = |_: &[u8]| Vec::new();
    let with_public = |message: &[u8]| hs256(public.as_bytes(), message);
    let with_other = |message: &[u8]| other.sign(message);
    let with_ours = |message: &[u8]| ours.sign(message);
    vec![
        (
            "signed by another key",
            classic(admin, &other.sign(admin.as_bytes())),
        ),
        (
            "signed by another key under our kid",
            jwt(&rs256, admin, with_other),
        ),
        (
            "an app's, signed by another key",
            jwt(&rs256, &of_app, with_other),
        ),
        ("not signed", jwt(r#"{"alg":"none"}"#, admin, none)),
        (
            "not signed, in other letters",
            jwt(r#"{"alg":"nOnE"}"#, &of_app, none),
        ),
        ("without a signature", jwt(&rs256, admin, none)),
        (
            "HS256 with the public key",
            jwt(r#"{"alg":"HS256"}"#, admin, with_public),
        ),
        (
            "HS256 of an app",
            jwt(r#"{"alg":"HS256"}"#, &of_app, with_public),
        ),
        ("HS256 that says RS256", jwt(&rs256, admin, with_public)),
        (
            "ours, and says HS256",
            jwt(r#"{"alg":"HS256"}"#, admin, with_ours),
        ),
        ("ours, and says nothing", jwt("{}", &of_app, with_ours)),
        ("claims of one, signature of another", {
            let admin = BASE64_STANDARD.encode(admin);
            format!("{admin}:{signature_of_user}")
        }),
        ("claims of the classic API under an app's signature", {
            let admin = BASE64_URL_SAFE_NO_PAD.encode(admin);
            format!("{header}.{admin}.{signature}")
        }),
        // What was signed in one form, shown in the other.
        ("an app's as a classic one", {
            let text = BASE64_STANDARD.encode(format!("{header}.{claims}"));
            let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap();
            format!("{text}:{}", BASE64_STANDARD.encode(signature))
        }),
        ("a classic one as an app's", {
            let claims = String::from_utf8(BASE64_STANDARD.decode(of_user).unwrap()).unwrap();
            format!("{claims}.{signature_of_user}")
        }),
        ("an array in the place of claims", {
            let claims = r#"["__admin",null,null,["download"]]"#;
            classic(claims, &ours.sign(claims.as_bytes()))
        }),
        ("a user in two", {
            let claims = r#"{"identity":"","sub":"ada"}"#;
            classic(claims, &ours.sign(claims.as_bytes()))
        }),
        ("over", {
            let claims = r#"{"identity":"ada","expires":1500000000}"#;
            classic(claims, &ours.sign(claims.as_bytes()))
        }),
        ("an administrator's that is over", {
            let claims = r#"{"identity":"__admin","expires":1500000000}"#;
            classic(claims, &ours.sign(claims.as_bytes()))
        }),
        ("cut off", access[..access.len() - 8].to_owned()),
        ("nothing", String::new()),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn no_token_opens_what_it_is_not_for_and_no_forged_one_opens_anything() {
    let server = Server::start();
    let ada = classic(&server, "ada").await;
    made(&ada, "/ada/notes").await;
    let app = User::sign_in(server.address(), "x");
    let elsewhere = User::sign_in(server.address(), "y");
    let user = signed(&server, r#"{"identity":"ada"}"#);
    let refresh = signed(&server, r#"{"identity":"ada","access":["refresh"]}"#);
    let realm = r#"{"identity":"ada","path":"/ada/notes","access":["download"]}"#;
    let admin = server.admin_token();
    let everything = [
        "permissions",
        "administration",
        "status",
        "sync",
        "bind",
        "sync of the app",
    ];
    for (token, opened) in [
        (&app.access, &["profile", "sync of the app"][..]),
        (&app.refresh, &["session", "keys"]),
        (&elsewhere.access, &["profile"]),
        (&user, &["permissions", "sync", "bind"]),
        (&refresh, &["permissions", "access token"]),
        (&signed(&server, realm), &["sync", "bind"]),
        (&signed(&server, &realm.replace("notes", "other")), &[]),
        (&admin, &everything),
    ] {
        assert_eq!(doors(&server, token), opened);
    }
    for (what, token) in forged(&server, &app.access, &user) {
        assert_eq!(doors(&server, &token), Vec::<&str>::new(), "{what}");
        let inspect = json!({ "token": token });
        let (status, told) = http(
            &server,
            "POST",
            "/api/ros/v1/tokens/inspect",
            &admin,
            &inspect,
        );
        assert_eq!((status, &told["accepted"]), (200, &json!(false)), "{what}");
        if !token.is_empty() {
            let listed = command(&server, &token, &["perms", "list"]);
            assert_ne!(listed, Some(0), "{what}");
            let granted = command(
                &server,
                &token,
                &["perms", "grant", "*", "/ada/notes", "--read"],
            );
            assert_ne!(granted, Some(0), "{what}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_reaches_anothers_home_by_spelling_it() {
    let server = Server::start();
    let (ada, bob) = (classic(&server, "ada").await, classic(&server, "bob").await);
    made(&ada, "/ada/notes").await;
    made(&bob, "/bob/notes").await;
    let token = signed(&server, r#"{"identity":"bob"}"#);
    let refresh = signed(&server, r#"{"identity":"bob","access":["refresh"]}"#);
    let before = realms(&server);
    for path in [
        "/ada/notes",
        "ada/notes",
        "//ada/notes",
        "/ada//notes",
        "/ada/notes/",
        "/ada/./notes",
        "/bob/../ada/notes",
        "/~/../ada/notes",
        "~/../ada/notes",
        "/~/~/notes",
        "/~ada/notes",
        "/./ada/notes",
        "/../ada/notes",
        "../../admin.db",
        "/bob/notes/../../ada/notes",
        "/bob\\..\\ada\\notes",
        "/ada%2Fnotes",
        "/%61da/notes",
        "/bob/%2e%2e/ada/notes",
        "/bob%2F..%2Fada/notes",
        "/ada\u{2215}notes",
        "/\u{430}da/notes", // a Cyrillic letter
        "/ada/notes\0",
        "/bob\0/../ada/notes",
        "/ada /notes",
        " /ada/notes",
        "/\"ada\"/notes",
        "\"/ada/notes\"",
        "/ADA/notes",
        "/ada/notes.realm",
        "/ada/__management",
        "/ada/__permission",
        "/__admin",
        "/__admin/__management",
        "/__auth/__management",
    ] {
        let refused = syncs(&server, &token, path);
        assert!(matches!(refused, Err(204 | 206)), "{path:?} {refused:?}");
        let body = json!({"provider": "realm", "data": refresh, "path": path});
        let (status, told) = http(&server, "POST", "/auth", "", &body);
        assert_eq!(
            (status, &told["code"]),
            (403, &json!(614)),
            "{path:?} {told}"
        );
        let escaped = escaped(path);
        let (status, told) = http(
            &server,
            "GET",
            &format!("/realms/files/{escaped}"),
            &token,
            &Value::Null,
        );
        assert_eq!(status, 403, "{path:?} {told}");
        let body =
            json!({"condition": {"userId": "bob"}, "realmPath": path, "accessLevel": "admin"});
        let (status, told) = http(&server, "POST", "/permissions/apply", &token, &body);
        assert!(matches!(status, 400 | 403), "{path:?} {told}");
        // A command cannot be given a zero.
        if !path.contains('\0') {
            for arguments in [
                &["realms", "export", path][..],
                &["perms", "grant", "bob", path, "--manage"],
            ] {
                assert_ne!(
                    command(&server, &token, arguments),
                    Some(0),
                    "{arguments:?}"
                );
            }
        }
    }
    assert_eq!(realms(&server), before, "nothing was made");
    assert_eq!(syncs(&server, &token, "/~/notes"), Ok(()));
}

/// What an administrator's command prints.
pub(super) fn printed(server: &Server, arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_ros"))
        .env_remove("ROS_ADMIN_TOKEN_FILE")
        .args(arguments)
        .args(["--server", &server.url(), "--admin-token-file"])
        .arg(server.root().join("keys/admin.token"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The Realms that there are, those of the server left out.
fn realms(server: &Server) -> Vec<String> {
    let listed = printed(server, &["realms", "list", "-o", "json"]);
    let listed: Value = serde_json::from_str(&listed).unwrap();
    let names = listed.as_array().unwrap().iter();
    let names = names.map(|listed| listed["realm"].as_str().unwrap().to_owned());
    let mut names: Vec<String> = names.filter(|name| !name.contains("__")).collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partition_that_is_spelled_like_a_path_is_another_realm() {
    let server = Server::start();
    let ada = classic(&server, "ada").await;
    made(&ada, "/ada/notes").await;
    let user = User::sign_in(server.address(), "x");
    for partition in [
        "\"/ada/notes\"",
        "\"ada/notes\"",
        "\"~/notes\"",
        "\"../ada/notes\"",
    ] {
        let mut client = Client::over(user.connect(server.address(), "x", NEWEST));
        client.bind(1, partition);
        let (class, kind) = ("Planted".into(), TableKind::Embedded);
        let instructions = vec![Instruction::AddTable { class, kind }];
        client.upload(1, &encode(&Changeset { instructions }));
        client.acknowledged();
    }
    // A path at an app's endpoint, and a partition at the other, are none.
    let mut wire = user.connect(server.address(), "x", NEWEST);
    assert_eq!(
        bind(&mut wire, 1, "/ada/notes", ""),
        ("json_error".to_owned(), 204)
    );
    let token = signed(&server, r#"{"identity":"ada"}"#);
    assert_eq!(
        syncs(&server, &token, "{\"$oid\":\"507f1f77bcf86cd799439011\"}"),
        Err(204)
    );
    let exported = printed(&server, &["realms", "export", "/ada/notes"]);
    assert!(!exported.contains("Planted"), "{exported}");
    let planted = printed(&server, &["realms", "export", "x/\"/ada/notes\""]);
    assert!(planted.contains("Planted"), "{planted}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_grantee_is_nobody_however_it_is_asked_for() {
    let server = Server::start();
    let ada = classic(&server, "ada").await;
    classic(&server, "eve").await;
    made(&ada, "/ada/notes").await;
    let token = signed(&server, r#"{"identity":"ada"}"#);
    let eve = signed(&server, r#"{"identity":"eve"}"#);
    let from_ada = management(&ada).await;
    for grantee in [
        "nobody", "", " ", "**", "* ", "null", "%", "EVE", "__admin", "/ada",
    ] {
        assert_eq!(
            ask(&from_ada, change(grantee, "/~/notes", "rwm"))
                .await
                .code,
            601,
            "{grantee}"
        );
        let body = json!({"condition": {"userId": grantee}, "realmPath": "/ada/notes", "accessLevel": "admin"});
        let (status, told) = http(&server, "POST", "/permissions/apply", &token, &body);
        assert_eq!((status, &told["code"]), (400, &json!(601)), "{grantee}");
        let granted = command(
            &server,
            &token,
            &["perms", "grant", grantee, "/ada/notes", "--read"],
        );
        assert_ne!(granted, Some(0), "{grantee}");
        assert_eq!(syncs(&server, &eve, "/ada/notes"), Err(206), "{grantee}");
    }
    for condition in [
        json!({}),
        json!({"userId": null}),
        json!({"metadataKey": "email"}),
        json!({"metadataKey": "email", "metadataValue": "nobody@example.com"}),
    ] {
        let body =
            json!({"condition": condition, "realmPath": "/ada/notes", "accessLevel": "admin"});
        let (status, told) = http(&server, "POST", "/permissions/apply", &token, &body);
        assert_eq!(status, 400, "{condition} {told}");
        assert_eq!(syncs(&server, &eve, "/ada/notes"), Err(206), "{condition}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn offers_are_not_guessed_and_give_nothing_twice() {
    let server = Server::start();
    let ada = classic(&server, "ada").await;
    for user in ["bob", "eve"] {
        classic(&server, user).await;
    }
    made(&ada, "/ada/notes").await;
    let of = |user: &str| signed(&server, &format!(r#"{{"identity":"{user}"}}"#));
    let (token, bob, eve) = (of("ada"), of("bob"), of("eve"));
    let body = json!({"realmPath": "/~/notes", "accessLevel": "read", "expiresAt": null});
    let (_, made) = http(&server, "POST", "/permissions/offers", &token, &body);
    let offer = made["token"].as_str().unwrap();
    assert!(offer.len() >= 32, "{offer}");
    let accept = |who: &str, offer: &str| {
        let path = format!("/permissions/offers/{}/accept", offer.replace('%', "%25"));
        http(&server, "POST", &path, who, &Value::Null).0
    };
    let mut other = offer.to_owned();
    other.replace_range(..1, if offer.starts_with('0') { "1" } else { "0" });
    for guess in [
        &offer[..offer.len() - 1],
        &offer.to_uppercase(),
        &other,
        "%",
        "*",
        "ada:1",
        "ada",
        "0",
        "' OR 1=1 --",
    ] {
        if guess == offer {
            continue;
        }
        assert_ne!(accept(&eve, &guess.replace(' ', "%20")), 200, "{guess}");
        let guessed = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(guessed.path(), guess).unwrap();
        let file = guessed.path().to_str().unwrap();
        assert_ne!(
            command(&server, &eve, &["perms", "accept", file]),
            Some(0),
            "{guess}"
        );
        assert_eq!(syncs(&server, &eve, "/ada/notes"), Err(206), "{guess}");
    }
    // Taken up twice it gives what it gave; after the owner has taken that away, whoever still has the token takes it up again until it is withdrawn.
    for _ in 0..2 {
        assert_eq!(accept(&bob, offer), 200);
        assert_eq!(syncs(&server, &bob, "/ada/notes"), Ok(()));
    }
    let (status, _) = http(
        &server,
        "DELETE",
        &format!("/permissions/offers/{offer}"),
        &bob,
        &Value::Null,
    );
    assert_ne!(status, 200, "only who made it withdraws it");
    let (status, _) = http(
        &server,
        "DELETE",
        &format!("/permissions/offers/{offer}"),
        &token,
        &Value::Null,
    );
    assert_eq!(status, 200);
    let body =
        json!({"condition": {"userId": "bob"}, "realmPath": "/ada/notes", "accessLevel": "none"});
    assert_eq!(
        http(&server, "POST", "/permissions/apply", &token, &body).0,
        200
    );
    assert_ne!(accept(&bob, offer), 200, "replayed");
    assert_eq!(syncs(&server, &bob, "/ada/notes"), Err(206));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_not_taken_over_by_its_file_alone() {
    let server = Server::start();
    let ada = classic(&server, "ada").await;
    let bob = classic(&server, "bob").await;
    made(&ada, "/ada/notes").await;
    made(&bob, "/bob/notes").await;
    let from_ada = management(&ada).await;
    assert_eq!(
        ask(&from_ada, change("bob", "/~/notes", "r--")).await.code,
        0
    );
    let of =
        |user: &str| signed(&server, &format!(r#"{{"identity":"{user}"}}"#)).replace('+', "%2B");
    let mut victim = Client::with_token(&server, &of("ada"));
    victim.bind(1, "/ada/notes");
    let (file, salt) = (victim.file, victim.salt);
    let identify = |who: &str, realm: &str, file: u64, salt: u64| {
        let mut client = Client::with_token(&server, &of(who));
        let head = format!("bind 1 {} 0 0 0\n", realm.len());
        client.send(&head, realm.as_bytes());
        client.send(&format!("ident 1 {file} {salt} 0 0 0 0\n"), b"");
        loop {
            let message = client.next();
            match message.kind() {
                "json_error" => return message.number(1),
                "download" => return 0,
                _ => {}
            }
        }
    };
    for guess in [
        0,
        1,
        salt ^ 1,
        salt - 1,
        salt + 1,
        salt >> 1,
        i64::MAX as u64,
    ] {
        assert_ne!(identify("bob", "/ada/notes", file, guess), 0, "{guess}");
    }
    // It is a file of that Realm and of no other, and of that user: whoever has learnt both numbers is told to start over, though he may read the Realm.
    assert_ne!(identify("bob", "/bob/notes", file, salt), 0);
    assert_eq!(identify("bob", "/ada/notes", file, salt), 211);
    victim.is_served(1);
    victim.upload(1, &{
        let (class, kind) = ("Mine".into(), TableKind::Embedded);
        let instructions = vec![Instruction::AddTable { class, kind }];
        encode(&Changeset { instructions })
    });
    victim.acknowledged();
    assert_eq!(
        identify("ada", "/ada/notes", file, salt),
        0,
        "another connection of its own"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_salt_of_a_file_itself_opens_nothing() {
    let mut server = Server::start();
    let ada = classic(&server, "ada").await;
    made(&ada, "/ada/notes").await;
    let token = signed(&server, r#"{"identity":"ada"}"#).replace('+', "%2B");
    let mut device = Client::with_token(&server, &token);
    device.bind(1, "/ada/notes");
    let file = device.file;
    server.stop();
    let own = {
        let store = Store::open(&server.root(), rand::random).unwrap();
        let name = RealmName::from_canonical("/ada/notes");
        let realm = store.realm(&name, false).unwrap();
        realm.client_file(FileIdent(file)).unwrap().unwrap().salt
    };
    assert_ne!(own.0, device.salt, "it is told to nobody");
    server.restart();
    for (salt, served) in [(own.0, false), (device.salt, true)] {
        let mut device = Client::with_token(&server, &token);
        device.send("bind 1 10 0 0 0\n", b"/ada/notes");
        device.send(&format!("ident 1 {file} {salt} 0 0 0 0\n"), b"");
        if served {
            device.is_served(1);
        } else {
            assert_eq!(device.error().0, 211);
        }
    }
}
