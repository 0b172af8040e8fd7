//! Numbers that are counted while the server works, and their text for Prometheus.
//!
//! Counting is one relaxed addition to an atomic: no lock, no allocation, no name looked up. Names and labels come in only when somebody reads.

use std::fmt::{Display, Write};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

/// What only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// One more.
    pub fn inc(&self) {
        self.add(1);
    }

    /// So many more.
    pub fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    /// How many.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// What comes and goes.
#[derive(Debug, Default)]
pub struct Gauge(AtomicI64);

impl Gauge {
    /// One more.
    pub fn inc(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// One less.
    pub fn dec(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }

    /// How many now; never below 0.
    pub fn get(&self) -> u64 {
        u64::try_from(self.0.load(Ordering::Relaxed)).unwrap_or(0)
    }
}

/// Upper bounds of the buckets of a [`Histogram`], in microseconds.
const BOUNDS: [u64; 14] = [
    500, 1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000,
    5_000_000, 10_000_000,
];

/// How long something took, from half a millisecond to ten seconds.
#[derive(Debug, Default)]
pub struct Histogram {
    /// One for each bound, and one for what took longer than all.
    buckets: [AtomicU64; BOUNDS.len() + 1],
    micros: AtomicU64,
}

impl Histogram {
    /// It took so long.
    pub fn observe(&self, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let bucket = BOUNDS.partition_point(|bound| *bound < micros);
        self.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        self.micros.fetch_add(micros, Ordering::Relaxed);
    }

    /// How often something took any time.
    pub fn count(&self) -> u64 {
        let buckets = self.buckets.iter();
        buckets.map(|bucket| bucket.load(Ordering::Relaxed)).sum()
    }
}

/// Metrics in the text format of Prometheus, version 0.0.4.
#[derive(Debug, Default)]
pub struct Exposition(String);

impl Exposition {
    /// A number that only grows. Its name ends in `_total`.
    pub fn counter(&mut self, name: &str, help: &str, value: u64) {
        self.head(name, help, "counter");
        self.line(name, "", value);
    }

    /// A number that comes and goes.
    pub fn gauge(&mut self, name: &str, help: &str, value: impl Display) {
        self.head(name, help, "gauge");
        self.line(name, "", value);
    }

    /// Numbers that only grow, told apart by a label. Label values are ours: they need no escaping.
    pub fn counters(
        &mut self,
        name: &str,
        help: &str,
        label: &str,
        values: impl IntoIterator<Item = (impl Display, u64)>,
    ) {
        self.head(name, help, "counter");
        for (of, value) in values {
            self.line(name, &format!("{{{label}=\"{of}\"}}"), value);
        }
    }

    /// A number that comes and goes, with a label. The label's value is ours: it needs no escaping.
    pub fn gauge_of(&mut self, name: &str, help: &str, label: &str, of: &str, value: u64) {
        self.head(name, help, "gauge");
        self.line(name, &format!("{{{label}=\"{of}\"}}"), value);
    }

    /// How long something took, in seconds. Its name ends in `_seconds`.
    pub fn histogram(&mut self, name: &str, help: &str, histogram: &Histogram) {
        self.head(name, help, "histogram");
        let bucket = format!("{name}_bucket");
        let mut count = 0;
        for (index, held) in histogram.buckets.iter().enumerate() {
            count += held.load(Ordering::Relaxed);
            let labels = match BOUNDS.get(index) {
                Some(bound) => format!("{{le=\"{}\"}}", seconds(*bound)),
                None => "{le=\"+Inf\"}".to_owned(),
            };
            self.line(&bucket, &labels, count);
        }
        let sum = seconds(histogram.micros.load(Ordering::Relaxed));
        self.line(&format!("{name}_sum"), "", sum);
        self.line(&format!("{name}_count"), "", count);
    }

    /// The whole text.
    pub fn into_text(self) -> String {
        self.0
    }

    fn head(&mut self, name: &str, help: &str, kind: &str) {
        let head = format_args!("# HELP {name} {help}\n# TYPE {name} {kind}\n");
        self.write(head);
    }

    fn line(&mut self, name: &str, labels: &str, value: impl Display) {
        self.write(format_args!("{name}{labels} {value}\n"));
    }

    fn write(&mut self, text: std::fmt::Arguments<'_>) {
        self.0
            .write_fmt(text)
            .expect("what is written implements Display without errors");
    }
}

fn seconds(micros: u64) -> f64 {
    Duration::from_micros(micros).as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_histogram_counts_each_time_once_and_in_all_buckets_above_it() {
        let histogram = Histogram::default();
        for micros in [0, 500, 501, 9_999_999, 10_000_001] {
            histogram.observe(Duration::from_micros(micros));
        }
        assert_eq!(histogram.count(), 5);
        let mut text = Exposition::default();
        text.histogram("ros_x_seconds", "How long.", &histogram);
        let text = text.into_text();
        for line in [
            "# TYPE ros_x_seconds histogram",
            "ros_x_seconds_bucket{le=\"0.0005\"} 2",
            "ros_x_seconds_bucket{le=\"0.001\"} 3",
            "ros_x_seconds_bucket{le=\"5\"} 3",
            "ros_x_seconds_bucket{le=\"10\"} 4",
            "ros_x_seconds_bucket{le=\"+Inf\"} 5",
            "ros_x_seconds_sum 20.001001",
            "ros_x_seconds_count 5",
        ] {
            assert!(
                text.lines().any(|found| found == line),
                "{line} is not in\n{text}"
            );
        }
    }

    #[test]
    fn numbers_have_a_help_and_a_type_each() {
        let (counter, gauge) = (Counter::default(), Gauge::default());
        counter.add(2);
        counter.inc();
        gauge.dec();
        assert_eq!((counter.get(), gauge.get()), (3, 0));
        let mut text = Exposition::default();
        text.counter("a_total", "As.", counter.get());
        text.counters("b_total", "Bs.", "code", [(200, 1), (404, 2)]);
        text.gauge("c", "Cs.", 1.5);
        assert_eq!(
            text.into_text(),
            "# HELP a_total As.\n# TYPE a_total counter\na_total 3\n\
             # HELP b_total Bs.\n# TYPE b_total counter\nb_total{code=\"200\"} 1\nb_total{code=\"404\"} 2\n\
             # HELP c Cs.\n# TYPE c gauge\nc 1.5\n"
        );
    }
}
