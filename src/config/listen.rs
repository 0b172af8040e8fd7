//! Where the server listens, and how it is called from outside.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// An address and a port to listen on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listener {
    /// Whether it is listened on.
    pub enabled: bool,
    /// The address; `::` is every one of both families.
    pub address: IpAddr,
    /// The port; 0, which only `--listen` can give, takes a free one.
    pub port: u16,
}

impl Listener {
    /// One that is listened on.
    pub fn on(address: impl Into<IpAddr>, port: u16) -> Listener {
        Listener {
            enabled: true,
            address: address.into(),
            port,
        }
    }

    /// The same, not listened on.
    pub fn off(self) -> Listener {
        Listener {
            enabled: false,
            ..self
        }
    }

    /// Address and port together.
    pub fn socket(&self) -> SocketAddr {
        SocketAddr::new(self.address, self.port)
    }

    /// Whether both would listen on the same port of the same address.
    pub fn overlaps(&self, other: &Listener) -> bool {
        let all =
            |one: IpAddr, other: IpAddr| one.is_unspecified() && (one.is_ipv6() || other.is_ipv4());
        let address = self.address == other.address
            || all(self.address, other.address)
            || all(other.address, self.address);
        self.enabled && other.enabled && self.port == other.port && address
    }
}

/// Where the server listens for HTTPS, and with what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Https {
    /// Where.
    pub listener: Listener,
    /// The certificate and those of its issuers, PEM. Given if it is enabled.
    pub certificate: Option<PathBuf>,
    /// The private key of the certificate, PEM. Given if it is enabled.
    pub private_key: Option<PathBuf>,
    /// Whether a certificate that has signed itself is taken.
    pub allow_self_signed: bool,
}

impl Https {
    /// Certificate and key, if it is enabled and both are given.
    pub fn pair(&self) -> Option<(&Path, &Path)> {
        let pair = self.certificate.as_deref().zip(self.private_key.as_deref());
        pair.filter(|_| self.listener.enabled)
    }
}

/// A sync service, as later servers of the original name them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncServer {
    /// Its id, which the data of a Realm is bound to.
    pub id: String,
    /// The address; `0.0.0.0` and `::` are this machine.
    pub address: String,
    /// The port.
    pub port: u16,
}

impl SyncServer {
    /// Where it listens on this machine, as the original did: on the loopback. `None` if it is to be on another one.
    pub fn listener(&self) -> Option<Listener> {
        let address: IpAddr = self.address.parse().ok()?;
        let loopback = match address {
            IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
            IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::LOCALHOST),
        };
        let is_here = address.is_unspecified() || address == loopback;
        is_here.then(|| Listener::on(loopback, self.port))
    }
}

/// Scheme and authority under which clients reach the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PublicUrl {
    /// Whether it is `https`.
    pub secure: bool,
    /// Host, and port if it is not the scheme's own.
    pub authority: String,
}

impl TryFrom<String> for PublicUrl {
    type Error = &'static str;

    fn try_from(text: String) -> Result<PublicUrl, &'static str> {
        let expected = "a URL of scheme and host is expected, like https://sync.example.com";
        let (scheme, rest) = text.split_once("://").ok_or(expected)?;
        let authority = rest.trim_end_matches('/');
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte);
        let fits = !authority.is_empty() && authority.bytes().all(plain);
        if !matches!(scheme, "http" | "https") || !fits {
            return Err(expected);
        }
        Ok(PublicUrl {
            secure: scheme == "https",
            authority: authority.to_owned(),
        })
    }
}

impl From<PublicUrl> for String {
    fn from(url: PublicUrl) -> String {
        let scheme = if url.secure { "https" } else { "http" };
        format!("{scheme}://{}", url.authority)
    }
}
