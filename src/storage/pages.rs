//! A checksum on every page of a database, below SQLite.
//!
//! Checksums of rows find a row that has changed; a page that lost rows, or points to the wrong place, they do not. So the last eight bytes of each page are kept
//! free of rows (the header's "reserved space"), and hold CRC-32 over the page's number (4 bytes little endian, the first is 0) and its other bytes, and four zeros. They are written whenever a page goes
//! to the database and verified whenever one comes from there; SQLite's write-ahead log has checksums of its own. A page of zeros only was never written and has none.
//!
//! The room's only unsafe code: SQLite's interface for file systems is C. Each open database has a table of methods of its own behind SQLite's file structure: a copy
//! of the system's, with other reading and writing, and another barrier.

#![allow(unsafe_code)]

use std::ffi::{CStr, c_char, c_int, c_void};
use std::mem::{align_of, size_of};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr;
use std::slice;
use std::sync::OnceLock;
use std::sync::atomic::{Ordering, fence};

use crc32fast::Hasher;
use rusqlite::{Connection, OpenFlags, ffi};

use crate::courtesy;

/// The name of the file system that keeps the checksums.
const NAME: &CStr = c"ros";
/// The parameter of a database's URI that says that its pages have checksums, until its first page has been seen.
const WITH_CHECKSUMS: &CStr = c"checksums";
/// Bytes of a page that are its checksum's.
const RESERVED: u8 = 8;
/// The largest page that SQLite knows.
const MAX_PAGE: usize = 65_536;
/// Where a database's header has the page's size, and the bytes reserved on each.
const PAGE_SIZE_AT: usize = 16;
const RESERVED_AT: usize = 20;
const HEADER: usize = 100;
/// Bytes that are read, and written, with an effort of one: mostly what the system copies.
const READING: usize = 8;
const WRITING: usize = 4;
/// The effort of opening a file, about.
const OPENING: usize = 16 << 10;
const MAGIC: &[u8] = b"SQLite format 3\0";

/// Opens a database, made if it is missing, for reading and writing.
pub fn connect(path: &Path) -> rusqlite::Result<Connection> {
    open(path, OpenFlags::default())
}

/// Opens a database.
pub fn open(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    register()?;
    let connection = Connection::open_with_flags_and_vfs(path, flags, NAME)?;
    keep_little(&connection)?;
    Ok(connection)
}

/// Opens a database with a parameter of SQLite's URIs.
pub fn open_with(path: &Path, flags: OpenFlags, parameter: &str) -> rusqlite::Result<Connection> {
    let mut uri = String::from("file:");
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => {
                uri.push((*byte).into());
            }
            byte => uri += &format!("%{byte:02X}"),
        }
    }
    uri.push('?');
    uri += parameter;
    open(Path::new(&uri), flags | OpenFlags::SQLITE_OPEN_URI)
}

/// Makes a database that gets the pages of another, whose pages have checksums or have none. The first page, which says so, comes last.
pub fn new_copy(path: &Path, are_protected: bool) -> rusqlite::Result<Connection> {
    let parameter = if are_protected {
        "checksums=1"
    } else {
        "checksums=0"
    };
    open_with(path, OpenFlags::default(), parameter)
}

/// Whether the pages of a database have checksums.
pub fn are_protected(connection: &Connection) -> rusqlite::Result<bool> {
    reserve(connection, -1).map(|bytes| bytes == c_int::from(RESERVED))
}

/// Gives the pages of a database checksums: at once if it is empty, else by writing all of it anew, which survives a crash at any moment. Not inside a transaction.
pub fn protect(connection: &Connection) -> rusqlite::Result<()> {
    if are_protected(connection)? {
        return Ok(());
    }
    reserve(connection, RESERVED.into())?;
    let pages: i64 = connection.pragma_query_value(None, "page_count", |row| row.get(0))?;
    if pages == 0 {
        return Ok(());
    }
    connection.execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE)")
}

/// What is wrong with a database whose format says that its pages have checksums, where they have none.
pub const UNPROTECTED: &str = "its pages have no checksums";

/// Whether an error says that a page has not the checksum that it was written with.
pub fn found_damage(error: &rusqlite::Error) -> bool {
    error
        .sqlite_error()
        .is_some_and(|error| error.extended_code == ffi::SQLITE_IOERR_DATA)
}

/// Slots of memory, and bytes in each, that a connection sets aside for small things. SQLite's own default is 48 KiB, most of what an open Realm takes.
const SLOTS: c_int = 32;
const SLOT: c_int = 256;

/// A connection that was just opened keeps little memory.
fn keep_little(connection: &Connection) -> rusqlite::Result<()> {
    // SAFETY: the handle is open as long as `connection` is borrowed; the operation takes a pointer (none: SQLite gets the memory itself) and two ints.
    done(unsafe {
        let own = ptr::null_mut::<c_void>();
        let handle = connection.handle();
        ffi::sqlite3_db_config(handle, ffi::SQLITE_DBCONFIG_LOOKASIDE, own, SLOT, SLOTS)
    })
}

/// Wants so many bytes of each page reserved, none if negative; how many are, or will be with the next `VACUUM`.
fn reserve(connection: &Connection, mut bytes: c_int) -> rusqlite::Result<c_int> {
    // SAFETY: the handle is open as long as `connection` is borrowed; the operation takes a pointer to an int.
    let code = unsafe {
        let bytes = ptr::from_mut(&mut bytes).cast();
        let handle = connection.handle();
        ffi::sqlite3_file_control(
            handle,
            c"main".as_ptr(),
            ffi::SQLITE_FCNTL_RESERVE_BYTES,
            bytes,
        )
    };
    done(code).map(|()| bytes)
}

fn done(code: c_int) -> rusqlite::Result<()> {
    match code {
        ffi::SQLITE_OK => Ok(()),
        code => Err(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None)),
    }
}

/// What is known of a database, and what is done about its pages.
#[derive(Clone, Copy)]
struct Pages {
    /// Bytes in a page; 0: not known yet.
    size: usize,
    are_protected: bool,
}

impl Pages {
    /// Looks at the first bytes of a database.
    fn learn(&mut self, header: &[u8]) -> Result<(), Damaged> {
        if header.len() < HEADER || !header.starts_with(MAGIC) {
            return Ok(());
        }
        self.size = match u16::from_be_bytes([header[PAGE_SIZE_AT], header[PAGE_SIZE_AT + 1]]) {
            1 => MAX_PAGE,
            size => size.into(),
        };
        self.are_protected = match header[RESERVED_AT] {
            0 => false,
            RESERVED => true,
            _ => return Err(Damaged),
        };
        Ok(())
    }

    /// The number of the page that `bytes` are, if it has a checksum.
    fn page(&self, bytes: &[u8], offset: i64) -> Option<u32> {
        let is_page = self.are_protected
            && bytes.len() >= 512
            && (self.size == bytes.len() || self.size == 0);
        let number = offset.checked_div(i64::try_from(bytes.len()).ok()?)?;
        u32::try_from(number).ok().filter(|_| is_page)
    }

    fn has_read(&mut self, bytes: &[u8], offset: i64) -> Result<(), Damaged> {
        if offset == 0 {
            self.learn(bytes)?;
        }
        match self.page(bytes, offset) {
            Some(number)
                if bytes[bytes.len() - usize::from(RESERVED)..] != checksum(number, bytes)
                    && bytes.iter().any(|byte| *byte != 0) =>
            {
                Err(Damaged)
            }
            Some(_) | None => Ok(()),
        }
    }
}

struct Damaged;

/// The last bytes of a page.
fn checksum(number: u32, page: &[u8]) -> [u8; RESERVED as usize] {
    let mut hasher = Hasher::new();
    hasher.update(&number.to_le_bytes());
    hasher.update(&page[..page.len() - usize::from(RESERVED)]);
    let [a, b, c, d] = hasher.finalize().to_le_bytes();
    [a, b, c, d, 0, 0, 0, 0]
}

/// What stands behind the system's structure of an open database.
#[repr(C)]
struct Behind {
    methods: ffi::sqlite3_io_methods,
    read: Read,
    write: Write,
    pages: Pages,
}

type Read = unsafe extern "C" fn(*mut ffi::sqlite3_file, *mut c_void, c_int, i64) -> c_int;
type Write = unsafe extern "C" fn(*mut ffi::sqlite3_file, *const c_void, c_int, i64) -> c_int;

/// The system's own file system.
struct System {
    vfs: *mut ffi::sqlite3_vfs,
    /// Where [`Behind`] lies in a file.
    behind: usize,
    registered: c_int,
}

// SAFETY: SQLite's file systems are made to be used from all threads, and this one's structure is never changed.
unsafe impl Send for System {}
unsafe impl Sync for System {}

static SYSTEM: OnceLock<System> = OnceLock::new();

fn register() -> rusqlite::Result<()> {
    let system = SYSTEM.get_or_init(|| {
        // SAFETY: the system's structure lives as long as the process; ours is leaked, so it does too.
        unsafe {
            let vfs = ffi::sqlite3_vfs_find(ptr::null());
            let Some(system) = vfs.as_ref() else {
                return System {
                    vfs,
                    behind: 0,
                    registered: ffi::SQLITE_ERROR,
                };
            };
            let behind = usize::try_from(system.szOsFile).unwrap_or_default();
            let behind = behind.next_multiple_of(align_of::<Behind>());
            let size = c_int::try_from(behind + size_of::<Behind>()).unwrap_or(c_int::MAX);
            let ours = Box::leak(Box::new(ffi::sqlite3_vfs {
                szOsFile: size,
                pNext: ptr::null_mut(),
                zName: NAME.as_ptr(),
                xOpen: Some(open_file),
                ..*system
            }));
            System {
                vfs,
                behind,
                registered: ffi::sqlite3_vfs_register(ours, 0),
            }
        }
    });
    done(system.registered)
}

/// SAFETY: called by SQLite, with `file` of the size that was registered.
unsafe extern "C" fn open_file(
    _: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    // SAFETY: see above; `xOpen` of the system gets its own structure, and a file that begins as its own do.
    unsafe {
        let Some(system) = SYSTEM.get() else {
            return ffi::SQLITE_ERROR;
        };
        let Some(open) = (*system.vfs).xOpen else {
            return ffi::SQLITE_ERROR;
        };
        let code = open(system.vfs, name, file, flags, out_flags);
        courtesy::did(OPENING);
        if code != ffi::SQLITE_OK || flags & ffi::SQLITE_OPEN_MAIN_DB == 0 {
            return code;
        }
        let Some(methods) = (*file).pMethods.as_ref() else {
            return code;
        };
        let (Some(read), Some(write)) = (methods.xRead, methods.xWrite) else {
            return code;
        };
        let methods = ffi::sqlite3_io_methods {
            // Version 3 has reading from mapped memory, which would go around `read_file`.
            iVersion: methods.iVersion.min(2),
            xRead: Some(read_file),
            xWrite: Some(write_file),
            xShmBarrier: Some(barrier),
            ..*methods
        };
        let are_protected = ffi::sqlite3_uri_boolean(name, WITH_CHECKSUMS.as_ptr(), 0) != 0;
        let pages = Pages {
            size: 0,
            are_protected,
        };
        let behind = behind(system, file);
        behind.write(Behind {
            methods,
            read,
            write,
            pages,
        });
        (*file).pMethods = &raw const (*behind).methods;
        code
    }
}

/// SAFETY: `file` has the size that was registered.
unsafe fn behind(system: &System, file: *mut ffi::sqlite3_file) -> *mut Behind {
    // SAFETY: see above; SQLite aligns its files to eight bytes.
    unsafe { file.byte_add(system.behind).cast() }
}

/// SAFETY: called by SQLite, with a file that [`open_file`] has opened and a buffer of `amount` bytes.
unsafe extern "C" fn read_file(
    file: *mut ffi::sqlite3_file,
    buffer: *mut c_void,
    amount: c_int,
    offset: i64,
) -> c_int {
    // SAFETY: see above; SQLite lets one thread at a time use a file.
    unsafe {
        let Some(system) = SYSTEM.get() else {
            return ffi::SQLITE_IOERR_READ;
        };
        let behind = behind(system, file);
        let code = ((*behind).read)(file, buffer, amount, offset);
        // Where a file ends too early, the rest of the buffer is zeros, which SQLite takes for a page's.
        if !matches!(code, ffi::SQLITE_OK | ffi::SQLITE_IOERR_SHORT_READ) {
            return code;
        }
        let bytes = slice::from_raw_parts(buffer.cast(), usize::try_from(amount).unwrap_or(0));
        courtesy::did(bytes.len() / READING);
        // Alone: SQLite reads the methods beside it whenever it likes.
        let pages = &mut (*behind).pages;
        match pages.has_read(bytes, offset) {
            Ok(()) => code,
            Err(Damaged) => ffi::SQLITE_IOERR_DATA,
        }
    }
}

/// SAFETY: as for [`read_file`].
unsafe extern "C" fn write_file(
    file: *mut ffi::sqlite3_file,
    buffer: *const c_void,
    amount: c_int,
    offset: i64,
) -> c_int {
    // SAFETY: see above.
    unsafe {
        let Some(system) = SYSTEM.get() else {
            return ffi::SQLITE_IOERR_WRITE;
        };
        let behind = behind(system, file);
        let write = (*behind).write;
        let pages = &mut (*behind).pages;
        let bytes = slice::from_raw_parts(buffer.cast(), usize::try_from(amount).unwrap_or(0));
        courtesy::did(bytes.len() / WRITING);
        if offset == 0 && pages.learn(bytes).is_err() {
            return ffi::SQLITE_IOERR_DATA;
        }
        let Some(number) = pages.page(bytes, offset) else {
            return write(file, buffer, amount, offset);
        };
        let mut page = bytes.to_vec();
        let end = page.len() - usize::from(RESERVED);
        page[end..].copy_from_slice(&checksum(number, bytes));
        write(file, page.as_ptr().cast(), amount, offset)
    }
}

/// What is before it in memory that databases share with other processes comes before what is after it. The system's own takes the lock of all its open files besides, which is held by whoever
/// closes one for as long as the disk takes to remove it; so each commit to any database would wait for that.
unsafe extern "C" fn barrier(_: *mut ffi::sqlite3_file) {
    fence(Ordering::SeqCst);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn number(connection: &Connection) -> rusqlite::Result<i64> {
        connection.query_row("SELECT count(*) + sum(length(t)) FROM words", [], |row| {
            row.get(0)
        })
    }

    fn fill(connection: &Connection) {
        connection
            .execute_batch(
                "PRAGMA journal_mode = WAL; CREATE TABLE words (t TEXT); \
                 WITH RECURSIVE n(i) AS (SELECT 1 UNION SELECT i + 1 FROM n WHERE i < 300) \
                 INSERT INTO words SELECT hex(randomblob(20)) || i FROM n; \
                 INSERT INTO words VALUES (hex(zeroblob(20000)))",
            )
            .unwrap();
    }

    /// Every page of a file that nobody has open has its checksum.
    fn assert_protected(path: &Path) {
        let bytes = fs::read(path).unwrap();
        assert!(bytes.len() > 5 * 4096);
        for (number, page) in bytes.chunks(4096).enumerate() {
            let sum = checksum(u32::try_from(number).unwrap(), page);
            assert_eq!(page[4088..], sum, "page {number}");
        }
    }

    #[test]
    fn a_new_database_has_checksums_and_any_changed_byte_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let connection = connect(&path).unwrap();
        protect(&connection).unwrap();
        fill(&connection);
        drop(connection);
        assert_protected(&path);
        let whole = fs::read(&path).unwrap();
        for at in (0..whole.len()).step_by(97) {
            let mut bytes = whole.clone();
            bytes[at] ^= 1 << (at % 8);
            fs::write(&path, bytes).unwrap();
            let read = connect(&path).and_then(|connection| {
                let all: String =
                    connection.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
                Ok((are_protected(&connection)?, all))
            });
            let is_found = match &read {
                Ok((are_protected, all)) => !are_protected || all != "ok",
                Err(_) => true,
            };
            assert!(is_found, "byte {at}");
        }
    }

    #[test]
    fn pages_that_have_changed_places_are_found() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let connection = connect(&path).unwrap();
        protect(&connection).unwrap();
        fill(&connection);
        drop(connection);
        let mut bytes = fs::read(&path).unwrap();
        let (left, right) = bytes[3 * 4096..].split_at_mut(4096);
        left.swap_with_slice(&mut right[..4096]);
        fs::write(&path, bytes).unwrap();
        let error = number(&connect(&path).unwrap()).unwrap_err();
        assert!(found_damage(&error), "{error}");
    }

    #[test]
    fn a_file_that_ends_within_a_page_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let connection = connect(&path).unwrap();
        protect(&connection).unwrap();
        fill(&connection);
        drop(connection);
        let whole = fs::read(&path).unwrap();
        for missing in [8, 100, 2048, 4095] {
            fs::write(&path, &whole[..whole.len() - missing]).unwrap();
            let connection = connect(&path).unwrap();
            let all = "SELECT sum(length(t || 'x')) FROM words";
            let read = connection.query_row(all, [], |row| row.get::<_, i64>(0));
            assert!(found_damage(&read.unwrap_err()), "{missing}");
        }
    }

    #[test]
    fn a_database_that_has_none_gets_them() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        fill(&Connection::open(&path).unwrap());
        let connection = connect(&path).unwrap();
        assert!(!are_protected(&connection).unwrap());
        let expected = number(&connection).unwrap();
        protect(&connection).unwrap();
        assert!(are_protected(&connection).unwrap());
        drop(connection);
        assert_protected(&path);
        assert_eq!(number(&connect(&path).unwrap()).unwrap(), expected);
    }

    #[test]
    fn a_crash_while_they_are_given_loses_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        fill(&Connection::open(&path).unwrap());
        let connection = connect(&path).unwrap();
        let expected = number(&connection).unwrap();
        reserve(&connection, RESERVED.into()).unwrap();
        connection.execute_batch("VACUUM").unwrap();
        // What a process that ends here leaves: the log that says all, and the database as far as it was written.
        let log = |path: &Path| crate::storage::log::of(path);
        let (old, written) = (fs::read(&path).unwrap(), fs::read(log(&path)).unwrap());
        connection
            .execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")
            .unwrap();
        drop(connection);
        let new = fs::read(&path).unwrap();
        for pages in 0..=new.len() / 4096 {
            let copy = folder.path().join(format!("{pages}.db"));
            let mut bytes = new[..pages * 4096].to_vec();
            bytes.extend(old.get(bytes.len()..).unwrap_or_default());
            fs::write(&copy, bytes).unwrap();
            fs::write(log(&copy), &written).unwrap();
            let connection = connect(&copy).unwrap();
            assert_eq!(number(&connection).unwrap(), expected);
            drop(connection);
            assert_protected(&copy);
        }
    }
}
