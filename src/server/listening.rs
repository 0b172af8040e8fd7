//! Where the server listens, and what is served there.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::net::{TcpListener, TcpSocket};

use super::certificate;
use crate::api::status;
use crate::config::{Listener, Settings};
use crate::tls::{Identity, TlsError};

/// What is served on a port.
#[derive(Clone)]
pub enum Service {
    /// Everything: the original's proxy, without a hop. What would go to the other services is answered on the spot.
    Http,
    /// The same over TLS.
    Https(Identity),
    /// Everything but for those who come past the proxy, who may be sent to the sync service.
    Web,
    /// Sync, and whether the server is well.
    Sync,
}

/// A listener that a configuration wants.
pub struct Wanted {
    /// What is served.
    pub service: Service,
    /// Where.
    pub address: SocketAddr,
    /// The key that says so.
    pub key: &'static str,
}

/// What is to be listened on, the proxy last: who waits for it finds everything else there.
pub fn wanted(settings: &Settings) -> Result<Vec<Wanted>, TlsError> {
    let mut wanted = Vec::new();
    let mut want = |service, listener: Listener, key| {
        if listener.enabled {
            let address = listener.socket();
            wanted.push(Wanted {
                service,
                address,
                key,
            });
        }
    };
    for listener in settings.sync_listeners() {
        want(Service::Sync, listener, "network.sync.listen_port");
    }
    want(
        Service::Web,
        settings.network_http,
        "network.http.listen_port",
    );
    if let Some(files) = certificate::files(settings) {
        let listener = settings.proxy_https.listener;
        let service = Service::Https(Identity::read(files)?);
        want(service, listener, "proxy.https.listen_port");
    }
    want(Service::Http, settings.proxy_http, "proxy.http.listen_port");
    Ok(wanted)
}

impl Service {
    /// The name in `ros status`.
    pub fn name(&self) -> &'static str {
        match self {
            Service::Http => "http",
            Service::Https(_) => "https",
            Service::Web => "web",
            Service::Sync => "sync",
        }
    }

    /// The words of the original, in the log.
    pub fn title(&self) -> &'static str {
        match self {
            Service::Http => "http proxy",
            Service::Https(_) => "https proxy",
            Service::Web => "web server",
            Service::Sync => "sync engine",
        }
    }
}

/// Listens on an address. `::` is every address of both families, also where the system would take the second for another; of IPv4 only, where there is no other.
pub fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    match listen(address) {
        Err(error) if is_any_v6(address) && has_no_v6(&error) => {
            listen((Ipv4Addr::UNSPECIFIED, address.port()).into())
        }
        other => other,
    }
}

fn is_any_v6(address: SocketAddr) -> bool {
    address.is_ipv6() && address.ip().is_unspecified()
}

fn has_no_v6(error: &io::Error) -> bool {
    let unsupported = rustix::io::Errno::AFNOSUPPORT.raw_os_error();
    error.raw_os_error() == Some(unsupported) || error.kind() == io::ErrorKind::AddrNotAvailable
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    /// Connections that wait to be accepted; the system may allow fewer.
    const LINE: u32 = 4096;
    let socket = if address.is_ipv6() {
        TcpSocket::new_v6()?
    } else {
        TcpSocket::new_v4()?
    };
    if is_any_v6(address) {
        rustix::net::sockopt::set_ipv6_v6only(&socket, false)?;
    }
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(LINE)
}

/// Where the sync service listens, if there is no proxy that would serve everything.
pub fn sync_past_the_proxy(listeners: &[(Service, TcpListener)]) -> Option<SocketAddr> {
    let is_proxy = |service: &Service| matches!(service, Service::Http | Service::Https(_));
    if listeners.iter().any(|(service, _)| is_proxy(service)) {
        return None;
    }
    let is_sync = |(service, _): &&(Service, TcpListener)| matches!(service, Service::Sync);
    let (_, listener) = listeners.iter().find(is_sync)?;
    listener.local_addr().ok()
}

/// Where the server listens.
#[derive(Default)]
pub struct Listeners(Mutex<Vec<status::Listener>>);

impl Listeners {
    /// One more.
    pub fn add(&self, name: &str, listener: &TcpListener) {
        let address = listener.local_addr();
        let address = address.map_or_else(|error| error.to_string(), |found| found.to_string());
        self.lock().push(status::Listener {
            name: name.to_owned(),
            address,
        });
    }

    /// All of them.
    pub fn all(&self) -> Vec<status::Listener> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<status::Listener>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether who has reached us at `local` reaches what listens on `other` by the same host name.
pub fn reaches(local: IpAddr, other: SocketAddr) -> bool {
    match (local.to_canonical(), other.ip().to_canonical()) {
        (IpAddr::V4(_), IpAddr::V6(other)) => other.is_unspecified(),
        (local, other) => {
            other.is_unspecified() && local.is_ipv4() == other.is_ipv4() || local == other
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sync_is_named_to_those_who_reach_it() {
        for (local, other, is) in [
            ("127.0.0.1", "127.0.0.1:27800", true),
            ("::ffff:127.0.0.1", "127.0.0.1:27800", true),
            ("192.0.2.1", "127.0.0.1:27800", false),
            ("192.0.2.1", "0.0.0.0:27800", true),
            ("192.0.2.1", "[::]:27800", true),
            ("2001:db8::1", "[::]:27800", true),
            ("2001:db8::1", "0.0.0.0:27800", false),
            ("::1", "127.0.0.1:27800", false),
        ] {
            let reached = reaches(local.parse().unwrap(), other.parse().unwrap());
            assert_eq!(reached, is, "{local} {other}");
        }
    }

    #[tokio::test]
    async fn every_address_is_one_of_both_families() {
        let any = "[::]:0".parse().unwrap();
        let listener = bind(any).unwrap();
        let port = listener.local_addr().unwrap().port();
        let near = tokio::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await;
        let (_, peer) = listener.accept().await.unwrap();
        assert_eq!(peer.port(), near.unwrap().local_addr().unwrap().port());
    }
}
