//! The Realm Object Server: everything that is true without a terminal. `ARCHITECTURE.md` has the map.
#![cfg_attr(test, allow(clippy::unwrap_used, missing_docs))]

pub mod changeset;
pub mod download;
pub mod fanout;
pub mod ident;
pub mod limits;
pub mod secret;
pub mod wire;
