//! The database of one Realm.

use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Row, params};

use super::cells::{self, Found, Lookup};
use super::idents::{self, IdentBlock};
use super::{
    BESIDE, NEW, StorageError, beside, checksum, log, pages, remove_if_there, schema, sync_folder,
};
use crate::courtesy;
use crate::ident::{
    ClientVersion, FileIdent, MAX_NUMBER, OriginTimestamp, RealmName, Salt, SaltedVersion,
    ServerVersion, UploadCursor,
};

/// One entry of the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The version that it made.
    pub version: ServerVersion,
    /// Salt of the version.
    pub salt: Salt,
    /// The file it came from; 0 for the server's own.
    pub origin: FileIdent,
    /// The version that it made on its origin; 0 for the server's own.
    pub client_version: ClientVersion,
    /// When it was made, by the clock of its origin.
    pub timestamp: OriginTimestamp,
    /// The changeset as transformed; empty if nothing was left of it.
    pub changeset: Bytes,
    /// Bytes of all changesets up to and including this one.
    pub total_bytes: u64,
}

/// A client file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientFile {
    /// The salt that was given with the ident.
    pub salt: Salt,
    /// How far its history is integrated.
    pub upload: UploadCursor,
    /// The oldest server version that it needs.
    pub locked: ServerVersion,
    /// Whether what it needs is gone.
    pub expired: bool,
}

/// What one commit changes.
#[derive(Debug, Default)]
pub struct Batch {
    /// New entries, in order, from the expected version on.
    pub entries: Vec<Arc<Entry>>,
    /// Client files as they are now.
    pub files: Vec<(FileIdent, ClientFile)>,
    /// Reciprocal forms that changed.
    pub reciprocal: Vec<(FileIdent, ServerVersion, Vec<u8>)>,
    /// Up to where reciprocal forms are no longer needed.
    pub trimmed: Vec<(FileIdent, ServerVersion)>,
    /// Cells to write, or to delete.
    pub cells: Vec<(Vec<u8>, Option<Bytes>)>,
}

impl Batch {
    /// What is written, about.
    fn bytes(&self) -> u64 {
        let entries = self.entries.iter().map(|entry| entry.changeset.len());
        let reciprocal = self.reciprocal.iter().map(|(_, _, form)| form.len());
        let cells = self.cells.iter();
        let cells = cells.map(|(key, value)| key.len() + value.as_ref().map_or(0, Bytes::len));
        entries.chain(reciprocal).chain(cells).sum::<usize>() as u64
    }
}

/// An open database: one connection that writes and one that reads.
pub struct RealmFile {
    path: Arc<Path>,
    salt: Salt,
    random: fn() -> u64,
    /// Idents that need not be reserved any more, until they are taken.
    idents: Mutex<Option<IdentBlock>>,
    /// Closed before the writer, which then copies the write-ahead log into the database and removes it.
    reader: Mutex<Connection>,
    writer: Mutex<Connection>,
    /// Where the last look for a cell found nothing. New objects mostly follow each other, so that one look tells for many.
    gap: Mutex<Option<Gap>>,
    /// Bytes written since the log was copied into the database, about.
    logged: AtomicU64,
    /// What was found in the log is on disk, and so is its name. Where there was no log, or no room, nothing is written before that is so.
    log_is_safe: AtomicBool,
}

/// Keys from one up to another under which no cell is; without the latter to the end.
struct Gap {
    from: Vec<u8>,
    to: Option<Vec<u8>>,
}

impl Gap {
    fn has(&self, key: &[u8]) -> bool {
        *self.from <= *key && self.to.as_deref().is_none_or(|to| key < to)
    }
}

/// What a commit writes beside its rows: pages of which it changes little.
const COMMIT_BYTES: u64 = 6 * 4096;

impl RealmFile {
    /// With idents that were reserved by [`make`], or left by an earlier opening.
    pub(super) fn open(
        path: Arc<Path>,
        name: &RealmName,
        random: fn() -> u64,
        idents: Option<IdentBlock>,
    ) -> Result<RealmFile, StorageError> {
        let error = |cause: rusqlite::Error| classify(&path, cause);
        let is_safe = match log::make_safe(&path) {
            Err(cause) if log::is_no_room(&cause) => false,
            made => made.map_err(|cause| StorageError::io(&path, cause))?,
        };
        let writer = pages::connect(&path).map_err(error)?;
        prepare_writer(&path, &writer, name).map_err(|found| match found {
            Unusable::Database(cause) => error(cause),
            Unusable::Other(cause) => cause,
        })?;
        let reader = pages::open(
            &path,
            OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )
        .map_err(error)?;
        reader
            .pragma_update(None, "cache_size", -512)
            .map_err(error)?;
        let salt = Salt(nonzero(random()));
        let logged = std::fs::metadata(log::of(&path)).map_or(0, |log| log.len());
        Ok(RealmFile {
            logged: AtomicU64::new(logged),
            log_is_safe: AtomicBool::new(is_safe),
            salt,
            random,
            idents: Mutex::new(idents),
            writer: Mutex::new(writer),
            gap: Mutex::default(),
            reader: Mutex::new(reader),
            path,
        })
    }

    /// The salt of the versions that this opening writes.
    pub fn salt(&self) -> Salt {
        self.salt
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The last entry of the history.
    pub fn last(&self) -> Result<Option<Entry>, StorageError> {
        self.read(|connection| {
            let mut statement =
                connection.prepare_cached(&select_entries("ORDER BY version DESC LIMIT 1"))?;
            statement
                .query_row([], |row| Ok(entry(&self.path, connection, row)))
                .optional()
        })?
        .transpose()
    }

    /// Entries after a version, in order, until `bytes` of changesets are exceeded.
    pub fn entries(
        &self,
        after: ServerVersion,
        up_to: ServerVersion,
        bytes: usize,
    ) -> Result<Vec<Entry>, StorageError> {
        let mut entries = Vec::new();
        let mut taken = 0;
        self.read(|connection| {
            let mut statement = connection.prepare_cached(&select_entries(
                "WHERE version > ?1 AND version <= ?2 ORDER BY version",
            ))?;
            let mut rows = statement.query(params![signed(after.0), signed(up_to.0)])?;
            while let Some(row) = rows.next()? {
                let entry = entry(&self.path, connection, row);
                taken += entry.as_ref().map_or(0, |entry| entry.changeset.len());
                entries.push(entry);
                if taken > bytes {
                    break;
                }
            }
            Ok(())
        })?;
        let entries: Vec<Entry> = entries.into_iter().collect::<Result<_, _>>()?;
        let contiguous = entries
            .iter()
            .zip(after.0 + 1..)
            .all(|(entry, version)| entry.version.0 == version);
        if contiguous {
            Ok(entries)
        } else {
            Err(self.damaged(format!("history after version {after} has a gap")))
        }
    }

    /// The salt of a version; 0 for version 0.
    pub fn salt_at(&self, version: ServerVersion) -> Result<Option<Salt>, StorageError> {
        if version == ServerVersion(0) {
            return Ok(Some(Salt(0)));
        }
        let entry = self.read(|connection| {
            let mut statement = connection.prepare_cached(&select_entries("WHERE version = ?1"))?;
            statement
                .query_row([signed(version.0)], |row| {
                    Ok(entry(&self.path, connection, row))
                })
                .optional()
        })?;
        entry.transpose().map(|entry| entry.map(|entry| entry.salt))
    }

    /// A client file, if the ident was given.
    pub fn client_file(&self, ident: FileIdent) -> Result<Option<ClientFile>, StorageError> {
        self.read(|connection| {
            let Some(salt) = idents::salt(connection, ident)? else { return Ok(None) };
            let mut files = connection.prepare_cached(
                "SELECT client_version, server_version, locked_server_version, expired FROM client_files WHERE ident = ?1",
            )?;
            let row = files.query_row([signed(ident.0)], |row| Ok((number(row, 0)?, number(row, 1)?, number(row, 2)?, row.get(3)?))).optional()?;
            let (client_version, server_version, locked, expired) = row.unwrap_or((0, 0, 0, false));
            let upload = UploadCursor { client_version: ClientVersion(client_version), server_version: ServerVersion(server_version) };
            Ok(Some(ClientFile { salt, upload, locked: ServerVersion(locked), expired }))
        })
    }

    /// The server's own client file: how far its edits have come. It is never given to a client.
    pub fn own_file(&self) -> Result<ClientFile, StorageError> {
        self.read(|connection| {
            let mut files = connection.prepare_cached(
                "SELECT client_version, server_version FROM client_files WHERE ident = ?1",
            )?;
            let found = files
                .query_row([signed(FileIdent::SERVER.0)], |row| {
                    Ok((number(row, 0)?, number(row, 1)?))
                })
                .optional()?;
            let (client_version, server_version) = found.unwrap_or_default();
            Ok(ClientFile {
                salt: Salt(0),
                upload: UploadCursor {
                    client_version: ClientVersion(client_version),
                    server_version: ServerVersion(server_version),
                },
                locked: ServerVersion(0),
                expired: false,
            })
        })
    }

    /// Idents that can be given without reserving any, if there are some.
    pub fn take_idents(&self) -> Option<IdentBlock> {
        let mut idents = self.idents.lock().unwrap_or_else(PoisonError::into_inner);
        idents.take()
    }

    /// Reserves a block of idents; not while a transaction is under way. They can be given, each with [`RealmFile::client_file`]'s salt, when this has returned.
    pub fn reserve_idents(&self) -> Result<IdentBlock, StorageError> {
        self.abandon(); // one that was left open by a panic
        self.make_log_safe()?;
        let block = self.write_side(|connection| idents::reserve(connection, self.random))?;
        self.logged.fetch_add(COMMIT_BYTES, Ordering::Relaxed);
        block.ok_or_else(|| StorageError::io(&self.path, "all client file idents have been given"))
    }

    /// Whether [`RealmFile::note_foreign_files`] was ever called.
    pub fn has_foreign_files(&self) -> Result<bool, StorageError> {
        self.read(|connection| {
            connection
                .prepare_cached("SELECT 1 FROM meta WHERE key = 'foreign_files'")?
                .exists([])
        })
    }

    /// Notes durably that client files of another server came here; not while a transaction is under way.
    pub fn note_foreign_files(&self) -> Result<(), StorageError> {
        self.abandon(); // one that was left open by a panic
        self.make_log_safe()?;
        self.write_side(|connection| {
            connection
                .execute(
                    "INSERT OR REPLACE INTO meta (key, value) VALUES ('foreign_files', 1)",
                    [],
                )
                .map(drop)
        })
    }

    /// The reciprocal forms of a client file after a version and up to another, in order.
    pub fn reciprocal(
        &self,
        ident: FileIdent,
        after: ServerVersion,
        up_to: ServerVersion,
    ) -> Result<Vec<(ServerVersion, Bytes)>, StorageError> {
        let rows = self.read(|connection| {
            let mut statement = connection
                .prepare_cached("SELECT version, changeset, checksum FROM reciprocal WHERE ident = ?1 AND version > ?2 AND version <= ?3 ORDER BY version")?;
            let rows = statement.query_map(params![signed(ident.0), signed(after.0), signed(up_to.0)], |row| {
                Ok((number(row, 0)?, Bytes::from(row.get::<_, Vec<u8>>(1)?), row.get::<_, u32>(2)?))
            })?;
            rows.collect::<Result<Vec<_>, _>>()
        })?;
        rows.into_iter()
            .map(|(version, changeset, sum)| {
                if checksum::of(&[ident.0, version], &changeset) == sum {
                    Ok((ServerVersion(version), changeset))
                } else {
                    Err(self.damaged(format!(
                        "reciprocal form of version {version} for file {ident}"
                    )))
                }
            })
            .collect()
    }

    /// A cell, as the transaction of this file's writer sees it.
    pub fn cell(&self, key: &[u8]) -> Result<Option<Bytes>, StorageError> {
        let mut gap = self.gap.lock().unwrap_or_else(PoisonError::into_inner);
        if gap.as_ref().is_some_and(|gap| gap.has(key)) {
            return Ok(None);
        }
        match self.write_side(|connection| cells::find(connection, key))? {
            Lookup::Cell(found) => self.whole(found).map(|(_, value)| Some(value)),
            Lookup::Nothing(to) => {
                let from = key.to_vec();
                *gap = Some(Gap { from, to });
                Ok(None)
            }
        }
    }

    /// Cells whose key has this prefix and is greater than `after`, in order, as
    /// the transaction of this file's writer sees them.
    pub fn cells(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<(Vec<u8>, Bytes)>, StorageError> {
        let found = self.write_side(|connection| cells::scan(connection, prefix, after, limit))?;
        found.into_iter().map(|found| self.whole(found)).collect()
    }

    /// Begins the transaction of the one who writes: what is read of cells until [`RealmFile::commit`] or [`RealmFile::abandon`] is one snapshot, and
    /// costs no locks.
    pub fn begin(&self) -> Result<(), StorageError> {
        // One that was left open by a panic is worth nothing.
        self.abandon();
        self.make_log_safe()?;
        self.write_side(|connection| connection.execute_batch("BEGIN IMMEDIATE"))
    }

    /// Ends the transaction without writing.
    pub fn abandon(&self) {
        if let Err(error) = self.write_side(|connection| {
            if connection.is_autocommit() {
                Ok(())
            } else {
                connection.execute_batch("ROLLBACK")
            }
        }) {
            tracing::error!(%error, "a transaction could not be rolled back");
        }
    }

    /// Writes a batch in the transaction that was begun, and ends it: all of it is durable, or nothing is written. `expected` is the version before the batch's
    /// first entry.
    pub fn commit(&self, expected: ServerVersion, batch: &Batch) -> Result<(), StorageError> {
        // Nor does anybody find one until this is over.
        let mut gap = self.gap.lock().unwrap_or_else(PoisonError::into_inner);
        *gap = None;
        let committed = self.write_and_commit(expected, batch);
        if committed.is_err() {
            self.abandon();
        }
        committed
    }

    fn write_and_commit(&self, expected: ServerVersion, batch: &Batch) -> Result<(), StorageError> {
        if !batch.entries.is_empty() {
            let last: i64 = self.write_side(|connection| {
                connection
                    .prepare_cached("SELECT coalesce(max(version), 0) FROM history")?
                    .query_row([], |row| row.get(0))
            })?;
            if unsigned(last) != expected.0 {
                return Err(StorageError::Conflict(self.path.to_path_buf()));
            }
        }
        self.write_side(|connection| {
            write(connection, batch)?;
            connection.execute_batch("COMMIT")
        })?;
        self.logged
            .fetch_add(batch.bytes() + COMMIT_BYTES, Ordering::Relaxed);
        Ok(())
    }

    /// Copies the write-ahead log into the database when it has more bytes than that. Readers and later commits are right with or without it.
    pub fn checkpoint(&self, above: usize) -> Result<(), StorageError> {
        let writer = self.writer();
        if self.logged.load(Ordering::Relaxed) < above as u64 {
            return Ok(());
        }
        self.logged.store(0, Ordering::Relaxed);
        writer
            .query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
            .map_err(|cause| classify(&self.path, cause))
    }

    /// To be called before anything is written.
    fn make_log_safe(&self) -> Result<(), StorageError> {
        if self.log_is_safe.load(Ordering::Acquire) {
            return Ok(());
        }
        let _nothing_is_written = self.writer();
        let is_safe =
            log::make_safe(&self.path).map_err(|cause| StorageError::io(&self.path, cause))?;
        self.log_is_safe.store(is_safe, Ordering::Release);
        Ok(())
    }

    fn writer(&self) -> MutexGuard<'_, Connection> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_side<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StorageError> {
        work(&self.writer()).map_err(|cause| classify(&self.path, cause))
    }

    fn read<T>(
        &self,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StorageError> {
        let reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        query(&reader).map_err(|cause| classify(&self.path, cause))
    }

    fn whole(&self, found: Found) -> Result<(Vec<u8>, Bytes), StorageError> {
        match found {
            Found::Whole(key, value) => Ok((key, value)),
            Found::Damaged => Err(self.damaged("a cell of the state".into())),
        }
    }

    fn damaged(&self, what: String) -> StorageError {
        StorageError::Damaged {
            file: self.path.to_path_buf(),
            what,
        }
    }
}

/// The query for what [`entry`] reads, with which rows and in which order. Changesets larger than [`LARGE`] are left out, and read in pieces: for a whole one SQLite would get
/// memory from the system, and give it back, while none of its other connections gets any. Their pages are read twice for that, since the checksum lies behind them.
pub(super) fn select_entries(rest: &str) -> String {
    format!(
        "SELECT version, salt, origin, client_version, timestamp, total_bytes, iif(length(changeset) <= {LARGE}, changeset, NULL), checksum FROM history {rest}"
    )
}

/// The largest changeset that is read at once, in bytes.
const LARGE: usize = 1 << 20;

/// An entry as it lies on disk, if it is as it was written.
pub(super) fn entry(
    path: &Path,
    connection: &Connection,
    row: &Row<'_>,
) -> Result<Entry, StorageError> {
    let read = || {
        let version = number(row, 0)?;
        let entry = Entry {
            version: ServerVersion(version),
            salt: Salt(number(row, 1)?),
            origin: FileIdent(number(row, 2)?),
            client_version: ClientVersion(number(row, 3)?),
            timestamp: OriginTimestamp(number(row, 4)?),
            total_bytes: number(row, 5)?,
            changeset: match row.get_ref(6)?.as_blob_or_null()? {
                Some(whole) => Bytes::copy_from_slice(whole),
                None => in_pieces(connection, version)?,
            },
        };
        Ok((entry, row.get::<_, u32>(7)?))
    };
    let (entry, sum) = read().map_err(|cause| classify(path, cause))?;
    if entry_checksum(&entry) == sum {
        Ok(entry)
    } else {
        Err(StorageError::Damaged {
            file: path.to_owned(),
            what: format!("version {}", entry.version),
        })
    }
}

/// The changeset of a version.
fn in_pieces(connection: &Connection, version: u64) -> rusqlite::Result<Bytes> {
    let blob = connection.blob_open("main", "history", "changeset", signed(version), true)?;
    let mut out = vec![0; blob.len()];
    let mut at = 0;
    for piece in out.chunks_mut(courtesy::PIECE) {
        blob.read_at_exact(piece, at)?;
        courtesy::copied(piece.len());
        at += piece.len();
    }
    Ok(out.into())
}

enum Unusable {
    Database(rusqlite::Error),
    Other(StorageError),
}

impl From<rusqlite::Error> for Unusable {
    fn from(error: rusqlite::Error) -> Unusable {
        Unusable::Database(error)
    }
}

/// Makes the database of a Realm: under another name and without care, then durable and there at once. What nobody has seen yet need not be safe step by step.
/// Its first client file idents are reserved with it, which spares a commit.
pub(super) fn make(
    path: &Path,
    name: &RealmName,
    random: fn() -> u64,
) -> Result<Option<IdentBlock>, StorageError> {
    let unfinished = beside(path, NEW);
    let folder = path.parent().unwrap_or(Path::new("."));
    let failed = |cause| StorageError::io(path, cause);
    let clear = || {
        let mut cleared = false;
        for suffix in BESIDE {
            cleared |= remove_if_there(&beside(path, suffix))?;
        }
        // The log of a Realm that had the name before would be taken for this one's.
        if !cleared {
            return Ok(());
        }
        // What may still be on disk is taken away once more: a later sync would not say so.
        sync_folder(folder).inspect_err(|_| drop(File::create(&unfinished)))
    };
    clear().map_err(failed)?;
    let made = pages::connect(&unfinished).and_then(|connection| {
        pages::protect(&connection)?;
        connection.pragma_update(None, "journal_mode", "OFF")?;
        connection.pragma_update(None, "synchronous", "OFF")?;
        bring_up_to_date(&connection, 0, name)?; // there is nothing that could be damaged
        let idents = idents::reserve(&connection, random)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.close().map_err(|(_, cause)| cause)?;
        Ok(idents)
    });
    let idents = made.map_err(|cause| classify(path, cause))?;
    let finish = || {
        File::open(&unfinished)?.sync_all()?;
        std::fs::rename(&unfinished, path)?;
        // A name that may not be on disk is given again: a later sync would not say so.
        sync_folder(folder).inspect_err(|_| drop(remove_if_there(path)))
    };
    finish().map_err(failed)?;
    Ok(idents)
}

/// Brings a database to the format of this program; `false` if something in it is not as it was written, and then nothing has changed.
fn bring_up_to_date(
    connection: &Connection,
    found: i64,
    name: &RealmName,
) -> rusqlite::Result<bool> {
    let transaction = connection.unchecked_transaction()?;
    if !schema::migrate(&transaction, found)? {
        return Ok(false);
    }
    if found == 0 {
        transaction.execute(
            "INSERT INTO meta (key, value) VALUES ('name', ?1)",
            [name.as_str()],
        )?;
    }
    transaction.commit()?;
    Ok(true)
}

fn prepare_writer(path: &Path, writer: &Connection, name: &RealmName) -> Result<(), Unusable> {
    writer.set_prepared_statement_cache_capacity(32);
    writer.busy_timeout(std::time::Duration::from_secs(10))?;
    let found: i64 = writer.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if found > schema::FORMAT {
        return Err(Unusable::Other(StorageError::TooNew {
            file: path.to_owned(),
            found,
            known: schema::FORMAT,
        }));
    }
    if found < schema::FORMAT {
        pages::protect(writer)?;
    } else if !pages::are_protected(writer)? {
        return Err(Unusable::Other(StorageError::Damaged {
            file: path.to_owned(),
            what: pages::UNPROTECTED.to_owned(),
        }));
    }
    writer.pragma_update(None, "journal_mode", "WAL")?;
    writer.pragma_update(None, "synchronous", "FULL")?;
    writer.pragma_update(None, "wal_autocheckpoint", 0)?;
    writer.pragma_update(None, "cache_size", -2048)?;
    if found < schema::FORMAT && !bring_up_to_date(writer, found, name)? {
        return Err(Unusable::Other(StorageError::Damaged {
            file: path.to_owned(),
            what: "a cell of the state".into(),
        }));
    }
    let stored: String =
        writer.query_row("SELECT value FROM meta WHERE key = 'name'", [], |row| {
            row.get(0)
        })?;
    if stored != name.as_str() {
        let what = format!("it holds the Realm {stored}, not {name}");
        return Err(Unusable::Other(StorageError::Damaged {
            file: path.to_owned(),
            what,
        }));
    }
    Ok(())
}

fn write(connection: &Connection, batch: &Batch) -> rusqlite::Result<()> {
    let mut entries = connection.prepare_cached(
        "INSERT INTO history (version, salt, origin, client_version, timestamp, total_bytes, changeset, checksum) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    for entry in &batch.entries {
        entries.execute(params![
            signed(entry.version.0),
            signed(entry.salt.0),
            signed(entry.origin.0),
            signed(entry.client_version.0),
            signed(entry.timestamp.0),
            signed(entry.total_bytes),
            &entry.changeset[..],
            entry_checksum(entry)
        ])?;
    }
    let mut files = connection.prepare_cached(
        "INSERT OR REPLACE INTO client_files (ident, client_version, server_version, locked_server_version, expired) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    for (ident, file) in &batch.files {
        let UploadCursor {
            client_version,
            server_version,
        } = file.upload;
        files.execute(params![
            signed(ident.0),
            signed(client_version.0),
            signed(server_version.0),
            signed(file.locked.0),
            file.expired
        ])?;
    }
    let mut trimmed =
        connection.prepare_cached("DELETE FROM reciprocal WHERE ident = ?1 AND version <= ?2")?;
    for (ident, version) in &batch.trimmed {
        trimmed.execute(params![signed(ident.0), signed(version.0)])?;
    }
    let mut reciprocal =
        connection.prepare_cached("INSERT OR REPLACE INTO reciprocal (ident, version, changeset, checksum) VALUES (?1, ?2, ?3, ?4)")?;
    for (ident, version, changeset) in &batch.reciprocal {
        reciprocal.execute(params![
            signed(ident.0),
            signed(version.0),
            changeset,
            checksum::of(&[ident.0, version.0], changeset)
        ])?;
    }
    cells::write(connection, &batch.cells)
}

fn entry_checksum(entry: &Entry) -> u32 {
    let numbers = [
        entry.version.0,
        entry.salt.0,
        entry.origin.0,
        entry.client_version.0,
        entry.timestamp.0,
        entry.total_bytes,
    ];
    checksum::of(&numbers, &entry.changeset)
}

pub(super) fn nonzero(number: u64) -> u64 {
    (number & MAX_NUMBER).max(1)
}

pub(super) fn classify(path: &Path, cause: rusqlite::Error) -> StorageError {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
    match cause.sqlite_error_code() {
        Some(DatabaseCorrupt | NotADatabase) => StorageError::Damaged {
            file: path.to_owned(),
            what: cause.to_string(),
        },
        Some(_) if pages::found_damage(&cause) => StorageError::Damaged {
            file: path.to_owned(),
            what: "a page has not the checksum that it was written with".to_owned(),
        },
        Some(_) | None => StorageError::io(path, cause),
    }
}

/// All our numbers are below 2^63.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(super) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

pub(super) fn number(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    row.get::<_, i64>(column).map(unsigned)
}

/// The newest version with its salt.
impl From<&Entry> for SaltedVersion {
    fn from(entry: &Entry) -> SaltedVersion {
        SaltedVersion {
            version: entry.version,
            salt: entry.salt,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Store;
    use super::*;

    fn store() -> (tempfile::TempDir, Store, RealmName) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), || 1).unwrap();
        (folder, store, RealmName::from_canonical("/realm"))
    }

    #[test]
    fn a_new_realm_has_nothing_of_one_that_had_its_name() {
        let (_folder, store, realm) = store();
        let file = store.realm(&realm, true).unwrap();
        file.note_foreign_files().unwrap();
        let path = file.path().to_owned();
        let log = std::fs::read(log::of(&path)).unwrap();
        assert!(!log.is_empty());
        drop(file);
        store.erase(&realm).unwrap();
        // As if the removal had been interrupted.
        std::fs::write(log::of(&path), log).unwrap();
        std::fs::write(beside(&path, NEW), "half of it").unwrap();
        let file = store.realm(&realm, true).unwrap();
        assert!(!file.has_foreign_files().unwrap());
        drop(file);
        assert_eq!(
            std::fs::read_dir(path.parent().unwrap()).unwrap().count(),
            1
        );
    }

    #[test]
    fn a_realm_that_cannot_be_seen_is_not_made_anew() {
        let (_folder, store, realm) = store();
        let path = store.realm(&realm, true).unwrap().path().to_owned();
        std::fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink("/not/mounted/realm.db", &path).unwrap();
        std::fs::write(log::of(&path), "acknowledged").unwrap();
        assert!(store.realm(&realm, true).is_err());
        assert!(path.is_symlink() && log::of(&path).exists());
    }

    #[test]
    fn a_realm_that_cannot_be_seen_does_not_count_as_removed() {
        let (_folder, store, _) = store();
        let realm = RealmName::from_canonical("/ada/notes");
        let path = store.realm(&realm, true).unwrap().path().to_owned();
        let (folder, away) = (path.parent().unwrap(), store.root().join("away"));
        std::fs::rename(folder, &away).unwrap();
        std::os::unix::fs::symlink("/not/mounted", folder).unwrap();
        assert!(store.is_missing(&realm).is_err());
        assert!(store.erase(&realm).is_err());
        std::fs::remove_file(folder).unwrap();
        std::fs::rename(&away, folder).unwrap();
        store.erase(&realm).unwrap();
        assert!(store.is_missing(&realm).unwrap());
        store.erase(&realm).unwrap();
    }

    #[test]
    fn what_is_committed_is_found_by_who_looks_meanwhile() {
        let (_folder, store, realm) = store();
        let file = store.realm(&realm, true).unwrap();
        for number in (0..200).rev() {
            let key = format!("o{number:03}").into_bytes();
            let batch = Batch {
                cells: vec![(key.clone(), Some(Bytes::from_static(b"1")))],
                ..Batch::default()
            };
            file.begin().unwrap();
            assert!(file.cell(&key).unwrap().is_none()); // that there is nothing is known now
            std::thread::scope(|scope| {
                let others = file.writer();
                let committer = scope.spawn(|| file.commit(ServerVersion(0), &batch));
                while file.gap.try_lock().is_ok_and(|gap| gap.is_some()) {
                    std::thread::yield_now();
                }
                drop(others);
                file.cell(b"n").unwrap(); // as one who reads the schema
                committer.join().unwrap().unwrap();
            });
            assert!(file.cell(&key).unwrap().is_some(), "{number}");
        }
    }

    #[test]
    fn changesets_of_every_size_are_read_as_they_were_written() {
        let (_folder, store, realm) = store();
        let file = store.realm(&realm, true).unwrap();
        let sizes = [0, 1, LARGE - 1, LARGE, LARGE + 1, 3 * LARGE + 5];
        let entries: Vec<Entry> = (1..)
            .zip(sizes)
            .map(|(version, size)| Entry {
                version: ServerVersion(version),
                salt: Salt(7),
                origin: FileIdent(2),
                client_version: ClientVersion(version),
                timestamp: OriginTimestamp(5),
                total_bytes: 0,
                changeset: (0..size).map(|at| (at % 251) as u8).collect(),
            })
            .collect();
        file.begin().unwrap();
        let batch = Batch {
            entries: entries.iter().cloned().map(Arc::new).collect(),
            ..Batch::default()
        };
        file.commit(ServerVersion(0), &batch).unwrap();
        let (first, last) = (ServerVersion(0), ServerVersion(6));
        assert_eq!(file.entries(first, last, usize::MAX).unwrap(), entries);
        assert_eq!(file.last().unwrap(), entries.last().cloned());
        let changed =
            "UPDATE history SET changeset = CAST(changeset || x'00' AS BLOB) WHERE version = 6";
        file.writer().execute(changed, []).unwrap();
        let damaged = file.last();
        assert!(
            matches!(damaged, Err(StorageError::Damaged { .. })),
            "{damaged:?}"
        );
    }
}
