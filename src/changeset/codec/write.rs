//! Writing: each thing has one form.

use std::collections::HashMap;

use super::INTERN;
use crate::changeset::{
    CollectionKind, Column, ColumnKind, Instruction, Key, KeyKind, Path, PrimaryKeyColumn, Slot,
    Step, TableKind, Text, Value,
};

fn put_magnitude(out: &mut Vec<u8>, negative: bool, mut magnitude: u64) {
    while magnitude >= 64 {
        out.push(0x80 | (magnitude & 0x7F) as u8);
        magnitude >>= 7;
    }
    out.push(if negative { 0x40 } else { 0 } | magnitude as u8);
}

/// An integer.
pub fn put_int(out: &mut Vec<u8>, value: i64) {
    put_magnitude(
        out,
        value < 0,
        if value < 0 {
            !value as u64
        } else {
            value as u64
        },
    );
}

/// An integer that is not negative.
pub fn put_unsigned(out: &mut Vec<u8>, value: u64) {
    put_magnitude(out, false, value);
}

/// The type and the content of a key that is no string.
pub fn put_plain_key(out: &mut Vec<u8>, key: &Key) {
    match key {
        Key::Null => put_int(out, 0),
        Key::Int(value) => {
            put_int(out, 1);
            put_int(out, *value);
        }
        Key::String(_) => unreachable!("the callers write string keys themselves"),
        Key::ObjectId(id) => {
            put_int(out, 10);
            out.extend_from_slice(id);
        }
        Key::Uuid(id) => {
            put_int(out, 11);
            out.extend_from_slice(id);
        }
        Key::Global { hi, lo } => {
            put_int(out, -1);
            put_unsigned(out, *hi);
            put_unsigned(out, *lo);
        }
    }
}

/// The type and the content of a value that is no link.
pub fn put_plain_value(out: &mut Vec<u8>, value: &Value) {
    put_int(out, value_code(value));
    match value {
        Value::Int(value) => put_int(out, *value),
        Value::Bool(value) => put_unsigned(out, u64::from(*value)),
        Value::String(text) => {
            put_unsigned(out, text.as_bytes().len() as u64);
            out.extend_from_slice(text.as_bytes());
        }
        Value::Binary(bytes) => {
            put_unsigned(out, bytes.len() as u64);
            out.extend_from_slice(bytes);
        }
        Value::Timestamp {
            seconds,
            nanoseconds,
        } => {
            put_int(out, *seconds);
            put_int(out, i64::from(*nanoseconds));
        }
        Value::Float(value) => out.extend_from_slice(&value.to_le_bytes()),
        Value::Double(value) => out.extend_from_slice(&value.to_le_bytes()),
        Value::Decimal(decimal) => {
            let mut rest = decimal.coefficient;
            while rest >= 64 {
                out.push(0x80 | (rest & 0x7F) as u8);
                rest >>= 7;
            }
            out.push(rest as u8);
            put_int(out, i64::from(decimal.exponent));
            put_int(out, i64::from(decimal.negative));
        }
        Value::ObjectId(id) => out.extend_from_slice(id),
        Value::Uuid(id) => out.extend_from_slice(id),
        Value::Link(_) => unreachable!("the callers write links themselves"),
        Value::Null
        | Value::Object
        | Value::Dictionary
        | Value::Erased
        | Value::List
        | Value::Set => {}
    }
}

fn value_code(value: &Value) -> i64 {
    match value {
        Value::Null => 0,
        Value::Int(_) => 1,
        Value::Bool(_) => 2,
        Value::String(_) => 3,
        Value::Binary(_) => 4,
        Value::Timestamp { .. } => 5,
        Value::Float(_) => 6,
        Value::Double(_) => 7,
        Value::Decimal(_) => 8,
        Value::Link(_) => 9,
        Value::ObjectId(_) => 10,
        Value::Uuid(_) => 11,
        Value::Object => -2,
        Value::Dictionary => -3,
        Value::Erased => -4,
        Value::List => -5,
        Value::Set => -6,
    }
}

/// Writes instructions, and the names that they use.
pub struct Writer<'a> {
    indices: HashMap<&'a [u8], u64>,
    /// Names that were written lately, each at one of a few places: instructions mostly share those of a few names.
    recent: [(&'a [u8], u64); RECENT],
    /// The definitions of the names.
    pub strings: Vec<u8>,
    /// The instructions.
    pub body: Vec<u8>,
}

/// Names that are remembered.
const RECENT: usize = 64;

impl<'a> Writer<'a> {
    /// Nothing was written yet.
    pub fn new() -> Writer<'a> {
        Writer {
            indices: HashMap::new(),
            recent: [(&[], 0); RECENT],
            strings: Vec::new(),
            body: Vec::new(),
        }
    }

    fn int(&mut self, value: i64) {
        put_int(&mut self.body, value);
    }

    fn unsigned(&mut self, value: u64) {
        put_unsigned(&mut self.body, value);
    }

    fn name(&mut self, text: &'a Text) {
        let name = text.as_bytes();
        let at = match name {
            [first, .., last] => usize::from(first ^ last.rotate_left(3)) ^ name.len(),
            few => few.len(),
        } % RECENT;
        let index = match self.recent[at] {
            (known, index) if known == name && !name.is_empty() => index,
            _ => self.index(name),
        };
        self.recent[at] = (name, index);
        self.unsigned(index);
    }

    /// The number of a name; defined if it is new.
    fn index(&mut self, name: &'a [u8]) -> u64 {
        let next = self.indices.len() as u64;
        let index = *self.indices.entry(name).or_insert(next);
        if index == next {
            put_int(&mut self.strings, INTERN);
            put_unsigned(&mut self.strings, index);
            put_unsigned(&mut self.strings, name.len() as u64);
            self.strings.extend_from_slice(name);
        }
        index
    }

    fn key(&mut self, key: &'a Key) {
        match key {
            Key::String(text) => {
                self.int(3);
                self.name(text);
            }
            other => put_plain_key(&mut self.body, other),
        }
    }

    fn path(&mut self, path: &'a Path) {
        self.name(&path.class);
        self.key(&path.key);
        self.name(&path.field);
        self.unsigned(path.steps.len() as u64);
        for step in &path.steps {
            match step {
                Step::Index(index) => self.unsigned(u64::from(*index)),
                Step::Name(name) => {
                    self.int(-1);
                    self.name(name);
                }
            }
        }
    }

    fn value(&mut self, value: &'a Value) {
        match value {
            Value::Link(link) => {
                self.int(9);
                self.name(&link.class);
                self.key(&link.key);
            }
            other => put_plain_value(&mut self.body, other),
        }
    }

    fn primary_key_column(&mut self, column: &'a PrimaryKeyColumn) {
        self.name(&column.field);
        self.int(match column.kind {
            KeyKind::Int => 1,
            KeyKind::String => 3,
            KeyKind::ObjectId => 10,
            KeyKind::Uuid => 11,
            KeyKind::None => -1,
        });
        self.unsigned(u64::from(column.nullable));
    }

    fn table_kind(&mut self, kind: &'a TableKind) {
        match kind {
            TableKind::TopLevel(column) => {
                self.unsigned(0);
                self.primary_key_column(column);
            }
            TableKind::Embedded => self.unsigned(1),
            TableKind::Asymmetric(column) => {
                self.unsigned(2);
                self.primary_key_column(column);
            }
        }
    }

    fn collection_kind(&mut self, kind: CollectionKind) {
        self.unsigned(match kind {
            CollectionKind::Single => 0,
            CollectionKind::List => 1,
            CollectionKind::Dictionary => 2,
            CollectionKind::Set => 3,
        });
    }

    fn column(&mut self, column: &'a Column) {
        self.int(match &column.kind {
            ColumnKind::Mixed => 0,
            ColumnKind::Int => 1,
            ColumnKind::Bool => 2,
            ColumnKind::String => 3,
            ColumnKind::Binary => 4,
            ColumnKind::Timestamp => 5,
            ColumnKind::Float => 6,
            ColumnKind::Double => 7,
            ColumnKind::Decimal => 8,
            ColumnKind::Link(_) => 9,
            ColumnKind::ObjectId => 10,
            ColumnKind::Uuid => 11,
        });
        self.unsigned(u64::from(column.nullable));
        self.collection_kind(column.collection);
        if let ColumnKind::Link(target) = &column.kind {
            self.name(target);
        }
        if column.collection == CollectionKind::Dictionary {
            self.int(column.dictionary_key);
        }
    }

    fn code(&mut self, instruction: &'a Instruction) {
        use Instruction::*;
        self.unsigned(match instruction {
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
        });
    }

    /// An instruction, after the definitions of names that were not used before.
    pub fn instruction(&mut self, instruction: &'a Instruction) {
        use Instruction::*;
        self.code(instruction);
        match instruction {
            AddTable { class, kind } => {
                self.name(class);
                self.table_kind(kind);
            }
            EraseTable { class } => self.name(class),
            CreateObject { class, key } | EraseObject { class, key } => {
                self.name(class);
                self.key(key);
            }
            Update { path, value, slot } => {
                self.path(path);
                self.value(value);
                self.unsigned(match slot {
                    Slot::Element { prior_size } => u64::from(*prior_size),
                    Slot::Field { is_default } => u64::from(*is_default),
                });
            }
            AddInteger { path, value } => {
                self.path(path);
                self.int(*value);
            }
            AddColumn {
                class,
                field,
                column,
            } => {
                self.name(class);
                self.name(field);
                self.column(column);
            }
            EraseColumn { class, field } => {
                self.name(class);
                self.name(field);
            }
            ArrayInsert {
                path,
                value,
                prior_size,
            } => {
                self.path(path);
                self.value(value);
                self.unsigned(u64::from(*prior_size));
            }
            ArrayMove {
                path,
                to,
                prior_size,
            } => {
                self.path(path);
                self.unsigned(u64::from(*to));
                self.unsigned(u64::from(*prior_size));
            }
            ArrayErase { path, prior_size } => {
                self.path(path);
                self.unsigned(u64::from(*prior_size));
            }
            Clear { path, kind } => {
                self.path(path);
                self.collection_kind(*kind);
            }
            SetInsert { path, value } | SetErase { path, value } => {
                self.path(path);
                self.value(value);
            }
        }
    }
}
