//! From format 1 to 2: the keys of objects' cells say the objects' keys in their order. Before, they said them as a changeset does, so that objects that were made one
//! after another lay far apart; and each row began with its whole key.

use rusqlite::{Connection, params};
use sha2::{Digest, Sha256};

use super::{cells, checksum};

/// Puts every object under its new key. Whether all cells were whole; if not, what was done must be taken back.
pub fn objects(connection: &Connection) -> rusqlite::Result<bool> {
    connection.execute_batch("ALTER TABLE cells RENAME TO old_cells")?;
    connection.execute_batch(cells::TABLE)?;
    let mut old = connection.prepare("SELECT key, value, checksum FROM old_cells")?;
    let mut put =
        connection.prepare("INSERT INTO cells (key, value, checksum) VALUES (?1, ?2, ?3)")?;
    let mut rows = old.query([])?;
    while let Some(row) = rows.next()? {
        let (key, value): (Vec<u8>, Vec<u8>) = (row.get(0)?, row.get(1)?);
        let is_whole = checksum::of_cell(&key, &value) == row.get::<_, u32>(2)?;
        let Some((key, value)) = rekeyed(key, value).filter(|_| is_whole) else {
            return Ok(false);
        };
        put.execute(params![key, value, checksum::of_cell(&key, &value)])?;
    }
    drop(rows);
    connection.execute_batch("DROP TABLE old_cells")?;
    Ok(true)
}

type Cell = (Vec<u8>, Vec<u8>);

/// An object's cell as it is from now on; other cells stay as they are.
fn rekeyed(key: Vec<u8>, value: Vec<u8>) -> Option<Cell> {
    if key.first() != Some(&b'o') {
        return Some((key, value));
    }
    let mut row = Bytes(&value);
    let length = row.number(7)?;
    let head = row.take(usize::try_from(length).ok()?)?;
    let mut new = key.get(..5)?.to_vec();
    let rest = Bytes(head).put_key(&mut new)?;
    let mut value = Vec::with_capacity(value.len());
    let mut length = rest.len();
    while length >= 0x80 {
        value.push(0x80 | (length & 0x7F) as u8);
        length >>= 7;
    }
    value.push(length as u8);
    value.extend_from_slice(rest);
    value.extend_from_slice(row.0);
    Some((new, value))
}

/// Bytes that are still to be read.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    /// A number of seven bits a byte, low first; so many bits in the last one.
    fn number(&mut self, last_bits: u32) -> Option<u64> {
        let mut number = 0u64;
        for shift in (0..70).step_by(7) {
            let byte = self.take(1)?[0];
            let is_last = byte & 0x80 == 0;
            let bits = if is_last { last_bits } else { 7 };
            let part = u64::from(byte) & ((1 << bits) - 1);
            number |= part
                .checked_shl(shift)
                .filter(|bits| bits >> shift == part)?;
            if is_last {
                return Some(number);
            }
        }
        None
    }

    /// A number with its sign, as changesets have them.
    fn signed(&mut self) -> Option<i64> {
        let last = self.0.iter().find(|byte| **byte & 0x80 == 0)?;
        let is_negative = last & 0x40 != 0;
        let magnitude = i64::try_from(self.number(6)?).ok()?;
        Some(if is_negative { !magnitude } else { magnitude })
    }

    /// Writes what these bytes, an object's key as changesets have it, are in the key of its cell. What of it the row begins with.
    fn put_key(mut self, out: &mut Vec<u8>) -> Option<&'a [u8]> {
        match self.signed()? {
            0 => out.push(0),
            1 => {
                let ordered = self.signed()? as u64 ^ (1 << 63);
                out.push(1);
                out.extend_from_slice(&ordered.to_be_bytes());
            }
            3 => {
                let length = usize::try_from(self.number(6)?).ok()?;
                let text = self.take(length)?;
                if text.len() > 255 {
                    out.push(3);
                    out.extend_from_slice(&Sha256::digest(text));
                    return Some(text);
                }
                out.push(2);
                out.extend_from_slice(text);
            }
            10 => {
                out.push(4);
                out.extend_from_slice(self.take(12)?);
            }
            11 => {
                out.push(5);
                out.extend_from_slice(self.take(16)?);
            }
            -1 => {
                out.push(6);
                out.extend_from_slice(&self.number(6)?.to_be_bytes());
                out.extend_from_slice(&self.number(6)?.to_be_bytes());
            }
            _ => return None,
        }
        Some(&[])
    }
}
