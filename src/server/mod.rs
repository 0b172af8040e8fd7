//! Tasks, sockets, threads, the clock and randomness. Joins every room below; decides nothing.

mod around;
pub mod between;
mod budget;
mod certificate;
mod claims;
mod clerk;
mod clock;
mod crowd;
mod descriptors;
mod desk;
pub mod dev;
mod door;
mod events;
mod first;
mod held;
mod intake;
pub mod life;
mod lines;
mod listener;
mod listening;
mod live;
mod logins;
mod mail;
mod measures;
mod memory;
mod metered;
mod notices;
mod outgoing;
mod peer;
mod process;
mod refusal;
mod scrape;
mod socket;
mod tally;
mod threads;
mod upgrade;
mod watch;
mod websocket;
mod writer;

use std::io;
use std::net::IpAddr;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, OnceLock};

use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::access::Caller;
use crate::auth::{KeyError, KeyPair, KeyRing, PublicKey};
use crate::config::{Reload, Settings};
use crate::download::Fragments;
use crate::fanout::Fanout;
use crate::http::{Attempts, Http};
use crate::ident::{UnixTime, UserId};
use crate::limits::Limits;
use crate::realm::Registry;
use crate::storage::{self, StorageError, Store};
use crate::system::{Changed, Issuers, System, SystemError, list_of_realms};
use crate::tls::Identity;
use around::Around;
use budget::Budget;
use claims::Claims;
use clerk::{Clerk, Inbox, Tools};
use crowd::Crowd;
use door::Door;
use held::Held;
use intake::Intake;
use lines::Lines;
use listener::Entry;
use listening::Listeners;
pub use listening::{Service, Wanted, bind, wanted};
use live::Live;
use logins::Logins;
use mail::Post;
use measures::Measures;
use notices::Notices;
use threads::Threads;
use watch::Readiness;
use writer::Lanes;

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data folder.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The key pair.
    #[error("{}: {cause}", .file.display())]
    Keys {
        /// The private key's file.
        file: std::path::PathBuf,
        /// What is wrong with it.
        cause: KeyError,
    },
    /// The file with the password of the administrator that the configuration wants.
    #[error("{}: {cause}", .file.display())]
    Password {
        /// The file.
        file: std::path::PathBuf,
        /// What is wrong with it.
        cause: io::Error,
    },
    /// The administrator that the configuration wants cannot be made.
    #[error("no administrator can be made: {0}")]
    Administrator(#[from] SystemError),
    /// The operating system.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// What all connections share.
pub struct Server {
    limits: Limits,
    registry: Arc<Registry>,
    fanout: Fanout,
    fragments: Fragments,
    lanes: Arc<Lanes>,
    /// Where work for the clerk is left.
    inbox: Inbox,
    clerk: Clerk,
    live: Live,
    /// Questions that never wait for an integration.
    readers: Threads,
    /// Questions that may.
    writers: Threads,
    /// Users whose Realms are to be made or opened, each one after another: what that takes of the disk is taken from others.
    opening: Arc<Lines<UserId>>,
    budget: Budget,
    intake: Arc<Intake>,
    /// Realms that users have made lately.
    makers: Attempts<UserId>,
    claims: Claims,
    logins: Logins,
    door: Door,
    http: Http,
    notices: Arc<Notices>,
    measures: Arc<Measures>,
    held: Held,
    readiness: Readiness,
    listeners: Listeners,
    /// One for each open connection.
    places: Arc<Semaphore>,
    crowd: Arc<Crowd>,
    /// What HTTPS shows, if there is a listener for it.
    identity: OnceLock<Identity>,
    started: UnixTime,
    connections: AtomicU64,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Server {
    /// Whether a user may make one more Realm now. It is taken to have made it.
    fn may_make(&self, caller: &Caller) -> bool {
        let may = caller.admin || self.makers.begin(&caller.user, clock::now());
        if !may && self.notices.is_new("makes too many Realms", &caller.user.0) {
            let (user, most) = (&caller.user, self.limits.new_realms);
            tracing::warn!(%user, most, "a user makes too many Realms and has to wait");
        }
        may
    }

    /// Whether it is believed who it says that it comes for.
    fn trusts(&self, address: IpAddr) -> bool {
        let settings = self.door.settings();
        let mut trusted = settings.trusted_proxies.iter();
        trusted.any(|network| network.contains(address))
    }

    /// The Realm was there.
    fn made_none(&self, caller: &Caller) {
        self.makers.take_back(&caller.user);
    }
}

/// A server that is ready to run.
pub struct Prepared {
    server: Arc<Server>,
    listeners: Vec<(Service, TcpListener)>,
    metrics: Option<TcpListener>,
}

/// A running server, for those who watch over it.
#[derive(Clone)]
pub struct Handle(Arc<Server>);

impl Handle {
    /// Takes another configuration where that is possible while running. What has changed, and what waits for a restart.
    pub fn configure(&self, wanted: Settings) -> Reload {
        let reload = Reload::new(&self.0.door.settings(), wanted);
        self.0.door.configure(reload.settings.clone());
        if let Some(identity) = self.0.identity.get() {
            certificate::reload(identity, &reload.settings);
        }
        self.0.live.all_changed();
        reload
    }

    /// The server in one line.
    pub fn summary(&self) -> String {
        let measures = &self.0.measures;
        let realms = self.0.registry.count();
        let (connections, sessions) = (measures.open.get(), measures.sessions.get());
        format!("{connections} connections, {sessions} sessions, {realms} Realms open")
    }
}

/// Opens the data folder and everything in it that the server needs.
pub fn prepare(settings: Settings) -> Result<Prepared, StartError> {
    memory::keep_little();
    let limits = fitting(&settings.limits);
    if settings.providers.let_anybody_in() {
        tracing::warn!(
            "whoever reaches this server may be anybody, an administrator too: auth.providers.debug is on"
        );
    }
    let public_key = settings.public_key.as_deref();
    let keys =
        KeyPair::read(&settings.private_key, public_key).map_err(|cause| StartError::Keys {
            file: settings.private_key.clone(),
            cause,
        })?;
    let keys = KeyRing::new(keys, previous_keys(&settings)?);
    storage::bound_memory(limits.database_cache_bytes)?;
    let store = Store::open(&settings.root, clock::random)?;
    store.note(&note(&settings))?;
    let issuers = Issuers::read(&settings);
    let issuers = issuers.map_err(|(file, cause)| StartError::Keys { file, cause })?;
    let system = Arc::new(System::open(Arc::new(settings), keys)?);
    system.trust(issuers);
    first::make(&system, &system.settings())?;
    let logins = Logins::default();
    let around = Around {
        logins: logins.clone(),
        post: Post::start(&system.settings().mail)?,
    };
    let registry = Arc::new(Registry::new(store, &limits));
    let fanout = Fanout::default();
    let notices = Arc::new(Notices::default());
    let measures = Arc::new(Measures::default());
    let inbox = Inbox::default();
    let lanes = Lanes::start(
        registry.clone(),
        fanout.clone(),
        inbox.clone(),
        notices.clone(),
        measures.clone(),
        &limits,
    )?;
    let lanes = Arc::new(lanes);
    let list = registry.open(&list_of_realms(), true)?;
    let settled = system.settle_owners(clock::now());
    let compared = settled.and_then(|()| system.compare_list(&list, clock::now()));
    let managed = compared.and_then(|()| clerk::managed(&system));
    let managed = managed.map_err(|error| io::Error::other(error.to_string()))?;
    let is_filled = System::list_shows_permissions(&list);
    let is_filled = is_filled.map_err(|error| io::Error::other(error.to_string()))?;
    drop(list);
    let live = watched(&system, &inbox);
    let removals = system.removals();
    for realm in removals.map_err(|error| io::Error::other(error.to_string()))? {
        live.removed(&realm, None); // from before: nobody has it open
    }
    let tools = Tools {
        system: system.clone(),
        registry: registry.clone(),
        lanes: lanes.clone(),
        notices: notices.clone(),
        live: live.clone(),
    };
    let unfilled = (!is_filled).then(list_of_realms);
    let clerk = Clerk::start(tools, inbox.clone(), managed, unfilled.as_ref())?;
    let server = Server {
        inbox,
        clerk,
        live,
        fragments: Fragments::new(limits.fragments_bytes),
        readers: Threads::new(limits.realm_threads, cores()),
        writers: Threads::new(writers(), 1),
        opening: Lines::new(1),
        budget: Budget::new(limits.downloads_bytes, limits.download_bytes),
        intake: Arc::new(Intake::new(&limits, cores())),
        makers: Attempts::new(
            limits.new_realms,
            limits.new_realms_time,
            limits.wrong_passwords_names,
        ),
        claims: Claims::default(),
        http: Http::new(system.clone(), Arc::new(around), limits.clone()),
        door: Door::new(system),
        logins,
        notices,
        measures,
        held: Held::default(),
        readiness: Readiness::default(),
        listeners: Listeners::default(),
        places: Arc::new(Semaphore::new(limits.connections)),
        crowd: Crowd::new(limits.connections_per_address),
        identity: OnceLock::new(),
        started: clock::now(),
        connections: AtomicU64::new(0),
        tasks: TaskTracker::new(),
        stop: CancellationToken::new(),
        limits,
        registry,
        fanout,
        lanes,
    };
    Ok(Prepared {
        server: Arc::new(server),
        listeners: Vec::new(),
        metrics: None,
    })
}

/// The keys whose tokens still count.
fn previous_keys(settings: &Settings) -> Result<Vec<PublicKey>, StartError> {
    let files = settings.previous_public_keys.iter();
    files
        .map(|file| {
            PublicKey::read(file).map_err(|cause| StartError::Keys {
                file: file.clone(),
                cause,
            })
        })
        .collect()
}

/// From now on sessions and the clerk hear of what the system changes.
fn watched(system: &System, inbox: &Inbox) -> Live {
    let live = Live::default();
    let (inbox, sessions) = (inbox.clone(), live.clone());
    system.watch(move |changes| {
        for change in changes {
            match change {
                Changed::Rights(realm, user) => sessions.changed(realm, user),
                Changed::Removed(realm, gone) => {
                    sessions.removed(realm, gone.as_ref());
                    inbox.effects();
                }
                Changed::Effects => inbox.effects(),
                Changed::Users => inbox.users(),
            }
        }
    });
    live
}

/// What other programs on this machine may want to know of this server: a JSON object in the file `lock` of the data folder.
fn note(settings: &Settings) -> String {
    let keys = std::iter::once(&settings.private_key).chain(&settings.public_key);
    let keys: Vec<_> = keys
        .map(|key| std::path::absolute(key).unwrap_or_else(|_| key.clone()))
        .collect();
    let note = serde_json::json!({ "pid": std::process::id(), "version": env!("CARGO_PKG_VERSION"), "keys": keys });
    note.to_string() + "\n"
}

/// The bounds that this process can keep.
fn fitting(wanted: &Limits) -> Limits {
    const FEW: usize = 10_000;
    let files = descriptors::raise();
    let limits = wanted.clone().within(files);
    if limits.connections < wanted.connections.min(FEW) {
        let (connections, realms) = (limits.connections, limits.open_realms);
        tracing::warn!(
            files,
            connections,
            realms,
            "few files may be open, so few clients can be connected; raise the limit (ulimit -Hn, LimitNOFILE= of systemd)"
        );
    }
    limits
}

/// The threads that the runtime must have for work that waits.
pub fn waiting_threads(limits: &Limits) -> usize {
    // Some are for file systems, names and whatever else the runtime does with them.
    const OTHERS: usize = 8;
    limits.realm_threads
        + writers()
        + cores()
        + limits.http_threads
        + limits.password_hashes
        + OTHERS
}

/// Only a Realm that is being integrated holds one of these up, and no more are integrated at a time than there are lanes.
fn writers() -> usize {
    writer::thread_count() + 4
}

fn cores() -> usize {
    std::thread::available_parallelism()
        .map_or(2, usize::from)
        .max(2)
}

impl Prepared {
    /// The server, for those who watch over it.
    pub fn handle(&self) -> Handle {
        Handle(self.server.clone())
    }

    /// The same, with a listener for metrics.
    pub fn with_metrics(self, listener: TcpListener) -> Prepared {
        Prepared {
            metrics: Some(listener),
            ..self
        }
    }

    /// The same, with a listener more.
    pub fn with(mut self, service: Service, listener: TcpListener) -> Prepared {
        if let Service::Https(identity) = &service {
            drop(self.server.identity.set(identity.clone())); // there is one at most
        }
        self.listeners.push((service, listener));
        self
    }

    /// Serves until `shutdown`, then until every connection has ended and everything received is stored.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let Prepared {
            server,
            listeners,
            metrics,
        } = self;
        let sync = listening::sync_past_the_proxy(&listeners);
        let mut accepting = JoinSet::new();
        for (service, listener) in listeners {
            server.listeners.add(service.name(), &listener);
            let sync = sync.filter(|_| matches!(service, Service::Web));
            let entry = Entry { service, sync };
            accepting.spawn(listener::accept(server.clone(), listener, entry));
        }
        let mut until_the_end = JoinSet::new();
        if let Some(listener) = metrics {
            server.listeners.add("metrics", &listener);
            until_the_end.spawn(scrape::accept(server.clone(), listener));
        }
        if let Some(identity) = server.identity.get() {
            until_the_end.spawn(certificate::watch(identity.clone()));
        }
        shutdown.await;
        accepting.shutdown().await;
        server.stop.cancel();
        server.tasks.close();
        server.tasks.wait().await;
        let flushed = tokio::task::spawn_blocking(move || {
            server.clerk.stop();
            server.lanes.drain();
            server.registry.close()
        });
        for (realm, error) in flushed.await.unwrap_or_default() {
            tracing::error!(%realm, %error, "reported progress could not be stored");
        }
    }
}
