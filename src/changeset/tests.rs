use bytes::Bytes;

use super::*;

/// EraseTable of a class: two bytes each.
fn many(count: usize) -> Bytes {
    let instruction = Instruction::EraseTable { class: "A".into() };
    let instructions = vec![instruction; count];
    encode(&Changeset { instructions }).into()
}

#[test]
fn instructions_of_a_stranger_take_no_more_memory_than_they_may() {
    let input = many(1000);
    let needed = 1000 * size_of::<Instruction>() + 4 * size_of::<Text>();
    let decoded = decode_within(&input, needed).unwrap();
    assert_eq!(decoded.instructions.len(), 1000);
    assert_eq!(
        decode_within(&input, needed - 1),
        Err(DecodeError::TooLarge(needed - 1))
    );
    assert_eq!(decode(&input), Ok(decoded));
}

#[test]
fn steps_of_paths_and_names_count() {
    let path = Path {
        class: "A".into(),
        key: Key::Int(1),
        field: "b".into(),
        steps: vec![Step::Index(0); 100],
    };
    let update = Instruction::Update {
        path,
        value: Value::Null,
        slot: Slot::Element { prior_size: 1 },
    };
    let instructions = vec![update];
    let input = encode(&Changeset { instructions }).into();
    let needed = size_of::<Instruction>() + 100 * size_of::<Step>() + 2 * 4 * size_of::<Text>();
    assert!(decode_within(&input, needed).is_ok());
    assert_eq!(
        decode_within(&input, needed - 1),
        Err(DecodeError::TooLarge(needed - 1))
    );
}
