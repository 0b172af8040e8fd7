//! What only newer SDKs have.

use serde_json::json;

use super::device::{Device, settle};
use super::edits::{assign, at, create};
use super::which::Sdk;
use crate::support::server::Server;

#[test]
fn nested_collections_converge() {
    let server = Server::start();
    let Some(mut devices) = Sdk::Kotlin.devices::<2>(&server, "nested") else {
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
