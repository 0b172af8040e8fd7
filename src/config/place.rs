//! Where the value of a key lives in the settings: how it is put there, and read again.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_yaml::Value;

use super::{App, Custom, Settings};
use crate::ident::AppId;

/// Where a value lives. `names` are what stands for the `*` of the key.
pub trait Place: Sync {
    /// Puts a value there that its kind has let through.
    fn put(&self, settings: &mut Settings, names: &[&str], value: Value) -> Result<(), String>;

    /// The value that is there; what the key belongs to may come into being by it.
    fn get(&self, settings: &mut Settings, names: &[&str]) -> Value;
}

/// A setting of the server.
pub struct Server<T: 'static>(pub fn(&mut Settings) -> &mut T);

/// A setting of the server that is a time; its value is in seconds.
pub struct Time(pub fn(&mut Settings) -> &mut Duration);

/// A setting of an app.
pub struct OfApp<T: 'static>(pub fn(&mut App) -> &mut T);

/// A setting of a custom provider.
pub struct OfCustom<T: 'static>(pub fn(&mut Custom) -> &mut T);

/// An option of a custom provider that the provider itself knows.
pub struct OptionOfCustom;

fn put<T: DeserializeOwned>(place: &mut T, value: Value) -> Result<(), String> {
    *place = serde_yaml::from_value(value).map_err(|error| error.to_string())?;
    Ok(())
}

fn get<T: Serialize>(place: &T) -> Value {
    serde_yaml::to_value(place).unwrap_or(Value::Null)
}

fn first<'a>(names: &[&'a str]) -> &'a str {
    names.first().copied().unwrap_or_default()
}

impl<T: Serialize + DeserializeOwned> Place for Server<T> {
    fn put(&self, settings: &mut Settings, _: &[&str], value: Value) -> Result<(), String> {
        put((self.0)(settings), value)
    }

    fn get(&self, settings: &mut Settings, _: &[&str]) -> Value {
        get((self.0)(settings))
    }
}

impl Place for Time {
    fn put(&self, settings: &mut Settings, _: &[&str], value: Value) -> Result<(), String> {
        let mut seconds = 0;
        put(&mut seconds, value)?;
        *(self.0)(settings) = Duration::from_secs(seconds);
        Ok(())
    }

    fn get(&self, settings: &mut Settings, _: &[&str]) -> Value {
        get(&(self.0)(settings).as_secs())
    }
}

impl<T: Serialize + DeserializeOwned> Place for OfApp<T> {
    fn put(&self, settings: &mut Settings, names: &[&str], value: Value) -> Result<(), String> {
        match settings.app(first(names)) {
            Some(app) => put((self.0)(app), value),
            None => Ok(()), // The id has been complained of.
        }
    }

    fn get(&self, settings: &mut Settings, names: &[&str]) -> Value {
        settings
            .app(first(names))
            .map_or(Value::Null, |app| get((self.0)(app)))
    }
}

impl<T: Serialize + DeserializeOwned> Place for OfCustom<T> {
    fn put(&self, settings: &mut Settings, names: &[&str], value: Value) -> Result<(), String> {
        put((self.0)(settings.custom(first(names))), value)
    }

    fn get(&self, settings: &mut Settings, names: &[&str]) -> Value {
        get((self.0)(settings.custom(first(names))))
    }
}

impl Place for OptionOfCustom {
    fn put(&self, settings: &mut Settings, names: &[&str], value: Value) -> Result<(), String> {
        if let [provider, option, ..] = names {
            let options = &mut settings.custom(provider).options;
            options.insert((*option).to_owned(), value);
        }
        Ok(())
    }

    fn get(&self, settings: &mut Settings, names: &[&str]) -> Value {
        let [provider, option, ..] = names else {
            return Value::Null;
        };
        let options = &settings.custom(provider).options;
        options.get(*option).cloned().unwrap_or(Value::Null)
    }
}

impl Settings {
    /// The app of this id, which exists by being named; `None` if it cannot be one.
    pub(super) fn app(&mut self, id: &str) -> Option<&mut App> {
        let id = AppId::parse(id).filter(|id| id.as_str() != AppId::CLASSIC)?;
        Some(self.apps.named.entry(id).or_default())
    }

    /// The custom provider of this name, which exists by being named.
    pub(super) fn custom(&mut self, name: &str) -> &mut Custom {
        self.providers.custom.entry(name.to_owned()).or_default()
    }
}
