//! What the session machine asks of the server, carried out: Realms opened, files looked up, uploads queued, downloads made.
//!
//! Every question is answered by one event into the connection's queue; blocking work runs on threads for it. The queue is unbounded in form only: a session has one
//! question open at a time, uploads are bounded by the machine, and news of versions is merged into one notice for each session.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::mpsc;

use super::Server;
use super::claims::Claim;
use super::refusal;
use super::writer::Strand;
use crate::access::{Caller, Rights};
use crate::download;
use crate::fanout::Subscription;
use crate::ident::{DownloadCursor, FileIdent, RealmName, Salt, ServerVersion};
use crate::limits::Limits;
use crate::realm::{Allow, Foreign, Pending, Realm, RealmError, Uploaded};
use crate::session::{Bound, Close, Download, FileFacts, Input, Output, SessionKey, StoredFile};
use crate::wire::{Action, ErrorCode, Protocol, UploadEntry, WireError};

/// What happens to a connection beside its socket.
pub enum Event {
    /// An answer for the session machine.
    Input(Input),
    /// The session's Realm has news; the version is where the subscription keeps it.
    News(SessionKey),
    /// The connection must go.
    Close(Close),
}

/// The desk of one connection.
pub struct Desk {
    server: Arc<Server>,
    caller: Arc<Caller>,
    protocol: Protocol,
    /// Knows the connection in logs.
    id: Arc<str>,
    sessions: HashMap<SessionKey, Bench>,
    events: mpsc::UnboundedSender<Event>,
}

/// What belongs to one session.
struct Bench {
    realm: RealmName,
    rights: Rights,
    subscription: Subscription,
    claim: Option<Claim>,
    uploads: Strand,
}

impl Desk {
    /// The desk of a connection of `caller`; answers go to `events`.
    pub fn new(
        server: Arc<Server>,
        caller: Caller,
        protocol: Protocol,
        id: Arc<str>,
        events: mpsc::UnboundedSender<Event>,
    ) -> Desk {
        Desk {
            server,
            caller: Arc::new(caller),
            protocol,
            id,
            sessions: HashMap::new(),
            events,
        }
    }

    /// The server's bounds.
    pub fn limits(&self) -> &Limits {
        &self.server.limits
    }

    /// Knows the connection in logs.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The version that a session's news is about, if it was not taken before.
    pub fn news(&self, session: SessionKey) -> Option<ServerVersion> {
        self.sessions.get(&session)?.subscription.take()
    }

    /// Carries out what the machine asks, beside sending and closing.
    pub fn carry_out(&mut self, output: Output) {
        match output {
            Output::Bind {
                session,
                path,
                token: _,
                need_client_file_ident,
            } => self.bind(session, &path, need_client_file_ident),
            Output::LookUp {
                session,
                file,
                salt,
                latest,
            } => self.look_up(session, file, salt, latest),
            Output::Claim { session, file } => self.claim(session, file),
            Output::Integrate {
                session,
                file,
                entries,
                progress,
                locked,
            } => {
                let changesets = entries.into_iter().map(uploaded).collect();
                self.integrate(
                    session,
                    Pending {
                        ident: file,
                        changesets,
                        progress,
                        locked,
                        allow: Allow {
                            data: true,
                            schema: true,
                        },
                    },
                );
            }
            Output::Read {
                session,
                file,
                from,
            } => self.read(session, file, from),
            Output::Release(session) => {
                self.sessions.remove(&session);
            }
            Output::Report { session, text } => {
                tracing::info!(connection = %self.id, session = session.0, "{text}")
            }
            Output::Send(_) | Output::Close(_) => {}
        }
    }

    fn bind(&mut self, session: SessionKey, path: &[u8], need_client_file_ident: bool) {
        let (realm, rights) = match self.server.door.open(&self.caller, path) {
            Ok(opened) => opened,
            Err(error) => return self.answer(Input::Bound(session, Err(error))),
        };
        tracing::debug!(connection = %self.id, user = %self.caller.user, %realm, "BIND");
        let events = self.events.clone();
        // Subscribed before the head is read, so that no version falls between.
        let subscription = self
            .server
            .fanout
            .subscribe(&realm, move || drop(events.send(Event::News(session))));
        self.sessions.insert(
            session,
            Bench {
                realm: realm.clone(),
                rights,
                subscription,
                claim: None,
                uploads: Strand::default(),
            },
        );
        self.ask(
            session,
            true,
            move |realm| {
                let file = if need_client_file_ident {
                    Some(realm.allocate_client_file()?)
                } else {
                    None
                };
                Ok(Bound {
                    realm: realm.name().clone(),
                    file,
                })
            },
            Input::Bound,
        );
    }

    fn look_up(&self, session: SessionKey, file: FileIdent, salt: Salt, latest: ServerVersion) {
        let may_hold = !self.server.door.resets_unknown_files(&self.caller);
        self.ask(
            session,
            false,
            move |realm| {
                let stored = realm.client_file(file)?.map(|file| StoredFile {
                    salt: file.salt,
                    upload: file.upload,
                    locked: file.locked,
                    expired: file.expired,
                });
                let foreign = stored.is_none_or(|stored| stored.salt != salt);
                Ok(FileFacts {
                    held: may_hold && foreign && holds(realm)?,
                    file: stored,
                    head: realm.head(),
                    latest_salt: realm.salt_at(latest)?,
                })
            },
            Input::ClientFile,
        );
    }

    fn claim(&mut self, session: SessionKey, file: FileIdent) {
        let events = self.events.clone();
        if let Some(bench) = self.sessions.get_mut(&session) {
            bench.claim = Some(self.server.claims.take(&bench.realm, file, move || {
                drop(events.send(Event::Close(Close::Superseded)))
            }));
        }
    }

    fn integrate(&self, session: SessionKey, mut pending: Pending) {
        let Some(bench) = self.sessions.get(&session) else {
            return;
        };
        pending.allow = Allow {
            data: bench.rights.write,
            schema: bench.rights.write,
        };
        let events = self.events.clone();
        let reply = Box::new(move |outcome: Result<(), _>| {
            drop(events.send(Event::Input(Input::Integrated(
                session,
                outcome.map_err(refusal::told),
            ))));
        });
        self.server
            .lanes
            .push(&bench.realm, pending, &bench.uploads, reply);
    }

    /// Makes a DOWNLOAD: at once if all it needs is in memory, which is so for whatever has just been announced, else on a thread that may block.
    fn read(&self, session: SessionKey, file: FileIdent, from: DownloadCursor) {
        let (protocol, limit) = (self.protocol, self.server.limits.download_bytes);
        let fragments = self.server.fragments.clone();
        let opened = self
            .sessions
            .get(&session)
            .and_then(|bench| self.server.registry.opened(&bench.realm));
        if let Some(Ok(made)) =
            opened.and_then(|realm| download::make_now(&realm, &fragments, file, from, protocol))
        {
            return self.answer(Input::Downloaded(session, Ok(downloaded(made))));
        }
        let question = move |realm: &Realm| {
            download::make(realm, &fragments, file, from, protocol, limit).map(downloaded)
        };
        self.ask(session, false, question, Input::Downloaded);
    }

    fn answer(&self, input: Input) {
        // The connection's task owns the other end; when it is gone nobody waits for answers.
        drop(self.events.send(Event::Input(input)));
    }

    /// Answers a session's question from its Realm, on a thread that may block.
    fn ask<T: 'static>(
        &self,
        session: SessionKey,
        create: bool,
        question: impl FnOnce(&Realm) -> Result<T, RealmError> + Send + 'static,
        input: fn(SessionKey, Result<T, WireError>) -> Input,
    ) {
        let Some(bench) = self.sessions.get(&session) else {
            return;
        };
        let (name, registry, events) = (
            bench.realm.clone(),
            self.server.registry.clone(),
            self.events.clone(),
        );
        let (id, server, caller) = (self.id.clone(), self.server.clone(), self.caller.clone());
        tokio::task::spawn_blocking(move || {
            let work = || {
                if create && let Err(error) = server.door.register(&name, &caller) {
                    tracing::error!(connection = %id, realm = %name, %error, "the list of Realms cannot be written");
                    return Err(unavailable());
                }
                let result = registry
                    .open(&name, create)
                    .and_then(|realm| question(&realm));
                result.map_err(|error| {
                    tracing::error!(connection = %id, realm = %name, %error, "Realm not available");
                    unavailable()
                })
            };
            drop(events.send(Event::Input(input(session, work()))));
        });
    }
}

fn unavailable() -> WireError {
    WireError::new(ErrorCode::OtherSessionError)
        .because("the Realm is not available")
        .with(Action::Transient)
}

/// Whether a client file of another server is put off; the operator hears of the first.
fn holds(realm: &Realm) -> Result<bool, RealmError> {
    let foreign = realm.foreign_file()?;
    if foreign == (Foreign::Held { first: true }) {
        tracing::warn!(
            realm = %realm.name(),
            "a device came with a file of another server, and this Realm is empty: such devices are held, for a reset would remove their data. Import the Realm's data, \
             or set `unknown_files: reset` for the app to have them start over with what this server has"
        );
    }
    Ok(matches!(foreign, Foreign::Held { .. }))
}

fn downloaded(made: download::Made) -> Download {
    Download {
        cursor: made.cursor,
        head: made.head,
        upload: made.upload,
        remaining_bytes: made.remaining_bytes,
        body: made.body.bytes,
        plain_size: made.body.plain_length,
        compressed: made.body.compressed,
    }
}

fn uploaded(entry: UploadEntry) -> Uploaded {
    Uploaded {
        client_version: entry.cursor.client_version,
        server_version: entry.cursor.server_version,
        timestamp: entry.timestamp,
        origin: entry.origin,
        changeset: entry.changeset,
    }
}
