//! TLS for both ends: certificates and keys out of PEM files, what is to be said of a certificate, the server's pair, which may change while it runs, and whom
//! the client trusts.
//!
//! Invariants
//! - A pair that is served belongs together. What cannot be read or does not fit changes nothing: the pair before goes on.
//! - No file makes this room panic, and no error says what is in a key.
//!
//! Knows no configuration, and no sockets beyond encrypting them. TLS 1.2 and 1.3; all of the cryptography is that of `ring`.

mod client;
mod facts;
mod identity;
mod pem;
mod signer;

use std::sync::Arc;

use tokio_rustls::rustls;

pub use client::{Trust, disbelief, distrust};
pub use facts::{Facts, facts};
pub use identity::{Files, Identity, Pair};
pub use pem::{Cause, TlsError, certificates};
pub use signer::EcKey;

/// The versions of the protocol that are spoken, on both ends.
const VERSIONS: [&rustls::SupportedProtocolVersion; 2] =
    [&rustls::version::TLS12, &rustls::version::TLS13];

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}
