//! What cannot be seen from outcomes: how much work a merge is, and what it keeps.

use super::{Fired, Local, OrderKey, Part, Rules, Work, merge};
use crate::changeset::{
    self, Changeset, CollectionKind, Column, ColumnKind, Decimal128, Instruction, Key, Link, Path,
    Slot, Value,
};
use crate::ident::{FileIdent, OriginTimestamp};
use bytes::Bytes;

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

// So long that they do not lie in the instructions.
const TARGET: &str = "a class that others link to";
const OTHER: &str = "a class that links to another one";
const COLUMN: &str = "a column with links to it";
const LONG_KEY: &str = "a key of more bytes than usual";

/// A changeset as it comes: its names, keys and values are slices of one buffer.
fn received(instructions: Vec<Instruction>) -> (Bytes, Changeset) {
    let bytes = Bytes::from(changeset::encode(&Changeset { instructions }));
    let decoded = changeset::decode(&bytes).unwrap();
    (bytes, decoded)
}

#[test]
fn nothing_of_an_incoming_changeset_is_kept() {
    let mut local = Local::default();
    let key = |origin| part(origin, Vec::new()).key;
    let erase = |class: &str| Instruction::EraseTable {
        class: class.into(),
    };
    let mut instructions = edits(0..10);
    instructions.push(erase(TARGET));
    local.push(key(2), Changeset { instructions });
    let mut incoming = edits(0..20);
    incoming.push(Instruction::CreateObject {
        class: OTHER.into(),
        key: Key::String(LONG_KEY.into()),
    });
    // Before the class goes, the column must: that instruction stays on the local side.
    incoming.push(Instruction::AddColumn {
        class: OTHER.into(),
        field: COLUMN.into(),
        column: Column {
            kind: ColumnKind::Link(TARGET.into()),
            nullable: true,
            collection: CollectionKind::Single,
            dictionary_key: 0,
        },
    });
    let (buffer, incoming) = received(incoming);
    let met = local.meet(
        key(3),
        incoming,
        Rules::SERVER,
        &mut Fired::default(),
        &mut Work { ..Work::UNLIMITED },
    );
    assert!(met.unwrap().1);
    assert!(buffer.is_unique());
    let before = Instruction::EraseColumn {
        class: OTHER.into(),
        field: COLUMN.into(),
    };
    assert!(local.changeset(0).instructions.contains(&before));
}

#[test]
fn names_on_the_local_side_do_not_keep_changesets() {
    let mut local = Local::default();
    let (buffer, changeset) = received(vec![Instruction::CreateObject {
        class: OTHER.into(),
        key: Key::String(LONG_KEY.into()),
    }]);
    let entry = local.push(part(2, Vec::new()).key, changeset);
    assert!(!buffer.is_unique());
    local.drop_entry(entry);
    assert!(buffer.is_unique());
}

#[test]
fn a_number_in_a_set_is_the_same_in_other_digits_and_types() {
    let path = || Path {
        class: "Note".into(),
        key: Key::Int(1),
        field: "numbers".into(),
        steps: Vec::new(),
    };
    let decimal = |coefficient, exponent| {
        Value::Decimal(Decimal128 {
            coefficient,
            exponent,
            negative: false,
        })
    };
    let left_over_by = |rules, earlier: [Value; 2], later: Value| {
        let [insert, erase] = earlier;
        let earlier = vec![
            Instruction::SetInsert {
                path: path(),
                value: insert,
            },
            Instruction::SetErase {
                path: path(),
                value: erase,
            },
        ];
        let later = vec![Instruction::SetInsert {
            path: path(),
            value: later,
        }];
        let (mut left, mut right) = ([part(2, earlier)], [part(3, later)]);
        merge(&mut left, &mut right, rules).unwrap();
        left[0].changeset.instructions.len()
    };
    let left_over = |earlier, later| left_over_by(Rules::SERVER, earlier, later);
    let (one, hundred) = (decimal(1, 0), decimal(100, -2));
    assert_eq!(left_over([hundred.clone(), hundred], one.clone()), 0);
    let zero = Value::Double(0.0);
    assert_eq!(
        left_over([zero.clone(), zero.clone()], Value::Double(-0.0)),
        0
    );
    let nan = Value::Double(f64::NAN);
    assert_eq!(left_over([one.clone(), decimal(2, 0)], one.clone()), 1);
    for (a, b) in [
        (zero, Value::Int(0)),
        (one, Value::Float(1.0)),
        (nan.clone(), nan),
    ] {
        let rest = |rules| left_over_by(rules, [a.clone(), a.clone()], b.clone());
        assert_eq!(rest(Rules::SERVER), 0, "the set takes {a:?} for {b:?}");
        assert_eq!(rest(Rules::REFERENCE), 2, "to the reference it is another");
    }
    let other = [Value::Int(2), Value::Bool(true)];
    assert_eq!(left_over(other, Value::Double(1.0)), 2);
}
