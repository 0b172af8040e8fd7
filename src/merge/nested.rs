//! Rules for an instruction that acts inside what another one touches.
//!
//! Erasing and replacing win over what happens inside, whatever was made later; lists carry what happens inside their elements along.

use super::list::shifted;
use super::unit::Unit;
use super::{Fired, MergeError, Rules};
use crate::changeset::{Instruction, Path, Step, Value};

/// `outer` has the shorter target.
pub(super) fn merge(
    outer: &mut Unit,
    inner: &mut Unit,
    rules: Rules,
    fired: &mut Fired,
) -> Result<(), MergeError> {
    match &outer.instruction {
        Instruction::AddTable { .. }
        | Instruction::CreateObject { .. }
        | Instruction::AddColumn { .. }
        | Instruction::EraseColumn { .. }
        | Instruction::SetInsert { .. }
        | Instruction::SetErase { .. } => {}
        Instruction::EraseTable { .. } => {
            if outer.place.class == inner.place.class {
                inner.discard();
            }
        }
        Instruction::EraseObject { .. } => {
            if inner.place.field.is_some() && outer.place.object == inner.place.object {
                inner.discard();
            }
        }
        Instruction::Update { value, .. } => {
            if next_step(outer, inner).is_some_and(|next| !passes(value, next)) {
                inner.discard();
            }
        }
        Instruction::AddInteger { .. } | Instruction::Clear { .. } => {
            if next_step(outer, inner).is_some() {
                inner.discard();
            }
        }
        Instruction::ArrayInsert { .. } => {
            if let Some((at, index)) = element(outer, inner)? {
                let position = position(outer);
                if index >= position {
                    move_to(inner, at, index.checked_add(1))?;
                }
            }
        }
        Instruction::ArrayMove { to, .. } => {
            let to = *to;
            if let Some((at, index)) = element(outer, inner)? {
                fired.nested_moves += 1;
                let position = position(outer);
                if rules.moves_carry_contents {
                    let moved = shifted(index, position, to);
                    if moved != index {
                        move_to(inner, at, Some(moved))?;
                    }
                } else {
                    let last = outer
                        .instruction
                        .path()
                        .map_or(0, |path| path.steps.len())
                        .saturating_sub(1);
                    move_to(outer, last, Some(shifted(position, index, to)))?;
                }
            }
        }
        Instruction::ArrayErase { .. } => {
            if next_step(outer, inner).is_some() {
                inner.discard();
            } else if let Some((at, index)) = element(outer, inner)?
                && index > position(outer)
            {
                move_to(inner, at, index.checked_sub(1))?;
            }
        }
    }
    Ok(())
}

/// Whether setting a value leaves what happens inside it alone.
fn passes(value: &Value, next: &Step) -> bool {
    match value {
        Value::Object => true,
        Value::List => matches!(next, Step::Index(_)),
        Value::Dictionary => matches!(next, Step::Name(_)),
        Value::Null
        | Value::Int(_)
        | Value::Bool(_)
        | Value::String(_)
        | Value::Binary(_)
        | Value::Timestamp { .. }
        | Value::Float(_)
        | Value::Double(_)
        | Value::Decimal(_)
        | Value::Link(_)
        | Value::ObjectId(_)
        | Value::Uuid(_)
        | Value::Erased
        | Value::Set => false,
    }
}

/// Both paths, if both act on one field and the outer one is shorter.
fn paths<'a>(outer: &'a Unit, inner: &'a Unit) -> Option<(&'a Path, &'a Path)> {
    let (outer_path, inner_path) = (outer.instruction.path()?, inner.instruction.path()?);
    let below =
        outer.place.field == inner.place.field && outer_path.steps.len() < inner_path.steps.len();
    below.then_some((outer_path, inner_path))
}

/// The step by which the inner path goes on below the outer one.
fn next_step<'a>(outer: &'a Unit, inner: &'a Unit) -> Option<&'a Step> {
    let (outer, inner) = paths(outer, inner)?;
    if inner.steps.starts_with(&outer.steps) {
        inner.steps.get(outer.steps.len())
    } else {
        None
    }
}

/// Where the inner path goes through the list that the outer one changes: the step, and its index.
fn element(outer: &Unit, inner: &Unit) -> Result<Option<(usize, u32)>, MergeError> {
    let Some((outer_path, inner_path)) = paths(outer, inner) else {
        return Ok(None);
    };
    let Some(at) = outer_path.steps.len().checked_sub(1) else {
        return Ok(None);
    };
    if inner_path.steps[..at] != outer_path.steps[..at] {
        return Ok(None);
    }
    match inner_path.steps[at] {
        Step::Index(index) => Ok(Some((at, index))),
        Step::Name(_) => Err(MergeError::Inconsistent {
            place: outer.describe(),
            what: "a list to one, no list to the other",
        }),
    }
}

fn position(unit: &Unit) -> u32 {
    unit.instruction
        .path()
        .and_then(Path::index)
        .unwrap_or_default()
}

fn move_to(unit: &mut Unit, at: usize, index: Option<u32>) -> Result<(), MergeError> {
    let Some(index) = index else {
        return Err(MergeError::Inconsistent {
            place: unit.describe(),
            what: "index out of range",
        });
    };
    unit.changed = true;
    if let Some(step) = unit.path_mut().and_then(|path| path.steps.get_mut(at)) {
        *step = Step::Index(index);
    }
    Ok(())
}
