//! What one peer has not seen yet of a history, in reciprocal form: transformed against everything received from that peer since.
//!
//! Versions are plain numbers of the history's owner: server and client use the same window on their own side.

use std::collections::VecDeque;

use crate::changeset::Changeset;
use crate::merge::Local;

pub use crate::merge::{Fired, MergeError, OrderKey, Part, Rules};

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
pub struct Window {
    base: u64,
    rules: Rules,
    fired: Fired,
    /// Version, order and number in `local` of each entry, ascending.
    entries: VecDeque<(u64, OrderKey, usize)>,
    local: Local,
}

impl Window {
    /// An empty window: the peer has seen everything up to `base`.
    pub fn new(base: u64, rules: Rules) -> Window {
        Window {
            base,
            rules,
            fired: Fired::default(),
            entries: VecDeque::new(),
            local: Local::default(),
        }
    }

    /// Merges by other rules from now on.
    pub fn set_rules(&mut self, rules: Rules) {
        self.rules = rules;
    }

    /// The last version that the peer has seen.
    pub fn base(&self) -> u64 {
        self.base
    }

    /// Appends an entry that the peer did not send: the original, or the stored reciprocal form. Versions ascend and lie after `base`.
    /// Empty changesets need not be pushed.
    pub fn push(&mut self, version: u64, part: Part) {
        let entry = self.local.push(part.key, part.changeset);
        self.entries.push_back((version, part.key, entry));
    }

    /// Forgets the entries up to `base`: the peer has seen them.
    pub fn advance(&mut self, base: u64) {
        self.base = self.base.max(base);
        while let Some((version, _, entry)) = self.entries.front().copied()
            && version <= base
        {
            self.entries.pop_front();
            self.local.drop_entry(entry);
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
            let (changeset, changed) =
                self.local
                    .meet(part.key, part.changeset, self.rules, &mut self.fired)?;
            rebased.push(Part {
                key: part.key,
                changeset,
                changed: part.changed | changed,
            });
        }
        Ok(rebased)
    }

    /// The forms that changed since the last call, to be stored with the batch: absence in the store means "as in the history", an empty changeset means
    /// that nothing is left.
    pub fn take_dirty(&mut self) -> Vec<(u64, Changeset)> {
        let changed = self.local.take_changed();
        let entry = |number: &usize| {
            self.entries
                .binary_search_by_key(number, |(_, _, entry)| *entry)
                .ok()
                .map(|at| self.entries[at])
        };
        changed
            .iter()
            .filter_map(entry)
            .map(|(version, _, entry)| (version, self.local.changeset(entry)))
            .collect()
    }

    /// What fired in this window so far.
    pub fn fired(&self) -> Fired {
        self.fired
    }

    /// Builds the index anew from what is left. What has changed and was not taken yet stays marked.
    fn rebuild(&mut self) {
        let changed = self.local.take_changed();
        let mut local = Local::default();
        for (_, key, entry) in &mut self.entries {
            let before = std::mem::replace(entry, local.push(*key, self.local.changeset(*entry)));
            if changed.contains(&before) {
                local.mark_changed(*entry);
            }
        }
        self.local = local;
    }
}
