//! Conversations with one connection. What it puts out is written down in a line each; [`said`] has the words.

mod checks;
mod order;
mod simulation;

use super::*;
use crate::ident::{ClientVersion, FileIdent, OriginTimestamp, Salt, UploadCursor};
use crate::limits::Limits;
use crate::wire::{ErrorCode, Kind, Negotiated, Protocol, Request, Upload};

/// The salt of every file and version in these tests.
const SALT: u64 = 77;

/// A connection, and the client and the server around it.
struct Peer {
    connection: Connection,
}

impl Peer {
    fn new() -> Peer {
        Peer::with(Limits::default())
    }

    fn with(limits: Limits) -> Peer {
        Peer {
            connection: connection(14, Kind::Partition, limits),
        }
    }

    fn input(&mut self, input: Input) -> Vec<String> {
        let mut out = Vec::new();
        self.connection.handle(input, &mut out);
        out.iter().filter_map(said).collect()
    }

    /// The client says something, as text: head and body.
    fn hears(&mut self, message: &str) -> Vec<String> {
        self.input(Input::Message(message.as_bytes().to_vec().into()))
    }

    /// The Realm that a session asked for is open.
    fn bound(&mut self, key: u64, realm: &str, file: Option<u64>) -> Vec<String> {
        let bound = Bound {
            realm: RealmName::from_canonical(realm),
            file: file.map(|file| (FileIdent(file), Salt(SALT))),
        };
        self.input(Input::Bound(SessionKey(key), Ok(bound)))
    }

    /// The file that a session asked for is known, in a Realm at this version.
    fn known(&mut self, key: u64, head: u64) -> Vec<String> {
        self.input(Input::ClientFile(SessionKey(key), Ok(facts(head))))
    }

    fn downloaded(&mut self, key: u64, cursor: u64, head: u64, upload: u64) -> Vec<String> {
        let download = download(cursor, head, upload);
        self.input(Input::Downloaded(SessionKey(key), Ok(download)))
    }

    fn integrated(&mut self, key: u64) -> Vec<String> {
        self.input(Input::Integrated(SessionKey(key), Ok(())))
    }

    fn refused(&mut self, key: u64, code: ErrorCode) -> Vec<String> {
        self.input(Input::Integrated(
            SessionKey(key),
            Err(WireError::new(code)),
        ))
    }

    fn announced(&mut self, key: u64, head: u64) -> Vec<String> {
        self.input(Input::Announced(SessionKey(key), ServerVersion(head)))
    }

    /// Session 1 with file 2 in an empty Realm, after its first DOWNLOAD.
    fn live() -> Peer {
        let mut peer = Peer::new();
        assert_eq!(peer.hears("bind 1 2 0 1 0\n/a"), ["bind? 1"]);
        assert_eq!(peer.bound(1, "/a", Some(2)), ["ident 1 2 77"]);
        assert_eq!(peer.hears("ident 1 2 77 0 0 0 0\n"), ["look up? 1 2"]);
        assert_eq!(peer.known(1, 0), ["claim 1 2", "read? 1 0"]);
        assert_eq!(peer.downloaded(1, 0, 0, 0), ["download 1 0 0 0"]);
        peer
    }
}

fn connection(protocol: u64, kind: Kind, limits: Limits) -> Connection {
    let negotiated = Negotiated {
        kind,
        protocol: Protocol::new(protocol).unwrap(),
        subprotocol: String::new(),
    };
    Connection::new(&negotiated, "c1".into(), limits)
}

fn salted(version: u64) -> SaltedVersion {
    SaltedVersion {
        version: ServerVersion(version),
        salt: Salt(if version == 0 { 0 } else { SALT }),
    }
}

fn facts(head: u64) -> FileFacts {
    FileFacts {
        file: Some(StoredFile {
            salt: Salt(SALT),
            upload: UploadCursor::default(),
            locked: ServerVersion(0),
            expired: false,
        }),
        head: salted(head),
        latest_salt: Some(Salt(0)),
        held: false,
    }
}

fn download(cursor: u64, head: u64, upload: u64) -> Download {
    Download {
        cursor: DownloadCursor {
            server_version: ServerVersion(cursor),
            client_version: ClientVersion(0),
        },
        head: salted(head),
        upload: UploadCursor {
            client_version: ClientVersion(upload),
            server_version: ServerVersion(0),
        },
        remaining_bytes: 0,
        body: Bytes::new(),
        plain_size: 0,
        compressed: false,
    }
}

/// An UPLOAD of changesets that made these client versions, on server version 0.
fn upload(session: u64, versions: &[u64], progress: u64) -> String {
    let entries = versions.iter().map(|version| UploadEntry {
        cursor: UploadCursor {
            client_version: ClientVersion(*version),
            server_version: ServerVersion(0),
        },
        timestamp: OriginTimestamp(1),
        origin: FileIdent(0),
        changeset: Bytes::from_static(b"changeset"),
    });
    let upload = Upload {
        session: SessionIdent(session),
        progress: UploadCursor {
            client_version: ClientVersion(progress),
            server_version: ServerVersion(0),
        },
        locked: ServerVersion(0),
        entries: entries.collect(),
    };
    String::from_utf8(Request::Upload(upload).encode()).unwrap()
}

/// An output in a line. Questions to the server end their first word with a question mark and name the session by its key; what is sent stands as on the wire,
/// DOWNLOAD with its session, cursor, newest and uploaded version. Reports go without saying.
fn said(output: &Output) -> Option<String> {
    Some(match output {
        Output::Send(frame) => sent(&frame.head),
        Output::Bind { session, .. } => format!("bind? {}", session.0),
        Output::LookUp { session, file, .. } => format!("look up? {} {file}", session.0),
        Output::Claim { session, file } => format!("claim {} {file}", session.0),
        Output::Note {
            session, progress, ..
        } => format!("note {} {}", session.0, progress.client_version),
        Output::Integrate {
            session,
            entries,
            progress,
            ..
        } => format!(
            "integrate? {} {} to {}",
            session.0,
            entries.len(),
            progress.client_version
        ),
        Output::Read { session, from, .. } => {
            format!("read? {} {}", session.0, from.server_version)
        }
        Output::Release(session) => format!("release {}", session.0),
        Output::Report { .. } => return None,
        Output::Close(close) => format!("close: {close}"),
    })
}

/// A message in a line; of errors the code, the session and the action.
fn sent(head: &[u8]) -> String {
    let text = String::from_utf8_lossy(head);
    let (head, body) = text.split_once('\n').unwrap();
    let words: Vec<&str> = head.split(' ').collect();
    match words[0] {
        "json_error" => {
            let json: serde_json::Value = serde_json::from_str(body).unwrap();
            let action = json["action"].as_str().unwrap();
            format!("error {} {} {action}", words[1], words[3])
        }
        "download" => format!(
            "download {} {} {} {}",
            words[1], words[2], words[4], words[6]
        ),
        _ => head.to_owned(),
    }
}
