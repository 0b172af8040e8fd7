//! What is wrong with a JSON text, and where.

use std::fmt;

use serde_json::Value as Json;

/// Why JSON is not what its place takes. Prints as `Note.due: expected a date, found "soon"`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EjsonError {
    place: String,
    what: String,
}

/// Longest piece of the JSON that an error shows, in characters.
const SHOWN: usize = 60;

impl EjsonError {
    /// The place, such as `Note.parts[3].name`; empty for a value that stands alone.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// What is wrong there.
    pub fn what(&self) -> &str {
        &self.what
    }

    pub(super) fn new(what: impl Into<String>) -> EjsonError {
        EjsonError {
            place: String::new(),
            what: what.into(),
        }
    }

    pub(super) fn expected(what: &str, found: &Json) -> EjsonError {
        EjsonError::new(format!("expected {what}, found {}", shown(found)))
    }

    /// The same error, seen from outside.
    pub(super) fn within(mut self, step: impl fmt::Display) -> EjsonError {
        self.place = format!("{step}{}", self.place);
        self
    }
}

impl fmt::Display for EjsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place.strip_prefix('.').unwrap_or(&self.place) {
            "" => f.write_str(&self.what),
            place => write!(f, "{place}: {}", self.what),
        }
    }
}

impl std::error::Error for EjsonError {}

fn shown(json: &Json) -> String {
    let text = json.to_string();
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
