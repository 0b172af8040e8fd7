//! What tests share.

pub mod edits;
pub mod model;
pub mod rendering;
