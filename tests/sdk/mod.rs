//! Real SDKs against the program. Each scenario is one test; it runs in a process of its own, with a server of its own.

mod device;
mod kotlin;
mod reset;
mod together;

use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Where the built SDK of Realm JS is; `tests/run` builds it and says where.
fn realm_js() -> Option<PathBuf> {
    let path = PathBuf::from(std::env::var_os("ROS_SDK")?);
    path.join("node_modules/realm").is_dir().then_some(path)
}

/// Runs a scenario of `tests/sdk/js`.
fn run(file: &str, name: &str) {
    let Some(sdk) = realm_js() else {
        assert!(
            std::env::var_os("ROS_REQUIRE_SDK").is_none(),
            "ROS_SDK names no built SDK"
        );
        return println!("could not run {file}/{name}: no Realm JS SDK (tests/run builds it)");
    };
    let runner = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/sdk/js/run.js");
    let output = Command::new("node")
        .args([runner, file, name])
        .env("ROS_SDK", sdk)
        .env("ROS_BIN", env!("CARGO_BIN_EXE_ros"))
        .stdin(Stdio::null())
        .output()
        .expect("node starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{file}/{name} failed ({}):\n{said}",
        output.status
    );
}

macro_rules! scenarios {
    ($($file:ident: $($name:ident)*;)*) => {
        $(mod $file {
            $(#[test]
            fn $name() {
                super::run(stringify!($file), stringify!($name));
            })*
        })*
    };
}

scenarios! {
    first: survives_a_restart offline_edits_converge nothing_acknowledged_is_lost;
}
