//! The format, row by row and both ways; what is taken besides; and that nothing is lost, for random contents.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Map, Value as Json, json};

use super::*;
use crate::changeset::{
    CollectionKind, Column, ColumnKind, Decimal128, Instruction, Key, KeyKind, Link,
    PrimaryKeyColumn, TableKind, Text, Value,
};
use crate::state::{Applier, Class, Content, Field, MemoryCells, Schema};

fn column(kind: ColumnKind) -> Column {
    Column {
        kind,
        nullable: true,
        collection: CollectionKind::Single,
        dictionary_key: 0,
    }
}

fn many(kind: ColumnKind, collection: CollectionKind) -> Column {
    Column {
        collection,
        dictionary_key: if collection == CollectionKind::Dictionary {
            3
        } else {
            0
        },
        ..column(kind)
    }
}

fn primary_key(field: &str, kind: KeyKind) -> PrimaryKeyColumn {
    PrimaryKeyColumn {
        field: field.into(),
        kind,
        nullable: false,
    }
}

/// `Note` with a column of each type under the type's word, `Person` by name, `Loose` without primary key, `Part` embedded.
fn schema() -> Schema {
    let mut cells = MemoryCells::default();
    let mut schema = Schema::default();
    let mut applier = Applier::new(&mut cells, &mut schema);
    for shape in shapes() {
        applier.apply(&shape.table()).unwrap();
    }
    for shape in shapes() {
        for add in shape.add_columns() {
            applier.apply(&add).unwrap();
        }
    }
    applier.finish();
    schema
}

fn shapes() -> Vec<Shape> {
    use CollectionKind::{Dictionary, List, Set};
    let one = |kind: ColumnKind| (Text::from(type_word(&kind).as_str()), column(kind));
    let shape = |name: &str, kind, columns| Shape {
        name: name.into(),
        kind,
        columns,
    };
    let mut note: Vec<(Text, Column)> = kinds().into_iter().map(one).collect();
    note.extend([
        ("owner".into(), column(ColumnKind::Link("Person".into()))),
        ("anything".into(), column(ColumnKind::Link("".into()))),
        ("part".into(), column(ColumnKind::Link("Part".into()))),
        ("tags".into(), many(ColumnKind::String, List)),
        ("scores".into(), many(ColumnKind::Double, Set)),
        ("map".into(), many(ColumnKind::Mixed, Dictionary)),
        ("counts".into(), many(ColumnKind::Int, Dictionary)),
    ]);
    let mut part: Vec<(Text, Column)> = vec![("name".into(), column(ColumnKind::String))];
    part.push((
        Text::new(bytes::Bytes::from_static(b"\xff")),
        column(ColumnKind::Mixed),
    ));
    vec![
        shape("Part", TableKind::Embedded, part),
        shape(
            "Note",
            TableKind::TopLevel(primary_key("_id", KeyKind::ObjectId)),
            note,
        ),
        shape(
            "Person",
            TableKind::TopLevel(primary_key("name", KeyKind::String)),
            Vec::new(),
        ),
        shape(
            "Loose",
            TableKind::TopLevel(primary_key("", KeyKind::None)),
            vec![("$id".into(), column(ColumnKind::Int))],
        ),
        shape(
            "Event",
            TableKind::Asymmetric(primary_key("at", KeyKind::Uuid)),
            vec![("what".into(), column(ColumnKind::String))],
        ),
    ]
}

fn kinds() -> Vec<ColumnKind> {
    use ColumnKind::*;
    vec![
        Mixed, Int, Bool, String, Binary, Timestamp, Float, Double, Decimal, ObjectId, Uuid,
    ]
}

fn class(name: &str) -> Class {
    (**schema().class(&name.into()).unwrap()).clone()
}

fn date(seconds: i64, nanoseconds: i32) -> Value {
    Value::Timestamp {
        seconds,
        nanoseconds,
    }
}

fn decimal(coefficient: u128, exponent: i32, negative: bool) -> Value {
    Value::Decimal(Decimal128 {
        coefficient,
        exponent,
        negative,
    })
}

fn link(class: &str, key: Key) -> Value {
    Value::Link(Link {
        class: class.into(),
        key,
    })
}

const OID: [u8; 12] = [
    0x50, 0x7f, 0x1f, 0x77, 0xbc, 0xf8, 0x6c, 0xd7, 0x99, 0x43, 0x90, 0x11,
];
const UUID: [u8; 16] = *b"\x3b\x24\x11\x01\xe2\xbb\x42\x55\x8c\xaf\x41\x36\xc5\x66\xa9\x62";

/// A column's type, a value, and what it is.
fn rows() -> Vec<(ColumnKind, Value, &'static str)> {
    use ColumnKind as K;
    vec![
        (K::Int, Value::Null, "null"),
        (K::Int, Value::Int(-7), "-7"),
        (K::Int, Value::Int(i64::MIN), "-9223372036854775808"),
        (K::Bool, Value::Bool(true), "true"),
        (K::String, Value::String("$oid é\n".into()), r#""$oid é\n""#),
        (
            K::String,
            Value::String(Text::new(b"a\xff"[..].into())),
            r#"{"$text":{"base64":"Yf8="}}"#,
        ),
        (K::Double, Value::Double(1.5), "1.5"),
        (K::Double, Value::Double(3.0), "3.0"),
        (K::Double, Value::Double(0.1 + 0.2), "0.30000000000000004"),
        (
            K::Double,
            Value::Double(f64::MAX),
            "1.7976931348623157e+308",
        ),
        (K::Double, Value::Double(5e-324), "5e-324"),
        (
            K::Double,
            Value::Double(-0.0),
            r#"{"$numberDouble":"-0.0"}"#,
        ),
        (
            K::Double,
            Value::Double(f64::NAN),
            r#"{"$numberDouble":"NaN"}"#,
        ),
        (
            K::Double,
            Value::Double(f64::from_bits(0x7ff8_0000_0000_0001)),
            r#"{"$numberDouble":"NaN(0x7ff8000000000001)"}"#,
        ),
        (
            K::Double,
            Value::Double(f64::NEG_INFINITY),
            r#"{"$numberDouble":"-Infinity"}"#,
        ),
        (K::Float, Value::Float(0.1), "0.1"),
        (
            K::Float,
            Value::Float(f32::INFINITY),
            r#"{"$numberDouble":"Infinity"}"#,
        ),
        (K::Float, Value::Float(-0.0), r#"{"$numberDouble":"-0.0"}"#),
        (
            K::Float,
            Value::Float(f32::from_bits(0xffc0_0000)),
            r#"{"$numberDouble":"NaN(0xffc00000)"}"#,
        ),
        (
            K::Decimal,
            decimal(15, -1, false),
            r#"{"$numberDecimal":"1.5"}"#,
        ),
        (
            K::Decimal,
            decimal(150, -2, true),
            r#"{"$numberDecimal":"-1.50"}"#,
        ),
        (
            K::Decimal,
            decimal(0, 0, true),
            r#"{"$numberDecimal":"-0"}"#,
        ),
        (
            K::Decimal,
            decimal(0, 3, false),
            r#"{"$numberDecimal":"0E+3"}"#,
        ),
        (
            K::Decimal,
            decimal(0, -3, false),
            r#"{"$numberDecimal":"0.000"}"#,
        ),
        (
            K::Decimal,
            decimal(1, -6, false),
            r#"{"$numberDecimal":"0.000001"}"#,
        ),
        (
            K::Decimal,
            decimal(12, -8, false),
            r#"{"$numberDecimal":"1.2E-7"}"#,
        ),
        (
            K::Decimal,
            decimal(10_u128.pow(34) - 1, 6111, false),
            r#"{"$numberDecimal":"9.999999999999999999999999999999999E+6144"}"#,
        ),
        (
            K::Decimal,
            decimal(1, -6176, false),
            r#"{"$numberDecimal":"1E-6176"}"#,
        ),
        (
            K::Decimal,
            decimal(0, 9184, true),
            r#"{"$numberDecimal":"-Infinity"}"#,
        ),
        (
            K::Decimal,
            decimal(0, 9696, false),
            r#"{"$numberDecimal":"NaN"}"#,
        ),
        (
            K::Decimal,
            decimal(170, 9696, false),
            r#"{"$decimal128":{"negative":false,"coefficient":"170","exponent":9696}}"#,
        ),
        (
            K::Decimal,
            decimal(10_u128.pow(34), 0, false),
            r#"{"$decimal128":{"negative":false,"coefficient":"10000000000000000000000000000000000","exponent":0}}"#,
        ),
        (
            K::Timestamp,
            date(1_700_000_000, 123_456_789),
            r#"{"$date":"2023-11-14T22:13:20.123456789Z"}"#,
        ),
        (
            K::Timestamp,
            date(1_700_000_000, 500_000_000),
            r#"{"$date":"2023-11-14T22:13:20.5Z"}"#,
        ),
        (
            K::Timestamp,
            date(0, -1),
            r#"{"$date":"1969-12-31T23:59:59.999999999Z"}"#,
        ),
        (
            K::Timestamp,
            date(-1, 0),
            r#"{"$date":"1969-12-31T23:59:59Z"}"#,
        ),
        (
            K::Timestamp,
            date(951_782_400, 0),
            r#"{"$date":"2000-02-29T00:00:00Z"}"#,
        ),
        (
            K::Timestamp,
            date(-62_167_219_200, 0),
            r#"{"$date":"0000-01-01T00:00:00Z"}"#,
        ),
        (
            K::Timestamp,
            date(253_402_300_799, 999_999_999),
            r#"{"$date":"9999-12-31T23:59:59.999999999Z"}"#,
        ),
        (
            K::Timestamp,
            date(-62_167_219_200, -1),
            r#"{"$date":{"seconds":-62167219200,"nanoseconds":-1}}"#,
        ),
        (
            K::Timestamp,
            date(i64::MAX, 5),
            r#"{"$date":{"seconds":9223372036854775807,"nanoseconds":5}}"#,
        ),
        (
            K::Timestamp,
            date(i64::MIN, -5),
            r#"{"$date":{"seconds":-9223372036854775808,"nanoseconds":-5}}"#,
        ),
        (
            K::Binary,
            Value::Binary(b"\x00\x01"[..].into()),
            r#"{"$binary":{"base64":"AAE=","subType":"00"}}"#,
        ),
        (
            K::ObjectId,
            Value::ObjectId(OID),
            r#"{"$oid":"507f1f77bcf86cd799439011"}"#,
        ),
        (
            K::Uuid,
            Value::Uuid(UUID),
            r#"{"$uuid":"3b241101-e2bb-4255-8caf-4136c566a962"}"#,
        ),
        (
            K::Link("Person".into()),
            link("Person", Key::String("ada".into())),
            r#"{"$ref":"Person","$id":"ada"}"#,
        ),
        (
            K::Link("".into()),
            link("Loose", Key::Global { hi: 2, lo: 9 }),
            r#"{"$ref":"Loose","$id":{"$global":"2-9"}}"#,
        ),
        (
            K::Mixed,
            link("Note", Key::ObjectId(OID)),
            r#"{"$ref":"Note","$id":{"$oid":"507f1f77bcf86cd799439011"}}"#,
        ),
        (K::Mixed, Value::Int(3), "3"),
        (K::Mixed, Value::Double(3.0), r#"{"$numberDouble":"3.0"}"#),
        (K::Mixed, Value::Float(1.5), r#"{"$numberFloat":"1.5"}"#),
        (
            K::Mixed,
            Value::Float(f32::NAN),
            r#"{"$numberFloat":"NaN"}"#,
        ),
        (K::Mixed, Value::String("plain".into()), r#""plain""#),
        (K::Mixed, decimal(1, 0, false), r#"{"$numberDecimal":"1"}"#),
        (K::Mixed, date(0, 0), r#"{"$date":"1970-01-01T00:00:00Z"}"#),
        (
            K::Mixed,
            Value::Uuid(UUID),
            r#"{"$uuid":"3b241101-e2bb-4255-8caf-4136c566a962"}"#,
        ),
        (
            K::Mixed,
            Value::Binary(UUID[..].to_vec().into()),
            r#"{"$binary":{"base64":"OyQRAeK7QlWMr0E2xWapYg==","subType":"00"}}"#,
        ),
    ]
}

#[test]
fn values_and_json_agree_both_ways() {
    let schema = schema();
    for (kind, value, text) in rows() {
        let (column, content) = (column(kind), Content::Value(value));
        assert_eq!(to_json(&content, &column, &schema).to_string(), text);
        let json: Json = serde_json::from_str(text).unwrap();
        assert_eq!(from_json(&json, &column, &schema), Ok(content), "{text}");
    }
}

#[test]
fn what_people_write_is_taken() {
    use ColumnKind as K;
    let schema = schema();
    let noon = date(1_699_963_200, 0);
    for (kind, json, value) in [
        (K::Int, json!({"$numberLong": "5"}), Value::Int(5)),
        (K::Int, json!({"$numberInt": 5}), Value::Int(5)),
        (K::Mixed, json!({"$numberLong": "5"}), Value::Int(5)),
        (K::Mixed, json!(1.5), Value::Double(1.5)),
        (K::Double, json!(3), Value::Double(3.0)),
        (K::Double, json!({"$numberInt": "3"}), Value::Double(3.0)),
        (K::Double, json!({"$numberDouble": 0.5}), Value::Double(0.5)),
        (K::Float, json!({"$numberFloat": "0.1"}), Value::Float(0.1)),
        (K::Decimal, json!("1.50"), decimal(150, -2, false)),
        (K::Decimal, json!(1.5), decimal(15, -1, false)),
        (
            K::Decimal,
            json!({"$numberDecimal": "1e6144"}),
            decimal(10_u128.pow(33), 6111, false),
        ),
        (
            K::Decimal,
            json!({"$numberDecimal": "+.5E1"}),
            decimal(5, 0, false),
        ),
        (
            K::Decimal,
            json!({"$numberDecimal": "0e-9999"}),
            decimal(0, -6176, false),
        ),
        (
            K::Decimal,
            json!({"$numberDecimal": "-inf"}),
            decimal(0, 9184, true),
        ),
        (
            K::Timestamp,
            json!("2023-11-14T13:00:00+01:00"),
            noon.clone(),
        ),
        (
            K::Timestamp,
            json!({"$date": "2023-11-14t12:00:00.000z"}),
            noon.clone(),
        ),
        (
            K::Timestamp,
            json!({"$date": 1_699_963_200_000_i64}),
            noon.clone(),
        ),
        (
            K::Timestamp,
            json!({"$date": {"$numberLong": "1699963200000"}}),
            noon,
        ),
        (
            K::Timestamp,
            json!({"$date": -1500}),
            date(-1, -500_000_000),
        ),
        (K::Timestamp, json!("1970-01-02"), date(86_400, 0)),
        (
            K::Binary,
            json!({"$binary": "AAE="}),
            Value::Binary(b"\x00\x01"[..].into()),
        ),
        (
            K::Binary,
            json!({"$binary": {"base64": ""}}),
            Value::Binary(bytes::Bytes::new()),
        ),
        (
            K::ObjectId,
            json!("507F1F77BCF86CD799439011"),
            Value::ObjectId(OID),
        ),
        (
            K::Uuid,
            json!("3B241101-e2bb-4255-8caf-4136c566a962"),
            Value::Uuid(UUID),
        ),
        (
            K::Uuid,
            json!({"$binary": {"base64": "OyQRAeK7QlWMr0E2xWapYg==", "subType": "04"}}),
            Value::Uuid(UUID),
        ),
        (
            K::Mixed,
            json!({"$binary": {"base64": "OyQRAeK7QlWMr0E2xWapYg==", "subType": "04"}}),
            Value::Uuid(UUID),
        ),
        (
            K::Link("Person".into()),
            json!("ada"),
            link("Person", Key::String("ada".into())),
        ),
        (
            K::Link("Note".into()),
            json!("507f1f77bcf86cd799439011"),
            link("Note", Key::ObjectId(OID)),
        ),
        (
            K::Link("Loose".into()),
            json!({"$global": "1-2"}),
            link("Loose", Key::Global { hi: 1, lo: 2 }),
        ),
    ] {
        let read = from_json(&json, &column(kind), &schema);
        assert_eq!(read, Ok(Content::Value(value)), "{json}");
    }
}

#[test]
fn errors_name_the_place_and_what_was_expected() {
    let (schema, note) = (schema(), class("Note"));
    for (field, json, want) in [
        (
            "date",
            json!("soon"),
            r#"Note.date: expected a date such as {"$date":"2023-11-14T22:13:20Z"}, found "soon""#,
        ),
        (
            "date",
            json!(5),
            r#"Note.date: expected a date such as {"$date":"2023-11-14T22:13:20Z"}, found 5"#,
        ),
        (
            "date",
            json!("2023-02-29"),
            r#"Note.date: expected a date such as {"$date":"2023-11-14T22:13:20Z"}, found "2023-02-29""#,
        ),
        (
            "int",
            json!(1.5),
            "Note.int: expected an integer of 64 bits, found 1.5",
        ),
        (
            "int",
            json!(u64::MAX),
            "Note.int: expected an integer of 64 bits, found 18446744073709551615",
        ),
        (
            "float",
            json!(1e300),
            "Note.float: expected a number of a float's size, found 1e+300",
        ),
        (
            "bool",
            json!("true"),
            r#"Note.bool: expected true or false, found "true""#,
        ),
        (
            "mixed",
            json!({"$what": 1}),
            r#"Note.mixed: no type is called "$what"; a dictionary with such a key is {"$dictionary":{…}}"#,
        ),
        (
            "mixed",
            json!([1, {"a": {"$oid": "zz"}}]),
            r#"Note.mixed[1]['a']: expected an ObjectId such as {"$oid":"<24 digits>"}, found {"$oid":"zz"}"#,
        ),
        (
            "tags",
            json!(["a", 1]),
            "Note.tags[1]: expected a string, found 1",
        ),
        (
            "tags",
            json!("a"),
            r#"Note.tags: expected an array, found "a""#,
        ),
        (
            "map",
            json!([]),
            "Note.map: expected an object, for a dictionary, found []",
        ),
        (
            "part",
            json!({"name": 1}),
            "Note.part.name: expected a string, found 1",
        ),
        (
            "part",
            json!({"nam": 1}),
            "Note.part.nam: Part has no such column; did you mean name?",
        ),
        (
            "owner",
            json!({"$ref": "Note", "$id": {"$oid": "507f1f77bcf86cd799439011"}}),
            r#"Note.owner: expected a link to Person, found "Note""#,
        ),
        (
            "owner",
            json!({"$ref": "Nobody", "$id": 1}),
            "Note.owner: there is no class Nobody to which a link could lead",
        ),
        (
            "anything",
            json!({"$ref": "Person", "$id": 1}),
            "Note.anything.$id: expected a string, found 1",
        ),
        (
            "anything",
            json!("ada"),
            r#"Note.anything: expected a link such as {"$ref":"Class","$id":1}, found "ada""#,
        ),
        ("titel", json!(1), "Note.titel: Note has no such column"),
        (
            "onwer",
            json!(1),
            "Note.onwer: Note has no such column; did you mean owner?",
        ),
    ] {
        let error = field_from_json(&json, &note, &field.into(), &schema).unwrap_err();
        assert_eq!(error.to_string(), want);
    }
    let never = Column {
        nullable: false,
        ..column(ColumnKind::Int)
    };
    let error = from_json(&Json::Null, &never, &schema).unwrap_err();
    assert_eq!(
        error.to_string(),
        "expected an integer of 64 bits, found null"
    );
}

#[test]
fn decimals_that_no_decimal_equals_are_refused() {
    for text in [
        "",
        "-",
        ".",
        "e5",
        "1e",
        "1e+",
        "1e1e1",
        "0x1",
        "1_0",
        "１",
        "nano",
        "1e9999999999",
        "1e6145",
        "1e-6177",
        "12345678901234567890123456789012345",
        "--1",
        "1.2.3",
    ] {
        assert_eq!(spelling::decimal(text), None, "{text}");
    }
    let thirty_five = "12345678901234567890123456789012340";
    assert!(spelling::decimal(thirty_five).is_some());
}

#[test]
fn dates_that_are_none_are_refused() {
    for text in [
        "",
        "2023",
        "2023-13-01",
        "2023-00-10",
        "2023-04-31",
        "1900-02-29",
        "2023-1-1",
        "+023-01-01",
        "2023-11-14T",
        "2023-11-14T24:00:00Z",
        "2023-11-14T23:60:00Z",
        "2023-11-14T23:59:60Z",
        "2023-11-14T23:59:59",
        "2023-11-14T23:59:59.Z",
        "2023-11-14T23:59:59.1234567891Z",
        "2023-11-14T23:59:59+24:00",
        "2023-11-14T23:59:59+0100",
        "2023-11-14T23:59:59ZZ",
        "é023-11-14",
        "2023-11-14é",
        "2023-11-14T23:59:5é",
    ] {
        assert_eq!(spelling::date(text), None, "{text}");
    }
}

#[test]
fn collections_and_embedded_objects() {
    let schema = schema();
    let string = |text: &str| Content::Value(Value::String(text.into()));
    let part = Content::Object(
        "Part".into(),
        vec![
            Field {
                name: "name".into(),
                content: string("cog"),
            },
            Field {
                name: Text::new(b"\xff"[..].into()),
                content: Content::List(vec![Content::Value(Value::Double(1.0))]),
            },
        ],
    );
    let nested = Content::Dictionary(vec![
        ("$oid".into(), string("no id")),
        (
            "l".into(),
            Content::List(vec![Content::Dictionary(Vec::new()), string("x")]),
        ),
    ]);
    for (field, content, text) in [
        (
            "tags",
            Content::List(vec![string("b"), Content::Value(Value::Null)]),
            r#"["b",null]"#,
        ),
        (
            "scores",
            Content::Set(vec![Value::Double(1.5), Value::Double(-0.0)]),
            r#"[1.5,{"$numberDouble":"-0.0"}]"#,
        ),
        (
            "part",
            part,
            r#"{"name":"cog","$text:/w==":[{"$numberDouble":"1.0"}]}"#,
        ),
        (
            "counts",
            Content::Dictionary(vec![("a".into(), Content::Value(Value::Int(1)))]),
            r#"{"a":1}"#,
        ),
        (
            "counts",
            Content::Dictionary(vec![("$dictionary".into(), Content::Value(Value::Null))]),
            r#"{"$dictionary":{"$dictionary":null}}"#,
        ),
        (
            "counts",
            Content::Dictionary(vec![(
                Text::new(b"\xff"[..].into()),
                Content::Value(Value::Int(1)),
            )]),
            r#"{"$dictionary":{"$text:/w==":1}}"#,
        ),
        (
            "counts",
            Content::Dictionary(vec![("$text:x".into(), Content::Value(Value::Int(1)))]),
            r#"{"$dictionary":{"$text:JHRleHQ6eA==":1}}"#,
        ),
        (
            "mixed",
            nested.clone(),
            r#"{"$dictionary":{"$oid":"no id","l":[{},"x"]}}"#,
        ),
        (
            "map",
            Content::Dictionary(vec![("k".into(), nested)]),
            r#"{"k":{"$dictionary":{"$oid":"no id","l":[{},"x"]}}}"#,
        ),
    ] {
        let note = class("Note");
        let of = &note.column(&field.into()).unwrap().column;
        assert_eq!(to_json(&content, of, &schema).to_string(), text);
        let json = serde_json::from_str(text).unwrap();
        assert_eq!(from_json(&json, of, &schema), Ok(content), "{text}");
    }
}

#[test]
fn an_object_begins_with_its_key_and_keeps_the_order_of_its_columns() {
    let (schema, note, loose) = (schema(), class("Note"), class("Loose"));
    let field = |name: &str, value| Field {
        name: name.into(),
        content: Content::Value(value),
    };
    let fields = vec![
        field("string", Value::String("hi".into())),
        field("double", Value::Double(1.0)),
    ];
    let members = object_to_json(&note, &Key::ObjectId(OID), &fields, &schema);
    let text = r#"{"_id":{"$oid":"507f1f77bcf86cd799439011"},"string":"hi","double":1.0}"#;
    assert_eq!(Json::Object(members).to_string(), text);
    let shuffled = json!({"double": 1, "_id": "507f1f77bcf86cd799439011", "string": "hi"});
    let read = object_from_json(shuffled.as_object().unwrap(), &note, &schema);
    assert_eq!(read, Ok((Some(Key::ObjectId(OID)), fields)));

    let key = Key::Global { hi: 1, lo: 2 };
    let fields = vec![field("$id", Value::Int(5))];
    let members = object_to_json(&loose, &key, &fields, &schema);
    assert_eq!(
        object_from_json(&members, &loose, &schema),
        Ok((Some(key), fields))
    );
    let text = r#"{"$id":{"$global":"1-2"},"$text:JGlk":5}"#;
    assert_eq!(Json::Object(members).to_string(), text);
}

#[test]
fn an_object_with_a_wrong_key_or_an_unknown_field_is_refused() {
    let (schema, note) = (schema(), class("Note"));
    for (json, want) in [
        (
            json!({"_id": 1}),
            r#"Note._id: expected an ObjectId such as {"$oid":"<24 digits>"}, found 1"#,
        ),
        (
            json!({"_id": null}),
            r#"Note._id: expected an ObjectId such as {"$oid":"<24 digits>"}, found null"#,
        ),
        (
            json!({"strin": 1}),
            "Note.strin: Note has no such column; did you mean string?",
        ),
    ] {
        let error = object_from_json(json.as_object().unwrap(), &note, &schema).unwrap_err();
        assert_eq!(error.to_string(), want);
    }
    assert_eq!(
        object_from_json(&Map::new(), &note, &schema),
        Ok((None, Vec::new()))
    );
}

#[test]
fn keys_are_read_as_people_type_them() {
    let nullable = PrimaryKeyColumn {
        nullable: true,
        ..primary_key("_id", KeyKind::Int)
    };
    let of = |kind| primary_key("_id", kind);
    for (text, column, key) in [
        ("5", of(KeyKind::Int), Key::Int(5)),
        ("null", nullable.clone(), Key::Null),
        ("null", of(KeyKind::String), Key::String("null".into())),
        (
            "507f1f77bcf86cd799439011",
            of(KeyKind::ObjectId),
            Key::ObjectId(OID),
        ),
        (
            "3b241101-e2bb-4255-8caf-4136c566a962",
            of(KeyKind::Uuid),
            Key::Uuid(UUID),
        ),
        ("1-2", of(KeyKind::None), Key::Global { hi: 1, lo: 2 }),
    ] {
        assert_eq!(key_from_text(text, &column).as_ref(), Ok(&key));
        assert_eq!(key_from_json(&key_to_json(&key), &column), Ok(key));
    }
    assert!(key_from_text("null", &of(KeyKind::Int)).is_err());
    assert!(key_from_text("x", &nullable).is_err());
}

#[test]
fn classes_and_json_agree_both_ways() {
    for shape in shapes() {
        assert_eq!(Shape::from_json(&shape.to_json()), Ok(shape));
    }
    let schema = schema();
    let read: Vec<Shape> = schema
        .classes()
        .map(|class| Shape::from(&**class))
        .collect();
    let mut made = shapes();
    made.sort_by(|a, b| a.name.cmp(&b.name));
    assert_eq!(read, made);
    let person = Shape::from(&class("Person")).to_json().to_string();
    assert_eq!(
        person,
        r#"{"name":"Person","kind":"top-level","primaryKey":{"name":"name","type":"string","nullable":false},"columns":[]}"#
    );
    let tags = &Shape::from(&class("Note")).to_json()["columns"][14];
    assert_eq!(
        tags.to_string(),
        r#"{"name":"tags","type":"string","nullable":true,"collection":"list"}"#
    );
}

#[test]
fn a_class_that_is_none_is_refused() {
    for (json, want) in [
        (json!({}), "expected something with a name, found {}"),
        (
            json!({"name": "A", "kind": "table"}),
            r#"A: expected a kind: top-level, embedded or asymmetric, found "table""#,
        ),
        (
            json!({"name": "A", "kind": "top-level", "primaryKey": {"name": "k", "type": "bool"}}),
            r#"A.k: expected the type of a primary key: int, string, objectId or uuid, found "bool""#,
        ),
        (
            json!({"name": "A", "kind": "embedded", "columns": [{"name": "c", "type": "link<B"}]}),
            r#"A.c: expected a type: int bool string data date float double decimal128 objectId uuid mixed or link<Class>, found "link<B""#,
        ),
    ] {
        assert_eq!(Shape::from_json(&json).unwrap_err().to_string(), want);
    }
}

#[test]
fn add_table_is_what_makes_a_class() {
    let shape = Shape::from(&class("Part"));
    assert!(matches!(
        shape.table(),
        Instruction::AddTable {
            kind: TableKind::Embedded,
            ..
        }
    ));
    assert_eq!(shape.add_columns().count(), 2);
}

#[test]
fn nothing_is_lost() {
    let schema = schema();
    let mut random = StdRng::seed_from_u64(7);
    for round in 0..20_000 {
        let kind = kinds()[round % kinds().len()].clone();
        let collection = [
            CollectionKind::Single,
            CollectionKind::List,
            CollectionKind::Dictionary,
            CollectionKind::Set,
        ][random.random_range(0..4)];
        let column = many(kind.clone(), collection);
        let content = match collection {
            CollectionKind::Single => one(&kind, &mut random, 3),
            CollectionKind::List => {
                Content::List(some(&mut random, |random| one(&kind, random, 3)))
            }
            CollectionKind::Dictionary => dictionary(&mut random, |random| one(&kind, random, 3)),
            CollectionKind::Set => Content::Set(some(&mut random, |random| value(&kind, random))),
        };
        let text = to_json(&content, &column, &schema).to_string();
        let json: Json = serde_json::from_str(&text).unwrap();
        assert_eq!(from_json(&json, &column, &schema), Ok(content), "{text}");
    }
}

fn some<T>(random: &mut StdRng, mut make: impl FnMut(&mut StdRng) -> T) -> Vec<T> {
    (0..random.random_range(0..4))
        .map(|_| make(random))
        .collect()
}

fn dictionary(random: &mut StdRng, mut make: impl FnMut(&mut StdRng) -> Content) -> Content {
    let mut entries = some(random, |random| (name(random), make(random)));
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    entries.dedup_by(|a, b| a.0 == b.0);
    Content::Dictionary(entries)
}

fn name(random: &mut StdRng) -> Text {
    const PARTS: [&[u8]; 8] = [
        b"$",
        b"$text:",
        b"$dictionary",
        b"$ref",
        b"\xff",
        "é".as_bytes(),
        b"a",
        b"",
    ];
    let parts: Vec<&[u8]> = some(random, |random| PARTS[random.random_range(0..PARTS.len())]);
    Text::new(parts.concat().into())
}

fn one(kind: &ColumnKind, random: &mut StdRng, depth: u32) -> Content {
    match random.random_range(0..6) {
        0 if depth > 0 && *kind == ColumnKind::Mixed => {
            Content::List(some(random, |random| one(kind, random, depth - 1)))
        }
        1 if depth > 0 && *kind == ColumnKind::Mixed => {
            dictionary(random, |random| one(kind, random, depth - 1))
        }
        _ => Content::Value(value(kind, random)),
    }
}

fn value(kind: &ColumnKind, random: &mut StdRng) -> Value {
    let any = kinds();
    match kind {
        _ if random.random_ratio(1, 20) => Value::Null,
        ColumnKind::Mixed | ColumnKind::Link(_) => match random.random_range(0..any.len()) {
            0 => link(
                "Loose",
                Key::Global {
                    hi: random.random(),
                    lo: random.random(),
                },
            ),
            index => value(&any[index], random),
        },
        ColumnKind::Int => Value::Int(random.random()),
        ColumnKind::Bool => Value::Bool(random.random()),
        ColumnKind::String => Value::String(name(random)),
        ColumnKind::Binary => Value::Binary(some(random, Rng::random).into()),
        ColumnKind::Timestamp => {
            let seconds: i64 = random.random::<i64>() >> random.random_range(0..64);
            let nanoseconds: i32 = random.random_range(0..1_000_000_000);
            date(
                seconds,
                if seconds < 0 {
                    -nanoseconds
                } else {
                    nanoseconds
                },
            )
        }
        ColumnKind::Float if random.random() => {
            Value::Float(random.random_range(-100..100) as f32 / 10.0)
        }
        ColumnKind::Float => Value::Float(f32::from_bits(random.random())),
        ColumnKind::Double if random.random() => {
            Value::Double(f64::from(random.random_range(-100..100)) / 10.0)
        }
        ColumnKind::Double => Value::Double(f64::from_bits(random.random())),
        ColumnKind::Decimal => decimal(
            random.random::<u128>() >> random.random_range(15..128),
            random.random_range(-7000..10_000) >> random.random_range(0..14),
            random.random(),
        ),
        ColumnKind::ObjectId => Value::ObjectId(random.random()),
        ColumnKind::Uuid => Value::Uuid(random.random()),
    }
}
