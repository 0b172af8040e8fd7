//! Places from JSON: collections, embedded objects, links, values of any type.

use serde_json::{Map, Value as Json};

use super::error::EjsonError;
use super::key::key_from_json;
use super::name::name_from_json;
use super::object::fields_from_json;
use super::scalar::{expected, scalar, uuid};
use crate::changeset::{CollectionKind, Column, ColumnKind, Link, Text, Value};
use crate::state::{Content, Schema};

/// What JSON says for a place of this column. The error's place begins where the value stands.
pub fn from_json(json: &Json, column: &Column, schema: &Schema) -> Result<Content, EjsonError> {
    match column.collection {
        CollectionKind::Single => {
            // A link or a Mixed that was never set is null whatever the column says.
            let optional = matches!(column.kind, ColumnKind::Mixed | ColumnKind::Link(_));
            element(json, column, column.nullable || optional, schema)
        }
        CollectionKind::List => items(json, column, schema).map(Content::List),
        CollectionKind::Set => items(json, column, schema)?
            .into_iter()
            .map(|item| match item {
                Content::Value(value) => Ok(value),
                Content::Object(..)
                | Content::List(_)
                | Content::Dictionary(_)
                | Content::Set(_) => Err(EjsonError::new(
                    "expected a set of values, found one of objects",
                )),
            })
            .collect::<Result<_, _>>()
            .map(Content::Set),
        CollectionKind::Dictionary => {
            let members = json
                .as_object()
                .ok_or_else(|| EjsonError::expected("an object, for a dictionary", json))?;
            let members = wrapped(members).unwrap_or(members);
            entries(members, |json| {
                element(json, column, column.nullable, schema)
            })
        }
    }
}

fn items(json: &Json, column: &Column, schema: &Schema) -> Result<Vec<Content>, EjsonError> {
    let items = json
        .as_array()
        .ok_or_else(|| EjsonError::expected("an array", json))?;
    indexed(items, |item| element(item, column, column.nullable, schema))
}

fn indexed(
    items: &[Json],
    mut read: impl FnMut(&Json) -> Result<Content, EjsonError>,
) -> Result<Vec<Content>, EjsonError> {
    let numbered = items.iter().enumerate();
    numbered
        .map(|(index, item)| read(item).map_err(|error| error.within(format!("[{index}]"))))
        .collect()
}

fn entries(
    members: &Map<String, Json>,
    mut read: impl FnMut(&Json) -> Result<Content, EjsonError>,
) -> Result<Content, EjsonError> {
    let entry = |(name, json): (&String, &Json)| {
        let inside = |error: EjsonError| error.within(format!("['{name}']"));
        let key = name_from_json(name)
            .ok_or_else(|| inside(EjsonError::new("expected base64 after $text:")))?;
        Ok((key, read(json).map_err(inside)?))
    };
    members
        .iter()
        .map(entry)
        .collect::<Result<_, _>>()
        .map(Content::Dictionary)
}

/// The members of a dictionary that is written in its longer form.
fn wrapped(members: &Map<String, Json>) -> Option<&Map<String, Json>> {
    match members.get("$dictionary") {
        Some(Json::Object(inner)) if members.len() == 1 => Some(inner),
        Some(_) | None => None,
    }
}

fn element(
    json: &Json,
    column: &Column,
    nullable: bool,
    schema: &Schema,
) -> Result<Content, EjsonError> {
    match &column.kind {
        _ if json.is_null() && nullable => Ok(Content::Value(Value::Null)),
        kind if json.is_null() => Err(EjsonError::expected(&expected(kind), json)),
        ColumnKind::Mixed => mixed(json, schema),
        ColumnKind::Link(target) => target_of(json, target, schema),
        kind => match scalar(json, kind) {
            Some(value) => Ok(Content::Value(value)),
            None => Err(EjsonError::expected(&expected(kind), json)),
        },
    }
}

/// A link to a class, or an embedded object of it. In a column that has a class, the key alone is a link too.
fn target_of(json: &Json, target: &Text, schema: &Schema) -> Result<Content, EjsonError> {
    let class = schema.class(target);
    if let Some(class) = class.filter(|class| class.is_embedded()) {
        let members = json
            .as_object()
            .ok_or_else(|| EjsonError::expected(&format!("an object of {target}"), json))?;
        let fields = fields_from_json(members, class, schema)?;
        return Ok(Content::Object(class.name.clone(), fields));
    }
    let link = match class.and_then(|class| class.primary_key()) {
        Some(key) if json.get("$ref").is_none() => Link {
            class: target.clone(),
            key: key_from_json(json, key)?,
        },
        Some(_) | None => link(json, schema)?,
    };
    if !target.as_bytes().is_empty() && link.class != *target {
        return Err(EjsonError::expected(
            &format!("a link to {target}"),
            &Json::from(link.class.to_lossy()),
        ));
    }
    Ok(Content::Value(Value::Link(link)))
}

/// `{"$ref":…,"$id":…}`.
fn link(json: &Json, schema: &Schema) -> Result<Link, EjsonError> {
    let parts = json.as_object().filter(|members| members.len() == 2);
    let name = parts
        .and_then(|members| members.get("$ref")?.as_str())
        .and_then(name_from_json);
    let (Some(name), Some(key)) = (name, parts.and_then(|members| members.get("$id"))) else {
        let form = r#"a link such as {"$ref":"Class","$id":1}"#;
        return Err(EjsonError::expected(form, json));
    };
    let column = schema.class(&name).and_then(|class| class.primary_key());
    let column = column.ok_or_else(|| {
        EjsonError::new(format!(
            "there is no class {name} to which a link could lead"
        ))
    })?;
    let key = key_from_json(key, column).map_err(|error| error.within(".$id"))?;
    Ok(Link { class: name, key })
}

fn mixed(json: &Json, schema: &Schema) -> Result<Content, EjsonError> {
    match json {
        Json::Null => Ok(Content::Value(Value::Null)),
        Json::Bool(truth) => Ok(Content::Value(Value::Bool(*truth))),
        Json::Number(number) => match (number.as_i64(), number.is_f64(), number.as_f64()) {
            (Some(int), _, _) => Ok(Content::Value(Value::Int(int))),
            (None, true, Some(double)) => Ok(Content::Value(Value::Double(double))),
            (None, _, _) => Err(EjsonError::expected(&expected(&ColumnKind::Int), json)),
        },
        Json::String(text) => Ok(Content::Value(Value::String(Text::from(text.as_str())))),
        Json::Array(items) => indexed(items, |item| mixed(item, schema)).map(Content::List),
        Json::Object(members) => match members.keys().find(|name| name.starts_with('$')) {
            Some(name) => tagged(json, members, name, schema),
            None => entries(members, |json| mixed(json, schema)),
        },
    }
}

/// An object that says its type, under a name that begins with `$`.
fn tagged(
    json: &Json,
    members: &Map<String, Json>,
    name: &str,
    schema: &Schema,
) -> Result<Content, EjsonError> {
    let kind = match name {
        "$numberInt" | "$numberLong" => ColumnKind::Int,
        "$numberDouble" => ColumnKind::Double,
        "$numberFloat" => ColumnKind::Float,
        "$numberDecimal" | "$decimal128" => ColumnKind::Decimal,
        "$text" => ColumnKind::String,
        "$date" => ColumnKind::Timestamp,
        "$binary" if uuid(json).is_some() => ColumnKind::Uuid,
        "$binary" => ColumnKind::Binary,
        "$uuid" => ColumnKind::Uuid,
        "$oid" => ColumnKind::ObjectId,
        "$ref" | "$id" => return link(json, schema).map(|link| Content::Value(Value::Link(link))),
        _ => {
            return match wrapped(members) {
                Some(inner) => entries(inner, |json| mixed(json, schema)),
                None => Err(EjsonError::new(format!(
                    r#"no type is called {name:?}; a dictionary with such a key is {{"$dictionary":{{…}}}}"#
                ))),
            };
        }
    };
    let value = scalar(json, &kind).ok_or_else(|| EjsonError::expected(&expected(&kind), json))?;
    Ok(Content::Value(value))
}
