//! Applying the recorded outcome of every merge gives the recorded state.

use std::collections::BTreeMap;

use ros::changeset::{Changeset, CollectionKind, ColumnKind, Text};
use ros::state::{Applier, ApplyError, Class, Content, Field, MemoryCells, Reader, Schema};
use serde_json::{Map, Value as Json, json};

use super::{changeset, load};
use crate::support::model::Model;
use crate::support::rendering;

/// A state that changesets are applied to.
#[derive(Clone, Default)]
pub struct Replica {
    cells: MemoryCells,
    schema: Schema,
}

impl Replica {
    /// The state that the recorded merges begin with.
    pub fn base(file: &Json) -> Replica {
        let mut replica = Replica::default();
        replica
            .apply(&changeset(&file["base"]["hex"]))
            .expect("the base can be applied");
        replica
    }

    /// Applies a changeset whole, or says why not.
    pub fn apply(&mut self, changeset: &Changeset) -> Result<(), ApplyError> {
        let mut applier = Applier::new(&mut self.cells, &mut self.schema);
        changeset
            .instructions
            .iter()
            .try_for_each(|instruction| applier.apply(instruction))?;
        applier.finish();
        Ok(())
    }

    /// Reads everything.
    pub fn look(&mut self) -> Model {
        Model::read(&mut self.cells, &self.schema).expect("what was applied can be read")
    }

    /// Everything in it, the same for equal states.
    pub fn normal(&mut self) -> Json {
        normal(&self.dump())
    }

    fn dump(&mut self) -> Json {
        let schema = self.schema.clone();
        let mut counts = BTreeMap::new();
        let mut out = Map::new();
        for class in schema.classes() {
            let objects = if class.is_embedded() {
                None
            } else {
                Some(self.objects(class, &mut counts))
            };
            out.insert(class.name.to_lossy(), description(class, objects));
        }
        for (class, count) in counts {
            out[&class]["count"] = json!(count);
        }
        Json::Object(out)
    }

    fn objects(&mut self, class: &Class, counts: &mut BTreeMap<String, u64>) -> Map<String, Json> {
        let schema = self.schema.clone();
        let mut reader = Reader::new(&mut self.cells, &schema);
        let mut out = Map::new();
        for (key, _) in reader.keys(class, None, usize::MAX).expect("readable keys") {
            let fields = reader
                .object(class, &key)
                .expect("a readable object")
                .expect("it was listed");
            let mut object = render_fields(&fields, &mut reader, counts);
            if let Some(name) = class.key_field() {
                object.insert(name.to_lossy(), rendering::key(&key));
            }
            out.insert(key_text(&rendering::key(&key)), Json::Object(object));
        }
        out
    }
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

fn render_fields(
    fields: &[Field],
    reader: &mut Reader<'_, MemoryCells>,
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
fn render(
    content: &Content,
    reader: &mut Reader<'_, MemoryCells>,
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
fn normal(json: &Json) -> Json {
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

/// Applies an RFC 6902 patch of the operations that the recordings use.
fn patched(state: &Json, patch: &Json) -> Json {
    let mut state = state.clone();
    for operation in patch.as_array().expect("a patch is a list") {
        let path = operation["path"].as_str().expect("a path");
        let (parent, last) = path.rsplit_once('/').expect("paths begin with a slash");
        let last = last.replace("~1", "/").replace("~0", "~");
        let target = if parent.is_empty() {
            &mut state
        } else {
            state.pointer_mut(parent).expect("the parent is there")
        };
        let value = operation.get("value").cloned();
        match (target, operation["op"].as_str().expect("an operation")) {
            (Json::Object(map), "add" | "replace") => {
                map.insert(last, value.expect("a value"));
            }
            (Json::Object(map), "remove") => {
                map.remove(&last).expect("it is there");
            }
            (Json::Array(items), "add") if last == "-" => items.push(value.expect("a value")),
            (Json::Array(items), "add") => {
                items.insert(last.parse().expect("an index"), value.expect("a value"))
            }
            (Json::Array(items), "replace") => {
                items[last.parse::<usize>().expect("an index")] = value.expect("a value")
            }
            (Json::Array(items), "remove") => {
                items.remove(last.parse().expect("an index"));
            }
            (target, operation) => panic!("{operation} on {target}"),
        }
    }
    state
}

#[test]
fn states_are_as_recorded() {
    let Some(file) = load("merges.json") else {
        return;
    };
    let base = &file["base"];
    let mut replica = Replica::base(&file);
    assert_eq!(replica.normal(), normal(&base["state"]), "the base");

    let merges = file["merges"].as_array().expect("a list of merges");
    let (mut ran, mut wrong, mut unlike) = (0, Vec::new(), BTreeMap::new());
    for (number, case) in merges.iter().enumerate() {
        let Some(patch) = case.get("final_patch") else {
            continue;
        };
        ran += 1;
        let mut replica = replica.clone();
        let steps = case["left"]["changesets"]
            .as_array()
            .expect("a list")
            .iter()
            .chain(case["right_transformed"].as_array().expect("a list"));
        let applied: Result<Vec<()>, _> = steps
            .map(|step| replica.apply(&changeset(&step["hex"])))
            .collect();
        let ours = applied.map(|_| replica.normal());
        if ours
            .as_ref()
            .is_ok_and(|ours| *ours == normal(&patched(&base["state"], patch)))
        {
            continue;
        }
        // What the reference itself does not agree on cannot be agreed with.
        if case.get("converged") == Some(&Json::Bool(false))
            || case.get("client_apply_error").is_some()
        {
            *unlike.entry("the reference diverges").or_insert(0) += 1;
        } else {
            let ours = ours.map_or_else(
                |error| error.to_string(),
                |ours| {
                    first_difference(
                        &ours,
                        &normal(&patched(&base["state"], patch)),
                        String::new(),
                    )
                },
            );
            wrong.push(format!("#{number} {}: {ours}", case["name"]));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {ran} wrong:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(25)].join("\n")
    );
    println!("states: {unlike:?}");
    println!("vectors: states {ran}/{ran}");
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
