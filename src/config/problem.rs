//! What is wrong with a configuration: said with its place, the line, and what would put it right.

use std::fmt;
use std::sync::Arc;

use super::tree::Place;

/// Characters of a line that are shown.
const SHOWN: usize = 100;

/// Something about a key: where it is, and what is wrong.
///
/// `{}` is one line, `{:#}` has the line of the file below it, with a caret, and the hint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The key, with dots between its parts; empty if it is about no key.
    pub key: String,
    /// What is wrong with it.
    pub what: String,
    /// What would put it right.
    pub hint: Option<String>,
    /// Where it is said, if anywhere.
    pub source: Option<Source>,
}

/// Where a value is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// In the file.
    File(Spot),
    /// In a variable of the environment.
    Environment(String),
    /// In an option of the command line.
    Flag(&'static str),
}

/// Puts problems into the order of the file's lines; those of the environment and of the command line come after, then those that are said nowhere.
pub fn in_order(problems: &mut [Problem]) {
    problems.sort_by_key(|problem| match &problem.source {
        Some(Source::File(spot)) => (0, spot.line, spot.column),
        Some(Source::Environment(_)) => (1, 0, 0),
        Some(Source::Flag(_)) => (2, 0, 0),
        None => (3, 0, 0),
    });
}

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spot {
    /// The file.
    pub file: Arc<str>,
    /// Its line, from 1.
    pub line: usize,
    /// Its column in characters, from 1.
    pub column: usize,
    /// The text of the line; of a long one the part around the place.
    pub text: String,
    /// How many characters of the text are before the place, and how many are meant.
    marked: (usize, usize),
}

impl Spot {
    /// The place in a file, of which this is the line.
    pub fn new(file: Arc<str>, line: &str, at: Place) -> Spot {
        let first = (at.column - 1).saturating_sub(SHOWN / 2);
        let shown: Vec<char> = line.chars().skip(first).take(SHOWN).collect();
        let before = (at.column - 1 - first).min(shown.len());
        let width = at.width.clamp(1, (shown.len() - before).max(1));
        Spot {
            file,
            line: at.line,
            column: at.column,
            text: shown.into_iter().collect(),
            marked: (before, width),
        }
    }

    /// The line and a caret below it.
    fn excerpt(&self) -> String {
        let number = self.line.to_string();
        let margin = " ".repeat(number.len());
        // What has no width of its own, or moves things about, is a space.
        let plain = |c: char| if c.is_control() { ' ' } else { c };
        let line: String = self.text.chars().map(plain).collect();
        let (before, width) = self.marked;
        let (blank, carets) = (" ".repeat(before), "^".repeat(width));
        format!("  {number} | {line}\n  {margin} | {blank}{carets}")
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::File(spot) => write!(f, "{}:{}:{}", spot.file, spot.line, spot.column),
            Source::Environment(name) => f.write_str(name),
            Source::Flag(name) => f.write_str(name),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(source) = &self.source {
            write!(f, "{source}: ")?;
        }
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.what)?;
        if !f.alternate() {
            return Ok(());
        }
        if let Some(Source::File(spot)) = &self.source {
            write!(f, "\n{}", spot.excerpt())?;
        }
        match &self.hint {
            Some(hint) => write!(f, "\n  hint: {hint}"),
            None => Ok(()),
        }
    }
}
