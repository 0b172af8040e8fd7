//! Everything in a Realm as the recordings write it, and as the reference client shows it: JSON in which every value says its type.

use std::collections::BTreeMap;

use ros::changeset::{CollectionKind, ColumnKind, Text};
use ros::state::{Cells, Class, Content, Field, Reader, Schema};
use serde_json::{Map, Value as Json, json};

use super::rendering;

/// Everything that is stored in these cells.
pub fn dump(schema: &Schema, cells: &mut impl Cells) -> Json {
    let mut counts = BTreeMap::new();
    let mut out = Map::new();
    let mut reader = Reader::new(cells, schema);
    for class in schema.classes() {
        let objects = (!class.is_embedded()).then(|| objects(class, &mut reader, &mut counts));
        out.insert(class.name.to_lossy(), description(class, objects));
    }
    for (class, count) in counts {
        out[&class]["count"] = json!(count);
    }
    Json::Object(out)
}

fn objects<C: Cells>(
    class: &Class,
    reader: &mut Reader<'_, C>,
    counts: &mut BTreeMap<String, u64>,
) -> Map<String, Json> {
    let mut out = Map::new();
    for (key, _) in reader.keys(class, None, usize::MAX).expect("readable keys") {
        let fields = reader
            .object(class, &key)
            .expect("a readable object")
            .expect("it was listed");
        let mut object = render_fields(&fields, reader, counts);
        if let Some(name) = class.key_field() {
            object.insert(name.to_lossy(), rendering::key(&key));
        }
        out.insert(key_text(&rendering::key(&key)), Json::Object(object));
    }
    out
}

fn key_text(key: &Json) -> String {
    match key.as_object().and_then(|key| key.iter().next()) {
        Some((kind, value)) => format!(
            "{kind}:{}",
            value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned)
        ),
        None => "null".into(),
    }
}

fn render_fields<C: Cells>(
    fields: &[Field],
    reader: &mut Reader<'_, C>,
    counts: &mut BTreeMap<String, u64>,
) -> Map<String, Json> {
    fields
        .iter()
        .map(|field| {
            (
                field.name.to_lossy(),
                render(&field.content, reader, counts).unwrap_or(Json::Null),
            )
        })
        .collect()
}

/// Content as the recordings show it; nothing for a link to an object that is not there.
fn render<C: Cells>(
    content: &Content,
    reader: &mut Reader<'_, C>,
    counts: &mut BTreeMap<String, u64>,
) -> Option<Json> {
    Some(match content {
        Content::Value(ros::changeset::Value::Link(link)) => {
            if !reader.resolves(link).expect("a readable target") {
                return None;
            }
            json!({ "link": [link.class.to_lossy(), key_text(&rendering::key(&link.key))] })
        }
        Content::Value(value) => rendering::value(value),
        Content::Object(class, fields) => {
            *counts.entry(class.to_lossy()).or_default() += 1;
            json!({ "embedded": render_fields(fields, reader, counts) })
        }
        Content::List(items) => {
            json!({ "list": items.iter().filter_map(|item| render(item, reader, counts)).collect::<Vec<_>>() })
        }
        Content::Dictionary(entries) => {
            let entries: Map<String, Json> = entries
                .iter()
                .map(|(name, item)| {
                    (
                        name.to_lossy(),
                        render(item, reader, counts).unwrap_or(Json::Null),
                    )
                })
                .collect();
            json!({ "dict": entries })
        }
        Content::Set(values) => {
            let values = values
                .iter()
                .filter_map(|value| render(&Content::Value(value.clone()), reader, counts));
            json!({ "set": values.collect::<Vec<_>>() })
        }
    })
}

fn description(class: &Class, objects: Option<Map<String, Json>>) -> Json {
    let mut columns: Map<String, Json> = class
        .columns
        .iter()
        .map(|column| {
            let (kind, target) = kind(&column.column.kind);
            (
                column.name.to_lossy(),
                column_json(
                    kind,
                    target,
                    column.column.nullable,
                    column.column.collection,
                ),
            )
        })
        .collect();
    let key = class.primary_key().filter(|_| class.key_field().is_some());
    if let Some(key) = key {
        use ros::changeset::KeyKind::{Int, None as Keyless, ObjectId, String, Uuid};
        let kind = match key.kind {
            Int => "int",
            String => "string",
            ObjectId => "objectId",
            Uuid => "uuid",
            Keyless => unreachable!("it has a key field"),
        };
        columns.insert(
            key.field.to_lossy(),
            column_json(kind, None, key.nullable, CollectionKind::Single),
        );
    }
    let mut out = json!({ "columns": columns, "pk": class.key_field().map(Text::to_lossy) });
    match objects {
        Some(objects) => {
            out["kind"] = json!("topLevel");
            out["objects"] = Json::Object(objects);
        }
        None => {
            out["kind"] = json!("embedded");
            out["count"] = json!(0);
        }
    }
    out
}

fn column_json(
    kind: &str,
    target: Option<String>,
    nullable: bool,
    collection: CollectionKind,
) -> Json {
    let collection = match collection {
        CollectionKind::Single => "single",
        CollectionKind::List => "list",
        CollectionKind::Dictionary => "dictionary",
        CollectionKind::Set => "set",
    };
    let mut out = json!({ "collection": collection, "nullable": nullable, "type": kind });
    if let Some(target) = target {
        out["target"] = json!(target);
    }
    out
}

fn kind(kind: &ColumnKind) -> (&'static str, Option<String>) {
    match kind {
        ColumnKind::Mixed => ("mixed", None),
        ColumnKind::Int => ("int", None),
        ColumnKind::Bool => ("bool", None),
        ColumnKind::String => ("string", None),
        ColumnKind::Binary => ("binary", None),
        ColumnKind::Timestamp => ("timestamp", None),
        ColumnKind::Float => ("float", None),
        ColumnKind::Double => ("double", None),
        ColumnKind::Decimal => ("decimal128", None),
        ColumnKind::Link(target) => ("link", Some(target.to_lossy())),
        ColumnKind::ObjectId => ("objectId", None),
        ColumnKind::Uuid => ("uuid", None),
    }
}

/// The same for equal states: the order of a set is nobody's business.
pub fn normal(json: &Json) -> Json {
    match json {
        Json::Object(map) => {
            let mut map: Map<String, Json> = map
                .iter()
                .map(|(key, value)| (key.clone(), normal(value)))
                .collect();
            if let Some(Json::Array(set)) = map.get_mut("set") {
                set.sort_by_key(Json::to_string);
            }
            Json::Object(map)
        }
        Json::Array(items) => Json::Array(items.iter().map(normal).collect()),
        other => other.clone(),
    }
}

/// Where two states differ first, for people.
pub fn first_difference(ours: &Json, theirs: &Json, at: String) -> String {
    match (ours, theirs) {
        (Json::Object(a), Json::Object(b)) => {
            for key in a.keys().chain(b.keys()) {
                let (x, y) = (
                    a.get(key).unwrap_or(&Json::Null),
                    b.get(key).unwrap_or(&Json::Null),
                );
                if x != y {
                    return first_difference(x, y, format!("{at}/{key}"));
                }
            }
            format!("{at}: {ours} instead of {theirs}")
        }
        _ => format!("{at}: {ours} instead of {theirs}"),
    }
}
