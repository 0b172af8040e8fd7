//! Rules for whole objects: erasing wins.

use super::unit::Unit;
use crate::changeset::Instruction;

/// EraseObject (a) meets CreateObject or EraseObject.
pub(super) fn erase_object(a: &mut Unit, b: &mut Unit) {
    if a.place.object != b.place.object {
        return;
    }
    match b.instruction {
        Instruction::CreateObject { .. } => b.discard(),
        // The later erasure stays.
        Instruction::EraseObject { .. } => {
            if b.key < a.key {
                b.discard();
            } else {
                a.discard();
            }
        }
        Instruction::AddTable { .. }
        | Instruction::EraseTable { .. }
        | Instruction::Update { .. }
        | Instruction::AddInteger { .. }
        | Instruction::AddColumn { .. }
        | Instruction::EraseColumn { .. }
        | Instruction::ArrayInsert { .. }
        | Instruction::ArrayMove { .. }
        | Instruction::ArrayErase { .. }
        | Instruction::Clear { .. }
        | Instruction::SetInsert { .. }
        | Instruction::SetErase { .. } => {}
    }
}
