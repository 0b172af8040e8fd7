//! The checksum under every stored row: CRC-32 over all that the row says, its place included.

use crc32fast::Hasher;

use crate::courtesy;

/// Over numbers and bytes, each preceded by nothing: numbers have a fixed width and there is one variable part, at the end.
pub fn of(numbers: &[u64], bytes: &[u8]) -> u32 {
    let mut hasher = Hasher::new();
    for number in numbers {
        hasher.update(&number.to_le_bytes());
    }
    courtesy::pieces(bytes).for_each(|piece| hasher.update(piece));
    hasher.finalize()
}

/// Over a cell: its key, with its length, and its value.
pub fn of_cell(key: &[u8], value: &[u8]) -> u32 {
    let mut hasher = Hasher::new();
    hasher.update(&(key.len() as u64).to_le_bytes());
    hasher.update(key);
    hasher.update(value);
    hasher.finalize()
}
