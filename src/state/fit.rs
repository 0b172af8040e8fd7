//! Which values fit where.

use super::schema::{Class, Schema};
use crate::changeset::{ColumnKind, Decimal128, Key, KeyKind, Link, Text, Value, codec};

/// What a place takes: the type of its column, and whether it may be null.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Type {
    pub kind: ColumnKind,
    pub nullable: bool,
}

impl Type {
    /// What stands inside a Mixed value takes everything.
    pub fn mixed() -> Type {
        Type {
            kind: ColumnKind::Mixed,
            nullable: true,
        }
    }

    /// The class of the embedded objects that the place takes.
    pub fn embedded<'a>(&self, schema: &'a Schema) -> Option<&'a Class> {
        match &self.kind {
            ColumnKind::Link(target) => schema
                .class(target)
                .map(|class| &**class)
                .filter(|class| class.is_embedded()),
            _ => None,
        }
    }

    /// Why a plain value does not fit, if it does not.
    pub fn misfit(&self, value: &Value, schema: &Schema) -> Option<String> {
        use ColumnKind as K;
        let fits = match (value, &self.kind) {
            (Value::Null, _) => {
                return (!self.nullable).then(|| "null where a value is needed".into());
            }
            (Value::Link(link), K::Mixed) => return bad_link(link, schema),
            (Value::Link(link), K::Link(target))
                if target.as_bytes().is_empty() || *target == link.class =>
            {
                return bad_link(link, schema);
            }
            (Value::Object | Value::Dictionary | Value::Erased | Value::List | Value::Set, _) => {
                false
            }
            (_, K::Mixed)
            | (Value::Int(_), K::Int)
            | (Value::Bool(_), K::Bool)
            | (Value::String(_), K::String)
            | (Value::Binary(_), K::Binary)
            | (Value::Timestamp { .. }, K::Timestamp)
            | (Value::Float(_), K::Float)
            | (Value::Double(_), K::Double)
            | (Value::Decimal(_), K::Decimal)
            | (Value::ObjectId(_), K::ObjectId)
            | (Value::Uuid(_), K::Uuid) => true,
            _ => false,
        };
        (!fits).then(|| "a value of another type".into())
    }
}

fn bad_link(link: &Link, schema: &Schema) -> Option<String> {
    match schema.class(&link.class) {
        None => Some(format!("a link to the unknown class {}", link.class)),
        Some(class) if class.is_embedded() => {
            Some(format!("a link to the embedded class {}", link.class))
        }
        Some(class) => bad_key(class, &link.key).map(str::to_owned),
    }
}

/// Why a key is none of a class, if it is not.
pub(super) fn bad_key(class: &Class, key: &Key) -> Option<&'static str> {
    let Some(column) = class.primary_key() else {
        return Some("embedded objects have no keys");
    };
    match (key, column.kind) {
        (Key::String(text), _) if text.as_bytes().len() > codec::MAX_NAME => {
            Some("the primary key is too long")
        }
        (Key::Null, KeyKind::Int | KeyKind::String | KeyKind::ObjectId | KeyKind::Uuid) => {
            (!column.nullable).then_some("the primary key cannot be null")
        }
        (Key::Int(_), KeyKind::Int)
        | (Key::String(_), KeyKind::String)
        | (Key::ObjectId(_), KeyKind::ObjectId)
        | (Key::Uuid(_), KeyKind::Uuid)
        | (Key::Global { .. }, KeyKind::None) => None,
        _ => Some("the primary key has another type"),
    }
}

/// What a field holds before anything is set.
pub(super) fn default(of: &Type) -> Value {
    if of.nullable {
        return Value::Null;
    }
    match &of.kind {
        ColumnKind::Mixed | ColumnKind::Link(_) => Value::Null,
        ColumnKind::Int => Value::Int(0),
        ColumnKind::Bool => Value::Bool(false),
        ColumnKind::String => Value::String(Text::default()),
        ColumnKind::Binary => Value::Binary(bytes::Bytes::new()),
        ColumnKind::Timestamp => Value::Timestamp {
            seconds: 0,
            nanoseconds: 0,
        },
        ColumnKind::Float => Value::Float(0.0),
        ColumnKind::Double => Value::Double(0.0),
        ColumnKind::Decimal => Value::Decimal(Decimal128 {
            coefficient: 0,
            exponent: 0,
            negative: false,
        }),
        ColumnKind::ObjectId => Value::ObjectId([0; 12]),
        ColumnKind::Uuid => Value::Uuid([0; 16]),
    }
}
