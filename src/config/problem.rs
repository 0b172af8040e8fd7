//! What is wrong with a configuration: said with its place, the line, and what would put it right.

use std::fmt;

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

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spot {
    /// The file.
    pub file: String,
    /// Its line, from 1.
    pub line: usize,
    /// Its column in characters, from 1.
    pub column: usize,
    /// How many characters.
    pub width: usize,
    /// The text of the line.
    pub text: String,
}

impl Spot {
    /// The place in a file of this text.
    pub fn new(file: &str, text: &str, at: Place) -> Spot {
        let line = text.lines().nth(at.line - 1).unwrap_or_default();
        Spot {
            file: file.to_owned(),
            line: at.line,
            column: at.column,
            width: at.width,
            text: line.to_owned(),
        }
    }

    /// The line and a caret below it. Of a long line the part around the place.
    fn excerpt(&self) -> String {
        let number = self.line.to_string();
        let margin = " ".repeat(number.len());
        let first = (self.column - 1).saturating_sub(SHOWN / 2);
        let shown: Vec<char> = self.text.chars().skip(first).take(SHOWN).collect();
        let before = (self.column - 1 - first).min(shown.len());
        // What has no width of its own, or moves things about, is a space.
        let plain = |c: &char| if c.is_control() { ' ' } else { *c };
        let line: String = shown.iter().map(plain).collect();
        let carets = self.width.clamp(1, (shown.len() - before).max(1));
        format!(
            "  {number} | {line}\n  {margin} | {}{}",
            " ".repeat(before),
            "^".repeat(carets)
        )
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
