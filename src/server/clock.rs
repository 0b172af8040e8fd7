//! The clock and randomness: the one place where they are read.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

use crate::ident::{OriginTimestamp, UnixTime};

/// The time by the wall clock.
pub fn now() -> UnixTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    UnixTime(since.map_or(0, |time| time.as_secs()))
}

/// The time as changesets carry it, to the millisecond.
pub fn timestamp() -> OriginTimestamp {
    /// 2015-01-01T00:00:00Z, in milliseconds since 1970.
    const EPOCH: u128 = 1_420_070_400_000;
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let millis = since.map_or(0, |time| time.as_millis().saturating_sub(EPOCH));
    OriginTimestamp(u64::try_from(millis).unwrap_or(u64::MAX))
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
