//! A device: our own copy of a Realm, in memory or in a file on the phones' disk, and what it remembers to have made.

use std::path::PathBuf;

use rand::Rng;
use rand::rngs::StdRng;
use ros::changeset::Changeset;
use ros::ident::{ClientVersion, OriginTimestamp, RealmName};
use ros::replica::{Local, Replica, ReplicaError, Rules, WriteError};
use ros::state::MemoryCells;
use ros::storage::{Progress, ReplicaFile};

use crate::simulation::SCOPE;
use crate::support::edits::{self, Scope};
use crate::support::model::{Model, difference};

/// What devices write. Collections in Mixed values are left out where clocks jump: three devices that replace one by another value, and back, need not converge by the rules of the SDKs.
const WRITTEN: Scope = Scope {
    nested: false,
    ..SCOPE
};

/// A device.
pub struct Device {
    /// Its copy; away while its disk is.
    pub replica: Option<Replica>,
    /// Its file, if it has one.
    pub file: Option<PathBuf>,
    /// Its Realm.
    pub realm: RealmName,
    /// What its clock is wrong by.
    pub clock: i64,
    /// Own versions whose commit has succeeded.
    pub made: Vec<ClientVersion>,
    /// Client resets.
    pub resets: usize,
    /// What it had when a call succeeded last.
    known: Known,
}

/// What must still be there after anything.
#[derive(Default, Clone)]
struct Known {
    progress: Progress,
    model: Model,
    /// What an edit under way would make of it.
    attempted: Option<Model>,
    /// An integration is under way: what it makes is not known here.
    integrating: bool,
}

impl Device {
    /// A new device with an empty copy.
    pub fn new(realm: RealmName, file: Option<PathBuf>) -> Device {
        let mut device = Device {
            replica: None,
            file,
            realm,
            clock: 0,
            made: Vec::new(),
            resets: 0,
            known: Known::default(),
        };
        device.open().expect("a healthy disk");
        device
    }

    /// Opens its copy, and looks whether all is there that must be.
    pub fn open(&mut self) -> Result<(), ReplicaError> {
        let local = match &self.file {
            Some(file) => Local::File(ReplicaFile::open(file)?),
            None => Local::Memory(MemoryCells::default()),
        };
        self.replica = Some(Replica::open(local, Rules::SERVER)?);
        let (now, known) = (*self.replica().progress(), &self.known.progress);
        assert!(
            now.version >= known.version
                && now.download.server_version >= known.download.server_version
                && now.acknowledged >= known.acknowledged,
            "a device's file has gone back: {known:?}, now {now:?}"
        );
        assert!(
            known.file.0 == 0 || (now.file, now.salt) == (known.file, known.salt),
            "a device has forgotten its ident"
        );
        let model = self.model();
        let as_known = difference(&model, &self.known.model);
        let attempted = self.known.attempted.as_ref();
        let as_attempted = attempted.is_some_and(|other| difference(&model, other).is_none());
        assert!(
            as_known.is_none() || as_attempted || self.known.integrating,
            "a device's file has lost something: {as_known:?}"
        );
        if as_attempted && now.version > known.version {
            self.made.push(now.version);
        }
        self.succeeded();
        Ok(())
    }

    /// What it has.
    pub fn model(&self) -> Model {
        let look = self
            .replica()
            .look(|schema, cells| Model::read(cells, schema));
        look.unwrap_or_else(|error| panic!("a device cannot read its copy: {error}"))
    }

    /// Its copy.
    pub fn replica(&self) -> &Replica {
        self.replica.as_ref().expect("open")
    }

    /// The time by its clock.
    pub fn time(&self, now: u64) -> OriginTimestamp {
        OriginTimestamp(now.saturating_add_signed(self.clock))
    }

    /// Makes a transaction.
    pub fn edit(&mut self, random: &mut StdRng, now: u64) -> Result<(), WriteError> {
        let mut model = self.known.model.clone();
        let changeset = if model.classes.is_empty() {
            edits::Shape::of(1).beginning(&mut model)
        } else {
            edits::transaction(random, &mut model, WRITTEN, 5)
        };
        let time = self.time(now);
        self.known.attempted = Some(model.clone());
        self.commit(changeset, time)?;
        assert!(difference(&model, &self.model()).is_none());
        self.made.push(self.replica().progress().version);
        self.succeeded();
        Ok(())
    }

    fn commit(&mut self, changeset: Changeset, time: OriginTimestamp) -> Result<(), WriteError> {
        let replica = self.replica.as_mut().expect("open");
        let made = replica.write(time, |transaction| {
            let mut instructions = changeset.instructions.into_iter();
            instructions.try_for_each(|instruction| transaction.apply(instruction))
        });
        made.map(drop)
    }

    /// An integration begins.
    pub fn integrates(&mut self) -> &mut Replica {
        self.known.integrating = true;
        self.replica.as_mut().expect("open")
    }

    /// What was under way is done.
    pub fn succeeded(&mut self) {
        self.known = Known {
            progress: *self.replica().progress(),
            model: self.model(),
            attempted: None,
            integrating: false,
        };
    }

    /// Whether the server has everything of it.
    pub fn is_settled(&self) -> bool {
        let replica = self.replica();
        replica.unacknowledged_bytes() == 0 && !replica.has_parked()
    }

    /// Its clock jumps.
    pub fn jump(&mut self, random: &mut StdRng) {
        self.clock = random.random_range(-1000..1000);
    }
}
