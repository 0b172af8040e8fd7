//! The fourteen instructions.

use super::path::Path;
use super::text::Text;
use super::value::{Key, Value};

/// What kind of objects a class holds.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum TableKind {
    /// Objects of their own.
    TopLevel(PrimaryKeyColumn),
    /// Objects that live inside others.
    Embedded,
    /// Objects that clients send and never see again (protocol 6 and later).
    Asymmetric(PrimaryKeyColumn),
}

/// The primary key of a class.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PrimaryKeyColumn {
    /// Field name; empty for a class without primary key.
    pub field: Text,
    /// Type of the key.
    pub kind: KeyKind,
    /// Whether the key may be null.
    pub nullable: bool,
}

/// The type of a primary key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// `Key::Int`.
    Int,
    /// `Key::String`.
    String,
    /// `Key::ObjectId`.
    ObjectId,
    /// `Key::Uuid`.
    Uuid,
    /// The class has no primary key; objects go by `Key::Global`.
    None,
}

/// The type of the values in a column.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ColumnKind {
    /// Values of any type.
    Mixed,
    /// 64-bit integers.
    Int,
    /// Booleans.
    Bool,
    /// Strings.
    String,
    /// Blobs.
    Binary,
    /// Points in time.
    Timestamp,
    /// 32-bit floats.
    Float,
    /// 64-bit floats.
    Double,
    /// Decimal128.
    Decimal,
    /// Links to objects of this class (embedded objects if the class is embedded). Empty: links to objects of any class.
    Link(Text),
    /// ObjectIds.
    ObjectId,
    /// UUIDs.
    Uuid,
}

/// Whether a column holds one value or many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CollectionKind {
    /// One value.
    Single,
    /// A list.
    List,
    /// A dictionary.
    Dictionary,
    /// A set.
    Set,
}

/// A column: what AddColumn says beside class and field.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Column {
    /// Type of the values.
    pub kind: ColumnKind,
    /// Whether values may be null.
    pub nullable: bool,
    /// One value or many.
    pub collection: CollectionKind,
    /// Type code of dictionary keys as it was sent; 3 (string) is the only one that can be applied. 0 for other columns.
    pub dictionary_key: i64,
}

/// How an Update stands in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Slot {
    /// An element of a list that had so many elements. Exactly when the path ends in an index.
    Element {
        /// Elements before this instruction, unresolved links included.
        prior_size: u32,
    },
    /// A field, dictionary key or field of an embedded object.
    Field {
        /// Whether the value is a default of the schema; it loses to any explicit one.
        is_default: bool,
    },
}

/// One instruction. Array instructions always have a path that ends in an index; decoding checks it.
#[derive(Debug, Clone, PartialEq)]
pub enum Instruction {
    /// Adds a class.
    AddTable {
        /// The class.
        class: Text,
        /// What it holds.
        kind: TableKind,
    },
    /// Removes a class and its objects.
    EraseTable {
        /// The class.
        class: Text,
    },
    /// Creates an object; an existing one stays as it is.
    CreateObject {
        /// Class of the object.
        class: Text,
        /// Key of the object.
        key: Key,
    },
    /// Deletes an object.
    EraseObject {
        /// Class of the object.
        class: Text,
        /// Key of the object.
        key: Key,
    },
    /// Sets a value.
    Update {
        /// Where.
        path: Path,
        /// To what.
        value: Value,
        /// List element, or field with the default flag.
        slot: Slot,
    },
    /// Adds to an integer, wrapping at 64 bits.
    AddInteger {
        /// Where.
        path: Path,
        /// How much.
        value: i64,
    },
    /// Adds a column.
    AddColumn {
        /// The class.
        class: Text,
        /// Name of the column.
        field: Text,
        /// What it holds.
        column: Column,
    },
    /// Removes a column and its values.
    EraseColumn {
        /// The class.
        class: Text,
        /// Name of the column.
        field: Text,
    },
    /// Inserts into a list at the index that ends the path.
    ArrayInsert {
        /// Where.
        path: Path,
        /// What.
        value: Value,
        /// Elements before.
        prior_size: u32,
    },
    /// Moves a list element.
    ArrayMove {
        /// From where.
        path: Path,
        /// Index after removal at which it is inserted.
        to: u32,
        /// Elements before.
        prior_size: u32,
    },
    /// Removes a list element.
    ArrayErase {
        /// Where.
        path: Path,
        /// Elements before.
        prior_size: u32,
    },
    /// Empties a collection.
    Clear {
        /// Where.
        path: Path,
        /// The kind of collection; `Single` from peers below protocol 13 means "whatever the column is".
        kind: CollectionKind,
    },
    /// Adds to a set.
    SetInsert {
        /// Where.
        path: Path,
        /// What.
        value: Value,
    },
    /// Removes from a set.
    SetErase {
        /// Where.
        path: Path,
        /// What.
        value: Value,
    },
}

impl Instruction {
    /// The class that the instruction is about.
    pub fn class(&self) -> &Text {
        use Instruction::*;
        match self {
            AddTable { class, .. }
            | EraseTable { class }
            | CreateObject { class, .. }
            | EraseObject { class, .. }
            | AddColumn { class, .. }
            | EraseColumn { class, .. } => class,
            Update { path, .. }
            | AddInteger { path, .. }
            | ArrayInsert { path, .. }
            | ArrayMove { path, .. }
            | ArrayErase { path, .. }
            | Clear { path, .. }
            | SetInsert { path, .. }
            | SetErase { path, .. } => &path.class,
        }
    }

    /// The path of a path instruction.
    pub fn path(&self) -> Option<&Path> {
        use Instruction::*;
        match self {
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

    /// Whether the instruction changes the schema: adds or removes a class or a column.
    pub fn is_schema(&self) -> bool {
        use Instruction::*;
        matches!(
            self,
            AddTable { .. } | EraseTable { .. } | AddColumn { .. } | EraseColumn { .. }
        )
    }
}
