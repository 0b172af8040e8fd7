//! What the operating system knows of this process.

use std::fs;

use rustix::process::{Resource, getrlimit};

/// Memory and files of this process.
pub struct Process {
    /// Bytes of memory that it has; 0 if that is not known.
    pub resident_bytes: u64,
    /// Files that it has open, sockets among them; 0 if that is not known.
    pub open_files: u64,
    /// Files that it may have open.
    pub most_files: u64,
}

impl Process {
    /// As it is now. Looks at each open file, so it may take milliseconds.
    pub fn now() -> Process {
        let files = fs::read_dir("/proc/self/fd").map_or(0, |files| files.count() as u64);
        Process {
            resident_bytes: resident().unwrap_or(0),
            open_files: files.saturating_sub(1), // looking takes one
            most_files: getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX),
        }
    }
}

fn resident() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_has_memory_and_files() {
        let process = Process::now();
        assert!(process.resident_bytes > 1 << 20);
        assert!((3..=process.most_files).contains(&process.open_files));
    }
}
