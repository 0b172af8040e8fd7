//! What tests share.

pub mod rendering;
