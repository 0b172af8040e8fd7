//! `load`: transactions, each acknowledged when it is durable.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::{BenchError, Latency, Machine, Process, Target, joined, objects, open_all, rounded};
use crate::client::{Realm, WriteError};
use crate::ident::ClientVersion;

/// What is loaded.
#[derive(Debug, Clone, Serialize)]
pub struct Load {
    /// Clients, each with a connection of its own.
    pub clients: usize,
    /// Realms, over which the clients are spread.
    pub realms: usize,
    /// Transactions of each client.
    pub tx: usize,
    /// New objects in each transaction.
    pub objects: usize,
    /// Transactions of each client that are on their way at the same time; 1 is a closed loop.
    pub window: usize,
}

/// What came of it.
#[derive(Debug, Serialize)]
pub struct Report {
    #[serde(flatten)]
    load: Load,
    seconds: f64,
    tx_per_s: f64,
    objects_per_s: f64,
    mb_per_s: f64,
    ack_ms: Latency,
    #[serde(skip_serializing_if = "Option::is_none")]
    server: Option<Process>,
    machine: Machine,
}

/// Runs the load.
pub async fn load(target: &Target, load: Load) -> Result<Report, BenchError> {
    let machine = Machine::here();
    let realms = load.realms.max(1);
    let clients = open_all(target, load.clients, |client| client % realms).await?;
    for client in &clients {
        client.write::<(), WriteError>(objects::schema)?;
    }
    target.uploaded(&clients).await?;
    let before = target.process()?;
    let start = Instant::now();
    let tasks: Vec<_> = clients
        .iter()
        .enumerate()
        .map(|(number, client)| {
            let (client, load) = (client.clone(), load.clone());
            tokio::spawn(async move { transactions(&client, number, &load).await })
        })
        .collect();
    let mut times = Vec::new();
    let mut bytes = 0;
    for task in tasks {
        let (took, wrote) = joined(target.within("the load", task_of(task)).await?)??;
        times.extend(took);
        bytes += wrote;
    }
    let seconds = start.elapsed().as_secs_f64();
    let after = target.process()?;
    let tx = times.len() as f64;
    Ok(Report {
        seconds: rounded(seconds),
        tx_per_s: rounded(tx / seconds),
        objects_per_s: rounded(tx * load.objects as f64 / seconds),
        mb_per_s: rounded(bytes as f64 / 1e6 / seconds),
        ack_ms: Latency::of(times),
        server: after.zip(before).map(|(after, before)| after.since(before)),
        machine,
        load,
    })
}

async fn task_of<T>(
    task: tokio::task::JoinHandle<T>,
) -> Result<Result<T, tokio::task::JoinError>, BenchError> {
    Ok(task.await)
}

/// One client's transactions: how long each waited for its acknowledgement, and how many bytes of changesets there were.
async fn transactions(
    client: &Realm,
    number: usize,
    load: &Load,
) -> Result<(Vec<Duration>, usize), BenchError> {
    let mut waiting: VecDeque<(ClientVersion, Instant)> = VecDeque::new();
    let mut times = Vec::with_capacity(load.tx);
    let mut made = 0;
    let mut bytes = 0;
    while times.len() < load.tx {
        while waiting.len() < load.window.max(1) && made < load.tx {
            let first = made * load.objects;
            let before = client.unacknowledged_bytes();
            client.write(|edit| {
                (first..first + load.objects)
                    .try_for_each(|object| objects::create(edit, number, object))
            })?;
            waiting.push_back((client.written(), Instant::now()));
            bytes += client.unacknowledged_bytes().saturating_sub(before);
            made += 1;
        }
        let acknowledged = match waiting.front() {
            Some((version, _)) => client.wait_for_own(*version).await?,
            None => break,
        };
        while let Some((version, since)) = waiting.front().copied()
            && version <= acknowledged
        {
            times.push(since.elapsed());
            waiting.pop_front();
        }
    }
    Ok((times, bytes))
}
