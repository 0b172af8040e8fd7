//! Where a token may stand.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ros::auth::KeyPair;

use super::{NEWEST, OLD, User, bind, is_bound};
use crate::support::server::Server;
use crate::support::wire::{Wire, raw};

/// A classic token of this server, with these claims.
pub fn signed(server: &Server, claims: &str) -> String {
    let keys = KeyPair::read(&server.root().join("keys/private.pem"), None).unwrap();
    let signature = keys.sign(claims.as_bytes());
    let encode = |bytes: &[u8]| BASE64_STANDARD.encode(bytes);
    format!("{}:{}", encode(claims.as_bytes()), encode(&signature))
}

/// The time in so many seconds.
pub fn in_seconds(seconds: u64) -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    now.as_secs() + seconds
}

#[test]
fn a_token_is_taken_from_wherever_clients_put_it() {
    let server = Server::start();
    let (address, token) = (server.address(), server.admin_token());
    let escaped = token.replace('+', "%2B").replace('=', "%3D");
    let in_url = |token| {
        Wire::open(
            address,
            &format!("/realm-sync?baas_at={token}"),
            Some(NEWEST),
        )
    };
    let in_header =
        |value: &str| Wire::open_with(address, "/realm-sync/%2Fa", Some(NEWEST), Some(value));
    let classic = format!("Realm-Access-Token version=1 token=\"{token}\"");
    for wire in [
        in_url(token.clone()),
        in_url(escaped),
        in_header(&format!("Bearer {token}")),
        in_header(&classic),
    ] {
        assert!(is_bound(&mut wire.unwrap(), 1, "/a", ""));
    }
    for value in ["Bearer x", "Realm-Access-Token version=1 token=\"x\"", "x"] {
        assert_eq!(in_header(value).err(), Some(401), "{value}");
    }
}

#[test]
fn a_token_in_bind_is_for_that_session() {
    let server = Server::start();
    let open = || Wire::open(server.address(), "/realm-sync", Some(NEWEST)).unwrap();
    let admin = server.admin_token();
    let access = r#"{"identity":"ada","access":["download"],"path":"/ada/notes"}"#;
    let access = signed(&server, access);
    let expired = format!(r#"{{"identity":"ada","expires":{}}}"#, in_seconds(0) - 10);
    let expired = signed(&server, &expired);

    let mut wire = open();
    let denied = ("json_error".to_owned(), 206);
    assert_eq!(bind(&mut wire, 1, "/a", ""), denied);
    assert_eq!(bind(&mut wire, 2, "/a", "junk"), denied);
    assert_eq!(bind(&mut wire, 3, "/ada/notes", &expired), denied);
    assert_eq!(bind(&mut wire, 4, "/ada/other", &access), denied);
    assert!(is_bound(&mut wire, 5, "/ada/notes", &access));
    assert!(is_bound(&mut wire, 6, "/ada/other", &admin));
    // What one session has shown opens nothing to another.
    assert_eq!(bind(&mut wire, 7, "/ada/notes", ""), denied);

    // A token that is shown is never ignored, whoever has opened the connection.
    let target = format!("/realm-sync?baas_at={admin}");
    let mut wire = Wire::open(server.address(), &target, Some(NEWEST)).unwrap();
    assert_eq!(bind(&mut wire, 1, "/a", "junk"), denied);
    assert_eq!(bind(&mut wire, 2, "/ada/other", &access), denied);
    assert!(is_bound(&mut wire, 3, "/ada/other", ""));
    let user = User::sign_in(server.address(), "x");
    let mut wire = user.connect(server.address(), "x", NEWEST);
    assert_eq!(bind(&mut wire, 1, "\"p\"", "junk"), denied);
    assert!(is_bound(&mut wire, 2, "\"p\"", &user.access));
}

#[test]
fn the_connection_ends_with_a_token_in_bind() {
    let server = Server::start();
    for (protocol, code) in [(NEWEST, Some(4001)), (OLD, None)] {
        let mut wire = Wire::open(server.address(), "/realm-sync", Some(protocol)).unwrap();
        let claims = format!(r#"{{"identity":"ada","expires":{}}}"#, in_seconds(2));
        assert!(is_bound(
            &mut wire,
            1,
            "/ada/notes",
            &signed(&server, &claims)
        ));
        assert_eq!(wire.await_close(), code);
    }
}

#[test]
fn an_answer_says_who_gives_it_and_under_which_id() {
    let server = Server::start();
    let upgrade = |protocol: &str| {
        let head = "GET /realm-sync HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13";
        let head = format!(
            "{head}\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: {protocol}\r\n\r\n"
        );
        raw(server.address(), head.as_bytes()).to_lowercase()
    };
    let name = concat!("\r\nserver: ros/", env!("CARGO_PKG_VERSION"), "\r\n");
    let (old, new) = (upgrade(OLD), upgrade(NEWEST));
    for answer in [&old, &new] {
        assert!(
            answer.starts_with("http/1.1 101 ") && answer.contains(name),
            "{answer}"
        );
    }
    let id = |answer: &str| {
        let (_, rest) = answer.split_once("\r\nx-appservices-request-id: ")?;
        Some(rest.split_once("\r\n")?.0.to_owned())
    };
    let given = id(&old).expect("an id");
    assert!(given.len() == 24 && given.bytes().all(|byte| byte.is_ascii_hexdigit()));
    server.log_with(&given);
    assert_eq!(id(&new), None);

    for path in ["/", "/realm-sync/test", "/realm-sync2"] {
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
        let answer = raw(server.address(), request.as_bytes());
        assert!(answer.starts_with("HTTP/1.1 404 ") && answer.to_lowercase().contains(name));
        assert!(
            answer.ends_with("\r\n\r\nRealm sync server\n\nPage not found\n"),
            "{answer}"
        );
    }
}

#[test]
fn the_cause_of_a_refusal_is_logged_once() {
    let server = Server::start();
    let requests = [
        (
            "GET /realm-sync HTTP/1.1\r\nHost: x\r\n\r\n",
            "this is a WebSocket endpoint",
        ),
        (
            "GET /api/client/v2.0/auth/profile HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer s3cret\r\n\r\n",
            "neither of the known forms",
        ),
        (
            "POST /api/client/v2.0/app/x/auth/providers/local-userpass/login HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\n{\"password\":\"s3cret\\",
            "line 1, column",
        ),
    ];
    for _ in 0..3 {
        for (request, _) in requests {
            raw(server.address(), request.as_bytes());
        }
    }
    for (_, cause) in requests {
        let log = server.log_with(cause);
        let lines = log.iter().filter(|line| line.contains(cause));
        assert_eq!(lines.count(), 1, "{log:#?}");
        assert!(!log.iter().any(|line| line.contains("s3cret")), "{log:#?}");
    }
}
