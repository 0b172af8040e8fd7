//! Passwords as Realm Object Server kept them: PBKDF2 with HMAC-SHA-256 (1.x) or HMAC-SHA-512 (2.x, 3.x), usually 512 bytes of it.
//!
//! Such a hash is only ever compared with; new ones are not made. The blocks of PBKDF2 do not depend on each other, so the first one decides as well as all of them, at a
//! sixteenth of the work: it alone is kept.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use sha2::{Sha256, Sha512};

use crate::secret::Secret;

/// What all of them begin with as text.
const PREFIX: &str = "$pbkdf2-";

/// Bytes that a hash must have at least: less could be met by chance.
const SHORTEST: usize = 16;

/// Bytes of a salt, at most.
const SALT: usize = 1024;

/// Most rounds: a sign-in must not keep a thread for long.
pub const ROUNDS: u32 = 1_000_000;

/// What is under the HMAC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Digest {
    /// SHA-256, as in 1.x
    Sha256,
    /// SHA-512, as in 2.x and 3.x
    Sha512,
}

impl Digest {
    /// The digest of this name, as Node.js spells it.
    pub fn named(name: &str) -> Option<Digest> {
        match name.to_ascii_lowercase().replace('-', "").as_str() {
            "sha256" => Some(Digest::Sha256),
            "sha512" => Some(Digest::Sha512),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Digest::Sha256 => "sha256",
            Digest::Sha512 => "sha512",
        }
    }

    /// Bytes of a block.
    fn block(self) -> usize {
        match self {
            Digest::Sha256 => 32,
            Digest::Sha512 => 64,
        }
    }
}

/// A hash that another server has made.
#[derive(Clone, PartialEq, Eq)]
pub struct Pbkdf2 {
    digest: Digest,
    rounds: u32,
    salt: Vec<u8>,
    /// The first block, or what there is of it.
    hash: Vec<u8>,
}

impl Pbkdf2 {
    /// A hash from its parts; `None` if there is too little of it, or if it would take more than [`ROUNDS`].
    pub fn new(digest: Digest, rounds: u32, salt: Vec<u8>, mut hash: Vec<u8>) -> Option<Pbkdf2> {
        hash.truncate(digest.block());
        let fits = (1..=ROUNDS).contains(&rounds) && hash.len() >= SHORTEST && salt.len() <= SALT;
        fits.then_some(Pbkdf2 {
            digest,
            rounds,
            salt,
            hash,
        })
    }

    /// Whether a text is such a hash, and no other.
    pub fn is(text: &str) -> bool {
        text.starts_with(PREFIX)
    }

    /// A hash from its text.
    pub fn parse(text: &str) -> Option<Pbkdf2> {
        let mut parts = text.strip_prefix(PREFIX)?.split('$');
        let digest = Digest::named(parts.next()?)?;
        let rounds = parts.next()?.strip_prefix("i=")?.parse().ok()?;
        let mut bytes = || STANDARD_NO_PAD.decode(parts.next()?).ok();
        let (salt, hash) = (bytes()?, bytes()?);
        Pbkdf2::new(digest, rounds, salt, hash)
    }

    /// The hash as text that also says how it was made.
    pub fn text(&self) -> String {
        let (salt, hash) = (
            STANDARD_NO_PAD.encode(&self.salt),
            STANDARD_NO_PAD.encode(&self.hash),
        );
        let (digest, rounds) = (self.digest.name(), self.rounds);
        format!("{PREFIX}{digest}$i={rounds}${salt}${hash}")
    }

    /// What its text begins with: all with this beginning take the same work.
    pub fn kind(&self) -> String {
        format!("{PREFIX}{}$i={}$", self.digest.name(), self.rounds)
    }

    /// Under which digest it was made, in how many rounds.
    pub fn work(&self) -> (Digest, u32) {
        (self.digest, self.rounds)
    }

    /// Whether the password is the one that was hashed.
    pub fn verify(&self, password: &Secret) -> bool {
        let mut made = vec![0; self.hash.len()];
        derive(self.digest, self.rounds, password, &self.salt, &mut made);
        // All bytes are looked at, so the time tells nothing.
        let pairs = made.iter().zip(&self.hash);
        pairs.fold(0, |all, (made, kept)| all | (made ^ kept)) == 0
    }
}

/// Takes the time of so many rounds.
pub fn spend(digest: Digest, rounds: u32, password: &Secret) {
    if rounds > 0 {
        let mut made = [0; SHORTEST];
        derive(digest, rounds, password, &[], &mut made);
        std::hint::black_box(made);
    }
}

fn derive(digest: Digest, rounds: u32, password: &Secret, salt: &[u8], made: &mut [u8]) {
    let password = password.reveal().as_bytes();
    match digest {
        Digest::Sha256 => pbkdf2::pbkdf2_hmac::<Sha256>(password, salt, rounds, made),
        Digest::Sha512 => pbkdf2::pbkdf2_hmac::<Sha512>(password, salt, rounds, made),
    }
}

/// A hash is not for logs.
impl fmt::Debug for Pbkdf2 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pbkdf2({}, {} rounds)", self.digest.name(), self.rounds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Vectors of RFC 7914 §11 (SHA-256), and `hashlib.pbkdf2_hmac('sha512', b'password', b'salt', 1)`.
    #[test]
    fn known_hashes_are_known() {
        let bytes = |hex: &str| -> Vec<u8> {
            let pairs = (0..hex.len()).step_by(2);
            pairs
                .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
                .collect()
        };
        for (digest, rounds, password, salt, hash) in [
            (
                Digest::Sha256,
                1,
                "passwd",
                "salt",
                "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc",
            ),
            (
                Digest::Sha256,
                80_000,
                "Password",
                "NaCl",
                "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56",
            ),
            (
                Digest::Sha512,
                1,
                "password",
                "salt",
                "867f70cf1ade02cff3752599a3a53dc4af34c7a669815ae5d513554e1c8cf252\
                 c02d470a285a0501bad999bfe943c08f050235d7d68b1da55e63f73b60a57fce",
            ),
        ] {
            let kept = Pbkdf2::new(digest, rounds, salt.into(), bytes(hash)).unwrap();
            let text = kept.text();
            assert!(Pbkdf2::is(&text));
            assert_eq!(Pbkdf2::parse(&text), Some(kept.clone()));
            assert!(kept.verify(&Secret::new(password)), "{text}");
            assert!(!kept.verify(&Secret::new("other")), "{text}");
        }
    }

    #[test]
    fn what_proves_too_little_or_costs_too_much_is_none() {
        let made = |rounds, length| Pbkdf2::new(Digest::Sha512, rounds, vec![1], vec![2; length]);
        assert_eq!(made(1, 15), None);
        assert_eq!(made(0, 64), None);
        assert_eq!(made(ROUNDS + 1, 64), None);
        assert!(made(ROUNDS, 512).is_some());
        for text in [
            "",
            "$pbkdf2-md5$i=1$AA$AA",
            "$pbkdf2-sha512$i=x$AA$AA",
            "$argon2id$",
        ] {
            assert_eq!(Pbkdf2::parse(text), None);
        }
    }
}
