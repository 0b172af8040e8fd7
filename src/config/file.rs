//! From the text of a configuration file to settings: the file is walked along the list of keys.

use std::fmt;
use std::io;
use std::path::Path;

use serde_yaml::Value;

use super::keys::{KEYS, Key, Take};
use super::{App, Overrides, Settings};
use crate::ident::AppId;

/// A larger file is no configuration.
const LARGEST: u64 = 1 << 20;

/// Something about a key: where it is, and what is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The key, with dots between its parts.
    pub key: String,
    /// What is wrong with it.
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key, self.what)
    }
}

/// Why a file gives no settings.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It cannot be read.
    #[error("{0}")]
    Unreadable(io::Error),
    /// It is no YAML.
    #[error("{0}")]
    NotYaml(serde_yaml::Error),
    /// It says something wrong; all of it.
    #[error("{} problems", .0.len())]
    Invalid(Vec<Problem>),
}

/// What a file says.
#[derive(Debug)]
pub struct Loaded {
    /// The settings.
    pub settings: Settings,
    /// What the operator should know: keys that have no effect.
    pub warnings: Vec<Problem>,
}

/// Reads a configuration file; what the command line says wins over it.
pub fn read(path: &Path, overrides: &Overrides) -> Result<Loaded, ConfigError> {
    let size = std::fs::metadata(path)
        .map_err(ConfigError::Unreadable)?
        .len();
    if size > LARGEST {
        return Err(ConfigError::Unreadable(io::Error::other(
            "larger than 1 MiB",
        )));
    }
    let text = std::fs::read_to_string(path).map_err(ConfigError::Unreadable)?;
    parse(&text, overrides)
}

/// Settings from the text of a file; what the command line says wins over it.
pub fn parse(text: &str, overrides: &Overrides) -> Result<Loaded, ConfigError> {
    let value: Value = serde_yaml::from_str(text).map_err(ConfigError::NotYaml)?;
    let mut walk = Walk {
        settings: Settings::unsaid(),
        problems: Vec::new(),
        warnings: Vec::new(),
    };
    walk.section(&[], &value);
    let settings = walk.settings.with(overrides);
    let mut problems = walk.problems;
    problems.extend(missing(&settings, &problems));
    if problems.is_empty() {
        Ok(Loaded {
            settings,
            warnings: walk.warnings,
        })
    } else {
        Err(ConfigError::Invalid(problems))
    }
}

/// What must be given, by the file or the command line, and is not.
fn missing(settings: &Settings, problems: &[Problem]) -> Vec<Problem> {
    let needed = [
        (
            "storage.root_path",
            &settings.root,
            "the data folder is needed",
        ),
        (
            "auth.private_key_path",
            &settings.private_key,
            "the private key is needed",
        ),
    ];
    let given = |key: &str| problems.iter().any(|problem| problem.key == key);
    let absent = needed
        .into_iter()
        .filter(|(key, path, _)| path.as_os_str().is_empty() && !given(key));
    absent
        .map(|(key, _, what)| Problem {
            key: key.to_owned(),
            what: what.to_owned(),
        })
        .collect()
}

/// What a place in the file is.
enum Place {
    Key(&'static Key),
    Section,
    Unknown,
}

struct Walk {
    settings: Settings,
    problems: Vec<Problem>,
    warnings: Vec<Problem>,
}

impl Walk {
    /// Takes all that stands below a place.
    fn section(&mut self, path: &[&str], value: &Value) {
        if let ["apps", id] = path {
            self.app(id);
        }
        match value {
            Value::Mapping(members) => {
                for (name, value) in members {
                    let name = name.as_str().unwrap_or("?");
                    self.member(&[path, &[name]].concat(), value);
                }
            }
            Value::Null => {}
            Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Sequence(_)
            | Value::Tagged(_) => {
                let path = if path.is_empty() {
                    &["configuration"]
                } else {
                    path
                };
                self.problem(path, "a section of keys is expected here");
            }
        }
    }

    fn member(&mut self, path: &[&str], value: &Value) {
        match place(path) {
            Place::Key(key) => self.value(path, key, value),
            Place::Section => self.section(path, value),
            Place::Unknown => {
                let what = "unknown key; it has no effect".to_owned();
                self.warnings.push(Problem {
                    key: path.join("."),
                    what,
                });
            }
        }
    }

    /// A key without a value says nothing.
    fn value(&mut self, path: &[&str], key: &Key, value: &Value) {
        if value.is_null() {
            return;
        }
        let taken = match (&key.take, path) {
            (Take::Server(take), _) => take(&mut self.settings, value),
            (Take::App(take), [_, id, ..]) => match self.app(id) {
                Some(app) => take(app, value),
                None => Ok(()), // The id has been complained of.
            },
            (Take::App(_), _) => Ok(()),
        };
        if let Err(expected) = taken {
            self.problem(path, expected);
        }
    }

    /// The app of this id, which exists by being named.
    fn app(&mut self, id: &str) -> Option<&mut App> {
        let Some(app) = AppId::parse(id) else {
            self.problem(
                &["apps", id],
                "an app id has 1 to 64 letters, digits, `-`, `_` and `.`, and no dot first",
            );
            return None;
        };
        Some(self.settings.apps.named.entry(app).or_default())
    }

    fn problem(&mut self, path: &[&str], what: &str) {
        let problem = Problem {
            key: path.join("."),
            what: what.to_owned(),
        };
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }
}

fn place(path: &[&str]) -> Place {
    let mut is_section = false;
    for key in KEYS {
        let mut parts = key.path.split('.');
        let fits = path.iter().all(|name| {
            parts
                .next()
                .is_some_and(|part| part == "*" || part == *name)
        });
        match (fits, parts.next()) {
            (true, None) => return Place::Key(key),
            (true, Some(_)) => is_section = true,
            (false, _) => {}
        }
    }
    if is_section {
        Place::Section
    } else {
        Place::Unknown
    }
}
