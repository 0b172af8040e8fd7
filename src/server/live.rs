//! Which sessions are open in which Realm, and whose they are: those whom a change of rights concerns hear of it, and all when the Realm is removed.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::access::Everyone;
use crate::ident::{RealmName, UserId};

/// The sessions of all connections. Cheap to clone.
#[derive(Clone, Default)]
pub struct Live(Arc<Mutex<Table>>);

/// What has happened to a session's Realm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// What the user may do there may be another.
    Rights,
    /// It is gone.
    Removed,
    /// It is gone, and so is the user, whose connection ends anyway.
    RemovedWithUser,
}

/// One session's entry. Dropping it takes it out.
pub struct Entry {
    live: Live,
    realm: RealmName,
    number: u64,
    told: Arc<AtomicBool>,
}

impl Entry {
    /// The session is about to look at its rights: it hears of what changes from now on.
    pub fn heard(&self) {
        self.told.store(false, Ordering::Release);
    }
}

impl Live {
    /// Enters a session. `changed` is called when the rights of its user may have changed, and not again until that was [`heard`](Entry::heard), and when the Realm
    /// is removed; it must be quick and must not call back.
    pub fn enter(
        &self,
        realm: &RealmName,
        user: &UserId,
        changed: impl Fn(Change) + Send + 'static,
    ) -> Entry {
        let mut table = self.lock();
        table.next += 1;
        let number = table.next;
        let told = Arc::new(AtomicBool::new(false));
        let session = Session {
            user: user.clone(),
            told: told.clone(),
            is_over: false,
            changed: Box::new(changed),
        };
        let sessions = table.sessions.entry(realm.clone()).or_default();
        sessions.insert(number, session);
        Entry {
            live: self.clone(),
            realm: realm.clone(),
            number,
            told,
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
            session.tell();
        }
    }

    /// A Realm is removed, and this user with it.
    pub fn removed(&self, realm: &RealmName, gone: Option<&UserId>) {
        let mut table = self.lock();
        table.removed.insert(realm.clone());
        let sessions = table.sessions.get_mut(realm);
        for session in sessions.into_iter().flat_map(HashMap::values_mut) {
            session.is_over = true;
            (session.changed)(match gone {
                Some(user) if *user == session.user => Change::RemovedWithUser,
                Some(_) | None => Change::Removed,
            });
        }
    }

    /// Whether all sessions of a Realm that were open when it was removed have ended. Not before they have been told.
    pub fn is_left(&self, realm: &RealmName) -> bool {
        let table = self.lock();
        let mut sessions = table
            .sessions
            .get(realm)
            .into_iter()
            .flat_map(HashMap::values);
        table.removed.contains(realm) && !sessions.any(|session| session.is_over)
    }

    /// The file of a removed Realm is gone: whatever has its name from now on is another.
    pub fn erased(&self, realm: &RealmName) {
        self.lock().removed.remove(realm);
    }

    /// The rights of all may have changed: the configuration has.
    pub fn all_changed(&self) {
        for session in self.lock().sessions.values().flat_map(HashMap::values) {
            session.tell();
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
    /// Realms whose sessions have been told that it is removed, until its file is gone.
    removed: HashSet<RealmName>,
}

struct Session {
    user: UserId,
    /// Whether it was told of a change that it has not heard of yet.
    told: Arc<AtomicBool>,
    /// Whether its Realm was removed.
    is_over: bool,
    changed: Box<dyn Fn(Change) + Send>,
}

impl Session {
    fn tell(&self) {
        if !self.told.swap(true, Ordering::AcqRel) {
            (self.changed)(Change::Rights);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU32;

    use super::*;

    #[test]
    fn only_those_hear_of_a_change_whom_it_concerns() {
        let live = Live::default();
        let realm = |name: &str| RealmName::from_canonical(name);
        let heard: Vec<Arc<AtomicU32>> = (0..3).map(|_| Arc::default()).collect();
        let enter = |number: usize, name: &str, user: &str| {
            let heard = heard[number].clone();
            live.enter(&realm(name), &UserId(user.into()), move |_| {
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
        let all_heard = || entries.iter().for_each(Entry::heard);
        live.changed(&realm("/a"), &UserId("ada".into()));
        assert_eq!(counts(), [1, 0, 0]);
        all_heard();
        live.changed(&realm("/a"), &UserId("*".into()));
        assert_eq!(counts(), [2, 1, 0]);
        all_heard();
        live.all_changed();
        assert_eq!(counts(), [3, 2, 1]);
        drop(entries);
        assert!(live.lock().sessions.is_empty());
    }

    #[test]
    fn a_slow_session_is_told_once_of_many_changes() {
        let live = Live::default();
        let (realm, ada) = (RealmName::from_canonical("/a"), UserId("ada".into()));
        let count = Arc::new(AtomicU32::new(0));
        let told = count.clone();
        let entry = live.enter(&realm, &ada, move |_| {
            told.fetch_add(1, Ordering::Relaxed);
        });
        (0..3).for_each(|_| live.changed(&realm, &ada));
        live.all_changed();
        assert_eq!(count.load(Ordering::Relaxed), 1);
        entry.heard();
        live.changed(&realm, &ada);
        assert_eq!(count.load(Ordering::Relaxed), 2);
    }

    #[test]
    fn all_hear_that_a_realm_is_removed_and_are_waited_for() {
        let live = Live::default();
        let realm = RealmName::from_canonical("/ada/notes");
        let (ada, bob) = (UserId("ada".into()), UserId("bob".into()));
        let heard: Arc<Mutex<Vec<Change>>> = Arc::default();
        let enter = |user: &UserId| {
            let heard = heard.clone();
            live.enter(&realm, user, move |change| {
                heard.lock().unwrap().push(change);
            })
        };
        let first = enter(&ada);
        assert!(!live.is_left(&realm), "nobody was told yet");
        live.removed(&realm, Some(&ada));
        let second = enter(&bob);
        assert!(!live.is_left(&realm));
        drop(first);
        assert!(live.is_left(&realm), "who came later is not waited for");
        live.removed(&realm, None);
        live.removed(&realm, Some(&ada));
        assert!(!live.is_left(&realm));
        drop(second);
        assert!(live.is_left(&realm));
        live.erased(&realm);
        assert!(!live.is_left(&realm), "another of its name is not removed");
        let (removed, with_user) = (Change::Removed, Change::RemovedWithUser);
        assert_eq!(*heard.lock().unwrap(), [with_user, removed, removed]);
    }
}
