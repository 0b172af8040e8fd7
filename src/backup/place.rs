//! Where a copy is made, so that it is there as a whole or does not look like one.
//!
//! A copy to a path where nothing is grows beside it under another name, and is renamed at the end. A copy into an empty folder, which may be a mount point
//! that cannot be renamed, grows in it. Either way a mark stands in the folder, locked by its maker, until everything in it is durable.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use super::files::{sync_folder, sync_folders};
use super::{BackupError, at};
use crate::storage::UNFINISHED;

/// A folder that is being filled. Dropped before it is finished, all that was made in it goes away.
pub struct Place {
    target: PathBuf,
    folder: PathBuf,
    staged: bool,
    finished: bool,
    _mark: File,
}

impl Place {
    /// Takes a place for a copy: `target` must be absent or an empty folder.
    pub fn claim(target: &Path) -> Result<Place, BackupError> {
        require_empty(target)?;
        if target.exists() {
            let mark = mark(target)?;
            return Ok(Place::new(target, target.to_owned(), false, mark));
        }
        let folder = beside(target)?;
        clear_remains(&folder)?;
        fs::DirBuilder::new()
            .mode(0o700)
            .create(&folder)
            .map_err(at(&folder))?;
        let mark = mark(&folder)?;
        Ok(Place::new(target, folder, true, mark))
    }

    fn new(target: &Path, folder: PathBuf, staged: bool, mark: File) -> Place {
        Place {
            target: target.to_owned(),
            folder,
            staged,
            finished: false,
            _mark: mark,
        }
    }

    /// The folder to fill.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Makes the copy durable and lets it be seen. The contents of its files are durable already.
    pub fn finish(mut self) -> Result<(), BackupError> {
        sync_folders(&self.folder)?;
        let mark = self.folder.join(UNFINISHED);
        fs::remove_file(&mark).map_err(at(&mark))?;
        sync_folder(&self.folder)?;
        if self.staged {
            fs::rename(&self.folder, &self.target).map_err(at(&self.target))?;
        }
        self.finished = true;
        sync_folder(folder_of(&self.target))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.finished {
            return;
        }
        let removed = match self.staged {
            true => fs::remove_dir_all(&self.folder),
            false => clear(&self.folder),
        };
        if let Err(error) = removed {
            tracing::warn!(folder = %self.folder.display(), %error, "an unfinished copy could not be removed");
        }
    }
}

/// Whether a copy may go there.
pub fn require_empty(target: &Path) -> Result<(), BackupError> {
    let entries = match fs::read_dir(target) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(at(target)(error)),
    };
    if target.join(UNFINISHED).exists() {
        return Err(BackupError::Unfinished(target.to_owned()));
    }
    for entry in entries {
        let name = entry.map_err(at(target))?.file_name();
        if name != "lost+found" {
            return Err(BackupError::NotEmpty(target.to_owned()));
        }
    }
    Ok(())
}

/// The folder that something lies in.
pub fn folder_of(path: &Path) -> &Path {
    let parent = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    parent.unwrap_or(Path::new("."))
}

/// Where a copy grows that is to stand at `target`.
fn beside(target: &Path) -> Result<PathBuf, BackupError> {
    let name = target
        .file_name()
        .ok_or_else(|| at(target)(io::ErrorKind::InvalidInput.into()))?;
    let mut hidden = std::ffi::OsString::from(".");
    hidden.push(name);
    hidden.push(".unfinished");
    Ok(folder_of(target).join(hidden))
}

/// Marks a folder as unfinished, durably, and holds the mark.
fn mark(folder: &Path) -> Result<File, BackupError> {
    let path = folder.join(UNFINISHED);
    let mark = File::create_new(&path).map_err(at(&path))?;
    flock(&mark, FlockOperation::NonBlockingLockExclusive)
        .map_err(|error| at(&path)(error.into()))?;
    sync_folder(folder)?;
    Ok(mark)
}

/// Removes what a copy left that was killed.
fn clear_remains(folder: &Path) -> Result<(), BackupError> {
    let path = folder.join(UNFINISHED);
    match File::open(&path) {
        Ok(mark) => match flock(&mark, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => fs::remove_dir_all(folder).map_err(at(folder)),
            Err(rustix::io::Errno::WOULDBLOCK) => Err(BackupError::InUse(folder.to_owned())),
            Err(error) => Err(at(&path)(error.into())),
        },
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(at(&path)(error)),
        // None at all, or one that was killed before it had a mark.
        Err(_) => match fs::remove_dir(folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(at(folder)(error)),
            Ok(()) | Err(_) => Ok(()),
        },
    }
}

/// Removes what lies in a folder, the mark last.
fn clear(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if name == UNFINISHED || name == "lost+found" {
            continue;
        }
        match entry.file_type()?.is_dir() {
            true => fs::remove_dir_all(entry.path())?,
            false => fs::remove_file(entry.path())?,
        }
    }
    fs::remove_file(folder.join(UNFINISHED))
}
