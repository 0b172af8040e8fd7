//! `fanout`: from a commit on one device to its integration on many.

use std::time::{Duration, Instant};

use serde::Serialize;

use super::{BenchError, Latency, Machine, Process, Target, joined, objects, open_all, rounded};
use crate::client::WriteError;

/// What is loaded.
#[derive(Debug, Clone, Serialize)]
pub struct Fanout {
    /// Devices that read, each with a connection of its own.
    pub readers: usize,
    /// Transactions, one after another: the next when all readers have the one before.
    pub tx: usize,
    /// New objects in each.
    pub objects: usize,
}

/// What came of it.
#[derive(Debug, Serialize)]
pub struct Report {
    #[serde(flatten)]
    load: Fanout,
    seconds: f64,
    deliveries_per_s: f64,
    /// Commit on the writer to integration in each reader.
    ms: Latency,
    /// The same for the slowest reader of each transaction.
    slowest_ms: Latency,
    #[serde(skip_serializing_if = "Option::is_none")]
    server: Option<Process>,
    machine: Machine,
}

/// Runs the load.
pub async fn fanout(target: &Target, load: Fanout) -> Result<Report, BenchError> {
    let machine = Machine::here();
    let writer = target.open(0).await?;
    writer.write::<(), WriteError>(objects::schema)?;
    target.within("uploading", writer.wait_for_upload()).await?;
    let readers = open_all(target, load.readers, |_| 0).await?;
    target.downloaded(&readers).await?;
    let before = target.process()?;
    let start = Instant::now();
    let (mut all, mut slowest) = (Vec::new(), Vec::new());
    for number in 0..load.tx {
        let base = readers
            .first()
            .map_or_else(Default::default, |reader| reader.progress().download);
        let waits: Vec<_> = readers
            .iter()
            .map(|reader| {
                let reader = reader.clone();
                tokio::spawn(async move {
                    reader.wait_for_version(base.server_version.next()).await?;
                    Ok::<Instant, BenchError>(Instant::now())
                })
            })
            .collect();
        let committed = Instant::now();
        let first = number * load.objects;
        writer.write(|edit| {
            (first..first + load.objects).try_for_each(|object| objects::create(edit, 0, object))
        })?;
        let mut times: Vec<Duration> = Vec::with_capacity(waits.len());
        for wait in waits {
            let arrived = target
                .within("fan-out", async { joined(wait.await)? })
                .await?;
            times.push(arrived.duration_since(committed));
        }
        slowest.extend(times.iter().max().copied());
        all.extend(times);
    }
    let seconds = start.elapsed().as_secs_f64();
    let after = target.process()?;
    Ok(Report {
        seconds: rounded(seconds),
        deliveries_per_s: rounded(all.len() as f64 / seconds),
        ms: Latency::of(all),
        slowest_ms: Latency::of(slowest),
        server: after.zip(before).map(|(after, before)| after.since(before)),
        machine,
        load,
    })
}
