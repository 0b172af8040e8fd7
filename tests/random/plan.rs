//! What happens in a random run, decided from a seed before anything does.

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};

use crate::sdk::random_edits::Kind;

/// Who takes part.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Who {
    /// Realm Kotlin 2.3.0, protocol 14.
    Kotlin,
    /// Realm JS 10.24.0, protocol 7.
    Js,
    /// The client of this library.
    Ours,
    /// The reference library's client, where it is built.
    Reference,
}

impl Who {
    /// By its name in small letters.
    pub fn named(name: &str) -> Option<Who> {
        match name {
            "kotlin" => Some(Who::Kotlin),
            "js" => Some(Who::Js),
            "ours" => Some(Who::Ours),
            "reference" => Some(Who::Reference),
            _ => None,
        }
    }
}

/// One step of a run. Numbers are those of devices.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Step {
    /// So many edits that follow from this seed and from what the device has.
    Edit {
        device: usize,
        seed: u64,
        count: u64,
    },
    Offline(usize),
    Online(usize),
    /// Its process is killed, and another takes up where it was.
    Kill(usize),
    /// It waits until the server has what it made.
    Upload(usize),
    /// It waits until it has what the server has.
    Download(usize),
    /// The server is killed and started again.
    KillServer,
    /// The server is asked to end and started again.
    StopServer,
    /// Everybody comes online, and all must be equal.
    Settle,
}

/// A whole run.
#[derive(Debug, Clone)]
pub struct Plan {
    pub seed: u64,
    pub kind: Kind,
    pub devices: Vec<Who>,
    pub steps: Vec<Step>,
}

impl Plan {
    /// Everybody takes part, the reference client where it is `built`. Collections in Mixed values are given to those alone that know them; the reference client makes
    /// none.
    pub fn of(seed: u64, built: bool, length: usize) -> Plan {
        use Who::{Js, Kotlin, Ours, Reference};
        if seed % 3 == 2 {
            return Plan::among(seed, Kind::Nested, vec![Ours, Kotlin, Ours, Kotlin], length);
        }
        let mut devices = vec![Ours, Kotlin, Js, Ours, Js];
        if built {
            devices.push(Reference);
        }
        Plan::among(seed, Kind::Common, devices, length)
    }

    /// A run of these devices.
    pub fn among(seed: u64, kind: Kind, devices: Vec<Who>, length: usize) -> Plan {
        let mut random = StdRng::seed_from_u64(seed);
        let mut steps: Vec<Step> = (0..length)
            .map(|_| step(&mut random, devices.len()))
            .collect();
        steps.push(Step::Settle);
        Plan {
            seed,
            kind,
            devices,
            steps,
        }
    }
}

fn step(random: &mut StdRng, devices: usize) -> Step {
    let all: Vec<usize> = (0..devices).collect();
    let device = *all.choose(random).expect("somebody takes part");
    match random.random_range(0..100) {
        0..45 => Step::Edit {
            device,
            seed: random.random(),
            count: random.random_range(1..8),
        },
        45..59 => Step::Offline(device),
        59..75 => Step::Online(device),
        75..81 => Step::Upload(device),
        81..88 => Step::Download(device),
        88..93 => Step::Kill(device),
        93..95 => Step::KillServer,
        95..96 => Step::StopServer,
        _ => Step::Settle,
    }
}
