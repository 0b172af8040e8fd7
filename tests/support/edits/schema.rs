//! Classes and columns that edits know: primary keys of every type, values of every type in every kind of place.

use rand::Rng;
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use ros::changeset::{
    Changeset, CollectionKind, Column, ColumnKind, Instruction, Key, KeyKind, PrimaryKeyColumn,
    TableKind, Text,
};

use super::super::model::{Class, Model};

/// Classes with their primary keys; the last five come later, while devices work.
const CLASSES: [(&str, &str, KeyKind, bool); 12] = [
    ("Named", "_id", KeyKind::String, false),
    ("Numbered", "id", KeyKind::Int, false),
    ("Keyless", "", KeyKind::None, false),
    ("Oid", "_id", KeyKind::ObjectId, false),
    ("Uuid", "_id", KeyKind::Uuid, false),
    ("MaybeNamed", "key", KeyKind::String, true),
    ("MaybeNumbered", "number", KeyKind::Int, true),
    ("Late", "_id", KeyKind::ObjectId, false),
    ("New0", "_id", KeyKind::Int, false),
    ("New1", "_id", KeyKind::String, false),
    ("New2", "_id", KeyKind::ObjectId, false),
    ("New3", "", KeyKind::None, false),
];
const FIRST: usize = 7;
pub(super) const EMBEDDED: &str = "Detail";

/// What a Realm begins with: few enough classes and columns that edits meet.
#[derive(Debug, Clone)]
pub struct Shape {
    classes: Vec<&'static str>,
    columns: Vec<(String, Column)>,
}

impl Shape {
    /// Three classes and about twenty columns, other ones for each seed.
    pub fn of(seed: u64) -> Shape {
        let mut random = StdRng::seed_from_u64(seed);
        let mut classes = vec![CLASSES[0].0]; // links lead there
        let others: Vec<usize> = (1..FIRST).collect();
        let chosen = others.choose_multiple(&mut random, 2);
        classes.extend(chosen.map(|index| CLASSES[*index].0));
        let all = columns();
        let (core, more): (Vec<_>, Vec<_>) = all
            .into_iter()
            .partition(|(name, _)| CORE.contains(&&**name));
        let mut columns = core;
        columns.extend(more.choose_multiple(&mut random, 12).cloned());
        Shape { classes, columns }
    }

    /// All of it.
    pub fn whole() -> Shape {
        Shape {
            classes: CLASSES[..FIRST].iter().map(|class| class.0).collect(),
            columns: columns(),
        }
    }

    /// The changeset that a first device begins with: the classes with their columns, and two objects of each.
    pub fn beginning(&self, model: &mut Model) -> Changeset {
        let mut changeset = Changeset::default();
        let mut add = |instruction: Instruction| {
            if model.apply(&instruction).is_ok() {
                changeset.instructions.push(instruction);
            } // a link to a class that is not among them is left out
        };
        self.classes.iter().for_each(|class| add(table(class)));
        add(Instruction::AddTable {
            class: EMBEDDED.into(),
            kind: TableKind::Embedded,
        });
        for class in self.classes.iter().chain([&EMBEDDED]) {
            for (name, column) in &self.columns {
                add(add_column(class, name, column.clone()));
            }
        }
        for class in &self.classes {
            let kind = table_kind(class);
            for number in 0..2 {
                let class = Text::from(*class);
                let key = key_of(&class, &kind, number, NOBODY);
                add(Instruction::CreateObject { class, key });
            }
        }
        changeset
    }
}

/// The first half of keys that no device gives to objects of its own. The reference client knows objects by 30 bits of it.
pub(super) const NOBODY: u64 = 1_000_000;

/// Columns that every Realm has: what is hard to merge.
const CORE: [&str; 12] = [
    "int", "str_n", "mixed_n", "link", "part", "l_int", "l_mixed", "l_part", "s_int", "d_int",
    "d_mixed", "d_part",
];

/// The instruction that adds a class of these tests.
pub(super) fn table(class: &str) -> Instruction {
    Instruction::AddTable {
        class: class.into(),
        kind: table_kind(class),
    }
}

/// Any class of these tests.
pub(super) fn any_class(random: &mut StdRng) -> &'static str {
    CLASSES.choose(random).expect("not empty").0
}

fn table_kind(class: &str) -> TableKind {
    let (_, field, kind, nullable) = CLASSES
        .iter()
        .find(|known| known.0 == class)
        .expect("a class of these tests");
    TableKind::TopLevel(PrimaryKeyColumn {
        field: (*field).into(),
        kind: *kind,
        nullable: *nullable,
    })
}

/// A key of a class: few, so that devices mean the same objects.
pub(super) fn key(random: &mut StdRng, name: &Text, class: &Class, maker: u64) -> Option<Key> {
    let few = if name.as_bytes() == b"Everything" {
        5
    } else {
        3
    };
    match &class.kind {
        TableKind::Embedded => None,
        kind => Some(key_of(name, kind, random.random_range(0..few), maker)),
    }
}

fn key_of(name: &Text, kind: &TableKind, number: u8, maker: u64) -> Key {
    let (TableKind::TopLevel(column) | TableKind::Asymmetric(column)) = kind else {
        unreachable!("embedded objects have no keys");
    };
    if column.nullable && number == 2 {
        return Key::Null;
    }
    match column.kind {
        KeyKind::String if name.as_bytes() == b"Everything" => {
            Key::String(format!("k{number}").as_str().into())
        }
        KeyKind::String => Key::String(["k0", "", "k1"][usize::from(number) % 3].into()),
        KeyKind::Int => Key::Int(i64::from(number) - 1),
        KeyKind::ObjectId => Key::ObjectId([number; 12]),
        KeyKind::Uuid => Key::Uuid([number; 16]),
        KeyKind::None => Key::Global {
            hi: maker,
            lo: number.into(),
        },
    }
}

/// A column that a class may have; one of these tests is called alike wherever it is.
pub(super) fn any_column(random: &mut StdRng) -> (String, Column) {
    columns().choose(random).expect("not empty").clone()
}

/// The instruction that adds a column.
pub(super) fn add_column(class: &str, field: &str, column: Column) -> Instruction {
    Instruction::AddColumn {
        class: class.into(),
        field: field.into(),
        column,
    }
}

fn columns() -> Vec<(String, Column)> {
    use CollectionKind::*;
    let scalars = [
        ("int", ColumnKind::Int),
        ("bool", ColumnKind::Bool),
        ("str", ColumnKind::String),
        ("bin", ColumnKind::Binary),
        ("ts", ColumnKind::Timestamp),
        ("flt", ColumnKind::Float),
        ("dbl", ColumnKind::Double),
        ("dec", ColumnKind::Decimal),
        ("oid", ColumnKind::ObjectId),
        ("uuid", ColumnKind::Uuid),
        ("mixed", ColumnKind::Mixed),
    ];
    let mut all = Vec::new();
    let mut add = |name: String, kind: &ColumnKind, nullable, collection| {
        let dictionary_key = if collection == Dictionary { 3 } else { 0 };
        let column = Column {
            kind: kind.clone(),
            nullable,
            collection,
            dictionary_key,
        };
        all.push((name, column));
    };
    for (name, kind) in &scalars {
        let mixed = *kind == ColumnKind::Mixed;
        if !mixed {
            add((*name).into(), kind, false, Single);
            add(format!("ln_{name}"), kind, true, List);
        }
        add(format!("{name}_n"), kind, true, Single);
        add(format!("l_{name}"), kind, mixed, List);
        add(format!("s_{name}"), kind, mixed, Set);
        add(
            format!("d_{name}"),
            kind,
            mixed || *name == "str",
            Dictionary,
        );
    }
    for (name, target) in [("link", "Named"), ("free", "Keyless"), ("part", EMBEDDED)] {
        let kind = ColumnKind::Link(target.into());
        add(name.into(), &kind, true, Single);
        add(format!("l_{name}"), &kind, false, List);
        add(format!("d_{name}"), &kind, true, Dictionary);
        if target != EMBEDDED {
            add(format!("s_{name}"), &kind, false, Set);
        }
    }
    add("counter".into(), &ColumnKind::Int, false, Single);
    // What the reference client adds under these names too.
    add("extra0".into(), &ColumnKind::Int, false, Single);
    add("extra1".into(), &ColumnKind::String, true, Single);
    add("extra2".into(), &ColumnKind::Int, false, List);
    add("extra3".into(), &ColumnKind::String, true, Dictionary);
    all
}
