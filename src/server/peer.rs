//! Who is at the other end of a connection, as logs and limits know it.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

/// Who is at the other end: an address, and a port if nobody stands between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// The address.
    pub address: IpAddr,
    /// The port.
    pub port: Option<u16>,
}

impl Peer {
    /// Directly.
    pub fn direct(address: SocketAddr) -> Peer {
        Peer {
            address: address.ip().to_canonical(),
            port: Some(address.port()),
        }
    }

    /// The client that a proxy speaks for, or the same if it does not.
    pub fn or_client(self, address: IpAddr) -> Peer {
        let port = self.port.filter(|_| self.address == address);
        Peer { address, port }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            Some(port) => SocketAddr::new(self.address, port).fmt(f),
            None => self.address.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_behind_a_proxy_has_no_port() {
        let peer = |text: &str| Peer::direct(text.parse().unwrap());
        let proxy = peer("[::ffff:127.0.0.1]:7");
        assert_eq!(proxy.to_string(), "127.0.0.1:7");
        let client = |address: &str| proxy.or_client(address.parse().unwrap()).to_string();
        assert_eq!(client("192.0.2.1"), "192.0.2.1");
        assert_eq!(client("127.0.0.1"), "127.0.0.1:7");
        assert_eq!(peer("[2001:db8::1]:7").to_string(), "[2001:db8::1]:7");
    }
}
