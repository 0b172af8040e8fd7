//! Users who come with tokens of another issuer, to a server that is configured for it.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::hmac;
use serde_json::{Value, json};

use crate::support::issuer::{Issuer, jwks};
use crate::support::provider::{Reply, Service};
use crate::support::server::Server;
use crate::support::wire::{Wire, raw, request};

const LOGIN: &str = "/app/x/auth/providers/custom-token/login";

/// A server with the app `x` for users of an issuer, and what is said of its tokens.
fn server(issuer: &Issuer, folder: &std::path::Path, app: &str, jwt: &str) -> Server {
    let keys = issuer.publish(folder);
    let keys = keys.display();
    Server::with_configuration(&format!(
        "  providers: {{ jwt: {{ public_key_paths: [ {keys} ], {jwt} }} }}\n\
         apps: {{ x: {{ providers: {{ custom-token: true, anon-user: true }}, partitions: {{ read: true }}, custom-token: {{ public_key_paths: [ {keys} ], {app} }} }} }}"
    ))
}

fn login(server: &Server, token: &str) -> (u16, Value) {
    let body = json!({ "token": token }).to_string();
    request(server.address(), "POST", LOGIN, None, &body)
}

/// What `/auth` answers to a token.
fn auth(server: &Server, token: &str) -> Value {
    let body = json!({ "provider": "jwt", "data": token, "app_id": "x" }).to_string();
    let length = body.len();
    let text = format!(
        "POST /auth HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    let answer = raw(server.address(), text.as_bytes());
    serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap()
}

fn claims(token: &str) -> Value {
    let claims = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap()
}

#[test]
fn whom_a_token_names_is_the_same_user_each_time() {
    let (issuer, folder) = (Issuer::new(), tempfile::tempdir().unwrap());
    let server = server(&issuer, folder.path(), "", "");
    let signed_in = |sub: Value| {
        let token = issuer.token(&json!({ "sub": sub, "aud": "x" }));
        let (status, body) = login(&server, &token);
        assert_eq!(status, 200, "{body}");
        body["user_id"].as_str().unwrap().to_owned()
    };
    let ada = signed_in("auth0|Ada".into());
    assert_eq!(signed_in("auth0|Ada".into()), ada);
    assert_ne!(signed_in("auth0|ada".into()), ada);
    assert_ne!(signed_in(7.into()), ada);
    // Others, or for others.
    let (status, body) = login(&server, &issuer.token(&json!({ "sub": "a", "aud": "y" })));
    assert_eq!((status, &body["error_code"]), (401, &"AuthError".into()));
    let (status, _) = login(
        &server,
        &Issuer::new().token(&json!({ "sub": "a", "aud": "x" })),
    );
    assert_eq!(status, 401);
    let (status, _) = login(&server, &issuer.token(&json!({ "aud": "x" })));
    assert_eq!(status, 401);
    assert_eq!(login(&server, "").0, 401);
    assert_eq!(request(server.address(), "POST", LOGIN, None, "{}").0, 400);
    let elsewhere = "/app/y/auth/providers/custom-token/login";
    assert_eq!(
        request(server.address(), "POST", elsewhere, None, "{}").0,
        404
    );
}

#[test]
fn what_an_app_looks_at_in_tokens_is_what_is_said() {
    let (issuer, folder) = (Issuer::new(), tempfile::tempdir().unwrap());
    let secret = folder.path().join("secret");
    std::fs::write(&secret, "0123456789abcdef0123456789abcdef\n").unwrap();
    let app = format!(
        "secret_path: {}, audiences: [ a, b ], issuer: me, user_claim: user.id, metadata: [ {{ claim: email }}, {{ claim: user.team, name: team, required: true }} ]",
        secret.display()
    );
    let server = server(&issuer, folder.path(), &app, "");
    let said = |change: Value| {
        let mut said = json!({ "aud": "b", "iss": "me", "email": "ada@x.example", "user": { "id": "ada", "team": "blue" } });
        for (name, value) in change.as_object().unwrap() {
            said[name] = value.clone();
        }
        said
    };
    let status = |change| login(&server, &issuer.token(&said(change))).0;
    assert_eq!(status(json!({})), 200);
    assert_eq!(status(json!({ "aud": "x" })), 401);
    assert_eq!(status(json!({ "iss": "you" })), 401);
    assert_eq!(status(json!({ "user": { "team": "blue" } })), 401);
    assert_eq!(status(json!({ "user": { "id": "ada" } })), 401);
    // A secret is a key as good as the other.
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"0123456789abcdef0123456789abcdef");
    let token = issuer.token(&said(json!({})));
    let claimed = token.split('.').nth(1).unwrap();
    let head = BASE64_URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256"}"#);
    let signed = format!("{head}.{claimed}");
    let signature = hmac::sign(&key, signed.as_bytes());
    let token = format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature));
    let (_, session) = login(&server, &token);

    // What tokens say is custom data, in access tokens and in the profile, and what they say no more is gone.
    let access = session["access_token"].as_str().unwrap();
    let data = json!({ "email": "ada@x.example", "team": "blue" });
    assert_eq!(claims(access)["user_data"], data);
    let (_, profile) = request(server.address(), "GET", "/auth/profile", Some(access), "");
    assert_eq!(profile["data"], data);
    assert_eq!(profile["identities"][0]["provider_type"], "custom-token");
    let changed = said(json!({ "email": null, "user": { "id": "ada", "team": "red" } }));
    let (_, session) = login(&server, &issuer.token(&changed));
    let access = session["access_token"].as_str().unwrap();
    assert_eq!(claims(access)["user_data"], json!({ "team": "red" }));
    let long = said(json!({ "user": { "id": "ada", "team": "x".repeat(3000) } }));
    assert_eq!(login(&server, &issuer.token(&long)).0, 400);
}

#[test]
fn somebody_without_credentials_becomes_whom_a_token_names() {
    let (issuer, folder) = (Issuer::new(), tempfile::tempdir().unwrap());
    let server = server(&issuer, folder.path(), "metadata: [ { claim: team } ]", "");
    let anonymous = || {
        let path = "/app/x/auth/providers/anon-user/login";
        request(server.address(), "POST", path, None, "{}").1
    };
    let linked = |access: &Value, sub: &str| {
        let token = issuer.token(&json!({ "sub": sub, "aud": "x", "team": "blue" }));
        let body = json!({ "token": token }).to_string();
        let path = format!("{LOGIN}?link=true");
        request(server.address(), "POST", &path, access.as_str(), &body)
    };
    let first = anonymous();
    let target = format!(
        "/api/client/v2.0/app/x/realm-sync?baas_at={}",
        first["access_token"].as_str().unwrap()
    );
    let newest = Some("com.mongodb.realm-sync#14");
    let mut device = Wire::open(server.address(), &target, newest).unwrap();
    let (status, body) = linked(&first["access_token"], "ada");
    assert_eq!((status, &body["user_id"]), (200, &first["user_id"]));
    // It may do other things from now on, so it comes again.
    assert_eq!(device.await_close(), Some(4001));
    let token = issuer.token(&json!({ "sub": "ada", "aud": "x" }));
    assert_eq!(login(&server, &token).1["user_id"], first["user_id"]);
    let (status, body) = linked(&anonymous()["access_token"], "ada");
    assert_eq!(
        (status, &body["error_code"]),
        (409, &"AccountNameInUse".into())
    );
}

#[test]
fn classic_users_come_with_tokens_of_the_configured_issuer() {
    let (issuer, folder) = (Issuer::new(), tempfile::tempdir().unwrap());
    let secret = folder.path().join("secret");
    std::fs::write(&secret, "0123456789abcdef0123456789abcdef").unwrap();
    let jwt = format!(
        "secret_path: {}, audiences: [ app ], issuer: me, user_claim: id, admin_claim: boss, metadata: [ {{ claim: team }} ]",
        secret.display()
    );
    let server = server(&issuer, folder.path(), "", &jwt);
    let token = |change: Value| {
        let mut said = json!({ "aud": "app", "iss": "me", "id": "auth0|ada", "team": "blue" });
        for (name, value) in change.as_object().unwrap() {
            said[name] = value.clone();
        }
        issuer.token(&said)
    };
    let made = auth(&server, &token(json!({})));
    let data = &made["refresh_token"]["token_data"];
    assert_eq!(
        (&data["identity"], &data["is_admin"]),
        (&"auth0_ada".into(), &false.into())
    );
    for change in [
        json!({ "aud": "x" }),
        json!({ "iss": "x" }),
        json!({ "id": "" }),
        json!({ "id": "__admin" }),
    ] {
        assert_eq!(
            auth(&server, &token(change.clone()))["code"],
            611,
            "{change}"
        );
    }
    // Another name that would have the same id is somebody else.
    assert_eq!(
        auth(&server, &token(json!({ "id": "auth0@ada" })))["code"],
        611
    );
    let is_admin = |boss: bool| {
        let made = auth(&server, &token(json!({ "boss": boss })));
        made["refresh_token"]["token_data"]["is_admin"].clone()
    };
    assert_eq!([is_admin(true), is_admin(false)], [true, false]);
    // It opens what is the user's.
    let refresh = &made["refresh_token"]["token"];
    let body = json!({ "provider": "realm", "data": refresh, "path": "/~/notes", "app_id": "x" })
        .to_string();
    let length = body.len();
    let text = format!(
        "POST /auth HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    let answer = raw(server.address(), text.as_bytes());
    assert!(answer.contains("/auth0_ada/notes"), "{answer}");
    let token = server.admin_token();
    let text = format!(
        "GET /api/ros/v1/users/auth0_ada HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n"
    );
    let answer = raw(server.address(), text.as_bytes());
    assert!(answer.contains(r#""team":"blue""#), "{answer}");
}

#[test]
fn a_reload_takes_new_keys_and_keeps_the_old_where_there_are_none() {
    let (issuer, folder) = (Issuer::new(), tempfile::tempdir().unwrap());
    let server = server(&issuer, folder.path(), "", "");
    let works = |issuer: &Issuer| {
        login(&server, &issuer.token(&json!({ "sub": "ada", "aud": "x" }))).0 == 200
    };
    assert!(works(&issuer));
    std::fs::write(folder.path().join("issuer.pem"), "no key").unwrap();
    server.signal("HUP");
    server.log_with("the keys of an issuer cannot be read");
    assert!(works(&issuer));
    let next = Issuer::new();
    next.publish(folder.path());
    server.signal("HUP");
    server.log_with_many("configuration taken", 2);
    assert!(works(&next) && !works(&issuer));
}

#[test]
fn keys_are_fetched_where_an_issuer_publishes_them() {
    let issuer = Issuer::new();
    let keys = jwks(&[issuer.jwk("k1")]);
    let [of_app, of_classic] = [(); 2].map(|()| {
        let keys = keys.clone();
        Service::start(move |_| Reply::Json(keys.clone()))
    });
    let configuration = |app: &str, classic: &str| {
        format!(
            "  providers: {{ jwt: {{ keys_url: '{classic}' }}, google: {{ clientId: x, keys_url: '{classic}' }} }}\n\
             apps: {{ x: {{ providers: {{ custom-token: true }}, custom-token: {{ keys_url: '{app}' }} }} }}"
        )
    };
    let server =
        Server::with_configuration(&configuration(&of_app.url("/a"), &of_classic.url("/c")));
    assert!(of_app.asked().is_empty() && of_classic.asked().is_empty());
    let token = issuer.token_by("k1", &json!({ "sub": "ada", "userId": "ada", "aud": "x" }));
    assert_eq!(login(&server, &token).0, 200);
    let made = auth(&server, &token);
    assert_eq!(made["refresh_token"]["token_data"]["identity"], "ada");
    let lines = |service: &Service| {
        let asked = service.asked().into_iter();
        asked.map(|asked| asked.line).collect::<Vec<_>>()
    };
    assert_eq!(
        (lines(&of_app), lines(&of_classic)),
        (vec!["GET /a".to_owned()], vec!["GET /c".to_owned()])
    );
    // A reload has them fetched elsewhere; there is nobody.
    let nobody = crate::support::provider::nobody();
    server.reconfigure(&configuration(&nobody, &of_classic.url("/c")));
    server.log_with("configuration taken");
    assert_eq!(login(&server, &token).0, 503);
    server.log_with("the keys of an issuer cannot be fetched");
    assert_eq!(
        auth(&server, &token)["refresh_token"]["token_data"]["identity"],
        "ada"
    );
}
