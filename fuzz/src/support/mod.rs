//! What tests share, as far as the targets need it.

#[path = "../../../tests/support/edits/mod.rs"]
pub mod edits;
#[path = "../../../tests/support/model.rs"]
pub mod model;
