//! Providers under names that the operator has chosen.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_yaml::Value;

use super::keys::{self, Key};
use super::{Provider, Providers, Settings};

/// Another form of a provider, under a name of its own (`custom/name`).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Custom {
    /// The provider that it is another form of. The original took modules of Node.js too.
    pub implementation: String,
    /// Where the original looked for its module.
    pub include_path: Option<PathBuf>,
    /// What is said of the provider, by the names of its keys.
    pub options: BTreeMap<String, Value>,
}

impl Custom {
    /// The provider; `None` if there is none of this name, or what is said of it is wrong.
    pub fn provider(&self) -> Option<Provider> {
        let name = self.implementation.as_str();
        if !Providers::NAMES.contains(&name) {
            return None;
        }
        let mut settings = Settings::unsaid();
        let group = keys::group(&["auth", "providers", name])?;
        (group.enter)(&mut settings, name).ok()?;
        for (option, value) in &self.options {
            if let Some(key) = self.key(option) {
                key.place.put(&mut settings, &[], value.clone()).ok()?;
            }
        }
        settings.providers.named(name)
    }

    /// The key of the provider that an option stands for.
    pub(super) fn key(&self, option: &str) -> Option<&'static Key> {
        keys::find(&["auth", "providers", &self.implementation, option])
    }
}
