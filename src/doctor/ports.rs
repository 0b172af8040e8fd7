//! The ports: free, or held by the server itself.

use std::net::{SocketAddr, TcpListener};

use super::Finding;
use crate::config::Settings;

/// A finding for each port.
pub fn findings(settings: &Settings, runs: bool) -> Vec<Finding> {
    let listeners = [
        ("port-http", settings.proxy_http),
        ("port-https", settings.proxy_https.listener),
        ("port-web", settings.network_http),
        ("port-metrics", settings.metrics),
    ];
    let sync = settings.sync_listeners().into_iter();
    let all = listeners
        .into_iter()
        .chain(sync.map(|one| ("port-sync", one)));
    all.filter(|(_, listener)| listener.enabled)
        .map(|(check, listener)| port(check, listener.socket(), runs))
        .collect()
}

fn port(check: &'static str, address: SocketAddr, runs: bool) -> Finding {
    match TcpListener::bind(address) {
        Ok(_) if runs => Finding::warn(
            check,
            format!("{address} is free, though a server answers: it listens elsewhere"),
            "restart the server with this configuration",
        ),
        Ok(_) => Finding::ok(check, format!("{address} is free")),
        Err(_) if runs => Finding::ok(check, format!("{address} is taken, and a server answers")),
        Err(error) => Finding::bad(
            check,
            format!("{address}: {error}"),
            format!(
                "ss -ltnp 'sport = :{}' says who has it; stop that, or choose another port",
                address.port()
            ),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    #[test]
    fn a_port_is_free_or_ours_or_in_the_way() {
        let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = taken.local_addr().unwrap();
        assert_eq!(port("x", address, true).state, State::Ok);
        assert_eq!(port("x", address, false).state, State::Bad);
        let free = SocketAddr::from(([127, 0, 0, 1], 0));
        assert_eq!(port("x", free, false).state, State::Ok);
        assert_eq!(port("x", free, true).state, State::Warn);
    }
}
