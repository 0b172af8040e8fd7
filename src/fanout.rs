//! "Realm R is now at version V": announce and subscribe.
//!
//! Carries nothing but a version, and never more than the newest: a subscriber that is slow hears once, of the latest, however many
//! versions passed meanwhile. So what waits for a subscriber is one notice, whatever happens. Knows no data, sessions or sockets.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::ident::{RealmName, ServerVersion};

/// One subscription. Dropping it ends it.
pub struct Subscription {
    news: Arc<News>,
    realm: RealmName,
    key: u64,
    fanout: Fanout,
}

impl Subscription {
    /// The newest announced version, if it was not taken before.
    pub fn take(&self) -> Option<ServerVersion> {
        match self.news.version.swap(0, Ordering::AcqRel) {
            0 => None,
            version => Some(ServerVersion(version)),
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut realms = self.fanout.lock();
        if let Some(subscribers) = realms.subscribers.get_mut(&self.realm) {
            subscribers.remove(&self.key);
            if subscribers.is_empty() {
                realms.subscribers.remove(&self.realm);
            }
        }
    }
}

/// Who wants to hear of which Realm. Cheap to clone; all clones are one.
#[derive(Clone, Default)]
pub struct Fanout {
    realms: Arc<Mutex<Realms>>,
}

impl Fanout {
    /// Subscribes to a Realm. `wake` is called when there is news that was not taken yet, from the announcing thread: it must be quick
    /// and must not call back.
    pub fn subscribe(
        &self,
        realm: &RealmName,
        wake: impl Fn() + Send + Sync + 'static,
    ) -> Subscription {
        let news = Arc::new(News {
            version: AtomicU64::new(0),
            wake: Box::new(wake),
        });
        let mut realms = self.lock();
        realms.next_key += 1;
        let key = realms.next_key;
        realms
            .subscribers
            .entry(realm.clone())
            .or_default()
            .insert(key, news.clone());
        drop(realms);
        Subscription {
            news,
            realm: realm.clone(),
            key,
            fanout: self.clone(),
        }
    }

    /// Tells all subscribers of a Realm. Only for versions that are durable.
    pub fn announce(&self, realm: &RealmName, version: ServerVersion) {
        let realms = self.lock();
        for news in realms
            .subscribers
            .get(realm)
            .into_iter()
            .flat_map(HashMap::values)
        {
            if news.version.fetch_max(version.0, Ordering::AcqRel) == 0 {
                (news.wake)();
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Realms> {
        self.realms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Default)]
struct Realms {
    subscribers: HashMap<RealmName, HashMap<u64, Arc<News>>>,
    next_key: u64,
}

struct News {
    /// The newest version not taken yet; 0 when there is none.
    version: AtomicU64,
    wake: Box<dyn Fn() + Send + Sync>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;

    fn name() -> RealmName {
        RealmName::from_canonical("/a")
    }

    #[test]
    fn a_slow_subscriber_hears_once_of_the_latest() {
        let fanout = Fanout::default();
        let woken = Arc::new(AtomicUsize::new(0));
        let count = woken.clone();
        let subscription = fanout.subscribe(&name(), move || {
            count.fetch_add(1, Ordering::Relaxed);
        });
        fanout.announce(&name(), ServerVersion(1));
        fanout.announce(&name(), ServerVersion(3));
        fanout.announce(&name(), ServerVersion(2));
        assert_eq!(woken.load(Ordering::Relaxed), 1);
        assert_eq!(subscription.take(), Some(ServerVersion(3)));
        assert_eq!(subscription.take(), None);
    }

    #[test]
    fn a_dropped_subscription_leaves_nothing_behind() {
        let fanout = Fanout::default();
        drop(fanout.subscribe(&name(), || {}));
        assert!(fanout.lock().subscribers.is_empty());
        fanout.announce(&name(), ServerVersion(1));
    }

    #[test]
    fn realms_are_apart() {
        let fanout = Fanout::default();
        let subscription = fanout.subscribe(&name(), || {});
        fanout.announce(&RealmName::from_canonical("/b"), ServerVersion(9));
        assert_eq!(subscription.take(), None);
    }
}
