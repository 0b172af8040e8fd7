//! `ros check-config`: is a configuration in order, here and now.

use std::path::PathBuf;

use ros::config::{self, Loaded, Problem, Setting, Source};
use serde_json::{Value, json};

use crate::failure::{Exit, Failure};
use crate::given::{self, Checked, Given, USUAL};
use crate::output::{self, Format, Rows};

/// Check a configuration, and show what would hold
///
/// Says everything that is wrong at once: each problem with its file, line, column, the line itself and what to write. Looks at this host too: folders, keys, certificates, ports. A server that runs
/// on the data folder is not in its own way. Nothing is started or changed. Ends with 0 if a server would start, 3 if not.
#[derive(clap::Args)]
#[command(
    before_long_help = "Examples:\n  ros check-config\n  ros check-config /etc/realm/configuration.yml\n  ros check-config configuration.yml -o json"
)]
pub struct Arguments {
    /// The configuration file
    #[arg(env = "ROS_CONFIG", default_value = USUAL, value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    given: Given,
    /// The form of the result
    #[arg(short, long, value_enum, default_value_t = Format::Table)]
    output: Format,
}

/// Looks and prints.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let Checked {
        loaded,
        problems,
        warnings,
    } = given::check(&arguments.file, &arguments.given.overrides())?;
    if arguments.output != Format::Json {
        for warning in &warnings {
            eprintln!("ros: warning: {warning:#}");
        }
    }
    match loaded {
        Some(loaded) if problems.is_empty() => print(&loaded, &warnings, arguments.output),
        Some(_) | None => Err(failed(arguments, &problems, &warnings)),
    }
}

/// The failure; as JSON it is shown here, with all that is known of each problem.
fn failed(arguments: &Arguments, problems: &[Problem], warnings: &[Problem]) -> Failure {
    let failure = given::invalid(&arguments.file, problems);
    if arguments.output != Format::Json {
        return failure;
    }
    let mut document = failure.json();
    let details = &mut document["error"]["details"];
    details["problems"] = problems.iter().map(problem).collect();
    details["warnings"] = warnings.iter().map(problem).collect();
    match output::print_json(&document) {
        Ok(()) => Failure::shown(Exit::Configuration),
        Err(failure) => failure,
    }
}

fn print(loaded: &Loaded, warnings: &[Problem], format: Format) -> Result<(), Failure> {
    const VALID: &str = "configuration is valid (not started)\n";
    let settings = config::effective(loaded);
    match format {
        Format::Json => output::print_json(&json!({
            "valid": true,
            "warnings": warnings.iter().map(problem).collect::<Value>(),
            "settings": settings.iter().map(setting).collect::<Value>(),
        })),
        Format::Ndjson => settings
            .iter()
            .try_for_each(|one| output::print_json(&setting(one))),
        Format::Table | Format::Plain | Format::Csv => {
            let mut rows = Rows::new(["key", "value", "from"]);
            for setting in settings {
                let origin = origin(&setting);
                rows.push(vec![setting.key, setting.text, origin]);
            }
            let text = rows.text(format);
            match format {
                Format::Table => output::print(&format!("{VALID}\n{text}")),
                _ => output::print(&text),
            }
        }
    }
}

fn origin(setting: &Setting) -> String {
    let origin = setting.origin.as_ref();
    origin.map_or("default".to_owned(), ToString::to_string)
}

fn setting(setting: &Setting) -> Value {
    json!({ "key": setting.key, "value": setting.value, "from": origin(setting) })
}

fn problem(problem: &Problem) -> Value {
    let mut document = json!({
        "key": problem.key,
        "message": problem.what,
        "hint": problem.hint,
        "from": problem.source.as_ref().map(ToString::to_string),
    });
    if let Some(Source::File(spot)) = &problem.source {
        document["file"] = (*spot.file).into();
        document["line"] = spot.line.into();
        document["column"] = spot.column.into();
        document["text"] = spot.text.clone().into();
    }
    document
}
