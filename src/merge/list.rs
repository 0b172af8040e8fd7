//! Rules for lists: positions follow what others insert, move and erase.
//!
//! Each rule takes the numbers out of its two instructions, works on them, and puts them back. Where two go to the same place, the earlier one comes
//! first.

use super::pair::same_container;
use super::unit::Unit;
use super::{Fired, MergeError, Rules};
use crate::changeset::{Instruction, Path, Slot, Step};

/// Where an element comes to lie when another is moved: `index` of it, `from` and `to` of the move.
pub(super) fn shifted(index: u32, from: u32, to: u32) -> u32 {
    if index == from {
        return to;
    }
    let closed = if index > from { index - 1 } else { index };
    if closed >= to {
        closed.saturating_add(1)
    } else {
        closed
    }
}

/// The numbers of a list instruction.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Numbers {
    /// The index that ends the path.
    index: u32,
    /// Elements before the instruction.
    size: u32,
    /// Where a move goes.
    to: u32,
}

/// ArrayInsert (a) meets Update or ArrayInsert.
pub(super) fn insert(a: &mut Unit, b: &mut Unit) -> Result<(), MergeError> {
    if !a.alive || !same_container(a, b) {
        return Ok(());
    }
    match b.instruction {
        Instruction::Update { .. } => with_numbers(a, b, |a, b, _| {
            check(a.size == b.size && a.index <= a.size && b.index < b.size)?;
            b.size = up(b.size)?;
            if b.index >= a.index {
                b.index = up(b.index)?;
            }
            Ok(Fate::default())
        }),
        Instruction::ArrayInsert { .. } => with_numbers(a, b, |a, b, a_earlier| {
            check(a.size == b.size)?;
            (a.size, b.size) = (up(a.size)?, up(b.size)?);
            if a.index > b.index || (a.index == b.index && !a_earlier) {
                a.index = up(a.index)?;
            } else {
                b.index = up(b.index)?;
            }
            Ok(Fate::default())
        }),
        Instruction::AddTable { .. }
        | Instruction::EraseTable { .. }
        | Instruction::CreateObject { .. }
        | Instruction::EraseObject { .. }
        | Instruction::AddInteger { .. }
        | Instruction::AddColumn { .. }
        | Instruction::EraseColumn { .. }
        | Instruction::ArrayMove { .. }
        | Instruction::ArrayErase { .. }
        | Instruction::Clear { .. }
        | Instruction::SetInsert { .. }
        | Instruction::SetErase { .. } => Ok(()),
    }
}

/// ArrayMove (a) meets Update, ArrayInsert or ArrayMove.
pub(super) fn movement(a: &mut Unit, b: &mut Unit) -> Result<(), MergeError> {
    if !a.alive || !same_container(a, b) {
        return Ok(());
    }
    match b.instruction {
        Instruction::Update { .. } => with_numbers(a, b, |a, b, _| {
            check(a.index < a.size && b.index < b.size)?;
            b.index = shifted(b.index, a.index, a.to);
            Ok(Fate::default())
        }),
        Instruction::ArrayInsert { .. } => with_numbers(a, b, move_meets_insert),
        Instruction::ArrayMove { .. } => with_numbers(a, b, move_meets_move),
        Instruction::AddTable { .. }
        | Instruction::EraseTable { .. }
        | Instruction::CreateObject { .. }
        | Instruction::EraseObject { .. }
        | Instruction::AddInteger { .. }
        | Instruction::AddColumn { .. }
        | Instruction::EraseColumn { .. }
        | Instruction::ArrayErase { .. }
        | Instruction::Clear { .. }
        | Instruction::SetInsert { .. }
        | Instruction::SetErase { .. } => Ok(()),
    }
}

/// Clear of a collection that is an element of a list (a) meets what is done to the list.
pub(super) fn element_clear(a: &mut Unit, b: &mut Unit, rules: Rules, fired: &mut Fired) {
    let position = |unit: &Unit| unit.instruction.path().and_then(Path::index);
    let (Some(index), Some(at)) = (position(a), position(b)) else {
        return;
    };
    if !a.alive || !b.alive || !same_container(a, b) {
        return;
    }
    let follows = match b.instruction {
        Instruction::ArrayInsert { .. } if index >= at => Some(index.saturating_add(1)),
        Instruction::ArrayMove { to, .. } => Some(shifted(index, at, to)),
        Instruction::ArrayErase { .. } if index == at => None,
        Instruction::ArrayErase { .. } if index > at => Some(index - 1),
        Instruction::AddTable { .. }
        | Instruction::EraseTable { .. }
        | Instruction::CreateObject { .. }
        | Instruction::EraseObject { .. }
        | Instruction::Update { .. }
        | Instruction::AddInteger { .. }
        | Instruction::AddColumn { .. }
        | Instruction::EraseColumn { .. }
        | Instruction::ArrayInsert { .. }
        | Instruction::ArrayErase { .. }
        | Instruction::Clear { .. }
        | Instruction::SetInsert { .. }
        | Instruction::SetErase { .. } => Some(index),
    };
    if follows == Some(index) {
        return;
    }
    fired.element_clears += 1;
    if !rules.clears_follow_elements {
        return;
    }
    match (follows, a.path_mut().and_then(|path| path.steps.last_mut())) {
        (Some(moved), Some(step)) => {
            *step = Step::Index(moved);
            a.changed = true;
        }
        (Some(_), None) => {}
        (None, _) => a.discard(),
    }
}

fn move_meets_insert(
    a: &mut Numbers,
    b: &mut Numbers,
    a_earlier: bool,
) -> Result<Fate, &'static str> {
    a.size = up(a.size)?;
    // The insertion with the element taken out, the move with the insertion done.
    if b.index > a.index {
        b.index -= 1;
    } else {
        a.index = up(a.index)?;
    }
    if b.index < a.to || (b.index == a.to && a_earlier) {
        a.to = up(a.to)?;
    } else {
        b.index = up(b.index)?;
    }
    Ok(Fate::default())
}

fn move_meets_move(
    a: &mut Numbers,
    b: &mut Numbers,
    a_earlier: bool,
) -> Result<Fate, &'static str> {
    check(
        a.size == b.size
            && [a.index, a.to, b.index, b.to]
                .iter()
                .all(|index| *index < a.size),
    )?;
    if a.index == b.index {
        return Ok(same_element_moved(a, b, a_earlier));
    }
    if a.index < b.index {
        b.index -= 1
    } else {
        a.index -= 1
    }
    if a.to > b.index {
        a.to -= 1
    } else {
        b.index = up(b.index)?
    }
    if a.index < b.to {
        b.to = down(b.to)?
    } else {
        a.index = up(a.index)?
    }
    if a.to < b.to || (a.to == b.to && a_earlier) {
        b.to = up(b.to)?;
    } else {
        a.to = up(a.to)?;
    }
    Ok(Fate {
        discard_a: a.index == a.to,
        discard_b: b.index == b.to,
    })
}

/// The later move wins: it takes the element from where the earlier one has put it.
fn same_element_moved(a: &mut Numbers, b: &mut Numbers, a_earlier: bool) -> Fate {
    if a_earlier {
        b.index = a.to;
        Fate {
            discard_a: true,
            discard_b: b.index == b.to,
        }
    } else {
        a.index = b.to;
        Fate {
            discard_a: a.index == a.to,
            discard_b: true,
        }
    }
}

/// ArrayErase (a) meets Update, ArrayInsert, ArrayMove or ArrayErase.
pub(super) fn erase(a: &mut Unit, b: &mut Unit) -> Result<(), MergeError> {
    if !a.alive || !same_container(a, b) {
        return Ok(());
    }
    match b.instruction {
        Instruction::Update { .. } => with_numbers(a, b, |a, b, _| {
            check(a.size == b.size && a.index < a.size && b.index < b.size)?;
            b.size -= 1;
            let discard_b = a.index == b.index;
            if b.index > a.index {
                b.index -= 1;
            }
            Ok(Fate {
                discard_a: false,
                discard_b,
            })
        }),
        Instruction::ArrayInsert { .. } => with_numbers(a, b, |a, b, _| {
            check(a.size == b.size && a.index < a.size && b.index <= b.size)?;
            (a.size, b.size) = (up(a.size)?, b.size - 1);
            if b.index <= a.index {
                a.index = up(a.index)?
            } else {
                b.index -= 1
            }
            Ok(Fate::default())
        }),
        Instruction::ArrayMove { .. } => with_numbers(a, b, erase_meets_move),
        Instruction::ArrayErase { .. } => with_numbers(a, b, |a, b, _| {
            check(a.size == b.size && a.index < a.size && b.index < b.size)?;
            (a.size, b.size) = (a.size - 1, b.size - 1);
            let same = a.index == b.index;
            if a.index > b.index {
                a.index -= 1;
            } else if b.index > a.index {
                b.index -= 1;
            }
            Ok(Fate {
                discard_a: same,
                discard_b: same,
            })
        }),
        Instruction::AddTable { .. }
        | Instruction::EraseTable { .. }
        | Instruction::CreateObject { .. }
        | Instruction::EraseObject { .. }
        | Instruction::AddInteger { .. }
        | Instruction::AddColumn { .. }
        | Instruction::EraseColumn { .. }
        | Instruction::Clear { .. }
        | Instruction::SetInsert { .. }
        | Instruction::SetErase { .. } => Ok(()),
    }
}

fn erase_meets_move(
    a: &mut Numbers,
    b: &mut Numbers,
    _a_earlier: bool,
) -> Result<Fate, &'static str> {
    check(a.size == b.size && a.index < a.size && b.index < b.size)?;
    b.size -= 1;
    if a.index == b.index {
        a.index = b.to;
        return Ok(Fate {
            discard_a: false,
            discard_b: true,
        });
    }
    if a.index > b.index {
        a.index -= 1
    } else {
        b.index -= 1
    }
    if a.index >= b.to {
        a.index = up(a.index)?
    } else {
        b.to = down(b.to)?
    }
    Ok(Fate {
        discard_a: false,
        discard_b: b.index == b.to,
    })
}

/// Who is discarded.
#[derive(Default)]
struct Fate {
    discard_a: bool,
    discard_b: bool,
}

type Rule = fn(&mut Numbers, &mut Numbers, bool) -> Result<Fate, &'static str>;

/// Runs a rule on the numbers of a pair. The rule's last argument is whether `a` was made earlier.
fn with_numbers(a: &mut Unit, b: &mut Unit, rule: Rule) -> Result<(), MergeError> {
    let inconsistent = |what| MergeError::Inconsistent {
        place: a.describe(),
        what,
    };
    let (Some(mut a_numbers), Some(mut b_numbers)) =
        (numbers(&a.instruction), numbers(&b.instruction))
    else {
        return Err(inconsistent("a list to one, no list to the other"));
    };
    let fate = rule(&mut a_numbers, &mut b_numbers, a.key < b.key).map_err(inconsistent)?;
    put_back(a, a_numbers);
    put_back(b, b_numbers);
    if fate.discard_a {
        a.discard();
    }
    if fate.discard_b {
        b.discard();
    }
    Ok(())
}

fn check(holds: bool) -> Result<(), &'static str> {
    if holds {
        Ok(())
    } else {
        Err("sizes or positions contradict each other")
    }
}

fn up(number: u32) -> Result<u32, &'static str> {
    number.checked_add(1).ok_or("index out of range")
}

fn down(number: u32) -> Result<u32, &'static str> {
    number.checked_sub(1).ok_or("index out of range")
}

fn numbers(instruction: &Instruction) -> Option<Numbers> {
    let (size, to) = match instruction {
        Instruction::Update {
            slot: Slot::Element { prior_size },
            ..
        } => (*prior_size, 0),
        Instruction::ArrayInsert { prior_size, .. }
        | Instruction::ArrayErase { prior_size, .. } => (*prior_size, 0),
        Instruction::ArrayMove { prior_size, to, .. } => (*prior_size, *to),
        Instruction::Update {
            slot: Slot::Field { .. },
            ..
        }
        | Instruction::AddTable { .. }
        | Instruction::EraseTable { .. }
        | Instruction::CreateObject { .. }
        | Instruction::EraseObject { .. }
        | Instruction::AddInteger { .. }
        | Instruction::AddColumn { .. }
        | Instruction::EraseColumn { .. }
        | Instruction::Clear { .. }
        | Instruction::SetInsert { .. }
        | Instruction::SetErase { .. } => return None,
    };
    Some(Numbers {
        index: instruction.path().and_then(Path::index)?,
        size,
        to,
    })
}

fn put_back(unit: &mut Unit, after: Numbers) {
    if numbers(&unit.instruction) == Some(after) {
        return;
    }
    unit.changed = true;
    if let Some(step) = unit.path_mut().and_then(|path| path.steps.last_mut()) {
        *step = Step::Index(after.index);
    }
    match &mut unit.instruction {
        Instruction::Update {
            slot: Slot::Element { prior_size },
            ..
        }
        | Instruction::ArrayInsert { prior_size, .. }
        | Instruction::ArrayErase { prior_size, .. } => *prior_size = after.size,
        Instruction::ArrayMove { prior_size, to, .. } => {
            (*prior_size, *to) = (after.size, after.to)
        }
        Instruction::Update {
            slot: Slot::Field { .. },
            ..
        }
        | Instruction::AddTable { .. }
        | Instruction::EraseTable { .. }
        | Instruction::CreateObject { .. }
        | Instruction::EraseObject { .. }
        | Instruction::AddInteger { .. }
        | Instruction::AddColumn { .. }
        | Instruction::EraseColumn { .. }
        | Instruction::Clear { .. }
        | Instruction::SetInsert { .. }
        | Instruction::SetErase { .. } => {}
    }
}
