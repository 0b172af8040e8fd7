//! Client files as they are on disk, kept in memory; what is not here is read from there.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};

use super::{RealmError, lock};
use crate::ident::FileIdent;
use crate::storage::ClientFile;

/// The client files of a Realm.
#[derive(Default)]
pub struct Files(Mutex<Known>);

#[derive(Default)]
struct Known {
    files: HashMap<FileIdent, ClientFile>,
    /// How often all were forgotten.
    forgotten: u64,
}

/// The most that are kept; one more, and all are forgotten.
const MOST: usize = 10_000;
/// What one takes in memory, about.
const FILE_BYTES: usize = 2 * size_of::<(FileIdent, ClientFile)>();

impl Files {
    /// One of them, if it is kept.
    pub fn get(&self, ident: FileIdent) -> Option<ClientFile> {
        self.lock().files.get(&ident).copied()
    }

    /// One of them, read if it is not kept.
    pub fn find(
        &self,
        ident: FileIdent,
        read: impl FnOnce() -> Result<Option<ClientFile>, RealmError>,
    ) -> Result<Option<ClientFile>, RealmError> {
        let forgotten = {
            let known = self.lock();
            if let Some(file) = known.files.get(&ident) {
                return Ok(Some(*file));
            }
            known.forgotten
        };
        let Some(file) = read()? else {
            return Ok(None);
        };
        let mut known = self.lock();
        if known.forgotten != forgotten {
            return Ok(Some(file)); // a newer one may have been among those that were forgotten
        }
        if known.files.len() >= MOST {
            known.forget();
        }
        // A commit that came between has put the newer one.
        Ok(Some(*known.files.entry(ident).or_insert(file)))
    }

    /// What a commit has made of some.
    pub fn put(&self, files: impl IntoIterator<Item = (FileIdent, ClientFile)>) {
        self.lock().files.extend(files);
    }

    /// Forgets all.
    pub fn forget(&self) {
        self.lock().forget();
    }

    /// What they take in memory, about.
    pub fn bytes(&self) -> usize {
        self.lock().files.len() * FILE_BYTES
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        lock(&self.0)
    }
}

impl Known {
    fn forget(&mut self) {
        self.files = HashMap::new();
        self.forgotten += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ident::{Salt, ServerVersion, UploadCursor};

    const IDENT: FileIdent = FileIdent(2);

    fn file(version: u64) -> ClientFile {
        ClientFile {
            salt: Salt(1),
            upload: UploadCursor::default(),
            locked: ServerVersion(version),
            expired: false,
        }
    }

    #[test]
    fn what_was_read_never_takes_the_place_of_what_was_committed_meanwhile() {
        for forgets in [false, true] {
            let files = Files::default();
            let found = files.find(IDENT, || {
                files.put([(IDENT, file(2))]);
                if forgets {
                    files.forget();
                }
                Ok(Some(file(1)))
            });
            let told = if forgets { 1 } else { 2 };
            assert_eq!(found.unwrap(), Some(file(told)));
            let later = files.find(IDENT, || Ok(Some(file(2)))).unwrap();
            assert_eq!(later, Some(file(2)), "forgets: {forgets}");
        }
    }

    #[test]
    fn a_bounded_number_is_kept() {
        let files = Files::default();
        for ident in 0..3 * MOST as u64 {
            let found = files.find(FileIdent(ident), || Ok(Some(file(1))));
            assert_eq!(found.unwrap(), Some(file(1)));
        }
        assert!(files.bytes() <= MOST * FILE_BYTES);
        assert_eq!(files.find(IDENT, || Ok(None)).unwrap(), None);
    }
}
