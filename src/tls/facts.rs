//! What is to be said of a certificate.

use std::time::Duration;

use tokio_rustls::rustls::pki_types::CertificateDer;
use x509_cert::Certificate;
use x509_cert::der::Decode;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

/// The facts of one certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Whose it is.
    pub subject: String,
    /// Who has signed it.
    pub issuer: String,
    /// From when on it holds, since 1970.
    pub from: Duration,
    /// When it ends, since 1970.
    pub until: Duration,
    /// The names and addresses of servers for which it holds.
    pub names: Vec<String>,
    /// Whether it was issued by whom it is for.
    pub is_self_signed: bool,
}

/// Reads a certificate; `None` if it is none.
pub fn facts(certificate: &CertificateDer<'_>) -> Option<Facts> {
    let said = Certificate::from_der(certificate).ok()?.tbs_certificate;
    let names = said.get::<SubjectAltName>().ok().flatten();
    let names = names.map(|(_, SubjectAltName(names))| names.iter().filter_map(name).collect());
    Some(Facts {
        subject: said.subject.to_string(),
        issuer: said.issuer.to_string(),
        from: said.validity.not_before.to_unix_duration(),
        until: said.validity.not_after.to_unix_duration(),
        names: names.unwrap_or_default(),
        is_self_signed: said.issuer == said.subject,
    })
}

fn name(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::DnsName(name) => Some(name.to_string()),
        GeneralName::IpAddress(address) => {
            let bytes = address.as_bytes();
            let four = <[u8; 4]>::try_from(bytes).map(|v4| std::net::IpAddr::from(v4).to_string());
            let six =
                || <[u8; 16]>::try_from(bytes).map(|v6| std::net::IpAddr::from(v6).to_string());
            four.or_else(|_| six()).ok()
        }
        _ => None,
    }
}
