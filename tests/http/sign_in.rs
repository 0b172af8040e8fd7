//! Signing in and registering.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ros::config::{App, Apps};
use serde_json::Value;

use super::Server;

const LOGIN: &str = "/app/x/auth/providers/local-userpass/login";
const REGISTER: &str = "/app/x/auth/providers/local-userpass/register";

/// What a client reads in a token.
fn claims(token: &str) -> Value {
    let middle = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(middle).unwrap()).unwrap()
}

fn is_id(text: &str) -> bool {
    text.len() == 24 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[tokio::test]
async fn an_anonymous_user_gets_what_clients_need() {
    let server = Server::dev();
    let reply = server.anonymous().await;
    assert_eq!(reply.status, 200);
    assert!(is_id(&reply.text("user_id")) && is_id(&reply.text("device_id")));
    for (key, kind, lifetime) in [
        ("access_token", "access", 1800),
        ("refresh_token", "refresh", 5_184_000),
    ] {
        let claims = claims(&reply.text(key));
        assert_eq!(
            (claims["iat"].as_u64(), claims["exp"].as_u64()),
            (Some(1_000_000), Some(1_000_000 + lifetime))
        );
        assert_eq!(
            (claims["typ"].as_str(), claims["sub"].as_str()),
            (Some(kind), Some(reply.text("user_id").as_str()))
        );
    }
    assert_ne!(
        server.anonymous().await.text("user_id"),
        reply.text("user_id")
    );
}

#[tokio::test]
async fn a_device_keeps_its_id_if_it_can_be_one() {
    let server = Server::dev();
    let login = async |device: &str| {
        let body = format!(r#"{{"options":{{"device":{{"deviceId":"{device}"}}}}}}"#);
        server
            .post("/app/x/auth/providers/anon-user/login", &body)
            .await
            .text("device_id")
    };
    assert_eq!(
        login("0123456789abcdef01234567").await,
        "0123456789abcdef01234567"
    );
    assert!(is_id(&login("<script>").await));
}

#[tokio::test]
async fn whoever_registers_can_sign_in() {
    let server = Server::dev();
    let reply = server
        .post(
            REGISTER,
            r#"{"email":"u@example.com","password":"secret-password"}"#,
        )
        .await;
    assert_eq!((reply.status.as_u16(), &reply.body[..]), (201, &b"{}"[..]));
    let credentials =
        r#"{"username":"u@example.com","password":"secret-password","provider":"local-userpass"}"#;
    let (one, two) = (
        server.post(LOGIN, credentials).await,
        server.post(LOGIN, credentials).await,
    );
    assert_eq!(one.text("user_id"), two.text("user_id"));

    let text = server
        .post(
            REGISTER,
            r#"{"email":"u@example.com","password":"secret-password"}"#,
        )
        .await
        .error(409, "AccountNameInUse");
    assert_eq!(text, "name already in use");
    for name in ["u@example.com", "nobody@example.com"] {
        let body = format!(r#"{{"username":"{name}","password":"wrong"}}"#);
        let text = server
            .post(LOGIN, &body)
            .await
            .error(401, "InvalidPassword");
        assert_eq!(text, "invalid username/password");
    }
}

#[tokio::test]
async fn users_of_one_app_are_unknown_to_another() {
    let server = Server::dev();
    server
        .post(
            REGISTER,
            r#"{"email":"u@example.com","password":"secret-password"}"#,
        )
        .await;
    let body = r#"{"username":"u@example.com","password":"secret-password"}"#;
    server
        .post("/app/y/auth/providers/local-userpass/login", body)
        .await
        .error(401, "InvalidPassword");
}

#[tokio::test]
async fn what_is_malformed_is_a_bad_request() {
    let server = Server::dev();
    for body in [
        "",
        "{",
        "[]",
        "7",
        r#"{"email":7,"password":"secret"}"#,
        r#"{"email":"u@example.com"}"#,
    ] {
        server.post(REGISTER, body).await.error(400, "BadRequest");
    }
    let text = server
        .post(REGISTER, r#"{"email":"u@example.com","password":"short"}"#)
        .await
        .error(400, "BadRequest");
    assert_eq!(text, "password must be between 8 and 128 characters");
    server
        .post(REGISTER, r#"{"email":"u","password":"secret-password"}"#)
        .await
        .error(400, "BadRequest");
    server
        .post(LOGIN, "{}")
        .await
        .error(400, "MissingParameter");
    server
        .post(LOGIN, r#"{"username":"u@example.com"}"#)
        .await
        .error(400, "MissingParameter");
    server
        .post(LOGIN, "nonsense")
        .await
        .error(400, "BadRequest");
}

#[tokio::test]
async fn answers_to_bad_requests_repeat_nothing_of_them() {
    let server = Server::dev();
    let reply = server
        .post(LOGIN, r#"{"username":"u","password":my-secret}"#)
        .await;
    assert!(!String::from_utf8_lossy(&reply.body).contains("my-secret"));
}

#[tokio::test]
async fn what_an_app_does_not_open_is_closed() {
    let closed = Server::with(|settings| {
        let named = [
            ("x", App::default()),
            (
                "y",
                App {
                    password: true,
                    ..App::default()
                },
            ),
        ];
        let named = named
            .map(|(id, app)| (ros::ident::AppId::parse(id).unwrap(), app))
            .into();
        settings.apps = Apps { named, any: None };
    });
    closed.anonymous().await.error(404, "AuthProviderNotFound");
    let registration = r#"{"email":"u@example.com","password":"secret-password"}"#;
    closed
        .post(REGISTER, registration)
        .await
        .error(404, "AuthProviderNotFound");
    closed
        .post(LOGIN, r#"{"username":"u@example.com","password":"p"}"#)
        .await
        .error(404, "AuthProviderNotFound");
    let text = closed
        .post(
            "/app/y/auth/providers/local-userpass/register",
            registration,
        )
        .await
        .error(400, "BadRequest");
    assert_eq!(text, "registration is not open for this app");
}

#[tokio::test]
async fn after_many_wrong_passwords_one_has_to_wait() {
    let server = Server::with(|settings| settings.limits.wrong_passwords = 2);
    server
        .post(
            REGISTER,
            r#"{"email":"u@example.com","password":"secret-password"}"#,
        )
        .await;
    let wrong = r#"{"username":"u@example.com","password":"wrong"}"#;
    let right = r#"{"username":"u@example.com","password":"secret-password"}"#;
    for _ in 0..2 {
        server
            .post(LOGIN, wrong)
            .await
            .error(401, "InvalidPassword");
    }
    server
        .post(LOGIN, right)
        .await
        .error(429, "AppUnknownError");
    server.pass(60);
    assert_eq!(server.post(LOGIN, right).await.status, 200);
}

/// A client that hangs up as soon as the server works for it.
async fn hang_up(server: &Server, path: &str, body: &str) {
    let request = server.post(path, body);
    assert!(
        tokio::time::timeout(std::time::Duration::ZERO, request)
            .await
            .is_err()
    );
}

#[tokio::test]
async fn who_hangs_up_has_tried() {
    let server = Server::with(|settings| settings.limits.wrong_passwords = 2);
    let wrong = r#"{"username":"u@example.com","password":"wrong"}"#;
    hang_up(&server, LOGIN, wrong).await;
    hang_up(&server, LOGIN, wrong).await;
    server
        .post(LOGIN, wrong)
        .await
        .error(429, "AppUnknownError");
}

#[tokio::test]
async fn who_hangs_up_is_counted_until_the_work_is_done() {
    let server = Server::with(|settings| {
        settings.limits.password_hashes = 1;
        settings.limits.password_line = 1;
    });
    let wrong = |name| format!(r#"{{"username":"{name}","password":"wrong"}}"#);
    hang_up(&server, LOGIN, &wrong("a")).await;
    // One more may wait, and another may not.
    let (b, c) = (wrong("b"), wrong("c"));
    let (waits, refused) = tokio::join!(server.post(LOGIN, &b), server.post(LOGIN, &c));
    waits.error(401, "InvalidPassword");
    refused.error(503, "InternalServerError");
    server.post(LOGIN, &c).await.error(401, "InvalidPassword");
}

#[tokio::test]
async fn registrations_from_one_address_have_a_bound() {
    let server = Server::with(|settings| settings.limits.registrations = 2);
    let body = |name| format!(r#"{{"email":"{name}@example.com","password":"secret-password"}}"#);
    assert_eq!(server.post(REGISTER, &body("a")).await.status, 201);
    server
        .post(REGISTER, &body("a"))
        .await
        .error(409, "AccountNameInUse");
    server
        .post(REGISTER, &body("b"))
        .await
        .error(429, "AppUnknownError");
    server.pass(60);
    assert_eq!(server.post(REGISTER, &body("b")).await.status, 201);
}
