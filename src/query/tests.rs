//! What conditions hold for a small world of notes, what is refused and where, and that nothing a stranger types does harm.

use std::cmp::Ordering;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value as Json, json};

use super::*;
use crate::changeset::{Decimal128, Text, Value};
use crate::ejson::{Shape, object_from_json};
use crate::state::{Applier, Content, MemoryCells};

/// A Realm in memory.
struct World {
    schema: Schema,
    objects: Vec<(Link, Vec<Field>)>,
}

impl World {
    fn new() -> World {
        let mut world = World {
            schema: schema(),
            objects: Vec::new(),
        };
        world.add(
            "Person",
            json!({"name": "ada", "age": 36, "friends": ["bob", "gone"]}),
        );
        world.add(
            "Person",
            json!({"name": "bob", "age": 50, "friends": ["ada", "ada"], "boss": "ada"}),
        );
        world.add("Person", json!({"name": "cyd", "boss": "gone"}));
        world.add("Note", json!({
            "_id": 1, "title": "Hello World", "done": true, "price": 0.1, "ratio": 0.1, "cost": "0.1", "due": "2023-11-14T22:13:20Z",
            "data": {"$binary": "AAEC"}, "uid": "3b241101-e2bb-4255-8caf-4136c566a962", "oid": "507f1f77bcf86cd799439011",
            "any": 5, "owner": "ada", "part": {"name": "cog", "size": 3, "inner": {"name": "pin"}},
            "parts": [{"name": "a", "size": 1}, {"name": "b", "size": 2}],
            "tags": ["red", "green"], "map": {"k": 1, "x y": "z"}, "readers": ["ada", "bob", "gone"], "any more": 1,
        }));
        world.add("Note", json!({
            "_id": 2, "title": "hell*o", "done": false, "price": 2.5, "ratio": 2.5, "cost": "2.50", "due": "2024-01-01",
            "any": "five", "owner": "bob", "tags": [], "map": {}, "readers": ["cyd"],
        }));
        world.add("Note", json!({
            "_id": 3, "title": null, "any": {"deep": [1, {"er": true}], "l": ["x"]}, "part": null,
            "tags": ["blue", null], "numbers": [1, 2, 3], "owner": "gone", "price": {"$numberDouble": "NaN"},
        }));
        world
    }

    fn add(&mut self, class: &str, object: Json) {
        let class = self.schema.class(&class.into()).unwrap().clone();
        let (key, mut fields) =
            object_from_json(object.as_object().unwrap(), &class, &self.schema).unwrap();
        for column in &class.columns {
            if !fields.iter().any(|field| field.name == column.name) {
                let nothing =
                    if column.column.collection == crate::changeset::CollectionKind::Single {
                        Content::Value(Value::Null)
                    } else {
                        Content::List(Vec::new())
                    };
                fields.push(Field {
                    name: column.name.clone(),
                    content: nothing,
                });
            }
        }
        let link = Link {
            class: class.name.clone(),
            key: key.unwrap(),
        };
        self.objects.push((link, fields));
    }

    fn class(&self, name: &str) -> Class {
        (**self.schema.class(&name.into()).unwrap()).clone()
    }

    fn follow(&self) -> impl FnMut(&Link) -> Option<Vec<Field>> + '_ {
        |link| {
            let found = self.objects.iter().find(|(other, _)| other == link);
            found.map(|(_, fields)| fields.clone())
        }
    }

    fn parse(&self, class: &str, text: &str) -> Result<Query, QueryError> {
        Query::parse(text, &self.schema, &self.class(class))
    }

    /// The keys of the objects for which a condition holds.
    fn found(&self, class: &str, text: &str) -> String {
        let query = self
            .parse(class, text)
            .unwrap_or_else(|error| panic!("{text}: {error} at {}", error.offset()));
        let of_class = self
            .objects
            .iter()
            .filter(|(link, _)| link.class == class.into());
        let holds =
            of_class.filter(|(link, fields)| query.matches(&link.key, fields, &mut self.follow()));
        holds
            .map(|(link, _)| key_text(&link.key))
            .collect::<Vec<_>>()
            .join(" ")
    }

    fn sorted(&self, class: &str, text: &str) -> String {
        let order = Order::parse(text, &self.schema, &self.class(class))
            .unwrap_or_else(|error| panic!("{text}: {error}"));
        let of_class = self
            .objects
            .iter()
            .filter(|(link, _)| link.class == class.into());
        let mut keyed: Vec<_> = of_class
            .map(|(link, fields)| {
                (
                    order.values(&link.key, fields, &mut self.follow()),
                    key_text(&link.key),
                )
            })
            .collect();
        keyed.sort_by(|a, b| order.compare(&a.0, &b.0));
        keyed
            .into_iter()
            .map(|(_, key)| key)
            .collect::<Vec<_>>()
            .join(" ")
    }
}

fn key_text(key: &Key) -> String {
    match key {
        Key::Int(number) => number.to_string(),
        Key::String(text) => text.to_lossy(),
        other => format!("{other:?}"),
    }
}

fn schema() -> Schema {
    let column = |name: &str, kind: &str| json!({"name": name, "type": kind, "nullable": true});
    let many = |name: &str, kind: &str, collection: &str| json!({"name": name, "type": kind, "nullable": !kind.starts_with("link"), "collection": collection});
    let shapes = [
        json!({"name": "Inner", "kind": "embedded", "columns": [column("name", "string")]}),
        json!({"name": "Part", "kind": "embedded", "columns": [column("name", "string"), column("size", "int"), column("inner", "link<Inner>")]}),
        json!({"name": "Loose", "kind": "top-level", "columns": [column("n", "int")]}),
        json!({"name": "Person", "kind": "top-level", "primaryKey": {"name": "name", "type": "string"}, "columns": [
            column("age", "int"), column("boss", "link<Person>"), many("friends", "link<Person>", "list"),
        ]}),
        json!({"name": "Note", "kind": "top-level", "primaryKey": {"name": "_id", "type": "int"}, "columns": [
            column("title", "string"), column("done", "bool"), column("price", "float"), column("ratio", "double"),
            column("cost", "decimal128"), column("due", "date"), column("data", "data"), column("uid", "uuid"),
            column("oid", "objectId"), column("any", "mixed"), column("owner", "link<Person>"), column("part", "link<Part>"),
            many("parts", "link<Part>", "list"), many("tags", "string", "list"), many("numbers", "int", "set"),
            many("map", "mixed", "dictionary"), many("readers", "link<Person>", "list"), column("any more", "int"),
            column("free", "link<>"),
        ]}),
    ];
    let shapes: Vec<Shape> = shapes
        .iter()
        .map(|json| Shape::from_json(json).unwrap())
        .collect();
    let (mut cells, mut schema) = (MemoryCells::default(), Schema::default());
    let mut applier = Applier::new(&mut cells, &mut schema);
    let tables = shapes.iter().map(Shape::table);
    for instruction in tables.chain(shapes.iter().flat_map(Shape::add_columns)) {
        applier.apply(&instruction).unwrap();
    }
    applier.finish();
    schema
}

#[test]
fn conditions_on_notes() {
    let world = World::new();
    for (text, keys) in [
        ("TRUEPREDICATE", "1 2 3"),
        ("falsepredicate", ""),
        // Comparing.
        ("_id == 1", "1"),
        ("_id = 1 or _id=3", "1 3"),
        ("2 < _id", "3"),
        ("_id => 2 && _id =< 2", "2"),
        ("_id <> 2", "1 3"),
        ("_id != 0x2", "1 3"),
        ("_id == 1.0", "1"),
        ("_id > 1.5 AND _id < 2.5", "2"),
        ("_id == -1", ""),
        ("_id < 99999999999999999999", "1 2 3"),
        ("_id < inf AND _id > -INF AND _id > nan", "1 2 3"),
        ("_id BETWEEN {2, 3}", "2 3"),
        ("_id IN {1, 3, 5}", "1 3"),
        ("_id IN {}", ""),
        ("NOT _id IN {1}", "2 3"),
        ("_id == ANY {1, 2}", "1 2"),
        ("_id == NONE {1, 2}", "3"),
        ("{1, 2} == _id", "1 2"),
        // Precedence.
        ("_id == 1 OR _id == 2 AND _id == 3", "1"),
        ("(_id == 1 OR _id == 2) AND NOT (_id == 1)", "2"),
        ("NOT _id == 1 AND _id != 2", "3"),
        ("!(_id == 1)", "2 3"),
        ("! ! _id == 1", "1"),
        // Each type.
        ("title == 'Hello World'", "1"),
        ("title ==[c] \"hello world\"", "1"),
        ("title !=[c] 'HELLO WORLD'", "2 3"),
        ("title IN[c] {'HELL*O'}", "2"),
        ("title < 'a'", "1"),
        ("title == null", "3"),
        ("title != nil", "1 2"),
        ("title <= null", "3"),
        ("title < null", ""),
        ("done == true", "1"),
        ("done != TRUE", "2 3"),
        ("price == 0.1", "1"),
        ("price == ratio", "2"),
        ("ratio == 0.1", "1"),
        ("cost == 0.1", "1"),
        ("cost == ratio", "2 3"),
        ("cost == 2.5", "2"),
        ("price == NaN", "3"),
        ("price < 0", "3"),
        ("due == 2023-11-14T22:13:20Z", "1"),
        ("due == 2023-11-14T23:13:20+01:00", "1"),
        ("due == 2023-11-14@22:13:20", "1"),
        ("due == 2023-11-14T22:13:20:0", "1"),
        ("due == T1700000000:0", "1"),
        ("due >= 2024-1-1@0:0:0", "2"),
        ("due > 2023-12-01", "2"),
        ("due > T-1:-5", "1 2"),
        ("data == B64\"AAEC\"", "1"),
        ("data BEGINSWITH binary(B64'AAE=')", "1"),
        ("uid == uuid(3B241101-e2bb-4255-8caf-4136c566a962)", "1"),
        ("oid == oid(507f1f77bcf86cd799439011)", "1"),
        ("oid == oid('507f1f77bcf86cd799439011')", "1"),
        // Texts.
        ("title BEGINSWITH 'Hell'", "1"),
        ("title beginswith[c] 'hell'", "1 2"),
        ("title ENDSWITH 'o'", "2"),
        ("title CONTAINS 'o W'", "1"),
        ("title CONTAINS[c] 'O w'", "1"),
        ("title CONTAINS ''", "1 2"),
        ("title LIKE 'H*o*d'", "1"),
        ("title LIKE 'H*o'", ""),
        ("title LIKE[c] 'h???*?o'", "2"),
        ("title LIKE '*'", "1 2"),
        (r"title == 'Hello \u0057orld'", "1"),
        (r#"title != "\"\\\n\u00e9\ud83d\ude00""#, "1 2 3"),
        // Mixed.
        ("any == 5", "1"),
        ("any > 4.5", "1"),
        ("any == 'five'", "2"),
        ("any CONTAINS 'iv'", "2"),
        ("any == null", ""),
        ("any != 5", "2 3"),
        ("any['deep'][0] == 1", "3"),
        ("any['deep'][LAST]['er'] == true", "3"),
        ("any['l'][*] == 'x'", "3"),
        ("any['nope'] == null", "1 2 3"),
        ("any.@count == 2", "3"),
        ("any.@keys == 'l'", "3"),
        ("any == any", "1 2"),
        // Embedded objects.
        ("part == null", "2 3"),
        ("part != null", "1"),
        ("part.name == 'cog'", "1"),
        ("part.name == null", "2 3"),
        ("part.inner.name == 'pin'", "1"),
        ("parts.size > 1", "1"),
        ("ALL parts.size > 1", "2 3"),
        ("parts[1].name == 'b'", "1"),
        ("parts[7].name == null", "1 2 3"),
        ("parts.@count == 2", "1"),
        ("parts[SIZE] == 2", "1"),
        // Collections.
        ("tags == 'red'", "1"),
        ("ANY tags == 'red'", "1"),
        ("some tags != 'red'", "1 3"),
        ("ALL tags != 'red'", "2 3"),
        ("NONE tags == 'red'", "2 3"),
        ("tags == null", "3"),
        ("'blue' IN tags", "3"),
        ("tags[0] == 'blue'", "3"),
        ("tags[FIRST] == tags[LAST]", "2"),
        ("tags.@size == 0", "2"),
        ("ANY tags IN {'green', 'blue'}", "1 3"),
        ("NONE tags IN {'green', 'blue'}", "2"),
        ("tags BETWEEN {'g', 'h'}", "1"),
        ("numbers == 2", "3"),
        ("ALL numbers BETWEEN {1, 3} AND numbers.@count > 0", "3"),
        ("map['k'] == 1", "1"),
        ("map['k'] == null", "2 3"),
        ("map[\"x y\"] == 'z'", "1"),
        ("map.@keys == 'k'", "1"),
        ("map.@values == 1", "1"),
        ("map == 'z'", "1"),
        ("map.@count == 0", "2 3"),
        ("title.@count == 11", "1"),
        // Links.
        ("owner == obj('Person', 'ada')", "1"),
        ("owner == null", "3"),
        ("owner.name == 'bob'", "2"),
        ("owner.age > 40", "2"),
        ("owner.age == null", "3"),
        ("owner.boss.name == 'ada'", "2"),
        ("owner.friends.name == 'ada'", "2"),
        ("ALL owner.friends.name == 'ada'", "2 3"),
        ("ANY owner.friends == obj('Person', 'bob')", "1"),
        ("readers.@count == 2", "1"),
        ("readers.age > 40", "1"),
        ("readers.age == null", "2"),
        ("readers[LAST].name == 'bob'", "1"),
        ("readers == owner", "1"),
        ("free == null", "1 2 3"),
        // Names.
        (r"any\ more == 1", "1"),
    ] {
        assert_eq!(world.found("Note", text), keys, "{text}");
    }
}

#[test]
fn conditions_on_people() {
    let world = World::new();
    for (text, keys) in [
        ("name == 'ada'", "ada"),
        ("boss == null", "ada cyd"),
        ("boss != null", "bob"),
        ("friends.@count == 2", "bob"),
        ("friends.@count == 1", "ada"),
        ("friends.friends.name == 'bob'", "bob"),
        ("boss.boss.boss.name == null", "ada bob cyd"),
    ] {
        assert_eq!(world.found("Person", text), keys, "{text}");
    }
}

#[test]
fn orders() {
    let world = World::new();
    for (text, keys) in [
        ("_id", "1 2 3"),
        ("_id DESC", "3 2 1"),
        ("title", "3 1 2"),
        ("title descending", "2 1 3"),
        ("price ASC", "3 1 2"),
        ("any", "1 2 3"),
        ("part.size DESC, _id DESC", "1 3 2"),
        ("owner.age ASC", "3 1 2"),
        ("owner", "3 1 2"),
        ("tags.@count, _id DESC", "2 3 1"),
        ("map['k'] desc,_id", "1 2 3"),
    ] {
        assert_eq!(world.sorted("Note", text), keys, "{text}");
    }
    for (text, at, message) in [
        ("", 0, "expected a property or a value"),
        (
            "tags",
            0,
            "this leads to many values; an order needs one of each object",
        ),
        (
            "_id, part",
            5,
            "an embedded object has no order; one of its properties has",
        ),
        ("_id DOWN", 4, "expected ASC, DESC, a comma or the end"),
        ("_id,", 4, "expected a property or a value"),
    ] {
        let error = Order::parse(text, &world.schema, &world.class("Note")).unwrap_err();
        assert_eq!(
            (error.to_string().as_str(), error.offset()),
            (message, at),
            "{text}"
        );
    }
}

#[test]
fn what_is_no_condition_is_refused_where_it_goes_wrong() {
    let world = World::new();
    for (text, at, message) in [
        ("", 0, "expected a property or a value"),
        (
            "titel == 'a'",
            0,
            "Note has no property titel; did you mean title?",
        ),
        (
            "_id == 1 AND part.nam == 'a'",
            18,
            "Part has no property nam; did you mean name?",
        ),
        ("owner.age.x == 1", 10, "a number has no property x"),
        (
            "any.deep == 1",
            4,
            "a mixed value has no properties; its entry is written ['deep']",
        ),
        ("free.x == 1", 5, "a link to any class cannot be followed"),
        (
            "_id == 'a'",
            7,
            "_id is a number, this is a text; a number is written 1.5",
        ),
        (
            "due > 'yesterday'",
            6,
            "due is a date, this is a text; a date is written 2023-11-14T22:13:20Z",
        ),
        (
            "'a' == _id",
            0,
            "_id is a number, this is a text; a number is written 1.5",
        ),
        (
            "_id IN {1, 'a'}",
            11,
            "_id is a number, this is a text; a number is written 1.5",
        ),
        (
            "title == _id",
            9,
            "title is a text, this is a number; a text is written 'text'",
        ),
        (
            "owner == 'ada'",
            9,
            "owner is a link to Person, this is a text; a link to Person is written obj('Class', key)",
        ),
        (
            "owner == obj('Persn', 1)",
            13,
            "there are no objects of Persn",
        ),
        (
            "owner == obj('Part', 1)",
            13,
            "there are no objects of Part",
        ),
        ("owner == obj('Person', 1)", 23, "this is no key of Person"),
        (
            "owner == obj('Person', obj('Person', 'ada'))",
            23,
            "this is no key of Person",
        ),
        ("done < true", 5, "this comparison is not for a boolean"),
        ("_id CONTAINS 1", 4, "this operator is not for a number"),
        ("_id ==[c] 1", 4, "[c] is not for a number"),
        ("title <[c] 'a'", 6, "[c] is not for a text"),
        ("_id == ", 7, "expected a property or a value"),
        (
            "_id",
            3,
            "expected an operator: == != < <= > >= IN BETWEEN BEGINSWITH ENDSWITH CONTAINS LIKE",
        ),
        ("_id == 1 _id", 9, "expected AND, OR or the end"),
        (
            "_id == 1 SORT(_id ASC)",
            9,
            "SORT is no part of a condition",
        ),
        ("(_id == 1", 9, "expected )"),
        ("_id == 1)", 8, "expected AND, OR or the end"),
        ("1 == 1", 0, "one side must be a property of the class"),
        (
            "1 IN _id",
            5,
            "IN needs values in braces or a property with many",
        ),
        (
            "_id IN 1",
            7,
            "IN needs values in braces or a property with many",
        ),
        (
            "_id BETWEEN {1}",
            12,
            "BETWEEN needs two values: {least, most}",
        ),
        (
            "_id BETWEEN 1",
            12,
            "BETWEEN needs two values: {least, most}",
        ),
        ("_id IN {1,", 10, "expected a value"),
        ("_id IN {1 2}", 10, "expected ,"),
        (
            "ANY _id == 1",
            0,
            "ANY, ALL and NONE need a property with many values",
        ),
        ("_id == 5abc", 7, "5abc is no number"),
        ("_id == 1.2.3", 7, "1.2.3 is no number"),
        ("_id == 'a", 7, "this quote is never closed"),
        (r"title == '\x'", 10, r"no such escape; \\ is a backslash"),
        (r"title == '\ud83d'", 10, r"expected \u and four digits"),
        (
            "_id == $0",
            7,
            "$0 stands for a value that is not given: write the value",
        ),
        ("_id == #", 7, "unexpected '#'"),
        (
            "due == 2023-13-45",
            7,
            "2023-13-45 is no date; dates are written 2023-11-14T22:13:20Z",
        ),
        (
            "due == T1:-1",
            7,
            "expected T<seconds>:<nanoseconds>, both of one sign",
        ),
        ("uid == uuid(zz)", 12, "expected a UUID and )"),
        (
            "uid == uuid(3b241101-e2bb-4255-8caf-4136c566a962",
            12,
            "expected a UUID and )",
        ),
        ("data == B64\"!\"", 8, "expected base64 in the quotes"),
        ("tags['a'] == 1", 5, "this is not a dictionary"),
        ("map[0] == 1", 4, "this is not a list"),
        ("numbers[0] == 1", 8, "this is not a list"),
        ("tags[-1] == 'a'", 5, "expected an index counted from 0"),
        (
            "tags[x] == 'a'",
            5,
            "expected a key in quotes, an index, FIRST, LAST or *",
        ),
        (
            "_id.@count == 1",
            4,
            "only collections, texts and binary data are counted",
        ),
        (
            "tags.@max == 1",
            5,
            "@max is not known here; @count, @size, @keys and @values are",
        ),
        ("é == 1", 0, "Note has no property é"),
    ] {
        let error = world.parse("Note", text).unwrap_err();
        assert_eq!(
            (error.to_string().as_str(), error.offset()),
            (message, at),
            "{text}"
        );
    }
}

#[test]
fn length_and_depth_are_bounded() {
    let world = World::new();
    let refused = |text: String| world.parse("Note", &text).unwrap_err().to_string();
    let deep = |n: usize| format!("{}_id == 1{}", "(".repeat(n), ")".repeat(n));
    assert!(world.parse("Note", &deep(DEEPEST - 1)).is_ok());
    assert!(refused(deep(DEEPEST)).contains("inside each other"));
    assert!(refused("(".repeat(LONGEST)).contains("inside each other"));
    assert!(refused("!".repeat(LONGEST)).contains("inside each other"));
    assert!(refused("NOT ".repeat(1000)).contains("inside each other"));
    assert!(refused(" ".repeat(LONGEST + 1)).contains("longer"));
    let nested_calls = "obj('Person',".repeat(5000);
    assert!(refused(format!("owner == {nested_calls}")).contains("no key"));
    let long_path = format!("owner{} == null", ".boss".repeat(MOST_STEPS));
    assert!(refused(long_path).contains("steps"));
    let wide = vec!["_id == 1"; 5000].join(" OR ");
    assert!(world.parse("Note", &wide).is_ok());
}

#[test]
fn like_does_not_explode() {
    let (text, pattern) = ("a".repeat(5000), "a*".repeat(2000) + "b");
    let like = |text: &str, pattern: &str| {
        let (text, pattern) = (Value::String(text.into()), Value::String(pattern.into()));
        text::holds(text::TextOperator::Like, false, &text, &pattern)
    };
    assert!(!like(&text, &pattern));
    for (text, pattern, holds) in [
        ("", "", true),
        ("", "*", true),
        ("", "?", false),
        ("a", "?", true),
        ("é", "?", true),
        ("ab", "?", false),
        ("abab", "*ab", true),
        ("aab", "a*ab", true),
        ("abc", "a*b", false),
        ("abc", "**c", true),
        ("a", "a?", false),
        ("abcabd", "*abd", true),
        ("*", "?", true),
    ] {
        assert_eq!(like(text, pattern), holds, "{text} {pattern}");
    }
}

fn decimal(coefficient: u128, exponent: i32, negative: bool) -> Value {
    Value::Decimal(Decimal128 {
        coefficient,
        exponent,
        negative,
    })
}

#[test]
fn numbers_compare_without_rounding() {
    use Ordering::{Equal, Greater, Less};
    let (int, double, float) = (Value::Int, Value::Double, Value::Float);
    for (a, b, order) in [
        (
            int(9_007_199_254_740_993),
            double(9_007_199_254_740_992.0),
            Greater,
        ),
        (int(i64::MAX), double(9_223_372_036_854_775_808.0), Less),
        (int(i64::MIN), double(-9_223_372_036_854_775_808.0), Equal),
        (int(0), double(-0.0), Equal),
        (int(0), double(f64::NAN), Greater),
        (double(f64::NAN), double(f64::NEG_INFINITY), Less),
        (double(f64::NAN), decimal(0, 9696, false), Equal),
        (float(0.1), double(0.1), Greater),
        (double(0.1), decimal(1, -1, false), Greater),
        (double(0.5), decimal(5, -1, false), Equal),
        (double(0.5), decimal(500, -3, false), Equal),
        (double(-0.5), decimal(5, -1, true), Equal),
        (double(-0.1), decimal(1, -1, true), Less),
        (double(f64::MAX), decimal(1, 400, false), Less),
        (double(5e-324), decimal(1, -400, false), Greater),
        (double(0.0), decimal(1, -6176, true), Greater),
        (double(f64::INFINITY), decimal(0, 9184, false), Equal),
        (double(f64::INFINITY), decimal(9, 6111, false), Greater),
        (double(f64::NEG_INFINITY), decimal(0, 9184, true), Equal),
        (int(10), decimal(1, 1, false), Equal),
        (
            int(i64::MIN),
            decimal(9_223_372_036_854_775_808, 0, true),
            Equal,
        ),
        (decimal(15, -1, false), decimal(150, -2, false), Equal),
        (decimal(0, 5, true), decimal(0, -5, false), Equal),
        (decimal(19, -1, false), decimal(2, 0, false), Less),
        (
            decimal(10_u128.pow(34), 0, false),
            decimal(1, 0, false),
            Less,
        ),
    ] {
        assert_eq!(compare(&a, &b), order, "{a:?} {b:?}");
        assert_eq!(compare(&b, &a), order.reverse(), "{b:?} {a:?}");
    }
}

/// Values of all types, close to each other.
fn some_value(random: &mut StdRng) -> Value {
    match random.random_range(0..12) {
        0 => Value::Null,
        1 => Value::Bool(random.random()),
        2 | 3 => {
            Value::Int([0, 1, -1, 10, 1 << 53, (1 << 53) + 1, i64::MAX][random.random_range(0..7)])
        }
        4 | 5 => Value::Double(
            [
                0.0,
                -0.0,
                0.1,
                0.5,
                1.0,
                9_007_199_254_740_992.0,
                f64::NAN,
                f64::INFINITY,
            ][random.random_range(0..8)],
        ),
        6 => Value::Float([0.1, 0.5, -1.0, f32::NAN][random.random_range(0..4)]),
        7 | 8 => decimal(
            [0, 1, 5, 10, 9_007_199_254_740_993][random.random_range(0..5)],
            [0, -1, -2, 1, 9184, 9696][random.random_range(0..6)],
            random.random(),
        ),
        9 => Value::String(["", "a", "B"][random.random_range(0..3)].into()),
        10 => Value::Timestamp {
            seconds: random.random_range(-1..2),
            nanoseconds: 0,
        },
        _ => Value::Binary(vec![random.random_range(0..2)].into()),
    }
}

#[test]
fn the_order_of_values_is_total() {
    let mut random = StdRng::seed_from_u64(11);
    for _ in 0..200_000 {
        let [a, b, c] = std::array::from_fn(|_| some_value(&mut random));
        assert_eq!(compare(&a, &b), compare(&b, &a).reverse(), "{a:?} {b:?}");
        if compare(&a, &b) != Ordering::Greater && compare(&b, &c) != Ordering::Greater {
            assert_ne!(compare(&a, &c), Ordering::Greater, "{a:?} {b:?} {c:?}");
            let all_equal =
                compare(&a, &b) == Ordering::Equal && compare(&b, &c) == Ordering::Equal;
            assert_eq!(
                compare(&a, &c) == Ordering::Equal,
                all_equal,
                "{a:?} {b:?} {c:?}"
            );
        }
    }
}

/// A random condition on the numbers of a note, and whether it holds, by a model that knows nothing of parsing.
fn some_condition(random: &mut StdRng, depth: u32, id: i64, ratio: Option<f64>) -> (String, bool) {
    if depth > 0 && random.random_ratio(2, 3) {
        let (a, left) = some_condition(random, depth - 1, id, ratio);
        let (b, right) = some_condition(random, depth - 1, id, ratio);
        return match random.random_range(0..4) {
            0 => (format!("({a}) AND ({b})"), left && right),
            1 => (format!("({a}) || ({b})"), left || right),
            2 => (format!("NOT ({a}) and ({b})"), !left && right),
            _ => (format!("!({a} OR {b})"), !(left || right)),
        };
    }
    let number: i64 = random.random_range(-2..3);
    let (name, value) = match random.random() {
        true => ("_id", Some(id as f64)),
        false => ("ratio", ratio),
    };
    let known = value.is_some();
    let value = value.unwrap_or(0.0);
    let number_value = number as f64;
    match random.random_range(0..8) {
        0 => (
            format!("{name} == {number}"),
            known && value == number_value,
        ),
        1 => (
            format!("{name} != {number}"),
            !known || value != number_value,
        ),
        2 => (
            format!("{name} < {number}.5"),
            known && value < number_value + if number < 0 { -0.5 } else { 0.5 },
        ),
        3 => (
            format!("{number} <= {name}"),
            known && number_value <= value,
        ),
        4 => (
            format!("{name} BETWEEN {{{number}, 1}}"),
            known && number_value <= value && value <= 1.0,
        ),
        5 => (
            format!("{name} IN {{{number}, 2}}"),
            known && (value == number_value || value == 2.0),
        ),
        6 => (format!("{name} == null"), !known),
        _ => (format!("{name} >= _id"), known && value >= id as f64),
    }
}

#[test]
fn random_conditions_hold_when_the_model_says_so() {
    let world = World::new();
    let class = world.class("Note");
    let mut random = StdRng::seed_from_u64(5);
    for _ in 0..20_000 {
        let id = random.random_range(-2..3);
        let ratio = random
            .random_bool(0.8)
            .then(|| f64::from(random.random_range(-4..5)) / 2.0);
        let (text, holds) = some_condition(&mut random, 4, id, ratio);
        let fields = [Field {
            name: "ratio".into(),
            content: Content::Value(ratio.map_or(Value::Null, Value::Double)),
        }];
        let query = Query::parse(&text, &world.schema, &class)
            .unwrap_or_else(|error| panic!("{text}: {error}"));
        let got = query.matches(&Key::Int(id), &fields, &mut |_| None);
        assert_eq!(got, holds, "{text} with {id}, {ratio:?}");
    }
}

#[test]
fn nothing_typed_does_harm() {
    const PIECES: [&str; 58] = [
        "_id == 1",
        "tags == 'a'",
        "any['k'] !=",
        "owner.friends",
        "_id",
        "title",
        "tags",
        "map",
        "part",
        "owner",
        "any",
        "free",
        ".",
        "[",
        "]",
        "['k']",
        "[c]",
        "[0]",
        "[*]",
        "@count",
        ".@keys",
        "==",
        "!=",
        "<",
        ">=",
        "IN",
        "BETWEEN",
        "LIKE",
        "CONTAINS",
        "AND",
        "||",
        "NOT",
        "!",
        "(",
        ")",
        "{",
        "}",
        ",",
        "ANY",
        "ALL",
        "1",
        "-1.5e",
        "0x",
        "inf",
        "'a'",
        "\"\\u00",
        "'\\",
        "null",
        "true",
        "2023-11-14",
        "T1:",
        "uuid(",
        "oid(5",
        "B64\"",
        "obj('Person'",
        "é",
        "\u{1F600}",
        "-",
    ];
    let world = World::new();
    let class = world.class("Note");
    let mut random = StdRng::seed_from_u64(3);
    let mut parsed = 0;
    for _ in 0..100_000 {
        let count = random.random_range(1..9);
        let pieces = (0..count).map(|_| PIECES[random.random_range(0..PIECES.len())]);
        let text = pieces
            .collect::<Vec<_>>()
            .join([" ", ""][random.random_range(0..2)]);
        match Query::parse(&text, &world.schema, &class) {
            Ok(query) => {
                parsed += 1;
                for (link, fields) in &world.objects {
                    query.matches(&link.key, fields, &mut world.follow());
                }
            }
            Err(error) => assert!(text.is_char_boundary(error.offset()), "{text}: {error}"),
        }
        if let Err(error) = Order::parse(&text, &world.schema, &class) {
            assert!(text.is_char_boundary(error.offset()), "{text}: {error}");
        }
    }
    assert!(parsed > 50, "{parsed}");
}

#[test]
fn every_cut_of_a_condition_is_refused_or_read() {
    let world = World::new();
    let text = r#"NOT (title LIKE[c] "h\u00e9\"*" OR map['é'] IN {1, -2.5e3, T-5:-1, uuid(3b241101-e2bb-4255-8caf-4136c566a962)})"#;
    for (end, _) in text.char_indices() {
        assert!(world.parse("Note", &text[..end]).is_err(), "{end}");
    }
    assert!(world.parse("Note", text).is_ok());
}

#[test]
fn names_that_are_also_words_are_names() {
    let world = World::new();
    assert_eq!(world.found("Note", "any IN {5}"), "1");
    assert_eq!(world.found("Note", "any CONTAINS 'five'"), "2");
    let name: Text = "any".into();
    assert!(world.class("Note").column(&name).is_some());
}
