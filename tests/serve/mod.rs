//! A whole server: its program, its configuration, who comes in and when it must go.

mod audit;
mod closing;
mod ended;
mod first;
mod issuers;
mod life;
mod listeners;
mod mail;
mod production;
mod program;
mod providers;
mod record;
mod tokens;
mod watching;

use std::net::SocketAddr;

pub use tokens::signed;

use crate::support::wire::{Wire, request};

const NEWEST: &str = "com.mongodb.realm-sync#14";
const OLD: &str = "com.mongodb.realm-sync/7";

/// What somebody without credentials is given by an app.
pub struct User {
    pub access: String,
    pub refresh: String,
}

impl User {
    pub fn sign_in(address: SocketAddr, app: &str) -> User {
        let path = format!("/app/{app}/auth/providers/anon-user/login");
        let (status, body) = request(address, "POST", &path, None, "{}");
        assert_eq!(status, 200, "{body}");
        let text = |key: &str| body[key].as_str().unwrap().to_owned();
        User {
            access: text("access_token"),
            refresh: text("refresh_token"),
        }
    }

    pub fn connect(&self, address: SocketAddr, app: &str, protocol: &str) -> Wire {
        let target = format!(
            "/api/client/v2.0/app/{app}/realm-sync?baas_at={}",
            self.access
        );
        Wire::open(address, &target, Some(protocol)).unwrap()
    }
}

/// Starts a session with a new file; the answer's name, and the code of the error if it is one.
pub fn bind(wire: &mut Wire, session: u64, path: &str, token: &str) -> (String, u64) {
    let (size, token_size) = (path.len(), token.len());
    wire.send(format!(
        "bind {session} {size} {token_size} 1 0\n{path}{token}"
    ));
    let answer = wire.receive().expect("open");
    (answer.kind().to_owned(), answer.number(1))
}

pub fn is_bound(wire: &mut Wire, session: u64, path: &str, token: &str) -> bool {
    bind(wire, session, path, token).0 == "ident"
}
