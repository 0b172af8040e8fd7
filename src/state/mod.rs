//! What a Realm contains, and what each instruction does to it, over cells that others provide.
//!
//! The state is a set of small cells under opaque keys: a class is one cell, an object is one (its plain values together), an entry of a set or dictionary is
//! one, and a list is a tree of chunks with counts, or lies in the row of its object while it is short. So the cost of an instruction does not grow with the number of objects or the length of a list. A link
//! is the class and key of its target and is looked up when it is read: deleting an object and making it again needs no bookkeeping, and a link whose target is
//! not there keeps its place in a list.
//!
//! Invariants: what is applied is what the SDKs' own applier does (merge rules, section 9); an instruction that fails is named, and the caller takes back what was
//! written. Knows no versions, files or network.

mod apply;
mod array;
mod ask;
mod cells;
mod collection;
mod fit;
mod held;
mod key;
mod list;
mod overlay;
mod read;
mod row;
mod schema;
mod walk;

#[cfg(test)]
mod tests;

pub use apply::Applier;
pub use cells::{CellError, Cells, MemoryCells};
pub use overlay::{Overlay, Stored};
pub use read::{Content, Field, Reader};
pub use schema::{Class, ClassColumn, Schema};

/// Why an instruction was not applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApplyError {
    /// It does not fit the state: a bad changeset.
    #[error("{0}")]
    Refused(String),
    /// A cell cannot be read.
    #[error(transparent)]
    Cells(#[from] CellError),
}

impl ApplyError {
    fn refused<T>(what: impl Into<String>) -> Result<T, ApplyError> {
        Err(ApplyError::Refused(what.into()))
    }
}
