//! Devices of different SDKs on one Realm: Kotlin (sync protocol 14) and JS (protocol 7).

use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::{Value, json};

use super::device::{Device, settle};
use super::edits;
use super::random_edits::{Kind, OBJECTS, random_edit};
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

/// Rounds of edits, offline and online, each of which ends with devices that agree.
fn converge(devices: &mut [Device], seed: u64, kind: Kind) {
    println!("seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let objects: Vec<Value> = (0..OBJECTS)
        .map(|n| edits::create(&format!("k{n}"), json!({})))
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
