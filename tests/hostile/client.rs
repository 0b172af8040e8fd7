//! A connection that behaves, on which others do not.

use std::net::SocketAddr;
use std::ops::Range;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use rand::rngs::StdRng;
use rand::{Rng, RngCore, SeedableRng};
use ros::auth::KeyPair;
use ros::changeset::{
    Changeset, CollectionKind, Column, ColumnKind, Instruction, Key, KeyKind, Path,
    PrimaryKeyColumn, Slot, Step, TableKind, Value, encode,
};

use crate::support::server::Server;
use crate::support::wire::{Received, Wire};

/// A connection that behaves.
pub struct Client {
    pub wire: Wire,
    pub file: u64,
    pub salt: u64,
    pub version: u64,
}

impl Client {
    pub fn connect(server: &Server) -> Client {
        Client::with_token(server, &server.admin_token())
    }

    pub fn with_token(server: &Server, token: &str) -> Client {
        Client::at(server.address(), token)
    }

    pub fn at(address: SocketAddr, token: &str) -> Client {
        let target = format!("/realm-sync?baas_at={token}");
        let wire = Wire::open(address, &target, Some("com.mongodb.realm-sync#14"));
        Client::over(wire.unwrap())
    }

    /// Over a connection that is open.
    pub fn over(wire: Wire) -> Client {
        Client {
            wire,
            file: 0,
            salt: 0,
            version: 1,
        }
    }

    pub fn send(&mut self, head: &str, body: &[u8]) {
        let mut message = head.as_bytes().to_vec();
        message.extend_from_slice(body);
        assert!(self.wire.send(message));
    }

    pub fn next(&mut self) -> Received {
        self.wire.receive().expect("open")
    }

    pub fn error(&mut self) -> (u64, u64, serde_json::Value) {
        loop {
            let message = self.next();
            if message.kind() == "json_error" {
                return (message.number(1), message.number(3), message.json());
            }
        }
    }

    /// A session with a new file.
    pub fn bind(&mut self, session: u64, path: &str) {
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
    pub fn upload(&mut self, session: u64, changeset: &[u8]) {
        self.upload_after(session, 0, changeset);
    }

    /// Uploads a changeset that was made knowing a server version.
    pub fn upload_after(&mut self, session: u64, base: u64, changeset: &[u8]) {
        self.version += 1;
        let version = self.version;
        let mut body = format!("{version} {base} 1 0 {} ", changeset.len()).into_bytes();
        body.extend_from_slice(changeset);
        let head = format!("upload {session} 0 {} 0 {version} {base} 0\n", body.len());
        self.send(&head, &body);
    }

    /// Returns when the last upload is acknowledged.
    pub fn acknowledged(&mut self) {
        let version = self.version;
        assert!(self.wire.await_message(|message| {
            assert_ne!(message.kind(), "json_error", "{}", message.json());
            message.kind() == "download" && message.number(6) >= version
        }));
    }

    /// It is still served.
    pub fn is_served(&mut self, session: u64) {
        self.send(&format!("mark {session} 77\n"), b"");
        while self.next().kind() != "mark" {}
    }
}

/// A token of a classic user with these rights to `/shared`.
pub fn token(server: &Server, access: &[&str]) -> String {
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

pub const MIB: usize = 1 << 20;

/// A changeset that makes objects with blobs that nothing compresses, of so many bytes together.
pub fn blob(random: &mut StdRng, size: usize) -> Vec<u8> {
    let mut keys = StdRng::from_rng(&mut *random);
    blobs(size, || keys.random(), |bytes| random.fill_bytes(bytes))
}

/// The same with blobs that are filled like this.
pub fn blobs(
    size: usize,
    mut key: impl FnMut() -> i64,
    mut fill: impl FnMut(&mut [u8]),
) -> Vec<u8> {
    const MOST: usize = 8 * MIB; // Realm's own limit is 16 MiB
    let class = || "Photo".into();
    let data = Column {
        kind: ColumnKind::Binary,
        nullable: true,
        collection: CollectionKind::Single,
        dictionary_key: 0,
    };
    let mut instructions = class_with("Photo", "data", data);
    for at in (0..size).step_by(MOST) {
        let mut bytes = vec![0; MOST.min(size - at)];
        fill(&mut bytes);
        let key = Key::Int(key());
        instructions.push(Instruction::CreateObject {
            class: class(),
            key: key.clone(),
        });
        instructions.push(Instruction::Update {
            path: Path {
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

/// What makes a class with a key and one property.
fn class_with(class: &str, field: &str, column: Column) -> Vec<Instruction> {
    let key = PrimaryKeyColumn {
        field: "_id".into(),
        kind: KeyKind::Int,
        nullable: false,
    };
    vec![
        Instruction::AddTable {
            class: class.into(),
            kind: TableKind::TopLevel(key),
        },
        Instruction::AddColumn {
            class: class.into(),
            field: field.into(),
            column,
        },
    ]
}

/// A changeset that inserts these elements at the end of one list.
pub fn list_edit(elements: Range<u32>) -> Vec<u8> {
    let class = || "Album".into();
    let field = || "photos".into();
    let list = Column {
        kind: ColumnKind::Int,
        nullable: false,
        collection: CollectionKind::List,
        dictionary_key: 0,
    };
    let mut instructions = class_with("Album", "photos", list);
    instructions.push(Instruction::CreateObject {
        class: class(),
        key: Key::Int(1),
    });
    instructions.extend(elements.map(|at| Instruction::ArrayInsert {
        path: Path {
            class: class(),
            key: Key::Int(1),
            field: field(),
            steps: vec![Step::Index(at)],
        },
        value: Value::Int(at.into()),
        prior_size: at,
    }));
    encode(&Changeset { instructions })
}
