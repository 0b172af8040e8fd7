//! Along a path, from an object to its values.

use super::Follow;
use super::compare::key_value;
use super::path::{Path, Step};
use crate::changeset::{Key, Link, Text, Value};
use crate::state::{Content, Field};

/// An object that is looked at.
pub(super) struct Object<'a> {
    /// Its key.
    pub key: &'a Key,
    /// Everything else in it.
    pub fields: &'a [Field],
}

impl Path {
    /// The values to which the path leads: exactly one unless it leads to many.
    pub fn values(&self, object: &Object, follow: &mut Follow) -> Vec<Value> {
        let mut walk = Walk {
            follow,
            found: Vec::new(),
        };
        walk.object(object, &self.steps);
        walk.found
    }
}

struct Walk<'w, 'f> {
    follow: &'w mut Follow<'f>,
    found: Vec<Value>,
}

impl Walk<'_, '_> {
    fn object(&mut self, object: &Object, steps: &[Step]) {
        match steps.split_first() {
            Some((Step::Key, rest)) => self.content(&Content::Value(key_value(object.key)), rest),
            Some((Step::Field(name), rest)) => {
                let field = object.fields.iter().find(|field| field.name == *name);
                match field {
                    Some(field) => self.content(&field.content, rest),
                    None => self.nothing(rest),
                }
            }
            Some(_) | None => self.found.push(Value::Object),
        }
    }

    fn content(&mut self, content: &Content, steps: &[Step]) {
        let Some((step, rest)) = steps.split_first() else {
            let value = self.value(content);
            return self.found.push(value);
        };
        match step {
            Step::Key | Step::Field(_) => self.target(content, steps),
            Step::Element(index) => {
                let item = self.items(content).into_iter().nth(*index);
                self.maybe(item, rest);
            }
            Step::Last => {
                let item = self.items(content).pop();
                self.maybe(item, rest);
            }
            Step::Entry(key) => {
                let found = entries(content).iter().find(|(name, _)| name == key);
                self.maybe(found.map(|(_, content)| content), rest);
            }
            Step::Each => self.each(content, rest),
            Step::Keys => {
                let names = entries(content).iter().map(|(name, _)| name.clone());
                self.found.extend(names.map(Value::String));
            }
            Step::Count => {
                let count = self.count(content);
                self.found.push(count);
            }
        }
    }

    fn maybe(&mut self, content: Option<&Content>, steps: &[Step]) {
        match content {
            Some(content) => self.content(content, steps),
            None => self.nothing(steps),
        }
    }

    /// The rest of a path that ends early: null, unless it would have led to many values.
    fn nothing(&mut self, steps: &[Step]) {
        if !steps.contains(&Step::Each) && !steps.contains(&Step::Keys) {
            self.found.push(Value::Null);
        }
    }

    /// On into an embedded object, or along a link.
    fn target(&mut self, content: &Content, steps: &[Step]) {
        match content {
            Content::Object(_, fields) => self.object(
                &Object {
                    key: &Key::Null,
                    fields,
                },
                steps,
            ),
            Content::Value(Value::Link(link)) => match (self.follow)(link) {
                Some(fields) => self.object(
                    &Object {
                        key: &link.key,
                        fields: &fields,
                    },
                    steps,
                ),
                None => self.nothing(steps),
            },
            Content::Value(_) | Content::List(_) | Content::Dictionary(_) | Content::Set(_) => {
                self.nothing(steps)
            }
        }
    }

    fn each(&mut self, content: &Content, steps: &[Step]) {
        match content {
            Content::List(items) => {
                for item in items {
                    self.item(item, steps);
                }
            }
            Content::Dictionary(entries) => {
                for (_, content) in entries {
                    self.content(content, steps);
                }
            }
            Content::Set(values) => {
                for value in values {
                    self.item(&Content::Value(value.clone()), steps);
                }
            }
            Content::Value(_) | Content::Object(..) => {}
        }
    }

    /// An element of a list or set. A link is followed once, and left out if nothing is there.
    fn item(&mut self, item: &Content, steps: &[Step]) {
        let Content::Value(Value::Link(link)) = item else {
            return self.content(item, steps);
        };
        let Some(fields) = (self.follow)(link) else {
            return;
        };
        match steps {
            [] => self.found.push(Value::Link(link.clone())),
            steps => self.object(
                &Object {
                    key: &link.key,
                    fields: &fields,
                },
                steps,
            ),
        }
    }

    /// The elements of a list but for links to objects that are not there.
    fn items<'c>(&mut self, content: &'c Content) -> Vec<&'c Content> {
        let Content::List(items) = content else {
            return Vec::new();
        };
        let is_there = |item: &&Content| match item {
            Content::Value(value) => self.is_there(value),
            Content::Object(..) | Content::List(_) | Content::Dictionary(_) | Content::Set(_) => {
                true
            }
        };
        items.iter().filter(is_there).collect()
    }

    fn is_there(&mut self, value: &Value) -> bool {
        match value {
            Value::Link(link) => self.resolves(link),
            _ => true,
        }
    }

    fn resolves(&mut self, link: &Link) -> bool {
        (self.follow)(link).is_some()
    }

    fn value(&mut self, content: &Content) -> Value {
        match content {
            Content::Value(Value::Link(link)) if !self.resolves(link) => Value::Null,
            Content::Value(value) => value.clone(),
            Content::Object(..) => Value::Object,
            Content::List(_) => Value::List,
            Content::Dictionary(_) => Value::Dictionary,
            Content::Set(_) => Value::Set,
        }
    }

    fn count(&mut self, content: &Content) -> Value {
        let count = match content {
            Content::List(_) => self.items(content).len(),
            Content::Dictionary(entries) => entries.len(),
            Content::Set(values) => values.iter().filter(|value| self.is_there(value)).count(),
            Content::Value(Value::String(text)) => text.as_bytes().len(),
            Content::Value(Value::Binary(bytes)) => bytes.len(),
            Content::Value(_) | Content::Object(..) => return Value::Null,
        };
        Value::Int(i64::try_from(count).unwrap_or(i64::MAX))
    }
}

fn entries(content: &Content) -> &[(Text, Content)] {
    match content {
        Content::Dictionary(entries) => entries,
        Content::Value(_) | Content::Object(..) | Content::List(_) | Content::Set(_) => &[],
    }
}
