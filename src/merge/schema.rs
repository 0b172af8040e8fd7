//! Rules for classes and columns.

use super::unit::Unit;
use super::{Fired, MergeError, Rules};
use crate::changeset::{Instruction, PrimaryKeyColumn, TableKind};

/// AddTable meets AddTable: equal ones are one, others cannot be merged.
pub(super) fn add_table(a: &mut Unit, b: &mut Unit) -> Result<(), MergeError> {
    let (Instruction::AddTable { kind: left, .. }, Instruction::AddTable { kind: right, .. }) =
        (&a.instruction, &b.instruction)
    else {
        return Ok(());
    };
    if a.place.class != b.place.class {
        return Ok(());
    }
    if let Some(what) = difference(left, right) {
        return Err(MergeError::Schema {
            place: a.describe(),
            what,
        });
    }
    a.discard();
    b.discard();
    Ok(())
}

fn difference(a: &TableKind, b: &TableKind) -> Option<&'static str> {
    use TableKind::{Asymmetric, Embedded, TopLevel};
    match (a, b) {
        (Embedded, Embedded) => None,
        (TopLevel(a), TopLevel(b)) | (Asymmetric(a), Asymmetric(b)) => key_difference(a, b),
        (Embedded, TopLevel(_) | Asymmetric(_)) | (TopLevel(_) | Asymmetric(_), Embedded) => {
            Some("embedded or top level")
        }
        (TopLevel(_), Asymmetric(_)) | (Asymmetric(_), TopLevel(_)) => Some("asymmetric or not"),
    }
}

fn key_difference(a: &PrimaryKeyColumn, b: &PrimaryKeyColumn) -> Option<&'static str> {
    if a.field != b.field {
        Some("name of the primary key")
    } else if a.kind != b.kind {
        Some("type of the primary key")
    } else if a.nullable != b.nullable {
        Some("nullability of the primary key")
    } else {
        None
    }
}

/// EraseTable (a) meets AddTable or EraseTable. What it does to the rest of its class is a nested rule.
pub(super) fn erase_table(a: &mut Unit, b: &mut Unit) {
    if a.place.class != b.place.class {
        return;
    }
    match b.instruction {
        Instruction::AddTable { .. } => b.discard(),
        Instruction::EraseTable { .. } => {
            a.discard();
            b.discard();
        }
        Instruction::CreateObject { .. }
        | Instruction::EraseObject { .. }
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

/// AddColumn (a) meets EraseTable of its target, before which the column must be erased, or AddColumn.
pub(super) fn add_column(a: &mut Unit, b: &mut Unit) -> Result<Option<Instruction>, MergeError> {
    let Instruction::AddColumn {
        class,
        field,
        column,
    } = &a.instruction
    else {
        return Ok(None);
    };
    match &b.instruction {
        Instruction::EraseTable { .. } if a.place.target == Some(b.place.class) => {
            // It may stay on the local side for long, and come from the incoming one.
            let erase = Instruction::EraseColumn {
                class: class.detached(),
                field: field.detached(),
            };
            a.discard();
            Ok(Some(erase))
        }
        Instruction::AddColumn { column: other, .. } if a.place.column == b.place.column => {
            let what = if column.kind != other.kind {
                Some("type")
            } else if column.nullable != other.nullable {
                Some("nullability")
            } else if column.collection != other.collection {
                Some("kind of collection")
            } else {
                None
            };
            if let Some(what) = what {
                return Err(MergeError::Schema {
                    place: format!("{class}.{field}"),
                    what,
                });
            }
            a.discard();
            b.discard();
            Ok(None)
        }
        Instruction::AddColumn { .. }
        | Instruction::AddTable { .. }
        | Instruction::EraseTable { .. }
        | Instruction::CreateObject { .. }
        | Instruction::EraseObject { .. }
        | Instruction::Update { .. }
        | Instruction::AddInteger { .. }
        | Instruction::EraseColumn { .. }
        | Instruction::ArrayInsert { .. }
        | Instruction::ArrayMove { .. }
        | Instruction::ArrayErase { .. }
        | Instruction::Clear { .. }
        | Instruction::SetInsert { .. }
        | Instruction::SetErase { .. } => Ok(None),
    }
}

/// EraseColumn (a) meets what was done to the column.
pub(super) fn erase_column(a: &mut Unit, b: &mut Unit, rules: Rules, fired: &mut Fired) {
    if a.place.column != b.place.column {
        return;
    }
    match b.instruction {
        Instruction::AddColumn { .. } | Instruction::Update { .. } => b.discard(),
        Instruction::EraseColumn { .. } => {
            a.discard();
            b.discard();
        }
        Instruction::AddInteger { .. } => leftover(b, rules, fired),
        Instruction::AddTable { .. }
        | Instruction::EraseTable { .. }
        | Instruction::CreateObject { .. }
        | Instruction::EraseObject { .. }
        | Instruction::ArrayInsert { .. }
        | Instruction::ArrayMove { .. }
        | Instruction::ArrayErase { .. }
        | Instruction::Clear { .. }
        | Instruction::SetInsert { .. }
        | Instruction::SetErase { .. } => {}
    }
}

/// A list or set instruction or Clear (a) meets EraseColumn of its column.
pub(super) fn column_of(a: &mut Unit, b: &Unit, rules: Rules, fired: &mut Fired) {
    if matches!(b.instruction, Instruction::EraseColumn { .. }) && a.place.column == b.place.column
    {
        leftover(a, rules, fired);
    }
}

/// What the reference leaves over of an erased column can only fail when it is applied.
fn leftover(unit: &mut Unit, rules: Rules, fired: &mut Fired) {
    fired.column_leftovers += 1;
    if rules.columns_take_leftovers {
        unit.discard();
    }
}
