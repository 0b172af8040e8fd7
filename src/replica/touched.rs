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
    /// Whether classes or columns came or went. Without objects it says: look at everything anew, as after a client reset.
    pub schema: bool,
}

impl Touched {
    /// Whether nothing was touched.
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty() && !self.schema
    }
}

/// Takes note of what instructions touch.
#[derive(Default)]
pub(super) struct Notes {
    touched: Touched,
    /// The object of the instruction before, if it is among them: most are on the same.
    last: Option<(Text, Key)>,
}

impl Notes {
    /// Takes note of an instruction that is about to be applied.
    pub fn note<C: Cells>(
        &mut self,
        applier: &mut Applier<'_, C>,
        instruction: &Instruction,
    ) -> Result<(), ApplyError> {
        use Instruction::*;
        match instruction {
            AddTable { .. } | EraseTable { .. } | AddColumn { .. } | EraseColumn { .. } => {
                self.touched.schema = true;
            }
            CreateObject { class, key } => {
                if !applier.has_object(class, key)? {
                    let place = detached(applier, class, key);
                    let touch = match self.touched.objects.get(&place) {
                        Some(Touch::Deleted) => Touch::Modified,
                        Some(Touch::Inserted | Touch::Modified) | None => Touch::Inserted,
                    };
                    self.put(place, touch);
                }
            }
            EraseObject { class, key } => {
                if applier.has_object(class, key)? {
                    let place = detached(applier, class, key);
                    self.last = None;
                    let objects = &mut self.touched.objects;
                    if objects.insert(place.clone(), Touch::Deleted) == Some(Touch::Inserted) {
                        objects.remove(&place);
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
                let last = |(class, key): &(Text, Key)| *key == path.key && *class == path.class;
                if !self.last.as_ref().is_some_and(last) {
                    let place = detached(applier, &path.class, &path.key);
                    let before = self.touched.objects.get(&place).copied();
                    self.put(place, before.unwrap_or(Touch::Modified));
                }
            }
        }
        Ok(())
    }

    fn put(&mut self, place: (Text, Key), touch: Touch) {
        self.last = Some(place.clone());
        self.touched.objects.insert(place, touch);
    }

    /// What was touched.
    pub fn into_touched(self) -> Touched {
        self.touched
    }
}

/// An object's class and key, so that they do not keep a message alive.
fn detached<C: Cells>(applier: &Applier<'_, C>, class: &Text, key: &Key) -> (Text, Key) {
    let known = applier.schema().class(class);
    let class = known.map_or_else(|| class.detached(), |class| class.name.clone());
    (class, key.detached())
}
