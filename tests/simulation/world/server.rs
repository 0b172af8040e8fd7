//! The server of a simulated world: its Realms on a disk that can fail, its lane, its claims. What runs on threads in the real one is called here when the dice say so.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use ros::download::Fragments;
use ros::ident::RealmName;
use ros::limits::Limits;
use ros::realm::{Pending, Realm, RealmError, Registry};
use ros::session::SessionKey;

use crate::simulation::reopen;

thread_local! {
    static CHANCE: RefCell<StdRng> = RefCell::new(StdRng::seed_from_u64(0));
}

/// Seeds the salts and seeds that servers of this thread draw.
pub fn seed_chance(seed: u64) {
    CHANCE.set(StdRng::seed_from_u64(seed));
}

fn chance() -> u64 {
    CHANCE.with_borrow_mut(|random| random.random())
}

/// A running server.
pub struct Server {
    registry: Registry,
    /// Compressed changesets.
    pub fragments: Fragments,
    /// Uploads that wait for integration, in the order in which they came.
    pub lane: VecDeque<Job>,
}

/// An upload that waits.
pub struct Job {
    /// The connection that it came on.
    pub line: u64,
    /// Whether an upload before it on this connection was refused.
    pub is_broken: Rc<Cell<bool>>,
    /// The connection's session.
    pub session: SessionKey,
    /// Its Realm.
    pub realm: RealmName,
    /// What it is.
    pub pending: Pending,
}

impl Server {
    /// Starts on what is on the disk.
    pub fn start(root: &Path, limits: &Limits) -> Result<Server, RealmError> {
        let store = reopen(root, chance)?;
        Ok(Server {
            registry: Registry::new(store, limits),
            fragments: Fragments::new(1 << 20),
            lane: VecDeque::new(),
        })
    }

    /// A Realm, made if it is missing.
    pub fn realm(&self, name: &RealmName) -> Result<Arc<Realm>, RealmError> {
        self.registry.open(name, true)
    }

    /// The open Realms.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// The first upload that waits and some of those after it for the same Realm, to be stored by one commit.
    pub fn take_batch(&mut self, most: usize) -> Vec<Job> {
        let Some(first) = self.lane.front().map(|job| job.realm.clone()) else {
            return Vec::new();
        };
        let mut batch = Vec::new();
        let mut others = VecDeque::new();
        for job in std::mem::take(&mut self.lane) {
            if job.realm == first && batch.len() < most {
                batch.push(job);
            } else {
                others.push_back(job);
            }
        }
        self.lane = others;
        batch
    }
}
