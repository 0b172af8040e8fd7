//! The server's own database: users, their accounts and sessions, and the list of Realms.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, OptionalExtension, params};

use super::StorageError;

/// The open database.
pub struct AdminFile {
    path: PathBuf,
    connection: Mutex<Connection>,
}

/// A user as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRow {
    /// The id: 24 hex digits.
    pub id: String,
    /// The app.
    pub app: String,
    /// Whether the user is suspended.
    pub suspended: bool,
}

/// A way for a user to sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountRow {
    /// The account's own id: 24 hex digits.
    pub id: String,
    /// The user it belongs to.
    pub user: String,
    /// The provider, as SDKs name it.
    pub provider: String,
    /// The name with the provider; the e-mail address for passwords.
    pub name: String,
    /// The password's hash in PHC form, for passwords.
    pub password_hash: Option<String>,
}

/// A session: what a refresh token stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// The session's id.
    pub id: String,
    /// The user.
    pub user: String,
    /// The device.
    pub device: String,
    /// When it ends, in Unix seconds.
    pub expires: u64,
}

/// The format that this program writes.
const FORMAT: i64 = 1;

const TABLES: &str = "
    CREATE TABLE users (
        id TEXT PRIMARY KEY,
        app TEXT NOT NULL,
        suspended INTEGER NOT NULL DEFAULT 0,
        created INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE accounts (
        app TEXT NOT NULL,
        provider TEXT NOT NULL,
        name TEXT NOT NULL,
        id TEXT NOT NULL,
        user TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        password_hash TEXT,
        PRIMARY KEY (app, provider, name)
    ) WITHOUT ROWID;
    CREATE INDEX accounts_of_user ON accounts (user);
    CREATE TABLE sessions (
        id TEXT PRIMARY KEY,
        user TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        device TEXT NOT NULL,
        expires INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX sessions_of_user ON sessions (user);
    CREATE TABLE realms (
        name TEXT PRIMARY KEY,
        owner TEXT,
        created INTEGER NOT NULL
    ) WITHOUT ROWID;
";

impl AdminFile {
    /// Opens `admin.db` in a data folder, making it if it is missing.
    pub fn open(root: &Path) -> Result<AdminFile, StorageError> {
        use std::os::unix::fs::PermissionsExt;
        let path = root.join("admin.db");
        let open = || {
            let connection = Connection::open(&path)?;
            connection.pragma_update(None, "journal_mode", "WAL")?;
            connection.pragma_update(None, "synchronous", "FULL")?;
            connection.pragma_update(None, "foreign_keys", true)?;
            let found: i64 =
                connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
            if found == 0 {
                let transaction = connection.unchecked_transaction()?;
                transaction.execute_batch(TABLES)?;
                transaction.pragma_update(None, "user_version", FORMAT)?;
                transaction.commit()?;
            }
            Ok((connection, found))
        };
        let (connection, found) =
            open().map_err(|error: rusqlite::Error| StorageError::io(&path, error))?;
        if found > FORMAT {
            return Err(StorageError::TooNew {
                file: path,
                found,
                known: FORMAT,
            });
        }
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))
            .map_err(|error| StorageError::io(&path, error))?;
        Ok(AdminFile {
            path,
            connection: Mutex::new(connection),
        })
    }

    /// Adds a user with its account and a session. Without effect, and `false`, if another has the account's name already.
    pub fn add_user(
        &self,
        user: &UserRow,
        account: &AccountRow,
        now: u64,
    ) -> Result<bool, StorageError> {
        self.write(|connection| {
            connection.execute("INSERT INTO users (id, app, suspended, created) VALUES (?1, ?2, ?3, ?4)", params![
                user.id, user.app, user.suspended, seconds(now)
            ])?;
            let added = connection.execute(
                "INSERT OR IGNORE INTO accounts (app, provider, name, id, user, password_hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![user.app, account.provider, account.name, account.id, user.id, account.password_hash],
            )?;
            Ok(added == 1)
        })
    }

    /// The account of a name.
    pub fn account(
        &self,
        app: &str,
        provider: &str,
        name: &str,
    ) -> Result<Option<AccountRow>, StorageError> {
        self.read(|connection| {
            let mut statement = connection
                .prepare_cached("SELECT id, user, provider, name, password_hash FROM accounts WHERE app = ?1 AND provider = ?2 AND name = ?3")?;
            statement.query_row(params![app, provider, name], account).optional()
        })
    }

    /// All accounts of a user.
    pub fn accounts(&self, user: &str) -> Result<Vec<AccountRow>, StorageError> {
        self.read(|connection| {
            let mut statement =
                connection.prepare_cached("SELECT id, user, provider, name, password_hash FROM accounts WHERE user = ?1 ORDER BY provider, name")?;
            statement.query_map([user], account)?.collect()
        })
    }

    /// A user.
    pub fn user(&self, id: &str) -> Result<Option<UserRow>, StorageError> {
        self.read(|connection| {
            let mut statement =
                connection.prepare_cached("SELECT id, app, suspended FROM users WHERE id = ?1")?;
            statement
                .query_row([id], |row| {
                    Ok(UserRow {
                        id: row.get(0)?,
                        app: row.get(1)?,
                        suspended: row.get(2)?,
                    })
                })
                .optional()
        })
    }

    /// Removes a user with its accounts and sessions. Whether there was one.
    pub fn remove_user(&self, id: &str) -> Result<bool, StorageError> {
        self.write(|connection| {
            Ok(connection.execute("DELETE FROM users WHERE id = ?1", [id])? == 1)
        })
    }

    /// Adds a session, and removes this user's that have ended.
    pub fn add_session(&self, session: &SessionRow, now: u64) -> Result<(), StorageError> {
        self.write(|connection| {
            connection.execute(
                "DELETE FROM sessions WHERE user = ?1 AND expires < ?2",
                params![session.user, seconds(now)],
            )?;
            connection.execute(
                "INSERT INTO sessions (id, user, device, expires) VALUES (?1, ?2, ?3, ?4)",
                params![
                    session.id,
                    session.user,
                    session.device,
                    seconds(session.expires)
                ],
            )?;
            Ok(true)
        })
        .map(drop)
    }

    /// A session.
    pub fn session(&self, id: &str) -> Result<Option<SessionRow>, StorageError> {
        self.read(|connection| {
            let mut statement = connection
                .prepare_cached("SELECT id, user, device, expires FROM sessions WHERE id = ?1")?;
            let row = |row: &rusqlite::Row<'_>| {
                let expires: i64 = row.get(3)?;
                Ok(SessionRow {
                    id: row.get(0)?,
                    user: row.get(1)?,
                    device: row.get(2)?,
                    expires: u64::try_from(expires).unwrap_or_default(),
                })
            };
            statement.query_row([id], row).optional()
        })
    }

    /// Ends a session.
    pub fn remove_session(&self, id: &str) -> Result<(), StorageError> {
        self.write(|connection| {
            connection
                .execute("DELETE FROM sessions WHERE id = ?1", [id])
                .map(|_| true)
        })
        .map(drop)
    }

    /// Notes a Realm, before its file is made. A Realm that is there already stays as it is.
    pub fn add_realm(&self, name: &str, owner: Option<&str>, now: u64) -> Result<(), StorageError> {
        self.write(|connection| {
            connection.execute(
                "INSERT OR IGNORE INTO realms (name, owner, created) VALUES (?1, ?2, ?3)",
                params![name, owner, seconds(now)],
            )?;
            Ok(true)
        })
        .map(drop)
    }

    /// Whether a Realm is noted.
    pub fn has_realm(&self, name: &str) -> Result<bool, StorageError> {
        self.read(|connection| {
            connection
                .prepare_cached("SELECT 1 FROM realms WHERE name = ?1")?
                .exists([name])
        })
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn read<T>(
        &self,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StorageError> {
        query(&self.lock()).map_err(|error| StorageError::io(&self.path, error))
    }

    /// Runs a change in a transaction, which is taken back when it fails or says `false`.
    fn write(
        &self,
        change: impl FnOnce(&Connection) -> rusqlite::Result<bool>,
    ) -> Result<bool, StorageError> {
        let run = || {
            let mut connection = self.lock();
            let transaction = connection.transaction()?;
            let done = change(&transaction)?;
            if done {
                transaction.commit()?
            } else {
                transaction.rollback()?
            }
            Ok(done)
        };
        run().map_err(|error: rusqlite::Error| StorageError::io(&self.path, error))
    }
}

fn account(row: &rusqlite::Row<'_>) -> rusqlite::Result<AccountRow> {
    Ok(AccountRow {
        id: row.get(0)?,
        user: row.get(1)?,
        provider: row.get(2)?,
        name: row.get(3)?,
        password_hash: row.get(4)?,
    })
}

fn seconds(time: u64) -> i64 {
    i64::try_from(time).unwrap_or(i64::MAX)
}
