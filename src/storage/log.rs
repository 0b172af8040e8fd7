//! What a process that ended has left in the write-ahead log of a database.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::{beside, sync_folder};

/// Bytes that are written at once.
const PIECE: usize = 1 << 20;

/// The write-ahead log of a database.
pub fn of(database: &Path) -> PathBuf {
    beside(database, "-wal")
}

/// Writes a log again, as it is, and syncs it and the names of its folder, the database's among them; to be called before anything is added to it, by whoever has the
/// database for himself. Whether there is a log.
///
/// When a sync fails, the system forgets that the bytes are not on disk: they are still read, and no later sync saves them. A process that comes after one that was
/// killed in this state would take them for a commit and build on it, and a power cut would take all of that away. So it would where a log has no name on disk: SQLite syncs the folder
/// when it has made one, but does not look whether that succeeded.
pub fn make_safe(database: &Path) -> io::Result<bool> {
    let log = match File::options().read(true).write(true).open(of(database)) {
        Ok(log) => log,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    let size = log.metadata()?.len();
    let mut piece = vec![0; PIECE.min(usize::try_from(size).unwrap_or(PIECE))];
    let mut at = 0;
    while at < size {
        let left = usize::try_from(size - at).unwrap_or(PIECE);
        let piece = &mut piece[..left.min(PIECE)];
        log.read_exact_at(piece, at)?;
        log.write_all_at(piece, at)?;
        at += piece.len() as u64;
    }
    if size > 0 {
        log.sync_all()?;
    }
    let folder = database.parent();
    let folder = folder.filter(|folder| !folder.as_os_str().is_empty());
    sync_folder(folder.unwrap_or(Path::new(".")))?;
    Ok(true)
}

/// Whether something failed for want of room: what is there can be read all the same.
pub fn is_no_room(error: &io::Error) -> bool {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(error.kind(), FileTooLarge | QuotaExceeded | StorageFull)
}
