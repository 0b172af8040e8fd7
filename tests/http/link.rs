//! Name and password for a user that began without; custom data.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ros::auth::ClassicToken;
use serde_json::{Value, json};

use super::{Reply, Server, keys};

const LOGIN: &str = "/app/x/auth/providers/local-userpass/login";
const CREDENTIALS: &str = r#"{"username":"u@example.com","password":"secret-password"}"#;

async fn registered() -> Server {
    let server = Server::dev();
    let body = r#"{"email":"u@example.com","password":"secret-password"}"#;
    let reply = server
        .post("/app/x/auth/providers/local-userpass/register", body)
        .await;
    assert_eq!(reply.status, 201);
    server
}

async fn link(server: &Server, access: &str, body: &str) -> Reply {
    server
        .request("POST", &format!("{LOGIN}?link=true"), Some(access), body)
        .await
}

#[tokio::test]
async fn an_anonymous_user_gets_a_password_and_stays_who_it_is() {
    let server = registered().await;
    let session = server.anonymous().await;
    let user = session.text("user_id");
    let linked = link(&server, &session.text("access_token"), CREDENTIALS).await;
    assert_eq!(
        (linked.status.as_u16(), linked.text("user_id")),
        (200, user.clone())
    );
    let profile = server
        .request(
            "GET",
            "/auth/profile",
            Some(&linked.text("access_token")),
            "",
        )
        .await
        .json();
    let kinds: Vec<&Value> = profile["identities"]
        .as_array()
        .unwrap()
        .iter()
        .map(|identity| &identity["provider_type"])
        .collect();
    assert_eq!(kinds.len(), 2);
    assert!(kinds.contains(&&json!("anon-user")) && kinds.contains(&&json!("local-userpass")));
    assert_eq!(profile["data"]["email"], "u@example.com");
    assert_eq!(server.post(LOGIN, CREDENTIALS).await.text("user_id"), user);
    // Again is no harm.
    assert_eq!(
        link(&server, &linked.text("access_token"), CREDENTIALS)
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn nobody_is_taken_over_by_linking() {
    let server = registered().await;
    let lives = server.post(LOGIN, CREDENTIALS).await.text("user_id");
    let session = server.anonymous().await;
    let access = session.text("access_token");
    link(&server, &access, CREDENTIALS)
        .await
        .error(409, "AccountNameInUse");
    let wrong = r#"{"username":"u@example.com","password":"wrong-password"}"#;
    link(&server, &access, wrong)
        .await
        .error(401, "InvalidPassword");
    let nobody = r#"{"username":"nobody@example.com","password":"wrong-password"}"#;
    link(&server, &access, nobody)
        .await
        .error(401, "InvalidPassword");
    link(&server, "junk", CREDENTIALS)
        .await
        .error(401, "InvalidSession");
    assert_eq!(server.post(LOGIN, CREDENTIALS).await.text("user_id"), lives);
}

#[tokio::test]
async fn custom_data_travels_in_access_tokens() {
    let server = Server::dev();
    let session = server.anonymous().await;
    let data = |token: &str| {
        let middle = token.split('.').nth(1).unwrap().to_owned();
        let claims: Value =
            serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(middle).unwrap()).unwrap();
        claims.get("user_data").cloned()
    };
    assert_eq!(data(&session.text("access_token")), None);
    let admin = ClassicToken::admin(&keys());
    let path = format!("/api/ros/v1/users/{}?app=x", session.text("user_id"));
    let set = async |data: Value| {
        let body = json!({ "metadata": data }).to_string();
        server
            .request_at("PATCH", &path, Some(admin.reveal()), &body)
            .await
    };
    assert_eq!(set(json!({"team": "blue", "level": 3})).await.status, 200);
    // From the next token on.
    let refresh = session.text("refresh_token");
    let refreshed = server
        .request("POST", "/auth/session", Some(&refresh), "")
        .await
        .text("access_token");
    assert_eq!(data(&refreshed), Some(json!({"team": "blue", "level": 3})));
    assert_eq!(data(&refresh), None);
    set(json!({"text": "x".repeat(3000)}))
        .await
        .error(400, "BadRequest");
}
