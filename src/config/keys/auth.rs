//! `auth`: keys and tokens; `providers` are a file of their own.

use super::{Effect, Key};
use crate::config::kind::Kind;
use crate::config::place::Server;

pub const KEYS: &[Key] = &[
    Key::fixed(
        "auth.private_key_path",
        Kind::File,
        &Server(|s| &mut s.private_key),
        "The RSA private key that signs tokens, PEM.",
    )
    .needed()
    .like("/etc/realm/token-signature.key"),
    Key::fixed(
        "auth.public_key_path",
        Kind::File,
        &Server(|s| &mut s.public_key),
        "The RSA public key, PEM; it must belong to the private key, from which it is known anyway.",
    )
    .like("/etc/realm/token-signature.pub"),
    Key::fixed(
        "auth.previous_public_keys",
        Kind::Files,
        &Server(|s| &mut s.previous_public_keys),
        "Public keys of earlier pairs, PEM: tokens that they verify count until they expire. For changing the key pair without signing everybody out.",
    )
    .like("[ /etc/realm/token-signature.old.pub ]"),
    Key::live(
        "auth.sync_hosts",
        Kind::Hosts,
        &Server(|s| &mut s.sync_hosts),
        "Names under which this server is known, beside its own addresses and location.url: URLs of Realms with another one are refused. Without it, every name will do.",
    )
    .like("[ 'sync.example.com:9080' ]"),
    Key::live(
        "auth.ttls.access_token",
        Kind::Seconds,
        &Server(|s| &mut s.lifetimes.access),
        "Seconds until an access token of a classic user ends. SDKs get a new one 10 to 20 seconds before: less than 60 keeps them busy.",
    ),
    Key::live(
        "auth.ttls.refresh_token",
        Kind::Seconds,
        &Server(|s| &mut s.lifetimes.refresh),
        "Seconds until a refresh token of a classic user ends, and the user must sign in again.",
    ),
    Key::live(
        "auth.password_min_length",
        Kind::Count,
        &Server(|s| &mut s.password_min_length),
        "Characters that a password must have which somebody chooses, at most 64. Less than 8 is for apps that already have shorter ones, as those of Realm Object Server 1.",
    ),
    Key::fixed(
        "auth.providers_include_path",
        Kind::Folder,
        &Server(|s| &mut s.providers_path),
        "Where modules of custom providers are looked for.",
    )
    .but(Effect::Idle),
    Key::fixed(
        "auth.providers.password.iterations",
        Kind::Count,
        &Server(|s| &mut s.providers.password_iterations),
        "Rounds of the hash (PBKDF2) of imported passwords that do not say their own; at most 1000000. Passwords that are set here are hashed with Argon2id.",
    ),
];
