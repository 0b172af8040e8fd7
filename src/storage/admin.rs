//! The server's own database: one SQLite file, `admin.db`, below the data folder.
//!
//! A commit is durable when it returns (WAL, `synchronous=FULL`). The file and all that SQLite puts beside it is the owner's alone (0600). Its format
//! is a list of steps: step N leads from format N-1 to N, a file of an older format takes those that it lacks when it is opened, in
//! one transaction with the number of the new format; a file of a newer one is refused.
//!
//! Does not know what is in the tables.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::realm_file::classify;
use super::{StorageError, log, pages, sync_folder};

/// Marks the file as this program's: "rosA".
pub(super) const APPLICATION_ID: i64 = 0x726f_7341;

/// How long a command that has the same file open may hold it.
const BUSY: Duration = Duration::from_secs(10);

/// The open database: one connection that writes and one that reads, so that reading does not wait for the disk.
pub struct AdminFile {
    path: PathBuf,
    writer: Mutex<Connection>,
    reader: Mutex<Connection>,
}

impl AdminFile {
    /// Opens the file below a data folder, and brings it to the newest format; makes it if it is not there.
    pub fn open(root: &Path, steps: &[&str]) -> Result<AdminFile, StorageError> {
        let path = root.join("admin.db");
        let prepared = make_private(&path).and_then(|()| log::make_safe(&path));
        prepared.map_err(|error| StorageError::io(&path, error))?;
        let failed = |error| classify(&path, error);
        let mut writer = connect(&path).map_err(failed)?;
        bring_up_to_date(&mut writer, &path, steps)?;
        // The log has a name from now on, of which SQLite does not make sure.
        sync_folder(root).map_err(|error| StorageError::io(root, error))?;
        let reader = connect(&path).map_err(failed)?;
        reader
            .pragma_update(None, "query_only", true)
            .map_err(failed)?;
        Ok(AdminFile {
            writer: Mutex::new(writer),
            reader: Mutex::new(reader),
            path,
        })
    }

    /// Runs a transaction that only reads.
    pub fn read<T, E: From<StorageError>>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.run(&self.reader, TransactionBehavior::Deferred, work)
    }

    /// Runs a transaction that writes: all of it is durable when this returns, or nothing has happened.
    pub fn write<T, E: From<StorageError>>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.run(&self.writer, TransactionBehavior::Immediate, work)
    }

    fn run<T, E: From<StorageError>>(
        &self,
        connection: &Mutex<Connection>,
        behavior: TransactionBehavior,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let failed = |error| classify(&self.path, error);
        // A panic while the lock was held has rolled its transaction back: the connection is as good as before.
        let mut connection: MutexGuard<'_, Connection> =
            connection.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction = connection
            .transaction_with_behavior(behavior)
            .map_err(failed)?;
        let result = work(&transaction)?;
        transaction.commit().map_err(failed)?;
        Ok(result)
    }
}

/// Makes the file if it is not there, readable for its owner alone; SQLite gives the files beside it the same mode.
fn make_private(path: &Path) -> io::Result<()> {
    match OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
    {
        Ok(file) => file.sync_all(),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            std::fs::set_permissions(path, PermissionsExt::from_mode(0o600))
        }
        Err(error) => Err(error),
    }
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection = pages::connect(path)?;
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    Ok(connection)
}

fn bring_up_to_date(
    connection: &mut Connection,
    path: &Path,
    steps: &[&str],
) -> Result<(), StorageError> {
    let (application, format) = marks(connection).map_err(|error| classify(path, error))?;
    let foreign = || StorageError::Damaged {
        file: path.to_owned(),
        what: "it is not this server's".to_owned(),
    };
    let done = usize::try_from(format).map_err(|_| foreign())?;
    if application != if done == 0 { 0 } else { APPLICATION_ID } {
        return Err(foreign());
    }
    let Some(missing) = steps.get(done..) else {
        let known = i64::try_from(steps.len()).unwrap_or(i64::MAX);
        return Err(StorageError::TooNew {
            file: path.to_owned(),
            found: format,
            known,
        });
    };
    let failed = |error| classify(path, error);
    if !missing.is_empty() {
        pages::protect(connection).map_err(failed)?;
    } else if !pages::are_protected(connection).map_err(failed)? {
        return Err(StorageError::Damaged {
            file: path.to_owned(),
            what: pages::UNPROTECTED.to_owned(),
        });
    }
    // After the checksums: this writes the first page.
    connection
        .pragma_update(None, "journal_mode", "WAL")
        .map_err(failed)?;
    take_steps(connection, missing, steps.len()).map_err(failed)
}

/// Whose file it is, and of which format.
fn marks(connection: &Connection) -> rusqlite::Result<(i64, i64)> {
    let number = |name| connection.pragma_query_value(None, name, |row| row.get(0));
    Ok((number("application_id")?, number("user_version")?))
}

fn take_steps(
    connection: &mut Connection,
    missing: &[&str],
    format: usize,
) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for step in missing {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", format)?;
    transaction.commit()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = "CREATE TABLE numbers (n INTEGER PRIMARY KEY) STRICT;";
    const SECOND: &str = "ALTER TABLE numbers ADD COLUMN name TEXT NOT NULL DEFAULT 'unnamed';";

    fn database(error: rusqlite::Error) -> StorageError {
        StorageError::io(Path::new("admin.db"), error)
    }

    fn insert(file: &AdminFile, n: i64) {
        file.write(|tx| {
            tx.execute("INSERT INTO numbers (n) VALUES (?1)", [n])
                .map_err(database)
        })
        .unwrap();
    }

    fn query<T: rusqlite::types::FromSql>(file: &AdminFile, sql: &str) -> T {
        file.read(|tx| tx.query_row(sql, [], |row| row.get(0)).map_err(database))
            .unwrap()
    }

    #[test]
    fn an_older_format_takes_the_steps_that_it_lacks() {
        let folder = tempfile::tempdir().unwrap();
        insert(&AdminFile::open(folder.path(), &[FIRST]).unwrap(), 7);
        let file = AdminFile::open(folder.path(), &[FIRST, SECOND]).unwrap();
        assert_eq!(
            query::<String>(&file, "SELECT name FROM numbers"),
            "unnamed"
        );
    }

    #[test]
    fn a_newer_format_and_a_foreign_file_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        drop(AdminFile::open(folder.path(), &[FIRST, SECOND]).unwrap());
        let newer = AdminFile::open(folder.path(), &[FIRST]);
        assert!(matches!(
            newer,
            Err(StorageError::TooNew {
                found: 2,
                known: 1,
                ..
            })
        ));

        let foreign = tempfile::tempdir().unwrap();
        let connection = pages::connect(&foreign.path().join("admin.db")).unwrap();
        connection.pragma_update(None, "user_version", 3).unwrap();
        assert!(matches!(
            AdminFile::open(foreign.path(), &[FIRST]),
            Err(StorageError::Damaged { .. })
        ));
    }

    #[test]
    fn a_step_that_fails_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        insert(&AdminFile::open(folder.path(), &[FIRST]).unwrap(), 7);
        assert!(AdminFile::open(folder.path(), &[FIRST, SECOND, "nonsense"]).is_err());
        let file = AdminFile::open(folder.path(), &[FIRST, SECOND]).unwrap();
        assert_eq!(query::<i64>(&file, "SELECT count(*) FROM numbers"), 1);
    }

    #[test]
    fn a_write_that_fails_is_undone_and_reading_cannot_write() {
        let folder = tempfile::tempdir().unwrap();
        let file = AdminFile::open(folder.path(), &[FIRST]).unwrap();
        let failed = file.write(|tx| {
            tx.execute("INSERT INTO numbers (n) VALUES (1)", [])
                .map_err(database)?;
            Err::<(), _>(StorageError::Conflict(PathBuf::new()))
        });
        assert!(failed.is_err());
        assert_eq!(query::<i64>(&file, "SELECT count(*) FROM numbers"), 0);
        let written = file.read(|tx| {
            tx.execute("INSERT INTO numbers (n) VALUES (1)", [])
                .map_err(database)
        });
        assert!(written.is_err());
    }

    #[test]
    fn files_are_the_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = AdminFile::open(folder.path(), &[FIRST]).unwrap();
        insert(&file, 1);
        for entry in std::fs::read_dir(folder.path()).unwrap() {
            let entry = entry.unwrap();
            assert_eq!(
                entry.metadata().unwrap().permissions().mode() & 0o777,
                0o600,
                "{:?}",
                entry.path()
            );
        }
    }
}
