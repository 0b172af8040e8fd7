//! Users of Google, and how keys are fetched.

use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use ring::hmac;
use serde_json::{Value, json};

use super::{NOW, Says, ada, code, configured};
use crate::http::{Reply, Server};
use crate::support::issuer::{Issuer, jwks};
use crate::support::provider::{Service, nobody};

/// A server for users of Google, whose keys are at this address.
fn for_google(keys_url: &str) -> Server {
    Server::with(|settings| {
        configured(
            settings,
            &format!(
                "  providers: {{ google: {{ clientId: our-app, more_client_ids: [ our-other-app ], keys_url: '{keys_url}', metadata: [ {{ claim: email }} ] }} }}\n\
                 apps: {{ x: {{ providers: {{ oauth2-google: true, anon-user: true }}, oauth2-google: {{ client_ids: [ our-app ], keys_url: '{keys_url}', metadata: [ {{ claim: email }} ] }} }} }}"
            ),
        );
    })
}

fn with(name: &str, value: Value) -> Value {
    let mut said = ada();
    said[name] = value;
    said
}

impl Server {
    async fn google(&self, token: &str) -> Reply {
        let body = json!({ "provider": "oauth2-google", "id_token": token }).to_string();
        self.post("/app/x/auth/providers/oauth2-google/login", &body)
            .await
    }
}

#[tokio::test]
async fn whom_google_knows_signs_in_and_nobody_else() {
    let (google, other) = (Issuer::new(), Issuer::new());
    let keys = jwks(&[other.jwk("k0"), google.jwk("k1")]);
    let service = Service::start(move |_| Says::Fresh(3600, keys.clone()));
    let server = for_google(&service.url("/keys"));
    let header = json!({ "alg": "RS256", "kid": "k1" });
    let token = |claims: &Value| google.signed(&header, claims);

    let signed_in = server.google(&token(&ada())).await;
    let user = signed_in.text("user_id");
    assert_eq!(server.google(&token(&ada())).await.text("user_id"), user);
    let bob = with("sub", "110249".into());
    assert_ne!(server.google(&token(&bob)).await.text("user_id"), user);
    let short = with("iss", "accounts.google.com".into());
    assert_eq!(server.google(&token(&short)).await.text("user_id"), user);
    let access = signed_in.text("access_token");
    let profile = server
        .request("GET", "/auth/profile", Some(&access), "")
        .await;
    let profile = profile.json();
    assert_eq!(profile["identities"][0]["provider_type"], "oauth2-google");
    assert_eq!(profile["data"]["email"], "ada@x.example");

    // In the classic API it is another user, with an id of this server's.
    let made = server.known_to("google", &token(&ada())).await;
    let identity = made.json()["refresh_token"]["token_data"]["identity"].clone();
    assert_eq!(identity.as_str().unwrap().len(), 32);
    let again = with("aud", json!(["our-other-app"]));
    let again = server.known_to("google", &token(&again)).await;
    assert_eq!(
        again.json()["refresh_token"]["token_data"]["identity"],
        identity
    );

    let unsigned = format!("{}.", token(&ada()).rsplit_once('.').unwrap().0);
    let none = format!(
        "{}.{}.",
        BASE64.encode(r#"{"alg":"none"}"#),
        BASE64.encode(ada().to_string())
    );
    for (what, token) in [
        ("audience", token(&with("aud", "their-app".into()))),
        ("no audience", token(&with("aud", Value::Null))),
        (
            "issuer",
            token(&with("iss", "https://accounts.example.com".into())),
        ),
        ("expired", token(&with("exp", (NOW - 61).into()))),
        ("no end", token(&with("exp", Value::Null))),
        ("nobody", token(&with("sub", "".into()))),
        ("another's key", other.signed(&header, &ada())),
        (
            "an unknown key",
            Issuer::new().signed(&json!({ "alg": "RS256", "kid": "k9" }), &ada()),
        ),
        ("no signature", unsigned),
        ("alg none", none),
        (
            "a public key as a secret",
            with_public_key_as_secret(&google),
        ),
        ("no token", "hello".into()),
        ("nothing", String::new()),
    ] {
        let refused = server.google(&token).await;
        assert_eq!(refused.status, 401, "{what}");
        refused.error(401, "AuthError");
        assert_eq!(
            code(&server.known_to("google", &token).await),
            (401, 611),
            "{what}"
        );
    }
    // The keys were fetched once, and once more for the unknown one, by nobody with a token.
    let asked = service.asked();
    assert!(
        asked.len() <= 2 && asked.iter().all(|asked| asked.line == "GET /keys"),
        "{asked:?}"
    );
}

/// HS256 with what everybody knows.
fn with_public_key_as_secret(issuer: &Issuer) -> String {
    let part = |text: String| BASE64.encode(text);
    let header = json!({ "alg": "HS256", "kid": "k1" }).to_string();
    let signed = format!("{}.{}", part(header), part(ada().to_string()));
    let key = hmac::Key::new(hmac::HMAC_SHA256, issuer.public_key().as_bytes());
    let signature = hmac::sign(&key, signed.as_bytes());
    format!("{signed}.{}", BASE64.encode(signature))
}

#[tokio::test]
async fn keys_are_fetched_again_when_they_are_old_and_when_there_are_new_ones() {
    let (first, second, third) = (Issuer::new(), Issuer::new(), Issuer::new());
    let published = Arc::new(Mutex::new(vec![first.jwk("k1")]));
    let shown = published.clone();
    let service = Service::start(move |_| Says::Fresh(3600, jwks(&shown.lock().unwrap())));
    let server = for_google(&service.url("/keys"));
    let by = |issuer: &Issuer, kid: &str| {
        issuer.signed(
            &json!({ "alg": "RS256", "kid": kid }),
            &with("exp", (NOW + 100_000).into()),
        )
    };
    let (by_first, by_second) = (by(&first, "k1"), by(&second, "k2"));
    let asked = || service.asked().len();

    assert_eq!(asked(), 0, "nothing is asked before somebody comes");
    assert_eq!(server.google(&by_first).await.status, 200);
    assert_eq!(server.google(&by_second).await.status, 401);
    assert_eq!(asked(), 1, "they have just been fetched");
    *published.lock().unwrap() = vec![first.jwk("k1"), second.jwk("k2")];
    server.pass(60);
    assert_eq!(server.google(&by_second).await.status, 200);
    assert_eq!(
        (server.google(&by_first).await.status.as_u16(), asked()),
        (200, 2)
    );
    // Names that nobody has are asked for once a minute.
    for _ in 0..5 {
        assert_eq!(server.google(&by(&third, "k3")).await.status, 401);
    }
    assert_eq!(asked(), 2);
    // A key that is published no more counts until the others are old.
    *published.lock().unwrap() = vec![second.jwk("k2")];
    server.pass(3599);
    assert_eq!(server.google(&by_first).await.status, 200);
    server.pass(1);
    assert_eq!(server.google(&by_first).await.status, 401);
    assert_eq!(server.google(&by_second).await.status, 200);
}

#[tokio::test]
async fn a_provider_that_does_not_answer_is_no_mistake_of_who_signs_in() {
    let google = Issuer::new();
    let token = google.signed(&json!({ "alg": "RS256", "kid": "k1" }), &ada());
    let elsewhere = {
        let keys = jwks(&[google.jwk("k1")]);
        Service::start(move |_| Says::Json(keys.clone()))
    };
    let url = elsewhere.url("/keys");
    let services = [
        Service::start(|_| Says::Status(500)),
        Service::start(|_| Says::Refused(403, jwks(&[]))),
        Service::start(|_| Says::Json("hello".into())),
        Service::start(|_| Says::Json(jwks(&[]))),
        Service::start(move |_| Says::Elsewhere(url.clone())),
        Service::start(|_| Says::Endless),
        Service::start(|_| Says::Silence),
    ];
    let urls = services.iter().map(|service| service.url("/keys"));
    for url in urls.chain([nobody()]) {
        let server = for_google(&url);
        let told = server
            .google(&token)
            .await
            .error(503, "InternalServerError");
        assert_eq!(told, "the provider cannot be asked now; try again later");
        assert_eq!(
            code(&server.known_to("google", &token).await),
            (503, 801),
            "{url}"
        );
    }
    assert_eq!(elsewhere.asked().len(), 0);
}

#[tokio::test]
async fn keys_outlive_a_provider_that_is_away_for_a_while() {
    let google = Issuer::new();
    let keys = Arc::new(Mutex::new(Some(jwks(&[google.jwk("k1")]))));
    let shown = keys.clone();
    let service = Service::start(move |_| match shown.lock().unwrap().clone() {
        Some(keys) => Says::Fresh(600, keys),
        None => Says::Status(502),
    });
    let server = for_google(&service.url("/keys"));
    let said = with("exp", (NOW + 100_000).into());
    let token = |kid: &str| google.signed(&json!({ "alg": "RS256", "kid": kid }), &said);
    assert_eq!(server.google(&token("k1")).await.status, 200);
    *keys.lock().unwrap() = None;
    server.pass(700);
    assert_eq!(server.google(&token("k1")).await.status, 200);
    assert_eq!(
        server.google(&token("k2")).await.status,
        503,
        "it may be a new one"
    );
    server.pass(3600);
    assert_eq!(server.google(&token("k1")).await.status, 503);
    *keys.lock().unwrap() = Some(jwks(&[google.jwk("k2")]));
    server.pass(5);
    assert_eq!(server.google(&token("k2")).await.status, 200);
}

#[tokio::test]
async fn a_code_for_a_server_is_refused_by_name() {
    let server = for_google(&nobody());
    let path = "/app/x/auth/providers/oauth2-google/login";
    let told = server.post(path, r#"{"authCode":"4/abc"}"#).await;
    assert!(told.error(400, "BadRequest").contains("authCode"));
    let told = server.post(path, "{}").await;
    assert!(told.error(400, "MissingParameter").contains("id_token"));
    // Who has no such provider says so, and asks nobody.
    for other in [
        "oauth2-facebook",
        "oauth2-apple",
        "azuread",
        "debug",
        "custom",
    ] {
        let path = format!("/app/x/auth/providers/{other}/login");
        server
            .post(&path, "{}")
            .await
            .error(404, "AuthProviderNotFound");
    }
    let dev = Server::dev();
    dev.google("x").await.error(404, "AuthProviderNotFound");
    assert_eq!(code(&dev.known_to("google", "x").await), (400, 601));
}

#[tokio::test]
async fn somebody_without_credentials_becomes_whom_google_knows() {
    let google = Issuer::new();
    let keys = jwks(&[google.jwk("k1")]);
    let service = Service::start(move |_| Says::Json(keys.clone()));
    let server = for_google(&service.url("/keys"));
    let anonymous = server.anonymous().await;
    let access = anonymous.text("access_token");
    let token = google.signed(&json!({ "alg": "RS256", "kid": "k1" }), &ada());
    let body = json!({ "id_token": token }).to_string();
    let path = "/app/x/auth/providers/oauth2-google/login?link=true";
    let linked = server.request("POST", path, Some(&access), &body).await;
    assert_eq!(linked.text("user_id"), anonymous.text("user_id"));
    assert_eq!(
        server.google(&token).await.text("user_id"),
        anonymous.text("user_id")
    );
    let other = server.anonymous().await.text("access_token");
    let refused = server.request("POST", path, Some(&other), &body).await;
    refused.error(409, "AccountNameInUse");
}

#[tokio::test]
async fn refused_tokens_of_one_address_have_a_bound() {
    let google = Issuer::new();
    let keys = jwks(&[google.jwk("k1")]);
    let service = Service::start(move |_| Says::Json(keys.clone()));
    let url = service.url("/keys");
    let server = Server::with(|settings| {
        let text = format!(
            "  providers: {{ google: {{ clientId: our-app, keys_url: '{url}' }} }}\n\
             apps: {{ x: {{ providers: {{ oauth2-google: true }}, oauth2-google: {{ client_ids: [ our-app ], keys_url: '{url}' }} }} }}"
        );
        configured(settings, &text);
        settings.limits.registrations = 3;
    });
    let token = google.signed(&json!({ "alg": "RS256", "kid": "k1" }), &ada());
    for _ in 0..5 {
        assert_eq!(
            server.google(&token).await.status,
            200,
            "what is right does not count"
        );
    }
    for _ in 0..3 {
        assert_eq!(server.google("x.y.z").await.status, 401);
    }
    server.google(&token).await.error(429, "AppUnknownError");
    assert_eq!(
        server.known_to("google", &token).await.status,
        200,
        "another app"
    );
    server.pass(60);
    assert_eq!(server.google(&token).await.status, 200);
}

#[tokio::test]
async fn a_code_for_a_server_is_exchanged_where_the_secret_is_known() {
    let google = Arc::new(Issuer::new());
    let (keys, signer) = (jwks(&[google.jwk("k1")]), google.clone());
    let service = Service::start(move |asked| {
        let says = |name: &str, value: &str| {
            let pair = format!("{name}={value}");
            asked.body.split('&').any(|one| one == pair)
        };
        let refused = |error: &str| Says::Refused(400, json!({ "error": error }).to_string());
        match asked.line.as_str() {
            "GET /keys" => Says::Json(keys.clone()),
            "POST /token" if !says("client_secret", "secret") || !says("client_id", "our-app") => {
                refused("invalid_client")
            }
            "POST /token" if !says("redirect_uri", "postmessage") => {
                refused("redirect_uri_mismatch")
            }
            "POST /token" if !says("grant_type", "authorization_code") => Says::Status(500),
            "POST /token" if says("code", "4%2Fada") => {
                let token = signer.signed(&json!({ "alg": "RS256", "kid": "k1" }), &ada());
                Says::Json(json!({ "access_token": "x", "id_token": token }).to_string())
            }
            "POST /token" if says("code", "forged") => {
                let token = format!(
                    "{}.{}.AAAA",
                    BASE64.encode(r#"{"alg":"RS256"}"#),
                    BASE64.encode(ada().to_string())
                );
                Says::Json(json!({ "id_token": token }).to_string())
            }
            _ => refused("invalid_grant"),
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    std::fs::write(&secret, "secret\n").unwrap();
    let server = |more: &str| {
        let text = format!(
            "apps: {{ x: {{ providers: {{ oauth2-google: true }}, oauth2-google: {{ client_ids: [ our-app ], keys_url: '{}', token_url: '{}', client_secret_path: {}, {more} }} }} }}",
            service.url("/keys"),
            service.url("/token"),
            secret.display()
        );
        Server::with(|settings| configured(settings, &text))
    };
    let path = "/app/x/auth/providers/oauth2-google/login";
    let code = |code: &str| json!({ "authCode": code }).to_string();
    let browser = server("redirect_uri: postmessage");
    let user = browser.post(path, &code("4/ada")).await.text("user_id");
    let token = google.signed(&json!({ "alg": "RS256", "kid": "k1" }), &ada());
    assert_eq!(browser.google(&token).await.text("user_id"), user);
    for wrong in ["used", "forged"] {
        browser
            .post(path, &code(wrong))
            .await
            .error(401, "AuthError");
    }
    // What is wrong with this server is no mistake of who signs in.
    server("")
        .post(path, &code("4/ada"))
        .await
        .error(503, "InternalServerError");
    std::fs::write(&secret, "wrong").unwrap();
    browser
        .post(path, &code("4/ada"))
        .await
        .error(503, "InternalServerError");
}
