//! A device without network: its own state, the changesets it made, and the merge on its side.

use bytes::Bytes;
use rand::rngs::StdRng;
use ros::changeset::{Changeset, decode, encode};
use ros::history::{OrderKey, Part, Rules, Window};
use ros::ident::{
    ClientVersion, DownloadCursor, FileIdent, OriginTimestamp, ServerVersion, UploadCursor,
};
use ros::realm::{Allow, Pending, Realm, Uploaded};

use crate::support::edits::{self, Scope, Shape};
use crate::support::model::Model;

/// A device.
pub struct Peer {
    /// What it has.
    pub model: Model,
    ident: FileIdent,
    version: ClientVersion,
    cursor: DownloadCursor,
    /// What it made and has not been told to be integrated.
    unacknowledged: Vec<Uploaded>,
    /// The same as the server's changes see it.
    window: Window,
}

impl Peer {
    /// A device with a new file.
    pub fn new(realm: &Realm, rules: Rules) -> Peer {
        let (ident, _salt) = realm.allocate_client_file().unwrap();
        Peer {
            model: Model::default(),
            ident,
            version: ClientVersion(1),
            cursor: DownloadCursor::default(),
            unacknowledged: Vec::new(),
            window: Window::new(0, rules),
        }
    }

    /// Makes the first transaction of a Realm.
    pub fn begin(&mut self, shape: &Shape) {
        let changeset = shape.beginning(&mut self.model);
        self.commit(OriginTimestamp(0), changeset);
    }

    /// Makes a random transaction at this time of its clock.
    pub fn edit(&mut self, random: &mut StdRng, scope: Scope, most: usize, now: u64) -> Changeset {
        let changeset = edits::transaction(random, &mut self.model, scope, most);
        self.commit(OriginTimestamp(now), changeset.clone());
        changeset
    }

    fn commit(&mut self, timestamp: OriginTimestamp, changeset: Changeset) {
        self.version.0 += 1;
        self.unacknowledged.push(Uploaded {
            client_version: self.version,
            server_version: self.cursor.server_version,
            timestamp,
            origin: FileIdent(0),
            changeset: encode(&changeset).into(),
        });
        let key = OrderKey {
            timestamp,
            origin: self.ident,
        };
        self.window.push(self.version.0, Part::new(key, changeset));
    }

    /// The first so many changesets that are not acknowledged, as they would be uploaded.
    pub fn upload(&self, most: usize) -> Pending {
        let changesets: Vec<Uploaded> = self.unacknowledged.iter().take(most).cloned().collect();
        let all = changesets.len() == self.unacknowledged.len();
        let last = changesets.last().map(|last| last.client_version);
        let version = match last {
            Some(last) if !all => last,
            _ => self.version,
        };
        Pending {
            ident: self.ident,
            progress: UploadCursor {
                client_version: version,
                server_version: changesets
                    .last()
                    .map_or(self.cursor.server_version, |last| last.server_version),
            },
            locked: ServerVersion(0),
            allow: Allow::ALL,
            changesets,
        }
    }

    /// Integrates what the server has, at most about so many bytes of it; whether there may be more.
    pub fn download(&mut self, realm: &Realm, limit: usize) -> Result<bool, String> {
        let slice = realm
            .read(self.cursor, self.ident, limit)
            .map_err(|error| error.to_string())?;
        for item in &slice.entries {
            let entry = &item.entry;
            let key = OrderKey {
                timestamp: entry.timestamp,
                origin: entry.origin,
            };
            let changeset = decode(&Bytes::clone(&entry.changeset)).map_err(|e| e.to_string())?;
            let merged = self
                .window
                .rebase(item.client_version.0, vec![Part::new(key, changeset)])
                .map_err(|error| error.to_string())?;
            for part in merged {
                self.model.apply_all(&part.changeset).map_err(|why| {
                    format!("{} cannot apply {:?}: {why}", self.ident, entry.version)
                })?;
            }
            self.version.0 += 1;
        }
        self.cursor = slice.cursor;
        let known = self.cursor.client_version;
        self.unacknowledged
            .retain(|uploaded| uploaded.client_version > known);
        Ok(slice.cursor.server_version < slice.head.version)
    }

    /// Whether the server has everything of it.
    pub fn is_settled(&self) -> bool {
        self.unacknowledged.is_empty()
    }
}
