//! How long tests wait on a machine that has other things to do as well.

use std::time::{Duration, Instant};

/// For what must come. Only a failure takes so long.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// When patience ends.
pub fn deadline() -> Instant {
    Instant::now() + PATIENCE
}

/// What is so long where a processor is free: as many times longer as there are tasks for each one.
pub fn stretched(time: Duration) -> Duration {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let mut words = load.split([' ', '/']);
    // The mean of a minute, and how many want to run just now.
    let numbers = [words.next(), words.nth(2)].map(|word| word.and_then(|word| word.parse().ok()));
    let tasks = numbers.into_iter().flatten().fold(0.0, f64::max);
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    time.mul_f64((tasks / processors as f64).max(1.0))
}

#[test]
fn no_time_becomes_shorter() {
    let second = Duration::from_secs(1);
    assert!(stretched(second) >= second);
    assert!(stretched(second) < PATIENCE, "{:?}", stretched(second));
}
