//! Keys of objects.

use serde_json::{Value as Json, json};

use super::error::EjsonError;
use super::scalar::{expected, only, scalar};
use super::{spelling, write};
use crate::changeset::{ColumnKind, Key, KeyKind, PrimaryKeyColumn, Text, Value};

/// A key.
pub fn key_to_json(key: &Key) -> Json {
    match key {
        Key::Null => Json::Null,
        Key::Int(number) => json!(number),
        Key::String(text) => write::text(text),
        Key::ObjectId(id) => json!({ "$oid": spelling::object_id_text(id) }),
        Key::Uuid(id) => json!({ "$uuid": spelling::uuid_text(id) }),
        Key::Global { hi, lo } => json!({ "$global": spelling::global_text(*hi, *lo) }),
    }
}

/// A key of a class with this primary key.
pub fn key_from_json(json: &Json, of: &PrimaryKeyColumn) -> Result<Key, EjsonError> {
    let column = match of.kind {
        _ if json.is_null() && of.nullable && of.kind != KeyKind::None => return Ok(Key::Null),
        KeyKind::None => {
            return global(json)
                .ok_or_else(|| EjsonError::expected(r#"a key such as {"$global":"1-2"}"#, json));
        }
        KeyKind::Int => ColumnKind::Int,
        KeyKind::String => ColumnKind::String,
        KeyKind::ObjectId => ColumnKind::ObjectId,
        KeyKind::Uuid => ColumnKind::Uuid,
    };
    match scalar(json, &column) {
        Some(Value::Int(number)) => Ok(Key::Int(number)),
        Some(Value::String(text)) => Ok(Key::String(text)),
        Some(Value::ObjectId(id)) => Ok(Key::ObjectId(id)),
        Some(Value::Uuid(id)) => Ok(Key::Uuid(id)),
        Some(_) | None => Err(EjsonError::expected(&expected(&column), json)),
    }
}

/// A key as people type it: digits without quotes, a string as it is, `null` for the null key of a class whose keys are not strings, `hi-lo` where there is
/// no primary key.
pub fn key_from_text(text: &str, of: &PrimaryKeyColumn) -> Result<Key, EjsonError> {
    let (key, what) = match of.kind {
        _ if text == "null" && of.nullable && of.kind != KeyKind::String => {
            (Some(Key::Null), "null")
        }
        KeyKind::Int => (text.parse().ok().map(Key::Int), "an integer"),
        KeyKind::String => (Some(Key::String(Text::from(text))), "a string"),
        KeyKind::ObjectId => (
            spelling::object_id(text).map(Key::ObjectId),
            "an ObjectId of 24 digits",
        ),
        KeyKind::Uuid => (spelling::uuid(text).map(Key::Uuid), "a UUID"),
        KeyKind::None => (
            spelling::global(text).map(|(hi, lo)| Key::Global { hi, lo }),
            "two numbers such as 1-2",
        ),
    };
    key.ok_or_else(|| EjsonError::new(format!("expected {what} as the key, found {text:?}")))
}

fn global(json: &Json) -> Option<Key> {
    let text = only(json, "$global")?.as_str()?;
    spelling::global(text).map(|(hi, lo)| Key::Global { hi, lo })
}
