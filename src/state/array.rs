//! Lists where they are: a short list of plain values lies in the row of its object and moves out when it grows, or when something else comes into it.

use super::apply::Applier;
use super::cells::{Cells, Node};
use super::fit::Type;
use super::row::{Slot, weight};
use super::walk::{FieldSpot, Spot};
use super::{ApplyError, CellError, list};
use crate::changeset::{CollectionKind, ColumnKind, Path, Value};

/// Elements of a short list.
const MOST: usize = 16;
/// About the bytes that they take: each edit of the object writes them again.
const MOST_BYTES: usize = 512;

/// Where a list lies.
#[derive(Debug, Clone)]
pub(super) enum ListSpot {
    /// In the row, or it is not there yet.
    Short(FieldSpot),
    /// By itself.
    Tree(Node),
}

/// A list that an instruction is about.
struct Found {
    list: ListSpot,
    /// What it takes.
    of: Type,
    length: u64,
    index: u64,
}

impl<C: Cells> Applier<'_, C> {
    /// The list in a place, if there is one; a column of lists always has one.
    pub(super) fn list_in(&mut self, spot: &Spot) -> Result<Option<ListSpot>, ApplyError> {
        if let Spot::Field(field) = spot
            && field.column.column.collection == CollectionKind::List
        {
            return Ok(Some(match self.field_slot(field)? {
                Some(Slot::List(node)) => ListSpot::Tree(*node),
                Some(_) | None => ListSpot::Short(field.clone()),
            }));
        }
        Ok(match self.slot(spot)? {
            Some(Slot::List(node)) => Some(ListSpot::Tree(node)),
            Some(_) | None => None,
        })
    }

    /// The number of elements.
    pub(super) fn length(&mut self, list: &ListSpot) -> Result<u64, ApplyError> {
        match list {
            ListSpot::Short(field) => Ok(match self.field_slot(field)? {
                Some(Slot::Short(values)) => values.len() as u64,
                Some(_) | None => 0,
            }),
            ListSpot::Tree(node) => Ok(list::len(self.cells, *node)?),
        }
    }

    /// An element. The caller has compared `index` with the length.
    pub(super) fn element(&mut self, list: &ListSpot, index: u64) -> Result<Slot, ApplyError> {
        match list {
            ListSpot::Short(field) => {
                let values = self.short(field)?;
                let value = at(values, index)?.clone();
                Ok(Slot::Value(value))
            }
            ListSpot::Tree(node) => Ok(list::get(self.cells, *node, index)?),
        }
    }

    /// Replaces an element. What was there.
    pub(super) fn set_element(
        &mut self,
        list: &ListSpot,
        index: u64,
        slot: Slot,
    ) -> Result<Slot, ApplyError> {
        match (list, slot) {
            (ListSpot::Short(field), Slot::Value(value)) if self.has_room(field, 0, &value)? => {
                let values = self.short(field)?;
                Ok(Slot::Value(std::mem::replace(at(values, index)?, value)))
            }
            (list, slot) => {
                let node = self.tree(list)?;
                Ok(list::set(self.cells, node, index, slot)?)
            }
        }
    }

    pub(super) fn array_insert(
        &mut self,
        path: &Path,
        value: &Value,
        prior_size: u32,
    ) -> Result<(), ApplyError> {
        let found = self.list_at(path, prior_size)?;
        if found.index > found.length {
            return refuse(path, "insertion after the end of the list");
        }
        let slot = match value {
            Value::Object => match found.of.embedded(self.schema) {
                Some(_) => self.new_embedded(&found.of)?,
                None => return refuse(path, "takes no embedded objects"),
            },
            Value::List if found.of.kind == ColumnKind::Mixed => {
                self.new_collection(CollectionKind::List).0
            }
            Value::Dictionary if found.of.kind == ColumnKind::Mixed => {
                self.new_collection(CollectionKind::Dictionary).0
            }
            Value::List | Value::Dictionary | Value::Set | Value::Erased => {
                return refuse(path, "not insertable");
            }
            plain => self.plain(plain, &found.of, path)?,
        };
        self.insert(&found.list, found.index, slot)
    }

    pub(super) fn array_move(
        &mut self,
        path: &Path,
        to: u32,
        prior_size: u32,
    ) -> Result<(), ApplyError> {
        let Found {
            list,
            length,
            index,
            ..
        } = self.list_at(path, prior_size)?;
        let to = u64::from(to);
        if index >= length || to >= length || index == to {
            return refuse(path, &format!("a move from {index} to {to} of {length}"));
        }
        let slot = self.remove(&list, index)?;
        self.insert(&list, to, slot)
    }

    pub(super) fn array_erase(&mut self, path: &Path, prior_size: u32) -> Result<(), ApplyError> {
        let found = self.list_at(path, prior_size)?;
        if found.index >= found.length {
            let (index, length) = (found.index, found.length);
            return refuse(path, &format!("element {index} of {length}"));
        }
        let slot = self.remove(&found.list, found.index)?;
        self.free(slot)
    }

    /// The list that a path ends in. Its length must be what the instruction says.
    fn list_at(&mut self, path: &Path, prior_size: u32) -> Result<Found, ApplyError> {
        let spot = self.find(path, 1)?;
        let of = match &spot {
            Spot::Field(field) if field.column.column.collection == CollectionKind::List => {
                field.column.of()
            }
            Spot::Field(_) | Spot::Element { .. } | Spot::Entry { .. } => Type::mixed(),
        };
        let Some(list) = self.list_in(&spot)? else {
            return refuse(path, "no list there");
        };
        let length = self.length(&list)?;
        if length != u64::from(prior_size) {
            return refuse(
                path,
                &format!("the list has {length} elements, not {prior_size}"),
            );
        }
        let index = path.index().map_or(u64::MAX, u64::from);
        Ok(Found {
            list,
            of,
            length,
            index,
        })
    }

    fn insert(&mut self, list: &ListSpot, index: u64, slot: Slot) -> Result<(), ApplyError> {
        match (list, slot) {
            (ListSpot::Short(field), Slot::Value(value)) if self.has_room(field, 1, &value)? => {
                let place = usize::try_from(index).unwrap_or(usize::MAX);
                let values = self.short(field)?;
                values.insert(place.min(values.len()), value);
                Ok(())
            }
            (list, slot) => {
                let node = self.tree(list)?;
                let schema = &mut *self.schema;
                // Chunks are numbered like nodes, so that no list uses a number twice. The root has number 0.
                list::insert(self.cells, node, index, slot, &mut || schema.new_node() + 1)?;
                Ok(())
            }
        }
    }

    fn remove(&mut self, list: &ListSpot, index: u64) -> Result<Slot, ApplyError> {
        match list {
            ListSpot::Short(field) => {
                let values = self.short(field)?;
                at(values, index)?;
                Ok(Slot::Value(values.remove(index as usize)))
            }
            ListSpot::Tree(node) => Ok(list::erase(self.cells, *node, index)?),
        }
    }

    /// Whether a short list stays short with so many more values, of which one is this; the one that it replaces, if any, is not taken off.
    fn has_room(
        &mut self,
        field: &FieldSpot,
        more: usize,
        value: &Value,
    ) -> Result<bool, ApplyError> {
        let (length, bytes) = match self.field_slot(field)? {
            Some(Slot::Short(values)) => (values.len(), values.iter().map(weight).sum()),
            Some(_) | None => (0, 0),
        };
        Ok(length + more <= MOST && bytes + weight(value) <= MOST_BYTES)
    }

    /// The values of a short list, to be changed.
    fn short(&mut self, field: &FieldSpot) -> Result<&mut Vec<Value>, ApplyError> {
        let row = self.row_mut(field.row)?;
        let slot = row.get_or_insert(field.column.id, Slot::Short(Vec::new()));
        match slot {
            Slot::Short(values) => Ok(values),
            Slot::Value(_)
            | Slot::Long(_)
            | Slot::Object(_)
            | Slot::List(_)
            | Slot::Dictionary(_)
            | Slot::Set(_) => Err(CellError::damaged("a list that is none").into()),
        }
    }

    /// The node of a list; a short one moves out of its row.
    fn tree(&mut self, list: &ListSpot) -> Result<Node, ApplyError> {
        let field = match list {
            ListSpot::Tree(node) => return Ok(*node),
            ListSpot::Short(field) => field,
        };
        let values = std::mem::take(self.short(field)?);
        let node = self.schema.new_node();
        let slots = values.into_iter().map(Slot::Value).collect();
        list::create(self.cells, node, slots);
        let row = self.row_mut(field.row)?;
        row.set(field.column.id, Slot::List(node));
        Ok(node)
    }
}

fn at(values: &mut [Value], index: u64) -> Result<&mut Value, ApplyError> {
    let place = usize::try_from(index)
        .ok()
        .and_then(|index| values.get_mut(index));
    place.ok_or_else(|| CellError::damaged("a list shorter than its count").into())
}

fn refuse<T>(path: &Path, what: &str) -> Result<T, ApplyError> {
    ApplyError::refused(format!("{}.{}: {what}", path.class, path.field))
}
