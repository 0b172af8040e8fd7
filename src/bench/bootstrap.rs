//! `bootstrap`: a fresh device downloads everything.

use std::time::Instant;

use serde::Serialize;

use super::{BenchError, Machine, Process, Target, objects, rounded};
use crate::client::WriteError;

/// What is loaded.
#[derive(Debug, Clone, Serialize)]
pub struct Bootstrap {
    /// Objects in the Realm.
    pub objects: usize,
    /// Objects in each of the transactions that made them.
    pub objects_per_tx: usize,
    /// Fresh devices, one after another.
    pub repeat: usize,
}

/// What came of it.
#[derive(Debug, Serialize)]
pub struct Report {
    #[serde(flatten)]
    load: Bootstrap,
    /// Seconds to upload everything.
    seed_s: f64,
    /// One for each fresh device, in order.
    downloads: Vec<Downloaded>,
    machine: Machine,
}

#[derive(Debug, Serialize)]
struct Downloaded {
    seconds: f64,
    objects_per_s: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    server: Option<Process>,
}

/// Bytes that the seeding client has on its way at most.
const ON_ITS_WAY: usize = 16 << 20;

/// Runs the load.
pub async fn bootstrap(target: &Target, load: Bootstrap) -> Result<Report, BenchError> {
    let machine = Machine::here();
    let writer = target.open(0).await?;
    target.downloaded(std::slice::from_ref(&writer)).await?;
    writer.write::<(), WriteError>(objects::schema)?;
    let start = Instant::now();
    for first in (0..load.objects).step_by(load.objects_per_tx.max(1)) {
        let last = (first + load.objects_per_tx.max(1)).min(load.objects);
        writer
            .write(|edit| (first..last).try_for_each(|object| objects::create(edit, 0, object)))?;
        target
            .within("uploading", writer.wait_for_room(ON_ITS_WAY))
            .await?;
    }
    target.uploaded(std::slice::from_ref(&writer)).await?;
    let seed_s = rounded(start.elapsed().as_secs_f64());
    writer.close().await;
    let mut downloads = Vec::new();
    for _ in 0..load.repeat.max(1) {
        let before = target.process()?;
        let start = Instant::now();
        let fresh = target.open(0).await?;
        target.downloaded(std::slice::from_ref(&fresh)).await?;
        let seconds = start.elapsed().as_secs_f64();
        let after = target.process()?;
        fresh.close().await;
        downloads.push(Downloaded {
            seconds: rounded(seconds),
            objects_per_s: rounded(load.objects as f64 / seconds),
            server: after.zip(before).map(|(after, before)| after.since(before)),
        });
    }
    Ok(Report {
        load,
        seed_s,
        downloads,
        machine,
    })
}
