//! In which order objects are listed.

use std::cmp::Ordering;

use super::Follow;
use super::compare::compare;
use super::error::QueryError;
use super::parse::Parser;
use super::path::Path;
use super::walk::Object;
use crate::changeset::{Key, Value};
use crate::state::{Class, Field, Schema};

/// An order of the objects of a class: by one value, then by the next.
#[derive(Debug, Clone)]
pub struct Order {
    parts: Vec<Part>,
}

/// One value by which objects are ordered.
#[derive(Debug, Clone)]
pub(super) struct Part {
    /// Where it is found; never many values.
    pub path: Path,
    /// Largest first, null last.
    pub descending: bool,
}

impl Order {
    /// Reads an order such as `a DESC, b.c ASC` of the objects of `class`. ASC need not be said.
    pub fn parse(text: &str, schema: &Schema, class: &Class) -> Result<Order, QueryError> {
        let parts = Parser::new(text, schema, class)?.whole_order()?;
        Ok(Order { parts })
    }

    /// What an object is ordered by; read once for each object, however often it is compared.
    pub fn values(&self, key: &Key, fields: &[Field], follow: &mut Follow) -> Vec<Value> {
        let object = Object { key, fields };
        let value = |part: &Part| part.path.values(&object, follow).pop();
        self.parts
            .iter()
            .map(value)
            .map(|value| value.unwrap_or(Value::Null))
            .collect()
    }

    /// The order of two objects, by what [`Order::values`] gave for them. Total; null comes first unless the order is DESC.
    pub fn compare(&self, a: &[Value], b: &[Value]) -> Ordering {
        let pairs = self.parts.iter().zip(a.iter().zip(b));
        pairs
            .map(|(part, (a, b))| match part.descending {
                false => compare(a, b),
                true => compare(b, a),
            })
            .find(|order| *order != Ordering::Equal)
            .unwrap_or(Ordering::Equal)
    }
}
