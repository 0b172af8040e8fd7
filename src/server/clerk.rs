//! The clerk: one thread that reads what users ask for in their Management Realms, has the system answer, and carries out what follows in Realms.
//!
//! There is one, so that effects on a Realm are queued in the order of their numbers. Many Realms are answered in one go: what takes time is the disk, and
//! lanes work for different Realms at the same time.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::mpsc::channel;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::clock;
use super::live::Live;
use super::notices::Notices;
use super::writer::{Lanes, Strand};
use crate::access::Reserved;
use crate::ident::{ClientVersion, FileIdent, RealmName, ServerVersion, UploadCursor};
use crate::realm::{Allow, Pending, RealmError, Refusal, Registry, Uploaded};
use crate::system::{self, Effect, Found, Moment, System, SystemError};

#[cfg(test)]
mod tests;

/// Management Realms that are looked at in one go.
const AT_ONCE: usize = 64;

/// Effects that are read at a time.
const PAGE: usize = 256;

/// How long what could not be done waits until it is tried again.
const AGAIN: Duration = Duration::from_secs(1);

/// How long a removal waits until it looks again whether everybody has left the Realm.
const SOON: Duration = Duration::from_millis(20);

/// For how long changes of users are gathered before they are shown.
const GATHERED: Duration = Duration::from_millis(100);

/// How long a client waits at most for the rows of a Realm that it opens first.
const FILLING: Duration = Duration::from_secs(10);

/// Whether a Realm shows permissions, so that the clerk fills it.
pub fn fills(realm: &RealmName) -> bool {
    matches!(
        Reserved::of(realm),
        Some(Reserved::Permissions(_) | Reserved::Defaults)
    )
}

/// Where work for the clerk is left. Cheap to clone.
#[derive(Clone, Default)]
pub struct Inbox(Arc<(Mutex<Work>, Condvar)>);

#[derive(Default)]
struct Work {
    /// Management Realms that have something new.
    news: BTreeSet<RealmName>,
    /// Those that may have had when the server ended, or in which something failed a while ago.
    old: VecDeque<RealmName>,
    /// Those in which something failed just now: they wait until `again`.
    failed: BTreeSet<RealmName>,
    /// Realms to be filled, and who waits for it.
    fills: Vec<Fill>,
    /// Whether there are effects, or Realms to be removed.
    effects: bool,
    /// Whether users are to be compared with what the list for administrators shows of them.
    compare: bool,
    /// When to try again what could not be done.
    again: Option<Instant>,
    stopping: bool,
}

impl Inbox {
    /// A Realm has a new version.
    pub fn news(&self, realm: &RealmName) {
        if matches!(Reserved::of(realm), Some(Reserved::Management(_))) {
            self.leave(|work| {
                work.news.insert(realm.clone());
            });
        }
    }

    /// There are effects, or Realms to be removed.
    pub fn effects(&self) {
        self.leave(|work| work.effects = true);
    }

    /// What is shown of users is not up to date. Many of them come together, when devices sign in.
    pub fn users(&self) {
        let then = Instant::now() + GATHERED;
        self.leave(|work| work.wake_at(then));
    }

    /// Fills a Realm that shows permissions. Whether that was done in time.
    pub async fn fill(&self, realm: &RealmName) -> bool {
        let (done, filled) = oneshot::channel();
        self.leave(|work| work.fills.push((realm.clone(), done)));
        matches!(tokio::time::timeout(FILLING, filled).await, Ok(Ok(())))
    }

    /// Fills a Realm when there is time.
    fn fill_some_time(&self, realm: &RealmName) {
        let (done, _) = oneshot::channel();
        self.leave(|work| work.fills.push((realm.clone(), done)));
    }

    fn leave(&self, change: impl FnOnce(&mut Work)) {
        change(&mut self.lock());
        self.0.1.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, Work> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for work; `None` when the clerk is to end.
    fn next(&self) -> Option<Task> {
        let mut work = self.lock();
        loop {
            if work.stopping {
                return None;
            }
            let now = Instant::now();
            let is_due = work.again.is_some_and(|again| again <= now);
            let idle = work.news.is_empty() && work.old.is_empty() && work.fills.is_empty();
            if idle && !work.effects && !is_due {
                let wait = work.again.map_or(Duration::MAX, |again| again - now);
                let waited = self.0.1.wait_timeout(work, wait);
                work = waited.unwrap_or_else(PoisonError::into_inner).0;
                continue;
            }
            if is_due {
                work.again = None;
                let failed = std::mem::take(&mut work.failed);
                work.old.extend(failed);
            }
            work.effects = false;
            let mut looks = Vec::new();
            while looks.len() < AT_ONCE
                && let Some(realm) = work.news.pop_first()
            {
                looks.push(realm);
            }
            if looks.is_empty() {
                let few = work.old.len().min(AT_ONCE / 8);
                looks.extend(work.old.drain(..few));
            }
            return Some(Task {
                looks,
                fills: std::mem::take(&mut work.fills),
                compare: std::mem::take(&mut work.compare),
            });
        }
    }

    /// Tries again in a while, these Realms among it.
    fn again(&self, realms: impl IntoIterator<Item = RealmName>) {
        self.lock().failed.extend(realms);
        self.within(AGAIN);
    }

    /// Tries again within this time.
    fn within(&self, wait: Duration) {
        self.lock().wake_at(Instant::now() + wait);
    }
}

impl Work {
    /// There will be something to do then, at the latest.
    fn wake_at(&mut self, then: Instant) {
        self.again = Some(self.again.map_or(then, |again| again.min(then)));
    }
}

/// A Realm to be filled, and who is told when it is.
type Fill = (RealmName, oneshot::Sender<()>);

/// What is done in one go.
struct Task {
    looks: Vec<RealmName>,
    fills: Vec<Fill>,
    compare: bool,
}

/// The clerk's thread.
pub struct Clerk {
    inbox: Inbox,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// What the clerk works with.
pub struct Tools {
    /// Decides.
    pub system: Arc<System>,
    /// Realms.
    pub registry: Arc<Registry>,
    /// Take edits.
    pub lanes: Arc<Lanes>,
    /// What the log says once.
    pub notices: Arc<Notices>,
    /// Who has which Realm open.
    pub live: Live,
}

impl Clerk {
    /// Starts work: with the effects that are left from before, then with whatever users asked for in these Realms. `unfilled` is filled when there is time.
    pub fn start(
        tools: Tools,
        inbox: Inbox,
        managed: Vec<RealmName>,
        unfilled: Option<&RealmName>,
    ) -> std::io::Result<Clerk> {
        inbox.leave(|work| {
            work.old.extend(managed);
            work.effects = true;
            work.compare = true;
        });
        if let Some(realm) = unfilled {
            inbox.fill_some_time(realm);
        }
        let mail = inbox.clone();
        let thread = std::thread::Builder::new()
            .name("clerk".into())
            .spawn(move || {
                while let Some(task) = mail.next() {
                    work(&tools, &mail, task);
                }
            })?;
        Ok(Clerk {
            inbox,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Ends the thread; what is left is done at the next start.
    pub fn stop(&self) {
        self.inbox.leave(|work| work.stopping = true);
        let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the clerk's thread had panicked");
        }
    }
}

/// The Management Realms that there are.
pub fn managed(system: &System) -> Result<Vec<RealmName>, SystemError> {
    let is_management =
        |realm: &&RealmName| matches!(Reserved::of(realm), Some(Reserved::Management(_)));
    let mut managed = Vec::new();
    system.each_realm(|page| {
        let names = page.iter().map(|(name, _)| name);
        managed.extend(names.filter(is_management).cloned());
        Ok::<_, SystemError>(())
    })?;
    Ok(managed)
}

fn work(tools: &Tools, inbox: &Inbox, task: Task) {
    let unfilled: BTreeSet<&RealmName> = task.fills.iter().map(|(realm, _)| realm).collect();
    for realm in unfilled {
        if let Err(error) = tools.system.fill_mirror(realm, clock::now()) {
            tracing::error!(%realm, %error, "the rows of a Realm that shows permissions are not known");
        }
    }
    if let Some(wait) = remove_realms(tools) {
        inbox.within(wait);
    }
    match tools.system.show_users(clock::now()) {
        Ok(true) => inbox.effects(),
        Ok(false) => {}
        Err(error) => {
            if tools.notices.is_new("users", "") {
                tracing::error!(%error, "what has become of users is not shown; it is tried again");
            }
            inbox.within(AGAIN);
        }
    }
    let mut left = carry_out(tools);
    let failed = look_and_answer(tools, inbox, task.looks);
    left |= carry_out(tools);
    if task.compare {
        let is_compared = !left && compare_users(tools);
        inbox.leave(|work| {
            work.compare = !is_compared;
            work.effects = true; // there may be some now
        });
        left |= !is_compared;
    }
    for (realm, done) in task.fills {
        let filled = tools.registry.open(&realm, false);
        if filled.is_ok_and(|realm| realm.head().version > ServerVersion(0)) {
            done.send(()).unwrap_or_default(); // whoever waited may have gone
        }
    }
    if left || !failed.is_empty() {
        inbox.again(failed);
    }
}

/// Has the list for administrators show users as they are, if it does not. Whether that is known now.
fn compare_users(tools: &Tools) -> bool {
    let list = tools.registry.open(&system::list_of_realms(), true);
    let compared = list
        .map_err(SystemError::from)
        .and_then(|list| tools.system.compare_users(&list, clock::now()));
    if let Ok(false) = compared {
        tracing::info!(
            "the list for administrators and the server's database are not of one time: users are listed anew"
        );
    }
    compared
        .inspect_err(|error| tracing::error!(%error, "users are not compared with the list"))
        .is_ok()
}

/// Removes the files of Realms that are removed. How long those wait that cannot go yet, if there are any: until sessions and integrations have ended, or a disk is
/// well again.
fn remove_realms(tools: &Tools) -> Option<Duration> {
    let realms = match tools.system.removals() {
        Ok(realms) => realms,
        Err(error) => {
            tracing::error!(%error, "it is not known which Realms are to be removed");
            return Some(AGAIN);
        }
    };
    realms.iter().filter_map(|realm| remove(tools, realm)).min()
}

/// Removes the file of one Realm, or says how long that has to wait.
fn remove(tools: &Tools, realm: &RealmName) -> Option<Duration> {
    if !tools.live.is_left(realm) {
        return Some(SOON);
    }
    let removed = match tools.registry.erase(realm) {
        Ok(false) => return Some(SOON),
        Ok(true) => {
            tools.live.erased(realm); // while nobody may make another
            let removed = tools.system.removed(realm);
            removed.inspect_err(|_| tools.live.removed(realm, None))
        }
        Err(error) => Err(error.into()),
    };
    match removed {
        Ok(()) => {
            tracing::info!(%realm, "Realm removed");
            None
        }
        Err(error) => {
            if tools.notices.is_new("removal", realm.as_str()) {
                tracing::error!(%realm, %error, "a removed Realm is still on disk; it is tried again");
            }
            Some(AGAIN)
        }
    }
}

/// Answers what is asked for in Management Realms. Those in which that was not possible now.
fn look_and_answer(tools: &Tools, inbox: &Inbox, looks: Vec<RealmName>) -> Vec<RealmName> {
    let mut failed = Vec::new();
    let mut found = Vec::new();
    for realm in looks {
        match look(tools, &realm) {
            Ok(Some(asked)) => found.push((realm, asked)),
            Ok(None) => {}
            Err(error) => failed.push(complained(tools, realm, error.as_deref())),
        }
    }
    let mut rest = found.as_slice();
    while !rest.is_empty() {
        // If that is not possible, one of them takes nobody along.
        let answered = answer(tools, rest).or_else(|_| answer(tools, &rest[..1]));
        let answered = answered.unwrap_or_else(|error| {
            let realm = rest[0].0.clone();
            failed.push(complained(tools, realm, Some(&error.to_string())));
            vec![true]
        });
        for ((realm, found), is_all) in rest.iter().zip(&answered) {
            if found.more || !is_all {
                inbox.news(realm);
            }
        }
        rest = &rest[answered.len()..];
    }
    failed
}

fn complained(tools: &Tools, realm: RealmName, error: Option<&str>) -> RealmName {
    if let Some(error) = error
        && tools.notices.is_new(error, realm.as_str())
    {
        tracing::error!(%realm, error, "requests in a Management Realm are not answered");
    }
    realm
}

/// Versions without a request after which it is noted how far the Realm has been looked at.
const NOTED: u64 = 100;

/// What is asked for in a Management Realm, if anything is. An error without words: answers are still on their way into it.
fn look(tools: &Tools, name: &RealmName) -> Result<Option<Found>, Option<String>> {
    let said = |error: &dyn std::fmt::Display| Some(error.to_string());
    let looked_at = tools.system.looked_at(name);
    let after = looked_at.map_err(|error| said(&error))?.ok_or(None)?;
    let realm = match tools.registry.open(name, false) {
        Ok(realm) => realm,
        Err(RealmError::NotFound(_)) => return Ok(None), // it was removed
        Err(error) => return Err(said(&error)),
    };
    let found = system::look(&realm, after).map_err(|error| said(&error))?;
    let is_noted = found.looked.version.0.saturating_sub(after.version.0) >= NOTED;
    let is_asked = !found.requests.is_empty() || !found.offers.is_empty();
    Ok((is_asked || is_noted || found.more).then_some(found))
}

/// Answers those at the front; see [`System::answer`].
fn answer(tools: &Tools, found: &[(RealmName, Found)]) -> Result<Vec<bool>, SystemError> {
    let mut random = [0; 64];
    rand::RngCore::fill_bytes(&mut rand::rng(), &mut random);
    let now = clock::now();
    tools.system.answer(found, &Moment { now, random })
}

/// Carries out all effects. Whether some are left.
fn carry_out(tools: &Tools) -> bool {
    let mut left = false;
    let mut stuck = HashSet::new();
    let mut after = 0;
    loop {
        let page = match tools.system.effects(after, PAGE) {
            Ok(page) => page,
            Err(error) => {
                tracing::error!(%error, "effects are not known");
                return true;
            }
        };
        let Some(last) = page.last() else {
            return left;
        };
        after = last.number;
        let count = page.len();
        let done = upload(tools, page, &mut stuck);
        left |= done.len() < count;
        if let Err(error) = tools.system.carried_out(&done) {
            tracing::error!(%error, "effects that were carried out are not struck off");
            return true;
        }
    }
}

/// Uploads effects as the server's own device. Those that are durable, or never will be.
///
/// A Realm in which one has to wait is `stuck`: none after it may get through, for a Realm that has an effect skips all with smaller numbers.
fn upload(tools: &Tools, effects: Vec<Effect>, stuck: &mut HashSet<RealmName>) -> Vec<u64> {
    let mut strands: HashMap<RealmName, Strand> = HashMap::new();
    let (told, outcomes) = channel();
    for effect in effects {
        let (number, name) = (effect.number, effect.realm.clone());
        if stuck.contains(&name) {
            continue;
        }
        let realm = match tools.registry.open(&name, true) {
            Ok(realm) => realm,
            Err(error) => {
                if tools.notices.is_new("effect", name.as_str()) {
                    tracing::error!(realm = %name, %error, "what follows from a change of permissions has to wait");
                }
                stuck.insert(name);
                continue;
            }
        };
        let base = effect.base.unwrap_or_else(|| realm.head().version);
        let strand = strands.entry(name.clone()).or_default();
        let (told, waits) = (told.clone(), name.clone());
        let reply = Box::new(move |outcome: Result<(), Refusal>| {
            told.send((number, waits, outcome)).unwrap_or_default(); // the receiver waits for all
        });
        tools
            .lanes
            .push(&name, pending(effect, base), strand, reply);
    }
    drop(told);
    let mut settled = Vec::new();
    for (number, realm, outcome) in outcomes {
        match outcome {
            Ok(()) => settled.push(number),
            Err(Refusal::Unavailable(_) | Refusal::Long) => {
                stuck.insert(realm);
            }
            Err(refusal) => {
                tracing::error!(number, %refusal, "what follows from a change of permissions does not fit its Realm");
                settled.push(number);
            }
        }
    }
    settled
}

fn pending(effect: Effect, base: ServerVersion) -> Pending {
    let at = UploadCursor {
        client_version: ClientVersion(effect.number),
        server_version: base,
    };
    Pending {
        ident: FileIdent::SERVER,
        changesets: vec![Uploaded {
            client_version: at.client_version,
            server_version: base,
            timestamp: clock::timestamp(),
            origin: FileIdent(0),
            changeset: effect.changeset.into(),
        }],
        progress: at,
        locked: ServerVersion(0),
        allow: Allow::ALL,
    }
}
