//! An open Realm: the copy, and the task that keeps it in sync.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::sync::{broadcast, mpsc, oneshot, watch};

use super::link::{self, Command, Status};
use super::{ClientError, Options, Place, RealmAddress, User};
use crate::ident::{ClientVersion, OriginTimestamp};
use crate::replica::{Local, Progress, Replica, Rules, Touched, Transaction, WriteError};
use crate::state::{CellError, Content, MemoryCells, Overlay, Reader, Schema};
use crate::storage::ReplicaFile;

/// A Realm that is kept in sync for as long as this value, or a clone of it, lives.
#[derive(Clone)]
pub struct Realm {
    shared: Arc<Shared>,
    commands: mpsc::UnboundedSender<Command>,
}

/// What the task shares with whoever holds the Realm.
pub(super) struct Shared {
    pub user: User,
    pub address: RealmAddress,
    pub options: Options,
    replica: Mutex<Replica>,
    pub status: watch::Sender<Status>,
    news: broadcast::Sender<Arc<Touched>>,
}

/// What has been touched, commit by commit.
pub struct Changes {
    news: broadcast::Receiver<Arc<Touched>>,
}

/// Commits that a slow observer may be behind; then it hears of one that touched the schema.
const NEWS: usize = 1024;

/// Opens the copy and starts the task.
pub(super) async fn open(
    user: User,
    address: RealmAddress,
    place: Place,
    options: Options,
) -> Result<Realm, ClientError> {
    let opened = tokio::task::spawn_blocking(move || {
        let local = match place {
            Place::Memory => Local::Memory(MemoryCells::default()),
            Place::File(path) => Local::File(ReplicaFile::open(&path)?),
        };
        Ok::<_, ClientError>(Replica::open(local, Rules::SERVER)?)
    });
    let replica = opened.await.map_err(|error| ClientError::Strange {
        url: "the local copy".into(),
        cause: error.to_string(),
    })??;
    let status = Status::new(*replica.progress());
    let shared = Arc::new(Shared {
        user,
        address,
        options,
        replica: Mutex::new(replica),
        status: watch::Sender::new(status),
        news: broadcast::Sender::new(NEWS),
    });
    let (commands, received) = mpsc::unbounded_channel();
    tokio::spawn(link::run(shared.clone(), received));
    Ok(Realm { shared, commands })
}

impl Shared {
    pub fn replica(&self) -> MutexGuard<'_, Replica> {
        self.replica.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells whoever waits that the copy has moved on.
    pub fn moved(&self, touched: Touched) {
        // Read in there, so that of two who tell it at a time the later one has the newer.
        self.status
            .send_modify(|status| status.progress = *self.replica().progress());
        if !touched.is_empty() {
            drop(self.news.send(Arc::new(touched))); // nobody may be listening
        }
    }
}

impl Realm {
    /// Makes a transaction; it is kept when this returns, and uploaded as soon as there is a connection. What `edit` returns as an error leaves nothing behind.
    pub fn write<T, E: From<WriteError>>(
        &self,
        edit: impl FnOnce(&mut Transaction<'_, '_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let (result, touched) = self.shared.replica().write(now(), edit)?;
        self.shared.moved(touched);
        self.tell(Command::Changed);
        Ok(result)
    }

    /// Looks at what it contains.
    pub fn look<T>(
        &self,
        look: impl FnOnce(&Schema, &mut Overlay<&Local>) -> Result<T, CellError>,
    ) -> Result<T, ClientError> {
        Ok(self.shared.replica().look(look)?)
    }

    /// A field of an object, if both are there.
    pub fn get(
        &self,
        class: &str,
        key: &crate::changeset::Key,
        field: &str,
    ) -> Result<Option<Content>, ClientError> {
        self.look(|schema, cells| {
            let Some(class) = schema.class(&class.into()).cloned() else {
                return Ok(None);
            };
            let fields = Reader::new(cells, schema).object(&class, key)?;
            let found = fields
                .into_iter()
                .flatten()
                .find(|found| found.name.as_bytes() == field.as_bytes());
            Ok(found.map(|found| found.content))
        })
    }

    /// How far it has come.
    pub fn progress(&self) -> Progress {
        *self.shared.replica().progress()
    }

    /// Bytes of own changesets that the server has not acknowledged.
    pub fn unacknowledged_bytes(&self) -> usize {
        self.shared.replica().unacknowledged_bytes()
    }

    /// The newest own version with a change in it, which the server may have already. Versions after it are integrations, which the server never acknowledges.
    pub fn written(&self) -> ClientVersion {
        self.shared.replica().written()
    }

    /// Waits until the server has everything, durably, that was written up to now; after a client reset, whatever of it was made again.
    pub async fn wait_for_upload(&self) -> Result<(), ClientError> {
        let (resets, written) = {
            let replica = self.shared.replica();
            (replica.resets(), replica.written())
        };
        self.wait(|_| {
            let replica = self.shared.replica();
            let wanted = match replica.resets() == resets {
                true => written,
                false => replica.written(),
            };
            !replica.has_parked() && replica.progress().acknowledged >= wanted
        })
        .await
    }

    /// Waits until the server has this own version, durably; [`Realm::written`] tells which there are to wait for. After a client reset they begin anew. The newest that it has.
    pub async fn wait_for_own(&self, version: ClientVersion) -> Result<ClientVersion, ClientError> {
        self.wait(|status| status.progress.acknowledged >= version)
            .await?;
        Ok(self.progress().acknowledged)
    }

    /// Waits until no more than so many bytes of own changesets are unacknowledged: what keeps a long series of transactions within bounds.
    pub async fn wait_for_room(&self, bytes: usize) -> Result<(), ClientError> {
        self.wait(|_| self.unacknowledged_bytes() <= bytes).await
    }

    /// Waits until everything is here that is on the server now.
    pub async fn wait_for_download(&self) -> Result<(), ClientError> {
        let (done, marked) = oneshot::channel();
        self.tell(Command::Mark(done));
        tokio::select! {
            Ok(()) = marked => Ok(()),
            failed = self.wait(|_| false) => failed,
        }
    }

    /// Waits until so much of the server's history is here.
    pub async fn wait_for_version(
        &self,
        version: crate::ident::ServerVersion,
    ) -> Result<(), ClientError> {
        self.wait(|status| status.progress.download.server_version >= version)
            .await
    }

    async fn wait(&self, done: impl Fn(&Status) -> bool) -> Result<(), ClientError> {
        let mut status = self.shared.status.subscribe();
        let met = status.wait_for(|status| status.failed.is_some() || done(status));
        // The sender lives as long as this value.
        match met.await.ok().and_then(|status| status.failed.clone()) {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    /// What is touched from now on.
    pub fn changes(&self) -> Changes {
        Changes {
            news: self.shared.news.subscribe(),
        }
    }

    /// Whether there is a connection.
    pub fn is_connected(&self) -> bool {
        self.shared.status.borrow().connected
    }

    /// Waits until the first attempt to connect has succeeded or failed.
    pub async fn wait_for_connection(&self) -> Result<(), ClientError> {
        self.wait(|status| status.connected || status.trouble.is_some())
            .await?;
        match self.trouble() {
            Some(trouble) if !self.is_connected() => Err(trouble),
            Some(_) | None => Ok(()),
        }
    }

    /// Why the last attempt to connect has failed, while there is no connection.
    pub fn trouble(&self) -> Option<ClientError> {
        self.shared.status.borrow().trouble.clone()
    }

    /// Goes offline, or online again.
    pub fn set_online(&self, online: bool) {
        self.tell(Command::Online(online));
    }

    /// Loses the connection without a word, as a bad network does.
    pub fn lose_connection(&self) {
        self.tell(Command::Lose);
    }

    /// Ends the connection and the task. What was not uploaded stays in the copy, if that is in a file.
    pub async fn close(self) {
        let (done, closed) = oneshot::channel();
        self.tell(Command::Close(done));
        drop(closed.await); // the task may have ended already
    }

    fn tell(&self, command: Command) {
        drop(self.commands.send(command)); // a task that has ended has said why in the status
    }
}

impl Changes {
    /// The next; nothing when the Realm is closed.
    pub async fn next(&mut self) -> Option<Arc<Touched>> {
        match self.news.recv().await {
            Ok(touched) => Some(touched),
            Err(broadcast::error::RecvError::Closed) => None,
            Err(broadcast::error::RecvError::Lagged(_)) => Some(Arc::new(Touched {
                schema: true,
                ..Touched::default()
            })),
        }
    }
}

/// The time by the wall clock, as changesets carry it.
pub(super) fn now() -> OriginTimestamp {
    /// 2015-01-01T00:00:00Z, in seconds since 1970.
    const EPOCH: u128 = 1_420_070_400;
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let milliseconds = since
        .map_or(0, |time| time.as_millis())
        .saturating_sub(EPOCH * 1000);
    OriginTimestamp(u64::try_from(milliseconds).unwrap_or_default())
}
