//! Real SDKs against the program. Each scenario is one test; it runs in a process of its own, with a server of its own.

mod classic;
mod common;
pub mod device;
pub mod edits;
mod kotlin;
mod ours;
pub mod random_edits;
mod reset;
mod rights;
mod together;
mod ways;
pub mod which;

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
    shapes: schemas_grow_on_two_devices many_realms_share_a_connection flexible_sync_is_refused_in_words;
    permissions: twins_change_and_show_permissions;
}

/// One test of each scenario for each SDK.
macro_rules! of_each_sdk {
    ($($file:ident: $($name:ident)*;)*) => {
        mod with_js {
            $($(#[test]
            fn $name() {
                super::$file::$name(super::which::Sdk::Js);
            })*)*
        }

        mod with_kotlin {
            $($(#[test]
            fn $name() {
                super::$file::$name(super::which::Sdk::Kotlin);
            })*)*
        }
    };
}

of_each_sdk! {
    common:
        every_type_arrives_as_it_was_written
        every_kind_of_partition_is_a_realm_of_its_own
        offline_edits_converge
        what_two_devices_remove_is_gone
        nothing_acknowledged_is_lost
        a_device_that_dies_offline_uploads_later
        a_wrong_password_is_told_apart;
    reset:
        a_device_that_recovers_keeps_its_offline_changes
        a_device_that_discards_has_what_the_server_has
        a_device_without_a_strategy_starts_over
        another_past_of_the_same_length_is_noticed
        a_reader_of_another_past_is_reset_too
        a_device_of_a_removed_realm_starts_over;
    rights:
        a_lost_right_is_heard_of_at_once_and_a_granted_one_counts_again
        tokens_of_another_issuer_sign_in_and_say_what_is_allowed
        who_is_suspended_goes_on_offline_and_comes_back;
    ways:
        https_and_wss_with_an_authority_of_a_lab
        a_server_that_is_not_trusted_is_not_spoken_to
        through_nginx
        through_caddy
        to_the_services_by_themselves;
}
