//! The configuration file as a JSON Schema, for editors.

use serde_json::{Map, Value, json};

use super::keys::Key;
use super::outline::{Behind, Entry, outline};
use super::{Kind, Settings};

/// The schema (draft 7, which editors know best).
pub fn schema() -> Value {
    let mut schema = section(&outline());
    schema["$schema"] = "http://json-schema.org/draft-07/schema#".into();
    schema["title"] = "configuration.yml of ros".into();
    schema
}

/// A section: an object, or nothing.
fn section(entries: &[Entry]) -> Value {
    let (mut named, mut chosen, mut needed) = (Map::new(), Map::new(), Vec::new());
    for entry in entries {
        let value = match &entry.what {
            Behind::Key(key) => of_key(key),
            Behind::Section(entries) => of_section(entry, entries),
        };
        match entry.name.strip_suffix('*') {
            None => named.insert(entry.name.to_owned(), value),
            Some(prefix) => chosen.insert(format!("^{prefix}."), value),
        };
        if let Behind::Key(key) = &entry.what
            && key.needed
        {
            needed.push(entry.name);
        }
    }
    let mut schema = json!({ "type": ["object", "null"], "additionalProperties": false });
    if !named.is_empty() {
        schema["properties"] = named.into();
    }
    if !chosen.is_empty() {
        schema["patternProperties"] = chosen.into();
    }
    if !needed.is_empty() {
        schema["required"] = needed.into();
    }
    schema
}

fn of_section(entry: &Entry, entries: &[Entry]) -> Value {
    let mut schema = section(entries);
    match entry.group {
        // What must be there may come from the command line.
        None => {
            schema
                .as_object_mut()
                .map(|schema| schema.remove("required"));
        }
        Some(group) => schema["description"] = group.effect.told(group.text).into(),
    }
    schema
}

fn of_key(key: &Key) -> Value {
    let mut schema = of_kind(key.kind);
    schema["description"] = key.effect.told(key.text).into();
    let value = key.place.get(&mut Settings::unsaid(), &["name", "name"]);
    if let Some(text) = key.default() {
        let word = matches!(key.kind, Kind::Switch(..)).then(|| text.into());
        schema["default"] =
            word.unwrap_or_else(|| serde_json::to_value(&value).unwrap_or_default());
    } else if !key.example.is_empty() && !key.path.ends_with(".*") {
        let example: Value = serde_yaml::from_str(key.example).unwrap_or_default();
        schema["examples"] = json!([example]);
    }
    schema
}

fn of_kind(kind: Kind) -> Value {
    let list = |item: Value| json!({ "type": ["array", "null"], "items": item });
    let number = |least: u64, most: u64| json!({ "type": ["integer", "null"], "minimum": least, "maximum": most });
    match kind {
        Kind::Flag => json!({ "type": ["boolean", "null"] }),
        Kind::Port => number(1, u16::MAX.into()),
        Kind::Seconds => number(1, Kind::LONGEST),
        Kind::Count => number(1, u32::MAX.into()),
        Kind::Bytes => number(1, Kind::LARGEST),
        Kind::Hex(length) => {
            json!({ "type": ["string", "null"], "pattern": format!("^[0-9A-Fa-f]{{{length}}}$") })
        }
        Kind::Words(words) => {
            json!({ "enum": words.iter().copied().map(Value::from).chain([Value::Null]).collect::<Value>() })
        }
        Kind::Switch(one, other) => json!({ "enum": [one, other, null] }),
        Kind::Address | Kind::Text | Kind::File | Kind::Folder => {
            json!({ "type": ["string", "null"], "minLength": 1 })
        }
        Kind::Url => {
            json!({ "type": ["string", "null"], "pattern": "^https?://[A-Za-z0-9._:\\[\\]-]+/*$" })
        }
        Kind::Endpoint => json!({
            "type": ["string", "null"],
            "pattern": "^(https://[^/:@]|http://(localhost|127\\.[0-9.]+|\\[::1\\])(:[0-9]+)?(/|$))[^ @#]*$",
        }),
        Kind::Files | Kind::Networks | Kind::Realms | Kind::Texts => {
            list(json!({ "type": "string", "minLength": 1 }))
        }
        Kind::Hosts => list(json!({ "type": "string", "pattern": ".:[0-9]+$" })),
        Kind::Servers => list(json!({
            "type": "object",
            "properties": {
                "id": { "type": "string", "minLength": 1 },
                "address": { "type": "string", "minLength": 1 },
                "port": { "type": "integer", "minimum": 1, "maximum": u16::MAX },
            },
            "required": ["id", "address", "port"],
            "additionalProperties": false,
        })),
        Kind::Rules => list(json!({
            "type": "object",
            "properties": {
                "partition": { "type": "string", "minLength": 1 },
                "read": { "type": "boolean" },
                "write": { "type": "boolean" },
                "manage": { "type": "boolean" },
            },
            "required": ["partition"],
            "additionalProperties": false,
        })),
        Kind::Claims => list(json!({
            "type": "object",
            "properties": {
                "claim": { "type": "string", "minLength": 1 },
                "name": { "type": "string", "minLength": 1 },
                "required": { "type": "boolean" },
            },
            "required": ["claim"],
            "additionalProperties": false,
        })),
        Kind::Any => json!({}),
    }
}
