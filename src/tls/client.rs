//! Whom the client trusts, and what it says when it does not.

use std::error::Error;
use std::io;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::{self, CertificateError, ClientConfig, RootCertStore};

use super::pem::{Cause, TlsError, certificates};
use super::{VERSIONS, provider};

/// The authorities whose certificates are believed.
#[derive(Clone)]
pub struct Trust(Arc<ClientConfig>);

impl Trust {
    /// Those that this host trusts; the environment variables `SSL_CERT_FILE` and `SSL_CERT_DIR` name others. Read once for the whole process.
    pub fn system() -> Trust {
        static SYSTEM: OnceLock<Trust> = OnceLock::new();
        SYSTEM.get_or_init(|| Trust::of(system_roots())).clone()
    }

    /// The same, and those in a file, PEM: an authority of one's own, or a server's certificate that has signed itself.
    pub fn system_and(file: &Path) -> Result<Trust, TlsError> {
        let mut roots = system_roots();
        for (index, certificate) in certificates(file)?.into_iter().enumerate() {
            let bad = |_| TlsError::of(file, Cause::BadCertificate(index + 1));
            roots.add(certificate).map_err(bad)?;
        }
        Ok(Trust::of(roots))
    }

    fn of(roots: RootCertStore) -> Trust {
        let config = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(&VERSIONS)
            .expect("the provider has suites for both versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        Trust(Arc::new(config))
    }

    /// For whoever makes HTTPS of it.
    pub fn config(&self) -> ClientConfig {
        self.0.as_ref().clone()
    }

    /// For whoever makes TLS of a socket.
    pub fn connector(&self) -> TlsConnector {
        TlsConnector::from(self.0.clone())
    }
}

fn system_roots() -> RootCertStore {
    let found = rustls_native_certs::load_native_certs();
    for error in found.errors {
        tracing::debug!(%error, "an authority of this host cannot be read");
    }
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    roots
}

/// Why a server's certificate was not believed, if an error or one of its causes is about that.
pub fn distrust(error: &(dyn Error + 'static)) -> Option<String> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(rustls::Error::InvalidCertificate(cause)) = tls_error(error) {
            return Some(in_words(cause));
        }
        next = error.source();
    }
    None
}

/// What a client has said that does not believe our certificate, if an error is about that.
pub fn disbelief(error: &io::Error) -> Option<&'static str> {
    use rustls::AlertDescription as Alert;
    match tls_error(error)? {
        rustls::Error::AlertReceived(alert) => match alert {
            Alert::UnknownCA => Some("unknown authority"),
            Alert::CertificateExpired => Some("certificate expired"),
            Alert::BadCertificate | Alert::UnsupportedCertificate => Some("bad certificate"),
            Alert::CertificateUnknown => Some("certificate not accepted"),
            _ => None,
        },
        _ => None,
    }
}

/// The error of rustls that this is, or that an error of the operating system stands for, which may stand in another.
fn tls_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    let inner = || tls_error(error.downcast_ref::<io::Error>()?.get_ref()?);
    error.downcast_ref().or_else(inner)
}

fn in_words(cause: &CertificateError) -> String {
    match cause {
        CertificateError::UnknownIssuer => "nobody who is trusted here has signed it".to_owned(),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "it has ended".to_owned()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "it does not hold yet".to_owned()
        }
        CertificateError::NotValidForNameContext { presented, .. } => {
            format!("it is for other hosts: {}", presented.join(", "))
        }
        CertificateError::NotValidForName => "it is for other hosts".to_owned(),
        other => other.to_string(),
    }
}
