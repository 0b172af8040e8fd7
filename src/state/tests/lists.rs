//! Lists of every length against a plain vector, in the row of their object and out of it.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::*;

fn text(random: &mut StdRng) -> Value {
    let length = *[1, 20, 200, 3000]
        .get(random.random_range(0..40))
        .unwrap_or(&3);
    Value::String(Text::from("t".repeat(length).as_str()))
}

/// An edit of the list, done to the vector too.
fn edit(random: &mut StdRng, list: &mut Vec<Content>, grows: bool) -> Instruction {
    let length = list.len();
    let prior_size = length as u32;
    let index = random.random_range(0..=length.saturating_sub(1));
    let at = path(&format!("any.{index}"));
    match random.random_range(0..6) {
        0 if length > 1 => {
            let to = (index + random.random_range(1..length)) % length;
            let moved = list.remove(index);
            list.insert(to, moved);
            Instruction::ArrayMove {
                path: at,
                to: to as u32,
                prior_size,
            }
        }
        1 if length > 0 => {
            let value = text(random);
            list[index] = Content::Value(value.clone());
            set(&format!("any.{index}"), value)
        }
        kind if length > 0 && (kind == 2 || !grows) => {
            list.remove(index);
            Instruction::ArrayErase {
                path: at,
                prior_size,
            }
        }
        kind => {
            let index = random.random_range(0..=length);
            let (value, content) = if kind == 3 && random.random_bool(0.05) {
                (Value::List, Content::List(Vec::new()))
            } else {
                let value = text(random);
                (value.clone(), Content::Value(value))
            };
            list.insert(index, content);
            insert(&format!("any.{index}"), value, prior_size)
        }
    }
}

#[test]
fn a_list_is_what_was_done_to_it_however_long_it_is() {
    for seed in 0..40 {
        let mut random = StdRng::seed_from_u64(seed);
        let mut state = State::new();
        let column = Column {
            kind: ColumnKind::Mixed,
            nullable: true,
            collection: CollectionKind::List,
            dictionary_key: 0,
        };
        state.must(add_column("Thing", "any", column));
        let before = state.cells.cells.len();
        let mut list = Vec::new();
        for round in 0..300 {
            let instruction = edit(&mut random, &mut list, round < 100 || round % 100 < 50);
            state.must(instruction);
            assert_eq!(
                state.field("any"),
                Content::List(list.clone()),
                "seed {seed}"
            );
        }
        state.must(clear("any", CollectionKind::List));
        assert_eq!(state.field("any"), Content::List(Vec::new()));
        assert!(
            state.cells.cells.len() <= before + 1,
            "nothing is left but the counter"
        );
    }
}

#[test]
fn a_short_list_takes_no_cell_and_a_long_one_does() {
    let mut state = State::new();
    let before = state.cells.cells.len();
    for index in 0..16 {
        state.must(insert(&format!("ints.{index}"), Value::Int(7), index));
    }
    assert_eq!(state.cells.cells.len(), before);
    state.must(insert("ints.16", Value::Int(7), 16));
    assert_eq!(
        state.cells.cells.len(),
        before + 2,
        "a chunk and the counter"
    );
    assert_eq!(state.field("ints"), ints([7; 17]));
}
