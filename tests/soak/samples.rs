//! What is measured every few seconds, and whether it stays level.

use std::path::Path;
use std::time::Duration;

use ros::bench::{Latency, Process};

/// The server at one moment, and what clients saw since the one before.
#[derive(Debug, Clone)]
pub struct Sample {
    /// Seconds since the load began.
    pub at: f64,
    /// Resident memory in MiB.
    pub rss: f64,
    /// Memory that is no file's, in MiB.
    pub anonymous: f64,
    /// Open descriptors.
    pub descriptors: usize,
    /// Transactions acknowledged.
    pub transactions: usize,
    /// How long they took to be.
    pub latency: Latency,
    /// Bytes in the data folder.
    pub disk: u64,
}

impl Sample {
    /// Looks at a process and its data folder.
    pub fn take(at: Duration, process: u32, root: &Path, times: Vec<Duration>) -> Sample {
        let used = Process::read(process).unwrap();
        let descriptors = std::fs::read_dir(format!("/proc/{process}/fd"))
            .unwrap()
            .count();
        Sample {
            at: at.as_secs_f64(),
            rss: used.rss_mb,
            anonymous: used.anon_mb,
            descriptors,
            transactions: times.len(),
            latency: Latency::of(times),
            disk: size(root),
        }
    }
}

fn size(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let sizes = entries.map(|entry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => size(&entry.path()),
        // A file may have gone since it was listed.
        _ => entry.metadata().map_or(0, |file| file.len()),
    });
    sizes.sum()
}

/// All samples as comma-separated values.
pub fn csv(samples: &[Sample]) -> String {
    let head =
        "seconds,rss_mib,anonymous_mib,descriptors,transactions,ack_p50_ms,ack_p99_ms,disk_bytes";
    let rows = samples.iter().map(|sample| {
        let Latency { p50, p99, .. } = sample.latency;
        format!(
            "\n{:.1},{},{},{},{},{p50},{p99},{}",
            sample.at,
            sample.rss,
            sample.anonymous,
            sample.descriptors,
            sample.transactions,
            sample.disk
        )
    });
    [head.to_owned()]
        .into_iter()
        .chain(rows)
        .collect::<String>()
        + "\n"
}

/// What has grown between the second fifth, when caches have filled, and the last.
pub fn growth(samples: &[Sample]) -> Vec<String> {
    let fifth = samples.len() / 5;
    let (early, late) = (&samples[fifth..2 * fifth], &samples[4 * fifth..]);
    let mut grown = Vec::new();
    let mut level = |what: &str, of: fn(&Sample) -> f64, slack: f64| {
        let (before, after) = (median(early, of), median(late, of));
        println!("soak: {what}: {before} then {after}");
        if after > before * 1.1 + slack {
            grown.push(format!("{what} grew from {before} to {after}"));
        }
    };
    level("resident memory (MiB)", |sample| sample.rss, 4.0);
    level("descriptors", |sample| sample.descriptors as f64, 8.0);
    // Beside it the machine may have more to do than before.
    level(
        "acknowledgement p50 (ms)",
        |sample| sample.latency.p50,
        20.0,
    );
    grown
}

fn median(samples: &[Sample], of: fn(&Sample) -> f64) -> f64 {
    let mut all: Vec<f64> = samples.iter().map(of).collect();
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}

#[test]
fn what_grows_is_named() {
    let sample = |number: usize| Sample {
        at: number as f64,
        rss: 50.0 + number as f64,
        anonymous: 0.0,
        descriptors: 30 + number,
        transactions: 1,
        latency: Latency::of(vec![Duration::from_millis(number as u64)]),
        disk: 0,
    };
    let grown = growth(&(0..100).map(sample).collect::<Vec<_>>());
    assert_eq!(
        grown,
        [
            "resident memory (MiB) grew from 80 to 140",
            "descriptors grew from 60 to 120",
            "acknowledgement p50 (ms) grew from 30 to 90",
        ]
    );
    let level = |number| Sample {
        rss: 50.0,
        descriptors: 30,
        latency: Latency::of(vec![Duration::from_millis(9)]),
        ..sample(number)
    };
    assert!(growth(&(0..100).map(level).collect::<Vec<_>>()).is_empty());
}
