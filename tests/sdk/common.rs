//! What every SDK has to manage, each scenario once for each.

use serde_json::{Value, json};

use super::device::{Device, settle};
use super::edits::{assign, at, create, everything};
use super::which::Sdk;
use crate::support::server::Server;

pub fn every_type_arrives_as_it_was_written(sdk: Sdk) {
    let server = Server::start();
    let Some(mut devices) = sdk.devices::<2>(&server, "types") else {
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

pub fn every_kind_of_partition_is_a_realm_of_its_own(sdk: Sdk) {
    let server = Server::start();
    let Some([mut writer, mut reader]) = sdk.signed_in(&server) else {
        return;
    };
    let partitions = json!([
        "p", "", "q\"\\ /é 🦀", null, {"$oid": "507f1f77bcf86cd799439011"}, {"$numberInt": "42"}, {"$numberLong": "-1"},
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

pub fn offline_edits_converge(sdk: Sdk) {
    let server = Server::start();
    let Some(mut devices) = sdk.devices::<3>(&server, "edits") else {
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
    let counter = match sdk {
        Sdk::Kotlin => 111,
        Sdk::Js => 100, // it sets where others add
    };
    assert_eq!(kept["counter"], counter);
    assert_eq!(kept["stringSet"], json!(["new"]));
    assert_eq!(kept["intMap"], json!({"n": 2}));
    assert_eq!(
        kept["part"]["pieces"],
        json!([{"name": "first"}, {"name": "third"}])
    );
}

pub fn what_two_devices_remove_is_gone(sdk: Sdk) {
    let server = Server::start();
    let Some(mut devices) = sdk.devices::<3>(&server, "removals") else {
        return;
    };
    devices[0].write(json!([
        create("target", json!({})),
        create("kept", everything()),
        create("gone", json!({})),
    ]));
    settle(&mut devices);
    devices.iter_mut().for_each(Device::pause);
    for device in &mut devices[..2] {
        let key = |name: &str| json!({"do": "remove", "key": name});
        if sdk == Sdk::Js {
            // The other SDK returns what it removes, and fails at an embedded object that is no more.
            device.write(json!([at("kept", json!(["partMap"]), key("x"))]));
        }
        device.write(json!([
            at("kept", json!(["intMap"]), key("a")),
            at("kept", json!(["mixedMap"]), key("k")),
            at("kept", json!(["ints"]), json!({"do": "erase", "index": 0})),
            at("kept", json!(["parts"]), json!({"do": "erase", "index": 0})),
            at("kept", json!(["intSet"]), json!({"do": "remove", "value": 1})),
            at("kept", json!(["strings"]), json!({"do": "clear"})),
            assign("kept", json!({"link": null, "optionalInt": null})),
            {"do": "delete", "_id": "gone"},
            {"do": "delete", "_id": "target"},
        ]));
    }
    devices.iter_mut().for_each(Device::resume);
    let state = settle(&mut devices);
    let [kept] = state.as_array().unwrap().as_slice() else {
        panic!("one object, not {state}")
    };
    assert_eq!(kept["intMap"], json!({"b": 2}));
    assert_eq!(kept["mixedMap"], json!({}));
    assert_eq!(kept["partMap"] == json!({}), sdk == Sdk::Js);
    assert_eq!(kept["ints"], json!([2, 3]));
    assert_eq!(kept["intSet"], json!([2]));
    for list in ["parts", "strings", "links"] {
        assert_eq!(kept[list], json!([]), "{list}");
    }
}

pub fn nothing_acknowledged_is_lost(sdk: Sdk) {
    let mut server = Server::start();
    let Some([mut writer, mut reader]) = sdk.devices(&server, "kept") else {
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

pub fn a_device_that_dies_offline_uploads_later(sdk: Sdk) {
    let server = Server::start();
    let Some([mut writer, mut reader]) = sdk.devices(&server, "later") else {
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

pub fn a_wrong_password_is_told_apart(sdk: Sdk) {
    let server = Server::start();
    let Some(mut device) = sdk.device() else {
        return;
    };
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
    let common = json!({"email": "b@example.com", "password": "password123", "register": true});
    let refused = device.sign_in_as(&server.url(), common).unwrap_err();
    assert_eq!(refused["name"], "BadRequest");
    let told = refused["message"].as_str().unwrap();
    assert!(told.contains("most common"), "{told}");
}
