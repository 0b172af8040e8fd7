//! What each instruction does (merge rules, section 9), what is refused, and what it costs.

mod lists;

use bytes::Bytes;

use super::{Applier, ApplyError, CellError, Cells, Content, MemoryCells, Reader, Schema};
use crate::changeset::{
    CollectionKind, Column, ColumnKind, Decimal128, Instruction, Key, KeyKind, Link, Path,
    PrimaryKeyColumn, Slot, Step, TableKind, Text, Value,
};

/// Cells that count what is read and written.
#[derive(Default)]
struct Counted {
    cells: MemoryCells,
    read: usize,
    written: usize,
    held: usize,
}

impl Cells for Counted {
    fn get(&mut self, key: &[u8]) -> Result<Option<Bytes>, CellError> {
        let found = self.cells.get(key)?;
        self.read += key.len() + found.as_ref().map_or(0, Bytes::len);
        Ok(found)
    }

    fn put(&mut self, key: Vec<u8>, value: Vec<u8>) {
        self.written += key.len() + value.len();
        self.cells.put(key, value);
    }

    fn delete(&mut self, key: &[u8]) {
        self.written += key.len();
        self.cells.delete(key);
    }

    fn scan(
        &mut self,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<(Vec<u8>, Bytes)>, CellError> {
        let found = self.cells.scan(prefix, after, limit)?;
        self.read += found
            .iter()
            .map(|(key, value)| key.len() + value.len())
            .sum::<usize>();
        Ok(found)
    }

    fn held(&self) -> usize {
        self.held
    }
}

#[derive(Default)]
struct State {
    cells: Counted,
    schema: Schema,
}

impl State {
    /// The classes of these tests, and the object 1.
    fn new() -> State {
        let mut state = State::default();
        for (class, kind) in [
            ("Thing", TableKind::TopLevel(int_key())),
            ("Part", TableKind::Embedded),
            ("Event", TableKind::Asymmetric(int_key())),
        ] {
            state.must(Instruction::AddTable {
                class: class.into(),
                kind,
            });
        }
        for class in ["Thing", "Part"] {
            for (field, column) in columns() {
                state.must(add_column(class, field, column));
            }
        }
        state.must(create("Thing", 1));
        state
    }

    fn try_to(&mut self, instruction: &Instruction) -> Result<(), ApplyError> {
        let mut applier = Applier::new(&mut self.cells, &mut self.schema);
        applier.apply(instruction)?;
        applier.finish();
        Ok(())
    }

    fn must(&mut self, instruction: Instruction) {
        self.try_to(&instruction)
            .unwrap_or_else(|error| panic!("{instruction:?}: {error}"));
    }

    fn must_not(&mut self, instruction: Instruction) {
        match self.try_to(&instruction) {
            Err(ApplyError::Refused(_)) => {}
            other => panic!("{instruction:?}: {other:?}"),
        }
    }

    /// What a field of object 1 holds.
    fn field(&mut self, name: &str) -> Content {
        let class = self.schema.class(&"Thing".into()).unwrap().clone();
        let mut reader = Reader::new(&mut self.cells, &self.schema);
        let fields = reader.object(&class, &Key::Int(1)).unwrap().unwrap();
        let name = Text::from(name);
        let field = fields.into_iter().find(|field| field.name == name);
        field.unwrap().content
    }

    fn exists(&mut self, number: i64) -> bool {
        let class = self.schema.class(&"Thing".into()).unwrap().clone();
        let mut reader = Reader::new(&mut self.cells, &self.schema);
        reader.object(&class, &Key::Int(number)).unwrap().is_some()
    }
}

fn int_key() -> PrimaryKeyColumn {
    PrimaryKeyColumn {
        field: "_id".into(),
        kind: KeyKind::Int,
        nullable: false,
    }
}

fn columns() -> Vec<(&'static str, Column)> {
    use CollectionKind::*;
    let column = |kind: ColumnKind, nullable, collection| Column {
        kind,
        nullable,
        collection,
        dictionary_key: if collection == Dictionary { 3 } else { 0 },
    };
    let link = |target: &str| ColumnKind::Link(target.into());
    vec![
        ("int", column(ColumnKind::Int, false, Single)),
        ("intOrNull", column(ColumnKind::Int, true, Single)),
        ("text", column(ColumnKind::String, false, Single)),
        ("mixed", column(ColumnKind::Mixed, true, Single)),
        ("link", column(link("Thing"), true, Single)),
        ("part", column(link("Part"), true, Single)),
        ("ints", column(ColumnKind::Int, false, List)),
        ("links", column(link("Thing"), false, List)),
        ("parts", column(link("Part"), false, List)),
        ("set", column(ColumnKind::Int, false, Set)),
        ("mixedSet", column(ColumnKind::Mixed, true, Set)),
        ("map", column(ColumnKind::Int, false, Dictionary)),
        ("partMap", column(link("Part"), true, Dictionary)),
    ]
}

fn add_column(class: &str, field: &str, column: Column) -> Instruction {
    Instruction::AddColumn {
        class: class.into(),
        field: field.into(),
        column,
    }
}

fn create(class: &str, number: i64) -> Instruction {
    Instruction::CreateObject {
        class: class.into(),
        key: Key::Int(number),
    }
}

fn erase(number: i64) -> Instruction {
    Instruction::EraseObject {
        class: "Thing".into(),
        key: Key::Int(number),
    }
}

/// A path in object 1, as `field.name.0`.
fn path(text: &str) -> Path {
    path_of("Thing", 1, text)
}

fn path_of(class: &str, number: i64, text: &str) -> Path {
    let mut steps = text.split('.');
    Path {
        class: class.into(),
        key: Key::Int(number),
        field: steps.next().unwrap().into(),
        steps: steps
            .map(|step| match step.parse() {
                Ok(index) => Step::Index(index),
                Err(_) => Step::Name(step.into()),
            })
            .collect(),
    }
}

fn set(at: &str, value: Value) -> Instruction {
    let path = path(at);
    let slot = match path.index() {
        Some(_) => Slot::Element { prior_size: 0 }, // not checked
        None => Slot::Field { is_default: false },
    };
    Instruction::Update { path, value, slot }
}

fn insert(at: &str, value: Value, prior_size: u32) -> Instruction {
    Instruction::ArrayInsert {
        path: path(at),
        value,
        prior_size,
    }
}

fn clear(at: &str, kind: CollectionKind) -> Instruction {
    Instruction::Clear {
        path: path(at),
        kind,
    }
}

fn add(at: &str, value: i64) -> Instruction {
    Instruction::AddInteger {
        path: path(at),
        value,
    }
}

fn link(number: i64) -> Value {
    Value::Link(Link {
        class: "Thing".into(),
        key: Key::Int(number),
    })
}

fn ints(values: impl IntoIterator<Item = i64>) -> Content {
    Content::List(values.into_iter().map(int).collect())
}

fn int(value: i64) -> Content {
    Content::Value(Value::Int(value))
}

#[test]
fn the_schema_may_be_said_twice_but_not_otherwise() {
    let mut state = State::new();
    for (field, column) in columns() {
        state.must(add_column("Thing", field, column));
    }
    let table = |class: &str, kind| Instruction::AddTable {
        class: class.into(),
        kind,
    };
    state.must(table("Thing", TableKind::TopLevel(int_key())));
    state.must_not(table("Thing", TableKind::Embedded));
    state.must_not(table("Part", TableKind::TopLevel(int_key())));
    state.must_not(table(
        "Thing",
        TableKind::TopLevel(PrimaryKeyColumn {
            kind: KeyKind::String,
            ..int_key()
        }),
    ));
    let (_, int_column) = columns().swap_remove(0);
    let nullable = Column {
        nullable: true,
        ..int_column.clone()
    };
    state.must(add_column("Thing", "int", nullable)); // not compared
    state.must_not(add_column("Thing", "text", int_column.clone()));
    state.must_not(add_column("Thing", "ints", int_column.clone()));
    state.must_not(add_column("Nothing", "int", int_column.clone()));
    let to_nowhere = Column {
        kind: ColumnKind::Link("Nowhere".into()),
        ..int_column.clone()
    };
    state.must_not(add_column("Thing", "new", to_nowhere));
    let int_keys = Column {
        collection: CollectionKind::Dictionary,
        dictionary_key: 0,
        ..int_column
    };
    state.must_not(add_column("Thing", "new", int_keys));
    let erase_table = |class: &str| Instruction::EraseTable {
        class: class.into(),
    };
    state.must_not(erase_table("Part")); // Thing links to it
    state.must_not(erase_table("Nothing"));
    let erase_column = |field: &str| Instruction::EraseColumn {
        class: "Thing".into(),
        field: field.into(),
    };
    state.must_not(erase_column("nothing"));
    state.must(erase_column("int"));
    state.must_not(set("int", Value::Int(1)));
}

#[test]
fn objects_are_made_once_and_erased_for_good() {
    let mut state = State::new();
    state.must(set("int", Value::Int(5)));
    state.must(create("Thing", 1)); // there already: keeps its fields
    assert_eq!(state.field("int"), int(5));
    state.must(erase(1));
    assert!(!state.exists(1));
    state.must(erase(1));
    state.must_not(set("int", Value::Int(1)));
    state.must(create("Thing", 1));
    assert_eq!(state.field("int"), int(0));
    state.must_not(create("Part", 1));
    state.must_not(create("Nothing", 1));
    for key in [
        Key::Null,
        Key::String("a".into()),
        Key::Global { hi: 1, lo: 1 },
    ] {
        state.must_not(Instruction::CreateObject {
            class: "Thing".into(),
            key,
        });
    }
    state.must_not(set("_id", Value::Int(2)));
}

#[test]
fn nothing_is_kept_of_asymmetric_objects() {
    let mut state = State::new();
    let cells = state.cells.cells.len();
    state.must(create("Event", 1));
    assert_eq!(state.cells.cells.len(), cells);
    state.must(Instruction::Update {
        path: path_of("Event", 1, "any"),
        value: Value::Int(1),
        slot: Slot::Field { is_default: false },
    });
}

#[test]
fn values_must_fit() {
    let mut state = State::new();
    state.must(set("int", Value::Int(7)));
    state.must(set("intOrNull", Value::Null));
    state.must(set("mixed", Value::String("any".into())));
    state.must(set("link", link(99))); // not there yet
    for (field, value) in [
        ("int", Value::Null),
        ("int", Value::String("no".into())),
        ("text", Value::Int(1)),
        ("int", Value::Erased),
        ("int", Value::Object),
        ("int", Value::List),
        ("mixed", Value::Set),
        ("link", Value::Int(1)),
        (
            "link",
            Value::Link(Link {
                class: "Part".into(),
                key: Key::Int(1),
            }),
        ),
        (
            "link",
            Value::Link(Link {
                class: "Nothing".into(),
                key: Key::Int(1),
            }),
        ),
        ("ints", Value::Int(1)),
        ("nothing", Value::Int(1)),
        ("int.inside", Value::Int(1)),
        ("link.int", Value::Int(1)),
        ("part.int", Value::Int(1)), // no part there
        ("ints.0", Value::Int(1)),
        ("mixed.key", Value::Int(1)),
    ] {
        state.must_not(set(field, value));
    }
    assert_eq!(state.field("int"), int(7));
}

#[test]
fn integers_add_up_and_wrap() {
    let mut state = State::new();
    state.must(add("int", i64::MAX));
    state.must(add("int", 1));
    assert_eq!(state.field("int"), int(i64::MIN));
    state.must(add("intOrNull", 1)); // of null, nothing
    assert_eq!(state.field("intOrNull"), Content::Value(Value::Null));
    state.must(set("mixed", Value::Int(1)));
    state.must(add("mixed", 1));
    assert_eq!(state.field("mixed"), int(2));
    state.must(set("mixed", Value::Bool(true)));
    state.must_not(add("mixed", 1));
    state.must_not(add("text", 1));
    state.must(insert("ints.0", Value::Int(1), 0));
    state.must_not(add("ints.0", 1));
    state.must(set("map.a", Value::Int(1)));
    state.must_not(add("map.a", 1));
}

#[test]
fn embedded_objects_are_kept_in_fields_and_made_anew_in_dictionaries() {
    let mut state = State::new();
    let inner = |content: &Content| match content {
        Content::Object(_, fields) => fields[0].content.clone(),
        other => panic!("{other:?}"),
    };
    state.must(set("part", Value::Object));
    state.must(set("part.int", Value::Int(1)));
    state.must(set("part", Value::Object));
    assert_eq!(inner(&state.field("part")), int(1));
    state.must(set("part", Value::Null));
    assert_eq!(state.field("part"), Content::Value(Value::Null));

    state.must(set("partMap.k", Value::Object));
    state.must(set("partMap.k.int", Value::Int(1)));
    state.must(set("partMap.k", Value::Object));
    let Content::Dictionary(entries) = state.field("partMap") else {
        panic!("a dictionary")
    };
    assert_eq!(inner(&entries[0].1), int(0));

    state.must(insert("parts.0", Value::Object, 0));
    state.must(set("parts.0.int", Value::Int(1)));
    state.must(set("parts.0", Value::Object)); // nothing
    let Content::List(items) = state.field("parts") else {
        panic!("a list")
    };
    assert_eq!(inner(&items[0]), int(1));
    state.must_not(set("link", Value::Object));
}

#[test]
fn lists_are_changed_where_they_are_what_was_said() {
    let mut state = State::new();
    for (index, value) in [(0, 10), (0, 20), (2, 30)] {
        let size = state.field("ints");
        let Content::List(items) = size else {
            panic!("a list")
        };
        state.must(insert(
            &format!("ints.{index}"),
            Value::Int(value),
            items.len() as u32,
        ));
    }
    assert_eq!(state.field("ints"), ints([20, 10, 30]));
    let movement = |from: u32, to: u32, prior_size: u32| Instruction::ArrayMove {
        path: path(&format!("ints.{from}")),
        to,
        prior_size,
    };
    state.must(movement(0, 2, 3));
    assert_eq!(state.field("ints"), ints([10, 30, 20]));
    let erase = |index: u32, prior_size: u32| Instruction::ArrayErase {
        path: path(&format!("ints.{index}")),
        prior_size,
    };
    state.must(erase(1, 3));
    assert_eq!(state.field("ints"), ints([10, 20]));
    state.must_not(insert("ints.0", Value::Int(1), 3));
    state.must_not(insert("ints.3", Value::Int(1), 2));
    state.must_not(insert("ints.0", Value::Null, 2));
    state.must_not(movement(0, 0, 2));
    state.must_not(movement(0, 2, 2));
    state.must_not(movement(2, 0, 2));
    state.must_not(erase(2, 2));
    state.must_not(erase(0, 1));
    state.must_not(insert("map.0", Value::Int(1), 0));
    state.must(set("ints.1", Value::Int(5)));
    assert_eq!(state.field("ints"), ints([10, 5]));
}

#[test]
fn links_to_what_is_not_there_keep_their_places() {
    let mut state = State::new();
    state.must(create("Thing", 2));
    state.must(insert("links.0", link(2), 0));
    state.must(insert("links.1", link(1), 1));
    state.must(erase(2));
    state.must_not(insert("links.1", link(1), 1));
    state.must(insert("links.2", link(1), 2));
    state.must(create("Thing", 2));
    let Content::List(items) = state.field("links") else {
        panic!("a list")
    };
    assert_eq!(items[0], Content::Value(link(2)));
    assert_eq!(items.len(), 3);
}

#[test]
fn sets_and_dictionaries_hold_each_once() {
    let mut state = State::new();
    let member = |value: i64| Instruction::SetInsert {
        path: path("set"),
        value: Value::Int(value),
    };
    for value in [3, 1, 3] {
        state.must(member(value));
    }
    state.must_not(Instruction::SetInsert {
        path: path("set"),
        value: Value::Null,
    });
    state.must_not(Instruction::SetInsert {
        path: path("set"),
        value: Value::Object,
    });
    for value in [1, 1] {
        state.must(Instruction::SetErase {
            path: path("set"),
            value: Value::Int(value),
        });
    }
    assert_eq!(state.field("set"), Content::Set(vec![Value::Int(3)]));
    state.must(set("map.a", Value::Int(1)));
    state.must(set("map.a", Value::Int(2)));
    state.must(set("map.b", Value::Erased)); // not there
    let entries = vec![("a".into(), int(2))];
    assert_eq!(state.field("map"), Content::Dictionary(entries));
    state.must(set("map.a", Value::Erased));
    state.must_not(set("map.a", Value::String("no".into())));
    assert_eq!(state.field("map"), Content::Dictionary(Vec::new()));
}

#[test]
fn a_set_holds_a_number_once_as_it_came_first() {
    let mut state = State::new();
    let change = |insert, value| {
        let path = path("mixedSet");
        if insert {
            Instruction::SetInsert { path, value }
        } else {
            Instruction::SetErase { path, value }
        }
    };
    let half = |coefficient, exponent| {
        Value::Decimal(Decimal128 {
            coefficient,
            exponent,
            negative: false,
        })
    };
    for value in [Value::Int(1), Value::Double(1.0), half(50, -2), half(5, -1)] {
        state.must(change(true, value));
    }
    let mut held = state.field("mixedSet");
    let Content::Set(members) = &mut held else {
        panic!("a set")
    };
    members.sort_by_key(|value| !matches!(value, Value::Int(_)));
    assert_eq!(*members, [Value::Int(1), half(50, -2)]);
    state.must(change(false, Value::Float(1.0)));
    state.must(change(false, Value::Double(0.5)));
    assert_eq!(state.field("mixedSet"), Content::Set(Vec::new()));
}

#[test]
fn clearing_says_what_is_there_afterwards() {
    let mut state = State::new();
    state.must(insert("ints.0", Value::Int(1), 0));
    state.must(clear("ints", CollectionKind::Single)); // peers below protocol 13
    state.must(insert("ints.0", Value::Int(1), 0));
    state.must(clear("ints", CollectionKind::List));
    assert_eq!(state.field("ints"), ints([]));
    state.must_not(clear("ints", CollectionKind::Dictionary));
    state.must_not(clear("int", CollectionKind::List));
    state.must(set("mixed", Value::Int(1)));
    state.must(clear("mixed", CollectionKind::List));
    assert_eq!(state.field("mixed"), ints([]));
    state.must_not(clear("mixed", CollectionKind::Single));
    state.must_not(clear("mixed.missing", CollectionKind::List));
}

#[test]
fn collections_nest_in_mixed_values() {
    let mut state = State::new();
    state.must(set("mixed", Value::Dictionary));
    state.must(set("mixed.list", Value::List));
    state.must(insert("mixed.list.0", Value::Dictionary, 0));
    state.must(set("mixed.list.0.deep", Value::Int(1)));
    state.must(set("mixed", Value::Dictionary)); // there already: keeps its contents
    let deep = Content::Dictionary(vec![("deep".into(), int(1))]);
    let expected = Content::Dictionary(vec![("list".into(), Content::List(vec![deep]))]);
    assert_eq!(state.field("mixed"), expected);
    let cells = state.cells.cells.len();
    state.must(set("mixed", Value::Int(1)));
    assert!(
        state.cells.cells.len() < cells,
        "what was inside leaves nothing behind"
    );
}

#[test]
fn erasing_leaves_nothing_behind() {
    let mut state = State::new();
    state.must(set("part", Value::Object)); // the count of what was numbered stays
    state.must(erase(1));
    let cells = state.cells.cells.len();
    state.must(create("Thing", 1));
    state.must(set("part", Value::Object));
    state.must(insert("ints.0", Value::Int(1), 0));
    state.must(set("part.part", Value::Object));
    state.must(set("map.k", Value::Int(1)));
    state.must(set("mixed", Value::List));
    state.must(insert(
        "mixed.0",
        Value::String("x".repeat(5000).as_str().into()),
        0,
    ));
    state.must(erase(1));
    assert_eq!(state.cells.cells.len(), cells);
}

#[test]
fn the_cost_does_not_grow_with_a_list() {
    const LENGTH: u32 = 100_000;
    let mut state = State::new();
    let mut applier = Applier::new(&mut state.cells, &mut state.schema);
    for index in 0..LENGTH {
        let instruction = insert(&format!("ints.{index}"), Value::Int(index.into()), index);
        applier.apply(&instruction).unwrap();
    }
    applier.finish();
    let mut expected: Vec<i64> = (0..i64::from(LENGTH)).collect();
    for step in 0..100 {
        let index = (step * 7919) % LENGTH;
        (state.cells.read, state.cells.written) = (0, 0);
        state.must(insert(&format!("ints.{index}"), Value::Int(-1), LENGTH));
        state.must(Instruction::ArrayErase {
            path: path(&format!("ints.{}", index / 2)),
            prior_size: LENGTH + 1,
        });
        expected.insert(index as usize, -1);
        expected.remove(index as usize / 2);
        assert!(state.cells.written < 32 << 10, "{}", state.cells.written);
        assert!(state.cells.read < 64 << 10, "{}", state.cells.read);
    }
    assert_eq!(state.field("ints"), ints(expected));
}

#[test]
fn the_cost_does_not_grow_with_the_number_of_objects() {
    let mut state = State::new();
    for number in 0..20_000 {
        state.must(create("Thing", number));
    }
    (state.cells.read, state.cells.written) = (0, 0);
    state.must(set("int", Value::Int(1)));
    state.must(create("Thing", 50_000));
    state.must(erase(10_000));
    assert!(state.cells.written + state.cells.read < 4096);
}

fn string_key(length: usize) -> Key {
    Key::String("k".repeat(length).as_str().into())
}

/// A class whose objects have string keys, and links to them in object 1 of the other.
fn with_string_keys() -> State {
    let mut state = State::new();
    state.must(Instruction::AddTable {
        class: "Named".into(),
        kind: TableKind::TopLevel(PrimaryKeyColumn {
            kind: KeyKind::String,
            ..int_key()
        }),
    });
    for (field, collection) in [
        ("named", CollectionKind::Single),
        ("names", CollectionKind::List),
    ] {
        let column = Column {
            kind: ColumnKind::Link("Named".into()),
            nullable: collection == CollectionKind::Single,
            collection,
            dictionary_key: 0,
        };
        state.must(add_column("Thing", field, column));
    }
    state
}

#[test]
fn a_link_weighs_what_its_key_does() {
    let mut state = with_string_keys();
    let named = |length| {
        Value::Link(Link {
            class: "Named".into(),
            key: string_key(length),
        })
    };
    state.must(set("named", named(4096)));
    assert_eq!(state.field("named"), Content::Value(named(4096)));
    let mut expected = Vec::new();
    for index in 0..500 {
        let link = named(if index % 2 == 0 { 1500 } else { 4096 });
        expected.push(Content::Value(link.clone()));
        (state.cells.read, state.cells.written) = (0, 0);
        state.must(insert(&format!("names.{index}"), link, index));
        assert!(state.cells.written < 16 << 10, "{}", state.cells.written);
        assert!(state.cells.read < 32 << 10, "{}", state.cells.read);
    }
    assert_eq!(state.field("names"), Content::List(expected));
}

#[test]
fn keys_are_of_bounded_length() {
    let mut state = with_string_keys();
    let create = |length| Instruction::CreateObject {
        class: "Named".into(),
        key: string_key(length),
    };
    state.must(create(4096));
    state.must_not(create(4097));
    let link = Value::Link(Link {
        class: "Named".into(),
        key: string_key(4097),
    });
    state.must_not(set("named", link.clone()));
    state.must_not(set("mixed", link));
    state.must(set(&format!("map.{}", "k".repeat(4096)), Value::Int(1)));
    state.must_not(set(&format!("map.{}", "k".repeat(4097)), Value::Int(1)));
    state.must_not(Instruction::AddTable {
        class: "Other".into(),
        kind: TableKind::TopLevel(PrimaryKeyColumn {
            field: "k".repeat(64).as_str().into(),
            ..int_key()
        }),
    });
}

fn number_column() -> Column {
    Column {
        kind: ColumnKind::Int,
        nullable: false,
        collection: CollectionKind::Single,
        dictionary_key: 0,
    }
}

#[test]
fn a_schema_is_of_bounded_size() {
    let mut state = State::new();
    let table = |number: usize| Instruction::AddTable {
        class: format!("C{number}").as_str().into(),
        kind: TableKind::Embedded,
    };
    let column =
        |class: &str, number: usize| add_column(class, &format!("c{number}"), number_column());
    for number in 0..997 {
        state.must(table(number)); // three are there already
    }
    state.must_not(table(997));
    for number in 0..1000 {
        state.must(column("C0", number));
    }
    state.must_not(column("C0", 1000));
    state.must(column("C0", 0)); // there already
    state.must(Instruction::EraseTable { class: "C1".into() });
    state.must(table(997));
    let columns = State::new().schema.size().1;
    for class in 2..10 {
        for number in 0..1000 {
            state.must(column(&format!("C{class}"), number));
        }
    }
    for number in 0..1000 - columns {
        state.must(column("C10", number));
    }
    state.must_not(column("C10", 1000));
    let erased = Instruction::EraseColumn {
        class: "C2".into(),
        field: "c5".into(),
    };
    state.must(erased);
    state.must(column("C10", 1000));
    let loaded = Schema::load(&mut state.cells).unwrap();
    assert_eq!(loaded.size(), state.schema.size());
    assert!(loaded.classes().eq(state.schema.classes()));
}

#[test]
fn a_class_is_written_once_however_many_columns_it_gets() {
    let mut state = State::new();
    (state.cells.read, state.cells.written) = (0, 0);
    let mut applier = Applier::new(&mut state.cells, &mut state.schema);
    for number in 0..900 {
        let instruction = add_column("Part", &format!("c{number}"), number_column());
        applier.apply(&instruction).unwrap();
    }
    applier.finish();
    assert!(state.cells.written < 32 << 10, "{}", state.cells.written);
}

#[test]
fn a_schema_knows_whether_something_was_erased() {
    let mut state = State::new();
    let has_lost = |state: &mut State| {
        let loaded = Schema::load(&mut state.cells).unwrap();
        assert_eq!(loaded.has_lost(), state.schema.has_lost());
        loaded.has_lost()
    };
    assert!(!has_lost(&mut state));
    let mut column = State::new();
    column.must(Instruction::EraseColumn {
        class: "Thing".into(),
        field: "map".into(),
    });
    assert!(has_lost(&mut column));
    state.must(Instruction::EraseTable {
        class: "Event".into(), // the one with the greatest number
    });
    assert!(has_lost(&mut state));
}

#[test]
fn what_writes_too_much_is_refused() {
    let mut state = State::new();
    state.cells.held = 1 << 30;
    state.must(set("int", Value::Int(1)));
    state.cells.held += 1;
    state.must_not(set("int", Value::Int(2)));
}
