//! Rules for values: the last writer wins, defaults lose, increments add up.

use super::MergeError;
use super::pair::{discard_earlier, same_path};
use super::unit::Unit;
use crate::changeset::{CollectionKind, Instruction, Slot, Value};

/// Update (a) meets Update.
pub(super) fn update(a: &mut Unit, b: &mut Unit) -> Result<(), MergeError> {
    if !same_path(a, b) {
        return Ok(());
    }
    let (
        Instruction::Update {
            value: av,
            slot: aslot,
            ..
        },
        Instruction::Update {
            value: bv,
            slot: bslot,
            ..
        },
    ) = (&a.instruction, &b.instruction)
    else {
        return Ok(());
    };
    let (a_default, b_default) = match (aslot, bslot) {
        (Slot::Element { prior_size: a_size }, Slot::Element { prior_size: b_size })
            if a_size == b_size =>
        {
            (false, false)
        }
        (
            Slot::Field {
                is_default: a_default,
            },
            Slot::Field {
                is_default: b_default,
            },
        ) => (*a_default, *b_default),
        (Slot::Element { .. } | Slot::Field { .. }, Slot::Element { .. } | Slot::Field { .. }) => {
            return Err(MergeError::Inconsistent {
                place: a.describe(),
                what: "sizes of the list differ",
            });
        }
    };
    match (av, bv) {
        (Value::List, Value::List) | (Value::Dictionary, Value::Dictionary) => {}
        // Whatever replaces an embedded object wins over creating it.
        (Value::Object, other) if !matches!(other, Value::Object) => a.discard(),
        (other, Value::Object) if !matches!(other, Value::Object) => b.discard(),
        _ if a_default && !b_default => a.discard(),
        _ if b_default && !a_default => b.discard(),
        _ => discard_earlier(a, b),
    }
    Ok(())
}

/// AddInteger (a) meets Update: an earlier or default value takes the increment along.
pub(super) fn add_integer(a: &mut Unit, b: &mut Unit) {
    if !matches!(b.instruction, Instruction::Update { .. }) || !same_path(a, b) {
        return;
    }
    let earlier = b.key < a.key;
    let (
        Instruction::AddInteger {
            value: increment, ..
        },
        Instruction::Update { value, slot, .. },
    ) = (&a.instruction, &mut b.instruction)
    else {
        return;
    };
    if !earlier && !matches!(slot, Slot::Field { is_default: true }) {
        return a.discard();
    }
    match value {
        Value::Null => {}
        Value::Int(sum) => {
            *sum = sum.wrapping_add(*increment);
            b.changed = true;
        }
        Value::Bool(_)
        | Value::String(_)
        | Value::Binary(_)
        | Value::Timestamp { .. }
        | Value::Float(_)
        | Value::Double(_)
        | Value::Decimal(_)
        | Value::Link(_)
        | Value::ObjectId(_)
        | Value::Uuid(_)
        | Value::Object
        | Value::Dictionary
        | Value::Erased
        | Value::List
        | Value::Set => a.discard(),
    }
}

/// Clear (a) meets Update, AddInteger or Clear.
pub(super) fn clear(a: &mut Unit, b: &mut Unit) {
    let Instruction::Clear { kind, .. } = &a.instruction else {
        return;
    };
    let kind = *kind;
    match &b.instruction {
        Instruction::Update { value, .. } => {
            let agree = matches!(
                (kind, value),
                (CollectionKind::List, Value::List)
                    | (CollectionKind::Dictionary, Value::Dictionary)
            );
            if !agree && same_path(a, b) {
                discard_earlier(a, b);
            }
        }
        Instruction::AddInteger { .. } => {
            if same_path(a, b) {
                b.discard();
            }
        }
        Instruction::Clear { .. } => {
            if same_path(a, b) {
                discard_earlier(a, b);
            }
        }
        Instruction::AddTable { .. }
        | Instruction::EraseTable { .. }
        | Instruction::CreateObject { .. }
        | Instruction::EraseObject { .. }
        | Instruction::AddColumn { .. }
        | Instruction::EraseColumn { .. }
        | Instruction::ArrayInsert { .. }
        | Instruction::ArrayMove { .. }
        | Instruction::ArrayErase { .. }
        | Instruction::SetInsert { .. }
        | Instruction::SetErase { .. } => {}
    }
}
