//! `idle`: many devices that are connected and do nothing.

use std::time::{Duration, Instant};

use serde::Serialize;

use super::{BenchError, Machine, Process, Target, open_all, rounded};

/// What is loaded.
#[derive(Debug, Clone, Serialize)]
pub struct Idle {
    /// Devices, each with a connection of its own.
    pub sessions: usize,
    /// Realms, over which they are spread.
    pub realms: usize,
    /// Seconds to hold them.
    pub hold_s: u64,
}

/// What came of it.
#[derive(Debug, Serialize)]
pub struct Report {
    #[serde(flatten)]
    load: Idle,
    setup_s: f64,
    connected: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    server: Option<Cost>,
    machine: Machine,
}

#[derive(Debug, Serialize)]
struct Cost {
    /// To set all up.
    setup_cpu_s: f64,
    /// While they were held.
    hold_cpu_s: f64,
    /// Heap of each, in KiB.
    anon_kib_per_session: f64,
    /// Resident memory of each, in KiB.
    rss_kib_per_session: f64,
}

/// Runs the load.
pub async fn idle(target: &Target, load: Idle) -> Result<Report, BenchError> {
    let machine = Machine::here();
    let realms = load.realms.max(1);
    let before = target.process()?;
    let start = Instant::now();
    let sessions = open_all(target, load.sessions, |session| session % realms).await?;
    let setup_s = rounded(start.elapsed().as_secs_f64());
    let set_up = target.process()?;
    tokio::time::sleep(Duration::from_secs(load.hold_s)).await;
    let after = target.process()?;
    let connected = sessions
        .iter()
        .filter(|session| session.is_connected())
        .count();
    let cost = |before: Process, set_up: Process, after: Process| Cost {
        setup_cpu_s: set_up.since(before).cpu_s,
        hold_cpu_s: after.since(set_up).cpu_s,
        anon_kib_per_session: rounded(
            (after.anon_mb - before.anon_mb) * 1024.0 / load.sessions.max(1) as f64,
        ),
        rss_kib_per_session: rounded(
            (after.rss_mb - before.rss_mb) * 1024.0 / load.sessions.max(1) as f64,
        ),
    };
    let server = match (before, set_up, after) {
        (Some(before), Some(set_up), Some(after)) => Some(cost(before, set_up, after)),
        _ => None,
    };
    Ok(Report {
        load,
        setup_s,
        connected,
        server,
        machine,
    })
}
