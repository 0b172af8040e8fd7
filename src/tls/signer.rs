//! An EC key that signs for others than TLS.

use std::path::Path;

use tokio_rustls::rustls::SignatureScheme;
use tokio_rustls::rustls::crypto::ring::sign::any_ecdsa_type;
use tokio_rustls::rustls::sign::Signer;

use super::pem::{Cause, TlsError, private_key};

/// A private key on the curve P-256 (PKCS #8 or SEC 1, as OpenSSL writes it).
pub struct EcKey(Box<dyn Signer>);

impl EcKey {
    /// The first private key in a file.
    pub fn read(file: &Path) -> Result<EcKey, TlsError> {
        let key = any_ecdsa_type(&private_key(file)?).ok();
        let signer = key
            .as_ref()
            .and_then(|key| key.choose_scheme(&[SignatureScheme::ECDSA_NISTP256_SHA256]));
        signer
            .map(EcKey)
            .ok_or_else(|| TlsError::of(file, Cause::NoEcKey))
    }

    /// The signature of a message (ECDSA, SHA-256), in DER; empty if there is no randomness.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.0.sign(message).unwrap_or_default()
    }
}
