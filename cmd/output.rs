//! What is printed: tables for people, JSON for programs. A reader that has gone away ends the program without a word.

use std::io::{self, IsTerminal, Write};

use clap::ValueEnum;
use comfy_table::{ContentArrangement, Table, presets};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::failure::{Exit, Failure};

/// The form of the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A table for people
    Table,
    /// One JSON document
    Json,
    /// A JSON document for each row
    Ndjson,
    /// Values with tabs between them, without headings
    Plain,
    /// Comma-separated values with a heading
    Csv,
}

/// Rows of text under headings.
pub struct Rows {
    headings: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Rows {
    /// No rows yet.
    pub fn new<T: Into<String>>(headings: impl IntoIterator<Item = T>) -> Rows {
        Rows {
            headings: headings.into_iter().map(Into::into).collect(),
            rows: Vec::new(),
        }
    }

    /// One more.
    pub fn push(&mut self, row: Vec<String>) {
        self.rows.push(row);
    }

    /// The rows as text of a form that is no JSON.
    pub fn text(&self, format: Format) -> String {
        match format {
            Format::Csv => {
                let line = |row: &Vec<String>| {
                    let fields: Vec<String> = row.iter().map(|field| csv_field(field)).collect();
                    fields.join(",") + "\n"
                };
                std::iter::once(&self.headings)
                    .chain(&self.rows)
                    .map(line)
                    .collect()
            }
            Format::Plain => self.rows.iter().map(|row| row.join("\t") + "\n").collect(),
            Format::Table | Format::Json | Format::Ndjson => {
                let mut table = Table::new();
                table.load_preset(presets::NOTHING);
                if self.headings.iter().any(|heading| !heading.is_empty()) {
                    table.set_header(&self.headings);
                }
                // A terminal that does not say how wide it is has no width to fit into.
                if io::stdout().is_terminal() && table.width() > Some(0) {
                    table.set_content_arrangement(ContentArrangement::Dynamic);
                }
                table.add_rows(&self.rows);
                for column in table.column_iter_mut() {
                    column.set_padding((0, 1));
                }
                let lines = table.to_string();
                lines
                    .lines()
                    .map(|line| format!("{}\n", line.trim_end()))
                    .collect()
            }
        }
    }
}

/// A field is quoted when it has to be.
fn csv_field(field: &str) -> String {
    if field.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}

/// Prints text.
pub fn print(text: &str) -> Result<(), Failure> {
    print_bytes(text.as_bytes())
}

/// Prints what is text already, in whatever encoding.
pub fn print_bytes(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    written(out.write_all(bytes).and_then(|()| out.flush()))
}

/// Prints a JSON document, for people when they look at it.
pub fn print_json(document: &impl Serialize) -> Result<(), Failure> {
    let text = if io::stdout().is_terminal() {
        serde_json::to_string_pretty(document)
    } else {
        serde_json::to_string(document)
    };
    let text = text.map_err(|error| Failure::new(Exit::Failed, "cannot print").cause(error))?;
    print(&(text + "\n"))
}

/// Ends the program quietly when whoever reads has gone away.
pub fn written(result: io::Result<()>) -> Result<(), Failure> {
    match result {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => std::process::exit(0),
        Err(error) => Err(Failure::new(Exit::Failed, "cannot print").cause(error)),
    }
}

/// Whether progress is shown: on a terminal that is not asked to stay plain (`NO_COLOR`).
pub fn shows_progress() -> bool {
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    io::stderr().is_terminal() && !plain
}

/// A bar for so many bytes as it will be told of.
pub fn bytes_bar() -> ProgressBar {
    bar(
        0,
        "{msg} {bar:30} {bytes} of {total_bytes}, {eta} left",
        String::new(),
    )
}

/// A bar for so many lines of a list, behind what is done with them.
pub fn lines_bar(what: &str, lines: usize) -> ProgressBar {
    let bar = bar(
        lines as u64,
        "{msg} {bar:30} {pos} of {len} lines",
        what.to_owned(),
    );
    bar.tick();
    bar
}

fn bar(length: u64, template: &str, message: String) -> ProgressBar {
    if !shows_progress() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(length).with_message(message);
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_in_every_form() {
        let mut rows = Rows::new(["a", "b"]);
        rows.push(vec!["1".into(), "x, \"y\"".into()]);
        assert_eq!(rows.text(Format::Csv), "a,b\n1,\"x, \"\"y\"\"\"\n");
        assert_eq!(rows.text(Format::Plain), "1\tx, \"y\"\n");
        assert!(rows.text(Format::Table).contains("x, \"y\""));
    }
}
