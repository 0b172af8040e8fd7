//! What an SDK device shows of a state that is dumped.

use serde_json::{Map, Value, json};

/// The objects of `Everything` as devices of Kotlin and JS read them, by primary key.
pub fn everything(dump: &Value, like: &Value) -> Value {
    let shown = &like.as_array().and_then(|all| all.first()).cloned();
    let objects = dump["Everything"]["objects"].as_object();
    let objects = objects.into_iter().flat_map(Map::values);
    let mut all: Vec<Value> = objects
        .map(|object| fields(object, shown.as_ref()))
        .collect();
    all.sort_by_key(|object| object["_id"].as_str().map(str::to_owned));
    plain(&Value::Array(all))
}

/// The fields that the other shows too: a model in an app does not have all columns.
fn fields(object: &Value, shown: Option<&Value>) -> Value {
    let fields = object.as_object().into_iter().flatten();
    let fields = fields.filter(|(name, _)| shown.is_none_or(|shown| shown.get(name).is_some()));
    fields
        .map(|(name, value)| (name.clone(), value_of(name, value)))
        .collect()
}

const PART: [&str; 3] = ["name", "n", "pieces"];

fn value_of(name: &str, value: &Value) -> Value {
    let Some((kind, inner)) = value.as_object().and_then(|map| map.iter().next()) else {
        return Value::Null;
    };
    let number = || inner.as_str().and_then(|text| text.parse::<f64>().ok());
    let each = || {
        inner
            .as_array()
            .into_iter()
            .flatten()
            .map(|item| value_of("", item))
    };
    match kind.as_str() {
        "float" | "double" => json!(number()),
        "binary" => json!({"$binary": base64(inner.as_str().unwrap_or_default())}),
        "timestamp" => {
            let part = |at: usize| inner[at].as_i64().unwrap_or_default();
            json!({"$date": part(0) * 1000 + part(1) / 1_000_000})
        }
        "decimal" => json!({"$numberDecimal": inner}),
        "objectId" => json!({"$oid": inner}),
        "uuid" => json!({"$uuid": inner}),
        "link" => {
            let key = inner[1].as_str().unwrap_or_default();
            json!({"$ref": [inner[0], key.split_once(':').map_or(key, |(_, key)| key)]})
        }
        "embedded" => {
            let fields = inner.as_object().into_iter().flatten();
            let known = fields.filter(|(name, _)| PART.contains(&&***name));
            known
                .map(|(name, value)| (name.clone(), value_of(name, value)))
                .collect()
        }
        "list" => each().collect(),
        "set" => sorted(name, each().collect()),
        "dict" => {
            let entries = inner.as_object().into_iter().flatten();
            entries
                .map(|(key, value)| (key.clone(), value_of(key, value)))
                .collect()
        }
        _ => inner.clone(),
    }
}

/// What a device reads, in the same form.
pub fn read(value: &Value) -> Value {
    plain(value)
}

/// Decimals as digits and exponent: the reference client writes some of them with an exponent, and some without.
pub fn decimals(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(decimals).collect(),
        Value::Object(map) => map
            .iter()
            .map(|(name, value)| match value.as_str() {
                Some(text) if name == "decimal" => (name.clone(), json!(digits(text))),
                _ => (name.clone(), decimals(value)),
            })
            .collect(),
        other => other.clone(),
    }
}

fn digits(text: &str) -> String {
    let (number, exponent) = text.split_once(['E', 'e']).unwrap_or((text, "0"));
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let exponent = exponent.parse::<i64>().unwrap() - fraction.len() as i64;
    let sign = if whole.starts_with('-') { "-" } else { "" };
    let all = format!("{}{fraction}", whole.trim_start_matches('-'));
    let all = all.trim_start_matches('0');
    format!(
        "{sign}{}E{exponent}",
        if all.is_empty() { "0" } else { all }
    )
}

#[test]
fn decimals_are_compared_by_digits_and_exponent() {
    for (one, other, same) in [
        ("0.48", "4.8E-1", true),
        ("-0.48", "-48E-2", true),
        ("0.00", "0E-2", true),
        ("0.480", "4.8E-1", false),
        ("12", "1.2E+1", true),
    ] {
        assert_eq!(digits(one) == digits(other), same, "{one} and {other}");
    }
}

/// JSON numbers of JavaScript are doubles; sets have no order.
fn plain(value: &Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64().map(|number| number + 0.0)),
        Value::Array(items) => items.iter().map(plain).collect(),
        Value::Object(map) => map
            .iter()
            .map(|(name, value)| (name.clone(), sorted(name, plain(value))))
            .collect(),
        other => other.clone(),
    }
}

fn sorted(name: &str, value: Value) -> Value {
    match value {
        Value::Array(mut items) if name.ends_with("Set") => {
            items.sort_by_key(Value::to_string);
            Value::Array(items)
        }
        other => other,
    }
}

fn base64(hex: &str) -> String {
    use base64::Engine;
    let digits = hex.as_bytes().chunks(2);
    let bytes =
        digits.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap());
    base64::prelude::BASE64_STANDARD.encode(bytes.collect::<Vec<u8>>())
}
