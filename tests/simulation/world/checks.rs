//! The invariants of `ARCHITECTURE.md`, looked at from outside after every step.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use bytes::Bytes;
use ros::changeset::decode;
use ros::ident::{
    ClientVersion, DownloadCursor, FileIdent, RealmName, Salt, ServerVersion, UploadCursor,
};
use ros::realm::{Realm, RealmError, Registry};
use ros::server::between;
use ros::storage::Entry;
use ros::wire::Answer;

use crate::simulation::{assert_same, stored, user};
use crate::support::model::Model;

/// What anybody was told of a Realm, and what was seen of it.
#[derive(Default)]
pub struct Checks {
    /// The salt of every ident that was given.
    given: HashMap<FileIdent, Salt>,
    /// How far each client was told to be integrated.
    told: BTreeMap<FileIdent, UploadCursor>,
    /// The newest version that anybody was told of.
    newest: ServerVersion,
    /// What the stored state must be: the history seen so far, replayed.
    replayed: Model,
    /// The history seen so far.
    seen: ServerVersion,
    /// What each version was when it was seen first.
    entries: Vec<Arc<Entry>>,
}

impl Checks {
    /// The server sends a message to the client that has this file.
    pub fn sent(&mut self, file: Option<FileIdent>, message: &Bytes) {
        let answer = Answer::decode(message.clone(), 1 << 30);
        match answer.unwrap_or_else(|error| panic!("the server sent what cannot be read: {error}"))
        {
            Answer::Ident { file, salt, .. } => {
                assert_eq!(
                    self.given.insert(file, salt),
                    None,
                    "ident {file} was given twice"
                );
            }
            Answer::Download { head, .. } => {
                let file = file.expect("a DOWNLOAD is for a file");
                let told = self.told.entry(file).or_default();
                assert!(
                    head.upload.client_version >= told.client_version,
                    "the cursor told to {file} goes back"
                );
                *told = head.upload;
                self.newest = self.newest.max(head.latest.version);
            }
            Answer::Mark { .. }
            | Answer::Unbound { .. }
            | Answer::Pong { .. }
            | Answer::Error { .. }
            | Answer::Log { .. } => {}
        }
    }

    /// A running Realm is as it must be. Damage is never an excuse.
    pub fn look_at(&mut self, realm: &Realm) -> Result<(), RealmError> {
        let head = realm.head().version;
        assert!(
            head >= self.newest,
            "version {} was told, {head} is the newest",
            self.newest
        );
        if head > self.seen {
            let from = DownloadCursor {
                server_version: self.seen,
                client_version: ClientVersion(0),
            };
            let nobody = FileIdent(0);
            let slice = realm.read(from, nobody, usize::MAX)?;
            assert_eq!(slice.cursor.server_version, head);
            for item in &slice.entries {
                replay(&mut self.replayed, &item.entry);
            }
            self.seen = head;
            assert_same(
                &stored(realm),
                &self.replayed,
                "stored state and replayed history",
            );
        }
        for (file, told) in &self.told {
            let stored = realm
                .client_file(*file)?
                .map(|stored| stored.upload.client_version);
            assert!(
                stored >= Some(told.client_version),
                "{file} was told {}, stored is {stored:?}",
                told.client_version
            );
        }
        Ok(())
    }

    /// What lies on disk, all of it: after a crash, and at the end.
    pub fn look_at_disk(
        &mut self,
        registry: &Registry,
        name: &RealmName,
    ) -> Result<(), RealmError> {
        let realm = registry.open(name, true)?;
        let file = registry.store().realm(name, false)?;
        let all = file.entries(ServerVersion(0), realm.head().version, usize::MAX)?;
        assert!(
            all.len() as u64 >= self.newest.0.max(self.seen.0),
            "version {} was told, {} seen, {} are there",
            self.newest,
            self.seen,
            all.len()
        );
        let mut origins: BTreeMap<FileIdent, ClientVersion> = BTreeMap::new();
        let mut model = Model::default();
        for (index, entry) in all.iter().enumerate() {
            assert_eq!(entry.version.0, index as u64 + 1, "versions are contiguous");
            if let Some(before) = self.entries.get(index) {
                assert_eq!(**before, *entry, "version {} has changed", entry.version);
            }
            let last = origins.insert(entry.origin, entry.client_version);
            assert!(
                last.is_none_or(|last| last < entry.client_version),
                "changes of {} are there twice or out of order",
                entry.origin
            );
            replay(&mut model, entry);
        }
        self.entries = all.into_iter().map(Arc::new).collect();
        assert_same(&stored(&realm), &model, "stored state and replayed history");
        for (file, salt) in &self.given {
            let stored = between::stored(&realm, *file, &user())?;
            let stored = stored.map(|stored| stored.salt);
            assert_eq!(stored, Some(*salt), "{file} is not known again");
        }
        self.look_at(&realm)
    }

    /// Everything that a device has made is in the history, once.
    pub fn has_all_of(&self, file: FileIdent, made: &[ClientVersion]) {
        let mine = self.entries.iter().filter(|entry| entry.origin == file);
        let there: Vec<ClientVersion> = mine.map(|entry| entry.client_version).collect();
        assert_eq!(there, made, "what {file} has made and what is there of it");
    }

    /// The server has lost everything, as was planned.
    pub fn forget(&mut self) {
        *self = Checks::default();
    }
}

fn replay(model: &mut Model, entry: &Entry) {
    if !entry.changeset.is_empty() {
        let changeset = decode(&entry.changeset).expect("stored changesets can be read");
        let applied = model.apply_all(&changeset);
        applied.unwrap_or_else(|why| panic!("version {} cannot be replayed: {why}", entry.version));
    }
}
