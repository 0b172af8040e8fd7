//! Write transactions: edits are applied at once and written down as instructions.

use super::touched::{Notes, Touched};
use super::{Local, LocalError, Progress};
use crate::changeset::{
    CollectionKind, Column, Instruction, Key, Path, Slot, Step, TableKind, Text, Value,
};
use crate::ident::FileIdent;
use crate::state::{Applier, ApplyError, Content, Field, Overlay, Schema};
use crate::storage::StorageError;

/// Why an edit cannot be made.
#[derive(Debug, Clone, thiserror::Error)]
pub enum WriteError {
    /// It does not fit the schema or what is there.
    #[error("{0}")]
    Refused(String),
    /// Objects without primary key can be made once the server has given the copy its ident.
    #[error("objects without primary key need a copy that has synced once")]
    Anonymous,
    /// The place where the copy is kept failed.
    #[error(transparent)]
    Local(#[from] LocalError),
}

impl From<StorageError> for WriteError {
    fn from(error: StorageError) -> WriteError {
        WriteError::Local(error.into())
    }
}

/// A transaction under way. Paths lead to fields, and through [`Step`]s to what is inside them.
pub struct Transaction<'t, 'l> {
    applier: Applier<'t, Overlay<&'l Local>>,
    instructions: Vec<Instruction>,
    notes: Notes,
    file: FileIdent,
    objects: u64,
}

impl<'t, 'l> Transaction<'t, 'l> {
    pub(super) fn new(
        cells: &'t mut Overlay<&'l Local>,
        schema: &'t mut Schema,
        progress: &Progress,
    ) -> Transaction<'t, 'l> {
        Transaction {
            applier: Applier::new(cells, schema),
            instructions: Vec::new(),
            notes: Notes::default(),
            file: progress.file,
            objects: progress.objects,
        }
    }

    pub(super) fn finish(self) -> (Vec<Instruction>, Touched, u64) {
        self.applier.finish();
        (self.instructions, self.notes.into_touched(), self.objects)
    }

    /// The classes as they are now.
    pub fn schema(&self) -> &Schema {
        self.applier.schema()
    }

    /// Applies an instruction. One on an element of a list has to know how many there are.
    pub fn apply(&mut self, instruction: Instruction) -> Result<(), WriteError> {
        if let Instruction::Update {
            path,
            slot: Slot::Element { prior_size },
            ..
        } = &instruction
        {
            let length = self.applier.list_length(path)?;
            if length != *prior_size {
                let what = format!("the list has {length} elements, not {prior_size}");
                return Err(WriteError::Refused(format!(
                    "{}.{}: {what}",
                    path.class, path.field
                )));
            }
        }
        self.notes.note(&mut self.applier, &instruction)?;
        self.applier.apply(&instruction)?;
        self.instructions.push(instruction);
        Ok(())
    }

    /// Applies an instruction that was made on another state, if it fits this one; whether it did.
    pub(super) fn try_apply(&mut self, mut instruction: Instruction) -> Result<bool, WriteError> {
        use Instruction::{ArrayErase, ArrayInsert, ArrayMove, Update};
        if let ArrayInsert { path, .. }
        | ArrayMove { path, .. }
        | ArrayErase { path, .. }
        | Update {
            path,
            slot: Slot::Element { .. },
            ..
        } = &instruction
        {
            let Ok(length) = self.applier.list_length(path) else {
                return Ok(false);
            };
            match &mut instruction {
                ArrayInsert { prior_size, .. }
                | ArrayMove { prior_size, .. }
                | ArrayErase { prior_size, .. }
                | Update {
                    slot: Slot::Element { prior_size },
                    ..
                } => *prior_size = length,
                _ => {}
            }
        }
        match self.apply(instruction) {
            Ok(()) => Ok(true),
            Err(WriteError::Refused(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Adds a class, unless it is there.
    pub fn add_class(&mut self, name: &str, kind: TableKind) -> Result<(), WriteError> {
        let class = Text::from(name);
        match self.schema().class(&class) {
            Some(found) if found.kind == kind => Ok(()),
            Some(_) | None => self.apply(Instruction::AddTable { class, kind }),
        }
    }

    /// Adds a column, unless it is there.
    pub fn add_column(
        &mut self,
        class: &str,
        name: &str,
        column: Column,
    ) -> Result<(), WriteError> {
        let (class, field) = (Text::from(class), Text::from(name));
        let found = self
            .schema()
            .class(&class)
            .and_then(|class| class.column(&field));
        match found {
            Some(found) if found.column == column => Ok(()),
            Some(_) | None => self.apply(Instruction::AddColumn {
                class,
                field,
                column,
            }),
        }
    }

    /// Makes an object; one that is there stays as it is.
    pub fn create(&mut self, class: impl Into<Text>, key: Key) -> Result<(), WriteError> {
        self.apply(Instruction::CreateObject {
            class: class.into(),
            key,
        })
    }

    /// Makes an object of a class without primary key. Its key.
    pub fn create_keyless(&mut self, class: impl Into<Text>) -> Result<Key, WriteError> {
        if self.file == FileIdent(0) {
            return Err(WriteError::Anonymous);
        }
        let key = Key::Global {
            hi: self.file.0,
            lo: self.objects,
        };
        self.objects += 1;
        self.create(class, key.clone())?;
        Ok(key)
    }

    /// Whether there is an object of this key.
    pub fn has(&mut self, class: &str, key: &Key) -> Result<bool, WriteError> {
        Ok(self.applier.has_object(&class.into(), key)?)
    }

    /// Everything in an object, the primary key left out, or nothing if there is no such object.
    pub fn object(&mut self, class: &str, key: &Key) -> Result<Option<Vec<Field>>, WriteError> {
        Ok(self.applier.object(&class.into(), key)?)
    }

    /// Deletes an object, if it is there.
    pub fn delete(&mut self, class: &str, key: Key) -> Result<(), WriteError> {
        self.apply(Instruction::EraseObject {
            class: class.into(),
            key,
        })
    }

    /// Sets a field, a key of a dictionary, or an element of a list.
    pub fn set(&mut self, path: Path, value: Value) -> Result<(), WriteError> {
        let slot = match path.steps.last() {
            Some(Step::Index(_)) => Slot::Element {
                prior_size: self.list_length(&path)?,
            },
            Some(Step::Name(_)) | None => Slot::Field { is_default: false },
        };
        self.apply(Instruction::Update { path, value, slot })
    }

    /// Adds to an integer.
    pub fn add(&mut self, path: Path, value: i64) -> Result<(), WriteError> {
        self.apply(Instruction::AddInteger { path, value })
    }

    /// Inserts into a list, at the index that ends the path.
    pub fn insert(&mut self, path: Path, value: Value) -> Result<(), WriteError> {
        let prior_size = self.list_length(&path)?;
        self.apply(Instruction::ArrayInsert {
            path,
            value,
            prior_size,
        })
    }

    /// Moves a list element, from the index that ends the path.
    pub fn move_to(&mut self, path: Path, to: u32) -> Result<(), WriteError> {
        let prior_size = self.list_length(&path)?;
        self.apply(Instruction::ArrayMove {
            path,
            to,
            prior_size,
        })
    }

    /// Removes a list element, at the index that ends the path, or a dictionary's key.
    pub fn remove(&mut self, path: Path) -> Result<(), WriteError> {
        if path.index().is_none() {
            return self.set(path, Value::Erased);
        }
        let prior_size = self.list_length(&path)?;
        self.apply(Instruction::ArrayErase { path, prior_size })
    }

    /// Adds to a set.
    pub fn insert_member(&mut self, path: Path, value: Value) -> Result<(), WriteError> {
        self.apply(Instruction::SetInsert { path, value })
    }

    /// Removes from a set.
    pub fn remove_member(&mut self, path: Path, value: Value) -> Result<(), WriteError> {
        self.apply(Instruction::SetErase { path, value })
    }

    /// Empties a collection.
    pub fn clear(&mut self, path: Path, kind: CollectionKind) -> Result<(), WriteError> {
        self.apply(Instruction::Clear { path, kind })
    }

    /// How many elements the list has in which the path ends with an index.
    pub fn list_length(&mut self, path: &Path) -> Result<u32, WriteError> {
        Ok(self.applier.list_length(path)?)
    }

    /// Puts a whole content into a place, where nothing of it is yet or all of it is to be replaced.
    pub fn put(&mut self, path: &Path, content: &Content) -> Result<(), WriteError> {
        match content {
            Content::Value(value) => self.set(path.clone(), value.clone()),
            Content::Object(_, fields) => {
                self.set(path.clone(), Value::Null)?;
                self.set(path.clone(), Value::Object)?;
                self.put_fields(path, fields)
            }
            Content::List(items) => {
                self.begin_collection(path, CollectionKind::List)?;
                items
                    .iter()
                    .enumerate()
                    .try_for_each(|(index, item)| self.put_item(path, index, item))
            }
            Content::Dictionary(entries) => {
                self.begin_collection(path, CollectionKind::Dictionary)?;
                entries.iter().try_for_each(|(name, content)| {
                    self.put_entry(&below(path, Step::Name(name.clone())), content)
                })
            }
            Content::Set(members) => {
                self.begin_collection(path, CollectionKind::Set)?;
                members
                    .iter()
                    .try_for_each(|value| self.insert_member(path.clone(), value.clone()))
            }
        }
    }

    fn put_fields(&mut self, path: &Path, fields: &[Field]) -> Result<(), WriteError> {
        fields.iter().try_for_each(|field| {
            self.put(&below(path, Step::Name(field.name.clone())), &field.content)
        })
    }

    /// A collection column is emptied, a Mixed place gets a new collection.
    fn begin_collection(&mut self, path: &Path, kind: CollectionKind) -> Result<(), WriteError> {
        if self.applier.collection_kind(path)? != CollectionKind::Single {
            return match self.applier.is_vacant(path)? {
                true => Ok(()),
                false => self.clear(path.clone(), kind),
            };
        }
        let value = match kind {
            CollectionKind::Dictionary => Value::Dictionary,
            CollectionKind::List | CollectionKind::Set | CollectionKind::Single => Value::List,
        };
        self.set(path.clone(), Value::Null)?;
        self.set(path.clone(), value)
    }

    fn put_item(&mut self, list: &Path, index: usize, item: &Content) -> Result<(), WriteError> {
        let index =
            u32::try_from(index).map_err(|_| WriteError::Refused("the list is too long".into()))?;
        let path = below(list, Step::Index(index));
        match item {
            Content::Value(value) => self.insert(path, value.clone()),
            Content::Object(_, fields) => {
                self.insert(path.clone(), Value::Object)?;
                self.put_fields(&path, fields)
            }
            Content::List(items) => {
                self.insert(path.clone(), Value::List)?;
                items
                    .iter()
                    .enumerate()
                    .try_for_each(|(index, item)| self.put_item(&path, index, item))
            }
            Content::Dictionary(entries) => {
                self.insert(path.clone(), Value::Dictionary)?;
                entries.iter().try_for_each(|(name, content)| {
                    self.put_entry(&below(&path, Step::Name(name.clone())), content)
                })
            }
            Content::Set(_) => Err(WriteError::Refused("sets cannot be in lists".into())),
        }
    }

    /// A dictionary's key gets a fresh embedded object by itself.
    fn put_entry(&mut self, path: &Path, content: &Content) -> Result<(), WriteError> {
        match content {
            Content::Object(_, fields) => {
                self.set(path.clone(), Value::Object)?;
                self.put_fields(path, fields)
            }
            Content::Value(_) | Content::List(_) | Content::Dictionary(_) | Content::Set(_) => {
                self.put(path, content)
            }
        }
    }
}

impl From<ApplyError> for WriteError {
    fn from(error: ApplyError) -> WriteError {
        match error {
            ApplyError::Refused(what) => WriteError::Refused(what),
            ApplyError::Cells(error) => WriteError::Local(error.into()),
        }
    }
}

/// The path one step further.
fn below(path: &Path, step: Step) -> Path {
    let mut path = path.clone();
    path.steps.push(step);
    path
}
