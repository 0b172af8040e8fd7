//! Which of the entries that nothing has met yet an incoming changeset can affect.
//!
//! Instructions on data affect each other on one object only; those on the schema may affect anything. So it is enough to know the objects of each entry, and most
//! entries are never indexed for merging: they go when the peer has seen them.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use crate::changeset::{Changeset, Instruction, Key, Text};

/// What waiting entries touch. Objects are told apart by hashes: that two have the same makes work, and nothing wrong.
#[derive(Default)]
pub struct Waiting {
    hasher: RandomState,
    /// The last version that touches an object.
    objects: HashMap<u64, u64>,
    /// The last version with an instruction on the schema.
    schema: u64,
    /// The last version of all.
    last: u64,
    /// So many objects, and those that are of no account any more are forgotten.
    most: usize,
}

/// Objects that are remembered before it is worth forgetting any.
const FEW: usize = 4096;

impl Waiting {
    /// Takes note of an entry. What is not after `floor` waits no longer.
    pub fn push(&mut self, version: u64, changeset: &Changeset, floor: u64) {
        if self.last <= floor {
            self.objects.clear();
        } else if self.objects.len() > self.most.max(FEW) {
            self.objects.retain(|_, last| *last > floor);
            self.most = 2 * self.objects.len();
        }
        self.last = version;
        for object in objects(changeset) {
            match object {
                Some((class, key)) => {
                    let hash = self.hasher.hash_one((class, key));
                    self.objects.insert(hash, version);
                }
                None => self.schema = version,
            }
        }
    }

    /// The last waiting version that an incoming changeset may affect or be affected by; 0 if there is none.
    pub fn reached_by(&self, incoming: &Changeset) -> u64 {
        let mut reached = self.schema;
        for object in objects(incoming) {
            let last = match object {
                Some((class, key)) => self
                    .objects
                    .get(&self.hasher.hash_one((class, key)))
                    .copied(),
                None => Some(self.last),
            };
            reached = reached.max(last.unwrap_or_default());
        }
        reached
    }
}

/// The objects of a changeset, runs of instructions on one object once; nothing stands for an instruction on the schema.
fn objects(changeset: &Changeset) -> impl Iterator<Item = Option<(&Text, &Key)>> {
    let mut before = None;
    changeset
        .instructions
        .iter()
        .filter_map(move |instruction| {
            let object = object(instruction);
            (before.replace(object) != Some(object)).then_some(object)
        })
}

fn object(instruction: &Instruction) -> Option<(&Text, &Key)> {
    match instruction {
        Instruction::CreateObject { class, key } | Instruction::EraseObject { class, key } => {
            Some((class, key))
        }
        other => other.path().map(|path| (&path.class, &path.key)),
    }
}
