//! Classes as JSON.
//!
//! ```json
//! {"name":"Note","kind":"top-level","primaryKey":{"name":"_id","type":"objectId","nullable":false},
//!  "columns":[{"name":"title","type":"string","nullable":true},
//!             {"name":"tags","type":"string","nullable":false,"collection":"list"}]}
//! ```

use serde_json::{Map, Value as Json, json};

use super::error::EjsonError;
use super::name::{name_from_json, name_to_json};
use crate::changeset::{
    CollectionKind, Column, ColumnKind, Instruction, KeyKind, PrimaryKeyColumn, TableKind, Text,
};
use crate::state::Class;

/// The type of a dictionary's keys: strings.
const STRING_KEYS: i64 = 3;

/// A class without objects and without a place in a Realm.
#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    /// Its name.
    pub name: Text,
    /// What it holds.
    pub kind: TableKind,
    /// Its columns, the primary key left out.
    pub columns: Vec<(Text, Column)>,
}

impl From<&Class> for Shape {
    fn from(class: &Class) -> Shape {
        let columns = class.columns.iter();
        Shape {
            name: class.name.clone(),
            kind: class.kind.clone(),
            columns: columns
                .map(|column| (column.name.clone(), column.column.clone()))
                .collect(),
        }
    }
}

impl Shape {
    /// The class as JSON.
    pub fn to_json(&self) -> Json {
        let (kind, key) = match &self.kind {
            TableKind::TopLevel(key) => ("top-level", Some(key)),
            TableKind::Embedded => ("embedded", None),
            TableKind::Asymmetric(key) => ("asymmetric", Some(key)),
        };
        let mut members = Map::new();
        members.insert("name".into(), name_to_json(&self.name).into());
        members.insert("kind".into(), kind.into());
        if let Some(key) = key.filter(|key| key.kind != KeyKind::None) {
            members.insert("primaryKey".into(), key_to_json(key));
        }
        members.insert(
            "columns".into(),
            self.columns.iter().map(column_to_json).collect(),
        );
        Json::Object(members)
    }

    /// The class that JSON describes. The error's place begins with the class.
    pub fn from_json(json: &Json) -> Result<Shape, EjsonError> {
        let name = name(json)?;
        let inside = |error: EjsonError| error.within(name.to_lossy());
        let kind = kind(json).map_err(inside)?;
        let columns = match json.get("columns") {
            Some(Json::Array(columns)) => columns
                .iter()
                .map(column_from_json)
                .collect::<Result<_, _>>()
                .map_err(inside)?,
            None => Vec::new(),
            Some(other) => return Err(inside(EjsonError::expected("an array of columns", other))),
        };
        Ok(Shape {
            name,
            kind,
            columns,
        })
    }

    /// What makes the class in a Realm that has not got it: AddTable, which this gives.
    pub fn table(&self) -> Instruction {
        Instruction::AddTable {
            class: self.name.clone(),
            kind: self.kind.clone(),
        }
    }

    /// AddColumn for every column; links need their target class first.
    pub fn add_columns(&self) -> impl Iterator<Item = Instruction> {
        self.columns
            .iter()
            .map(|(field, column)| Instruction::AddColumn {
                class: self.name.clone(),
                field: field.clone(),
                column: column.clone(),
            })
    }
}

/// The word for a type of values, as the SDKs spell it: `int`, `string`, `link<Person>`; `link<>` leads anywhere.
pub fn type_word(kind: &ColumnKind) -> String {
    match kind {
        ColumnKind::Mixed => "mixed".into(),
        ColumnKind::Int => "int".into(),
        ColumnKind::Bool => "bool".into(),
        ColumnKind::String => "string".into(),
        ColumnKind::Binary => "data".into(),
        ColumnKind::Timestamp => "date".into(),
        ColumnKind::Float => "float".into(),
        ColumnKind::Double => "double".into(),
        ColumnKind::Decimal => "decimal128".into(),
        ColumnKind::Link(target) => format!("link<{}>", name_to_json(target)),
        ColumnKind::ObjectId => "objectId".into(),
        ColumnKind::Uuid => "uuid".into(),
    }
}

fn type_of(word: &str) -> Option<ColumnKind> {
    Some(match word {
        "mixed" => ColumnKind::Mixed,
        "int" => ColumnKind::Int,
        "bool" => ColumnKind::Bool,
        "string" => ColumnKind::String,
        "data" => ColumnKind::Binary,
        "date" => ColumnKind::Timestamp,
        "float" => ColumnKind::Float,
        "double" => ColumnKind::Double,
        "decimal128" => ColumnKind::Decimal,
        "objectId" => ColumnKind::ObjectId,
        "uuid" => ColumnKind::Uuid,
        _ => {
            let target = word.strip_prefix("link<")?.strip_suffix('>')?;
            ColumnKind::Link(name_from_json(target)?)
        }
    })
}

fn key_to_json(key: &PrimaryKeyColumn) -> Json {
    let kind = match key.kind {
        KeyKind::Int => ColumnKind::Int,
        KeyKind::String => ColumnKind::String,
        KeyKind::ObjectId => ColumnKind::ObjectId,
        KeyKind::Uuid => ColumnKind::Uuid,
        KeyKind::None => return Json::Null,
    };
    json!({ "name": name_to_json(&key.field), "type": type_word(&kind), "nullable": key.nullable })
}

fn column_to_json((name, column): &(Text, Column)) -> Json {
    let mut json = json!({
        "name": name_to_json(name),
        "type": type_word(&column.kind),
        "nullable": column.nullable,
    });
    let collection = match column.collection {
        CollectionKind::Single => return json,
        CollectionKind::List => "list",
        CollectionKind::Dictionary => "dictionary",
        CollectionKind::Set => "set",
    };
    json["collection"] = collection.into();
    json
}

fn kind(json: &Json) -> Result<TableKind, EjsonError> {
    let kind = json.get("kind").unwrap_or(&Json::Null);
    match kind.as_str() {
        Some("top-level") => primary_key(json).map(TableKind::TopLevel),
        Some("asymmetric") => primary_key(json).map(TableKind::Asymmetric),
        Some("embedded") => Ok(TableKind::Embedded),
        Some(_) | None => Err(EjsonError::expected(
            "a kind: top-level, embedded or asymmetric",
            kind,
        )),
    }
}

fn primary_key(json: &Json) -> Result<PrimaryKeyColumn, EjsonError> {
    let key = match json.get("primaryKey") {
        None | Some(Json::Null) => {
            return Ok(PrimaryKeyColumn {
                field: Text::default(),
                kind: KeyKind::None,
                nullable: false,
            });
        }
        Some(key) => key,
    };
    let field = name(key).map_err(|error| error.within(".primaryKey"))?;
    let inside = |error: EjsonError| error.within(format!(".{field}"));
    let word = key.get("type").unwrap_or(&Json::Null);
    let kind = match word.as_str() {
        Some("int") => KeyKind::Int,
        Some("string") => KeyKind::String,
        Some("objectId") => KeyKind::ObjectId,
        Some("uuid") => KeyKind::Uuid,
        Some(_) | None => {
            let what = "the type of a primary key: int, string, objectId or uuid";
            return Err(inside(EjsonError::expected(what, word)));
        }
    };
    Ok(PrimaryKeyColumn {
        nullable: nullable(key).map_err(inside)?,
        field,
        kind,
    })
}

fn column_from_json(json: &Json) -> Result<(Text, Column), EjsonError> {
    let name = name(json)?;
    let column = column(json).map_err(|error| error.within(format!(".{name}")))?;
    Ok((name, column))
}

fn column(json: &Json) -> Result<Column, EjsonError> {
    let word = json.get("type").unwrap_or(&Json::Null);
    let kind = word.as_str().and_then(type_of).ok_or_else(|| {
        let what = "a type: int bool string data date float double decimal128 objectId uuid mixed or link<Class>";
        EjsonError::expected(what, word)
    })?;
    let collection = collection(json)?;
    let dictionary_key = match collection {
        CollectionKind::Dictionary => STRING_KEYS,
        CollectionKind::Single | CollectionKind::List | CollectionKind::Set => 0,
    };
    Ok(Column {
        kind,
        nullable: nullable(json)?,
        collection,
        dictionary_key,
    })
}

fn collection(json: &Json) -> Result<CollectionKind, EjsonError> {
    let Some(word) = json.get("collection") else {
        return Ok(CollectionKind::Single);
    };
    match word.as_str() {
        Some("list") => Ok(CollectionKind::List),
        Some("set") => Ok(CollectionKind::Set),
        Some("dictionary") => Ok(CollectionKind::Dictionary),
        Some(_) | None => Err(EjsonError::expected(
            "a collection: list, set or dictionary",
            word,
        )),
    }
}

fn nullable(json: &Json) -> Result<bool, EjsonError> {
    match json.get("nullable") {
        None => Ok(false),
        Some(Json::Bool(nullable)) => Ok(*nullable),
        Some(other) => Err(EjsonError::expected("nullable to be true or false", other)),
    }
}

fn name(json: &Json) -> Result<Text, EjsonError> {
    json.get("name")
        .and_then(|name| name_from_json(name.as_str()?))
        .ok_or_else(|| EjsonError::expected("something with a name", json))
}
