//! Values in one order.

use std::cmp::Ordering;

use super::number;
use crate::changeset::{Key, Value};

/// The order in which objects are listed: null, booleans, numbers by value, strings and blobs by their bytes, dates, ObjectIds, UUIDs, links by class and key,
/// embedded objects, collections. Total; two embedded objects or collections are equal in it.
pub fn compare(a: &Value, b: &Value) -> Ordering {
    rank(a)
        .cmp(&rank(b))
        .then_with(|| within_type(a, b).unwrap_or(Ordering::Equal))
}

/// The order of two values of types that compare; nothing for others, for null and for what is no value.
pub(super) fn within_type(a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        (Value::String(a), Value::String(b)) => Some(a.cmp(b)),
        (Value::Binary(a), Value::Binary(b)) => Some(a.cmp(b)),
        (Value::ObjectId(a), Value::ObjectId(b)) => Some(a.cmp(b)),
        (Value::Uuid(a), Value::Uuid(b)) => Some(a.cmp(b)),
        (Value::Link(a), Value::Link(b)) => Some(a.cmp(b)),
        (
            Value::Timestamp {
                seconds: a,
                nanoseconds: c,
            },
            Value::Timestamp {
                seconds: b,
                nanoseconds: d,
            },
        ) => Some((a, c).cmp(&(b, d))),
        (a, b) => number::compare(a, b),
    }
}

/// A key as the value that a primary key column would hold.
pub(super) fn key_value(key: &Key) -> Value {
    match key {
        Key::Null | Key::Global { .. } => Value::Null,
        Key::Int(number) => Value::Int(*number),
        Key::String(text) => Value::String(text.clone()),
        Key::ObjectId(id) => Value::ObjectId(*id),
        Key::Uuid(id) => Value::Uuid(*id),
    }
}

fn rank(value: &Value) -> u8 {
    match value {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Int(_) | Value::Float(_) | Value::Double(_) | Value::Decimal(_) => 2,
        Value::String(_) => 3,
        Value::Binary(_) => 4,
        Value::Timestamp { .. } => 5,
        Value::ObjectId(_) => 6,
        Value::Uuid(_) => 7,
        Value::Link(_) => 8,
        Value::Object => 9,
        Value::List => 10,
        Value::Set => 11,
        Value::Dictionary => 12,
        Value::Erased => 13,
    }
}
