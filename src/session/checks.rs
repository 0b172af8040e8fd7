//! What IDENT and UPLOAD must satisfy, as pure functions (sync protocol §8, §9, §11).

use crate::ident::{Salt, SaltedVersion, ServerVersion, UploadCursor};
use crate::wire::{Action, ErrorCode, Ident, Upload, WireError};

/// What the server knows when a client identifies itself.
#[derive(Debug, Clone)]
pub struct FileFacts {
    /// The client file, if there is one of that ident.
    pub file: Option<StoredFile>,
    /// The newest version of the Realm.
    pub head: SaltedVersion,
    /// The salt of the version that the client calls the latest, if there is such a version. 0 for version 0.
    pub latest_salt: Option<Salt>,
    /// Whether the file is another server's and is put off: its data may be about to be imported; a reset would empty the client.
    pub held: bool,
}

/// A client file as stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredFile {
    /// Its salt; 0 for files that are no clients.
    pub salt: Salt,
    /// How far its history is integrated.
    pub upload: UploadCursor,
    /// The oldest server version that it needs.
    pub locked: ServerVersion,
    /// Whether what it needs is gone.
    pub expired: bool,
}

/// Checks an IDENT in the reference's order, after whether the file is put off.
pub fn ident(ident: &Ident, facts: &FileFacts) -> Result<StoredFile, WireError> {
    let fail = |code, cause: &str| Err(WireError::new(code).because(cause));
    let newest = facts.head.version;
    if facts.held {
        return Err(WireError::new(ErrorCode::OtherSessionError)
            .because("this client file is of another server; held until the operator decides")
            .with(Action::Transient));
    }
    if ident.latest.version > newest {
        return fail(
            ErrorCode::BadServerVersion,
            "the client knows a later version than there is",
        );
    }
    let Some(file) = facts.file.filter(|_| ident.file.0 >= 1) else {
        return fail(ErrorCode::BadClientFileIdent, "no such client file");
    };
    if file.salt == Salt(0) || file.salt != ident.salt {
        return fail(
            ErrorCode::DivergingHistories,
            "wrong salt of the client file ident",
        );
    }
    let download = ident.download;
    if download.server_version < file.upload.server_version {
        return fail(
            ErrorCode::BadServerVersion,
            "the client stands before what it has acknowledged",
        );
    }
    if file.expired {
        return fail(
            ErrorCode::ClientFileExpired,
            "what the client needs is gone",
        );
    }
    if download.server_version > newest {
        return fail(
            ErrorCode::BadServerVersion,
            "the client stands after the newest version",
        );
    }
    if download.client_version > file.upload.client_version {
        return fail(
            ErrorCode::BadClientVersion,
            "the client claims more than was integrated",
        );
    }
    if ident.latest.version < download.server_version {
        return fail(
            ErrorCode::BadServerVersion,
            "the latest version is before the client's own",
        );
    }
    if facts.latest_salt != Some(ident.latest.salt) {
        return fail(
            ErrorCode::DivergingHistories,
            "wrong salt of the latest server version",
        );
    }
    Ok(file)
}

/// Where an uploading session stands.
#[derive(Debug, Clone, Copy, Default)]
pub struct UploadState {
    /// Progress of the last UPLOAD of this session.
    pub progress: UploadCursor,
    /// What had been integrated when the session began: entries up to it are known.
    pub threshold: UploadCursor,
    /// The oldest server version that the client needs.
    pub locked: ServerVersion,
}

/// Checks the cursors of an UPLOAD against the session, of which `downloaded` is the server version that was sent. The next state.
pub fn upload(
    upload: &Upload,
    state: &UploadState,
    downloaded: ServerVersion,
) -> Result<UploadState, WireError> {
    let up = upload.progress;
    require(
        up.client_version >= state.progress.client_version,
        ErrorCode::BadClientVersion,
        "progress goes back",
    )?;
    require(
        up.server_version <= downloaded,
        ErrorCode::BadServerVersion,
        "progress beyond what was sent",
    )?;
    require(
        consistent(up),
        ErrorCode::BadServerVersion,
        "inconsistent progress",
    )?;
    require(
        mutually(up, state.threshold),
        ErrorCode::BadServerVersion,
        "progress contradicts what was integrated",
    )?;
    require(
        mutually(up, state.progress),
        ErrorCode::BadServerVersion,
        "progress contradicts the last one",
    )?;
    require(
        upload.locked >= state.locked,
        ErrorCode::BadServerVersion,
        "locked version goes back",
    )?;
    require(
        upload.locked <= downloaded,
        ErrorCode::BadServerVersion,
        "locked version beyond what was sent",
    )?;
    let mut last = state.progress;
    for entry in &upload.entries {
        let cursor = entry.cursor;
        require(
            cursor.client_version > last.client_version,
            ErrorCode::BadClientVersion,
            "client versions do not grow",
        )?;
        require(
            consistent(cursor),
            ErrorCode::BadServerVersion,
            "inconsistent changeset",
        )?;
        require(
            mutually(cursor, last),
            ErrorCode::BadServerVersion,
            "changeset contradicts the one before",
        )?;
        require(
            mutually(cursor, state.threshold),
            ErrorCode::BadServerVersion,
            "changeset contradicts what was integrated",
        )?;
        last = cursor;
    }
    require(
        last.client_version <= up.client_version,
        ErrorCode::BadClientVersion,
        "changeset beyond the progress",
    )?;
    require(
        mutually(last, up),
        ErrorCode::BadServerVersion,
        "changesets contradict the progress",
    )?;
    Ok(UploadState {
        progress: up,
        threshold: state.threshold,
        locked: upload.locked,
    })
}

fn require(condition: bool, code: ErrorCode, cause: &str) -> Result<(), WireError> {
    if condition {
        Ok(())
    } else {
        Err(WireError::new(code).because(cause))
    }
}

/// Client version 0 knows no server version.
fn consistent(cursor: UploadCursor) -> bool {
    cursor.client_version.0 != 0 || cursor.server_version.0 == 0
}

/// Two positions in one history: whichever is first in one component is not later in the other.
fn mutually(a: UploadCursor, b: UploadCursor) -> bool {
    use std::cmp::Ordering::*;
    match a.client_version.cmp(&b.client_version) {
        Less => a.server_version <= b.server_version,
        Equal => a.server_version == b.server_version,
        Greater => a.server_version >= b.server_version,
    }
}
