//! Cells written above stored ones; with savepoints, so that what failed leaves nothing behind.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt::Display;
use std::iter::Peekable;
use std::ops::Bound;

use bytes::Bytes;

use super::cells::{CellError, Cells, MemoryCells};

/// Stored cells, which an [`Overlay`] lies above.
pub trait Stored {
    /// Why a cell cannot be read.
    type Error: Display;

    /// A cell.
    fn cell(&self, key: &[u8]) -> Result<Option<Bytes>, Self::Error>;

    /// At most `limit` cells whose key begins with `prefix` and is greater than `after`, in order.
    fn cells(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<(Vec<u8>, Bytes)>, Self::Error>;
}

impl<S: Stored> Stored for std::sync::Arc<S> {
    type Error = S::Error;

    fn cell(&self, key: &[u8]) -> Result<Option<Bytes>, S::Error> {
        S::cell(self, key)
    }

    fn cells(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<(Vec<u8>, Bytes)>, S::Error> {
        S::cells(self, prefix, after, limit)
    }
}

impl<S: Stored> Stored for &S {
    type Error = S::Error;

    fn cell(&self, key: &[u8]) -> Result<Option<Bytes>, S::Error> {
        S::cell(self, key)
    }

    fn cells(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<(Vec<u8>, Bytes)>, S::Error> {
        S::cells(self, prefix, after, limit)
    }
}

impl Stored for MemoryCells {
    type Error = CellError;

    fn cell(&self, key: &[u8]) -> Result<Option<Bytes>, CellError> {
        Ok(self.at(key))
    }

    fn cells(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<(Vec<u8>, Bytes)>, CellError> {
        Ok(self.after(prefix, after, limit))
    }
}

/// What was written since the stored cells were as they are.
pub struct Overlay<S: Stored> {
    stored: S,
    /// What was written up to the savepoint.
    before: Written,
    /// What was written since.
    since: Written,
    /// Bytes of the keys and values in the latter.
    held: usize,
    /// What the storage said when it failed; cells have no words for it.
    failure: Option<S::Error>,
}

/// Cells that were written; `None` is a deleted one.
type Written = BTreeMap<Vec<u8>, Option<Bytes>>;

impl<S: Stored> Overlay<S> {
    /// Nothing written yet.
    pub fn new(stored: S) -> Overlay<S> {
        Overlay {
            stored,
            before: Written::new(),
            since: Written::new(),
            held: 0,
            failure: None,
        }
    }

    /// What is written from here on can be taken back.
    pub fn savepoint(&mut self) {
        self.held = 0;
        let since = std::mem::take(&mut self.since);
        if self.before.is_empty() {
            self.before = since;
        } else {
            self.before.extend(since);
        }
    }

    /// Takes back what was written since the savepoint.
    pub fn roll_back(&mut self) {
        self.held = 0;
        self.since.clear();
    }

    /// Why reading a cell failed last.
    pub fn take_failure(&mut self) -> Option<S::Error> {
        self.failure.take()
    }

    /// The writes, in the order of their keys.
    pub fn into_cells(mut self) -> Vec<(Vec<u8>, Option<Bytes>)> {
        self.savepoint();
        self.before.into_iter().collect()
    }

    fn write(&mut self, key: Vec<u8>, value: Option<Bytes>) {
        let length = |value: &Option<Bytes>| value.as_ref().map_or(0, Bytes::len);
        self.held += length(&value);
        match self.since.entry(key) {
            Entry::Occupied(mut place) => self.held -= length(&place.insert(value)),
            Entry::Vacant(place) => {
                self.held += place.key().len();
                place.insert(value);
            }
        }
    }

    fn failed(&mut self, error: S::Error) -> CellError {
        let text = error.to_string();
        self.failure = Some(error);
        CellError(text)
    }
}

impl<S: Stored> Cells for Overlay<S> {
    fn get(&mut self, key: &[u8]) -> Result<Option<Bytes>, CellError> {
        if let Some(written) = self.since.get(key).or_else(|| self.before.get(key)) {
            return Ok(written.clone());
        }
        self.stored.cell(key).map_err(|error| self.failed(error))
    }

    fn put(&mut self, key: Vec<u8>, value: Vec<u8>) {
        self.write(key, Some(value.into()));
    }

    fn delete(&mut self, key: &[u8]) {
        self.write(key.to_vec(), None);
    }

    fn scan(
        &mut self,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<(Vec<u8>, Bytes)>, CellError> {
        let written = Layers::new(&self.before, &self.since, prefix, after);
        merged(written, &self.stored, prefix, after, limit).map_err(|error| self.failed(error))
    }

    fn held(&self) -> usize {
        self.held
    }
}

/// Stored cells read at once after the first page: what was deleted may leave a page of them empty.
const PAGE: usize = 256;

/// Written cells whose key begins with a prefix, in order; of those that were written in both layers the later ones.
struct Layers<'w> {
    before: Peekable<Range<'w>>,
    since: Peekable<Range<'w>>,
    prefix: &'w [u8],
}

type Range<'w> = std::collections::btree_map::Range<'w, Vec<u8>, Option<Bytes>>;

impl<'w> Layers<'w> {
    fn new(
        before: &'w Written,
        since: &'w Written,
        prefix: &'w [u8],
        after: Option<&[u8]>,
    ) -> Layers<'w> {
        let start = match after {
            Some(after) if after >= prefix => Bound::Excluded(after),
            Some(_) | None => Bound::Included(prefix),
        };
        let range =
            |cells: &'w Written| cells.range::<[u8], _>((start, Bound::Unbounded)).peekable();
        Layers {
            before: range(before),
            since: range(since),
            prefix,
        }
    }
}

impl<'w> Iterator for Layers<'w> {
    type Item = (&'w Vec<u8>, &'w Option<Bytes>);

    fn next(&mut self) -> Option<Self::Item> {
        let next = match (self.before.peek(), self.since.peek()) {
            (Some((before, _)), Some((since, _))) if before < since => self.before.next(),
            (Some((before, _)), Some((since, _))) if before == since => {
                self.before.next();
                self.since.next()
            }
            (Some(_), None) => self.before.next(),
            (Some(_) | None, _) => self.since.next(),
        };
        next.filter(|(key, _)| key.starts_with(self.prefix))
    }
}

/// Stored and written cells as one, in order. Of neither is more gone through than what is found or deleted among it.
fn merged<S: Stored>(
    written: Layers<'_>,
    stored: &S,
    prefix: &[u8],
    after: Option<&[u8]>,
    limit: usize,
) -> Result<Vec<(Vec<u8>, Bytes)>, S::Error> {
    let mut written = written.fuse().peekable();
    let mut found = Vec::new();
    let mut after = after.map(<[u8]>::to_vec);
    let mut page = limit;
    while found.len() < limit {
        let cells = stored.cells(prefix, after.as_deref(), page)?;
        let is_last = cells.len() < page;
        after = cells.last().map(|(key, _)| key.clone());
        for (key, value) in cells {
            while let Some((key, value)) = written.next_if(|(written, _)| **written < key) {
                found.extend(value.clone().map(|value| (key.clone(), value)));
            }
            match written.next_if(|(written, _)| **written == key) {
                Some((_, value)) => found.extend(value.clone().map(|value| (key, value))),
                None => found.push((key, value)),
            }
            if found.len() >= limit {
                break;
            }
        }
        if is_last {
            let rest = written.filter_map(|(key, value)| Some((key.clone(), value.clone()?)));
            found.extend(rest.take(limit.saturating_sub(found.len())));
            break;
        }
        page = limit.max(PAGE);
    }
    found.truncate(limit);
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::time::{Duration, Instant};

    use rand::rngs::StdRng;
    use rand::{Rng, SeedableRng};

    use super::*;
    use crate::changeset::{
        CollectionKind, Column, ColumnKind, Instruction, Key, KeyKind, Path, PrimaryKeyColumn,
        Slot, Step, TableKind, Value,
    };
    use crate::state::{Applier, Schema};

    #[test]
    fn what_was_there_is_kept_once_for_each_cell() {
        let mut overlay = Overlay::new(MemoryCells::default());
        overlay.put(b"a".to_vec(), vec![0]);
        overlay.savepoint();
        for round in 0..100 {
            overlay.put(b"a".to_vec(), vec![round; 1000]);
            overlay.put(b"b".to_vec(), vec![round; 1000]);
            overlay.delete(b"b");
        }
        assert_eq!(overlay.since.len(), 2);
        overlay.roll_back();
        assert_eq!(
            overlay.into_cells(),
            [(b"a".to_vec(), Some(Bytes::from_static(&[0])))]
        );
    }

    #[test]
    fn what_is_held_is_what_was_written_last_since_the_savepoint() {
        let mut overlay = Overlay::new(MemoryCells::default());
        overlay.put(b"a".to_vec(), vec![0; 100]);
        assert_eq!(overlay.held(), 101);
        overlay.savepoint();
        assert_eq!(overlay.held(), 0);
        overlay.put(b"a".to_vec(), vec![0; 50]);
        overlay.put(b"a".to_vec(), vec![0; 10]);
        overlay.put(b"b".to_vec(), vec![0; 20]);
        assert_eq!(overlay.held(), 32);
        overlay.delete(b"a");
        assert_eq!(overlay.held(), 22);
        overlay.roll_back();
        assert_eq!(overlay.held(), 0);
    }

    #[test]
    fn each_savepoint_is_gone_back_to() {
        let mut overlay = Overlay::new(MemoryCells::default());
        overlay.put(b"a".to_vec(), vec![1]);
        overlay.savepoint();
        overlay.delete(b"a");
        overlay.roll_back();
        assert_eq!(overlay.get(b"a").unwrap().unwrap(), vec![1]);
        overlay.put(b"a".to_vec(), vec![2]);
        overlay.savepoint();
        overlay.put(b"a".to_vec(), vec![3]);
        overlay.roll_back();
        assert_eq!(overlay.get(b"a").unwrap().unwrap(), vec![2]);
    }

    /// Stored cells that count how many are read.
    struct Counted {
        cells: MemoryCells,
        read: Cell<usize>,
    }

    impl Stored for &Counted {
        type Error = CellError;

        fn cell(&self, key: &[u8]) -> Result<Option<Bytes>, CellError> {
            self.read.set(self.read.get() + 1);
            self.cells.cell(key)
        }

        fn cells(
            &self,
            prefix: &[u8],
            after: Option<&[u8]>,
            limit: usize,
        ) -> Result<Vec<(Vec<u8>, Bytes)>, CellError> {
            let cells = self.cells.cells(prefix, after, limit)?;
            self.read.set(self.read.get() + cells.len());
            Ok(cells)
        }
    }

    #[test]
    fn stored_and_written_cells_are_one() {
        let mut random = StdRng::seed_from_u64(7);
        for _ in 0..500 {
            let (mut stored, mut expected) = (MemoryCells::default(), MemoryCells::default());
            let key =
                |random: &mut StdRng| vec![random.random_range(0..3), random.random_range(0..40)];
            for _ in 0..random.random_range(0..60) {
                let key = key(&mut random);
                stored.put(key.clone(), vec![1]);
                expected.put(key, vec![1]);
            }
            let mut overlay = Overlay::new(stored);
            for _ in 0..random.random_range(0..60) {
                if random.random_bool(0.05) {
                    overlay.savepoint();
                }
                let key = key(&mut random);
                if random.random_bool(0.5) {
                    overlay.delete(&key);
                    expected.delete(&key);
                } else {
                    overlay.put(key.clone(), vec![2]);
                    expected.put(key, vec![2]);
                }
            }
            for limit in [0, 1, 2, 7, 100, usize::MAX] {
                let after = random.random_bool(0.5).then(|| key(&mut random));
                assert_eq!(
                    overlay.scan(&[1], after.as_deref(), limit).unwrap(),
                    expected.scan(&[1], after.as_deref(), limit).unwrap()
                );
            }
        }
    }

    /// 100,000 elements in each kind of collection and objects in a class, stored or just written: each is read a few times when it is erased.
    #[test]
    fn erasing_reads_each_cell_once() {
        const EACH: u32 = 100_000;
        let path = |field: &str, steps: Vec<Step>| Path {
            class: "C".into(),
            key: Key::Int(-1),
            field: field.into(),
            steps,
        };
        let mut beginning = vec![Instruction::AddTable {
            class: "C".into(),
            kind: TableKind::TopLevel(PrimaryKeyColumn {
                field: "_id".into(),
                kind: KeyKind::Int,
                nullable: false,
            }),
        }];
        for (field, collection) in [
            ("list", CollectionKind::List),
            ("set", CollectionKind::Set),
            ("map", CollectionKind::Dictionary),
        ] {
            beginning.push(Instruction::AddColumn {
                class: "C".into(),
                field: field.into(),
                column: Column {
                    kind: ColumnKind::Int,
                    nullable: false,
                    collection,
                    dictionary_key: 3,
                },
            });
        }
        beginning.extend(
            (-1..i64::from(EACH)).map(|number| Instruction::CreateObject {
                class: "C".into(),
                key: Key::Int(number),
            }),
        );
        for number in 0..EACH {
            let value = Value::Int(number.into());
            beginning.push(Instruction::ArrayInsert {
                path: path("list", vec![Step::Index(number)]),
                value: value.clone(),
                prior_size: number,
            });
            beginning.push(Instruction::SetInsert {
                path: path("set", vec![]),
                value: value.clone(),
            });
            beginning.push(Instruction::Update {
                path: path("map", vec![Step::Name(number.to_string().as_str().into())]),
                value,
                slot: Slot::Field { is_default: false },
            });
        }
        let end = [
            Instruction::EraseObject {
                class: "C".into(),
                key: Key::Int(-1),
            },
            Instruction::EraseTable { class: "C".into() },
        ];
        let apply = |overlay: &mut Overlay<&Counted>, schema: &mut Schema, what: &[Instruction]| {
            let mut applier = Applier::new(overlay, schema);
            for instruction in what {
                applier.apply(instruction).unwrap();
            }
            applier.finish();
        };
        let nothing = Counted {
            cells: MemoryCells::default(),
            read: Cell::new(0),
        };
        let (mut overlay, mut schema) = (Overlay::new(&nothing), Schema::default());
        apply(&mut overlay, &mut schema, &beginning);
        let mut stored = Counted {
            cells: MemoryCells::default(),
            read: Cell::new(0),
        };
        let begun = Instant::now();
        let mut just_written = Overlay::new(&nothing);
        let mut schema_too = Schema::default();
        apply(&mut just_written, &mut schema_too, &beginning);
        let writing = begun.elapsed();
        let begun = Instant::now();
        apply(&mut just_written, &mut schema_too, &end);
        assert!(
            begun.elapsed() < writing + Duration::from_secs(1),
            "erasing what was just written takes no longer than writing it"
        );
        let left = just_written.into_cells();
        let counters = left.iter().filter(|(_, value)| value.is_some()).count();
        assert_eq!(counters, 2);

        stored.cells.take_over(overlay.into_cells());
        let cells = stored.cells.len();
        let mut overlay = Overlay::new(&stored);
        apply(&mut overlay, &mut schema, &end);
        let read = stored.read.get();
        assert!(read < 3 * cells, "{read} of {cells} cells");
    }
}
