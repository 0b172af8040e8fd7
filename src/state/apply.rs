//! What each instruction does (merge rules, section 9).

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;

use super::ApplyError;
use super::cells::{Cells, NEXT_NODE, Node, embedded_key, long_key, member_prefix, objects_prefix};
use super::collection::{self, PAGE, delete_all};
use super::fit::{Type, bad_key};
use super::held::Held;
use super::key::{object_key, rest_of};
use super::list;
use super::row::{Row, Slot, weight};
use super::schema::{Class, Schema};
use super::walk::{FieldSpot, Spot};
use crate::changeset::{
    CollectionKind, Column, ColumnKind, Instruction, Key, KeyKind, Path, TableKind, Text, Value,
};

/// Applies instructions, one after another. The rows that were worked on last stay in hand, so that making an object with its fields reads and writes one cell;
/// [`Applier::finish`] writes them. After an error what was written must be taken back, and the schema with it.
pub struct Applier<'a, C: Cells> {
    pub(super) cells: &'a mut C,
    pub(super) schema: &'a mut Schema,
    /// The object in hand.
    pub(super) object: Option<Held<Key>>,
    /// The embedded object in hand.
    pub(super) embedded: Option<Held<Node>>,
    /// Classes that have changed; each is written once.
    changed: BTreeSet<Text>,
    first_node: Node,
}

/// Values of more bytes get cells of their own, so that changing a field beside them does not write them again.
const LONG: usize = 2048;

impl<'a, C: Cells> Applier<'a, C> {
    /// Over these cells, of which `schema` is the mirror.
    pub fn new(cells: &'a mut C, schema: &'a mut Schema) -> Applier<'a, C> {
        Applier {
            first_node: schema.next_node(),
            cells,
            schema,
            object: None,
            embedded: None,
            changed: BTreeSet::new(),
        }
    }

    /// Writes what is still held.
    pub fn finish(mut self) {
        self.write_back();
        for class in &self.changed {
            self.schema.write(self.cells, class);
        }
        if self.schema.next_node() != self.first_node {
            self.cells.put(
                NEXT_NODE.to_vec(),
                self.schema.next_node().to_be_bytes().to_vec(),
            );
        }
    }

    /// Applies an instruction.
    pub fn apply(&mut self, instruction: &Instruction) -> Result<(), ApplyError> {
        self.apply_any(instruction)?;
        if self.cells.held() > MOST_HELD {
            return ApplyError::refused("too much is written at once");
        }
        Ok(())
    }

    fn apply_any(&mut self, instruction: &Instruction) -> Result<(), ApplyError> {
        use Instruction::*;
        match instruction {
            AddTable { .. } | EraseTable { .. } | AddColumn { .. } | EraseColumn { .. } => {
                self.write_back(); // what is in hand has its class as it was
                self.apply_to_schema(instruction)
            }
            CreateObject { class, key } => self.create_object(class, key),
            EraseObject { class, key } => self.erase_object(class, key),
            Update { path, .. }
            | AddInteger { path, .. }
            | ArrayInsert { path, .. }
            | ArrayMove { path, .. }
            | ArrayErase { path, .. }
            | Clear { path, .. }
            | SetInsert { path, .. }
            | SetErase { path, .. } => {
                // Objects of asymmetric classes are for others; nothing is kept of them.
                if !self.holds(path)
                    && matches!(self.top_level(&path.class)?.kind, TableKind::Asymmetric(_))
                {
                    Ok(())
                } else {
                    self.apply_at(path, instruction)
                }
            }
        }
    }

    fn apply_to_schema(&mut self, instruction: &Instruction) -> Result<(), ApplyError> {
        use Instruction::*;
        match instruction {
            AddTable { class, kind } => self.add_table(class, kind),
            EraseTable { class } => self.erase_table(class),
            AddColumn {
                class,
                field,
                column,
            } => self.add_column(class, field, column),
            EraseColumn { class, field } => self.erase_column(class, field),
            CreateObject { .. }
            | EraseObject { .. }
            | Update { .. }
            | AddInteger { .. }
            | ArrayInsert { .. }
            | ArrayMove { .. }
            | ArrayErase { .. }
            | Clear { .. }
            | SetInsert { .. }
            | SetErase { .. } => Ok(()),
        }
    }

    fn apply_at(&mut self, path: &Path, instruction: &Instruction) -> Result<(), ApplyError> {
        use Instruction::*;
        match instruction {
            Update { value, .. } => self.update(path, value),
            AddInteger { value, .. } => self.add_integer(path, *value),
            ArrayInsert {
                value, prior_size, ..
            } => self.array_insert(path, value, *prior_size),
            ArrayMove { to, prior_size, .. } => self.array_move(path, *to, *prior_size),
            ArrayErase { prior_size, .. } => self.array_erase(path, *prior_size),
            Clear { kind, .. } => self.clear(path, *kind),
            SetInsert { value, .. } => self.set_change(path, value, true),
            SetErase { value, .. } => self.set_change(path, value, false),
            AddTable { .. }
            | EraseTable { .. }
            | AddColumn { .. }
            | EraseColumn { .. }
            | CreateObject { .. }
            | EraseObject { .. } => Ok(()),
        }
    }

    // Schema

    fn add_table(&mut self, name: &Text, kind: &TableKind) -> Result<(), ApplyError> {
        let Some(class) = self.schema.class(name) else {
            if name.as_bytes().is_empty() || name.as_bytes().len() > LONGEST_CLASS {
                return ApplyError::refused(format!("{name:?} is no name of a class"));
            }
            if let TableKind::TopLevel(key) | TableKind::Asymmetric(key) = kind
                && key.field.as_bytes().len() > LONGEST_COLUMN
            {
                return ApplyError::refused(format!(
                    "the primary key of {name} has no allowed name"
                ));
            }
            if self.schema.size().0 >= MOST_CLASSES {
                return ApplyError::refused(format!("more than {MOST_CLASSES} classes"));
            }
            self.schema.add_class(name, kind.clone());
            self.changed.insert(name.detached());
            return Ok(());
        };
        let keyless = matches!(kind, TableKind::TopLevel(key) if key.kind == KeyKind::None);
        if class.kind == *kind || (keyless && !class.is_embedded()) {
            return Ok(());
        }
        ApplyError::refused(format!("class {name} is there already and is different"))
    }

    fn erase_table(&mut self, name: &Text) -> Result<(), ApplyError> {
        let class = self.class(name)?;
        if self.schema.is_target(name) {
            return ApplyError::refused(format!("class {name} is linked to by other classes"));
        }
        let prefix = objects_prefix(class.id);
        let mut after: Option<Vec<u8>> = None;
        loop {
            let page = self.cells.scan(&prefix, after.as_deref(), PAGE)?;
            let is_last = page.len() < PAGE;
            for (key, cell) in page {
                self.free_row(Row::decode(cell)?)?;
                self.cells.delete(&key);
                after = Some(key);
            }
            if is_last {
                break;
            }
        }
        self.schema.erase_class(self.cells, &class);
        self.changed.remove(name);
        Ok(())
    }

    fn add_column(&mut self, name: &Text, field: &Text, column: &Column) -> Result<(), ApplyError> {
        let class = self.class(name)?;
        let refuse = |what: &str| ApplyError::refused(format!("column {name}.{field} {what}"));
        if let ColumnKind::Link(target) = &column.kind
            && !target.as_bytes().is_empty()
            && self.schema.class(target).is_none()
        {
            return refuse("links to an unknown class");
        }
        if column.collection == CollectionKind::Dictionary && column.dictionary_key != STRING_KEYS {
            return refuse("is a dictionary without string keys");
        }
        match class.column(field) {
            Some(old)
                if old.column.kind == column.kind && old.column.collection == column.collection =>
            {
                Ok(())
            }
            Some(_) => refuse("is there already and is different"),
            None if class.key_field() == Some(field) => Ok(()),
            None if field.as_bytes().is_empty() || field.as_bytes().len() > LONGEST_COLUMN => {
                refuse("has no allowed name")
            }
            None if class.columns.len() >= MOST_COLUMNS
                || self.schema.size().1 >= MOST_COLUMNS_OF_ALL =>
            {
                refuse("is one too many")
            }
            None => {
                drop(class); // so that it is altered where it is
                self.schema.add_column(name, field, column.clone());
                self.changed.insert(name.detached());
                Ok(())
            }
        }
    }

    /// The column's values stay in their rows until those are erased; its number is never used again, so nobody sees them.
    fn erase_column(&mut self, name: &Text, field: &Text) -> Result<(), ApplyError> {
        let class = self.class(name)?;
        if class.column(field).is_none() {
            return ApplyError::refused(format!("{name} has no field {field}"));
        }
        drop(class); // so that it is altered where it is
        self.schema.erase_column(name, field);
        self.changed.insert(name.detached());
        Ok(())
    }

    // Objects

    fn create_object(&mut self, name: &Text, key: &Key) -> Result<(), ApplyError> {
        let class = self.with_key(name, key)?;
        if matches!(class.kind, TableKind::Asymmetric(_)) {
            return Ok(());
        }
        if !self.hold(&class, key)? {
            let cell = object_key(class.id, key);
            self.take_in_hand(Held {
                at: key.detached(),
                cell,
                class,
                row: Row::new(rest_of(key)),
                dirty: true,
            });
        }
        Ok(())
    }

    fn erase_object(&mut self, name: &Text, key: &Key) -> Result<(), ApplyError> {
        let class = self.with_key(name, key)?;
        if self.hold(&class, key)?
            && let Some(held) = self.object.take()
        {
            self.cells.delete(&held.cell);
            self.free_row(held.row)?;
        }
        Ok(())
    }

    fn with_key(&mut self, name: &Text, key: &Key) -> Result<Arc<Class>, ApplyError> {
        let class = self.top_level(name)?;
        match bad_key(&class, key) {
            Some(what) => ApplyError::refused(format!("{name}: {what}")),
            None => Ok(class),
        }
    }

    // Values

    fn update(&mut self, path: &Path, value: &Value) -> Result<(), ApplyError> {
        let spot = self.find(path, 0)?;
        let refuse =
            |what: &str| ApplyError::refused(format!("{}.{}: {what}", path.class, path.field));
        let of = match &spot {
            Spot::Field(field) if field.column.column.collection != CollectionKind::Single => {
                return refuse("a collection cannot be set");
            }
            Spot::Field(field) => field.column.of(),
            Spot::Element { of, .. } | Spot::Entry { of, .. } => of.clone(),
        };
        match value {
            Value::Erased => match spot {
                Spot::Entry {
                    dictionary, name, ..
                } => self.erase_entry(dictionary, &name),
                Spot::Field(_) | Spot::Element { .. } => {
                    refuse("only a key of a dictionary can be erased")
                }
            },
            Value::Object => self.set_embedded(&spot, &of, path),
            Value::List => self.set_nested(&spot, &of, CollectionKind::List, path),
            Value::Dictionary => self.set_nested(&spot, &of, CollectionKind::Dictionary, path),
            Value::Set => refuse("sets cannot be nested"),
            plain => {
                let slot = self.plain(plain, &of, path)?;
                self.put(&spot, slot)
            }
        }
    }

    /// A field keeps the embedded object that it has, a dictionary's key gets a fresh one, a list's element is left alone.
    fn set_embedded(&mut self, spot: &Spot, of: &Type, path: &Path) -> Result<(), ApplyError> {
        if of.embedded(self.schema).is_none() {
            return ApplyError::refused(format!(
                "{}.{}: takes no embedded objects",
                path.class, path.field
            ));
        }
        let keep = match spot {
            Spot::Field(_) => matches!(self.slot(spot)?, Some(Slot::Object(_))),
            Spot::Element { .. } => true,
            Spot::Entry { .. } => false,
        };
        if keep {
            return Ok(());
        }
        let slot = self.new_embedded(of)?;
        self.put(spot, slot)
    }

    fn set_nested(
        &mut self,
        spot: &Spot,
        of: &Type,
        kind: CollectionKind,
        path: &Path,
    ) -> Result<(), ApplyError> {
        if of.kind != ColumnKind::Mixed {
            return ApplyError::refused(format!(
                "{}.{}: takes no collections",
                path.class, path.field
            ));
        }
        let same = matches!(
            (self.slot(spot)?, kind),
            (Some(Slot::List(_)), CollectionKind::List)
                | (Some(Slot::Dictionary(_)), CollectionKind::Dictionary)
        );
        if same {
            return Ok(());
        }
        let (slot, _) = self.new_collection(kind);
        self.put(spot, slot)
    }

    fn erase_entry(&mut self, dictionary: Node, name: &Text) -> Result<(), ApplyError> {
        if let Some(before) = collection::entry(self.cells, dictionary, name)? {
            collection::erase_entry(self.cells, dictionary, name);
            self.free(before)?;
        }
        Ok(())
    }

    fn add_integer(&mut self, path: &Path, increment: i64) -> Result<(), ApplyError> {
        let spot = self.find(path, 0)?;
        let refuse = || {
            ApplyError::refused(format!(
                "{}.{}: only integers can be incremented",
                path.class, path.field
            ))
        };
        let Spot::Field(FieldSpot { column, .. }) = &spot else {
            return refuse();
        };
        let single = column.column.collection == CollectionKind::Single;
        if !single || !matches!(column.column.kind, ColumnKind::Int | ColumnKind::Mixed) {
            return refuse();
        }
        let before = self
            .slot(&spot)?
            .unwrap_or_else(|| Slot::Value(super::fit::default(&column.of())));
        match before {
            Slot::Value(Value::Int(value)) => self.put(
                &spot,
                Slot::Value(Value::Int(value.wrapping_add(increment))),
            ),
            Slot::Value(Value::Null) => Ok(()),
            Slot::Value(_)
            | Slot::Long(_)
            | Slot::Object(_)
            | Slot::List(_)
            | Slot::Short(_)
            | Slot::Dictionary(_)
            | Slot::Set(_) => refuse(),
        }
    }

    // Collections

    fn clear(&mut self, path: &Path, kind: CollectionKind) -> Result<(), ApplyError> {
        let spot = self.find(path, 0)?;
        let refuse =
            |what: &str| ApplyError::refused(format!("{}.{}: {what}", path.class, path.field));
        let (of, collection) = match &spot {
            Spot::Field(FieldSpot { column, .. }) => (column.of(), column.column.collection),
            Spot::Element { of, .. } => (of.clone(), CollectionKind::Single),
            Spot::Entry { of, .. } => {
                if self.slot(&spot)?.is_none() {
                    return refuse("no such key");
                }
                (of.clone(), CollectionKind::Single)
            }
        };
        match (collection, kind) {
            (CollectionKind::Single, CollectionKind::List | CollectionKind::Dictionary)
                if of.kind == ColumnKind::Mixed =>
            {
                let (slot, _) = self.new_collection(kind);
                self.put(&spot, slot)
            }
            (CollectionKind::Single, _) => refuse("no collection there"),
            (column, CollectionKind::Single) => self.empty(&spot, column),
            (column, kind) if column == kind => self.empty(&spot, column),
            (_, _) => refuse("a collection of another kind"),
        }
    }

    fn empty(&mut self, spot: &Spot, kind: CollectionKind) -> Result<(), ApplyError> {
        if self.slot(spot)?.is_none() {
            return Ok(());
        }
        let slot = match kind {
            CollectionKind::List => Slot::Short(Vec::new()),
            CollectionKind::Dictionary | CollectionKind::Set | CollectionKind::Single => {
                self.new_collection(kind).0
            }
        };
        self.put(spot, slot)
    }

    fn set_change(&mut self, path: &Path, value: &Value, insert: bool) -> Result<(), ApplyError> {
        let spot = self.find(path, 0)?;
        let refuse =
            |what: &str| ApplyError::refused(format!("{}.{}: {what}", path.class, path.field));
        let of = match &spot {
            Spot::Field(field) if field.column.column.collection == CollectionKind::Set => {
                field.column.of()
            }
            Spot::Field(_) | Spot::Element { .. } | Spot::Entry { .. } => {
                return refuse("no set there");
            }
        };
        if let Some(what) = of.misfit(value, self.schema) {
            return refuse(&what);
        }
        if insert {
            let set = self.collection_at(&spot, CollectionKind::Set)?;
            collection::add_member(self.cells, set, value)?;
        } else if let Some(Slot::Set(set)) = self.slot(&spot)? {
            collection::erase_member(self.cells, set, value);
        }
        Ok(())
    }

    // Pieces

    /// A plain value as a slot, if it fits.
    pub(super) fn plain(
        &mut self,
        value: &Value,
        of: &Type,
        path: &Path,
    ) -> Result<Slot, ApplyError> {
        if let Some(what) = of.misfit(value, self.schema) {
            return ApplyError::refused(format!("{}.{}: {what}", path.class, path.field));
        }
        let weight = weight(value);
        if weight <= LONG {
            return Ok(Slot::Value(value.clone()));
        }
        let node = self.schema.new_node();
        let mut cell = Vec::with_capacity(weight + 16);
        crate::changeset::codec::encode_value(value, &mut cell);
        self.cells.put(long_key(node), cell);
        Ok(Slot::Long(node))
    }

    pub(super) fn new_embedded(&mut self, of: &Type) -> Result<Slot, ApplyError> {
        let Some(class) = of.embedded(self.schema).map(|class| class.id) else {
            return ApplyError::refused("takes no embedded objects");
        };
        let node = self.schema.new_node();
        self.cells.put(
            embedded_key(node),
            Row::new(Bytes::copy_from_slice(&class.to_be_bytes())).encode(),
        );
        Ok(Slot::Object(node))
    }

    fn class(&self, name: &Text) -> Result<Arc<Class>, ApplyError> {
        self.schema
            .class(name)
            .cloned()
            .ok_or_else(|| ApplyError::Refused(format!("no class {name}")))
    }

    /// A class whose objects stand by themselves.
    pub(super) fn top_level(&self, name: &Text) -> Result<Arc<Class>, ApplyError> {
        let class = self.class(name)?;
        if class.is_embedded() {
            ApplyError::refused(format!("{name} is embedded"))
        } else {
            Ok(class)
        }
    }

    /// Deletes what hangs on a slot that is no longer anywhere. Paths are of bounded length, so nothing is nested deeper.
    pub(super) fn free(&mut self, slot: Slot) -> Result<(), ApplyError> {
        match slot {
            Slot::Value(_) | Slot::Short(_) => {}
            Slot::Long(node) => self.cells.delete(&long_key(node)),
            Slot::Object(node) => {
                self.hold_embedded(node)?;
                if let Some(held) = self.embedded.take() {
                    self.cells.delete(&held.cell);
                    self.free_row(held.row)?;
                }
            }
            Slot::List(node) => {
                let mut from = 0;
                loop {
                    let page = list::range(self.cells, node, from, PAGE)?;
                    from += page.len() as u64;
                    let last = page.len() < PAGE;
                    for slot in page {
                        self.free(slot)?;
                    }
                    if last {
                        break;
                    }
                }
                list::delete(self.cells, node)?;
            }
            Slot::Dictionary(node) => {
                let mut after: Option<Vec<u8>> = None;
                loop {
                    let page = collection::page_of_entries(self.cells, node, after.as_deref())?;
                    let is_last = page.len() < PAGE;
                    for (key, slot) in page {
                        self.free(slot)?;
                        self.cells.delete(&key);
                        after = Some(key);
                    }
                    if is_last {
                        break;
                    }
                }
            }
            Slot::Set(node) => delete_all(self.cells, &member_prefix(node))?,
        }
        Ok(())
    }

    fn free_row(&mut self, row: Row) -> Result<(), ApplyError> {
        let slots: Vec<Slot> = row.slots().map(|(_, slot)| slot.clone()).collect();
        slots.into_iter().try_for_each(|slot| self.free(slot))
    }
}

/// Longest name of a class in the reference store.
const LONGEST_CLASS: usize = 57;
/// Longest name of a column there.
const LONGEST_COLUMN: usize = 63;
/// Bytes that one client's changesets may write before they are stored. They are a small multiple of the changesets' own, unless these refer again and again to one
/// long key.
const MOST_HELD: usize = 1 << 30;
/// Classes in a Realm. Apps have some dozens; each is in memory while the Realm is open, and is looked through when another is erased.
const MOST_CLASSES: usize = 1000;
/// Columns in a class. Its cell holds all of them, and a column is looked for among all of them.
const MOST_COLUMNS: usize = 1000;
/// Columns of all classes of a Realm.
const MOST_COLUMNS_OF_ALL: usize = 10_000;
/// The type code of dictionaries with string keys.
const STRING_KEYS: i64 = 3;
