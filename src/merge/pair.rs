//! Two concurrent instructions meet: first the nested rule, if one acts inside the other's target, then the regular rule of the two kinds.

use super::unit::Unit;
use super::{Fired, MergeError, Rules, list, nested, object, schema, set, value};
use crate::changeset::Instruction;

/// An instruction that a rule puts before one of the pair.
pub(super) enum Prepend {
    Left(Instruction),
    Right(Instruction),
}

/// Applies the rules to a pair. Either may be altered or discarded.
pub(super) fn merge(
    left: &mut Unit,
    right: &mut Unit,
    rules: Rules,
    fired: &mut Fired,
) -> Result<Option<Prepend>, MergeError> {
    let (left_depth, right_depth) = (left.depth(), right.depth());
    if right_depth < left_depth {
        nested::merge(right, left, rules, fired)?;
    } else if left_depth < right_depth {
        nested::merge(left, right, rules, fired)?;
    }
    if !left.alive || !right.alive {
        return Ok(None);
    }
    if left.rank() >= right.rank() {
        let prepend = regular(left, right, rules, fired)?;
        Ok(prepend.map(Prepend::Right))
    } else {
        let prepend = regular(right, left, rules, fired)?;
        Ok(prepend.map(Prepend::Left))
    }
}

/// The rule of a pair, `a` having the higher rank. What is to be put before `b`, if anything.
fn regular(
    a: &mut Unit,
    b: &mut Unit,
    rules: Rules,
    fired: &mut Fired,
) -> Result<Option<Instruction>, MergeError> {
    use Instruction::*;
    match &a.instruction {
        AddTable { .. } => schema::add_table(a, b)?,
        EraseTable { .. } => schema::erase_table(a, b),
        CreateObject { .. } => {}
        EraseObject { .. } => object::erase_object(a, b),
        Update { .. } => value::update(a, b)?,
        AddInteger { .. } => value::add_integer(a, b),
        AddColumn { .. } => return schema::add_column(a, b),
        EraseColumn { .. } => schema::erase_column(a, b, rules, fired),
        ArrayInsert { .. } => {
            schema::column_of(a, b, rules, fired);
            list::insert(a, b)?;
        }
        ArrayMove { .. } => {
            schema::column_of(a, b, rules, fired);
            list::movement(a, b)?;
        }
        ArrayErase { .. } => {
            schema::column_of(a, b, rules, fired);
            list::erase(a, b)?;
        }
        Clear { .. } => {
            schema::column_of(a, b, rules, fired);
            value::clear(a, b);
            list::element_clear(a, b, rules, fired);
        }
        SetInsert { .. } | SetErase { .. } => {
            schema::column_of(a, b, rules, fired);
            set::change(a, b, rules, fired);
        }
    }
    Ok(None)
}

/// Whether two path instructions have the same path.
pub(super) fn same_path(a: &Unit, b: &Unit) -> bool {
    a.place.field.is_some()
        && a.place.field == b.place.field
        && a.instruction.path().map(|path| &path.steps)
            == b.instruction.path().map(|path| &path.steps)
}

/// Whether two path instructions act in the same container: equal but for the last step.
pub(super) fn same_container(a: &Unit, b: &Unit) -> bool {
    if a.place.field.is_none() || a.place.field != b.place.field {
        return false;
    }
    match (a.instruction.path(), b.instruction.path()) {
        (Some(a), Some(b)) if a.steps.len() == b.steps.len() => {
            let container = a.steps.len().saturating_sub(1);
            a.steps[..container] == b.steps[..container]
        }
        (Some(_) | None, Some(_) | None) => false,
    }
}

/// Discards the one that was made earlier. Equal keys: the second.
pub(super) fn discard_earlier(a: &mut Unit, b: &mut Unit) {
    if a.key < b.key {
        a.discard()
    } else {
        b.discard()
    }
}
