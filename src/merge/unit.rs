//! One instruction on its way through a merge, and where it acts: names and keys as small numbers, so that meeting is comparing numbers.

use std::collections::HashMap;
use std::hash::Hash;

use super::OrderKey;
use crate::changeset::{Column, ColumnKind, Instruction, Key, Path, Text};

/// An instruction that takes part in a merge.
#[derive(Debug, Clone)]
pub(super) struct Unit {
    pub instruction: Instruction,
    pub place: Place,
    pub key: OrderKey,
    /// Discarded instructions stay where they are and meet nobody.
    pub alive: bool,
    /// Whether a rule has altered it.
    pub changed: bool,
}

/// Where an instruction acts. Equal numbers are equal names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub class: u32,
    /// The column that it adds, erases or acts on.
    pub column: Option<u32>,
    pub object: Option<u32>,
    /// The field of the object that it acts on.
    pub field: Option<u32>,
    /// The class that an added column links to.
    pub target: Option<u32>,
}

/// The names and keys of the local side, each with a number: numbers of one kind run from 0.
#[derive(Debug, Default)]
pub(super) struct Interner {
    classes: HashMap<Text, u32>,
    /// What is in each class, at its number.
    insides: Vec<Inside>,
    fields: HashMap<(u32, u32), u32>,
    objects: usize,
    columns: usize,
}

/// The names and keys in one class.
#[derive(Debug, Default)]
struct Inside {
    objects: HashMap<Key, u32>,
    columns: HashMap<Text, u32>,
}

/// What the local side has no number for. No local unit has this number, and incoming ones do not meet each other.
const UNKNOWN: u32 = u32::MAX;

impl Interner {
    /// A unit of the local side. New names and keys get numbers.
    pub fn local(&mut self, instruction: Instruction, key: OrderKey) -> Unit {
        unit(self, instruction, key)
    }

    /// A unit of the incoming side. Nothing of it is kept.
    pub fn incoming(&self, instruction: Instruction, key: OrderKey) -> Unit {
        unit(&mut &*self, instruction, key)
    }
}

fn unit(numbers: &mut impl Numbers, instruction: Instruction, key: OrderKey) -> Unit {
    Unit {
        place: place(numbers, &instruction),
        instruction,
        key,
        alive: true,
        changed: false,
    }
}

fn place(numbers: &mut impl Numbers, instruction: &Instruction) -> Place {
    use Instruction::*;
    let class = numbers.class(instruction.class());
    let bare = Place {
        class,
        column: None,
        object: None,
        field: None,
        target: None,
    };
    match instruction {
        AddTable { .. } | EraseTable { .. } => bare,
        CreateObject { key, .. } | EraseObject { key, .. } => Place {
            object: Some(numbers.object(class, key)),
            ..bare
        },
        AddColumn { field, column, .. } => Place {
            column: Some(numbers.column(class, field)),
            target: target(column).map(|target| numbers.class(target)),
            ..bare
        },
        EraseColumn { field, .. } => Place {
            column: Some(numbers.column(class, field)),
            ..bare
        },
        Update { path, .. }
        | AddInteger { path, .. }
        | ArrayInsert { path, .. }
        | ArrayMove { path, .. }
        | ArrayErase { path, .. }
        | Clear { path, .. }
        | SetInsert { path, .. }
        | SetErase { path, .. } => {
            let object = numbers.object(class, &path.key);
            let column = numbers.column(class, &path.field);
            Place {
                column: Some(column),
                object: Some(object),
                field: Some(numbers.field(object, column)),
                ..bare
            }
        }
    }
}

/// Where numbers come from.
trait Numbers {
    fn class(&mut self, name: &Text) -> u32;
    fn object(&mut self, class: u32, key: &Key) -> u32;
    fn column(&mut self, class: u32, name: &Text) -> u32;
    fn field(&mut self, object: u32, column: u32) -> u32;
}

/// What has no number gets one. Names and keys are kept in memory of their own: they outlive the changeset in which they came.
/// The number of a name or key; a new one gets the next.
fn numbered<K: Eq + Hash>(
    known: &mut HashMap<K, u32>,
    name: &K,
    detached: fn(&K) -> K,
    count: &mut usize,
) -> u32 {
    if let Some(found) = known.get(name) {
        return *found;
    }
    let next = number(*count);
    *count += 1;
    known.insert(detached(name), next);
    next
}

impl Numbers for Interner {
    fn class(&mut self, name: &Text) -> u32 {
        let mut classes = self.insides.len();
        let found = numbered(&mut self.classes, name, Text::detached, &mut classes);
        self.insides.resize_with(classes, Inside::default);
        found
    }

    fn object(&mut self, class: u32, key: &Key) -> u32 {
        let known = &mut self.insides[class as usize].objects;
        numbered(known, key, Key::detached, &mut self.objects)
    }

    fn column(&mut self, class: u32, name: &Text) -> u32 {
        let known = &mut self.insides[class as usize].columns;
        numbered(known, name, Text::detached, &mut self.columns)
    }

    fn field(&mut self, object: u32, column: u32) -> u32 {
        let next = self.fields.len();
        *self
            .fields
            .entry((object, column))
            .or_insert_with(|| number(next))
    }
}

/// What has no number is [`UNKNOWN`].
impl Numbers for &Interner {
    fn class(&mut self, name: &Text) -> u32 {
        self.classes.get(name).copied().unwrap_or(UNKNOWN)
    }

    fn object(&mut self, class: u32, key: &Key) -> u32 {
        let inside = self.insides.get(class as usize);
        let found = inside.and_then(|inside| inside.objects.get(key));
        found.copied().unwrap_or(UNKNOWN)
    }

    fn column(&mut self, class: u32, name: &Text) -> u32 {
        let inside = self.insides.get(class as usize);
        let found = inside.and_then(|inside| inside.columns.get(name));
        found.copied().unwrap_or(UNKNOWN)
    }

    fn field(&mut self, object: u32, column: u32) -> u32 {
        let found = self.fields.get(&(object, column));
        found.copied().unwrap_or(UNKNOWN)
    }
}

/// The class that a column links to.
fn target(column: &Column) -> Option<&Text> {
    match &column.kind {
        ColumnKind::Link(target) => Some(target),
        ColumnKind::Mixed
        | ColumnKind::Int
        | ColumnKind::Bool
        | ColumnKind::String
        | ColumnKind::Binary
        | ColumnKind::Timestamp
        | ColumnKind::Float
        | ColumnKind::Double
        | ColumnKind::Decimal
        | ColumnKind::ObjectId
        | ColumnKind::Uuid => None,
    }
}

/// A changeset has fewer instructions than this, and a window is bounded by memory long before.
fn number(count: usize) -> u32 {
    let number = u32::try_from(count).ok();
    number
        .filter(|number| *number != UNKNOWN)
        .expect("fewer than 2^32 names in one merge")
}

impl Unit {
    pub fn discard(&mut self) {
        self.alive = false;
    }

    /// Discards it for good: nobody looks at it any more, so what it holds is given back.
    pub fn bury(&mut self) {
        self.alive = false;
        self.instruction = Instruction::EraseTable {
            class: Text::default(),
        };
    }

    /// The number of parts of its target: the shorter one is the outer of a pair.
    pub fn depth(&self) -> usize {
        use Instruction::*;
        match &self.instruction {
            AddTable { .. } | EraseTable { .. } => 1,
            AddColumn { .. } | EraseColumn { .. } | CreateObject { .. } | EraseObject { .. } => 2,
            Update { path, .. }
            | AddInteger { path, .. }
            | ArrayInsert { path, .. }
            | ArrayMove { path, .. }
            | ArrayErase { path, .. }
            | Clear { path, .. }
            | SetInsert { path, .. }
            | SetErase { path, .. } => 3 + path.steps.len(),
        }
    }

    /// The rank in which the tables of rules list the kinds.
    pub fn rank(&self) -> u8 {
        use Instruction::*;
        match &self.instruction {
            AddTable { .. } => 0,
            EraseTable { .. } => 1,
            CreateObject { .. } => 2,
            EraseObject { .. } => 3,
            Update { .. } => 4,
            AddInteger { .. } => 5,
            AddColumn { .. } => 6,
            EraseColumn { .. } => 7,
            ArrayInsert { .. } => 8,
            ArrayMove { .. } => 9,
            ArrayErase { .. } => 10,
            Clear { .. } => 11,
            SetInsert { .. } => 12,
            SetErase { .. } => 13,
        }
    }

    /// The place for people.
    pub fn describe(&self) -> String {
        match self.instruction.path() {
            Some(path) => format!("{}.{}", path.class, path.field),
            None => self.instruction.class().to_string(),
        }
    }

    /// The path of a path instruction, to alter it.
    pub fn path_mut(&mut self) -> Option<&mut Path> {
        use Instruction::*;
        match &mut self.instruction {
            AddTable { .. }
            | EraseTable { .. }
            | CreateObject { .. }
            | EraseObject { .. }
            | AddColumn { .. }
            | EraseColumn { .. } => None,
            Update { path, .. }
            | AddInteger { path, .. }
            | ArrayInsert { path, .. }
            | ArrayMove { path, .. }
            | ArrayErase { path, .. }
            | Clear { path, .. }
            | SetInsert { path, .. }
            | SetErase { path, .. } => Some(path),
        }
    }
}
