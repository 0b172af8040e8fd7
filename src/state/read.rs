//! Looking at the state: classes, objects page by page, and everything in an object.

use super::cells::{CellError, Cells, embedded_key, long_key, objects_prefix};
use super::fit::default;
use super::key::{key_of, object_key};
use super::row::{Row, Slot};
use super::schema::{Class, ClassColumn, Schema};
use super::{collection, list};
use crate::changeset::{CollectionKind, Key, Link, Text, Value, codec};

/// What a place holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// A plain value. A link may lead to an object that is not there; [`Reader::resolves`] tells.
    Value(Value),
    /// An embedded object: its class and fields.
    Object(Text, Vec<Field>),
    /// A list, links to missing objects included.
    List(Vec<Content>),
    /// A dictionary, in the order of its keys' bytes.
    Dictionary(Vec<(Text, Content)>),
    /// A set, in the order of its values' bytes.
    Set(Vec<Value>),
}

/// A field of an object.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Its name.
    pub name: Text,
    /// What it holds.
    pub content: Content,
}

/// Reads the state that lies in some cells.
pub struct Reader<'a, C: Cells> {
    cells: &'a mut C,
    schema: &'a Schema,
}

impl<'a, C: Cells> Reader<'a, C> {
    /// Over these cells, of which `schema` is the mirror.
    pub fn new(cells: &'a mut C, schema: &'a Schema) -> Reader<'a, C> {
        Reader { cells, schema }
    }

    /// Keys of the objects of a class, at most `limit` after one that was told before, ascending but for strings of more than 255 bytes. The second part of each is what
    /// to go on from.
    pub fn keys(
        &mut self,
        class: &Class,
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<(Key, Vec<u8>)>, CellError> {
        let cells = self.cells.scan(&objects_prefix(class.id), after, limit)?;
        cells
            .into_iter()
            .map(|(cell_key, cell)| {
                let key = key_of(&cell_key, &Row::decode(cell)?.head)?;
                Ok((key, cell_key))
            })
            .collect()
    }

    /// Everything in an object, the primary key left out, or nothing if there is no such object.
    pub fn object(&mut self, class: &Class, key: &Key) -> Result<Option<Vec<Field>>, CellError> {
        let Some(cell) = self.cells.get(&object_key(class.id, key))? else {
            return Ok(None);
        };
        self.fields(class, &Row::decode(cell)?).map(Some)
    }

    /// Whether the object that a link names is there.
    pub fn resolves(&mut self, link: &Link) -> Result<bool, CellError> {
        let Some(class) = self.schema.class(&link.class) else {
            return Ok(false);
        };
        Ok(self.cells.get(&object_key(class.id, &link.key))?.is_some())
    }

    fn fields(&mut self, class: &Class, row: &Row) -> Result<Vec<Field>, CellError> {
        class
            .columns
            .iter()
            .map(|column| {
                let content = match row.get(column.id) {
                    Some(slot) => self.content(slot)?,
                    None => nothing(column),
                };
                Ok(Field {
                    name: column.name.clone(),
                    content,
                })
            })
            .collect()
    }

    fn content(&mut self, slot: &Slot) -> Result<Content, CellError> {
        Ok(match slot {
            Slot::Value(value) => Content::Value(value.clone()),
            Slot::Long(node) => {
                let cell = self
                    .cells
                    .get(&long_key(*node))?
                    .ok_or_else(|| CellError::damaged("a missing long value"))?;
                let (value, _) = codec::decode_value(&cell)
                    .map_err(|error| CellError::damaged(&error.to_string()))?;
                Content::Value(value)
            }
            Slot::Object(node) => {
                let cell = self
                    .cells
                    .get(&embedded_key(*node))?
                    .ok_or_else(|| CellError::damaged("a missing embedded object"))?;
                let row = Row::decode(cell)?;
                let id = row.head[..]
                    .try_into()
                    .map(u32::from_be_bytes)
                    .map_err(|_| CellError::damaged("an embedded object"))?;
                let class = self.schema.classes().find(|class| class.id == id).cloned();
                let class =
                    class.ok_or_else(|| CellError::damaged("an embedded object of no class"))?;
                Content::Object(class.name.clone(), self.fields(&class, &row)?)
            }
            Slot::List(node) => {
                let slots = list::range(self.cells, *node, 0, usize::MAX)?;
                Content::List(
                    slots
                        .iter()
                        .map(|slot| self.content(slot))
                        .collect::<Result<_, _>>()?,
                )
            }
            Slot::Short(values) => {
                Content::List(values.iter().cloned().map(Content::Value).collect())
            }
            Slot::Dictionary(node) => {
                let entries = collection::entries(self.cells, *node)?;
                Content::Dictionary(
                    entries
                        .into_iter()
                        .map(|(name, slot)| Ok((name, self.content(&slot)?)))
                        .collect::<Result<_, _>>()?,
                )
            }
            Slot::Set(node) => Content::Set(collection::members(self.cells, *node)?),
        })
    }
}

/// What a field holds that was never set.
fn nothing(column: &ClassColumn) -> Content {
    match column.column.collection {
        CollectionKind::Single => Content::Value(default(&column.of())),
        CollectionKind::List => Content::List(Vec::new()),
        CollectionKind::Dictionary => Content::Dictionary(Vec::new()),
        CollectionKind::Set => Content::Set(Vec::new()),
    }
}
