//! The keys of objects in the keys of their cells: in the order of the keys, so that objects that are made one after another lie together.
//!
//! | first byte | then | the key |
//! |---|---|---|
//! | 0 | | null |
//! | 1 | 8 bytes, sign bit flipped | an integer |
//! | 2 | the string | a string of at most 255 bytes |
//! | 3 | SHA-256 | a longer string; the row holds it whole |
//! | 4 | 12 bytes | an ObjectId |
//! | 5 | 16 bytes | a UUID |
//! | 6 | two numbers of 8 bytes | the key of an object without primary key |

use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::cells::{CellError, LONGEST_NAME, objects_prefix};
use crate::changeset::{Key, Text};

const SIGN: u64 = 1 << 63;

/// The key of an object's cell.
pub(super) fn object_key(class: u32, key: &Key) -> Vec<u8> {
    let mut out = objects_prefix(class);
    match key {
        Key::Null => out.push(0),
        Key::Int(value) => tagged(&mut out, 1, &(*value as u64 ^ SIGN).to_be_bytes()),
        Key::String(text) if is_long(text) => {
            tagged(&mut out, 3, &Sha256::digest(text.as_bytes()));
        }
        Key::String(text) => tagged(&mut out, 2, text.as_bytes()),
        Key::ObjectId(id) => tagged(&mut out, 4, id),
        Key::Uuid(id) => tagged(&mut out, 5, id),
        Key::Global { hi, lo } => {
            tagged(&mut out, 6, &hi.to_be_bytes());
            out.extend_from_slice(&lo.to_be_bytes());
        }
    }
    out
}

/// What of a key its cell's key does not hold: the row of the object begins with it.
pub(super) fn rest_of(key: &Key) -> Bytes {
    match key {
        Key::String(text) if is_long(text) => Bytes::copy_from_slice(text.as_bytes()),
        Key::String(_)
        | Key::Null
        | Key::Int(_)
        | Key::ObjectId(_)
        | Key::Uuid(_)
        | Key::Global { .. } => Bytes::new(),
    }
}

/// The key of the object in a cell, from the cell's key and what its row begins with.
pub(super) fn key_of(cell: &[u8], rest: &Bytes) -> Result<Key, CellError> {
    let key = cell
        .get(5..)
        .and_then(<[u8]>::split_first)
        .and_then(|(tag, bytes)| read(*tag, bytes, rest));
    key.ok_or_else(|| CellError::damaged("the key of an object"))
}

fn read(tag: u8, bytes: &[u8], rest: &Bytes) -> Option<Key> {
    let word = |at: usize| Some(u64::from_be_bytes(bytes.get(at..at + 8)?.try_into().ok()?));
    Some(match tag {
        0 => Key::Null,
        1 => Key::Int((word(0)? ^ SIGN) as i64),
        2 => Key::String(Text::new(Bytes::copy_from_slice(bytes))),
        3 => Key::String(Text::new(rest.clone())),
        4 => Key::ObjectId(bytes.try_into().ok()?),
        5 => Key::Uuid(bytes.try_into().ok()?),
        6 => Key::Global {
            hi: word(0)?,
            lo: word(8)?,
        },
        _ => return None,
    })
}

fn is_long(text: &Text) -> bool {
    text.as_bytes().len() > LONGEST_NAME
}

fn tagged(out: &mut Vec<u8>, tag: u8, bytes: &[u8]) {
    out.push(tag);
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_back_and_keep_their_order() {
        let text = |length: usize| Key::String(Text::from("k".repeat(length).as_str()));
        let keys = [
            Key::Null,
            Key::Int(i64::MIN),
            Key::Int(-1),
            Key::Int(0),
            Key::Int(300),
            Key::Int(i64::MAX),
            text(0),
            text(255),
            text(256),
            Key::ObjectId([7; 12]),
            Key::Uuid([9; 16]),
            Key::Global { hi: 1, lo: 300 },
            Key::Global { hi: 2, lo: 1 },
        ];
        let cells: Vec<_> = keys.iter().map(|key| object_key(1, key)).collect();
        assert!(cells.is_sorted());
        for (key, cell) in keys.iter().zip(&cells) {
            assert_eq!(key_of(cell, &rest_of(key)).unwrap(), *key);
        }
        assert!(key_of(b"o\0\0\0\x01\x05short", &Bytes::new()).is_err());
        assert!(key_of(b"o\0\0\0\x01", &Bytes::new()).is_err());
    }
}
