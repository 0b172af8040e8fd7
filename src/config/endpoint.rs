//! The address of another service that this server asks.

use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// An address that may be asked: `https://…` anywhere, `http://…` on this machine only. What is said there decides who signs in, so nobody on the way may change it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Endpoint(String);

impl Endpoint {
    /// What is expected.
    pub(super) const EXPECTED: &str =
        "a URL of https, like https://login.example.com/keys, or of http on this machine";

    /// One that is known to be right.
    pub(super) fn known(url: &str) -> Endpoint {
        Endpoint(url.to_owned())
    }

    /// The URL, without a slash at the end.
    pub fn as_str(&self) -> &str {
        self.0.trim_end_matches('/')
    }
}

impl TryFrom<String> for Endpoint {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Endpoint, &'static str> {
        let wrong = Err(Endpoint::EXPECTED);
        let plain = |byte: u8| byte.is_ascii_graphic() && !b"@#\\\"<>^`{|}".contains(&byte);
        let Some((scheme, rest)) = text.split_once("://") else {
            return wrong;
        };
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        let may = match scheme {
            "https" => !host(authority).is_empty(),
            "http" => is_this_machine(host(authority)),
            _ => false,
        };
        if may && text.bytes().all(plain) {
            Ok(Endpoint(text))
        } else {
            wrong
        }
    }
}

impl From<Endpoint> for String {
    fn from(endpoint: Endpoint) -> String {
        endpoint.0
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The host of an authority.
fn host(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        Some(_) | None => authority,
    }
}

fn is_this_machine(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_asked_in_the_clear_beyond_this_machine() {
        for (url, may) in [
            ("https://www.googleapis.com/oauth2/v3/certs", true),
            ("https://login.example.com:8443/a?b=c", true),
            ("http://127.0.0.1:8080/keys", true),
            ("http://[::1]:8080", true),
            ("http://localhost/", true),
            ("http://login.example.com/keys", false),
            ("http://127.0.0.1.example.com/", false),
            ("http://127.0.0.1@example.com/", false),
            ("http://localhost:80\\@example.com/", false),
            ("http://10.0.0.1/", false),
            ("https://", false),
            ("https://:443/", false),
            ("https://a b/", false),
            ("https://a/#b", false),
            ("ftp://127.0.0.1/", false),
            ("127.0.0.1", false),
            ("", false),
        ] {
            let read = Endpoint::try_from(url.to_owned());
            assert_eq!(read.is_ok(), may, "{url}");
        }
    }
}
