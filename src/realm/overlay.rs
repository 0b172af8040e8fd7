//! The state of a Realm's file: the schema in it, and an overlay for what a batch writes.

use std::sync::Arc;

use bytes::Bytes;

use super::RealmError;
use crate::state::{self, CellError, Schema, Stored};
use crate::storage::RealmFile;

/// What a batch has written, above the stored cells.
pub type Overlay = state::Overlay<Arc<RealmFile>>;

impl Stored for RealmFile {
    type Error = RealmError;

    fn cell(&self, key: &[u8]) -> Result<Option<Bytes>, RealmError> {
        RealmFile::cell(self, key)
    }

    fn cells(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<(Vec<u8>, Bytes)>, RealmError> {
        RealmFile::cells(self, prefix, after, limit)
    }
}

/// Reads the schema of a Realm's file.
pub fn load_schema(file: &Arc<RealmFile>) -> Result<Schema, RealmError> {
    let mut overlay = Overlay::new(file.clone());
    Schema::load(&mut overlay).map_err(|error| {
        overlay
            .take_failure()
            .unwrap_or_else(|| damaged(file, &error))
    })
}

/// The error for a cell that does not hold what it must.
pub fn damaged(file: &RealmFile, what: &CellError) -> RealmError {
    RealmError::Damaged {
        file: file.path().to_owned(),
        what: what.to_string(),
    }
}
