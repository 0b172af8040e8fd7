//! Bringing a backup back.

use std::path::{Path, PathBuf};

use super::files;
use super::manifest::Head;
use super::place::{self, Place};
use super::verify::{self, Verified};
use super::{BackupError, Content, Item, Watch, work};
use crate::storage;

/// What was brought back.
#[derive(Debug)]
pub struct Restored {
    /// Where the backup comes from.
    pub head: Head,
    /// The files.
    pub items: Vec<Item>,
}

/// Verifies a backup and makes a data folder of it, at a path where nothing is or in an empty folder: all of it, durably, or nothing.
pub fn restore(
    backup: &Path,
    root: &Path,
    threads: usize,
    watch: &dyn Watch,
) -> Result<Restored, BackupError> {
    let (place, restored) = copy_back(backup, root, threads, watch)?;
    place.finish()?;
    Ok(restored)
}

/// Verifies a backup, makes a data folder of it in a folder where nothing stays, and reads every row of every database in it.
pub fn rehearse(
    backup: &Path,
    scratch: &Path,
    threads: usize,
    watch: &dyn Watch,
) -> Result<Restored, BackupError> {
    let (place, restored) = copy_back(backup, scratch, threads, watch)?;
    work::each(&restored.items, threads, |item| match item.content {
        Content::Realm { .. } | Content::Admin if item.damage.is_none() => {
            let pace = watch.pace();
            let copy = place.folder().join(&item.path);
            storage::check(&copy, move || pace.rest()).map(drop)
        }
        Content::Realm { .. } | Content::Admin | Content::Other => Ok(()),
    })?;
    Ok(restored)
}

/// Whether a data folder may be made there: nothing is, or an empty folder.
pub fn may_restore(root: &Path) -> Result<(), BackupError> {
    if root.is_dir() && storage::is_held(root)? {
        return Err(BackupError::InUse(root.to_owned()));
    }
    place::require_empty(root)
}

fn copy_back(
    backup: &Path,
    root: &Path,
    threads: usize,
    watch: &dyn Watch,
) -> Result<(Place, Restored), BackupError> {
    may_restore(root)?;
    let mut verified = verify::verify(backup, threads, watch)?;
    let head = match verified.head.take() {
        Some(head) if verified.is_whole() => head,
        _ => return Err(BackupError::Damaged(Box::new(verified))),
    };
    let items = verified.items;
    let place = Place::claim(root)?;
    let bytes = items.iter().map(|item| item.bytes).sum();
    files::require_room(place.folder(), bytes)?;
    watch.begin("restoring", bytes);
    work::each(&items, threads, |item| {
        copy_one(backup, place.folder(), item, watch)
    })?;
    Ok((place, Restored { head, items }))
}

/// Copies a file, and reads the copy.
fn copy_one(
    backup: &Path,
    folder: &Path,
    item: &Item,
    watch: &dyn Watch,
) -> Result<(), BackupError> {
    let (from, to): (PathBuf, PathBuf) = (backup.join(&item.path), folder.join(&item.path));
    files::make_folder_for(&to)?;
    files::copy(&from, &to, watch)?;
    match verify::compare(&to, item, watch)? {
        None => {
            watch.done(item);
            Ok(())
        }
        Some(problem) => {
            let problems = vec![verify::Problem {
                path: item.path.clone(),
                problem,
            }];
            Err(BackupError::Damaged(Box::new(Verified {
                head: None,
                items: Vec::new(),
                problems,
            })))
        }
    }
}
