//! Folders of the data folder, each durable in the one above it.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The folders of Realms that are known to be on disk, so that they need not be synced again for each new Realm.
#[derive(Default)]
pub struct Folders(Mutex<HashSet<PathBuf>>);

/// The most that are kept; one more, and all are forgotten.
const MOST: usize = 4096;

impl Folders {
    /// Makes a folder below another one and those between, each durable in its parent: also if it is there, for whoever made it may not have come so far.
    pub fn make(&self, root: &Path, folder: &Path) -> io::Result<()> {
        make(&mut self.lock(), root, folder)
    }

    /// Removes a folder and those above it, up to one below the root, as far as they are empty. One that cannot be removed does no harm.
    pub fn remove_empty(&self, root: &Path, folder: &Path) {
        let mut known = self.lock(); // nobody makes one of them meanwhile
        let mut folder = folder;
        while let Some(parent) = folder.parent()
            && parent != root
            && folder.starts_with(root)
            && fs::remove_dir(folder).is_ok()
        {
            known.remove(folder);
            folder = parent;
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<PathBuf>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn make(known: &mut HashSet<PathBuf>, root: &Path, folder: &Path) -> io::Result<()> {
    if folder == root || (known.contains(folder) && folder.is_dir()) {
        return Ok(());
    }
    if let Some(parent) = folder.parent() {
        make(known, root, parent)?;
        make_folder(folder)?;
        sync_folder(parent)?;
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(folder.to_owned());
    }
    Ok(())
}

/// Makes a folder and those above it, each durable in its parent.
pub fn make_folder(folder: &Path) -> io::Result<()> {
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

/// Makes the entries of a folder durable.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_was_removed_is_made_again() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("realms/ada/deep");
        let folders = Folders::default();
        for _ in 0..2 {
            folders.make(root.path(), &folder).unwrap();
            assert_eq!(folders.lock().len(), 3);
            folders.make(root.path(), &folder).unwrap();
            folders.remove_empty(root.path(), &folder);
            assert!(
                root.path().join("realms").is_dir() && !root.path().join("realms/ada").exists()
            );
            assert_eq!(folders.lock().len(), 1, "what is kept at the top");
        }
        folders.make(root.path(), &folder).unwrap();
        fs::remove_dir(&folder).unwrap(); // by somebody else
        folders.make(root.path(), &folder).unwrap();
        assert!(folder.is_dir());
    }
}
