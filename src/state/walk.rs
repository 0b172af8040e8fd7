//! Finding the place that a path names.

use super::apply::Applier;
use super::cells::{Cells, Node, embedded_key, object_key};
use super::fit::{Type, bad_key};
use super::row::Slot;
use super::schema::{Class, ClassColumn};
use super::{ApplyError, collection, fit, list};
use crate::changeset::{CollectionKind, Key, Path, Step, Text, Value, codec};

/// A place that holds something.
#[derive(Debug, Clone)]
pub(super) enum Spot {
    /// A field of an object or embedded object, by the key of its row.
    Field { row: Vec<u8>, column: ClassColumn },
    /// An element of a list. It may lie one after the last, for an insertion.
    Element { list: Node, index: u64, of: Type },
    /// A key of a dictionary.
    Entry {
        dictionary: Node,
        name: Text,
        of: Type,
    },
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

/// The key of an object as bytes.
pub(super) fn key_bytes(key: &Key) -> Vec<u8> {
    let mut bytes = Vec::new();
    codec::encode_key(key, &mut bytes);
    bytes
}

impl<C: Cells> Applier<'_, C> {
    /// The place named by a path without its last `without` steps.
    pub(super) fn find(&mut self, path: &Path, without: usize) -> Result<Spot, ApplyError> {
        let class = self.top_level(&path.class)?;
        if let Some(what) = bad_key(&class, &path.key) {
            return ApplyError::refused(format!("{}: {what}", path.class));
        }
        let row = object_key(class.id, &key_bytes(&path.key));
        if self.row(&row)?.is_none() {
            return ApplyError::refused(format!("{}: no such object {:?}", path.class, path.key));
        }
        let column = column_of(&class, &path.field)?;
        let mut spot = Spot::Field { row, column };
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
            Spot::Field { column, .. } => column.column.collection,
            Spot::Element { .. } | Spot::Entry { .. } => CollectionKind::Single,
        };
        let slot = self.slot(spot)?;
        if let Step::Name(name) = step
            && name.as_bytes().len() > codec::MAX_NAME
        {
            return refuse("the key of a dictionary is too long");
        }
        let of = match spot {
            Spot::Field { column, .. } if collection != CollectionKind::Single => column.of(),
            Spot::Field { .. } | Spot::Element { .. } | Spot::Entry { .. } => Type::mixed(),
        };
        match (slot, step) {
            (Some(Slot::List(list)), Step::Index(index)) => {
                let index = u64::from(*index);
                if index >= list::len(self.cells, list)? {
                    return refuse("the list is shorter than that");
                }
                Ok(Spot::Element { list, index, of })
            }
            (Some(Slot::Dictionary(dictionary)), Step::Name(name)) => Ok(Spot::Entry {
                dictionary,
                name: name.clone(),
                of,
            }),
            (Some(Slot::Object(node)), Step::Name(name)) => {
                let row = embedded_key(node);
                let class = self.embedded_class(&row)?;
                Ok(Spot::Field {
                    row,
                    column: column_of(&class, name)?,
                })
            }
            (None, Step::Name(name)) if collection == CollectionKind::Dictionary => {
                let dictionary = self.collection_at(spot, CollectionKind::Dictionary)?;
                Ok(Spot::Entry {
                    dictionary,
                    name: name.clone(),
                    of,
                })
            }
            (None, Step::Index(_)) if collection == CollectionKind::List => {
                refuse("the list is shorter than that")
            }
            (None | Some(_), Step::Index(_)) => refuse("no list there"),
            (None | Some(_), Step::Name(_)) => refuse("no dictionary or embedded object there"),
        }
    }

    /// What a place holds; nothing, if it holds its default or is a key that is not there.
    pub(super) fn slot(&mut self, spot: &Spot) -> Result<Option<Slot>, ApplyError> {
        Ok(match spot {
            Spot::Field { row, column } => match self.row(row)? {
                Some(cached) => cached.row.get(column.id).cloned(),
                None => None,
            },
            Spot::Element { list, index, .. } => Some(list::get(self.cells, *list, *index)?),
            Spot::Entry {
                dictionary, name, ..
            } => collection::entry(self.cells, *dictionary, name)?,
        })
    }

    /// Puts something into a place, and frees what was there.
    pub(super) fn put(&mut self, spot: &Spot, slot: Slot) -> Result<(), ApplyError> {
        let before = match spot {
            Spot::Field { row, column } => match self.row(row)? {
                Some(cached) => {
                    cached.dirty = true;
                    cached.row.set(column.id, slot)
                }
                None => None,
            },
            Spot::Element { list, index, .. } => Some(list::set(self.cells, *list, *index, slot)?),
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

    /// The node of a collection column, made if there is none yet.
    pub(super) fn collection_at(
        &mut self,
        spot: &Spot,
        kind: CollectionKind,
    ) -> Result<Node, ApplyError> {
        match (self.slot(spot)?, kind) {
            (Some(Slot::List(node)), CollectionKind::List)
            | (Some(Slot::Dictionary(node)), CollectionKind::Dictionary)
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
                list::create(self.cells, node);
                Slot::List(node)
            }
        };
        (slot, node)
    }
}

fn column_of(class: &Class, name: &Text) -> Result<ClassColumn, ApplyError> {
    class
        .column(name)
        .cloned()
        .ok_or_else(|| ApplyError::Refused(format!("{} has no field {name}", class.name)))
}
