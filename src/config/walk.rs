//! The way through file and environment: what is said of each key is looked up in the table, checked, and put into the settings.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::keys::{self, Effect, Key};
use super::problem::{Problem, Source, Spot};
use super::tree::{self, Node, Place, What};
use super::{File, Settings, advice};

/// What the names of variables begin with that stand for keys.
pub(super) const PREFIX: &str = "ROS_";

/// The way through all that was said, and what has been found on it.
pub(super) struct Walk<'a> {
    pub(super) settings: Settings,
    file: Option<File<'a>>,
    /// The name of the file, and its lines.
    name: Arc<str>,
    lines: Vec<&'a str>,
    /// The variable that is being read, if it is not the file.
    variable: Option<&'a str>,
    pub(super) origins: BTreeMap<String, Source>,
    pub(super) problems: Vec<Problem>,
    pub(super) warnings: Vec<Problem>,
}

impl<'a> Walk<'a> {
    /// Nothing has been said yet.
    pub(super) fn new(file: Option<File<'a>>) -> Walk<'a> {
        Walk {
            settings: Settings::unsaid(),
            file,
            name: file.map_or("", |file| file.name).into(),
            lines: file.map_or("", |file| file.text).lines().collect(),
            variable: None,
            origins: BTreeMap::new(),
            problems: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// Takes the file; whether it is YAML.
    pub(super) fn file(&mut self, file: File<'_>) -> bool {
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
        if !self.enter(path, at) {
            return;
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
        let value = match key.kind.value(node) {
            Ok(value) => value,
            Err(wrong) => return self.problem(path, wrong.at, wrong.what, wrong.hint),
        };
        // Only few keys may just repeat what is there.
        let repeats = key.effect == Effect::Fixed
            && key.place.get(&mut self.settings.clone(), &names) == value;
        if let Err(what) = key.place.put(&mut self.settings, &names, value) {
            return self.problem(path, node.at, what, None);
        }
        self.origin(path, node.at);
        if matches!(key.effect, Effect::Fixed | Effect::Missing) && !repeats {
            self.missing(path, at);
        }
    }

    /// Something that this build does not do.
    fn missing(&mut self, path: &[&str], at: Place) {
        let what = Effect::MISSING.to_owned();
        let hint = advice::of_missing(path).to_owned();
        self.problem(path, at, what, Some(hint));
    }

    fn unknown(&mut self, path: &[&str], at: Place) {
        let (what, hint) = advice::of_unknown(path);
        let problem = self.made(path, at, what, hint);
        self.warnings.push(problem);
    }

    /// Takes a variable that stands for a key.
    pub(super) fn variable(&mut self, name: &'a str, value: &str) {
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
                let mut sections = (1..path.len()).map(|end| &path[..end]);
                if sections.all(|section| self.enter(section, NOWHERE)) {
                    self.value(&path, NOWHERE, key, &node);
                }
            }
            Err(fault) => self.problem(&path, NOWHERE, fault.what, None),
        }
    }

    /// Notes that a section is there, if that says something; whether it may be.
    fn enter(&mut self, path: &[&str], at: Place) -> bool {
        let Some(group) = keys::group(path) else {
            return true;
        };
        let names = keys::names(group.path, path);
        let name = names.first().copied().unwrap_or_default();
        if let Err(what) = (group.enter)(&mut self.settings, name) {
            self.problem(path, at, what.to_owned(), None);
            return false;
        }
        if group.effect != Effect::Works {
            self.missing(path, at);
        }
        self.origin(path, at);
        true
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
            (None, Some(_)) => {
                let line = self.lines.get(at.line - 1).copied().unwrap_or_default();
                Some(Source::File(Spot::new(self.name.clone(), line, at)))
            }
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
