//! Whether a backup is what it was when it was made.

use std::collections::BTreeSet;
use std::path::Path;

use super::manifest::{Head, MANIFEST, Manifest};
use super::{BackupError, Item, Watch, files, work};

/// A file that is not as it was, or should not be there.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Problem {
    /// Where it lies below the backup.
    pub path: String,
    /// What is wrong with it.
    pub problem: String,
}

/// What was found in a backup.
#[derive(Debug)]
pub struct Verified {
    /// Where it comes from; nothing if the manifest cannot be read.
    pub head: Option<Head>,
    /// Its files, as the manifest has them.
    pub items: Vec<Item>,
    /// What has changed since it was made. Empty: it is whole.
    pub problems: Vec<Problem>,
}

impl Verified {
    /// Whether every byte is as it was.
    pub fn is_whole(&self) -> bool {
        self.problems.is_empty()
    }
}

/// Reads every byte of a backup and compares it with the manifest.
pub fn verify(backup: &Path, threads: usize, watch: &dyn Watch) -> Result<Verified, BackupError> {
    let Manifest { head, items } = match Manifest::read(backup)? {
        Ok(manifest) => manifest,
        Err(problem) => {
            let problems = vec![Problem {
                path: MANIFEST.to_owned(),
                problem,
            }];
            return Ok(Verified {
                head: None,
                items: Vec::new(),
                problems,
            });
        }
    };
    watch.begin("verifying", items.iter().map(|item| item.bytes).sum());
    let compared = work::each(&items, threads, |item| {
        let problem = compare(&backup.join(&item.path), item, watch)?;
        watch.done(item);
        Ok::<_, BackupError>(problem.map(|problem| Problem {
            path: item.path.clone(),
            problem,
        }))
    })?;
    let mut problems: Vec<Problem> = compared.into_iter().flatten().collect();
    problems.extend(strangers(backup, &items)?);
    Ok(Verified {
        head: Some(head),
        items,
        problems,
    })
}

/// What is wrong with a file of a backup.
pub fn compare(path: &Path, item: &Item, watch: &dyn Watch) -> Result<Option<String>, BackupError> {
    match files::digest(path, watch, true) {
        Ok((bytes, _)) if bytes != item.bytes => {
            Ok(Some(format!("it has {bytes} bytes, not {}", item.bytes)))
        }
        Ok((_, sha256)) if sha256 != item.sha256 => {
            Ok(Some("it does not have its checksum".to_owned()))
        }
        Ok(_) => Ok(None),
        Err(BackupError::Io { cause, .. }) => Ok(Some(format!("it cannot be read: {cause}"))),
        Err(error) => Err(error),
    }
}

/// Files that are not part of the backup. One beside a database would change what that database holds.
fn strangers(backup: &Path, items: &[Item]) -> Result<Vec<Problem>, BackupError> {
    let known: BTreeSet<&str> = items.iter().map(|item| item.path.as_str()).collect();
    let found = files::list_all(backup)?;
    let strange = found
        .into_iter()
        .filter(|path| !known.contains(path.as_str()) && path != MANIFEST);
    let problem = |path| Problem {
        path,
        problem: "it is not part of the backup".to_owned(),
    };
    Ok(strange.map(problem).collect())
}
