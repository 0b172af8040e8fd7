//! Reading what a peer or a file says.

use std::collections::HashSet;
use std::ops::Range;

use bytes::Bytes;

use super::{DecodeError, MAX_BINARY, MAX_NAME, MAX_STEPS, MAX_STRING};
use crate::changeset::{
    CollectionKind, Column, ColumnKind, Decimal128, Instruction, Key, KeyKind, Link, Path,
    PrimaryKeyColumn, Slot, Step, TableKind, Text, Value,
};

/// Reads one input from its start.
pub struct Reader<'a> {
    input: &'a Bytes,
    /// What was read.
    pub position: usize,
    strings: Vec<Text>,
    seen: HashSet<Text>,
    /// Bytes of memory given so far, beside the input.
    given: usize,
    /// Bytes of memory that may be given.
    pub limit: usize,
}

impl<'a> Reader<'a> {
    /// From the start, with no bound of memory.
    pub fn new(input: &'a Bytes) -> Reader<'a> {
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
    pub fn count(&mut self, bytes: usize) -> Result<(), DecodeError> {
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

    /// An integer that is not negative, of at most so many bytes.
    pub fn unsigned(&mut self, bytes: u32, what: &'static str) -> Result<u64, DecodeError> {
        match self.magnitude(bytes, what)? {
            (false, magnitude) => Ok(magnitude),
            (true, _) => Err(DecodeError::BadInteger(what)),
        }
    }

    /// An integer.
    pub fn int(&mut self, what: &'static str) -> Result<i64, DecodeError> {
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

    /// A text after its number of bytes.
    pub fn text(&mut self, longest: usize, what: &'static str) -> Result<Text, DecodeError> {
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

    /// The definition of a name: numbers run from 0, and no name has two.
    pub fn define(&mut self) -> Result<(), DecodeError> {
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

    /// A key of this type that has nothing to do with names.
    pub fn plain_key(&mut self, code: i64) -> Result<Key, DecodeError> {
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

    /// A value of this type that has nothing to do with names.
    pub fn plain_value(&mut self, code: i64) -> Result<Value, DecodeError> {
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

    /// What follows the code of an instruction.
    pub fn instruction(&mut self, code: i64) -> Result<Instruction, DecodeError> {
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
