//! The RSA key pair that signs and verifies tokens, and its PEM forms.

use std::path::Path;

use rsa::pkcs1::{DecodeRsaPrivateKey, DecodeRsaPublicKey};
use rsa::pkcs1v15::{Signature, SigningKey, VerifyingKey};
use rsa::pkcs8::{
    DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey, LineEnding,
};
use rsa::rand_core::{CryptoRngCore, OsRng};
use rsa::sha2::{Digest, Sha256};
use rsa::signature::{RandomizedSigner, SignatureEncoding, Verifier as _};
use rsa::traits::PublicKeyParts;
use rsa::{RsaPrivateKey, RsaPublicKey};

use crate::secret::Secret;

/// Bits of a key that is made here, and the fewest that are accepted.
const BITS: usize = 2048;

/// Why a key cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The text is not the PEM form of an RSA private key.
    #[error("not an RSA private key in PEM form")]
    Private,
    /// The text is not the PEM form of an RSA public key.
    #[error("not an RSA public key in PEM form")]
    Public,
    /// The key is too short to be safe.
    #[error("the key has {0} bits; {BITS} are needed")]
    Short(usize),
    /// The two keys do not belong together.
    #[error("the public key does not belong to the private key")]
    Mismatch,
    /// A file cannot be read.
    #[error("{0}")]
    File(String),
    /// There is no key in it that another issuer could sign with.
    #[error(
        "neither public keys or certificates (PEM) nor a set of them (JWK), of RSA, P-256, P-384 or Ed25519"
    )]
    Foreign,
    /// A shared secret is too short to be safe.
    #[error("the secret has {0} bytes; 32 are needed")]
    ShortSecret(usize),
    /// No key could be made.
    #[error("no key pair could be made: {0}")]
    Generate(String),
}

/// What verifies tokens: one key, or a ring of them.
pub trait Verifier {
    /// The id of the key that has signed the message (PKCS #1 v1.5, SHA-256), if one of these has. `hint` is the id that the token names: a key of this id is the only
    /// one that is tried; an id that nobody has is no hint.
    fn verified_by(&self, hint: Option<&str>, message: &[u8], signature: &[u8]) -> Option<&str>;
}

/// The key that verifies tokens.
#[derive(Debug, Clone)]
pub struct PublicKey {
    key: VerifyingKey<Sha256>,
    id: String,
}

impl PublicKey {
    /// From PEM, in either of the usual forms (`PUBLIC KEY`, `RSA PUBLIC KEY`).
    pub fn from_pem(pem: &str) -> Result<PublicKey, KeyError> {
        let key =
            RsaPublicKey::from_public_key_pem(pem).or_else(|_| RsaPublicKey::from_pkcs1_pem(pem));
        checked(key.map_err(|_| KeyError::Public)?)
    }

    /// Whether the signature (PKCS #1 v1.5, SHA-256) is this key's for the message.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        Signature::try_from(signature)
            .is_ok_and(|signature| self.key.verify(message, &signature).is_ok())
    }

    /// The name of the key in tokens (`kid`): 16 hex digits, the beginning of the SHA-256 of its DER form (SubjectPublicKeyInfo).
    pub fn id(&self) -> &str {
        &self.id
    }

    /// From a PEM file.
    pub fn read(path: &Path) -> Result<PublicKey, KeyError> {
        PublicKey::from_pem(&text(path)?)
    }
}

impl Verifier for PublicKey {
    fn verified_by(&self, _: Option<&str>, message: &[u8], signature: &[u8]) -> Option<&str> {
        self.verify(message, signature).then_some(&*self.id)
    }
}

pub(super) fn text(path: &Path) -> Result<String, KeyError> {
    let read = std::fs::read_to_string(path);
    read.map_err(|error| KeyError::File(format!("{}: {error}", path.display())))
}

fn checked(key: RsaPublicKey) -> Result<PublicKey, KeyError> {
    let bits = key.size() * 8;
    if bits < BITS {
        return Err(KeyError::Short(bits));
    }
    let der = key.to_public_key_der().map_err(|_| KeyError::Public)?;
    let digest = Sha256::digest(der.as_bytes());
    Ok(PublicKey {
        id: digest[..8]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect(),
        key: VerifyingKey::new(key),
    })
}

/// Both halves. Has no printable form.
pub struct KeyPair {
    private: SigningKey<Sha256>,
    public: PublicKey,
}

impl KeyPair {
    /// Makes a new pair of 2048 bits. Takes up to seconds.
    pub fn generate(random: &mut impl CryptoRngCore) -> Result<KeyPair, KeyError> {
        let private = RsaPrivateKey::new(random, BITS)
            .map_err(|error| KeyError::Generate(error.to_string()))?;
        KeyPair::from_private(private)
    }

    /// From the PEM form of the private key, in either of the usual forms (`PRIVATE KEY`, `RSA PRIVATE KEY`).
    pub fn from_pem(private: &Secret) -> Result<KeyPair, KeyError> {
        let pem = private.reveal();
        let key =
            RsaPrivateKey::from_pkcs8_pem(pem).or_else(|_| RsaPrivateKey::from_pkcs1_pem(pem));
        KeyPair::from_private(key.map_err(|_| KeyError::Private)?)
    }

    /// From both PEM forms, which must belong together.
    pub fn from_pems(private: &Secret, public: &str) -> Result<KeyPair, KeyError> {
        let pair = KeyPair::from_pem(private)?;
        let public = PublicKey::from_pem(public)?;
        if AsRef::<RsaPublicKey>::as_ref(&pair.public.key) != public.key.as_ref() {
            return Err(KeyError::Mismatch);
        }
        Ok(pair)
    }

    /// From a file with the private key and, if there is one, a file with the public key.
    pub fn read(private: &Path, public: Option<&Path>) -> Result<KeyPair, KeyError> {
        let private = Secret::new(text(private)?);
        match public {
            Some(public) => KeyPair::from_pems(&private, &text(public)?),
            None => KeyPair::from_pem(&private),
        }
    }

    fn from_private(private: RsaPrivateKey) -> Result<KeyPair, KeyError> {
        let public = checked(private.to_public_key())?;
        Ok(KeyPair {
            private: SigningKey::new(private),
            public,
        })
    }

    /// The half that may be known.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// The private key as PEM (PKCS #8).
    pub fn private_pem(&self) -> Result<Secret, KeyError> {
        let key: &RsaPrivateKey = self.private.as_ref();
        let pem = key
            .to_pkcs8_pem(LineEnding::LF)
            .map_err(|_| KeyError::Private)?;
        Ok(Secret::new(pem.as_str()))
    }

    /// The public key as PEM.
    pub fn public_pem(&self) -> Result<String, KeyError> {
        let key: &RsaPublicKey = self.public.key.as_ref();
        key.to_public_key_pem(LineEnding::LF)
            .map_err(|_| KeyError::Public)
    }

    /// Signs a message (PKCS #1 v1.5, SHA-256).
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        // The signature does not depend on what is drawn here: it only hides the key from whoever measures time.
        self.private.sign_with_rng(&mut OsRng, message).to_vec()
    }
}
