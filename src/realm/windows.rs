//! The windows of the clients that upload: what each has not seen, parsed, kept while its base stands still and rebuilt from disk on demand.

use std::collections::HashMap;
use std::sync::Arc;

use super::RealmError;
use super::integrate::Growing;
use crate::changeset;
use crate::history::{OrderKey, Part, Rules, Window};
use crate::ident::{FileIdent, ServerVersion};
use crate::storage::{Entry, RealmFile};

/// Windows kept for one Realm; the least recently used is dropped for another.
const KEPT: usize = 64;

/// The windows of one Realm.
pub struct Windows {
    file: Arc<RealmFile>,
    kept: HashMap<FileIdent, Kept>,
    clock: u64,
}

struct Kept {
    window: Window,
    /// The window knows the history up to here.
    up_to: ServerVersion,
    used: u64,
}

impl Windows {
    /// No windows yet.
    pub fn new(file: Arc<RealmFile>) -> Windows {
        Windows {
            file,
            kept: HashMap::new(),
            clock: 0,
        }
    }

    /// Forgets all: what was kept may contain what was not stored.
    pub fn clear(&mut self) {
        self.kept.clear();
    }

    /// Forgets one client's.
    pub fn forget(&mut self, ident: FileIdent) {
        self.kept.remove(&ident);
    }

    /// The window of a client that starts at `base` or before and knows the history up to `newest`.
    pub fn up_to(
        &mut self,
        ident: FileIdent,
        base: ServerVersion,
        newest: ServerVersion,
        batch: &Growing,
    ) -> Result<&mut Window, RealmError> {
        self.clock += 1;
        if self
            .kept
            .get(&ident)
            .is_some_and(|kept| kept.window.base() > base.0)
        {
            self.kept.remove(&ident);
        }
        if !self.kept.contains_key(&ident) {
            self.make_room();
            let window = self.rebuild(ident, base, newest, batch)?;
            self.kept.insert(
                ident,
                Kept {
                    window,
                    up_to: newest,
                    used: 0,
                },
            );
        }
        let kept = self
            .kept
            .get_mut(&ident)
            .expect("it was put there if it was missing");
        kept.used = self.clock;
        if kept.up_to < newest {
            for entry in batch
                .entries_after(kept.up_to)?
                .iter()
                .filter(|entry| entry.version <= newest)
            {
                push(&mut kept.window, ident, entry, &self.file)?;
            }
            kept.up_to = newest;
        }
        Ok(&mut kept.window)
    }

    fn rebuild(
        &self,
        ident: FileIdent,
        base: ServerVersion,
        newest: ServerVersion,
        batch: &Growing,
    ) -> Result<Window, RealmError> {
        let mut window = Window::new(base.0, Rules::SERVER);
        let mut forms: HashMap<ServerVersion, bytes::Bytes> =
            self.file.reciprocal(ident, base)?.into_iter().collect();
        for entry in batch
            .entries_after(base)?
            .iter()
            .filter(|entry| entry.version <= newest)
        {
            match forms.remove(&entry.version) {
                Some(form) => push(
                    &mut window,
                    ident,
                    &Entry {
                        changeset: form,
                        ..(**entry).clone()
                    },
                    &self.file,
                )?,
                None => push(&mut window, ident, entry, &self.file)?,
            }
        }
        Ok(window)
    }

    fn make_room(&mut self) {
        if self.kept.len() < KEPT {
            return;
        }
        if let Some(oldest) = self
            .kept
            .iter()
            .min_by_key(|(_, kept)| kept.used)
            .map(|(ident, _)| *ident)
        {
            self.kept.remove(&oldest);
        }
    }
}

/// Adds an entry that the client did not make. What the server made is merged as made by its own file.
fn push(
    window: &mut Window,
    ident: FileIdent,
    entry: &Entry,
    file: &RealmFile,
) -> Result<(), RealmError> {
    if entry.origin == ident || entry.changeset.is_empty() {
        return Ok(());
    }
    let origin = if entry.origin == FileIdent(0) {
        FileIdent::SERVER
    } else {
        entry.origin
    };
    let changeset = changeset::decode(&entry.changeset).map_err(|error| RealmError::Damaged {
        file: file.path().to_owned(),
        what: format!("version {}: {error}", entry.version),
    })?;
    window.push(
        entry.version.0,
        Part::new(
            OrderKey {
                timestamp: entry.timestamp,
                origin,
            },
            changeset,
        ),
    );
    Ok(())
}
