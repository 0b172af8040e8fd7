//! What a client does with its tokens.

use serde_json::json;

use super::{Reply, Server};

async fn profile(server: &Server, token: &str) -> Reply {
    server
        .request("GET", "/auth/profile", Some(token), "")
        .await
}

async fn refresh(server: &Server, token: &str) -> Reply {
    server
        .request("POST", "/auth/session", Some(token), "")
        .await
}

#[tokio::test]
async fn a_user_is_shown_itself() {
    let server = Server::dev();
    let login = server.anonymous().await;
    let shown = profile(&server, &login.text("access_token")).await;
    assert_eq!(
        (shown.status.as_u16(), shown.text("user_id")),
        (200, login.text("user_id"))
    );
    assert_eq!(
        (shown.text("type"), shown.json()["data"].clone()),
        ("normal".to_owned(), json!({}))
    );
    let identities = shown.json()["identities"].clone();
    assert_eq!(
        (
            identities.as_array().map(Vec::len),
            &identities[0]["provider_type"]
        ),
        (Some(1), &json!("anon-user"))
    );

    let credentials =
        r#"{"email":"U@example.com","username":"u@example.com","password":"secret-password"}"#;
    server
        .post("/app/x/auth/providers/local-userpass/register", credentials)
        .await;
    let login = server
        .post("/app/x/auth/providers/local-userpass/login", credentials)
        .await;
    let shown = profile(&server, &login.text("access_token")).await.json();
    assert_eq!(
        (&shown["data"], &shown["identities"][0]["provider_type"]),
        (&json!({"email": "U@example.com"}), &json!("local-userpass"))
    );
}

#[tokio::test]
async fn a_refresh_token_gets_access_tokens() {
    let server = Server::dev();
    let login = server.anonymous().await;
    server.pass(1801);
    profile(&server, &login.text("access_token"))
        .await
        .error(401, "InvalidSession");
    let reply = refresh(&server, &login.text("refresh_token")).await;
    assert_eq!(reply.status, 201);
    assert_eq!(
        profile(&server, &reply.text("access_token")).await.status,
        200
    );
    refresh(&server, &login.text("access_token"))
        .await
        .error(401, "InvalidSession");
    server.pass(5_184_000);
    refresh(&server, &login.text("refresh_token"))
        .await
        .error(401, "InvalidSession");
}

#[tokio::test]
async fn logging_out_ends_the_login_and_what_was_opened_with_it() {
    let server = Server::dev();
    let login = server.anonymous().await;
    let (access, renewal) = (login.text("access_token"), login.text("refresh_token"));
    server
        .request("DELETE", "/auth/session", Some(&renewal), "")
        .await
        .empty(204);
    assert_eq!(server.world.ended.lock().unwrap().len(), 1);
    profile(&server, &access).await.error(401, "InvalidSession");
    refresh(&server, &renewal)
        .await
        .error(401, "InvalidSession");
    server
        .request("DELETE", "/auth/session", Some(&renewal), "")
        .await
        .error(401, "InvalidSession");
}

#[tokio::test]
async fn a_deleted_user_is_gone() {
    let server = Server::dev();
    let login = server.anonymous().await;
    let access = login.text("access_token");
    server
        .request("DELETE", "/auth/delete", Some(&access), "")
        .await
        .empty(204);
    assert_eq!(server.world.ended.lock().unwrap().len(), 1);
    profile(&server, &access).await.error(401, "InvalidSession");
    refresh(&server, &login.text("refresh_token"))
        .await
        .error(401, "InvalidSession");
}

#[tokio::test]
async fn a_token_that_is_none_is_an_invalid_session() {
    let server = Server::dev();
    let paths = [
        ("GET", "/auth/profile"),
        ("POST", "/auth/session"),
        ("DELETE", "/auth/session"),
        ("DELETE", "/auth/delete"),
    ];
    for (method, path) in paths {
        for token in [
            None,
            Some(""),
            Some("x"),
            Some("a.b.c"),
            Some("e30.e30.e30"),
        ] {
            let text = server
                .request(method, path, token, "")
                .await
                .error(401, "InvalidSession");
            assert_eq!(text, "invalid session");
        }
    }
}
