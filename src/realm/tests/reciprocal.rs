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
        for kept_windows_bytes in [0, 10_000] {
            let limits = Limits {
                kept_windows_bytes,
                ..Limits::default()
            };
            let dropped = run(seed, Windows::Kept, limits);
            assert_eq!(kept, dropped, "seed {seed}, {kept_windows_bytes} bytes");
        }
        assert!(kept.len() > 60);
    }
}

#[test]
fn who_is_too_far_behind_is_told_to_reset() {
    let server = begun(Limits {
        window_bytes: 100_000,
        ..Limits::default()
    });
    let realm = server.realm();
    let (mut ahead, mut behind) = (Client::new(&realm), Client::new(&realm));
    for key in 2..300 {
        server.integrate(vec![ahead.upload(vec![(2, vec![dog(key)])])]);
    }
    let outcomes = realm
        .integrate(vec![behind.upload(vec![(2, vec![dog(300)])])])
        .unwrap()
        .outcomes;
    assert_eq!(outcomes, [Err(Refusal::Expired)]);
    // Who knows of most of it is not, and what that window would count is no matter of its base then.
    let mut late = Client::new(&realm);
    server.integrate(vec![late.upload(vec![(200, vec![dog(301)])])]);
    server.integrate(vec![late.upload(vec![(300, vec![dog(302)])])]);
    server.integrate(vec![ahead.upload(vec![(2, vec![dog(303)])])]);
}

#[test]
fn a_window_is_read_page_by_page() {
    let server = begun(Limits::default());
    let realm = server.realm();
    let (mut a, mut b) = (Client::new(&realm), Client::new(&realm));
    let large = |key, letter: &str| vec![dog(key), named(key, &letter.repeat(700_000))];
    for key in 2..8 {
        server.integrate(vec![a.upload(vec![(2, large(key, "a"))])]);
    }
    // Its name meets the name in the middle of the pages, which is later and wins.
    let upload = b.upload(vec![(2, vec![dog(5), named(5, "b")])]);
    server.integrate(vec![upload]);
    let last = server.history().pop().unwrap();
    assert_eq!(decoded(&last), [dog(5)]);
    // Nothing is left of this one; what is empty is not read.
    let again = b.upload(vec![(2, vec![named(5, "b")])]);
    server.integrate(vec![again]);
    assert_eq!(realm.head().version, ServerVersion(10));
    assert_eq!(server.history().len(), 9);
}
