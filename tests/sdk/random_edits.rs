//! Random edits in the devices' own language.

use rand::Rng;
use rand::rngs::StdRng;
use serde_json::{Value, json};

use super::edits;

/// What the edits may contain.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// What every SDK has.
    Common,
    /// Collections inside mixed values too.
    Nested,
}

/// How many objects the devices share.
pub const OBJECTS: u32 = 4;

/// An edit that may fit what a device has.
pub fn random_edit(random: &mut StdRng, kind: Kind) -> Value {
    let key = format!("k{}", random.random_range(0..OBJECTS));
    let number = random.random_range(0..100);
    // Realm Kotlin 2.3 ends (SIGSEGV in its core) when objects come or go beside others whose Mixed values hold collections.
    let first = if kind == Kind::Nested { 4 } else { 0 };
    match random.random_range(first..20) {
        0 => json!({"do": "delete", "_id": key}),
        1..4 => edits::create(&key, json!({"int": number})),
        4..7 => edits::assign(&key, random_values(random, number)),
        7..9 if kind == Kind::Nested => {
            edits::assign(&key, json!({"mixed": random_mixed(random, 3)}))
        }
        _ => {
            let (path, change) = random_change(random, kind, number);
            edits::at(&key, path, change)
        }
    }
}

fn random_values(random: &mut StdRng, number: u32) -> Value {
    match random.random_range(0..10) {
        6 => {
            json!({"float": f64::from(number) / 8.0, "double": f64::from(number) / 16.0, "optionalString": format!("o{number}")})
        }
        7 => {
            json!({"data": {"$binary": "AQID"}, "date": {"$date": 1_700_000_000_000_u64 + u64::from(number)}, "optionalDate": null})
        }
        8 => json!({
            "decimal": {"$numberDecimal": format!("{number}.50")}, "objectId": {"$oid": format!("{number:024}")},
            "uuid": {"$uuid": format!("9b1deb4d-3b7d-4bad-9bdd-{number:012}")},
        }),
        9 => json!({"mixed": random_scalar(random, number), "optionalString": null}),
        0 => json!({"string": format!("s{number}"), "optionalInt": null}),
        1 => json!({"int": number, "bool": number.is_multiple_of(2)}),
        2 => json!({"part": {"name": format!("p{number}"), "pieces": [{"name": "a"}]}}),
        3 => json!({"link": {"$ref": ["Everything", format!("k{}", number % OBJECTS)]}}),
        4 => json!({"ints": [number, number + 1]}),
        _ => {
            json!({"optionalInt": number, "mixed": {"$ref": ["Everything", format!("k{}", number % OBJECTS)]}})
        }
    }
}

fn random_change(random: &mut StdRng, kind: Kind, number: u32) -> (Value, Value) {
    let index = random.random_range(0..4);
    let key = ["a", "b", "c"][random.random_range(0..3)];
    let mixed = random_mixed(random, 2);
    let scalar = random_scalar(random, number);
    let nested = if kind == Kind::Nested { 16 } else { 12 };
    match random.random_range(0..nested) {
        0 => (json!(["ints"]), list_change(random, json!(number), index)),
        1 => (
            json!(["strings"]),
            list_change(random, json!(format!("s{number}")), index),
        ),
        2 => (
            json!(["parts"]),
            list_change(
                random,
                json!({"name": format!("p{number}"), "n": number}),
                index,
            ),
        ),
        3 => (
            json!(["links"]),
            list_change(
                random,
                json!({"$ref": ["Everything", format!("k{}", number % OBJECTS)]}),
                index,
            ),
        ),
        4 => (
            json!(["part", "pieces"]),
            list_change(random, json!({"name": format!("q{number}")}), index),
        ),
        5 => (
            json!(["intSet"]),
            json!({"do": if number.is_multiple_of(3) { "remove" } else { "add" }, "value": number % 7}),
        ),
        6 => (json!(["intMap"]), map_change(random, key, json!(number))),
        7 => (
            json!(["partMap"]),
            map_change(random, key, json!({"name": format!("m{number}")})),
        ),
        8 => (json!(["counter"]), json!({"do": "add", "value": number})),
        9 => (
            json!(["stringSet"]),
            json!({"do": "add", "value": format!("s{}", number % 7)}),
        ),
        10 => (json!(["mixeds"]), list_change(random, scalar, index)),
        11 => (json!(["mixedMap"]), map_change(random, key, scalar)),
        12 => (json!(["mixed"]), list_change(random, mixed, index)),
        13 => (json!(["mixed"]), map_change(random, key, mixed)),
        14 => (
            json!(["mixed", key]),
            list_change(random, json!(number), index),
        ),
        _ => (
            json!(["mixed", index]),
            map_change(random, key, json!(number)),
        ),
    }
}

fn list_change(random: &mut StdRng, value: Value, index: u32) -> Value {
    match random.random_range(0..8) {
        0..3 => json!({"do": "push", "value": value}),
        3..5 => json!({"do": "insert", "index": index, "value": value}),
        5 => json!({"do": "put", "index": index, "value": value}),
        6 => json!({"do": "erase", "index": index}),
        _ => json!({"do": "clear"}),
    }
}

fn map_change(random: &mut StdRng, key: &str, value: Value) -> Value {
    match random.random_range(0..8) {
        6 => json!({"do": "remove", "key": key}),
        0..6 => json!({"do": "put", "key": key, "value": value}),
        _ => json!({"do": "clear"}),
    }
}

/// A mixed value with collections in it, this deep at most.
fn random_mixed(random: &mut StdRng, depth: u32) -> Value {
    match random.random_range(0..if depth == 0 { 2 } else { 6 }) {
        0 => json!(random.random_range(0..100)),
        1 => json!("text"),
        2 | 3 => (0..random.random_range(0..4))
            .map(|_| random_mixed(random, depth - 1))
            .collect(),
        _ => json!({"a": random_mixed(random, depth - 1), "b": random_mixed(random, depth - 1)}),
    }
}

/// A scalar for a mixed value.
fn random_scalar(random: &mut StdRng, number: u32) -> Value {
    match random.random_range(0..7) {
        0 => Value::Null,
        1 => json!(number.is_multiple_of(2)),
        2 => json!(format!("m{number}")),
        3 => json!({"$oid": format!("{number:024}")}),
        4 => json!({"$date": 1_700_000_000_000_u64 + u64::from(number)}),
        5 => json!({"$numberDecimal": format!("{number}.25")}),
        _ => json!(number),
    }
}
