//! From file, environment and command line to settings: each key takes the first that says something, in the order command line, environment, file.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::Path;

use super::keys::{self, Effect, Key};
use super::problem::{Problem, Source, Spot};
use super::tree::{self, Node, Place, What};
use super::{Overrides, Settings, advice, rules};

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
    /// What is wrong.
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
    let mut walk = Walk {
        settings: Settings::unsaid(),
        file: sources.file,
        variable: None,
        origins: BTreeMap::new(),
        problems: Vec::new(),
        warnings: Vec::new(),
    };
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

/// What the names of variables begin with that stand for keys.
const PREFIX: &str = "ROS_";

struct Walk<'a> {
    settings: Settings,
    file: Option<File<'a>>,
    /// The variable that is being read, if it is not the file.
    variable: Option<&'a str>,
    origins: BTreeMap<String, Source>,
    problems: Vec<Problem>,
    warnings: Vec<Problem>,
}

impl<'a> Walk<'a> {
    /// Takes the file; whether it is YAML.
    fn file(&mut self, file: File<'_>) -> bool {
        let (root, faults) = match tree::parse(file.text) {
            Ok(parsed) => parsed,
            Err(fault) => {
                let advice = advice::of_syntax(file.text, &fault);
                let (at, hint) = advice.map_or((fault.at, None), |(at, hint)| (at, Some(hint)));
                self.problem(&[], at, fault.what, hint);
                return false;
            }
        };
        for fault in faults {
            self.problem(&[], fault.at, fault.what, None);
        }
        self.section(&[], &root);
        true
    }

    /// Takes all that stands below a place.
    fn section(&mut self, path: &[&str], node: &Node) {
        match &node.what {
            What::Map(members) => {
                for member in members {
                    let path = [path, &[member.name.as_str()]].concat();
                    self.member(&path, member.at, &member.node);
                }
            }
            _ if node.is_null() => {}
            What::Scalar { .. } | What::List(_) => {
                let what = "a section of keys is expected here".to_owned();
                self.problem(path, node.at, what, advice::of_section(node));
            }
        }
    }

    fn member(&mut self, path: &[&str], at: Place, node: &Node) {
        if let Some(group) = keys::group(path) {
            let names = keys::names(group.path, path);
            let name = names.first().copied().unwrap_or_default();
            if let Err(what) = (group.enter)(&mut self.settings, name) {
                return self.problem(path, at, what.to_owned(), None);
            }
            if group.effect != Effect::Works {
                self.missing(path, at);
            }
            self.origin(path, at);
        }
        if let Some(key) = keys::find(path) {
            self.value(path, at, key, node);
        } else if keys::is_section(path) {
            self.section(path, node);
        } else {
            self.unknown(path, at);
        }
    }

    /// A key without a value says nothing.
    fn value(&mut self, path: &[&str], at: Place, key: &Key, node: &Node) {
        if node.is_null() {
            return;
        }
        let names = keys::names(key.path, path);
        let before = key.place.get(&mut self.settings.clone(), &names);
        let value = match key.kind.value(node) {
            Ok(value) => value,
            Err(wrong) => return self.problem(path, wrong.at, wrong.what, wrong.hint),
        };
        let says_more = value != before;
        if let Err(what) = key.place.put(&mut self.settings, &names, value) {
            return self.problem(path, node.at, what, None);
        }
        self.origin(path, node.at);
        let errs = match key.effect {
            Effect::Works => false,
            Effect::Fixed => says_more,
            Effect::Missing => true,
        };
        if errs {
            self.missing(path, at);
        }
    }

    /// Something that this build does not do.
    fn missing(&mut self, path: &[&str], at: Place) {
        let what = Effect::MISSING.to_owned();
        let hint = "take it out; what it would do does not happen".to_owned();
        self.problem(path, at, what, Some(hint));
    }

    fn unknown(&mut self, path: &[&str], at: Place) {
        let (what, hint) = advice::of_unknown(path);
        let problem = self.made(path, at, what, hint);
        self.warnings.push(problem);
    }

    /// Takes a variable that stands for a key.
    fn variable(&mut self, name: &'a str, value: &str) {
        let Some(rest) = name.strip_prefix(PREFIX) else {
            return;
        };
        if value.is_empty() || !rest.contains("__") {
            return; // It says nothing, stands for an option, or is somebody else's.
        }
        self.variable = Some(name);
        let given: Vec<&str> = rest.split("__").collect();
        let Some((key, place)) = self.named(&given) else {
            let lower = rest.to_lowercase();
            let path: Vec<&str> = lower.split("__").collect();
            return self.unknown(&path, NOWHERE);
        };
        let path: Vec<&str> = place.iter().map(String::as_str).collect();
        let parsed = match key.kind.is_scalar() {
            true => Ok(Node::scalar_of(value, !key.kind.is_text())),
            false => tree::parse(value).map(|(node, _)| node),
        };
        match parsed {
            Ok(node) => {
                self.sections(&path[..path.len() - 1]);
                self.value(&path, NOWHERE, key, &node);
            }
            Err(fault) => self.problem(&path, NOWHERE, fault.what, None),
        }
    }

    /// Notes that the sections of a key from the environment are there.
    fn sections(&mut self, path: &[&str]) {
        for end in 1..=path.len() {
            let section = &path[..end];
            if let Some(group) = keys::group(section) {
                let names = keys::names(group.path, section);
                let name = names.first().copied().unwrap_or_default();
                if let Err(what) = (group.enter)(&mut self.settings, name) {
                    self.problem(section, NOWHERE, what.to_owned(), None);
                } else if group.effect != Effect::Works {
                    self.missing(section, NOWHERE);
                }
            }
        }
    }

    /// The key that the parts of a variable's name stand for, and its place. Case does not matter, and names that the file has are meant as the file spells them, `_`
    /// standing for what a variable cannot have.
    fn named(&self, given: &[&str]) -> Option<(&'static Key, Vec<String>)> {
        keys::all().find_map(|key| {
            let parts: Vec<&str> = key.path.split('.').collect();
            if parts.len() != given.len() {
                return None;
            }
            let mut place = Vec::new();
            for (part, given) in parts.iter().zip(given) {
                match part.strip_suffix('*') {
                    None if part.eq_ignore_ascii_case(given)
                        || part.replace('-', "_").eq_ignore_ascii_case(given) =>
                    {
                        place.push((*part).to_owned())
                    }
                    None => return None,
                    Some(prefix) => place.push(self.chosen(&place, prefix, given)?),
                }
            }
            Some((key, place))
        })
    }

    /// A name that the operator chooses, as the file spells it or else as it is given.
    fn chosen(&self, section: &[String], prefix: &str, given: &str) -> Option<String> {
        let plain = |name: &str| {
            name.to_lowercase()
                .replace(|c: char| !c.is_ascii_alphanumeric(), "_")
        };
        let depth = section.len();
        let section = section.join(".") + ".";
        let known = self
            .origins
            .keys()
            .filter_map(|key| key.strip_prefix(&section));
        let known: Vec<&str> = known.collect();
        let groups = keys::groups().filter(|group| group.path.split('.').count() == depth + 1);
        let mut names = groups
            .flat_map(|group| (group.names)(&self.settings))
            .map(|name| format!("{prefix}{name}"));
        let spelled = names.find(|name| {
            plain(name) == plain(given) && known.iter().any(|key| key.starts_with(name.as_str()))
        });
        match spelled {
            Some(name) => Some(name),
            None => {
                let fits = given.len() > prefix.len() && plain(given).starts_with(&plain(prefix));
                fits.then(|| format!("{prefix}{}", &given[prefix.len()..]))
            }
        }
    }

    fn origin(&mut self, path: &[&str], at: Place) {
        let source = self.source(at);
        self.origins
            .extend(source.map(|source| (path.join("."), source)));
    }

    fn source(&self, at: Place) -> Option<Source> {
        match (self.variable, self.file) {
            (Some(name), _) => Some(Source::Environment(name.to_owned())),
            (None, Some(file)) => Some(Source::File(Spot::new(file.name, file.text, at))),
            (None, None) => None,
        }
    }

    fn made(&self, path: &[&str], at: Place, what: String, hint: Option<String>) -> Problem {
        Problem {
            key: path.join("."),
            what,
            hint,
            source: self.source(at),
        }
    }

    fn problem(&mut self, path: &[&str], at: Place, what: String, hint: Option<String>) {
        let problem = self.made(path, at, what, hint);
        self.problems.push(problem);
    }
}

/// The place of what is in no file.
const NOWHERE: Place = Place {
    line: 1,
    column: 1,
    width: 1,
};
