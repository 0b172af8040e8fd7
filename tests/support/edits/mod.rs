//! Random transactions that a device could make: each fits what the device has.

mod schema;
mod values;

use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, IteratorRandom};
use ros::changeset::{
    Changeset, CollectionKind, Column, ColumnKind, Instruction, Key, Path, Slot, Step, Text, Value,
};

use super::model::{Model, Node};
use schema::EMBEDDED;
pub use schema::Shape;
use values::For;

/// What edits may contain.
#[derive(Debug, Clone, Copy)]
pub struct Scope {
    /// Classes and columns go, as no SDK lets them.
    pub erase_schema: bool,
    /// List elements move.
    pub moves: Moves,
    /// Collections in Mixed values.
    pub nested: bool,
    /// Embedded objects are made, or set to null, under keys of dictionaries: two made under one key do not converge on shipped clients, and Realm JS
    /// cannot read the null.
    pub embedded_entries: bool,
    /// Collections inside lists are cleared: shipped clients do not follow their elements.
    pub element_clears: bool,
    /// Strings, binary data and links leave sets: shipped clients take different ones of one length for equal.
    pub any_members: bool,
    /// Numbers in several types and digits, of which a set of Mixed values holds one: the rules of shipped clients tell them apart.
    pub number_forms: bool,
    /// Links in Mixed values lead to objects of their own class that are there, as SDKs with one model know them.
    pub own_links: bool,
    /// Objects of the SDKs' class come and go.
    pub sdk_objects: bool,
    /// The first half of the keys of objects in classes without primary key.
    pub maker: u64,
}

/// Which list elements move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moves {
    /// Those that hold nothing else: shipped clients do not follow what is inside others.
    Plain,
    /// All.
    All,
}

impl Scope {
    /// Everything.
    pub const ALL: Scope = Scope {
        erase_schema: true,
        moves: Moves::All,
        nested: true,
        embedded_entries: true,
        element_clears: true,
        any_members: true,
        number_forms: true,
        own_links: false,
        sdk_objects: true,
        maker: schema::NOBODY,
    };

    /// What shipped clients agree on.
    pub const SHIPPED: Scope = Scope {
        erase_schema: false,
        moves: Moves::Plain,
        embedded_entries: false,
        element_clears: false,
        any_members: false,
        number_forms: false,
        ..Scope::ALL
    };

    /// The same without collections in Mixed values, which protocols below 13 do not have.
    pub const OLD: Scope = Scope {
        nested: false,
        ..Scope::SHIPPED
    };

    fn may_move(self, inner: &Column) -> bool {
        match (self.moves, &inner.kind) {
            (Moves::Plain, ColumnKind::Link(class)) => {
                class.as_bytes() != EMBEDDED.as_bytes() && !SDK_PARTS.contains(&class.as_bytes())
            }
            (Moves::Plain, ColumnKind::Mixed) => !self.nested,
            (Moves::Plain | Moves::All, _) => true,
        }
    }

    fn keeps(self, class: &Text) -> bool {
        !self.sdk_objects && class.as_bytes() == b"Everything"
    }

    /// Whether a value may be set under a key of a dictionary.
    fn may_enter(self, model: &Model, column: &Column, value: &Value) -> bool {
        let embedded = match &column.kind {
            ColumnKind::Link(class) => !model.objects.contains_key(class),
            _ => false,
        };
        self.embedded_entries || !embedded || *value == Value::Erased
    }

    fn may_add(self, column: &Column) -> bool {
        self.moves == Moves::All || column.kind == ColumnKind::Int // no SDK adds to a Mixed value
    }

    fn may_leave(self, member: &Value) -> bool {
        let by_reference = matches!(member, Value::String(_) | Value::Binary(_) | Value::Link(_));
        self.any_members || !by_reference
    }
}

/// Embedded classes of the SDK devices.
const SDK_PARTS: [&[u8]; 2] = [b"Part", b"Piece"];

/// Classes that may be erased: no column of the first Shape links to the second, and Mixed values link to neither.
const ERASABLE: [&str; 2] = ["Keyless", "Late"];

fn is_erasable(class: &Text) -> bool {
    ERASABLE
        .iter()
        .any(|name| name.as_bytes() == class.as_bytes())
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

fn instruction(random: &mut StdRng, model: &Model, scope: Scope) -> Instruction {
    let added = schema::table(schema::any_class(random));
    let Some(class) = model.objects.keys().choose(random).cloned() else {
        return added;
    };
    let description = &model.classes[&class];
    let key = schema::key(random, &class, description, scope.maker).expect("not embedded");
    match random.random_range(0..40) {
        0 => added,
        1 => {
            let class = if random.random_bool(0.5) {
                class.to_lossy()
            } else {
                EMBEDDED.into()
            };
            let (name, column) = schema::any_column(random);
            schema::add_column(&class, &name, column)
        }
        2 if scope.erase_schema && random.random_bool(0.3) => Instruction::EraseTable {
            class: (*ERASABLE.choose(random).expect("not empty")).into(),
        },
        // A column of an embedded class takes along what happens inside it only where paths say the class.
        2 if scope.erase_schema => Instruction::EraseColumn {
            field: description
                .columns
                .keys()
                .choose(random)
                .cloned()
                .unwrap_or_default(),
            class,
        },
        3..8 if scope.keeps(&class) => added,
        3..7 => Instruction::CreateObject { class, key },
        7 => Instruction::EraseObject { class, key },
        _ => at_object(random, model, scope, class, key).unwrap_or(added),
    }
}

/// A change of something in an object that is there.
fn at_object(
    random: &mut StdRng,
    model: &Model,
    scope: Scope,
    class: Text,
    key: Key,
) -> Option<Instruction> {
    let objects = model.objects.get(&class)?;
    let (key, object) = objects
        .get_key_value(&key)
        .or_else(|| objects.iter().choose(random))?;
    let key = key.clone();
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
            let (name, column) = columns.iter().choose(random)?;
            path.steps.push(Step::Name(name.clone()));
            change(random, model, scope, path, &fields[name], column, true)
        }
        Node::List(items) if deeper && !items.is_empty() => {
            let index = random.random_range(0..items.len());
            path.steps.push(Step::Index(index as u32));
            let plain = matches!(items[index], Node::Value(_));
            if plain || random.random_bool(0.3) {
                return list_change(random, model, scope, path, items.len(), &inner);
            }
            change(random, model, scope, path, &items[index], &inner, false)
        }
        Node::Dictionary(entries) if deeper && !entries.is_empty() => {
            let (name, entry) = entries.iter().choose(random)?;
            path.steps.push(Step::Name(name.clone()));
            change(random, model, scope, path, entry, &inner, false)
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
                value: value(random, model, scope, &path, &inner, true)?,
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
                value(random, model, scope, &path, &inner, true)?
            };
            if !scope.may_enter(model, &inner, &value) {
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
                Some(value) if erase && scope.may_leave(value) => Some(Instruction::SetErase {
                    path,
                    value: value.clone(),
                }),
                _ => {
                    let plain = Scope {
                        nested: false,
                        ..scope
                    };
                    Some(Instruction::SetInsert {
                        value: value(random, model, plain, &path, &inner, false)?,
                        path,
                    })
                }
            }
        }
        Node::Value(Value::Int(_))
            if is_field && scope.may_add(column) && random.random_bool(0.5) =>
        {
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
            let value = value(random, model, scope, &path, &inner, true)?;
            if in_dictionary && !scope.may_enter(model, &inner, &value) {
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
    model: &Model,
    scope: Scope,
    path: Path,
    length: usize,
    inner: &Column,
) -> Option<Instruction> {
    let prior_size = length as u32;
    match random.random_range(0..6) {
        0..3 => Some(Instruction::Update {
            value: value(random, model, scope, &path, inner, false)?,
            path,
            slot: Slot::Element { prior_size },
        }),
        3 if scope.may_move(inner) => Some(Instruction::ArrayMove {
            path,
            to: random.random_range(0..prior_size),
            prior_size,
        }),
        4 => Some(Instruction::ArrayErase { path, prior_size }),
        _ => Some(Instruction::ArrayInsert {
            value: value(random, model, scope, &path, inner, true)?,
            path,
            prior_size,
        }),
    }
}

/// A value for a place.
fn value(
    random: &mut StdRng,
    model: &Model,
    scope: Scope,
    path: &Path,
    column: &Column,
    objects: bool,
) -> Option<Value> {
    let target = For {
        model,
        scope,
        class: &path.class,
        objects,
    };
    values::value(random, target, column)
}
