//! The tables of a Realm's database, and how older formats become this one.

use rusqlite::Connection;

use super::rekey;

/// The format that this program writes.
pub const FORMAT: i64 = 3;

/// Brings a database to [`FORMAT`], one step a format, in the caller's transaction; a new one, of format 0, at once. Whether what was there was whole; if not, the
/// transaction must be taken back.
pub fn migrate(connection: &Connection, found: i64) -> rusqlite::Result<bool> {
    match usize::try_from(found).unwrap_or_default().checked_sub(1) {
        None => connection.execute_batch(TABLES)?,
        Some(first) => {
            for step in STEPS.iter().skip(first) {
                if !step(connection)? {
                    return Ok(false);
                }
            }
        }
    }
    connection.pragma_update(None, "user_version", FORMAT)?;
    Ok(true)
}

type Step = fn(&Connection) -> rusqlite::Result<bool>;

/// The first step leads from format 1 to 2. With format 3 came checksums of pages, which the file has before it takes its steps.
const STEPS: [Step; FORMAT as usize - 1] = [rekey::objects, |_| Ok(true)];

const TABLES: &str = "
    CREATE TABLE meta (
        key TEXT PRIMARY KEY,
        value
    ) WITHOUT ROWID;
    CREATE TABLE history (
        version INTEGER PRIMARY KEY,
        salt INTEGER NOT NULL,
        origin INTEGER NOT NULL,
        client_version INTEGER NOT NULL,
        timestamp INTEGER NOT NULL,
        total_bytes INTEGER NOT NULL,
        changeset BLOB NOT NULL,
        checksum INTEGER NOT NULL
    );
    CREATE TABLE ident_blocks (
        first INTEGER PRIMARY KEY,
        last INTEGER NOT NULL,
        seed BLOB NOT NULL
    );
    CREATE TABLE client_files (
        ident INTEGER PRIMARY KEY,
        client_version INTEGER NOT NULL,
        server_version INTEGER NOT NULL,
        locked_server_version INTEGER NOT NULL,
        expired INTEGER NOT NULL DEFAULT 0
    );
    CREATE TABLE reciprocal (
        ident INTEGER NOT NULL,
        version INTEGER NOT NULL,
        changeset BLOB NOT NULL,
        checksum INTEGER NOT NULL,
        PRIMARY KEY (ident, version)
    ) WITHOUT ROWID;
    CREATE TABLE cells (
        key BLOB PRIMARY KEY,
        value BLOB NOT NULL,
        checksum INTEGER NOT NULL
    ) WITHOUT ROWID;
";
