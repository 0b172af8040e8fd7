//! The life of the process: signals, systemd, its log, a disk without room.

use std::io::Write;
use std::net::TcpStream;
use std::os::unix::net::UnixDatagram;
use std::time::{Duration, Instant};

use ros::changeset::{
    Changeset, CollectionKind, Column, ColumnKind, Instruction, Key, KeyKind, Path,
    PrimaryKeyColumn, Slot, TableKind, Value, encode,
};

use super::{NEWEST, OLD, User, is_bound};
use crate::support::patience::{PATIENCE, deadline};
use crate::support::server::Server;
use crate::support::wire::{Wire, raw};

/// A session of its own with a new file, which is synced.
struct Session {
    user: User,
    wire: Wire,
    file: u64,
    salt: u64,
}

impl Session {
    fn open(server: &Server, protocol: &str) -> Session {
        let user = User::sign_in(server.address(), "x");
        let mut wire = user.connect(server.address(), "x", protocol);
        wire.send("bind 1 3 0 1 0\n\"p\"");
        let ident = wire.receive().unwrap();
        let (file, salt) = (ident.number(2), ident.number(3));
        let mut session = Session {
            user,
            wire,
            file,
            salt,
        };
        session.identify();
        session
    }

    fn again(&mut self, server: &Server) {
        self.wire = self.user.connect(server.address(), "x", NEWEST);
        self.wire.send("bind 1 3 0 0 0\n\"p\"");
        self.identify();
    }

    fn identify(&mut self) {
        let (file, salt) = (self.file, self.salt);
        self.wire.send(format!("ident 1 {file} {salt} 0 0 0 0\n"));
    }

    /// Uploads objects as one changeset.
    fn upload(&mut self, version: u64, key: i64, size: usize) {
        let changeset = object(key, size);
        let mut body = format!("{version} 0 1 0 {} ", changeset.len()).into_bytes();
        body.extend_from_slice(&changeset);
        let head = format!("upload 1 0 {} 0 {version} 0 0\n", body.len());
        self.wire.send([head.into_bytes(), body].concat());
    }

    /// Waits for the outcome of the upload of this version: acknowledged, or the error.
    fn outcome(&mut self, version: u64) -> Result<(), (u64, bool)> {
        loop {
            let message = self.wire.receive().expect("the server answers");
            match message.kind() {
                "download" if message.number(6) >= version => return Ok(()),
                "json_error" => {
                    let again = message.json()["tryAgain"].as_bool().unwrap();
                    return Err((message.number(1), again));
                }
                _ => {}
            }
        }
    }
}

/// An object with a text of this size.
fn object(number: i64, size: usize) -> Vec<u8> {
    let class = || "Note".into();
    let key = PrimaryKeyColumn {
        field: "_id".into(),
        kind: KeyKind::Int,
        nullable: false,
    };
    let column = Column {
        kind: ColumnKind::String,
        nullable: false,
        collection: CollectionKind::Single,
        dictionary_key: 0,
    };
    let text = "x".repeat(size);
    let instructions = vec![
        Instruction::AddTable {
            class: class(),
            kind: TableKind::TopLevel(key),
        },
        Instruction::AddColumn {
            class: class(),
            field: "text".into(),
            column,
        },
        Instruction::CreateObject {
            class: class(),
            key: Key::Int(number),
        },
        Instruction::Update {
            path: Path {
                class: class(),
                key: Key::Int(number),
                field: "text".into(),
                steps: Vec::new(),
            },
            value: Value::String(text.as_str().into()),
            slot: Slot::Field { is_default: false },
        },
    ];
    encode(&Changeset { instructions })
}

/// The log in a file, once it says this.
fn file_with(path: &std::path::Path, text: &str) -> String {
    let end = deadline();
    loop {
        let log = std::fs::read_to_string(path).unwrap_or_default();
        if log.contains(text) {
            return log;
        }
        assert!(Instant::now() < end, "{text} is not in {log}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn at_the_end_what_has_arrived_is_stored_and_clients_may_come_back_at_once() {
    let mut server = Server::start();
    let mut sessions = [NEWEST, OLD].map(|protocol| Session::open(&server, protocol));
    for session in &mut sessions {
        session.upload(2, i64::try_from(session.file).unwrap(), 10);
        assert_eq!(session.outcome(2), Ok(()));
    }
    server.signal("TERM");
    // Clients below protocol 8 stay away for an hour after any other code.
    assert_eq!(
        sessions.each_mut().map(|s| s.wire.await_close()),
        [Some(1000); 2]
    );
    assert_eq!(server.ended(), Some(0));
    server.log_with("reason=\"the server shuts down\"");
    server.log_with("info: stopped");
    server.restart();
    for session in &mut sessions {
        session.again(&server);
        assert_eq!(session.outcome(2), Ok(()));
    }
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let mut server = Server::start();
    let mut slow = TcpStream::connect(server.address()).unwrap();
    let head = "POST /api/client/v2.0/app/x/auth/providers/anon-user/login HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n";
    slow.write_all(head.as_bytes()).unwrap();
    let alive = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    assert!(raw(server.address(), alive.as_bytes()).starts_with("HTTP/1.1 200"));
    server.signal("TERM");
    server.log_with("info: stopping");
    server.signal("TERM");
    assert_eq!(server.ended(), Some(130));
    server.log_with("fatal: a second signal");
}

#[test]
fn a_slow_request_holds_up_no_end() {
    let mut server = Server::start();
    let mut slow = TcpStream::connect(server.address()).unwrap();
    let head = "POST /api/client/v2.0/app/x/auth/providers/anon-user/login HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n";
    slow.write_all(head.as_bytes()).unwrap();
    let alive = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    assert!(raw(server.address(), alive.as_bytes()).starts_with("HTTP/1.1 200"));
    let told = Instant::now();
    server.signal("TERM");
    assert_eq!(server.ended(), Some(0));
    // Its body could take a minute.
    assert!(
        told.elapsed() < Duration::from_secs(40),
        "{:?}",
        told.elapsed()
    );
}

#[test]
fn the_log_moves_and_the_configuration_changes_while_it_runs() {
    let server = Server::with_configuration("apps: {x: {providers: {anon-user: true}}}");
    let file = server.root().with_file_name("ros.log");
    let logging = format!("logging: {{path: {}, format: json}}", file.display());
    let login = |app: &str| {
        let path = format!("/app/{app}/auth/providers/anon-user/login");
        crate::support::wire::request(server.address(), "POST", &path, None, "{}").0
    };
    assert_eq!((login("x"), login("y")), (200, 404));

    server.reconfigure(&format!(
        "apps: {{y: {{providers: {{anon-user: true}}}}}}\n{logging}"
    ));
    let log = file_with(&file, "configuration taken");
    let line: serde_json::Value = serde_json::from_str(log.lines().last().unwrap()).unwrap();
    assert_eq!(line["level"], "info");
    assert_eq!(line["changed"], "apps, logging.format, logging.path");
    assert_eq!((login("x"), login("y")), (404, 200));

    std::fs::rename(&file, file.with_extension("1")).unwrap();
    server.reconfigure("apps: {x: {providers: {anon-user: 7}}}");
    let log = file_with(&file, "configuration not taken");
    assert!(log.contains("apps.x.providers.anon-user"), "{log}");
    assert_eq!((login("x"), login("y")), (404, 200));

    server.reconfigure(&format!(
        "proxy: {{http: {{listen_port: 9}}}}\nmetrics: {{enable: true}}\n{logging}"
    ));
    file_with(&file, "a restart is needed for: metrics");
    assert_eq!(login("y"), 404);
}

#[test]
fn systemd_hears_of_everything() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut server = Server::with_environment(vec![
        ("NOTIFY_SOCKET", path.display().to_string()),
        ("WATCHDOG_USEC", "20000".into()),
    ]);
    let heard = |what: &str| {
        let mut buffer = [0; 1000];
        loop {
            let size = socket
                .recv(&mut buffer)
                .unwrap_or_else(|error| panic!("{what}: {error}"));
            let text = std::str::from_utf8(&buffer[..size]).unwrap();
            if text.lines().any(|line| line.starts_with(what)) {
                return;
            }
        }
    };
    heard("READY=1");
    heard("WATCHDOG=1");
    heard("STATUS=0 connections, 0 sessions, ");
    server.signal("HUP");
    heard("RELOADING=1");
    heard("READY=1");
    heard("WATCHDOG=1");
    server.signal("TERM");
    heard("STOPPING=1");
    // It goes on to say that it is alive, and waits where nobody listens.
    std::thread::spawn(move || while socket.recv(&mut [0; 1000]).is_ok() {});
    assert_eq!(server.ended(), Some(0));
}

#[test]
fn a_full_disk_is_told_and_waited_out_and_loses_nothing() {
    let mut server = Server::with_file_size(2048); // 1 MiB for each file
    let mut session = Session::open(&server, NEWEST);
    let mut stored = 1;
    let refused = loop {
        session.upload(stored + 1, i64::try_from(stored).unwrap(), 50_000);
        match session.outcome(stored + 1) {
            Ok(()) => stored += 1,
            Err(error) => break error,
        }
        assert!(stored < 200, "the disk never fills");
    };
    assert_eq!(refused, (201, true));
    assert!(stored > 3, "some was stored before");
    server.log_with("uploads could not be integrated");
    // Still full: the same again, and what was acknowledged is there.
    session.again(&server);
    assert_eq!(session.outcome(stored), Ok(()));
    session.upload(stored + 1, i64::try_from(stored).unwrap(), 50_000);
    assert_eq!(session.outcome(stored + 1), Err((201, true)));
    server.make_room();
    session.again(&server);
    session.upload(stored + 1, i64::try_from(stored).unwrap(), 50_000);
    assert_eq!(session.outcome(stored + 1), Ok(()));
    server.kill();
    server.restart();
    session.again(&server);
    assert_eq!(session.outcome(stored + 1), Ok(()));
    assert!(is_bound(&mut session.wire, 2, "\"q\"", ""));
}
