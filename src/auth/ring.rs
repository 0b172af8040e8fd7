//! Key rotation: tokens are signed with one key, and verified with that and those before it.

use super::key::{KeyPair, PublicKey, Verifier};

/// The key pair that signs, and older public keys whose tokens still count until they expire.
pub struct KeyRing {
    signing: KeyPair,
    older: Vec<PublicKey>,
}

impl KeyRing {
    /// A ring of these.
    pub fn new(signing: KeyPair, older: Vec<PublicKey>) -> KeyRing {
        KeyRing { signing, older }
    }

    /// The pair that signs.
    pub fn signing(&self) -> &KeyPair {
        &self.signing
    }
}

impl From<KeyPair> for KeyRing {
    fn from(signing: KeyPair) -> KeyRing {
        KeyRing::new(signing, Vec::new())
    }
}

impl Verifier for KeyRing {
    fn verified_by(&self, hint: Option<&str>, message: &[u8], signature: &[u8]) -> Option<&str> {
        let keys = || std::iter::once(self.signing.public()).chain(&self.older);
        if let Some(named) = keys().find(|key| hint == Some(key.id())) {
            return named.verified_by(None, message, signature);
        }
        keys().find_map(|key| key.verified_by(None, message, signature))
    }
}
