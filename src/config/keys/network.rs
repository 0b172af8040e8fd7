//! `proxy`, `network`, `sync`: where the server listens.

use super::Key;
use crate::config::kind::Kind;
use crate::config::place::Server;

pub const KEYS: &[Key] = &[
    Key::fixed(
        "proxy.http.enable",
        Kind::Flag,
        &Server(|s| &mut s.proxy_http.enabled),
        "Whether clients may come with HTTP.",
    ),
    Key::fixed(
        "proxy.http.listen_address",
        Kind::Address,
        &Server(|s| &mut s.proxy_http.address),
        "The address to listen on for HTTP; `::` is every one.",
    ),
    Key::fixed(
        "proxy.http.listen_port",
        Kind::Port,
        &Server(|s| &mut s.proxy_http.port),
        "The port to listen on for HTTP.",
    ),
    Key::fixed(
        "proxy.https.enable",
        Kind::Flag,
        &Server(|s| &mut s.proxy_https.listener.enabled),
        "Whether clients may come with HTTPS.",
    ),
    Key::live(
        "proxy.https.certificate_path",
        Kind::File,
        &Server(|s| &mut s.proxy_https.certificate),
        "The certificate, and after it those of its issuers, PEM.",
    )
    .like("/etc/realm/fullchain.pem"),
    Key::live(
        "proxy.https.private_key_path",
        Kind::File,
        &Server(|s| &mut s.proxy_https.private_key),
        "The private key of the certificate, PEM.",
    )
    .like("/etc/realm/privkey.pem"),
    Key::fixed(
        "proxy.https.listen_address",
        Kind::Address,
        &Server(|s| &mut s.proxy_https.listener.address),
        "The address to listen on for HTTPS; `::` is every one.",
    ),
    Key::fixed(
        "proxy.https.listen_port",
        Kind::Port,
        &Server(|s| &mut s.proxy_https.listener.port),
        "The port to listen on for HTTPS.",
    ),
    Key::live(
        "proxy.https.allow_self_signed",
        Kind::Flag,
        &Server(|s| &mut s.proxy_https.allow_self_signed),
        "Whether a certificate that has signed itself is taken: for a lab whose devices know it.",
    ),
    Key::live(
        "proxy.trusted",
        Kind::Networks,
        &Server(|s| &mut s.trusted_proxies),
        "Whose X-Forwarded-* headers are believed: addresses and networks of proxies in front.",
    ),
    Key::fixed(
        "network.http.enable",
        Kind::Flag,
        &Server(|s| &mut s.network_http.enabled),
        "Whether the HTTP service can be reached by itself, without the proxy above.",
    ),
    Key::fixed(
        "network.http.listen_address",
        Kind::Address,
        &Server(|s| &mut s.network_http.address),
        "The address of the HTTP service by itself.",
    ),
    Key::fixed(
        "network.http.listen_port",
        Kind::Port,
        &Server(|s| &mut s.network_http.port),
        "The port of the HTTP service by itself.",
    ),
    Key::fixed(
        "network.sync.enable",
        Kind::Flag,
        &Server(|s| &mut s.network_sync.enabled),
        "Whether the sync service can be reached by itself, without the proxy above.",
    ),
    Key::fixed(
        "network.sync.listen_address",
        Kind::Address,
        &Server(|s| &mut s.network_sync.address),
        "The address of the sync service by itself.",
    ),
    Key::fixed(
        "network.sync.listen_port",
        Kind::Port,
        &Server(|s| &mut s.network_sync.port),
        "The port of the sync service by itself.",
    ),
    Key::fixed(
        "sync.servers",
        Kind::Servers,
        &Server(|s| &mut s.sync_servers),
        "The sync services as late servers of the original name them, in the place of network.sync.",
    )
    .like("[ { id: '0', address: 0.0.0.0, port: 27800 } ]"),
];
