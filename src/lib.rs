//! The Realm Object Server: everything that is true without a terminal. `ARCHITECTURE.md` has the map.
#![cfg_attr(test, allow(clippy::unwrap_used, missing_docs))]

pub mod access;
pub mod api;
pub mod auth;
pub mod bench;
pub mod changeset;
pub mod client;
pub mod config;
pub mod download;
pub mod ejson;
pub mod fanout;
pub mod history;
pub mod http;
pub mod ident;
pub mod limits;
pub mod merge;
pub mod query;
pub mod realm;
pub mod replica;
pub mod secret;
pub mod server;
pub mod session;
pub mod state;
pub mod storage;
pub mod system;
pub mod wire;
