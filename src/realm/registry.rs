//! Which Realms are open. A bounded number is; the least recently used one that nobody works with is closed for another.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::memory::Memory;
use super::{Realm, RealmError};
use crate::ident::RealmName;
use crate::limits::Limits;
use crate::storage::Store;

/// The open Realms of a data folder.
pub struct Registry {
    store: Store,
    open: Mutex<Open>,
    memory: Memory,
    limits: Limits,
}

#[derive(Default)]
struct Open {
    realms: HashMap<RealmName, Slot>,
    clock: u64,
    /// Those that nobody had used for longest, in order, when all were looked at last.
    unused: VecDeque<(u64, RealmName)>,
}

struct Slot {
    realm: Kept,
    used: u64,
}

/// A Realm, if it is open. Opened and closed under its own lock, so that a slow disk holds up only those who want the same Realm; who has it locked may lock the map,
/// and who has the map locked only tries.
type Kept = Arc<Mutex<Option<Arc<Realm>>>>;

impl Registry {
    /// Over a data folder.
    pub fn new(store: Store, limits: &Limits) -> Registry {
        Registry {
            store,
            open: Mutex::default(),
            memory: Memory::default(),
            limits: limits.clone(),
        }
    }

    /// The data folder.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// How many Realms are open.
    pub fn count(&self) -> usize {
        self.lock().realms.len()
    }

    /// A Realm; opened, and made if asked to, when it is not open.
    pub fn open(&self, name: &RealmName, create: bool) -> Result<Arc<Realm>, RealmError> {
        self.open_or_make(name, || create)
    }

    /// The same. Whether it may be made is asked last: nobody removes it after that and before it is made.
    pub fn open_or_make(
        &self,
        name: &RealmName,
        may_make: impl FnOnce() -> bool,
    ) -> Result<Arc<Realm>, RealmError> {
        let slot = self.slot(name);
        let mut realm = lock(&slot);
        if let Some(realm) = &*realm {
            return Ok(realm.clone());
        }
        let opened = self
            .store
            .realm(name, may_make())
            .and_then(|file| Realm::new(name.clone(), file, &self.limits, &self.memory));
        match opened {
            Ok(opened) => Ok(realm.insert(Arc::new(opened)).clone()),
            Err(error) => {
                self.remove(name, &slot);
                Err(error)
            }
        }
    }

    /// Whether a Realm is open, or somebody is about to open it.
    pub fn has(&self, name: &RealmName) -> bool {
        self.lock().realms.contains_key(name)
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

    /// Bytes of memory that open Realms keep so that they need not read them again.
    pub fn kept_bytes(&self) -> usize {
        self.memory.bytes()
    }

    /// When open Realms keep more than they may together, the least recently used ones forget what they keep, until it is three quarters of that.
    pub fn trim(&self) {
        let most = self.limits.realms_kept_bytes;
        if self.kept_bytes() <= most {
            return;
        }
        let mut slots: Vec<(u64, Kept)> = {
            let open = self.lock();
            let slots = open.realms.values();
            slots.map(|slot| (slot.used, slot.realm.clone())).collect()
        };
        slots.sort_unstable_by_key(|(used, _)| *used);
        for (_, slot) in slots {
            if self.kept_bytes() <= most / 4 * 3 {
                return;
            }
            let realm = slot.try_lock().ok().and_then(|realm| realm.clone());
            if let Some(realm) = realm {
                realm.rest();
            }
        }
    }

    /// Stores what clients have merely reported, of all open Realms. The errors, by Realm.
    pub fn flush(&self) -> Vec<(RealmName, RealmError)> {
        let flushed = self.slots().into_iter().map(|(name, slot)| {
            let realm = lock(&slot).clone();
            (name, realm.map_or(Ok(()), |realm| realm.flush()))
        });
        errors(flushed)
    }

    /// Closes all open Realms that nobody holds, after storing what clients have merely reported, of the others too. The errors, by Realm.
    pub fn close(&self) -> Vec<(RealmName, RealmError)> {
        let mut errors = self.flush();
        let closed = self.slots().into_iter().map(|(name, slot)| {
            let closed = self.put_away(&name, &slot);
            (name, closed)
        });
        errors.extend(self::errors(closed));
        errors
    }

    /// Removes a Realm for good, its files durably. `false` if somebody works with it just now.
    pub fn erase(&self, name: &RealmName) -> Result<bool, RealmError> {
        let slot = self.slot(name);
        let mut realm = lock(&slot); // whoever wants it meanwhile waits, and finds nothing
        let is_held = |realm: &Arc<Realm>| Arc::strong_count(realm) > 1;
        if realm.as_ref().is_some_and(is_held) {
            return Ok(false);
        }
        *realm = None;
        let erased = self.store.erase(name);
        self.remove(name, &slot);
        erased.map(|()| true)
    }

    /// All places, in the order of their names: a disk that fails meets the same one every time.
    fn slots(&self) -> BTreeMap<RealmName, Kept> {
        let open = self.lock();
        let slots = open.realms.iter();
        slots
            .map(|(name, slot)| (name.clone(), slot.realm.clone()))
            .collect()
    }

    /// The place of a Realm, to be opened in it by whoever locks it first.
    fn slot(&self, name: &RealmName) -> Kept {
        let mut open = self.lock();
        // One more than is opened: while nobody could be closed there may have come to be more of them.
        for _ in 0..2 {
            if open.realms.contains_key(name) || open.realms.len() < self.limits.open_realms {
                break;
            }
            let Some((idle, slot)) = open.idle() else {
                break;
            };
            drop(open); // a slow disk holds up nobody else
            if let Err(error) = self.put_away(&idle, &slot) {
                tracing::warn!(realm = %idle, %error, "reported progress could not be stored");
            }
            open = self.lock();
        }
        open.clock += 1;
        let used = open.clock;
        let slot = open.realms.entry(name.clone()).or_insert_with(|| Slot {
            realm: Arc::default(),
            used,
        });
        slot.used = used;
        slot.realm.clone()
    }

    /// Closes a Realm that nobody holds. All of it happens under the lock of its place: whoever wants it meanwhile opens the file when this one is done with it.
    fn put_away(&self, name: &RealmName, slot: &Kept) -> Result<(), RealmError> {
        let mut realm = lock(slot);
        if realm
            .as_ref()
            .is_some_and(|realm| Arc::strong_count(realm) > 1)
        {
            return Ok(());
        }
        let flushed = realm.as_ref().map_or(Ok(()), |realm| realm.flush());
        if let Some(idents) = realm.take().and_then(|realm| realm.leave_idents()) {
            self.store.keep_idents(name, idents);
        }
        self.remove(name, slot);
        flushed
    }

    /// Takes the empty place of a Realm away, unless somebody waits for it or it is another by now. The caller has it locked.
    fn remove(&self, name: &RealmName, slot: &Kept) {
        let mut open = self.lock();
        let is_this = |kept: &Slot| Arc::ptr_eq(&kept.realm, slot);
        // The map's and the caller's; who waits has one too.
        if open.realms.get(name).is_some_and(is_this) && Arc::strong_count(slot) == 2 {
            open.realms.remove(name);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        lock(&self.open)
    }
}

/// How many are found with one look at all.
const LOOK: usize = 64;

impl Open {
    /// The least recently used place that nobody works with, about. While there is none, one more Realm is open than the bound says.
    fn idle(&mut self) -> Option<(RealmName, Kept)> {
        self.known_idle().or_else(|| {
            self.look();
            self.known_idle()
        })
    }

    fn known_idle(&mut self) -> Option<(RealmName, Kept)> {
        while let Some((used, name)) = self.unused.pop_front() {
            let slot = self.realms.get(&name);
            if let Some(slot) = slot.filter(|slot| slot.used == used && slot.is_idle()) {
                return Some((name, slot.realm.clone()));
            }
        }
        None
    }

    fn look(&mut self) {
        let idle = self.realms.iter().filter(|(_, slot)| slot.is_idle());
        let mut idle: Vec<_> = idle.map(|(name, slot)| (slot.used, name)).collect();
        if idle.len() > LOOK {
            idle.select_nth_unstable(LOOK);
            idle.truncate(LOOK);
        }
        idle.sort_unstable();
        let idle = idle.into_iter();
        self.unused = idle.map(|(used, name)| (used, name.clone())).collect();
    }
}

impl Slot {
    fn is_idle(&self) -> bool {
        let is_unused = |realm: &Arc<Realm>| Arc::strong_count(realm) == 1;
        let is_closed_or_unused =
            |realm: MutexGuard<'_, Option<Arc<Realm>>>| realm.as_ref().is_none_or(is_unused);
        Arc::strong_count(&self.realm) == 1 && self.realm.try_lock().is_ok_and(is_closed_or_unused)
    }
}

fn errors(
    results: impl Iterator<Item = (RealmName, Result<(), RealmError>)>,
) -> Vec<(RealmName, RealmError)> {
    results
        .filter_map(|(name, result)| Some((name, result.err()?)))
        .collect()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::thread;

    use super::*;
    use crate::ident::{ClientVersion, FileIdent, OriginTimestamp, ServerVersion, UploadCursor};
    use crate::realm::{Allow, Pending, Uploaded};

    /// So many Realms are open at a time.
    fn registry_of(root: &tempfile::TempDir, open_realms: usize) -> Registry {
        let limits = Limits {
            open_realms,
            ..Limits::default()
        };
        Registry::new(Store::open(root.path(), rand::random).unwrap(), &limits)
    }

    fn registry(root: &tempfile::TempDir) -> Registry {
        registry_of(root, 1)
    }

    fn name(name: &str) -> RealmName {
        RealmName::from_canonical(name)
    }

    fn upload(realm: &Realm, ident: FileIdent, version: u64, with_changeset: bool) {
        let version = ClientVersion(version);
        let uploaded = Uploaded {
            client_version: version,
            server_version: ServerVersion(0),
            timestamp: OriginTimestamp(1),
            origin: FileIdent(0),
            changeset: bytes::Bytes::new(),
        };
        let pending = Pending {
            ident,
            changesets: with_changeset.then_some(uploaded).into_iter().collect(),
            progress: UploadCursor {
                client_version: version,
                server_version: ServerVersion(0),
            },
            locked: ServerVersion(0),
            allow: Allow::ALL,
        };
        let integration = realm.integrate(vec![pending]).unwrap();
        assert!(integration.outcomes.iter().all(Result::is_ok));
    }

    /// Each thread reports progress in a Realm of its own and makes another go for it: none ever sees less than it has had committed.
    #[test]
    fn a_realm_that_was_put_away_comes_back_as_it_was() {
        let root = tempfile::tempdir().unwrap();
        let registry = registry(&root);
        let thread = |number: u64| {
            let mine = name(&format!("/{number}"));
            let (ident, _) = registry
                .open(&mine, true)
                .unwrap()
                .allocate_client_file()
                .unwrap();
            for round in 1..40 {
                for other in 0..3 {
                    registry.open(&name(&format!("/{other}")), true).unwrap();
                }
                let realm = registry.open(&mine, true).unwrap();
                let file = realm.client_file(ident).unwrap().unwrap();
                assert!(
                    file.upload.client_version.0 >= 2 * (round - 1),
                    "round {round}"
                );
                upload(&realm, ident, 2 * round, true);
                drop(realm);
                let realm = registry.open(&mine, true).unwrap();
                let file = realm.client_file(ident).unwrap().unwrap();
                assert!(file.upload.client_version.0 >= 2 * round, "round {round}");
                upload(&realm, ident, 2 * round + 1, false);
            }
        };
        thread::scope(|scope| {
            for number in 0..3 {
                scope.spawn(move || thread(number));
            }
        });
        for number in 0..3 {
            let realm = registry.open(&name(&format!("/{number}")), true).unwrap();
            assert_eq!(realm.head().version, ServerVersion(39));
        }
    }

    #[test]
    fn there_is_one_of_each_realm_whatever_fails_meanwhile() {
        let root = tempfile::tempdir().unwrap();
        let registry = registry(&root);
        for round in 0..100 {
            let name = name(&format!("/{round}"));
            let start = Barrier::new(6);
            let open = |create| {
                start.wait();
                (0..3)
                    .filter_map(|_| registry.open(&name, create).ok())
                    .collect::<Vec<_>>()
            };
            let opened: Vec<Arc<Realm>> = thread::scope(|scope| {
                let threads: Vec<_> = (0..6)
                    .map(|number| scope.spawn(move || open(number >= 4)))
                    .collect();
                let opened = threads.into_iter().map(|thread| thread.join().unwrap());
                opened.flatten().collect()
            });
            assert!(opened.len() >= 6);
            assert!(opened.iter().all(|realm| Arc::ptr_eq(realm, &opened[0])));
        }
    }

    #[test]
    fn idents_that_are_left_are_given_when_a_realm_is_opened_again_but_by_no_other_process() {
        let root = tempfile::tempdir().unwrap();
        let give = |registry: &Registry| {
            registry.open(&name("/other"), true).unwrap(); // closes the one that was open
            let realm = registry.open(&name("/realm"), true).unwrap();
            let (ident, salt) = realm.allocate_client_file().unwrap();
            assert_eq!(realm.client_file(ident).unwrap().unwrap().salt, salt);
            let log = root.path().join("realms/realm.realm.db-wal");
            (ident.0, std::fs::metadata(log).unwrap().len())
        };
        let before = registry(&root);
        let (first, written) = give(&before);
        assert_eq!(written, 0, "they were reserved when the Realm was made");
        assert_eq!(give(&before), (first + 1, 0));
        drop(before); // as one that is killed
        let after = registry(&root);
        let (later, written) = give(&after);
        assert!(later > first + 2 && written > 0);
        assert_eq!(give(&after), (later + 1, 0));
        assert!(after.erase(&name("/realm")).unwrap());
        assert_eq!(give(&after).0, first);
    }

    #[test]
    fn more_than_may_be_open_are_as_long_as_they_are_held() {
        let root = tempfile::tempdir().unwrap();
        let registry = registry_of(&root, 3);
        let open = |number: u32| registry.open(&name(&format!("/{number}")), true).unwrap();
        let held = [1, 2, 3, 4, 5].map(open);
        assert_eq!(registry.count(), 5);
        drop(held);
        for left in [4, 3, 3] {
            open(10 + left);
            assert_eq!(registry.count(), left as usize);
        }
    }

    #[test]
    fn what_was_used_last_stays_open() {
        let root = tempfile::tempdir().unwrap();
        let registry = registry_of(&root, 3);
        let open = |number: u32| registry.open(&name(&format!("/{number}")), true).unwrap();
        for number in 0..20 {
            open(number);
            open(0);
            assert!(registry.opened(&name("/0")).is_some(), "{number}");
        }
        let held = open(17);
        let is_open = |number| registry.opened(&name(&format!("/{number}"))).is_some();
        assert_eq!([0, 17, 18, 19].map(is_open), [true, true, false, true]);
        open(20); // of those that were looked at, one was used since, and one is held
        open(21);
        assert_eq!([17, 19, 20, 21].map(is_open), [true, false, true, true]);
        drop(held);
    }

    #[test]
    fn what_is_held_is_not_closed() {
        let root = tempfile::tempdir().unwrap();
        let registry = registry(&root);
        let held = registry.open(&name("/held"), true).unwrap();
        registry.open(&name("/other"), true).unwrap();
        assert!(registry.close().is_empty());
        assert!(Arc::ptr_eq(
            &held,
            &registry.open(&name("/held"), false).unwrap()
        ));
        assert!(registry.opened(&name("/other")).is_none());
        assert!(registry.open(&name("/missing"), false).is_err());
        assert_eq!(registry.lock().realms.len(), 1, "nothing of what failed");
    }

    #[test]
    fn a_realm_is_erased_when_nobody_holds_it_and_comes_back_empty() {
        let root = tempfile::tempdir().unwrap();
        let registry = registry(&root);
        let (notes, other) = (name("/ada/notes"), name("/ada/other"));
        let held = registry.open(&notes, true).unwrap();
        let (ident, salt) = held.allocate_client_file().unwrap();
        upload(&held, ident, 2, true);
        assert!(!registry.erase(&notes).unwrap());
        drop(held);
        registry.open(&other, true).unwrap();
        assert!(registry.erase(&notes).unwrap());
        assert!(registry.open(&notes, false).is_err());
        let folder = root.path().join("realms/ada");
        let left = |suffix: &str| folder.join(format!("notes.realm.db{suffix}")).exists();
        assert_eq!(["", "-wal", "-shm"].map(left), [false; 3]);
        assert!(folder.join("other.realm.db").exists());

        let again = registry.open(&notes, true).unwrap();
        assert_eq!(again.head().version, ServerVersion(0));
        assert_ne!(again.allocate_client_file().unwrap(), (ident, salt));
        drop(again);
        for realm in [&notes, &other, &other] {
            assert!(registry.erase(realm).unwrap());
        }
        assert!(!folder.exists() && root.path().join("realms").exists());
    }
}
