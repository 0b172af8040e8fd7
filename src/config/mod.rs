//! Every setting once: the text of `configuration.yml` becomes [`Settings`], or a list of all its problems.
//!
//! Outside `--dev`, whatever the file does not open is closed: an app that it does not name does not exist, and a named app allows neither
//! anonymous users nor self-registration nor partitions until it says so.
//!
//! Does not look at the world: whether a folder exists or a port is free is found out by whoever uses it.

mod file;
mod keys;
mod reload;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};

pub use file::{ConfigError, Loaded, Problem, parse, read};
pub use keys::{KEYS, Key};
pub use reload::Reload;

use crate::ident::AppId;
use crate::limits::Limits;

/// The port of `ros serve` unless told otherwise.
const PORT: u16 = 9080;

/// The port of metrics unless told otherwise.
const METRICS_PORT: u16 = 27088;

/// All that the server needs to know.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The data folder.
    pub root: PathBuf,
    /// Where the server listens for HTTP and sync.
    pub listen: SocketAddr,
    /// The private key that signs tokens, PEM.
    pub private_key: PathBuf,
    /// The public key, PEM; if it is given it must belong to the private key.
    pub public_key: Option<PathBuf>,
    /// The URL under which clients reach this server (`https://sync.example.com`); without it, what each request says.
    pub public_url: Option<PublicUrl>,
    /// Which apps there are, and what each allows.
    pub apps: Apps,
    /// Client files of classic Realms that this server never gave out are told to reset, even on an empty Realm.
    pub reset_unknown_files: bool,
    /// How much is logged.
    pub log_level: LogLevel,
    /// In which form.
    pub log_format: LogFormat,
    /// The file that is logged to; `None` is standard error.
    pub log_path: Option<PathBuf>,
    /// The listener for metrics.
    pub metrics: Metrics,
    /// The bounds.
    pub limits: Limits,
}

/// The listener for metrics. It asks for no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metrics {
    /// Whether there is one.
    pub enable: bool,
    /// Where.
    pub listen: SocketAddr,
}

/// None; if there is one, on 127.0.0.1:27088.
impl Default for Metrics {
    fn default() -> Metrics {
        Metrics {
            enable: false,
            listen: (Ipv4Addr::LOCALHOST, METRICS_PORT).into(),
        }
    }
}

/// Which apps there are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Apps {
    /// Those with a name of their own.
    pub named: BTreeMap<AppId, App>,
    /// What every other app id gets; `None`: there are no others.
    pub any: Option<App>,
}

impl Apps {
    /// What an app allows; `None` if there is no such app.
    pub fn get(&self, app: &AppId) -> Option<&App> {
        self.named.get(app).or(self.any.as_ref())
    }
}

/// What an app allows. The default is nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct App {
    /// Signing in without credentials; every sign-in makes a user.
    pub anonymous: bool,
    /// Signing in with e-mail and password.
    pub password: bool,
    /// Whether anybody may register with e-mail and password.
    pub registration: bool,
    /// Whether its users may read any partition.
    pub read: bool,
    /// Whether its users may write to any partition.
    pub write: bool,
    /// Whether its users may change the permissions of any partition, and remove classes and columns.
    pub manage: bool,
    /// Client files that this server never gave out are told to reset, even on an empty Realm.
    pub reset_unknown_files: bool,
    /// How long its tokens live.
    pub lifetimes: Lifetimes,
}

impl App {
    /// Everything that `serve --dev` opens.
    fn open() -> App {
        App {
            anonymous: true,
            password: true,
            registration: true,
            read: true,
            write: true,
            manage: true,
            reset_unknown_files: true,
            lifetimes: Lifetimes::default(),
        }
    }
}

/// How long tokens live, in seconds; never 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetimes {
    /// The token that is shown with every request and every sync connection.
    pub access: u64,
    /// The token that gets new access tokens.
    pub refresh: u64,
}

/// 30 minutes and 60 days.
impl Default for Lifetimes {
    fn default() -> Lifetimes {
        Lifetimes {
            access: 30 * 60,
            refresh: 60 * 24 * 60 * 60,
        }
    }
}

/// Scheme and authority under which clients reach the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl {
    /// Whether it is `https`.
    pub secure: bool,
    /// Host, and port if it is not the scheme's own.
    pub authority: String,
}

/// How much is logged; each level includes those after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum LogLevel {
    /// Everything.
    All,
    /// Steps inside the server.
    Trace,
    /// For whoever looks for a fault.
    Debug,
    /// Every session.
    Detail,
    /// What an operator wants to know.
    #[default]
    Info,
    /// What an operator should look at.
    Warn,
    /// What went wrong.
    Error,
    /// What ends the server.
    Fatal,
    /// Nothing.
    Off,
}

impl LogLevel {
    /// The names in the configuration, in order.
    pub const NAMES: [(&str, LogLevel); 9] = [
        ("all", LogLevel::All),
        ("trace", LogLevel::Trace),
        ("debug", LogLevel::Debug),
        ("detail", LogLevel::Detail),
        ("info", LogLevel::Info),
        ("warn", LogLevel::Warn),
        ("error", LogLevel::Error),
        ("fatal", LogLevel::Fatal),
        ("off", LogLevel::Off),
    ];

    /// The level of this name.
    pub fn named(name: &str) -> Option<LogLevel> {
        LogLevel::NAMES
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, level)| *level)
    }

    /// The name in the configuration and in the log.
    pub fn name(self) -> &'static str {
        LogLevel::NAMES[self as usize].0
    }
}

/// The form of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// Lines of the original's form.
    #[default]
    Text,
    /// A JSON object for each line.
    Json,
}

/// What the command line says; it wins over the file.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// `--root`
    pub root: Option<PathBuf>,
    /// `--listen`
    pub listen: Option<SocketAddr>,
    /// `--private-key`
    pub private_key: Option<PathBuf>,
    /// `--public-key`
    pub public_key: Option<PathBuf>,
    /// `--log-level`
    pub log_level: Option<LogLevel>,
}

impl Settings {
    /// What `serve --dev` uses: everything below `root`, loopback only, any app id, anonymous and self-registered users, open partitions.
    pub fn dev(root: &Path) -> Settings {
        Settings {
            root: root.to_owned(),
            listen: (Ipv4Addr::LOCALHOST, PORT).into(),
            private_key: root.join("keys").join("private.pem"),
            apps: Apps {
                named: BTreeMap::new(),
                any: Some(App::open()),
            },
            reset_unknown_files: true,
            ..Settings::unsaid()
        }
    }

    /// What holds where a file says nothing. The paths are still to be given.
    fn unsaid() -> Settings {
        Settings {
            root: PathBuf::new(),
            listen: (Ipv6Addr::UNSPECIFIED, PORT).into(),
            private_key: PathBuf::new(),
            public_key: None,
            public_url: None,
            apps: Apps::default(),
            reset_unknown_files: false,
            log_level: LogLevel::default(),
            log_format: LogFormat::default(),
            log_path: None,
            metrics: Metrics::default(),
            limits: Limits::default(),
        }
    }

    /// The same, with what the command line says instead.
    pub fn with(mut self, overrides: &Overrides) -> Settings {
        if let Some(root) = &overrides.root {
            self.root.clone_from(root);
        }
        if let Some(key) = &overrides.private_key {
            self.private_key.clone_from(key);
        }
        self.public_key = overrides.public_key.clone().or(self.public_key);
        self.listen = overrides.listen.unwrap_or(self.listen);
        self.log_level = overrides.log_level.unwrap_or(self.log_level);
        self
    }
}
