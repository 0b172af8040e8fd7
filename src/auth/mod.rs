//! Who is this: the key pair, tokens, passwords.
//!
//! Says who, never what they may do. Time and randomness are arguments. A token of this server is believed only after its signature has been checked with RS256;
//! what its header says is compared with that and never chosen by it. One of another issuer is checked in the way that belongs to the kind of the issuer's key.
//!
//! Knows no users, databases or requests.

mod foreign;
mod inspect;
mod key;
mod password;
mod pbkdf2;
mod ring;
mod rules;
mod token;

#[cfg(test)]
pub(crate) mod tests;

pub use self::pbkdf2::{Digest, Pbkdf2, spend};
pub use foreign::ForeignKeys;
pub use inspect::{Form, Inspection};
pub use key::{KeyError, KeyPair, PublicKey, Verifier};
pub use password::{PasswordError, PasswordSalt, hash_password, verify_password};
pub use ring::KeyRing;
pub use rules::{PasswordRules, WeakPassword};
pub use token::{
    Access, AppToken, ClassicClaims, ClassicToken, Expected, ForeignTokenError, TokenError,
    TokenKind, claim, named_key,
};
