//! Real bytes of real SDKs, kept with the project: they decode, and give again the history that they gave when they were recorded.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use ros::changeset::{decode, encode};
use ros::download::{self, Fragments};
use ros::ident::{DownloadCursor, FileIdent, RealmName, ServerVersion};
use ros::limits::Limits;
use ros::realm::{Allow, Pending, Realm, Registry};
use ros::server::between;
use ros::storage::Store;
use ros::wire::{Answer, DownloadEntry, Protocol, Request, Upload};
use serde_json::Value;

/// A recorded message.
struct Said {
    connection: u64,
    by_client: bool,
    bytes: Bytes,
}

fn recording(name: &str) -> Vec<Said> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/");
    let text = std::fs::read_to_string(format!("{file}{name}")).unwrap();
    let said = |line: &str| {
        let message: Value = serde_json::from_str(line).unwrap();
        let head = message["head"].as_str().unwrap();
        let body = STANDARD.decode(message["body"].as_str().unwrap()).unwrap();
        Said {
            connection: message["connection"].as_u64().unwrap(),
            by_client: message["direction"] == "c2s",
            bytes: [head.as_bytes(), b"\n", &body].concat().into(),
        }
    };
    text.lines().map(said).collect()
}

fn request(bytes: &Bytes) -> Request {
    Request::decode(bytes.clone(), &Limits::default()).unwrap()
}

fn answer(bytes: &Bytes) -> Answer {
    Answer::decode(bytes.clone(), 1 << 20).unwrap()
}

fn pending(upload: Upload, ident: FileIdent) -> Pending {
    between::pending(
        ident,
        upload.entries,
        upload.progress,
        upload.locked,
        Allow::ALL,
    )
}

/// Integrates what was uploaded, in the order of the recording.
fn integrate(realm: &Realm, recording: &[Said]) {
    let mut files: HashMap<u64, FileIdent> = HashMap::new();
    for said in recording.iter().filter(|said| said.by_client) {
        match request(&said.bytes) {
            Request::Bind(bind) if bind.need_client_file_ident => {
                realm.allocate_client_file().unwrap();
            }
            Request::Ident(ident) => {
                files.insert(said.connection, ident.file);
            }
            Request::Upload(upload) => {
                let pending = pending(upload, files[&said.connection]);
                let outcomes = realm.integrate(vec![pending]).unwrap().outcomes;
                assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
            }
            _ => {}
        }
    }
}

/// The whole history, as a client of this protocol is told it.
fn told(realm: &Realm, protocol: u64) -> Vec<DownloadEntry> {
    let fragments = Fragments::new(1 << 20);
    let protocol = Protocol::new(protocol).unwrap();
    let (nobody, start) = (FileIdent(0), DownloadCursor::default());
    let made = download::make(realm, &fragments, nobody, start, protocol, usize::MAX).unwrap();
    let (body, compressed) = (made.body.bytes, u8::from(made.body.compressed));
    let (plain, sent) = (made.body.plain_length, body.len());
    let head = format!("download 1 0 0 0 0 0 0 0 {compressed} {plain} {sent}\n");
    match answer(&[head.as_bytes(), &body].concat().into()) {
        Answer::Download { entries, .. } => entries,
        other => panic!("{other:?}"),
    }
}

fn goes_as_recorded(name: &str, protocol: u64) {
    let recording = recording(name);
    let mut downloaded: Vec<DownloadEntry> = Vec::new();
    for said in &recording {
        if said.by_client {
            let request = request(&said.bytes);
            let again = Request::decode(request.encode().into(), &Limits::default());
            assert_eq!(again.unwrap(), request, "{:?}", said.bytes);
        } else if let Answer::Download { entries, .. } = answer(&said.bytes) {
            downloaded.extend(entries);
        }
    }
    assert!(downloaded.len() > 3, "{} changesets", downloaded.len());
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), rand::random).unwrap();
    let registry = Registry::new(store, &Limits::default());
    let realm = registry
        .open(&RealmName::from_canonical("/recorded"), true)
        .unwrap();
    integrate(&realm, &recording);
    let history: HashMap<ServerVersion, _> = told(&realm, protocol)
        .into_iter()
        .map(|entry| (entry.version, entry))
        .collect();
    for entry in downloaded {
        let ours = &history[&entry.version];
        assert_eq!(
            (ours.origin, ours.timestamp),
            (entry.origin, entry.timestamp)
        );
        let (ours, theirs) = (
            decode(&ours.changeset).unwrap(),
            decode(&entry.changeset).unwrap(),
        );
        assert_eq!(ours, theirs, "{name}, version {}", entry.version);
        assert_eq!(decode(&encode(&theirs).into()).unwrap(), theirs);
    }
}

#[test]
fn realm_js() {
    goes_as_recorded("realm-js-10.24.ndjson", 7);
}

#[test]
fn realm_kotlin() {
    goes_as_recorded("realm-kotlin-2.3.ndjson", 14);
}
