//! `configuration.yml`: its text becomes settings, or a list of all its problems.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use serde_yaml::{Mapping, Value};

use super::{App, Apps, DEFAULT_LISTEN, Settings, is_app_id};
use crate::limits::Limits;

/// Something wrong in a file: where, as a path of keys, and what.
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
    Unreadable(std::io::Error),
    /// It is no YAML.
    #[error("{0}")]
    NotYaml(serde_yaml::Error),
    /// It says something wrong.
    #[error("{} problems", .0.len())]
    Invalid(Vec<Problem>),
}

/// Larger files are no configuration.
const LARGEST: u64 = 1 << 20;

pub(super) fn read(path: &Path) -> Result<Settings, ConfigError> {
    let size = std::fs::metadata(path)
        .map_err(ConfigError::Unreadable)?
        .len();
    if size > LARGEST {
        return Err(ConfigError::Unreadable(std::io::Error::other(
            "larger than 1 MiB",
        )));
    }
    let text = std::fs::read_to_string(path).map_err(ConfigError::Unreadable)?;
    parse(&text)
}

/// Settings from the text of a file.
pub(super) fn parse(text: &str) -> Result<Settings, ConfigError> {
    let value: Value = serde_yaml::from_str(text).map_err(ConfigError::NotYaml)?;
    let mut reader = Reader {
        problems: Vec::new(),
    };
    let settings = reader.settings(&value);
    match settings {
        Some(settings) if reader.problems.is_empty() => Ok(settings),
        Some(_) | None => Err(ConfigError::Invalid(reader.problems)),
    }
}

struct Reader {
    problems: Vec<Problem>,
}

impl Reader {
    fn problem(&mut self, key: &str, what: impl Into<String>) {
        self.problems.push(Problem {
            key: key.to_owned(),
            what: what.into(),
        });
    }

    fn settings(&mut self, value: &Value) -> Option<Settings> {
        let top = self.section(value, "", &["storage", "auth", "proxy", "apps"]);
        let storage = self.section(get(&top, "storage"), "storage", &["root_path"]);
        let auth = self.section(
            get(&top, "auth"),
            "auth",
            &[
                "private_key_path",
                "access_token_lifetime_seconds",
                "refresh_token_lifetime_seconds",
            ],
        );
        let proxy = self.section(get(&top, "proxy"), "proxy", &["http"]);
        let http = self.section(
            get(&proxy, "http"),
            "proxy.http",
            &["listen_address", "listen_port"],
        );
        let root = self.path(get(&storage, "root_path"), "storage.root_path");
        let private_key = self.path(get(&auth, "private_key_path"), "auth.private_key_path");
        let listen = self.listen(&http);
        let apps = self.apps(get(&top, "apps"));
        let access = self.seconds(
            get(&auth, "access_token_lifetime_seconds"),
            "auth.access_token_lifetime_seconds",
            30 * 60,
        );
        let refresh = self.seconds(
            get(&auth, "refresh_token_lifetime_seconds"),
            "auth.refresh_token_lifetime_seconds",
            60 * 24 * 3600,
        );
        Some(Settings {
            root: root?,
            listen: listen?,
            private_key: private_key?,
            apps: Apps::Named(apps),
            reset_unknown_files: false,
            access_token_lifetime: access,
            refresh_token_lifetime: refresh,
            limits: Limits::default(),
        })
    }

    /// A section's keys, of which all must be known.
    fn section(&mut self, value: &Value, key: &str, known: &[&str]) -> Mapping {
        let mapping = match value {
            Value::Null => return Mapping::new(),
            Value::Mapping(mapping) => mapping.clone(),
            _ => {
                self.problem(
                    if key.is_empty() { "configuration" } else { key },
                    "a section of keys is expected here",
                );
                return Mapping::new();
            }
        };
        for name in mapping.keys() {
            let name = name.as_str().unwrap_or("?");
            if !known.contains(&name) {
                let full = if key.is_empty() {
                    name.to_owned()
                } else {
                    format!("{key}.{name}")
                };
                self.problem(
                    &full,
                    format!("unknown key; here may stand: {}", known.join(", ")),
                );
            }
        }
        mapping
    }

    fn path(&mut self, value: &Value, key: &str) -> Option<PathBuf> {
        match value.as_str().filter(|text| !text.is_empty()) {
            Some(text) => Some(text.into()),
            None => {
                self.problem(key, "a path is needed");
                None
            }
        }
    }

    fn listen(&mut self, http: &Mapping) -> Option<SocketAddr> {
        let default: SocketAddr = DEFAULT_LISTEN.parse().ok()?;
        let address = match get(http, "listen_address") {
            Value::Null => Some(default.ip()),
            value => value.as_str().and_then(|text| text.parse::<IpAddr>().ok()),
        };
        let port = match get(http, "listen_port") {
            Value::Null => Some(default.port()),
            value => value.as_u64().and_then(|port| u16::try_from(port).ok()),
        };
        if address.is_none() {
            self.problem(
                "proxy.http.listen_address",
                "an IP address is expected, like 127.0.0.1 or '::'",
            );
        }
        if port.is_none() {
            self.problem(
                "proxy.http.listen_port",
                "a port number from 0 to 65535 is expected",
            );
        }
        Some(SocketAddr::new(address?, port?))
    }

    fn seconds(&mut self, value: &Value, key: &str, default: u64) -> u64 {
        match value {
            Value::Null => default,
            value => value
                .as_u64()
                .filter(|seconds| *seconds > 0)
                .unwrap_or_else(|| {
                    self.problem(key, "a number of seconds is expected");
                    default
                }),
        }
    }

    fn apps(&mut self, value: &Value) -> BTreeMap<String, App> {
        let mut apps = BTreeMap::new();
        let mapping = match value {
            Value::Mapping(mapping) => mapping,
            Value::Null => return apps,
            _ => {
                self.problem("apps", "app ids with what each allows are expected");
                return apps;
            }
        };
        for (id, value) in mapping {
            let id = id.as_str().unwrap_or_default();
            if !is_app_id(id) {
                self.problem("apps", format!("`{id}` is no app id: 1 to 64 letters, digits, `-`, `_` and `.` are expected"));
            }
            let app = self.app(value, &format!("apps.{id}"));
            apps.insert(id.to_owned(), app);
        }
        apps
    }

    fn app(&mut self, value: &Value, key: &str) -> App {
        let top = self.section(value, key, &["providers", "registration", "partitions"]);
        let providers = self.section(
            get(&top, "providers"),
            &format!("{key}.providers"),
            &["anon-user", "local-userpass"],
        );
        let partitions = self.section(
            get(&top, "partitions"),
            &format!("{key}.partitions"),
            &["read", "write"],
        );
        let registration = match get(&top, "registration") {
            Value::Null => false,
            value => match value.as_str() {
                Some("open") => true,
                Some("closed") => false,
                _ => {
                    self.problem(
                        &format!("{key}.registration"),
                        "`open` or `closed` is expected",
                    );
                    false
                }
            },
        };
        let read = self.flag(&partitions, "read", &format!("{key}.partitions"));
        let write = self.flag(&partitions, "write", &format!("{key}.partitions"));
        App {
            anonymous: self.flag(&providers, "anon-user", &format!("{key}.providers")),
            password: self.flag(&providers, "local-userpass", &format!("{key}.providers")),
            registration,
            read: read || write,
            write,
        }
    }

    fn flag(&mut self, section: &Mapping, name: &str, key: &str) -> bool {
        match get(section, name) {
            Value::Null => false,
            Value::Bool(flag) => *flag,
            _ => {
                self.problem(&format!("{key}.{name}"), "`true` or `false` is expected");
                false
            }
        }
    }
}

fn get<'a>(mapping: &'a Mapping, key: &str) -> &'a Value {
    mapping.get(key).unwrap_or(&Value::Null)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINIMAL: &str =
        "storage: { root_path: /var/lib/realm }\nauth: { private_key_path: /etc/realm/key.pem }\n";

    fn problems(text: &str) -> Vec<String> {
        match parse(text) {
            Err(ConfigError::Invalid(problems)) => {
                problems.iter().map(ToString::to_string).collect()
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_not_opened_is_closed() {
        let settings = parse(&format!("{MINIMAL}apps: {{ a: {{}}, b: {{ providers: {{ anon-user: true }}, registration: open }} }}")).unwrap();
        assert_eq!(settings.apps.get("a"), Some(&App::default()));
        assert_eq!(
            settings.apps.get("b"),
            Some(&App {
                anonymous: true,
                registration: true,
                ..App::default()
            })
        );
        assert_eq!(settings.apps.get("c"), None);
        assert_eq!(settings.listen.to_string(), DEFAULT_LISTEN);
        assert!(!settings.reset_unknown_files);
    }

    #[test]
    fn all_problems_are_told_at_once() {
        let found = problems(
            "apps: { '../x': { registration: maybe } }\nproxy: { http: { listen_address: '‘::’', listen_port: 70000 } }\nextra: 1",
        );
        for part in [
            "extra: unknown key",
            "storage.root_path",
            "auth.private_key_path",
            "listen_address",
            "listen_port",
            "`../x` is no app id",
            "registration: `open` or `closed`",
        ] {
            assert!(
                found.iter().any(|problem| problem.contains(part)),
                "{part}: {found:?}"
            );
        }
    }
}
