//! Below the messages: frames that break RFC 6455, and upgrades that nobody can agree on.

use super::client::Client;
use crate::support::server::Server;
use crate::support::wire::{Wire, raw};

/// A masked frame as a client sends it.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).unwrap();
    assert!(length < 126);
    let mask = [1, 2, 3, 4];
    let masked = payload.iter().zip(mask.iter().cycle()).map(|(a, b)| a ^ b);
    [first, 0x80 | length]
        .into_iter()
        .chain(mask)
        .chain(masked)
        .collect()
}

const FIN: u8 = 0x80;
const COMPRESSED: u8 = 0x40;
const CONTINUATION: u8 = 0;
const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

const MARK: &[u8] = b"mark 1 7\n";

#[test]
fn frames_that_are_none_end_the_connection() {
    let server = Server::start();
    let mut good = Client::connect(&server);
    good.bind(1, "/good");
    let unmasked = [&[FIN | BINARY, MARK.len() as u8], MARK].concat();
    let long_ping = [&[FIN | PING, 0x80 | 126, 0, 126][..], &[0; 130]].concat();
    let endless = [&[FIN | BINARY, 0x80 | 127][..], &[0xFF; 8], &[0; 4]].concat();
    let cases = [
        ("unmasked", unmasked),
        ("compressed", frame(FIN | COMPRESSED | BINARY, MARK)),
        ("reserved bit 2", frame(FIN | 0x20 | BINARY, MARK)),
        ("reserved bit 3", frame(FIN | 0x10 | BINARY, MARK)),
        ("opcode 3", frame(FIN | 3, MARK)),
        ("opcode 11", frame(FIN | 11, MARK)),
        ("nothing to continue", frame(FIN | CONTINUATION, MARK)),
        (
            "a message inside another",
            [frame(BINARY, MARK), frame(FIN | BINARY, MARK)].concat(),
        ),
        ("a fragmented ping", frame(PING, b"x")),
        ("a ping of 126 bytes", long_ping),
        ("half a close code", frame(FIN | CLOSE, b"x")),
        ("text that is none", frame(FIN | TEXT, b"\xff")),
        ("a length beyond 2^63", endless),
    ];
    for (name, bytes) in cases {
        let mut client = Client::connect(&server);
        client.bind(1, "/frames");
        client.wire.force(&bytes);
        client.wire.force(&frame(FIN | BINARY, MARK));
        let answered = client
            .wire
            .await_message(|message| message.kind() == "mark");
        assert!(!answered, "{name}");
        good.is_served(1);
    }
}

#[test]
fn whatever_is_a_message_is_taken_in_any_pieces() {
    let server = Server::start();
    let mut client = Client::connect(&server);
    client.bind(1, "/frames");
    // Byte by byte, each in a fragment of its own, with control frames and empty fragments between.
    for (at, byte) in MARK.iter().enumerate() {
        let first = if at == 0 { BINARY } else { CONTINUATION };
        for byte in frame(first, &[*byte]) {
            client.wire.force(&[byte]);
        }
        client.wire.force(&frame(FIN | PING, b"still here"));
        client.wire.force(&frame(FIN | PONG, b""));
        client.wire.force(&frame(CONTINUATION, b""));
    }
    client.wire.force(&frame(FIN | CONTINUATION, b""));
    assert!(
        client
            .wire
            .await_message(|message| message.kind() == "mark")
    );
    // Text is passed over.
    client.wire.force(&frame(FIN | TEXT, b"unbind 1\n"));
    client.is_served(1);
    // Who says goodbye is answered.
    client
        .wire
        .force(&frame(FIN | CLOSE, &1001_u16.to_be_bytes()));
    assert_eq!(client.wire.await_close(), Some(1001));
}

#[test]
fn fragments_of_a_message_that_is_too_large_end_it() {
    let server = Server::start();
    let mut good = Client::connect(&server);
    good.bind(1, "/good");
    let mut client = Client::connect(&server);
    client.bind(1, "/frames");
    let fragment = |first: u8, size: u32| {
        let mut bytes = vec![first, 0x80 | 127, 0, 0, 0, 0];
        bytes.extend_from_slice(&size.to_be_bytes());
        bytes.extend_from_slice(&[0; 4]);
        bytes.resize(bytes.len() + size as usize, b'x');
        bytes
    };
    client.wire.force(&fragment(BINARY, 60 << 20));
    client.wire.force(&fragment(CONTINUATION, 60 << 20));
    let (code, session, json) = client.error();
    assert_eq!((code, session), (101, 0), "{json}");
    assert_eq!(client.wire.receive(), None);
    good.is_served(1);
}

#[test]
fn versions_that_cannot_be_agreed_on_are_refused() {
    let server = Server::start();
    let target = format!("/realm-sync?baas_at={}", server.admin_token());
    let many = vec!["com.mongodb.realm-sync#99"; 500].join(", ");
    let cases = [
        (None, "Missing"),
        (Some(""), "Missing"),
        (Some("chat"), "Missing"),
        (Some("com.mongodb.realm-sync"), "Missing"),
        (Some("com.mongodb.realm-sync#"), "Malformed"),
        (Some("com.mongodb.realm-sync#x"), "Malformed"),
        (Some("com.mongodb.realm-sync#14-2"), "Malformed"),
        (
            Some("com.mongodb.realm-sync#99999999999999999999"),
            "Malformed",
        ),
        (Some("com.mongodb.realm-sync#1"), "CLIENT_TOO_OLD"),
        (Some("com.mongodb.realm-sync#15-99"), "CLIENT_TOO_NEW"),
        (Some("io.realm.sync.30"), "CLIENT_TOO_OLD"),
        (Some(many.as_str()), "CLIENT_TOO_NEW"),
    ];
    for (protocols, cause) in cases {
        let header = protocols.map_or(String::new(), |protocols| {
            format!("Sec-WebSocket-Protocol: {protocols}\r\n")
        });
        let request = format!(
            "GET {target} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n{header}\r\n"
        );
        let answer = raw(server.address(), request.as_bytes());
        assert!(
            answer.starts_with("HTTP/1.1 400"),
            "{protocols:?}: {answer}"
        );
        assert!(answer.contains(cause), "{protocols:?}: {answer}");
        assert!(answer.len() < 2000);
    }
    let all = "x, com.mongodb.realm-sync#99, com.mongodb.realm-sync#14";
    assert!(Wire::open(server.address(), &target, Some(all)).is_ok());
}
