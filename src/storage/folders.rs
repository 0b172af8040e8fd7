//! Folders of the data folder, each durable in the one above it.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The folders of Realms that are known to be on disk, so that they need not be synced again for each new Realm.
#[derive(Default)]
pub struct Folders(Mutex<Known>);

#[derive(Default)]
struct Known {
    folders: HashSet<PathBuf>,
    /// How often folders were removed.
    removals: u64,
}

/// The most that are kept; one more, and all are forgotten.
const MOST: usize = 4096;

impl Folders {
    /// Makes a folder below another one and those between, each durable in its parent: also if it is there, for whoever made it may not have come so far.
    pub fn make(&self, root: &Path, folder: &Path) -> io::Result<()> {
        let removals = {
            let known = self.lock();
            if folder == root || (known.folders.contains(folder) && folder.is_dir()) {
                return Ok(());
            }
            known.removals
        };
        let Some(parent) = folder.parent() else {
            return Ok(());
        };
        self.make(root, parent)?;
        let is_new = create(folder)?;
        if let Err(error) = sync_folder(parent) {
            // A name that may not be on disk is given again: a later sync would not say so.
            if is_new {
                drop(fs::remove_dir(folder));
            }
            return Err(error);
        }
        let mut known = self.lock();
        // Else this one may have been removed, and be another.
        if known.removals == removals {
            if known.folders.len() >= MOST {
                known.folders.clear();
            }
            known.folders.insert(folder.to_owned());
        }
        Ok(())
    }

    /// Removes a folder and those above it, up to one below the root, as far as they are empty. One that cannot be removed does no harm.
    pub fn remove_empty(&self, root: &Path, folder: &Path) {
        let mut known = self.lock();
        let mut folder = folder;
        while let Some(parent) = folder.parent()
            && parent != root
            && folder.starts_with(root)
            && fs::remove_dir(folder).is_ok()
        {
            known.folders.remove(folder);
            known.removals += 1;
            folder = parent;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes a folder in one that is there; whether it was missing.
fn create(folder: &Path) -> io::Result<bool> {
    use std::os::unix::fs::DirBuilderExt;
    match fs::DirBuilder::new().mode(0o700).create(folder) {
        Ok(()) => Ok(true),
        Err(_) if folder.is_dir() => Ok(false),
        Err(error) => Err(error),
    }
}

/// Makes a folder and those above it, each durable in its parent.
pub fn make_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let parent = folder
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    make_folder(parent)?;
    create(folder)?;
    sync_folder(parent)
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
            assert_eq!(folders.lock().folders.len(), 3);
            folders.make(root.path(), &folder).unwrap();
            folders.remove_empty(root.path(), &folder);
            assert!(
                root.path().join("realms").is_dir() && !root.path().join("realms/ada").exists()
            );
            assert_eq!(folders.lock().folders.len(), 1, "what is kept at the top");
        }
        folders.make(root.path(), &folder).unwrap();
        fs::remove_dir(&folder).unwrap(); // by somebody else
        folders.make(root.path(), &folder).unwrap();
        assert!(folder.is_dir());
    }
}
