//! Clients that take their time, and those that have gone without a word.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use super::client::Client;
use crate::support::server::{Local, Server};
use crate::support::wire::Wire;

const SOON: Duration = Duration::from_millis(500);

/// Sends bytes one by one, a few in each of the server's patiences, until it closes; what it answered.
fn dribble(address: SocketAddr, start: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(start.as_bytes()).unwrap();
    stream.set_read_timeout(Some(SOON / 5)).unwrap();
    let mut answer = Vec::new();
    let mut buffer = [0; 1024];
    for _ in 0..100 {
        let read = stream
            .write_all(b"x")
            .and_then(|()| stream.read(&mut buffer));
        match read {
            Ok(count) if count > 0 => answer.extend_from_slice(&buffer[..count]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Ok(_) | Err(_) => return String::from_utf8_lossy(&answer).into_owned(),
        }
    }
    panic!("it listens for ever to {start:?}");
}

#[test]
fn a_head_that_comes_byte_by_byte_is_not_waited_for() {
    let server = Local::start(|settings| settings.limits.http_head_time = SOON);
    let mut good = Client::at(server.address(), &server.admin_token());
    good.bind(1, "/good");
    for start in ["", "GE", "GET / HTTP/1.1\r\nHost: x\r\nX: "] {
        let answer = dribble(server.address(), start);
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 4"),
            "{answer}"
        );
    }
    // Nor the next one of a connection that was served.
    let answer = dribble(server.address(), "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
    good.is_served(1);
}

#[test]
fn a_body_that_comes_byte_by_byte_is_not_waited_for() {
    let server = Local::start(|settings| settings.limits.http_body_time = SOON);
    let mut good = Client::at(server.address(), &server.admin_token());
    good.bind(1, "/good");
    let start = "POST /api/client/v2.0/app/x/auth/providers/anon-user/login HTTP/1.1\r\nHost: x\r\nContent-Length: 2000\r\n\r\n";
    let answer = dribble(server.address(), start);
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    good.is_served(1);
}

#[test]
fn who_asks_and_takes_no_answer_is_let_go() {
    let server = Local::start(|settings| settings.limits.stall = SOON);
    let mut good = Client::at(server.address(), &server.admin_token());
    good.bind(1, "/good");
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.set_write_timeout(Some(20 * SOON)).unwrap();
    let question = b"GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n".repeat(100);
    let ended = loop {
        if let Err(error) = stream.write_all(&question) {
            break error.kind();
        }
    };
    // What it may not send any more it would have waited for.
    let gone = [ErrorKind::ConnectionReset, ErrorKind::BrokenPipe];
    assert!(gone.contains(&ended), "{ended}");
    good.is_served(1);
}

#[test]
fn a_frame_that_comes_byte_by_byte_is_no_word() {
    let server = Local::start(|settings| settings.limits.silence = SOON);
    let mut slow = Client::at(server.address(), &server.admin_token());
    slow.bind(1, "/slow");
    slow.wire.force(&[0x82, 0x80 | 100, 0, 0, 0, 0]);
    let mut sent = 0;
    while sent < 100 && slow.wire.force(b"x") == 1 {
        assert!(!slow.wire.has_come(|message| message.kind() == "json_error"));
        sent += 1;
        if slow.wire.has_ended(SOON / 10) {
            break;
        }
    }
    assert!(sent < 100, "it listens for ever");
}

/// Connections whose other end says nothing more, and does not close.
#[test]
fn connections_that_have_gone_give_everything_back() {
    let server = Server::start();
    let mut good = Client::connect(&server);
    good.bind(1, "/good");
    let (files, before) = (server.open_files(), server.peak_memory());
    for _ in 0..5 {
        let mut crowd: Vec<Client> = (0..100).map(|_| Client::connect(&server)).collect();
        for client in &mut crowd {
            client.bind(1, "/crowd");
        }
        let strangers: Vec<Wire> = (0..100)
            .map(|_| {
                Wire::open(
                    server.address(),
                    "/realm-sync",
                    Some("com.mongodb.realm-sync#14"),
                )
                .unwrap()
            })
            .collect();
        assert!(server.open_files() >= files + 200);
        drop((crowd, strangers)); // with messages unread: their end is a reset
        while server.open_files() > files + 20 {
            good.is_served(1);
        }
    }
    let more = server.peak_memory() - before;
    assert!(more < 40, "{before} MiB and {more} more");
}
