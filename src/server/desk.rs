//! What the session machine asks of the server, carried out: Realms opened, files looked up, uploads queued, downloads made.
//!
//! Every question is answered by one event into the connection's queue; blocking work runs on threads for it. The queue is unbounded in form only: questions are
//! counted, and a client with too many is not heard; uploads are bounded by the machine, and news of versions is merged into one notice for each session.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use super::Server;
use super::between;
use super::budget::Budget;
use super::claims::Claim;
use super::clerk;
use super::events::{Event, Events};
use super::intake::Intake;
use super::live::{self, Change};
use super::measures::Counted;
use super::tally::Tally;
use super::threads::Panicked;
use super::writer::Strand;
use super::{clock, logins, refusal};
use crate::access::{Caller, Endpoint};
use crate::audit::{Act, Entry};
use crate::download;
use crate::fanout::Subscription;
use crate::ident::{FileIdent, RealmName, Salt, ServerVersion, SessionIdent, UploadCursor};
use crate::limits::Limits;
use crate::log::DETAIL;
use crate::realm::{self, Allow, Foreign, Pending, Realm, RealmError};
use crate::secret::Secret;
use crate::session::{Close, Input, Output, SessionKey};
use crate::system::Refusal;
use crate::wire::{Action, ErrorCode, Protocol, WireError};

/// Enters a caller.
fn guest(server: &Server, caller: Caller, events: &Events) -> Guest {
    let events = events.clone();
    // The client asks for a new access token, and hears that its login is over.
    let over = move || events.send(Event::Close(Close::TokenExpired));
    Guest {
        _entry: Arc::new(server.logins.enter(&caller, over)),
        caller: Arc::new(caller),
    }
}

/// The desk of one connection.
pub struct Desk {
    server: Arc<Server>,
    endpoint: Endpoint,
    /// Who has shown a token with the upgrade.
    caller: Option<Guest>,
    protocol: Protocol,
    /// Knows the connection in logs.
    id: Arc<str>,
    /// In boxes: most connections have one session, and a map makes room for more.
    sessions: HashMap<SessionKey, Box<Bench>>,
    /// Questions that are not answered yet.
    asked: usize,
    events: Events,
    tally: Tally,
}

/// A caller, and its entry among the logins: when its login ends, the connection does.
#[derive(Clone)]
struct Guest {
    caller: Arc<Caller>,
    _entry: Arc<logins::Entry>,
}

/// What belongs to one session.
struct Bench {
    guest: Guest,
    realm: RealmName,
    subscription: Subscription,
    claim: Option<Claim>,
    uploads: Strand,
    live: live::Entry,
    _counted: Counted,
}

impl Desk {
    /// The desk of a connection of `caller`; answers go to `events`.
    pub fn new(
        server: Arc<Server>,
        endpoint: Endpoint,
        caller: Option<Caller>,
        protocol: Protocol,
        id: Arc<str>,
        events: Events,
        tally: Tally,
    ) -> Desk {
        Desk {
            caller: caller.map(|caller| guest(&server, caller, &events)),
            server,
            endpoint,
            protocol,
            id,
            sessions: HashMap::new(),
            asked: 0,
            events,
            tally,
        }
    }

    /// The server's bounds.
    pub fn limits(&self) -> &Limits {
        &self.server.limits
    }

    /// The memory for large DOWNLOADs.
    pub fn budget(&self) -> &Budget {
        &self.server.budget
    }

    /// The memory for large messages.
    pub fn intake(&self) -> &Arc<Intake> {
        &self.server.intake
    }

    /// Whether the client may cause further questions.
    pub fn may_ask(&self) -> bool {
        self.asked < self.server.limits.questions_per_connection
    }

    /// A question was answered.
    pub fn answered(&mut self) {
        self.asked -= 1;
    }

    /// What the connection does is counted here.
    pub fn tally(&mut self) -> &mut Tally {
        &mut self.tally
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
                token,
                need_client_file_ident,
            } => {
                if let Err(error) = self.bind(session, &path, &token, need_client_file_ident) {
                    self.asked += 1;
                    // The connection's task owns the other end, and this is called by it.
                    let answer = Event::Answer(Input::Bound(session, Err(error)));
                    self.events.send(answer);
                }
            }
            Output::LookUp {
                session,
                file,
                salt,
                latest,
            } => self.look_up(session, file, salt, latest),
            Output::Claim { session, file } => self.claim(session, file),
            Output::Note {
                session,
                file,
                progress,
                locked,
            } => self.note(session, file, progress, locked),
            Output::Integrate {
                session,
                file,
                entries,
                progress,
                locked,
            } => {
                if self.tally.uploaded(&entries) {
                    self.clock_ahead();
                }
                let allow = Allow::NOTHING; // the strand says it
                let pending = between::pending(file, entries, progress, locked, allow);
                self.integrate(session, pending);
            }
            Output::Release(session) => {
                if let Some(bench) = self.sessions.remove(&session) {
                    tracing::debug!(target: DETAIL, connection = %self.id, realm = %bench.realm, session = session.0, "session ends");
                }
            }
            Output::Report {
                session,
                error,
                text,
            } => self.report(session, error, &text),
            Output::Read { .. } | Output::Send(_) | Output::Close(_) => {}
        }
    }

    fn report(&mut self, session: SessionIdent, error: Option<ErrorCode>, text: &str) {
        if let Some(code) = error {
            self.server.measures.error(code);
        }
        if session == SessionIdent(0) {
            self.tally.ends(text);
        }
        let user = self.user();
        if self.server.notices.is_new(text, user) {
            tracing::info!(connection = %self.id, user, session = session.0, "{text}");
        }
    }

    /// Who has opened the connection.
    fn user(&self) -> &str {
        let caller = self.caller.as_ref();
        caller.map_or("-", |guest| &*guest.caller.user.0)
    }

    fn clock_ahead(&self) {
        let user = self.user();
        if self.server.notices.is_new("clock ahead", user) {
            tracing::warn!(connection = %self.id, user, "the clock of a device is more than five minutes ahead: what it writes wins over what others write until then");
        }
    }

    fn bind(
        &mut self,
        session: SessionKey,
        path: &[u8],
        token: &[u8],
        need_client_file_ident: bool,
    ) -> Result<(), WireError> {
        let guest = self.guest(token)?;
        let realm = self
            .server
            .door
            .realm(&guest.caller, path, self.tally.address())?;
        // Entered before it is decided, so that no change falls between.
        let uploads = Strand::new(Allow::NOTHING);
        let (events, strand) = (self.events.clone(), uploads.clone());
        let changed = move |change| match change {
            Change::Rights => events.send(Event::Rights(session)),
            Change::Removed => {
                strand.break_off();
                events.send(Event::Removed(session));
            }
            Change::RemovedWithUser => strand.break_off(),
        };
        let live = self.server.live.enter(&realm, &guest.caller.user, changed);
        let door = &self.server.door;
        uploads.allow(door.allowed(&guest.caller, &realm, self.tally.address())?);
        door.check_stays(&realm)?;
        self.tally.user(&guest.caller.user);
        self.tally.session(&realm);
        tracing::debug!(target: DETAIL, connection = %self.id, user = %guest.caller.user, %realm, session = session.0, "session begins");
        let events = self.events.clone();
        // Subscribed before the head is read, so that no version falls between.
        let subscription = self
            .server
            .fanout
            .subscribe(&realm, move || events.send(Event::News(session)));
        self.sessions.insert(
            session,
            Box::new(Bench {
                guest: guest.clone(),
                realm: realm.clone(),
                subscription,
                claim: None,
                uploads: uploads.clone(),
                live,
                _counted: Counted::session(&self.server.measures),
            }),
        );
        let user = guest.caller.user.clone();
        let maker = Maker {
            caller: guest.caller,
            uploads,
        };
        let work = if need_client_file_ident {
            Work::Write(maker)
        } else {
            Work::Make(maker)
        };
        self.ask(
            session,
            work,
            move |realm| between::bound(realm, need_client_file_ident, &user),
            Input::Bound,
        );
        Ok(())
    }

    /// Looks again at what a session's user may do. The error if it may not even read any more.
    pub fn recheck(&mut self, session: SessionKey) -> Option<WireError> {
        let bench = self.sessions.get_mut(&session)?;
        bench.live.heard(); // before the look, so that no change falls between
        let allowed =
            self.server
                .door
                .allowed(&bench.guest.caller, &bench.realm, self.tally.address());
        let allow = allowed.as_ref().copied();
        bench.uploads.allow(allow.unwrap_or(Allow::NOTHING));
        let error = allowed.err()?;
        if self.server.door.has_ended(&bench.guest.caller) {
            // Not a right is lost, but the login: the client is to ask for a token, and not to give the Realm up.
            self.events.send(Event::Close(Close::TokenExpired));
            return None;
        }
        Some(error)
    }

    /// Whose session it is: of whoever the token in BIND is of, else of whoever has opened the connection.
    fn guest(&self, token: &[u8]) -> Result<Guest, WireError> {
        let denied = |cause: &dyn std::fmt::Display| {
            WireError::new(ErrorCode::PermissionDenied).because(cause)
        };
        if token.is_empty() {
            let nobody = || denied(&"neither the connection nor BIND has shown a token");
            return self.caller.clone().ok_or_else(nobody);
        }
        let token = Secret::new(String::from_utf8_lossy(token));
        let caller = match self
            .server
            .door
            .caller(&self.endpoint, &token, self.tally.address())
        {
            Ok(caller) => caller,
            Err(Refusal::Unavailable(cause)) => {
                tracing::error!(connection = %self.id, cause, "the server's database failed");
                return Err(WireError::new(ErrorCode::OtherSessionError)
                    .because("the token could not be looked at; try again"));
            }
            Err(refusal @ (Refusal::NoSuchApp(_) | Refusal::Unauthorized(_))) => {
                return Err(denied(&refusal));
            }
        };
        let end = caller.expires_at.map(clock::instant);
        self.events.send(Event::Token(end));
        Ok(guest(&self.server, caller, &self.events))
    }

    fn look_up(&mut self, session: SessionKey, file: FileIdent, salt: Salt, latest: ServerVersion) {
        let Some(bench) = self.sessions.get(&session) else {
            return;
        };
        let caller = &bench.guest.caller;
        let (server, user) = (self.server.clone(), caller.user.clone());
        let may_hold = !self.server.door.resets_unknown_files(caller);
        self.ask(
            session,
            Work::Read,
            move |realm| {
                let stored = between::stored(realm, file, &user)?;
                let foreign = stored.is_none_or(|stored| stored.salt != salt);
                let held =
                    may_hold && foreign && !starts_over(&server, realm) && holds(&server, realm)?;
                between::facts(realm, stored, held, latest)
            },
            Input::ClientFile,
        );
    }

    fn claim(&mut self, session: SessionKey, file: FileIdent) {
        let events = self.events.clone();
        if let Some(bench) = self.sessions.get_mut(&session) {
            bench.claim = Some(self.server.claims.take(&bench.realm, file, move || {
                events.send(Event::Close(Close::Superseded));
            }));
        }
    }

    /// Takes note of progress: at once, if its Realm is open and has room for it.
    fn note(
        &self,
        session: SessionKey,
        file: FileIdent,
        progress: UploadCursor,
        locked: ServerVersion,
    ) {
        let Some(bench) = self.sessions.get(&session) else {
            return;
        };
        // Held from before the strand is looked at: what is held is not removed, so that nothing gets into another Realm of the name.
        let realm = self.server.registry.opened(&bench.realm);
        let is_noted = !bench.uploads.is_broken()
            && realm.is_some_and(|realm| realm.note(file, progress, locked));
        if !is_noted {
            let pending = between::pending(file, Vec::new(), progress, locked, Allow::NOTHING);
            // Whatever is wrong is told with the next upload.
            let lanes = &self.server.lanes;
            lanes.push(&bench.realm, pending, &bench.uploads, Box::new(|_| {}));
        }
    }

    fn integrate(&self, session: SessionKey, pending: Pending) {
        let Some(bench) = self.sessions.get(&session) else {
            return;
        };
        let events = self.events.clone();
        let entry = Entry::of(Act::Upload).by(&bench.guest.caller.user);
        let entry = entry.realm(&bench.realm).from(self.tally.address());
        let reply = Box::new(move |outcome: Result<(), _>| {
            if let Err(realm::Refusal::Denied(cause)) = &outcome {
                entry.refused(cause);
            }
            events.send(Event::Integrated(Input::Integrated(
                session,
                outcome.map_err(refusal::told),
            )));
        });
        self.server
            .lanes
            .push(&bench.realm, pending, &bench.uploads, reply);
    }

    /// Makes a DOWNLOAD at once if all it needs is in memory and small, which is so for whatever has just been announced.
    pub fn read_now(&mut self, read: &Output) -> Option<Input> {
        let Output::Read {
            session,
            file,
            from,
        } = *read
        else {
            return None;
        };
        let bench = self.sessions.get(&session)?;
        let realm = self.server.registry.opened(&bench.realm)?;
        let (fragments, limit) = (&self.server.fragments, self.server.limits.download_bytes);
        let made = download::make_now(&realm, fragments, file, from, self.protocol, limit)?;
        let made = made.ok()?;
        self.tally.downloaded(made.changesets);
        Some(Input::Downloaded(session, Ok(between::downloaded(made))))
    }

    /// Makes a DOWNLOAD on a thread that may block, when there is memory for it. Whether there will be an answer.
    pub fn read(&mut self, read: Output) -> bool {
        let Output::Read {
            session,
            file,
            from,
        } = read
        else {
            return false;
        };
        let Some(bench) = self.sessions.get(&session) else {
            return false;
        };
        let (realm, server, events) = (
            bench.realm.clone(),
            self.server.clone(),
            self.events.clone(),
        );
        let (id, protocol) = (self.id.clone(), self.protocol);
        self.asked += 1;
        let tasks = server.tasks.clone();
        tasks.spawn(async move {
            let mut share = server.budget.take().await;
            let (fragments, limit) = (server.fragments.clone(), server.limits.download_bytes);
            let question =
                move |realm: &Realm| download::make(realm, &fragments, file, from, protocol, limit);
            let answer = answer(&server, &realm, &id, Work::Read, question).await;
            let sizes = |made: &download::Made| (made.body.bytes.len(), made.changesets);
            let (bytes, changesets) = answer.as_ref().map_or((0, 0), sizes);
            server.budget.correct(&mut share, bytes);
            let answer = Input::Downloaded(session, answer.map(between::downloaded));
            events.send(Event::Made(answer, changesets, Some(share)));
        });
        true
    }

    /// Answers a session's question from its Realm, on a thread that may block.
    fn ask<T: Send + 'static>(
        &mut self,
        session: SessionKey,
        work: Work,
        question: impl FnOnce(&Realm) -> Result<T, RealmError> + Send + 'static,
        input: fn(SessionKey, Result<T, WireError>) -> Input,
    ) {
        let Some(bench) = self.sessions.get(&session) else {
            return;
        };
        let (realm, server, events) = (
            bench.realm.clone(),
            self.server.clone(),
            self.events.clone(),
        );
        let id = self.id.clone();
        self.asked += 1;
        let tasks = server.tasks.clone();
        tasks.spawn(async move {
            let answer = answer(&server, &realm, &id, work, question);
            tokio::select! {
                answer = answer => events.send(Event::Answer(input(session, answer))),
                () = events.are_unwanted() => {} // who has gone stands in no line
            }
        });
    }
}

/// What sessions of a Realm are told that is removed: they stop, and the app goes on with what it has.
pub fn removed() -> WireError {
    WireError::new(ErrorCode::PermissionDenied).because("the Realm has been removed")
}

fn unavailable() -> WireError {
    WireError::new(ErrorCode::OtherSessionError)
        .because("the Realm is not available")
        .with(Action::Transient)
}

/// Whether devices with a file from before start over: what they have it from was removed.
fn starts_over(server: &Server, realm: &Realm) -> bool {
    // If that is not known, they wait until it is.
    server.door.was_removed(realm.name()).unwrap_or(false)
}

/// Whether a client file of another server is put off; the operator hears of the first.
fn holds(server: &Server, realm: &Realm) -> Result<bool, RealmError> {
    let foreign = realm.foreign_file()?;
    if matches!(foreign, Foreign::Held { .. }) {
        server.held.add(realm.name());
    }
    if foreign == (Foreign::Held { first: true }) {
        tracing::warn!(
            realm = %realm.name(),
            "a device came with a file of another server, and this Realm is empty: such devices are held, for a reset would remove their data. Import the Realm's data, \
             or set `unknown_files: reset` for the app to have them start over with what this server has"
        );
    }
    Ok(matches!(foreign, Foreign::Held { .. }))
}

/// What a question does to the Realm.
enum Work {
    Read,
    /// It makes the Realm if there is none.
    Make(Maker),
    /// The same, and it may have to wait for an integration.
    Write(Maker),
}

/// For whom a Realm is made.
#[derive(Clone)]
struct Maker {
    caller: Arc<Caller>,
    /// Of the session: broken when the Realm was removed since it began, which then is not made again.
    uploads: Strand,
}

impl Work {
    fn maker(&self) -> Option<&Maker> {
        match self {
            Work::Read => None,
            Work::Make(maker) | Work::Write(maker) => Some(maker),
        }
    }
}

/// The Realm, made before if it is to be; this may wait for the disk.
fn opened(server: &Server, name: &RealmName, maker: Option<&Maker>) -> Result<Arc<Realm>, String> {
    let was_removed = |maker: &&Maker| maker.uploads.is_broken();
    let maker = maker.filter(|maker| !was_removed(maker) && server.may_make(&maker.caller));
    if let Some(Maker { caller, .. }) = maker {
        let listed = server.door.register(name, caller);
        let is_new =
            listed.map_err(|error| format!("the list of Realms cannot be written: {error}"))?;
        if !is_new {
            server.made_none(caller);
        }
    }
    let may_make = || maker.is_some_and(|maker| !was_removed(&maker));
    let opened = server.registry.open_or_make(name, may_make);
    opened.map_err(|error| error.to_string())
}

/// How long one Realm that is opened may keep a user's others from it.
const LONGEST_TURN: Duration = Duration::from_millis(100);

/// Asks a Realm when it is its turn.
async fn answer<T: Send + 'static>(
    server: &Arc<Server>,
    realm: &RealmName,
    id: &Arc<str>,
    work: Work,
    question: impl FnOnce(&Realm) -> Result<T, RealmError> + Send + 'static,
) -> Result<T, WireError> {
    let threads = match work {
        Work::Read | Work::Make(_) => &server.readers,
        Work::Write(_) => &server.writers,
    };
    let maker = work.maker();
    let open = || {
        let (server, name, maker) = (server.clone(), realm.clone(), maker.cloned());
        move || opened(&server, &name, maker.as_ref())
    };
    if let Some(Maker { caller, .. }) = maker
        && !server.registry.has(realm)
    {
        let turn = tokio::select! {
            turn = server.opening.turn(&caller.user) => turn,
            () = server.stop.cancelled() => return Err(unavailable()),
        };
        // Another of the user's devices may have had it opened meanwhile. What goes wrong is found again below, and told.
        if !server.registry.has(realm) {
            let mut opening = pin!(threads.run(realm, open()));
            if tokio::time::timeout(LONGEST_TURN, &mut opening)
                .await
                .is_err()
            {
                drop(turn);
                drop(opening.await);
            }
        }
    }
    if maker.is_some() && clerk::fills(realm) {
        let open = open();
        let head = move || open().map(|realm| realm.head().version);
        let is_empty = matches!(threads.run(realm, head).await, Ok(Ok(ServerVersion(0))));
        // No thread waits for that.
        if is_empty && !server.inbox.fill(realm).await {
            tracing::warn!(%realm, "a Realm that shows permissions is not filled yet");
            return Err(unavailable());
        }
    }
    let (open, registry) = (open(), server.registry.clone());
    let answered = threads
        .run(realm, move || {
            let realm = open()?;
            let answer = question(&realm).map_err(|error| error.to_string());
            drop(realm);
            registry.trim(); // what was read may be kept
            answer
        })
        .await;
    let error = match answered {
        Ok(Ok(answer)) => return Ok(answer),
        Ok(Err(error)) => error,
        Err(Panicked) => "the work on it panicked".to_owned(),
    };
    if server.notices.is_new(&error, realm.as_str()) {
        tracing::error!(connection = %id, %realm, error, "Realm not available");
    }
    Err(unavailable())
}
