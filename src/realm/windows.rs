//! The windows of the clients that upload: what each has not seen, parsed, kept while its base stands still and rebuilt from disk on demand.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;

use super::RealmError;
use super::integrate::Growing;
use crate::changeset::{self, Changeset, Instruction};
use crate::history::{OrderKey, Rules, Window};
use crate::ident::{FileIdent, ServerVersion};
use crate::limits::Limits;
use crate::storage::{Entry, RealmFile};

/// What an entry counts beside its bytes: each instruction has a place, and stands in a few lists.
const INSTRUCTION_BYTES: usize = 2 * size_of::<Instruction>();
/// What a window counts beside its entries.
const WINDOW_BYTES: usize = 4096;

/// The windows of one Realm.
pub struct Windows {
    decoded: Decoded,
    kept: HashMap<FileIdent, Kept>,
    clock: u64,
    /// What all of them count.
    bytes: usize,
    /// The most that all may have.
    kept_bytes: usize,
}

/// Why there is no window.
#[derive(Debug)]
pub enum NoWindow {
    /// The history cannot be read.
    Unreadable(RealmError),
    /// The client has not seen so much that it would take too much memory.
    TooLarge,
}

impl From<RealmError> for NoWindow {
    fn from(error: RealmError) -> NoWindow {
        NoWindow::Unreadable(error)
    }
}

struct Kept {
    window: Window,
    /// The window knows the history up to here.
    up_to: ServerVersion,
    /// What each entry counts, with its version.
    weights: VecDeque<(ServerVersion, usize)>,
    bytes: usize,
    used: u64,
}

impl Windows {
    /// No windows yet.
    pub fn new(file: Arc<RealmFile>, limits: &Limits) -> Windows {
        Windows {
            decoded: Decoded::new(file),
            kept: HashMap::new(),
            clock: 0,
            bytes: 0,
            kept_bytes: limits.kept_windows_bytes,
        }
    }

    /// Forgets all: what was kept may contain what was not stored.
    pub fn clear(&mut self) {
        self.kept.clear();
        self.bytes = 0;
        self.decoded.clear();
    }

    /// What is kept, in bytes of memory.
    pub fn bytes(&self) -> usize {
        self.bytes + self.decoded.bytes
    }

    /// The window of a client in whose turn it was asked for.
    pub fn known(&mut self, ident: FileIdent) -> Option<&mut Window> {
        self.kept.get_mut(&ident).map(|kept| &mut kept.window)
    }

    /// Forgets one client's.
    pub fn forget(&mut self, ident: FileIdent) {
        self.take(ident);
    }

    /// The window of a client that starts at `base` or before and knows the history up to `newest`, of so many bytes at most. That of a client whose turn is over may go
    /// for it.
    pub fn up_to(
        &mut self,
        ident: FileIdent,
        base: ServerVersion,
        newest: ServerVersion,
        batch: &Growing<'_>,
        most_bytes: usize,
    ) -> Result<&mut Window, NoWindow> {
        self.clock += 1;
        let known = self.take(ident).filter(|kept| kept.window.base() <= base.0);
        let rebuild = known.is_none();
        let mut kept = known.unwrap_or_else(|| Kept::new(base));
        kept.used = self.clock;
        kept.advance(base);
        kept.up_to = kept.up_to.max(base); // what the client has seen is not read
        while kept.up_to < newest {
            let page = batch.page(kept.up_to, newest)?;
            let last = page.last().map_or(newest, |entry| entry.version);
            // Entries that a window did not know have met nothing of the client yet.
            let mut forms = HashMap::new();
            if rebuild {
                let stored = self.decoded.file.reciprocal(ident, kept.up_to, last)?;
                forms.extend(stored);
            }
            for entry in page {
                let form = forms.remove(&entry.version);
                kept.push(ident, &entry, form, &mut self.decoded)?;
                if kept.bytes > most_bytes {
                    return Err(NoWindow::TooLarge);
                }
            }
            kept.up_to = last;
        }
        self.make_room(kept.bytes);
        self.bytes += kept.bytes;
        let kept = self.kept.entry(ident).insert_entry(kept).into_mut();
        Ok(&mut kept.window)
    }

    /// Drops what is more than may be kept, now that no turn is under way.
    pub fn trim(&mut self) {
        self.make_room(0);
        match self.kept.values().map(|kept| kept.up_to).min() {
            Some(known) => self.decoded.forget(known),
            None => self.decoded.clear(),
        }
    }

    /// Drops the least recently used until there is room for so much more.
    fn make_room(&mut self, bytes: usize) {
        while self.bytes.saturating_add(bytes) > self.kept_bytes {
            let oldest = self.kept.iter().min_by_key(|(_, kept)| kept.used);
            let Some(oldest) = oldest.map(|(ident, _)| *ident) else {
                return;
            };
            self.take(oldest);
        }
    }

    fn take(&mut self, ident: FileIdent) -> Option<Kept> {
        let kept = self.kept.remove(&ident)?;
        self.bytes -= kept.bytes;
        Some(kept)
    }
}

impl Kept {
    /// A window that knows nothing after its base yet.
    fn new(base: ServerVersion) -> Kept {
        Kept {
            window: Window::new(base.0, Rules::SERVER),
            up_to: base,
            weights: VecDeque::new(),
            bytes: WINDOW_BYTES,
            used: 0,
        }
    }

    /// Adds an entry that the client did not make, in its reciprocal form if there is one. What the server made is merged as made by its own file.
    fn push(
        &mut self,
        ident: FileIdent,
        entry: &Entry,
        form: Option<Bytes>,
        decoded: &mut Decoded,
    ) -> Result<(), RealmError> {
        let bytes = form.as_ref().unwrap_or(&entry.changeset);
        if entry.origin == ident || bytes.is_empty() {
            return Ok(());
        }
        let origin = if entry.origin == FileIdent(0) {
            FileIdent::SERVER
        } else {
            entry.origin
        };
        let bytes = bytes.len();
        let changeset = match form {
            Some(form) => Arc::new(decoded.decode(entry.version, &form)?),
            None => decoded.entry(entry)?,
        };
        let weight = bytes + weight(&changeset);
        self.weights.push_back((entry.version, weight));
        self.bytes += weight;
        let key = OrderKey {
            timestamp: entry.timestamp,
            origin,
        };
        self.window.push_shared(entry.version.0, key, changeset);
        Ok(())
    }

    /// Forgets what the client has seen when it stands at `base`.
    fn advance(&mut self, base: ServerVersion) {
        self.window.advance(base.0);
        while let Some((version, weight)) = self.weights.front().copied()
            && version <= base
        {
            self.bytes -= weight;
            self.weights.pop_front();
        }
    }
}

/// Entries as instructions, decoded once for all windows that do not know them yet.
struct Decoded {
    file: Arc<RealmFile>,
    entries: BTreeMap<ServerVersion, Arc<Changeset>>,
    bytes: usize,
}

/// What is kept for windows that may never ask.
const DECODED_BYTES: usize = 1 << 20;

impl Decoded {
    fn new(file: Arc<RealmFile>) -> Decoded {
        Decoded {
            file,
            entries: BTreeMap::new(),
            bytes: 0,
        }
    }

    /// An entry in the form of the history.
    fn entry(&mut self, entry: &Entry) -> Result<Arc<Changeset>, RealmError> {
        if let Some(known) = self.entries.get(&entry.version) {
            return Ok(known.clone());
        }
        let changeset = Arc::new(self.decode(entry.version, &entry.changeset)?);
        self.bytes += weight(&changeset);
        self.entries.insert(entry.version, changeset.clone());
        while self.bytes > DECODED_BYTES
            && let Some((_, oldest)) = self.entries.pop_first()
        {
            self.bytes -= weight(&oldest);
        }
        Ok(changeset)
    }

    fn decode(&self, version: ServerVersion, bytes: &Bytes) -> Result<Changeset, RealmError> {
        changeset::decode(bytes).map_err(|error| RealmError::Damaged {
            file: self.file.path().to_owned(),
            what: format!("version {version}: {error}"),
        })
    }

    /// Forgets the entries up to a version: all windows know them.
    fn forget(&mut self, known: ServerVersion) {
        let rest = self.entries.split_off(&known.next());
        for changeset in std::mem::replace(&mut self.entries, rest).values() {
            self.bytes -= weight(changeset);
        }
    }

    fn clear(&mut self) {
        self.entries.clear();
        self.bytes = 0;
    }
}

fn weight(changeset: &Changeset) -> usize {
    changeset.instructions.len() * INSTRUCTION_BYTES
}
