//! The lanes: one writer at a time for each Realm, over a few threads.
//!
//! What waits for a Realm when its turn comes is integrated together and made durable by one commit; then outcomes go to those who wait and
//! the new version to fan-out, in this order of events: durable, told, announced. A Realm with much work goes to the end of the queue after
//! each commit, so that others have their turn. What waits is bounded in bytes for each Realm.
//!
//! Clients send the next upload before they have heard of the last one. Each counts on those before it, so the uploads of a session are a [`Strand`] that breaks at
//! the first refusal: an upload that got through after it would move the client's cursor past what was refused, and the client would never send that again.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

use super::measures::Measures;
use super::notices::Notices;
use crate::fanout::Fanout;
use crate::ident::{FileIdent, RealmName};
use crate::limits::Limits;
use crate::realm::{Integration, Pending, Realm, RealmError, Refusal, Registry};

/// What is called with the outcome of an upload; once, from a lane's thread.
pub type Reply = Box<dyn FnOnce(Result<(), Refusal>) + Send>;

/// The uploads of one session, in order. Once one was refused, all that come later are.
#[derive(Clone, Default)]
pub struct Strand(Arc<AtomicBool>);

impl Strand {
    fn is_broken(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    fn break_off(&self) {
        self.0.store(true, Ordering::Release);
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
        notices: Arc<Notices>,
        measures: Arc<Measures>,
        limits: &Limits,
    ) -> std::io::Result<Lanes> {
        let shared = Arc::new(Shared {
            queue: Mutex::default(),
            ready: Condvar::new(),
            registry,
            fanout,
            notices,
            measures,
            lane_bytes: limits.lane_bytes,
            batch_changesets: limits.batch_changesets,
            batch_bytes: limits.batch_bytes,
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
            threads: thread_count(),
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
                let jobs = self.take_batch(lane);
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
        let jobs = refuse_broken(jobs);
        if jobs.is_empty() {
            return;
        }
        for (jobs, integrated) in together(jobs, |pendings| self.attempt(name, pendings)) {
            self.settle(name, jobs, integrated);
        }
    }

    /// A lane outlives whatever goes wrong in one Realm.
    fn attempt(&self, name: &RealmName, pendings: Vec<Pending>) -> Result<Done, RealmError> {
        let work = || {
            let realm = self.registry.open(name, false)?;
            let began = Instant::now();
            let integration = realm.integrate(pendings)?;
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

    fn settle(&self, name: &RealmName, jobs: Vec<Job>, integrated: Result<Done, RealmError>) {
        match integrated {
            Ok((integration, realm)) => {
                if let Some(time) = integration.commit {
                    self.measures.commits.observe(time);
                }
                for (job, outcome) in jobs.into_iter().zip(integration.outcomes) {
                    job.ticket.answer(outcome);
                }
                if integration.appended {
                    self.fanout.announce(name, integration.head.version);
                }
                if let Err(error) = realm.maintain() {
                    tracing::warn!(realm = %name, %error, "the write-ahead log was not copied into the database");
                }
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
    }
}

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

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;
    use crate::changeset::{Changeset, Instruction, Key, KeyKind, PrimaryKeyColumn, TableKind};
    use crate::ident::{
        ClientVersion, DownloadCursor, OriginTimestamp, ServerVersion, UploadCursor,
    };
    use crate::realm::{Allow, Uploaded};
    use crate::storage::Store;

    struct Server {
        registry: Arc<Registry>,
        lanes: Lanes,
        _folder: tempfile::TempDir,
    }

    fn name() -> RealmName {
        RealmName::from_canonical("/realm")
    }

    impl Server {
        fn start(limits: Limits) -> Server {
            let folder = tempfile::tempdir().unwrap();
            let store = Store::open(folder.path(), || 1).unwrap();
            let registry = Arc::new(Registry::new(store, &limits));
            registry.open(&name(), true).unwrap();
            let lanes = Lanes::start(
                registry.clone(),
                Fanout::default(),
                Arc::default(),
                Arc::default(),
                &limits,
            )
            .unwrap();
            Server {
                registry,
                lanes,
                _folder: folder,
            }
        }

        fn file(&self) -> FileIdent {
            let realm = self.registry.open(&name(), false).unwrap();
            realm.allocate_client_file().unwrap().0
        }

        /// Pushes uploads of one session at once. Their outcomes come in the order in which they are known.
        fn push(&self, strand: &Strand, pendings: Vec<Pending>) -> Outcomes {
            let (sender, outcomes) = mpsc::channel();
            for (index, pending) in pendings.into_iter().enumerate() {
                let sender = sender.clone();
                let reply: Reply = Box::new(move |outcome| sender.send((index, outcome)).unwrap());
                self.lanes.push(&name(), pending, strand, reply);
            }
            Outcomes(outcomes)
        }

        fn lane_bytes(&self) -> usize {
            self.lanes
                .shared
                .lock()
                .lanes
                .get(&name())
                .map_or(0, |lane| lane.bytes)
        }

        fn cursor(&self, ident: FileIdent) -> UploadCursor {
            let realm = self.registry.open(&name(), false).unwrap();
            let read = realm.read(DownloadCursor::default(), ident, 0).unwrap();
            read.upload
        }
    }

    struct Outcomes(mpsc::Receiver<(usize, Result<(), Refusal>)>);

    impl Outcomes {
        /// All of them, in the order of the uploads.
        fn all(self) -> Vec<Result<(), Refusal>> {
            let mut all: Vec<_> = self.0.iter().collect();
            all.sort_by_key(|(index, _)| *index);
            all.into_iter().map(|(_, outcome)| outcome).collect()
        }
    }

    fn upload(ident: FileIdent, version: u64, changeset: impl Into<bytes::Bytes>) -> Pending {
        let progress = UploadCursor {
            client_version: ClientVersion(version),
            server_version: ServerVersion(0),
        };
        Pending {
            ident,
            changesets: vec![Uploaded {
                client_version: progress.client_version,
                server_version: progress.server_version,
                timestamp: OriginTimestamp(version),
                origin: FileIdent(0),
                changeset: changeset.into(),
            }],
            progress,
            locked: ServerVersion(0),
            allow: Allow {
                data: true,
                schema: true,
            },
        }
    }

    fn object(key: i64) -> Vec<u8> {
        let instructions = vec![
            Instruction::AddTable {
                class: "Dog".into(),
                kind: TableKind::TopLevel(PrimaryKeyColumn {
                    field: "_id".into(),
                    kind: KeyKind::Int,
                    nullable: false,
                }),
            },
            Instruction::CreateObject {
                class: "Dog".into(),
                key: Key::Int(key),
            },
        ];
        crate::changeset::encode(&Changeset { instructions })
    }

    fn one_by_one() -> Limits {
        Limits {
            batch_changesets: 1,
            ..Limits::default()
        }
    }

    #[test]
    fn nothing_is_integrated_after_an_upload_of_the_session_was_refused() {
        let server = Server::start(one_by_one());
        let (file, strand) = (server.file(), Strand::default());
        let merely_progress = Pending {
            changesets: Vec::new(),
            ..upload(file, 5, object(5))
        };
        let uploads = vec![
            upload(file, 2, object(2)),
            upload(file, 3, "no changeset"),
            upload(file, 4, object(4)),
            merely_progress,
        ];
        let outcomes = server.push(&strand, uploads).all();
        assert_eq!(outcomes[0], Ok(()));
        assert!(matches!(outcomes[1], Err(Refusal::BadChangeset(_))));
        assert!(matches!(outcomes[2], Err(Refusal::Unavailable(_))));
        assert!(matches!(outcomes[3], Err(Refusal::Unavailable(_))));
        assert_eq!(server.cursor(file).client_version, ClientVersion(2));

        // The file comes back in a new session and sends again what was refused.
        let again = vec![upload(file, 3, object(3)), upload(file, 4, object(4))];
        assert_eq!(
            server.push(&Strand::default(), again).all(),
            [Ok(()), Ok(())]
        );
        assert_eq!(server.cursor(file).client_version, ClientVersion(4));
    }

    #[test]
    fn what_follows_an_upload_that_found_the_lane_full_is_refused() {
        let server = Server::start(Limits {
            lane_bytes: 1000,
            ..one_by_one()
        });
        let (other, file, strand) = (server.file(), server.file(), Strand::default());
        let realm = server.registry.open(&name(), false).unwrap();
        let (fillers, refused) = realm
            .look(|_, _| {
                // While somebody looks at the state a lane's thread has one upload in its hands, and the next waits.
                let first = server.push(&Strand::default(), vec![upload(other, 2, object(2))]);
                while server.lane_bytes() > 0 {
                    std::thread::yield_now();
                }
                let second = server.push(&Strand::default(), vec![upload(other, 3, object(3))]);
                let large = upload(file, 2, vec![0; 2000]);
                Ok(([first, second], server.push(&strand, vec![large])))
            })
            .unwrap();
        assert!(matches!(refused.all()[..], [Err(Refusal::Unavailable(_))]));
        let next = server.push(&strand, vec![upload(file, 3, object(4))]);
        assert!(matches!(next.all()[..], [Err(Refusal::Unavailable(_))]));
        assert_eq!(fillers.map(Outcomes::all), [[Ok(())], [Ok(())]]);
        assert_eq!(server.cursor(file), UploadCursor::default());
    }

    #[test]
    fn only_the_culprit_of_a_failure_is_refused() {
        let job = |ident: u64, version| Job {
            pending: upload(FileIdent(ident), version, object(1)),
            bytes: 0,
            ticket: Ticket {
                strand: Strand::default(),
                reply: Box::new(drop),
            },
        };
        let jobs = vec![job(2, 2), job(3, 2), job(2, 3), job(4, 2)];
        let attempt = |pendings: Vec<Pending>| {
            let versions = |pending: &Pending| (pending.ident.0, pending.progress.client_version.0);
            if pendings.iter().any(|pending| pending.ident.0 == 3) {
                let (file, what) = ("/realm".into(), "integration panicked".into());
                return Err(RealmError::Damaged { file, what });
            }
            Ok(pendings.iter().map(versions).collect::<Vec<_>>())
        };
        let attempts = together(jobs, attempt);
        let results: Vec<_> = attempts
            .into_iter()
            .map(|(_, result)| result.ok())
            .collect();
        assert_eq!(
            results,
            [Some(vec![(2, 2), (2, 3)]), None, Some(vec![(4, 2)])]
        );
    }

    #[test]
    fn a_batch_has_a_bound_but_one_upload_at_least() {
        let sizes = |limits: Limits| {
            let server = Server::start(limits);
            let job = |bytes: usize| Job {
                pending: upload(FileIdent(2), 2, vec![]),
                bytes,
                ticket: Ticket {
                    strand: Strand::default(),
                    reply: Box::new(drop),
                },
            };
            let mut lane = Lane {
                jobs: [50, 500, 70, 30, 1].map(job).into(),
                bytes: 651,
            };
            let mut sizes = Vec::new();
            while !lane.jobs.is_empty() {
                let batch = server.lanes.shared.take_batch(&mut lane);
                sizes.push(batch.iter().map(|job| job.bytes).collect::<Vec<_>>());
            }
            assert_eq!(lane.bytes, 0);
            sizes
        };
        let (batch_bytes, batch_changesets) = (100, 3);
        assert_eq!(
            sizes(Limits {
                batch_bytes,
                ..Limits::default()
            }),
            [vec![50], vec![500], vec![70, 30], vec![1]]
        );
        assert_eq!(
            sizes(Limits {
                batch_changesets,
                ..Limits::default()
            }),
            [vec![50, 500, 70], vec![30, 1]]
        );
    }
}
