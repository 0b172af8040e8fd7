//! The random run: processes of real SDKs, of our own client and of the reference edit one Realm, go off- and online, are killed as the server is, and end equal.
//!
//! `ROS_SEED=n` runs one seed, `ROS_LONG=1` runs for `ROS_MINUTES` (60 unless said). A failure says its seed, then leaves out steps for as long as it still fails, at
//! most `ROS_SHRINK` times (0 unless said in the short run, 40 in the long one). `ROS_DEVICES=ours,ours,reference` says who takes part (the first is `ours`).

mod device;
mod plan;
mod reference;
pub mod shrink;
mod view;
mod world;

use std::path::Path;
use std::time::{Duration, Instant};

use ros::ident::RealmName;
use ros::limits::Limits;
use ros::realm::Registry;
use ros::storage::Store;
use serde_json::Value;

use crate::sdk::random_edits::Kind;
use crate::simulation::{assert_same, replayed, stored};
use crate::support::dump::{dump, first_difference, normal};
use plan::{Plan, Step, Who};
use world::{World, Wrong};

/// A number from the environment.
fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{name} is a number")),
    )
}

/// Goes through the steps; `None` if an SDK is not there. A device that is gone is a failure like others.
fn go(plan: &Plan, steps: &[Step]) -> Option<Result<(), Wrong>> {
    let gone = |panic: Box<dyn std::any::Any + Send>| {
        let said = panic
            .downcast::<String>()
            .map_or("a panic".into(), |said| *said);
        Some(Err(said))
    };
    std::panic::catch_unwind(|| go_through(plan, steps)).unwrap_or_else(gone)
}

fn go_through(plan: &Plan, steps: &[Step]) -> Option<Result<(), Wrong>> {
    let mut world = World::start(plan)?;
    for step in steps {
        if let Err(wrong) = world.run(*step) {
            return Some(Err(format!("{wrong} (at {step:?})")));
        }
    }
    Some(world.settle().and_then(|()| world.end(stored_alike)))
}

/// What the stopped server stores is the truth, and so is what its history gives.
fn stored_alike(root: &Path, truth: &Value) -> Result<(), Wrong> {
    let store = Store::open(root, rand::random).unwrap();
    let registry = Registry::new(store, &Limits::default());
    let name = RealmName::from_canonical(format!("app/{}", world::partition_text()));
    let realm = registry.open(&name, false).unwrap();
    let state = realm.look(|schema, cells| Ok(dump(schema, cells))).unwrap();
    let state = normal(&state);
    if state != *truth {
        let place = first_difference(&state, truth, String::new());
        return Err(format!("the server's state and device 0 differ: {place}"));
    }
    assert_same(
        &stored(&realm),
        &replayed(&realm),
        "stored state and replayed history",
    );
    Ok(())
}

/// What failures have in common that are the same fault: their beginning, without numbers.
fn kind(wrong: &str) -> String {
    let letters = wrong.chars().filter(|letter| !letter.is_ascii_digit());
    letters.take(60).collect()
}

/// Everybody, or who is named in `ROS_DEVICES`; those edit what all of them know.
fn plan(seed: u64, length: usize) -> Plan {
    let Ok(names) = std::env::var("ROS_DEVICES") else {
        return Plan::of(seed, reference::built().is_some(), length);
    };
    let named = |name| Who::named(name).unwrap_or_else(|| panic!("{name} is no device"));
    let devices: Vec<Who> = names.split(',').map(named).collect();
    assert_eq!(devices[0], Who::Ours, "the first makes the classes");
    Plan::among(seed, Kind::Common, devices, length)
}

/// Runs a seed; a failure is made smaller first.
fn run(seed: u64, length: usize, tries: usize) -> bool {
    let plan = plan(seed, length);
    println!(
        "random run: seed {seed}, {:?}, {:?}",
        plan.kind, plan.devices
    );
    let Some(result) = go(&plan, &plan.steps) else {
        return false;
    };
    let Err(wrong) = result else {
        return true;
    };
    println!("random run: seed {seed}: {wrong}");
    let mut last = wrong;
    let left = shrink::shrink(plan.steps.clone(), tries, |steps| match go(&plan, steps) {
        Some(Err(wrong)) if kind(&wrong) == kind(&last) => {
            println!("random run: {} steps: {wrong}", steps.len());
            last = wrong;
            true
        }
        Some(Ok(()) | Err(_)) | None => false,
    });
    panic!(
        "seed {seed}: {last}\nROS_SEED={seed} repeats it; {} steps are left: {left:#?}",
        left.len()
    );
}

#[test]
fn everybody_ends_equal() {
    let long = std::env::var_os("ROS_LONG").is_some();
    let tries = number("ROS_SHRINK").unwrap_or(if long { 40 } else { 0 }) as usize;
    if let Some(seed) = number("ROS_SEED") {
        run(seed, if long { 150 } else { 40 }, tries);
        return;
    }
    if !long {
        let ran = (1..=3).filter(|seed| run(*seed, 40, tries)).count();
        println!("random run: {ran} seeds");
        return;
    }
    let end = Instant::now() + Duration::from_secs(60 * number("ROS_MINUTES").unwrap_or(60));
    let mut ran = 0;
    for seed in number("ROS_FIRST").unwrap_or(1).. {
        if Instant::now() > end || !run(seed, 150, tries) {
            break;
        }
        ran += 1;
    }
    println!("random run: {ran} seeds");
}
