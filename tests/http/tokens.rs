//! Tokens under an administrator's eyes.

use std::sync::atomic::Ordering;

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

#[tokio::test]
async fn what_a_minted_refresh_token_got_ends_with_it() {
    let server = Server::dev();
    let (admin, now) = (ClassicToken::admin(&keys()), UnixTime(1_000_000));
    let comes_in = |token: &str| {
        let token = Secret::new(token);
        server.system.authorize(&Endpoint::Classic, &token, now)
    };
    for (identity, revoked_by) in [
        ("ada", "its holder"),
        ("bob", "an administrator"),
        ("eve", "what it got"),
    ] {
        let refresh = minted(ClassicClaims {
            identity: identity.to_owned(),
            access: Some(vec!["refresh"]),
            ..of_ada()
        });
        let got = server.access(refresh.reveal(), "/~/notes").await.object();
        let access = got["access_token"]["token"].as_str().unwrap();
        let got = server.access(refresh.reveal(), "").await.object();
        let user = got["user_token"]["token"].as_str().unwrap();
        let login = comes_in(access).unwrap().login;
        assert!(comes_in(user).is_ok());
        let reply = match revoked_by {
            "its holder" => {
                let body = json!({ "token": refresh.reveal() }).to_string();
                let path = "/auth/revoke";
                server.request_at("POST", path, None, &body).await
            }
            "an administrator" => asked(&server, REVOKE, &admin, refresh.reveal()).await,
            _ => asked(&server, REVOKE, &admin, access).await,
        };
        assert_eq!(reply.status, 200, "{revoked_by}");
        // Connections that either has opened are closed by the one name.
        let ended = server.world.ended.lock().unwrap().pop();
        assert_eq!(ended, login, "{revoked_by}");
        // An access token ends before the one that got it: what revoked both is not forgotten with it.
        for seconds in [0, 10_000] {
            server.pass(seconds);
            let another = minted(ClassicClaims {
                salt: Some(format!("{identity}{seconds}")),
                ..of_ada()
            });
            let reply = asked(&server, REVOKE, &admin, another.reveal()).await;
            assert_eq!(reply.status, 200);
            server
                .access(refresh.reveal(), "/~/notes")
                .await
                .problem(403, 614);
        }
        server.world.now.store(now.0, Ordering::Relaxed);
        assert!(comes_in(access).is_err(), "{revoked_by}");
        assert!(comes_in(user).is_err(), "{revoked_by}");
    }
}

#[tokio::test]
async fn nobody_comes_in_under_a_name_of_the_server() {
    let server = Server::dev();
    let (admin, now) = (ClassicToken::admin(&keys()), UnixTime(1_000_000));
    for identity in ["__joe", "__ADMIN", "__auth.", "*"] {
        let of = |access| {
            minted(ClassicClaims {
                identity: identity.to_owned(),
                access,
                ..of_ada()
            })
        };
        let (user, refresh) = (of(None), of(Some(vec!["refresh"])));
        let of_a_realm = minted(ClassicClaims {
            identity: identity.to_owned(),
            path: Some("/ada/notes".to_owned()),
            access: Some(vec!["download", "upload", "manage"]),
            ..of_ada()
        });
        for token in [&user, &refresh, &of_a_realm] {
            let entered = server.system.authorize(&Endpoint::Classic, token, now);
            assert!(entered.is_err(), "{identity}");
            let told = asked(&server, INSPECT, &admin, token.reveal()).await;
            let told = told.text("refused");
            assert!(told.contains("nobody"), "{told}");
        }
        for (method, path, body) in [
            ("GET", "/permissions", ""),
            ("GET", "/auth/users/ada", ""),
            ("PUT", "/auth/password", r#"{"data":{"new_password":"x"}}"#),
            ("GET", "/realms/files/%2Fada%2Fnotes", ""),
        ] {
            let reply = server
                .request_at(method, path, Some(user.reveal()), body)
                .await;
            assert_eq!((path, reply.json()["code"].as_u64()), (path, Some(611)));
        }
        let refused = server.access(refresh.reveal(), "/~/notes").await;
        refused.problem(403, 614);
    }
    // The administrator's name, on a token that is not the administrator's.
    for claims in [
        ClassicClaims {
            path: Some("/__admin/__management".to_owned()),
            ..ClassicClaims::admin()
        },
        ClassicClaims {
            access: Some(vec!["refresh"]),
            ..ClassicClaims::admin()
        },
    ] {
        let token = minted(claims);
        let refused = server.access(token.reveal(), "/ada/notes").await;
        refused.problem(403, 614);
        let entered = server.system.authorize(&Endpoint::Classic, &token, now);
        assert!(entered.is_err());
    }
}
