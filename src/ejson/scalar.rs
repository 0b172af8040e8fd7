//! Plain values from JSON: one function for each type, with all the spellings that it takes.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use serde_json::{Map, Value as Json};

use super::schema::type_word;
use super::spelling;
use crate::changeset::{ColumnKind, Decimal128, Text, Value};

/// A plain value of a column's type, if it is one.
pub(super) fn scalar(json: &Json, kind: &ColumnKind) -> Option<Value> {
    match kind {
        ColumnKind::Int => int(json).map(Value::Int),
        ColumnKind::Bool => json.as_bool().map(Value::Bool),
        ColumnKind::String => text(json).map(Value::String),
        ColumnKind::Binary => binary(json).map(Value::Binary),
        ColumnKind::Timestamp => date(json),
        ColumnKind::Float => float(json).map(Value::Float),
        ColumnKind::Double => double(json).map(Value::Double),
        ColumnKind::Decimal => decimal(json).map(Value::Decimal),
        ColumnKind::ObjectId => text_of(json, "$oid")
            .and_then(spelling::object_id)
            .map(Value::ObjectId),
        ColumnKind::Uuid => uuid(json).map(Value::Uuid),
        ColumnKind::Mixed | ColumnKind::Link(_) => None,
    }
}

/// What stands under the only name in an object.
pub(super) fn only<'a>(json: &'a Json, name: &str) -> Option<&'a Json> {
    let members = json.as_object().filter(|members| members.len() == 1)?;
    members.get(name)
}

/// What a column's type takes, for an error.
pub(super) fn expected(kind: &ColumnKind) -> String {
    match kind {
        ColumnKind::Mixed => "a value".into(),
        ColumnKind::Int => "an integer of 64 bits".into(),
        ColumnKind::Bool => "true or false".into(),
        ColumnKind::String => "a string".into(),
        ColumnKind::Binary => r#"binary data such as {"$binary":{"base64":"AAE="}}"#.into(),
        ColumnKind::Timestamp => r#"a date such as {"$date":"2023-11-14T22:13:20Z"}"#.into(),
        ColumnKind::Float => "a number of a float's size".into(),
        ColumnKind::Double => "a number".into(),
        ColumnKind::Decimal => r#"a decimal such as {"$numberDecimal":"1.5"}"#.into(),
        ColumnKind::ObjectId => r#"an ObjectId such as {"$oid":"<24 digits>"}"#.into(),
        ColumnKind::Uuid => r#"a UUID such as {"$uuid":"<8-4-4-4-12 digits>"}"#.into(),
        ColumnKind::Link(target) => format!("a {}", type_word(&ColumnKind::Link(target.clone()))),
    }
}

fn int(json: &Json) -> Option<i64> {
    match only(json, "$numberLong").or_else(|| only(json, "$numberInt")) {
        Some(Json::String(text)) => text.parse().ok(),
        Some(number) => number.as_i64(),
        None => json.as_i64(),
    }
}

fn text(json: &Json) -> Option<Text> {
    match only(json, "$text") {
        Some(coded) => base64(only(coded, "base64")?).map(Text::new),
        None => json.as_str().map(Text::from),
    }
}

fn base64(json: &Json) -> Option<Bytes> {
    BASE64_STANDARD.decode(json.as_str()?).ok().map(Bytes::from)
}

/// Binary data of no subtype: a Realm could not keep another.
fn binary(json: &Json) -> Option<Bytes> {
    match only(json, "$binary")? {
        plain @ Json::String(_) => base64(plain),
        parts => subtyped(parts, &["00", "0"]),
    }
}

/// `{"base64":…,"subType":…}` of one of these subtypes; the first of them need not be said.
fn subtyped(json: &Json, subtypes: &[&str]) -> Option<Bytes> {
    let parts = json.as_object()?;
    let known = |name: &String| name == "base64" || name == "subType";
    let subtype = match parts.get("subType") {
        Some(subtype) => subtype.as_str()?,
        None => subtypes.first()?,
    };
    (subtypes.contains(&subtype) && parts.keys().all(known))
        .then(|| base64(parts.get("base64")?))?
}

/// What stands under a name, or a plain text.
fn text_of<'a>(json: &'a Json, name: &str) -> Option<&'a str> {
    only(json, name).unwrap_or(json).as_str()
}

pub(super) fn uuid(json: &Json) -> Option<[u8; 16]> {
    match only(json, "$binary") {
        Some(parts) => {
            parts.get("subType")?;
            subtyped(parts, &["04", "4"])?[..].try_into().ok()
        }
        None => text_of(json, "$uuid").and_then(spelling::uuid),
    }
}

fn date(json: &Json) -> Option<Value> {
    let of = |(seconds, nanoseconds)| Value::Timestamp {
        seconds,
        nanoseconds,
    };
    match only(json, "$date").unwrap_or(json) {
        Json::String(text) => spelling::date(text).map(of),
        Json::Object(parts) if parts.contains_key("seconds") => date_parts(parts).map(of),
        // A number alone could be seconds as well.
        Json::Number(_) if only(json, "$date").is_none() => None,
        number => {
            let milliseconds = int(number)?;
            let nanoseconds = i32::try_from(milliseconds % 1000).ok()? * 1_000_000;
            Some(of((milliseconds / 1000, nanoseconds)))
        }
    }
}

fn date_parts(parts: &Map<String, Json>) -> Option<(i64, i32)> {
    let seconds = parts.get("seconds").and_then(int)?;
    let nanoseconds = parts.get("nanoseconds").and_then(int)?;
    let nanoseconds = i32::try_from(nanoseconds).ok()?;
    let one_sign = seconds == 0 || nanoseconds == 0 || (seconds < 0) == (nanoseconds < 0);
    let fits = parts.len() == 2 && one_sign && nanoseconds.unsigned_abs() < 1_000_000_000;
    fits.then_some((seconds, nanoseconds))
}

/// A number under one of the names that numbers have, or plain.
fn number(json: &Json) -> &Json {
    const NAMES: [&str; 4] = ["$numberDouble", "$numberFloat", "$numberInt", "$numberLong"];
    let inner = NAMES.iter().find_map(|name| only(json, name));
    inner.unwrap_or(json)
}

fn double(json: &Json) -> Option<f64> {
    match number(json) {
        Json::String(text) if json.is_object() => spelling::double(text),
        number => number.as_f64(),
    }
}

fn float(json: &Json) -> Option<f32> {
    match number(json) {
        Json::String(text) if json.is_object() => spelling::float(text),
        number => {
            let value = number.as_f64()? as f32;
            value.is_finite().then_some(value)
        }
    }
}

fn decimal(json: &Json) -> Option<Decimal128> {
    if let Some(parts) = only(json, "$decimal128") {
        return raw_decimal(parts.as_object()?);
    }
    match only(json, "$numberDecimal").unwrap_or_else(|| number(json)) {
        Json::String(text) => spelling::decimal(text),
        Json::Number(number) => spelling::decimal(&number.to_string()),
        Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_) => None,
    }
}

fn raw_decimal(parts: &Map<String, Json>) -> Option<Decimal128> {
    let coefficient: u128 = parts.get("coefficient")?.as_str()?.parse().ok()?;
    let decimal = Decimal128 {
        coefficient,
        exponent: i32::try_from(parts.get("exponent")?.as_i64()?).ok()?,
        negative: parts.get("negative")?.as_bool()?,
    };
    (parts.len() == 3 && coefficient >> 113 == 0).then_some(decimal)
}
