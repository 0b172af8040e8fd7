//! What the log says once, however often it happens: clients try again, and a line for each try would hide all others.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What has been said.
#[derive(Default)]
pub struct Notices(Mutex<HashMap<String, Instant>>);

impl Notices {
    /// Whether this has not been said of that for a while. It is taken to be said now.
    pub fn is_new(&self, what: &str, of: &str) -> bool {
        self.is_new_at(what, of, Instant::now())
    }

    fn is_new_at(&self, what: &str, of: &str, now: Instant) -> bool {
        let mut said = self.lock();
        let key: String = of.chars().chain(what.chars()).take(LONGEST).collect();
        let is_recent = |then: &Instant| now.duration_since(*then) < WHILE;
        if said.get(&key).is_some_and(is_recent) {
            return false;
        }
        if said.len() >= MOST {
            said.retain(|_, then| is_recent(then));
        }
        if said.len() >= MOST {
            said.clear();
        }
        said.insert(key, now);
        true
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long something is not said again.
const WHILE: Duration = Duration::from_secs(60);

/// Characters by which things are told apart.
const LONGEST: usize = 200;

/// Things that are remembered; one more, and what is over is forgotten, or everything.
const MOST: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thing_is_said_once_in_a_while() {
        let (notices, start) = (Notices::default(), Instant::now());
        assert!(notices.is_new_at("broken", "/a", start));
        assert!(!notices.is_new_at("broken", "/a", start + WHILE / 2));
        assert!(notices.is_new_at("broken", "/b", start));
        assert!(notices.is_new_at("gone", "/a", start));
        assert!(notices.is_new_at("broken", "/a", start + WHILE));
        for n in 0..3 * MOST {
            notices.is_new_at(&"noise ".repeat(100), &n.to_string(), start);
        }
        let said = notices.lock();
        assert!(said.len() <= MOST && said.keys().all(|key| key.len() <= LONGEST));
    }
}
