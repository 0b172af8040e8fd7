//! Rules for sets: the last writer wins, value by value; Clear wins over all.

use super::pair::{discard_earlier, same_path};
use super::unit::Unit;
use super::{Fired, Rules};
use crate::changeset::{Instruction, Value};

/// SetInsert or SetErase (a) meets Clear or another of the two.
pub(super) fn change(a: &mut Unit, b: &mut Unit, rules: Rules, fired: &mut Fired) {
    if !a.alive || !same_path(a, b) {
        return;
    }
    let (Instruction::SetInsert { value, .. } | Instruction::SetErase { value, .. }) =
        &a.instruction
    else {
        return;
    };
    match &b.instruction {
        Instruction::Clear { .. } => a.discard(),
        Instruction::SetInsert { value: other, .. } => {
            if is_same(value, other, rules, fired) {
                discard_earlier(a, b);
            }
        }
        Instruction::SetErase { value: other, .. } => {
            // The reference compares the places of these in its buffers.
            let by_place = matches!(value, Value::String(_) | Value::Binary(_) | Value::Link(_));
            fired.set_erasures += u64::from(by_place);
            if is_same(value, other, rules, fired) {
                discard_earlier(a, b);
            }
        }
        Instruction::AddTable { .. }
        | Instruction::EraseTable { .. }
        | Instruction::CreateObject { .. }
        | Instruction::EraseObject { .. }
        | Instruction::Update { .. }
        | Instruction::AddInteger { .. }
        | Instruction::AddColumn { .. }
        | Instruction::EraseColumn { .. }
        | Instruction::ArrayInsert { .. }
        | Instruction::ArrayMove { .. }
        | Instruction::ArrayErase { .. } => {}
    }
}

/// Whether both mean the same member.
fn is_same(value: &Value, other: &Value, rules: Rules, fired: &mut Fired) -> bool {
    if value.is_same_payload(other) {
        return true;
    }
    let is_one_number =
        value.is_number() && other.is_number() && value.as_member() == other.as_member();
    fired.set_numbers += u64::from(is_one_number);
    is_one_number && rules.numbers_are_members
}
