//! What a server shows: a chain of certificates and the key that belongs to it. It can be another from one connection to the next.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::server::{
    ClientHello, NoServerSessionStorage, ParsedCertificate, ResolvesServerCert, ServerConfig,
};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{self, InconsistentKeys};

use super::facts::{Facts, facts};
use super::pem::{Cause, TlsError, certificates, private_key};
use super::{VERSIONS, provider};

/// Where a pair lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// The chain, PEM: the server's own certificate first, then those that it stands on.
    pub certificate: PathBuf,
    /// The private key, PEM.
    pub private_key: PathBuf,
    /// Whether the certificate may have signed itself.
    pub allow_self_signed: bool,
}

/// A chain and its key, read and checked.
#[derive(Debug, Clone)]
pub struct Pair {
    key: Arc<CertifiedKey>,
    chain: Vec<Facts>,
}

impl Pair {
    /// Reads a pair. It must belong together, and may have signed itself only if that is allowed.
    pub fn read(files: &Files) -> Result<Pair, TlsError> {
        let certificates = certificates(&files.certificate)?;
        let of_certificate = |cause| TlsError::of(&files.certificate, cause);
        let of_key = |cause| TlsError::of(&files.private_key, cause);
        let read = |(index, certificate)| {
            facts(certificate).ok_or_else(|| of_certificate(Cause::BadCertificate(index + 1)))
        };
        let chain: Vec<Facts> = certificates
            .iter()
            .enumerate()
            .map(read)
            .collect::<Result<_, _>>()?;
        let key = private_key(&files.private_key)?;
        let pair = CertifiedKey::from_der(certificates, key, &provider());
        let key = pair.map_err(|error| match error {
            rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                of_key(Cause::Mismatch)
            }
            rustls::Error::InvalidCertificate(_) => of_certificate(Cause::BadCertificate(1)),
            _ => of_key(Cause::BadKey),
        })?;
        if chain.first().is_some_and(|own| own.is_self_signed) && !files.allow_self_signed {
            return Err(of_certificate(Cause::SelfSigned));
        }
        let key = Arc::new(key);
        Ok(Pair { key, chain })
    }

    /// What is to be said of each certificate, the server's own first.
    pub fn chain(&self) -> &[Facts] {
        &self.chain
    }

    /// Whether the certificate holds for a host of this name or address.
    pub fn holds_for(&self, host: &str) -> bool {
        let own = self
            .key
            .end_entity_cert()
            .and_then(ParsedCertificate::try_from);
        match (own, ServerName::try_from(host)) {
            (Ok(own), Ok(host)) => rustls::client::verify_server_name(&own, &host).is_ok(),
            (Err(_), _) | (_, Err(_)) => false,
        }
    }
}

/// The pair that a server shows, for as long as it runs. Clones are one and the same.
#[derive(Clone)]
pub struct Identity {
    shown: Arc<Shown>,
    acceptor: TlsAcceptor,
}

#[derive(Debug)]
struct Shown(RwLock<Current>);

#[derive(Debug)]
struct Current {
    files: Files,
    /// The files as they were when they were last read, whether they were of use or not.
    stamps: [Option<Stamp>; 2],
    pair: Pair,
}

/// What changes when a file is written or replaced: device, inode, size, time.
type Stamp = (u64, u64, u64, i64, i64);

impl Identity {
    /// Reads the pair in these files.
    pub fn read(files: Files) -> Result<Identity, TlsError> {
        let stamps = stamps(&files);
        let pair = Pair::read(&files)?;
        let current = Current {
            files,
            stamps,
            pair,
        };
        let shown = Arc::new(Shown(RwLock::new(current)));
        let acceptor = acceptor(shown.clone());
        Ok(Identity { shown, acceptor })
    }

    /// What makes TLS of a connection.
    pub fn acceptor(&self) -> &TlsAcceptor {
        &self.acceptor
    }

    /// The pair that is shown now.
    pub fn pair(&self) -> Pair {
        self.shown.look(|current| current.pair.clone())
    }

    /// Reads the pair again if one of its files has changed since it was last read; `None` if none has.
    /// After an error the pair before is shown on, and nothing is read until a file changes again.
    pub fn refresh(&self) -> Result<Option<Pair>, TlsError> {
        let (files, before) = self
            .shown
            .look(|current| (current.files.clone(), current.stamps));
        if stamps(&files) == before {
            return Ok(None);
        }
        self.reload(files).map(Some)
    }

    /// Reads the pair in these files, and shows it to whoever comes from now on. After an error the pair before is shown on, until these files are of use.
    pub fn reload(&self, files: Files) -> Result<Pair, TlsError> {
        let stamps = stamps(&files); // before reading: what changes meanwhile is read once more
        let read = Pair::read(&files);
        let mut current = self.shown.0.write().unwrap_or_else(PoisonError::into_inner);
        current.files = files;
        current.stamps = stamps;
        let pair = read?;
        current.pair = pair.clone();
        Ok(pair)
    }
}

/// Clients that come back show a ticket, so that the server needs no memory for them and does not sign again.
fn acceptor(shown: Arc<Shown>) -> TlsAcceptor {
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&VERSIONS)
        .expect("the provider has suites for both versions")
        .with_no_client_auth()
        .with_cert_resolver(shown);
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config.session_storage = Arc::new(NoServerSessionStorage {});
    if let Ok(ticketer) = rustls::crypto::ring::Ticketer::new() {
        config.ticketer = ticketer;
    }
    config.send_tls13_tickets = 1;
    TlsAcceptor::from(Arc::new(config))
}

impl Shown {
    fn look<T>(&self, look: impl FnOnce(&Current) -> T) -> T {
        look(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.look(|current| current.pair.key.clone()))
    }
}

fn stamps(files: &Files) -> [Option<Stamp>; 2] {
    [stamp(&files.certificate), stamp(&files.private_key)]
}

/// Of what a name leads to: those who renew certificates often move a link.
fn stamp(file: &Path) -> Option<Stamp> {
    let found = std::fs::metadata(file).ok()?;
    Some((
        found.dev(),
        found.ino(),
        found.size(),
        found.mtime(),
        found.mtime_nsec(),
    ))
}
