//! The binary form of a changeset.
//!
//! A changeset is a sequence of records: strings that later records refer to by number, and instructions. Every integer has one encoding:
//! seven bits a byte, low first; the last byte has bit 7 clear and the sign in bit 6. Whatever a peer sends decodes to instructions or to
//! a [`DecodeError`]; memory is given only for bytes that are there.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use bytes::Bytes;

use super::Changeset;
use super::instruction::{
    CollectionKind, Column, ColumnKind, Instruction, KeyKind, PrimaryKeyColumn, Slot, TableKind,
};
use super::path::{Path, Step};
use super::text::Text;
use super::value::{Decimal128, Key, Link, Value};

/// Longest string value: what fits into one node of the reference store.
const MAX_STRING: usize = 0xFF_FFF8 - 8 - 1;
/// Longest blob, for the same reason.
const MAX_BINARY: usize = 0xFF_FFF8 - 8;
/// Steps in one path. Applications nest a handful; the limit keeps recursion and comparison cheap.
const MAX_STEPS: u32 = 100;

/// Longest string that is said once and then referred to by a number: names, primary keys, keys of dictionaries. The reference takes 16 MiB, as for any string; but each
/// instruction of a few bytes would compare, read or store it whole. What MongoDB took in an index, and so as a key of synced objects, was 1,024.
pub const MAX_NAME: usize = 4096;

const INTERN: i64 = 63;

/// Why bytes are no changeset.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The input ended within a record.
    #[error("the changeset ends within {0}")]
    Truncated(&'static str),
    /// An integer has too many bytes or does not fit the field.
    #[error("bad integer for {0}")]
    BadInteger(&'static str),
    /// A code that the format does not define at this place.
    #[error("unknown {what} {code}")]
    Unknown {
        /// What the code should have named.
        what: &'static str,
        /// The code.
        code: i64,
    },
    /// A string record out of order, or a string defined twice.
    #[error("unexpected intern string {0}")]
    Intern(u32),
    /// A reference to a string that was not defined before.
    #[error("bad intern index {0}")]
    BadIndex(u32),
    /// An array instruction whose path does not end in an index.
    #[error("array instruction without an index")]
    NoIndex,
    /// Something longer than the format or this server allows.
    #[error("{0} too long")]
    TooLong(&'static str),
    /// The instructions would take more memory than they may.
    #[error("the changeset has too many instructions: in memory they take more than {0} bytes")]
    TooLarge(usize),
}

/// Decodes a changeset that was accepted once. Strings and blobs of the result share the memory of `input`.
pub fn decode(input: &Bytes) -> Result<Changeset, DecodeError> {
    decode_within(input, usize::MAX)
}

/// Decodes a changeset of a stranger. An instruction takes two bytes or a few in the input and some hundred in memory; `limit` bounds the latter, in bytes.
pub fn decode_within(input: &Bytes, limit: usize) -> Result<Changeset, DecodeError> {
    let mut reader = Reader {
        limit,
        ..Reader::new(input)
    };
    let mut instructions = Vec::new();
    while reader.position < input.len() {
        let code = reader.unsigned(10, "instruction code")?;
        let code = i64::try_from(code).map_err(|_| DecodeError::BadInteger("instruction code"))?;
        if code == INTERN {
            reader.define()?;
            continue;
        }
        reader.count(size_of::<Instruction>())?;
        instructions.push(reader.instruction(code)?);
    }
    Ok(Changeset { instructions })
}

/// Encodes a changeset: the strings first, in order of use, then the instructions. Without instructions the result is empty.
pub fn encode(changeset: &Changeset) -> Vec<u8> {
    let mut writer = Writer::new();
    for instruction in &changeset.instructions {
        writer.instruction(instruction);
    }
    let mut out = writer.strings;
    out.extend_from_slice(&writer.body);
    out
}

/// A primary key in a form that stands alone: like in a changeset, but with a string inline. Keys encode to equal bytes exactly when they are equal.
pub fn encode_key(key: &Key, out: &mut Vec<u8>) {
    match key {
        Key::String(text) => {
            put_int(out, 3);
            put_unsigned(out, text.as_bytes().len() as u64);
            out.extend_from_slice(text.as_bytes());
        }
        other => put_plain_key(out, other),
    }
}

/// Reads what [`encode_key`] wrote, from the start of `input`; the second part of the result is how many bytes it took.
pub fn decode_key(input: &Bytes) -> Result<(Key, usize), DecodeError> {
    let mut reader = Reader::new(input);
    let key = match reader.int("key type")? {
        3 => Key::String(reader.text(MAX_NAME, "string key")?),
        code => reader.plain_key(code)?,
    };
    Ok((key, reader.position))
}

/// A value in a form that stands alone: like in a changeset, but with names inline. Equal values have equal bytes.
pub fn encode_value(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Link(link) => {
            put_int(out, 9);
            put_unsigned(out, link.class.as_bytes().len() as u64);
            out.extend_from_slice(link.class.as_bytes());
            encode_key(&link.key, out);
        }
        other => put_plain_value(out, other),
    }
}

/// Reads what [`encode_value`] wrote, from the start of `input`; the second part of the result is how many bytes it took.
pub fn decode_value(input: &Bytes) -> Result<(Value, usize), DecodeError> {
    let mut reader = Reader::new(input);
    let value = match reader.int("value type")? {
        9 => {
            let class = reader.text(MAX_NAME, "class name")?;
            let rest = input.slice(reader.position..);
            let (key, used) = decode_key(&rest)?;
            reader.position += used;
            Value::Link(Link { class, key })
        }
        code => reader.plain_value(code)?,
    };
    Ok((value, reader.position))
}

struct Reader<'a> {
    input: &'a Bytes,
    position: usize,
    strings: Vec<Text>,
    seen: HashSet<Text>,
    /// Bytes of memory given so far, beside the input.
    given: usize,
    limit: usize,
}

impl<'a> Reader<'a> {
    fn new(input: &'a Bytes) -> Reader<'a> {
        Reader {
            input,
            position: 0,
            strings: Vec::new(),
            seen: HashSet::new(),
            given: 0,
            limit: usize::MAX,
        }
    }

    /// Counts memory before it is given.
    fn count(&mut self, bytes: usize) -> Result<(), DecodeError> {
        self.given = self.given.saturating_add(bytes);
        if self.given > self.limit {
            return Err(DecodeError::TooLarge(self.limit));
        }
        Ok(())
    }

    fn byte(&mut self, what: &'static str) -> Result<u8, DecodeError> {
        let byte = *self
            .input
            .get(self.position)
            .ok_or(DecodeError::Truncated(what))?;
        self.position += 1;
        Ok(byte)
    }

    /// Where the next bytes lie, which are read by that.
    fn take(&mut self, length: usize, what: &'static str) -> Result<Range<usize>, DecodeError> {
        if length > self.input.len() - self.position {
            return Err(DecodeError::Truncated(what));
        }
        let start = self.position;
        self.position += length;
        Ok(start..self.position)
    }

    fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], DecodeError> {
        let end = self
            .position
            .checked_add(N)
            .ok_or(DecodeError::Truncated(what))?;
        let slice = self
            .input
            .get(self.position..end)
            .ok_or(DecodeError::Truncated(what))?;
        self.position = end;
        let mut array = [0; N];
        array.copy_from_slice(slice);
        Ok(array)
    }

    /// Magnitude and sign of the next integer, of at most `bytes` bytes.
    fn magnitude(&mut self, bytes: u32, what: &'static str) -> Result<(bool, u64), DecodeError> {
        let mut magnitude: u64 = 0;
        for index in 0..bytes {
            let byte = self.byte(what)?;
            let shift = 7 * index;
            let (part, last) = if byte & 0x80 == 0 {
                (u64::from(byte & 0x3F), true)
            } else {
                (u64::from(byte & 0x7F), false)
            };
            if part != 0 && (shift >= 64 || part > u64::MAX >> shift) {
                return Err(DecodeError::BadInteger(what));
            }
            if part != 0 {
                magnitude |= part << shift;
            }
            if last {
                return Ok((byte & 0x40 != 0, magnitude));
            }
        }
        Err(DecodeError::BadInteger(what))
    }

    fn unsigned(&mut self, bytes: u32, what: &'static str) -> Result<u64, DecodeError> {
        match self.magnitude(bytes, what)? {
            (false, magnitude) => Ok(magnitude),
            (true, _) => Err(DecodeError::BadInteger(what)),
        }
    }

    fn int(&mut self, what: &'static str) -> Result<i64, DecodeError> {
        let (negative, magnitude) = self.magnitude(10, what)?;
        let value = i64::try_from(magnitude).map_err(|_| DecodeError::BadInteger(what))?;
        Ok(if negative { -value - 1 } else { value })
    }

    fn int32(&mut self, what: &'static str) -> Result<i32, DecodeError> {
        let (negative, magnitude) = self.magnitude(5, what)?;
        let value = i32::try_from(magnitude).map_err(|_| DecodeError::BadInteger(what))?;
        Ok(if negative { -value - 1 } else { value })
    }

    fn uint32(&mut self, what: &'static str) -> Result<u32, DecodeError> {
        let value = self.unsigned(5, what)?;
        u32::try_from(value).map_err(|_| DecodeError::BadInteger(what))
    }

    fn uint8(&mut self, what: &'static str) -> Result<u8, DecodeError> {
        let value = self.unsigned(2, what)?;
        u8::try_from(value).map_err(|_| DecodeError::BadInteger(what))
    }

    fn flag(&mut self, what: &'static str) -> Result<bool, DecodeError> {
        Ok(self.uint8(what)? != 0)
    }

    fn blob(&mut self, longest: usize, what: &'static str) -> Result<Bytes, DecodeError> {
        Ok(self.input.slice(self.counted(longest, what)?))
    }

    fn text(&mut self, longest: usize, what: &'static str) -> Result<Text, DecodeError> {
        Ok(Text::within(self.input, self.counted(longest, what)?))
    }

    /// Where the bytes lie that follow their number.
    fn counted(&mut self, longest: usize, what: &'static str) -> Result<Range<usize>, DecodeError> {
        let length = self.unsigned(10, what)?;
        let length = usize::try_from(length).map_err(|_| DecodeError::TooLong(what))?;
        if length > longest {
            return Err(DecodeError::TooLong(what));
        }
        self.take(length, what)
    }

    fn define(&mut self) -> Result<(), DecodeError> {
        let index = self.uint32("intern index")?;
        if index as usize != self.strings.len() {
            return Err(DecodeError::Intern(index));
        }
        let text = self.text(MAX_NAME, "interned string")?;
        self.count(4 * size_of::<Text>())?; // in a list and in a table that is half empty
        if !self.seen.insert(text.clone()) {
            return Err(DecodeError::Intern(index));
        }
        self.strings.push(text);
        Ok(())
    }

    fn name(&mut self, what: &'static str) -> Result<Text, DecodeError> {
        let index = self.uint32(what)?;
        self.strings
            .get(index as usize)
            .cloned()
            .ok_or(DecodeError::BadIndex(index))
    }

    fn key(&mut self) -> Result<Key, DecodeError> {
        match self.int("key type")? {
            3 => Ok(Key::String(self.name("string key")?)),
            code => self.plain_key(code),
        }
    }

    fn plain_key(&mut self, code: i64) -> Result<Key, DecodeError> {
        Ok(match code {
            0 => Key::Null,
            1 => Key::Int(self.int("integer key")?),
            10 => Key::ObjectId(self.array("ObjectId key")?),
            11 => Key::Uuid(self.array("UUID key")?),
            -1 => Key::Global {
                hi: self.unsigned(10, "GlobalKey")?,
                lo: self.unsigned(10, "GlobalKey")?,
            },
            code => {
                return Err(DecodeError::Unknown {
                    what: "key type",
                    code,
                });
            }
        })
    }

    fn path(&mut self) -> Result<Path, DecodeError> {
        let class = self.name("class")?;
        let key = self.key()?;
        let field = self.name("field")?;
        let count = self.uint32("path length")?;
        if count > MAX_STEPS {
            return Err(DecodeError::TooLong("path"));
        }
        self.count(count as usize * size_of::<Step>())?;
        let mut steps = Vec::with_capacity(count as usize);
        for _ in 0..count {
            let element = self.int("path element")?;
            steps.push(match u32::try_from(element) {
                Ok(index) => Step::Index(index),
                Err(_) if element < 0 => Step::Name(self.name("path element")?),
                Err(_) => return Err(DecodeError::BadInteger("path element")),
            });
        }
        Ok(Path {
            class,
            key,
            field,
            steps,
        })
    }

    fn array_path(&mut self) -> Result<Path, DecodeError> {
        let path = self.path()?;
        if path.index().is_none() {
            return Err(DecodeError::NoIndex);
        }
        Ok(path)
    }

    fn value(&mut self) -> Result<Value, DecodeError> {
        match self.int("value type")? {
            9 => Ok(Value::Link(Link {
                class: self.name("link target")?,
                key: self.key()?,
            })),
            code => self.plain_value(code),
        }
    }

    fn plain_value(&mut self, code: i64) -> Result<Value, DecodeError> {
        Ok(match code {
            0 => Value::Null,
            1 => Value::Int(self.int("integer")?),
            2 => Value::Bool(self.flag("boolean")?),
            3 => Value::String(self.text(MAX_STRING, "string")?),
            4 => Value::Binary(self.blob(MAX_BINARY, "binary")?),
            5 => self.timestamp()?,
            6 => Value::Float(f32::from_le_bytes(self.array("float")?)),
            7 => Value::Double(f64::from_le_bytes(self.array("double")?)),
            8 => Value::Decimal(self.decimal()?),
            10 => Value::ObjectId(self.array("ObjectId")?),
            11 => Value::Uuid(self.array("UUID")?),
            -2 => Value::Object,
            -3 => Value::Dictionary,
            -4 => Value::Erased,
            -5 => Value::List,
            -6 => Value::Set,
            code => {
                return Err(DecodeError::Unknown {
                    what: "value type",
                    code,
                });
            }
        })
    }

    fn timestamp(&mut self) -> Result<Value, DecodeError> {
        let seconds = self.int("timestamp")?;
        let nanoseconds = self.int("timestamp")?;
        let signs_differ = (seconds < 0 && nanoseconds > 0) || (seconds > 0 && nanoseconds < 0);
        match i32::try_from(nanoseconds) {
            Ok(nanoseconds) if nanoseconds.unsigned_abs() < 1_000_000_000 && !signs_differ => {
                Ok(Value::Timestamp {
                    seconds,
                    nanoseconds,
                })
            }
            Ok(_) | Err(_) => Err(DecodeError::BadInteger("timestamp")),
        }
    }

    /// The coefficient has no sign bit: all seven low bits of its last byte are data.
    fn decimal(&mut self) -> Result<Decimal128, DecodeError> {
        let mut coefficient: u128 = 0;
        for index in 0..17 {
            let byte = self.byte("decimal")?;
            let part = u128::from(byte & 0x7F);
            if part != 0 {
                coefficient |= part << (7 * index);
            }
            if byte & 0x80 == 0 {
                if coefficient >> 113 != 0 {
                    return Err(DecodeError::BadInteger("decimal"));
                }
                let exponent = self.int32("decimal exponent")?;
                let negative = self.int32("decimal sign")? != 0;
                return Ok(Decimal128 {
                    coefficient,
                    exponent,
                    negative,
                });
            }
        }
        Err(DecodeError::BadInteger("decimal"))
    }

    fn table_kind(&mut self) -> Result<TableKind, DecodeError> {
        let code = self.uint8("table type")?;
        match code {
            0 => Ok(TableKind::TopLevel(self.primary_key_column()?)),
            1 => Ok(TableKind::Embedded),
            2 => Ok(TableKind::Asymmetric(self.primary_key_column()?)),
            code => Err(DecodeError::Unknown {
                what: "table type",
                code: code.into(),
            }),
        }
    }

    fn primary_key_column(&mut self) -> Result<PrimaryKeyColumn, DecodeError> {
        let field = self.name("primary key field")?;
        let kind = match self.int("primary key type")? {
            1 => KeyKind::Int,
            3 => KeyKind::String,
            10 => KeyKind::ObjectId,
            11 => KeyKind::Uuid,
            -1 => KeyKind::None,
            code => {
                return Err(DecodeError::Unknown {
                    what: "primary key type",
                    code,
                });
            }
        };
        Ok(PrimaryKeyColumn {
            field,
            kind,
            nullable: self.flag("primary key nullability")?,
        })
    }

    fn collection_kind(&mut self) -> Result<CollectionKind, DecodeError> {
        match self.uint8("collection type")? {
            0 => Ok(CollectionKind::Single),
            1 => Ok(CollectionKind::List),
            2 => Ok(CollectionKind::Dictionary),
            3 => Ok(CollectionKind::Set),
            code => Err(DecodeError::Unknown {
                what: "collection type",
                code: code.into(),
            }),
        }
    }

    fn column(&mut self) -> Result<Column, DecodeError> {
        let code = self.int("column type")?;
        let nullable = self.flag("nullability")?;
        let collection = self.collection_kind()?;
        let kind = match code {
            0 => ColumnKind::Mixed,
            1 => ColumnKind::Int,
            2 => ColumnKind::Bool,
            3 => ColumnKind::String,
            4 => ColumnKind::Binary,
            5 => ColumnKind::Timestamp,
            6 => ColumnKind::Float,
            7 => ColumnKind::Double,
            8 => ColumnKind::Decimal,
            9 => ColumnKind::Link(self.name("link target")?),
            10 => ColumnKind::ObjectId,
            11 => ColumnKind::Uuid,
            code => {
                return Err(DecodeError::Unknown {
                    what: "column type",
                    code,
                });
            }
        };
        let dictionary_key = if collection == CollectionKind::Dictionary {
            self.int("dictionary key type")?
        } else {
            0
        };
        Ok(Column {
            kind,
            nullable,
            collection,
            dictionary_key,
        })
    }

    fn instruction(&mut self, code: i64) -> Result<Instruction, DecodeError> {
        Ok(match code {
            0 => Instruction::AddTable {
                class: self.name("class")?,
                kind: self.table_kind()?,
            },
            1 => Instruction::EraseTable {
                class: self.name("class")?,
            },
            2 => Instruction::CreateObject {
                class: self.name("class")?,
                key: self.key()?,
            },
            3 => Instruction::EraseObject {
                class: self.name("class")?,
                key: self.key()?,
            },
            4 => self.update()?,
            5 => Instruction::AddInteger {
                path: self.path()?,
                value: self.int("increment")?,
            },
            6 => Instruction::AddColumn {
                class: self.name("class")?,
                field: self.name("field")?,
                column: self.column()?,
            },
            7 => Instruction::EraseColumn {
                class: self.name("class")?,
                field: self.name("field")?,
            },
            8 => Instruction::ArrayInsert {
                path: self.array_path()?,
                value: self.value()?,
                prior_size: self.uint32("prior size")?,
            },
            9 => Instruction::ArrayMove {
                path: self.array_path()?,
                to: self.uint32("move target")?,
                prior_size: self.uint32("prior size")?,
            },
            10 => Instruction::ArrayErase {
                path: self.array_path()?,
                prior_size: self.uint32("prior size")?,
            },
            11 => Instruction::Clear {
                path: self.path()?,
                kind: self.collection_kind()?,
            },
            12 => Instruction::SetInsert {
                path: self.path()?,
                value: self.value()?,
            },
            13 => Instruction::SetErase {
                path: self.path()?,
                value: self.value()?,
            },
            code => {
                return Err(DecodeError::Unknown {
                    what: "instruction",
                    code,
                });
            }
        })
    }

    fn update(&mut self) -> Result<Instruction, DecodeError> {
        let path = self.path()?;
        let value = self.value()?;
        let slot = match path.index() {
            Some(_) => Slot::Element {
                prior_size: self.uint32("prior size")?,
            },
            None => Slot::Field {
                is_default: self.flag("default flag")?,
            },
        };
        Ok(Instruction::Update { path, value, slot })
    }
}

fn put_magnitude(out: &mut Vec<u8>, negative: bool, mut magnitude: u64) {
    while magnitude >= 64 {
        out.push(0x80 | (magnitude & 0x7F) as u8);
        magnitude >>= 7;
    }
    out.push(if negative { 0x40 } else { 0 } | magnitude as u8);
}

fn put_int(out: &mut Vec<u8>, value: i64) {
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

fn put_unsigned(out: &mut Vec<u8>, value: u64) {
    put_magnitude(out, false, value);
}

fn put_plain_key(out: &mut Vec<u8>, key: &Key) {
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

fn put_plain_value(out: &mut Vec<u8>, value: &Value) {
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

struct Writer<'a> {
    indices: HashMap<&'a [u8], u64>,
    /// Names that were written lately, each at one of a few places: instructions mostly share those of a few names.
    recent: [(&'a [u8], u64); RECENT],
    strings: Vec<u8>,
    body: Vec<u8>,
}

/// Names that are remembered.
const RECENT: usize = 64;

impl<'a> Writer<'a> {
    fn new() -> Writer<'a> {
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

    fn instruction(&mut self, instruction: &'a Instruction) {
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
