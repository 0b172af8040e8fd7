//! Realms where devices of another server are put off: somebody must decide what becomes of them.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::ident::RealmName;

/// Those seen since the start, so many at most.
#[derive(Default)]
pub struct Held(Mutex<BTreeSet<RealmName>>);

impl Held {
    /// Devices are put off in this Realm.
    pub fn add(&self, realm: &RealmName) {
        let mut held = self.lock();
        if held.len() < MOST {
            held.insert(realm.clone());
        }
    }

    /// Their names.
    pub fn names(&self) -> Vec<String> {
        let held = self.lock();
        held.iter().map(|realm| realm.as_str().to_owned()).collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeSet<RealmName>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Realms that are remembered.
const MOST: usize = 1000;
