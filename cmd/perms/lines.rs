//! Lists of grants: lines of JSON, or CSV with a heading.

use ros::client::permissions::Flags;
use serde::Deserialize;

/// One grant of a list.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// To whom.
    pub who: String,
    /// On which Realm.
    pub realm: String,
    /// To read; nothing leaves it as it is.
    #[serde(default)]
    read: Option<bool>,
    /// To write.
    #[serde(default)]
    write: Option<bool>,
    /// To manage.
    #[serde(default)]
    manage: Option<bool>,
}

impl Line {
    /// What is granted.
    pub fn flags(&self) -> Flags {
        Flags {
            read: self.read,
            write: self.write,
            manage: self.manage,
        }
    }
}

/// Takes a list apart: each line with its number from 1, or what is wrong with it.
pub fn parse(text: &str) -> Vec<(usize, Result<Line, String>)> {
    if text.trim_start().starts_with('{') {
        let lines = text.lines().enumerate();
        let full = lines.filter(|(_, line)| !line.trim().is_empty());
        let parsed = full.map(|(at, line)| {
            let line = serde_json::from_str(line).map_err(|error| error.to_string());
            (at + 1, line)
        });
        return parsed.collect();
    }
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let headings = reader.headers().cloned().unwrap_or_default();
    let records = reader.records().map(|record| {
        let record = record.map_err(|error| (0, error.to_string()))?;
        let number = record.position().map_or(0, csv::Position::line);
        let number = usize::try_from(number).unwrap_or(usize::MAX);
        let line = record.deserialize::<Line>(Some(&headings));
        line.map(|line| (number, line))
            .map_err(|error| (number, error.to_string()))
    });
    records
        .map(|parsed| match parsed {
            Ok((number, line)) => (number, Ok(line)),
            Err((number, error)) => (number, Err(error)),
        })
        .collect()
}
