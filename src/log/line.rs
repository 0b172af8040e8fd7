//! One line of the log, as text or as JSON.

use std::fmt;
use std::time::SystemTime;

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};

use crate::config::LogLevel;

/// What happened, with its fields.
pub struct Line {
    time: SystemTime,
    level: LogLevel,
    message: String,
    fields: Vec<(&'static str, Value)>,
}

impl Line {
    /// A line without a message yet.
    pub fn new(time: SystemTime, level: LogLevel) -> Line {
        Line {
            time,
            level,
            message: String::new(),
            fields: Vec::new(),
        }
    }

    /// The original's form, with the fields behind the message: `2017-05-02T10:11:12.345Z - info: message key=value`.
    pub fn text(&self, colour: bool) -> String {
        let (start, end) = match (colour, self.level) {
            (false, _) => ("", ""),
            (true, LogLevel::Fatal | LogLevel::Error) => ("\x1b[31m", "\x1b[0m"),
            (true, LogLevel::Warn) => ("\x1b[33m", "\x1b[0m"),
            (true, LogLevel::Info) => ("\x1b[32m", "\x1b[0m"),
            (
                true,
                LogLevel::All
                | LogLevel::Trace
                | LogLevel::Debug
                | LogLevel::Detail
                | LogLevel::Off,
            ) => ("\x1b[2m", "\x1b[0m"),
        };
        let mut line = format!("{} - {start}{}{end}: ", self.time(), self.level.name());
        escape(&mut line, &self.message);
        for (name, value) in &self.fields {
            line.push(' ');
            line.push_str(name);
            line.push('=');
            match value {
                Value::String(text) if is_plain(text) => line.push_str(text),
                value => line.push_str(&value.to_string()),
            }
        }
        line.push('\n');
        line
    }

    /// One JSON object of time and fields.
    pub fn entry(&self) -> String {
        let mut members = Map::new();
        members.insert("time".into(), self.time().into());
        let fields = self.fields.iter();
        members.extend(fields.map(|(name, value)| ((*name).to_owned(), value.clone())));
        format!("{}\n", Value::Object(members))
    }

    /// One JSON object.
    pub fn json(&self) -> String {
        let mut members = Map::new();
        members.insert("time".into(), self.time().into());
        members.insert("level".into(), self.level.name().into());
        members.insert("message".into(), self.message.as_str().into());
        for (name, value) in &self.fields {
            members.insert((*name).into(), value.clone());
        }
        format!("{}\n", Value::Object(members))
    }

    fn time(&self) -> String {
        humantime::format_rfc3339_millis(self.time).to_string()
    }

    fn put(&mut self, field: &Field, value: Value) {
        match (field.name(), value) {
            ("message", Value::String(text)) => self.message = text,
            (name, value) => self.fields.push((name, value)),
        }
    }
}

/// Whether a value is told from what is around it without quotes.
fn is_plain(text: &str) -> bool {
    !text.is_empty()
        && !text
            .chars()
            .any(|c| c.is_whitespace() || c.is_control() || c == '"' || c == '\\')
}

/// What a peer sends cannot begin a line, or move the cursor of a terminal.
fn escape(line: &mut String, text: &str) {
    for c in text.chars() {
        if c.is_control() {
            line.extend(c.escape_default());
        } else {
            line.push(c);
        }
    }
}

impl Visit for Line {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value.into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value.into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, format!("{value:?}").into());
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    fn line() -> Line {
        let time = UNIX_EPOCH + Duration::from_millis(1_493_719_872_345);
        let mut line = Line::new(time, LogLevel::Info);
        line.message = "from outside:\nfalse\u{1b}[2J".into();
        line.fields = vec![
            ("user", "ada".into()),
            ("agent", "Realm JS \"10\"\n".into()),
            ("empty", "".into()),
            ("bytes", 12.into()),
        ];
        line
    }

    #[test]
    fn text_is_one_line_of_the_originals_form() {
        let text = "2017-05-02T10:11:12.345Z - info: from outside:\\nfalse\\u{1b}[2J user=ada agent=\"Realm JS \\\"10\\\"\\n\" empty=\"\" bytes=12\n";
        assert_eq!(line().text(false), text);
        assert!(line().text(true).contains(" - \x1b[32minfo\x1b[0m: "));
    }

    #[test]
    fn json_has_the_same_fields() {
        let json: Value = serde_json::from_str(&line().json()).unwrap();
        assert_eq!(json["time"], "2017-05-02T10:11:12.345Z");
        assert_eq!(json["level"], "info");
        assert_eq!(json["message"], "from outside:\nfalse\u{1b}[2J");
        assert_eq!((&json["user"], &json["bytes"]), (&"ada".into(), &12.into()));
        assert_eq!(line().json().lines().count(), 1);
    }
}
