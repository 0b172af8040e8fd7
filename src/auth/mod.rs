//! Who is this: the key pair, tokens, passwords.
//!
//! Says who, never what they may do. Time and randomness are arguments. A token is believed only after its signature has been checked with RS256;
//! what its header says is compared with that and never chosen by it.
//!
//! Knows no users, databases or requests.

mod key;
mod password;
mod token;

#[cfg(test)]
pub(crate) mod tests;

pub use key::{KeyError, KeyPair, PublicKey};
pub use password::{PasswordError, PasswordSalt, hash_password, verify_password};
pub use token::{AppToken, ClassicToken, TokenError, TokenKind};
