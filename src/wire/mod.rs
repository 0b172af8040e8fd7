//! Messages to and from bytes; protocol versions; error numbers.
//!
//! Whatever a peer sends becomes a message or an error, never more memory than limits allow, never a panic. A changeset is opaque bytes here.
//! Knows no sessions, Realms or sockets.

mod answer;
mod compression;
mod error;
mod head;
mod request;
mod response;
mod spare;
mod unpack;
mod version;

#[cfg(test)]
mod tests;

pub use answer::{Answer, DownloadEntry, ToldError};
pub use compression::inflate;
pub use error::{Action, ErrorCode, WireError, told};
pub use request::{Bind, Ident, Request, RequestError, Upload, UploadEntry};
pub use response::{DownloadHead, Response};
pub use spare::COMPRESSORS;
pub use unpack::{unpack, unpacked_size};
pub use version::{Kind, Mismatch, Negotiated, Protocol, negotiate};

/// A message that breaks the grammar, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("bad {0}")]
pub struct Malformed(pub &'static str);

/// Bodies up to this size are never compressed.
const COMPRESSED_ABOVE: usize = 1024;

/// A body, compressed if that is allowed and makes it smaller.
struct Compressed {
    bytes: Vec<u8>,
    plain_size: usize,
    /// 0 if the body is not compressed.
    compressed_size: usize,
}

impl Compressed {
    fn of(plain: Vec<u8>) -> Compressed {
        let plain_size = plain.len();
        if plain_size > COMPRESSED_ABOVE {
            let stream = compression::deflate(&plain);
            if stream.len() < plain_size {
                return Compressed {
                    plain_size,
                    compressed_size: stream.len(),
                    bytes: stream,
                };
            }
        }
        Compressed {
            bytes: plain,
            plain_size,
            compressed_size: 0,
        }
    }
}
