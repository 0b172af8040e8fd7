//! PEM files: chains of certificates, private keys, and what is wrong with them.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use tokio_rustls::rustls::pki_types::pem::{Error, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// What is wrong, and with which file.
#[derive(Debug, thiserror::Error)]
#[error("{}: {cause}", .file.display())]
pub struct TlsError {
    /// The file.
    pub file: PathBuf,
    /// What is wrong with it.
    pub cause: Cause,
}

/// What is wrong with a file of certificates or a key.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    /// It cannot be read.
    #[error("{0}")]
    Unreadable(io::Error),
    /// No chain is as long as that.
    #[error("larger than 1 MiB")]
    TooLarge,
    /// It is no PEM.
    #[error("not PEM: {0}")]
    NotPem(&'static str),
    /// It has no certificate.
    #[error("there is no certificate in it (-----BEGIN CERTIFICATE-----)")]
    NoCertificate,
    /// One of its certificates is none.
    #[error("certificate {0} in it cannot be read")]
    BadCertificate(usize),
    /// It has no private key.
    #[error("there is no private key in it (-----BEGIN PRIVATE KEY-----)")]
    NoKey,
    /// Nobody is there who could type the passphrase.
    #[error("the private key is locked with a passphrase")]
    Locked,
    /// It is a key of a kind that is not known.
    #[error("the private key cannot be used: an RSA, ECDSA or Ed25519 key is needed")]
    BadKey,
    /// It is a key of another kind.
    #[error("an EC key on the curve P-256 is needed")]
    NoEcKey,
    /// Key and certificate are not of one pair.
    #[error("the private key does not belong to the certificate")]
    Mismatch,
    /// Devices would refuse it.
    #[error("the certificate has signed itself, and devices do not trust it")]
    SelfSigned,
}

/// The certificates in a file, the server's own first; one at least.
pub fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let read = read(file).and_then(|pem| chain(&pem));
    read.map_err(|cause| TlsError::of(file, cause))
}

/// The first private key in a file.
pub(super) fn private_key(file: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let read = read(file).and_then(|pem| key(&pem));
    read.map_err(|cause| TlsError::of(file, cause))
}

impl TlsError {
    pub(super) fn of(file: &Path, cause: Cause) -> TlsError {
        TlsError {
            file: file.to_owned(),
            cause,
        }
    }
}

fn read(file: &Path) -> Result<Vec<u8>, Cause> {
    const MOST: u64 = 1 << 20;
    let mut bytes = Vec::new();
    let file = File::open(file).map_err(Cause::Unreadable)?;
    let mut file = file.take(MOST + 1);
    file.read_to_end(&mut bytes).map_err(Cause::Unreadable)?;
    match u64::try_from(bytes.len()) {
        Ok(size) if size <= MOST => Ok(bytes),
        Ok(_) | Err(_) => Err(Cause::TooLarge),
    }
}

fn chain(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, Cause> {
    let chain: Result<Vec<_>, Error> = CertificateDer::pem_slice_iter(pem).collect();
    let chain = chain.map_err(|error| not_pem(&error))?;
    if chain.is_empty() {
        return Err(Cause::NoCertificate);
    }
    Ok(chain)
}

fn key(pem: &[u8]) -> Result<PrivateKeyDer<'static>, Cause> {
    let says = |text: &[u8]| pem.windows(text.len()).any(|window| window == text);
    match PrivateKeyDer::from_pem_slice(pem) {
        _ if says(b"ENCRYPTED") => Err(Cause::Locked),
        Ok(key) => Ok(key),
        Err(Error::NoItemsFound) => Err(Cause::NoKey),
        Err(error) => Err(not_pem(&error)),
    }
}

/// In words that repeat nothing of the file.
fn not_pem(error: &Error) -> Cause {
    Cause::NotPem(match error {
        Error::MissingSectionEnd { .. } => "a block has no end (-----END …-----)",
        Error::IllegalSectionStart { .. } => {
            "a block does not begin as it should (-----BEGIN …-----)"
        }
        Error::Base64Decode(_) => "a block has characters that do not belong there",
        _ => "it cannot be understood",
    })
}
