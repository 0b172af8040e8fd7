//! What an outsider sees of `ros`: the program, its sockets, the public library.
#![allow(clippy::unwrap_used, missing_docs)]

mod access;
mod backup;
pub mod client;
mod commands;
mod configuration;
mod fuzz;
mod hostile;
mod house;
mod http;
mod paper;
mod random;
mod recorded;
mod reliability;
mod sdk;
mod serve;
mod simulation;
mod soak;
mod support;
mod tls;
mod vectors;
