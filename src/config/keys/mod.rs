//! The definition of every key, once: a row each. Check, manual, sample, schema and reload are made from these rows.
//!
//! A new key is a row here, in the file of its section, and a field in [`Settings`](super::Settings).

mod auth;
mod limits;
mod network;
mod own;
mod providers;
mod storage;

use serde_yaml::Value;

use super::Settings;
use super::kind::Kind;
use super::place::Place;

/// One key of the configuration file.
pub struct Key {
    /// Its place in the file, with dots between its parts; `*` stands for a name that the operator chooses.
    pub path: &'static str,
    /// What its value looks like.
    pub kind: Kind,
    /// What it is for.
    pub text: &'static str,
    /// What this build does with it.
    pub effect: Effect,
    /// Whether a reload takes it, or it waits for a restart.
    pub reload: bool,
    /// Whether its value is never shown.
    pub secret: bool,
    /// Whether it must be given wherever its section is.
    pub needed: bool,
    /// A value to show where there is no default.
    pub example: &'static str,
    pub(super) place: &'static dyn Place,
}

/// What this build does with a key or section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// What it says.
    Works,
    /// Nothing but what its default says: another value is an error.
    Fixed,
    /// Nothing, and that is no harm.
    Idle,
    /// Nothing: to give it is an error.
    Missing,
}

impl Effect {
    /// What is said where something is given that this build does not do.
    pub(super) const MISSING: &str = "this build does not implement it";

    /// A text, and what this build makes of it.
    pub fn told(self, text: &str) -> String {
        match self {
            Effect::Works => text.to_owned(),
            Effect::Fixed => {
                format!("{text} This build does what the default says, and nothing else.")
            }
            Effect::Idle => format!("{text} Without effect: this build loads no modules."),
            Effect::Missing => format!("{text} Not in this build."),
        }
    }
}

impl Key {
    /// A key that a reload takes.
    const fn live(
        path: &'static str,
        kind: Kind,
        place: &'static dyn Place,
        text: &'static str,
    ) -> Key {
        Key {
            path,
            kind,
            text,
            effect: Effect::Works,
            reload: true,
            secret: false,
            needed: false,
            example: "",
            place,
        }
    }

    /// A key whose new value waits for a restart.
    const fn fixed(
        path: &'static str,
        kind: Kind,
        place: &'static dyn Place,
        text: &'static str,
    ) -> Key {
        let mut key = Key::live(path, kind, place, text);
        key.reload = false;
        key
    }

    /// The same, to be given.
    const fn needed(mut self) -> Key {
        self.needed = true;
        self
    }

    /// The same, never shown.
    const fn secret(mut self) -> Key {
        self.secret = true;
        self
    }

    /// The same, with a value to show.
    const fn like(mut self, example: &'static str) -> Key {
        self.example = example;
        self
    }

    /// The same, of which this build does this much.
    const fn but(mut self, effect: Effect) -> Key {
        self.effect = effect;
        self
    }

    /// The value that holds where nothing is said, as it is written in a file; `None` if there is none.
    pub fn default(&self) -> Option<String> {
        let value = self.place.get(&mut Settings::unsaid(), &["name", "name"]);
        self.spelled(&value)
    }

    /// A value as it is written in a file; `None` if it says nothing.
    pub(super) fn spelled(&self, value: &Value) -> Option<String> {
        let text = match (value, self.kind) {
            (Value::Null, _) => return None,
            (Value::String(text), _) if text.is_empty() => return None,
            (Value::Sequence(items), _) if items.is_empty() => return None,
            (Value::Bool(on), Kind::Switch(first, second)) => {
                (if *on { second } else { first }).to_owned()
            }
            (value, _) => flow(value),
        };
        Some(text)
    }
}

/// A value in one line of YAML.
fn flow(value: &Value) -> String {
    match value {
        Value::Sequence(items) => {
            let items: Vec<String> = items.iter().map(flow).collect();
            format!("[ {} ]", items.join(", "))
        }
        Value::Mapping(members) => {
            let members = members
                .iter()
                .map(|(name, value)| format!("{}: {}", flow(name), flow(value)));
            format!("{{ {} }}", members.collect::<Vec<String>>().join(", "))
        }
        // Characters that mean something inside `[` and `{`, though not at the top.
        Value::String(text) if text.contains([',', '[', ']', '{', '}', ':']) => {
            format!("'{}'", text.replace('\'', "''"))
        }
        value => {
            let text = serde_yaml::to_string(value).unwrap_or_default();
            text.trim_end().to_owned()
        }
    }
}

/// A section whose presence says something by itself.
pub struct Group {
    /// Its place, like a key's.
    pub path: &'static str,
    /// What it is for.
    pub text: &'static str,
    /// What this build does with it.
    pub effect: Effect,
    /// Notes that it is there, under this name; or what is wrong with the name.
    pub(super) enter: fn(&mut Settings, &str) -> Result<(), &'static str>,
    /// The names under which it is there.
    pub(super) names: fn(&Settings) -> Vec<String>,
}

impl Group {
    /// Whether it says nothing to name it.
    pub fn is_always_there(&self) -> bool {
        (self.names)(&Settings::unsaid()) == [String::new()]
    }
}

/// Every key, section by section.
pub fn all() -> impl Iterator<Item = &'static Key> {
    let sections = [
        storage::KEYS,
        auth::KEYS,
        providers::KEYS,
        network::KEYS,
        own::KEYS,
        limits::KEYS,
    ];
    sections.into_iter().flatten()
}

/// Every section whose presence says something.
pub fn groups() -> impl Iterator<Item = &'static Group> {
    providers::GROUPS.iter().chain(own::GROUPS)
}

/// How a place in the file and the path of a key or section fit together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fit {
    /// It is that key.
    Whole,
    /// It is a section on the way to it.
    Part,
    /// Neither.
    No,
}

/// How they fit.
pub(super) fn fit(path: &'static str, place: &[&str]) -> Fit {
    let mut parts = path.split('.');
    let fits = place.iter().all(|name| {
        parts
            .next()
            .is_some_and(|part| stands_for(part, name).is_some())
    });
    match (fits, parts.next()) {
        (true, None) => Fit::Whole,
        (true, Some(_)) => Fit::Part,
        (false, _) => Fit::No,
    }
}

/// What of a name the part of a path stands for: nothing of a fixed one, all behind a prefix of one with `*`. `None` if they do not fit.
fn stands_for<'a>(part: &str, name: &'a str) -> Option<&'a str> {
    match part.strip_suffix('*') {
        Some(prefix) => name.strip_prefix(prefix).filter(|rest| !rest.is_empty()),
        None => (part == name).then_some(""),
    }
}

/// The names that stand for the `*` of a path.
pub(super) fn names<'a>(path: &str, place: &[&'a str]) -> Vec<&'a str> {
    let parts = path.split('.').zip(place);
    parts
        .filter(|(part, _)| part.ends_with('*'))
        .filter_map(|(part, name)| stands_for(part, name))
        .collect()
}

/// The key at a place. An option that is known by name goes before one that may have any.
pub(super) fn find(place: &[&str]) -> Option<&'static Key> {
    all().find(|key| fit(key.path, place) == Fit::Whole)
}

/// The section at a place whose presence says something.
pub(super) fn group(place: &[&str]) -> Option<&'static Group> {
    groups().find(|group| fit(group.path, place) == Fit::Whole)
}

/// Whether a place is a section.
pub(super) fn is_section(place: &[&str]) -> bool {
    all().any(|key| fit(key.path, place) == Fit::Part) || group(place).is_some()
}

/// The names that may stand in a section, those aside that the operator chooses.
pub(super) fn members(section: &[&str]) -> Vec<&'static str> {
    let paths = all()
        .map(|key| key.path)
        .chain(groups().map(|group| group.path));
    let mut members: Vec<&str> = paths
        .filter(|path| section.is_empty() || fit(path, section) == Fit::Part)
        .filter_map(|path| path.split('.').nth(section.len()))
        .filter(|name| !name.ends_with('*'))
        .collect();
    members.sort_unstable();
    members.dedup();
    members
}

/// The section that a key is part of, if that may be there or not.
pub(super) fn group_of(key: &Key) -> Option<&'static Group> {
    groups().find(|group| {
        key.path
            .strip_prefix(group.path)
            .is_some_and(|rest| rest.starts_with('.'))
    })
}
