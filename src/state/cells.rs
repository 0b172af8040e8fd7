//! The small trait over which the state lies, and the keys of its cells.
//!
//! | first byte | then | the cell |
//! |---|---|---|
//! | `n` | | the next node number |
//! | `x` | | the next class number; there once a class has been erased |
//! | `c` | class (4 bytes) | a class and its columns |
//! | `o` | class (4 bytes), key in its order (see `key.rs`) | an object: its row, short lists included |
//! | `m` | node (8 bytes) | an embedded object: its row |
//! | `b` | node (8 bytes) | a long value |
//! | `l` | node (8 bytes), chunk (8 bytes) | a chunk of a list that is not short; chunk 0 is the root |
//! | `d` | node (8 bytes), name | an entry of a dictionary |
//! | `e` | node (8 bytes), value | an entry of a set |
//!
//! Numbers are big endian, so that what belongs together lies together. Names, keys and values of more than 255 bytes stand in a key as their hash; the cell holds
//! them whole.

use std::collections::BTreeMap;
use std::ops::Bound;

use bytes::Bytes;
use sha2::{Digest, Sha256};

/// A cell cannot be read, or does not hold what it must.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct CellError(pub String);

impl CellError {
    pub(super) fn damaged(what: &str) -> CellError {
        CellError(format!("damaged state: {what}"))
    }
}

/// Cells under opaque keys, ordered by them.
pub trait Cells {
    /// A cell.
    fn get(&mut self, key: &[u8]) -> Result<Option<Bytes>, CellError>;
    /// Writes a cell.
    fn put(&mut self, key: Vec<u8>, value: Vec<u8>);
    /// Deletes a cell; one that is not there stays so.
    fn delete(&mut self, key: &[u8]);
    /// At most `limit` cells whose key begins with `prefix` and is greater than `after`, in order.
    fn scan(
        &mut self,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<(Vec<u8>, Bytes)>, CellError>;
    /// Bytes of what was written and is held until it is stored or taken back, as far as that is somebody's worry.
    fn held(&self) -> usize {
        0
    }
}

/// Cells in memory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MemoryCells(BTreeMap<Vec<u8>, Bytes>);

impl MemoryCells {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes over what was written above: cells to write, or to delete.
    pub fn take_over(&mut self, cells: Vec<(Vec<u8>, Option<Bytes>)>) {
        for (key, value) in cells {
            match value {
                Some(value) => self.0.insert(key, value),
                None => self.0.remove(&key),
            };
        }
    }

    pub(super) fn at(&self, key: &[u8]) -> Option<Bytes> {
        self.0.get(key).cloned()
    }

    pub(super) fn after(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Vec<(Vec<u8>, Bytes)> {
        let start = match after {
            Some(after) if after >= prefix => Bound::Excluded(after),
            Some(_) | None => Bound::Included(prefix),
        };
        let cells = self
            .0
            .range::<[u8], _>((start, Bound::Unbounded))
            .take_while(|(key, _)| key.starts_with(prefix));
        cells
            .take(limit)
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect()
    }
}

impl Cells for MemoryCells {
    fn get(&mut self, key: &[u8]) -> Result<Option<Bytes>, CellError> {
        Ok(self.at(key))
    }

    fn put(&mut self, key: Vec<u8>, value: Vec<u8>) {
        self.0.insert(key, value.into());
    }

    fn delete(&mut self, key: &[u8]) {
        self.0.remove(key);
    }

    fn scan(
        &mut self,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<(Vec<u8>, Bytes)>, CellError> {
        Ok(self.after(prefix, after, limit))
    }
}

/// The number of something that is no object of its own: a collection, an embedded object, a long value.
pub(super) type Node = u64;

/// The cell with the next node number.
pub(super) const NEXT_NODE: &[u8] = b"n";

/// The cell with the next class number.
pub(super) const NEXT_CLASS: &[u8] = b"x";

pub(super) fn class_key(class: u32) -> Vec<u8> {
    tagged(b'c', &class.to_be_bytes(), &[])
}

/// The prefix of the keys of all objects of a class.
pub(super) fn objects_prefix(class: u32) -> Vec<u8> {
    tagged(b'o', &class.to_be_bytes(), &[])
}

pub(super) fn embedded_key(node: Node) -> Vec<u8> {
    tagged(b'm', &node.to_be_bytes(), &[])
}

pub(super) fn long_key(node: Node) -> Vec<u8> {
    tagged(b'b', &node.to_be_bytes(), &[])
}

pub(super) fn chunk_key(node: Node, chunk: u64) -> Vec<u8> {
    tagged(b'l', &node.to_be_bytes(), &chunk.to_be_bytes())
}

pub(super) fn entry_prefix(node: Node) -> Vec<u8> {
    tagged(b'd', &node.to_be_bytes(), &[])
}

pub(super) fn entry_key(node: Node, name: &[u8]) -> Vec<u8> {
    named(entry_prefix(node), name)
}

pub(super) fn member_prefix(node: Node) -> Vec<u8> {
    tagged(b'e', &node.to_be_bytes(), &[])
}

pub(super) fn member_key(node: Node, value: &[u8]) -> Vec<u8> {
    named(member_prefix(node), value)
}

fn tagged(tag: u8, first: &[u8], second: &[u8]) -> Vec<u8> {
    let mut key = Vec::with_capacity(1 + first.len() + second.len());
    key.push(tag);
    key.extend_from_slice(first);
    key.extend_from_slice(second);
    key
}

/// Longer names stand in a key as their hash.
pub(super) const LONGEST_NAME: usize = 255;

fn named(mut key: Vec<u8>, name: &[u8]) -> Vec<u8> {
    if name.len() <= LONGEST_NAME {
        key.push(0);
        key.extend_from_slice(name);
    } else {
        key.push(1);
        key.extend_from_slice(&Sha256::digest(name));
    }
    key
}
