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
        let mut shown = Shown {
            schema,
            reader: &mut reader,
            counts: &mut counts,
        };
        let objects = (!class.is_embedded()).then(|| shown.objects(class));
        out.insert(class.name.to_lossy(), description(class, objects));
    }
    for (class, count) in counts {
        out[&class]["count"] = json!(count);
    }
    Json::Object(out)
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

/// What is shown of a Realm.
struct Shown<'a, 'c, C: Cells> {
    schema: &'a Schema,
    reader: &'a mut Reader<'c, C>,
    /// Embedded objects of each class.
    counts: &'a mut BTreeMap<String, u64>,
}

impl<C: Cells> Shown<'_, '_, C> {
    fn objects(&mut self, class: &Class) -> Map<String, Json> {
        let mut out = Map::new();
        let keys = self.reader.keys(class, None, usize::MAX);
        for (key, _) in keys.expect("readable keys") {
            let fields = self.reader.object(class, &key);
            let fields = fields.expect("a readable object").expect("it was listed");
            let mut object = self.fields(class, &fields);
            if let Some(name) = class.key_field() {
                object.insert(name.to_lossy(), rendering::key(&key));
            }
            out.insert(key_text(&rendering::key(&key)), Json::Object(object));
        }
        out
    }

    fn fields(&mut self, class: &Class, fields: &[Field]) -> Map<String, Json> {
        let mut out = Map::new();
        for field in fields {
            let column = class.column(&field.name);
            let is_mixed = column.is_some_and(|column| column.column.kind == ColumnKind::Mixed);
            let shown = self.content(&field.content, is_mixed);
            out.insert(field.name.to_lossy(), shown.unwrap_or(Json::Null));
        }
        out
    }

    /// Content as the recordings show it; nothing for a link to an object that is not there. In a list or set of links there is no place of it, in one of Mixed values
    /// its place is null: so SDKs show both.
    fn content(&mut self, content: &Content, is_mixed: bool) -> Option<Json> {
        Some(match content {
            Content::Value(ros::changeset::Value::Link(link)) => {
                if !self.reader.resolves(link).expect("a readable target") {
                    return None;
                }
                json!({ "link": [link.class.to_lossy(), key_text(&rendering::key(&link.key))] })
            }
            Content::Value(value) => rendering::value(value),
            Content::Object(class, fields) => {
                *self.counts.entry(class.to_lossy()).or_default() += 1;
                let class = self.schema.class(class).expect("a class of the schema");
                json!({ "embedded": self.fields(class, fields) })
            }
            Content::List(items) => {
                let places = items.iter().filter_map(|item| self.place(item, is_mixed));
                json!({ "list": places.collect::<Vec<_>>() })
            }
            Content::Dictionary(entries) => {
                let mut shown = Map::new();
                for (name, item) in entries {
                    let item = self.content(item, is_mixed).unwrap_or(Json::Null);
                    shown.insert(name.to_lossy(), item);
                }
                json!({ "dict": shown })
            }
            Content::Set(values) => {
                let place = |value: &ros::changeset::Value| {
                    self.place(&Content::Value(value.clone()), is_mixed)
                };
                json!({ "set": values.iter().filter_map(place).collect::<Vec<_>>() })
            }
        })
    }

    /// What stands in the place of an element of a list or set, if it has one.
    fn place(&mut self, element: &Content, is_mixed: bool) -> Option<Json> {
        let shown = self.content(element, is_mixed);
        shown.or(is_mixed.then_some(Json::Null))
    }
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

#[test]
fn a_link_to_nothing_has_a_place_among_mixed_values_only() {
    use ros::changeset::{
        Column, Instruction, Key, KeyKind, Link, Path, PrimaryKeyColumn, Step, TableKind, Value,
    };
    use ros::state::{Applier, MemoryCells};
    let class = || Text::from("Dog");
    let column = |field: &str, kind, collection| Instruction::AddColumn {
        class: class(),
        field: field.into(),
        column: Column {
            kind,
            nullable: false,
            collection,
            dictionary_key: 0,
        },
    };
    let path = |field: &str, steps| Path {
        class: class(),
        key: Key::Int(1),
        field: field.into(),
        steps,
    };
    let link = |key| {
        Value::Link(Link {
            class: class(),
            key: Key::Int(key),
        })
    };
    let linked = |field: &str, key: i64, index: u32| Instruction::ArrayInsert {
        path: path(field, vec![Step::Index(index)]),
        value: link(key),
        prior_size: index,
    };
    let member = |field: &str, key: i64| Instruction::SetInsert {
        path: path(field, Vec::new()),
        value: link(key),
    };
    let key = PrimaryKeyColumn {
        field: "_id".into(),
        kind: KeyKind::Int,
        nullable: false,
    };
    let instructions = [
        Instruction::AddTable {
            class: class(),
            kind: TableKind::TopLevel(key),
        },
        column("links", ColumnKind::Link(class()), CollectionKind::List),
        column("mixeds", ColumnKind::Mixed, CollectionKind::List),
        column("linkSet", ColumnKind::Link(class()), CollectionKind::Set),
        column("mixedSet", ColumnKind::Mixed, CollectionKind::Set),
        Instruction::CreateObject {
            class: class(),
            key: Key::Int(1),
        },
        linked("links", 9, 0),
        linked("links", 1, 1),
        linked("mixeds", 9, 0),
        linked("mixeds", 1, 1),
        member("linkSet", 9),
        member("linkSet", 1),
        member("mixedSet", 9),
        member("mixedSet", 1),
    ];
    let (mut cells, mut schema) = (MemoryCells::default(), Schema::default());
    let mut applier = Applier::new(&mut cells, &mut schema);
    for instruction in &instructions {
        applier.apply(instruction).unwrap();
    }
    applier.finish();
    let shown = dump(&schema, &mut cells);
    let dog = &shown["Dog"]["objects"]["int:1"];
    let there = json!({"link": ["Dog", "int:1"]});
    assert_eq!(dog["links"], json!({ "list": [there] }), "{shown}");
    assert_eq!(dog["mixeds"], json!({ "list": [null, there] }));
    let [links, mixeds] = ["linkSet", "mixedSet"].map(|field| normal(&dog[field]));
    assert_eq!(links, json!({ "set": [there] }), "{shown}");
    assert_eq!(mixeds, normal(&json!({ "set": [null, there] })), "{shown}");
}
