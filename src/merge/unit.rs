//! One instruction on its way through a merge, and where it acts: names and keys as small numbers, so that meeting is comparing numbers.

use std::collections::HashMap;

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

/// The names and keys of the local side, each with a number.
#[derive(Debug, Default)]
pub(super) struct Interner {
    classes: HashMap<Text, u32>,
    objects: HashMap<(u32, Key), u32>,
    columns: HashMap<(u32, Text), u32>,
    fields: HashMap<(u32, u32), u32>,
}

/// What the local side has no number for. No local unit has this number, and incoming ones do not meet each other.
const UNKNOWN: u32 = u32::MAX;

impl Interner {
    /// A unit of the local side. New names and keys get numbers.
    pub fn local(&mut self, instruction: Instruction, key: OrderKey) -> Unit {
        self.learn(&instruction);
        self.incoming(instruction, key)
    }

    /// A unit of the incoming side. Nothing of it is kept.
    pub fn incoming(&self, instruction: Instruction, key: OrderKey) -> Unit {
        Unit {
            place: self.place(&instruction),
            instruction,
            key,
            alive: true,
            changed: false,
        }
    }

    fn place(&self, instruction: &Instruction) -> Place {
        use Instruction::*;
        let class = self.class(instruction.class());
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
                object: Some(self.object(class, key)),
                ..bare
            },
            AddColumn { field, column, .. } => Place {
                column: Some(self.column(class, field)),
                target: target(column).map(|target| self.class(target)),
                ..bare
            },
            EraseColumn { field, .. } => Place {
                column: Some(self.column(class, field)),
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
                let object = self.object(class, &path.key);
                let column = self.column(class, &path.field);
                let field = self.fields.get(&(object, column));
                Place {
                    column: Some(column),
                    object: Some(object),
                    field: Some(field.copied().unwrap_or(UNKNOWN)),
                    ..bare
                }
            }
        }
    }

    fn class(&self, name: &Text) -> u32 {
        self.classes.get(name).copied().unwrap_or(UNKNOWN)
    }

    fn object(&self, class: u32, key: &Key) -> u32 {
        let found = self.objects.get(&(class, key.clone()));
        found.copied().unwrap_or(UNKNOWN)
    }

    fn column(&self, class: u32, name: &Text) -> u32 {
        let found = self.columns.get(&(class, name.clone()));
        found.copied().unwrap_or(UNKNOWN)
    }

    /// Gives numbers to what has none. Names and keys are kept in memory of their own: they outlive the changeset in which they came.
    fn learn(&mut self, instruction: &Instruction) {
        use Instruction::*;
        let class = self.learn_class(instruction.class());
        match instruction {
            AddTable { .. } | EraseTable { .. } => {}
            CreateObject { key, .. } | EraseObject { key, .. } => {
                self.learn_object(class, key);
            }
            AddColumn { field, column, .. } => {
                self.learn_column(class, field);
                if let Some(target) = target(column) {
                    self.learn_class(target);
                }
            }
            EraseColumn { field, .. } => {
                self.learn_column(class, field);
            }
            Update { path, .. }
            | AddInteger { path, .. }
            | ArrayInsert { path, .. }
            | ArrayMove { path, .. }
            | ArrayErase { path, .. }
            | Clear { path, .. }
            | SetInsert { path, .. }
            | SetErase { path, .. } => {
                let object = self.learn_object(class, &path.key);
                let column = self.learn_column(class, &path.field);
                let next = number(self.fields.len());
                self.fields.entry((object, column)).or_insert(next);
            }
        }
    }

    fn learn_class(&mut self, name: &Text) -> u32 {
        let known = self.class(name);
        if known != UNKNOWN {
            return known;
        }
        let next = number(self.classes.len());
        self.classes.insert(name.detached(), next);
        next
    }

    fn learn_object(&mut self, class: u32, key: &Key) -> u32 {
        let known = self.object(class, key);
        if known != UNKNOWN {
            return known;
        }
        let next = number(self.objects.len());
        self.objects.insert((class, key.detached()), next);
        next
    }

    fn learn_column(&mut self, class: u32, name: &Text) -> u32 {
        let known = self.column(class, name);
        if known != UNKNOWN {
            return known;
        }
        let next = number(self.columns.len());
        self.columns.insert((class, name.detached()), next);
        next
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
