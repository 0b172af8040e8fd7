//! Which Realms are open. A bounded number is; the least recently used one that nobody works with is closed for another.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Realm, RealmError};
use crate::ident::RealmName;
use crate::limits::Limits;
use crate::storage::Store;

/// The open Realms of a data folder.
pub struct Registry {
    store: Store,
    open: Mutex<Open>,
    limits: Limits,
}

#[derive(Default)]
struct Open {
    realms: HashMap<RealmName, Slot>,
    clock: u64,
}

struct Slot {
    /// Opened under its own lock, so that a slow disk holds up only those who want the same Realm.
    realm: Arc<Mutex<Option<Arc<Realm>>>>,
    used: u64,
}

impl Registry {
    /// Over a data folder.
    pub fn new(store: Store, limits: &Limits) -> Registry {
        Registry {
            store,
            open: Mutex::default(),
            limits: limits.clone(),
        }
    }

    /// The data folder.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// A Realm; opened, and made if asked to, when it is not open.
    pub fn open(&self, name: &RealmName, create: bool) -> Result<Arc<Realm>, RealmError> {
        let slot = self.slot(name);
        let mut realm = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(realm) = &*realm {
            return Ok(realm.clone());
        }
        let opened = self
            .store
            .realm(name, create)
            .and_then(|file| Realm::new(name.clone(), file, &self.limits));
        match opened {
            Ok(opened) => Ok(realm.insert(Arc::new(opened)).clone()),
            Err(error) => {
                self.lock().realms.remove(name);
                Err(error)
            }
        }
    }

    /// A Realm, if it is open and can be had without waiting.
    pub fn opened(&self, name: &RealmName) -> Option<Arc<Realm>> {
        let mut open = self.open.try_lock().ok()?;
        open.clock += 1;
        let now = open.clock;
        let slot = open.realms.get_mut(name)?;
        slot.used = now;
        slot.realm.try_lock().ok()?.clone()
    }

    /// Stores what clients have merely reported, of all open Realms. The errors, by Realm.
    pub fn flush(&self) -> Vec<(RealmName, RealmError)> {
        let open: Vec<_> = self
            .lock()
            .realms
            .values()
            .map(|slot| slot.realm.clone())
            .collect();
        let realms = open
            .iter()
            .filter_map(|slot| slot.lock().unwrap_or_else(PoisonError::into_inner).clone());
        realms
            .filter_map(|realm| {
                realm
                    .flush()
                    .err()
                    .map(|error| (realm.name().clone(), error))
            })
            .collect()
    }

    /// Closes all open Realms that nobody holds, after storing what clients have merely reported. The errors, by Realm.
    pub fn close(&self) -> Vec<(RealmName, RealmError)> {
        let errors = self.flush();
        let closed = std::mem::take(&mut self.lock().realms);
        drop(closed); // outside the lock: each copies its log into its database
        errors
    }

    fn slot(&self, name: &RealmName) -> Arc<Mutex<Option<Arc<Realm>>>> {
        let mut open = self.lock();
        open.clock += 1;
        let now = open.clock;
        if let Some(slot) = open.realms.get_mut(name) {
            slot.used = now;
            return slot.realm.clone();
        }
        let evicted = if open.realms.len() >= self.limits.open_realms {
            evict(&mut open)
        } else {
            None
        };
        let realm = Arc::default();
        open.realms.insert(
            name.clone(),
            Slot {
                realm: Arc::clone(&realm),
                used: now,
            },
        );
        drop(open);
        if let Some(evicted) = evicted
            && let Err(error) = evicted.flush()
        {
            tracing::warn!(realm = %evicted.name(), %error, "reported progress could not be stored");
        }
        realm
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes out the least recently used Realm that nobody else holds. While all are held there is one more open than the bound says.
fn evict(open: &mut Open) -> Option<Arc<Realm>> {
    let idle = |slot: &Slot| {
        Arc::strong_count(&slot.realm) == 1
            && slot.realm.try_lock().is_ok_and(|realm| {
                realm
                    .as_ref()
                    .is_none_or(|realm| Arc::strong_count(realm) == 1)
            })
    };
    let oldest = open
        .realms
        .iter()
        .filter(|(_, slot)| idle(slot))
        .min_by_key(|(_, slot)| slot.used)
        .map(|(name, _)| name.clone())?;
    let slot = open.realms.remove(&oldest)?;
    slot.realm
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take()
}
