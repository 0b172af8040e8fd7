//! All that the server needs to know.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{App, Apps, Https, Lifetimes, Listener, Network, Providers, PublicUrl, SyncServer};
use crate::limits::Limits;

/// The port of `ros serve` unless told otherwise.
const PORT: u16 = 9080;
/// The port for HTTPS.
const HTTPS_PORT: u16 = 9443;
/// The port of the HTTP service behind the proxy.
const NETWORK_HTTP_PORT: u16 = 27080;
/// The port of the sync service behind the proxy.
const NETWORK_SYNC_PORT: u16 = 27800;
/// The port of the continuous backup.
const BACKUP_PORT: u16 = 27810;
/// The port of metrics.
const METRICS_PORT: u16 = 27088;
/// The administrator of Realm Object Server 2 and 3.
const ADMINISTRATOR: &str = "realm-admin";
/// Realms kept open with a configuration file, as the original does.
const OPEN_REALMS: usize = 256;

/// All that the server needs to know. Each field is the value of a key, or a section of them, in `keys/`.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The data folder.
    pub root: PathBuf,
    /// The private key that signs tokens, PEM.
    pub private_key: PathBuf,
    /// The public key, PEM; if it is given it must belong to the private key.
    pub public_key: Option<PathBuf>,
    /// Public keys of earlier pairs, PEM: tokens that were signed with them count until they expire.
    pub previous_public_keys: Vec<PathBuf>,
    /// Authorities (`host:port`) of Realm URLs that are taken beside the server's own.
    pub sync_hosts: Vec<String>,
    /// How long tokens of classic users live.
    pub lifetimes: Lifetimes,
    /// Characters that a password must have which somebody chooses; never more than 64.
    pub password_min_length: u32,
    /// Where modules of custom providers are looked for.
    pub providers_path: PathBuf,
    /// How classic users may sign in.
    pub providers: Providers,
    /// The proxy: where clients come to with HTTP, and is served everything.
    pub proxy_http: Listener,
    /// The same with HTTPS.
    pub proxy_https: Https,
    /// The HTTP service by itself, for a proxy of another kind.
    pub network_http: Listener,
    /// The sync service by itself.
    pub network_sync: Listener,
    /// The sync services as later servers of the original name them; empty if they are not named.
    pub sync_servers: Vec<SyncServer>,
    /// Whose `X-Forwarded-*` headers are believed.
    pub trusted_proxies: Vec<Network>,
    /// The URL under which clients reach this server (`https://sync.example.com`); without it, what each request says.
    pub public_url: Option<PublicUrl>,
    /// Which apps there are, and what each allows.
    pub apps: Apps,
    /// Whether anybody may register with name and password through the classic API.
    pub classic_registration: bool,
    /// Whether permissions and offers can be seen and changed over HTTP.
    pub classic_permissions: bool,
    /// Whether a user's own permissions are added to everybody's, and do not replace them.
    pub rows_add: bool,
    /// Whether adding classes and columns needs the right to manage.
    pub schema_by_managers: bool,
    /// Realms whose classes and columns stay as they are: paths, or partitions after their app.
    pub frozen: Vec<String>,
    /// E-mail.
    pub mail: Mail,
    /// Client files of classic Realms that this server never gave out are told to reset, even on an empty Realm.
    pub reset_unknown_files: bool,
    /// How much is logged.
    pub log_level: LogLevel,
    /// In which form.
    pub log_format: LogFormat,
    /// The file that is logged to; `None` is standard error.
    pub log_path: Option<PathBuf>,
    /// The file of the audit log; `None`: there is none.
    pub audit_path: Option<PathBuf>,
    /// The continuous backup.
    pub backup: Backup,
    /// Whether no link is printed that makes the first administrator.
    pub skip_setup: bool,
    /// The name of the administrator that a start makes if there is none.
    pub administrator_name: String,
    /// The file with its password; `None`: none is made.
    pub administrator_password: Option<PathBuf>,
    /// The listener for metrics. It asks for no token.
    pub metrics: Listener,
    /// The bounds.
    pub limits: Limits,
}

/// How e-mail is sent, and where its links lead.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Mail {
    /// The server that takes it, with name and password; `None`: none is sent.
    pub url: Option<String>,
    /// Who it comes from.
    pub from: Option<String>,
    /// The page that confirms an address.
    pub confirm_url: Option<String>,
    /// The page that takes a new password.
    pub reset_url: Option<String>,
}

/// The URL holds a password.
impl std::fmt::Debug for Mail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mail")
            .field("url", &self.url.as_ref().map(|_| "…"))
            .field("from", &self.from)
            .field("confirm_url", &self.confirm_url)
            .field("reset_url", &self.reset_url)
            .finish()
    }
}

/// The continuous backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    /// Where its clients come to.
    pub listener: Listener,
    /// How much it logs.
    pub log_level: LogLevel,
    /// The file that it logs to; `None` is standard error.
    pub log_path: Option<PathBuf>,
}

/// How much is logged; each level includes those after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
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
        let unsaid = Settings::unsaid();
        Settings {
            root: root.to_owned(),
            proxy_http: Listener::on(Ipv4Addr::LOCALHOST, PORT),
            network_http: unsaid.network_http.off(),
            network_sync: unsaid.network_sync.off(),
            private_key: root.join("keys").join("private.pem"),
            apps: Apps {
                named: BTreeMap::new(),
                any: Some(App::open()),
            },
            classic_registration: true,
            reset_unknown_files: true,
            limits: Limits::default(),
            ..unsaid
        }
    }

    /// What holds where nothing is said. The paths are still to be given.
    pub(super) fn unsaid() -> Settings {
        Settings {
            root: PathBuf::new(),
            private_key: PathBuf::new(),
            public_key: None,
            previous_public_keys: Vec::new(),
            sync_hosts: Vec::new(),
            lifetimes: Lifetimes {
                access: 600,
                refresh: 10 * 365 * 86_400,
            },
            password_min_length: 8,
            providers_path: "/usr/local/lib/realm/auth/providers".into(),
            providers: Providers::default(),
            proxy_http: Listener::on(Ipv6Addr::UNSPECIFIED, PORT),
            proxy_https: Https {
                listener: Listener::on(Ipv6Addr::UNSPECIFIED, HTTPS_PORT).off(),
                certificate: None,
                private_key: None,
                allow_self_signed: false,
            },
            network_http: Listener::on(Ipv4Addr::LOCALHOST, NETWORK_HTTP_PORT),
            network_sync: Listener::on(Ipv4Addr::LOCALHOST, NETWORK_SYNC_PORT),
            sync_servers: Vec::new(),
            trusted_proxies: Network::LOOPBACK.to_vec(),
            public_url: None,
            apps: Apps::default(),
            classic_registration: false,
            classic_permissions: true,
            rows_add: false,
            schema_by_managers: false,
            frozen: Vec::new(),
            mail: Mail::default(),
            reset_unknown_files: false,
            log_level: LogLevel::default(),
            log_format: LogFormat::default(),
            log_path: None,
            audit_path: None,
            backup: Backup {
                listener: Listener::on(Ipv4Addr::LOCALHOST, BACKUP_PORT).off(),
                log_level: LogLevel::default(),
                log_path: None,
            },
            skip_setup: false,
            administrator_name: ADMINISTRATOR.to_owned(),
            administrator_password: None,
            metrics: Listener::on(Ipv4Addr::LOCALHOST, METRICS_PORT).off(),
            limits: Limits {
                open_realms: OPEN_REALMS,
                ..Limits::default()
            },
        }
    }

    /// Where the sync service listens by itself.
    pub fn sync_listeners(&self) -> Vec<Listener> {
        match self.sync_servers[..] {
            [] if self.network_sync.enabled => vec![self.network_sync],
            [] => Vec::new(),
            [..] => self
                .sync_servers
                .iter()
                .filter_map(SyncServer::listener)
                .collect(),
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
        if let Some(listen) = overrides.listen {
            self.proxy_http = Listener::on(listen.ip(), listen.port());
            self.network_http.enabled = false;
            self.network_sync.enabled = false;
            self.sync_servers.clear();
        }
        self.log_level = overrides.log_level.unwrap_or(self.log_level);
        self
    }
}
