//! What older protocols can be told.
//!
//! Below protocol 13 a client knows no collections in Mixed values. For it such a value is null, and what happens inside it does not happen; so positions and sizes of
//! lists stay what they are for everybody else.

use bytes::Bytes;

use crate::changeset::{
    self, Changeset, CollectionKind, ColumnKind, DecodeError, Instruction, Path, Slot, Step, Text,
    Value,
};
use crate::realm::Schema;
use crate::wire::Protocol;

/// How a changeset is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// As it is.
    Full,
    /// Without collections in Mixed values.
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

    /// The changeset in this dialect.
    pub fn speak(self, changeset: &Bytes, schema: &Schema) -> Result<Bytes, DecodeError> {
        if self == Dialect::Full || !has_mixed(schema) {
            return Ok(changeset.clone());
        }
        let full = changeset::decode(changeset)?;
        if full
            .instructions
            .iter()
            .all(|instruction| !is_nested(instruction, schema))
        {
            return Ok(changeset.clone());
        }
        let instructions = full
            .instructions
            .into_iter()
            .filter_map(|instruction| flattened(instruction, schema))
            .collect();
        Ok(changeset::encode(&Changeset { instructions }).into())
    }
}

fn has_mixed(schema: &Schema) -> bool {
    schema.classes().any(|class| {
        class
            .columns
            .iter()
            .any(|column| column.column.kind == ColumnKind::Mixed)
    })
}

/// Whether an instruction makes a collection in a Mixed value, or acts on one.
fn is_nested(instruction: &Instruction, schema: &Schema) -> bool {
    use Instruction::{ArrayInsert, Clear, Update};
    let makes = match instruction {
        Update { value, .. } | ArrayInsert { value, .. } => {
            matches!(value, Value::List | Value::Dictionary)
        }
        Clear { path, .. } => place(path, schema) == Place::Mixed,
        _ => false,
    };
    makes
        || instruction
            .path()
            .is_some_and(|path| place(path, schema) == Place::InMixed)
}

fn flattened(instruction: Instruction, schema: &Schema) -> Option<Instruction> {
    use Instruction::{ArrayInsert, Clear, Update};
    if instruction
        .path()
        .is_some_and(|path| place(path, schema) == Place::InMixed)
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
        Clear { path, .. } if place(&path, schema) == Place::Mixed => {
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

#[derive(Debug, PartialEq, Eq)]
enum Place {
    /// A Mixed value itself.
    Mixed,
    /// Something inside a Mixed value.
    InMixed,
    /// Anything else, or nothing that the schema knows.
    Other,
}

/// Where a path leads.
fn place(path: &Path, schema: &Schema) -> Place {
    let (mut class, mut field): (&Text, &Text) = (&path.class, &path.field);
    let mut steps = path.steps.iter();
    loop {
        let Some(column) = schema.class(class).and_then(|class| class.column(field)) else {
            return Place::Other;
        };
        let column = &column.column;
        if column.collection != CollectionKind::Single && steps.next().is_none() {
            return Place::Other;
        }
        match (&column.kind, steps.next()) {
            (ColumnKind::Mixed, None) => return Place::Mixed,
            (ColumnKind::Mixed, Some(_)) => return Place::InMixed,
            (ColumnKind::Link(target), Some(Step::Name(name))) => (class, field) = (target, name),
            (_, Some(_) | None) => return Place::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::changeset::{Column, Key, TableKind};
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
        changeset::decode(&Dialect::Flat.speak(&bytes, &schema()).unwrap())
            .unwrap()
            .instructions
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
    fn everything_else_is_told_as_it_is() {
        let plain = vec![Instruction::Update {
            path: path("m", &[]),
            value: Value::Int(1),
            slot: Slot::Field { is_default: true },
        }];
        assert_eq!(told(plain.clone()), plain);
    }
}
