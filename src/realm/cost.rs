//! What integrating may cost: a little between the uploads of others, more when it is put off.

use super::Refusal;
use crate::history::{MergeError, RebaseError};
use crate::limits::Limits;

/// How much a batch may take, of time and memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// Little, for others wait.
    Brief,
    /// All that a client may cause.
    Long,
}

/// What may be spent.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    pace: Pace,
    /// Instructions that merging looks at.
    pub merge_work: u64,
    /// Bytes that one changeset takes as instructions.
    pub changeset_bytes: usize,
    /// Bytes that what a client has not seen takes as instructions.
    pub window_bytes: usize,
}

impl Cost {
    /// What all clients of a batch share when others wait.
    pub fn brief(limits: &Limits) -> Cost {
        Cost {
            pace: Pace::Brief,
            merge_work: limits.brief_merge_work,
            changeset_bytes: limits.brief_memory_bytes.min(limits.changeset_memory_bytes),
            window_bytes: limits.brief_memory_bytes.min(limits.window_bytes),
        }
    }

    /// What one client may cause.
    pub fn long(limits: &Limits) -> Cost {
        Cost {
            pace: Pace::Long,
            merge_work: limits.merge_work,
            changeset_bytes: limits.changeset_memory_bytes,
            window_bytes: limits.window_bytes,
        }
    }

    /// It would take more: put off if it may take more later, else refused like this.
    pub fn exceeded(&self, refusal: Refusal) -> Refusal {
        match self.pace {
            Pace::Brief => Refusal::Long,
            Pace::Long => refusal,
        }
    }

    /// Why merging failed. Who makes its changes again on what there is now has nothing to merge with.
    pub fn not_rebased(&self, error: &RebaseError) -> Refusal {
        match error {
            RebaseError::Merge(MergeError::TooMuch) => self.exceeded(Refusal::Expired),
            RebaseError::Merge(MergeError::Schema { .. } | MergeError::Inconsistent { .. })
            | RebaseError::BaseWentBack { .. } => Refusal::BadChangeset(error.to_string()),
        }
    }
}
