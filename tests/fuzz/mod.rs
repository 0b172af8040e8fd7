//! Fuzzing without coverage, as a test: known inputs of every target, and alterations of them. `fuzz/` has the same targets for coverage-guided runs.
//!
//! `ROS_LONG=1` alters more, `ROS_SEED=n` one series again, `ROS_FUZZ_CORPUS=FOLDER` writes the known inputs there, a folder for each target.

mod alter;
mod corpus;
mod targets;

use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use targets::{TARGETS, Target};

/// How often inputs of a target are altered in one series; targets that do much get less.
fn series(name: &str) -> u64 {
    match name {
        "http" => 2,
        "apply" | "merge" | "token" => 10,
        _ => 40,
    }
}

fn run(target: Target) {
    let (name, give) = target;
    let known = corpus::of(name);
    assert!(!known.is_empty(), "{name} has known inputs");
    known.iter().for_each(|input| give(input));
    let long = if std::env::var_os("ROS_LONG").is_some() {
        50
    } else {
        1
    };
    let seeds = match std::env::var("ROS_SEED") {
        Ok(seed) => {
            let seed: u64 = seed.parse().expect("ROS_SEED is a number");
            seed..seed + 1
        }
        Err(_) => 0..series(name) * long,
    };
    for seed in seeds {
        let mut random = StdRng::seed_from_u64(seed);
        for _ in 0..100 {
            let mut input = known.choose(&mut random).expect("not empty").clone();
            alter::alter(&mut random, &mut input, &known);
            let given = std::panic::catch_unwind(|| give(&input));
            assert!(
                given.is_ok(),
                "{name}, seed {seed}: {}",
                corpus::shown(&input)
            );
        }
    }
}

#[test]
fn tokens_are_signed_as_the_server_signs_them() {
    targets::before_tokens();
}

macro_rules! targets {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            let target = TARGETS.iter().find(|target| target.0 == stringify!($name));
            run(*target.expect("a target of this name"));
        })*

        #[test]
        fn every_target_is_run() {
            assert_eq!(TARGETS.map(|target| target.0), [$(stringify!($name)),*]);
        }
    };
}

targets! { changeset server_wire client_wire merge apply http token config }

#[test]
fn known_inputs_can_be_written() {
    let scratch = tempfile::tempdir().unwrap();
    let folder =
        std::env::var_os("ROS_FUZZ_CORPUS").map_or(scratch.path().into(), std::path::PathBuf::from);
    for (name, _) in TARGETS {
        let folder = folder.join(name);
        std::fs::create_dir_all(&folder).unwrap();
        for (number, input) in corpus::of(name).iter().enumerate() {
            std::fs::write(folder.join(format!("known-{number:05}")), input).unwrap();
        }
        assert!(std::fs::read_dir(&folder).unwrap().count() > 0);
    }
}
