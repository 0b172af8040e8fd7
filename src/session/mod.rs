//! The order of messages: one [`Connection`] for each WebSocket, inputs in, outputs out.
//!
//! A connection carries many sessions, each of one Realm. The machine checks everything that a peer may get wrong, decides what is sent next, and asks the
//! server for what it does not know itself: each [`Output`] that asks is answered by one [`Input`] with the same [`SessionKey`], in any order. Answers for
//! sessions that are gone are ignored.
//!
//! Invariants: a session is sent nothing after its error or UNBOUND; at most one read is under way for each session; a MARK is answered only after all that
//! was there when it came has been sent; what waits for the server is bounded in bytes.
//!
//! Knows no Realms, rights, sockets, tasks or clocks.

mod checks;
mod connection;
mod live;

#[cfg(test)]
mod tests;

use std::fmt;

use bytes::Bytes;

pub use checks::{FileFacts, StoredFile};
pub use connection::Connection;

use crate::ident::{
    DownloadCursor, FileIdent, RealmName, Salt, SaltedVersion, ServerVersion, SessionIdent,
    UploadCursor,
};
use crate::wire::{ErrorCode, Protocol, UploadEntry, WireError};

/// A session as the server knows it: unlike a session ident, never used twice on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionKey(pub u64);

/// What happens to a connection.
#[derive(Debug)]
pub enum Input {
    /// A binary message came.
    Message(Bytes),
    /// A message came that is larger than any that is read; what it was is not known.
    Oversized(String),
    /// Answers [`Output::Bind`].
    Bound(SessionKey, Result<Bound, WireError>),
    /// Answers [`Output::LookUp`].
    ClientFile(SessionKey, Result<FileFacts, WireError>),
    /// Answers [`Output::Integrate`], in the order in which they were put out for a session.
    Integrated(SessionKey, Result<(), WireError>),
    /// Answers [`Output::Read`].
    Downloaded(SessionKey, Result<Download, WireError>),
    /// The session's Realm has a new version.
    Announced(SessionKey, ServerVersion),
    /// The session's user may no longer read the Realm.
    Denied(SessionKey, WireError),
}

/// What the server is to do.
#[derive(Debug)]
pub enum Output {
    /// Send a message.
    Send(Frame),
    /// Find and open the Realm that a client names, if the user may read it; give a file ident if one is needed.
    Bind {
        /// The session.
        session: SessionKey,
        /// The path or partition as sent.
        path: Bytes,
        /// The token in the message; usually empty.
        token: Bytes,
        /// Whether the client needs a file ident.
        need_client_file_ident: bool,
    },
    /// Say what is known of a client file and of a version.
    LookUp {
        /// The session.
        session: SessionKey,
        /// The file.
        file: FileIdent,
        /// The salt that the client shows with it.
        salt: Salt,
        /// The version whose salt is wanted.
        latest: ServerVersion,
    },
    /// The session owns this client file from now on: another connection that has it must go.
    Claim {
        /// The session.
        session: SessionKey,
        /// The file.
        file: FileIdent,
    },
    /// Take note of progress. There is no answer.
    Note {
        /// The session.
        session: SessionKey,
        /// The client's file.
        file: FileIdent,
        /// How far the client has looked through its history.
        progress: UploadCursor,
        /// The oldest server version that it needs.
        locked: ServerVersion,
    },
    /// Integrate changesets. Progress that is reported while others of the session are integrated comes so too, with none: what it says must not be known before them.
    Integrate {
        /// The session.
        session: SessionKey,
        /// The client's file.
        file: FileIdent,
        /// The changesets.
        entries: Vec<UploadEntry>,
        /// How far the client has looked through its history.
        progress: UploadCursor,
        /// The oldest server version that it needs.
        locked: ServerVersion,
    },
    /// Make the next DOWNLOAD.
    Read {
        /// The session.
        session: SessionKey,
        /// The client's file.
        file: FileIdent,
        /// Where the client stands.
        from: DownloadCursor,
    },
    /// The session is over; forget what belongs to it.
    Release(SessionKey),
    /// Something that belongs into the log, once.
    Report {
        /// The client's number for the session; 0 for the connection.
        session: SessionIdent,
        /// The error that the client is told of, if it is one.
        error: Option<ErrorCode>,
        /// What happened.
        text: String,
    },
    /// End the connection once everything has been sent.
    Close(Close),
}

/// One message; the body may be shared with others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// The head, and the body of small messages.
    pub head: Bytes,
    /// The body of a DOWNLOAD.
    pub body: Bytes,
}

/// A session's Realm.
#[derive(Debug)]
pub struct Bound {
    /// Which it is.
    pub realm: RealmName,
    /// The file ident, if one was asked for.
    pub file: Option<(FileIdent, Salt)>,
}

/// What a DOWNLOAD is made of.
#[derive(Debug)]
pub struct Download {
    /// Where the client will stand.
    pub cursor: DownloadCursor,
    /// The newest version.
    pub head: SaltedVersion,
    /// How far the client's own history is integrated, durably.
    pub upload: UploadCursor,
    /// Bytes still to come, about.
    pub remaining_bytes: u64,
    /// The body as sent.
    pub body: Bytes,
    /// Size of the body before compression.
    pub plain_size: usize,
    /// Whether the body is compressed.
    pub compressed: bool,
}

/// Why a connection is ended by the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Close {
    /// An error was sent that ends the connection.
    AfterError,
    /// Nothing was heard for too long.
    Silent,
    /// What was sent was not taken for too long.
    Stalled,
    /// The token has expired; a new one opens the door again.
    TokenExpired,
    /// The client file came back on another connection.
    Superseded,
    /// The server shuts down.
    ShutDown,
}

impl Close {
    /// The close code to send, if any. Below protocol 8 every code but 1000 keeps clients away for an hour, so they get 1000 or just the end of the
    /// connection. After 1000 the TCP connection must end at once.
    pub fn code(self, protocol: Protocol) -> Option<(u16, &'static str)> {
        match self {
            Close::TokenExpired if protocol.has_close_codes() => Some((4001, "token expired")),
            Close::ShutDown => Some((1000, "server shuts down")),
            Close::AfterError
            | Close::Silent
            | Close::Stalled
            | Close::TokenExpired
            | Close::Superseded => None,
        }
    }
}

impl fmt::Display for Close {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Close::AfterError => "an error ended the connection",
            Close::Silent => "nothing was heard for too long",
            Close::Stalled => "what was sent was not taken for too long",
            Close::TokenExpired => "the token has expired",
            Close::Superseded => "the client file came back on another connection",
            Close::ShutDown => "the server shuts down",
        })
    }
}
