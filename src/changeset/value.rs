//! Values and primary keys.

use bytes::Bytes;

use super::{Decimal128, Text};

/// What identifies an object within its class.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// The null key, valid in any class with a nullable primary key.
    Null,
    /// An integer key.
    Int(i64),
    /// A string key.
    String(Text),
    /// An ObjectId key.
    ObjectId([u8; 12]),
    /// A UUID key.
    Uuid([u8; 16]),
    /// The key of an object in a class without primary key: the file that made it, and its number there.
    Global {
        /// File ident of the creating peer; 0 before that peer knew its ident.
        hi: u64,
        /// Sequence number in that class on that peer.
        lo: u64,
    },
}

impl Key {
    /// The same key in memory of its own.
    pub fn detached(&self) -> Key {
        match self {
            Key::String(text) => Key::String(text.detached()),
            Key::Null | Key::Int(_) | Key::ObjectId(_) | Key::Uuid(_) | Key::Global { .. } => {
                self.clone()
            }
        }
    }
}

/// Another object, by class and key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Link {
    /// Class of the target.
    pub class: Text,
    /// Key of the target.
    pub key: Key,
}

/// A value, or one of the words that stand in a value's place (`Object`, `Dictionary`, `Erased`, `List`, `Set`).
#[derive(Debug, Clone)]
pub enum Value {
    /// Null.
    Null,
    /// A 64-bit integer.
    Int(i64),
    /// A boolean.
    Bool(bool),
    /// A string.
    String(Text),
    /// A blob.
    Binary(Bytes),
    /// A point in time since 1970-01-01T00:00:00Z; both parts have the same sign.
    Timestamp {
        /// Whole seconds.
        seconds: i64,
        /// Nanoseconds, of absolute value below 10^9.
        nanoseconds: i32,
    },
    /// A 32-bit float.
    Float(f32),
    /// A 64-bit float.
    Double(f64),
    /// A decimal.
    Decimal(Decimal128),
    /// A link to a top-level object.
    Link(Link),
    /// An ObjectId.
    ObjectId([u8; 12]),
    /// A UUID.
    Uuid([u8; 16]),
    /// "An embedded object stands here."
    Object,
    /// "A dictionary stands here" (protocol 13 and later).
    Dictionary,
    /// "This dictionary key is removed."
    Erased,
    /// "A list stands here" (protocol 13 and later).
    List,
    /// "A set stands here": defined by the format, used by nobody.
    Set,
}

impl Value {
    /// What a set knows a value by: a number is the same member whatever its type and its digits, and anything else stands for itself. Realm's library compares so
    /// (`Mixed::compare`; a double and a decimal by 15 digits).
    pub fn as_member(&self) -> Value {
        match self {
            Value::Float(number) => double(f64::from(*number)),
            Value::Double(number) => double(*number),
            Value::Decimal(number) => number
                .int()
                .map(Value::Int)
                .or_else(|| number.double().map(double))
                .unwrap_or_else(|| Value::Decimal(number.normal())),
            other => other.clone(),
        }
    }

    /// Whether it is a number, of any type.
    pub fn is_number(&self) -> bool {
        matches!(
            self,
            Value::Int(_) | Value::Float(_) | Value::Double(_) | Value::Decimal(_)
        )
    }

    /// Whether two instructions on a set mean the same member, to the reference's rules of merging: equal in type, and as numbers are.
    pub fn is_same_payload(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Float(a), Value::Float(b)) => a == b,
            (Value::Double(a), Value::Double(b)) => a == b,
            (Value::Decimal(a), Value::Decimal(b)) => a.normal() == b.normal(),
            _ => self == other,
        }
    }
}

/// 2^63, of which integers stay below.
const BEYOND_INT: f64 = 9_223_372_036_854_775_808.0;

fn double(number: f64) -> Value {
    let is_int = number.trunc() == number && (-BEYOND_INT..BEYOND_INT).contains(&number);
    if is_int {
        Value::Int(number as i64)
    } else {
        Value::Double(number)
    }
}

impl PartialEq for Value {
    /// Equality of content. Floats compare by their bits, so that NaN equals itself and zero differs from minus zero.
    fn eq(&self, other: &Value) -> bool {
        use Value::*;
        match (self, other) {
            (Float(a), Float(b)) => a.to_bits() == b.to_bits(),
            (Double(a), Double(b)) => a.to_bits() == b.to_bits(),
            (Int(a), Int(b)) => a == b,
            (Bool(a), Bool(b)) => a == b,
            (String(a), String(b)) => a == b,
            (Binary(a), Binary(b)) => a == b,
            (
                Timestamp {
                    seconds: a,
                    nanoseconds: b,
                },
                Timestamp {
                    seconds: c,
                    nanoseconds: d,
                },
            ) => a == c && b == d,
            (Decimal(a), Decimal(b)) => a == b,
            (Link(a), Link(b)) => a == b,
            (ObjectId(a), ObjectId(b)) => a == b,
            (Uuid(a), Uuid(b)) => a == b,
            _ => std::mem::discriminant(self) == std::mem::discriminant(other),
        }
    }
}

impl Eq for Value {}
