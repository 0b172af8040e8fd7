//! Users of another server, from a list.

use std::collections::HashSet;
use std::path::Path;

use ros::api::users::ImportedUser;
use serde_json::{Map, Value, json};

use super::place::{Place, Target};
use crate::failure::{Exit, Failure};
use crate::output::{self, Format, Rows};
use crate::reach::text_of;

/// What became of a line.
struct Outcome {
    line: usize,
    id: String,
    name: String,
    /// What is wrong with it.
    wrong: Option<String>,
}

/// The fields of a line.
type Line = Result<Map<String, Value>, Failure>;

/// Makes the users of a list, or says whether they could be made.
pub fn run(
    file: &Path,
    app: &str,
    dry_run: bool,
    format: Format,
    target: &Target,
) -> Result<(), Failure> {
    let lines = parse(&text_of(file)?);
    let mut place = target.open()?;
    let (mut outcomes, mut seen) = (Vec::with_capacity(lines.len()), HashSet::new());
    let bar = output::lines_bar("users", lines.len());
    for (line, fields) in lines {
        let mut outcome = Outcome {
            line,
            id: String::new(),
            name: String::new(),
            wrong: None,
        };
        let made = fields.and_then(|fields| one(&mut place, fields, app, dry_run, &mut outcome));
        let made = made.map_err(|failure| match failure.exit() {
            Exit::Unreachable | Exit::Denied => Err(failure),
            _ => Ok(failure.line()),
        });
        outcome.wrong = match made {
            // A dry run makes nobody, so the server cannot say this of two lines.
            Ok(()) if !seen.insert(outcome.id.clone()) => Some("id already in use".to_owned()),
            Ok(()) => None,
            Err(Ok(wrong)) => Some(wrong),
            Err(Err(failure)) => {
                // Nothing more can be done; what was done is said.
                bar.finish_and_clear();
                report(&outcomes, format, dry_run)?;
                return Err(if outcomes.is_empty() {
                    failure
                } else {
                    failure.partly()
                });
            }
        };
        outcomes.push(outcome);
        bar.inc(1);
    }
    bar.finish_and_clear();
    report(&outcomes, format, dry_run)?;
    let wrong = outcomes.iter().filter(|outcome| outcome.wrong.is_some());
    match wrong.count() {
        0 => Ok(()),
        all if all == outcomes.len() => Err(Failure::shown(Exit::Failed)),
        _ => Err(Failure::shown(Exit::Partly)),
    }
}

fn one(
    place: &mut Place<'_>,
    mut fields: Map<String, Value>,
    app: &str,
    dry_run: bool,
    outcome: &mut Outcome,
) -> Result<(), Failure> {
    fields.entry("app").or_insert_with(|| json!(app));
    let user = Value::Object(fields);
    let read: ImportedUser = serde_json::from_value(user.clone())
        .map_err(|error| Failure::new(Exit::Usage, error.to_string()))?;
    outcome.id.clone_from(&read.id);
    outcome.name.clone_from(&read.name);
    place.import(&user, dry_run)
}

/// Takes a list apart: each line with its number from 1, or what is wrong with it.
fn parse(text: &str) -> Vec<(usize, Line)> {
    let wrong = |error: String| Failure::new(Exit::Usage, error);
    if text.trim_start().starts_with('{') {
        let lines = text.lines().enumerate();
        let full = lines.filter(|(_, line)| !line.trim().is_empty());
        let parsed = full.map(|(at, line)| {
            let fields = serde_json::from_str(line);
            (at + 1, fields.map_err(|error| wrong(error.to_string())))
        });
        return parsed.collect();
    }
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let headings = reader.headers().cloned().unwrap_or_default();
    let records = reader.records().map(|record| match record {
        Ok(record) => {
            let line = record.position().map_or(0, csv::Position::line);
            let fields = headings.iter().zip(&record);
            let full = fields.filter(|(_, text)| !text.is_empty());
            let fields = full.map(|(name, text)| (name.to_owned(), value(name, text)));
            (
                usize::try_from(line).unwrap_or(usize::MAX),
                Ok(fields.collect()),
            )
        }
        Err(error) => {
            let line = error.position().map_or(0, csv::Position::line);
            let line = usize::try_from(line).unwrap_or(usize::MAX);
            (line, Err(wrong(error.to_string())))
        }
    });
    records.collect()
}

/// A field of CSV: texts are texts, whatever they look like; the others are what JSON has them be.
fn value(name: &str, text: &str) -> Value {
    let is_text = matches!(
        name,
        "id" | "userId"
            | "user_id"
            | "name"
            | "providerId"
            | "provider_id"
            | "provider"
            | "hash"
            | "salt"
            | "digest"
            | "data"
            | "app"
    );
    if is_text {
        return json!(text);
    }
    serde_json::from_str(text).unwrap_or_else(|_| json!(text))
}

fn report(outcomes: &[Outcome], format: Format, dry_run: bool) -> Result<(), Failure> {
    let good = if dry_run { "would be made" } else { "made" };
    let document = |outcome: &Outcome| {
        json!({
            "line": outcome.line, "id": outcome.id, "name": outcome.name,
            "done": outcome.wrong.is_none() && !dry_run, "message": outcome.wrong.as_deref().unwrap_or(good),
        })
    };
    match format {
        Format::Json => output::print_json(&outcomes.iter().map(document).collect::<Vec<_>>()),
        Format::Ndjson => outcomes
            .iter()
            .try_for_each(|outcome| output::print(&format!("{}\n", document(outcome)))),
        Format::Table | Format::Plain | Format::Csv => {
            let mut rows = Rows::new(["line", "id", "name", "message"]);
            for outcome in outcomes {
                let message = outcome.wrong.as_deref().unwrap_or(good).to_owned();
                let (id, name) = (outcome.id.clone(), outcome.name.clone());
                rows.push(vec![outcome.line.to_string(), id, name, message]);
            }
            output::print(&rows.text(format))
        }
    }
}
