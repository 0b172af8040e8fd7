//! The file of a client's copy of a Realm: one SQLite database.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use rusqlite::{Connection, params};

use super::cells::{self, Found, Lookup};
use super::realm_file::classify;
use super::{StorageError, checksum, log, pages, rekey};
use crate::ident::{
    ClientVersion, DownloadCursor, FileIdent, OriginTimestamp, Salt, SaltedVersion, ServerVersion,
};

/// How far a copy has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// The file ident that the server gave; 0 before that.
    pub file: FileIdent,
    /// Its salt.
    pub salt: Salt,
    /// How far the server's history is contained.
    pub download: DownloadCursor,
    /// The newest version that the server told of.
    pub latest: SaltedVersion,
    /// The last own version that the server has, durably.
    pub acknowledged: ClientVersion,
    /// The newest own version: every commit makes the next, those that integrate too.
    pub version: ClientVersion,
    /// Objects without primary key that were made here.
    pub objects: u64,
}

/// A transaction that was made here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The version that it made.
    pub version: ClientVersion,
    /// The last server version contained before: the base for merging.
    pub base: ServerVersion,
    /// When it was made.
    pub timestamp: OriginTimestamp,
    /// The changeset as it was made.
    pub changeset: Bytes,
}

/// What one commit changes.
#[derive(Debug, Default)]
pub struct ReplicaCommit {
    /// Where the copy stands afterwards.
    pub progress: Progress,
    /// Everything that was there is forgotten first: cells, changes, parked changesets.
    pub emptied: bool,
    /// A new transaction.
    pub added: Option<Change>,
    /// Own changesets in the form that they take for merging with what comes next.
    pub forms: Vec<(ClientVersion, Vec<u8>)>,
    /// Own changes up to here are no longer needed.
    pub dropped: ClientVersion,
    /// Changesets that wait for a fresh copy to be made again on it; `None` leaves them as they are.
    pub parked: Option<Vec<Bytes>>,
    /// Cells to write, or to delete.
    pub cells: Vec<(Vec<u8>, Option<Bytes>)>,
}

/// What a file holds beside its cells.
#[derive(Debug, Default)]
pub struct Kept {
    /// Where the copy stands.
    pub progress: Progress,
    /// Own changes that the server may still be told of, each with the form that it takes for merging where that differs.
    pub changes: Vec<(Change, Option<Bytes>)>,
    /// Changesets that wait for a fresh copy.
    pub parked: Vec<Bytes>,
}

/// The open file. One process at a time has it.
pub struct ReplicaFile {
    path: PathBuf,
    connection: Mutex<Connection>,
}

/// Marks the file as a client's copy: "rosR".
const APPLICATION_ID: i64 = 0x726f_7352;
/// The format that this program writes.
const FORMAT: i64 = 3;
const TABLES: &str = "
    CREATE TABLE progress (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        file INTEGER NOT NULL,
        salt INTEGER NOT NULL,
        download_server_version INTEGER NOT NULL,
        download_client_version INTEGER NOT NULL,
        latest_version INTEGER NOT NULL,
        latest_salt INTEGER NOT NULL,
        acknowledged INTEGER NOT NULL,
        version INTEGER NOT NULL,
        objects INTEGER NOT NULL
    );
    CREATE TABLE changes (
        version INTEGER PRIMARY KEY,
        base INTEGER NOT NULL,
        timestamp INTEGER NOT NULL,
        changeset BLOB NOT NULL,
        checksum INTEGER NOT NULL,
        form BLOB
    );
    CREATE TABLE parked (
        number INTEGER PRIMARY KEY,
        changeset BLOB NOT NULL
    );
";

impl ReplicaFile {
    /// Opens the file, made if it is missing, for this process alone.
    pub fn open(path: &Path) -> Result<ReplicaFile, StorageError> {
        let failed = |cause: rusqlite::Error| match cause.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked) => {
                StorageError::InUse(path.to_owned())
            }
            Some(_) | None => classify(path, cause),
        };
        let connection = pages::connect(path).map_err(failed)?;
        prepare(&connection).map_err(failed)?;
        log::make_safe(path).map_err(|cause| StorageError::io(path, cause))?;
        let format = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        let (id, found) = (
            format("application_id").map_err(failed)?,
            format("user_version").map_err(failed)?,
        );
        let file = ReplicaFile {
            path: path.to_owned(),
            connection: Mutex::new(connection),
        };
        match (id, found) {
            (APPLICATION_ID, FORMAT) if file.run(pages::are_protected)? => Ok(file),
            (APPLICATION_ID, FORMAT) => Err(file.damaged(pages::UNPROTECTED.to_owned())),
            (APPLICATION_ID, found) if found > FORMAT => Err(StorageError::TooNew {
                file: path.to_owned(),
                found,
                known: FORMAT,
            }),
            (APPLICATION_ID, found @ 1..FORMAT) => file.migrate(found).map(|()| file),
            (0, 0) => file.make().map(|()| file),
            _ => Err(StorageError::Damaged {
                file: path.to_owned(),
                what: "it is no copy of a Realm that this program made".into(),
            }),
        }
    }

    fn make(&self) -> Result<(), StorageError> {
        let Progress {
            version: ClientVersion(version),
            ..
        } = Progress::new();
        self.run(|connection| {
            pages::protect(connection)?;
            let transaction = connection.unchecked_transaction()?;
            transaction.execute_batch(TABLES)?;
            transaction.execute_batch(cells::TABLE)?;
            transaction.execute(
                "INSERT INTO progress VALUES (1, 0, 0, 0, 0, 0, 0, 0, ?1, 0)",
                [signed(version)],
            )?;
            transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
            transaction.pragma_update(None, "user_version", FORMAT)?;
            transaction.commit()
        })
    }

    /// From an older format to this one.
    fn migrate(&self, found: i64) -> Result<(), StorageError> {
        let is_whole = self.run(|connection| {
            pages::protect(connection)?;
            let transaction = connection.unchecked_transaction()?;
            if found == 1 && !rekey::objects(&transaction)? {
                return Ok(false);
            }
            transaction.pragma_update(None, "user_version", FORMAT)?;
            transaction.commit()?;
            Ok(true)
        })?;
        if is_whole {
            Ok(())
        } else {
            Err(self.damaged("a cell of the state".into()))
        }
    }

    /// What it holds beside its cells.
    pub fn load(&self) -> Result<Kept, StorageError> {
        let (progress, changes, parked) = self.run(|connection| {
            let progress = connection.query_row("SELECT * FROM progress", [], progress)?;
            let changes: Vec<(Change, u32, Option<Vec<u8>>)> = connection
                .prepare("SELECT version, base, timestamp, changeset, checksum, form FROM changes ORDER BY version")?
                .query_map([], |row| {
                    let change = Change {
                        version: ClientVersion(number(row, 0)?),
                        base: ServerVersion(number(row, 1)?),
                        timestamp: OriginTimestamp(number(row, 2)?),
                        changeset: row.get::<_, Vec<u8>>(3)?.into(),
                    };
                    Ok((change, row.get(4)?, row.get(5)?))
                })?
                .collect::<Result<_, _>>()?;
            let parked: Vec<Vec<u8>> = connection
                .prepare("SELECT changeset FROM parked ORDER BY number")?
                .query_map([], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            Ok((progress, changes, parked))
        })?;
        if let Some((change, ..)) = changes
            .iter()
            .find(|(change, sum, _)| change_sum(change) != *sum)
        {
            return Err(self.damaged(format!("own version {}", change.version)));
        }
        Ok(Kept {
            progress,
            changes: changes
                .into_iter()
                .map(|(change, _, form)| (change, form.map(Bytes::from)))
                .collect(),
            parked: parked.into_iter().map(Bytes::from).collect(),
        })
    }

    /// A cell.
    pub fn cell(&self, key: &[u8]) -> Result<Option<Bytes>, StorageError> {
        match self.run(|connection| cells::find(connection, key))? {
            Lookup::Cell(found) => self.whole(found).map(|(_, value)| Some(value)),
            Lookup::Nothing(_) => Ok(None),
        }
    }

    /// At most `limit` cells whose key has this prefix and is greater than `after`, in order.
    pub fn cells(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<(Vec<u8>, Bytes)>, StorageError> {
        let found = self.run(|connection| cells::scan(connection, prefix, after, limit))?;
        found.into_iter().map(|found| self.whole(found)).collect()
    }

    /// Stores a commit: durable when this returns, or nothing of it is there.
    pub fn commit(&self, commit: &ReplicaCommit) -> Result<(), StorageError> {
        self.run(|connection| {
            let transaction = connection.unchecked_transaction()?;
            write(&transaction, commit)?;
            transaction.commit()
        })
    }

    fn run<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StorageError> {
        let connection: MutexGuard<'_, Connection> = self
            .connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        work(&connection).map_err(|cause| classify(&self.path, cause))
    }

    fn whole(&self, found: Found) -> Result<(Vec<u8>, Bytes), StorageError> {
        match found {
            Found::Whole(key, value) => Ok((key, value)),
            Found::Damaged => Err(self.damaged("a cell of the state".into())),
        }
    }

    fn damaged(&self, what: String) -> StorageError {
        StorageError::Damaged {
            file: self.path.clone(),
            what,
        }
    }
}

impl Progress {
    /// Where a new copy stands: the version counter starts at 1.
    pub fn new() -> Progress {
        Progress {
            version: ClientVersion(1),
            ..Progress::default()
        }
    }
}

fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.execute_batch("BEGIN IMMEDIATE; COMMIT") // takes the lock
}

fn write(connection: &Connection, commit: &ReplicaCommit) -> rusqlite::Result<()> {
    if commit.emptied {
        connection.execute_batch("DELETE FROM cells; DELETE FROM changes; DELETE FROM parked;")?;
    }
    let at = &commit.progress;
    connection
        .prepare_cached(
            "UPDATE progress SET file = ?1, salt = ?2, download_server_version = ?3, download_client_version = ?4, \
             latest_version = ?5, latest_salt = ?6, acknowledged = ?7, version = ?8, objects = ?9",
        )?
        .execute(params![
            signed(at.file.0),
            signed(at.salt.0),
            signed(at.download.server_version.0),
            signed(at.download.client_version.0),
            signed(at.latest.version.0),
            signed(at.latest.salt.0),
            signed(at.acknowledged.0),
            signed(at.version.0),
            signed(at.objects)
        ])?;
    if let Some(change) = &commit.added {
        connection
            .prepare_cached("INSERT INTO changes (version, base, timestamp, changeset, checksum) VALUES (?1, ?2, ?3, ?4, ?5)")?
            .execute(params![
                signed(change.version.0),
                signed(change.base.0),
                signed(change.timestamp.0),
                &change.changeset[..],
                change_sum(change)
            ])?;
    }
    let mut forms = connection.prepare_cached("UPDATE changes SET form = ?2 WHERE version = ?1")?;
    for (version, form) in &commit.forms {
        forms.execute(params![signed(version.0), form])?;
    }
    connection
        .prepare_cached("DELETE FROM changes WHERE version <= ?1")?
        .execute([signed(commit.dropped.0)])?;
    if let Some(parked) = &commit.parked {
        connection.execute("DELETE FROM parked", [])?;
        for changeset in parked {
            connection.execute(
                "INSERT INTO parked (changeset) VALUES (?1)",
                [&changeset[..]],
            )?;
        }
    }
    cells::write(connection, &commit.cells)
}

fn progress(row: &rusqlite::Row<'_>) -> rusqlite::Result<Progress> {
    Ok(Progress {
        file: FileIdent(number(row, 1)?),
        salt: Salt(number(row, 2)?),
        download: DownloadCursor {
            server_version: ServerVersion(number(row, 3)?),
            client_version: ClientVersion(number(row, 4)?),
        },
        latest: SaltedVersion {
            version: ServerVersion(number(row, 5)?),
            salt: Salt(number(row, 6)?),
        },
        acknowledged: ClientVersion(number(row, 7)?),
        version: ClientVersion(number(row, 8)?),
        objects: number(row, 9)?,
    })
}

fn change_sum(change: &Change) -> u32 {
    let numbers = [change.version.0, change.base.0, change.timestamp.0];
    checksum::of(&numbers, &change.changeset)
}

/// All our numbers are below 2^63.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn number(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<u64> {
    Ok(u64::try_from(row.get::<_, i64>(column)?).unwrap_or_default())
}
