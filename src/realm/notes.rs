//! What clients report without uploading anything: noted by whoever hears it, taken by whoever writes next.
//!
//! A device reports after each DOWNLOAD how far it is. That waits for nobody and wakes nobody: it only lets the Realm forget what no device needs.

use std::collections::HashMap;
use std::sync::Mutex;

use super::lock;
use crate::ident::{FileIdent, ServerVersion, UploadCursor};

/// What is noted of one client.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Note {
    /// How far it has looked through its history.
    pub progress: UploadCursor,
    /// The oldest server version that it needs.
    pub locked: ServerVersion,
}

/// The notes of a Realm.
#[derive(Default)]
pub struct Notes(Mutex<HashMap<FileIdent, Note>>);

/// Client files of which something is merely reported; one more, and a commit is made for them.
pub const MOST_REPORTED: usize = 1000;

impl Notes {
    /// Adds to what is known of a client. False if there is no room.
    pub fn add(&self, ident: FileIdent, progress: UploadCursor, locked: ServerVersion) -> bool {
        let mut notes = lock(&self.0);
        if notes.len() > MOST_REPORTED && !notes.contains_key(&ident) {
            return false;
        }
        let note = notes.entry(ident).or_default();
        let (client, server) = (progress.client_version, progress.server_version);
        note.progress.client_version = note.progress.client_version.max(client);
        note.progress.server_version = note.progress.server_version.max(server);
        note.locked = note.locked.max(locked);
        true
    }

    /// Takes all.
    pub fn take(&self) -> HashMap<FileIdent, Note> {
        std::mem::take(&mut lock(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ident::ClientVersion;

    fn cursor(client: u64, server: u64) -> UploadCursor {
        UploadCursor {
            client_version: ClientVersion(client),
            server_version: ServerVersion(server),
        }
    }

    #[test]
    fn a_note_never_goes_back() {
        let notes = Notes::default();
        assert!(notes.add(FileIdent(2), cursor(3, 7), ServerVersion(5)));
        assert!(notes.add(FileIdent(2), cursor(4, 6), ServerVersion(4)));
        let note = Note {
            progress: cursor(4, 7),
            locked: ServerVersion(5),
        };
        assert_eq!(notes.take(), HashMap::from([(FileIdent(2), note)]));
        assert!(notes.take().is_empty());
    }

    #[test]
    fn a_bounded_number_is_noted() {
        let notes = Notes::default();
        let add = |ident| notes.add(FileIdent(ident), cursor(1, 1), ServerVersion(1));
        let noted = (0..2 * MOST_REPORTED as u64)
            .filter(|ident| add(*ident))
            .count();
        assert_eq!(noted, MOST_REPORTED + 1);
        assert!(add(0), "there is room for who is noted already");
        assert!(
            notes.take().len() > MOST_REPORTED,
            "enough that a commit is made"
        );
    }
}
