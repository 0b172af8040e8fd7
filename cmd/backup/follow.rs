//! A copy under way: its progress on a terminal, a line for each file where programs read, its end at Ctrl-C.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use indicatif::ProgressBar;
use ros::backup::{BackupError, Item, Pace, Watch};
use serde_json::json;

use crate::output::{self, Format};

/// Does work on other threads, shows its progress, and ends it early at Ctrl-C.
pub fn followed<T: Send + 'static>(
    format: Format,
    pace: Pace,
    work: impl FnOnce(&Follower) -> Result<T, BackupError> + Send + 'static,
) -> Result<T, BackupError> {
    // A worse place in the line for the processor than the server has. Where that is refused, it goes without.
    let _ = rustix::process::nice(10);
    let follower = Arc::new(Follower::new(format, pace));
    let end = follower.clone();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(|cause| BackupError::Io {
        path: PathBuf::new(),
        cause,
    })?;
    runtime.block_on(async {
        let mut work = tokio::task::spawn_blocking(move || work(&follower));
        let result = tokio::select! {
            result = &mut work => result,
            _ = tokio::signal::ctrl_c() => {
                end.stopped.store(true, Ordering::Relaxed);
                work.await
            }
        };
        end.bar.finish_and_clear();
        result.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
    })
}

/// Shows what a copy does, and ends it when it is told to.
pub struct Follower {
    pace: Pace,
    bar: ProgressBar,
    lines: bool,
    stopped: AtomicBool,
}

impl Follower {
    fn new(format: Format, pace: Pace) -> Follower {
        let lines = matches!(format, Format::Ndjson);
        Follower {
            pace,
            bar: output::bytes_bar(),
            lines,
            stopped: AtomicBool::new(false),
        }
    }
}

impl Watch for Follower {
    fn pace(&self) -> Pace {
        self.pace
    }

    fn begin(&self, what: &'static str, bytes: u64) {
        self.bar.set_message(what);
        self.bar.set_length(bytes);
        self.bar.set_position(0);
    }

    fn more(&self, bytes: u64) {
        self.bar.inc_length(bytes);
    }

    fn moved(&self, bytes: u64) {
        self.bar.inc(bytes);
    }

    fn done(&self, item: &Item) {
        // A reader that has gone away ends the program; another failure will be met again by the report.
        if self.lines && output::print(&format!("{}\n", json!(item))).is_err() {
            self.stopped.store(true, Ordering::Relaxed);
        }
    }

    fn go_on(&self) -> bool {
        !self.stopped.load(Ordering::Relaxed)
    }
}
