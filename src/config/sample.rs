//! The sample file: every key with what it is for. What has a default stands behind a `#`, and so do examples.

use super::Kind;
use super::keys::Key;
use super::outline::{Behind, Entry, outline};

/// Columns of a line.
const WIDTH: usize = 110;

const HEAD: &str = "\
# The configuration of `ros serve`. Every key is here; docs/configure.md explains them, `ros check-config` looks at this file.
#
# A line that begins with `#` and a name is a default or an example: take the `#` away to change it, with those of the lines below
# it that are indented further. Sections may stay empty.
# yaml-language-server: $schema=configuration.schema.json
";

/// The sample file, which is a configuration by itself.
pub fn sample() -> String {
    let mut writer = Writer {
        text: HEAD.to_owned(),
    };
    for entry in outline() {
        writer.text.push('\n');
        writer.entry(&entry, Margin::default());
    }
    writer.text
}

/// Where a line begins.
#[derive(Clone, Copy, Default)]
struct Margin {
    /// Columns before the `#`, or before the text.
    before: usize,
    /// Columns behind a `#` that makes a comment of all of it; `None` if there is none.
    behind: Option<usize>,
}

impl Margin {
    fn deeper(self) -> Margin {
        match self.behind {
            Some(columns) => Margin {
                behind: Some(columns + 2),
                ..self
            },
            None => Margin {
                before: self.before + 2,
                ..self
            },
        }
    }

    /// The same, as a comment.
    fn off(self) -> Margin {
        Margin {
            behind: Some(self.behind.unwrap_or(0)),
            ..self
        }
    }

    fn text(self) -> String {
        let before = " ".repeat(self.before);
        match self.behind {
            Some(columns) => format!("{before}#{}", " ".repeat(columns)),
            None => before,
        }
    }
}

struct Writer {
    text: String,
}

impl Writer {
    fn entry(&mut self, entry: &Entry, margin: Margin) {
        let name = example_name(entry.name);
        match &entry.what {
            Behind::Key(key) => self.key(&name, key, margin),
            Behind::Section(entries) => {
                let optional = entry.group.filter(|group| !group.is_always_there());
                if entries.is_empty() && optional.is_none() {
                    return; // It is there anyway, and has nothing to say.
                }
                if let Some(group) = entry.group {
                    self.comment(&group.effect.told(group.text), margin);
                }
                let margin = if optional.is_some() {
                    margin.off()
                } else {
                    margin
                };
                let empty = if entries.is_empty() { " {}" } else { "" };
                self.line(margin, &format!("{name}:{empty}"));
                for entry in entries {
                    self.entry(entry, margin.deeper());
                }
            }
        }
    }

    fn key(&mut self, name: &str, key: &Key, margin: Margin) {
        let choice = match key.kind {
            Kind::Words(words) => format!(" One of {}.", words.join(", ")),
            _ => String::new(),
        };
        self.comment(&key.effect.told(&format!("{}{choice}", key.text)), margin);
        let value = key.default().unwrap_or_else(|| key.example.to_owned());
        let margin = if key.needed { margin } else { margin.off() };
        // Where the operator chooses the name too, the example has one.
        let line = match key.path.ends_with(".*") {
            true => value,
            false => format!("{name}: {value}"),
        };
        self.line(margin, &line);
    }

    fn comment(&mut self, text: &str, margin: Margin) {
        let room = WIDTH - margin.text().len() - 2;
        for line in wrapped(text, room) {
            self.line(margin, &format!("# {line}"));
        }
    }

    fn line(&mut self, margin: Margin, text: &str) {
        self.text.push_str(&margin.text());
        self.text.push_str(text);
        self.text.push('\n');
    }
}

/// A name that may stand for what the operator chooses.
fn example_name(name: &str) -> String {
    match name {
        "*" => "name".to_owned(),
        name => name.replace('*', "example"),
    }
}

/// A text in lines of at most so many columns.
pub(super) fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.len() + 1 + word.len() <= columns => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) | None => lines.push(word.to_owned()),
        }
    }
    lines
}
