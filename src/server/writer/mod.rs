//! The lanes: one writer at a time for each Realm, over a few threads.
//!
//! What waits for a Realm when its turn comes is integrated together and made durable by one commit; then outcomes go to those who wait and
//! the new version to fan-out, in this order of events: durable, told, announced. A Realm with much work goes to the end of the queue after
//! each commit, so that others have their turn. What waits is bounded in bytes for each Realm.
//!
//! What takes long, in time or memory, does not stand before others: it is put off to a second line, with few threads of its own that leave the processor to others.
//!
//! Clients send the next upload before they have heard of the last one. Each counts on those before it, so the uploads of a session are a [`Strand`] that breaks at
//! the first refusal: an upload that got through after it would move the client's cursor past what was refused, and the client would never send that again.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

use super::clerk::Inbox;
use super::measures::Measures;
use super::notices::Notices;
use crate::courtesy;
use crate::fanout::Fanout;
use crate::ident::{FileIdent, RealmName};
use crate::limits::Limits;
use crate::realm::{Allow, Integration, Pace, Pending, Realm, RealmError, Refusal, Registry};

/// What is called with the outcome of an upload; once, from a lane's thread.
pub type Reply = Box<dyn FnOnce(Result<(), Refusal>) + Send>;

/// The uploads of one session, in order, and what its user may do now. Once one was refused, all that come later are.
#[derive(Clone)]
pub struct Strand(Arc<State>);

struct State {
    is_broken: AtomicBool,
    allow: Mutex<Allow>,
}

impl Default for Strand {
    /// Of somebody who may do anything.
    fn default() -> Strand {
        Strand::new(Allow::ALL)
    }
}

impl Strand {
    /// Of somebody who may do this.
    pub fn new(allow: Allow) -> Strand {
        Strand(Arc::new(State {
            is_broken: AtomicBool::new(false),
            allow: Mutex::new(allow),
        }))
    }

    /// From now on this is allowed, also to uploads that wait already.
    pub fn allow(&self, allow: Allow) {
        *self.allowed() = allow;
    }

    fn allowed(&self) -> MutexGuard<'_, Allow> {
        self.0.allow.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether all that come now are refused.
    pub fn is_broken(&self) -> bool {
        self.0.is_broken.load(Ordering::Acquire)
    }

    /// From now on all are refused.
    pub fn break_off(&self) {
        self.0.is_broken.store(true, Ordering::Release);
    }
}

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
        inbox: Inbox,
        notices: Arc<Notices>,
        measures: Arc<Measures>,
        limits: &Limits,
    ) -> std::io::Result<Lanes> {
        let shared = Arc::new(Shared {
            queue: Mutex::default(),
            ready: Condvar::new(),
            ready_for_long: Condvar::new(),
            registry,
            fanout,
            inbox,
            notices,
            measures,
            lane_bytes: limits.lane_bytes,
            batch_changesets: limits.batch_changesets,
            batch_bytes: limits.batch_bytes,
        });
        let paces = [(Pace::Brief, thread_count()), (Pace::Long, long_count())];
        let threads = paces
            .into_iter()
            .flat_map(|(pace, count)| (0..count).map(move |index| (pace, index)))
            .map(|(pace, index)| {
                let shared = shared.clone();
                std::thread::Builder::new()
                    .name(format!("lane-{pace:?}-{index}"))
                    .spawn(move || shared.work(pace))
            })
            .collect::<Result<_, _>>()?;
        Ok(Lanes {
            shared,
            threads: Mutex::new(threads),
        })
    }

    /// Queues an upload. What it may do is what its strand allows when it is its turn. A full lane refuses it with a transient error at once.
    pub fn push(&self, realm: &RealmName, pending: Pending, strand: &Strand, reply: Reply) {
        let job = Job {
            bytes: weight(&pending),
            pending,
            ticket: Ticket {
                strand: strand.clone(),
                reply,
            },
        };
        if let Err(job) = self.shared.push(realm, job) {
            job.ticket.answer(Err(Refusal::Unavailable(
                "too much waits for this Realm".into(),
            )));
        }
    }

    /// What waits now.
    pub fn load(&self) -> Load {
        let queue = self.shared.lock();
        let lanes = queue.lanes.values();
        Load {
            realms: queue.lanes.len(),
            uploads: lanes.clone().map(|lane| lane.jobs.len()).sum(),
            bytes: lanes.map(|lane| lane.bytes).sum(),
            threads: thread_count() + long_count(),
        }
    }

    /// Integrates what has been queued, then ends the threads.
    pub fn drain(&self) {
        self.shared.lock().stopping = true;
        self.shared.wake_all();
        for thread in
            std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner))
        {
            if thread.join().is_err() {
                tracing::error!("a lane's thread had panicked");
            }
        }
    }
}

/// What waits for the lanes.
pub struct Load {
    /// Realms with work or at work.
    pub realms: usize,
    /// Uploads that wait.
    pub uploads: usize,
    /// Their bytes, as they count against the bound of a lane.
    pub bytes: usize,
    /// Threads that do the work.
    pub threads: usize,
}

/// A commit waits for the disk, so there are more threads than cores.
pub fn thread_count() -> usize {
    2 * std::thread::available_parallelism()
        .map_or(2, usize::from)
        .max(2)
}

/// Long work keeps a processor busy, and may need much memory.
fn long_count() -> usize {
    std::thread::available_parallelism().map_or(1, |cores| (usize::from(cores) / 4).max(1))
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
    ticket: Ticket,
}

/// Who waits for the outcome of an upload.
struct Ticket {
    strand: Strand,
    reply: Reply,
}

impl Ticket {
    /// Answers, and breaks the strand before anybody can know of a refusal.
    fn answer(self, outcome: Result<(), Refusal>) {
        if outcome.is_err() {
            self.strand.break_off();
        }
        (self.reply)(outcome);
    }
}

#[derive(Default)]
struct Lane {
    jobs: VecDeque<Job>,
    bytes: usize,
    /// Whether the first of them takes long.
    is_long: bool,
}

#[derive(Default)]
struct Queue {
    /// Realms with work or at work; each is in one of the lines or in the hands of one thread.
    lanes: HashMap<RealmName, Lane>,
    turns: VecDeque<RealmName>,
    long_turns: VecDeque<RealmName>,
    stopping: bool,
}

struct Shared {
    queue: Mutex<Queue>,
    ready: Condvar,
    ready_for_long: Condvar,
    registry: Arc<Registry>,
    fanout: Fanout,
    /// Where the clerk hears of Management Realms.
    inbox: Inbox,
    notices: Arc<Notices>,
    measures: Arc<Measures>,
    lane_bytes: usize,
    batch_changesets: usize,
    batch_bytes: usize,
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
            self.line_up(&mut queue, realm);
        }
        Ok(())
    }

    /// Puts a Realm with work into one of the lines. An upload that is larger than a batch takes much memory, so it is long.
    fn line_up(&self, queue: &mut Queue, realm: &RealmName) {
        let lane = queue.lanes.entry(realm.clone()).or_default();
        let is_large = |job: &Job| job.bytes > self.batch_bytes;
        if lane.is_long || lane.jobs.front().is_some_and(is_large) {
            queue.long_turns.push_back(realm.clone());
            self.ready_for_long.notify_one();
        } else {
            queue.turns.push_back(realm.clone());
            self.ready.notify_one();
        }
    }

    fn work(&self, pace: Pace) {
        if pace == Pace::Long
            && let Err(error) = rustix::process::setpriority_process(None, NICENESS)
        {
            tracing::debug!(%error, "long integrations run at the priority of others");
        }
        while let Some((realm, jobs)) = self.next(pace) {
            let work = || self.integrate(pace, &realm, jobs);
            let long = match pace {
                Pace::Brief => work(),
                Pace::Long => courtesy::giving_way(work),
            };
            self.finish(&realm, long);
        }
    }

    fn wake_all(&self) {
        self.ready.notify_all();
        self.ready_for_long.notify_all();
    }

    /// Waits for a Realm's turn and takes what it has, within the bound of one batch. `None` when the lanes are drained.
    fn next(&self, pace: Pace) -> Option<(RealmName, Vec<Job>)> {
        let mut queue = self.lock();
        loop {
            let turn = match pace {
                Pace::Brief => queue.turns.pop_front(),
                Pace::Long => queue.long_turns.pop_front(),
            };
            if let Some(realm) = turn {
                let lane = queue.lanes.entry(realm.clone()).or_default();
                let jobs = match pace {
                    Pace::Brief => self.take_batch(lane),
                    Pace::Long => take_one(lane),
                };
                return Some((realm, jobs));
            }
            if queue.stopping && queue.lanes.is_empty() {
                self.wake_all();
                return None;
            }
            let ready = match pace {
                Pace::Brief => &self.ready,
                Pace::Long => &self.ready_for_long,
            };
            queue = ready.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// What one commit integrates; one job at least.
    fn take_batch(&self, lane: &mut Lane) -> Vec<Job> {
        let (mut changesets, mut bytes) = (0, 0);
        let mut jobs = Vec::new();
        while let Some(job) = lane.jobs.pop_front() {
            changesets += job.pending.changesets.len();
            bytes += job.bytes;
            let full = changesets > self.batch_changesets || bytes > self.batch_bytes;
            if full && !jobs.is_empty() {
                lane.jobs.push_front(job);
                break;
            }
            lane.bytes -= job.bytes;
            jobs.push(job);
        }
        jobs
    }

    /// Ends a Realm's turn. `long` goes back to the front of its lane, and that to the line for long work.
    fn finish(&self, realm: &RealmName, long: Vec<Job>) {
        let mut queue = self.lock();
        let lane = queue.lanes.entry(realm.clone()).or_default();
        lane.is_long = !long.is_empty();
        for job in long.into_iter().rev() {
            lane.bytes += job.bytes;
            lane.jobs.push_front(job);
        }
        if lane.jobs.is_empty() {
            queue.lanes.remove(realm);
            if queue.stopping && queue.lanes.is_empty() {
                self.wake_all();
            }
        } else {
            self.line_up(&mut queue, realm);
        }
    }

    /// Integrates jobs and answers them. Those that are to be integrated at the long pace are given back.
    fn integrate(&self, pace: Pace, name: &RealmName, jobs: Vec<Job>) -> Vec<Job> {
        // Held from before the strands are looked at: what is held is not removed, so that no upload gets into another Realm of the name.
        let _held = self.held(name);
        let mut jobs = refuse_broken(jobs);
        if jobs.is_empty() {
            return jobs;
        }
        for job in &mut jobs {
            job.pending.allow = *job.ticket.strand.allowed();
        }
        let done = together(jobs, |pendings| self.attempt(pace, name, pendings));
        done.into_iter()
            .flat_map(|(jobs, integrated)| self.settle(name, jobs, integrated))
            .collect()
    }

    /// The Realm, if it can be opened; whatever is wrong is told when it is opened to integrate.
    fn held(&self, name: &RealmName) -> Option<Arc<Realm>> {
        let opened = || self.registry.open(name, false).ok();
        std::panic::catch_unwind(AssertUnwindSafe(opened)).ok()?
    }

    /// A lane outlives whatever goes wrong in one Realm.
    fn attempt(
        &self,
        pace: Pace,
        name: &RealmName,
        pendings: Vec<Pending>,
    ) -> Result<Done, RealmError> {
        let work = || {
            let realm = self.registry.open(name, false)?;
            let began = Instant::now();
            let integration = realm.integrate_at(pace, pendings)?;
            self.measures.batches.observe(began.elapsed());
            Ok((integration, realm))
        };
        std::panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
            Err(RealmError::Damaged {
                file: name.as_str().into(),
                what: "integration panicked".into(),
            })
        })
    }

    /// Answers jobs, but for those that take long.
    fn settle(
        &self,
        name: &RealmName,
        jobs: Vec<Job>,
        integrated: Result<Done, RealmError>,
    ) -> Vec<Job> {
        let mut long = Vec::new();
        match integrated {
            Ok((integration, realm)) => {
                if let Some(time) = integration.commit {
                    self.measures.commits.observe(time);
                }
                for (job, outcome) in jobs.into_iter().zip(integration.outcomes) {
                    match outcome {
                        Err(Refusal::Long) => long.push(job),
                        outcome => job.ticket.answer(outcome),
                    }
                }
                if integration.appended {
                    self.fanout.announce(name, integration.head.version);
                    self.inbox.news(name);
                }
                if let Err(error) = realm.maintain() {
                    tracing::warn!(realm = %name, %error, "the write-ahead log was not copied into the database");
                }
                self.registry.trim();
            }
            Err(error) => {
                self.measures.failed_batches.inc();
                if self.notices.is_new(&error.to_string(), name.as_str()) {
                    tracing::error!(realm = %name, %error, "uploads could not be integrated");
                }
                for job in jobs {
                    job.ticket
                        .answer(Err(Refusal::Unavailable(error.to_string())));
                }
            }
        }
        long
    }
}

/// The first job alone: what follows it may be brief.
fn take_one(lane: &mut Lane) -> Vec<Job> {
    let job = lane.jobs.pop_front();
    lane.bytes -= job.as_ref().map_or(0, |job| job.bytes);
    job.into_iter().collect()
}

/// How much threads for long work give way to others.
const NICENESS: i32 = 10;

/// What was integrated, and where.
type Done = (Integration, Arc<Realm>);

fn refuse_broken(jobs: Vec<Job>) -> Vec<Job> {
    let (broken, whole): (Vec<Job>, Vec<Job>) = jobs
        .into_iter()
        .partition(|job| job.ticket.strand.is_broken());
    for job in broken {
        job.ticket.answer(Err(Refusal::Unavailable(
            "an upload before this one was refused".into(),
        )));
    }
    whole
}

/// Attempts jobs together. If that meets damage or panics, client by client: only those who meet it again are refused.
fn together<T>(
    jobs: Vec<Job>,
    attempt: impl Fn(Vec<Pending>) -> Result<T, RealmError>,
) -> Vec<(Vec<Job>, Result<T, RealmError>)> {
    let pendings = |jobs: &[Job]| jobs.iter().map(|job| job.pending.clone()).collect();
    let integrated = attempt(pendings(&jobs));
    let first = jobs.first().map(|job| job.pending.ident);
    let alike = jobs.iter().all(|job| Some(job.pending.ident) == first);
    if alike || !matches!(integrated, Err(RealmError::Damaged { .. })) {
        return vec![(jobs, integrated)];
    }
    let mut clients: BTreeMap<FileIdent, Vec<Job>> = BTreeMap::new();
    for job in jobs {
        clients.entry(job.pending.ident).or_default().push(job);
    }
    let alone = |jobs: Vec<Job>| {
        let integrated = attempt(pendings(&jobs));
        (jobs, integrated)
    };
    clients.into_values().map(alone).collect()
}
