//! Against what the reference implementation did: changesets, merges and sessions recorded outside this project.

mod changesets;
mod merges;
mod oracle;
mod sessions;
mod states;
mod tokens;

use std::path::PathBuf;

use bytes::Bytes;
use ros::changeset::{Changeset, decode};
use serde_json::Value;

/// The folder of vectors: `ROS_VECTORS`, or beside the project.
pub fn folder() -> PathBuf {
    std::env::var_os("ROS_VECTORS").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/vectors")),
        PathBuf::from,
    )
}

/// A file of vectors. Without the folder there is nothing to test against, which is said; a folder without the file is an error.
pub fn load(name: &str) -> Option<Value> {
    if !folder().is_dir() {
        println!("could not run {name}: no folder of vectors (ROS_VECTORS)");
        return None;
    }
    let text = std::fs::read(folder().join(name)).expect("a readable file of vectors");
    Some(serde_json::from_slice(&text).expect("vectors are JSON"))
}

/// A recorded changeset, given in hex.
pub fn changeset(hex: &Value) -> Changeset {
    let hex = hex.as_str().expect("hex is text");
    let bytes: Vec<u8> = (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex digits"))
        .collect();
    decode(&Bytes::from(bytes)).expect("a recorded changeset decodes")
}
