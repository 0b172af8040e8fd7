//! Objects: their key, then their fields in the order of the columns.

use std::sync::Arc;

use serde_json::{Map, Value as Json};

use super::error::EjsonError;
use super::key::{key_from_json, key_to_json};
use super::name::{escaped, name_to_json};
use super::{read, spelling, write};
use crate::changeset::{CollectionKind, Column, ColumnKind, Key, Text};
use crate::state::{Class, ClassColumn, Content, Field, Schema};

/// What the key of an object without primary key is called.
const NO_PRIMARY_KEY: &str = "$id";

/// An object: its key first, then its fields.
pub fn object_to_json(
    class: &Class,
    key: &Key,
    fields: &[Field],
    schema: &Schema,
) -> Map<String, Json> {
    let mut members = Map::new();
    if class.primary_key().is_some() {
        members.insert(key_name(class), key_to_json(key));
    }
    put_fields(&mut members, Some(class), fields, schema);
    members
}

/// An object: its key if that is said, and the fields that are said, in the order of the columns.
pub fn object_from_json(
    members: &Map<String, Json>,
    class: &Class,
    schema: &Schema,
) -> Result<(Option<Key>, Vec<Field>), EjsonError> {
    let name = key_name(class);
    let column = class.primary_key();
    let key = match (members.get(&name), column) {
        (Some(json), Some(column)) => Some(
            key_from_json(json, column)
                .map_err(|error| error.within(format!("{}.{name}", class.name)))?,
        ),
        (Some(_), None) | (None, _) => None,
    };
    let fields = fields_from_json(members, class, schema)
        .map_err(|error| error.within(class.name.to_lossy()))?;
    Ok((key, fields))
}

/// One field of an object of this class. The error's place is `Class.field`.
pub fn field_from_json(
    json: &Json,
    class: &Class,
    name: &Text,
    schema: &Schema,
) -> Result<Content, EjsonError> {
    let place = |error: EjsonError| error.within(format!("{}.{name}", class.name));
    let column = class
        .column(name)
        .ok_or_else(|| place(unknown(&name.to_lossy(), class)))?;
    read::from_json(json, &column.column, schema).map_err(place)
}

/// The fields of an embedded object.
pub(super) fn fields_to_json(class: &Text, fields: &[Field], schema: &Schema) -> Map<String, Json> {
    let mut members = Map::new();
    let class = schema.class(class).map(|class| &**class);
    put_fields(&mut members, class, fields, schema);
    members
}

/// The fields that are said, in the order of the columns. The error's place begins with `.field`.
pub(super) fn fields_from_json(
    members: &Map<String, Json>,
    class: &Class,
    schema: &Schema,
) -> Result<Vec<Field>, EjsonError> {
    let said = |column: &Arc<ClassColumn>| {
        let name = field_name(class, &column.name);
        let json = members.get(&name)?;
        Some(
            read::from_json(json, &column.column, schema)
                .map(|content| Field {
                    name: column.name.clone(),
                    content,
                })
                .map_err(|error| error.within(format!(".{name}"))),
        )
    };
    let fields: Vec<Field> = class
        .columns
        .iter()
        .filter_map(said)
        .collect::<Result<_, _>>()?;
    let key = class.primary_key().map(|_| key_name(class));
    let has_key = key.as_ref().is_some_and(|key| members.contains_key(key));
    if fields.len() + usize::from(has_key) < members.len() {
        return Err(no_column(members, class, key.as_ref()));
    }
    Ok(fields)
}

/// The member that is no column.
fn no_column(members: &Map<String, Json>, class: &Class, key: Option<&String>) -> EjsonError {
    let is_column = |name: &String| {
        let mut columns = class.columns.iter();
        key == Some(name) || columns.any(|column| field_name(class, &column.name) == *name)
    };
    match members.keys().find(|name| !is_column(name)) {
        Some(name) => unknown(name, class).within(format!(".{name}")),
        None => EjsonError::new(format!("{} has two columns of one name", class.name)),
    }
}

fn put_fields(
    members: &mut Map<String, Json>,
    class: Option<&Class>,
    fields: &[Field],
    schema: &Schema,
) {
    // A field that no column describes is not there in a Realm; as a Mixed it would be written without loss.
    let undescribed = Column {
        kind: ColumnKind::Mixed,
        nullable: true,
        collection: CollectionKind::Single,
        dictionary_key: 0,
    };
    for field in fields {
        let column = class.and_then(|class| class.column(&field.name));
        let column = column.map_or(&undescribed, |column| &column.column);
        let name = match class {
            Some(class) => field_name(class, &field.name),
            None => name_to_json(&field.name),
        };
        members.insert(name, write::to_json(&field.content, column, schema));
    }
}

fn key_name(class: &Class) -> String {
    match class.key_field() {
        Some(name) => name_to_json(name),
        None => NO_PRIMARY_KEY.into(),
    }
}

fn field_name(class: &Class, name: &Text) -> String {
    let taken = class.key_field().is_none() && name.as_bytes() == NO_PRIMARY_KEY.as_bytes();
    if taken {
        escaped(name)
    } else {
        name_to_json(name)
    }
}

fn unknown(name: &str, class: &Class) -> EjsonError {
    let columns = class.columns.iter().map(|column| column.name.to_lossy());
    let names: Vec<String> = columns.collect();
    let mut what = format!("{} has no such column", class.name);
    if let Some(near) = spelling::nearest(name, names.iter().map(String::as_str)) {
        what.push_str(&format!("; did you mean {near}?"));
    }
    EjsonError::new(what)
}
