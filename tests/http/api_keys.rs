//! API keys: made, listed, changed, and what they open.

use ros::config::App;
use serde_json::json;

use super::Server;

const LOGIN: &str = "/app/x/auth/providers/api-key/login";

#[tokio::test]
async fn a_key_signs_in_its_user_until_it_is_disabled_or_gone() {
    let server = Server::dev();
    let session = server.anonymous().await;
    let (user, refresh) = (session.text("user_id"), session.text("refresh_token"));
    let ask = async |method: &str, path: &str, body: &str| {
        server
            .request(
                method,
                &format!("/auth/api_keys{path}"),
                Some(&refresh),
                body,
            )
            .await
    };
    let made = ask("POST", "", r#"{"name":"build-server"}"#).await;
    assert_eq!(
        (
            made.status.as_u16(),
            made.text("name"),
            &made.json()["disabled"]
        ),
        (201, "build-server".into(), &json!(false))
    );
    let (id, key) = (made.text("_id"), made.text("key"));
    assert!(key.len() >= 64 && id.len() == 24);
    let shown = json!({"_id": id, "name": "build-server", "disabled": false});
    assert_eq!(ask("GET", "", "").await.json(), json!([shown]));
    assert_eq!(ask("GET", &format!("/{id}"), "").await.json(), shown);

    let login = json!({"key": key}).to_string();
    let signed_in = server.post(LOGIN, &login).await;
    assert_eq!(
        (signed_in.status.as_u16(), signed_in.text("user_id")),
        (200, user)
    );
    ask("PUT", &format!("/{id}/disable"), "").await.empty(204);
    assert_eq!(
        ask("GET", &format!("/{id}"), "").await.json()["disabled"],
        true
    );
    server
        .post(LOGIN, &login)
        .await
        .error(401, "InvalidPassword");
    ask("PUT", &format!("/{id}/enable"), "").await.empty(204);
    assert_eq!(server.post(LOGIN, &login).await.status, 200);
    // A key is for one app.
    server
        .post("/app/y/auth/providers/api-key/login", &login)
        .await
        .error(401, "InvalidPassword");
    ask("DELETE", &format!("/{id}"), "").await.empty(204);
    server
        .post(LOGIN, &login)
        .await
        .error(401, "InvalidPassword");
    assert_eq!(ask("GET", "", "").await.json(), json!([]));
}

#[tokio::test]
async fn nobody_sees_or_changes_the_keys_of_others() {
    let server = Server::dev();
    let (one, other) = (server.anonymous().await, server.anonymous().await);
    let made = server
        .request(
            "POST",
            "/auth/api_keys",
            Some(&one.text("refresh_token")),
            r#"{"name":"k"}"#,
        )
        .await;
    let path = format!("/auth/api_keys/{}", made.text("_id"));
    for (method, path) in [
        ("GET", path.clone()),
        ("DELETE", path.clone()),
        ("PUT", format!("{path}/disable")),
        ("GET", "/auth/api_keys/junk".into()),
    ] {
        let reply = server
            .request(method, &path, Some(&other.text("refresh_token")), "")
            .await;
        assert_eq!(reply.error(404, "APIKeyNotFound"), "API key not found");
        // These routes take refresh tokens alone.
        let reply = server
            .request(method, &path, Some(&one.text("access_token")), "")
            .await;
        reply.error(401, "InvalidSession");
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_key_is_said() {
    let server = Server::dev();
    let refresh = server.anonymous().await.text("refresh_token");
    let make = async |body: &str| {
        server
            .request("POST", "/auth/api_keys", Some(&refresh), body)
            .await
    };
    for name in ["", "with space", "é", &"x".repeat(65)] {
        make(&json!({ "name": name }).to_string())
            .await
            .error(400, "BadRequest");
    }
    make("{}").await.error(400, "BadRequest");
    assert_eq!(make(r#"{"name":"k"}"#).await.status, 201);
    make(r#"{"name":"k"}"#)
        .await
        .error(409, "APIKeyAlreadyExists");
    server
        .post(LOGIN, "{}")
        .await
        .error(400, "MissingParameter");
    server
        .post(LOGIN, r#"{"key":"junk"}"#)
        .await
        .error(401, "InvalidPassword");

    let closed = Server::with(|settings| {
        settings.apps.any = Some(App {
            anonymous: true,
            ..App::default()
        });
    });
    let refresh = closed.anonymous().await.text("refresh_token");
    closed
        .post(LOGIN, r#"{"key":"k"}"#)
        .await
        .error(404, "AuthProviderNotFound");
    let reply = closed
        .request("POST", "/auth/api_keys", Some(&refresh), r#"{"name":"k"}"#)
        .await;
    reply.error(404, "AuthProviderNotFound");
}
