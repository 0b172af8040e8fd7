//! Settings: what `configuration.yml` and the command line say, checked.
//!
//! Outside `--dev` what the file does not open is closed. Knows no room beside the words.

mod file;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use crate::limits::Limits;

pub use file::{ConfigError, Problem};

/// Where `ros serve` listens unless told otherwise.
pub const DEFAULT_LISTEN: &str = "127.0.0.1:9080";

/// All that the server needs to know.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The data folder.
    pub root: PathBuf,
    /// Where to listen.
    pub listen: SocketAddr,
    /// The private key, PEM.
    pub private_key: PathBuf,
    /// Which apps there are, and what each allows.
    pub apps: Apps,
    /// Client files that this server never gave out are told to reset, even on an empty Realm.
    pub reset_unknown_files: bool,
    /// How long an access token is good for, in seconds.
    pub access_token_lifetime: u64,
    /// How long a refresh token is good for, in seconds.
    pub refresh_token_lifetime: u64,
    /// The bounds.
    pub limits: Limits,
}

/// Which apps there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Apps {
    /// Any id, everything open: `--dev`.
    Any(App),
    /// Those that the configuration names.
    Named(BTreeMap<String, App>),
}

/// What an app allows. The default is nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct App {
    /// Signing in without credentials.
    pub anonymous: bool,
    /// Signing in with e-mail and password.
    pub password: bool,
    /// Whether users may register themselves.
    pub registration: bool,
    /// Whether its users may read any partition.
    pub read: bool,
    /// Whether its users may write to any partition.
    pub write: bool,
}

impl Apps {
    /// An app, if there is one of this id. Ids are 1 to 64 letters, digits, `-`, `_` and `.`, and do not start with a dot.
    pub fn get(&self, id: &str) -> Option<&App> {
        if !is_app_id(id) {
            return None;
        }
        match self {
            Apps::Any(app) => Some(app),
            Apps::Named(apps) => apps.get(id),
        }
    }
}

/// Whether a text can be an app id.
pub fn is_app_id(id: &str) -> bool {
    (1..=64).contains(&id.len())
        && !id.starts_with('.')
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

impl Settings {
    /// The settings of `ros serve --dev` over a data folder.
    pub fn dev(root: &Path, listen: SocketAddr) -> Settings {
        Settings {
            root: root.to_owned(),
            listen,
            private_key: root.join("keys").join("private.pem"),
            apps: Apps::Any(App {
                anonymous: true,
                password: true,
                registration: true,
                read: true,
                write: true,
            }),
            reset_unknown_files: true,
            access_token_lifetime: 30 * 60,
            refresh_token_lifetime: 60 * 24 * 3600,
            limits: Limits::default(),
        }
    }

    /// Reads a configuration file. All its problems at once, if it has any.
    pub fn read(path: &Path) -> Result<Settings, ConfigError> {
        file::read(path)
    }
}
