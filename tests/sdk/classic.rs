//! The login code of Realm JS 1.8.3 and 6.1.8, as it is in the npm registry, signs in; what it gets opens Realms.

use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::issuer::{Issuer, jwks};
use crate::support::provider::{Reply, Service};
use crate::support::server::Server;
use crate::support::wire::Wire;

/// Where `tests/run` has put the code.
fn fetched() -> Option<PathBuf> {
    let named = std::env::var_os("ROS_SDK_CLASSIC").map(PathBuf::from);
    let cache =
        || Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache/ros-tests/classic-js"));
    let found = named.or_else(cache)?;
    found.join("fetched").is_file().then_some(found)
}

/// What the code of this version says, by what it did.
fn said(
    server: &Server,
    version: &str,
    mode: Option<&str>,
    token: &str,
) -> Option<impl Fn(&str) -> Value + use<>> {
    let Some(folder) = fetched() else {
        println!("could not run: no login code of old SDKs (tests/run fetches it)");
        return None;
    };
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/sdk/js/classic.js");
    let output = Command::new("node")
        .arg(script)
        .arg(&folder)
        .args([version, &server.url()])
        .args(mode)
        .env("NODE_PATH", folder.join("node_modules"))
        .env("ROS_TEST_TOKEN", token)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{errors}");
    let lines = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    Some(move |what: &str| {
        let line = lines.iter().find(|line| line["what"] == what);
        line.unwrap_or_else(|| panic!("no {what} in {lines:#?}"))
            .clone()
    })
}

fn bind(server: &Server, path: &str, token: &str) -> (String, u64) {
    let mut wire = Wire::open(
        server.address(),
        "/realm-sync",
        Some("com.mongodb.realm-sync#14"),
    )
    .unwrap();
    crate::serve::bind(&mut wire, 1, path, token)
}

#[test]
fn the_login_code_of_old_sdks_gets_what_opens_realms() {
    for version in ["1.8.3", "6.1.8"] {
        let server = Server::start();
        let Some(said) = said(&server, version, None, "") else {
            return;
        };
        let (made, user) = (said("registered"), said("signed in"));
        assert_eq!(
            (&made["identity"], &user["isAdmin"]),
            (&user["identity"], &Value::Bool(false))
        );
        let identity = user["identity"].as_str().unwrap();
        assert_eq!(identity.len(), 32);
        for what in ["wrong password", "nobody", "taken"] {
            let error = said(what);
            assert_eq!(error["code"], 611, "{error}");
            let title = error["title"].as_str().unwrap();
            assert!(title.starts_with("The provided credentials are invalid"));
        }
        let common = said("common");
        assert_eq!(common["code"], 601, "{common}");
        let told = common["invalid"][0]["reason"].as_str().unwrap();
        assert!(told.contains("most common"), "{common}");
        let own = said("own");
        let path = format!("/{identity}/notes");
        assert!(own["url"].as_str().unwrap().ends_with(&path), "{own}");
        assert_eq!(said("foreign")["error"]["code"], 614);

        let token = own["token"].as_str().unwrap();
        let denied = ("json_error".to_owned(), 206);
        assert_eq!(bind(&server, &format!("/{identity}/other"), token), denied);
        let opened = |token| bind(&server, &path, token).0 == "ident";
        // The login of the one with which somebody has logged out is over at once, also for access tokens.
        assert_eq!(opened(token), version == "1.8.3");
        // A refresh token gets access tokens, and opens nothing itself.
        assert_eq!(
            bind(&server, &path, made["token"].as_str().unwrap()),
            denied
        );
        if version == "6.1.8" {
            // Logging out ends what was opened with that login, and no other.
            assert_eq!(said("logged out")["error"]["code"], 614);
        }
    }
}

#[test]
fn the_permission_code_of_an_old_sdk_shares_a_realm() {
    let server = Server::start();
    let Some(before) = said(&server, "6.1.8", None, "") else {
        return;
    };
    let (own, ada) = (before("own"), before("signed in"));
    let (token, ada) = (
        own["token"].as_str().unwrap(),
        ada["identity"].as_str().unwrap(),
    );
    // It has logged out since, so the Realm is made under a token of the operator.
    let path = format!("/{ada}/notes");
    let claims = format!(
        r#"{{"identity":"{ada}","path":"{path}","access":["download","upload","manage"]}}"#
    );
    assert_eq!(bind(&server, &path, token).1, 206);
    assert_eq!(
        bind(&server, &path, &crate::serve::signed(&server, &claims)).0,
        "ident"
    );
    let said = said(&server, "6.1.8", Some("permissions"), "").unwrap();
    let friend = said("friend")["identity"].clone();
    let row = |user: &Value, write: bool| json!([{"userId": user, "mayRead": true, "mayWrite": write, "mayManage": false}]);
    for (what, expected) in [
        ("applied", json!({"affectedUsers": 1})),
        (
            "granted",
            json!({"rows": row(&friend, true), "friend": row(&friend, true)}),
        ),
        ("by name", json!({"affectedUsers": 1})),
        ("taken away", json!({"friend": []})),
        ("everybody", json!({"affectedUsers": -1})),
        // A grantee whom nobody knows is told, and is not everybody.
        ("for nobody", json!({"code": 601, "status": 400})),
        ("by a stranger", json!({"code": 614, "status": 403})),
        (
            "offered",
            json!({"same": true, "level": "write", "path": path}),
        ),
        (
            "accepted",
            json!({"path": path, "friend": [row(&friend, true)[0], row(&Value::Null, false)[0]]}),
        ),
        ("withdrawn", json!({"code": 601, "status": 400})),
        ("over", json!({"code": 701, "status": 403})),
    ] {
        let mut told = said(what);
        told.as_object_mut().unwrap().remove("what");
        assert_eq!(told, expected, "{what}");
    }
}

#[test]
fn the_login_code_of_old_sdks_signs_in_with_a_provider() {
    let google = Issuer::new();
    let keys = jwks(&[google.jwk("k1")]);
    let service = Service::start(move |_| Reply::Json(keys.clone()));
    let token = google.token_by(
        "k1",
        &json!({ "iss": "https://accounts.google.com", "aud": "our-app", "sub": "110248" }),
    );
    let server = Server::with_configuration(&format!(
        "  providers: {{ google: {{ clientId: our-app, keys_url: '{}' }} }}",
        service.url("/keys")
    ));
    let mut users = Vec::new();
    for version in ["1.8.3", "6.1.8"] {
        let Some(said) = said(&server, version, Some("google"), &token) else {
            return;
        };
        users.push(said("known")["identity"].clone());
        assert_eq!(said("unknown")["code"], 611, "{version}");
    }
    assert!(users[0].is_string() && users[0] == users[1], "{users:?}");
}
