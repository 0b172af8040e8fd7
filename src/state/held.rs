//! The rows that are worked on: the object of the last path, and the embedded object that was last entered. Each is read and written once while instructions stay with it.

use std::sync::Arc;

use super::apply::Applier;
use super::cells::{Cells, Node, embedded_key};
use super::fit::bad_key;
use super::key::object_key;
use super::row::Row;
use super::schema::Class;
use super::{ApplyError, CellError};
use crate::changeset::{Key, Path};

/// A row in hand.
pub(super) struct Held<K> {
    /// The key of an object, the node of an embedded one.
    pub at: K,
    pub cell: Vec<u8>,
    pub class: Arc<Class>,
    pub row: Row,
    pub dirty: bool,
}

/// Which row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RowAt {
    /// That of the object in hand.
    Object,
    /// That of an embedded object.
    Embedded(Node),
}

impl<C: Cells> Applier<'_, C> {
    /// Whether the object of a path is in hand.
    pub(super) fn holds(&self, path: &Path) -> bool {
        let this = |held: &Held<Key>| held.at == path.key && held.class.name == path.class;
        self.object.as_ref().is_some_and(this)
    }

    /// Takes the object of a path in hand. Its class.
    pub(super) fn hold_path(&mut self, path: &Path) -> Result<Arc<Class>, ApplyError> {
        if let Some(held) = &self.object
            && self.holds(path)
        {
            return Ok(held.class.clone());
        }
        let class = self.top_level(&path.class)?;
        if let Some(what) = bad_key(&class, &path.key) {
            return ApplyError::refused(format!("{}: {what}", path.class));
        }
        if !self.hold(&class, &path.key)? {
            return ApplyError::refused(format!("{}: no such object {:?}", path.class, path.key));
        }
        Ok(class)
    }

    /// Takes an object in hand, if there is one of this key. Another that was in hand is written.
    pub(super) fn hold(&mut self, class: &Arc<Class>, key: &Key) -> Result<bool, CellError> {
        let this = |held: &Held<Key>| held.at == *key && held.class.id == class.id;
        if self.object.as_ref().is_some_and(this) {
            return Ok(true);
        }
        let cell = object_key(class.id, key);
        let Some(value) = self.cells.get(&cell)? else {
            return Ok(false);
        };
        self.take_in_hand(Held {
            at: key.detached(),
            cell,
            class: class.clone(),
            row: Row::decode(value)?,
            dirty: false,
        });
        Ok(true)
    }

    /// An object is in hand from now on. Another that was is written.
    pub(super) fn take_in_hand(&mut self, object: Held<Key>) {
        if let Some(before) = self.object.replace(object) {
            self.write_row(before);
        }
    }

    /// A row; that of an embedded object is taken in hand.
    pub(super) fn row(&mut self, at: RowAt) -> Result<&Row, ApplyError> {
        self.row_in_hand(at).map(|(row, _)| &*row)
    }

    /// A row, to be changed.
    pub(super) fn row_mut(&mut self, at: RowAt) -> Result<&mut Row, ApplyError> {
        self.row_in_hand(at).map(|(row, dirty)| {
            *dirty = true;
            row
        })
    }

    fn row_in_hand(&mut self, at: RowAt) -> Result<(&mut Row, &mut bool), ApplyError> {
        match at {
            RowAt::Object => match &mut self.object {
                Some(held) => Ok((&mut held.row, &mut held.dirty)),
                None => ApplyError::refused("no such object"),
            },
            RowAt::Embedded(node) => {
                let held = self.hold_embedded(node)?;
                Ok((&mut held.row, &mut held.dirty))
            }
        }
    }

    /// Takes an embedded object in hand. Another that was in hand is written.
    pub(super) fn hold_embedded(&mut self, node: Node) -> Result<&mut Held<Node>, ApplyError> {
        let known = self.embedded.take_if(|held| held.at == node);
        let held = match known {
            Some(held) => held,
            None => self.read_embedded(node)?,
        };
        if let Some(before) = self.embedded.take() {
            self.write_row(before);
        }
        Ok(self.embedded.insert(held))
    }

    fn read_embedded(&mut self, node: Node) -> Result<Held<Node>, ApplyError> {
        let cell = embedded_key(node);
        let value = self.cells.get(&cell)?;
        let value = value.ok_or_else(|| CellError::damaged("a missing embedded object"))?;
        let row = Row::decode(value)?;
        let id = row.head[..].try_into().map(u32::from_be_bytes);
        let class = id
            .ok()
            .and_then(|id| self.schema.classes().find(|class| class.id == id));
        let class = class.cloned();
        Ok(Held {
            at: node,
            cell,
            class: class.ok_or_else(|| CellError::damaged("an embedded object of no class"))?,
            row,
            dirty: false,
        })
    }

    /// Writes what is in hand, and lets go of it.
    pub(super) fn write_back(&mut self) {
        if let Some(held) = self.object.take() {
            self.write_row(held);
        }
        if let Some(held) = self.embedded.take() {
            self.write_row(held);
        }
    }

    fn write_row<K>(&mut self, held: Held<K>) {
        if held.dirty {
            self.cells.put(held.cell, held.row.encode());
        }
    }
}
