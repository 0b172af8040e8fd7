//! Copies of a whole data folder: made while a server writes to it, verified, and brought back.
//!
//! A backup is a folder like the one it was made from, with a [manifest](Manifest) that has a checksum for each file. Each database in it is one moment of its
//! source: it holds everything that was acknowledged before the backup began. While a copy is made it carries a mark that keeps servers and readers
//! away, so what was not finished never looks like a backup.
//!
//! Knows files; what is in a database is for `storage` to say. Prints nothing, asks nobody.

mod copy;
mod files;
mod manifest;
mod pace;
mod place;
mod restore;
mod verify;
mod work;

#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::storage::StorageError;

pub use copy::{Key, Made, Options, backup};
pub use manifest::{Head, MANIFEST, Manifest};
pub use pace::Pace;
pub use restore::{Restored, may_restore, rehearse, restore};
pub use verify::{Problem, Verified, verify};

/// A file of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Where it lies below the folder, with `/` between the segments.
    pub path: String,
    /// What it is.
    #[serde(flatten)]
    pub content: Content,
    /// Its length.
    pub bytes: u64,
    /// SHA-256 of its bytes, in hexadecimal digits.
    pub sha256: String,
    /// What was wrong with its source, which was copied all the same.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub damage: Option<String>,
}

/// What a file is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Content {
    /// The database of a Realm.
    Realm {
        /// Its canonical name; empty if the file is too damaged to say.
        realm: String,
        /// The last version of its history.
        version: u64,
    },
    /// The server's own database.
    Admin,
    /// Any other file.
    Other,
}

/// Follows a copy from several threads, says how fast it goes, and can end it.
pub trait Watch: Sync {
    /// How much the work gives way to a server on this machine.
    fn pace(&self) -> Pace;
    /// A part of the work begins, in which so many bytes are to be done.
    fn begin(&self, what: &'static str, bytes: u64);
    /// There turned out to be more of it.
    fn more(&self, bytes: u64);
    /// So many bytes were done since.
    fn moved(&self, bytes: u64);
    /// A file was done.
    fn done(&self, item: &Item);
    /// Whether to go on.
    fn go_on(&self) -> bool;
}

/// Why there is no backup, or nothing was restored. Nothing is left behind.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The folder to copy is no data folder.
    #[error("{} is no data folder: there is no admin.db in it", .0.display())]
    NotARoot(PathBuf),
    /// The folder is no backup.
    #[error("{} is no backup: there is no {MANIFEST} in it", .0.display())]
    NotABackup(PathBuf),
    /// The folder is a backup, or a restored folder, that was not finished.
    #[error("{} is a copy that was not finished", .0.display())]
    Unfinished(PathBuf),
    /// There is something where the copy should go.
    #[error("{} is not empty", .0.display())]
    NotEmpty(PathBuf),
    /// What a link leads to is not there.
    #[error("{} is a link that leads nowhere", .0.display())]
    LeadsNowhere(PathBuf),
    /// One folder lies in the other.
    #[error("{} lies in {}", .inner.display(), .outer.display())]
    Nested {
        /// The inner one.
        inner: PathBuf,
        /// The outer one.
        outer: PathBuf,
    },
    /// A server, or another copy, is at work there.
    #[error("{} is in use", .0.display())]
    InUse(PathBuf),
    /// The file system has not the room.
    #[error("{} has room for {free} bytes; {needed} are needed", .folder.display())]
    NoRoom {
        /// The folder.
        folder: PathBuf,
        /// What is free.
        free: u64,
        /// What is needed.
        needed: u64,
    },
    /// The backup is not what its manifest says.
    #[error("the backup is damaged: {} problems", .0.problems.len())]
    Damaged(Box<Verified>),
    /// Two files would have one name.
    #[error("{} is there already", .0.display())]
    Twice(PathBuf),
    /// The watcher said so.
    #[error("stopped")]
    Stopped,
    /// The file system or a database said no.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The file system said no.
    #[error("{}: {cause}", .path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What it said.
        cause: io::Error,
    },
}

/// For `map_err`: this happened with this file.
fn at(path: &Path) -> impl FnOnce(io::Error) -> BackupError + '_ {
    move |cause| BackupError::Io {
        path: path.to_owned(),
        cause,
    }
}
