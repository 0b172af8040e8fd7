//! The table `cells`: pieces of a state under opaque keys, each with its checksum.

use bytes::Bytes;
use rusqlite::{Connection, params};

use super::checksum;

/// Makes the table.
pub const TABLE: &str = "
    CREATE TABLE cells (
        key BLOB PRIMARY KEY,
        value BLOB NOT NULL,
        checksum INTEGER NOT NULL
    ) WITHOUT ROWID;
";

/// A cell as it lies on disk: whole, or not what was written.
pub enum Found {
    /// As it was written.
    Whole(Vec<u8>, Bytes),
    /// Its checksum does not match.
    Damaged,
}

impl Found {
    fn checked(key: Vec<u8>, value: Vec<u8>, sum: u32) -> Found {
        if checksum::of_cell(&key, &value) == sum {
            Found::Whole(key, value.into())
        } else {
            Found::Damaged
        }
    }
}

/// What is under a key.
pub enum Lookup {
    /// A cell.
    Cell(Found),
    /// Nothing, up to the next key that there is.
    Nothing(Option<Vec<u8>>),
}

/// What is under a key.
pub fn find(connection: &Connection, key: &[u8]) -> rusqlite::Result<Lookup> {
    let mut statement = connection.prepare_cached(
        "SELECT key, value, checksum FROM cells WHERE key >= ?1 ORDER BY key LIMIT 1",
    )?;
    let mut rows = statement.query([key])?;
    let Some(row) = rows.next()? else {
        return Ok(Lookup::Nothing(None));
    };
    let next = row.get_ref(0)?.as_blob()?;
    if next == key {
        let found = Found::checked(key.to_vec(), row.get(1)?, row.get(2)?);
        return Ok(Lookup::Cell(found));
    }
    Ok(Lookup::Nothing(Some(next.to_vec())))
}

/// At most `limit` cells whose key has this prefix and is greater than `after`, in order.
pub fn scan(
    connection: &Connection,
    prefix: &[u8],
    after: Option<&[u8]>,
    limit: usize,
) -> rusqlite::Result<Vec<Found>> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    connection
        .prepare_cached("SELECT key, value, checksum FROM cells WHERE key >= ?1 AND key > ?2 AND key < ?3 ORDER BY key LIMIT ?4")?
        .query_map(params![prefix, after.unwrap_or_default(), end_of(prefix), limit], |row| {
            Ok(Found::checked(row.get(0)?, row.get(1)?, row.get(2)?))
        })?
        .collect()
}

/// Writes cells, and deletes those without a value.
pub fn write(connection: &Connection, cells: &[(Vec<u8>, Option<Bytes>)]) -> rusqlite::Result<()> {
    let mut put = connection.prepare_cached(
        "INSERT OR REPLACE INTO cells (key, value, checksum) VALUES (?1, ?2, ?3)",
    )?;
    let mut delete = connection.prepare_cached("DELETE FROM cells WHERE key = ?1")?;
    for (key, value) in cells {
        match value {
            Some(value) => put.execute(params![key, &value[..], checksum::of_cell(key, value)])?,
            None => delete.execute([key])?,
        };
    }
    Ok(())
}

/// The first key after all keys with this prefix.
fn end_of(prefix: &[u8]) -> Vec<u8> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < 0xFF {
            end.push(last + 1);
            return end;
        }
    }
    vec![0xFF; 64]
}
