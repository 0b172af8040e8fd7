//! What tests share.

pub mod disk;
pub mod dump;
pub mod edits;
pub mod front;
pub mod issuer;
pub mod lab;
pub mod model;
pub mod patience;
pub mod provider;
pub mod recorder;
pub mod rendering;
pub mod server;
pub mod terminal;
pub mod wire;
