//! The clock and randomness: the one place where they are read.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::ident::UnixTime;

/// The time by the wall clock.
pub fn now() -> UnixTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    UnixTime(since.map_or(0, |time| time.as_secs()))
}

/// A random number, good enough for salts, seeds and ids.
pub fn random() -> u64 {
    rand::random()
}
