//! A simulated run as a list of steps, decided before anything happens, so that a failure can be made smaller and told.

use std::panic::catch_unwind;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use ros::history::Rules;

use super::peer::Peer;
use super::{Server, assert_same, integrate, replayed, stored};
use crate::random::shrink::shrink;
use crate::support::edits::{Scope, Shape};

/// One step. Numbers are those of devices.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// A transaction that follows from this seed and from what the device has, at this time of its clock.
    Edit { peer: usize, seed: u64, at: u64 },
    /// At most so many changesets reach the server.
    Upload { peer: usize, most: usize },
    /// All that everybody has reaches the server in one batch.
    UploadAll,
    /// At most about so many bytes reach the device.
    Download { peer: usize, limit: usize },
    /// The server restarts.
    Restart,
}

/// A run.
#[derive(Debug, Clone)]
struct Plan {
    seed: u64,
    peers: usize,
    /// Whether two devices come with the schema.
    both_begin: bool,
    scope: Scope,
    rules: Rules,
}

/// Devices edit, go offline, come back; the server restarts. In the end all are equal. A failure is told with the fewest steps found.
pub fn converge(seed: u64, scope: Scope, rules: Rules) {
    println!("seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let plan = Plan {
        seed,
        peers: random.random_range(2..=6),
        both_begin: random.random_bool(0.5),
        scope,
        rules,
    };
    let steps = steps(&mut random, plan.peers);
    if catch_unwind(|| plan.play(&steps, false)).is_ok() {
        return;
    }
    let left = shrink(steps, 1000, |steps| {
        catch_unwind(|| plan.play(steps, false)).is_err()
    });
    println!("seed {seed} fails with {} steps:", left.len());
    plan.play(&left, true);
}

fn steps(random: &mut StdRng, peers: usize) -> Vec<Step> {
    let mut clock = 1;
    let length = random.random_range(20..80);
    let one = |_| {
        let peer = random.random_range(0..peers);
        match random.random_range(0..20) {
            0..10 => {
                clock += random.random_range(0..3);
                let at = clock + random.random_range(0..4); // clocks are wrong
                let seed = random.random();
                Step::Edit { peer, seed, at }
            }
            10..14 => Step::Upload {
                peer,
                most: random.random_range(1..4),
            },
            14 | 15 => Step::UploadAll,
            16..19 => Step::Download {
                peer,
                limit: random.random_range(1..400),
            },
            _ => Step::Restart,
        }
    };
    (0..length).map(one).collect()
}

impl Plan {
    fn play(&self, steps: &[Step], tell: bool) {
        let mut server = Server::start();
        let mut peers: Vec<Peer> = (0..self.peers)
            .map(|_| Peer::new(&server.realm(), self.rules))
            .collect();
        let shape = Shape::of(self.seed);
        peers[0].begin(&shape);
        if self.both_begin {
            peers[1].begin(&shape);
        }
        for step in steps {
            if tell {
                println!("{step:?}");
            }
            self.step(*step, &mut server, &mut peers, tell);
        }
        self.settle(&mut server, &mut peers);
    }

    fn step(&self, step: Step, server: &mut Server, peers: &mut [Peer], tell: bool) {
        match step {
            Step::Edit { peer, seed, at } => {
                let mut random = StdRng::seed_from_u64(seed);
                let made = peers[peer].edit(&mut random, self.scope, 6, at);
                if tell {
                    println!("{:#?}", made.instructions);
                }
            }
            Step::Upload { peer, most } => {
                integrate(server, vec![peers[peer].upload(most)], self.seed);
            }
            Step::UploadAll => {
                let pendings = peers.iter().map(|peer| peer.upload(usize::MAX)).collect();
                integrate(server, pendings, self.seed);
            }
            Step::Download { peer, limit } => {
                peers[peer].download(&server.realm(), limit).unwrap();
            }
            Step::Restart => server.restart(),
        }
    }

    /// Everything reaches everybody, and all must be equal.
    fn settle(&self, server: &mut Server, peers: &mut [Peer]) {
        while peers.iter().any(|peer| !peer.is_settled()) {
            let pendings = peers.iter().map(|peer| peer.upload(usize::MAX)).collect();
            integrate(server, pendings, self.seed);
            for peer in peers.iter_mut() {
                while peer.download(&server.realm(), usize::MAX).unwrap() {}
            }
        }
        let state = stored(&server.realm());
        let history = replayed(&server.realm());
        assert_same(&state, &history, "stored state and replayed history");
        server.restart();
        let again = stored(&server.realm());
        assert_same(&state, &again, "stored state and itself after a restart");
        for (number, peer) in peers.iter_mut().enumerate() {
            while peer.download(&server.realm(), usize::MAX).unwrap() {}
            assert_same(&state, &peer.model, &format!("server and device {number}"));
        }
    }
}
