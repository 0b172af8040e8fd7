//! One instruction on its way through a merge, and where it acts: names and keys as small numbers, so that meeting is comparing numbers.

use std::collections::HashMap;

use super::OrderKey;
use crate::changeset::{ColumnKind, Instruction, Key, Path, Text};

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

/// Gives each name and key a number.
#[derive(Debug, Default)]
pub(super) struct Interner {
    classes: HashMap<Text, u32>,
    objects: HashMap<(u32, Key), u32>,
    columns: HashMap<(u32, Text), u32>,
    fields: HashMap<(u32, u32), u32>,
}

impl Interner {
    pub fn unit(&mut self, instruction: Instruction, key: OrderKey) -> Unit {
        Unit {
            place: self.place(&instruction),
            instruction,
            key,
            alive: true,
            changed: false,
        }
    }

    fn place(&mut self, instruction: &Instruction) -> Place {
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
            AddColumn { field, column, .. } => {
                let target = match &column.kind {
                    ColumnKind::Link(target) => Some(self.class(target)),
                    _ => None,
                };
                Place {
                    column: Some(self.column(class, field)),
                    target,
                    ..bare
                }
            }
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
            | SetErase { path, .. } => self.path(class, path),
        }
    }

    fn path(&mut self, class: u32, path: &Path) -> Place {
        let object = self.object(class, &path.key);
        let column = self.column(class, &path.field);
        let next = number(self.fields.len());
        let field = *self.fields.entry((object, column)).or_insert(next);
        Place {
            class,
            column: Some(column),
            object: Some(object),
            field: Some(field),
            target: None,
        }
    }

    fn class(&mut self, name: &Text) -> u32 {
        let next = number(self.classes.len());
        *self.classes.entry(name.clone()).or_insert(next)
    }

    fn object(&mut self, class: u32, key: &Key) -> u32 {
        let next = number(self.objects.len());
        *self.objects.entry((class, key.clone())).or_insert(next)
    }

    fn column(&mut self, class: u32, name: &Text) -> u32 {
        let next = number(self.columns.len());
        *self.columns.entry((class, name.clone())).or_insert(next)
    }
}

/// A changeset has fewer instructions than this, and a window is bounded by memory long before.
fn number(count: usize) -> u32 {
    u32::try_from(count).expect("fewer than 2^32 names in one merge")
}

impl Unit {
    pub fn discard(&mut self) {
        self.alive = false;
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
