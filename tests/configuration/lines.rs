//! What waits in line for memory or a thread, and what becomes of whoever holds the others up: with bounds so low that one client is enough.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

use super::bounds::{Watched, bound, photo};
use super::effects::eventually;
use crate::hostile::client::{Client, MIB};
use crate::support::patience::PATIENCE;
use crate::support::server::Server;
use crate::support::wire::Received;

const KIB: usize = 1 << 10;

/// How long it is watched that nothing comes: some times what the bound would let pass.
const A_WHILE: Duration = Duration::from_secs(3);

/// Whether such a message comes within a while.
fn comes(client: &mut Client, like: impl Fn(&Received) -> bool) -> bool {
    let begin = Instant::now();
    while begin.elapsed() < A_WHILE {
        if client.wire.has_come(&like) {
            return true;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    false
}

fn acknowledges(version: u64) -> impl Fn(&Received) -> bool {
    move |message| message.kind() == "download" && message.number(6) >= version
}

/// An upload of which a part has come, and its rest.
fn begun(server: &Server) -> (Client, Vec<u8>) {
    let mut client = bound(server, "/slow");
    let changeset = photo(150 * KIB);
    let entry = format!("2 0 1 0 {} ", changeset.len());
    let body = [entry.as_bytes(), &changeset].concat();
    let head = format!("upload 1 0 {} 0 2 0 0\n", body.len());
    let message = [head.as_bytes(), &body].concat();
    // A frame whose mask changes nothing.
    let mut frame = vec![0x82, 0x80 | 127];
    frame.extend_from_slice(&(message.len() as u64).to_be_bytes());
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(&message);
    let rest = frame.split_off(100 * KIB);
    assert_eq!(client.wire.force(&frame), frame.len());
    client.version = 2;
    (client, rest)
}

fn uploading(server: &Server) -> Client {
    let mut client = bound(server, "/next");
    client.upload(1, &photo(151 * KIB));
    client
}

/// The slow upload is still waited for, and is taken when it has come.
fn goes_on((mut slow, rest): (Client, Vec<u8>)) {
    assert_eq!(slow.wire.force(&rest), rest.len());
    slow.acknowledged();
}

#[test]
fn large_messages_share_the_memory_that_is_said() {
    // There is room for both, or none is asked for.
    for limits in [
        "upload_time: 1",
        "upload_time: 1, intake_bytes: 1, free_message_bytes: 200000",
    ] {
        let server = Server::with_configuration(&format!("limits: {{ {limits} }}"));
        let slow = begun(&server);
        uploading(&server).acknowledged();
        goes_on(slow);
    }
    // There is room for one, which may take its time.
    let server = Server::with_configuration("limits: { intake_bytes: 1 }");
    let slow = begun(&server);
    let mut next = uploading(&server);
    assert!(!comes(&mut next, acknowledges(2)));
    goes_on(slow);
    next.acknowledged();
    // It may not.
    let server = Server::with_configuration("limits: { intake_bytes: 1, upload_time: 1 }");
    let (mut slow, _) = begun(&server);
    uploading(&server).acknowledged();
    assert_eq!(slow.wire.receive(), None);
}

/// Somebody who asks for a large DOWNLOAD and does not read it.
fn asking(server: &Server) -> Client {
    let mut client = Client::connect(server);
    client.send("bind 1 6 0 1 0\n", b"/large");
    let ident = client.next();
    let (file, salt) = (ident.number(2), ident.number(3));
    client.send(&format!("ident 1 {file} {salt} 0 0 0 0\n"), b"");
    client
}

fn is_large(message: &Received) -> bool {
    message.body.len() > MIB
}

/// A server with a Realm that is one large changeset.
fn with_large_realm(limits: &str) -> Watched {
    let watched = Watched::with_limits(limits);
    let mut writer = bound(&watched.server, "/large");
    writer.upload(1, &photo(16 * MIB));
    writer.acknowledged();
    watched
}

/// The lazy one has a DOWNLOAD that it does not take.
fn holding(watched: &Watched) -> Client {
    let lazy = asking(&watched.server);
    eventually("a DOWNLOAD", || {
        watched.metric("ros_downloaded_changesets_total") == 1
    });
    lazy
}

#[test]
fn large_downloads_share_the_memory_that_is_said() {
    let watched = with_large_realm("");
    let mut lazy = holding(&watched);
    assert!(asking(&watched.server).wire.await_message(is_large));
    assert!(lazy.wire.await_message(is_large));

    // One at a time; who waits is heard, as long as it may ask more.
    for (limits, is_heard) in [("", true), ("questions_per_connection: 1", false)] {
        let watched = with_large_realm(&format!("downloads_bytes: 1, {limits}"));
        let mut lazy = holding(&watched);
        let mut next = asking(&watched.server);
        eventually("the line", || watched.metric("ros_download_line") == 1);
        next.send("ping 7 0\n", b"");
        let is_pong = |message: &Received| message.kind() == "pong";
        assert_eq!(comes(&mut next, is_pong), is_heard);
        assert_eq!(watched.metric("ros_download_line"), 1);
        assert!(lazy.wire.await_message(is_large));
        assert!(next.wire.await_message(is_large) && next.wire.await_message(is_pong));
    }

    // Who takes too long goes, and never has all of it.
    let watched = with_large_realm("downloads_bytes: 1, download_time: 1");
    let mut lazy = holding(&watched);
    assert!(asking(&watched.server).wire.await_message(is_large));
    assert_eq!(lazy.wire.receive(), None);
}

#[test]
fn as_much_is_made_for_who_does_not_read_as_is_said() {
    const UPLOADS: u64 = 80;
    let made = |limits: &str| {
        let watched = Watched::with_limits(limits);
        let _lazy = bound(&watched.server, "/a");
        let mut writer = bound(&watched.server, "/a");
        for size in 0..UPLOADS {
            writer.upload(1, &photo(512 * KIB + size as usize));
            writer.acknowledged();
        }
        // Until all are made, or for a while no more are.
        let (mut made, mut unchanged) = (0, 0);
        loop {
            std::thread::sleep(A_WHILE / 2);
            let now = watched.metric("ros_downloaded_changesets_total");
            unchanged = if now == made && made > 0 {
                unchanged + 1
            } else {
                0
            };
            if now == UPLOADS || unchanged == 6 {
                return now;
            }
            made = now;
        }
    };
    assert_eq!(made("outgoing_bytes: 1000000000"), UPLOADS);
    assert!(made("outgoing_bytes: 1") < UPLOADS);
}

/// Holds a database of the server so that nobody else reads it, until it is dropped.
fn held(file: &Path) -> rusqlite::Connection {
    let database = rusqlite::Connection::open(file).unwrap();
    let exclusive = "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE;";
    database.execute_batch(exclusive).unwrap();
    database
}

/// Somebody who comes back to a Realm.
fn back(server: &Server, path: &str, (file, salt): (u64, u64)) -> Client {
    let mut client = Client::connect(server);
    client.send(&format!("bind 1 {} 0 0 0\n", path.len()), path.as_bytes());
    client.send(&format!("ident 1 {file} {salt} 0 0 0 0\n"), b"");
    client
}

#[test]
fn as_many_threads_read_realms_as_is_said() {
    for (limits, waits) in [("realm_threads: 1", true), ("realm_threads: 2", false)] {
        let mut server = Server::with_configuration(&format!("limits: {{ {limits} }}"));
        let [first, second] = ["/a", "/b"].map(|path| {
            let client = bound(&server, path);
            (client.file, client.salt)
        });
        server.stop();
        server.restart();
        let database = held(&server.root().join("realms/a.realm.db"));
        let mut stuck = back(&server, "/a", first);
        let is_download = |message: &Received| message.kind() == "download";
        // It is at work on the first.
        assert!(!comes(&mut stuck, is_download));
        let mut next = back(&server, "/b", second);
        assert_eq!(comes(&mut next, is_download), !waits);
        drop(database);
        assert!(stuck.wire.await_message(is_download) && next.wire.await_message(is_download));
    }
}

/// Sends a request; whether the answer begins within a while, and the socket.
fn asked(address: SocketAddr, request: &str) -> (bool, TcpStream) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    stream.set_read_timeout(Some(A_WHILE)).unwrap();
    let answered = stream.peek(&mut [0]).is_ok();
    (answered, stream)
}

fn status((_, mut stream): (bool, TcpStream)) -> String {
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut status = [0; 12];
    stream.read_exact(&mut status).unwrap();
    String::from_utf8_lossy(&status[9..]).into_owned()
}

#[test]
fn as_many_requests_ask_the_database_as_is_said() {
    let app = "apps: { x: { providers: { anon-user: true } } }";
    for (limits, waits) in [("http_threads: 1", true), ("http_threads: 2", false)] {
        let server = Server::with_configuration(&format!("limits: {{ {limits} }}\n{app}"));
        let database = rusqlite::Connection::open(server.root().join("admin.db")).unwrap();
        database.execute_batch("BEGIN IMMEDIATE").unwrap();
        let write = "POST /api/client/v2.0/app/x/auth/providers/anon-user/login HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}";
        let stuck = asked(server.address(), write);
        assert!(!stuck.0);
        let token = server.admin_token();
        let read = format!(
            "GET /api/ros/v1/users HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n"
        );
        let next = asked(server.address(), &read);
        assert_eq!(next.0, !waits);
        database.execute_batch("ROLLBACK").unwrap();
        assert_eq!((status(stuck), status(next)), ("200".into(), "200".into()));
    }
}
