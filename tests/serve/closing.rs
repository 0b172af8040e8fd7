//! When a connection must go.

use std::time::Duration;

use super::tokens::{in_seconds, signed};
use super::{NEWEST, OLD, User, is_bound};
use crate::support::server::{Local, Server};
use crate::support::wire::{Wire, request};

/// From protocol 8 on clients get a close code that makes them ask for a new token; those before stay away after any.
const VERSIONS: [(&str, Option<u16>); 2] = [(NEWEST, Some(4001)), (OLD, None)];

#[test]
fn it_ends_with_its_token() {
    let server = Server::start();
    for (protocol, code) in VERSIONS {
        let claims = format!(r#"{{"identity":"ada","expires":{}}}"#, in_seconds(2));
        let target = format!("/realm-sync?baas_at={}", signed(&server, &claims));
        let mut wire = Wire::open(server.address(), &target, Some(protocol)).unwrap();
        assert!(is_bound(&mut wire, 1, "/ada/notes", ""));
        assert_eq!(wire.await_close(), code);
    }
}

#[test]
fn it_ends_with_the_login_or_its_user() {
    let server = Server::start();
    let address = server.address();
    for (protocol, code) in VERSIONS {
        for path in ["/auth/session", "/auth/delete"] {
            let (user, other) = (User::sign_in(address, "x"), User::sign_in(address, "x"));
            let mut wire = user.connect(address, "x", protocol);
            let mut others = other.connect(address, "x", protocol);
            assert!(is_bound(&mut wire, 1, "\"p\"", ""));
            let token = match path {
                "/auth/session" => &user.refresh,
                _ => &user.access,
            };
            assert_eq!(request(address, "DELETE", path, Some(token), "").0, 204);
            assert_eq!(wire.await_close(), code);
            let target = format!("/api/client/v2.0/app/x/realm-sync?baas_at={}", user.access);
            assert_eq!(
                Wire::open(address, &target, Some(protocol)).err(),
                Some(401)
            );
            assert!(is_bound(&mut others, 1, "\"p\"", ""));
        }
    }
}

#[test]
fn it_ends_after_long_silence() {
    let server = Local::start(|settings| settings.limits.silence = Duration::from_millis(500));
    let target = format!("/realm-sync?baas_at={}", server.admin_token());
    let mut wire = Wire::open(server.address(), &target, Some(NEWEST)).unwrap();
    assert!(is_bound(&mut wire, 1, "/a", ""));
    assert_eq!(wire.await_close(), None);
}

#[test]
fn it_ends_if_no_token_comes() {
    let server = Local::start(|settings| settings.limits.token_time = Duration::from_millis(500));
    let open = || Wire::open(server.address(), "/realm-sync", Some(NEWEST)).unwrap();
    let (mut nobody, mut somebody) = (open(), open());
    assert!(is_bound(&mut somebody, 1, "/a", &server.admin_token()));
    assert_eq!(nobody.await_close(), Some(4001));
    assert!(is_bound(&mut somebody, 2, "/a", &server.admin_token()));
}

#[test]
fn it_ends_if_nothing_is_taken() {
    let server = Local::start(|settings| settings.limits.stall = Duration::from_millis(500));
    let target = format!("/realm-sync?baas_at={}", server.admin_token());
    let open = || Wire::open(server.address(), &target, Some(NEWEST)).unwrap();
    let mut lazy = open();
    lazy.flood(&tungstenite::Message::Binary("ping 1 0\n".into()));
    // What the kernels hold is still there to be read; then comes the end.
    while let Some(message) = lazy.receive() {
        assert_eq!(message.kind(), "pong");
    }
    let mut busy = open();
    assert!(is_bound(&mut busy, 1, "/a", ""));
}
