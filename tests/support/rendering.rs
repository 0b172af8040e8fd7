//! Instructions as the recordings write them: JSON.

use ros::changeset::{
    CollectionKind, Column, ColumnKind, Decimal128, Instruction, Key, KeyKind, Path, Slot, Step,
    TableKind, Value,
};
use serde_json::{Value as Json, json};

/// An instruction as JSON.
pub fn instruction(instruction: &Instruction) -> Json {
    use Instruction::*;
    match instruction {
        AddTable { class, kind } => add_table(&class.to_lossy(), kind),
        EraseTable { class } => json!({ "op": "EraseTable", "table": class.to_lossy() }),
        CreateObject { class, key: object } => {
            json!({ "op": "CreateObject", "table": class.to_lossy(), "object": key(object) })
        }
        EraseObject { class, key: object } => {
            json!({ "op": "EraseObject", "table": class.to_lossy(), "object": key(object) })
        }
        AddColumn {
            class,
            field,
            column,
        } => add_column(&class.to_lossy(), &field.to_lossy(), column),
        EraseColumn { class, field } => {
            json!({ "op": "EraseColumn", "table": class.to_lossy(), "field": field.to_lossy() })
        }
        Update {
            path,
            value: to,
            slot,
        } => {
            let slot = match slot {
                Slot::Element { prior_size } => {
                    json!({ "value": value(to), "priorSize": prior_size })
                }
                Slot::Field { is_default } => {
                    json!({ "value": value(to), "isDefault": is_default })
                }
            };
            at("Update", path, slot)
        }
        AddInteger { path, value } => at("AddInteger", path, json!({ "value": value })),
        ArrayInsert {
            path,
            value: to,
            prior_size,
        } => at(
            "ArrayInsert",
            path,
            json!({ "value": value(to), "priorSize": prior_size }),
        ),
        ArrayMove {
            path,
            to,
            prior_size,
        } => at(
            "ArrayMove",
            path,
            json!({ "to": to, "priorSize": prior_size }),
        ),
        ArrayErase { path, prior_size } => {
            at("ArrayErase", path, json!({ "priorSize": prior_size }))
        }
        Clear { path, kind } => at("Clear", path, json!({ "collection": collection(*kind) })),
        SetInsert { path, value: to } => at("SetInsert", path, json!({ "value": value(to) })),
        SetErase { path, value: to } => at("SetErase", path, json!({ "value": value(to) })),
    }
}

fn at(op: &str, path: &Path, rest: Json) -> Json {
    let steps: Vec<Json> = path.steps.iter().map(step).collect();
    let mut out = json!({ "op": op, "table": path.class.to_lossy(), "object": key(&path.key), "field": path.field.to_lossy(), "path": steps });
    let rest = rest.as_object().expect("an object").clone();
    out.as_object_mut().expect("an object").extend(rest);
    out
}

fn step(step: &Step) -> Json {
    match step {
        Step::Index(index) => json!(index),
        Step::Name(name) => json!(name.to_lossy()),
    }
}

fn add_table(class: &str, kind: &TableKind) -> Json {
    let (column, asymmetric) = match kind {
        TableKind::Embedded => return json!({ "op": "AddTable", "table": class, "embedded": true }),
        TableKind::TopLevel(column) => (column, false),
        TableKind::Asymmetric(column) => (column, true),
    };
    let kind = match column.kind {
        KeyKind::Int => "Int",
        KeyKind::String => "String",
        KeyKind::ObjectId => "ObjectId",
        KeyKind::Uuid => "UUID",
        KeyKind::None => "GlobalKey",
    };
    json!({
        "op": "AddTable", "table": class, "embedded": false, "asymmetric": asymmetric,
        "pkField": column.field.to_lossy(), "pkType": kind, "pkNullable": column.nullable,
    })
}

fn add_column(class: &str, field: &str, column: &Column) -> Json {
    let (kind, target) = match &column.kind {
        ColumnKind::Mixed => ("Mixed", None),
        ColumnKind::Int => ("Int", None),
        ColumnKind::Bool => ("Bool", None),
        ColumnKind::String => ("String", None),
        ColumnKind::Binary => ("Binary", None),
        ColumnKind::Timestamp => ("Timestamp", None),
        ColumnKind::Float => ("Float", None),
        ColumnKind::Double => ("Double", None),
        ColumnKind::Decimal => ("Decimal", None),
        ColumnKind::Link(target) => ("Link", Some(target.to_lossy())),
        ColumnKind::ObjectId => ("ObjectId", None),
        ColumnKind::Uuid => ("UUID", None),
    };
    json!({
        "op": "AddColumn", "table": class, "field": field, "type": kind, "nullable": column.nullable,
        "collection": collection(column.collection),
        "keyType": if column.dictionary_key == 3 { "String" } else { "Null" },
        "linkTarget": target.unwrap_or_else(|| "<bad intern string>".into()),
    })
}

fn collection(kind: CollectionKind) -> &'static str {
    match kind {
        CollectionKind::Single => "Single",
        CollectionKind::List => "List",
        CollectionKind::Dictionary => "Dictionary",
        CollectionKind::Set => "Set",
    }
}

/// A primary key as JSON.
pub fn key(key: &Key) -> Json {
    match key {
        Key::Null => Json::Null,
        Key::Int(value) => json!({ "int": value }),
        Key::String(text) => json!({ "string": text.to_lossy() }),
        Key::ObjectId(id) => json!({ "objectId": hex(id) }),
        Key::Uuid(id) => json!({ "uuid": uuid(id) }),
        Key::Global { hi, lo } => json!({ "globalKey": format!("{{{hi:04x}-{lo:04x}}}") }),
    }
}

/// A value as JSON.
pub fn value(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Int(value) => json!({ "int": value }),
        Value::Bool(value) => json!({ "bool": value }),
        Value::String(text) => json!({ "string": text.to_lossy() }),
        Value::Binary(bytes) => json!({ "binary": hex(bytes) }),
        Value::Timestamp {
            seconds,
            nanoseconds,
        } => json!({ "timestamp": [seconds, nanoseconds] }),
        Value::Float(value) => json!({ "float": value.to_string() }),
        Value::Double(value) => json!({ "double": value.to_string() }),
        Value::Decimal(value) => json!({ "decimal": decimal(*value) }),
        Value::Link(link) => {
            json!({ "link": { "table": link.class.to_lossy(), "pk": key(&link.key) } })
        }
        Value::ObjectId(id) => json!({ "objectId": hex(id) }),
        Value::Uuid(id) => json!({ "uuid": uuid(id) }),
        Value::Object => json!({ "objectValue": true }),
        Value::Dictionary => json!({ "dictionary": true }),
        Value::Erased => json!({ "erased": true }),
        Value::List => json!({ "list": true }),
        Value::Set => json!({ "set": true }),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn uuid(bytes: &[u8; 16]) -> String {
    let hex = hex(bytes);
    format!(
        "{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..]
    )
}

/// Plain notation, for exponents from -6 to 0: what the recordings hold.
fn decimal(decimal: Decimal128) -> String {
    let digits = decimal.coefficient.to_string();
    let places =
        usize::try_from(-decimal.exponent).expect("recorded decimals have no positive exponent");
    let digits = format!("{digits:0>width$}", width = places + 1);
    let (whole, fraction) = digits.split_at(digits.len() - places);
    let sign = if decimal.negative { "-" } else { "" };
    if fraction.is_empty() {
        format!("{sign}{whole}")
    } else {
        format!("{sign}{whole}.{fraction}")
    }
}
