//! From file, environment and command line to settings: each key takes the first that says something, in the order command line, environment, file.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::Path;

use super::problem::{Problem, Source, in_order};
use super::walk::{PREFIX, Walk};
use super::{Overrides, Settings, rules, tree};

/// Why there are no settings.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{0}")]
    Unreadable(io::Error),
    /// Something is wrong; all of it.
    #[error("{} problems", .0.len())]
    Invalid(Vec<Problem>),
}

/// What was said.
#[derive(Debug)]
pub struct Loaded {
    /// The settings.
    pub settings: Settings,
    /// Where the value of each key that was given is from.
    pub origins: BTreeMap<String, Source>,
    /// What the operator should know: keys that have no effect.
    pub warnings: Vec<Problem>,
}

/// A configuration file.
#[derive(Debug, Clone, Copy)]
pub struct File<'a> {
    /// How it is called in problems.
    pub name: &'a str,
    /// What it says.
    pub text: &'a str,
}

/// Everything that settings are made from.
#[derive(Debug, Clone)]
pub struct Sources<'a> {
    /// The file, if there is one.
    pub file: Option<File<'a>>,
    /// Variables of the environment, by name; those that stand for no key are not looked at.
    pub environment: Vec<(String, String)>,
    /// The command line.
    pub overrides: &'a Overrides,
}

/// What was said, and all that is wrong with it.
#[derive(Debug)]
pub struct Examined {
    /// What was said, as far as it is right; `None` if the file is no YAML.
    pub loaded: Option<Loaded>,
    /// What is wrong, in the order of the file's lines.
    pub problems: Vec<Problem>,
}

/// Reads a configuration file; what environment and command line say wins over it.
pub fn read(path: &Path, overrides: &Overrides) -> Result<Loaded, ConfigError> {
    let examined = examine(path, overrides).map_err(ConfigError::Unreadable)?;
    examined.whole()
}

/// The same, and all that is wrong beside what is right.
pub fn examine(path: &Path, overrides: &Overrides) -> io::Result<Examined> {
    let text = read_text(path)?;
    let name = path.display().to_string();
    Ok(all_of(&Sources {
        file: Some(File {
            name: &name,
            text: &text,
        }),
        environment: environment(),
        overrides,
    }))
}

impl Examined {
    fn whole(self) -> Result<Loaded, ConfigError> {
        match self.loaded {
            Some(loaded) if self.problems.is_empty() => Ok(loaded),
            Some(_) | None => Err(ConfigError::Invalid(self.problems)),
        }
    }
}

/// The text of a configuration file of bounded size.
pub fn read_text(path: &Path) -> io::Result<String> {
    let most = tree::LARGEST as u64;
    let mut bytes = Vec::new();
    std::fs::File::open(path)?
        .take(most + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(io::Error::other("larger than 1 MiB"));
    }
    String::from_utf8(bytes).map_err(|error| {
        let good = error.as_bytes().get(..error.utf8_error().valid_up_to());
        let line = 1 + good
            .unwrap_or_default()
            .iter()
            .filter(|byte| **byte == b'\n')
            .count();
        io::Error::other(format!("line {line} is not UTF-8; save the file as UTF-8"))
    })
}

/// The environment of this process, as far as it is text.
pub fn environment() -> Vec<(String, String)> {
    let variables = std::env::vars_os();
    let text = variables
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    text.filter(|(name, _)| name.starts_with(PREFIX)).collect()
}

/// Settings from the text of a file; what the command line says wins over it.
pub fn parse(text: &str, overrides: &Overrides) -> Result<Loaded, ConfigError> {
    load(&Sources {
        file: Some(File {
            name: "configuration.yml",
            text,
        }),
        environment: Vec::new(),
        overrides,
    })
}

/// Settings from all that was said.
pub fn load(sources: &Sources<'_>) -> Result<Loaded, ConfigError> {
    all_of(sources).whole()
}

fn all_of(sources: &Sources<'_>) -> Examined {
    let mut walk = Walk::new(sources.file);
    if let Some(file) = sources.file
        && !walk.file(file)
    {
        return Examined {
            loaded: None,
            problems: walk.problems,
        };
    }
    let mut variables = sources.environment.clone();
    variables.sort();
    for (name, value) in &variables {
        walk.variable(name, value);
    }
    let settings = walk.settings.with(sources.overrides);
    walk.origins.extend(flags(sources.overrides));
    rules::check(
        &settings,
        &walk.origins,
        &mut walk.problems,
        &mut walk.warnings,
    );
    in_order(&mut walk.problems);
    in_order(&mut walk.warnings);
    Examined {
        loaded: Some(Loaded {
            settings,
            origins: walk.origins,
            warnings: walk.warnings,
        }),
        problems: walk.problems,
    }
}

/// The keys that the command line gives.
fn flags(overrides: &Overrides) -> impl Iterator<Item = (String, Source)> {
    let Overrides {
        root,
        listen,
        private_key,
        public_key,
        log_level,
    } = overrides;
    let given = [
        ("storage.root_path", "--root", root.is_some()),
        ("proxy.http.enable", "--listen", listen.is_some()),
        ("proxy.http.listen_address", "--listen", listen.is_some()),
        ("proxy.http.listen_port", "--listen", listen.is_some()),
        ("network.http.enable", "--listen", listen.is_some()),
        ("network.sync.enable", "--listen", listen.is_some()),
        (
            "auth.private_key_path",
            "--private-key",
            private_key.is_some(),
        ),
        ("auth.public_key_path", "--public-key", public_key.is_some()),
        ("logging.level", "--log-level", log_level.is_some()),
    ];
    let given = given.into_iter().filter(|(_, _, given)| *given);
    given.map(|(key, flag, _)| (key.to_owned(), Source::Flag(flag)))
}
