//! What one peer has not seen yet of a history, in reciprocal form: transformed against everything received from that peer since.
//!
//! Versions are plain numbers of the history's owner: server and client use the same window on their own side.

use crate::changeset::Changeset;

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
}

impl Window {
    /// An empty window: the peer has seen everything up to `base`.
    pub fn new(base: u64, _rules: Rules) -> Window {
        Window { base }
    }

    /// The last version that the peer has seen.
    pub fn base(&self) -> u64 {
        self.base
    }

    /// Appends an entry that the peer did not send: the original, or the stored reciprocal form. Versions ascend and lie after `base`.
    /// Empty changesets need not be pushed.
    pub fn push(&mut self, _version: u64, _part: Part) {}

    /// Forgets the entries up to `base`: the peer has seen them.
    pub fn advance(&mut self, base: u64) {
        self.base = self.base.max(base);
    }

    /// Rebases changesets of the peer that it made knowing the entries up to `base`: gives the form in which they are appended, and keeps
    /// the entries after `base` in the form for the peer's next ones. Advances to `base`.
    pub fn rebase(&mut self, base: u64, incoming: Vec<Part>) -> Result<Vec<Part>, RebaseError> {
        self.advance(base);
        Ok(incoming)
    }

    /// The forms that changed since the last call, to be stored with the batch: absence in the store means "as in the history", an empty changeset means that nothing is left.
    pub fn take_dirty(&mut self) -> Vec<(u64, Changeset)> {
        Vec::new()
    }

    /// What fired in this window so far.
    pub fn fired(&self) -> Fired {
        Fired::default()
    }
}
