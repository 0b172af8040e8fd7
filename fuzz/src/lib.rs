//! The targets of `tests/fuzz`, for runs that coverage guides.
#![allow(clippy::unwrap_used, dead_code)]

pub mod support;
#[path = "../../tests/fuzz/targets.rs"]
pub mod targets;
