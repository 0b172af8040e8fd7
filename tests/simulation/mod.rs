//! Simulated devices on a real Realm's file: everything but sockets, from a seed.

mod client;
mod damage;
mod format;
mod peer;
mod steps;
mod twice;
mod world;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ros::changeset::decode;
use ros::history::Rules;
use ros::ident::{DownloadCursor, FileIdent, RealmName, UserId};
use ros::limits::Limits;
use ros::realm::{Realm, Registry};
use ros::storage::{StorageError, Store};

use crate::support::disk::{Disk, Fault, Loss, Trouble, can_mount};
use crate::support::edits::Scope;
use crate::support::model::{Model, difference};
use crate::support::patience::deadline;
use steps::converge;
use world::{Weather, World};

/// Which seeds to run: `ROS_SEED=15` alone, `ROS_SEED=100..200` without the last, or many.
pub fn seeds(quick: u64, long: u64) -> std::ops::Range<u64> {
    if let Ok(seeds) = std::env::var("ROS_SEED") {
        return numbers(&seeds);
    }
    1..1 + if std::env::var_os("ROS_LONG").is_some() {
        long
    } else {
        quick
    }
}

/// `15`, or `100..200` without the last.
pub fn numbers(text: &str) -> std::ops::Range<u64> {
    let number = |text: &str| text.parse::<u64>().expect("a number, or two: 100..200");
    match text.split_once("..") {
        Some((first, end)) => number(first)..number(end),
        None => number(text)..number(text) + 1,
    }
}

/// Whose devices they are.
fn user() -> UserId {
    UserId("ada".into())
}

/// A server that is nothing but its Realms.
struct Server {
    folder: tempfile::TempDir,
    registry: Option<Registry>,
}

impl Server {
    fn start() -> Server {
        let folder = tempfile::tempdir().unwrap();
        let registry = Some(open(folder.path()));
        Server { folder, registry }
    }

    fn restart(&mut self) {
        self.registry = None;
        self.registry = Some(open(self.folder.path()));
    }

    /// Everything that was stored is lost.
    fn forget(&mut self) {
        self.registry = None;
        self.folder = tempfile::tempdir().unwrap();
        self.registry = Some(open(self.folder.path()));
    }

    fn realm(&self) -> Arc<Realm> {
        let name = RealmName::from_canonical("/realm");
        self.registry
            .as_ref()
            .expect("started")
            .open(&name, true)
            .unwrap()
    }
}

fn open(root: &Path) -> Registry {
    let limits = Limits {
        tail_bytes: 2000, // so that both the tail and the file are read
        ..Limits::default()
    };
    Registry::new(reopen(root, rand::random).unwrap(), &limits)
}

/// Opens a folder that another server of this process may have had. Another test that starts a program has copies of all that is open until the program runs, the lock of
/// that server among them.
pub fn reopen(root: &Path, random: fn() -> u64) -> Result<Store, StorageError> {
    let end = deadline();
    loop {
        match Store::open(root, random) {
            Err(StorageError::InUse(_)) if Instant::now() < end => {
                std::thread::sleep(Duration::from_millis(1));
            }
            opened => return opened,
        }
    }
}

/// What is stored as the Realm's state.
pub fn stored(realm: &Realm) -> Model {
    realm
        .look(|schema, cells| Model::read(cells, schema))
        .unwrap()
}

/// What replaying the history gives.
pub fn replayed(realm: &Realm) -> Model {
    let mut model = Model::default();
    let nobody = FileIdent(0);
    let all = realm
        .read(DownloadCursor::default(), nobody, usize::MAX)
        .unwrap();
    for item in all.entries {
        model
            .apply_all(&decode(&item.entry.changeset).unwrap())
            .unwrap();
    }
    model
}

pub fn assert_same(left: &Model, right: &Model, what: &str) {
    if let Some(place) = difference(left, right) {
        panic!("{what}: {place}");
    }
}

fn integrate(server: &Server, pendings: Vec<ros::realm::Pending>, seed: u64) {
    for outcome in server.realm().integrate(pendings).unwrap().outcomes {
        outcome.unwrap_or_else(|refusal| panic!("seed {seed}: {refusal}"));
    }
}

/// All that converges by the rules: embedded objects under one key of a dictionary do not, on shipped clients.
const SCOPE: Scope = Scope {
    embedded_entries: false,
    ..Scope::ALL
};

#[test]
fn devices_converge() {
    for seed in seeds(60, 2000) {
        converge(seed, SCOPE, Rules::SERVER);
    }
}

/// Shipped clients merge by the reference's rules. Where those agree with the server's, they converge all the same.
#[test]
fn shipped_devices_converge() {
    for seed in seeds(30, 1000) {
        converge(seed, Scope::SHIPPED, Rules::REFERENCE);
    }
}

/// Runs worlds in this weather; what happened in them, altogether.
fn worlds(weather: Weather, quick: u64, long: u64) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    if !can_mount() {
        return counts;
    }
    let disks = [Disk::new(), Disk::new()];
    for seed in seeds(quick, long) {
        let mut world = World::new(seed, weather, &disks);
        world.run();
        for (what, count) in &world.counts {
            *counts.entry(*what).or_default() += count;
        }
    }
    println!("{weather:?}: {counts:?}");
    counts
}

/// Worlds in which nothing happens prove nothing. Few seeds may be such worlds.
fn happened(counts: &BTreeMap<&'static str, usize>, what: &[&str]) {
    let missing = what.iter().find(|what| !counts.contains_key(**what));
    let range = seeds(20, 20);
    let few = counts.is_empty() || range.end - range.start < 20;
    assert!(
        few || missing.is_none(),
        "{missing:?} never happened: {counts:?}"
    );
}

const CALM: Weather = Weather {
    crashes: false,
    troubles: false,
    phones: false,
    forgets: false,
    loss: None,
};

/// Connections break, devices and the server restart, and nothing else.
#[test]
fn calm_worlds_converge() {
    worlds(CALM, 30, 1000);
}

#[test]
fn worlds_survive_crashes() {
    let weather = Weather {
        crashes: true,
        phones: true,
        ..CALM
    };
    let counts = worlds(weather, 100, 3000);
    happened(&counts, &["power cuts", "kills", "phone power cuts"]);
}

#[test]
fn worlds_survive_everything() {
    let weather = Weather {
        crashes: true,
        troubles: true,
        phones: true,
        ..CALM
    };
    let counts = worlds(weather, 100, 3000);
    happened(&counts, &["server errors", "full disks", "device failures"]);
}

/// A server that has lost everything asks for client resets; what was not acknowledged by it is made again.
#[test]
fn worlds_survive_client_resets() {
    let weather = Weather {
        forgets: true,
        ..CALM
    };
    let counts = worlds(weather, 30, 1000);
    happened(&counts, &["client resets"]);
}

#[test]
fn a_world_can_be_repeated() {
    if !can_mount() {
        return;
    }
    let disks = [Disk::new(), Disk::new()];
    let weather = Weather {
        crashes: true,
        troubles: true,
        phones: true,
        ..CALM
    };
    let run = |seed| {
        let mut world = World::new(seed, weather, &disks);
        world.run();
        world.trace()
    };
    for seed in seeds(5, 50) {
        let ((first, asked), (second, again)) = (run(seed), run(seed));
        for (at, (step, repeated)) in first.iter().zip(&second).enumerate() {
            assert_eq!(step, repeated, "seed {seed}, step {at}");
        }
        assert_eq!((first.len(), asked), (second.len(), again), "seed {seed}");
    }
}

/// Steps of the world that meets each fault once.
const DAY: usize = 60;

/// One world, again and again, with a fault at every point of its disk in turn.
fn at_every_point(fault: Fault, weather: Weather) {
    if !can_mount() {
        return;
    }
    let disks = [Disk::new(), Disk::new()];
    for seed in seeds(1, 3) {
        let mut world = World::new(seed, weather, &disks);
        world.run_for(DAY);
        drop(world);
        let points = disks[0].count();
        let every = if std::env::var_os("ROS_LONG").is_some() {
            1
        } else {
            points / 30 + 1
        };
        let first = 1 + seed % every;
        for point in (first..=points).step_by(usize::try_from(every).unwrap()) {
            let mut world = World::with_fault(seed, weather, &disks, Some((point, fault)));
            world.run_for(DAY);
        }
        println!("{fault:?}, {weather:?}: every {every}th of {points} points of seed {seed}");
    }
}

#[test]
fn the_power_may_go_at_every_point() {
    for loss in [Loss::All, Loss::Nothing, Loss::Some] {
        let loss = Some(loss);
        at_every_point(Fault::PowerCut, Weather { loss, ..CALM });
    }
}

#[test]
fn every_point_may_fail() {
    for trouble in [Trouble::Broken, Trouble::Full] {
        at_every_point(Fault::Once(trouble), CALM);
        at_every_point(Fault::FromThenOn(trouble), CALM);
    }
}
