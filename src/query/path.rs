//! Paths, read step by step and checked against the classes.

use super::MOST_STEPS;
use super::error::QueryError;
use super::types::Type;
use crate::changeset::{CollectionKind, Column, Text};
use crate::ejson::spelling;
use crate::state::{Class, Schema};

/// A path whose names were checked.
#[derive(Debug, Clone)]
pub(super) struct Path {
    /// From the object.
    pub steps: Vec<Step>,
    /// Whether it leads to many values.
    pub many: bool,
    /// Their type.
    pub of: Type,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Step {
    /// The primary key of an object.
    Key,
    /// A field of an object.
    Field(Text),
    /// An element of a list.
    Element(usize),
    /// The last element of a list.
    Last,
    /// An entry of a dictionary.
    Entry(Text),
    /// All elements of a collection.
    Each,
    /// All keys of a dictionary.
    Keys,
    /// How many elements, entries or bytes.
    Count,
}

/// A path while it is read: each step is checked against what the steps before lead to.
pub(super) struct Builder<'s> {
    schema: &'s Schema,
    steps: Vec<Step>,
    many: bool,
    place: Place<'s>,
}

/// What the steps so far lead to.
enum Place<'s> {
    Object(&'s Class),
    Collection(&'s Column),
    Value(Type),
    Count,
}

impl<'s> Builder<'s> {
    /// From an object of this class.
    pub fn new(schema: &'s Schema, class: &'s Class) -> Builder<'s> {
        Builder {
            schema,
            steps: Vec::new(),
            many: false,
            place: Place::Object(class),
        }
    }

    /// `.name`: a property of the object, or of the object to which the value leads.
    pub fn name(&mut self, name: &str, at: usize) -> Result<(), QueryError> {
        let class = self.class(name, at)?;
        let text = Text::from(name);
        if class.key_field() == Some(&text) {
            let of = class.primary_key().map_or(Type::Any, Type::of_key);
            return self.step(Step::Key, Place::Value(of), at);
        }
        let column = class
            .column(&text)
            .ok_or_else(|| QueryError::new(at, unknown(name, class)))?;
        let place = match column.column.collection {
            CollectionKind::Single => Place::Value(Type::of_kind(&column.column.kind, self.schema)),
            CollectionKind::List | CollectionKind::Dictionary | CollectionKind::Set => {
                Place::Collection(&column.column)
            }
        };
        self.step(Step::Field(text), place, at)
    }

    /// `['key']`.
    pub fn entry(&mut self, key: &str, at: usize) -> Result<(), QueryError> {
        let place = self.inside(&[CollectionKind::Dictionary], "a dictionary", at)?;
        self.step(Step::Entry(Text::from(key)), place, at)
    }

    /// `[3]`.
    pub fn element(&mut self, index: usize, at: usize) -> Result<(), QueryError> {
        let place = self.inside(&[CollectionKind::List], "a list", at)?;
        self.step(Step::Element(index), place, at)
    }

    /// `[LAST]`.
    pub fn last(&mut self, at: usize) -> Result<(), QueryError> {
        let place = self.inside(&[CollectionKind::List], "a list", at)?;
        self.step(Step::Last, place, at)
    }

    /// `[*]`, and `.@values` of a dictionary.
    pub fn each(&mut self, at: usize) -> Result<(), QueryError> {
        let any = [
            CollectionKind::List,
            CollectionKind::Set,
            CollectionKind::Dictionary,
        ];
        let place = self.inside(&any, "a collection", at)?;
        self.many = true;
        self.step(Step::Each, place, at)
    }

    /// `.@keys`.
    pub fn keys(&mut self, at: usize) -> Result<(), QueryError> {
        self.inside(&[CollectionKind::Dictionary], "a dictionary", at)?;
        self.many = true;
        self.step(Step::Keys, Place::Value(Type::Text), at)
    }

    /// `.@count`.
    pub fn count(&mut self, at: usize) -> Result<(), QueryError> {
        let is_counted = match &self.place {
            Place::Collection(_) => true,
            Place::Value(of) => matches!(of, Type::Any | Type::Text | Type::Binary),
            Place::Object(_) | Place::Count => false,
        };
        if !is_counted {
            let message = "only collections, texts and binary data are counted";
            return Err(QueryError::new(at, message));
        }
        self.step(Step::Count, Place::Count, at)
    }

    /// The path. A collection at its end stands for its elements.
    pub fn finish(mut self) -> Path {
        let of = match self.place {
            Place::Collection(column) => {
                self.steps.push(Step::Each);
                self.many = true;
                Type::of_kind(&column.kind, self.schema)
            }
            Place::Value(of) => of,
            Place::Object(_) => Type::Any,
            Place::Count => Type::Number,
        };
        Path {
            steps: self.steps,
            many: self.many,
            of,
        }
    }

    fn step(&mut self, step: Step, place: Place<'s>, at: usize) -> Result<(), QueryError> {
        if self.steps.len() >= MOST_STEPS {
            return Err(QueryError::new(
                at,
                format!("a path has at most {MOST_STEPS} steps"),
            ));
        }
        self.steps.push(step);
        self.place = place;
        Ok(())
    }

    /// The class of the objects to which the steps so far lead.
    fn class(&mut self, name: &str, at: usize) -> Result<&'s Class, QueryError> {
        let of = match &self.place {
            Place::Object(class) => return Ok(class),
            Place::Collection(column) => Type::of_kind(&column.kind, self.schema),
            Place::Value(of) => of.clone(),
            Place::Count => Type::Number,
        };
        let class = match &of {
            Type::Link(target) | Type::Embedded(target) => self.schema.class(target),
            Type::Null
            | Type::Any
            | Type::Bool
            | Type::Number
            | Type::Text
            | Type::Binary
            | Type::Date
            | Type::ObjectId
            | Type::Uuid => None,
        };
        let class = class.ok_or_else(|| QueryError::new(at, no_properties(&of, name)))?;
        if matches!(self.place, Place::Collection(_)) {
            self.steps.push(Step::Each);
            self.many = true;
        }
        Ok(class)
    }

    /// What a collection of one of these kinds has inside. A mixed value may be any.
    fn inside(
        &self,
        kinds: &[CollectionKind],
        what: &str,
        at: usize,
    ) -> Result<Place<'s>, QueryError> {
        match &self.place {
            Place::Collection(column) if kinds.contains(&column.collection) => {
                Ok(Place::Value(Type::of_kind(&column.kind, self.schema)))
            }
            Place::Value(Type::Any) => Ok(Place::Value(Type::Any)),
            Place::Object(_) | Place::Collection(_) | Place::Value(_) | Place::Count => {
                Err(QueryError::new(at, format!("this is not {what}")))
            }
        }
    }
}

fn unknown(name: &str, class: &Class) -> String {
    let names: Vec<String> = class
        .key_field()
        .into_iter()
        .chain(class.columns.iter().map(|column| &column.name))
        .map(Text::to_lossy)
        .collect();
    let near = spelling::nearest(name, names.iter().map(String::as_str));
    let hint = near.map_or(String::new(), |near| format!("; did you mean {near}?"));
    format!("{} has no property {name}{hint}", class.name)
}

fn no_properties(of: &Type, name: &str) -> String {
    match of {
        Type::Any => format!("a mixed value has no properties; its entry is written ['{name}']"),
        Type::Link(target) if target.as_bytes().is_empty() => {
            "a link to any class cannot be followed".into()
        }
        Type::Link(target) | Type::Embedded(target) => format!("there is no class {target}"),
        Type::Null
        | Type::Bool
        | Type::Number
        | Type::Text
        | Type::Binary
        | Type::Date
        | Type::ObjectId
        | Type::Uuid => format!("{} has no property {name}", of.words()),
    }
}
