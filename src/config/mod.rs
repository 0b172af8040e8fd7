//! Every setting once: the text of `configuration.yml`, the environment and the command line become [`Settings`], or a list of all their problems.
//!
//! ```text
//! text ► tree ► keys (kind: what a value looks like, place: where it lives) ► settings ► rules
//! ```
//!
//! A setting is a field of [`Settings`] and a row in `keys/`. From the rows alone come the check, the manual, the sample file and the schema.
//!
//! Outside `--dev`, whatever the file does not open is closed: an app that it does not name does not exist, and a named app allows neither
//! anonymous users nor self-registration nor partitions until it says so.
//!
//! Does not look at the world: whether a folder exists or a port is free is found out by whoever uses it.

mod advice;
mod apps;
mod custom;
mod effective;
mod endpoint;
mod hosts;
mod issuer;
mod keys;
mod kind;
mod listen;
mod load;
mod near;
mod network;
mod outline;
mod place;
mod problem;
mod providers;
mod record;
mod reference;
mod reload;
mod rules;
mod sample;
mod schema;
mod settings;
mod tree;
mod walk;

#[cfg(test)]
mod tests;

pub use apps::{App, Apps, Lifetimes, PartitionRule};
pub use custom::Custom;
pub use effective::{Setting, effective};
pub use endpoint::Endpoint;
pub use hosts::OtherHost;
pub use issuer::{Issuer, TakenClaim};
pub use keys::{Effect, Group, Key, all, groups};
pub use kind::Kind;
pub use listen::{Https, Listener, PublicUrl, SyncServer};
pub use load::{ConfigError, Examined, File, Loaded, Sources, examine, load, parse, read};
pub use network::Network;
pub use problem::{Problem, Source, Spot, in_order};
pub use providers::{
    AzureAd, CloudKit, Debug, Environment, Facebook, Google, GoogleCode, IdTokens, Jwt, Provider,
    Providers,
};
pub use reference::reference;
pub use reload::Reload;
pub use rules::listeners;
pub use sample::sample;
pub use schema::schema;
pub use settings::{Backup, LogFormat, LogLevel, Mail, Overrides, Settings};
