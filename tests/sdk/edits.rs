//! Edits in the devices' own language.

use serde_json::{Value, json};

/// An object with these values.
pub fn create(key: &str, values: Value) -> Value {
    json!({"do": "create", "_id": key, "values": values})
}

/// Values of an object that is there.
pub fn assign(key: &str, values: Value) -> Value {
    json!({"do": "assign", "_id": key, "values": values})
}

/// The change of a collection of an object; the path leads to the collection.
pub fn at(key: &str, path: Value, mut change: Value) -> Value {
    change["_id"] = json!(key);
    change["at"] = path;
    change
}

/// A value for every property.
pub fn everything() -> Value {
    json!({
        "bool": true, "int": -42, "float": 1.5, "double": 2.25, "string": "née 🦀",
        "data": {"$binary": "AQID"}, "date": {"$date": -1_234_567}, "decimal": {"$numberDecimal": "1.5"},
        "objectId": {"$oid": "507f1f77bcf86cd799439011"},
        "uuid": {"$uuid": "9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d"},
        "optionalInt": 7, "optionalString": "", "optionalDate": {"$date": 1_700_000_000_000_i64},
        "mixed": {"$ref": ["Everything", "target"]}, "link": {"$ref": ["Everything", "target"]},
        "part": {"name": "p", "n": 1, "pieces": [{"name": "a"}, {"name": "b"}]},
        "ints": [1, 2, 3], "strings": ["x", "y"], "mixeds": [1, "a", null, true, {"$oid": "507f1f77bcf86cd799439011"}],
        "links": [{"$ref": ["Everything", "target"]}, {"$ref": ["Everything", "target"]}],
        "parts": [{"name": "q", "n": null, "pieces": []}],
        "intSet": [1, 2], "stringSet": ["s", "t"], "intMap": {"a": 1, "b": 2},
        "mixedMap": {"k": "v"}, "partMap": {"x": {"name": "m", "n": 2, "pieces": [{"name": "c"}]}},
    })
}
