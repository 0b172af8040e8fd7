//! The lanes: one writer at a time for each Realm, over a few threads.
//!
//! What waits for a Realm when its turn comes is integrated together and made durable by one commit; then outcomes go to those who wait and
//! the new version to fan-out, in this order of events: durable, told, announced. A Realm with much work goes to the end of the queue after
//! each commit, so that others have their turn. What waits is bounded in bytes for each Realm.

use std::collections::{HashMap, VecDeque};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use crate::fanout::Fanout;
use crate::ident::RealmName;
use crate::limits::Limits;
use crate::realm::{Pending, RealmError, Refusal, Registry};

/// What is called with the outcome of an upload; once, from a lane's thread.
pub type Reply = Box<dyn FnOnce(Result<(), Refusal>) + Send>;

/// The lanes. Dropping them does not end their threads; [`Lanes::drain`] does.
pub struct Lanes {
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Lanes {
    /// Starts the threads.
    pub fn start(
        registry: Arc<Registry>,
        fanout: Fanout,
        limits: &Limits,
    ) -> std::io::Result<Lanes> {
        let shared = Arc::new(Shared {
            queue: Mutex::default(),
            ready: Condvar::new(),
            registry,
            fanout,
            lane_bytes: limits.lane_bytes,
            batch_changesets: limits.batch_changesets,
        });
        let threads = (0..thread_count())
            .map(|index| {
                let shared = shared.clone();
                std::thread::Builder::new()
                    .name(format!("lane-{index}"))
                    .spawn(move || shared.work())
            })
            .collect::<Result<_, _>>()?;
        Ok(Lanes {
            shared,
            threads: Mutex::new(threads),
        })
    }

    /// Queues an upload. A full lane refuses it with a transient error at once.
    pub fn push(&self, realm: &RealmName, pending: Pending, reply: Reply) {
        let job = Job {
            bytes: weight(&pending),
            pending,
            reply,
        };
        if let Err(job) = self.shared.push(realm, job) {
            (job.reply)(Err(Refusal::Unavailable(
                "too much waits for this Realm".into(),
            )));
        }
    }

    /// Integrates what has been queued, then ends the threads.
    pub fn drain(&self) {
        self.shared.lock().stopping = true;
        self.shared.ready.notify_all();
        for thread in
            std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner))
        {
            if thread.join().is_err() {
                tracing::error!("a lane's thread had panicked");
            }
        }
    }
}

/// A commit waits for the disk, so there are more threads than cores.
fn thread_count() -> usize {
    2 * std::thread::available_parallelism()
        .map_or(2, usize::from)
        .max(2)
}

/// What a queued upload counts against the lane's bound: its bytes, and something for each entry.
fn weight(pending: &Pending) -> usize {
    128 + pending
        .changesets
        .iter()
        .map(|uploaded| uploaded.changeset.len() + 128)
        .sum::<usize>()
}

struct Job {
    pending: Pending,
    bytes: usize,
    reply: Reply,
}

#[derive(Default)]
struct Lane {
    jobs: VecDeque<Job>,
    bytes: usize,
}

#[derive(Default)]
struct Queue {
    /// Realms with work or at work; each is in `turns` or in the hands of one thread.
    lanes: HashMap<RealmName, Lane>,
    turns: VecDeque<RealmName>,
    stopping: bool,
}

struct Shared {
    queue: Mutex<Queue>,
    ready: Condvar,
    registry: Arc<Registry>,
    fanout: Fanout,
    lane_bytes: usize,
    batch_changesets: usize,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, realm: &RealmName, job: Job) -> Result<(), Job> {
        let mut queue = self.lock();
        let idle = !queue.lanes.contains_key(realm);
        let lane = queue.lanes.entry(realm.clone()).or_default();
        if lane.bytes > 0 && lane.bytes.saturating_add(job.bytes) > self.lane_bytes {
            return Err(job);
        }
        lane.bytes += job.bytes;
        lane.jobs.push_back(job);
        if idle {
            queue.turns.push_back(realm.clone());
            self.ready.notify_one();
        }
        Ok(())
    }

    fn work(&self) {
        while let Some((realm, jobs)) = self.next() {
            self.integrate(&realm, jobs);
            self.finish(&realm);
        }
    }

    /// Waits for a Realm's turn and takes what it has, within the bound of one batch. `None` when the lanes are drained.
    fn next(&self) -> Option<(RealmName, Vec<Job>)> {
        let mut queue = self.lock();
        loop {
            if let Some(realm) = queue.turns.pop_front() {
                let lane = queue.lanes.entry(realm.clone()).or_default();
                let jobs = take_batch(lane, self.batch_changesets);
                return Some((realm, jobs));
            }
            if queue.stopping && queue.lanes.is_empty() {
                self.ready.notify_all();
                return None;
            }
            queue = self
                .ready
                .wait(queue)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn finish(&self, realm: &RealmName) {
        let mut queue = self.lock();
        if queue
            .lanes
            .get(realm)
            .is_some_and(|lane| lane.jobs.is_empty())
        {
            queue.lanes.remove(realm);
            if queue.stopping && queue.lanes.is_empty() {
                self.ready.notify_all();
            }
        } else {
            queue.turns.push_back(realm.clone());
            self.ready.notify_one();
        }
    }

    fn integrate(&self, name: &RealmName, jobs: Vec<Job>) {
        let (pendings, replies): (Vec<Pending>, Vec<Reply>) =
            jobs.into_iter().map(|job| (job.pending, job.reply)).unzip();
        let work = || {
            self.registry
                .open(name, false)
                .and_then(|realm| Ok((realm.integrate(pendings)?, realm)))
        };
        // A lane outlives whatever goes wrong in one Realm.
        let integration = std::panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
            Err(RealmError::Damaged {
                file: name.as_str().into(),
                what: "integration panicked".into(),
            })
        });
        match integration {
            Ok((integration, realm)) => {
                for (reply, outcome) in replies.into_iter().zip(integration.outcomes) {
                    reply(outcome);
                }
                if integration.appended {
                    self.fanout.announce(name, integration.head.version);
                }
                if let Err(error) = realm.maintain() {
                    tracing::warn!(realm = %name, %error, "the write-ahead log was not copied into the database");
                }
            }
            Err(error) => {
                tracing::error!(realm = %name, %error, "uploads could not be integrated");
                for reply in replies {
                    reply(Err(Refusal::Unavailable(error.to_string())));
                }
            }
        }
    }
}

fn take_batch(lane: &mut Lane, most: usize) -> Vec<Job> {
    let mut changesets = 0;
    let mut jobs = Vec::new();
    while let Some(job) = lane.jobs.front() {
        changesets += job.pending.changesets.len();
        if !jobs.is_empty() && changesets > most {
            break;
        }
        if let Some(job) = lane.jobs.pop_front() {
            lane.bytes -= job.bytes;
            jobs.push(job);
        }
    }
    jobs
}
