//! Operational transformation: two lists of concurrent changesets over one base become two lists that can follow each other.
//!
//! One function for each family of rules; [`grid`] decides who meets whom, [`pair`] which rule it is. The rules are those of the SDKs' own library, but
//! for what [`Rules`] names. A later changeset is one with the greater [`OrderKey`]; it wins.
//!
//! Knows nothing of history, storage or time; the only failure is a changeset that contradicts itself or the schema.

mod grid;
mod list;
mod nested;
mod object;
mod pair;
mod schema;
mod set;
mod unit;
mod value;

#[cfg(test)]
mod tests;

pub(crate) use grid::Local;

use crate::changeset::Changeset;
use crate::courtesy;
use crate::ident::{FileIdent, OriginTimestamp};

/// What decides between concurrent changesets: the later one wins. Timestamp first, then origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrderKey {
    /// When the changeset was made, by its writer's clock.
    pub timestamp: OriginTimestamp,
    /// The file that made it; never 0.
    pub origin: FileIdent,
}

/// One changeset that takes part in a merge.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// Decides against concurrent instructions.
    pub key: OrderKey,
    /// The instructions.
    pub changeset: Changeset,
    /// Whether merging has altered or discarded an instruction of it.
    pub changed: bool,
}

impl Part {
    /// A changeset that no merge has touched.
    pub fn new(key: OrderKey, changeset: Changeset) -> Part {
        Part {
            key,
            changeset,
            changed: false,
        }
    }
}

/// Which rules hold where the shipped clients deviate from what the rules intend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// A list move carries along what happens inside the moved element. The reference moves the move instead.
    pub moves_carry_contents: bool,
    /// An erased column takes along every instruction on it. The reference takes along only `Update`.
    pub columns_take_leftovers: bool,
    /// A collection inside a list is cleared where its element has come to lie. The reference clears what now lies at the old index.
    pub clears_follow_elements: bool,
    /// A number in a set is the same in any type, as it is to the set itself. The reference tells types apart, and one NaN from another.
    pub numbers_are_members: bool,
}

impl Rules {
    /// What this server does: never worse for existing clients, sometimes healing.
    pub const SERVER: Rules = Rules {
        moves_carry_contents: true,
        columns_take_leftovers: true,
        clears_follow_elements: true,
        numbers_are_members: true,
    };
    /// What the reference does, for comparison.
    pub const REFERENCE: Rules = Rules {
        moves_carry_contents: false,
        columns_take_leftovers: false,
        clears_follow_elements: false,
        numbers_are_members: false,
    };
}

/// What happened in a merge: how often a rule fired that differs from the reference, and the work done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Fired {
    /// A list move met an instruction inside an element of that list.
    pub nested_moves: u64,
    /// Two erasures from one set met whose values the reference compares by something else than content.
    pub set_erasures: u64,
    /// An erased column met an instruction on it that is no `Update`.
    pub column_leftovers: u64,
    /// A collection inside a list was cleared while the list's elements were inserted, moved or erased.
    pub element_clears: u64,
    /// A number met the same in a set that the reference takes for another.
    pub set_numbers: u64,
    /// Pairs of instructions that met.
    pub met: u64,
}

/// What a merge may cost, in instructions that are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Work {
    /// What was spent.
    pub done: u64,
    /// What may be spent; the merge fails above it.
    pub most: u64,
}

/// The effort of looking at an instruction.
const LOOK: usize = 4;

impl Work {
    /// As much as it takes.
    pub const UNLIMITED: Work = Work {
        done: 0,
        most: u64::MAX,
    };

    /// Looks at so many instructions.
    pub fn spend(&mut self, looked_at: usize) -> Result<(), MergeError> {
        self.done = self.done.saturating_add(looked_at as u64);
        courtesy::did(looked_at.saturating_mul(LOOK));
        if self.done > self.most {
            return Err(MergeError::TooMuch);
        }
        Ok(())
    }
}

/// Why changesets cannot be merged: the incoming one is a bad changeset, or merging is too much work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// Both sides add the same class or column, but not alike.
    #[error("schema mismatch: {what} of {place} differs")]
    Schema {
        /// The class, or class and column.
        place: String,
        /// What differs.
        what: &'static str,
    },
    /// Instructions on one list contradict each other.
    #[error("inconsistent instructions on {place}: {what}")]
    Inconsistent {
        /// Class and column.
        place: String,
        /// What is wrong.
        what: &'static str,
    },
    /// It is more work than may be spent on it.
    #[error("too much to merge with")]
    TooMuch,
}

/// Transforms both lists in place, so that `left` followed by the new `right` and `right` followed by the new `left` reach the same
/// state. After an error both lists are worthless.
pub fn merge(left: &mut [Part], right: &mut [Part], rules: Rules) -> Result<Fired, MergeError> {
    let mut fired = Fired::default();
    let mut work = Work::UNLIMITED;
    let mut local = Local::default();
    for part in left.iter_mut() {
        local.push(part.key, std::mem::take(&mut part.changeset));
    }
    for part in right {
        let (changeset, changed) = local.meet(
            part.key,
            std::mem::take(&mut part.changeset),
            rules,
            &mut fired,
            &mut work,
        )?;
        part.changeset = changeset;
        part.changed |= changed;
    }
    let changed = local.take_changed();
    for (entry, part) in left.iter_mut().enumerate() {
        part.changed |= changed.contains(&entry);
        part.changeset = local.changeset(entry);
    }
    Ok(fired)
}
