//! What tests share.

pub mod dump;
pub mod edits;
pub mod model;
pub mod rendering;
pub mod server;
pub mod wire;
