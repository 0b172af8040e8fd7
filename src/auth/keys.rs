//! The server's key pair: RSA, in PEM files. Everything that the server signs is signed with it.

use std::path::Path;

use jsonwebtoken::{DecodingKey, EncodingKey};
use rsa::pkcs1::DecodeRsaPrivateKey;
use rsa::pkcs8::{DecodePrivateKey, EncodePrivateKey, EncodePublicKey, LineEnding};
use rsa::traits::PublicKeyParts;
use rsa::{RsaPrivateKey, RsaPublicKey};

use crate::secret::Secret;

/// The pair, in the forms in which it is used.
pub struct KeyPair {
    pub(super) signing: EncodingKey,
    pub(super) verifying: DecodingKey,
    pub(super) private: RsaPrivateKey,
    pub(super) public: RsaPublicKey,
}

/// Why there is no key pair.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The text is no RSA private key in PEM.
    #[error("no RSA private key in PEM: {0}")]
    Unreadable(String),
    /// The key is too short to be trusted.
    #[error("the key has {0} bits; at least 2048 are needed")]
    TooShort(usize),
}

impl KeyPair {
    /// A new pair of 2048 bits: the pair, and its private and public halves in PEM.
    pub fn generate() -> Result<(Secret, String), KeyError> {
        let unreadable = |error: &dyn std::fmt::Display| KeyError::Unreadable(error.to_string());
        let private =
            RsaPrivateKey::new(&mut rand_core::OsRng, 2048).map_err(|error| unreadable(&error))?;
        let public = private
            .to_public_key()
            .to_public_key_pem(LineEnding::LF)
            .map_err(|error| unreadable(&error))?;
        let private = private
            .to_pkcs8_pem(LineEnding::LF)
            .map_err(|error| unreadable(&error))?;
        Ok((Secret::new(private.as_str()), public))
    }

    /// The pair of a private key in PEM, PKCS#8 or PKCS#1.
    pub fn from_pem(pem: &Secret) -> Result<KeyPair, KeyError> {
        let unreadable = |error: &dyn std::fmt::Display| KeyError::Unreadable(error.to_string());
        let private = RsaPrivateKey::from_pkcs8_pem(pem.reveal())
            .or_else(|_| RsaPrivateKey::from_pkcs1_pem(pem.reveal()))
            .map_err(|error| unreadable(&error))?;
        let bits = private.size() * 8;
        if bits < 2048 {
            return Err(KeyError::TooShort(bits));
        }
        let public = private.to_public_key();
        let (signing, verifying) = (
            EncodingKey::from_rsa_pem(
                private
                    .to_pkcs8_pem(LineEnding::LF)
                    .map_err(|error| unreadable(&error))?
                    .as_bytes(),
            ),
            DecodingKey::from_rsa_pem(
                public
                    .to_public_key_pem(LineEnding::LF)
                    .map_err(|error| unreadable(&error))?
                    .as_bytes(),
            ),
        );
        Ok(KeyPair {
            signing: signing.map_err(|error| unreadable(&error))?,
            verifying: verifying.map_err(|error| unreadable(&error))?,
            private,
            public,
        })
    }

    /// Reads a private key file.
    pub fn read(path: &Path) -> Result<KeyPair, KeyError> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| KeyError::Unreadable(error.to_string()))?;
        KeyPair::from_pem(&Secret::new(text))
    }
}
