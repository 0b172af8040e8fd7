//! Every recorded changeset decodes to its instructions and encodes to an equal changeset; cut short or altered, it is refused or does what it then says.

use bytes::Bytes;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use ros::changeset::{Changeset, decode, encode};
use ros::history::{OrderKey, Part, Rules};
use ros::ident::{FileIdent, OriginTimestamp};
use ros::merge::merge;

use super::states::Replica;
use super::{changeset, load};
use crate::support::edits::{self, Scope, Shape};
use crate::support::model::Model;
use crate::support::rendering;

#[test]
fn changesets_decode_and_encode() {
    let Some(file) = load("changesets.json") else {
        return;
    };
    let changesets = file["changesets"].as_array().expect("a list of changesets");
    for case in changesets {
        let decoded = changeset(&case["hex"]);
        let ours: Vec<_> = decoded
            .instructions
            .iter()
            .map(rendering::instruction)
            .collect();
        assert_eq!(
            &ours,
            case["instructions"].as_array().expect("a list"),
            "{}",
            case["name"]
        );
        assert_eq!(
            decode(&Bytes::from(encode(&decoded))),
            Ok(decoded),
            "{}",
            case["name"]
        );
    }
    println!("vectors: changesets {0}/{0}", changesets.len());
}

#[test]
fn a_recorded_changeset_cut_short_is_refused_or_a_beginning() {
    let Some(file) = load("changesets.json") else {
        return;
    };
    for case in file["changesets"].as_array().expect("a list of changesets") {
        let whole = changeset(&case["hex"]);
        let bytes = Bytes::from(encode(&whole));
        for length in 0..bytes.len() {
            if let Ok(beginning) = decode(&bytes.slice(..length)) {
                let count = beginning.instructions.len();
                assert_eq!(
                    beginning.instructions,
                    whole.instructions[..count],
                    "{}",
                    case["name"]
                );
            }
        }
    }
}

/// Alters some bytes.
fn mutate(random: &mut StdRng, bytes: &mut Vec<u8>) {
    for _ in 0..random.random_range(1..3) {
        let at = random.random_range(0..=bytes.len());
        match random.random_range(0..6) {
            0 => bytes.insert(at, random.random()),
            1 => bytes.truncate(at),
            2 if at < bytes.len() => {
                bytes.remove(at);
            }
            3 if at < bytes.len() => bytes[at] ^= 1 << random.random_range(0..8),
            4 if at < bytes.len() => bytes[at] = random.random_range(0..16), // codes, small numbers
            _ if at < bytes.len() => bytes[at] = random.random(),
            _ => {}
        }
    }
}

/// Whatever comes is refused by some step, or is merged and applied: none panics.
#[test]
fn altered_changesets_are_refused_or_applied() {
    let count: u64 = if std::env::var_os("ROS_LONG").is_some() {
        500_000
    } else {
        20_000
    };
    let seeds = match std::env::var("ROS_SEED") {
        Ok(seed) => {
            let seed: u64 = seed.parse().expect("ROS_SEED is a number");
            seed..seed + 1
        }
        Err(_) => 0..count,
    };
    let mut base = Model::default();
    let beginning = Shape::whole().beginning(&mut base);
    let mut replica = Replica::default();
    replica.apply(&beginning).expect("the beginning fits");
    let (mut decoded, mut merged, mut applied) = (0, 0, 0);
    for seed in seeds {
        let ran = std::panic::catch_unwind(|| altered(seed, &base, &replica));
        let steps = ran.unwrap_or_else(|_| panic!("seed {seed}"));
        decoded += u64::from(steps >= 1);
        merged += u64::from(steps >= 2);
        applied += u64::from(steps >= 3);
    }
    println!("altered changesets: {decoded} decoded, {merged} merged, {applied} applied");
}

/// One altered transaction against another device's. How many steps it came through.
fn altered(seed: u64, base: &Model, replica: &Replica) -> u8 {
    let mut random = StdRng::seed_from_u64(seed);
    let mut replica = replica.clone();
    let part = |origin, changeset: Changeset| {
        let timestamp = OriginTimestamp(seed % 3 * origin);
        let origin = FileIdent(origin);
        Part::new(OrderKey { timestamp, origin }, changeset)
    };
    let local = edits::transaction(&mut random, &mut base.clone(), Scope::ALL, 20);
    let made = edits::transaction(&mut random, &mut base.clone(), Scope::ALL, 20);
    let mut bytes = encode(&made);
    mutate(&mut random, &mut bytes);
    replica.apply(&local).expect("it fits");
    let Ok(incoming) = decode(&bytes.into()) else {
        return 0;
    };
    assert_eq!(decode(&encode(&incoming).into()).as_ref(), Ok(&incoming));
    let (mut left, mut right) = ([part(2, local)], [part(3, incoming)]);
    if merge(&mut left, &mut right, Rules::SERVER).is_err() {
        return 1;
    }
    match replica.apply(&right[0].changeset) {
        Err(_) => 2,
        Ok(()) => {
            replica.look();
            3
        }
    }
}
