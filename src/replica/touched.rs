//! Which objects a commit touched.

use std::collections::BTreeMap;

use crate::changeset::{Instruction, Key, Text};
use crate::state::{Applier, ApplyError, Cells};

/// What happened to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Touch {
    /// It was not there before.
    Inserted,
    /// Something in it was set.
    Modified,
    /// It is gone.
    Deleted,
}

/// The objects that a commit touched, by class and key. What is made and deleted in one commit is not in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Touched {
    /// By class and key.
    pub objects: BTreeMap<(Text, Key), Touch>,
    /// Whether classes or columns came or went.
    pub schema: bool,
}

impl Touched {
    /// Whether nothing was touched.
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty() && !self.schema
    }

    /// Takes note of an instruction that is about to be applied.
    pub(super) fn note<C: Cells>(
        &mut self,
        applier: &mut Applier<'_, C>,
        instruction: &Instruction,
    ) -> Result<(), ApplyError> {
        use Instruction::*;
        match instruction {
            AddTable { .. } | EraseTable { .. } | AddColumn { .. } | EraseColumn { .. } => {
                self.schema = true;
            }
            CreateObject { class, key } => {
                if !applier.has_object(class, key)? {
                    let place = (class.detached(), detached(key));
                    let before = self.objects.insert(place.clone(), Touch::Inserted);
                    if before == Some(Touch::Deleted) {
                        self.objects.insert(place, Touch::Modified);
                    }
                }
            }
            EraseObject { class, key } => {
                if applier.has_object(class, key)? {
                    let place = (class.detached(), detached(key));
                    let before = self.objects.insert(place.clone(), Touch::Deleted);
                    if before == Some(Touch::Inserted) {
                        self.objects.remove(&place);
                    }
                }
            }
            Update { path, .. }
            | AddInteger { path, .. }
            | ArrayInsert { path, .. }
            | ArrayMove { path, .. }
            | ArrayErase { path, .. }
            | Clear { path, .. }
            | SetInsert { path, .. }
            | SetErase { path, .. } => {
                let place = (path.class.clone(), path.key.clone());
                if !self.objects.contains_key(&place) {
                    let place = (path.class.detached(), detached(&path.key));
                    self.objects.insert(place, Touch::Modified);
                }
            }
        }
        Ok(())
    }
}

/// A key that does not keep a message alive.
fn detached(key: &Key) -> Key {
    match key {
        Key::String(text) => Key::String(text.detached()),
        Key::Null | Key::Int(_) | Key::ObjectId(_) | Key::Uuid(_) | Key::Global { .. } => {
            key.clone()
        }
    }
}
