//! Classes and columns, mirrored in memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;

use super::cells::{CellError, Cells, MemoryCells, NEXT_CLASS, NEXT_NODE, Node, class_key};
use super::{Applier, ApplyError};
use crate::changeset::{
    self, Changeset, Column, ColumnKind, Instruction, KeyKind, PrimaryKeyColumn, TableKind, Text,
};

/// About what a class or a column takes, in bytes of memory.
const NAMED: usize = 128;

/// All classes of a Realm. Cloning is cheap.
#[derive(Debug, Clone, Default)]
pub struct Schema {
    classes: Arc<BTreeMap<Text, Arc<Class>>>,
    columns: usize,
    /// Whether a class was ever erased.
    lost_class: bool,
    next_class: u32,
    next_node: Node,
}

/// A class.
#[derive(Debug, Clone, PartialEq)]
pub struct Class {
    /// Its number; never used for another class.
    pub(super) id: u32,
    /// Its name.
    pub name: Text,
    /// What it holds.
    pub kind: TableKind,
    /// Its columns, the primary key left out.
    pub columns: Vec<Arc<ClassColumn>>,
    next_column: u32,
}

/// A column of a class.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassColumn {
    /// Its number; never used for another column of the class.
    pub(super) id: u32,
    /// Its name.
    pub name: Text,
    /// What it holds.
    pub column: Column,
}

impl Class {
    /// A column.
    pub fn column(&self, name: &Text) -> Option<&Arc<ClassColumn>> {
        self.columns.iter().find(|column| column.name == *name)
    }

    /// The primary key of a class whose objects have keys.
    pub fn primary_key(&self) -> Option<&PrimaryKeyColumn> {
        match &self.kind {
            TableKind::TopLevel(key) | TableKind::Asymmetric(key) => Some(key),
            TableKind::Embedded => None,
        }
    }

    /// The name of the primary key's field, if it has one.
    pub fn key_field(&self) -> Option<&Text> {
        self.primary_key()
            .filter(|key| key.kind != KeyKind::None)
            .map(|key| &key.field)
    }

    /// Whether its objects live inside others.
    pub fn is_embedded(&self) -> bool {
        self.kind == TableKind::Embedded
    }

    fn add_column(&mut self, name: &Text, column: Column) {
        self.columns.push(Arc::new(ClassColumn {
            id: self.next_column,
            name: name.detached(),
            column: detached(column),
        }));
        self.next_column += 1;
    }

    fn erase_column(&mut self, name: &Text) {
        self.columns.retain(|column| column.name != *name);
    }

    /// The cell: the number of columns, the number of each and of the next, then the instructions that make the class.
    fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.extend_from_slice(&self.next_column.to_be_bytes());
        out.extend_from_slice(
            &u32::try_from(self.columns.len())
                .unwrap_or(u32::MAX)
                .to_be_bytes(),
        );
        for column in &self.columns {
            out.extend_from_slice(&column.id.to_be_bytes());
        }
        let table = Instruction::AddTable {
            class: self.name.clone(),
            kind: self.kind.clone(),
        };
        let columns = self.columns.iter().map(|column| Instruction::AddColumn {
            class: self.name.clone(),
            field: column.name.clone(),
            column: column.column.clone(),
        });
        let instructions = std::iter::once(table).chain(columns).collect();
        out.extend_from_slice(&changeset::encode(&Changeset { instructions }));
        out
    }

    fn decode(id: u32, cell: &Bytes) -> Option<Class> {
        let word = |at: usize| {
            Some(u32::from_be_bytes(
                cell.get(4 * at..4 * at + 4)?.try_into().ok()?,
            ))
        };
        let (next_column, count) = (word(0)?, usize::try_from(word(1)?).ok()?);
        let start = count
            .checked_add(2)?
            .checked_mul(4)
            .filter(|start| *start <= cell.len())?;
        let mut instructions = changeset::decode(&cell.slice(start..))
            .ok()?
            .instructions
            .into_iter();
        let Some(Instruction::AddTable { class: name, kind }) = instructions.next() else {
            return None;
        };
        let mut columns = Vec::with_capacity(count);
        for at in 0..count {
            let Some(Instruction::AddColumn { field, column, .. }) = instructions.next() else {
                return None;
            };
            columns.push(Arc::new(ClassColumn {
                id: word(at + 2)?,
                name: field.detached(),
                column: detached(column),
            }));
        }
        Some(Class {
            id,
            name: name.detached(),
            kind: detached_kind(kind),
            columns,
            next_column,
        })
    }
}

impl Schema {
    /// Reads all classes.
    pub fn load(cells: &mut impl Cells) -> Result<Schema, CellError> {
        let mut classes = BTreeMap::new();
        let lost = cells.get(NEXT_CLASS)?;
        let mut next_class = match &lost {
            Some(cell) => u32::from_be_bytes(
                cell[..]
                    .try_into()
                    .map_err(|_| CellError::damaged("the class counter"))?,
            ),
            None => 0,
        };
        for (key, cell) in cells.scan(b"c", None, usize::MAX)? {
            let id = key
                .get(1..)
                .and_then(|id| id.try_into().ok())
                .map(u32::from_be_bytes);
            let class = id
                .and_then(|id| Class::decode(id, &cell))
                .ok_or_else(|| CellError::damaged("a class"))?;
            next_class = next_class.max(class.id + 1);
            classes.insert(class.name.clone(), Arc::new(class));
        }
        let next_node = match cells.get(NEXT_NODE)? {
            Some(cell) => u64::from_be_bytes(
                cell[..]
                    .try_into()
                    .map_err(|_| CellError::damaged("the node counter"))?,
            ),
            None => 0,
        };
        let columns = |class: &Arc<Class>| class.columns.len();
        Ok(Schema {
            columns: classes.values().map(columns).sum(),
            classes: Arc::new(classes),
            lost_class: lost.is_some(),
            next_class,
            next_node,
        })
    }

    /// A class.
    pub fn class(&self, name: &Text) -> Option<&Arc<Class>> {
        self.classes.get(name)
    }

    /// All classes, by name.
    pub fn classes(&self) -> impl Iterator<Item = &Arc<Class>> {
        self.classes.values()
    }

    /// Whether columns of other classes link to a class.
    pub(super) fn is_target(&self, name: &Text) -> bool {
        let links = |column: &Arc<ClassColumn>| matches!(&column.column.kind, ColumnKind::Link(target) if target == name);
        self.classes
            .values()
            .any(|class| class.name != *name && class.columns.iter().any(links))
    }

    /// Classes, and columns of all of them.
    pub(super) fn size(&self) -> (usize, usize) {
        (self.classes.len(), self.columns)
    }

    pub(super) fn add_class(&mut self, name: &Text, kind: TableKind) {
        let class = Class {
            id: self.next_class,
            name: name.detached(),
            kind: detached_kind(kind),
            columns: Vec::new(),
            next_column: 0,
        };
        self.next_class += 1;
        Arc::make_mut(&mut self.classes).insert(class.name.clone(), Arc::new(class));
    }

    pub(super) fn add_column(&mut self, class: &Text, field: &Text, column: Column) {
        if let Some(class) = Arc::make_mut(&mut self.classes).get_mut(class) {
            Arc::make_mut(class).add_column(field, column);
            self.columns += 1;
        }
    }

    pub(super) fn erase_column(&mut self, class: &Text, field: &Text) {
        if let Some(class) = Arc::make_mut(&mut self.classes).get_mut(class) {
            Arc::make_mut(class).erase_column(field);
            self.columns -= 1;
        }
    }

    /// Writes the cell of a class, if it is there.
    pub(super) fn write(&self, cells: &mut impl Cells, name: &Text) {
        if let Some(class) = self.class(name) {
            cells.put(class_key(class.id), class.encode());
        }
    }

    /// Whether a class or column was ever erased. Otherwise everything that any changeset has named is still there.
    pub fn has_lost(&self) -> bool {
        let lost_column = |class: &Arc<Class>| class.columns.len() != class.next_column as usize;
        self.lost_class || self.classes.values().any(lost_column)
    }

    /// Whether two schemas are one in memory: nothing happened to one that did not to the other.
    pub fn is_shared_with(&self, other: &Schema) -> bool {
        Arc::ptr_eq(&self.classes, &other.classes)
    }

    /// About what it takes, in bytes of memory.
    pub fn bytes(&self) -> usize {
        let (classes, columns) = self.size();
        (classes + columns) * NAMED
    }

    /// Does to the schema what an instruction does to it, with no state below.
    pub fn follow(&mut self, instruction: &Instruction) -> Result<(), ApplyError> {
        if instruction.is_schema() {
            let mut nowhere = MemoryCells::default();
            Applier::new(&mut nowhere, self).apply(instruction)?;
        }
        Ok(())
    }

    /// A class is removed, and its cells are gone when it is. Its number is not used again.
    pub(super) fn erase_class(&mut self, cells: &mut impl Cells, class: &Class) {
        cells.put(NEXT_CLASS.to_vec(), self.next_class.to_be_bytes().to_vec());
        self.lost_class = true;
        cells.delete(&class_key(class.id));
        self.columns -= class.columns.len();
        Arc::make_mut(&mut self.classes).remove(&class.name);
    }

    pub(super) fn new_node(&mut self) -> Node {
        let node = self.next_node;
        self.next_node += 1;
        node
    }

    pub(super) fn next_node(&self) -> Node {
        self.next_node
    }
}

/// Columns kept for long must not keep the message alive in which they came.
fn detached(column: Column) -> Column {
    match &column.kind {
        ColumnKind::Link(target) => Column {
            kind: ColumnKind::Link(target.detached()),
            ..column
        },
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
        | ColumnKind::Uuid => column,
    }
}

fn detached_kind(kind: TableKind) -> TableKind {
    let key = |key: PrimaryKeyColumn| PrimaryKeyColumn {
        field: key.field.detached(),
        ..key
    };
    match kind {
        TableKind::TopLevel(column) => TableKind::TopLevel(key(column)),
        TableKind::Asymmetric(column) => TableKind::Asymmetric(key(column)),
        TableKind::Embedded => TableKind::Embedded,
    }
}
