//! Copies of databases that are in use, and the test of what lies in one.
//!
//! A copy is one moment of its source: a read transaction is held while pages are copied, which keeps nobody from writing.

use std::path::Path;
use std::time::Duration;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use super::realm_file::{self, Entry, classify};
use super::{StorageError, admin, checksum, log, pages, schema};

/// Pages copied between two looks at whether to go on.
const PAGES: i32 = 16;

/// Steps of SQLite's machine between two rests while rows are read: some microseconds.
const STEPS: i32 = 50;

/// How long a writer may hold a database that is to be read.
const BUSY: Duration = Duration::from_secs(10);

/// What a database holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holds {
    /// A Realm.
    Realm {
        /// The canonical name.
        name: String,
        /// The last version of its history; 0 if there is none.
        version: u64,
    },
    /// Users, logins and the list of Realms.
    Admin,
}

/// Copies a database to a new file, which is not made durable. `go_on` is asked now and then with the bytes copied since; where it
/// says no, this ends and returns `false`.
pub fn snapshot(
    source: &Path,
    target: &Path,
    mut go_on: impl FnMut(u64) -> bool,
) -> Result<bool, StorageError> {
    let from = reader(source)?;
    let failed = |cause| classify(source, cause);
    from.execute_batch("BEGIN").map_err(failed)?;
    let page: i64 = from
        .query_row(
            "SELECT page_size FROM pragma_page_size, (SELECT count(*) FROM sqlite_schema)",
            [],
            |row| row.get(0),
        )
        .map_err(failed)?;
    let written = |cause| StorageError::io(target, cause);
    let are_protected = pages::are_protected(&from).map_err(failed)?;
    let mut to = pages::new_copy(target, are_protected).map_err(written)?;
    to.pragma_update(None, "journal_mode", "OFF")
        .map_err(written)?;
    to.pragma_update(None, "synchronous", "OFF")
        .map_err(written)?;
    let copy = Backup::new(&from, &mut to).map_err(failed)?;
    let mut left = i64::MAX;
    loop {
        let step = copy.step(PAGES).map_err(failed)?;
        let progress = copy.progress();
        let remaining = i64::from(progress.remaining);
        let done = left.min(i64::from(progress.pagecount)) - remaining;
        left = remaining;
        if !go_on(u64::try_from(done * page).unwrap_or(0)) {
            return Ok(false);
        }
        match step {
            StepResult::Done => return Ok(true),
            StepResult::More => {}
            _ => std::thread::sleep(Duration::from_millis(10)), // the target is ours alone: the source was busy
        }
    }
}

/// Reads every row of a database that nobody has open, and says what it holds; an error names the first thing that is not as it was written. `rest` is called
/// every few microseconds, and may take its time.
pub fn check(path: &Path, mut rest: impl FnMut() + Send + 'static) -> Result<Holds, StorageError> {
    let connection = still(path)?;
    let failed = |cause| classify(path, cause);
    let go_on = move || {
        rest();
        false
    };
    connection.progress_handler(STEPS, Some(go_on));
    let whole: String = connection
        .query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))
        .map_err(failed)?;
    if whole != "ok" {
        return Err(damaged(path, whole));
    }
    let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    if number("application_id").map_err(failed)? == admin::APPLICATION_ID {
        return Ok(Holds::Admin);
    }
    let found = number("user_version").map_err(failed)?;
    if found > schema::FORMAT {
        let file = path.to_owned();
        let known = schema::FORMAT;
        return Err(StorageError::TooNew { file, found, known });
    }
    let name: String = connection
        .query_row("SELECT value FROM meta WHERE key = 'name'", [], |row| {
            row.get(0)
        })
        .map_err(failed)?;
    let version = check_history(path, &connection)?;
    check_rows(path, &connection)?;
    Ok(Holds::Realm { name, version })
}

/// Whether a Realm's database is the one that a copy was made of, which nobody has open, and not another that was made of its name since: each is made with a seed of its own for the first client
/// file idents. It fails for one of an older server in which no ident was ever given.
pub fn is_copy_of(copy: &Path, source: &Path) -> Result<bool, StorageError> {
    Ok(first_seed(copy, &still(copy)?)? == first_seed(source, &reader(source)?)?)
}

fn first_seed(path: &Path, connection: &Connection) -> Result<Vec<u8>, StorageError> {
    let first = "SELECT seed FROM ident_blocks ORDER BY first LIMIT 1";
    let seed = connection.query_row(first, [], |row| row.get(0));
    seed.map_err(|cause| classify(path, cause))
}

/// Every entry is as it was written, and none is missing; the last version.
fn check_history(path: &Path, connection: &Connection) -> Result<u64, StorageError> {
    let failed = |cause| classify(path, cause);
    let mut statement = connection
        .prepare(&realm_file::select_entries("ORDER BY version"))
        .map_err(failed)?;
    let mut rows = statement.query([]).map_err(failed)?;
    let mut last = 0;
    while let Some(row) = rows.next().map_err(failed)? {
        let Entry { version, .. } = realm_file::entry(path, connection, row)?;
        // What is before the first entry may have been cleared away.
        if last > 0 && version.0 != last + 1 {
            return Err(damaged(
                path,
                format!("history after version {last} has a gap"),
            ));
        }
        last = version.0;
    }
    Ok(last)
}

/// Every reciprocal form and every cell is as it was written.
fn check_rows(path: &Path, connection: &Connection) -> Result<(), StorageError> {
    let failed = |cause| classify(path, cause);
    let check = || {
        let mut forms =
            connection.prepare("SELECT ident, version, changeset, checksum FROM reciprocal")?;
        let mut rows = forms.query([])?;
        while let Some(row) = rows.next()? {
            let (ident, version) = (realm_file::number(row, 0)?, realm_file::number(row, 1)?);
            let form = row.get_ref(2)?.as_blob()?;
            if checksum::of(&[ident, version], form) != row.get::<_, u32>(3)? {
                return Ok(Some(format!(
                    "reciprocal form of version {version} for file {ident}"
                )));
            }
        }
        let mut cells = connection.prepare("SELECT key, value, checksum FROM cells")?;
        let mut rows = cells.query([])?;
        while let Some(row) = rows.next()? {
            let (key, value) = (row.get_ref(0)?.as_blob()?, row.get_ref(1)?.as_blob()?);
            if checksum::of_cell(key, value) != row.get::<_, u32>(2)? {
                return Ok(Some("a cell of the state".to_owned()));
            }
        }
        Ok(None)
    };
    match check().map_err(failed)? {
        Some(what) => Err(damaged(path, what)),
        None => Ok(()),
    }
}

/// A connection to a database that a server may have open. Where it cannot make the files that SQLite shares with a server, there is none, and the database
/// stands still.
fn reader(path: &Path) -> Result<Connection, StorageError> {
    let open = || {
        let connection = pages::open(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        connection.busy_timeout(BUSY)?;
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
        Ok(connection)
    };
    match open() {
        Err(cause) if cannot_share(&cause) && !log::of(path).exists() => still(path),
        opened => opened.map_err(|cause| classify(path, cause)),
    }
}

fn cannot_share(cause: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{CannotOpen, ReadOnly};
    matches!(cause.sqlite_error_code(), Some(CannotOpen | ReadOnly))
}

/// A connection to a database that nobody has open: nothing is locked, and no file is made beside it.
fn still(path: &Path) -> Result<Connection, StorageError> {
    let opened = pages::open_with(path, OpenFlags::SQLITE_OPEN_READ_ONLY, "immutable=1");
    opened.map_err(|cause| classify(path, cause))
}

fn damaged(path: &Path, what: String) -> StorageError {
    let file = path.to_owned();
    StorageError::Damaged { file, what }
}
