//! Rows: the values of an object in one cell. A value that is long or no plain one stands there by its node.

use bytes::{Buf, Bytes};

use super::cells::{CellError, Node};
use crate::changeset::{Key, Value, codec};

/// What stands in a place for a value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Slot {
    /// A value.
    Value(Value),
    /// A value in a cell of its own.
    Long(Node),
    /// An embedded object.
    Object(Node),
    /// A list.
    List(Node),
    /// A short list of plain values, in a row only.
    Short(Vec<Value>),
    /// A dictionary.
    Dictionary(Node),
    /// A set.
    Set(Node),
}

/// About the bytes that a value takes in a cell. A link carries the key of its target.
pub(super) fn weight(value: &Value) -> usize {
    let text = match value {
        Value::String(text) => text.as_bytes().len(),
        Value::Binary(bytes) => bytes.len(),
        Value::Link(link) => {
            let key = match &link.key {
                Key::String(text) => text.as_bytes().len(),
                Key::Null | Key::Int(_) | Key::ObjectId(_) | Key::Uuid(_) | Key::Global { .. } => 0,
            };
            link.class.as_bytes().len() + key
        }
        Value::Null
        | Value::Int(_)
        | Value::Bool(_)
        | Value::Timestamp { .. }
        | Value::Float(_)
        | Value::Double(_)
        | Value::Decimal(_)
        | Value::ObjectId(_)
        | Value::Uuid(_)
        | Value::Object
        | Value::Dictionary
        | Value::Erased
        | Value::List
        | Value::Set => 0,
    };
    16 + text
}

/// An object's slots by column. A column that is not there has its default: null, zero, nothing.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Row {
    /// What the cell's key does not say: the rest of an object's key, the class of an embedded one.
    pub head: Bytes,
    slots: Vec<(u32, Slot)>,
}

impl Row {
    pub fn new(head: Bytes) -> Row {
        Row {
            head,
            slots: Vec::new(),
        }
    }

    pub fn get(&self, column: u32) -> Option<&Slot> {
        self.slots
            .binary_search_by_key(&column, |(column, _)| *column)
            .ok()
            .map(|at| &self.slots[at].1)
    }

    /// A slot, to be changed; made if it is not there.
    pub fn get_or_insert(&mut self, column: u32, slot: Slot) -> &mut Slot {
        let found = self
            .slots
            .binary_search_by_key(&column, |(column, _)| *column);
        let at = found.unwrap_or_else(|at| {
            self.slots.insert(at, (column, slot));
            at
        });
        &mut self.slots[at].1
    }

    /// Sets a slot. What was there before.
    pub fn set(&mut self, column: u32, slot: Slot) -> Option<Slot> {
        match self
            .slots
            .binary_search_by_key(&column, |(column, _)| *column)
        {
            Ok(at) => Some(std::mem::replace(&mut self.slots[at].1, slot)),
            Err(at) => {
                self.slots.insert(at, (column, slot));
                None
            }
        }
    }

    pub fn slots(&self) -> impl Iterator<Item = (u32, &Slot)> {
        self.slots.iter().map(|(column, slot)| (*column, slot))
    }

    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(16 + 16 * self.slots.len());
        put_length(&mut out, self.head.len());
        out.extend_from_slice(&self.head);
        for (column, slot) in &self.slots {
            put_number(&mut out, u64::from(*column));
            put_slot(&mut out, slot);
        }
        out
    }

    pub fn decode(cell: Bytes) -> Result<Row, CellError> {
        let mut reader = CellReader::new(cell);
        let head = reader.bytes()?;
        let mut slots = Vec::new();
        while !reader.is_empty() {
            let column = u32::try_from(reader.number()?)
                .map_err(|_| CellError::damaged("a column number"))?;
            slots.push((column, reader.slot()?));
        }
        Ok(Row { head, slots })
    }
}

/// Reads the parts of a cell. Values share its memory.
pub(super) struct CellReader {
    rest: Bytes,
}

impl CellReader {
    pub fn new(cell: Bytes) -> CellReader {
        CellReader { rest: cell }
    }

    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// An unsigned LEB128 number.
    pub fn number(&mut self) -> Result<u64, CellError> {
        let mut number = 0u64;
        for (index, byte) in self.rest.iter().enumerate().take(10) {
            let part = u64::from(byte & 0x7F);
            let shift = 7 * index as u32;
            number |= part
                .checked_shl(shift)
                .filter(|shifted| shifted >> shift == part)
                .ok_or_else(|| CellError::damaged("a number"))?;
            if byte & 0x80 == 0 {
                self.rest.advance(index + 1);
                return Ok(number);
            }
        }
        Err(CellError::damaged("a number"))
    }

    pub fn bytes(&mut self) -> Result<Bytes, CellError> {
        let length = usize::try_from(self.number()?)
            .ok()
            .filter(|length| *length <= self.rest.len());
        let length = length.ok_or_else(|| CellError::damaged("a length"))?;
        Ok(self.rest.split_to(length))
    }

    fn value(&mut self) -> Result<Value, CellError> {
        let (value, used) = codec::decode_value(&self.rest)
            .map_err(|error| CellError::damaged(&error.to_string()))?;
        self.rest.advance(used);
        Ok(value)
    }

    fn values(&mut self) -> Result<Vec<Value>, CellError> {
        let count = self.number()?;
        if count > self.rest.len() as u64 {
            return Err(CellError::damaged("a short list"));
        }
        (0..count).map(|_| self.value()).collect()
    }

    pub fn slot(&mut self) -> Result<Slot, CellError> {
        let tag = self.number()?;
        if tag == 0 {
            return Ok(Slot::Value(self.value()?));
        }
        if tag == 6 {
            return Ok(Slot::Short(self.values()?));
        }
        let node = self.number()?;
        match tag {
            1 => Ok(Slot::Long(node)),
            2 => Ok(Slot::Object(node)),
            3 => Ok(Slot::List(node)),
            4 => Ok(Slot::Dictionary(node)),
            5 => Ok(Slot::Set(node)),
            _ => Err(CellError::damaged("a slot")),
        }
    }
}

pub(super) fn put_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(0x80 | (number & 0x7F) as u8);
        number >>= 7;
    }
    out.push(number as u8);
}

pub(super) fn put_length(out: &mut Vec<u8>, length: usize) {
    put_number(out, length as u64);
}

pub(super) fn put_slot(out: &mut Vec<u8>, slot: &Slot) {
    let (tag, node) = match slot {
        Slot::Value(value) => {
            put_number(out, 0);
            return codec::encode_value(value, out);
        }
        Slot::Short(values) => {
            put_number(out, 6);
            put_length(out, values.len());
            return values
                .iter()
                .for_each(|value| codec::encode_value(value, out));
        }
        Slot::Long(node) => (1, node),
        Slot::Object(node) => (2, node),
        Slot::List(node) => (3, node),
        Slot::Dictionary(node) => (4, node),
        Slot::Set(node) => (5, node),
    };
    put_number(out, tag);
    put_number(out, *node);
}
