//! Every check of IDENT and UPLOAD with its code, in the order of the protocol's tables.

use super::super::checks::{self, UploadState};
use super::*;
use crate::wire::{Action, Ident};

fn good_ident() -> (Ident, FileFacts) {
    let ident = Ident {
        session: SessionIdent(1),
        file: FileIdent(2),
        salt: Salt(SALT),
        download: DownloadCursor {
            server_version: ServerVersion(7),
            client_version: ClientVersion(9),
        },
        latest: SaltedVersion {
            version: ServerVersion(15),
            salt: Salt(8),
        },
    };
    let facts = FileFacts {
        file: Some(StoredFile {
            salt: Salt(SALT),
            upload: cursor(10, 5),
            locked: ServerVersion(3),
            expired: false,
        }),
        head: salted(20),
        latest_salt: Some(Salt(8)),
        held: false,
    };
    (ident, facts)
}

fn cursor(client: u64, server: u64) -> UploadCursor {
    UploadCursor {
        client_version: ClientVersion(client),
        server_version: ServerVersion(server),
    }
}

type SpoilIdent = fn(&mut Ident, &mut FileFacts);

/// What is wrong, with the code; the check that comes first is first.
const IDENT: &[(&str, SpoilIdent, u16)] = &[
    ("held", |_, facts| facts.held = true, 201),
    (
        "latest after newest",
        |ident, _| ident.latest.version.0 = 21,
        209,
    ),
    ("no ident", |ident, _| ident.file.0 = 0, 208),
    ("no such file", |_, facts| facts.file = None, 208),
    ("wrong salt", |ident, _| ident.salt.0 ^= 1, 211),
    (
        "a file that is no client",
        |ident, facts| {
            ident.salt.0 = 0;
            facts.file.iter_mut().for_each(|file| file.salt.0 = 0);
        },
        211,
    ),
    (
        "before what was acknowledged",
        |ident, _| ident.download.server_version.0 = 4,
        209,
    ),
    (
        "expired",
        |_, facts| facts.file.iter_mut().for_each(|file| file.expired = true),
        222,
    ),
    (
        "after newest",
        |ident, _| ident.download.server_version.0 = 21,
        209,
    ),
    (
        "more than was integrated",
        |ident, _| ident.download.client_version.0 = 11,
        210,
    ),
    (
        "latest before download",
        |ident, _| ident.latest.version.0 = 6,
        209,
    ),
    (
        "wrong salt of latest",
        |ident, _| ident.latest.salt.0 = 9,
        211,
    ),
    ("no such version", |_, facts| facts.latest_salt = None, 211),
];

#[test]
fn each_check_of_ident_has_its_code() {
    let (ident, facts) = good_ident();
    let file = facts.file.unwrap();
    assert_eq!(checks::ident(&ident, &facts), Ok(file));
    for (what, spoil, code) in IDENT {
        let (mut ident, mut facts) = good_ident();
        spoil(&mut ident, &mut facts);
        let error = checks::ident(&ident, &facts).unwrap_err();
        assert_eq!(error.code.number(), *code, "{what}");
        let action = if *code == 201 {
            Action::Transient
        } else {
            Action::ClientReset
        };
        assert_eq!(error.action, action, "{what}");
    }
}

#[test]
fn checks_of_ident_are_made_in_order() {
    for (index, (first, spoil_first, code)) in IDENT.iter().enumerate() {
        for (second, spoil_second, _) in &IDENT[index + 1..] {
            let spoiled = |one: &SpoilIdent, other: &SpoilIdent| {
                let (mut ident, mut facts) = good_ident();
                one(&mut ident, &mut facts);
                other(&mut ident, &mut facts);
                (ident, facts)
            };
            let (ident, facts) = spoiled(spoil_first, spoil_second);
            // Where they are about the same number, only one of them can be wrong.
            let other_way = spoiled(spoil_second, spoil_first);
            if format!("{other_way:?}") == format!("{:?}", (&ident, &facts)) {
                let error = checks::ident(&ident, &facts).unwrap_err();
                assert_eq!(error.code.number(), *code, "{first}, {second}");
            }
        }
    }
}

#[test]
fn the_edges_of_ident_are_inside() {
    let (mut ident, facts) = good_ident();
    ident.download = DownloadCursor {
        server_version: ServerVersion(5),
        client_version: ClientVersion(10),
    };
    assert!(checks::ident(&ident, &facts).is_ok());
    ident.download.server_version = ServerVersion(20);
    ident.latest.version = ServerVersion(20);
    assert!(checks::ident(&ident, &facts).is_ok());
}

/// A session that was sent everything up to 8 and has uploaded up to client version 10, made knowing 5.
fn good_state() -> UploadState {
    UploadState {
        progress: cursor(10, 5),
        threshold: cursor(6, 4),
        locked: ServerVersion(3),
    }
}

const SENT: ServerVersion = ServerVersion(8);

fn good_upload() -> Upload {
    let entry = |client, server| UploadEntry {
        cursor: cursor(client, server),
        timestamp: OriginTimestamp(1),
        origin: FileIdent(0),
        changeset: Bytes::new(),
    };
    Upload {
        session: SessionIdent(1),
        progress: cursor(14, 7),
        locked: ServerVersion(4),
        entries: vec![entry(11, 5), entry(13, 7)],
    }
}

type SpoilUpload = fn(&mut Upload, &mut UploadState);

const UPLOAD: &[(&str, SpoilUpload, u16)] = &[
    (
        "progress goes back",
        |upload, _| upload.progress = cursor(9, 5),
        210,
    ),
    (
        "progress beyond what was sent",
        |upload, _| upload.progress = cursor(14, 9),
        209,
    ),
    (
        "client version 0 with a server version",
        |upload, state| {
            *state = UploadState::default();
            upload.progress = cursor(0, 1);
        },
        209,
    ),
    (
        "progress before the threshold on one side",
        |upload, state| {
            state.progress = UploadCursor::default();
            upload.progress = cursor(7, 3);
        },
        209,
    ),
    (
        "progress before the last on one side",
        |upload, _| upload.progress = cursor(14, 4),
        209,
    ),
    (
        "progress of one version with two server versions",
        |upload, _| {
            upload.entries.clear();
            upload.progress = cursor(10, 6);
        },
        209,
    ),
    ("locked goes back", |upload, _| upload.locked.0 = 2, 209),
    (
        "locked beyond what was sent",
        |upload, _| upload.locked.0 = 9,
        209,
    ),
    (
        "an entry that was uploaded before",
        |upload, _| upload.entries[0].cursor = cursor(10, 5),
        210,
    ),
    (
        "entries out of order",
        |upload, _| upload.entries[1].cursor = cursor(11, 5),
        210,
    ),
    (
        "an entry of client version 0",
        |upload, state| {
            state.progress = UploadCursor::default();
            upload.entries[0].cursor = cursor(0, 0);
        },
        210,
    ),
    (
        "an entry that knows less than the one before",
        |upload, _| upload.entries[1].cursor = cursor(13, 4),
        209,
    ),
    (
        "an entry that contradicts the threshold",
        |upload, state| {
            state.progress = UploadCursor::default();
            upload.entries[0].cursor = cursor(5, 5);
        },
        209,
    ),
    (
        "an entry beyond the progress",
        |upload, _| upload.entries[1].cursor = cursor(15, 7),
        210,
    ),
    (
        "an entry that knows more than the progress",
        |upload, _| upload.progress = cursor(14, 6),
        209,
    ),
];

#[test]
fn each_check_of_upload_has_its_code() {
    let next = checks::upload(&good_upload(), &good_state(), SENT).unwrap();
    assert_eq!(
        (next.progress, next.locked, next.threshold),
        (cursor(14, 7), ServerVersion(4), cursor(6, 4))
    );
    for (what, spoil, code) in UPLOAD {
        let (mut upload, mut state) = (good_upload(), good_state());
        spoil(&mut upload, &mut state);
        let error = checks::upload(&upload, &state, SENT).map(drop).unwrap_err();
        assert_eq!(error.code.number(), *code, "{what}: {}", error.message);
        assert_eq!(error.action, Action::ClientReset, "{what}");
    }
}

#[test]
fn the_edges_of_upload_are_inside() {
    let state = UploadState {
        progress: UploadCursor::default(),
        ..good_state()
    };
    // What was integrated before is sent again, up to all that was sent to the client.
    let mut upload = good_upload();
    upload.entries[0].cursor = cursor(6, 4);
    upload.progress = cursor(14, 8);
    upload.locked = ServerVersion(8);
    assert!(checks::upload(&upload, &state, SENT).is_ok());
    // Nothing new at all.
    upload.entries.clear();
    upload.progress = good_state().progress;
    upload.locked = good_state().locked;
    assert!(checks::upload(&upload, &good_state(), SENT).is_ok());
}
