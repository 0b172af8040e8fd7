//! What a server says, as its client reads it.

use bytes::Bytes;
use serde::Deserialize;

use super::compression::inflate;
use super::error::Action;
use super::head::Reader;
use super::response::DownloadHead;
use super::{Malformed, RequestError};
use crate::ident::{
    ClientVersion, DownloadCursor, FileIdent, OriginTimestamp, Salt, SaltedVersion, ServerVersion,
    SessionIdent, UploadCursor,
};

/// A message that a server sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The client's file ident.
    Ident {
        /// The session.
        session: SessionIdent,
        /// The ident.
        file: FileIdent,
        /// Its salt.
        salt: Salt,
    },
    /// Changesets of others, and how far the client's own are integrated.
    Download {
        /// The cursors.
        head: DownloadHead,
        /// The changesets.
        entries: Vec<DownloadEntry>,
    },
    /// Everything that was on the server when MARK came has been sent.
    Mark {
        /// The session.
        session: SessionIdent,
        /// The request's own number.
        request: u64,
    },
    /// The session is over, as asked for.
    Unbound {
        /// The session.
        session: SessionIdent,
    },
    /// Answers PING.
    Pong {
        /// The ping's own timestamp.
        timestamp: u64,
    },
    /// The session, or with session 0 the connection, is over.
    Error {
        /// The session.
        session: SessionIdent,
        /// What went wrong.
        error: ToldError,
    },
    /// A line for the log.
    Log {
        /// The text.
        text: String,
    },
}

/// A changeset in a DOWNLOAD.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DownloadEntry {
    /// The server version that it made.
    pub version: ServerVersion,
    /// The client's last own version that was integrated before: the base for merging.
    pub client_version: ClientVersion,
    /// When it was made.
    pub timestamp: OriginTimestamp,
    /// The file in which it was made.
    pub origin: FileIdent,
    /// The changeset, undecoded.
    pub changeset: Bytes,
}

/// An error as a client is told it. The code may be one that this program never sends.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} ({code})")]
pub struct ToldError {
    /// The code.
    pub code: u64,
    /// The words.
    pub message: String,
    /// What the client is to do.
    pub action: Action,
}

/// The body of JSON_ERROR.
#[derive(Deserialize)]
struct ErrorBody {
    #[serde(default)]
    message: String,
    #[serde(default, rename = "tryAgain")]
    try_again: bool,
    #[serde(default, rename = "shouldClientReset")]
    resets: Option<bool>,
    #[serde(default, rename = "isRecoveryModeDisabled")]
    no_recovery: bool,
    #[serde(default)]
    action: String,
}

#[derive(Deserialize)]
struct LogBody {
    #[serde(default)]
    msg: String,
}

impl Answer {
    /// Reads a message; bodies of DOWNLOAD may inflate to at most `limit` bytes.
    pub fn decode(message: Bytes, limit: usize) -> Result<Answer, RequestError> {
        let mut reader = Reader::new(message);
        let word = reader.word()?;
        let answer = match word.as_str() {
            "ident" => Answer::Ident {
                session: session(&mut reader)?,
                file: FileIdent(reader.number("client file ident")?),
                salt: Salt(reader.last("salt")?),
            },
            "download" => download(&mut reader, limit)?,
            "mark" => Answer::Mark {
                session: session(&mut reader)?,
                request: reader.last("request ident")?,
            },
            "unbound" => Answer::Unbound {
                session: SessionIdent(reader.last("session ident")?),
            },
            "pong" => Answer::Pong {
                timestamp: reader.last("timestamp")?,
            },
            "json_error" => json_error(&mut reader, limit)?,
            "error" => plain_error(&mut reader, limit)?,
            "log_message" => log(&mut reader, limit)?,
            _ => return Err(Malformed("message type").into()),
        };
        reader.finish()?;
        Ok(answer)
    }
}

fn session(reader: &mut Reader) -> Result<SessionIdent, Malformed> {
    reader.number("session ident").map(SessionIdent)
}

fn download(reader: &mut Reader, limit: usize) -> Result<Answer, RequestError> {
    let mut head = DownloadHead {
        session: session(reader)?,
        cursor: DownloadCursor {
            server_version: ServerVersion(reader.number("download server version")?),
            client_version: ClientVersion(reader.number("download client version")?),
        },
        latest: SaltedVersion {
            version: ServerVersion(reader.number("latest server version")?),
            salt: Salt(reader.number("latest server version salt")?),
        },
        upload: UploadCursor {
            client_version: ClientVersion(reader.number("upload client version")?),
            server_version: ServerVersion(reader.number("upload server version")?),
        },
        downloadable_bytes: reader.number("downloadable bytes")?,
        plain_size: 0,
        compressed_size: 0,
    };
    let compressed = reader.flag("is_body_compressed")?;
    let plain_size = reader.number("uncompressed body size")?;
    let compressed_size = reader.last("compressed body size")?;
    head.plain_size = Reader::size(plain_size, limit, "uncompressed body size")?;
    let body = if compressed {
        head.compressed_size = Reader::size(compressed_size, limit, "compressed body size")?;
        inflate(&reader.take(head.compressed_size, "body")?, head.plain_size)
            .ok_or(RequestError::BadCompression)?
    } else {
        reader.take(head.plain_size, "body")?
    };
    let entries = entries(body)?;
    Ok(Answer::Download { head, entries })
}

fn entries(body: Bytes) -> Result<Vec<DownloadEntry>, Malformed> {
    let mut reader = Reader::new(body);
    let mut entries = Vec::new();
    while !reader.is_empty() {
        let version = ServerVersion(reader.number("server version")?);
        let client_version = ClientVersion(reader.number("client version")?);
        let timestamp = OriginTimestamp(reader.number("origin timestamp")?);
        let origin = FileIdent(reader.number("origin file ident")?);
        reader.number("original changeset size")?;
        let size = reader.number("changeset size")?;
        let size = Reader::size(size, usize::MAX, "changeset size")?;
        entries.push(DownloadEntry {
            version,
            client_version,
            timestamp,
            origin,
            changeset: reader.take(size, "changeset")?,
        });
    }
    Ok(entries)
}

fn json_error(reader: &mut Reader, limit: usize) -> Result<Answer, RequestError> {
    let code = reader.number("error code")?;
    let size = Reader::size(reader.number("body size")?, limit, "body size")?;
    let session = SessionIdent(reader.last("session ident")?);
    let body = reader.take(size, "body")?;
    let body: ErrorBody = serde_json::from_slice(&body).map_err(|_| Malformed("error body"))?;
    let action = Action::named(&body.action).unwrap_or(match (body.resets, body.no_recovery) {
        (Some(true), true) => Action::ClientResetNoRecovery,
        (Some(true), false) => Action::ClientReset,
        (Some(false) | None, _) if body.try_again => Action::Transient,
        (Some(false) | None, _) => Action::of_code(code),
    });
    Ok(Answer::Error {
        session,
        error: ToldError {
            code,
            message: body.message,
            action,
        },
    })
}

fn plain_error(reader: &mut Reader, limit: usize) -> Result<Answer, RequestError> {
    let code = reader.number("error code")?;
    let size = Reader::size(reader.number("message size")?, limit, "message size")?;
    let try_again = reader.flag("try again")?;
    let session = SessionIdent(reader.last("session ident")?);
    let message = String::from_utf8_lossy(&reader.take(size, "message")?).into_owned();
    let action = if try_again {
        Action::Transient
    } else {
        Action::of_code(code)
    };
    Ok(Answer::Error {
        session,
        error: ToldError {
            code,
            message,
            action,
        },
    })
}

fn log(reader: &mut Reader, limit: usize) -> Result<Answer, RequestError> {
    reader.number("session ident")?;
    let size = Reader::size(reader.last("body size")?, limit, "body size")?;
    let body = reader.take(size, "body")?;
    let body: LogBody = serde_json::from_slice(&body).map_err(|_| Malformed("log body"))?;
    Ok(Answer::Log { text: body.msg })
}

#[cfg(test)]
mod tests {
    use super::super::{ErrorCode, Protocol, Response, WireError};
    use super::*;

    fn decode(message: impl Into<Bytes>) -> Result<Answer, RequestError> {
        Answer::decode(message.into(), 1 << 20)
    }

    #[test]
    fn what_this_server_says_is_read_as_it_was_meant() {
        let session = SessionIdent(7);
        let said = |response: Response| decode(response.encode(Protocol::NEWEST)).unwrap();
        let (file, salt) = (FileIdent(2), Salt(99));
        assert_eq!(
            said(Response::Ident {
                session,
                file,
                salt
            }),
            Answer::Ident {
                session,
                file,
                salt
            }
        );
        assert_eq!(
            said(Response::Mark {
                session,
                request: 3
            }),
            Answer::Mark {
                session,
                request: 3
            }
        );
        assert_eq!(
            said(Response::Unbound { session }),
            Answer::Unbound { session }
        );
        for code in ErrorCode::ALL {
            let error = WireError::new(*code);
            let told = said(Response::Error {
                session,
                error: error.clone(),
            });
            let Answer::Error { error: told, .. } = told else {
                panic!("{told:?}")
            };
            assert_eq!(told.code, u64::from(code.number()));
            assert_eq!(told.action, error.action);
        }
    }

    #[test]
    fn a_download_has_its_entries() {
        let body = b"3 1 10 2 4 4 abcd4 1 11 1 0 0 ";
        let head = format!("download 1 4 1 5 77 1 2 100 0 {} 0\n", body.len());
        let Ok(Answer::Download { head, entries }) = decode([head.as_bytes(), body].concat())
        else {
            panic!("no download")
        };
        assert_eq!(head.cursor.server_version, ServerVersion(4));
        assert_eq!(head.latest.salt, Salt(77));
        assert_eq!(entries.len(), 2);
        assert_eq!(&entries[0].changeset[..], b"abcd");
        assert_eq!(entries[1].origin, FileIdent(1));
    }

    #[test]
    fn nonsense_is_refused() {
        for message in [
            "",
            "hello\n",
            "mark 1\n",
            "pong x\n",
            "download 1 4 1 5 77 1 2 100 0 9999999999 0\n",
            "download 1 4 1 5 77 1 2 100 0 3 0\nabc",
            "json_error 212 1 1\n1",
            "log_message 0 1\n{",
            "unbound 1\nmore",
        ] {
            assert!(decode(message.as_bytes().to_vec()).is_err(), "{message}");
        }
    }
}
