//! Every bound of the server in one place, each with what happens when it is reached.

use std::time::Duration;

/// Characters that a configuration may ask of a password, at most: who chooses that many is never refused for the length.
pub const SHORTEST_PASSWORD: u32 = 64;

/// The bounds. `Default` gives the values that `ros serve` uses unless configured otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one WebSocket message; a longer one closes the connection after an error that is no client reset.
    pub message_bytes: usize,
    /// Bytes of one inflated UPLOAD body; a larger one is refused with an error to the app.
    pub upload_bytes: usize,
    /// Changesets in one UPLOAD; one with more is refused with an error to the app. SDKs end an UPLOAD at 128 KiB.
    pub upload_entries: usize,
    /// Bytes that the instructions of one uploaded changeset take in memory, names and blobs left out; a changeset with more is refused with an error to the app.
    pub changeset_memory_bytes: usize,
    /// Bytes of changesets after which a DOWNLOAD is closed (soft: one entry is always sent).
    pub download_bytes: usize,
    /// Bytes of the Realm path or partition in BIND; a longer one is bad syntax (103).
    pub bind_path_bytes: usize,
    /// Bytes of the token in BIND; a longer one is bad syntax (103).
    pub bind_token_bytes: usize,
    /// Sessions on one connection; one more is refused with a transient error.
    pub sessions_per_connection: usize,
    /// New client files that one connection may ask for; one more is refused with a transient error.
    pub client_files_per_connection: usize,
    /// Bytes uploaded on one connection that wait for integration; above it the socket is not read.
    pub pending_upload_bytes: usize,
    /// Bytes of a message, inflated, that a connection may send without asking for memory.
    pub free_message_bytes: usize,
    /// Bytes of messages that are larger, of all connections, from the first byte until they are integrated; above it the next one waits in line, its socket unread.
    pub intake_bytes: usize,
    /// Time that such a message may take to come in while others wait in line; then its connection is closed.
    pub upload_time: Duration,
    /// Bytes waiting to be written to one socket; above it no further DOWNLOAD is built for it.
    pub outgoing_bytes: usize,
    /// Realms kept open; the least recently used idle one is closed to open another.
    pub open_realms: usize,
    /// Bytes of changesets that wait for one Realm's writer; above it uploads get a transient error.
    pub lane_bytes: usize,
    /// Changesets that one commit integrates; the rest waits for the next, after other Realms had their turn.
    pub batch_changesets: usize,
    /// Bytes of changesets that one commit integrates, the rest waits likewise; an upload that is larger is put off, as what is much
    /// work to merge is. In memory a batch takes a multiple of it.
    pub batch_bytes: usize,
    /// Bytes of history that a client has not seen and its uploads are merged with, in memory as instructions. A client that is further behind is told to reset
    /// (222), as if what it needs were gone.
    pub window_bytes: usize,
    /// Instructions that are looked at while the uploads of one client are merged with what it has not seen, about: each of its own meets each that it has not seen
    /// on the same field. A client with more is told to reset (222), and so makes its changes again on what there is now. About 50 ns each.
    pub merge_work: u64,
    /// The same for all clients whose uploads one commit integrates. What would be more is put off: it is integrated alone, after other Realms had their turn, by few
    /// threads that do nothing else.
    pub brief_merge_work: u64,
    /// Bytes that one uploaded changeset, or what its client has not seen, takes in memory as instructions. What takes more is put off likewise.
    pub brief_memory_bytes: usize,
    /// Bytes of such windows kept for each open Realm between batches; the least recently used are dropped, and read again when they are needed.
    pub kept_windows_bytes: usize,
    /// Bytes of recent history kept in memory for each open Realm.
    pub tail_bytes: usize,
    /// Bytes of both, and of client files, that all open Realms keep in memory together; above it the least recently used ones forget what they keep.
    pub realms_kept_bytes: usize,
    /// Bytes of memory that SQLite takes for all databases together, about; above it pages that nobody is using go.
    pub database_cache_bytes: usize,
    /// Bytes of compressed changesets kept for all Realms together; the oldest are dropped, and made again when they are needed.
    pub fragments_bytes: usize,
    /// Bytes in the write-ahead log of a Realm above which it is copied into the database.
    pub checkpoint_bytes: usize,
    /// Bytes of one HTTP request body; a longer one is 413.
    pub http_body_bytes: usize,
    /// Bytes of the request line and headers together; more is 431.
    pub http_head_bytes: usize,
    /// Time to send a whole request head; then the connection is closed.
    pub http_head_time: Duration,
    /// Time to send a whole request body; then the request is answered with 408.
    pub http_body_time: Duration,
    /// A connection that has sent nothing for so long is closed.
    pub silence: Duration,
    /// Time until a connection without a token must have shown one with a BIND; then it is closed.
    pub token_time: Duration,
    /// Open connections; one more is closed at once.
    pub connections: usize,
    /// Connections from one address (of IPv6: 64 bits of it), trusted proxies left out, and WebSockets of one address through such a proxy; one more is closed at once,
    /// or answered with 503.
    pub connections_per_address: usize,
    /// Requests to the API at the same time that need the server's database; others wait.
    pub http_threads: usize,
    /// Passwords hashed at the same time; others wait.
    pub password_hashes: usize,
    /// Passwords that wait to be hashed; one more is answered with 503.
    pub password_line: usize,
    /// Wrong passwords for one name from one address within [`Limits::wrong_passwords_time`]; one more try is answered with 429.
    pub wrong_passwords: u32,
    /// Registrations from one address within the same time, and as many refused tokens of others; one more of either is answered with 429.
    pub registrations: u32,
    /// Realms that one user may make within [`Limits::new_realms_time`], administrators left out; one more is refused with a transient error.
    pub new_realms: u32,
    /// How long made Realms are remembered.
    pub new_realms_time: Duration,
    /// How long wrong passwords and registrations are remembered.
    pub wrong_passwords_time: Duration,
    /// Names and addresses, or users, of which any of these is remembered; one more, and all are forgotten.
    pub wrong_passwords_names: usize,
    /// A connection that takes nothing of what waits for it for so long is closed.
    pub stall: Duration,
    /// Bytes of large DOWNLOADs that are made or wait for their clients, of all connections; above it the next one waits in line.
    pub downloads_bytes: usize,
    /// Time that a client has to take a large DOWNLOAD while others wait in line; then its connection is closed.
    pub download_time: Duration,
    /// Questions of one connection that wait for Realms; above it the socket is not read.
    pub questions_per_connection: usize,
    /// Threads that read from Realms for sessions; further questions wait in line.
    pub realm_threads: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        const MIB: usize = 1 << 20;
        Limits {
            message_bytes: 96 * MIB,
            upload_bytes: 80 * MIB,
            upload_entries: 100_000,
            changeset_memory_bytes: 768 * MIB,
            download_bytes: 16 * MIB,
            bind_path_bytes: 1024,
            bind_token_bytes: 2048,
            sessions_per_connection: 4096,
            client_files_per_connection: 4096,
            pending_upload_bytes: 128 * MIB,
            free_message_bytes: 64 << 10,
            intake_bytes: 512 * MIB,
            upload_time: Duration::from_secs(60),
            outgoing_bytes: 256 << 10,
            open_realms: 1000,
            lane_bytes: 256 * MIB,
            batch_changesets: 1000,
            batch_bytes: 32 * MIB,
            window_bytes: 1024 * MIB,
            merge_work: 100_000_000,
            brief_merge_work: 1_000_000,
            brief_memory_bytes: 64 * MIB,
            kept_windows_bytes: 64 * MIB,
            tail_bytes: MIB,
            realms_kept_bytes: 256 * MIB,
            database_cache_bytes: 256 * MIB,
            fragments_bytes: 64 * MIB,
            checkpoint_bytes: 4 << 20,
            http_body_bytes: MIB,
            http_head_bytes: 32 << 10,
            http_head_time: Duration::from_secs(30),
            http_body_time: Duration::from_secs(60),
            silence: Duration::from_secs(30 * 60),
            token_time: Duration::from_secs(60),
            connections: 100_000,
            connections_per_address: 10_000,
            http_threads: 4,
            password_hashes: 2,
            password_line: 100,
            wrong_passwords: 10,
            registrations: 300,
            new_realms: 1000,
            new_realms_time: Duration::from_secs(10 * 60),
            wrong_passwords_time: Duration::from_secs(60),
            wrong_passwords_names: 10_000,
            stall: Duration::from_secs(3 * 60),
            downloads_bytes: 512 * MIB,
            download_time: Duration::from_secs(5 * 60),
            questions_per_connection: 256,
            realm_threads: 16,
        }
    }
}

impl Limits {
    /// The same bounds, or lower ones that fit this number of open files: some for the server itself, half of the rest at most for Realms. One address has half of the connections at most.
    pub fn within(mut self, files: usize) -> Limits {
        let ours = (files / 2).min(FILES_OF_THE_SERVER);
        let rest = files - ours;
        self.open_realms = self.open_realms.min(rest / 2 / FILES_OF_A_REALM).max(1);
        let for_realms = self.open_realms * FILES_OF_A_REALM;
        self.connections = self.connections.min(rest.saturating_sub(for_realms)).max(1);
        let half = self.connections.div_ceil(2);
        self.connections_per_address = self.connections_per_address.min(half);
        self
    }
}

/// Two connections to its database, each with the file and its log, and what they share.
const FILES_OF_A_REALM: usize = 6;

/// The server's own database, listening, the runtime, and Realms beyond the bound while all of them are worked with.
const FILES_OF_THE_SERVER: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_fit_the_number_of_open_files() {
        for (files, realms, connections) in [
            (usize::MAX, 1000, 100_000),
            (1_000_000, 1000, 100_000),
            (65_536, 1000, 59_280),
            (1024, 64, 384),
            (100, 4, 26),
            (0, 1, 1),
        ] {
            let limits = Limits::default().within(files);
            let bounds = (limits.open_realms, limits.connections);
            assert_eq!(bounds, (realms, connections), "{files}");
            let half = connections.div_ceil(2);
            assert_eq!(limits.connections_per_address, half.min(10_000), "{files}");
        }
    }
}
