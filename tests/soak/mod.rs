//! The soak: a mixed load for a long time, in which memory, descriptors and latency of the server must stay level.
//!
//! The short run only shows that all of it works. `ROS_LONG=1` runs for `ROS_MINUTES` (60 unless said), with pauses that are `ROS_HASTE` times shorter (1 unless said);
//! `ROS_SOAK=FOLDER` keeps `soak.csv` and `soak.svg` there.

mod bounds;
mod load;
mod plot;
mod samples;

use std::time::{Duration, Instant};

use crate::support::model::{Model, difference};
use crate::support::server::Server;
use load::{Failure, Load, Times};
use samples::Sample;

/// What is kept in memory fills within minutes, client files of visitors too, so that what grows afterwards is something else.
const SERVER: &str = "
apps: { app: { providers: { anon-user: true }, partitions: { read: true, write: true } } }
limits: { database_cache_bytes: 8388608, realms_kept_bytes: 2097152, fragments_bytes: 4194304 }
";

/// Users who sign in before a long run is measured: what the server keeps of users, up to its bounds, grows no more after so many.
const BEFORE: usize = 40_000;

/// Partitions that several edit at the same time.
const SHARED: [&str; 3] = ["shared-0", "shared-1", "shared-2"];

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{name} is a number")),
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_and_descriptors_stay_level() {
    let long = std::env::var_os("ROS_LONG").is_some();
    let (time, every) = match long {
        true => (
            Duration::from_secs(60 * number("ROS_MINUTES").unwrap_or(60)),
            Duration::from_secs(5),
        ),
        false => (Duration::from_secs(8), Duration::from_secs(1)),
    };
    let server = Server::with_configuration(SERVER);
    let times = Times::default();
    let mut load = Load {
        url: server.url(),
        times: times.clone(),
        end: Instant::now(),
    };
    load.sign_in(if long { BEFORE } else { 8 }).await.unwrap();
    let begun = Instant::now();
    load.end = begun + time;
    let tasks = start(&load);
    let mut all: Vec<Sample> = Vec::new();
    let mut clock = tokio::time::interval(every);
    while begun.elapsed() < time && !tasks.iter().any(|task| task.is_finished()) {
        clock.tick().await;
        let taken = std::mem::take(&mut *times.lock().unwrap());
        all.push(Sample::take(
            begun.elapsed(),
            server.id(),
            &server.root(),
            taken,
        ));
        keep(&all);
    }
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert!(all.iter().any(|sample| sample.transactions > 0));
    equal(&load).await;
    if long {
        assert_eq!(samples::growth(&all), Vec::<String>::new());
    }
}

fn start(load: &Load) -> Vec<tokio::task::JoinHandle<Result<(), Failure>>> {
    let haste = u32::try_from(number("ROS_HASTE").unwrap_or(1)).expect("a small number");
    let pause = |milliseconds| Duration::from_millis(milliseconds) / haste;
    let mut tasks = Vec::new();
    for number in 0..6_u64 {
        let partition = SHARED[number as usize % 3].to_owned();
        tasks.push(tokio::spawn(load.clone().editor(
            partition,
            number,
            pause(400),
        )));
    }
    for number in 0..2_u64 {
        let writer = load
            .clone()
            .writer("written".into(), (number as i64) << 40, pause(200));
        tasks.push(tokio::spawn(writer));
        tasks.push(tokio::spawn(load.clone().visitor(40, number, pause(900))));
    }
    tasks
}

/// Two new devices have the same of each shared Realm.
async fn equal(load: &Load) {
    for partition in SHARED {
        let mut models = Vec::new();
        for _ in 0..2 {
            let realm = load.open(partition).await.unwrap();
            realm.wait_for_download().await.unwrap();
            models.push(
                realm
                    .look(|schema, cells| Model::read(cells, schema))
                    .unwrap(),
            );
            realm.close().await;
        }
        assert_eq!(difference(&models[0], &models[1]), None);
        assert!(!models[0].classes.is_empty());
    }
}

fn keep(samples: &[Sample]) {
    let Some(folder) = std::env::var_os("ROS_SOAK").map(std::path::PathBuf::from) else {
        return;
    };
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("soak.csv"), samples::csv(samples)).unwrap();
    std::fs::write(folder.join("soak.svg"), plot::svg(samples)).unwrap();
}
