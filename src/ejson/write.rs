//! Values as JSON.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Number, Value as Json, json};

use super::key::key_to_json;
use super::name::name_to_json;
use super::object::fields_to_json;
use super::spelling;
use crate::changeset::{Column, ColumnKind, Decimal128, Link, Text, Value};
use crate::state::{Content, Schema};

/// What a place of this column holds, as JSON. `schema` has the classes of embedded objects.
pub fn to_json(content: &Content, column: &Column, schema: &Schema) -> Json {
    match content {
        Content::Value(value) => scalar(value, column.kind == ColumnKind::Mixed),
        Content::Object(class, fields) => Json::Object(fields_to_json(class, fields, schema)),
        Content::List(items) => items
            .iter()
            .map(|item| to_json(item, column, schema))
            .collect(),
        Content::Dictionary(entries) => dictionary(entries, column, schema),
        Content::Set(values) => values
            .iter()
            .map(|value| scalar(value, column.kind == ColumnKind::Mixed))
            .collect(),
    }
}

/// A string, also one that is not UTF-8.
pub(super) fn text(text: &Text) -> Json {
    match std::str::from_utf8(text.as_bytes()) {
        Ok(text) => text.into(),
        Err(_) => json!({ "$text": { "base64": BASE64_STANDARD.encode(text.as_bytes()) } }),
    }
}

fn dictionary(entries: &[(Text, Content)], column: &Column, schema: &Schema) -> Json {
    let members: Map<String, Json> = entries
        .iter()
        .map(|(name, content)| (name_to_json(name), to_json(content, column, schema)))
        .collect();
    if members.keys().any(|name| name.starts_with('$')) {
        json!({ "$dictionary": members })
    } else {
        Json::Object(members)
    }
}

fn scalar(value: &Value, mixed: bool) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Int(number) => json!(number),
        Value::Bool(truth) => json!(truth),
        Value::String(string) => text(string),
        Value::Binary(bytes) => {
            json!({ "$binary": { "base64": BASE64_STANDARD.encode(bytes), "subType": "00" } })
        }
        Value::Timestamp {
            seconds,
            nanoseconds,
        } => date(*seconds, *nanoseconds),
        Value::Float(number) if mixed => json!({ "$numberFloat": spelling::float_text(*number) }),
        Value::Float(number) => float(*number),
        Value::Double(number) if mixed => {
            json!({ "$numberDouble": spelling::double_text(*number) })
        }
        Value::Double(number) => double(*number),
        Value::Decimal(number) => decimal(number),
        Value::Link(target) => link(target),
        Value::ObjectId(id) => json!({ "$oid": spelling::object_id_text(id) }),
        Value::Uuid(id) => json!({ "$uuid": spelling::uuid_text(id) }),
        // Words of instructions: no place holds one.
        Value::Object | Value::Dictionary | Value::Erased | Value::List | Value::Set => Json::Null,
    }
}

fn date(seconds: i64, nanoseconds: i32) -> Json {
    match spelling::date_text(seconds, nanoseconds) {
        Some(text) => json!({ "$date": text }),
        None => json!({ "$date": { "seconds": seconds, "nanoseconds": nanoseconds } }),
    }
}

/// JSON numbers are doubles to most readers, and many forget the sign of zero.
fn double(value: f64) -> Json {
    match Number::from_f64(value).filter(|_| !is_minus_zero(value)) {
        Some(number) => Json::Number(number),
        None => json!({ "$numberDouble": spelling::double_text(value) }),
    }
}

/// The short form (0.1 rather than 0.10000000149011612), unless rounding it twice leads elsewhere.
fn float(value: f32) -> Json {
    if !value.is_finite() || is_minus_zero(value.into()) {
        return json!({ "$numberDouble": spelling::float_text(value) });
    }
    let short = spelling::double(&spelling::float_text(value));
    double(
        short
            .filter(|short| (*short as f32).to_bits() == value.to_bits())
            .unwrap_or_else(|| value.into()),
    )
}

fn is_minus_zero(value: f64) -> bool {
    value == 0.0 && value.is_sign_negative()
}

fn decimal(value: &Decimal128) -> Json {
    match spelling::decimal_text(value) {
        Some(text) => json!({ "$numberDecimal": text }),
        None => json!({ "$decimal128": {
            "negative": value.negative,
            "coefficient": value.coefficient.to_string(),
            "exponent": value.exponent,
        } }),
    }
}

fn link(link: &Link) -> Json {
    json!({ "$ref": name_to_json(&link.class), "$id": key_to_json(&link.key) })
}
