//! Simulated devices on a real Realm's file: everything but sockets, from a seed.

mod client;
mod format;
mod peer;
mod steps;

use std::path::Path;
use std::sync::Arc;

use ros::changeset::decode;
use ros::history::Rules;
use ros::ident::{DownloadCursor, FileIdent, RealmName};
use ros::limits::Limits;
use ros::realm::{Realm, Registry};
use ros::storage::Store;

use crate::support::edits::Scope;
use crate::support::model::{Model, difference};
use steps::converge;

/// How many seeds to run: `ROS_SEED` alone, or many.
fn seeds(quick: u64, long: u64) -> std::ops::Range<u64> {
    if let Some(seed) = std::env::var_os("ROS_SEED") {
        let seed = seed
            .to_str()
            .and_then(|seed| seed.parse().ok())
            .expect("ROS_SEED is a number");
        return seed..seed + 1;
    }
    1..1 + if std::env::var_os("ROS_LONG").is_some() {
        long
    } else {
        quick
    }
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
    Registry::new(Store::open(root, rand::random).unwrap(), &limits)
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
