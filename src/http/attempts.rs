//! Wrong passwords, remembered for a while: after some for one name from one address, that address has to wait.
//!
//! The address counts because nobody shall lock out a user from elsewhere, the name because many users share the address of a proxy.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::ident::{AppId, UnixTime};
use crate::limits::Limits;

/// The table. When it is full, what is over is forgotten, and if that is not enough, everything.
pub struct Attempts {
    most: u32,
    seconds: u64,
    capacity: usize,
    table: Mutex<HashMap<Key, Wrong>>,
}

/// Whose wrong passwords are counted together.
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
            network: network(peer),
            app: app.clone(),
            name,
        }
    }
}

struct Wrong {
    since: UnixTime,
    count: u32,
}

impl Attempts {
    /// An empty table.
    pub fn new(limits: &Limits) -> Attempts {
        Attempts {
            most: limits.wrong_passwords,
            seconds: limits.wrong_passwords_time.as_secs(),
            capacity: limits.wrong_passwords_names,
            table: Mutex::default(),
        }
    }

    /// Whether another try may be made now.
    pub fn may_try(&self, key: &Key, now: UnixTime) -> bool {
        self.table()
            .get(key)
            .is_none_or(|wrong| self.is_over(wrong, now) || wrong.count < self.most)
    }

    /// Takes note of a wrong password.
    pub fn wrong(&self, key: Key, now: UnixTime) {
        let mut table = self.table();
        if table.len() >= self.capacity && !table.contains_key(&key) {
            table.retain(|_, wrong| !self.is_over(wrong, now));
            if table.len() >= self.capacity {
                table.clear();
            }
        }
        let wrong = table.entry(key).or_insert(Wrong {
            since: now,
            count: 0,
        });
        if self.is_over(wrong, now) {
            *wrong = Wrong {
                since: now,
                count: 0,
            };
        }
        wrong.count += 1;
    }

    fn is_over(&self, wrong: &Wrong, now: UnixTime) -> bool {
        now >= wrong.since.after(self.seconds)
    }

    fn table(&self) -> MutexGuard<'_, HashMap<Key, Wrong>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What one client has to itself: an address, or the 64 bits of an IPv6 network.
fn network(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(
            address.to_bits() & !u128::from(u64::MAX),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn key(name: &str) -> Key {
        Key::new(HERE, &AppId::parse("x").unwrap(), name)
    }

    #[test]
    fn after_some_wrong_passwords_one_has_to_wait() {
        let attempts = Attempts::new(&Limits {
            wrong_passwords: 2,
            ..Limits::default()
        });
        for _ in 0..2 {
            assert!(attempts.may_try(&key("ada"), UnixTime(100)));
            attempts.wrong(key("ADA"), UnixTime(100));
        }
        assert!(!attempts.may_try(&key("ada"), UnixTime(159)));
        assert!(attempts.may_try(&key("ada"), UnixTime(160)));
        assert!(attempts.may_try(&key("bob"), UnixTime(100)));
        attempts.wrong(key("ada"), UnixTime(160));
        assert!(attempts.may_try(&key("ada"), UnixTime(160)));
    }

    #[test]
    fn the_table_does_not_grow_beyond_its_bound() {
        let attempts = Attempts::new(&Limits {
            wrong_passwords_names: 10,
            ..Limits::default()
        });
        for n in 0..100 {
            attempts.wrong(key(&n.to_string()), UnixTime(n));
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
