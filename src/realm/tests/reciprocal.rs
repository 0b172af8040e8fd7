//! Windows that were kept, rebuilt or thrown away give the same history.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::*;

/// What a run does to the windows between uploads.
#[derive(Clone, Copy, Debug)]
enum Windows {
    Kept,
    /// The server restarts now and then.
    Rebuilt,
}

/// Three clients that never download edit the same list, and upload in any order. The history.
fn run(seed: u64, windows: Windows, limits: Limits) -> Vec<Bytes> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut restarts = StdRng::seed_from_u64(!seed);
    let mut server = begun(limits);
    let realm = server.realm();
    let mut clients: Vec<(Client, u32)> = (0..3).map(|_| (Client::new(&realm), 0)).collect();
    drop(realm);
    for value in 0..30 {
        let mut pendings = Vec::new();
        for (client, walks) in &mut clients {
            let mut changesets = Vec::new();
            for _ in 0..random.random_range(0..3) {
                let index = random.random_range(0..=*walks);
                changesets.push((2, vec![walk(1, index, *walks, value)]));
                *walks += 1;
            }
            pendings.extend((!changesets.is_empty()).then(|| client.upload(changesets)));
        }
        server.integrate(pendings);
        if matches!(windows, Windows::Rebuilt) && restarts.random_bool(0.5) {
            server.restart();
        }
    }
    server
        .history()
        .iter()
        .map(|entry| entry.changeset.clone())
        .collect()
}

#[test]
fn reciprocal_forms_are_the_same_kept_and_rebuilt() {
    for seed in 0..20 {
        let kept = run(seed, Windows::Kept, Limits::default());
        let rebuilt = run(seed, Windows::Rebuilt, Limits::default());
        assert_eq!(kept, rebuilt, "seed {seed}");
        assert!(kept.len() > 60);
    }
}
