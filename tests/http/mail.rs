//! E-mail: confirming an address, and another password for who has forgotten it.

use ros::config::{App, Mail};
use serde_json::json;

use super::Server;

const BASE: &str = "/app/x/auth/providers/local-userpass";
const CREDENTIALS: &str = r#"{"username":"u@example.com","password":"secret-password"}"#;

fn server(confirm_email: bool) -> Server {
    Server::with(|settings| {
        settings.mail = Mail {
            url: Some("smtp://127.0.0.1:1".into()),
            from: Some("no-reply@example.com".into()),
            confirm_url: Some("https://app.example.com/confirm?lang=en".into()),
            reset_url: Some("https://app.example.com/reset".into()),
        };
        let open = settings.apps.any.clone().unwrap();
        settings.apps.any = Some(App {
            confirm_email,
            ..open
        });
    })
}

impl Server {
    async fn at(&self, path: &str, body: serde_json::Value) -> super::Reply {
        self.post(&format!("{BASE}{path}"), &body.to_string()).await
    }

    async fn registered(&self) {
        let body = json!({"email": "u@example.com", "password": "secret-password"});
        assert_eq!(self.at("/register", body).await.status, 201);
    }

    /// Token and id in the link of the only letter, which is taken.
    fn letter(&self, page: &str) -> (String, String) {
        let letters = std::mem::take(&mut *self.world.letters.lock().unwrap());
        assert_eq!(letters.len(), 1);
        let text = letters[0].text.reveal();
        let link = text
            .split_whitespace()
            .find(|word| word.starts_with(page))
            .unwrap();
        let value = |name: &str| {
            let pair = link
                .split(['?', '&'])
                .find_map(|pair| pair.strip_prefix(name));
            pair.unwrap().to_owned()
        };
        assert_eq!(letters[0].to, "u@example.com");
        (value("token="), value("tokenId="))
    }
}

#[tokio::test]
async fn who_must_confirm_signs_in_after_that() {
    let server = server(true);
    server.registered().await;
    let (token, id) = server.letter("https://app.example.com/confirm?lang=en&app=x&");
    let told = server
        .post(&format!("{BASE}/login"), CREDENTIALS)
        .await
        .error(401, "AuthError");
    assert_eq!(told, "confirmation required");
    // Whoever does not have the password hears nothing of it.
    let wrong = CREDENTIALS.replace("secret-", "wrong-");
    server
        .post(&format!("{BASE}/login"), &wrong)
        .await
        .error(401, "InvalidPassword");

    let other = json!({"token": token, "tokenId": "0".repeat(24)});
    assert_eq!(
        server.at("/confirm", other).await.error(400, "BadRequest"),
        "invalid token data"
    );
    let right = json!({"token": token, "tokenId": id});
    // It is for nothing else.
    let reset = json!({"token": token, "tokenId": id, "password": "other-password"});
    server.at("/reset", reset).await.error(400, "BadRequest");
    assert_eq!(server.at("/confirm", right.clone()).await.status, 200);
    assert_eq!(
        server
            .post(&format!("{BASE}/login"), CREDENTIALS)
            .await
            .status,
        200
    );
    server.at("/confirm", right).await.error(400, "BadRequest");
}

#[tokio::test]
async fn who_has_forgotten_the_password_sets_another() {
    let server = server(false);
    server.registered().await;
    let session = server.post(&format!("{BASE}/login"), CREDENTIALS).await;
    assert_eq!(
        server
            .at("/reset/send", json!({"email": "U@example.com"}))
            .await
            .status,
        202
    );
    let (token, id) = server.letter("https://app.example.com/reset?app=x&");
    let set = |password: &str| json!({"token": token, "tokenId": id, "password": password});
    server
        .at("/reset", set("short"))
        .await
        .error(400, "BadRequest");
    server
        .at("/reset", json!({"token": token, "tokenId": id}))
        .await
        .error(400, "MissingParameter");
    assert_eq!(
        server.at("/reset", set("another-password")).await.status,
        200
    );
    server
        .post(&format!("{BASE}/login"), CREDENTIALS)
        .await
        .error(401, "InvalidPassword");
    let new = CREDENTIALS.replace("secret-", "another-");
    assert_eq!(
        server.post(&format!("{BASE}/login"), &new).await.status,
        200
    );
    // Whoever was signed in is not any more, and the token counts once.
    let refresh = session.text("refresh_token");
    server
        .request("POST", "/auth/session", Some(&refresh), "")
        .await
        .error(401, "InvalidSession");
    server
        .at("/reset", set("third-password"))
        .await
        .error(400, "BadRequest");
}

#[tokio::test]
async fn nobody_hears_who_has_an_address_here() {
    let server = server(true);
    server.registered().await;
    server.world.letters.lock().unwrap().clear();
    for path in ["/reset/send", "/confirm/send"] {
        let [there, not] =
            ["u@example.com", "nobody@example.com"].map(|email| json!({ "email": email }));
        let (there, not) = (server.at(path, there).await, server.at(path, not).await);
        assert_eq!((there.status, there.body), (not.status, not.body), "{path}");
    }
    assert_eq!(server.world.letters.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn letters_have_an_end_and_tokens_too() {
    let server = server(false);
    server.registered().await;
    let send = async || {
        server
            .at("/reset/send", json!({"email": "u@example.com"}))
            .await
    };
    for _ in 0..3 {
        assert_eq!(send().await.status, 202);
    }
    send().await.error(429, "AppUnknownError");
    server.world.letters.lock().unwrap().clear();
    server.pass(60);
    assert_eq!(send().await.status, 202);
    let (token, id) = server.letter("https://app.example.com/reset");
    server.pass(12 * 3600 + 1);
    let set = json!({"token": token, "tokenId": id, "password": "another-password"});
    server.at("/reset", set).await.error(400, "BadRequest");
}

#[tokio::test]
async fn without_a_server_for_mail_that_is_said() {
    let server = Server::dev();
    let told = server
        .at("/reset/send", json!({"email": "u@example.com"}))
        .await;
    assert_eq!(told.error(400, "BadRequest"), "this server sends no e-mail");
    server
        .at("/confirm/send", json!({"email": "u@example.com"}))
        .await
        .error(400, "UserAlreadyConfirmed");
}

#[tokio::test]
async fn sdks_of_the_generation_before_do_the_same() {
    let server = server(false);
    let (refresh, _) = server.classic_user("u@example.com").await;
    let update = async |provider_id: &str, data: serde_json::Value| {
        let body = json!({"provider_id": provider_id, "data": data}).to_string();
        server
            .request_at("POST", "/auth/password/updateAccount", None, &body)
            .await
    };
    update(
        "u@example.com",
        json!({"action": "request_email_confirmation"}),
    )
    .await
    .object();
    let (token, _) = server.letter("https://app.example.com/confirm");
    update("", json!({"action": "confirm_email", "token": token}))
        .await
        .object();
    update("u@example.com", json!({"action": "reset_password"}))
        .await
        .object();
    let (token, _) = server.letter("https://app.example.com/reset?app=classic&");
    update("nobody@example.com", json!({"action": "reset_password"}))
        .await
        .object();
    assert_eq!(server.world.letters.lock().unwrap().len(), 0);
    let set =
        json!({"action": "complete_reset", "token": token, "new_password": "another-password"});
    update("", set.clone()).await.object();
    server.access(&refresh, "/~/a").await.problem(403, 614);
    update("", set).await.problem(403, 614);
    update("", json!({"action": "complete_reset", "token": "é"}))
        .await
        .problem(400, 602);
    update("", json!({"action": "confirm_email", "token": "é"}))
        .await
        .problem(403, 614);
    update("", json!({"action": "dance"}))
        .await
        .problem(400, 601);
    let none = Server::dev();
    let body =
        json!({"provider_id": "u@example.com", "data": {"action": "reset_password"}}).to_string();
    let told = none
        .request_at("POST", "/auth/password/updateAccount", None, &body)
        .await;
    told.problem(501, 803);
}
