//! What a figure depends on: the machine, and what the server's process used of it.

use std::io::{self, Write};
use std::time::Instant;

use serde::Serialize;

/// The machine at the time of a load.
#[derive(Debug, Clone, Serialize)]
pub struct Machine {
    /// Processors.
    pub cores: usize,
    /// Processes that wanted one, averaged over the last minute.
    pub load: f64,
    /// Median milliseconds of writing 4 KiB and syncing them, in the folder for temporary files.
    pub fsync_ms: f64,
}

/// What a process has used.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Process {
    /// Processor time, user and system, in seconds.
    pub cpu_s: f64,
    /// Resident memory, in MB.
    pub rss_mb: f64,
    /// Resident memory that is no file's, in MB.
    pub anon_mb: f64,
}

impl Machine {
    /// This machine, now.
    pub fn here() -> Machine {
        let load = std::fs::read_to_string("/proc/loadavg").ok();
        let load = load.and_then(|text| text.split(' ').next()?.parse().ok());
        Machine {
            cores: std::thread::available_parallelism().map_or(1, Into::into),
            load: load.unwrap_or_default(),
            fsync_ms: fsync_time().unwrap_or_default(),
        }
    }
}

fn fsync_time() -> io::Result<f64> {
    let path = std::env::temp_dir().join(format!("ros-fsync-{}", std::process::id()));
    let mut file = std::fs::File::create(&path)?;
    let mut times = Vec::new();
    for _ in 0..21 {
        file.write_all(&[7; 4096])?;
        let start = Instant::now();
        file.sync_data()?;
        times.push(start.elapsed());
    }
    std::fs::remove_file(&path)?;
    Ok(super::Latency::of(times).p50)
}

impl Process {
    /// What a process of this machine has used up to now.
    pub fn read(id: u32) -> io::Result<Process> {
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat"))?;
        let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
        let after_name = stat.rsplit(')').next().unwrap_or_default();
        let fields: Vec<u64> = after_name
            .split_whitespace()
            .map(|field| field.parse().unwrap_or_default())
            .collect();
        let ticks = fields.get(11).unwrap_or(&0) + fields.get(12).unwrap_or(&0);
        let megabytes = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name));
            let number = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok());
            super::rounded(number.unwrap_or_default() / 1024.0)
        };
        Ok(Process {
            cpu_s: ticks as f64 / TICKS,
            rss_mb: megabytes("VmRSS:"),
            anon_mb: megabytes("RssAnon:"),
        })
    }

    /// What was used since an earlier reading; memory as it is now.
    pub fn since(self, before: Process) -> Process {
        Process {
            cpu_s: super::rounded(self.cpu_s - before.cpu_s),
            ..self
        }
    }
}

/// The kernel counts in hundredths of seconds, on every machine that Linux runs on today.
const TICKS: f64 = 100.0;
