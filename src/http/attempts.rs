//! Tries, remembered for a while: after some for one name from one address, that address has to wait.
//!
//! A try counts from its beginning, so that many at the same time are not more than many one after the other; one that was right is taken back. The address counts because nobody shall lock out a user from elsewhere, the name because many users share the address of a proxy.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::ident::{AppId, UnixTime, own_network};

/// The table. When it is full, what is over is forgotten, and if that is not enough, everything.
pub struct Attempts<K = Key> {
    most: u32,
    seconds: u64,
    capacity: usize,
    table: Mutex<HashMap<K, Tries>>,
}

/// Whose tries are counted together.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Key {
    network: IpAddr,
    app: AppId,
    name: String,
}

impl Key {
    /// Tries for a name from an address. Names differ by at most so many bytes: a longer one belongs to nobody.
    pub fn new(peer: IpAddr, app: &AppId, name: &str) -> Key {
        let name = name
            .chars()
            .flat_map(char::to_lowercase)
            .take(320)
            .collect();
        Key {
            network: own_network(peer),
            app: app.clone(),
            name,
        }
    }
}

#[derive(Clone, Copy)]
struct Tries {
    since: UnixTime,
    count: u32,
}

impl<K: Eq + Hash + Clone> Attempts<K> {
    /// An empty table that lets `most` tries through within `time`.
    pub fn new(most: u32, time: Duration, capacity: usize) -> Attempts<K> {
        Attempts {
            most,
            seconds: time.as_secs(),
            capacity,
            table: Mutex::default(),
        }
    }

    /// Counts a try. Whether it may be made now.
    pub fn begin(&self, key: &K, now: UnixTime) -> bool {
        let mut table = self.table();
        if table.len() >= self.capacity && !table.contains_key(key) {
            table.retain(|_, tries| !self.is_over(tries, now));
            if table.len() >= self.capacity {
                table.clear();
            }
        }
        let fresh = Tries {
            since: now,
            count: 0,
        };
        let tries = table.entry(key.clone()).or_insert(fresh);
        if self.is_over(tries, now) {
            *tries = fresh;
        }
        let may = tries.count < self.most;
        tries.count += u32::from(may);
        may
    }

    /// Takes a try back. Nothing is remembered of whoever has made no other.
    pub fn take_back(&self, key: &K) {
        let mut table = self.table();
        if let Some(tries) = table.get_mut(key) {
            tries.count = tries.count.saturating_sub(1);
            if tries.count == 0 {
                table.remove(key);
            }
        }
    }

    fn is_over(&self, tries: &Tries, now: UnixTime) -> bool {
        now >= tries.since.after(self.seconds)
    }

    fn table(&self) -> MutexGuard<'_, HashMap<K, Tries>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn key(name: &str) -> Key {
        Key::new(HERE, &AppId::parse("x").unwrap(), name)
    }

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn after_some_tries_one_has_to_wait() {
        let attempts = Attempts::new(2, MINUTE, 100);
        assert!(attempts.begin(&key("ada"), UnixTime(100)));
        assert!(attempts.begin(&key("ADA"), UnixTime(100)));
        assert!(!attempts.begin(&key("ada"), UnixTime(159)));
        assert!(attempts.begin(&key("bob"), UnixTime(100)));
        assert!(attempts.begin(&key("ada"), UnixTime(160)));
    }

    #[test]
    fn tries_that_were_right_do_not_count() {
        let attempts = Attempts::new(2, MINUTE, 100);
        for _ in 0..10 {
            assert!(attempts.begin(&key("ada"), UnixTime(100)));
            attempts.take_back(&key("ada"));
        }
        attempts.take_back(&key("bob"));
        assert!(attempts.table().is_empty());
    }

    #[test]
    fn the_table_does_not_grow_beyond_its_bound() {
        let attempts = Attempts::new(2, MINUTE, 10);
        for n in 0..100 {
            attempts.begin(&key(&n.to_string()), UnixTime(n));
        }
        assert!(attempts.table().len() <= 10);
    }

    #[test]
    fn neighbours_in_one_network_count_together() {
        let app = AppId::parse("x").unwrap();
        let key = |peer: &str| Key::new(peer.parse().unwrap(), &app, "ada");
        assert!(key("2001:db8::1") == key("2001:db8::2"));
        assert!(key("2001:db8:0:1::1") != key("2001:db8:0:2::1"));
        assert!(key("::ffff:10.0.0.1") == key("10.0.0.1"));
    }
}
