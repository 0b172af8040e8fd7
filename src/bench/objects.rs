//! The objects that loads write.

use crate::changeset::{
    CollectionKind, Column, ColumnKind, Key, KeyKind, PrimaryKeyColumn, Step, TableKind, Text,
    Value,
};
use crate::client::{Transaction, WriteError, field};

/// The class of all loads.
pub const CLASS: &str = "Load";

/// Adds the class, unless it is there.
pub fn schema(edit: &mut Transaction<'_, '_>) -> Result<(), WriteError> {
    let key = PrimaryKeyColumn {
        field: "id".into(),
        kind: KeyKind::Int,
        nullable: false,
    };
    edit.add_class(CLASS, TableKind::TopLevel(key))?;
    let single = CollectionKind::Single;
    for (name, kind, collection) in [
        ("client", ColumnKind::Int, single),
        ("seq", ColumnKind::Int, single),
        ("text", ColumnKind::String, single),
        ("x", ColumnKind::Double, single),
        ("flag", ColumnKind::Bool, single),
        ("at", ColumnKind::Timestamp, single),
        ("list", ColumnKind::Int, CollectionKind::List),
    ] {
        let column = Column {
            kind,
            nullable: false,
            collection,
            dictionary_key: 0,
        };
        edit.add_column(CLASS, name, column)?;
    }
    Ok(())
}

/// The key of an object: no two clients make the same.
pub fn key(client: usize, seq: usize) -> i64 {
    i64::try_from((client << 40) + seq).unwrap_or(i64::MAX)
}

/// Makes an object with all its properties.
pub fn create(edit: &mut Transaction<'_, '_>, client: usize, seq: usize) -> Result<(), WriteError> {
    let id = key(client, seq);
    let object = Key::Int(id);
    let number = |number| Value::Int(i64::try_from(number).unwrap_or(i64::MAX));
    let path = |name: &'static str| field(Text::fixed(CLASS), &object, Text::fixed(name));
    edit.create(Text::fixed(CLASS), object.clone())?;
    edit.set(path("client"), number(client))?;
    edit.set(path("seq"), number(seq))?;
    let text = format!("object number {id}");
    edit.set(path("text"), Value::String(text.as_str().into()))?;
    edit.set(path("x"), Value::Double(id as f64 / 7.0))?;
    edit.set(path("flag"), Value::Bool(id & 1 != 0))?;
    let at = Value::Timestamp {
        seconds: 1_500_000_000 + id % 100_000,
        nanoseconds: 5,
    };
    edit.set(path("at"), at)?;
    let mut first = path("list");
    first.steps.push(Step::Index(0));
    edit.insert(first, Value::Int(id))
}
