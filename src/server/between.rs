//! What Realms have and what sessions ask for, each in the words of the other. Simulated servers use the same.

use crate::download::Made;
use crate::ident::{FileIdent, ServerVersion, UploadCursor, UserId};
use crate::realm::{Allow, ClientFile, Pending, Realm, RealmError, Uploaded, salt_for};
use crate::session::{Bound, Download, FileFacts, StoredFile};
use crate::wire::UploadEntry;

/// The answer to the BIND of a user: the Realm, and a new client file if it is needed.
pub fn bound(
    realm: &Realm,
    need_client_file_ident: bool,
    user: &UserId,
) -> Result<Bound, RealmError> {
    let given = need_client_file_ident.then(|| realm.allocate_client_file());
    let file = given.transpose()?;
    Ok(Bound {
        realm: realm.name().clone(),
        file: file.map(|(ident, salt)| (ident, salt_for(user, salt))),
    })
}

/// The client file that a user's device shows, if its ident was given, with the salt that this user was told then. The file's own is told to nobody, and opens nothing.
pub fn stored(
    realm: &Realm,
    ident: FileIdent,
    user: &UserId,
) -> Result<Option<ClientFile>, RealmError> {
    let file = realm.client_file(ident)?;
    Ok(file.map(|file| ClientFile {
        salt: salt_for(user, file.salt),
        ..file
    }))
}

/// What an IDENT is compared with: the client file as it is stored, and the version that the client names. `held`: it is put off.
pub fn facts(
    realm: &Realm,
    file: Option<ClientFile>,
    held: bool,
    latest: ServerVersion,
) -> Result<FileFacts, RealmError> {
    Ok(FileFacts {
        held,
        file: file.map(|file| StoredFile {
            salt: file.salt,
            upload: file.upload,
            locked: file.locked,
            expired: file.expired,
        }),
        head: realm.head(),
        latest_salt: realm.salt_at(latest)?,
    })
}

/// An UPLOAD for integration, by somebody who may do so much.
pub fn pending(
    ident: FileIdent,
    entries: Vec<UploadEntry>,
    progress: UploadCursor,
    locked: ServerVersion,
    allow: Allow,
) -> Pending {
    let changesets = entries.into_iter().map(|entry| Uploaded {
        client_version: entry.cursor.client_version,
        server_version: entry.cursor.server_version,
        timestamp: entry.timestamp,
        origin: entry.origin,
        changeset: entry.changeset,
    });
    Pending {
        ident,
        changesets: changesets.collect(),
        progress,
        locked,
        allow,
    }
}

/// A DOWNLOAD, to be headed and sent.
pub fn downloaded(made: Made) -> Download {
    Download {
        cursor: made.cursor,
        head: made.head,
        upload: made.upload,
        remaining_bytes: made.remaining_bytes,
        body: made.body.bytes,
        plain_size: made.body.plain_length,
        compressed: made.body.compressed,
    }
}
