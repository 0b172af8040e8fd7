//! Client resets: the server went back to an older state, and devices come that know a newer one.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::device::Device;
use super::edits::create;
use super::which::Sdk;
use crate::support::patience::{deadline, stretched};
use crate::support::server::Server;

/// A device that knows more than its server, which went back; it also changed something offline.
fn ahead_of_its_server(sdk: Sdk, reset: &str) -> Option<(Server, Device)> {
    let mut server = Server::start();
    let [mut device] = sdk.signed_in(&server)?;
    device.open_with_reset("p", reset);
    device.write(json!([create("before", json!({}))]));
    device.upload();
    server.kill();
    server.take_copy();
    server.restart();
    device.reconnect();
    device.write(json!([create("forgotten by the server", json!({}))]));
    device.upload();
    device.pause();
    device.write(json!([create("offline", json!({}))]));
    server.kill();
    server.go_back();
    server.restart();
    device.resume();
    Some((server, device))
}

/// What happened to a device, as soon as that many things have.
fn events(device: &mut Device, count: usize) -> Vec<Value> {
    let end = deadline();
    let mut events = Vec::new();
    while Instant::now() < end {
        events.extend(device.events());
        if events.len() >= count {
            return events;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("{events:?} happened, not {count} things");
}

/// Returns when the device was reset; whether it kept its offline changes. The SDK for JS puts the
/// two calls into queues of their own, so that the later one may be heard first.
fn wait_for_reset(device: &mut Device) -> bool {
    let mut events = events(device, 2);
    events.sort_by_key(|event| event["event"] != "beforeReset");
    let names: Vec<&Value> = events.iter().map(|event| &event["event"]).collect();
    assert_eq!(names, ["beforeReset", "afterReset"], "{events:?}");
    events[1]["recovered"].as_bool().unwrap()
}

fn keys(device: &mut Device) -> Vec<String> {
    let objects = device.read();
    let key = |object: &Value| object["_id"].as_str().unwrap().to_string();
    objects.as_array().unwrap().iter().map(key).collect()
}

/// What somebody who comes now finds on the server.
fn on_server(sdk: Sdk, server: &Server) -> Vec<String> {
    let [mut reader] = sdk.devices(server, "p").unwrap();
    reader.download();
    keys(&mut reader)
}

pub fn a_device_that_recovers_keeps_its_offline_changes(sdk: Sdk) {
    for strategy in ["RECOVER", "RECOVER_OR_DISCARD"] {
        let Some((server, mut device)) = ahead_of_its_server(sdk, strategy) else {
            return;
        };
        assert!(wait_for_reset(&mut device));
        device.upload();
        assert_eq!(keys(&mut device), ["before", "offline"]);
        assert_eq!(on_server(sdk, &server), ["before", "offline"]);
    }
}

pub fn a_device_that_discards_has_what_the_server_has(sdk: Sdk) {
    let Some((server, mut device)) = ahead_of_its_server(sdk, "DISCARD") else {
        return;
    };
    assert!(!wait_for_reset(&mut device));
    device.write(json!([create("after", json!({}))]));
    device.upload();
    assert_eq!(keys(&mut device), ["after", "before"]);
    assert_eq!(on_server(sdk, &server), ["after", "before"]);
}

pub fn a_device_without_a_strategy_starts_over(sdk: Sdk) {
    let Some((server, mut device)) = ahead_of_its_server(sdk, "MANUAL") else {
        return;
    };
    let error = &events(&mut device, 1)[0];
    assert_eq!(
        (&error["name"], &error["reset"]),
        (&json!("RLM_ERR_SYNC_CLIENT_RESET_REQUIRED"), &json!(true))
    );
    device.restart(&server.url()); // the SDK deletes the file when the app starts
    device.open("p");
    device.download();
    assert_eq!(keys(&mut device), ["before"]);
    device.write(json!([create("after", json!({}))]));
    device.upload();
    assert_eq!(on_server(sdk, &server), ["after", "before"]);
}

pub fn another_past_of_the_same_length_is_noticed(sdk: Sdk) {
    let mut server = Server::start();
    let Some([mut first, mut second]) = sdk.signed_in(&server) else {
        return;
    };
    first.open_with_reset("p", "RECOVER");
    first.write(json!([create("before", json!({}))]));
    first.upload();
    server.kill();
    server.take_copy();
    server.restart();
    first.reconnect();
    first.write(json!([create("one past", json!({}))]));
    first.upload();
    first.pause();
    server.kill();
    server.go_back();
    server.restart();
    second.open("p");
    for name in ["another past", "that", "is longer"] {
        second.write(json!([create(name, json!({}))]));
        second.upload();
    }
    first.resume();
    wait_for_reset(&mut first);
    first.download();
    assert_eq!(
        keys(&mut first),
        ["another past", "before", "is longer", "that"]
    );
}

/// A device that only ever read has a past that the server no longer has.
pub fn a_reader_of_another_past_is_reset_too(sdk: Sdk) {
    let mut server = Server::start();
    let Some([mut writer, mut reader, mut other]) = sdk.signed_in(&server) else {
        return;
    };
    writer.open("p");
    writer.write(json!([create("before", json!({}))]));
    writer.upload();
    server.kill();
    server.take_copy();
    server.restart();
    writer.reconnect();
    writer.write(json!([create("one past", json!({}))]));
    writer.upload();
    reader.open_with_reset("p", "RECOVER");
    reader.download();
    assert_eq!(keys(&mut reader), ["before", "one past"]);
    reader.pause();
    writer.close();
    server.kill();
    server.go_back();
    server.restart();
    other.open("p");
    for name in ["another past", "longer"] {
        other.write(json!([create(name, json!({}))]));
        other.upload();
    }
    reader.resume();
    wait_for_reset(&mut reader);
    reader.download();
    assert_eq!(keys(&mut reader), ["another past", "before", "longer"]);
}

/// Everybody may do anything here, and devices that come with a file of another server are held.
const HOLDING: &str =
    "apps: {app: {providers: {anon-user: true}, partitions: {read: true, write: true}}}\n";

/// The Realm is removed while a device has it open, and has come again when the device comes back.
pub fn a_device_of_a_removed_realm_starts_over(sdk: Sdk) {
    let server = Server::with_configuration(HOLDING);
    let Some([mut device, mut other]) = sdk.signed_in(&server) else {
        return;
    };
    device.open_with_reset("p", "DISCARD");
    device.write(json!([create("before", json!({}))]));
    device.upload();
    remove(&server, "app/p");
    let told = Instant::now();
    let ended = &events(&mut device, 1)[0];
    assert!(
        told.elapsed() < stretched(Duration::from_millis(1500)),
        "{ended}"
    );
    assert_eq!(ended["event"], "error", "{ended}");
    assert_ne!(ended["reset"], true, "{ended}");
    // The app goes on with what it has.
    device.write(json!([create("offline", json!({}))]));
    assert_eq!(keys(&mut device), ["before", "offline"]);

    other.open("p");
    other.write(json!([create("after", json!({}))]));
    other.upload();
    device.close();
    device.open_with_reset("p", "DISCARD");
    assert!(!wait_for_reset(&mut device));
    assert_eq!(keys(&mut device), ["after"]);
    device.write(json!([create("again", json!({}))]));
    device.upload();
    assert_eq!(on_server(sdk, &server), ["after", "again"]);
}

fn remove(server: &Server, realm: &str) {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_ros"));
    command.args([
        "realms",
        "remove",
        realm,
        "--yes",
        "--server",
        &server.url(),
    ]);
    let file = server.root().join("keys/admin.token");
    let output = command
        .arg("--admin-token-file")
        .arg(file)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}
