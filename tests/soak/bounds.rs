//! Memory follows the bounds of the configuration, not the number of open Realms.

use std::time::{Duration, Instant};

use rand::SeedableRng;
use rand::rngs::StdRng;
use ros::bench::Process;

use crate::hostile::client::{Client, MIB, blob};
use crate::support::patience::deadline;
use crate::support::server::Server;

const REALMS: u64 = 24;

/// MiB of memory that a server has more after many Realms were filled and read, each beyond all that is kept of one.
fn grown(limits: &str) -> f64 {
    let server = Server::with_configuration(limits);
    let used = || Process::read(server.id()).unwrap().anon_mb;
    let mut random = StdRng::seed_from_u64(1);
    let fill = |random: &mut StdRng, number: u64| {
        let path = format!("/{number}");
        let mut writer = Client::connect(&server);
        writer.bind(1, &path);
        for _ in 0..12 {
            writer.upload(1, &blob(random, MIB / 4));
            writer.acknowledged();
        }
        let mut reader = Client::connect(&server);
        reader.bind(1, &path);
        reader.is_served(1);
    };
    fill(&mut random, 0); // what the program itself needs
    let before = used();
    for number in 1..=REALMS {
        fill(&mut random, number);
    }
    let grown = used() - before;
    println!("{limits:?}: {grown:.0} MiB more with {REALMS} Realms");
    grown
}

#[test]
fn memory_follows_the_bounds_and_not_the_number_of_realms() {
    let all = grown("");
    let few_pages = grown("limits: { database_cache_bytes: 4194304 }");
    let few_fragments = grown("limits: { fragments_bytes: 1 }");
    let little = grown(
        "limits: { database_cache_bytes: 4194304, fragments_bytes: 1, realms_kept_bytes: 1 }",
    );
    // Two megabytes of pages each, and all fragments that there is room for.
    assert!(few_pages < all - 20.0, "{few_pages} of {all}");
    assert!(few_fragments < all - 20.0, "{few_fragments} of {all}");
    assert!(little < 24.0, "{little} of {all}");
}

/// Blocks of megabytes, of several threads and sizes, go back to the system.
#[test]
fn memory_of_large_messages_is_given_back() {
    let server = Server::with_configuration(
        "limits: { database_cache_bytes: 4194304, fragments_bytes: 1, realms_kept_bytes: 1 }",
    );
    let used = || Process::read(server.id()).unwrap().anon_mb;
    let exchange = |number: u64, size: usize| {
        let path = format!("/{number}");
        let mut random = StdRng::seed_from_u64(number);
        let mut writer = Client::connect(&server);
        writer.bind(1, &path);
        writer.upload(1, &blob(&mut random, size));
        writer.acknowledged();
        let mut reader = Client::connect(&server);
        reader.bind(1, &path);
        reader.is_served(1);
    };
    exchange(0, MIB);
    let before = used();
    for round in 0..3 {
        std::thread::scope(|scope| {
            for number in 0..4 {
                let size = (6 + 2 * number as usize + round) * MIB;
                let exchange = &exchange;
                scope.spawn(move || exchange(1 + 4 * round as u64 + number, size));
            }
        });
    }
    let end = deadline();
    while used() > before + 40.0 {
        let (now, most) = (used(), server.peak_memory());
        assert!(
            Instant::now() < end,
            "{before} MiB, then {now}, at most {most}"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    println!(
        "large messages: {before:.0} MiB, then {:.0}; {} at most",
        used(),
        server.peak_memory()
    );
}
