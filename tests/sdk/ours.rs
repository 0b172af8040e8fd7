//! Our own client beside real SDKs, on one Realm.

use ros::changeset::{Key, Link, Path, Step, Value as Plain};
use ros::client::{Realm, WriteError, field};
use ros::ejson;
use ros::state::Reader;
use serde_json::{Value, json};

use super::device::{Device, settle};
use super::edits::{assign, at, create, everything};
use super::which::Sdk;
use crate::client;
use crate::support::server::Server;

/// An object of the SDKs' class, by our own client's words.
fn object(realm: &Realm, key: &str) -> Value {
    let key = Key::String(key.into());
    let found = realm.look(|schema, cells| {
        let class = schema.class(&"Everything".into()).unwrap().clone();
        let fields = Reader::new(cells, schema).object(&class, &key)?;
        Ok(fields.map(|fields| ejson::object_to_json(&class, &key, &fields, schema)))
    });
    found.unwrap().map_or(Value::Null, Value::Object)
}

/// Properties that both write alike.
const ALIKE: [&str; 13] = [
    "_id",
    "bool",
    "int",
    "float",
    "double",
    "string",
    "optionalInt",
    "optionalString",
    "ints",
    "strings",
    "intMap",
    "counter",
    "part",
];

fn assert_alike(ours: &Value, theirs: &Value) {
    for name in ALIKE {
        // JavaScript prints 0.0 as 0.
        match (ours[name].as_f64(), theirs[name].as_f64()) {
            (Some(ours), Some(theirs)) => assert_eq!(ours, theirs, "{name}"),
            _ => assert_eq!(ours[name], theirs[name], "{name}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn both_sdks_and_our_client_share_a_realm() {
    let server = Server::start();
    let (Some(kotlin), Some(js)) = (Sdk::Kotlin.device(), Sdk::Js.device()) else {
        return;
    };
    let mut devices = [kotlin, js];
    for device in &mut devices {
        device.sign_in(&server.url());
        device.open("p");
    }
    devices[0].write(json!([
        create("target", json!({})),
        create("all", everything())
    ]));
    settle(&mut devices);
    let ours = client::open(&server, "p").await;
    ours.wait_for_download().await.unwrap();
    let state = settle(&mut devices);
    assert_alike(&object(&ours, "all"), &state[0]);

    // All three edit the same object offline.
    devices.iter_mut().for_each(Device::pause);
    ours.set_online(false);
    devices[0].write(json!([
        assign("all", json!({"string": "kotlin", "bool": false})),
        at("all", json!(["ints"]), json!({"do": "push", "value": 10})),
        at("all", json!(["counter"]), json!({"do": "add", "value": 1})),
    ]));
    devices[1].write(json!([
        assign("all", json!({"int": 2})),
        at(
            "all",
            json!(["ints"]),
            json!({"do": "insert", "index": 0, "value": 20})
        ),
        at(
            "all",
            json!(["intMap"]),
            json!({"do": "remove", "key": "a"})
        ),
        create("by js", json!({"int": 1})),
    ]));
    let all = Key::String("all".into());
    let inside = |name: &str, step| Path {
        steps: vec![step],
        ..field("Everything", &all, name)
    };
    ours.write(|edit| {
        edit.set(
            field("Everything", &all, "string"),
            Plain::String("ours".into()),
        )?;
        edit.add(field("Everything", &all, "counter"), 10)?;
        edit.remove(inside("ints", Step::Index(1)))?;
        edit.remove(inside("intMap", Step::Name("a".into())))?;
        edit.set(inside("intMap", Step::Name("c".into())), Plain::Int(3))?;
        edit.create("Everything", Key::String("by us".into()))?;
        Ok::<(), WriteError>(())
    })
    .unwrap();
    ours.set_online(true);
    ours.wait_for_upload().await.unwrap();
    devices.iter_mut().for_each(Device::resume);
    let state = settle(&mut devices);
    ours.wait_for_download().await.unwrap();
    let keys: Vec<&Value> = state
        .as_array()
        .unwrap()
        .iter()
        .map(|object| &object["_id"])
        .collect();
    assert_eq!(keys, ["all", "by js", "by us", "target"]);
    for theirs in state.as_array().unwrap() {
        assert_alike(&object(&ours, theirs["_id"].as_str().unwrap()), theirs);
    }
    assert_eq!(state[0]["string"], "ours", "the last to write");
    assert_eq!(state[0]["counter"], 11);
    assert_eq!(state[0]["ints"], json!([20, 1, 3, 10]));
    for device in &mut devices {
        assert_eq!(device.events(), Vec::<Value>::new());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_to_nothing_has_a_place_among_mixed_values_only() {
    let server = Server::start();
    let (Some(kotlin), Some(js)) = (Sdk::Kotlin.device(), Sdk::Js.device()) else {
        return;
    };
    let mut devices = [kotlin, js];
    for device in &mut devices {
        device.sign_in(&server.url());
        device.open("p");
    }
    devices[0].write(json!([create("all", json!({}))]));
    settle(&mut devices);
    let ours = client::open(&server, "p").await;
    ours.wait_for_download().await.unwrap();
    let all = Key::String("all".into());
    ours.write(|edit| {
        for name in ["mixeds", "links"] {
            let first = Path {
                steps: vec![Step::Index(0)],
                ..field("Everything", &all, name)
            };
            let nobody = Link {
                class: "Everything".into(),
                key: Key::String("nobody".into()),
            };
            edit.insert(first, Plain::Link(nobody))?;
        }
        Ok::<(), WriteError>(())
    })
    .unwrap();
    ours.wait_for_upload().await.unwrap();
    let state = settle(&mut devices);
    assert_eq!(state[0]["mixeds"], json!([null]));
    assert_eq!(state[0]["links"], json!([]));
    for device in &mut devices {
        assert_eq!(device.events(), Vec::<Value>::new());
    }
}
