//! One sample of every message: round trip, and every shorter prefix fails.

use super::*;
use crate::ident::*;
use crate::limits::Limits;
use bytes::Bytes;

fn upload(entries: Vec<UploadEntry>) -> Request {
    Request::Upload(Upload {
        session: SessionIdent(3),
        progress: UploadCursor {
            client_version: ClientVersion(9),
            server_version: ServerVersion(4),
        },
        locked: ServerVersion(2),
        entries,
    })
}

fn entry(changeset: &'static [u8]) -> UploadEntry {
    UploadEntry {
        cursor: UploadCursor {
            client_version: ClientVersion(8),
            server_version: ServerVersion(4),
        },
        timestamp: OriginTimestamp(375_260_813_804),
        origin: FileIdent(0),
        changeset: Bytes::from_static(changeset),
    }
}

#[test]
fn an_upload_of_too_many_changesets_is_refused_by_name() {
    let limits = Limits {
        upload_entries: 2,
        ..Limits::default()
    };
    let decode = |count| {
        let message = upload(vec![entry(b"x"); count]).encode();
        Request::decode(message.into(), &limits)
    };
    assert!(decode(2).is_ok());
    let refused = RequestError::TooMany {
        session: SessionIdent(3),
        limit: 2,
    };
    assert_eq!(decode(3), Err(refused));
}

fn samples() -> Vec<Request> {
    vec![
        Request::Bind(Bind {
            session: SessionIdent(1),
            path: Bytes::from_static(b"\"notes\""),
            token: Bytes::from_static(b"token"),
            need_client_file_ident: true,
            is_subserver: false,
        }),
        Request::Ident(Ident {
            session: SessionIdent(1),
            file: FileIdent(2),
            salt: Salt(MAX_NUMBER),
            download: DownloadCursor {
                server_version: ServerVersion(5),
                client_version: ClientVersion(6),
            },
            latest: SaltedVersion {
                version: ServerVersion(7),
                salt: Salt(8),
            },
        }),
        upload(Vec::new()),
        upload(vec![entry(b""), entry(b"12 34")]),
        upload(vec![entry(&[b'x'; 3000])]),
        Request::Mark {
            session: SessionIdent(1),
            request: 12,
        },
        Request::Unbind {
            session: SessionIdent(1),
        },
        Request::Ping {
            timestamp: 99,
            round_trip: 0,
        },
        Request::JsonError {
            session: SessionIdent(1),
            code: 212,
            body: Bytes::from_static(b"{}"),
        },
    ]
}

#[test]
fn every_request_survives_the_wire() {
    for request in samples() {
        assert_eq!(
            Request::decode(request.encode().into(), &Limits::default()),
            Ok(request)
        );
    }
}

#[test]
fn every_cut_of_a_request_is_refused() {
    for request in samples() {
        let bytes = Bytes::from(request.encode());
        for cut in 0..bytes.len() {
            assert!(
                Request::decode(bytes.slice(..cut), &Limits::default()).is_err(),
                "{request:?} cut at {cut}"
            );
        }
        let mut longer = bytes.to_vec();
        longer.push(b' ');
        assert!(Request::decode(longer.into(), &Limits::default()).is_err());
    }
}

#[test]
fn heads_are_strict() {
    for text in [
        "mark 0 1\n",
        "mark 1  1\n",
        "mark 1 +1\n",
        "mark 1 1\r\n",
        "mark 1 9223372036854775808\n",
        "mark 1 99999999999999999999999\n",
        "mark  1 1\n",
        "Mark 1 1\n",
        "unbind 1 1\n",
        "transact 1 1 1 0\n",
        "alloc 1\n",
        "state_request 1 0 0 0 0 0 0 0 0\n",
        "client_version_request 1 2 3\n",
        "test_command 1 1 2\n{}",
        "bind 1 1025 0 0 0\n",
        "bind 1 1 2049 0 0\nx",
        "\n",
        "",
        " ",
    ] {
        let decoded = Request::decode(Bytes::from(text), &Limits::default());
        assert!(
            matches!(decoded, Err(RequestError::Malformed(_))),
            "{text:?}: {decoded:?}"
        );
    }
}

#[test]
fn a_body_that_does_not_inflate_is_told_apart() {
    let decoded = Request::decode(
        Bytes::from("upload 1 1 10 4 1 0 0\nabcd"),
        &Limits::default(),
    );
    assert_eq!(decoded, Err(RequestError::BadCompression));
    let decoded = Request::decode(
        Bytes::from("upload 1 0 999999999 0 1 0 0\n"),
        &Limits::default(),
    );
    assert!(
        matches!(
            decoded,
            Err(RequestError::TooLarge {
                session: SessionIdent(1),
                bytes: 999_999_999,
                ..
            })
        ),
        "{decoded:?}"
    );
}

#[test]
fn responses_are_what_clients_read() {
    let protocol = Protocol::NEWEST;
    let session = SessionIdent(1);
    let text = |response: Response| String::from_utf8(response.encode(protocol)).unwrap();
    assert_eq!(
        text(Response::Ident {
            session,
            file: FileIdent(2),
            salt: Salt(77)
        }),
        "ident 1 2 77\n"
    );
    assert_eq!(
        text(Response::Mark {
            session,
            request: 4
        }),
        "mark 1 4\n"
    );
    assert_eq!(text(Response::Unbound { session }), "unbound 1\n");
    assert_eq!(text(Response::Pong { timestamp: 5 }), "pong 5\n");
    let head = DownloadHead {
        session,
        cursor: DownloadCursor {
            server_version: ServerVersion(1),
            client_version: ClientVersion(2),
        },
        latest: SaltedVersion {
            version: ServerVersion(3),
            salt: Salt(4),
        },
        upload: UploadCursor {
            client_version: ClientVersion(5),
            server_version: ServerVersion(6),
        },
        downloadable_bytes: 7,
        plain_size: 2000,
        compressed_size: 900,
    };
    assert_eq!(
        text(Response::Download(head)),
        "download 1 1 2 3 4 5 6 7 1 2000 900\n"
    );
    let log = text(Response::Log {
        session: SessionIdent(0),
        text: "hello".into(),
        connection: Some("ab".into()),
    });
    assert_eq!(
        log,
        "log_message 0 43\n{\"level\":\"info\",\"msg\":\"hello\",\"co_id\":\"ab\"}"
    );
}

/// Codes on which some client ends its process (recorded in `client-reactions.json` of the vectors, and sync protocol §15.3).
const DEADLY: [u16; 12] = [104, 202, 203, 205, 207, 214, 215, 218, 219, 220, 221, 224];

#[test]
fn every_error_is_one_that_clients_survive() {
    for code in ErrorCode::ALL {
        assert!(!DEADLY.contains(&code.number()));
        let json = told(&WireError::new(*code), SessionIdent(7), Protocol::NEWEST);
        let (head, body) = json.split_at(json.iter().position(|b| *b == b'\n').unwrap() + 1);
        let session = if code.number() < 200 { 0 } else { 7 };
        assert_eq!(
            String::from_utf8_lossy(head),
            format!("json_error {} {} {session}\n", code.number(), body.len())
        );
        let body: serde_json::Value = serde_json::from_slice(body).unwrap();
        for (key, kind) in [
            ("message", "s"),
            ("tryAgain", "b"),
            ("shouldClientReset", "b"),
            ("isRecoveryModeDisabled", "b"),
            ("logURL", "s"),
            ("action", "s"),
        ] {
            assert!(
                if kind == "s" {
                    body[key].is_string()
                } else {
                    body[key].is_boolean()
                },
                "{key}"
            );
        }
    }
    let plain = told(
        &WireError::new(ErrorCode::IllegalRealmPath),
        SessionIdent(1),
        Protocol::new(3).unwrap(),
    );
    assert_eq!(plain, b"error 204 25 0 1\nIllegal Realm path (BIND)");
}
