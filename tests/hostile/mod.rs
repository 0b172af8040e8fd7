//! Peers that misbehave, on real sockets: each gets its error, memory stays bounded, and nobody else notices.

use std::io::Write;

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use rand::rngs::StdRng;
use rand::{Rng, RngCore, SeedableRng};
use ros::auth::KeyPair;
use ros::changeset::{
    Changeset, CollectionKind, Column, ColumnKind, Instruction, Key, KeyKind, PrimaryKeyColumn,
    Slot, TableKind, Value, encode,
};
use tokio_tungstenite::tungstenite::protocol::Message;

use crate::support::server::Server;
use crate::support::wire::{Received, Wire, raw};

const MIB: usize = 1 << 20;

/// A connection that behaves.
struct Client {
    wire: Wire,
    file: u64,
    salt: u64,
    version: u64,
}

impl Client {
    fn connect(server: &Server) -> Client {
        Client::with_token(server, &server.admin_token())
    }

    fn with_token(server: &Server, token: &str) -> Client {
        let target = format!("/realm-sync?baas_at={token}");
        let wire = Wire::open(server.address(), &target, Some("com.mongodb.realm-sync#14"));
        Client {
            wire: wire.unwrap(),
            file: 0,
            salt: 0,
            version: 1,
        }
    }

    fn send(&mut self, head: &str, body: &[u8]) {
        let mut message = head.as_bytes().to_vec();
        message.extend_from_slice(body);
        assert!(self.wire.send(message));
    }

    fn next(&mut self) -> Received {
        self.wire.receive().expect("open")
    }

    fn error(&mut self) -> (u64, u64, serde_json::Value) {
        loop {
            let message = self.next();
            if message.kind() == "json_error" {
                return (message.number(1), message.number(3), message.json());
            }
        }
    }

    /// A session with a new file.
    fn bind(&mut self, session: u64, path: &str) {
        self.send(
            &format!("bind {session} {} 0 1 0\n", path.len()),
            path.as_bytes(),
        );
        let ident = loop {
            let message = self.next();
            if message.kind() == "ident" {
                break message;
            }
            assert_eq!(message.kind(), "download", "{message:?}");
        };
        (self.file, self.salt) = (ident.number(2), ident.number(3));
        self.send(
            &format!("ident {session} {} {} 0 0 0 0\n", self.file, self.salt),
            b"",
        );
        assert_eq!(self.next().kind(), "download");
    }

    /// Uploads a changeset as it is.
    fn upload(&mut self, session: u64, changeset: &[u8]) {
        self.version += 1;
        let mut body = format!("{} 0 1 0 {} ", self.version, changeset.len()).into_bytes();
        body.extend_from_slice(changeset);
        let head = format!("upload {session} 0 {} 0 {} 0 0\n", body.len(), self.version);
        self.send(&head, &body);
    }

    /// Returns when the last upload is acknowledged.
    fn acknowledged(&mut self) {
        let version = self.version;
        assert!(self.wire.await_message(|message| {
            assert_ne!(message.kind(), "json_error", "{}", message.json());
            message.kind() == "download" && message.number(6) >= version
        }));
    }

    /// It is still served.
    fn is_served(&mut self, session: u64) {
        self.send(&format!("mark {session} 77\n"), b"");
        while self.next().kind() != "mark" {}
    }
}

/// A changeset that makes objects with blobs that nothing compresses, of so many bytes together.
fn blob(random: &mut StdRng, size: usize) -> Vec<u8> {
    const MOST: usize = 8 * MIB; // Realm's own limit is 16 MiB
    let class = || "Photo".into();
    let mut instructions = vec![
        Instruction::AddTable {
            class: class(),
            kind: TableKind::TopLevel(PrimaryKeyColumn {
                field: "_id".into(),
                kind: KeyKind::Int,
                nullable: false,
            }),
        },
        Instruction::AddColumn {
            class: class(),
            field: "data".into(),
            column: Column {
                kind: ColumnKind::Binary,
                nullable: true,
                collection: CollectionKind::Single,
                dictionary_key: 0,
            },
        },
    ];
    for at in (0..size).step_by(MOST) {
        let mut bytes = vec![0; MOST.min(size - at)];
        random.fill_bytes(&mut bytes);
        let key = Key::Int(random.random());
        instructions.push(Instruction::CreateObject {
            class: class(),
            key: key.clone(),
        });
        instructions.push(Instruction::Update {
            path: ros::changeset::Path {
                class: class(),
                key,
                field: "data".into(),
                steps: Vec::new(),
            },
            value: Value::Binary(Bytes::from(bytes)),
            slot: Slot::Field { is_default: false },
        });
    }
    encode(&Changeset { instructions })
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

#[test]
fn a_large_transaction_is_taken_and_a_larger_one_refused() {
    let server = Server::start();
    let mut random = StdRng::seed_from_u64(1);
    let mut client = Client::connect(&server);
    client.bind(1, "/large");
    client.upload(1, &blob(&mut random, 64 * MIB));
    client.acknowledged();
    let mut reader = Client::connect(&server);
    reader.send("bind 1 6 0 1 0\n", b"/large");
    let ident = reader.next();
    reader.send(
        &format!("ident 1 {} {} 0 0 0 0\n", ident.number(2), ident.number(3)),
        b"",
    );
    assert!(
        reader
            .wire
            .await_message(|message| message.body.len() > 64 * MIB)
    );

    // Above the limit the app is told, and its other sessions go on.
    client.bind(2, "/other");
    client.upload(1, &blob(&mut random, 85 * MIB));
    let (code, session, json) = client.error();
    assert_eq!((code, session), (206, 1), "{json}");
    assert_eq!(
        (&json["tryAgain"], &json["shouldClientReset"]),
        (&false.into(), &false.into())
    );
    client.is_served(2);

    // What is too large to be looked at ends the connection, with words that arrive.
    let mut client = Client::connect(&server);
    client.bind(1, "/large");
    let body = vec![7; 120 * MIB];
    client.wire.send(
        [
            format!("upload 1 0 {} 0 9 0 0\n", body.len()).as_bytes(),
            &body,
        ]
        .concat(),
    );
    let (code, session, json) = client.error();
    assert_eq!((code, session), (101, 0), "{json}");
    assert_eq!(
        (&json["tryAgain"], &json["shouldClientReset"]),
        (&false.into(), &false.into())
    );
    assert_eq!(client.wire.receive(), None);
    reader.is_served(1);
}

#[test]
fn a_bomb_does_not_go_off() {
    let server = Server::start();
    let mut good = Client::connect(&server);
    good.bind(1, "/good");
    let mut bomb = ZlibEncoder::new(Vec::new(), Compression::best());
    for _ in 0..1024 {
        bomb.write_all(&vec![0; MIB]).unwrap();
    }
    let bomb = bomb.finish().unwrap();
    for (declared, code) in [(1000, 101), (70 * MIB, 101), (1024 * MIB, 206)] {
        let mut client = Client::connect(&server);
        client.bind(1, "/bomb");
        client.send(
            &format!("upload 1 1 {declared} {} 5 0 0\n", bomb.len()),
            &bomb,
        );
        assert_eq!(client.error().0, code);
    }
    good.is_served(1);
    assert!(server.peak_memory() < 300, "{} MiB", server.peak_memory());
}

#[test]
fn small_things_in_large_numbers_meet_a_bound() {
    let server = Server::start();
    let mut good = Client::connect(&server);
    good.bind(1, "/good");
    // Ten bytes on the wire, more in memory.
    let mut client = Client::connect(&server);
    client.bind(1, "/entries");
    client.bind(2, "/other");
    let body: Vec<u8> = (2..6 << 20)
        .flat_map(|version| format!("{version} 0 1 0 0 ").into_bytes())
        .collect();
    let head = format!("upload 1 0 {} 0 {} 0 0\n", body.len(), 6 << 20);
    client.send(&head, &body);
    let (code, session, json) = client.error();
    assert_eq!((code, session), (206, 1), "{json}");
    assert_eq!(json["shouldClientReset"], false);
    client.is_served(2);
    assert!(server.peak_memory() < 400, "{} MiB", server.peak_memory());

    // Two bytes on the wire, some hundred in memory.
    client.bind(3, "/instructions");
    let erase = Instruction::EraseTable {
        class: "Photo".into(),
    };
    let instructions = vec![erase; 20];
    let mut changeset = encode(&Changeset { instructions });
    let one = changeset[changeset.len() - 2..].to_vec();
    changeset.extend_from_slice(&one.repeat(30 * MIB));
    client.upload(3, &changeset);
    let (code, session, json) = client.error();
    assert_eq!((code, session), (206, 3), "{json}");
    assert_eq!(json["shouldClientReset"], false);
    client.is_served(2);
    good.is_served(1);
    assert!(server.peak_memory() < 1200, "{} MiB", server.peak_memory());
}

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
fn who_does_not_read_holds_up_nobody() {
    let server = Server::start();
    let mut random = StdRng::seed_from_u64(2);
    let mut lazy: Vec<Client> = (0..20)
        .map(|_| {
            let mut client = Client::connect(&server);
            client.bind(1, "/shared");
            client
        })
        .collect();
    let mut writer = Client::connect(&server);
    writer.bind(1, "/shared");
    for _ in 0..100 {
        writer.upload(1, &blob(&mut random, MIB));
        writer.acknowledged();
    }
    let mut reader = Client::connect(&server);
    reader.bind(1, "/shared");
    reader.is_served(1);
    // 100 MiB for each of 20, if it were queued.
    assert!(server.peak_memory() < 500, "{} MiB", server.peak_memory());
    for client in &mut lazy {
        client.is_served(1);
    }
}

#[test]
fn who_asks_and_does_not_read_is_not_heard() {
    let server = Server::start();
    let mut good = Client::connect(&server);
    good.bind(1, "/good");
    let floods = [
        Message::Binary(Bytes::from("ping 1 0\n")),
        Message::Binary(Bytes::from("mark 1 1099511627776\n")),
        Message::Ping(Bytes::from(vec![0; 125])),
    ];
    let mut floods: Vec<_> = floods
        .iter()
        .map(|message| {
            let mut client = Client::connect(&server);
            client.bind(1, "/flood");
            (client.wire.flood(message), client)
        })
        .collect();
    good.is_served(1);
    assert!(server.peak_memory() < 150, "{} MiB", server.peak_memory());
    // Nothing is lost for one who reads after all.
    let (sent, client) = &mut floods[0];
    assert!(*sent > 10_000, "{sent}");
    assert_eq!(client.next().kind(), "pong");
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
fn large_downloads_of_one_connection_are_made_one_at_a_time() {
    const REALMS: u64 = 24;
    let server = Server::start();
    let mut random = StdRng::seed_from_u64(6);
    let mut writer = Client::connect(&server);
    for session in 1..=REALMS {
        writer.bind(session, &format!("/large/{session}"));
        writer.version = 1;
        writer.upload(session, &blob(&mut random, 14 * MIB));
        writer.acknowledged();
    }
    drop(writer);
    let before = server.peak_memory();
    let mut lazy = Client::connect(&server);
    for session in 1..=REALMS {
        let path = format!("/large/{session}");
        lazy.send(
            &format!("bind {session} {} 0 1 0\n", path.len()),
            path.as_bytes(),
        );
        let ident = lazy.next();
        lazy.send(
            &format!(
                "ident {session} {} {} 0 0 0 0\n",
                ident.number(2),
                ident.number(3)
            ),
            b"",
        );
    }
    let mut good = Client::connect(&server);
    good.bind(1, "/good");
    good.is_served(1);
    let more = server.peak_memory() - before;
    assert!(more < 150, "{before} MiB and {more} more");
    // All of them arrive when it reads.
    for _ in 0..REALMS {
        assert_eq!(lazy.next().kind(), "download");
    }
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
fn who_may_only_read_repeats_the_schema_and_changes_nothing() {
    let server = Server::start();
    let mut random = StdRng::seed_from_u64(6);
    let mut writer = Client::connect(&server);
    writer.bind(1, "/shared");
    writer.upload(1, &blob(&mut random, 1000));
    writer.acknowledged();
    let mut reader = Client::with_token(&server, &token(&server, &["download"]));
    reader.bind(1, "/shared");
    reader.upload(1, &blob(&mut random, 0)); // what every SDK does when it opens a Realm
    reader.acknowledged();
    reader.is_served(1);
    reader.upload(1, &blob(&mut random, 1000));
    let (code, session, json) = reader.error();
    assert_eq!((code, session), (206, 1), "{json}");
    assert_eq!(json["shouldClientReset"], false);
    writer.is_served(1);
}

#[test]
fn devices_of_another_server_are_held_until_the_operator_decides() {
    let mut server = Server::with_configuration("");
    let mut random = StdRng::seed_from_u64(7);
    let come = |server: &Server, file: u64| {
        let mut client = Client::connect(server);
        client.send("bind 1 6 0 0 0\n", b"/moved");
        client.send(&format!("ident 1 {file} 4711 9 3 9 815\n"), b"");
        let (code, _, json) = client.error();
        (code, json["shouldClientReset"].as_bool().unwrap())
    };
    // 3 lies in the block of idents that the first file of this server is from, 300 does not.
    let mut fresh = Client::connect(&server);
    fresh.bind(1, "/moved");
    for file in [3, 300] {
        assert_eq!(come(&server, file), (201, false));
    }
    // A new device comes with data; the others are still not emptied, not even after a restart.
    fresh.upload(1, &blob(&mut random, 1000));
    fresh.acknowledged();
    assert_eq!(come(&server, 3), (201, false));
    server.stop();
    server.restart();
    assert_eq!(come(&server, 3), (201, false));
    let log = server.log_with("such devices are held");
    let told = log
        .iter()
        .filter(|line| line.contains("such devices are held"));
    assert_eq!(told.count(), 1, "{log:#?}");
    let status = format!(
        "GET /api/ros/v1/status HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\r\n",
        server.admin_token()
    );
    let status = crate::support::wire::raw(server.address(), status.as_bytes());
    assert!(status.contains(r#""held":["/moved"]"#), "{status}");

    server.stop();
    server.configure("classic: { unknown_files: reset }");
    server.restart();
    assert_eq!(come(&server, 3), (209, true));
}

#[test]
fn a_device_of_another_server_is_reset_where_there_is_data() {
    let server = Server::with_configuration("");
    let mut random = StdRng::seed_from_u64(8);
    let mut owner = Client::connect(&server);
    owner.bind(1, "/owned");
    owner.upload(1, &blob(&mut random, 1000));
    owner.acknowledged();
    let mut stranger = Client::connect(&server);
    stranger.send("bind 1 6 0 0 0\n", b"/owned");
    stranger.send("ident 1 3 4711 0 0 0 0\n", b"");
    let (code, _, json) = stranger.error();
    assert_eq!((code, &json["shouldClientReset"]), (211, &true.into()));
}

/// A token of a classic user with these rights to `/shared`.
fn token(server: &Server, access: &[&str]) -> String {
    let keys = KeyPair::read(&server.root().join("keys/private.pem"), None).unwrap();
    let claims = serde_json::json!({ "identity": "someone", "path": "/shared", "access": access });
    let claims = claims.to_string();
    let signature = keys.sign(claims.as_bytes());
    let encoded = [
        BASE64_STANDARD.encode(&claims),
        BASE64_STANDARD.encode(signature),
    ];
    encoded.join(":").replace('+', "%2B")
}

#[test]
fn a_forged_file_is_not_served() {
    let server = Server::start();
    let mut owner = Client::connect(&server);
    owner.bind(1, "/owned");
    let (file, salt) = (owner.file, owner.salt);
    let mut forger = Client::connect(&server);
    forger.send("bind 1 6 0 0 0\n", b"/owned");
    forger.send(&format!("ident 1 {file} {} 0 0 0 0\n", salt ^ 1), b"");
    let (code, session, _) = forger.error();
    assert_eq!((code, session), (211, 1));
    owner.is_served(1);
}

#[test]
fn a_damaged_realm_is_named_and_the_others_stay_up() {
    let mut server = Server::start();
    let mut random = StdRng::seed_from_u64(5);
    for path in ["/broken", "/whole"] {
        let mut client = Client::connect(&server);
        client.bind(1, path);
        client.upload(1, &blob(&mut random, 100_000));
        client.acknowledged();
    }
    server.stop(); // what is only in the log and damaged there is lost without a trace, as after a torn write
    let files = databases(&server.root().join("realms"));
    let broken = files
        .iter()
        .find(|file| file.to_string_lossy().contains("broken"));
    damage(broken.expect("a file for the Realm"));
    server.restart();
    let mut whole = Client::connect(&server);
    whole.bind(1, "/whole");
    let mut client = Client::connect(&server);
    client.send("bind 1 7 0 1 0\n", b"/broken");
    let (code, session, json) = match client.next() {
        ident if ident.kind() == "ident" => {
            client.send(
                &format!("ident 1 {} {} 0 0 0 0\n", ident.number(2), ident.number(3)),
                b"",
            );
            client.error()
        }
        error => (error.number(1), error.number(3), error.json()),
    };
    assert_eq!((code, session), (201, 1), "{json}");
    assert_eq!(json["tryAgain"], true);
    let log = server.log_with("broken.realm.db");
    let lines = log.iter().filter(|line| line.contains("broken.realm.db"));
    assert_eq!(lines.count(), 1, "{log:#?}");
    whole.is_served(1);
}

#[test]
fn a_realm_that_cannot_be_listed_is_not_made() {
    let server = Server::start();
    let mut good = Client::connect(&server);
    good.bind(1, "/listed");
    let database = rusqlite::Connection::open(server.root().join("admin.db")).unwrap();
    let full = "CREATE TRIGGER full BEFORE INSERT ON realms BEGIN SELECT RAISE(ABORT, 'full'); END";
    database.execute_batch(full).unwrap();
    let mut client = Client::connect(&server);
    client.send("bind 1 4 0 1 0\n", b"/new");
    let (code, session, json) = client.error();
    assert_eq!((code, session), (201, 1), "{json}");
    assert_eq!(json["tryAgain"], true);
    let files = databases(&server.root().join("realms"));
    let new = |file: &PathBuf| file.ends_with("new.realm.db");
    assert!(!files.is_empty() && !files.iter().any(new), "{files:?}");
    good.is_served(1);
    let mut again = Client::connect(&server);
    again.bind(1, "/listed");
}

/// Flips bytes throughout a database, its log included.
fn damage(database: &Path) {
    for suffix in ["", "-wal"] {
        let file = PathBuf::from(format!("{}{suffix}", database.display()));
        let Ok(mut bytes) = std::fs::read(&file) else {
            continue;
        };
        // Behind the headers, so that it still looks like a database.
        for at in (4200..bytes.len()).step_by(64) {
            bytes[at] ^= 0x10;
        }
        std::fs::write(&file, bytes).unwrap();
    }
}

fn databases(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(databases(&path));
        } else if path.extension().is_some_and(|end| end != "lock") {
            let name = path.to_string_lossy();
            if !name.ends_with("-wal") && !name.ends_with("-shm") {
                found.push(path);
            }
        }
    }
    found
}
