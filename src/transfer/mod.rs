//! Whole Realms as lines of JSON, and back.
//!
//! The first lines say the classes, one each: `{"schema":{"name":"Note",…}}`; then each object is a line of its own: `{"class":"Note","object":{"_id":1,…}}`. What is in
//! an object is extended JSON (see `ejson`). Reading is an upsert by key: objects that are not there are made, fields that are said and differ are set, all else stays.
//! So a line may leave fields out, and reading the same lines again changes nothing.

use serde_json::{Map, Value as Json, json};

use crate::changeset::{Key, Path, Text};
use crate::client::{Transaction, WriteError};
use crate::ejson::{self, EjsonError, Shape};
use crate::state::{CellError, Cells, Class, Field, Reader, Schema};

/// Why a line cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// It is no JSON.
    #[error("no JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// It is neither a class nor an object.
    #[error("neither {{\"schema\":…}} nor {{\"class\":…,\"object\":…}}")]
    Unknown,
    /// Its class is not there, and no line before it has said what it is.
    #[error("there is no class {0}")]
    NoClass(String),
    /// Its object has no key.
    #[error("{0}: the object has no key")]
    NoKey(String),
    /// A value in it.
    #[error(transparent)]
    Value(#[from] EjsonError),
    /// It cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// A line that has been read.
#[derive(Debug)]
pub enum Line {
    /// A class.
    Class(Box<Shape>),
    /// An object: its class, and what is said of it.
    Object(Text, Map<String, Json>),
}

/// What writing some lines has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct Done {
    /// Objects that were made.
    pub created: u64,
    /// Objects of which something was set.
    pub changed: u64,
    /// Objects that were as the line says.
    pub unchanged: u64,
}

/// Objects read at once.
const PAGE: usize = 500;

/// Gives every line of a Realm to `each`, until it says false.
pub fn export<C: Cells>(
    schema: &Schema,
    cells: &mut C,
    each: &mut dyn FnMut(&Json) -> bool,
) -> Result<(), CellError> {
    for class in schema.classes() {
        if !each(&json!({ "schema": Shape::from(&**class).to_json() })) {
            return Ok(());
        }
    }
    for class in schema.classes().filter(|class| !class.is_embedded()) {
        let mut line = |key: &Key, fields: &[Field]| {
            let object = ejson::object_to_json(class, key, fields, schema);
            each(&json!({ "class": ejson::name_to_json(&class.name), "object": object }))
        };
        if !objects(schema, cells, class, &mut line)? {
            return Ok(());
        }
    }
    Ok(())
}

/// Gives every object of a class to `each`, until it says false; whether it never did.
pub fn objects<C: Cells>(
    schema: &Schema,
    cells: &mut C,
    class: &Class,
    each: &mut dyn FnMut(&Key, &[Field]) -> bool,
) -> Result<bool, CellError> {
    let mut reader = Reader::new(cells, schema);
    let mut after: Option<Vec<u8>> = None;
    loop {
        let keys = reader.keys(class, after.as_deref(), PAGE)?;
        for (key, _) in &keys {
            let fields = reader.object(class, key)?.unwrap_or_default();
            if !each(key, &fields) {
                return Ok(false);
            }
        }
        if keys.len() < PAGE {
            return Ok(true);
        }
        after = keys.into_iter().next_back().map(|(_, place)| place);
    }
}

/// Reads a line.
pub fn parse(line: &str) -> Result<Line, LineError> {
    let Json::Object(mut members) = serde_json::from_str(line)? else {
        return Err(LineError::Unknown);
    };
    if let Some(shape) = members.get("schema") {
        return Ok(Line::Class(Box::new(Shape::from_json(shape)?)));
    }
    match (members.remove("class"), members.remove("object")) {
        (Some(Json::String(class)), Some(Json::Object(object))) => {
            let class = ejson::name_from_json(&class).ok_or(LineError::Unknown)?;
            Ok(Line::Object(class, object))
        }
        _ => Err(LineError::Unknown),
    }
}

/// Adds classes and their columns, where they are not there yet.
pub fn write_classes(edit: &mut Transaction<'_, '_>, shapes: &[Shape]) -> Result<(), WriteError> {
    for shape in shapes {
        let found = edit.schema().class(&shape.name);
        if found.is_none_or(|found| found.kind != shape.kind) {
            edit.apply(shape.table())?;
        }
    }
    for shape in shapes {
        for (name, column) in &shape.columns {
            let class = &shape.name;
            let found = edit.schema().class(class);
            let there = found.and_then(|class| class.column(name));
            if there.is_none_or(|there| there.column != *column) {
                edit.apply(crate::changeset::Instruction::AddColumn {
                    class: class.clone(),
                    field: name.clone(),
                    column: column.clone(),
                })?;
            }
        }
    }
    Ok(())
}

/// Writes an object.
pub fn write_object(
    edit: &mut Transaction<'_, '_>,
    class: &Text,
    members: &Map<String, Json>,
    done: &mut Done,
) -> Result<(), LineError> {
    let schema = edit.schema().clone();
    let name = class.to_lossy();
    let found = schema.class(class);
    let found = found.ok_or_else(|| LineError::NoClass(name.clone()))?;
    let (key, fields) = ejson::object_from_json(members, found, &schema)?;
    let key = key.ok_or_else(|| LineError::NoKey(name.clone()))?;
    let before = edit.object(&name, &key)?;
    if before.is_none() {
        edit.create(name.as_str(), key.clone())?;
    }
    let fresh;
    let there: &[Field] = match &before {
        Some(fields) => fields,
        None => {
            fresh = edit.object(&name, &key)?.unwrap_or_default();
            &fresh
        }
    };
    let mut set = false;
    for field in &fields {
        let same = there
            .iter()
            .any(|there| there.name == field.name && there.content == field.content);
        if !same {
            let path = Path {
                class: class.clone(),
                key: key.clone(),
                field: field.name.clone(),
                steps: Vec::new(),
            };
            edit.put(&path, &field.content)?;
            set = true;
        }
    }
    match (before, set) {
        (None, _) => done.created += 1,
        (Some(_), true) => done.changed += 1,
        (Some(_), false) => done.unchanged += 1,
    }
    Ok(())
}
