//! Cells written above stored ones; with savepoints, so that what failed leaves nothing behind.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Display;
use std::ops::Bound;

use bytes::Bytes;

use super::cells::{CellError, Cells, MemoryCells};

/// Stored cells, which an [`Overlay`] lies above.
pub trait Stored {
    /// Why a cell cannot be read.
    type Error: Display;

    /// A cell.
    fn cell(&self, key: &[u8]) -> Result<Option<Bytes>, Self::Error>;

    /// At most `limit` cells whose key begins with `prefix` and is greater than `after`, in order.
    fn cells(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<(Vec<u8>, Bytes)>, Self::Error>;
}

impl<S: Stored> Stored for std::sync::Arc<S> {
    type Error = S::Error;

    fn cell(&self, key: &[u8]) -> Result<Option<Bytes>, S::Error> {
        S::cell(self, key)
    }

    fn cells(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<(Vec<u8>, Bytes)>, S::Error> {
        S::cells(self, prefix, after, limit)
    }
}

impl<S: Stored> Stored for &S {
    type Error = S::Error;

    fn cell(&self, key: &[u8]) -> Result<Option<Bytes>, S::Error> {
        S::cell(self, key)
    }

    fn cells(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<(Vec<u8>, Bytes)>, S::Error> {
        S::cells(self, prefix, after, limit)
    }
}

impl Stored for MemoryCells {
    type Error = CellError;

    fn cell(&self, key: &[u8]) -> Result<Option<Bytes>, CellError> {
        Ok(self.at(key))
    }

    fn cells(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<(Vec<u8>, Bytes)>, CellError> {
        Ok(self.after(prefix, after, limit))
    }
}

/// What was written since the stored cells were as they are.
pub struct Overlay<S: Stored> {
    stored: S,
    /// What was written; `None` is a deleted cell.
    cells: BTreeMap<Vec<u8>, Option<Bytes>>,
    /// What was there at the savepoint, for each cell that was written since; the versions between are nobody's business.
    undo: HashMap<Vec<u8>, Option<Option<Bytes>>>,
    /// What the storage said when it failed; cells have no words for it.
    failure: Option<S::Error>,
}

impl<S: Stored> Overlay<S> {
    /// Nothing written yet.
    pub fn new(stored: S) -> Overlay<S> {
        Overlay {
            stored,
            cells: BTreeMap::new(),
            undo: HashMap::new(),
            failure: None,
        }
    }

    /// What is written from here on can be taken back.
    pub fn savepoint(&mut self) {
        self.undo = HashMap::new();
    }

    /// Takes back what was written since the savepoint.
    pub fn roll_back(&mut self) {
        for (key, before) in std::mem::take(&mut self.undo) {
            match before {
                Some(before) => self.cells.insert(key, before),
                None => self.cells.remove(&key),
            };
        }
    }

    /// Why reading a cell failed last.
    pub fn take_failure(&mut self) -> Option<S::Error> {
        self.failure.take()
    }

    /// The writes, in the order of their keys.
    pub fn into_cells(self) -> Vec<(Vec<u8>, Option<Bytes>)> {
        self.cells.into_iter().collect()
    }

    fn write(&mut self, key: Vec<u8>, value: Option<Bytes>) {
        if self.undo.contains_key(&key) {
            self.cells.insert(key, value);
        } else {
            let before = self.cells.insert(key.clone(), value);
            self.undo.insert(key, before);
        }
    }

    fn failed(&mut self, error: S::Error) -> CellError {
        let text = error.to_string();
        self.failure = Some(error);
        CellError(text)
    }
}

impl<S: Stored> Cells for Overlay<S> {
    fn get(&mut self, key: &[u8]) -> Result<Option<Bytes>, CellError> {
        if let Some(written) = self.cells.get(key) {
            return Ok(written.clone());
        }
        self.stored.cell(key).map_err(|error| self.failed(error))
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
            .stored
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_there_is_kept_once_for_each_cell() {
        let mut overlay = Overlay::new(MemoryCells::default());
        overlay.put(b"a".to_vec(), vec![0]);
        overlay.savepoint();
        for round in 0..100 {
            overlay.put(b"a".to_vec(), vec![round; 1000]);
            overlay.put(b"b".to_vec(), vec![round; 1000]);
            overlay.delete(b"b");
        }
        assert_eq!(overlay.undo.len(), 2);
        overlay.roll_back();
        assert_eq!(
            overlay.into_cells(),
            [(b"a".to_vec(), Some(Bytes::from_static(&[0])))]
        );
    }

    #[test]
    fn each_savepoint_is_gone_back_to() {
        let mut overlay = Overlay::new(MemoryCells::default());
        overlay.put(b"a".to_vec(), vec![1]);
        overlay.savepoint();
        overlay.delete(b"a");
        overlay.roll_back();
        assert_eq!(overlay.get(b"a").unwrap().unwrap(), vec![1]);
        overlay.put(b"a".to_vec(), vec![2]);
        overlay.savepoint();
        overlay.put(b"a".to_vec(), vec![3]);
        overlay.roll_back();
        assert_eq!(overlay.get(b"a").unwrap().unwrap(), vec![2]);
    }
}
