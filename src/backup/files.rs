//! The files of a folder, their checksums, and copies of them.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use fs_extra::file::{CopyOptions, TransitProcess, copy_with_progress};
use sha2::{Digest, Sha256};
use walkdir::{DirEntry, WalkDir};

use super::manifest::MANIFEST;
use super::pace::Pace;
use super::{BackupError, Watch, at};
use crate::storage::{BESIDE, LOCK, UNFINISHED};

/// Bytes read at a time: a fraction of a millisecond's work.
const CHUNK: usize = 64 << 10;

/// Bytes of a copy that are made durable together.
const PORTION: u64 = 256 << 10;

/// A file found below a folder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// Where it lies below the folder.
    pub path: String,
    /// Its length.
    pub bytes: u64,
}

/// What lies below a folder.
#[derive(Debug, Default)]
pub struct Listing {
    /// Files, in order.
    pub files: Vec<Found>,
    /// What is neither file nor folder, or has a name that is no UTF-8.
    pub strange: Vec<PathBuf>,
}

/// The files to copy below a data folder, links followed. What SQLite and a running server keep beside their files is left out.
pub fn list(folder: &Path) -> Result<Listing, BackupError> {
    let mut listing = Listing::default();
    for entry in WalkDir::new(folder)
        .follow_links(true)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(is_ours)
    {
        let found = entry.and_then(|entry| found(folder, entry, &mut listing));
        if let Err(error) = found
            && !is_gone(&error)?
        {
            return Err(walk_error(folder, error));
        }
    }
    Ok(listing)
}

fn found(folder: &Path, entry: DirEntry, listing: &mut Listing) -> walkdir::Result<()> {
    if entry.file_type().is_dir() || is_left_out(&entry) {
        return Ok(());
    }
    match relative(folder, &entry).filter(|_| entry.file_type().is_file()) {
        Some(path) => {
            let bytes = entry.metadata()?.len();
            listing.files.push(Found { path, bytes });
        }
        None => listing.strange.push(entry.into_path()),
    }
    Ok(())
}

/// Everything below a backup that is no folder, with names as far as they are text.
pub fn list_all(folder: &Path) -> Result<Vec<String>, BackupError> {
    let mut paths = Vec::new();
    for entry in WalkDir::new(folder)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(is_ours)
    {
        let entry = entry.map_err(|error| walk_error(folder, error))?;
        if !entry.file_type().is_dir() {
            let name = || entry.path().to_string_lossy().into_owned();
            paths.push(relative(folder, &entry).unwrap_or_else(name));
        }
    }
    Ok(paths)
}

fn relative(folder: &Path, entry: &DirEntry) -> Option<String> {
    let below = entry.path().strip_prefix(folder).ok()?;
    below.to_str().map(str::to_owned)
}

fn is_ours(entry: &DirEntry) -> bool {
    !is_lost_and_found(entry)
}

/// What a file system keeps at its top.
fn is_lost_and_found(entry: &DirEntry) -> bool {
    entry.depth() == 1 && entry.file_name() == "lost+found"
}

fn is_left_out(entry: &DirEntry) -> bool {
    let Some(name) = entry.file_name().to_str() else {
        return false;
    };
    let at_top = entry.depth() == 1 && [LOCK, UNFINISHED, MANIFEST].contains(&name);
    at_top || is_beside_database(name)
}

/// Whether a file belongs to a database beside it: its log, its shared memory, its journal; or is one that is being made.
fn is_beside_database(name: &str) -> bool {
    let database = BESIDE.iter().find_map(|end| name.strip_suffix(end));
    database.is_some_and(is_database)
}

/// Whether this is the name of a database.
pub fn is_database(path: &str) -> bool {
    path.ends_with(".db")
}

/// Whether what could not be looked at was there a moment ago: a server may remove files at any time.
fn is_gone(error: &walkdir::Error) -> Result<bool, BackupError> {
    let cause = error.io_error().map(io::Error::kind);
    match error.path() {
        Some(path) if error.depth() > 0 && cause == Some(io::ErrorKind::NotFound) => {
            is_there(path).map(|is_there| !is_there)
        }
        _ => Ok(false),
    }
}

/// Whether a file or folder is there, links followed. What cannot be seen is not gone for that: neither where looking fails, nor where a link, here or above, leads to
/// what is not there now, like a disk that is not mounted.
pub fn is_there(path: &Path) -> Result<bool, BackupError> {
    let missing = |error: &io::Error| error.kind() == io::ErrorKind::NotFound;
    match fs::metadata(path) {
        Err(error) if missing(&error) => {}
        found => return found.map(|_| true).map_err(at(path)),
    }
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_symlink() => Err(BackupError::LeadsNowhere(path.to_owned())),
        Err(error) if missing(&error) => {
            path.parent().map_or(Ok(true), is_there)?;
            Ok(false)
        }
        found => found.map(|_| true).map_err(at(path)),
    }
}

fn walk_error(folder: &Path, error: walkdir::Error) -> BackupError {
    BackupError::Io {
        path: error.path().unwrap_or(folder).to_owned(),
        cause: error.into(),
    }
}

/// A file as its file system has it at one moment: two looks that are equal saw the same file, and nothing was written to it in between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    device: u64,
    inode: u64,
    changed: (i64, i64),
}

/// Seconds after a change in which another one may not show: clocks of file systems are coarse.
const COARSE: i64 = 2;

/// Looks at a file; nothing where that fails, or says nothing since the file has just changed.
pub fn look(path: &Path) -> Option<Look> {
    let found = fs::metadata(path).ok()?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    let is_settled = i64::try_from(now.as_secs()).ok()? > found.ctime() + COARSE;
    is_settled.then(|| Look {
        device: found.dev(),
        inode: found.ino(),
        changed: (found.ctime(), found.ctime_nsec()),
    })
}

/// The length of a file and its SHA-256.
pub fn digest(path: &Path, watch: &dyn Watch, moved: bool) -> Result<(u64, String), BackupError> {
    let mut file = File::open(path).map_err(at(path))?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; CHUNK];
    let mut bytes = 0;
    loop {
        let read = match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(at(path)(error)),
        };
        hash.update(&buffer[..read]);
        bytes += read as u64;
        if moved {
            watch.moved(read as u64);
        }
        if !watch.go_on() {
            return Err(BackupError::Stopped);
        }
        if watch.pace() == Pace::Gentle {
            forget(&file, bytes - read as u64, read as u64);
        }
        watch.pace().rest();
    }
    Ok((bytes, format!("{:x}", hash.finalize())))
}

/// Copies a file as it is, with who may read it.
pub fn copy(from: &Path, to: &Path, watch: &dyn Watch) -> Result<(), BackupError> {
    let mut before = 0;
    let options = CopyOptions {
        buffer_size: CHUNK,
        ..CopyOptions::default()
    };
    let mut portions = Portions::of(to, watch);
    let follow = |now: TransitProcess| {
        let moved = now.copied_bytes - before;
        before = now.copied_bytes;
        watch.moved(moved);
        portions.more(moved);
    };
    copy_with_progress(from, to, &options, follow).map_err(|error| {
        let cause = match error.kind {
            fs_extra::error::ErrorKind::Io(cause) => cause,
            fs_extra::error::ErrorKind::NotFound => io::ErrorKind::NotFound.into(),
            _ => io::Error::other(error.to_string()),
        };
        at(from)(cause)
    })?;
    portions.settle(from)
}

/// A copy that grows in small portions. Each is made durable before the next: what is written at once at the end would keep a server's own writes waiting.
pub struct Portions<'a> {
    copy: &'a Path,
    file: Option<File>,
    failed: Option<io::Error>,
    waiting: u64,
    pace: Pace,
}

impl Portions<'_> {
    /// Of a copy that is about to be made.
    pub fn of<'a>(copy: &'a Path, watch: &dyn Watch) -> Portions<'a> {
        Portions {
            copy,
            file: None,
            failed: None,
            waiting: 0,
            pace: watch.pace(),
        }
    }

    /// So many bytes more are written. If they cannot be made durable, [`Portions::settle`] says so.
    pub fn more(&mut self, bytes: u64) {
        if self.pace == Pace::Full {
            return;
        }
        self.waiting += bytes;
        if self.waiting >= PORTION {
            self.waiting = 0;
            if let Err(error) = self.sync() {
                self.failed.get_or_insert(error);
            }
        }
        self.pace.rest();
    }

    fn sync(&mut self) -> io::Result<()> {
        let file = match self.file.take() {
            Some(file) => file,
            None => File::open(self.copy)?,
        };
        self.file.insert(file).sync_data()
    }

    /// Ends the copy: gives it the permissions of its source, and makes all of it durable. A portion that could not be made durable fails it, for the system tells of that
    /// once, and not to who opens the file later.
    pub fn settle(mut self, from: &Path) -> Result<(), BackupError> {
        if let Some(error) = self.failed.take() {
            return Err(at(self.copy)(error));
        }
        let permissions = fs::metadata(from).map_err(at(from))?.permissions();
        fs::set_permissions(self.copy, permissions).map_err(at(self.copy))?;
        File::open(self.copy)
            .and_then(|file| file.sync_all())
            .map_err(at(self.copy))
    }
}

/// Lets the system forget what it keeps of a part of a file that was read: a server beside it has more use for the memory.
fn forget(file: &File, from: u64, bytes: u64) {
    let bytes = std::num::NonZeroU64::new(bytes);
    let _ = rustix::fs::fadvise(file, from, bytes, rustix::fs::Advice::DontNeed);
}

/// Makes the folder that a file is to lie in.
pub fn make_folder_for(file: &Path) -> Result<(), BackupError> {
    use std::os::unix::fs::DirBuilderExt;
    let folder = file.parent().unwrap_or(Path::new("."));
    let made = fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder);
    made.map_err(at(folder))
}

/// Makes the entries of a folder and of all folders below it durable.
pub fn sync_folders(folder: &Path) -> Result<(), BackupError> {
    for entry in WalkDir::new(folder).contents_first(true) {
        let entry = entry.map_err(|error| walk_error(folder, error))?;
        if entry.file_type().is_dir() {
            sync_folder(entry.path())?;
        }
    }
    Ok(())
}

/// Makes the entries of a folder durable.
pub fn sync_folder(folder: &Path) -> Result<(), BackupError> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(at(folder))
}

/// Whether the file system of a folder has room for so many bytes.
pub fn require_room(folder: &Path, needed: u64) -> Result<(), BackupError> {
    let stat = rustix::fs::statvfs(folder).map_err(|error| at(folder)(error.into()))?;
    let free = stat.f_bavail.saturating_mul(stat.f_frsize);
    if free < needed {
        let folder = folder.to_owned();
        return Err(BackupError::NoRoom {
            folder,
            free,
            needed,
        });
    }
    Ok(())
}
