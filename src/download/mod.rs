//! What a session is to be sent: entries after its cursor, in the dialect of its protocol, as one body.
//!
//! Changesets are compressed once and shared by all receivers ([`fragment`]); what is kept of them is bounded in bytes. Knows no sessions, sockets or tasks.

pub mod dialect;
pub mod fragment;

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use fragment::{BodyBuilder, Built, Fragment};

use crate::ident::{
    DownloadCursor, FileIdent, RealmName, Salt, SaltedVersion, ServerVersion, UploadCursor,
};
use crate::realm::{Entry, Past, Realm, RealmError, Slice, SliceEntry};
use crate::wire::Protocol;
use dialect::Dialect;

/// A DOWNLOAD ready to be headed and sent.
pub struct Made {
    /// Where the client will stand.
    pub cursor: DownloadCursor,
    /// The newest version when it was made.
    pub head: SaltedVersion,
    /// How far the client's own history is integrated, durably.
    pub upload: UploadCursor,
    /// Bytes of changesets after this message.
    pub remaining_bytes: u64,
    /// The body.
    pub body: Built,
    /// How many changesets it holds.
    pub changesets: usize,
}

/// Makes the next DOWNLOAD for a client that stands at `from`, of about `limit` bytes of changesets at most (one entry is always sent).
pub fn make(
    realm: &Realm,
    fragments: &Fragments,
    file: FileIdent,
    from: DownloadCursor,
    protocol: Protocol,
    limit: usize,
) -> Result<Made, RealmError> {
    of_slice(realm, fragments, realm.read(from, file, limit)?, protocol)
}

/// The same, if everything needed is in memory and small: quick enough for a thread that must not wait.
pub fn make_now(
    realm: &Realm,
    fragments: &Fragments,
    file: FileIdent,
    from: DownloadCursor,
    protocol: Protocol,
    limit: usize,
) -> Option<Result<Made, RealmError>> {
    let slice = realm.read_recent(from, file, limit.min(SMALL))?;
    let knows_schema = || {
        let schema = realm.schema_is_loaded().then(|| realm.schema().ok());
        schema.flatten().is_some_and(|schema| !schema.has_lost())
    };
    let ready =
        Dialect::of(protocol) == Dialect::Full || slice.entries.is_empty() || knows_schema();
    ready.then(|| of_slice(realm, fragments, slice, protocol))
}

/// What can be compressed while others wait.
const SMALL: usize = 32 << 10;

fn of_slice(
    realm: &Realm,
    fragments: &Fragments,
    slice: Slice,
    protocol: Protocol,
) -> Result<Made, RealmError> {
    let dialect = Dialect::of(protocol);
    let mut body = BodyBuilder::default();
    let mut past = realm.past();
    let mut changesets = 0;
    for item in &slice.entries {
        let fragment = fragments.get(realm, item, dialect, &mut past)?;
        if fragment.plain.is_empty() {
            continue;
        }
        body.push(entry_head(item, fragment.plain.len()), fragment);
        changesets += 1;
    }
    Ok(Made {
        cursor: slice.cursor,
        head: slice.head,
        upload: slice.upload,
        remaining_bytes: slice.remaining_bytes,
        body: body.build(),
        changesets,
    })
}

/// The header of an entry. What the server made itself comes from its own file.
fn entry_head(item: &SliceEntry, size: usize) -> Vec<u8> {
    let entry = &item.entry;
    let origin = if entry.origin == FileIdent(0) {
        FileIdent::SERVER
    } else {
        entry.origin
    };
    format!(
        "{} {} {} {origin} {size} {size} ",
        entry.version, item.client_version, entry.timestamp
    )
    .into_bytes()
}

/// Fragments that were made before, shared by all sessions. The oldest are dropped when they hold more bytes than the bound.
#[derive(Clone)]
pub struct Fragments {
    kept: Arc<Mutex<Kept>>,
    bytes: usize,
}

/// The salt tells a Realm from another that had its name before.
type FragmentKey = (RealmName, Salt, ServerVersion, Dialect);

#[derive(Default)]
struct Kept {
    fragments: HashMap<FragmentKey, Fragment>,
    order: VecDeque<FragmentKey>,
    bytes: usize,
    /// Realms of which was said that some clients do not get all.
    warned: HashSet<RealmName>,
}

/// Realms that are remembered in [`Kept::warned`]; one more, and all are forgotten, and may be warned of again.
const MOST_WARNED: usize = 10_000;

impl Fragments {
    /// A cache of at most `bytes`.
    pub fn new(bytes: usize) -> Fragments {
        Fragments {
            kept: Arc::default(),
            bytes,
        }
    }

    /// Bytes that are kept.
    pub fn bytes(&self) -> usize {
        self.lock().bytes
    }

    fn get(
        &self,
        realm: &Realm,
        item: &SliceEntry,
        dialect: Dialect,
        past: &mut Past<'_>,
    ) -> Result<Fragment, RealmError> {
        let (name, entry) = (realm.name().clone(), &item.entry);
        let key = (name, entry.salt, entry.version, dialect);
        if let Some(fragment) = self.lock().fragments.get(&key) {
            return Ok(fragment.clone());
        }
        let changeset = match dialect {
            Dialect::Full => item.entry.changeset.clone(),
            Dialect::Flat => self.flat(realm, &item.entry, past)?,
        };
        let fragment = Fragment::new(changeset);
        self.keep(key, fragment.clone());
        Ok(fragment)
    }

    fn flat(&self, realm: &Realm, entry: &Entry, past: &mut Past<'_>) -> Result<Bytes, RealmError> {
        let today = realm.schema()?;
        let schema = if today.has_lost() {
            past.schema_before(entry.version)?
        } else if Dialect::Flat.is_plain(&today) {
            return Ok(entry.changeset.clone());
        } else {
            today
        };
        let told = Dialect::Flat
            .speak(&entry.changeset, schema)
            .map_err(|error| realm.damaged(entry.version, &error))?;
        if told.hides {
            self.warn(realm.name());
        }
        Ok(told.changeset)
    }

    /// Says, once for each Realm, that some of its clients do not get all of it.
    fn warn(&self, realm: &RealmName) {
        let mut kept = self.lock();
        if kept.warned.len() >= MOST_WARNED {
            kept.warned.clear();
        }
        if kept.warned.insert(realm.clone()) {
            tracing::warn!(%realm, "lists or dictionaries in Mixed values are null to clients below protocol 13");
        }
    }

    fn keep(&self, key: FragmentKey, fragment: Fragment) {
        let mut kept = self.lock();
        kept.bytes += fragment.weight();
        match kept.fragments.insert(key.clone(), fragment) {
            // Another session made it at the same time.
            Some(same) => kept.bytes -= same.weight(),
            None => kept.order.push_back(key),
        }
        while kept.bytes > self.bytes {
            let Some(oldest) = kept.order.pop_front() else {
                return;
            };
            if let Some(fragment) = kept.fragments.remove(&oldest) {
                kept.bytes -= fragment.weight();
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
