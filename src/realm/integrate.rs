//! Integration: what clients uploaded becomes history (sync protocol §11.1).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::cost::{Cost, Pace};
use super::files::Files;
use super::notes::{MOST_REPORTED, Note};
use super::overlay::{self, Overlay};
use super::published::Published;
use super::windows::{NoWindow, Windows};
use super::{Additions, Allow, Pending, RealmError, Refusal, Uploaded};
use crate::changeset::{self, Changeset, DecodeError, Instruction, Text};
use crate::courtesy;
use crate::history::{OrderKey, Part};
use crate::ident::{FileIdent, ServerVersion, UploadCursor};
use crate::limits::Limits;
use crate::state::{Applier, ApplyError, Schema};
use crate::storage::{Batch, ClientFile, Entry, RealmFile};

/// The one who writes: what integration keeps between batches.
pub struct Writer {
    file: Arc<RealmFile>,
    windows: Windows,
    /// The schema as stored; read when it is needed first.
    schema: Option<Schema>,
    /// Progress that was reported without changesets; it rides with the next commit.
    reported: BTreeMap<FileIdent, ClientFile>,
    brief: Cost,
    long: Cost,
    /// A batch is under way. If it still is when the next one begins, it has ended in a panic.
    at_work: bool,
}

/// What became of a batch.
pub struct Integrated {
    /// What was committed, if anything was.
    pub batch: Option<Batch>,
    /// Whether it has new versions.
    pub appended: bool,
    /// For each pending upload, in order.
    pub outcomes: Vec<Result<(), Refusal>>,
    /// How long the commit took, if there was one.
    pub commit: Option<Duration>,
}

/// One client's turn failed: with its uploads, or for everybody.
enum Failure {
    Refused(Refusal),
    Storage(RealmError),
}

impl From<RealmError> for Failure {
    fn from(error: RealmError) -> Failure {
        Failure::Storage(error)
    }
}

impl Writer {
    /// A writer over a file.
    pub fn new(file: Arc<RealmFile>, limits: &Limits) -> Writer {
        Writer {
            windows: Windows::new(file.clone(), limits),
            schema: None,
            reported: BTreeMap::new(),
            brief: Cost::brief(limits),
            long: Cost::long(limits),
            at_work: false,
            file,
        }
    }

    /// Integrates and commits. When it fails or panics, nothing was stored and everything kept in memory is forgotten.
    pub fn integrate(
        &mut self,
        pace: Pace,
        pendings: Vec<Pending>,
        published: &Published,
        files: &Files,
    ) -> Result<Integrated, RealmError> {
        if std::mem::replace(&mut self.at_work, true) {
            self.forget(files);
        }
        let result = self.integrate_and_commit(pace, pendings, published, files);
        if result.is_err() {
            self.forget(files);
        }
        self.at_work = false;
        result
    }

    /// Forgets what may contain what was not stored.
    fn forget(&mut self, files: &Files) {
        files.forget();
        self.file.abandon();
        self.windows.clear();
        self.schema = None;
    }

    fn integrate_and_commit(
        &mut self,
        pace: Pace,
        pendings: Vec<Pending>,
        published: &Published,
        files: &Files,
    ) -> Result<Integrated, RealmError> {
        let before = published.head().version;
        self.file.begin()?;
        let mut batch = self.grow(published)?;
        let mut outcomes: Vec<Result<(), Refusal>> = vec![Ok(()); pendings.len()];
        self.clients(pace, pendings, files, &mut batch, &mut outcomes)?;
        let began = Instant::now();
        let batch = self.commit(before, batch)?;
        let commit = batch.is_some().then(|| began.elapsed());
        self.windows.trim();
        let appended = batch
            .as_ref()
            .is_some_and(|batch| !batch.entries.is_empty());
        Ok(Integrated {
            batch,
            appended,
            outcomes,
            commit,
        })
    }

    fn grow<'p>(&mut self, published: &'p Published) -> Result<Growing<'p>, RealmError> {
        let schema = match self.schema.take() {
            Some(schema) => schema,
            None => overlay::load_schema(&self.file)?,
        };
        let overlay = Overlay::new(self.file.clone());
        Ok(Growing::new(self.file.clone(), published, overlay, schema))
    }

    /// What is kept between batches, in bytes of memory.
    pub fn kept_bytes(&self) -> usize {
        self.windows.bytes()
    }

    /// Forgets what is kept between batches and can be read again.
    pub fn rest(&mut self) {
        self.windows.clear();
    }

    /// The schema as stored, if it has been read.
    pub fn schema(&self) -> Option<&Schema> {
        self.schema.as_ref()
    }

    /// Takes what clients have merely reported; those that there are not are left out.
    pub fn report(
        &mut self,
        notes: impl IntoIterator<Item = (FileIdent, Note)>,
        files: &Files,
    ) -> Result<(), RealmError> {
        for (ident, note) in notes {
            if let Some(mut file) = self.known(ident, files)? {
                advance(&mut file, note.progress, note.locked);
                self.reported.insert(ident, file);
            }
        }
        Ok(())
    }

    /// A client file with what it has reported since it was stored.
    fn known(&self, ident: FileIdent, files: &Files) -> Result<Option<ClientFile>, RealmError> {
        match self.reported.get(&ident) {
            Some(file) => Ok(Some(*file)),
            None => files.find(ident, || self.file.client_file(ident)),
        }
    }

    /// Commits what was merely reported.
    pub fn flush(&mut self) -> Result<Vec<(FileIdent, ClientFile)>, RealmError> {
        if self.reported.is_empty() {
            return Ok(Vec::new());
        }
        let batch = Batch {
            files: self
                .reported
                .iter()
                .map(|(ident, file)| (*ident, *file))
                .collect(),
            ..Batch::default()
        };
        self.file.begin()?;
        self.file.commit(ServerVersion(0), &batch)?;
        self.reported.clear();
        Ok(batch.files)
    }

    /// Each client's turn, in the order of their idents. In a brief batch all of them share what may be spent.
    fn clients(
        &mut self,
        pace: Pace,
        pendings: Vec<Pending>,
        files: &Files,
        batch: &mut Growing<'_>,
        outcomes: &mut [Result<(), Refusal>],
    ) -> Result<(), RealmError> {
        let mut turns: BTreeMap<FileIdent, Vec<(usize, Pending)>> = BTreeMap::new();
        for (index, pending) in pendings.into_iter().enumerate() {
            turns
                .entry(pending.ident)
                .or_default()
                .push((index, pending));
        }
        let mut brief = self.brief;
        for (ident, uploads) in turns {
            let mut long = self.long;
            let cost = match pace {
                Pace::Brief => &mut brief,
                Pace::Long => &mut long,
            };
            let indices: Vec<usize> = uploads.iter().map(|(index, _)| *index).collect();
            let mark = batch.savepoint(ident);
            let uploads = uploads.into_iter().map(|(_, pending)| pending);
            match self.client(ident, uploads, files, batch, cost) {
                Ok(()) => {}
                Err(Failure::Storage(error)) => return Err(error),
                Err(Failure::Refused(refusal)) => {
                    if refusal == Refusal::Long {
                        brief.merge_work = 0; // it was spent
                    }
                    batch.roll_back(mark);
                    self.windows.forget(ident);
                    for index in indices {
                        outcomes[index] = Err(refusal.clone());
                    }
                }
            }
        }
        Ok(())
    }

    /// One client's turn. "Newest" is what the batch has when it begins: entries of clients before it included.
    fn client(
        &mut self,
        ident: FileIdent,
        uploads: impl Iterator<Item = Pending>,
        files: &Files,
        batch: &mut Growing<'_>,
        cost: &mut Cost,
    ) -> Result<(), Failure> {
        let stored = match ident {
            FileIdent::SERVER => Some(self.file.own_file()?),
            _ => self.known(ident, files)?,
        };
        let mut file = stored.ok_or(Failure::Refused(Refusal::BadOrigin))?;
        if file.expired {
            return Err(Failure::Refused(Refusal::Expired));
        }
        let newest = batch.newest();
        let mut integrated = false;
        for pending in uploads {
            let fresh: Vec<Uploaded> = pending
                .changesets
                .into_iter()
                .filter(|uploaded| uploaded.client_version > file.upload.client_version)
                .collect();
            integrated |= !fresh.is_empty();
            self.changesets(ident, &fresh, pending.allow, newest, batch, cost)?;
            advance(&mut file, pending.progress, pending.locked);
        }
        if integrated {
            self.keep_forms(ident, batch, cost)?;
            batch.files.insert(ident, file);
        } else {
            self.reported.insert(ident, file);
        }
        Ok(())
    }

    /// Merges changesets in groups of equal base, applies and appends them. One at a time is in memory as instructions.
    fn changesets(
        &mut self,
        ident: FileIdent,
        uploads: &[Uploaded],
        allow: Allow,
        newest: ServerVersion,
        batch: &mut Growing<'_>,
        cost: &mut Cost,
    ) -> Result<(), Failure> {
        for group in uploads.chunk_by(|a, b| a.server_version == b.server_version) {
            let base = group[0].server_version;
            let window = self
                .windows
                .up_to(ident, base, newest, batch, cost.window_bytes)
                .map_err(|error| match error {
                    NoWindow::Unreadable(error) => Failure::Storage(error),
                    NoWindow::TooLarge => Failure::Refused(cost.exceeded(Refusal::Expired)),
                })?;
            window.allow(cost.merge_work);
            for uploaded in group {
                let mut part = part(uploaded, ident, cost)?;
                permitted(&mut part.changeset, allow, &batch.schema)?;
                let mut rebased = window
                    .rebase(base.0, vec![part])
                    .map_err(|error| Failure::Refused(cost.not_rebased(&error)))?;
                batch.apply(&mut rebased)?;
                for part in rebased {
                    let changeset = changeset::encode(&part.changeset);
                    batch.append(ident, uploaded, changeset.into());
                }
            }
            cost.merge_work = window.left();
            batch.trimmed.insert(ident, base);
        }
        Ok(())
    }

    /// Has the forms stored that a client's turn has changed: once, however many changesets have changed them.
    fn keep_forms(
        &mut self,
        ident: FileIdent,
        batch: &mut Growing<'_>,
        cost: &mut Cost,
    ) -> Result<(), Failure> {
        let Some(window) = self.windows.known(ident) else {
            return Ok(());
        };
        let forms = window
            .take_dirty()
            .map_err(|error| Failure::Refused(cost.not_rebased(&error.into())))?;
        for (version, form) in forms {
            let form = changeset::encode(&form);
            courtesy::copied(form.len());
            batch
                .reciprocal
                .insert((ident, ServerVersion(version)), form);
        }
        cost.merge_work = window.left();
        Ok(())
    }

    fn commit(
        &mut self,
        before: ServerVersion,
        growing: Growing<'_>,
    ) -> Result<Option<Batch>, RealmError> {
        let schema = growing.schema;
        if growing.files.is_empty() && self.reported.len() <= MOST_REPORTED {
            self.schema = Some(schema);
            self.file.abandon();
            return Ok(None);
        }
        let mut files = self.reported.clone();
        files.extend(growing.files);
        let batch = Batch {
            entries: growing.entries,
            files: files.into_iter().collect(),
            reciprocal: growing
                .reciprocal
                .into_iter()
                .map(|((ident, version), form)| (ident, version, form))
                .collect(),
            trimmed: growing.trimmed.into_iter().collect(),
            cells: growing.overlay.into_cells(),
        };
        self.file.commit(before, &batch)?;
        self.reported.clear();
        self.schema = Some(schema);
        Ok(Some(batch))
    }
}

/// Bytes of history read at a time.
const PAGE_BYTES: usize = 1 << 20;

/// A batch under construction, with what it builds on.
pub struct Growing<'p> {
    file: Arc<RealmFile>,
    published: &'p Published,
    entries: Vec<Arc<Entry>>,
    files: BTreeMap<FileIdent, ClientFile>,
    reciprocal: BTreeMap<(FileIdent, ServerVersion), Vec<u8>>,
    trimmed: BTreeMap<FileIdent, ServerVersion>,
    base: ServerVersion,
    base_bytes: u64,
    overlay: Overlay,
    schema: Schema,
}

/// Where a client's turn began.
struct Mark {
    ident: FileIdent,
    entries: usize,
    schema: Schema,
}

impl<'p> Growing<'p> {
    fn new(
        file: Arc<RealmFile>,
        published: &'p Published,
        overlay: Overlay,
        schema: Schema,
    ) -> Growing<'p> {
        Growing {
            file,
            published,
            entries: Vec::new(),
            files: BTreeMap::new(),
            reciprocal: BTreeMap::new(),
            trimmed: BTreeMap::new(),
            base: published.head().version,
            base_bytes: published.total_bytes(),
            overlay,
            schema,
        }
    }

    /// Entries after a version and up to another, stored and new: the next page of them.
    pub fn page(
        &self,
        after: ServerVersion,
        up_to: ServerVersion,
    ) -> Result<Vec<Arc<Entry>>, RealmError> {
        if after < self.base {
            let up_to = up_to.min(self.base);
            if let Some(recent) = self.published.recent(after, PAGE_BYTES) {
                let wanted = |entry: &Arc<Entry>| entry.version <= up_to;
                return Ok(recent.entries.into_iter().filter(wanted).collect());
            }
            let stored = self.file.entries(after, up_to, PAGE_BYTES)?;
            return Ok(stored.into_iter().map(Arc::new).collect());
        }
        let new = self.entries.iter();
        let wanted = |entry: &&Arc<Entry>| entry.version > after && entry.version <= up_to;
        Ok(new.filter(wanted).cloned().collect())
    }

    fn newest(&self) -> ServerVersion {
        self.entries.last().map_or(self.base, |entry| entry.version)
    }

    fn append(&mut self, ident: FileIdent, uploaded: &Uploaded, changeset: Bytes) {
        let total = self
            .entries
            .last()
            .map_or(self.base_bytes, |entry| entry.total_bytes);
        self.entries.push(Arc::new(Entry {
            version: self.newest().next(),
            salt: self.file.salt(),
            origin: ident,
            client_version: uploaded.client_version,
            timestamp: uploaded.timestamp,
            total_bytes: total + changeset.len() as u64,
            changeset,
        }));
    }

    /// Applies changesets to the state, and has them say of which size lists are whose elements they set.
    fn apply(&mut self, parts: &mut [Part]) -> Result<(), Failure> {
        let mut applier = Applier::new(&mut self.overlay, &mut self.schema);
        let instructions = parts.iter_mut();
        let mut instructions = instructions.flat_map(|part| &mut part.changeset.instructions);
        let applied = instructions.try_for_each(|instruction| {
            applier.say_size(instruction)?;
            applier.apply(instruction)
        });
        match applied {
            Ok(()) => {
                applier.finish();
                Ok(())
            }
            Err(ApplyError::Refused(what)) => Err(Failure::Refused(Refusal::BadChangeset(what))),
            Err(ApplyError::Cells(error)) => Err(Failure::Storage(
                self.overlay
                    .take_failure()
                    .unwrap_or_else(|| overlay::damaged(&self.file, &error)),
            )),
        }
    }

    fn savepoint(&mut self, ident: FileIdent) -> Mark {
        self.overlay.savepoint();
        Mark {
            ident,
            schema: self.schema.clone(),
            entries: self.entries.len(),
        }
    }

    /// Undoes a client's turn. It has one turn in a batch, so all that there is of it is of this turn.
    fn roll_back(&mut self, mark: Mark) {
        let Mark {
            ident,
            entries,
            schema,
        } = mark;
        self.entries.truncate(entries);
        let mut later = self.reciprocal.split_off(&(ident, ServerVersion(0)));
        self.reciprocal
            .append(&mut later.split_off(&(FileIdent(ident.0 + 1), ServerVersion(0))));
        self.trimmed.remove(&ident);
        self.schema = schema;
        self.overlay.roll_back();
    }
}

fn part(uploaded: &Uploaded, ident: FileIdent, cost: &Cost) -> Result<Part, Failure> {
    if uploaded.origin != FileIdent(0) {
        return Err(Failure::Refused(Refusal::BadOrigin));
    }
    let mut changeset = changeset::decode_within(&uploaded.changeset, cost.changeset_bytes)
        .map_err(|error| match error {
            DecodeError::TooLarge(_) => {
                Failure::Refused(cost.exceeded(Refusal::TooLarge(error.to_string())))
            }
            error => refused(&error),
        })?;
    changeset.leave_out_idle_clears();
    Ok(Part::new(
        OrderKey {
            timestamp: uploaded.timestamp,
            origin: ident,
        },
        changeset,
    ))
}

/// Whether a changeset does only what is allowed; what is to be left out of it is. Schema instructions that change nothing are free: SDKs repeat them.
fn permitted(changeset: &mut Changeset, allow: Allow, schema: &Schema) -> Result<(), Failure> {
    use Instruction::{AddColumn, AddTable, EraseColumn, EraseTable};
    let has_class = |class: &Text| schema.class(class).is_some();
    let has_column = |class: &Text, field: &Text| {
        let class = schema.class(class);
        class.is_some_and(|class| class.column(field).is_some())
    };
    if allow.add == Additions::Dropped {
        changeset
            .instructions
            .retain(|instruction| match instruction {
                AddTable { class, .. } => has_class(class),
                AddColumn { class, field, .. } => has_column(class, field),
                _ => true,
            });
    }
    let add = allow.add != Additions::Refused;
    for instruction in &changeset.instructions {
        let (allowed, what) = match instruction {
            AddTable { class, .. } => (add || has_class(class), "add classes to"),
            AddColumn { class, field, .. } => {
                (add || has_column(class, field), "add properties to")
            }
            EraseTable { class } => (allow.erase || !has_class(class), "remove classes of"),
            EraseColumn { class, field } => (
                allow.erase || !has_column(class, field),
                "remove properties of",
            ),
            _ => (allow.data, "write to"),
        };
        if !allowed {
            let told = format!("the user may not {what} this Realm");
            return Err(Failure::Refused(Refusal::Denied(told)));
        }
    }
    Ok(())
}

fn refused(error: &dyn std::fmt::Display) -> Failure {
    Failure::Refused(Refusal::BadChangeset(error.to_string()))
}

/// Moves a client file on; never back.
fn advance(file: &mut ClientFile, progress: UploadCursor, locked: ServerVersion) {
    file.upload.client_version = file.upload.client_version.max(progress.client_version);
    file.upload.server_version = file.upload.server_version.max(progress.server_version);
    file.locked = file.locked.max(locked);
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::super::Realm;
    use super::super::tests::{Client, begun, dog, walk};
    use super::*;

    /// A batch that panics when all clients had their turn.
    fn integrate_and_panic(realm: &Realm, pendings: Vec<Pending>) {
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            let mut writer = realm.writer.lock().unwrap();
            writer.at_work = true;
            writer.file.begin().unwrap();
            let mut batch = writer.grow(&realm.published).unwrap();
            let mut outcomes = vec![Ok(()); pendings.len()];
            writer
                .clients(
                    Pace::Long,
                    pendings,
                    &realm.files,
                    &mut batch,
                    &mut outcomes,
                )
                .unwrap();
            assert_eq!(outcomes, [Ok(())]);
            std::panic::resume_unwind(Box::new("as a fault in the merge would"));
        }));
        assert!(panicked.is_err());
    }

    #[test]
    fn a_batch_that_panicked_leaves_nothing_in_memory() {
        let run = |panics: bool| {
            let server = begun(Limits::default());
            let realm = server.realm();
            let (mut a, mut b) = (Client::new(&realm), Client::new(&realm));
            server.integrate(vec![a.upload(vec![(2, vec![walk(1, 0, 0, 10)])])]);
            // What A did is now in B's window.
            server.integrate(vec![b.upload(vec![(2, vec![dog(2)])])]);
            let upload = b.upload(vec![(2, vec![walk(1, 0, 0, 20)])]);
            if panics {
                integrate_and_panic(&realm, vec![upload.clone()]);
            }
            server.integrate(vec![upload]);
            server.integrate(vec![b.upload(vec![(2, vec![walk(1, 0, 1, 21)])])]);
            let history = server.history();
            history
                .iter()
                .map(|entry| entry.changeset.clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(run(true), run(false));
    }

    #[test]
    fn idents_that_are_given_after_a_panic_are_known_for_ever() {
        let mut server = begun(Limits::default());
        let realm = server.realm();
        let mut client = Client::new(&realm);
        let upload = client.upload(vec![(2, vec![dog(2)])]);
        integrate_and_panic(&realm, vec![upload.clone()]);
        let given: Vec<_> = (0..100)
            .map(|_| realm.allocate_client_file().unwrap())
            .collect();
        server.integrate(vec![upload]);
        drop(realm);
        server.restart();
        let realm = server.realm();
        for (ident, salt) in given {
            assert_eq!(realm.client_file(ident).unwrap().unwrap().salt, salt);
        }
    }
}
