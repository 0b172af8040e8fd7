//! The Realm Kotlin SDK (2.3.0, sync protocol 14) against a server of this build.
//!
//! `tests/sdk/kotlin/build.sh` builds the device, `ROS_SDK_KOTLIN` says where it is; without, these tests say so and pass.

use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

use super::device::{Device, settle};
use crate::support::server::Server;

/// A device of this SDK, on no server yet.
pub fn device() -> Option<Device> {
    let Some(out) = std::env::var_os("ROS_SDK_KOTLIN") else {
        assert!(
            std::env::var_os("ROS_REQUIRE_SDK").is_none(),
            "ROS_SDK_KOTLIN names no built device"
        );
        println!("could not run: no Realm Kotlin SDK (tests/run builds it)");
        return None;
    };
    let out = PathBuf::from(out);
    let classpath = format!("{0}/classes:{0}/lib/*", out.display());
    let mut command = Command::new("java");
    command.args(["-XX:TieredStopAtLevel=1", "-cp", &classpath, "DeviceKt"]);
    Some(Device::start(command))
}

/// Devices signed in at this server, each as a user of its own.
pub fn signed_in<const N: usize>(server: &Server) -> Option<[Device; N]> {
    let devices: Option<Vec<Device>> = (0..N).map(|_| device()).collect();
    let mut devices: [Device; N] = devices?.try_into().ok()?;
    devices
        .iter_mut()
        .for_each(|device| device.sign_in(&server.url()));
    Some(devices)
}

/// Devices signed in at this server, with the same partition open.
pub fn devices<const N: usize>(server: &Server, partition: &str) -> Option<[Device; N]> {
    let mut devices = signed_in(server)?;
    devices.iter_mut().for_each(|device| device.open(partition));
    Some(devices)
}

pub fn create(key: &str, values: Value) -> Value {
    json!({"do": "create", "_id": key, "values": values})
}

pub fn assign(key: &str, values: Value) -> Value {
    json!({"do": "assign", "_id": key, "values": values})
}

/// The change of a collection of an object; the path leads to the collection.
pub fn at(key: &str, path: Value, mut change: Value) -> Value {
    change["_id"] = json!(key);
    change["at"] = path;
    change
}

/// A value for every property.
pub fn everything() -> Value {
    json!({
        "bool": true, "int": -42, "float": 1.5, "double": 2.25, "string": "née 🦀",
        "data": {"$binary": "AQID"}, "date": {"$date": -1_234_567}, "decimal": {"$numberDecimal": "1.5"},
        "objectId": {"$oid": "507f1f77bcf86cd799439011"},
        "uuid": {"$uuid": "9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d"},
        "optionalInt": 7, "optionalString": "", "optionalDate": {"$date": 1_700_000_000_000_i64},
        "mixed": {"$ref": ["Everything", "target"]}, "link": {"$ref": ["Everything", "target"]},
        "part": {"name": "p", "n": 1, "pieces": [{"name": "a"}, {"name": "b"}]},
        "ints": [1, 2, 3], "strings": ["x", "y"], "mixeds": [1, "a", null, true, {"$oid": "507f1f77bcf86cd799439011"}],
        "links": [{"$ref": ["Everything", "target"]}, {"$ref": ["Everything", "target"]}],
        "parts": [{"name": "q", "n": null, "pieces": []}],
        "intSet": [1, 2], "stringSet": ["s", "t"], "intMap": {"a": 1, "b": 2},
        "mixedMap": {"k": "v"}, "partMap": {"x": {"name": "m", "n": 2, "pieces": [{"name": "c"}]}},
    })
}

#[test]
fn every_type_arrives_as_it_was_written() {
    let server = Server::start();
    let Some(mut devices) = devices::<2>(&server, "types") else {
        return;
    };
    devices[0].write(json!([
        create("target", json!({})),
        create("all", everything())
    ]));
    let state = settle(&mut devices);
    for (name, value) in everything().as_object().unwrap() {
        assert_eq!(&state[0][name], value, "{name}");
    }
}

#[test]
fn every_kind_of_partition_is_a_realm_of_its_own() {
    let server = Server::start();
    let Some([mut writer, mut reader]) = signed_in(&server) else {
        return;
    };
    let partitions = json!([
        "p", "", "q\"\\ /é", null, {"$oid": "507f1f77bcf86cd799439011"}, {"$numberInt": "42"}, {"$numberLong": "-1"},
        {"$binary": {"base64": "m13rS01NdJrb0rDX+z3LbQ==", "subType": "04"}},
    ]);
    for partition in partitions.as_array().unwrap() {
        writer.open(partition.clone());
        writer.write(json!([create(&partition.to_string(), json!({}))]));
        writer.upload();
        writer.close();
    }
    for partition in partitions.as_array().unwrap() {
        reader.open(partition.clone());
        reader.download();
        let keys: Vec<Value> = reader
            .read()
            .as_array()
            .unwrap()
            .iter()
            .map(|object| object["_id"].clone())
            .collect();
        assert_eq!(keys, [json!(partition.to_string())]);
        reader.close();
    }
}

#[test]
fn offline_edits_converge() {
    let server = Server::start();
    let Some(mut devices) = devices::<3>(&server, "edits") else {
        return;
    };
    devices[0].write(json!([
        create(
            "kept",
            json!({"ints": [1, 2], "stringSet": ["s"], "intMap": {"m": 0}, "part": {"name": "p"}})
        ),
        create("gone", json!({})),
    ]));
    settle(&mut devices);
    devices.iter_mut().for_each(Device::pause);
    let [first, second, third] = &mut devices;
    first.write(json!([
        assign("kept", json!({"string": "first", "bool": true})),
        at("kept", json!(["ints"]), json!({"do": "push", "value": 10})),
        at("kept", json!(["counter"]), json!({"do": "add", "value": 1})),
        at("kept", json!(["stringSet"]), json!({"do": "add", "value": "new"})),
        at("kept", json!(["part", "pieces"]), json!({"do": "push", "value": {"name": "first"}})),
        {"do": "delete", "_id": "gone"},
    ]));
    second.write(json!([
        assign("kept", json!({"string": "second", "int": 2})),
        at(
            "kept",
            json!(["ints"]),
            json!({"do": "insert", "index": 0, "value": 20})
        ),
        at(
            "kept",
            json!(["counter"]),
            json!({"do": "add", "value": 10})
        ),
        at(
            "kept",
            json!(["stringSet"]),
            json!({"do": "remove", "value": "s"})
        ),
        at(
            "kept",
            json!(["intMap"]),
            json!({"do": "put", "key": "n", "value": 2})
        ),
        assign("gone", json!({"string": "too late"})),
    ]));
    third.write(json!([
        at("kept", json!(["ints"]), json!({"do": "erase", "index": 1})),
        at(
            "kept",
            json!(["counter"]),
            json!({"do": "add", "value": 100})
        ),
        at(
            "kept",
            json!(["stringSet"]),
            json!({"do": "add", "value": "new"})
        ),
        at(
            "kept",
            json!(["intMap"]),
            json!({"do": "remove", "key": "m"})
        ),
        at(
            "kept",
            json!(["part", "pieces"]),
            json!({"do": "push", "value": {"name": "third"}})
        ),
        create("added", json!({"link": {"$ref": ["Everything", "gone"]}})),
    ]));
    devices.iter_mut().for_each(Device::resume);
    let state = settle(&mut devices);
    let [added, kept] = state.as_array().unwrap().as_slice() else {
        panic!("two objects, not {state}")
    };
    assert_eq!(added["link"], Value::Null, "its target was deleted");
    assert_eq!(kept["string"], "second", "the later change");
    assert_eq!((&kept["bool"], &kept["int"]), (&json!(true), &json!(2)));
    assert_eq!(kept["ints"], json!([20, 1, 10]));
    assert_eq!(kept["counter"], 111);
    assert_eq!(kept["stringSet"], json!(["new"]));
    assert_eq!(kept["intMap"], json!({"n": 2}));
    assert_eq!(
        kept["part"]["pieces"],
        json!([{"name": "first"}, {"name": "third"}])
    );
}

#[test]
fn nested_collections_converge() {
    let server = Server::start();
    let Some(mut devices) = devices::<2>(&server, "nested") else {
        return;
    };
    devices[0].write(json!([
        create("a", json!({"mixed": {"list": [1, {"deep": [true]}], "map": {"x": 1}}, "mixeds": [[1], {"k": 1}]})),
        create("b", json!({"mixed": ["x"]})),
    ]));
    settle(&mut devices);
    devices.iter_mut().for_each(Device::pause);
    let [first, second] = &mut devices;
    first.write(json!([
        at(
            "a",
            json!(["mixed", "list"]),
            json!({"do": "push", "value": "first"})
        ),
        at(
            "a",
            json!(["mixed", "list", 1, "deep"]),
            json!({"do": "push", "value": 1})
        ),
        at(
            "a",
            json!(["mixed", "map"]),
            json!({"do": "put", "key": "y", "value": ["first"]})
        ),
        at("a", json!(["mixeds", 0]), json!({"do": "push", "value": 2})),
        at(
            "b",
            json!(["mixed"]),
            json!({"do": "push", "value": "lost"})
        ),
    ]));
    second.write(json!([
        at(
            "a",
            json!(["mixed", "list"]),
            json!({"do": "insert", "index": 0, "value": {"second": []}})
        ),
        at(
            "a",
            json!(["mixed", "list", 2, "deep"]),
            json!({"do": "push", "value": 2})
        ),
        at(
            "a",
            json!(["mixed", "map"]),
            json!({"do": "remove", "key": "x"})
        ),
        at("a", json!(["mixeds"]), json!({"do": "erase", "index": 1})),
        assign("b", json!({"mixed": "a string now"})),
    ]));
    devices.iter_mut().for_each(Device::resume);
    let state = settle(&mut devices);
    assert_eq!(
        state[0]["mixed"]["list"],
        json!([{"second": []}, 1, {"deep": [true, 1, 2]}, "first"])
    );
    assert_eq!(state[0]["mixed"]["map"], json!({"y": ["first"]}));
    assert_eq!(state[0]["mixeds"], json!([[1, 2]]));
    assert_eq!(state[1]["mixed"], "a string now");
}

#[test]
fn nothing_acknowledged_is_lost() {
    let mut server = Server::start();
    let Some([mut writer, mut reader]) = devices(&server, "kept") else {
        return;
    };
    let mut written = 0;
    for _ in 0..4 {
        for _ in 0..10 {
            writer.write(json!([create(
                &format!("{written:03}"),
                json!({"int": written})
            )]));
            written += 1;
        }
        writer.upload();
        writer.write(json!([create(
            &format!("{written:03}"),
            json!({"int": written})
        )])); // perhaps on its way when the end comes
        written += 1;
        server.kill();
        server.restart();
        writer.reconnect();
        reader.reconnect();
        let state = settle(&mut [&mut writer, &mut reader]);
        assert_eq!(state.as_array().unwrap().len(), written);
    }
}

#[test]
fn a_device_that_dies_offline_uploads_later() {
    let server = Server::start();
    let Some([mut writer, mut reader]) = devices(&server, "later") else {
        return;
    };
    writer.write(json!([create("online", json!({}))]));
    writer.upload();
    writer.pause();
    writer.write(json!([create("offline", json!({}))]));
    writer.restart(&server.url());
    writer.open("later");
    let state = settle(&mut [&mut writer, &mut reader]);
    assert_eq!(state.as_array().unwrap().len(), 2);
}

#[test]
fn a_wrong_password_is_told_apart() {
    let server = Server::start();
    let Some(mut device) = device() else { return };
    let registered =
        json!({"email": "a@example.com", "password": "secret-password", "register": true});
    device
        .sign_in_as(&server.url(), registered.clone())
        .unwrap();
    let wrong = json!({"email": "a@example.com", "password": "another-password"});
    assert_eq!(
        device.sign_in_as(&server.url(), wrong).unwrap_err()["name"],
        "InvalidPassword"
    );
    assert_eq!(
        device.sign_in_as(&server.url(), registered).unwrap_err()["name"],
        "AccountNameInUse"
    );
}
