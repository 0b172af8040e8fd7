//! The link that makes the first administrator, as a start prints it: on standard error, whatever the log is.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use ros::server::{Handle, Service};
use ros::system::INVITATION_SECONDS;

/// Where the page can be opened.
#[derive(Default)]
pub struct Places {
    /// On this machine.
    here: Option<SocketAddr>,
    /// Over TLS.
    secure: Option<SocketAddr>,
}

impl Places {
    /// One more listener.
    pub fn add(&mut self, service: &Service, address: SocketAddr) {
        let ip = address.ip();
        match service {
            Service::Https(_) => self.secure = Some(address),
            Service::Http | Service::Web if ip.is_unspecified() || ip.is_loopback() => {
                self.here = Some(address);
            }
            Service::Http | Service::Web | Service::Sync => {}
        }
    }

    fn urls(&self) -> Vec<String> {
        let at = |scheme: &str, address: SocketAddr| {
            let ip = match address.ip() {
                ip if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
                ip => ip,
            };
            format!("{scheme}://{}", SocketAddr::new(ip, address.port()))
        };
        let here = self.here.map(|address| at("http", address));
        let secure = self.secure.map(|address| at("https", address));
        here.into_iter().chain(secure).collect()
    }

    /// Prints the link, if there is no administrator. It is not for the log, which others may read for longer.
    pub fn invite(&self, handle: &Handle) {
        let token = match handle.invite() {
            Ok(Some(token)) => token,
            Ok(None) => return,
            Err(error) => {
                return tracing::error!(%error, "whether there is an administrator is not known");
            }
        };
        let minutes = INVITATION_SECONDS / 60;
        let mut text = format!(
            "\nThere is no administrator yet. This page makes one, once, within {minutes} minutes; it opens on this machine and over HTTPS:\n\n"
        );
        let urls = self.urls();
        if urls.is_empty() {
            text = "\nThere is no administrator yet, and the page that makes one opens on this machine or over HTTPS only, where nothing listens.\n\
                    With the server stopped: ros users add NAME --admin --new-password-file FILE --root DIR\n"
                .to_owned();
        }
        for url in urls {
            let (path, token) = (ros::http::SETUP, token.reveal());
            text += &format!("  {url}{path}?token={token}\n");
        }
        eprintln!("{text}");
    }
}
