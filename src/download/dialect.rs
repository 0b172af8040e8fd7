//! What older protocols can be told.
//!
//! Below protocol 13 a client knows no collections in Mixed values. For it such a value is null, and what happens inside it does not happen; so positions and sizes of
//! lists stay what they are for everybody else.
//!
//! The libraries of these clients also end their process when they are told to remove a dictionary key that they do not have, which happens when two devices remove
//! it. So before such a key is removed it is set: both or none of the two take effect, whatever the client has done meanwhile.

use bytes::Bytes;

use crate::changeset::{
    self, Changeset, CollectionKind, Column, ColumnKind, DecodeError, Instruction, Path, Slot,
    Step, Text, Value,
};
use crate::realm::{ClassColumn, Schema};
use crate::wire::Protocol;

/// How a changeset is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// As it is.
    Full,
    /// Without collections in Mixed values, and without removals of dictionary keys that are not there.
    Flat,
}

impl Dialect {
    /// The dialect of a protocol.
    pub fn of(protocol: Protocol) -> Dialect {
        if protocol.has_nested_collections() {
            Dialect::Full
        } else {
            Dialect::Flat
        }
    }

    /// Whether all changesets of a Realm are told as they are, if this schema has what they ever named.
    pub fn is_plain(self, schema: &Schema) -> bool {
        self == Dialect::Full || !has_any(schema)
    }

    /// The changeset in this dialect. The schema is the one before the changeset, or a later one in which nothing of it was erased.
    pub fn speak(self, changeset: &Bytes, mut schema: Schema) -> Result<Told, Unspeakable> {
        let as_it_is = || Told {
            changeset: changeset.clone(),
            hides: false,
        };
        if self == Dialect::Full {
            return Ok(as_it_is());
        }
        let mut told = Changeset::default();
        let (mut hides, mut differs) = (false, false);
        for instruction in changeset::decode(changeset)?.instructions {
            let followed = schema.follow(&instruction);
            followed.map_err(|error| Unspeakable::Schema(error.to_string()))?;
            let guard = removed_entry(&instruction, &schema);
            let is_nested = is_nested(&instruction, &schema);
            hides |= is_nested;
            differs |= is_nested || guard.is_some();
            told.instructions.extend(guard);
            told.instructions.extend(flattened(instruction, &schema));
        }
        if !differs {
            return Ok(as_it_is());
        }
        Ok(Told {
            changeset: changeset::encode(&told).into(),
            hides,
        })
    }
}

/// A changeset as it is told.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// The changeset.
    pub changeset: Bytes,
    /// Whether a collection in a Mixed value was left out, or something in one.
    pub hides: bool,
}

/// Why a changeset cannot be told: what is stored is damaged.
#[derive(Debug, thiserror::Error)]
pub enum Unspeakable {
    /// It is no changeset.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// It does not fit the schema.
    #[error("{0}")]
    Schema(String),
}

/// Whether the schema has anything that the flat dialect says in another way.
fn has_any(schema: &Schema) -> bool {
    let other = |column: &Column| {
        column.kind == ColumnKind::Mixed || column.collection == CollectionKind::Dictionary
    };
    schema
        .classes()
        .any(|class| class.columns.iter().any(|column| other(&column.column)))
}

/// What sets the dictionary key that an instruction removes.
fn removed_entry(instruction: &Instruction, schema: &Schema) -> Option<Instruction> {
    let Instruction::Update {
        path,
        value: Value::Erased,
        slot,
    } = instruction
    else {
        return None;
    };
    let spot = spot(path, schema)?;
    let column = spot.entry_of.filter(|_| !spot.in_mixed)?;
    // A Mixed value that may not be null has no default.
    let value = match (&column.column.kind, column.column.nullable) {
        (ColumnKind::Mixed, false) => Value::Bool(false),
        _ => column.default_value(),
    };
    Some(Instruction::Update {
        path: path.clone(),
        value,
        slot: *slot,
    })
}

/// Whether an instruction makes a collection in a Mixed value, or acts on one.
fn is_nested(instruction: &Instruction, schema: &Schema) -> bool {
    use Instruction::{ArrayInsert, Clear, Update};
    let makes = match instruction {
        Update { value, .. } | ArrayInsert { value, .. } => {
            matches!(value, Value::List | Value::Dictionary)
        }
        Clear { path, .. } => is_mixed(path, schema),
        _ => false,
    };
    makes
        || instruction
            .path()
            .is_some_and(|path| is_in_mixed(path, schema))
}

fn flattened(instruction: Instruction, schema: &Schema) -> Option<Instruction> {
    use Instruction::{ArrayInsert, Clear, Update};
    if instruction
        .path()
        .is_some_and(|path| is_in_mixed(path, schema))
    {
        return None;
    }
    match instruction {
        Update {
            path,
            value: Value::List | Value::Dictionary,
            slot,
        } => Some(Update {
            path,
            value: Value::Null,
            slot,
        }),
        ArrayInsert {
            path,
            value: Value::List | Value::Dictionary,
            prior_size,
        } => Some(ArrayInsert {
            path,
            value: Value::Null,
            prior_size,
        }),
        Clear { path, .. } if is_mixed(&path, schema) => {
            // An element's Update needs the size of its list, which Clear does not say; the element is null there already.
            let is_field = path.index().is_none();
            is_field.then_some(Update {
                path,
                value: Value::Null,
                slot: Slot::Field { is_default: false },
            })
        }
        other => Some(other),
    }
}

/// Whether a path leads to a Mixed value itself.
fn is_mixed(path: &Path, schema: &Schema) -> bool {
    spot(path, schema).is_some_and(|spot| spot.kind == &ColumnKind::Mixed && !spot.in_mixed)
}

/// Whether a path leads to something inside a Mixed value.
fn is_in_mixed(path: &Path, schema: &Schema) -> bool {
    spot(path, schema).is_some_and(|spot| spot.in_mixed)
}

/// The place of a value.
struct Spot<'s> {
    /// Type of the values in the column that the path ends in.
    kind: &'s ColumnKind,
    /// Whether it is inside of one of them, which is Mixed.
    in_mixed: bool,
    /// The dictionary column of which the path names a key.
    entry_of: Option<&'s ClassColumn>,
}

/// Where a path leads; nothing, if it is a whole collection, or nothing that the schema knows.
fn spot<'s>(path: &Path, schema: &'s Schema) -> Option<Spot<'s>> {
    let (mut class, mut field): (&Text, &Text) = (&path.class, &path.field);
    let mut steps = path.steps.iter();
    loop {
        let column = schema.class(class)?.column(field)?;
        let kind = &column.column.kind;
        let is_dictionary = column.column.collection == CollectionKind::Dictionary;
        if column.column.collection != CollectionKind::Single {
            steps.next()?;
        }
        match (kind, steps.next()) {
            (ColumnKind::Link(target), Some(Step::Name(name))) => {
                (class, field) = (schema.class(target).map(|class| &class.name)?, name);
            }
            (_, next) => {
                let in_mixed = next.is_some();
                return (!in_mixed || *kind == ColumnKind::Mixed).then_some(Spot {
                    kind,
                    in_mixed,
                    entry_of: is_dictionary.then_some(&**column),
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::changeset::{Key, TableKind};
    use crate::state::{Applier, MemoryCells};

    fn path(field: &str, steps: &[Step]) -> Path {
        Path {
            class: "P".into(),
            key: Key::Int(1),
            field: field.into(),
            steps: steps.to_vec(),
        }
    }

    fn schema() -> Schema {
        let mixed = |collection| Column {
            kind: ColumnKind::Mixed,
            nullable: true,
            collection,
            dictionary_key: 3,
        };
        let embedded = Column {
            kind: ColumnKind::Link("E".into()),
            nullable: true,
            collection: CollectionKind::Single,
            dictionary_key: 0,
        };
        let numbers = Column {
            kind: ColumnKind::Int,
            nullable: false,
            collection: CollectionKind::Dictionary,
            dictionary_key: 3,
        };
        let add = |class: &str, field: &str, column| Instruction::AddColumn {
            class: class.into(),
            field: field.into(),
            column,
        };
        let key = changeset::PrimaryKeyColumn {
            field: "_id".into(),
            kind: changeset::KeyKind::Int,
            nullable: false,
        };
        let instructions = [
            Instruction::AddTable {
                class: "E".into(),
                kind: TableKind::Embedded,
            },
            add("E", "m", mixed(CollectionKind::Single)),
            Instruction::AddTable {
                class: "P".into(),
                kind: TableKind::TopLevel(key),
            },
            add("P", "m", mixed(CollectionKind::Single)),
            add("P", "l", mixed(CollectionKind::List)),
            add("P", "e", embedded),
            add("P", "d", numbers),
            add("P", "dm", mixed(CollectionKind::Dictionary)),
            add(
                "P",
                "dn",
                Column {
                    nullable: false,
                    ..mixed(CollectionKind::Dictionary)
                },
            ),
        ];
        let (mut cells, mut schema) = (MemoryCells::default(), Schema::default());
        let mut applier = Applier::new(&mut cells, &mut schema);
        for instruction in &instructions {
            applier.apply(instruction).unwrap();
        }
        applier.finish();
        schema
    }

    fn told(instructions: Vec<Instruction>) -> Vec<Instruction> {
        let bytes = Bytes::from(changeset::encode(&Changeset { instructions }));
        let told = Dialect::Flat.speak(&bytes, schema()).unwrap();
        changeset::decode(&told.changeset).unwrap().instructions
    }

    #[test]
    fn collections_in_mixed_values_are_null_to_old_clients() {
        let set = |path, value| Instruction::Update {
            path,
            value,
            slot: Slot::Field { is_default: false },
        };
        let insert = |path, value| Instruction::ArrayInsert {
            path,
            value,
            prior_size: 0,
        };
        let name = || Step::Name("m".into());
        assert_eq!(
            told(vec![
                set(path("m", &[]), Value::List),
                insert(path("m", &[Step::Index(0)]), Value::Int(1)),
                insert(path("l", &[Step::Index(0)]), Value::Dictionary),
                set(path("l", &[Step::Index(0), name()]), Value::Int(2)),
                set(path("e", &[name()]), Value::Dictionary),
                set(path("e", &[name(), name()]), Value::Int(3)),
                Instruction::Clear {
                    path: path("m", &[]),
                    kind: CollectionKind::List
                },
                Instruction::Clear {
                    path: path("l", &[]),
                    kind: CollectionKind::List
                },
            ]),
            vec![
                set(path("m", &[]), Value::Null),
                insert(path("l", &[Step::Index(0)]), Value::Null),
                set(path("e", &[name()]), Value::Null),
                set(path("m", &[]), Value::Null),
                Instruction::Clear {
                    path: path("l", &[]),
                    kind: CollectionKind::List
                },
            ]
        );
    }

    #[test]
    fn a_dictionary_key_is_set_before_it_is_removed() {
        let set = |path, value| Instruction::Update {
            path,
            value,
            slot: Slot::Field { is_default: false },
        };
        let key = |field| path(field, &[Step::Name("k".into())]);
        let inner = || path("dm", &[Step::Name("k".into()), Step::Name("x".into())]);
        assert_eq!(
            told(vec![
                set(key("d"), Value::Erased),
                set(key("dm"), Value::Erased),
                set(key("dn"), Value::Erased),
                set(inner(), Value::Erased),
            ]),
            vec![
                set(key("d"), Value::Int(0)),
                set(key("d"), Value::Erased),
                set(key("dm"), Value::Null),
                set(key("dm"), Value::Erased),
                set(key("dn"), Value::Bool(false)),
                set(key("dn"), Value::Erased),
            ]
        );
    }

    #[test]
    fn everything_else_is_told_as_it_is() {
        let plain = vec![Instruction::Update {
            path: path("m", &[]),
            value: Value::Int(1),
            slot: Slot::Field { is_default: true },
        }];
        assert_eq!(told(plain.clone()), plain);
    }
}
