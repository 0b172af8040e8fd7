//! One Realm: its history, its state, its client files; integration of what clients upload, and reading of what they are sent.
//!
//! Invariants: a version is published only when the commit that holds it is durable; versions are contiguous; an upload is integrated whole or not at all, and
//! one client's failure leaves nothing behind; the upload cursor that [`Realm::read`] tells is durable.
//!
//! All calls block. Integration of one Realm is one at a time; reading never waits for it. Knows no sessions, users, permissions, messages or tasks.

mod cost;
mod files;
mod integrate;
mod memory;
mod notes;
mod overlay;
mod past;
mod published;
mod registry;
mod salts;
mod windows;

#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

use bytes::Bytes;

pub use cost::Pace;
pub use overlay::Overlay;
pub use past::Past;
pub use registry::Registry;
pub use salts::salt_for;

use crate::ident::{
    ClientVersion, DownloadCursor, FileIdent, OriginTimestamp, RealmName, Salt, SaltedVersion,
    ServerVersion, UploadCursor,
};
use crate::limits::Limits;
use crate::state::CellError;
use crate::storage::{IdentBlock, RealmFile};
use files::Files;
use integrate::Writer;
use memory::{Memory, Share};
use notes::Notes;
use past::Places;
use published::{Published, View};

pub use crate::state::{ClassColumn, Schema};
pub use crate::storage::{ClientFile, Entry, StorageError as RealmError};

/// A changeset that a client uploaded.
#[derive(Debug, Clone)]
pub struct Uploaded {
    /// The client's version that it made.
    pub client_version: ClientVersion,
    /// The last server version that the client had integrated before: the base for merging.
    pub server_version: ServerVersion,
    /// When it was made.
    pub timestamp: OriginTimestamp,
    /// The file in which it was made; 0 for the client's own.
    pub origin: FileIdent,
    /// The changeset, undecoded.
    pub changeset: Bytes,
}

/// One UPLOAD that waits for integration.
#[derive(Debug, Clone)]
pub struct Pending {
    /// The client's file.
    pub ident: FileIdent,
    /// What it sent; nothing, if it only reports progress.
    pub changesets: Vec<Uploaded>,
    /// How far it has looked through its history.
    pub progress: UploadCursor,
    /// The oldest server version that it needs.
    pub locked: ServerVersion,
    /// What its user may do.
    pub allow: Allow,
}

/// What an upload may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allow {
    /// Objects.
    pub data: bool,
    /// New classes and columns.
    pub add: Additions,
    /// Classes and columns that are there.
    pub erase: bool,
}

impl Allow {
    /// Everything.
    pub const ALL: Allow = Allow {
        data: true,
        add: Additions::Kept,
        erase: true,
    };
    /// Nothing: what remains is what changes nothing.
    pub const NOTHING: Allow = Allow {
        data: false,
        add: Additions::Refused,
        erase: false,
    };
}

/// What becomes of new classes and columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Additions {
    /// They refuse the upload.
    Refused,
    /// They are left out of it: the device has them, and nobody else.
    Dropped,
    /// They are stored like everything else.
    Kept,
}

/// Why an upload was not integrated. Nothing of it is left behind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It cannot be decoded, merged or applied (212).
    #[error("bad changeset: {0}")]
    BadChangeset(String),
    /// It names an origin that is not this client's (216).
    #[error("bad origin file ident")]
    BadOrigin,
    /// It takes more memory than it may (206, for a reset would lose what the app wrote).
    #[error("{0}")]
    TooLarge(String),
    /// The client file has expired, or is too far behind to be merged with (222).
    #[error("client file expired")]
    Expired,
    /// It is more than is done between the uploads of others: it wants [`Pace::Long`].
    #[error("a long integration")]
    Long,
    /// The user may not do that (206).
    #[error("{0}")]
    Denied(String),
    /// The Realm's storage cannot take it now.
    #[error("{0}")]
    Unavailable(String),
}

/// The result of an integration.
#[derive(Debug)]
pub struct Integration {
    /// The newest version.
    pub head: SaltedVersion,
    /// Whether there are new versions to announce.
    pub appended: bool,
    /// One for each pending upload, in the order given.
    pub outcomes: Vec<Result<(), Refusal>>,
    /// How long the commit took, if there was one.
    pub commit: Option<Duration>,
}

/// A piece of history for one client.
#[derive(Debug)]
pub struct Slice {
    /// What the client has not seen and did not make.
    pub entries: Vec<SliceEntry>,
    /// Where the client stands after them.
    pub cursor: DownloadCursor,
    /// The newest version.
    pub head: SaltedVersion,
    /// How far the client's own history is integrated, durably.
    pub upload: UploadCursor,
    /// Bytes of changesets after the slice.
    pub remaining_bytes: u64,
}

/// An entry in a slice.
#[derive(Debug)]
pub struct SliceEntry {
    /// The entry.
    pub entry: Arc<Entry>,
    /// The receiver's last version that was integrated before it: the base for merging on the client.
    pub client_version: ClientVersion,
}

/// What becomes of a client file that this server did not give out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Foreign {
    /// It is refused: what the Realm has came from its own devices.
    Refused,
    /// It is put off: the Realm was empty when the first of its kind came. `first`: this is the first.
    Held {
        /// Whether nothing was held here before.
        first: bool,
    },
}

/// An open Realm.
pub struct Realm {
    name: RealmName,
    file: Arc<RealmFile>,
    writer: Mutex<Writer>,
    published: Published,
    files: Files,
    notes: Notes,
    idents: Mutex<Option<IdentBlock>>,
    schema: Mutex<Option<Schema>>,
    places: Places,
    checkpoint_bytes: usize,
    /// What is kept of all this in memory.
    share: Share,
}

impl Realm {
    /// A Realm over its opened file, which has a share of this memory.
    fn new(
        name: RealmName,
        file: RealmFile,
        limits: &Limits,
        memory: &Memory,
    ) -> Result<Realm, RealmError> {
        let last = file.last()?;
        let file = Arc::new(file);
        Ok(Realm {
            name,
            writer: Mutex::new(Writer::new(file.clone(), limits)),
            published: Published::new(last.as_ref(), limits.tail_bytes),
            files: Files::default(),
            notes: Notes::default(),
            idents: Mutex::new(file.take_idents()),
            schema: Mutex::default(),
            places: Places::new(memory.share()),
            checkpoint_bytes: limits.checkpoint_bytes,
            share: memory.share(),
            file,
        })
    }

    /// Its name.
    pub fn name(&self) -> &RealmName {
        &self.name
    }

    /// The newest version.
    pub fn head(&self) -> SaltedVersion {
        self.published.head()
    }

    /// Gives a client file ident with its salt. Both are known again after any restart.
    pub fn allocate_client_file(&self) -> Result<(FileIdent, Salt), RealmError> {
        let mut idents = lock(&self.idents);
        if let Some(given) = idents.as_mut().and_then(IdentBlock::give) {
            return Ok(given);
        }
        let mut block = {
            let _no_transaction = lock(&self.writer);
            let block = self.file.reserve_idents()?;
            // Who reads only has devices, too.
            if let Err(error) = self.maintain() {
                tracing::warn!(realm = %self.name, %error, "the write-ahead log was not copied into the database");
            }
            block
        };
        let given = block.give();
        *idents = Some(block);
        given.ok_or_else(|| RealmError::Io {
            file: self.file.path().to_owned(),
            cause: "no client file idents are left".into(),
        })
    }

    /// Takes the idents that can still be given, from a Realm that is to be closed.
    fn leave_idents(&self) -> Option<IdentBlock> {
        lock(&self.idents).take()
    }

    /// A client file, if the ident was given.
    pub fn client_file(&self, ident: FileIdent) -> Result<Option<ClientFile>, RealmError> {
        self.files.find(ident, || self.file.client_file(ident))
    }

    /// What becomes of a client file that this server did not give out, where such files may be held. The data of one that finds the Realm empty may be about to be
    /// imported, and a reset would take it from the device. From then on all of them are held, whatever the Realm has by then: else the first new
    /// device would end the hold for all others.
    pub fn foreign_file(&self) -> Result<Foreign, RealmError> {
        if self.file.has_foreign_files()? {
            return Ok(Foreign::Held { first: false });
        }
        if self.head().version > ServerVersion(0) {
            return Ok(Foreign::Refused);
        }
        let _nothing_changes = lock(&self.writer);
        if self.head().version > ServerVersion(0) {
            return Ok(Foreign::Refused);
        }
        let first = !self.file.has_foreign_files()?;
        if first {
            self.file.note_foreign_files()?;
        }
        Ok(Foreign::Held { first })
    }

    /// The salt of a version, if there is such a version.
    pub fn salt_at(&self, version: ServerVersion) -> Result<Option<Salt>, RealmError> {
        let head = self.head();
        if version == head.version {
            Ok(Some(head.salt))
        } else {
            self.file.salt_at(version)
        }
    }

    /// Integrates uploads: merged, applied, appended and made durable by one commit. Clients that fail drop out alone. An error means that nothing was stored.
    pub fn integrate(&self, pendings: Vec<Pending>) -> Result<Integration, RealmError> {
        self.integrate_at(Pace::Long, pendings)
    }

    /// The same at a pace. At the brief one what takes much time or memory is refused as [`Refusal::Long`], with all that the same client has pending.
    pub fn integrate_at(
        &self,
        pace: Pace,
        pendings: Vec<Pending>,
    ) -> Result<Integration, RealmError> {
        let mut writer = lock(&self.writer);
        writer.report(self.notes.take(), &self.files)?;
        let integrated = writer.integrate(pace, pendings, &self.published, &self.files)?;
        if let Some(batch) = integrated.batch {
            self.files.put(batch.files);
            *lock(&self.schema) = writer.schema().cloned();
            self.published.append(&batch.entries);
        }
        let read = self.published.bytes() + self.files.bytes();
        self.share.set(writer.kept_bytes() + read);
        Ok(Integration {
            head: self.head(),
            appended: integrated.appended,
            outcomes: integrated.outcomes,
            commit: integrated.commit,
        })
    }

    /// Takes note of progress that a client reports without changesets; it is stored with the next commit. Nothing that the client has uploaded may wait for integration, for
    /// what it says it has sent is taken as integrated. False if there is no room: then it is to be integrated.
    pub fn note(&self, ident: FileIdent, progress: UploadCursor, locked: ServerVersion) -> bool {
        self.notes.add(ident, progress, locked)
    }

    /// The schema, as of some durable version.
    pub fn schema(&self) -> Result<Schema, RealmError> {
        if let Some(schema) = &*lock(&self.schema) {
            return Ok(schema.clone());
        }
        let loaded = overlay::load_schema(&self.file)?;
        Ok(lock(&self.schema).get_or_insert(loaded).clone())
    }

    /// The schema as it was, to be asked for one version after another.
    pub fn past(&self) -> Past<'_> {
        Past::new(self)
    }

    /// How many entries were gone through for the schema as it was.
    #[cfg(test)]
    pub fn followed(&self) -> usize {
        self.places
            .followed
            .load(std::sync::atomic::Ordering::Relaxed)
    }

    /// Looks at the stored state; integration waits meanwhile. What is written to the cells is forgotten.
    pub fn look<T>(
        &self,
        look: impl FnOnce(&Schema, &mut Overlay) -> Result<T, CellError>,
    ) -> Result<T, RealmError> {
        let _nothing_changes = lock(&self.writer);
        let mut cells = Overlay::new(self.file.clone());
        let schema = overlay::load_schema(&self.file)?;
        look(&schema, &mut cells).map_err(|error| {
            let failure = cells.take_failure();
            failure.unwrap_or_else(|| overlay::damaged(&self.file, &error))
        })
    }

    /// Whether [`Realm::schema`] answers without reading.
    pub fn schema_is_loaded(&self) -> bool {
        lock(&self.schema).is_some()
    }

    /// The error for an entry that cannot be read.
    pub fn damaged(&self, version: ServerVersion, cause: &dyn std::fmt::Display) -> RealmError {
        RealmError::Damaged {
            file: self.file.path().to_owned(),
            what: format!("version {version}: {cause}"),
        }
    }

    /// Stores what clients have merely reported.
    pub fn flush(&self) -> Result<(), RealmError> {
        let mut writer = lock(&self.writer);
        writer.report(self.notes.take(), &self.files)?;
        let flushed = writer.flush()?;
        self.files.put(flushed);
        Ok(())
    }

    /// Forgets what is kept in memory only so that it need not be read again, unless integration is under way.
    fn rest(&self) {
        let mut writer = match self.writer.try_lock() {
            Ok(writer) => writer,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return,
        };
        writer.rest();
        self.published.rest();
        self.files.forget();
        self.places.forget();
        self.share.set(0);
    }

    /// Keeps the files in shape; to be called when nobody waits.
    pub fn maintain(&self) -> Result<(), RealmError> {
        self.file.checkpoint(self.checkpoint_bytes)
    }

    /// What a client that stands at `from` is to be sent next, of about `limit` bytes (one entry at least).
    pub fn read(
        &self,
        from: DownloadCursor,
        ident: FileIdent,
        limit: usize,
    ) -> Result<Slice, RealmError> {
        // First the history, then the upload cursor: so the cursor is never behind what the history contains.
        let view = self
            .published
            .view(from.server_version, limit, &self.file)?;
        let upload = self
            .client_file(ident)?
            .map(|file| file.upload)
            .unwrap_or_default();
        Ok(Slice::of(view, from, ident, upload, limit))
    }

    /// The same, if all of it is in memory and no more than `limit` bytes: without waiting for anything.
    pub fn read_recent(
        &self,
        from: DownloadCursor,
        ident: FileIdent,
        limit: usize,
    ) -> Option<Slice> {
        let view = self.published.recent(from.server_version, limit)?;
        let upload = self.files.get(ident)?.upload;
        Some(Slice::of(view, from, ident, upload, limit))
    }
}

impl Slice {
    fn of(
        view: View,
        from: DownloadCursor,
        ident: FileIdent,
        upload: UploadCursor,
        limit: usize,
    ) -> Slice {
        let mut slice = Slice {
            entries: Vec::new(),
            cursor: from,
            head: view.head,
            upload,
            remaining_bytes: 0,
        };
        let mut bytes = 0;
        let mut total = view.total_bytes;
        for entry in view.entries {
            total = entry.total_bytes;
            slice.cursor.server_version = entry.version;
            if entry.origin == ident {
                slice.cursor.client_version = entry.client_version;
            } else if !entry.changeset.is_empty() {
                bytes += entry.changeset.len();
                slice.entries.push(SliceEntry {
                    entry,
                    client_version: slice.cursor.client_version,
                });
                if bytes > limit {
                    break;
                }
            }
        }
        slice.remaining_bytes = view.total_bytes.saturating_sub(total);
        slice
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
