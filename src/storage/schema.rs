//! The tables of a Realm's database, and how older formats become this one.

use rusqlite::Connection;

/// The format that this program writes.
pub const FORMAT: i64 = 1;

/// Brings a database to [`FORMAT`], one step a format, in the caller's transaction. A new database has format 0.
pub fn migrate(connection: &Connection, found: i64) -> rusqlite::Result<()> {
    for format in found..FORMAT {
        connection.execute_batch(STEPS[usize::try_from(format).unwrap_or_default()])?;
    }
    connection.pragma_update(None, "user_version", FORMAT)
}

/// Step `n` leads from format `n` to `n + 1`.
const STEPS: [&str; FORMAT as usize] = ["
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
"];
