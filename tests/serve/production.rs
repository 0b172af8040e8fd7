//! A server with a configuration: what it opens, and what stays closed.

use ros::changeset::{Changeset, Instruction, KeyKind, PrimaryKeyColumn, TableKind, encode};

use super::{NEWEST, User, bind, is_bound};
use crate::support::server::Server;
use crate::support::wire::{Wire, request};

const CONFIGURATION: &str = r#"
apps:
  closed: { providers: { anon-user: true } }
  readers: { providers: { anon-user: true }, partitions: { read: true } }
  writers: { providers: { anon-user: true }, partitions: { read: true, write: true } }
  silent: {}
"#;

#[test]
fn what_is_not_opened_is_closed() {
    let server = Server::with_configuration(CONFIGURATION);
    let address = server.address();
    let denied = ("json_error".to_owned(), 206);

    let mut wire = User::sign_in(address, "closed").connect(address, "closed", NEWEST);
    assert_eq!(bind(&mut wire, 1, "\"p\"", ""), denied);

    let login = |app| {
        let path = format!("/app/{app}/auth/providers/anon-user/login");
        request(address, "POST", &path, None, "{}").0
    };
    assert_eq!((login("silent"), login("unknown")), (404, 404));
    let access = User::sign_in(address, "writers").access;
    for (app, status) in [("unknown", 404), ("readers", 401)] {
        let target = format!("/api/client/v2.0/app/{app}/realm-sync?baas_at={access}");
        assert_eq!(
            Wire::open(address, &target, Some(NEWEST)).err(),
            Some(status)
        );
    }
}

#[test]
fn who_may_only_read_cannot_upload() {
    let server = Server::with_configuration(CONFIGURATION);
    let address = server.address();
    for (app, writes) in [("readers", false), ("writers", true)] {
        let mut wire = User::sign_in(address, app).connect(address, app, NEWEST);
        wire.send("bind 1 3 0 1 0\n\"p\"");
        let ident = wire.receive().unwrap();
        let (file, salt) = (ident.number(2), ident.number(3));
        wire.send(format!("ident 1 {file} {salt} 0 0 0 0\n"));
        assert_eq!(wire.receive().unwrap().kind(), "download");
        // Progress needs no right, a changeset that changes something does.
        wire.send("upload 1 0 0 0 1 0 0\n");
        let changeset = new_class();
        let mut body = format!("2 0 1 0 {} ", changeset.len()).into_bytes();
        body.extend_from_slice(&changeset);
        let mut upload = format!("upload 1 0 {} 0 2 0 0\n", body.len()).into_bytes();
        upload.extend_from_slice(&body);
        wire.send(upload);
        let answer = wire.receive().unwrap();
        let expected = if writes {
            ("download", 1)
        } else {
            ("json_error", 206)
        };
        assert_eq!((answer.kind(), answer.number(1)), expected);
    }
}

fn new_class() -> Vec<u8> {
    let key = PrimaryKeyColumn {
        field: "_id".into(),
        kind: KeyKind::Int,
        nullable: false,
    };
    let instructions = vec![Instruction::AddTable {
        class: "Note".into(),
        kind: TableKind::TopLevel(key),
    }];
    encode(&Changeset { instructions })
}

#[test]
fn it_is_also_called_by_its_old_name() {
    let server = Server::called("realm-object-server", CONFIGURATION);
    let address = server.address();
    let mut wire = User::sign_in(address, "writers").connect(address, "writers", NEWEST);
    assert!(is_bound(&mut wire, 1, "\"p\"", ""));
}
