//! What cannot be seen from outcomes: how much work a merge is.

use super::{Fired, OrderKey, Part, Rules, merge};
use crate::changeset::{
    Changeset, CollectionKind, Column, ColumnKind, Instruction, Key, Link, Path, Slot, Value,
};
use crate::ident::{FileIdent, OriginTimestamp};

const EACH: i64 = 10_000;

fn part(origin: u64, instructions: Vec<Instruction>) -> Part {
    let key = OrderKey {
        timestamp: OriginTimestamp(origin),
        origin: FileIdent(origin),
    };
    Part::new(key, Changeset { instructions })
}

/// Sets fields, links among them, of objects with these keys.
fn edits(keys: std::ops::Range<i64>) -> Vec<Instruction> {
    let edit = |number: i64| Instruction::Update {
        path: Path {
            class: "Note".into(),
            key: Key::Int(number),
            field: ["text", "next"][number as usize % 2].into(),
            steps: Vec::new(),
        },
        value: match number % 2 {
            0 => Value::Int(number),
            _ => Value::Link(Link {
                class: "Note".into(),
                key: Key::Int(number - 1),
            }),
        },
        slot: Slot::Field { is_default: false },
    };
    keys.map(edit).collect()
}

fn met(left: Vec<Instruction>, right: Vec<Instruction>) -> u64 {
    let (mut left, mut right) = ([part(2, left)], [part(3, right)]);
    let Fired { met, .. } = merge(&mut left, &mut right, Rules::SERVER).unwrap();
    met
}

#[test]
fn edits_of_other_objects_do_not_meet() {
    assert_eq!(met(edits(0..EACH), edits(EACH..2 * EACH)), 0);
}

#[test]
fn schema_changes_and_deletions_meet_only_what_they_touch() {
    let mut left = edits(0..EACH);
    left.push(Instruction::EraseColumn {
        class: "Note".into(),
        field: "old".into(),
    });
    left.push(Instruction::AddColumn {
        class: "Note".into(),
        field: "new".into(),
        column: Column {
            kind: ColumnKind::Link("Note".into()),
            nullable: true,
            collection: CollectionKind::Single,
            dictionary_key: 0,
        },
    });
    left.push(Instruction::EraseObject {
        class: "Note".into(),
        key: Key::Int(-1),
    });
    assert_eq!(met(left, edits(EACH..2 * EACH)), 0);
}

#[test]
fn edits_of_the_same_fields_meet_once_each() {
    assert_eq!(met(edits(0..EACH), edits(0..EACH)), EACH as u64);
}

#[test]
fn an_erased_column_meets_each_of_its_values_once() {
    let erase = Instruction::EraseColumn {
        class: "Note".into(),
        field: "next".into(),
    };
    assert_eq!(met(vec![erase], edits(0..EACH)), EACH as u64 / 2);
}
