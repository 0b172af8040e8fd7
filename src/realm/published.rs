//! What readers see: the newest durable version, and the recent entries in memory, so that a new version costs its receivers no reads from disk.

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError, RwLock};

use super::RealmError;
use crate::ident::{SaltedVersion, ServerVersion};
use crate::storage::{Entry, RealmFile};

/// The published end of a history.
pub struct Published {
    tail: RwLock<Tail>,
    limit: usize,
}

struct Tail {
    head: SaltedVersion,
    total_bytes: u64,
    /// The last entries, contiguous up to the head.
    entries: VecDeque<Arc<Entry>>,
    bytes: usize,
}

/// A consistent piece of what is published.
pub struct View {
    /// The newest version.
    pub head: SaltedVersion,
    /// Bytes of all changesets up to the newest version.
    pub total_bytes: u64,
    /// Entries after the version asked for, in order; the next ones if there are many.
    pub entries: Vec<Arc<Entry>>,
}

/// What an entry counts against the limit beside its changeset.
const ENTRY_WEIGHT: usize = 128;

impl Published {
    /// A history that ends with `last`.
    pub fn new(last: Option<&Entry>, limit: usize) -> Published {
        let (head, total_bytes) = last.map_or((SaltedVersion::default(), 0), |entry| {
            (entry.into(), entry.total_bytes)
        });
        Published {
            tail: RwLock::new(Tail {
                head,
                total_bytes,
                entries: VecDeque::new(),
                bytes: 0,
            }),
            limit,
        }
    }

    /// The newest version.
    pub fn head(&self) -> SaltedVersion {
        self.read().head
    }

    /// Bytes of all changesets.
    pub fn total_bytes(&self) -> u64 {
        self.read().total_bytes
    }

    /// Publishes entries that are durable.
    pub fn append(&self, entries: &[Arc<Entry>]) {
        let mut tail = self.tail.write().unwrap_or_else(PoisonError::into_inner);
        for entry in entries {
            tail.head = SaltedVersion::from(&**entry);
            tail.total_bytes = entry.total_bytes;
            tail.bytes += entry.changeset.len() + ENTRY_WEIGHT;
            tail.entries.push_back(entry.clone());
        }
        while tail.bytes > self.limit {
            let Some(oldest) = tail.entries.pop_front() else {
                break;
            };
            tail.bytes -= oldest.changeset.len() + ENTRY_WEIGHT;
        }
    }

    /// Bytes of memory that the entries count.
    pub fn bytes(&self) -> usize {
        self.read().bytes
    }

    /// Forgets the entries; they are read from disk when somebody wants them.
    pub fn rest(&self) {
        let mut tail = self.tail.write().unwrap_or_else(PoisonError::into_inner);
        tail.entries = VecDeque::new();
        tail.bytes = 0;
    }

    /// Entries after a version: from memory if they are all there, else the next `bytes` of them from disk.
    pub fn view(
        &self,
        after: ServerVersion,
        bytes: usize,
        file: &RealmFile,
    ) -> Result<View, RealmError> {
        if let Some(view) = self.recent(after, usize::MAX) {
            return Ok(view);
        }
        let (head, total_bytes) = {
            let tail = self.read();
            (tail.head, tail.total_bytes)
        };
        let entries = file
            .entries(after, head.version, bytes)?
            .into_iter()
            .map(Arc::new)
            .collect();
        Ok(View {
            head,
            total_bytes,
            entries,
        })
    }

    /// Entries after a version, if they are all in memory and have no more than `bytes`.
    pub fn recent(&self, after: ServerVersion, bytes: usize) -> Option<View> {
        let tail = self.read();
        let missing = usize::try_from(tail.head.version.0.saturating_sub(after.0)).ok()?;
        let first = tail.entries.len().checked_sub(missing)?;
        let start = tail.entries.get(first).map_or(tail.total_bytes, |entry| {
            entry.total_bytes - entry.changeset.len() as u64
        });
        if tail.total_bytes - start > bytes as u64 {
            return None;
        }
        Some(View {
            head: tail.head,
            total_bytes: tail.total_bytes,
            entries: tail.entries.range(first..).cloned().collect(),
        })
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Tail> {
        self.tail.read().unwrap_or_else(PoisonError::into_inner)
    }
}
