//! Cells that a batch has written, above the stored ones; with savepoints, so that one client's failure leaves nothing behind.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use bytes::Bytes;

use super::RealmError;
use crate::state::{CellError, Cells, Schema};
use crate::storage::RealmFile;

/// The overlay of one batch.
pub struct Overlay {
    file: Arc<RealmFile>,
    /// What was written; `None` is a deleted cell.
    cells: BTreeMap<Vec<u8>, Option<Bytes>>,
    /// What was there before each write since the savepoint, newest last.
    undo: Vec<(Vec<u8>, Option<Option<Bytes>>)>,
    /// What the storage said when it failed; cells have no words for it.
    failure: Option<RealmError>,
}

impl Overlay {
    /// Nothing written yet.
    pub fn new(file: Arc<RealmFile>) -> Overlay {
        Overlay {
            file,
            cells: BTreeMap::new(),
            undo: Vec::new(),
            failure: None,
        }
    }

    /// What is written from here on can be taken back.
    pub fn savepoint(&mut self) {
        self.undo.clear();
    }

    /// Takes back what was written since the savepoint.
    pub fn roll_back(&mut self) {
        for (key, before) in self.undo.drain(..).rev() {
            match before {
                Some(before) => self.cells.insert(key, before),
                None => self.cells.remove(&key),
            };
        }
    }

    /// Why reading a cell failed last.
    pub fn take_failure(&mut self) -> Option<RealmError> {
        self.failure.take()
    }

    /// The writes, for the commit.
    pub fn into_cells(self) -> Vec<(Vec<u8>, Option<Bytes>)> {
        self.cells.into_iter().collect()
    }

    fn write(&mut self, key: Vec<u8>, value: Option<Bytes>) {
        let before = self.cells.insert(key.clone(), value);
        self.undo.push((key, before));
    }

    fn failed(&mut self, error: RealmError) -> CellError {
        let text = error.to_string();
        self.failure = Some(error);
        CellError(text)
    }
}

impl Cells for Overlay {
    fn get(&mut self, key: &[u8]) -> Result<Option<Bytes>, CellError> {
        if let Some(written) = self.cells.get(key) {
            return Ok(written.clone());
        }
        self.file.cell(key).map_err(|error| self.failed(error))
    }

    fn put(&mut self, key: Vec<u8>, value: Vec<u8>) {
        self.write(key, Some(value.into()));
    }

    fn delete(&mut self, key: &[u8]) {
        self.write(key.to_vec(), None);
    }

    /// Stored and written cells merged, page by page: what was deleted may leave a page of stored ones empty.
    fn scan(
        &mut self,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<(Vec<u8>, Bytes)>, CellError> {
        let start = match after {
            Some(after) if after >= prefix => Bound::Excluded(after.to_vec()),
            Some(_) | None => Bound::Included(prefix.to_vec()),
        };
        let written = self
            .cells
            .range((start, Bound::Unbounded))
            .take_while(|(key, _)| key.starts_with(prefix));
        let mut merged: BTreeMap<Vec<u8>, Option<Bytes>> = written
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        let deleted = merged.values().filter(|value| value.is_none()).count();
        let stored = self
            .file
            .cells(prefix, after, limit.saturating_add(deleted))
            .map_err(|error| self.failed(error))?;
        for (key, value) in stored {
            merged.entry(key).or_insert(Some(value));
        }
        Ok(merged
            .into_iter()
            .filter_map(|(key, value)| Some((key, value?)))
            .take(limit)
            .collect())
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
