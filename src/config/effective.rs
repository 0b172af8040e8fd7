//! What holds, key by key, and why.

use serde_yaml::Value;

use super::keys::{self, Effect, Key};
use super::rules::places;
use super::{Kind, Loaded, Source};

/// What is shown in the place of a secret.
const HIDDEN: &str = "(hidden)";

/// A key of a configuration, and its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// The key, with dots between its parts.
    pub key: String,
    /// Its value; nothing if it has none, words in the place of a secret.
    pub value: Value,
    /// The value as a file says it; empty if there is none.
    pub text: String,
    /// Where it is said; `None`: it is the default.
    pub origin: Option<Source>,
}

/// Every key that this build does something with, in the order of the table; those of sections that are not there left out.
pub fn effective(loaded: &Loaded) -> Vec<Setting> {
    let mut settings = loaded.settings.clone();
    let mut shown = Vec::new();
    for key in keys::all().filter(|key| key.effect != Effect::Missing) {
        for place in given_places(key, loaded) {
            let parts: Vec<&str> = place.split('.').collect();
            let value = key.place.get(&mut settings, &keys::names(key.path, &parts));
            shown.push(setting(key, place, value, loaded));
        }
    }
    shown
}

/// The places of a key that are there: of one that stands for any name those that were given.
fn given_places(key: &Key, loaded: &Loaded) -> Vec<String> {
    if !key.path.ends_with(".*") {
        return places(key, &loaded.settings);
    }
    let given = loaded.origins.keys().filter(|given| {
        let parts: Vec<&str> = given.split('.').collect();
        keys::find(&parts).is_some_and(|found| found.path == key.path)
    });
    given.cloned().collect()
}

fn setting(key: &Key, place: String, value: Value, loaded: &Loaded) -> Setting {
    let text = key.spelled(&value);
    let (value, text) = match (text, value, key.kind) {
        (None, ..) => (Value::Null, String::new()),
        (Some(_), ..) if key.secret => (HIDDEN.into(), HIDDEN.to_owned()),
        (Some(text), _, Kind::Switch(..)) => (text.clone().into(), text),
        (Some(text), value, _) => (value, text),
    };
    Setting {
        origin: loaded.origins.get(&place).cloned(),
        key: place,
        value,
        text,
    }
}
