//! A sync client: sign in, open Realms, write, wait, observe.
//!
//! What the commands of this program stand on, and what a Rust program can use that wants to take part in a Realm. The copy of the Realm is a
//! [`Replica`](crate::replica::Replica), in memory or in a file; a task keeps it in sync for as long as the [`Realm`] is held: it comes back after lost
//! connections, gets a new access token when the old one has expired, and carries out client resets.
//!
//! ```no_run
#![doc = include_str!("../../tests/client/example.rs")]
//! # fn main() {}
//! ```

mod account;
mod address;
mod admin;
mod link;
pub mod permissions;
mod realm;
mod socket;

use std::time::Duration;

pub use account::{Credentials, Server, User};
pub use address::{BadAddress, RealmAddress};
pub use realm::{Changes, Realm};

pub use crate::replica::{ResetMode, Touch, Touched, Transaction, WriteError};

use crate::changeset::{Key, Path, Text};
use crate::replica::ReplicaError;
use crate::storage::StorageError;
use crate::wire::ToldError;

/// Where the copy of a Realm is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In memory, for as long as it is open.
    Memory,
    /// In a file, which one process at a time may have open.
    File(std::path::PathBuf),
}

/// How a Realm is kept in sync.
#[derive(Debug, Clone)]
pub struct Options {
    /// What becomes of unsynced changes at a client reset.
    pub reset: ResetMode,
    /// Whether small messages are sent at once (TCP_NODELAY).
    pub nodelay: bool,
    /// How long a connection may take to be made, and a PING to be answered.
    pub timeout: Duration,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            reset: ResetMode::Recover,
            nodelay: true,
            timeout: Duration::from_secs(30),
        }
    }
}

/// What a client can fail with.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ClientError {
    /// The text is no URL of a server.
    #[error("{0} is no URL of a server: http(s)://HOST[:PORT] or realm(s)://HOST[:PORT]")]
    BadUrl(String),
    /// Nothing answers there, or not in time.
    #[error("cannot reach {url}: {cause}")]
    Unreachable {
        /// Where.
        url: String,
        /// Why.
        cause: String,
    },
    /// Something answers there, and shows a certificate that is not believed.
    #[error("cannot trust {url}: {cause}")]
    Untrusted {
        /// Where.
        url: String,
        /// Why its certificate is not believed.
        cause: String,
    },
    /// A file of authorities cannot be used.
    #[error("{0}")]
    Authorities(String),
    /// The server does not take the credentials.
    #[error("not signed in: {0}")]
    Unauthorized(String),
    /// The server knows who asks, and does not let it.
    #[error("not allowed: {0}")]
    Forbidden(String),
    /// The server says no.
    #[error("{0}")]
    Refused(String),
    /// The server knows no such thing.
    #[error("{0}")]
    NotFound(String),
    /// It is there already.
    #[error("{0}")]
    Conflict(String),
    /// The server has ended the session for good.
    #[error("the server refused to sync: {0}")]
    Ended(ToldError),
    /// The answer of the server is none that this client knows.
    #[error("{url} is no server of this kind: {cause}")]
    Strange {
        /// Where.
        url: String,
        /// What it said.
        cause: String,
    },
    /// The local copy.
    #[error(transparent)]
    Replica(#[from] ReplicaError),
}

impl From<StorageError> for ClientError {
    fn from(error: StorageError) -> ClientError {
        ClientError::Replica(error.into())
    }
}

/// The path to a field of an object.
pub fn field(class: impl Into<Text>, key: &Key, name: impl Into<Text>) -> Path {
    Path {
        class: class.into(),
        key: key.clone(),
        field: name.into(),
        steps: Vec::new(),
    }
}
