//! What is refused, and that every changeset cut short is refused or is the beginning of the whole.

use bytes::Bytes;

use super::codec::MAX_NAME;
use super::*;

fn path(steps: &[Step]) -> Path {
    Path {
        class: "Dog".into(),
        key: Key::String("rex".into()),
        field: "x".into(),
        steps: steps.to_vec(),
    }
}

/// One of every instruction, with every kind of key and value among them.
fn samples() -> Vec<Instruction> {
    let keys = [
        Key::Null,
        Key::Int(-70),
        Key::String("rex".into()),
        Key::ObjectId([1; 12]),
        Key::Uuid([2; 16]),
        Key::Global { hi: 2, lo: 700 },
    ];
    let mut values = vec![
        Value::Null,
        Value::Int(i64::MIN),
        Value::Bool(true),
        Value::String("text".into()),
        Value::Binary(Bytes::from_static(&[0, 255])),
        Value::Timestamp {
            seconds: -1,
            nanoseconds: -500_000_000,
        },
        Value::Float(1.5),
        Value::Double(-2.0),
        Value::Decimal(Decimal128 {
            coefficient: u128::MAX >> 15,
            exponent: -2,
            negative: true,
        }),
        Value::ObjectId([3; 12]),
        Value::Uuid([4; 16]),
        Value::Object,
        Value::Dictionary,
        Value::Erased,
        Value::List,
        Value::Set,
    ];
    values.extend(keys.iter().map(|key| {
        Value::Link(Link {
            class: "Cat".into(),
            key: key.clone(),
        })
    }));
    let key_column = |kind| PrimaryKeyColumn {
        field: "_id".into(),
        kind,
        nullable: true,
    };
    let element = || path(&[Step::Name("k".into()), Step::Index(300)]);
    let mut samples = vec![
        Instruction::AddTable {
            class: "Part".into(),
            kind: TableKind::Embedded,
        },
        Instruction::AddTable {
            class: "Event".into(),
            kind: TableKind::Asymmetric(key_column(KeyKind::Uuid)),
        },
        Instruction::EraseTable {
            class: "Old".into(),
        },
        Instruction::EraseColumn {
            class: "Dog".into(),
            field: "old".into(),
        },
        Instruction::AddInteger {
            path: path(&[]),
            value: -3,
        },
        Instruction::ArrayMove {
            path: element(),
            to: 3,
            prior_size: 400,
        },
        Instruction::ArrayErase {
            path: element(),
            prior_size: 400,
        },
        Instruction::Clear {
            path: path(&[]),
            kind: CollectionKind::Dictionary,
        },
        Instruction::SetInsert {
            path: path(&[]),
            value: Value::Int(1),
        },
        Instruction::SetErase {
            path: path(&[]),
            value: Value::Int(1),
        },
        Instruction::Update {
            path: element(),
            value: Value::Int(1),
            slot: Slot::Element { prior_size: 400 },
        },
        Instruction::ArrayInsert {
            path: element(),
            value: Value::Object,
            prior_size: 400,
        },
    ];
    for kind in [
        KeyKind::Int,
        KeyKind::String,
        KeyKind::ObjectId,
        KeyKind::Uuid,
        KeyKind::None,
    ] {
        samples.push(Instruction::AddTable {
            class: "Dog".into(),
            kind: TableKind::TopLevel(key_column(kind)),
        });
    }
    for key in keys {
        samples.push(Instruction::CreateObject {
            class: "Dog".into(),
            key: key.clone(),
        });
        samples.push(Instruction::EraseObject {
            class: "Dog".into(),
            key,
        });
    }
    samples.extend(values.into_iter().map(|value| Instruction::Update {
        path: path(&[]),
        value,
        slot: Slot::Field { is_default: true },
    }));
    for kind in [
        ColumnKind::Mixed,
        ColumnKind::Decimal,
        ColumnKind::Link("Cat".into()),
    ] {
        for collection in [CollectionKind::Single, CollectionKind::Dictionary] {
            let is_dictionary = collection == CollectionKind::Dictionary;
            samples.push(Instruction::AddColumn {
                class: "Dog".into(),
                field: "x".into(),
                column: Column {
                    kind: kind.clone(),
                    nullable: true,
                    collection,
                    dictionary_key: if is_dictionary { 3 } else { 0 },
                },
            });
        }
    }
    samples
}

#[test]
fn every_instruction_comes_back_as_it_was() {
    let changeset = Changeset {
        instructions: samples(),
    };
    let bytes = Bytes::from(encode(&changeset));
    assert_eq!(decode(&bytes), Ok(changeset));
}

#[test]
fn a_changeset_cut_short_is_refused_or_a_beginning() {
    let instructions = samples();
    let whole = Bytes::from(encode(&Changeset {
        instructions: instructions.clone(),
    }));
    let mut longest = 0;
    for length in 0..whole.len() {
        // A changeset has no end of its own: a cut between two records is none.
        if let Ok(beginning) = decode(&whole.slice(..length)) {
            let count = beginning.instructions.len();
            assert_eq!(beginning.instructions, instructions[..count]);
            assert!(count >= longest && count < instructions.len());
            longest = count;
        }
    }
    assert_eq!(longest, instructions.len() - 1);
    for instruction in instructions {
        let alone = Bytes::from(encode(&Changeset {
            instructions: vec![instruction.clone()],
        }));
        for length in 0..alone.len() {
            let cut = decode(&alone.slice(..length));
            assert!(
                cut.is_err() || cut == Ok(Changeset::default()),
                "{instruction:?} of {length} bytes"
            );
        }
    }
}

/// `Dog` and `x` defined, then these bytes.
fn after_names(bytes: &[u8]) -> Result<Changeset, DecodeError> {
    let mut whole = b"\x3f\x00\x03Dog\x3f\x01\x01x".to_vec();
    whole.extend_from_slice(bytes);
    decode(&whole.into())
}

#[test]
fn what_the_format_does_not_allow_is_refused() {
    use DecodeError::{BadIndex, BadInteger, Intern, NoIndex, TooLong, Truncated, Unknown};
    let unknown = |what, code| Unknown { what, code };
    for (bytes, error) in [
        // Integers: cut, of too many bytes, too great, negative where none may be.
        (&b"\x80"[..], Truncated("instruction code")),
        (&[0x80; 11], BadInteger("instruction code")),
        (b"\x40", BadInteger("instruction code")),
        (b"\x01\xff\xff\xff\xff\x3f", BadInteger("class")),
        (b"\x01\x80\x80\x80\x80\x80\x00", BadInteger("class")),
        (b"\x01\x45", BadInteger("class")),
        (b"\x00\x00\xff\x0f", BadInteger("table type")),
        // Codes that nothing has.
        (b"\x0e", unknown("instruction", 14)),
        (b"\x00\x00\x03", unknown("table type", 3)),
        (b"\x00\x00\x00\x01\x02\x00", unknown("primary key type", 2)),
        (b"\x00\x00\x00\x01\x00\x00", unknown("primary key type", 0)),
        (b"\x02\x00\x02", unknown("key type", 2)),
        (b"\x02\x00\x41", unknown("key type", -2)),
        (b"\x04\x00\x01\x01\x01\x00\x0c", unknown("value type", 12)),
        (b"\x04\x00\x01\x01\x01\x00\x40", unknown("value type", -1)),
        (b"\x04\x00\x01\x01\x01\x00\x46", unknown("value type", -7)),
        (b"\x06\x00\x01\x0c\x00\x00", unknown("column type", 12)),
        (b"\x06\x00\x01\x40\x00\x00", unknown("column type", -1)),
        (b"\x06\x00\x01\x45\x00\x00", unknown("column type", -6)),
        (b"\x06\x00\x01\x01\x00\x04", unknown("collection type", 4)),
        (b"\x0b\x00\x01\x01\x01\x00\x04", unknown("collection type", 4)),
        // Strings out of order, twice, not there.
        (b"\x3f\x03\x01y", Intern(3)),
        (b"\x3f\x01\x01y", Intern(1)),
        (b"\x3f\x02\x01x", Intern(2)),
        (b"\x01\x02", BadIndex(2)),
        (b"\x02\x00\x03\x02", BadIndex(2)),
        (b"\x04\x00\x01\x01\x01\x00\x09\x02", BadIndex(2)),
        (b"\x04\x00\x01\x01\x01\x01\x40\x02", BadIndex(2)),
        // Array instructions where there is no element.
        (b"\x08\x00\x01\x01\x01\x00\x01\x07\x00", NoIndex),
        (b"\x09\x00\x01\x01\x01\x01\x40\x01\x00\x01", NoIndex),
        (b"\x0a\x00\x01\x01\x01\x00\x01", NoIndex),
        // Too long, or longer than what is there.
        (b"\x04\x00\x01\x01\x01\x00\x03\xf0\xff\xff\x07", TooLong("string")),
        (b"\x04\x00\x01\x01\x01\x00\x04\xf1\xff\xff\x07", TooLong("binary")),
        (b"\x04\x00\x01\x01\x01\x00\x03\xef\xff\xff\x07", Truncated("string")),
        (b"\x3f\x02\x81\x20", TooLong("interned string")),
        (b"\x3f\x02\x80\x20", Truncated("interned string")),
        (b"\x04\x00\x01\x01\x01\xe5\x00", TooLong("path")),
        // Times and decimals that are none.
        (b"\x04\x00\x01\x01\x01\x00\x05\x01\x40", BadInteger("timestamp")),
        (b"\x04\x00\x01\x01\x01\x00\x05\x01\x80\x94\xeb\xdc\x03", BadInteger("timestamp")),
        (
            b"\x04\x00\x01\x01\x01\x00\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x02",
            BadInteger("decimal"),
        ),
    ] {
        assert_eq!(after_names(bytes), Err(error), "{bytes:02x?}");
    }
}

#[test]
fn what_is_odd_but_allowed_is_read() {
    assert_eq!(decode(&Bytes::new()), Ok(Changeset::default()));
    assert_eq!(after_names(b""), Ok(Changeset::default()), "names alone");
    let erased = Changeset {
        instructions: vec![Instruction::EraseTable {
            class: "Dog".into(),
        }],
    };
    assert_eq!(
        after_names(b"\x01\x80\x00"),
        Ok(erased),
        "an integer of more bytes than needed"
    );
    let longest = "n".repeat(MAX_NAME);
    let named = Changeset {
        instructions: vec![Instruction::EraseTable {
            class: longest.as_str().into(),
        }],
    };
    assert_eq!(decode(&encode(&named).into()), Ok(named));
}

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

#[test]
fn a_clear_of_what_was_just_inserted_is_left_out_and_no_other() {
    let insert = |index, value| Instruction::ArrayInsert {
        path: path(&[Step::Index(index)]),
        value,
        prior_size: index,
    };
    let clear = |index, kind| Instruction::Clear {
        path: path(&[Step::Index(index)]),
        kind,
    };
    use CollectionKind::{Dictionary, List};
    let idle = [
        insert(3, Value::List),
        clear(3, List),
        insert(4, Value::Dictionary),
        clear(4, Dictionary),
    ];
    let needed = [
        clear(3, List),
        clear(3, List),
        insert(5, Value::List),
        clear(4, List),
        insert(6, Value::List),
        clear(6, Dictionary),
        insert(7, Value::Null),
        clear(7, List),
    ];
    let mut changeset = Changeset {
        instructions: [&idle[..], &needed].concat(),
    };
    changeset.leave_out_idle_clears();
    let left = [&idle[0..1], &idle[2..3], &needed].concat();
    assert_eq!(changeset.instructions, left);
}
