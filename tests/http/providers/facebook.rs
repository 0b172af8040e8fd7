//! Users of Facebook, which is asked whom a token belongs to.

use serde_json::json;

use super::{Says, code, configured, identity};
use crate::http::{Reply, Server};
use crate::support::provider::{Asked, Service, nobody};

/// What Facebook says of tokens, by their beginning.
fn facebook(asked: &Asked) -> Says {
    let (path, query) = asked.line.split_once('?').unwrap_or((&asked.line, ""));
    let query = |name: &str| {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs
            .find(|(found, _)| *found == name)
            .map(|(_, value)| value.to_owned())
    };
    let error = |status, code: u64| {
        let body = json!({ "error": { "message": "no", "type": "OAuthException", "code": code } });
        Says::Refused(status, body.to_string())
    };
    match path {
        "GET /me" => match query("access_token").unwrap_or_default().as_str() {
            "ada" if query("fields").as_deref() == Some("id") => {
                Says::Json(json!({ "id": "10" }).to_string())
            }
            "busy" => error(400, 4),
            "down" => Says::Status(500),
            "strange" => Says::Json("[]".into()),
            _ => error(400, 190),
        },
        "GET /debug_token" if query("access_token").as_deref() != Some("123%7Csecret") => {
            error(400, 190)
        }
        "GET /debug_token" => {
            let (app, valid) = match query("input_token").unwrap_or_default().as_str() {
                "ada" => ("123", true),
                "ended" => ("123", false),
                _ => ("456", true),
            };
            Says::Json(
                json!({ "data": { "app_id": app, "is_valid": valid, "user_id": "10" } })
                    .to_string(),
            )
        }
        _ => Says::Status(404),
    }
}

impl Server {
    async fn facebook(&self, token: &str) -> Reply {
        let body = json!({ "accessToken": token }).to_string();
        self.post("/app/x/auth/providers/oauth2-facebook/login", &body)
            .await
    }
}

fn for_facebook(graph_url: &str, more: &str) -> Server {
    let facebook = format!("{{ graph_url: '{graph_url}', {more} }}");
    let text = format!(
        "  providers: {{ facebook: {facebook} }}\napps: {{ x: {{ providers: {{ oauth2-facebook: true }}, oauth2-facebook: {facebook} }} }}"
    );
    Server::with(|settings| configured(settings, &text))
}

#[tokio::test]
async fn whom_facebook_knows_signs_in_and_nobody_else() {
    let service = Service::start(facebook);
    let server = for_facebook(&service.url(""), "");
    let user = server.facebook("ada").await.text("user_id");
    assert_eq!(server.facebook("ada").await.text("user_id"), user);
    let classic = identity(&server.known_to("facebook", "ada").await);
    assert_eq!(identity(&server.known_to("facebook", "ada").await), classic);
    server.facebook("eve").await.error(401, "AuthError");
    assert_eq!(code(&server.known_to("facebook", "eve").await), (401, 611));
    for token in ["busy", "down", "strange"] {
        server
            .facebook(token)
            .await
            .error(503, "InternalServerError");
        assert_eq!(
            code(&server.known_to("facebook", token).await),
            (503, 801),
            "{token}"
        );
    }
    let away = for_facebook(&nobody(), "");
    away.facebook("ada").await.error(503, "InternalServerError");
    let path = "/app/x/auth/providers/oauth2-facebook/login";
    server.post(path, "{}").await.error(400, "MissingParameter");
}

#[tokio::test]
async fn tokens_for_another_app_of_facebook_are_refused_where_the_app_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    std::fs::write(&secret, "secret\n").unwrap();
    let service = Service::start(facebook);
    let more = format!("app_id: '123', app_secret_path: {}", secret.display());
    let server = for_facebook(&service.url(""), &more);
    assert_eq!(server.facebook("ada").await.status, 200);
    assert_eq!(server.known_to("facebook", "ada").await.status, 200);
    for token in ["of-another-app", "ended"] {
        server.facebook(token).await.error(401, "AuthError");
        assert_eq!(
            code(&server.known_to("facebook", token).await),
            (401, 611),
            "{token}"
        );
    }
    // A secret that is wrong or away is no mistake of who signs in.
    std::fs::write(&secret, "wrong").unwrap();
    server
        .facebook("ada")
        .await
        .error(503, "InternalServerError");
    std::fs::remove_file(&secret).unwrap();
    server
        .facebook("ada")
        .await
        .error(503, "InternalServerError");
}
