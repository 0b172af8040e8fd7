//! Devices of different SDKs on one Realm: Kotlin (sync protocol 14) and JS (protocol 7).

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};

use super::device::{Device, settle};
use super::edits;
use super::which::Sdk;
use crate::support::server::Server;

/// Two devices of each SDK, signed in, with one partition open.
fn both(server: &Server) -> Option<[Device; 4]> {
    let mut devices = [
        Sdk::Kotlin.device()?,
        Sdk::Js.device()?,
        Sdk::Kotlin.device()?,
        Sdk::Js.device()?,
    ];
    for device in &mut devices {
        device.sign_in(&server.url());
        device.open("together");
    }
    Some(devices)
}

#[test]
fn each_reads_what_the_other_wrote() {
    let server = Server::start();
    let Some(mut devices) = both(&server) else {
        return;
    };
    for (writer, key) in [(0, "by kotlin"), (1, "by js")] {
        let target = if writer == 0 {
            json!([edits::create("target", json!({}))])
        } else {
            json!([])
        };
        devices[writer].write(target);
        settle(&mut devices);
        devices[writer].write(json!([edits::create(key, edits::everything())]));
        let state = settle(&mut devices);
        let read = state
            .as_array()
            .unwrap()
            .iter()
            .find(|object| object["_id"] == key)
            .unwrap();
        for (name, value) in edits::everything().as_object().unwrap() {
            assert_eq!(&read[name], value, "{name} {key}");
        }
    }
}

#[test]
fn random_edits_converge() {
    let seeds = if std::env::var_os("ROS_LONG").is_some() {
        20
    } else {
        2
    };
    for seed in 1..=seeds {
        let server = Server::start();
        let Some(mut devices) = both(&server) else {
            return;
        };
        converge(&mut devices, seed, Kind::Common);
    }
}

#[test]
fn random_edits_with_nested_collections_converge() {
    let seeds = if std::env::var_os("ROS_LONG").is_some() {
        20
    } else {
        2
    };
    for seed in 1..=seeds {
        let server = Server::start();
        let Some(mut devices) = Sdk::Kotlin.devices::<3>(&server, "nested") else {
            return;
        };
        converge(&mut devices, seed, Kind::Nested);
    }
}

/// What the edits may contain.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// What every SDK has.
    Common,
    /// Collections inside mixed values too.
    Nested,
}

/// Rounds of edits, offline and online, each of which ends with devices that agree.
fn converge(devices: &mut [Device], seed: u64, kind: Kind) {
    println!("seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let objects: Vec<Value> = (0..OBJECTS)
        .map(|n| edits::create(&format!("o{n}"), json!({})))
        .collect();
    devices[0].write(Value::Array(objects));
    settle(devices);
    for round in 0..4 {
        if round % 2 == 0 {
            devices.iter_mut().for_each(Device::pause);
        }
        for _ in 0..25 {
            for device in devices.iter_mut() {
                let edit = random_edit(&mut random, kind);
                // An edit of what is not there, on this device at this time, fails and changes nothing.
                let _ = device.attempt(&json!({"op": "write", "edits": [edit]}));
            }
        }
        if round % 2 == 0 {
            devices.iter_mut().for_each(Device::resume);
        }
        settle(devices);
        settle(devices);
        for device in devices.iter_mut() {
            assert_eq!(device.events(), Vec::<Value>::new());
        }
    }
}

const OBJECTS: u32 = 4;

fn random_edit(random: &mut StdRng, kind: Kind) -> Value {
    let key = format!("o{}", random.random_range(0..OBJECTS));
    let number = random.random_range(0..100);
    match random.random_range(0..20) {
        0 => json!({"do": "delete", "_id": key}),
        1..4 => edits::create(&key, json!({"int": number})),
        4..7 => edits::assign(&key, random_values(random, number)),
        7..9 if kind == Kind::Nested => {
            edits::assign(&key, json!({"mixed": random_mixed(random, 3)}))
        }
        _ => {
            let (path, change) = random_change(random, kind, number);
            edits::at(&key, path, change)
        }
    }
}

fn random_values(random: &mut StdRng, number: u32) -> Value {
    match random.random_range(0..6) {
        0 => json!({"string": format!("s{number}"), "optionalInt": null}),
        1 => json!({"int": number, "bool": number.is_multiple_of(2)}),
        2 => json!({"part": {"name": format!("p{number}"), "pieces": [{"name": "a"}]}}),
        3 => json!({"link": {"$ref": ["Everything", format!("o{}", number % OBJECTS)]}}),
        4 => json!({"ints": [number, number + 1]}),
        _ => {
            json!({"optionalInt": number, "mixed": {"$ref": ["Everything", format!("o{}", number % OBJECTS)]}})
        }
    }
}

fn random_change(random: &mut StdRng, kind: Kind, number: u32) -> (Value, Value) {
    let index = random.random_range(0..4);
    let key = ["a", "b", "c"][random.random_range(0..3)];
    let mixed = random_mixed(random, 2);
    let nested = if kind == Kind::Nested { 12 } else { 8 };
    match random.random_range(0..nested) {
        0 => (json!(["ints"]), list_change(random, json!(number), index)),
        1 => (
            json!(["strings"]),
            list_change(random, json!(format!("s{number}")), index),
        ),
        2 => (
            json!(["parts"]),
            list_change(
                random,
                json!({"name": format!("p{number}"), "n": number}),
                index,
            ),
        ),
        3 => (
            json!(["links"]),
            list_change(
                random,
                json!({"$ref": ["Everything", format!("o{}", number % OBJECTS)]}),
                index,
            ),
        ),
        4 => (
            json!(["part", "pieces"]),
            list_change(random, json!({"name": format!("q{number}")}), index),
        ),
        5 => (
            json!(["intSet"]),
            json!({"do": if number.is_multiple_of(3) { "remove" } else { "add" }, "value": number % 7}),
        ),
        6 => (json!(["intMap"]), map_change(random, key, json!(number))),
        7 => (
            json!(["partMap"]),
            map_change(random, key, json!({"name": format!("m{number}")})),
        ),
        8 => (json!(["mixed"]), list_change(random, mixed, index)),
        9 => (json!(["mixed"]), map_change(random, key, mixed)),
        10 => (
            json!(["mixed", key]),
            list_change(random, json!(number), index),
        ),
        _ => (
            json!(["mixed", index]),
            map_change(random, key, json!(number)),
        ),
    }
}

fn list_change(random: &mut StdRng, value: Value, index: u32) -> Value {
    match random.random_range(0..8) {
        0..3 => json!({"do": "push", "value": value}),
        3..5 => json!({"do": "insert", "index": index, "value": value}),
        5 => json!({"do": "put", "index": index, "value": value}),
        6 => json!({"do": "erase", "index": index}),
        _ => json!({"do": "clear"}),
    }
}

fn map_change(random: &mut StdRng, key: &str, value: Value) -> Value {
    match random.random_range(0..8) {
        6 => json!({"do": "remove", "key": key}),
        0..6 => json!({"do": "put", "key": key, "value": value}),
        _ => json!({"do": "clear"}),
    }
}

/// A mixed value with collections in it, this deep at most.
fn random_mixed(random: &mut StdRng, depth: u32) -> Value {
    match random.random_range(0..if depth == 0 { 2 } else { 6 }) {
        0 => json!(random.random_range(0..100)),
        1 => json!("text"),
        2 | 3 => (0..random.random_range(0..4))
            .map(|_| random_mixed(random, depth - 1))
            .collect(),
        _ => json!({"a": random_mixed(random, depth - 1), "b": random_mixed(random, depth - 1)}),
    }
}
