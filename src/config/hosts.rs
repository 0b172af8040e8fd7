//! Under which names this server is known in URLs of Realms.

use super::{Listener, PublicUrl, Settings, listeners};

impl Settings {
    /// The path of a Realm in a URL, if the URL is of this server: `realm://host:port/path`, or any other scheme. Where no names are configured every host is, for whoever stands before the
    /// server may call it anything. An error if it is another's, nothing if it is no URL.
    pub fn own_path<'a>(&self, url: &'a str) -> Option<Result<&'a str, OtherHost>> {
        let (scheme, rest) = url.split_once("://")?;
        let at = rest.find('/').unwrap_or(rest.len());
        let (authority, path) = rest.split_at(at);
        Some(if self.is_own(scheme, authority) {
            Ok(path)
        } else {
            Err(OtherHost)
        })
    }

    fn is_own(&self, scheme: &str, authority: &str) -> bool {
        if self.sync_hosts.is_empty() {
            return true;
        }
        let port = match scheme {
            "realms" | "https" | "wss" => 443,
            _ => 80,
        };
        let whole = with_port(authority, port);
        let same = |own: &str| own.eq_ignore_ascii_case(&whole);
        self.sync_hosts.iter().any(|own| same(own))
            || self
                .public_url
                .as_ref()
                .is_some_and(|url| same(&of_url(url)))
            || self.listens_at(&whole)
    }

    /// Whether it is an address that this server listens on, or the machine itself with such a port.
    fn listens_at(&self, authority: &str) -> bool {
        let own = listeners(self).into_iter().map(|(_, listener)| listener);
        let mut own = own.chain(self.sync_listeners());
        own.any(|listener: Listener| {
            let names = ["127.0.0.1", "localhost", "[::1]"].map(str::to_owned);
            let mut names = names.into_iter();
            listener.socket().to_string() == authority
                || names
                    .any(|name| format!("{name}:{}", listener.port).eq_ignore_ascii_case(authority))
        })
    }
}

/// A URL is of another server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the host is none of auth.sync_hosts")]
pub struct OtherHost;

fn of_url(url: &PublicUrl) -> String {
    with_port(&url.authority, if url.secure { 443 } else { 80 })
}

/// An authority with its port.
fn with_port(authority: &str, port: u16) -> String {
    let has_port = authority.rsplit_once(':').is_some_and(|(_, port)| {
        !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit())
    });
    if has_port {
        authority.to_owned()
    } else {
        format!("{authority}:{port}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Overrides, parse};

    fn settings(hosts: &str) -> Settings {
        let text = format!(
            "storage: {{ root_path: /r }}\nauth: {{ private_key_path: /k, sync_hosts: {hosts} }}\nlocation: {{ url: 'https://sync.example.org' }}"
        );
        parse(&text, &Overrides::default()).unwrap().settings
    }

    #[test]
    fn urls_of_other_hosts_are_told_from_own_ones() {
        let named = settings("[ 'sync.example.com:9080', 'sync.example.com:80' ]");
        for (url, own) in [
            ("realm://sync.example.com:9080/~/a", Some(true)),
            ("realm://SYNC.example.com/~/a", Some(true)),
            ("realms://sync.example.com/~/a", Some(false)),
            ("realms://sync.example.org/~/a", Some(true)),
            ("realm://sync.example.org/~/a", Some(false)),
            ("realm://localhost:9080/a", Some(true)),
            ("http://[::1]:9080/a", Some(true)),
            ("realm://127.0.0.1:27800/a", Some(true)),
            ("realm://127.0.0.1:1/a", Some(false)),
            ("realm://evil.example.com:9080/a", Some(false)),
            ("realm:///a", Some(false)),
            ("/~/a", None),
            ("~/a", None),
        ] {
            let told = named.own_path(url).map(|path| path.is_ok());
            assert_eq!(told, own, "{url}");
        }
        let any = settings("[]");
        assert_eq!(any.own_path("realm://x/~/a"), Some(Ok("/~/a")));
        assert_eq!(any.own_path("realm://x"), Some(Ok("")));
    }
}
