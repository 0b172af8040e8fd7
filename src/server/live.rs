//! Which sessions are open in which Realm, and whose they are: those whom a change of rights concerns hear of it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::access::Everyone;
use crate::ident::{RealmName, UserId};

/// The sessions of all connections. Cheap to clone.
#[derive(Clone, Default)]
pub struct Live(Arc<Mutex<Table>>);

/// One session's entry. Dropping it takes it out.
pub struct Entry {
    live: Live,
    realm: RealmName,
    number: u64,
}

impl Live {
    /// Enters a session. `changed` is called when the rights of its user may have changed; it must be quick and must not call back.
    pub fn enter(
        &self,
        realm: &RealmName,
        user: &UserId,
        changed: impl Fn() + Send + 'static,
    ) -> Entry {
        let mut table = self.lock();
        table.next += 1;
        let number = table.next;
        let session = Session {
            user: user.clone(),
            changed: Box::new(changed),
        };
        let sessions = table.sessions.entry(realm.clone()).or_default();
        sessions.insert(number, session);
        Entry {
            live: self.clone(),
            realm: realm.clone(),
            number,
        }
    }

    /// What a user, or everybody, may do in a Realm has changed.
    pub fn changed(&self, realm: &RealmName, user: &UserId) {
        let table = self.lock();
        let sessions = table
            .sessions
            .get(realm)
            .into_iter()
            .flat_map(HashMap::values);
        for session in sessions.filter(|session| Everyone::is(user) || session.user == *user) {
            (session.changed)();
        }
    }

    /// The rights of all may have changed: the configuration has.
    pub fn all_changed(&self) {
        for session in self.lock().sessions.values().flat_map(HashMap::values) {
            (session.changed)();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let mut table = self.live.lock();
        if let Some(sessions) = table.sessions.get_mut(&self.realm) {
            sessions.remove(&self.number);
            if sessions.is_empty() {
                table.sessions.remove(&self.realm);
            }
        }
    }
}

#[derive(Default)]
struct Table {
    sessions: HashMap<RealmName, HashMap<u64, Session>>,
    next: u64,
}

struct Session {
    user: UserId,
    changed: Box<dyn Fn() + Send>,
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[test]
    fn only_those_hear_of_a_change_whom_it_concerns() {
        let live = Live::default();
        let realm = |name: &str| RealmName::from_canonical(name);
        let heard: Vec<Arc<AtomicU32>> = (0..3).map(|_| Arc::default()).collect();
        let enter = |number: usize, name: &str, user: &str| {
            let heard = heard[number].clone();
            live.enter(&realm(name), &UserId(user.into()), move || {
                heard.fetch_add(1, Ordering::Relaxed);
            })
        };
        let entries = [
            enter(0, "/a", "ada"),
            enter(1, "/a", "bob"),
            enter(2, "/b", "ada"),
        ];
        let counts = || {
            heard
                .iter()
                .map(|heard| heard.load(Ordering::Relaxed))
                .collect::<Vec<_>>()
        };
        live.changed(&realm("/a"), &UserId("ada".into()));
        assert_eq!(counts(), [1, 0, 0]);
        live.changed(&realm("/a"), &UserId("*".into()));
        assert_eq!(counts(), [2, 1, 0]);
        live.all_changed();
        assert_eq!(counts(), [3, 2, 1]);
        drop(entries);
        assert!(live.lock().sessions.is_empty());
    }
}
