//! Making a backup.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::files::{self, Found, Look};
use super::manifest::{MANIFEST, Manifest};
use super::place::{self, Place};
use super::{BackupError, Content, Item, Watch, at, work};
use crate::storage::{self, Holds, StorageError};

/// How a backup is made.
#[derive(Debug, Clone)]
pub struct Options {
    /// When it is begun, RFC 3339.
    pub begun: String,
    /// Files copied at the same time; at least 1.
    pub threads: usize,
    /// Keys that the server signs with.
    pub keys: Vec<PathBuf>,
    /// Whether those outside of the data folder are copied into `keys/`.
    pub with_keys: bool,
}

/// A key outside of the data folder.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Key {
    /// Its file.
    pub file: PathBuf,
    /// Whether it is in the backup now.
    pub copied: bool,
}

/// A backup that was made.
#[derive(Debug)]
pub struct Made {
    /// Its files.
    pub items: Vec<Item>,
    /// Keys that lie outside of the data folder.
    pub keys: Vec<Key>,
    /// What was left out: neither file nor folder, or with a name that is no UTF-8.
    pub left_out: Vec<PathBuf>,
}

/// Copies a data folder, of a running server or not, to a path where nothing is, or into an empty folder.
pub fn backup(
    source: &Path,
    target: &Path,
    options: &Options,
    watch: &dyn Watch,
) -> Result<Made, BackupError> {
    let source = &fs::canonicalize(source).map_err(at(source))?;
    if !source.join(ADMIN).is_file() {
        return Err(BackupError::NotARoot(source.clone()));
    }
    apart(source, target)?;
    let first = files::list(source)?;
    let total: u64 = first.files.iter().map(|file| file.bytes).sum();
    let place = Place::claim(target)?;
    files::require_room(place.folder(), total)?;
    watch.begin("copying", total);
    let copy = Copy {
        source,
        target: place.folder(),
        watch,
    };

    // The database with users and the list of Realms comes after the Realms, and those that were made meanwhile, or made again, after it: what it names is there.
    let (admin, others): (Vec<Found>, Vec<Found>) =
        first.files.into_iter().partition(|file| file.path == ADMIN);
    let mut copied = copy.all(&others, options.threads)?;
    let named = copy.admin(&admin, &mut copied)?;
    copied.extend(named);
    let mut later = files::list(source)?.files;
    let known: BTreeSet<&str> = copied.iter().map(|copied| &*copied.item.path).collect();
    later.retain(|file| !known.contains(file.path.as_str()));
    watch.more(later.iter().map(|file| file.bytes).sum());
    copied.extend(copy.all(&later, options.threads)?);
    let mut items = copied.into_iter().map(|copied| copied.item).collect();
    let keys = copy.keys(options, &mut items)?;
    items.sort_by(|a, b| a.path.cmp(&b.path));

    let elsewhere = keys
        .iter()
        .filter(|key| !key.copied)
        .map(|key| key.file.to_string_lossy().into_owned());
    let manifest = Manifest::new(source, options.begun.clone(), elsewhere.collect(), items);
    let path = place.folder().join(MANIFEST);
    write_private(&path, &manifest.text()).map_err(at(&path))?;
    place.finish()?;
    Ok(Made {
        items: manifest.items,
        keys,
        left_out: first.strange,
    })
}

/// The server's own database.
const ADMIN: &str = "admin.db";

/// How often it is copied at most while Realms are being removed.
const TRIES: u32 = 20;

/// Neither folder lies in the other.
fn apart(source: &Path, target: &Path) -> Result<(), BackupError> {
    let target = match fs::canonicalize(target) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let folder = place::folder_of(target);
            let folder = fs::canonicalize(folder).map_err(at(folder))?;
            folder.join(target.file_name().unwrap_or_default())
        }
        found => found.map_err(at(target))?,
    };
    let nested = |inner: &Path, outer: &Path| BackupError::Nested {
        inner: inner.to_owned(),
        outer: outer.to_owned(),
    };
    if target.starts_with(source) {
        return Err(nested(&target, source));
    }
    if source.starts_with(&target) {
        return Err(nested(source, &target));
    }
    Ok(())
}

/// A file that was copied.
struct Copied {
    item: Item,
    /// Its source, before that.
    look: Option<Look>,
}

/// A copy under way.
struct Copy<'a> {
    source: &'a Path,
    target: &'a Path,
    watch: &'a dyn Watch,
}

impl Copy<'_> {
    /// Copies files; those that are gone by now are not missed.
    fn all(&self, files: &[Found], threads: usize) -> Result<Vec<Copied>, BackupError> {
        let copied = work::each(files, threads, |file| {
            let source = self.source.join(&file.path);
            let look = files::look(&source);
            let item = self.one(&file.path);
            if item.is_err() && !files::is_there(&source)? {
                self.remove(&file.path)?;
                return Ok(None);
            }
            item.map(|item| Some(Copied { item, look }))
        })?;
        Ok(copied.into_iter().flatten().collect())
    }

    /// Copies the server's own database when nothing is removed, and takes out again what was removed before.
    fn admin(&self, admin: &[Found], others: &mut Vec<Copied>) -> Result<Vec<Copied>, BackupError> {
        self.forget_removed(others)?;
        let mut tries = 0;
        loop {
            let copied = self.all(admin, 1)?;
            tries += 1;
            if !self.forget_removed(others)? || tries == TRIES {
                return Ok(copied);
            }
            for Copied { item, .. } in copied {
                self.remove(&item.path)?;
            }
        }
    }

    /// Takes out again what was removed from the source meanwhile, and says whether there was something. The database that comes next does not name it any more, so whoever
    /// made a Realm of its name would find it; or names the Realm that somebody has made of it already.
    fn forget_removed(&self, copied: &mut Vec<Copied>) -> Result<bool, BackupError> {
        let (there, removed): (Vec<Copied>, Vec<Copied>) = std::mem::take(copied)
            .into_iter()
            .partition(|copied| self.is_there(copied));
        *copied = there;
        for Copied { item, .. } in &removed {
            self.remove(&item.path)?;
        }
        Ok(!removed.is_empty())
    }

    /// Whether the source has a file still. A Realm must certainly be the same, and not another that was made of its name: what is taken out without need is copied later.
    fn is_there(&self, Copied { item, look }: &Copied) -> bool {
        let path = &item.path;
        let (source, copy) = (self.source.join(path), self.target.join(path));
        match item.content {
            Content::Realm { .. } => {
                let is_unchanged = look.is_some() && *look == files::look(&source);
                is_unchanged || storage::is_copy_of(&copy, &source).unwrap_or(false)
            }
            Content::Admin | Content::Other => files::is_there(&source).unwrap_or(true),
        }
    }

    /// Removes a copy, or what there is of it.
    fn remove(&self, path: &str) -> Result<(), BackupError> {
        let copy = self.target.join(path);
        match fs::remove_file(&copy) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(at(&copy)(error)),
            _ => Ok(()),
        }
    }

    fn one(&self, path: &str) -> Result<Item, BackupError> {
        let (from, to) = (self.source.join(path), self.target.join(path));
        self.watch.pace().rest();
        files::make_folder_for(&to)?;
        let (content, damage) = match files::is_database(path) {
            true => self.database(&from, &to)?,
            false => {
                files::copy(&from, &to, self.watch)?;
                (Content::Other, None)
            }
        };
        self.item(path, &to, content, damage)
    }

    fn item(
        &self,
        path: &str,
        copy: &Path,
        content: Content,
        damage: Option<String>,
    ) -> Result<Item, BackupError> {
        let (bytes, sha256) = files::digest(copy, self.watch, false)?;
        let item = Item {
            path: path.to_owned(),
            content,
            bytes,
            sha256,
            damage,
        };
        self.watch.done(&item);
        Ok(item)
    }

    /// Copies a database as of one moment, and reads the copy. One that is damaged is copied as it lies there, and what is wrong with it is said.
    fn database(&self, from: &Path, to: &Path) -> Result<(Content, Option<String>), BackupError> {
        let mut portions = files::Portions::of(to, self.watch);
        let follow = |bytes| {
            self.watch.moved(bytes);
            portions.more(bytes);
            self.watch.go_on()
        };
        let copied = match storage::snapshot(from, to, follow) {
            Ok(true) => {
                portions.settle(from)?;
                let pace = self.watch.pace();
                storage::check(to, move || pace.rest())
            }
            Ok(false) => return Err(BackupError::Stopped),
            Err(damaged @ StorageError::Damaged { .. }) => {
                files::copy(from, to, self.watch)?;
                Err(damaged)
            }
            Err(error) => return Err(error.into()),
        };
        match copied {
            Ok(Holds::Admin) => Ok((Content::Admin, None)),
            Ok(Holds::Realm { name, version }) => Ok((
                Content::Realm {
                    realm: name,
                    version,
                },
                None,
            )),
            Err(StorageError::Damaged { what, .. }) => Ok((damaged_content(from), Some(what))),
            Err(error) => Err(error.into()),
        }
    }

    /// Copies keys that lie outside of the data folder, if asked to; says which there are.
    fn keys(&self, options: &Options, items: &mut Vec<Item>) -> Result<Vec<Key>, BackupError> {
        let mut keys = Vec::new();
        for file in &options.keys {
            if fs::canonicalize(file)
                .map_err(at(file))?
                .starts_with(self.source)
            {
                continue;
            }
            if options.with_keys {
                let name = file
                    .file_name()
                    .and_then(|name| name.to_str())
                    .unwrap_or("key");
                let path = format!("keys/{name}");
                let to = self.target.join(&path);
                if to.exists() {
                    return Err(BackupError::Twice(to));
                }
                files::make_folder_for(&to)?;
                files::copy(file, &to, self.watch)?;
                items.push(self.item(&path, &to, Content::Other, None)?);
            }
            keys.push(Key {
                file: file.clone(),
                copied: options.with_keys,
            });
        }
        Ok(keys)
    }
}

/// What a damaged file is, as far as its name tells.
fn damaged_content(path: &Path) -> Content {
    match path.file_name() == Some(ADMIN.as_ref()) {
        true => Content::Admin,
        false => Content::Realm {
            realm: String::new(),
            version: 0,
        },
    }
}

fn write_private(path: &Path, text: &str) -> io::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
