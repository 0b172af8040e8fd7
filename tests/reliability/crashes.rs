//! The program is killed, or its machine loses power, while devices write.

use std::time::Duration;

use rand::Rng;

use super::service::{ANYWHERE, Service, copy, with_keys};
use super::storm::storm;
use crate::simulation::seeds;
use crate::support::disk::{Disk, Fault, Loss, can_mount};

/// How many crashes: `ROS_CRASHES`, else these.
fn crashes(quick: u64, long: u64) -> u64 {
    match std::env::var("ROS_CRASHES") {
        Ok(number) => number.parse().expect("ROS_CRASHES is a number"),
        Err(_) if std::env::var_os("ROS_LONG").is_some() => long,
        Err(_) => quick,
    }
}

#[test]
fn kills_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    copy(with_keys(), &root);
    let service = Service::start(&root, ANYWHERE);
    let address = service.address();
    let seed = seeds(1, 1).start;
    storm(seed, crashes(20, 1000), service, |mut service, random| {
        service.kill();
        if random.random_bool(0.3) {
            Service::start_and_kill(&root, Duration::from_millis(random.random_range(0..60)));
        }
        Service::start(&root, address)
    });
}

#[test]
fn power_cuts_lose_nothing() {
    if !can_mount() {
        return;
    }
    let disk = Disk::new();
    copy(with_keys(), &disk.root());
    sync_all(&disk);
    let service = Service::start(&disk.root(), ANYWHERE);
    let address = service.address();
    let seed = seeds(1, 1).start;
    storm(seed, crashes(20, 200), service, |mut service, random| {
        if random.random_bool(0.5) {
            // In the middle of something.
            disk.plan(disk.count() + random.random_range(1..40), Fault::PowerCut);
            for _ in 0..100 {
                if disk.is_off() {
                    break;
                }
                std::thread::sleep(Duration::from_millis(5));
            }
        }
        disk.cut_power();
        service.kill();
        let loss = [Loss::All, Loss::Some, Loss::Some, Loss::Nothing][random.random_range(0..4)];
        disk.restore_power(loss, random.random());
        if random.random_bool(0.5) {
            disk.plan(disk.count() + random.random_range(1..60), Fault::PowerCut);
            drop(Service::try_start(&disk.root(), ANYWHERE));
            disk.cut_power();
            disk.restore_power(loss, random.random());
        }
        Service::start(&disk.root(), address)
    });
}

/// What was copied to the disk is safe.
fn sync_all(disk: &Disk) {
    disk.cut_power();
    disk.restore_power(Loss::Nothing, 0);
}
