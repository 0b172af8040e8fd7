//! Random transactions that a device could make: each fits what the device has.

use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use ros::changeset::{
    Changeset, CollectionKind, Column, ColumnKind, Instruction, Key, KeyKind, Link, Path,
    PrimaryKeyColumn, Slot, Step, TableKind, Text, Value,
};

use super::model::{Model, Node};

/// What edits may contain.
#[derive(Debug, Clone, Copy)]
pub struct Scope {
    /// Classes and columns go, as no SDK lets them.
    pub erase_schema: bool,
    /// List elements move.
    pub moves: bool,
    /// Collections in Mixed values.
    pub nested: bool,
    /// Embedded objects as values of dictionaries: two made under one key do not converge on shipped clients.
    pub embedded_entries: bool,
    /// Collections inside lists are cleared: shipped clients do not follow their elements.
    pub element_clears: bool,
}

impl Scope {
    /// Everything.
    pub const ALL: Scope = Scope {
        erase_schema: true,
        moves: true,
        nested: true,
        embedded_entries: true,
        element_clears: true,
    };
}

const CLASSES: [&str; 4] = ["Named", "Numbered", "Keyless", "Late"];
const EMBEDDED: &str = "Part";

/// The changeset that a first device begins with: the classes with their columns, and an object of each.
pub fn beginning(model: &mut Model) -> Changeset {
    let mut changeset = Changeset::default();
    let mut add = |instruction: Instruction| {
        model.apply(&instruction).unwrap();
        changeset.instructions.push(instruction);
    };
    for class in &CLASSES[..3] {
        add(table(class));
    }
    add(Instruction::AddTable {
        class: EMBEDDED.into(),
        kind: TableKind::Embedded,
    });
    for class in [CLASSES[0], CLASSES[1], CLASSES[2], EMBEDDED] {
        for column in columns() {
            add(add_column(class, column));
        }
    }
    for class in &CLASSES[..3] {
        for number in 0..2 {
            add(Instruction::CreateObject {
                class: (*class).into(),
                key: key(class, number),
            });
        }
    }
    changeset
}

/// A transaction of up to so many instructions, applied to the model.
pub fn transaction(random: &mut StdRng, model: &mut Model, scope: Scope, most: usize) -> Changeset {
    let wanted = random.random_range(1..=most);
    let mut changeset = Changeset::default();
    for _ in 0..wanted * 20 {
        if changeset.instructions.len() >= wanted {
            break;
        }
        let instruction = instruction(random, model, scope);
        if model.apply(&instruction).is_ok() {
            changeset.instructions.push(instruction);
        }
    }
    changeset
}

fn table(class: &str) -> Instruction {
    let (field, kind) = match class {
        "Named" => ("_id", KeyKind::String),
        "Numbered" => ("id", KeyKind::Int),
        "Late" => ("_id", KeyKind::ObjectId),
        _ => ("", KeyKind::None),
    };
    Instruction::AddTable {
        class: class.into(),
        kind: TableKind::TopLevel(PrimaryKeyColumn {
            field: field.into(),
            kind,
            nullable: false,
        }),
    }
}

fn key(class: &str, number: u8) -> Key {
    match class {
        "Named" => Key::String(["a", "b", "c"][usize::from(number) % 3].into()),
        "Numbered" => Key::Int(i64::from(number) - 1),
        "Late" => Key::ObjectId([number; 12]),
        _ => Key::Global {
            hi: 7,
            lo: number.into(),
        },
    }
}

fn columns() -> Vec<(&'static str, ColumnKind, CollectionKind)> {
    use CollectionKind::*;
    let part = || ColumnKind::Link(EMBEDDED.into());
    let link = || ColumnKind::Link("Named".into());
    vec![
        ("count", ColumnKind::Int, Single),
        ("text", ColumnKind::String, Single),
        ("real", ColumnKind::Double, Single),
        ("any", ColumnKind::Mixed, Single),
        ("link", link(), Single),
        ("part", part(), Single),
        ("ints", ColumnKind::Int, List),
        ("anys", ColumnKind::Mixed, List),
        ("links", link(), List),
        ("parts", part(), List),
        ("numbers", ColumnKind::Int, Set),
        ("values", ColumnKind::Mixed, Set),
        ("intOf", ColumnKind::Int, Dictionary),
        ("anyOf", ColumnKind::Mixed, Dictionary),
        ("partOf", part(), Dictionary),
    ]
}

fn add_column(
    class: &str,
    (field, kind, collection): (&str, ColumnKind, CollectionKind),
) -> Instruction {
    let single = collection == CollectionKind::Single;
    let nullable = match kind {
        ColumnKind::Mixed => true,
        ColumnKind::Link(_) => single || collection == CollectionKind::Dictionary,
        _ => false,
    };
    Instruction::AddColumn {
        class: class.into(),
        field: field.into(),
        column: Column {
            kind,
            nullable,
            collection,
            dictionary_key: if collection == CollectionKind::Dictionary {
                3
            } else {
                0
            },
        },
    }
}

fn instruction(random: &mut StdRng, model: &Model, scope: Scope) -> Instruction {
    let class = *CLASSES.choose(random).expect("not empty");
    let key = key(class, random.random_range(0..3));
    match random.random_range(0..40) {
        0 => table(class),
        1 => {
            let class = *[class, EMBEDDED].choose(random).expect("not empty");
            let column = columns().swap_remove(random.random_range(0..15));
            add_column(class, column)
        }
        2 if scope.erase_schema && random.random_bool(0.3) => Instruction::EraseTable {
            class: CLASSES[random.random_range(2..4)].into(), // links into an erased class are refused, as by the reference
        },
        // A column of an embedded class takes along what happens inside it only where paths say the class.
        2 if scope.erase_schema => Instruction::EraseColumn {
            class: class.into(),
            field: columns()[random.random_range(0..15)].0.into(),
        },
        3..7 => Instruction::CreateObject {
            class: class.into(),
            key,
        },
        7 => Instruction::EraseObject {
            class: class.into(),
            key,
        },
        _ => at_object(random, model, scope, class, key).unwrap_or_else(|| table("Named")),
    }
}

/// A change of something in an object that is there.
fn at_object(
    random: &mut StdRng,
    model: &Model,
    scope: Scope,
    class: &str,
    key: Key,
) -> Option<Instruction> {
    let class = Text::from(class);
    let object = model.objects.get(&class)?.get(&key)?;
    let columns = &model.classes[&class].columns;
    let names: Vec<&Text> = columns.keys().collect();
    let field = (*names.choose(random)?).clone();
    let column = &columns[&field];
    let node = &object[&field];
    let path = Path {
        class,
        key,
        field,
        steps: Vec::new(),
    };
    change(random, model, scope, path, node, column, true)
}

/// A change of what is at a place: the place itself, or something inside it.
fn change(
    random: &mut StdRng,
    model: &Model,
    scope: Scope,
    mut path: Path,
    node: &Node,
    column: &Column,
    is_field: bool,
) -> Option<Instruction> {
    let clears = scope.element_clears || path.index().is_none();
    let inner = Column {
        collection: CollectionKind::Single,
        ..column.clone()
    };
    let deeper = random.random_bool(0.6) && path.steps.len() < 5;
    match node {
        Node::Object(class, fields) if deeper => {
            let columns = &model.classes[class].columns;
            let names: Vec<&Text> = columns.keys().collect();
            let name = (*names.choose(random)?).clone();
            path.steps.push(Step::Name(name.clone()));
            change(
                random,
                model,
                scope,
                path,
                &fields[&name],
                &columns[&name],
                true,
            )
        }
        Node::List(items) if deeper && !items.is_empty() => {
            let index = random.random_range(0..items.len());
            path.steps.push(Step::Index(index as u32));
            let plain = matches!(items[index], Node::Value(_));
            if plain || random.random_bool(0.3) {
                return list_change(random, scope, path, items.len(), &inner);
            }
            change(random, model, scope, path, &items[index], &inner, false)
        }
        Node::Dictionary(entries) if deeper && !entries.is_empty() => {
            let names: Vec<&Text> = entries.keys().collect();
            let name = (*names.choose(random)?).clone();
            path.steps.push(Step::Name(name.clone()));
            change(random, model, scope, path, &entries[&name], &inner, false)
        }
        Node::List(items)
            if column.collection == CollectionKind::List || random.random_bool(0.7) =>
        {
            if clears && random.random_bool(0.08) {
                return Some(Instruction::Clear {
                    path,
                    kind: CollectionKind::List,
                });
            }
            let index = random.random_range(0..=items.len());
            path.steps.push(Step::Index(index as u32));
            Some(Instruction::ArrayInsert {
                value: value(random, scope, &inner, true)?,
                prior_size: items.len() as u32,
                path,
            })
        }
        Node::Dictionary(_)
            if column.collection == CollectionKind::Dictionary || random.random_bool(0.7) =>
        {
            if clears && random.random_bool(0.08) {
                return Some(Instruction::Clear {
                    path,
                    kind: CollectionKind::Dictionary,
                });
            }
            path.steps
                .push(Step::Name(["k", "l", "m"].choose(random).copied()?.into()));
            let value = if random.random_bool(0.15) {
                Value::Erased
            } else {
                value(random, scope, &inner, true)?
            };
            if value == Value::Object && !scope.embedded_entries {
                return None;
            }
            Some(Instruction::Update {
                path,
                value,
                slot: Slot::Field { is_default: false },
            })
        }
        Node::Set(values) => {
            let erase = random.random_bool(0.35);
            if random.random_bool(0.08) {
                return Some(Instruction::Clear {
                    path,
                    kind: CollectionKind::Set,
                });
            }
            match values.choose(random) {
                Some(value) if erase => Some(Instruction::SetErase {
                    path,
                    value: value.clone(),
                }),
                _ => {
                    let plain = Scope {
                        nested: false,
                        ..scope
                    };
                    Some(Instruction::SetInsert {
                        path,
                        value: value(random, plain, &inner, false)?,
                    })
                }
            }
        }
        Node::Value(Value::Int(_)) if is_field && random.random_bool(0.5) => {
            Some(Instruction::AddInteger {
                path,
                value: random.random_range(-3..10),
            })
        }
        Node::Value(_) | Node::Object(..) | Node::List(_) | Node::Dictionary(_) => {
            if let Some(Step::Index(_)) = path.steps.last() {
                return None; // changes of elements know the length of the list
            }
            let is_default = is_field && random.random_bool(0.1);
            let in_dictionary = !is_field;
            if in_dictionary && !scope.embedded_entries && matches!(node, Node::Object(..)) {
                return None;
            }
            let value = value(random, scope, &inner, true)?;
            if in_dictionary && !scope.embedded_entries && value == Value::Object {
                return None;
            }
            Some(Instruction::Update {
                path,
                value,
                slot: Slot::Field { is_default },
            })
        }
    }
}

/// A change of a list at an element; the path ends in its index.
fn list_change(
    random: &mut StdRng,
    scope: Scope,
    path: Path,
    length: usize,
    inner: &Column,
) -> Option<Instruction> {
    let prior_size = length as u32;
    match random.random_range(0..6) {
        0..3 => Some(Instruction::Update {
            path,
            value: value(random, scope, inner, false)?,
            slot: Slot::Element { prior_size },
        }),
        3 if scope.moves => Some(Instruction::ArrayMove {
            path,
            to: random.random_range(0..prior_size),
            prior_size,
        }),
        4 => Some(Instruction::ArrayErase { path, prior_size }),
        _ => Some(Instruction::ArrayInsert {
            path,
            value: value(random, scope, inner, true)?,
            prior_size,
        }),
    }
}

/// A value for a place of this kind.
fn value(random: &mut StdRng, scope: Scope, column: &Column, objects: bool) -> Option<Value> {
    let number = random.random_range(0..5);
    Some(match &column.kind {
        ColumnKind::Int => Value::Int(number),
        ColumnKind::Double => Value::Double(number as f64 / 2.0),
        ColumnKind::String => Value::String(format!("s{number}").as_str().into()),
        ColumnKind::Link(target) if target.as_bytes() == EMBEDDED.as_bytes() => {
            if !objects {
                return None;
            }
            let null = column.nullable && random.random_bool(0.2);
            if null { Value::Null } else { Value::Object }
        }
        ColumnKind::Link(target) => {
            if column.nullable && random.random_bool(0.2) {
                Value::Null
            } else {
                link(random, &target.to_lossy())
            }
        }
        ColumnKind::Mixed => match random.random_range(0..9) {
            0 => Value::Null,
            1 => Value::Bool(true),
            2 => Value::String(format!("m{number}").as_str().into()),
            3 => link(random, "Numbered"),
            4 | 5 if scope.nested => Value::List,
            6 | 7 if scope.nested => Value::Dictionary,
            _ => Value::Int(number),
        },
        ColumnKind::Bool
        | ColumnKind::Binary
        | ColumnKind::Timestamp
        | ColumnKind::Float
        | ColumnKind::Decimal
        | ColumnKind::ObjectId
        | ColumnKind::Uuid => Value::Null,
    })
}

fn link(random: &mut StdRng, class: &str) -> Value {
    Value::Link(Link {
        class: class.into(),
        key: key(class, random.random_range(0..3)),
    })
}
