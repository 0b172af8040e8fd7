//! Types, as far as comparing needs them.

use crate::changeset::{ColumnKind, KeyKind, PrimaryKeyColumn, Text, Value};
use crate::state::Schema;

/// What values can be compared with.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Type {
    /// Null, which everything can be compared with.
    Null,
    /// Known only when it is there.
    Any,
    /// A boolean.
    Bool,
    /// A number of any type.
    Number,
    /// A string.
    Text,
    /// A blob.
    Binary,
    /// A point in time.
    Date,
    /// An ObjectId.
    ObjectId,
    /// A UUID.
    Uuid,
    /// A link to a class; empty: to any.
    Link(Text),
    /// An embedded object.
    Embedded(Text),
}

impl Type {
    /// Of the values in a column.
    pub fn of_kind(kind: &ColumnKind, schema: &Schema) -> Type {
        match kind {
            ColumnKind::Mixed => Type::Any,
            ColumnKind::Bool => Type::Bool,
            ColumnKind::Int | ColumnKind::Float | ColumnKind::Double | ColumnKind::Decimal => {
                Type::Number
            }
            ColumnKind::String => Type::Text,
            ColumnKind::Binary => Type::Binary,
            ColumnKind::Timestamp => Type::Date,
            ColumnKind::ObjectId => Type::ObjectId,
            ColumnKind::Uuid => Type::Uuid,
            ColumnKind::Link(target) => match schema.class(target) {
                Some(class) if class.is_embedded() => Type::Embedded(target.clone()),
                Some(_) | None => Type::Link(target.clone()),
            },
        }
    }

    /// Of the keys of a class.
    pub fn of_key(column: &PrimaryKeyColumn) -> Type {
        match column.kind {
            KeyKind::Int => Type::Number,
            KeyKind::String => Type::Text,
            KeyKind::ObjectId => Type::ObjectId,
            KeyKind::Uuid => Type::Uuid,
            KeyKind::None => Type::Any,
        }
    }

    /// Of one value.
    pub fn of_value(value: &Value) -> Type {
        match value {
            Value::Null => Type::Null,
            Value::Bool(_) => Type::Bool,
            Value::Int(_) | Value::Float(_) | Value::Double(_) | Value::Decimal(_) => Type::Number,
            Value::String(_) => Type::Text,
            Value::Binary(_) => Type::Binary,
            Value::Timestamp { .. } => Type::Date,
            Value::ObjectId(_) => Type::ObjectId,
            Value::Uuid(_) => Type::Uuid,
            Value::Link(link) => Type::Link(link.class.clone()),
            Value::Object | Value::Dictionary | Value::Erased | Value::List | Value::Set => {
                Type::Any
            }
        }
    }

    /// Whether values of both can be equal.
    pub fn meets(&self, other: &Type) -> bool {
        match (self, other) {
            (Type::Null | Type::Any, _) | (_, Type::Null | Type::Any) => true,
            (Type::Embedded(_), _) | (_, Type::Embedded(_)) => false,
            (Type::Link(a), Type::Link(b)) => {
                a == b || a.as_bytes().is_empty() || b.as_bytes().is_empty()
            }
            (a, b) => a == b,
        }
    }

    /// Whether its values are in an order that a condition may ask for.
    pub fn is_ordered(&self) -> bool {
        match self {
            Type::Null
            | Type::Any
            | Type::Number
            | Type::Text
            | Type::Binary
            | Type::Date
            | Type::ObjectId
            | Type::Uuid => true,
            Type::Bool | Type::Link(_) | Type::Embedded(_) => false,
        }
    }

    /// In words.
    pub fn words(&self) -> String {
        match self {
            Type::Null => "null".into(),
            Type::Any => "of any type".into(),
            Type::Bool => "a boolean".into(),
            Type::Number => "a number".into(),
            Type::Text => "a text".into(),
            Type::Binary => "binary data".into(),
            Type::Date => "a date".into(),
            Type::ObjectId => "an ObjectId".into(),
            Type::Uuid => "a UUID".into(),
            Type::Link(target) => format!("a link to {target}"),
            Type::Embedded(class) => format!("an embedded {class}"),
        }
    }

    /// How such a value is written in a query.
    pub fn example(&self) -> &'static str {
        match self {
            Type::Null | Type::Any => "null",
            Type::Bool => "true",
            Type::Number => "1.5",
            Type::Text => "'text'",
            Type::Binary => "B64\"AAE=\"",
            Type::Date => "2023-11-14T22:13:20Z",
            Type::ObjectId => "oid(507f1f77bcf86cd799439011)",
            Type::Uuid => "uuid(3b241101-e2bb-4255-8caf-4136c566a962)",
            Type::Link(_) => "obj('Class', key)",
            Type::Embedded(_) => "null",
        }
    }
}
