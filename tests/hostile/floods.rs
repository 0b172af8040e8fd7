//! More of everything than anybody needs.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use rand::SeedableRng;
use rand::rngs::StdRng;

use super::client::{Client, MIB, blob};
use crate::serve::User;
use crate::support::patience::deadline;
use crate::support::server::{Local, Server};
use crate::support::wire::raw;

const NEWEST: &str = "com.mongodb.realm-sync#14";

#[test]
fn floods_of_sessions_meet_a_bound() {
    let server = Server::start();
    let mut good = Client::connect(&server);
    good.bind(1, "/good");
    let mut client = Client::connect(&server);
    let mut refused = 0;
    for session in 1..=100_000 {
        let path = format!("/flood/{}", session % 7);
        if !client
            .wire
            .send(format!("bind {session} {} 0 0 0\n{path}", path.len()))
        {
            refused += 1;
        }
    }
    while let Some(message) = client.wire.receive() {
        refused += u32::from(message.kind() == "json_error");
        if message.number(1) != 201 && message.number(3) == 0 {
            break;
        }
        if refused >= 90_000 {
            break;
        }
    }
    assert!(refused > 0);
    good.is_served(1);
    assert!(server.peak_memory() < 400, "{} MiB", server.peak_memory());
}

#[test]
fn sessions_that_come_and_go_leave_no_work_behind() {
    let server = Server::start();
    let mut good = Client::connect(&server);
    good.bind(1, "/good");
    let mut client = Client::connect(&server);
    for session in 1..=20_000 {
        client.send(&format!("bind {session} 6 0 0 0\n"), b"/flood");
        client.send(&format!("unbind {session}\n"), b"");
        if session % 1000 == 0 {
            good.is_served(1);
        }
    }
    for _ in 0..20_000 {
        assert_eq!(client.next().kind(), "unbound");
    }
    assert!(server.peak_memory() < 150, "{} MiB", server.peak_memory());
}

#[test]
fn more_connections_than_files_are_refused_in_one_line() {
    let server = Server::with_files(100);
    server.log_with("few files may be open");
    let mut good = Client::connect(&server);
    good.bind(1, "/good");
    let crowd: Vec<_> = (0..200)
        .map(|_| std::net::TcpStream::connect(server.address()).unwrap())
        .collect();
    let log = server.log_with("too many are open");
    good.bind(2, "/another");
    let refused = |line: &&String| line.contains("too many") || line.contains("accept");
    assert_eq!(log.iter().filter(refused).count(), 1, "{log:#?}");
    drop(crowd);
    // The server hears of it in its own time.
    let request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    let answered = (0..1000).any(|_| raw(server.address(), request.as_bytes()).contains(" 404 "));
    assert!(answered);
}

#[test]
fn a_flood_of_uploads_is_taken_as_fast_as_it_is_stored() {
    let server = Server::start();
    let mut random = StdRng::seed_from_u64(3);
    let mut flood = Client::connect(&server);
    flood.bind(1, "/flood");
    let mut good = Client::connect(&server);
    good.bind(1, "/good");
    let changeset = blob(&mut random, MIB / 4);
    for round in 0..1500 {
        flood.upload(1, &changeset);
        if round % 100 == 0 {
            good.is_served(1);
        }
    }
    flood.acknowledged();
    assert!(server.peak_memory() < 700, "{} MiB", server.peak_memory());
}

#[test]
fn more_than_a_connection_may_have_is_refused() {
    let server = Local::start(|settings| {
        settings.limits.client_files_per_connection = 3;
        settings.limits.sessions_per_connection = 5;
    });
    let connect = || Client::at(server.address(), &server.admin_token());
    let mut good = connect();
    good.bind(1, "/good");
    // Files, whatever becomes of their sessions.
    let mut client = connect();
    for session in 1..=3 {
        client.bind(session, "/flood");
    }
    client.send("unbind 3\n", b"");
    client.send("bind 3 6 0 1 0\n", b"/flood");
    let (code, session, json) = client.error();
    assert_eq!((code, session, &json["tryAgain"]), (201, 3, &true.into()));
    client.is_served(1);
    // Sessions.
    for session in 4..=6 {
        client.send(&format!("bind {session} 6 0 0 0\n"), b"/flood");
    }
    let (code, session, json) = client.error();
    assert_eq!((code, session, &json["tryAgain"]), (100, 0, &true.into()));
    assert_eq!(client.wire.receive(), None);
    good.is_served(1);
}

#[test]
fn who_makes_too_many_realms_has_to_wait() {
    let server = Local::start(|settings| settings.limits.new_realms = 3);
    let address = server.address();
    let someone = User::sign_in(address, "x");
    let mut wire = someone.connect(address, "x", NEWEST);
    let mut answered = |session: u64, partition: u64| {
        wire.send(format!("bind {session} 3 0 1 0\n\"{partition}\""));
        let answer = wire.receive().unwrap();
        (answer.kind().to_owned(), answer.number(1))
    };
    let ident = |session| ("ident".to_owned(), session);
    for partition in 1..=3 {
        assert_eq!(answered(partition, partition), ident(partition));
    }
    assert_eq!(answered(4, 4), ("json_error".to_owned(), 201));
    // What is there stays open to the user, and everything to others.
    assert_eq!(answered(5, 3), ident(5));
    let other = User::sign_in(address, "x");
    let mut others = other.connect(address, "x", NEWEST);
    others.send("bind 1 3 0 1 0\n\"4\"");
    assert_eq!(others.receive().unwrap().kind(), "ident");
    assert_eq!(answered(6, 4), ident(6));
    let mut admin = Client::at(address, &server.admin_token());
    for session in 1..10 {
        admin.bind(session, &format!("/made/{session}"));
    }
}

#[test]
fn the_new_realms_of_a_user_are_made_one_after_another() {
    const REALMS: u64 = 100;
    let server = Server::start();
    let folder = server.root().join("realms/many");
    let mut client = Client::connect(&server);
    for session in 1..=REALMS {
        let path = format!("/many/{session}");
        let head = format!("bind {session} {} 0 1 0\n", path.len());
        client.send(&head, path.as_bytes());
    }
    let at_work = || {
        let files = std::fs::read_dir(&folder).into_iter().flatten();
        let new = files.filter_map(|file| Some(file.ok()?.path()));
        let new = new.filter(|path| path.to_string_lossy().ends_with("-new"));
        // What was made while the others were listed is not at work beside them.
        let listed: Vec<_> = new.collect();
        listed.iter().filter(|path| path.exists()).count()
    };
    let is_done = AtomicBool::new(false);
    let most = std::thread::scope(|scope| {
        let watch = scope.spawn(|| {
            let mut most = 0;
            while !is_done.load(Ordering::Relaxed) {
                most = most.max(at_work());
            }
            most
        });
        for _ in 0..REALMS {
            while client.next().kind() != "ident" {}
        }
        is_done.store(true, Ordering::Relaxed);
        watch.join().unwrap()
    });
    assert_eq!(most, 1);
}

/// Upgrades through a proxy that names the client; the stream and the status.
fn upgraded(address: SocketAddr, client: &str) -> (TcpStream, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    let request = format!(
        "GET /realm-sync HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: {NEWEST}\r\nX-Forwarded-For: {client}\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut status = [0; 12];
    stream.read_exact(&mut status).unwrap();
    let status = String::from_utf8_lossy(&status[9..]).into_owned();
    (stream, status)
}

#[test]
fn an_address_has_so_many_connections_and_no_more() {
    let server = Local::start(|settings| settings.limits.connections_per_address = 3);
    let mut here: Vec<_> = (0..3)
        .map(|_| upgraded(server.address(), "192.0.2.1"))
        .collect();
    assert!(here.iter().all(|(_, status)| status == "101"));
    let status = |client| upgraded(server.address(), client).1;
    assert_eq!(status("192.0.2.1"), "503");
    assert_eq!(status("192.0.2.2"), "101");
    drop(here.pop());
    let end = deadline();
    while status("192.0.2.1") == "503" {
        assert!(Instant::now() < end, "a place is not given back");
    }
}
