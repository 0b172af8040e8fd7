//! What whoever makes edits wants to know of the state in the middle of them.

use super::apply::Applier;
use super::cells::{Cells, entry_prefix, member_prefix};
use super::row::Slot;
use super::schema::Schema;
use super::walk::Spot;
use super::{ApplyError, Field, Reader, list};
use crate::changeset::{self, CollectionKind, Instruction, Key, Path, Text};

impl<C: Cells> Applier<'_, C> {
    /// The classes as they are now.
    pub fn schema(&self) -> &Schema {
        self.schema
    }

    /// Whether there is an object of this key. There is none in a class that is not there.
    pub fn has_object(&mut self, class: &Text, key: &Key) -> Result<bool, ApplyError> {
        let Some(class) = self.schema.class(class).cloned() else {
            return Ok(false);
        };
        Ok(self.hold(&class, key)?)
    }

    /// Everything in an object, the primary key left out, or nothing if there is no such object.
    pub fn object(&mut self, class: &Text, key: &Key) -> Result<Option<Vec<Field>>, ApplyError> {
        let Some(class) = self.schema.class(class).cloned() else {
            return Ok(None);
        };
        self.write_back();
        Ok(Reader::new(self.cells, self.schema).object(&class, key)?)
    }

    /// The number of elements of the list in which a path ends with an index.
    pub fn list_length(&mut self, path: &Path) -> Result<u32, ApplyError> {
        let spot = self.find(path, 1)?;
        let Some(list) = self.list_in(&spot)? else {
            return ApplyError::refused(format!("{}.{}: no list there", path.class, path.field));
        };
        let length = self.length(&list)?;
        Ok(u32::try_from(length).unwrap_or(u32::MAX))
    }

    /// Has an instruction that sets an element of a list say how many elements the list has. Where it says something else it can be applied, but nobody who has changed the list
    /// without knowing of it could merge with it.
    pub fn say_size(&mut self, instruction: &mut Instruction) -> Result<(), ApplyError> {
        if let Instruction::Update {
            path,
            slot: changeset::Slot::Element { prior_size },
            ..
        } = instruction
        {
            *prior_size = self.list_length(path)?;
        }
        Ok(())
    }

    /// The kind of collection that a path names by its column: `Single` if it names a value.
    pub fn collection_kind(&mut self, path: &Path) -> Result<CollectionKind, ApplyError> {
        Ok(match self.find(path, 0)? {
            Spot::Field(field) => field.column.column.collection,
            Spot::Element { .. } | Spot::Entry { .. } => CollectionKind::Single,
        })
    }

    /// Whether a place has never been set, or holds a collection of nothing.
    pub fn is_vacant(&mut self, path: &Path) -> Result<bool, ApplyError> {
        let spot = self.find(path, 0)?;
        Ok(match self.slot(&spot)? {
            None => true,
            Some(Slot::Short(values)) => values.is_empty(),
            Some(Slot::List(node)) => list::len(self.cells, node)? == 0,
            Some(Slot::Dictionary(node)) => {
                self.cells.scan(&entry_prefix(node), None, 1)?.is_empty()
            }
            Some(Slot::Set(node)) => self.cells.scan(&member_prefix(node), None, 1)?.is_empty(),
            Some(Slot::Value(_) | Slot::Long(_) | Slot::Object(_)) => false,
        })
    }
}
