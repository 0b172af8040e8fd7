//! Messages from client to server.

use bytes::Bytes;

use super::compression::inflate;
use super::head::Reader;
use super::{Compressed, Malformed};
use crate::ident::{
    ClientVersion, DownloadCursor, FileIdent, OriginTimestamp, Salt, SaltedVersion, ServerVersion,
    SessionIdent, UploadCursor,
};
use crate::limits::Limits;

/// A message that a client sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// Starts a session.
    Bind(Bind),
    /// Says which file the client has, and how far it got.
    Ident(Ident),
    /// Changesets, or progress alone.
    Upload(Upload),
    /// Asks to be told when all that is on the server has been sent.
    Mark {
        /// The session.
        session: SessionIdent,
        /// Returned in the answer.
        request: u64,
    },
    /// Ends a session.
    Unbind {
        /// The session.
        session: SessionIdent,
    },
    /// Asks for a PONG.
    Ping {
        /// Returned in the answer: the client's clock in milliseconds.
        timestamp: u64,
        /// The round trip time that the client measured last, in milliseconds; 0 before the first.
        round_trip: u64,
    },
    /// The client could not use what it was sent (protocol 7 and later).
    JsonError {
        /// The session.
        session: SessionIdent,
        /// What went wrong.
        code: u64,
        /// The JSON text, unparsed.
        body: Bytes,
    },
}

/// BIND.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bind {
    /// The session, chosen by the client.
    pub session: SessionIdent,
    /// The path or partition; JSON with flexible sync.
    pub path: Bytes,
    /// The token of classic clients; current ones send it in the URL.
    pub token: Bytes,
    /// Whether the client needs a file ident.
    pub need_client_file_ident: bool,
    /// Whether the client is a server itself. None is any more.
    pub is_subserver: bool,
}

/// IDENT.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ident {
    /// The session.
    pub session: SessionIdent,
    /// The client's file.
    pub file: FileIdent,
    /// The salt that was given with it.
    pub salt: Salt,
    /// How far it was served.
    pub download: DownloadCursor,
    /// The newest server version that it was told of, with its salt.
    pub latest: SaltedVersion,
}

/// UPLOAD.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// The session.
    pub session: SessionIdent,
    /// How far the client has looked through its history.
    pub progress: UploadCursor,
    /// The oldest server version that the client still needs.
    pub locked: ServerVersion,
    /// The changesets; none if only the progress is reported.
    pub entries: Vec<UploadEntry>,
}

/// A changeset in an UPLOAD.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadEntry {
    /// The client's version that it made, and the last server version that the client had integrated before: the base for merging.
    pub cursor: UploadCursor,
    /// When it was made.
    pub timestamp: OriginTimestamp,
    /// The file in which it was made; 0 for the client's own.
    pub origin: FileIdent,
    /// The changeset, undecoded.
    pub changeset: Bytes,
}

/// Why a message is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// It breaks the grammar (103).
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// Its body does not inflate (101).
    #[error("the body does not inflate")]
    BadCompression,
    /// Its body is larger than this server takes; the session is known, so that the app can be told.
    #[error("the upload of {bytes} bytes is larger than the {limit} that this server takes")]
    TooLarge {
        /// The session.
        session: SessionIdent,
        /// Size of the body.
        bytes: u64,
        /// The limit.
        limit: usize,
    },
    /// It has more changesets than this server takes at once.
    #[error("the upload has more than the {limit} changesets that this server takes at once")]
    TooMany {
        /// The session.
        session: SessionIdent,
        /// The limit.
        limit: usize,
    },
}

impl Request {
    /// Reads a message.
    pub fn decode(message: Bytes, limits: &Limits) -> Result<Request, RequestError> {
        let mut reader = Reader::new(message);
        let word = reader.word()?;
        let request = match word.as_str() {
            "bind" => Request::Bind(bind(&mut reader, limits)?),
            "ident" => Request::Ident(ident(&mut reader)?),
            "upload" => Request::Upload(upload(&mut reader, limits)?),
            "mark" => Request::Mark {
                session: session(&mut reader)?,
                request: reader.last("request ident")?,
            },
            "unbind" => Request::Unbind {
                session: SessionIdent(nonzero(reader.last("session ident")?)?),
            },
            "ping" => Request::Ping {
                timestamp: reader.number("timestamp")?,
                round_trip: reader.last("round trip time")?,
            },
            "json_error" => json_error(&mut reader, limits)?,
            _ => return Err(Malformed("message type").into()),
        };
        reader.finish()?;
        Ok(request)
    }

    /// The message as bytes.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Request::Bind(bind) => bind.encode(),
            Request::Ident(ident) => ident.encode(),
            Request::Upload(upload) => upload.encode(),
            Request::Mark { session, request } => {
                format!("mark {session} {request}\n").into_bytes()
            }
            Request::Unbind { session } => format!("unbind {session}\n").into_bytes(),
            Request::Ping {
                timestamp,
                round_trip,
            } => format!("ping {timestamp} {round_trip}\n").into_bytes(),
            Request::JsonError {
                session,
                code,
                body,
            } => {
                let mut out = format!("json_error {code} {} {session}\n", body.len()).into_bytes();
                out.extend_from_slice(body);
                out
            }
        }
    }
}

fn nonzero(number: u64) -> Result<u64, Malformed> {
    if number == 0 {
        Err(Malformed("session ident"))
    } else {
        Ok(number)
    }
}

fn session(reader: &mut Reader) -> Result<SessionIdent, Malformed> {
    Ok(SessionIdent(nonzero(reader.number("session ident")?)?))
}

fn bind(reader: &mut Reader, limits: &Limits) -> Result<Bind, RequestError> {
    let session = session(reader)?;
    let path_size = Reader::size(
        reader.number("path size")?,
        limits.bind_path_bytes,
        "path size",
    )?;
    let token_size = Reader::size(
        reader.number("token size")?,
        limits.bind_token_bytes,
        "token size",
    )?;
    let need_client_file_ident = reader.flag("need_client_file_ident")?;
    let is_subserver = reader.last_flag("is_subserver")?;
    let path = reader.take(path_size, "path")?;
    let token = reader.take(token_size, "token")?;
    Ok(Bind {
        session,
        path,
        token,
        need_client_file_ident,
        is_subserver,
    })
}

fn ident(reader: &mut Reader) -> Result<Ident, RequestError> {
    Ok(Ident {
        session: session(reader)?,
        file: FileIdent(reader.number("client file ident")?),
        salt: Salt(reader.number("client file ident salt")?),
        download: DownloadCursor {
            server_version: ServerVersion(reader.number("download server version")?),
            client_version: ClientVersion(reader.number("download client version")?),
        },
        latest: SaltedVersion {
            version: ServerVersion(reader.number("latest server version")?),
            salt: Salt(reader.last("latest server version salt")?),
        },
    })
}

/// The head of an UPLOAD, after its name.
pub(super) struct UploadHead {
    pub session: SessionIdent,
    pub compressed: bool,
    pub plain_size: u64,
    pub compressed_size: u64,
    pub progress: UploadCursor,
    pub locked: ServerVersion,
}

impl UploadHead {
    pub(super) fn read(reader: &mut Reader) -> Result<UploadHead, Malformed> {
        Ok(UploadHead {
            session: session(reader)?,
            compressed: reader.flag("is_body_compressed")?,
            plain_size: reader.number("uncompressed body size")?,
            compressed_size: reader.number("compressed body size")?,
            progress: cursor(reader)?,
            locked: ServerVersion(reader.last("locked server version")?),
        })
    }
}

fn upload(reader: &mut Reader, limits: &Limits) -> Result<Upload, RequestError> {
    let UploadHead {
        session,
        compressed,
        plain_size,
        compressed_size,
        progress,
        locked,
    } = UploadHead::read(reader)?;
    let Ok(plain_size) = Reader::size(plain_size, limits.upload_bytes, "uncompressed body size")
    else {
        return Err(RequestError::TooLarge {
            session,
            bytes: plain_size,
            limit: limits.upload_bytes,
        });
    };
    let body = if compressed {
        let size = Reader::size(
            compressed_size,
            limits.message_bytes,
            "compressed body size",
        )?;
        inflate(&reader.take(size, "body")?, plain_size).ok_or(RequestError::BadCompression)?
    } else {
        reader.take(plain_size, "body")?
    };
    let entries = entries(body, limits.upload_entries)?.ok_or(RequestError::TooMany {
        session,
        limit: limits.upload_entries,
    })?;
    Ok(Upload {
        session,
        progress,
        locked,
        entries,
    })
}

fn cursor(reader: &mut Reader) -> Result<UploadCursor, Malformed> {
    Ok(UploadCursor {
        client_version: ClientVersion(reader.number("client version")?),
        server_version: ServerVersion(reader.number("server version")?),
    })
}

/// The entries of a body; `None` if there are more than `most`: each takes more memory than its few bytes in the body.
fn entries(body: Bytes, most: usize) -> Result<Option<Vec<UploadEntry>>, Malformed> {
    let mut reader = Reader::new(body);
    let mut entries = Vec::new();
    while !reader.is_empty() {
        if entries.len() == most {
            return Ok(None);
        }
        let cursor = cursor(&mut reader)?;
        let timestamp = OriginTimestamp(reader.number("origin timestamp")?);
        let origin = FileIdent(reader.number("origin file ident")?);
        let size = Reader::size(
            reader.number("changeset size")?,
            usize::MAX,
            "changeset size",
        )?;
        entries.push(UploadEntry {
            cursor,
            timestamp,
            origin,
            changeset: reader.take(size, "changeset")?,
        });
    }
    Ok(Some(entries))
}

fn json_error(reader: &mut Reader, limits: &Limits) -> Result<Request, RequestError> {
    let code = reader.number("error code")?;
    let size = Reader::size(
        reader.number("body size")?,
        limits.http_body_bytes,
        "body size",
    )?;
    let session = SessionIdent(nonzero(reader.last("session ident")?)?);
    Ok(Request::JsonError {
        session,
        code,
        body: reader.take(size, "body")?,
    })
}

impl Bind {
    fn encode(&self) -> Vec<u8> {
        let (need, sub) = (
            u8::from(self.need_client_file_ident),
            u8::from(self.is_subserver),
        );
        let mut out = format!(
            "bind {} {} {} {need} {sub}\n",
            self.session,
            self.path.len(),
            self.token.len()
        )
        .into_bytes();
        out.extend_from_slice(&self.path);
        out.extend_from_slice(&self.token);
        out
    }
}

impl Ident {
    fn encode(&self) -> Vec<u8> {
        format!(
            "ident {} {} {} {} {} {} {}\n",
            self.session,
            self.file,
            self.salt,
            self.download.server_version,
            self.download.client_version,
            self.latest.version,
            self.latest.salt
        )
        .into_bytes()
    }
}

impl Upload {
    fn encode(&self) -> Vec<u8> {
        let mut body = Vec::new();
        for entry in &self.entries {
            let UploadEntry {
                cursor,
                timestamp,
                origin,
                changeset,
            } = entry;
            let head = format!(
                "{} {} {timestamp} {origin} {} ",
                cursor.client_version,
                cursor.server_version,
                changeset.len()
            );
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(changeset);
        }
        let body = Compressed::of(body);
        let mut out = format!(
            "upload {} {} {} {} {} {} {}\n",
            self.session,
            u8::from(body.compressed_size > 0),
            body.plain_size,
            body.compressed_size,
            self.progress.client_version,
            self.progress.server_version,
            self.locked
        )
        .into_bytes();
        out.extend_from_slice(&body.bytes);
        out
    }
}
