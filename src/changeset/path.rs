//! Where an instruction acts: an object's field, and the way into it.

use super::text::Text;
use super::value::Key;

/// One step below a field.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Step {
    /// An element of a list.
    Index(u32),
    /// A key of a dictionary, or a field of an embedded object.
    Name(Text),
}

/// The target of a path instruction: `class[key].field` and the steps below it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Path {
    /// Class of the object.
    pub class: Text,
    /// Key of the object.
    pub key: Key,
    /// Field of the object.
    pub field: Text,
    /// The way below the field; empty for the field itself.
    pub steps: Vec<Step>,
}

impl Path {
    /// The list index at the end of the path, if it ends in one.
    pub fn index(&self) -> Option<u32> {
        match self.steps.last() {
            Some(Step::Index(index)) => Some(*index),
            Some(Step::Name(_)) | None => None,
        }
    }
}
