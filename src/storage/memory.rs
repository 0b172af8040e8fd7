//! Memory of SQLite, of all databases of this process together.

use rusqlite::Connection;

use super::StorageError;

/// From now on SQLite takes about so many bytes at most, whatever number of databases is open: a page that none of them is using goes when another one is read.
/// What has to be in memory is, so where very many databases are open it may be more.
pub fn bound_memory(bytes: usize) -> Result<(), StorageError> {
    // Any connection can say it; it holds for all that there are and will be.
    let bound = Connection::open_in_memory().and_then(|connection| {
        connection.pragma_update_and_check(None, "soft_heap_limit", signed(bytes), |row| {
            row.get::<_, i64>(0)
        })
    });
    match bound {
        Ok(found) if found == signed(bytes) => Ok(()),
        Ok(found) => Err(StorageError::io(
            ":memory:".as_ref(),
            format!("memory is bounded by {found} bytes, not {bytes}"),
        )),
        Err(cause) => Err(StorageError::io(":memory:".as_ref(), cause)),
    }
}

fn signed(bytes: usize) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_holds_for_every_connection() {
        // Other tests of this process run with it, so it is none that they notice.
        bound_memory(1 << 40).unwrap();
        let other = Connection::open_in_memory().unwrap();
        let found = other.pragma_query_value(None, "soft_heap_limit", |row| row.get::<_, i64>(0));
        assert_eq!(found.unwrap(), 1 << 40);
    }
}
