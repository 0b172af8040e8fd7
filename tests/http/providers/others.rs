//! Apple, CloudKit, the provider for tests, and names that the operator has chosen.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use ros::ident::{UnixTime, UserId};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{NOW, Says, ada, code, configured, identity};
use crate::http::Server;
use crate::support::issuer::{Issuer, jwks};
use crate::support::provider::{Asked, Service, nobody};

#[tokio::test]
async fn whom_apple_knows_signs_in_to_its_own_app_alone() {
    let apple = Issuer::new();
    let keys = jwks(&[apple.jwk("k1")]);
    let service = Service::start(move |_| Says::Json(keys.clone()));
    let text = format!(
        "apps: {{ x: {{ providers: {{ oauth2-apple: true }}, oauth2-apple: {{ client_ids: [ com.example.app ], keys_url: '{}', metadata: [ {{ claim: email }} ] }} }} }}",
        service.url("/auth/keys")
    );
    let server = Server::with(|settings| configured(settings, &text));
    let login = async |issuer: &str, audience: &str| {
        let said = json!({ "iss": issuer, "aud": audience, "sub": "000123.abc", "email": "ada@x.example", "exp": NOW + 600 });
        let token = apple.signed(&json!({ "alg": "RS256", "kid": "k1" }), &said);
        let body = json!({ "id_token": token }).to_string();
        server
            .post("/app/x/auth/providers/oauth2-apple/login", &body)
            .await
    };
    let signed_in = login("https://appleid.apple.com", "com.example.app").await;
    let access = signed_in.text("access_token");
    let profile = server
        .request("GET", "/auth/profile", Some(&access), "")
        .await
        .json();
    assert_eq!(profile["identities"][0]["provider_type"], "oauth2-apple");
    assert_eq!(profile["data"]["email"], "ada@x.example");
    login("https://appleid.apple.com", "com.example.other")
        .await
        .error(401, "AuthError");
    login("https://accounts.google.com", "com.example.app")
        .await
        .error(401, "AuthError");
}

const KEY_ID: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const PATH: &str = "/database/1/iCloud.com.example.app/production/public/users/discover";

/// CloudKit, which knows one user and whoever signs with the key of this point.
fn cloudkit(asked: &Asked, point: &[u8]) -> Says {
    let header = |name: &str| {
        asked
            .header(&format!("X-Apple-CloudKit-Request-{name}"))
            .unwrap()
    };
    let digest = BASE64_STANDARD.encode(Sha256::digest(&asked.body));
    let message = format!("{}:{digest}:{PATH}", header("ISO8601Date"));
    let signature = BASE64_STANDARD.decode(header("SignatureV1")).unwrap();
    let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point);
    let is_ours = key.verify(message.as_bytes(), &signature).is_ok()
        && header("KeyID") == KEY_ID
        && header("ISO8601Date") == UnixTime(NOW).rfc3339()
        && asked.line == format!("POST {PATH}");
    if !is_ours {
        return Says::Refused(
            401,
            json!({ "serverErrorCode": "AUTHENTICATION_FAILED" }).to_string(),
        );
    }
    let body: serde_json::Value = serde_json::from_str(&asked.body).unwrap();
    let name = body["lookupInfos"][0]["userRecordName"].clone();
    let user = match name == "_ada" {
        true => json!({ "userRecordName": name, "nameComponents": {} }),
        false => json!({ "userRecordName": name, "serverErrorCode": "NOT_FOUND", "reason": "no" }),
    };
    Says::Json(json!({ "users": [user] }).to_string())
}

/// A private key as `openssl ecparam -genkey` writes it (SEC 1), from one as PKCS #8.
fn sec1(pkcs8: &[u8], point: &[u8]) -> String {
    let inner = pkcs8
        .windows(4)
        .position(|bytes| bytes == [2, 1, 1, 4])
        .unwrap();
    let number = &pkcs8[inner + 5..][..32];
    let curve = [0xa0, 10, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
    let der = [
        &[0x30, 0x77, 2, 1, 1, 4, 32],
        number,
        &curve,
        &[0xa1, 0x44, 3, 0x42, 0],
        point,
    ]
    .concat();
    let text = BASE64_STANDARD.encode(der);
    format!("-----BEGIN EC PRIVATE KEY-----\n{text}\n-----END EC PRIVATE KEY-----\n")
}

#[tokio::test]
async fn whom_cloudkit_knows_signs_in_and_nobody_else() {
    let pair = rcgen::KeyPair::generate().unwrap(); // P-256
    let point = pair.public_key_raw().to_vec();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cloudkit.pem");
    let known = point.clone();
    let service = Service::start(move |asked| cloudkit(asked, &known));
    let text = |url: &str| {
        format!(
            "  providers: {{ cloudkit: {{ key_id: {KEY_ID}, private_key_path: {}, container: iCloud.com.example.app, environment: production, api_url: '{url}' }} }}\n",
            file.display()
        )
    };
    let server = Server::with(|settings| configured(settings, &text(&service.url(""))));
    let mut users = Vec::new();
    for pem in [pair.serialize_pem(), sec1(&pair.serialize_der(), &point)] {
        std::fs::write(&file, pem).unwrap();
        users.push(identity(&server.known_to("cloudkit", "_ada").await));
    }
    assert_eq!(users[0], users[1]);
    for name in ["_eve", "ada", "", "_a b"] {
        assert_eq!(
            code(&server.known_to("cloudkit", name).await),
            (401, 611),
            "{name}"
        );
    }
    // Another key, none, and nobody: nothing of it is a mistake of who signs in.
    std::fs::write(&file, rcgen::KeyPair::generate().unwrap().serialize_pem()).unwrap();
    assert_eq!(code(&server.known_to("cloudkit", "_ada").await), (503, 801));
    std::fs::write(&file, "no key").unwrap();
    assert_eq!(code(&server.known_to("cloudkit", "_ada").await), (503, 801));
    let away = Server::with(|settings| configured(settings, &text(&nobody())));
    assert_eq!(code(&away.known_to("cloudkit", "_ada").await), (503, 801));
}

#[tokio::test]
async fn whoever_is_named_comes_in_where_anybody_is_allowed() {
    let text = "  providers: { debug: { allow_anybody: true } }\n";
    let server = Server::with(|settings| configured(settings, text));
    let signed_in = async |name: &str, info: serde_json::Value| {
        let body = json!({ "provider": "debug", "data": name, "user_info": info, "app_id": "x" });
        let made = server.auth(&body).await;
        let data = made.json()["refresh_token"]["token_data"].clone();
        (
            data["identity"].clone(),
            data["is_admin"].as_bool().unwrap(),
        )
    };
    let (ada, is_admin) = signed_in("ada", json!({})).await;
    assert!(!is_admin);
    assert_eq!(
        signed_in("ada", json!({ "is_admin": true })).await,
        (ada, true)
    );
    assert!(signed_in("admin", json!({})).await.1);
    assert_eq!(
        code(&Server::dev().known_to("debug", "ada").await),
        (400, 601)
    );
}

#[tokio::test]
async fn a_provider_under_another_name_has_users_of_its_own() {
    let google = Issuer::new();
    let keys = jwks(&[google.jwk("k1")]);
    let service = Service::start(move |_| Says::Json(keys.clone()));
    let url = service.url("/keys");
    let text = format!(
        "  providers: {{ google: {{ clientId: our-app, keys_url: '{url}' }}, custom/ours: {{ implementation: google, include_path: /nowhere, clientId: our-app, keys_url: '{url}' }}, custom/theirs: {{ implementation: google, clientId: their-app, keys_url: '{url}' }} }}\n"
    );
    let server = Server::with(|settings| configured(settings, &text));
    let token = google.signed(&json!({ "alg": "RS256", "kid": "k1" }), &ada());
    let known = identity(&server.known_to("google", &token).await);
    let ours = identity(&server.known_to("custom/ours", &token).await);
    assert_ne!(ours, known);
    assert_eq!(
        identity(&server.known_to("custom/ours", &token).await),
        ours
    );
    assert_eq!(
        code(&server.known_to("custom/theirs", &token).await),
        (401, 611)
    );
    for name in ["ours", "custom/", "custom/x"] {
        assert_eq!(
            code(&server.known_to(name, &token).await),
            (400, 601),
            "{name}"
        );
    }
    // The account is called as clients call it.
    let user = UserId(ours.as_str().unwrap().into());
    let identities = server.system.account(&user).unwrap().identities;
    let shown: Vec<_> = identities
        .iter()
        .map(|(provider, name)| provider.classic(name))
        .collect();
    assert_eq!(shown, [("custom/ours".to_owned(), "110248".to_owned())]);
}

#[tokio::test]
async fn who_was_imported_with_a_provider_is_the_one_who_comes_with_it() {
    let text = "  providers: { debug: { allow_anybody: true }, custom/ours: { implementation: debug, allow_anybody: true } }\n";
    let server = Server::with(|settings| configured(settings, text));
    let import = |user: serde_json::Value| {
        let read = serde_json::from_value(user).map_err(|error| error.to_string())?;
        let user = ros::http::imported_user(read, 1000)?;
        let moment = ros::system::Moment {
            now: UnixTime(NOW),
            random: rand::random(),
        };
        let made = server.system.import_account(&user, &moment);
        made.map(|made| made.user.to_string())
            .map_err(|error| error.to_string())
    };
    let ids = [
        "5d1c0e7a9b3f4c2286aa10f3b7e4d901",
        "7e4d9015d1c0e7a9b3f4c2286aa10f3b",
    ];
    for (id, provider) in ids.into_iter().zip(["debug", "custom/ours"]) {
        let user = json!({ "userId": id, "provider": provider, "providerId": "Ada" });
        assert_eq!(import(user).as_deref(), Ok(id));
        assert_eq!(identity(&server.known_to(provider, "Ada").await), id);
        assert_ne!(
            identity(&server.known_to(provider, "ada").await),
            id,
            "{provider}"
        );
    }
    for (wrong, told) in [
        (
            json!({ "id": "x", "provider": "google", "name": "1", "hash": "AA==", "salt": "AA==" }),
            "hash",
        ),
        (
            json!({ "id": "x", "provider": "anon-user", "name": "1" }),
            "provider is none",
        ),
        (
            json!({ "id": "x", "provider": "nosuch", "name": "1" }),
            "provider is none",
        ),
        (
            json!({ "id": "x", "provider": "debug", "name": "Ada" }),
            "name already in use",
        ),
    ] {
        let refused = import(wrong.clone()).unwrap_err();
        assert!(refused.starts_with(told), "{wrong}: {refused}");
    }
}
