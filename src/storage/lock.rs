//! Who has a data folder: one server at a time, by a lock on the file `lock`, in which it says what others want to know of it.

use std::fs::File;
use std::io::{Read, Seek, Write};
use std::path::Path;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::StorageError;

/// The name of the file.
pub const LOCK: &str = "lock";

/// The file that stands in a folder while a copy is made there; no server starts on such a folder.
pub const UNFINISHED: &str = "unfinished-copy";

/// Bytes that are read of what a server says.
const NOTE_BYTES: u64 = 64 << 10;

/// A lock that is held.
pub struct Lock(File);

impl Lock {
    /// Takes the lock of a folder, or says that somebody has it.
    pub fn take(root: &Path) -> Result<Lock, StorageError> {
        let path = root.join(LOCK);
        let failed = |error: std::io::Error| StorageError::io(&path, error);
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path);
        let file = file.map_err(failed)?;
        if !lock(&file).map_err(failed)? {
            return Err(StorageError::InUse(root.to_owned()));
        }
        if root.join(UNFINISHED).exists() {
            return Err(StorageError::Unfinished(root.to_owned()));
        }
        Ok(Lock(file))
    }

    /// Says something to those who cannot have the lock, and to those who come later.
    pub fn note(&self, text: &str) -> std::io::Result<()> {
        let mut file = &self.0;
        file.set_len(0)?;
        file.rewind()?;
        file.write_all(text.as_bytes())
    }
}

/// Whether a server has the folder.
pub fn is_held(root: &Path) -> Result<bool, StorageError> {
    let path = root.join(LOCK);
    let held = || match File::open(&path) {
        Ok(file) => lock(&file).map(|free| !free),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    };
    held().map_err(|error| StorageError::io(&path, error))
}

/// What the server that has the folder, or had it last, said; empty if nobody has.
pub fn note_of(root: &Path) -> Result<String, StorageError> {
    let path = root.join(LOCK);
    let mut text = String::new();
    match File::open(&path).map(|file| file.take(NOTE_BYTES).read_to_string(&mut text)) {
        Ok(Ok(_)) => Ok(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(text),
        Ok(Err(error)) | Err(error) => Err(StorageError::io(&path, error)),
    }
}

/// Locks an open file; whether it could be.
fn lock(file: &File) -> std::io::Result<bool> {
    match flock(file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(true),
        Err(Errno::WOULDBLOCK) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
