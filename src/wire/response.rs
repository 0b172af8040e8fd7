//! Messages from server to client.

use super::error::{WireError, told};
use super::version::Protocol;
use crate::ident::{DownloadCursor, FileIdent, Salt, SaltedVersion, SessionIdent, UploadCursor};

/// A message that the server sends. Bodies of DOWNLOAD are made elsewhere and follow the head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Response {
    /// Gives the client its file ident.
    Ident {
        /// The session.
        session: SessionIdent,
        /// The ident.
        file: FileIdent,
        /// Its salt.
        salt: Salt,
    },
    /// The head of a DOWNLOAD.
    Download(DownloadHead),
    /// Answers MARK.
    Mark {
        /// The session.
        session: SessionIdent,
        /// The request's own number.
        request: u64,
    },
    /// Answers UNBIND.
    Unbound {
        /// The session.
        session: SessionIdent,
    },
    /// Answers PING.
    Pong {
        /// The ping's own timestamp.
        timestamp: u64,
    },
    /// An error.
    Error {
        /// The session, of an error that ends only one.
        session: SessionIdent,
        /// What went wrong.
        error: WireError,
    },
    /// A line for the client's log (protocol 10 and later).
    Log {
        /// The session; 0 for the connection.
        session: SessionIdent,
        /// Level `info`, the text, and the id under which the server logs this connection.
        text: String,
        /// The id.
        connection: Option<String>,
    },
}

/// What a DOWNLOAD says before its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DownloadHead {
    /// The session.
    pub session: SessionIdent,
    /// Where the client stands after this message.
    pub cursor: DownloadCursor,
    /// The newest version when the message was made, with its salt.
    pub latest: SaltedVersion,
    /// How far the client's own history is integrated, durably.
    pub upload: UploadCursor,
    /// Bytes of changesets still to come, about.
    pub downloadable_bytes: u64,
    /// Size of the body before compression.
    pub plain_size: usize,
    /// Size of the compressed body; 0 if it is not compressed.
    pub compressed_size: usize,
}

impl Response {
    /// The message as bytes for a client of this protocol.
    pub fn encode(&self, protocol: Protocol) -> Vec<u8> {
        match self {
            Response::Ident {
                session,
                file,
                salt,
            } => format!("ident {session} {file} {salt}\n").into_bytes(),
            Response::Download(head) => head.encode(),
            Response::Mark { session, request } => {
                format!("mark {session} {request}\n").into_bytes()
            }
            Response::Unbound { session } => format!("unbound {session}\n").into_bytes(),
            Response::Pong { timestamp } => format!("pong {timestamp}\n").into_bytes(),
            Response::Error { session, error } => told(error, *session, protocol),
            Response::Log {
                session,
                text,
                connection,
            } => log(*session, text, connection.as_deref()),
        }
    }
}

impl DownloadHead {
    fn encode(&self) -> Vec<u8> {
        format!(
            "download {} {} {} {} {} {} {} {} {} {} {}\n",
            self.session,
            self.cursor.server_version,
            self.cursor.client_version,
            self.latest.version,
            self.latest.salt,
            self.upload.client_version,
            self.upload.server_version,
            self.downloadable_bytes,
            u8::from(self.compressed_size > 0),
            self.plain_size,
            self.compressed_size
        )
        .into_bytes()
    }
}

fn log(session: SessionIdent, text: &str, connection: Option<&str>) -> Vec<u8> {
    let mut json = serde_json::json!({ "level": "info", "msg": text });
    if let Some(id) = connection {
        json["co_id"] = id.into();
    }
    let body = json.to_string();
    format!("log_message {session} {}\n{body}", body.len()).into_bytes()
}
