//! What one peer has not seen yet of a history, in reciprocal form: transformed against everything received from that peer since.
//!
//! Versions are plain numbers of the history's owner: server and client use the same window on their own side.

mod waiting;

use std::collections::VecDeque;
use std::sync::Arc;

use crate::changeset::Changeset;
use crate::merge::Local;
use waiting::Waiting;

pub use crate::merge::{Fired, MergeError, OrderKey, Part, Rules, Work};

/// Why a peer's changesets cannot be rebased. The window must be thrown away.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RebaseError {
    /// The changesets cannot be merged: a bad changeset.
    #[error(transparent)]
    Merge(#[from] MergeError),
    /// The base lies before the window; the peer has shown a later one already.
    #[error("base {base} lies before {window}")]
    BaseWentBack {
        /// Base of the incoming changesets.
        base: u64,
        /// Base of the window.
        window: u64,
    },
}

/// The entries of a history after `base` that a peer has not seen and did not send itself.
///
/// An entry is indexed for merging when something comes that may affect it; until then, and mostly for ever, it just waits. Those that are indexed come before those that
/// wait.
pub struct Window {
    base: u64,
    rules: Rules,
    fired: Fired,
    work: Work,
    /// Ascending by version.
    entries: VecDeque<Entry>,
    local: Local,
    waiting: Waiting,
    /// Entries up to this version are indexed.
    indexed: u64,
}

struct Entry {
    version: u64,
    key: OrderKey,
    form: Form,
}

enum Form {
    /// Its number among those that are indexed.
    Indexed(usize),
    /// As it was pushed.
    Waiting(Arc<Changeset>),
}

impl Entry {
    /// Its number; that of an entry that waits is above all others.
    fn number(&self) -> usize {
        match self.form {
            Form::Indexed(number) => number,
            Form::Waiting(_) => usize::MAX,
        }
    }
}

impl Window {
    /// An empty window: the peer has seen everything up to `base`.
    pub fn new(base: u64, rules: Rules) -> Window {
        Window {
            base,
            rules,
            fired: Fired::default(),
            work: Work::UNLIMITED,
            entries: VecDeque::new(),
            local: Local::default(),
            waiting: Waiting::default(),
            indexed: 0,
        }
    }

    /// Merges by other rules from now on.
    pub fn set_rules(&mut self, rules: Rules) {
        self.rules = rules;
    }

    /// Lets merging cost so much more from now on; above it, `rebase` fails.
    pub fn allow(&mut self, work: u64) {
        self.work.most = self.work.done.saturating_add(work);
    }

    /// What is left of that.
    pub fn left(&self) -> u64 {
        self.work.most.saturating_sub(self.work.done)
    }

    /// The last version that the peer has seen.
    pub fn base(&self) -> u64 {
        self.base
    }

    /// Appends an entry that the peer did not send: the original, or the stored reciprocal form. Versions ascend and lie after `base`.
    /// Empty changesets need not be pushed.
    pub fn push(&mut self, version: u64, part: Part) {
        self.push_shared(version, part.key, Arc::new(part.changeset));
    }

    /// The same, of a changeset that other windows have too. It is copied when something comes that may affect it.
    pub fn push_shared(&mut self, version: u64, key: OrderKey, changeset: Arc<Changeset>) {
        let floor = self.base.max(self.indexed);
        self.waiting.push(version, &changeset, floor);
        self.entries.push_back(Entry {
            version,
            key,
            form: Form::Waiting(changeset),
        });
    }

    /// Forgets the entries up to `base`: the peer has seen them.
    pub fn advance(&mut self, base: u64) {
        self.base = self.base.max(base);
        let seen = self.entries.partition_point(|entry| entry.version <= base);
        for entry in self.entries.drain(..seen) {
            if let Form::Indexed(number) = entry.form {
                self.local.drop_entry(number);
            }
        }
        if self.local.is_mostly_dead() {
            self.rebuild();
        }
    }

    /// Rebases changesets of the peer that it made knowing the entries up to `base`: gives the form in which they are appended, and keeps
    /// the entries after `base` in the form for the peer's next ones. Advances to `base`.
    pub fn rebase(&mut self, base: u64, incoming: Vec<Part>) -> Result<Vec<Part>, RebaseError> {
        if base < self.base {
            return Err(RebaseError::BaseWentBack {
                base,
                window: self.base,
            });
        }
        self.advance(base);
        let mut rebased = Vec::with_capacity(incoming.len());
        for part in incoming {
            self.index(self.waiting.reached_by(&part.changeset));
            let (changeset, changed) = self.local.meet(
                part.key,
                part.changeset,
                self.rules,
                &mut self.fired,
                &mut self.work,
            )?;
            rebased.push(Part {
                key: part.key,
                changeset,
                changed: part.changed | changed,
            });
        }
        Ok(rebased)
    }

    /// Indexes the entries up to a version.
    fn index(&mut self, version: u64) {
        if version <= self.indexed {
            return;
        }
        let from = self
            .entries
            .partition_point(|entry| entry.version <= self.indexed);
        for entry in self.entries.range_mut(from..) {
            if entry.version > version {
                break;
            }
            if let Form::Waiting(changeset) = &mut entry.form {
                let changeset = Arc::unwrap_or_clone(std::mem::take(changeset));
                let number = self.local.push(entry.key, changeset);
                entry.form = Form::Indexed(number);
            }
        }
        self.indexed = version;
    }

    /// The forms that changed since the last call, to be stored with the batch: absence in the store means "as in the history", an empty changeset means
    /// that nothing is left. They are made one by one; what that costs is spent before, and when it is too much, the window must be thrown away.
    pub fn take_dirty(
        &mut self,
    ) -> Result<impl Iterator<Item = (u64, Changeset)> + '_, MergeError> {
        let changed = self.local.take_changed();
        for number in &changed {
            self.work.spend(self.local.len_of(*number))?;
        }
        let (entries, local) = (&self.entries, &self.local);
        Ok(changed.into_iter().filter_map(|number| {
            let found = entries.binary_search_by_key(&number, Entry::number);
            Some((entries[found.ok()?].version, local.changeset(number)))
        }))
    }

    /// What fired in this window so far.
    pub fn fired(&self) -> Fired {
        self.fired
    }

    /// Builds the index anew from what is left. What has changed and was not taken yet stays marked.
    fn rebuild(&mut self) {
        let changed = self.local.take_changed();
        let mut local = Local::default();
        for Entry { key, form, .. } in &mut self.entries {
            let Form::Indexed(number) = form else {
                break;
            };
            let before = std::mem::replace(number, local.push(*key, self.local.changeset(*number)));
            if changed.contains(&before) {
                local.mark_changed(*number);
            }
        }
        self.local = local;
    }
}
