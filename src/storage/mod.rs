//! Bytes that survive: the data folder, and one SQLite database for each Realm in it. [`format.md`](format.md) describes the files.
//!
//! Invariants: a commit is durable when it returns, or nothing of it is there; every row of history and state, and every page of a database, carries a checksum that is
//! verified when it is read; one server at a time has the folder. The only room that touches the data folder. Does not know what an instruction or a user is.

mod admin;
mod cells;
mod checksum;
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

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::ident::RealmName;
use lock::Lock;

pub use admin::AdminFile;
pub use lock::{LOCK, UNFINISHED, is_held, note_of};
pub use memory::bound_memory;
pub use names::file_of;
pub use pages::connect;
pub use realm_file::{Batch, ClientFile, Entry, IdentBlock, RealmFile};
pub use replica_file::{Change, Kept, Progress, ReplicaCommit, ReplicaFile};
pub use snapshot::{Holds, check, snapshot};
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
        match fs::symlink_metadata(&path) {
            Ok(_) => Ok(false),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
            Err(error) => Err(StorageError::io(&path, error)),
        }
    }

    /// Opens the database of a Realm, making it if asked to.
    pub fn realm(&self, name: &RealmName, create: bool) -> Result<RealmFile, StorageError> {
        let path = self.root.join(file_of(name));
        // Only what is certainly not there is made: that begins with removing what lies beside it.
        if self.is_missing(name)? {
            if !create {
                return Err(StorageError::NotFound(name.clone()));
            }
            if let Some(folder) = path.parent() {
                let made = make_folders_below(&self.root, folder);
                made.map_err(|error| StorageError::io(folder, error))?;
            }
            realm_file::make(&path, name)?;
        }
        let file = RealmFile::open(Arc::from(path.as_path()), name, self.random)?;
        Ok(file)
    }
}

impl Store {
    /// Removes the database of a Realm that nobody has open, with all that lies beside it, and folders that are empty then; durably. Does nothing if there is none.
    pub fn erase(&self, name: &RealmName) -> Result<(), StorageError> {
        let path = self.root.join(file_of(name));
        let Some(folder) = path.parent().filter(|folder| folder.is_dir()) else {
            return Ok(());
        };
        // The database first: without it what lies beside it says nothing.
        for suffix in [""].iter().chain(&BESIDE) {
            let file = beside(&path, suffix);
            remove_if_there(&file).map_err(|error| StorageError::io(&file, error))?;
        }
        sync_folder(folder).map_err(|error| StorageError::io(folder, error))?;
        self.remove_empty(folder);
        Ok(())
    }

    /// Removes a folder of Realms and those above it as far as they are empty. One that cannot be removed does no harm.
    fn remove_empty(&self, folder: &Path) {
        let mut folder = folder;
        while folder.parent().is_some_and(|parent| parent != self.root)
            && folder.starts_with(&self.root)
            && fs::remove_dir(folder).is_ok()
        {
            let Some(parent) = folder.parent() else {
                return;
            };
            folder = parent;
        }
    }
}

/// Makes a folder and those above it, each durable in its parent.
fn make_folder(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    if folder.is_dir() {
        return Ok(());
    }
    let parent = folder
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    make_folder(parent)?;
    match fs::DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        Ok(()) | Err(_) => sync_folder(parent),
    }
}

/// Makes a folder below another one and those between, each durable in its parent: also if it is there, for whoever made it may not have come so far.
fn make_folders_below(root: &Path, folder: &Path) -> io::Result<()> {
    if folder == root {
        return Ok(());
    }
    if let Some(parent) = folder.parent() {
        make_folders_below(root, parent)?;
        make_folder(folder)?;
        sync_folder(parent)?;
    }
    Ok(())
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

/// Makes the entries of a folder durable.
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
