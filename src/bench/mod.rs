//! Loads for any server of the sync protocol, and what they measure.
//!
//! Each load opens fresh Realms, with a client of its own for every device it stands for, and reports one JSON object whose keys stay. Times are measured on the
//! client's side; what the server's process used is read from `/proc` when its id is given. The objects are those of class `Load`: nine properties, about 150 bytes in
//! a changeset.

mod bootstrap;
mod conflict;
mod fanout;
mod idle;
mod load;
mod machine;
mod objects;
mod reconnect;

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

pub use bootstrap::{Bootstrap, bootstrap};
pub use conflict::{Conflict, conflict};
pub use fanout::{Fanout, fanout};
pub use idle::{Idle, idle};
pub use load::{Load, load};
pub use machine::{Machine, Process};
pub use reconnect::{Reconnect, reconnect};

use crate::client::{
    BadAddress, ClientError, Options, Place, Realm, RealmAddress, User, WriteError,
};

/// Where a load goes.
#[derive(Clone)]
pub struct Target {
    /// Who opens the Realms.
    pub user: User,
    /// What the names of the Realms begin with: `my-app/bench` or `/bench`. A number follows.
    pub prefix: String,
    /// How connections are made.
    pub options: Options,
    /// How long anything may take that is waited for.
    pub timeout: Duration,
    /// The server's process, if it runs on this machine.
    pub process: Option<u32>,
}

/// Why a load was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// The prefix gives no names of Realms.
    #[error(transparent)]
    Address(#[from] BadAddress),
    /// A client failed.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// A transaction failed.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// Something took too long.
    #[error("{0} was not done within {1} s")]
    Timeout(&'static str, u64),
    /// What the server has is not what was acknowledged, or not all devices are equal.
    #[error("{0}")]
    Wrong(String),
    /// The server's process cannot be looked at.
    #[error("process {0}: {1}")]
    Process(u32, String),
}

/// Milliseconds: half, 95 and 99 of 100 are below, and the greatest.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Latency {
    /// Median.
    pub p50: f64,
    /// 95th percentile.
    pub p95: f64,
    /// 99th percentile.
    pub p99: f64,
    /// The greatest.
    pub max: f64,
}

impl Latency {
    /// Of these, in any order.
    pub fn of(mut times: Vec<Duration>) -> Latency {
        times.sort_unstable();
        let at = |percent: usize| {
            let index = (times.len() * percent).div_ceil(100).saturating_sub(1);
            times.get(index).map_or(0.0, milliseconds)
        };
        Latency {
            p50: at(50),
            p95: at(95),
            p99: at(99),
            max: times.last().map_or(0.0, milliseconds),
        }
    }
}

fn milliseconds(time: &Duration) -> f64 {
    rounded(time.as_secs_f64() * 1000.0)
}

/// Three digits are enough.
fn rounded(number: f64) -> f64 {
    (number * 1000.0).round() / 1000.0
}

impl Target {
    /// The name of the `number`th Realm of a load.
    fn address(&self, number: usize) -> Result<RealmAddress, BenchError> {
        Ok(format!("{}-{number}", self.prefix).parse()?)
    }

    /// A fresh copy in memory.
    async fn open(&self, number: usize) -> Result<Realm, BenchError> {
        let address = self.address(number)?;
        Ok(self
            .user
            .open(&address, Place::Memory, self.options.clone())
            .await?)
    }

    /// Waits within bounds.
    async fn within<T, E: Into<BenchError>>(
        &self,
        what: &'static str,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, BenchError> {
        match tokio::time::timeout(self.timeout, work).await {
            Ok(result) => result.map_err(Into::into),
            Err(_) => Err(BenchError::Timeout(what, self.timeout.as_secs())),
        }
    }

    /// Waits until each of these is up to date with the server.
    async fn downloaded(&self, realms: &[Realm]) -> Result<(), BenchError> {
        self.each("downloading", realms, |realm| async move {
            realm.wait_for_download().await
        })
        .await
    }

    /// Waits until the server has everything of each of these.
    async fn uploaded(&self, realms: &[Realm]) -> Result<(), BenchError> {
        self.each("uploading", realms, |realm| async move {
            realm.wait_for_upload().await
        })
        .await
    }

    async fn each<F: Future<Output = Result<(), ClientError>> + Send + 'static>(
        &self,
        what: &'static str,
        realms: &[Realm],
        work: impl Fn(Realm) -> F,
    ) -> Result<(), BenchError> {
        let tasks: Vec<_> = realms
            .iter()
            .map(|realm| tokio::spawn(work(realm.clone())))
            .collect();
        self.within(what, async {
            for task in tasks {
                joined(task.await)??;
            }
            Ok::<(), BenchError>(())
        })
        .await
    }

    /// What the server's process has used up to now.
    fn process(&self) -> Result<Option<Process>, BenchError> {
        let read =
            |id| Process::read(id).map_err(|error| BenchError::Process(id, error.to_string()));
        self.process.map(read).transpose()
    }
}

/// The result of a task that does not panic.
fn joined<T>(result: Result<T, tokio::task::JoinError>) -> Result<T, BenchError> {
    result.map_err(|error| BenchError::Wrong(error.to_string()))
}

/// Opens many copies, some at a time, so that a server's backlog is not what is measured.
async fn open_all(
    target: &Target,
    count: usize,
    realm_of: impl Fn(usize) -> usize,
) -> Result<Vec<Realm>, BenchError> {
    let gate = Arc::new(tokio::sync::Semaphore::new(AT_ONCE));
    let mut tasks = Vec::with_capacity(count);
    for number in 0..count {
        let (target, gate, number) = (target.clone(), gate.clone(), realm_of(number));
        tasks.push(tokio::spawn(async move {
            let _turn = gate.acquire_owned().await;
            let realm = target.open(number).await?;
            target.within("opening", realm.wait_for_download()).await?;
            Ok::<Realm, BenchError>(realm)
        }));
    }
    let mut realms = Vec::with_capacity(count);
    for task in tasks {
        realms.push(joined(task.await)??);
    }
    Ok(realms)
}

/// Copies that are opened at the same time.
const AT_ONCE: usize = 200;
