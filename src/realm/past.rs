//! The schema as it was: what old entries named may have been erased since, or replaced by something else of that name.
//!
//! No SDK erases anything, so it is stored nowhere: it is found by going through the history. That is done once, and places on the way are kept, from which whoever reads goes
//! on. So what a reader goes through does not grow with the history, wherever it stands.

use std::sync::{Arc, Mutex};
use std::vec::IntoIter;

use super::memory::Share;
use super::{Entry, Realm, RealmError, Schema, lock};
use crate::changeset;
use crate::courtesy;
use crate::ident::ServerVersion;

/// A place in the history.
#[derive(Clone, Default)]
struct Place {
    /// The last version that the schema contains.
    version: ServerVersion,
    /// What the history weighs up to it.
    weight: u64,
    schema: Schema,
}

/// What an entry weighs beside its changeset.
const ENTRY_WEIGHT: u64 = 128;
/// How far places are apart: about as far as is gone through in a millisecond or two.
const STEP: u64 = 256 << 10;
/// What is after more steps than these has its places further apart, the later the more: so their number hardly grows.
const MOST_STEPS: u64 = 512;
/// Bytes of memory that the places of a Realm may take; above it every second one is dropped.
const MOST_BYTES: usize = 4 << 20;
/// Bytes of history that are read at once.
const PAGE_BYTES: usize = 1 << 20;

/// The places that a Realm keeps, in order. The last is as far as anybody has come.
pub struct Places {
    kept: Mutex<Vec<Place>>,
    /// What they count among all that Realms keep.
    share: Share,
    /// How many entries were gone through.
    #[cfg(test)]
    pub followed: std::sync::atomic::AtomicUsize,
}

impl Places {
    /// No places yet.
    pub fn new(share: Share) -> Places {
        Places {
            kept: Mutex::default(),
            share,
            #[cfg(test)]
            followed: std::sync::atomic::AtomicUsize::new(0),
        }
    }

    /// The last place before a version.
    fn before(&self, version: ServerVersion) -> Place {
        let kept = lock(&self.kept);
        let later = kept.partition_point(|place| place.version < version);
        kept[..later].last().cloned().unwrap_or_default()
    }

    /// Keeps a place if it is further than all others, or a step away from them. The last one moves on with it until it is a step away from the one before.
    fn keep(&self, place: &Place) {
        let mut kept = lock(&self.kept);
        let at = kept.partition_point(|other| other.version < place.version);
        if let Some(later) = kept.get(at) {
            // All were forgotten while somebody was on the way, who has left the first one far from the beginning.
            let before = at.checked_sub(1).map_or(0, |at| kept[at].weight);
            let step = STEP.max(place.weight / MOST_STEPS);
            if place.weight - before < step || later.weight - place.weight < step {
                return;
            }
            kept.insert(at, place.clone());
        } else {
            let before = kept.iter().nth_back(1).map_or(0, |before| before.weight);
            match kept.last_mut() {
                Some(last) if last.weight - before < STEP.max(place.weight / MOST_STEPS) => {
                    *last = place.clone();
                    return;
                }
                _ => kept.push(place.clone()),
            }
        }
        if bytes(&kept) > MOST_BYTES {
            let mut later = kept.len();
            kept.retain(|_| {
                later -= 1;
                later.is_multiple_of(2)
            });
        }
        self.share.set(bytes(&kept));
    }

    /// Forgets all of them.
    pub fn forget(&self) {
        let mut kept = lock(&self.kept);
        *kept = Vec::new();
        self.share.set(0);
    }
}

/// About what places take, in bytes of memory.
fn bytes(places: &[Place]) -> usize {
    let mut before = None;
    let own = places.iter().map(|place| {
        let shared = before.replace(&place.schema);
        let shares = shared.is_some_and(|shared| shared.is_shared_with(&place.schema));
        size_of::<Place>() + if shares { 0 } else { place.schema.bytes() }
    });
    own.sum()
}

/// A walk through the past of a Realm.
pub struct Past<'r> {
    realm: &'r Realm,
    at: Place,
    /// What follows, as far as it was read.
    page: IntoIter<Arc<Entry>>,
}

impl<'r> Past<'r> {
    /// One that has not begun.
    pub(super) fn new(realm: &'r Realm) -> Past<'r> {
        Past {
            realm,
            at: Place::default(),
            page: IntoIter::default(),
        }
    }

    /// The schema before a version. Versions that are asked for ascend.
    pub fn schema_before(&mut self, version: ServerVersion) -> Result<Schema, RealmError> {
        self.go_to_nearest(version);
        while self.at.version.next() < version {
            match self.page.next() {
                Some(entry) => self.follow(&entry)?,
                None if self.read(version)? => {}
                None => break, // there is no more
            }
        }
        self.realm.places.keep(&self.at);
        Ok(self.at.schema.clone())
    }

    fn go_to_nearest(&mut self, version: ServerVersion) {
        let nearest = self.realm.places.before(version);
        if nearest.version > self.at.version {
            self.at = nearest;
            self.page = IntoIter::default();
        }
    }

    /// Reads what follows, from where another reader has come meanwhile, if that is further. Whether there is something.
    fn read(&mut self, version: ServerVersion) -> Result<bool, RealmError> {
        self.go_to_nearest(version);
        let (published, file) = (&self.realm.published, &self.realm.file);
        let view = published.view(self.at.version, PAGE_BYTES, file)?;
        self.page = view.entries.into_iter();
        Ok(!self.page.as_slice().is_empty())
    }

    fn follow(&mut self, entry: &Entry) -> Result<(), RealmError> {
        #[cfg(test)]
        let _ = (self.realm.places.followed).fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let decoded = changeset::decode(&entry.changeset)
            .map_err(|error| self.realm.damaged(entry.version, &error))?;
        courtesy::did(entry.changeset.len());
        let mut instructions = decoded.instructions.iter();
        instructions
            .try_for_each(|instruction| self.at.schema.follow(instruction))
            .map_err(|error| self.realm.damaged(entry.version, &error))?;
        let weight = entry.total_bytes + ENTRY_WEIGHT * entry.version.0;
        let has_gone_a_step = weight / STEP > self.at.weight / STEP;
        (self.at.version, self.at.weight) = (entry.version, weight);
        if has_gone_a_step {
            self.realm.places.keep(&self.at);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::memory::Memory;
    use super::*;
    use crate::changeset::{CollectionKind, Column, ColumnKind, Instruction, TableKind};

    #[test]
    fn places_of_large_schemas_are_few() {
        let memory = Memory::default();
        let places = Places::new(memory.share());
        for version in 1..100 {
            let mut schema = Schema::default();
            let class = || "Note".into();
            let kind = TableKind::Embedded;
            schema
                .follow(&Instruction::AddTable {
                    class: class(),
                    kind,
                })
                .unwrap();
            for number in 0..1000 {
                let field = format!("{version:0>50}{number}").as_str().into();
                let column = Column {
                    kind: ColumnKind::Int,
                    nullable: false,
                    collection: CollectionKind::Single,
                    dictionary_key: 0,
                };
                let class = class();
                schema
                    .follow(&Instruction::AddColumn {
                        class,
                        field,
                        column,
                    })
                    .unwrap();
            }
            places.keep(&Place {
                version: ServerVersion(version),
                weight: version * STEP,
                schema,
            });
            assert!(memory.bytes() <= MOST_BYTES, "{}", memory.bytes());
        }
        assert!(memory.bytes() > MOST_BYTES / 4, "{}", memory.bytes());
        let nearest = places.before(ServerVersion(50)).version;
        assert!((20..50).contains(&nearest.0), "{nearest}");
    }

    #[test]
    fn places_are_about_a_step_apart_and_not_many() {
        let memory = Memory::default();
        let places = Places::new(memory.share());
        let place = |version: u64| Place {
            version: ServerVersion(version),
            weight: version * STEP / 3,
            schema: Schema::default(),
        };
        (1..=300_000).for_each(|version| places.keep(&place(version)));
        places.keep(&place(7));
        let count = lock(&places.kept).len() as u64;
        assert!((MOST_STEPS..7 * MOST_STEPS).contains(&count), "{count}"); // 24 GiB
        for version in (1..=300_000).step_by(77) {
            let weight = place(version).weight;
            let nearest = places.before(ServerVersion(version));
            assert!(nearest.version.0 < version);
            assert!(weight - nearest.weight <= 2 * STEP.max(weight / MOST_STEPS));
        }
        assert!(memory.bytes() > 0);
        places.forget();
        assert_eq!(memory.bytes(), 0);
        // Somebody was on the way when they were forgotten.
        places.keep(&place(200_000));
        (1..100_000).for_each(|version| places.keep(&place(version)));
        let nearest = places.before(ServerVersion(90_000));
        let weight = place(90_000).weight;
        assert!(
            weight - nearest.weight <= 2 * STEP.max(weight / MOST_STEPS),
            "{:?}",
            nearest.version
        );
    }
}
