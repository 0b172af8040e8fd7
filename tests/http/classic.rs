//! The classic API: signing in, tokens for Realms, and what is said when something is wrong.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hyper::header::CONTENT_TYPE;
use serde_json::{Value, json};

use super::{Reply, Server};

impl Reply {
    /// Checks that this is a success as every old client takes it; its body.
    pub fn object(&self) -> Value {
        assert_eq!(self.status, 200, "{:?}", self.body);
        assert_eq!(
            self.headers[CONTENT_TYPE],
            "application/json; charset=utf-8"
        );
        let body = self.json();
        assert!(body.is_object(), "{body}");
        body
    }

    /// Checks that this is a problem with this status and code; its body.
    pub fn problem(&self, status: u16, code: u16) -> Value {
        let body = self.json();
        let said = (self.status.as_u16(), body["code"].as_u64());
        assert_eq!(said, (status, Some(code.into())), "{body}");
        assert_eq!(body["status"], status);
        let kind = body["type"].as_str().unwrap();
        assert!(kind.starts_with("https://realm.io/docs/object-server/problems/"));
        assert!(!body["title"].as_str().unwrap().is_empty());
        body
    }
}

impl Server {
    pub async fn auth(&self, body: &Value) -> Reply {
        self.request_at("POST", "/auth", None, &body.to_string())
            .await
    }

    /// Registers a classic user; its refresh token, and what is in it.
    pub async fn classic_user(&self, name: &str) -> (String, Value) {
        let body = json!({"provider": "password", "data": name, "user_info": {"password": "correct horse", "register": true}, "app_id": ""});
        let issued = &self.auth(&body).await.object()["refresh_token"];
        (
            issued["token"].as_str().unwrap().to_owned(),
            issued["token_data"].clone(),
        )
    }

    pub async fn access(&self, refresh: &str, path: &str) -> Reply {
        self.auth(&json!({"provider": "realm", "data": refresh, "path": path, "app_id": ""}))
            .await
    }
}

/// What is in a token.
fn claims(token: &Value) -> Value {
    let (claims, _) = token.as_str().unwrap().split_once(':').unwrap();
    serde_json::from_slice(&BASE64_STANDARD.decode(claims).unwrap()).unwrap()
}

#[tokio::test]
async fn whoever_registers_can_sign_in_and_gets_what_clients_read() {
    let server = Server::dev();
    let (_, made) = server.classic_user("Ada@example.org").await;
    for body in [
        json!({"provider": "password", "data": "ada@example.org", "user_info": {"password": "correct horse", "register": false}, "app_id": "com.example", "path": null}),
        json!({"provider": "password", "username": "Ada@example.org", "password": "correct horse", "app_id": "com.example"}),
    ] {
        let issued = server.auth(&body).await.object()["refresh_token"].clone();
        let data = &issued["token_data"];
        assert_eq!(*data, claims(&issued["token"]));
        assert_eq!(
            (&data["identity"], &data["app_id"]),
            (&made["identity"], &json!("com.example"))
        );
        assert_eq!(
            (&data["access"], &data["is_admin"]),
            (&json!(["refresh"]), &json!(false))
        );
        assert_eq!(data["expires"], 1_000_000 + 315_360_000);
        assert_ne!(data["salt"], made["salt"]);
    }
    assert_eq!(made["app_id"], "io.realm.Auth");
}

#[tokio::test]
async fn problems_have_the_codes_that_clients_know() {
    let server = Server::dev();
    server.classic_user("ada").await;
    let password =
        |data: Value, info: Value| json!({"provider": "password", "data": data, "user_info": info});
    let right = json!({"password": "correct horse"});
    for (body, status, code) in [
        (json!({}), 400, 602),
        (json!({"provider": null}), 400, 602),
        (json!({"provider": "carrier-pigeon", "data": "x"}), 400, 601),
        (json!({"provider": 7}), 400, 601),
        (password(json!(null), right.clone()), 400, 602),
        (password(json!("ada"), json!({})), 400, 602),
        (password(json!("ada"), json!(null)), 400, 602),
        (
            password(json!("ada"), json!({"password": "wrong"})),
            401,
            611,
        ),
        (password(json!("ada"), json!({"password": ""})), 401, 611),
        (password(json!("bob"), right.clone()), 401, 611),
        (
            password(
                json!("ada"),
                json!({"password": "correct horse", "register": true}),
            ),
            401,
            611,
        ),
        (
            password(json!("eve"), json!({"password": "short", "register": true})),
            400,
            601,
        ),
        (
            password(
                json!(""),
                json!({"password": "correct horse", "register": true}),
            ),
            400,
            601,
        ),
        (
            password(
                json!("a\nb"),
                json!({"password": "correct horse", "register": true}),
            ),
            400,
            601,
        ),
        (json!({"provider": "realm", "path": "/~/a"}), 400, 602),
        (
            json!({"provider": "realm", "path": "/~/a", "data": "junk"}),
            403,
            614,
        ),
    ] {
        server.auth(&body).await.problem(status, code);
    }
    let malformed = server
        .request_at("POST", "/auth", None, "{\"password\":\"s3cret")
        .await;
    malformed.problem(400, 601);
    assert!(!String::from_utf8_lossy(&malformed.body).contains("s3cret"));
    let missing = server.auth(&json!({})).await.problem(400, 602);
    assert_eq!(missing["invalid_params"][0]["name"], "provider");
}

#[tokio::test]
async fn nobody_hears_whether_there_is_such_a_user() {
    let server = Server::dev();
    server.classic_user("ada").await;
    let ask = async |name: &str| {
        let body =
            json!({"provider": "password", "data": name, "user_info": {"password": "wrong"}});
        server.auth(&body).await.problem(401, 611)
    };
    assert_eq!(ask("ada").await, ask("bob").await);
}

#[tokio::test]
async fn an_access_token_is_for_one_realm_and_carries_what_is_allowed() {
    let server = Server::dev();
    let (refresh, user) = server.classic_user("ada").await;
    let home = format!("/{}/notes", user["identity"].as_str().unwrap());
    for path in ["/~/notes", "~/notes", &home, "/%7E/notes"] {
        let issued = server.access(&refresh, path).await.object()["access_token"].clone();
        let data = &issued["token_data"];
        assert_eq!(*data, claims(&issued["token"]));
        assert_eq!(
            (&data["path"], &data["sync_label"]),
            (&json!(home), &json!("default"))
        );
        assert_eq!(
            (&data["access"], &data["expires"]),
            (&json!(["download", "upload", "manage"]), &json!(1_000_600))
        );
        assert_eq!(data["identity"], user["identity"]);
        assert_eq!(data.get("is_admin"), None);
    }
    for path in [
        "/other/notes",
        "/notes",
        "/",
        "//",
        "/~/../bob/notes",
        "/~/a/%2e%2e/b",
        "/~/a.realm",
        "/~",
        "/__admin",
        "/~/%zz",
        "/~/\u{fc}",
    ] {
        let told = server.access(&refresh, path).await.problem(403, 614);
        assert_eq!(
            told["title"], "The path is invalid or current user has no access.",
            "{path}"
        );
    }
}

#[tokio::test]
async fn without_a_path_a_token_says_who_somebody_is() {
    let server = Server::dev();
    let (refresh, user) = server.classic_user("ada").await;
    for path in [json!(null), json!("")] {
        let body = json!({"provider": "realm", "data": refresh, "path": path});
        let issued = server.auth(&body).await.object()["user_token"].clone();
        assert_eq!(issued["token_data"], claims(&issued["token"]));
        assert_eq!(issued["token_data"]["identity"], user["identity"]);
        assert_eq!(issued["token_data"].get("access"), None);
        // It is no refresh token.
        server
            .access(issued["token"].as_str().unwrap(), "/~/a")
            .await
            .problem(403, 614);
    }
}

#[tokio::test]
async fn a_refresh_token_ends_with_its_time_or_its_login() {
    let server = Server::dev();
    let (refresh, _) = server.classic_user("ada").await;
    let sign_in =
        json!({"provider": "password", "data": "ada", "user_info": {"password": "correct horse"}});
    let other = server.auth(&sign_in).await.object()["refresh_token"]["token"].clone();
    let other = other.as_str().unwrap();
    let access = server.access(&refresh, "/~/a").await.object()["access_token"]["token"].clone();
    server
        .access(access.as_str().unwrap(), "/~/a")
        .await
        .problem(403, 614);

    // With the token in the body (1.x), and in the header (2 and later).
    let body = json!({ "token": refresh }).to_string();
    let revoked = server.request_at("POST", "/auth/revoke", None, &body).await;
    assert_eq!(revoked.object(), json!({}));
    assert_eq!(server.world.ended.lock().unwrap().len(), 1);
    server.access(&refresh, "/~/a").await.problem(403, 614);
    server
        .request_at("POST", "/auth/revoke", None, &body)
        .await
        .problem(401, 611);
    server
        .request_at("POST", "/auth/revoke", None, "")
        .await
        .problem(400, 602);
    server.access(other, "/~/a").await.object();
    assert_eq!(
        server
            .request_at("POST", "/auth/revoke", Some(other), "")
            .await
            .object(),
        json!({})
    );
    server.access(other, "/~/a").await.problem(403, 614);

    let third = server.auth(&sign_in).await.object()["refresh_token"]["token"].clone();
    server.pass(315_360_001);
    server
        .access(third.as_str().unwrap(), "/~/a")
        .await
        .problem(403, 615);
}

#[tokio::test]
async fn registration_is_open_only_where_that_is_said() {
    let server = Server::with(|settings| settings.classic_registration = false);
    let body = json!({"provider": "password", "data": "ada", "user_info": {"password": "correct horse", "register": true}});
    server.auth(&body).await.problem(401, 611);
}

#[tokio::test]
async fn after_many_wrong_passwords_one_has_to_wait_here_too() {
    let server = Server::with(|settings| settings.limits.wrong_passwords = 2);
    server.classic_user("ada").await;
    let body = |password: &str| json!({"provider": "password", "data": "ada", "user_info": {"password": password}});
    for _ in 0..2 {
        server.auth(&body("wrong")).await.problem(401, 611);
    }
    server.auth(&body("correct horse")).await.problem(429, 611);
    server.pass(60);
    server.auth(&body("correct horse")).await.object();
}

#[tokio::test]
async fn urls_of_other_hosts_are_refused_where_own_names_are_configured() {
    let with = |hosts: &[&str]| {
        let hosts = hosts.iter().map(|host| (*host).to_owned()).collect();
        Server::with(|settings| settings.sync_hosts = hosts)
    };
    for (hosts, url, code) in [
        (
            &["sync.example.com:9080"][..],
            "realm://sync.example.com:9080/~/notes",
            None,
        ),
        (
            &["sync.example.com:9080"],
            "realm://other.example.com:9080/~/notes",
            Some(616),
        ),
        (&["sync.example.com:9080"], "/~/notes", None),
        (&[], "realm://other.example.com:9080/~/notes", None),
    ] {
        let server = with(hosts);
        let (refresh, _) = server.classic_user("ada").await;
        let told = server.access(&refresh, url).await.json();
        assert_eq!(told["code"].as_u64(), code, "{url}: {told}");
        assert_eq!(told["access_token"].is_object(), code.is_none(), "{told}");
    }
}
