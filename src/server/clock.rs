//! The clock and randomness: the one place where they are read.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

use crate::ident::UnixTime;

/// The time by the wall clock.
pub fn now() -> UnixTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    UnixTime(since.map_or(0, |time| time.as_secs()))
}

/// When the timers will show this time.
pub fn instant(time: UnixTime) -> Instant {
    Instant::now() + Duration::from_secs(time.0.saturating_sub(now().0).min(YEAR))
}

/// A timer need not be longer.
const YEAR: u64 = 365 * 24 * 3600;

/// A random number, good enough for salts, seeds and ids.
pub fn random() -> u64 {
    rand::random()
}
