//! Finding the place that a path names.

use std::sync::Arc;

use super::apply::Applier;
use super::array::ListSpot;
use super::cells::{Cells, Node};
use super::fit::Type;
use super::held::RowAt;
use super::row::Slot;
use super::schema::{Class, ClassColumn};
use super::{ApplyError, collection, fit, list};
use crate::changeset::{CollectionKind, Path, Step, Text, Value, codec};

/// A place that holds something.
#[derive(Debug, Clone)]
pub(super) enum Spot {
    /// A field of an object or embedded object.
    Field(FieldSpot),
    /// An element of a list. It may lie one after the last, for an insertion.
    Element {
        list: ListSpot,
        index: u64,
        of: Type,
    },
    /// A key of a dictionary.
    Entry {
        dictionary: Node,
        name: Text,
        of: Type,
    },
}

/// A field, by its row.
#[derive(Debug, Clone)]
pub(super) struct FieldSpot {
    pub row: RowAt,
    pub column: Arc<ClassColumn>,
}

impl ClassColumn {
    /// What one value of the column may be.
    pub(super) fn of(&self) -> Type {
        Type {
            kind: self.column.kind.clone(),
            nullable: self.column.nullable,
        }
    }

    /// What one value of the column is before anything is set.
    pub fn default_value(&self) -> Value {
        fit::default(&self.of())
    }
}

impl<C: Cells> Applier<'_, C> {
    /// The place named by a path without its last `without` steps.
    pub(super) fn find(&mut self, path: &Path, without: usize) -> Result<Spot, ApplyError> {
        let class = self.hold_path(path)?;
        let mut spot = Spot::Field(FieldSpot {
            row: RowAt::Object,
            column: column_of(&class, &path.field)?,
        });
        let steps = path.steps.len().saturating_sub(without);
        for step in &path.steps[..steps] {
            spot = self.enter(&spot, step, path)?;
        }
        Ok(spot)
    }

    /// One step further.
    fn enter(&mut self, spot: &Spot, step: &Step, path: &Path) -> Result<Spot, ApplyError> {
        let refuse =
            |what: &str| ApplyError::refused(format!("{}.{}: {what}", path.class, path.field));
        let collection = match spot {
            Spot::Field(field) => field.column.column.collection,
            Spot::Element { .. } | Spot::Entry { .. } => CollectionKind::Single,
        };
        if let Step::Name(name) = step
            && name.as_bytes().len() > codec::MAX_NAME
        {
            return refuse("the key of a dictionary is too long");
        }
        let of = match spot {
            Spot::Field(field) if collection != CollectionKind::Single => field.column.of(),
            Spot::Field(_) | Spot::Element { .. } | Spot::Entry { .. } => Type::mixed(),
        };
        match step {
            Step::Index(index) => {
                let Some(list) = self.list_in(spot)? else {
                    return refuse("no list there");
                };
                let index = u64::from(*index);
                if index >= self.length(&list)? {
                    return refuse("the list is shorter than that");
                }
                Ok(Spot::Element { list, index, of })
            }
            Step::Name(name) => match self.slot(spot)? {
                Some(Slot::Dictionary(dictionary)) => Ok(Spot::Entry {
                    dictionary,
                    name: name.clone(),
                    of,
                }),
                Some(Slot::Object(node)) => {
                    let class = self.hold_embedded(node)?.class.clone();
                    Ok(Spot::Field(FieldSpot {
                        row: RowAt::Embedded(node),
                        column: column_of(&class, name)?,
                    }))
                }
                None if collection == CollectionKind::Dictionary => {
                    let dictionary = self.collection_at(spot, CollectionKind::Dictionary)?;
                    Ok(Spot::Entry {
                        dictionary,
                        name: name.clone(),
                        of,
                    })
                }
                None | Some(_) => refuse("no dictionary or embedded object there"),
            },
        }
    }

    /// What a field holds.
    pub(super) fn field_slot(&mut self, field: &FieldSpot) -> Result<Option<&Slot>, ApplyError> {
        Ok(self.row(field.row)?.get(field.column.id))
    }

    /// What a place holds; nothing, if it holds its default or is a key that is not there.
    pub(super) fn slot(&mut self, spot: &Spot) -> Result<Option<Slot>, ApplyError> {
        Ok(match spot {
            Spot::Field(field) => self.field_slot(field)?.cloned(),
            Spot::Element { list, index, .. } => Some(self.element(list, *index)?),
            Spot::Entry {
                dictionary, name, ..
            } => collection::entry(self.cells, *dictionary, name)?,
        })
    }

    /// Puts something into a place, and frees what was there.
    pub(super) fn put(&mut self, spot: &Spot, slot: Slot) -> Result<(), ApplyError> {
        let before = match spot {
            Spot::Field(field) => self.row_mut(field.row)?.set(field.column.id, slot),
            Spot::Element { list, index, .. } => Some(self.set_element(list, *index, slot)?),
            Spot::Entry {
                dictionary, name, ..
            } => {
                let before = collection::entry(self.cells, *dictionary, name)?;
                collection::put_entry(self.cells, *dictionary, name, &slot);
                before
            }
        };
        before.map_or(Ok(()), |before| self.free(before))
    }

    /// The node of a column of dictionaries or sets, made if there is none yet.
    pub(super) fn collection_at(
        &mut self,
        spot: &Spot,
        kind: CollectionKind,
    ) -> Result<Node, ApplyError> {
        match (self.slot(spot)?, kind) {
            (Some(Slot::Dictionary(node)), CollectionKind::Dictionary)
            | (Some(Slot::Set(node)), CollectionKind::Set) => Ok(node),
            _ => {
                let slot = self.new_collection(kind);
                self.put(spot, slot.0)?;
                Ok(slot.1)
            }
        }
    }

    /// A new, empty collection.
    pub(super) fn new_collection(&mut self, kind: CollectionKind) -> (Slot, Node) {
        let node = self.schema.new_node();
        let slot = match kind {
            CollectionKind::Dictionary => Slot::Dictionary(node),
            CollectionKind::Set => Slot::Set(node),
            CollectionKind::List | CollectionKind::Single => {
                list::create(self.cells, node, Vec::new());
                Slot::List(node)
            }
        };
        (slot, node)
    }
}

fn column_of(class: &Class, name: &Text) -> Result<Arc<ClassColumn>, ApplyError> {
    class
        .column(name)
        .cloned()
        .ok_or_else(|| ApplyError::Refused(format!("{} has no field {name}", class.name)))
}
