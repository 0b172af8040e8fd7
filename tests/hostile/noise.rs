//! What is no message and no request.

use bytes::Bytes;
use rand::rngs::StdRng;
use rand::{Rng, RngCore, SeedableRng};
use tungstenite::protocol::Message;

use super::client::Client;
use crate::support::server::Server;
use crate::support::wire::{Wire, raw};

#[test]
fn noise_is_answered_and_forgotten() {
    let server = Server::start();
    let mut good = Client::connect(&server);
    good.bind(1, "/good");
    let mut random = StdRng::seed_from_u64(4);
    let words = [
        "bind",
        "ident",
        "upload",
        "mark",
        "unbind",
        "ping",
        "json_error",
        "refresh",
        "alloc",
        "",
        "\u{0}",
        "query",
    ];
    for round in 0..300 {
        let mut client = Client::connect(&server);
        if round % 2 == 0 {
            client.bind(1, "/noise");
        }
        for _ in 0..20 {
            let mut message = words[random.random_range(0..words.len())]
                .as_bytes()
                .to_vec();
            for _ in 0..random.random_range(0..9) {
                let number: u64 = match random.random_range(0..4) {
                    0 => random.random(),
                    1 => u64::MAX,
                    _ => random.random_range(0..20),
                };
                message.extend_from_slice(format!(" {number}").as_bytes());
            }
            message.push(b'\n');
            let mut tail = vec![0; random.random_range(0..60)];
            random.fill_bytes(&mut tail);
            message.extend_from_slice(&tail);
            let frame = match random.random_range(0..12) {
                0 => Message::Text(String::from_utf8_lossy(&message).into_owned().into()),
                1 => Message::Ping(Bytes::from(message[..message.len().min(100)].to_vec())),
                _ => Message::Binary(message.into()),
            };
            if !client.wire.send_frame(frame) {
                break;
            }
        }
    }
    good.is_served(1);
}

#[test]
fn requests_that_are_none_are_answered() {
    let server = Server::start();
    let mut good = Client::connect(&server);
    good.bind(1, "/good");
    let get = "GET /realm-sync HTTP/1.1\r\nHost: x\r\n";
    let cases = [
        ("GET / SPDY/9\r\n\r\n".to_owned(), "400"),
        ("\u{1}\u{2}\r\n\r\n".into(), "400"),
        (format!("{get}X: {}\r\n\r\n", "x".repeat(100_000)), "431"),
        (format!("{get}{}\r\n", "A: b\r\n".repeat(10_000)), "431"),
        (
            format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(100_000)),
            "4",
        ),
        (format!("{get}Upgrade: websocket\r\n\r\n"), "400"),
        (
            format!(
                "POST /api/client/v2.0/app/x/auth/providers/anon-user/login HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\n{}",
                "x".repeat(10)
            ),
            "413",
        ),
    ];
    for (request, status) in cases {
        let answer = raw(server.address(), request.as_bytes());
        let head = answer.lines().next().unwrap_or_default();
        let beginning = &request[..request.len().min(60)];
        assert!(
            head.contains(&format!(" {status}")),
            "{beginning:?}: {head:?}"
        );
    }
    for token in ["", "junk", "a.b.c", "eyJhbGciOiJub25lIn0.e30."] {
        let target = format!("/realm-sync?baas_at={token}");
        let refused = Wire::open(server.address(), &target, Some("com.mongodb.realm-sync#14"));
        assert_eq!(refused.err(), Some(401), "{token}");
    }
    let old = Wire::open(server.address(), "/realm-sync", Some("io.realm.sync.23"));
    assert_eq!(old.err(), Some(400));
    server.log_with("io.realm.sync");
    good.is_served(1);
}

#[test]
fn flexible_sync_is_refused_in_words() {
    let server = Server::start();
    let target = format!("/realm-sync?baas_at={}", server.admin_token());
    let protocol = Some("com.mongodb.realm-query-sync#14");
    let mut wire = Wire::open(server.address(), &target, protocol).unwrap();
    let body = r#"{"path":"","sessionReason":0}"#;
    wire.send(format!("bind 1 {} 0 1 0\n{body}", body.len()));
    let error = wire.receive().unwrap();
    assert_eq!(
        (error.kind(), error.number(1), error.number(3)),
        ("json_error", 114, 0)
    );
    assert_eq!(error.json()["tryAgain"], false);
    assert_eq!(error.json()["shouldClientReset"], false);
    assert_eq!(wire.receive(), None);
}
