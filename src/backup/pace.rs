//! How much a copy gives way to a server on the same machine.
//!
//! What delays a server is how long it finds processor or disk taken, not how often: a millisecond of work, or a sync of many megabytes, is what its slowest answers
//! wait for. So work is done in small portions, each of which is made durable, and after each there is a rest as long as the work was.

use std::cell::Cell;
use std::time::{Duration, Instant};

/// How fast a copy goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// In small portions with rests between them: a server that works beside it is hardly slowed.
    Gentle,
    /// As fast as it can.
    Full,
}

/// Work without a rest: more than what it takes the system to put a thread to sleep and to wake it (50 µs).
const WORK: Duration = Duration::from_micros(300);

/// The longest rest: a portion that took longer has waited for others.
const REST: Duration = Duration::from_millis(20);

thread_local! {
    /// The end of this thread's last rest.
    static RESTED: Cell<Option<Instant>> = const { Cell::new(None) };
}

impl Pace {
    /// A small portion is done by this thread: rests, if it is time.
    pub fn rest(self) {
        if self == Pace::Full {
            return;
        }
        let now = Instant::now();
        let Some(rested) = RESTED.get() else {
            return RESTED.set(Some(now));
        };
        if let Some(rest) = owed(now - rested) {
            std::thread::sleep(rest);
            RESTED.set(Some(Instant::now()));
        }
    }
}

/// How long to rest after work, if it is time.
fn owed(worked: Duration) -> Option<Duration> {
    (worked >= WORK).then(|| worked.min(REST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_the_time_is_rest() {
        let ms = Duration::from_millis;
        assert_eq!(owed(WORK / 2), None);
        assert_eq!(owed(WORK), Some(WORK));
        assert_eq!(owed(ms(2)), Some(ms(2)));
        assert_eq!(owed(ms(500)), Some(REST));
    }
}
