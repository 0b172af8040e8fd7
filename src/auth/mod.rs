//! Who is this: key pairs, tokens, passwords. Says who, never what they may do. Time and randomness are arguments, but for making keys and salts of passwords.

mod classic;
mod keys;
mod password;
mod token;

use crate::ident::UserId;

pub use classic::ClassicClaims;
pub use keys::{KeyError, KeyPair};
pub use password::{hash_password, matches_password};
pub use token::{AppClaims, TokenKind};

/// Somebody who has shown a valid token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The user.
    pub user: UserId,
    /// Where the user comes from, and what the token itself grants or limits.
    pub scope: Scope,
    /// When the token ends, in Unix seconds; never, if there is no such time.
    pub expires: Option<u64>,
}

/// What kind of token it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// An access token of an app's user.
    App {
        /// The app.
        app: String,
    },
    /// A classic token, signed for our own tools.
    Classic {
        /// The one path that it is for; any, if there is none.
        path: Option<String>,
        /// Whether it grants reading.
        download: bool,
        /// Whether it grants writing.
        upload: bool,
        /// Whether it is an administrator's.
        admin: bool,
    },
}

/// Why a token is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It is no token of a form that we know, or it lacks what a token must say.
    #[error("malformed token")]
    Malformed,
    /// Its signature is not ours, or not of an allowed algorithm.
    #[error("bad signature")]
    BadSignature,
    /// It has expired.
    #[error("expired")]
    Expired,
    /// It is of another kind, or for another app.
    #[error("token for another use")]
    WrongUse,
}
