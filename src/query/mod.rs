//! Which objects, in which order: a subset of the Realm Query Language, as the SDKs' users know it.
//!
//! ```text
//! condition  := condition OR condition | condition AND condition | NOT condition | ( condition )
//!             | TRUEPREDICATE | FALSEPREDICATE | comparison              also || && !
//! comparison := operand operator[c] operand | operand BETWEEN {a, b} | operand IN {a, b, …}
//! operator   := == = != <> < <= > >= IN BEGINSWITH ENDSWITH CONTAINS LIKE    [c]: capitals are as good as small letters
//! operand    := literal | {literal, …} | path, the latter two after ANY, ALL or NONE
//! path       := name then .name ['key'] [0] [FIRST] [LAST] [*] .@keys .@values, at the end .@count or .@size
//! literal    := 1 -2.5 0x1F inf nan 'text' "text" true false null nil
//!             | 2023-11-14 2023-11-14T22:13:20Z 2023-11-14@22:13:20 T1699999999:0
//!             | uuid(…) oid(…) B64"…" binary('text') obj('Class', key)
//! order      := path ASC, path DESC, …
//! ```
//!
//! Words of the language may be small letters. A path with many values (a list, or anything behind one) holds if ANY of them does; ALL and NONE hold for no
//! values. A link that is null or leads to an object that is not there is null, and so is everything behind it; in a list it is not there at all.
//!
//! Comparing is what the SDKs do, in these words: numbers of all types compare by value, a fraction in the query being the nearest float to a float; null equals
//! null only; values of different types are not equal and in no order; texts are ordered by their bytes; NaN equals itself and is below all numbers.
//!
//! Names and types are checked against the class before anything is run. What is typed by strangers can be parsed: length and depth are bounded.
//!
//! Absent on purpose: where objects are. The caller hands in each object and a way to follow links.

mod check;
mod compare;
mod condition;
mod cursor;
mod error;
mod literal;
mod number;
mod operand;
mod order;
mod parse;
mod path;
mod text;
mod token;
mod types;
mod walk;

#[cfg(test)]
mod tests;

use crate::changeset::{Key, Link};
use crate::state::{Class, Field, Schema};

pub use compare::compare;
pub use error::QueryError;
pub use order::Order;

/// Longest query or order, in bytes; a longer one is refused.
const LONGEST: usize = 64 << 10;
/// Most conditions inside each other.
const DEEPEST: usize = 100;
/// Most steps in a path.
const MOST_STEPS: usize = 32;

/// Gives the fields of the object to which a link leads, if it is there. A caller whose reading can fail keeps the failure for itself and answers `None`.
pub type Follow<'f> = dyn FnMut(&Link) -> Option<Vec<Field>> + 'f;

/// A condition on the objects of a class.
#[derive(Debug, Clone)]
pub struct Query {
    condition: condition::Condition,
}

impl Query {
    /// Reads a condition on the objects of `class`.
    pub fn parse(text: &str, schema: &Schema, class: &Class) -> Result<Query, QueryError> {
        let condition = parse::Parser::new(text, schema, class)?.whole_condition()?;
        Ok(Query { condition })
    }

    /// Whether the condition holds for an object.
    pub fn matches(&self, key: &Key, fields: &[Field], follow: &mut Follow) -> bool {
        self.condition.holds(&walk::Object { key, fields }, follow)
    }
}
