//! The transformation grid: every incoming instruction meets the local ones that it can affect, in order.
//!
//! A cell of the grid needs the outputs of its neighbours to the left and above; going through the incoming instructions one by one, and for each
//! through the local ones in order, keeps to that. The local side is indexed, so that an incoming instruction meets only those on its own field, object,
//! class or column. All other pairs are without effect.

use std::collections::BTreeSet;

use super::pair::{self, Prepend};
use super::unit::{Interner, Place, Unit};
use super::{Fired, MergeError, OrderKey, Rules, Work};
use crate::changeset::{Changeset, Instruction};

/// The local side: entries of instructions, indexed.
#[derive(Debug, Default)]
pub(crate) struct Local {
    interner: Interner,
    units: Vec<Unit>,
    /// Position of each unit; units put before others later get positions in the gaps.
    order: Vec<u64>,
    /// The entry of each unit.
    owners: Vec<usize>,
    /// The units of each entry, in order.
    entries: Vec<Vec<usize>>,
    /// Entries that have changed and were not taken yet.
    changed: BTreeSet<usize>,
    index: Index,
    next: u64,
    dead: usize,
    /// Empty lists of candidates, to be filled again.
    spare: Vec<Vec<usize>>,
}

/// Distance of positions: so many instructions can be put before one other.
const GAP: u64 = 1 << 20;

/// Units that a rule can reach from a place, by what the number stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Group {
    /// AddTable and EraseTable of a class.
    Tables(u32),
    /// EraseTable of a class.
    ErasedTables(u32),
    /// Everything of a class, and columns that link to it.
    Class(u32),
    /// AddColumn and EraseColumn of a column.
    Columns(u32),
    /// EraseColumn of a column.
    ErasedColumns(u32),
    /// Everything in a column.
    Column(u32),
    /// CreateObject and EraseObject of an object.
    Objects(u32),
    /// Everything on an object.
    Object(u32),
    /// Everything on a field of an object.
    Field(u32),
}

/// The groups of one unit: so many at most.
type Groups = [Option<Group>; 4];

/// The units of each group, ascending in position. What the interner has numbered stands at its number.
#[derive(Debug, Default)]
struct Index {
    lists: [Vec<Vec<usize>>; 9],
}

impl Index {
    fn place(group: Group) -> (usize, usize) {
        use Group::*;
        let (kind, number) = match group {
            Tables(number) => (0, number),
            ErasedTables(number) => (1, number),
            Class(number) => (2, number),
            Columns(number) => (3, number),
            ErasedColumns(number) => (4, number),
            Column(number) => (5, number),
            Objects(number) => (6, number),
            Object(number) => (7, number),
            Field(number) => (8, number),
        };
        (kind, number as usize)
    }

    /// The units of a group; none for what has no number.
    fn list(&self, group: Group) -> &[usize] {
        let (kind, number) = Self::place(group);
        self.lists[kind].get(number).map_or(&[], Vec::as_slice)
    }

    /// The same, to add one. The group has a number.
    fn list_mut(&mut self, group: Group) -> &mut Vec<usize> {
        let (kind, number) = Self::place(group);
        let lists = &mut self.lists[kind];
        if lists.len() <= number {
            lists.resize_with(number + 1, Vec::new);
        }
        &mut lists[number]
    }
}

impl Local {
    /// Appends a changeset. The number of its entry.
    pub fn push(&mut self, key: OrderKey, changeset: Changeset) -> usize {
        let entry = self.entries.len();
        self.entries
            .push(Vec::with_capacity(changeset.instructions.len()));
        for instruction in changeset.instructions {
            let unit = self.interner.local(instruction, key);
            self.next += GAP;
            let unit = self.insert(unit, entry, self.next);
            self.entries[entry].push(unit);
        }
        entry
    }

    /// Forgets an entry.
    pub fn drop_entry(&mut self, entry: usize) {
        self.changed.remove(&entry);
        for unit in std::mem::take(&mut self.entries[entry]) {
            self.dead += usize::from(self.units[unit].alive);
            self.units[unit].bury();
        }
    }

    /// Whether most of what is kept is dead.
    pub fn is_mostly_dead(&self) -> bool {
        self.dead > 64 && self.dead * 2 > self.units.len()
    }

    /// How many instructions an entry has, those included of which nothing is left.
    pub fn len_of(&self, entry: usize) -> usize {
        self.entries[entry].len()
    }

    /// What an entry has become.
    pub fn changeset(&self, entry: usize) -> Changeset {
        let alive = self.entries[entry]
            .iter()
            .map(|unit| &self.units[*unit])
            .filter(|unit| unit.alive);
        Changeset {
            instructions: alive.map(|unit| unit.instruction.clone()).collect(),
        }
    }

    /// The entries that have changed since this was asked last, ascending.
    pub fn take_changed(&mut self) -> BTreeSet<usize> {
        std::mem::take(&mut self.changed)
    }

    /// Marks an entry as changed.
    pub fn mark_changed(&mut self, entry: usize) {
        self.changed.insert(entry);
    }

    /// Takes an incoming changeset through the grid. What it has become, and whether that differs.
    pub fn meet(
        &mut self,
        key: OrderKey,
        changeset: Changeset,
        rules: Rules,
        fired: &mut Fired,
        work: &mut Work,
    ) -> Result<(Changeset, bool), MergeError> {
        if self.dead == self.units.len() {
            return Ok((changeset, false));
        }
        let mut out = Vec::with_capacity(changeset.instructions.len());
        let mut changed = false;
        for instruction in changeset.instructions {
            let unit = self.interner.incoming(instruction, key);
            changed |= self.pass(unit, 0, rules, fired, work, &mut out)?;
        }
        Ok((Changeset { instructions: out }, changed))
    }

    /// Takes one incoming instruction past the local ones after a position, and appends what is left of it. Whether anything was altered.
    fn pass(
        &mut self,
        mut unit: Unit,
        after: u64,
        rules: Rules,
        fired: &mut Fired,
        work: &mut Work,
        out: &mut Vec<Instruction>,
    ) -> Result<bool, MergeError> {
        let candidates = self.candidates(&unit, after, work)?;
        let mut altered = false;
        for &local in &candidates {
            if !self.units[local].alive {
                continue;
            }
            fired.met += 1;
            let prepend = pair::merge(&mut self.units[local], &mut unit, rules, fired)?;
            match prepend {
                None => {}
                Some(Prepend::Left(instruction)) => {
                    work.spend(self.entries[self.owners[local]].len())?;
                    self.insert_before(local, instruction);
                }
                Some(Prepend::Right(instruction)) => {
                    let before = self.interner.incoming(instruction, unit.key);
                    self.pass(before, self.order[local], rules, fired, work, out)?;
                    altered = true;
                }
            }
            self.note(local);
            if !unit.alive {
                break;
            }
        }
        self.spare.push(candidates);
        altered |= unit.changed || !unit.alive;
        if unit.alive {
            out.push(unit.instruction);
        }
        Ok(altered)
    }

    /// Notes whether a rule has altered a local unit.
    fn note(&mut self, local: usize) {
        let unit = &mut self.units[local];
        self.dead += usize::from(!unit.alive);
        if !unit.alive || std::mem::take(&mut unit.changed) {
            self.changed.insert(self.owners[local]);
        }
        if !unit.alive {
            unit.bury();
        }
    }

    /// Local units that this one may affect or be affected by, in order.
    fn candidates(
        &mut self,
        unit: &Unit,
        after: u64,
        work: &mut Work,
    ) -> Result<Vec<usize>, MergeError> {
        let lists = reach(unit).map(|group| group.map_or(&[][..], |group| self.index.list(group)));
        work.spend(lists.iter().map(|list| list.len()).sum())?;
        let mut units = self.spare.pop().unwrap_or_default();
        units.clear();
        for list in lists {
            let met = |unit: &usize| self.order[*unit] > after && self.units[*unit].alive;
            units.extend(list.iter().copied().filter(met));
        }
        if lists.iter().filter(|list| !list.is_empty()).count() > 1 {
            units.sort_unstable_by_key(|unit| self.order[*unit]);
            units.dedup();
        }
        Ok(units)
    }

    fn insert(&mut self, unit: Unit, entry: usize, order: u64) -> usize {
        let number = self.units.len();
        for group in groups(&unit).into_iter().flatten() {
            let list = self.index.list_mut(group);
            let is_last = list.last().is_none_or(|last| self.order[*last] < order);
            if is_last {
                list.push(number);
            } else {
                let at = list.partition_point(|other| self.order[*other] < order);
                list.insert(at, number);
            }
        }
        self.units.push(unit);
        self.owners.push(entry);
        self.order.push(order);
        number
    }

    /// Puts an instruction directly before another of its changeset.
    fn insert_before(&mut self, next: usize, instruction: Instruction) {
        let unit = self.interner.local(instruction, self.units[next].key);
        let (order, entry) = (self.order[next], self.owners[next]);
        let at = self.entries[entry]
            .iter()
            .position(|unit| *unit == next)
            .unwrap_or_default();
        // Several before one: each lies between the one before and the end of the gap.
        let before = at.checked_sub(1).map_or(order - GAP, |at| {
            self.order[self.entries[entry][at]].max(order - GAP)
        });
        let unit = self.insert(unit, entry, before + 1);
        self.entries[entry].insert(at, unit);
        self.changed.insert(entry);
    }
}

/// The groups in whose lists a unit stands.
fn groups(unit: &Unit) -> Groups {
    use Group::*;
    let Place {
        class,
        column,
        object,
        field,
        target,
    } = unit.place;
    let own = Some(Class(class));
    let linked = target.filter(|target| *target != class).map(Class);
    match &unit.instruction {
        Instruction::AddTable { .. } => [own, Some(Tables(class)), None, None],
        Instruction::EraseTable { .. } => {
            [own, Some(Tables(class)), Some(ErasedTables(class)), None]
        }
        Instruction::CreateObject { .. } | Instruction::EraseObject { .. } => {
            [own, object.map(Objects), object.map(Object), None]
        }
        Instruction::AddColumn { .. } => [own, linked, column.map(Columns), column.map(Column)],
        Instruction::EraseColumn { .. } => [
            own,
            column.map(Columns),
            column.map(ErasedColumns),
            column.map(Column),
        ],
        Instruction::Update { .. }
        | Instruction::AddInteger { .. }
        | Instruction::ArrayInsert { .. }
        | Instruction::ArrayMove { .. }
        | Instruction::ArrayErase { .. }
        | Instruction::Clear { .. }
        | Instruction::SetInsert { .. }
        | Instruction::SetErase { .. } => [
            own,
            field.map(Field),
            object.map(Object),
            column.map(Column),
        ],
    }
}

/// The groups that a unit has to meet.
fn reach(unit: &Unit) -> Groups {
    use Group::*;
    let Place {
        class,
        column,
        object,
        field,
        target,
    } = unit.place;
    let erased = Some(ErasedTables(class));
    match &unit.instruction {
        Instruction::AddTable { .. } => [Some(Tables(class)), None, None, None],
        Instruction::EraseTable { .. } => [Some(Class(class)), None, None, None],
        Instruction::CreateObject { .. } | Instruction::EraseObject { .. } => {
            [object.map(Object), erased, None, None]
        }
        Instruction::AddColumn { .. } => {
            let linked = target.filter(|target| *target != class);
            [column.map(Columns), erased, linked.map(ErasedTables), None]
        }
        Instruction::EraseColumn { .. } => [column.map(Column), erased, None, None],
        Instruction::Update { .. }
        | Instruction::AddInteger { .. }
        | Instruction::ArrayInsert { .. }
        | Instruction::ArrayMove { .. }
        | Instruction::ArrayErase { .. }
        | Instruction::Clear { .. }
        | Instruction::SetInsert { .. }
        | Instruction::SetErase { .. } => [
            field.map(Field),
            object.map(Objects),
            column.map(ErasedColumns),
            erased,
        ],
    }
}
