//! Tokens under an administrator's eyes.

use ros::access::Endpoint;
use ros::auth::{ClassicClaims, ClassicToken};
use ros::ident::UnixTime;
use ros::secret::Secret;
use serde_json::json;

use super::{Reply, Server, keys};

const INSPECT: &str = "/api/ros/v1/tokens/inspect";
const REVOKE: &str = "/api/ros/v1/tokens/revoke";

async fn asked(server: &Server, path: &str, shown: &Secret, token: &str) -> Reply {
    let body = json!({ "token": token }).to_string();
    server
        .request_at("POST", path, Some(shown.reveal()), &body)
        .await
}

fn minted(claims: ClassicClaims) -> Secret {
    claims.sign(&keys())
}

fn of_ada() -> ClassicClaims {
    ClassicClaims {
        identity: "ada".to_owned(),
        expires: Some(2_000_000),
        ..ClassicClaims::default()
    }
}

#[tokio::test]
async fn a_token_is_looked_at_by_administrators_only() {
    let server = Server::dev();
    let access = server.anonymous().await.text("access_token");
    for (shown, status, code) in [
        (minted(of_ada()), 403, "AppUnknownError"),
        (Secret::new(access.as_str()), 403, "AppUnknownError"),
        (Secret::new("junk"), 401, "InvalidSession"),
    ] {
        for path in [INSPECT, REVOKE] {
            asked(&server, path, &shown, &access)
                .await
                .error(status, code);
        }
    }
    let admin = ClassicToken::admin(&keys());
    let reply = asked(&server, INSPECT, &admin, &access).await.json();
    assert_eq!(
        (&reply["accepted"], &reply["kind"]),
        (&json!(true), &json!("app access"))
    );
    assert_eq!(reply["expiresAt"], "1970-01-12T14:16:40Z");
    assert_eq!(reply["claims"]["app_id"], "x");
}

#[tokio::test]
async fn a_refusal_says_why() {
    let server = Server::dev();
    let admin = ClassicToken::admin(&keys());
    let why = async |token: &str| {
        let reply = asked(&server, INSPECT, &admin, token).await.json();
        assert_eq!(reply["accepted"], json!(reply["refused"].is_null()));
        reply["refused"].as_str().map(str::to_owned)
    };
    let session = server.anonymous().await;
    let (access, refresh) = (session.text("access_token"), session.text("refresh_token"));
    assert_eq!(why(&access).await, None);
    assert_eq!(why(&refresh).await, None);
    assert_eq!(why(minted(of_ada()).reveal()).await, None);
    for (token, cause) in [
        ("", "neither of the known forms"),
        (
            &access[..access.len() - 6],
            "the signature is not this server's",
        ),
        (
            minted(ClassicClaims {
                expires: Some(9),
                ..of_ada()
            })
            .reveal(),
            "has expired",
        ),
        (
            minted(ClassicClaims {
                identity: String::new(),
                ..of_ada()
            })
            .reveal(),
            "claims",
        ),
    ] {
        let told = why(token).await.unwrap_or_default();
        assert!(told.contains(cause), "{told:?} {cause}");
    }
    server
        .request("DELETE", "/auth/session", Some(&refresh), "")
        .await
        .empty(204);
    let told = why(&access).await.unwrap_or_default();
    assert!(told.contains("the login has ended"), "{told}");
}

#[tokio::test]
async fn a_token_of_a_login_ends_with_it() {
    let server = Server::dev();
    let admin = ClassicToken::admin(&keys());
    let session = server.anonymous().await;
    let access = session.text("access_token");
    assert_eq!(asked(&server, REVOKE, &admin, &access).await.status, 200);
    assert_eq!(server.world.ended.lock().unwrap().len(), 1);
    for (method, path, token) in [
        ("GET", "/auth/profile", access.clone()),
        ("POST", "/auth/session", session.text("refresh_token")),
    ] {
        let reply = server.request(method, path, Some(&token), "").await;
        reply.error(401, "InvalidSession");
    }
    // A token that counts no more cannot be revoked, and whoever asks keeps its own.
    asked(&server, REVOKE, &admin, &access)
        .await
        .error(400, "BadRequest");
}

#[tokio::test]
async fn a_token_that_was_minted_ends_alone() {
    let server = Server::dev();
    let admin = ClassicToken::admin(&keys());
    let (one, other) = (
        minted(of_ada()),
        minted(ClassicClaims {
            expires: Some(2_000_001),
            ..of_ada()
        }),
    );
    let comes_in = |token: &Secret| {
        let now = UnixTime(1_000_000);
        server
            .system
            .authorize(&Endpoint::Classic, token, now)
            .map(|caller| caller.login)
    };
    let login = comes_in(&one).unwrap();
    assert_eq!(
        asked(&server, REVOKE, &admin, one.reveal()).await.status,
        200
    );
    assert_eq!(*server.world.ended.lock().unwrap(), Vec::from_iter(login));
    assert!(comes_in(&one).is_err());
    assert!(comes_in(&other).is_ok());
    // An administrator's token can be taken back like any other.
    let lost = minted(ClassicClaims {
        salt: Some("0badc0de".to_owned()),
        ..ClassicClaims::admin()
    });
    assert!(comes_in(&lost).is_ok());
    assert_eq!(
        asked(&server, REVOKE, &admin, lost.reveal()).await.status,
        200
    );
    asked(&server, INSPECT, &lost, one.reveal())
        .await
        .error(401, "InvalidSession");
}
