//! Where a copy is kept: in memory, or in a file that survives restarts.

use bytes::Bytes;

use crate::state::{CellError, MemoryCells, Stored};
use crate::storage::{Kept, ReplicaCommit, ReplicaFile, StorageError};

/// The place of a copy.
pub enum Local {
    /// In memory.
    Memory(MemoryCells),
    /// In a file.
    File(ReplicaFile),
}

impl Local {
    /// What is there beside the cells.
    pub(super) fn load(&self) -> Result<Kept, StorageError> {
        match self {
            Local::Memory(_) => Ok(Kept {
                progress: crate::storage::Progress::new(),
                ..Kept::default()
            }),
            Local::File(file) => file.load(),
        }
    }

    /// Keeps a commit.
    pub(super) fn commit(&mut self, commit: ReplicaCommit) -> Result<(), StorageError> {
        match self {
            Local::Memory(cells) => {
                if commit.emptied {
                    *cells = MemoryCells::default();
                }
                cells.take_over(commit.cells);
                Ok(())
            }
            Local::File(file) => file.commit(&commit),
        }
    }
}

/// Why a cell cannot be read.
#[derive(Debug, Clone, thiserror::Error)]
pub enum LocalError {
    /// The file.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// What a cell holds.
    #[error(transparent)]
    Cell(#[from] CellError),
}

impl Stored for Local {
    type Error = LocalError;

    fn cell(&self, key: &[u8]) -> Result<Option<Bytes>, LocalError> {
        match self {
            Local::Memory(cells) => Ok(cells.cell(key)?),
            Local::File(file) => Ok(file.cell(key)?),
        }
    }

    fn cells(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<(Vec<u8>, Bytes)>, LocalError> {
        match self {
            Local::Memory(cells) => Ok(cells.cells(prefix, after, limit)?),
            Local::File(file) => Ok(file.cells(prefix, after, limit)?),
        }
    }
}
