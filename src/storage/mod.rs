//! Bytes that survive: the data folder, and one SQLite database for each Realm in it. [`format.md`](format.md) describes the files.
//!
//! Invariants: a commit is durable when it returns, or nothing of it is there; every row of history and state, and every page of a database, carries a checksum that is
//! verified when it is read; one server at a time has the folder. The only room that touches the data folder. Does not know what an instruction or a user is.

mod admin;
mod cells;
mod checksum;
mod folders;
mod idents;
mod lock;
mod log;
mod memory;
mod names;
mod pages;
mod realm_file;
mod rekey;
mod replica_file;
mod schema;
mod snapshot;
mod space;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::ident::RealmName;
use folders::{Folders, make_folder, sync_folder};
use idents::LeftIdents;
use lock::Lock;

pub use admin::AdminFile;
pub use idents::IdentBlock;
pub use lock::{LOCK, UNFINISHED, is_held, note_of};
pub use memory::bound_memory;
pub use names::file_of;
pub use pages::connect;
pub use realm_file::{Batch, ClientFile, Entry, RealmFile};
pub use replica_file::{Change, Kept, Progress, ReplicaCommit, ReplicaFile};
pub use snapshot::{Holds, check, is_copy_of, snapshot};
pub use space::{Space, space, try_writing};

/// What can go wrong with the data folder.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StorageError {
    /// Another server has the folder.
    #[error("{} is in use by another server", .0.display())]
    InUse(PathBuf),
    /// The folder is a copy that was not finished.
    #[error("{} is a copy that was not finished", .0.display())]
    Unfinished(PathBuf),
    /// There is no such Realm.
    #[error("there is no Realm {0}")]
    NotFound(RealmName),
    /// A row or a page does not have the checksum that it was written with, or the file is none of ours.
    #[error("{} is damaged: {what}", .file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
        /// What in it.
        what: String,
    },
    /// The file was written by a later version of this program.
    #[error("{} has format {found}; this program knows {known} and earlier", .file.display())]
    TooNew {
        /// The file.
        file: PathBuf,
        /// Its format.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// The history is not where the writer thought it was.
    #[error("{} has moved on", .0.display())]
    Conflict(PathBuf),
    /// The file system or the database said no.
    #[error("{}: {cause}", .file.display())]
    Io {
        /// The file or folder.
        file: PathBuf,
        /// What it said.
        cause: String,
    },
}

impl StorageError {
    fn io(file: &Path, cause: impl std::fmt::Display) -> StorageError {
        StorageError::Io {
            file: file.to_owned(),
            cause: cause.to_string(),
        }
    }
}

/// The data folder. Holding it keeps other servers out.
pub struct Store {
    root: PathBuf,
    random: fn() -> u64,
    folders: Folders,
    idents: LeftIdents,
    lock: Lock,
}

impl Store {
    /// Opens the folder, making it (readable by its owner only) if it is missing. `random` gives salts and seeds.
    pub fn open(root: &Path, random: fn() -> u64) -> Result<Store, StorageError> {
        make_folder(root).map_err(|error| StorageError::io(root, error))?;
        let lock = Lock::take(root)?;
        Ok(Store {
            root: root.to_owned(),
            random,
            folders: Folders::default(),
            idents: LeftIdents::default(),
            lock,
        })
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Says something to other processes that look at the folder, and to those that look when this one has ended; see [`note_of`].
    pub fn note(&self, text: &str) -> Result<(), StorageError> {
        let noted = self.lock.note(text);
        noted.map_err(|error| StorageError::io(&self.root.join(LOCK), error))
    }

    /// Whether there certainly is no database of this Realm.
    pub fn is_missing(&self, name: &RealmName) -> Result<bool, StorageError> {
        let path = self.root.join(file_of(name));
        is_missing(&path).map_err(|error| StorageError::io(&path, error))
    }

    /// Keeps the idents that can still be given in a Realm that is closed, for when it is opened again: that spares a commit.
    pub fn keep_idents(&self, name: &RealmName, idents: IdentBlock) {
        self.idents.put(name, idents);
    }

    /// Opens the database of a Realm, making it if asked to.
    pub fn realm(&self, name: &RealmName, create: bool) -> Result<RealmFile, StorageError> {
        let path = self.root.join(file_of(name));
        // Only what is certainly not there is made: that begins with removing what lies beside it.
        let mut idents = self.idents.take(name);
        if self.is_missing(name)? {
            if !create {
                return Err(StorageError::NotFound(name.clone()));
            }
            let folder = path.parent().unwrap_or(&self.root);
            let make_folder = || {
                let made = self.folders.make(&self.root, folder);
                made.map_err(|error| StorageError::io(folder, error))
            };
            make_folder()?;
            idents = realm_file::make(&path, name, self.random)?;
            // The folder may have been removed, and made by somebody else, in between.
            make_folder().inspect_err(|_| drop(remove_if_there(&path)))?;
        }
        RealmFile::open(Arc::from(path.as_path()), name, self.random, idents)
    }
}

impl Store {
    /// Removes the database of a Realm that nobody has open, with all that lies beside it, and folders that are empty then; durably. Does nothing if there is none.
    pub fn erase(&self, name: &RealmName) -> Result<(), StorageError> {
        let path = self.root.join(file_of(name));
        let folder = path.parent().unwrap_or(&self.root);
        self.idents.take(name);
        let in_folder = |error| StorageError::io(folder, error);
        if is_missing(folder).map_err(in_folder)? {
            return Ok(());
        }
        fs::metadata(folder).map_err(in_folder)?; // a link to what is not mounted would look empty
        // The database first: without it what lies beside it says nothing.
        for suffix in [""].iter().chain(&BESIDE) {
            let file = beside(&path, suffix);
            remove_if_there(&file).map_err(|error| StorageError::io(&file, error))?;
        }
        // A name that may still be on disk is taken away once more: a later sync would not say so.
        let synced = sync_folder(folder).inspect_err(|_| drop(fs::File::create(&path)));
        synced.map_err(in_folder)?;
        self.folders.remove_empty(&self.root, folder);
        Ok(())
    }
}

/// Whether there certainly is no such file or folder: a name on the way to it may be a link to what is not mounted.
fn is_missing(path: &Path) -> io::Result<bool> {
    match fs::symlink_metadata(path) {
        Ok(_) => Ok(false),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if let Some(folder) = path.parent()
                && !is_missing(folder)?
            {
                fs::metadata(folder)?;
            }
            Ok(true)
        }
        Err(error) => Err(error),
    }
}

/// The end of the name of a database that is being made.
const NEW: &str = "-new";

/// What may lie beside a database: the ends of the names.
pub const BESIDE: [&str; 4] = ["-journal", "-wal", "-shm", NEW];

/// A file whose name is that of a database and more.
fn beside(database: &Path, suffix: &str) -> PathBuf {
    let mut name = database.to_owned().into_os_string();
    name.push(suffix);
    name.into()
}

/// Removes a file; whether it was there.
fn remove_if_there(file: &Path) -> io::Result<bool> {
    match fs::remove_file(file) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}
