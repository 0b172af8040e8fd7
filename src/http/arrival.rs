//! How a request has come: from whom, over what, to which name. A proxy in front knows better than the socket, and is believed if it is trusted.
//!
//! `X-Forwarded-For`, `-Proto` and `-Host` count; where none of them is there, `Forwarded` (RFC 7239). Lists are read from their end, where the nearest proxy
//! writes: what stands before the first address that is not trusted, anybody can have written.

use std::net::{IpAddr, SocketAddr};

use hyper::header::HeaderMap;

/// How a request has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// Who has sent it.
    pub client: IpAddr,
    /// Whether the client uses TLS: up to here, or up to a proxy.
    pub secure: bool,
    /// The authority that the client has named to a proxy.
    pub host: Option<String>,
    /// The port of sync, where it is not that of the request. Nothing behind a proxy, which has one port for both.
    pub sync_port: Option<u16>,
}

/// What a proxy says.
#[derive(Default)]
struct Told {
    /// Addresses, that of the client first.
    hops: Vec<IpAddr>,
    proto: Option<String>,
    host: Option<String>,
}

impl Arrival {
    /// From this address, over TLS or not.
    pub fn direct(peer: IpAddr, secure: bool) -> Arrival {
        Arrival {
            client: peer.to_canonical(),
            secure,
            host: None,
            sync_port: None,
        }
    }

    /// The same as the headers tell it, if they come from one who is trusted.
    pub fn told(mut self, headers: &HeaderMap, is_trusted: impl Fn(IpAddr) -> bool) -> Arrival {
        if !is_trusted(self.client) {
            return self;
        }
        let is_there = |name| headers.contains_key(name);
        let told = match X_FORWARDED.into_iter().any(is_there) {
            true => x_forwarded(headers),
            false => forwarded(headers),
        };
        let Some(told) = told else {
            return self;
        };
        for hop in told.hops.into_iter().rev() {
            if !is_trusted(self.client) {
                break;
            }
            self.client = hop;
        }
        if let Some(proto) = told.proto {
            self.secure = ["https", "wss"]
                .iter()
                .any(|name| proto.eq_ignore_ascii_case(name));
        }
        self.host = told.host;
        self.sync_port = None;
        self
    }
}

/// Where one of these is, `Forwarded` is not looked at: the proxy sets these, so the other is the client's own.
const X_FORWARDED: [&str; 3] = ["x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"];

fn x_forwarded(headers: &HeaderMap) -> Option<Told> {
    let [hops, proto, host] = X_FORWARDED.map(|name| list(headers, name));
    if hops.is_empty() && proto.is_empty() && host.is_empty() {
        return None;
    }
    Some(Told {
        hops: known(hops.into_iter().map(address)),
        proto: proto.into_iter().next(),
        host: host.into_iter().next(),
    })
}

/// `Forwarded: for=192.0.2.1;proto=https;host=sync.example.com, for="[2001:db8::1]:4711"`
fn forwarded(headers: &HeaderMap) -> Option<Told> {
    let elements = list(headers, "forwarded");
    let value = |element: &str, name: &str| {
        let mut pairs = element
            .split(';')
            .filter_map(|pair| pair.trim().split_once('='));
        let (_, value) = pairs.find(|(found, _)| found.eq_ignore_ascii_case(name))?;
        Some(value.trim_matches('"').to_owned())
    };
    let first = elements.first()?;
    Some(Told {
        proto: value(first, "proto"),
        host: value(first, "host"),
        hops: known(
            elements
                .iter()
                .map(|element| address(value(element, "for")?)),
        ),
    })
}

/// The addresses after the last that is none: nothing is known of whoever stands before it.
fn known(hops: impl DoubleEndedIterator<Item = Option<IpAddr>>) -> Vec<IpAddr> {
    let mut known: Vec<IpAddr> = hops.rev().map_while(|hop| hop).collect();
    known.reverse();
    known
}

/// With a port or without one.
fn address(text: String) -> Option<IpAddr> {
    let with_port = || Some(text.parse::<SocketAddr>().ok()?.ip());
    let bare = text
        .trim_start_matches('[')
        .trim_end_matches(']')
        .parse()
        .ok();
    bare.or_else(with_port)
        .map(|address: IpAddr| address.to_canonical())
}

/// The members of a header that is a list, which may be there more than once. What a client has sent that is no text stays a member, which is no address:
/// proxies append theirs to it.
fn list(headers: &HeaderMap, name: &str) -> Vec<String> {
    let members = headers.get_all(name).iter().flat_map(|value| {
        let members = value.as_bytes().split(|byte| *byte == b',');
        members.map(|member| String::from_utf8_lossy(member.trim_ascii()).into_owned())
    });
    members.filter(|member| !member.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    fn arrival(peer: &str, headers: &[(&'static str, &str)]) -> Arrival {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        let trusted = ["127.0.0.1", "10.1.0.1", "10.1.0.2", "10.1.2.3"];
        let trusted = trusted.map(|address| address.parse::<IpAddr>().unwrap());
        let arrival = Arrival::direct(peer.parse().unwrap(), false);
        arrival.told(&map, |address| trusted.contains(&address))
    }

    #[test]
    fn the_client_is_the_first_who_is_not_trusted() {
        for (peer, headers, client) in [
            (
                "127.0.0.1",
                &[("x-forwarded-for", "192.0.2.1")][..],
                "192.0.2.1",
            ),
            (
                "::ffff:127.0.0.1",
                &[("x-forwarded-for", "192.0.2.1")],
                "192.0.2.1",
            ),
            (
                "192.0.2.9",
                &[("x-forwarded-for", "192.0.2.1")],
                "192.0.2.9",
            ),
            (
                "127.0.0.1",
                &[("x-forwarded-for", "6.6.6.6, 192.0.2.1")],
                "192.0.2.1",
            ),
            (
                "127.0.0.1",
                &[("x-forwarded-for", "192.0.2.1, 10.1.2.3")],
                "192.0.2.1",
            ),
            (
                "127.0.0.1",
                &[
                    ("x-forwarded-for", "192.0.2.1"),
                    ("x-forwarded-for", "10.1.2.3"),
                ],
                "192.0.2.1",
            ),
            (
                "127.0.0.1",
                &[("x-forwarded-for", "10.1.0.1, 10.1.0.2")],
                "10.1.0.1",
            ),
            (
                "127.0.0.1",
                &[("x-forwarded-for", "192.0.2.1, rubbish")],
                "127.0.0.1",
            ),
            (
                "127.0.0.1",
                &[("x-forwarded-for", "rubbish, 192.0.2.1")],
                "192.0.2.1",
            ),
            (
                "127.0.0.1",
                &[("x-forwarded-for", "192.0.2.1:5678")],
                "192.0.2.1",
            ),
            (
                "127.0.0.1",
                &[("x-forwarded-for", "[2001:db9::1]:5678")],
                "2001:db9::1",
            ),
            (
                "127.0.0.1",
                &[("x-forwarded-for", "2001:db9::1")],
                "2001:db9::1",
            ),
            ("127.0.0.1", &[("x-forwarded-for", "")], "127.0.0.1"),
            (
                "127.0.0.1",
                &[("forwarded", "for=192.0.2.1;proto=https")],
                "192.0.2.1",
            ),
            (
                "127.0.0.1",
                &[("forwarded", "For=\"[2001:db9::1]:47\", for=10.1.0.1")],
                "2001:db9::1",
            ),
            (
                "127.0.0.1",
                &[("forwarded", "for=192.0.2.1, for=_hidden")],
                "127.0.0.1",
            ),
            (
                "127.0.0.1",
                &[
                    ("x-forwarded-for", "192.0.2.1"),
                    ("forwarded", "for=6.6.6.6"),
                ],
                "192.0.2.1",
            ),
            (
                "127.0.0.1",
                &[("x-forwarded-for", "ÿ, 192.0.2.1")],
                "192.0.2.1",
            ),
            (
                "127.0.0.1",
                &[("x-forwarded-for", " "), ("forwarded", "for=6.6.6.6")],
                "127.0.0.1",
            ),
        ] {
            let found = arrival(peer, headers).client;
            assert_eq!(
                found,
                client.parse::<IpAddr>().unwrap(),
                "{peer} {headers:?}"
            );
        }
    }

    #[test]
    fn name_and_scheme_are_those_that_the_client_used() {
        let lab = Some("sync.example.com".to_owned());
        for (peer, headers, secure, host) in [
            ("127.0.0.1", &[][..], false, None),
            ("127.0.0.1", &[("x-forwarded-proto", "https")], true, None),
            (
                "127.0.0.1",
                &[("x-forwarded-proto", "WSS, http")],
                true,
                None,
            ),
            ("127.0.0.1", &[("x-forwarded-proto", "http")], false, None),
            ("192.0.2.9", &[("x-forwarded-proto", "https")], false, None),
            (
                "192.0.2.9",
                &[("x-forwarded-host", "sync.example.com")],
                false,
                None,
            ),
            (
                "127.0.0.1",
                &[("x-forwarded-host", "sync.example.com, inside")],
                false,
                lab.clone(),
            ),
            (
                "127.0.0.1",
                &[("forwarded", "host=\"sync.example.com\";proto=https")],
                true,
                lab,
            ),
        ] {
            let found = arrival(peer, headers);
            assert_eq!(
                (found.secure, found.host),
                (secure, host),
                "{peer} {headers:?}"
            );
        }
    }

    #[test]
    fn behind_a_proxy_sync_has_no_port_of_its_own() {
        let mut here = Arrival::direct("127.0.0.1".parse().unwrap(), false);
        here.sync_port = Some(27800);
        let mut headers = HeaderMap::new();
        assert_eq!(here.clone().told(&headers, |_| true).sync_port, Some(27800));
        headers.insert("x-forwarded-proto", HeaderValue::from_static("https"));
        assert_eq!(here.told(&headers, |_| true).sync_port, None);
    }
}
