//! Whether the data folder can be written, and how much room there is.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

/// Room on the file system of a folder, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    /// What this process may still write.
    pub free: u64,
    /// All of it.
    pub total: u64,
}

/// How much room there is.
pub fn space(folder: &Path) -> io::Result<Space> {
    let found = rustix::fs::statvfs(folder)?;
    let bytes = |blocks: u64| blocks.saturating_mul(found.f_frsize);
    Ok(Space {
        free: bytes(found.f_bavail),
        total: bytes(found.f_blocks),
    })
}

/// Writes a small file and takes it away again; how long it took until it was on the disk, if that was waited for.
pub fn try_writing(folder: &Path, durably: bool) -> io::Result<Duration> {
    let file = folder.join(PROBE);
    let began = Instant::now();
    let written = write(&file, durably).map(|()| began.elapsed());
    let removed = match fs::remove_file(&file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Err(_) | Ok(()) => Ok(()),
    };
    let time = written?;
    removed.map(|()| time)
}

/// What the small file is called.
const PROBE: &str = "writable.probe";

/// As much as the smallest block of a file system, so that there is room for one.
fn write(file: &Path, durably: bool) -> io::Result<()> {
    let mut file = File::create(file)?;
    file.write_all(&[b'.'; 4096])?;
    if durably { file.sync_all() } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_tried_and_left_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        try_writing(folder.path(), false).unwrap();
        assert!(try_writing(folder.path(), true).unwrap() > Duration::ZERO);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        let space = space(folder.path()).unwrap();
        assert!(space.free <= space.total && space.total > 0);
        assert!(try_writing(&folder.path().join("missing"), false).is_err());
    }
}
