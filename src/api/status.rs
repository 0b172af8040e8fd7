//! How a server is: answer to `GET /api/ros/v1/status`, for administrators. Fields are added, never renamed.

use serde::{Deserialize, Serialize};

/// A running server at a glance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// The version of the program.
    pub version: String,
    /// When it started: RFC 3339, UTC.
    pub started: String,
    /// Seconds since then.
    pub uptime_seconds: u64,
    /// Whether it can do its work.
    pub ready: bool,
    /// Why not, if it cannot.
    pub not_ready: Option<String>,
    /// The data folder.
    pub root: String,
    /// Where it listens.
    pub listeners: Vec<Listener>,
    /// Open sync connections.
    pub connections: u64,
    /// How many may be open, other sockets included.
    pub most_connections: u64,
    /// Sessions of these, each with one Realm.
    pub sessions: u64,
    /// The Realms.
    pub realms: Realms,
    /// Realms where devices of another server have been put off since the start; a thousand at most.
    pub held: Vec<String>,
    /// What waits to be integrated.
    pub lanes: Lanes,
    /// The data folder's file system; nothing if that is not known.
    pub disk: Option<Disk>,
    /// The process; nothing if that is not known.
    pub process: Option<Memory>,
    /// Changesets that clients have sent since the start.
    pub uploaded_changesets: u64,
    /// Changesets that clients were sent since the start, each counted for each receiver.
    pub downloaded_changesets: u64,
    /// Errors that clients were told of since the start, by code of the sync protocol.
    pub errors: Vec<ErrorCount>,
}

/// A place where the server listens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listener {
    /// What for: `http`, `https`, `web`, `sync`, `metrics`.
    pub name: String,
    /// Address and port.
    pub address: String,
}

/// The Realms of a server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Realms {
    /// How many there are; nothing if the server's database does not say.
    pub listed: Option<u64>,
    /// How many of them are open.
    pub open: u64,
    /// How many may be.
    pub most_open: u64,
}

/// What waits to be integrated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lanes {
    /// Threads that integrate.
    pub threads: u64,
    /// Realms with work or at work.
    pub realms: u64,
    /// Uploads that wait.
    pub uploads: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// Room on a file system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Disk {
    /// What may still be written.
    pub free_bytes: u64,
    /// All of it.
    pub total_bytes: u64,
}

/// What a process takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Memory {
    /// Bytes of memory.
    pub resident_bytes: u64,
    /// Open files and sockets.
    pub open_files: u64,
    /// How many may be open.
    pub most_files: u64,
}

/// How often clients were told of an error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorCount {
    /// Its code.
    pub code: u16,
    /// How often.
    pub count: u64,
}
