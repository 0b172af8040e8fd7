//! A client's copy of a Realm: what it contains, what was made here, and the merge on this side.
//!
//! The other half of `realm`: local transactions are applied at once and wait to be uploaded; what the server sends is merged with those that it did not know,
//! by the same rules in the same rooms. [`Session`] says what is exchanged with the server, and when.
//!
//! Invariants: a change is uploaded only after it is kept; versions grow with every commit and are never used for something else; a commit is kept whole or
//! not at all. Knows no sockets, clocks or users.

mod local;
mod session;
mod touched;
mod transaction;

use std::collections::VecDeque;

use bytes::Bytes;

pub use local::{Local, LocalError};
pub use session::{Output, ResetMode, Session, Violation};
pub use touched::{Touch, Touched};
pub use transaction::{Transaction, WriteError};

pub use crate::history::Rules;
pub use crate::storage::Progress;

use touched::Notes;

use crate::changeset;
use crate::history::{OrderKey, Part, Window};
use crate::ident::{ClientVersion, FileIdent, OriginTimestamp, Salt, UploadCursor};
use crate::state::{Applier, CellError, Overlay, Schema};
use crate::storage::{Change, ReplicaCommit, StorageError};
use crate::wire::{DownloadEntry, DownloadHead, UploadEntry};

/// The copy.
pub struct Replica {
    local: Local,
    schema: Schema,
    progress: Progress,
    /// Own changes that the server's history up to our cursor does not contain.
    changes: VecDeque<Change>,
    /// The same, as what the server sends next meets them.
    window: Window,
    rules: Rules,
    /// Changesets that wait for a fresh copy.
    parked: Vec<Bytes>,
    /// How often it has begun anew since it was opened.
    resets: u64,
    /// A merge has failed; only a reset helps.
    broken: bool,
}

/// Why a copy cannot be used as it was asked for.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ReplicaError {
    /// The place where it is kept.
    #[error(transparent)]
    Local(#[from] LocalError),
    /// What the server sent cannot be merged or applied.
    #[error("what the server sent does not fit: {0}")]
    Misfit(String),
}

impl From<StorageError> for ReplicaError {
    fn from(error: StorageError) -> ReplicaError {
        ReplicaError::Local(error.into())
    }
}

/// What is uploaded at once.
pub(crate) struct Batch {
    pub entries: Vec<UploadEntry>,
    pub progress: UploadCursor,
}

impl Replica {
    /// The copy that is kept in a place; a new one if there is none yet. The rules must be the server's.
    pub fn open(local: Local, rules: Rules) -> Result<Replica, ReplicaError> {
        let kept = local.load()?;
        let schema = {
            let mut overlay = Overlay::new(&local);
            Schema::load(&mut overlay).map_err(|error| unreadable(&mut overlay, error))?
        };
        let mut window = Window::new(kept.progress.download.client_version.0, rules);
        for (change, form) in &kept.changes {
            let changeset = form.as_ref().unwrap_or(&change.changeset);
            let part = part(change.timestamp, kept.progress.file, changeset)
                .map_err(ReplicaError::Misfit)?;
            window.push(change.version.0, part);
        }
        Ok(Replica {
            local,
            schema,
            progress: kept.progress,
            changes: kept.changes.into_iter().map(|(change, _)| change).collect(),
            window,
            rules,
            parked: kept.parked,
            resets: 0,
            broken: false,
        })
    }

    /// Merges by these rules from now on: they must be the server's.
    pub fn merge_by(&mut self, rules: Rules) {
        self.rules = rules;
        self.window.set_rules(rules);
    }

    /// Whether it is kept in a file.
    pub fn is_in_file(&self) -> bool {
        matches!(self.local, Local::File(_))
    }

    /// The last version up to this one that changed something here; later ones are only integrations, of which the server is told no more than it has to be.
    pub fn last_change_up_to(&self, version: ClientVersion) -> ClientVersion {
        let made = |change: &&Change| change.version <= version;
        let last = self.changes.iter().rev().find(made);
        last.map_or(ClientVersion(0), |change| change.version)
    }

    /// The newest own version with a change in it, which the server may have already. Versions after it are integrations, which the server never acknowledges.
    pub fn written(&self) -> ClientVersion {
        let last = self.last_change_up_to(self.progress.version);
        last.max(self.progress.acknowledged)
    }

    /// How often a client reset has begun it anew since it was opened, and its versions with it.
    pub fn resets(&self) -> u64 {
        self.resets
    }

    /// How far it has come.
    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    /// Its classes.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Bytes of own changesets that the server has not acknowledged.
    pub fn unacknowledged_bytes(&self) -> usize {
        self.bytes_between(self.progress.acknowledged, self.progress.version)
    }

    fn bytes_between(&self, after: ClientVersion, up_to: ClientVersion) -> usize {
        let within = |change: &&Change| change.version > after && change.version <= up_to;
        let within = self.changes.iter().filter(within);
        within.map(|change| change.changeset.len()).sum()
    }

    /// Looks at what it contains.
    pub fn look<T>(
        &self,
        look: impl FnOnce(&Schema, &mut Overlay<&Local>) -> Result<T, CellError>,
    ) -> Result<T, ReplicaError> {
        let mut cells = Overlay::new(&self.local);
        look(&self.schema, &mut cells).map_err(|error| unreadable(&mut cells, error))
    }

    /// Makes a transaction at this time of the local clock. What `edit` returns as an error leaves nothing behind; a transaction that does nothing makes no version.
    pub fn write<T, E: From<WriteError>>(
        &mut self,
        now: OriginTimestamp,
        edit: impl FnOnce(&mut Transaction<'_, '_>) -> Result<T, E>,
    ) -> Result<(T, Touched), E> {
        self.write_and_park(now, None, edit)
    }

    /// The same; with the changesets that are parked from then on, in the same commit.
    fn write_and_park<T, E: From<WriteError>>(
        &mut self,
        now: OriginTimestamp,
        parked: Option<Vec<Bytes>>,
        edit: impl FnOnce(&mut Transaction<'_, '_>) -> Result<T, E>,
    ) -> Result<(T, Touched), E> {
        let mut cells = Overlay::new(&self.local);
        let mut schema = self.schema.clone();
        let mut transaction = Transaction::new(&mut cells, &mut schema, &self.progress);
        let result = edit(&mut transaction)?;
        let (instructions, touched, objects) = transaction.finish();
        if instructions.is_empty() {
            if parked.is_some() {
                let commit = ReplicaCommit {
                    progress: self.progress,
                    parked,
                    ..ReplicaCommit::default()
                };
                self.local.commit(commit).map_err(WriteError::from)?;
            }
            return Ok((result, touched));
        }
        let changeset = changeset::Changeset { instructions };
        let timestamp = self
            .changes
            .back()
            .map_or(now, |last| now.max(last.timestamp));
        let change = Change {
            version: ClientVersion(self.progress.version.0 + 1),
            base: self.progress.download.server_version,
            timestamp,
            changeset: changeset::encode(&changeset).into(),
        };
        let progress = Progress {
            version: change.version,
            objects,
            ..self.progress
        };
        let cells = cells.into_cells();
        let commit = ReplicaCommit {
            progress,
            added: Some(change.clone()),
            dropped: self.progress.download.client_version,
            parked,
            cells,
            ..ReplicaCommit::default()
        };
        self.local.commit(commit).map_err(WriteError::from)?;
        let key = order(timestamp, progress.file);
        self.window
            .push(change.version.0, Part::new(key, changeset));
        self.changes.push_back(change);
        self.progress = progress;
        self.schema = schema;
        Ok((result, touched))
    }

    /// Takes the ident that the server gave. What was made before is its from now on.
    pub(crate) fn identify(&mut self, file: FileIdent, salt: Salt) -> Result<(), ReplicaError> {
        let progress = Progress {
            file,
            salt,
            ..self.progress
        };
        self.local.commit(ReplicaCommit {
            progress,
            ..ReplicaCommit::default()
        })?;
        self.progress = progress;
        // The window was built when the changes had no origin yet.
        let mut window = Window::new(progress.download.client_version.0, self.rules);
        for change in &self.changes {
            let part =
                part(change.timestamp, file, &change.changeset).map_err(ReplicaError::Misfit)?;
            window.push(change.version.0, part);
        }
        self.window = window;
        Ok(())
    }

    /// Merges and applies what the server sent. After an error only a reset helps.
    pub(crate) fn integrate(
        &mut self,
        head: &DownloadHead,
        entries: Vec<DownloadEntry>,
    ) -> Result<Touched, ReplicaError> {
        if self.broken {
            return Err(ReplicaError::Misfit("an earlier DOWNLOAD did".into()));
        }
        let integrated = self.merge_and_keep(head, entries);
        self.broken = integrated.is_err();
        integrated
    }

    fn merge_and_keep(
        &mut self,
        head: &DownloadHead,
        entries: Vec<DownloadEntry>,
    ) -> Result<Touched, ReplicaError> {
        let mut cells = Overlay::new(&self.local);
        let mut schema = self.schema.clone();
        let mut notes = Notes::default();
        let mut applier = Applier::new(&mut cells, &mut schema);
        // One entry at a time, for as instructions they are many times larger.
        for entry in entries {
            let incoming = part(entry.timestamp, entry.origin, &entry.changeset)
                .map_err(ReplicaError::Misfit)?;
            let parts = self
                .window
                .rebase(entry.client_version.0, vec![incoming])
                .map_err(|error| ReplicaError::Misfit(error.to_string()))?;
            for instruction in parts.iter().flat_map(|part| &part.changeset.instructions) {
                notes
                    .note(&mut applier, instruction)
                    .and_then(|()| applier.apply(instruction))
                    .map_err(|error| ReplicaError::Misfit(error.to_string()))?;
            }
        }
        applier.finish();
        if let Some(failure) = cells.take_failure() {
            return Err(failure.into());
        }
        self.window.advance(head.cursor.client_version.0);
        let forms = self.window.take_dirty();
        let forms = forms
            .map_err(|error| ReplicaError::Misfit(error.to_string()))?
            .map(|(version, form)| (ClientVersion(version), changeset::encode(&form)))
            .collect();
        let moved = head.cursor.server_version > self.progress.download.server_version;
        let progress = Progress {
            download: head.cursor,
            latest: head.latest,
            acknowledged: self.progress.acknowledged.max(head.upload.client_version),
            version: ClientVersion(self.progress.version.0 + u64::from(moved)),
            ..self.progress
        };
        let commit = ReplicaCommit {
            progress,
            forms,
            dropped: head.cursor.client_version,
            cells: cells.into_cells(),
            ..ReplicaCommit::default()
        };
        self.local.commit(commit)?;
        let contained = |change: &&Change| change.version <= head.cursor.client_version;
        let dropped = self.changes.iter().take_while(contained).count();
        self.changes.drain(..dropped);
        self.progress = progress;
        self.schema = schema;
        Ok(notes.into_touched())
    }

    /// Own changes after a version, about `bytes` of them, and how far they lead. Nothing, if there is nothing to say beyond `reported`.
    pub(crate) fn upload(&self, reported: UploadCursor, bytes: usize) -> Option<Batch> {
        let from = reported.client_version.max(self.progress.acknowledged);
        let mut entries = Vec::new();
        let mut taken = 0;
        let mut waiting = self
            .changes
            .iter()
            .filter(|change| change.version > from)
            .peekable();
        while let Some(change) = waiting.next_if(|_| taken < bytes) {
            taken += change.changeset.len();
            entries.push(UploadEntry {
                cursor: UploadCursor {
                    client_version: change.version,
                    server_version: change.base,
                },
                timestamp: change.timestamp,
                origin: FileIdent(0),
                changeset: change.changeset.clone(),
            });
        }
        let progress = match (waiting.peek(), entries.last()) {
            (Some(_), Some(last)) => last.cursor,
            (None | Some(_), _) => UploadCursor {
                client_version: self.progress.version,
                server_version: self.progress.download.server_version,
            },
        };
        (progress.client_version > reported.client_version).then_some(Batch { entries, progress })
    }

    /// Forgets everything that came from the server, for a fresh start. With `recover`, own changes that it has not acknowledged are parked, to be made again
    /// by [`Replica::recover`].
    pub fn reset(&mut self, recover: bool) -> Result<(), ReplicaError> {
        let mut parked = std::mem::take(&mut self.parked);
        if recover {
            let unknown = |change: &&Change| change.version > self.progress.acknowledged;
            let unknown = self.changes.iter().filter(unknown);
            parked.extend(unknown.map(|change| change.changeset.clone()));
        } else {
            parked.clear();
        }
        let progress = Progress::new();
        self.local.commit(ReplicaCommit {
            progress,
            emptied: true,
            parked: Some(parked.clone()),
            ..ReplicaCommit::default()
        })?;
        self.parked = parked;
        self.progress = progress;
        self.changes.clear();
        self.schema = Schema::default();
        self.window = Window::new(0, self.rules);
        self.resets += 1;
        self.broken = false;
        Ok(())
    }

    /// Makes parked changes again on what is there now, as one transaction. Instructions that no longer fit are left out; how many, and what the others
    /// have touched.
    pub fn recover(&mut self, now: OriginTimestamp) -> Result<(usize, Touched), ReplicaError> {
        let parked = self.parked.clone();
        if parked.is_empty() {
            return Ok((0, Touched::default()));
        }
        // Made and forgotten by one commit: they are never made twice.
        let made = self.write_and_park(now, Some(Vec::new()), |transaction| {
            let mut left_out = 0;
            for changeset in &parked {
                let changeset = changeset::decode(changeset)
                    .map_err(|error| WriteError::Refused(error.to_string()))?;
                for instruction in changeset.instructions {
                    left_out += usize::from(!transaction.try_apply(instruction)?);
                }
            }
            Ok::<usize, WriteError>(left_out)
        });
        let recovered = made.map_err(|error| ReplicaError::Misfit(error.to_string()))?;
        self.parked.clear();
        Ok(recovered)
    }

    /// Whether changes wait to be made again.
    pub fn has_parked(&self) -> bool {
        !self.parked.is_empty()
    }
}

/// A changeset as a part of a merge.
fn part(timestamp: OriginTimestamp, origin: FileIdent, bytes: &Bytes) -> Result<Part, String> {
    let changeset = changeset::decode(bytes).map_err(|error| error.to_string())?;
    Ok(Part::new(order(timestamp, origin), changeset))
}

fn order(timestamp: OriginTimestamp, origin: FileIdent) -> OrderKey {
    OrderKey { timestamp, origin }
}

fn unreadable(cells: &mut Overlay<&Local>, error: CellError) -> ReplicaError {
    let failure = cells.take_failure();
    failure.unwrap_or(LocalError::Cell(error)).into()
}
