//! What a Realm contains, in the plainest form, and what instructions do to it: written to be obvious, to compare the real state with.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use ros::changeset::{
    Changeset, CollectionKind, Column, ColumnKind, Decimal128, Instruction, Key, Path, Slot, Step,
    TableKind, Text, Value,
};
use ros::state::{CellError, Cells, Content, Field, Reader, Schema};

/// Fields of an object.
pub type Fields = BTreeMap<Text, Node>;

/// Classes and objects of a Realm.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Model {
    /// What there may be.
    pub classes: BTreeMap<Text, Class>,
    /// Objects that are no part of others, by class and key.
    pub objects: BTreeMap<Text, BTreeMap<Key, Fields>>,
}

/// A class.
#[derive(Debug, Clone, PartialEq)]
pub struct Class {
    /// What it holds.
    pub kind: TableKind,
    /// Its columns, the primary key left out.
    pub columns: BTreeMap<Text, Column>,
}

/// What a place holds.
#[derive(Debug, Clone)]
pub enum Node {
    /// A plain value.
    Value(Value),
    /// An embedded object.
    Object(Text, Fields),
    /// A list.
    List(Vec<Node>),
    /// A dictionary.
    Dictionary(BTreeMap<Text, Node>),
    /// A set, in an order of its own.
    Set(Vec<Value>),
}

impl PartialEq for Node {
    /// Equal in content; of a number in a set, each copy keeps the form that came to it first.
    fn eq(&self, other: &Node) -> bool {
        let members = |set: &[Value]| {
            let mut members: Vec<Value> = set.iter().map(Value::as_member).collect();
            sort(&mut members);
            members
        };
        match (self, other) {
            (Node::Value(one), Node::Value(other)) => one == other,
            (Node::Object(class, fields), Node::Object(other, others)) => {
                (class, fields) == (other, others)
            }
            (Node::List(items), Node::List(others)) => items == others,
            (Node::Dictionary(entries), Node::Dictionary(others)) => entries == others,
            (Node::Set(one), Node::Set(other)) => members(one) == members(other),
            (
                Node::Value(_)
                | Node::Object(..)
                | Node::List(_)
                | Node::Dictionary(_)
                | Node::Set(_),
                _,
            ) => false,
        }
    }
}

/// Why an instruction has no effect.
pub type Refused = &'static str;

/// A place that is there, and the column that says what it may hold.
struct Place<'m> {
    node: &'m mut Node,
    kind: ColumnKind,
    /// Whether it is the field itself rather than something inside it.
    field: Option<CollectionKind>,
}

impl Model {
    /// Applies a changeset; after an error the model is worthless.
    pub fn apply_all(&mut self, changeset: &Changeset) -> Result<(), Refused> {
        changeset
            .instructions
            .iter()
            .try_for_each(|instruction| self.apply(instruction))
    }

    /// Applies an instruction, or leaves everything as it is.
    pub fn apply(&mut self, instruction: &Instruction) -> Result<(), Refused> {
        use Instruction::*;
        match instruction {
            AddTable { class, kind } => match self.classes.entry(class.clone()) {
                Entry::Occupied(old) if old.get().kind == *kind => {}
                Entry::Occupied(_) => return Err("another class of this name"),
                Entry::Vacant(place) => {
                    place.insert(Class {
                        kind: kind.clone(),
                        columns: BTreeMap::new(),
                    });
                    if *kind != TableKind::Embedded {
                        self.objects.insert(class.clone(), BTreeMap::new());
                    }
                }
            },
            EraseTable { class } => {
                let linked = |other: &Class| {
                    other
                        .columns
                        .values()
                        .any(|column| column.kind == ColumnKind::Link(class.clone()))
                };
                if self
                    .classes
                    .iter()
                    .any(|(name, other)| name != class && linked(other))
                {
                    return Err("others link to this class");
                }
                self.classes.remove(class).ok_or("no such class")?;
                self.objects.remove(class);
            }
            AddColumn {
                class,
                field,
                column,
            } => self.add_column(class, field, column)?,
            EraseColumn { class, field } => {
                let description = self.classes.get_mut(class).ok_or("no such class")?;
                description.columns.remove(field).ok_or("no such column")?;
                self.each_object(class, &mut |fields| drop(fields.remove(field)));
            }
            CreateObject { class, key } => {
                let description = self.classes.get(class).ok_or("no such class")?;
                let fresh = fields_of(description);
                let objects = self.objects.get_mut(class).ok_or("an embedded class")?;
                objects.entry(key.clone()).or_insert(fresh);
            }
            EraseObject { class, key } => {
                let objects = self.objects.get_mut(class).ok_or("no such class")?;
                objects.remove(key);
            }
            Update { path, value, slot } => {
                if let Slot::Element { prior_size } = slot {
                    self.list(path, *prior_size)?; // or nobody could merge with it
                }
                self.update(path, value)?
            }
            AddInteger { path, value } => match self.place(path, &path.steps)?.node {
                Node::Value(Value::Int(number)) => *number = number.wrapping_add(*value),
                Node::Value(Value::Null) => {}
                Node::Value(_)
                | Node::Object(..)
                | Node::List(_)
                | Node::Dictionary(_)
                | Node::Set(_) => {
                    return Err("no integer");
                }
            },
            ArrayInsert {
                path,
                value,
                prior_size,
            } => {
                let classes = self.classes.clone();
                let (list, index, kind) = self.list(path, *prior_size)?;
                if index > list.len() {
                    return Err("no such place");
                }
                list.insert(index, fresh(&classes, value, &kind)?);
            }
            ArrayMove {
                path,
                to,
                prior_size,
            } => {
                let (list, index, _) = self.list(path, *prior_size)?;
                let to = *to as usize;
                if index >= list.len() || to >= list.len() || index == to {
                    return Err("no such place");
                }
                let moved = list.remove(index);
                list.insert(to, moved);
            }
            ArrayErase { path, prior_size } => {
                let (list, index, _) = self.list(path, *prior_size)?;
                if index >= list.len() {
                    return Err("no such place");
                }
                list.remove(index);
            }
            Clear { path, kind } => self.clear(path, *kind)?,
            SetInsert { path, value } => {
                let set = self.set(path)?;
                if !set.iter().any(|member| is_one(member, value)) {
                    set.push(value.clone());
                    sort(set);
                }
            }
            SetErase { path, value } => self.set(path)?.retain(|member| !is_one(member, value)),
        }
        Ok(())
    }

    fn add_column(&mut self, class: &Text, field: &Text, column: &Column) -> Result<(), Refused> {
        if let ColumnKind::Link(target) = &column.kind
            && !self.classes.contains_key(target)
        {
            return Err("no such class to link to");
        }
        let description = self.classes.get_mut(class).ok_or("no such class")?;
        if let Some(old) = description.columns.get(field) {
            let same = old.kind == column.kind && old.collection == column.collection;
            return if same {
                Ok(())
            } else {
                Err("another column of this name")
            };
        }
        description.columns.insert(field.clone(), column.clone());
        self.each_object(class, &mut |fields| {
            fields.insert(field.clone(), nothing(column));
        });
        Ok(())
    }

    fn update(&mut self, path: &Path, value: &Value) -> Result<(), Refused> {
        let classes = self.classes.clone();
        if let Some((Step::Name(name), before)) = path.steps.split_last() {
            let parent = self.place(path, before)?;
            if let Node::Dictionary(entries) = parent.node {
                if *value == Value::Erased {
                    entries.remove(name);
                    return Ok(());
                }
                let same = entries.get(name).is_some_and(|old| is_same(old, value));
                if !same {
                    entries.insert(name.clone(), fresh(&classes, value, &parent.kind)?);
                }
                return Ok(());
            }
        }
        let place = self.place(path, &path.steps)?;
        let element = path.index().is_some();
        match (&*place.node, value) {
            (_, Value::Erased) => return Err("nothing to erase"),
            (Node::Object(..), Value::Object) => {}
            (_, Value::Object) if element => {}
            (old, value) if is_same(old, value) => {}
            _ => *place.node = fresh(&classes, value, &place.kind)?,
        }
        Ok(())
    }

    fn clear(&mut self, path: &Path, kind: CollectionKind) -> Result<(), Refused> {
        let place = self.place(path, &path.steps)?;
        let column = place.field.filter(|kind| *kind != CollectionKind::Single);
        match (column, kind) {
            (Some(column), _) => *place.node = empty(column),
            (None, CollectionKind::List | CollectionKind::Dictionary)
                if place.kind == ColumnKind::Mixed =>
            {
                *place.node = empty(kind);
            }
            (
                None,
                CollectionKind::Single
                | CollectionKind::List
                | CollectionKind::Dictionary
                | CollectionKind::Set,
            ) => return Err("no collection"),
        }
        Ok(())
    }

    /// The list around the last step, the index, and what it may hold.
    fn list(
        &mut self,
        path: &Path,
        prior_size: u32,
    ) -> Result<(&mut Vec<Node>, usize, ColumnKind), Refused> {
        let Some((Step::Index(index), before)) = path.steps.split_last() else {
            return Err("no index");
        };
        let place = self.place(path, before)?;
        match place.node {
            Node::List(list) if list.len() == prior_size as usize => {
                Ok((list, *index as usize, place.kind))
            }
            Node::List(_) => Err("another length"),
            Node::Value(_) | Node::Object(..) | Node::Dictionary(_) | Node::Set(_) => {
                Err("no list")
            }
        }
    }

    fn set(&mut self, path: &Path) -> Result<&mut Vec<Value>, Refused> {
        match self.place(path, &path.steps)?.node {
            Node::Set(set) => Ok(set),
            Node::Value(_) | Node::Object(..) | Node::List(_) | Node::Dictionary(_) => {
                Err("no set")
            }
        }
    }

    fn place(&mut self, path: &Path, steps: &[Step]) -> Result<Place<'_>, Refused> {
        let class = self.classes.get(&path.class).ok_or("no such class")?;
        let column = class.columns.get(&path.field).ok_or("no such column")?;
        let objects = self
            .objects
            .get_mut(&path.class)
            .ok_or("an embedded class")?;
        let object = objects.get_mut(&path.key).ok_or("no such object")?;
        let mut place = Place {
            node: object.get_mut(&path.field).expect("a field of its class"),
            kind: column.kind.clone(),
            field: Some(column.collection),
        };
        for step in steps {
            place = match (place.node, step) {
                (Node::List(list), Step::Index(index)) => Place {
                    node: list.get_mut(*index as usize).ok_or("no such element")?,
                    kind: place.kind,
                    field: None,
                },
                (Node::Dictionary(entries), Step::Name(name)) => Place {
                    node: entries.get_mut(name).ok_or("no such entry")?,
                    kind: place.kind,
                    field: None,
                },
                (Node::Object(class, fields), Step::Name(name)) => {
                    let class = self.classes.get(class).ok_or("no such class")?;
                    let column = class.columns.get(name).ok_or("no such column")?;
                    Place {
                        node: fields.get_mut(name).ok_or("no such field")?,
                        kind: column.kind.clone(),
                        field: Some(column.collection),
                    }
                }
                _ => return Err("no such way"),
            };
        }
        Ok(place)
    }

    /// Calls for every object of a class, embedded ones wherever they are.
    fn each_object(&mut self, class: &Text, call: &mut dyn FnMut(&mut Fields)) {
        for (name, objects) in &mut self.objects {
            for fields in objects.values_mut() {
                if name == class {
                    call(fields);
                }
                fields
                    .values_mut()
                    .for_each(|node| inside(node, class, call));
            }
        }
    }

    /// What is stored in these cells.
    pub fn read(cells: &mut impl Cells, schema: &Schema) -> Result<Model, CellError> {
        let mut model = Model::default();
        let mut reader = Reader::new(cells, schema);
        for class in schema.classes() {
            let columns = class
                .columns
                .iter()
                .map(|column| (column.name.clone(), column.column.clone()))
                .collect();
            let kind = class.kind.clone();
            if !class.is_embedded() {
                let keys = reader.keys(class, None, usize::MAX)?;
                let objects = keys
                    .into_iter()
                    .map(|(key, _)| {
                        let fields = reader.object(class, &key)?.expect("it was listed");
                        Ok((key, read_fields(fields)))
                    })
                    .collect::<Result<_, _>>()?;
                model.objects.insert(class.name.clone(), objects);
            }
            model
                .classes
                .insert(class.name.clone(), Class { kind, columns });
        }
        Ok(model)
    }
}

/// Where two models differ first, for people.
pub fn difference(left: &Model, right: &Model) -> Option<String> {
    if left.classes != right.classes {
        return Some(format!("{:?}\n{:?}", left.classes, right.classes));
    }
    for (class, objects) in &left.objects {
        let others = &right.objects[class];
        for key in objects.keys().chain(others.keys()) {
            match (objects.get(key), others.get(key)) {
                (Some(one), Some(other)) => {
                    let field = one.keys().find(|name| one[*name] != other[*name]);
                    if let Some(name) = field {
                        return Some(format!(
                            "{class}[{key:?}].{name}\n  {:?}\n  {:?}",
                            one[name], other[name]
                        ));
                    }
                }
                (one, other) => {
                    return Some(format!(
                        "{class}[{key:?}] is there: {} and {}",
                        one.is_some(),
                        other.is_some()
                    ));
                }
            }
        }
    }
    (left != right).then(|| "somewhere".into())
}

fn inside(node: &mut Node, class: &Text, call: &mut dyn FnMut(&mut Fields)) {
    match node {
        Node::Value(_) | Node::Set(_) => {}
        Node::Object(name, fields) => {
            if name == class {
                call(fields);
            }
            fields
                .values_mut()
                .for_each(|node| inside(node, class, call));
        }
        Node::List(items) => items.iter_mut().for_each(|node| inside(node, class, call)),
        Node::Dictionary(entries) => entries
            .values_mut()
            .for_each(|node| inside(node, class, call)),
    }
}

fn read_fields(fields: Vec<Field>) -> Fields {
    fields
        .into_iter()
        .map(|field| (field.name, read_content(field.content)))
        .collect()
}

fn read_content(content: Content) -> Node {
    match content {
        Content::Value(value) => Node::Value(value),
        Content::Object(class, fields) => Node::Object(class, read_fields(fields)),
        Content::List(items) => Node::List(items.into_iter().map(read_content).collect()),
        Content::Dictionary(entries) => Node::Dictionary(
            entries
                .into_iter()
                .map(|(name, item)| (name, read_content(item)))
                .collect(),
        ),
        Content::Set(mut values) => {
            sort(&mut values);
            Node::Set(values)
        }
    }
}

/// Whether a set takes both for the same.
fn is_one(member: &Value, value: &Value) -> bool {
    member.as_member() == value.as_member()
}

fn sort(set: &mut [Value]) {
    set.sort_by_cached_key(|value| format!("{value:?}"));
}

fn fields_of(class: &Class) -> Fields {
    class
        .columns
        .iter()
        .map(|(name, column)| (name.clone(), nothing(column)))
        .collect()
}

fn empty(kind: CollectionKind) -> Node {
    match kind {
        CollectionKind::Single => Node::Value(Value::Null),
        CollectionKind::List => Node::List(Vec::new()),
        CollectionKind::Dictionary => Node::Dictionary(BTreeMap::new()),
        CollectionKind::Set => Node::Set(Vec::new()),
    }
}

/// What a field holds before it is set.
fn nothing(column: &Column) -> Node {
    if column.collection != CollectionKind::Single || column.nullable {
        return empty(column.collection);
    }
    Node::Value(match column.kind {
        ColumnKind::Int => Value::Int(0),
        ColumnKind::Bool => Value::Bool(false),
        ColumnKind::String => Value::String("".into()),
        ColumnKind::Float => Value::Float(0.0),
        ColumnKind::Double => Value::Double(0.0),
        ColumnKind::Binary => Value::Binary(bytes::Bytes::new()),
        ColumnKind::Timestamp => Value::Timestamp {
            seconds: 0,
            nanoseconds: 0,
        },
        ColumnKind::Decimal => Value::Decimal(Decimal128 {
            coefficient: 0,
            exponent: 0,
            negative: false,
        }),
        ColumnKind::ObjectId => Value::ObjectId([0; 12]),
        ColumnKind::Uuid => Value::Uuid([0; 16]),
        ColumnKind::Mixed | ColumnKind::Link(_) => Value::Null,
    })
}

/// What a value makes of a place that may hold this kind.
fn fresh(
    classes: &BTreeMap<Text, Class>,
    value: &Value,
    kind: &ColumnKind,
) -> Result<Node, Refused> {
    match (value, kind) {
        (Value::Object, ColumnKind::Link(target)) => {
            let class = classes.get(target).ok_or("no such class")?;
            Ok(Node::Object(target.clone(), fields_of(class)))
        }
        (Value::List, ColumnKind::Mixed) => Ok(empty(CollectionKind::List)),
        (Value::Dictionary, ColumnKind::Mixed) => Ok(empty(CollectionKind::Dictionary)),
        (Value::Object | Value::List | Value::Dictionary | Value::Set | Value::Erased, _) => {
            Err("not here")
        }
        (plain, _) => Ok(Node::Value(plain.clone())),
    }
}

/// Whether a collection is what is there already; it keeps its contents then.
fn is_same(old: &Node, value: &Value) -> bool {
    matches!(
        (old, value),
        (Node::List(_), Value::List) | (Node::Dictionary(_), Value::Dictionary)
    )
}
