//! What a configuration needs of this host: folders, keys, certificates and ports, as the server will find them.

use std::fs::{self, File};
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::{Access, access};

use super::firewall::redirect;
use super::folder::another_key;
use super::holder::{Holder, holder};
use crate::auth::{ForeignKeys, KeyError, KeyPair, PublicKey};
use crate::config::{Loaded, Problem, Provider, Providers, SyncServer, listeners};
use crate::storage::{is_held, note_of};
use crate::tls::EcKey;

/// What was found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// What keeps a server from starting, or from being of use.
    pub problems: Vec<Problem>,
    /// What somebody should look at.
    pub warnings: Vec<Problem>,
}

/// Looks at everything that the server would need; nothing is changed. A server that runs on the data folder is not in its own way.
pub fn needs(loaded: &Loaded) -> Report {
    let mut look = Look {
        loaded,
        report: Report::default(),
    };
    look.root();
    look.keys();
    look.earlier_keys();
    look.issuers();
    look.providers();
    look.log();
    look.certificate();
    look.ports();
    look.report
}

/// A look at the host.
pub(super) struct Look<'a> {
    pub(super) loaded: &'a Loaded,
    report: Report,
}

impl Look<'_> {
    fn root(&mut self) {
        const KEY: &str = "storage.root_path";
        let root = &self.loaded.settings.root;
        if root.as_os_str().is_empty() {
            return;
        }
        let shown = root.display();
        let made = format!("install -d -m 0700 {shown}, as the user of the server");
        let found = match fs::metadata(root) {
            Ok(found) if found.is_dir() => found,
            Ok(_) => {
                let hint =
                    "name a folder: install -d -m 0700 FOLDER makes one, as the user of the server";
                return self.problem(KEY, format!("{shown} is no folder"), hint.to_owned());
            }
            Err(error) => return self.problem(KEY, format!("{shown}: {error}"), made),
        };
        let owner = owner(&found);
        if access(root, Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK).is_err() {
            let what = format!(
                "{shown} cannot be written to; it belongs to {owner}, and this is {}",
                me()
            );
            self.problem(
                KEY,
                what,
                format!("run it as that user, or chown -R {} {shown}", me()),
            );
        } else if !mine(&found) {
            let what = format!("{shown} belongs to {owner}, and this is {}", me());
            self.warning(
                KEY,
                what,
                format!("run it as that user, or chown -R {} {shown}", me()),
            );
        }
    }

    fn keys(&mut self) {
        let (private, public) = ("auth.private_key_path", "auth.public_key_path");
        let settings = &self.loaded.settings;
        if settings.private_key.as_os_str().is_empty() {
            return;
        }
        let mut readable = self.readable(private, &settings.private_key);
        if let Some(file) = &settings.public_key {
            readable &= self.readable(public, file);
        }
        if !readable {
            return;
        }
        self.private(private, &settings.private_key);
        let shown = settings.private_key.display();
        match KeyPair::read(&settings.private_key, settings.public_key.as_deref()) {
            Ok(_) => {}
            Err(error @ (KeyError::Public | KeyError::Mismatch)) => {
                let hint = format!(
                    "openssl rsa -in {shown} -pubout makes the one that does; or take the key out, for it is known from the private one"
                );
                self.problem(public, error.to_string(), hint);
            }
            Err(error) => {
                let what = format!("{shown}: {error}");
                self.problem(private, what, another_key(&settings.private_key));
            }
        }
    }

    fn issuers(&mut self) {
        let settings = &self.loaded.settings;
        let apps = settings
            .apps
            .named
            .iter()
            .filter(|(_, app)| app.custom_token);
        let apps = apps.map(|(id, app)| (format!("apps.{id}.custom-token"), &app.issuer));
        let jwt = settings.providers.jwt.iter();
        let jwt = jwt.map(|jwt| ("auth.providers.jwt".to_owned(), &jwt.issuer));
        let issuers: Vec<_> = apps.chain(jwt).collect();
        for (section, issuer) in issuers {
            for file in &issuer.public_keys {
                if let Err((file, cause)) = ForeignKeys::read(std::slice::from_ref(file), None) {
                    let key = format!("{section}.public_key_paths");
                    let hint =
                        "name files with the public keys of the issuer, as it publishes them";
                    self.problem(
                        &key,
                        format!("{}: {cause}", file.display()),
                        hint.to_owned(),
                    );
                }
            }
            if let Some(Err((file, cause))) = issuer
                .secret
                .as_deref()
                .map(|file| ForeignKeys::read(&[], Some(file)))
            {
                let key = format!("{section}.secret_path");
                let shown = file.display();
                let hint =
                    format!("openssl rand -hex 32 > {shown} makes one; the issuer needs the same");
                self.problem(&key, format!("{shown}: {cause}"), hint);
            } else if let Some(file) = &issuer.secret {
                self.private(&format!("{section}.secret_path"), file);
            }
        }
    }

    /// Files of providers, which are read when somebody signs in.
    fn providers(&mut self) {
        let settings = &self.loaded.settings;
        for (id, app) in settings.apps.named.iter().filter(|(_, app)| app.google) {
            let key = format!("apps.{id}.oauth2-google.client_secret_path");
            self.secret(&key, app.google_code.client_secret.as_deref());
        }
        let settings = &self.loaded.settings;
        let apps = settings.apps.named.iter().filter(|(_, app)| app.facebook);
        let apps = apps.map(|(id, app)| {
            let section = format!("apps.{id}.oauth2-facebook");
            (section, Provider::Facebook(app.facebook_app.clone()))
        });
        let custom = settings.providers.custom.keys();
        let names = Providers::NAMES.into_iter().map(str::to_owned);
        let names = names.chain(custom.map(|name| format!("custom/{name}")));
        let named = names.filter_map(|name| {
            let provider = settings.providers.named(&name)?;
            Some((format!("auth.providers.{name}"), provider))
        });
        let providers: Vec<_> = apps.chain(named).collect();
        for (section, provider) in providers {
            match provider {
                Provider::Facebook(facebook) => {
                    let key = format!("{section}.app_secret_path");
                    self.secret(&key, facebook.app_secret.as_deref());
                }
                Provider::CloudKit(cloudkit) => {
                    let (key, file) = (format!("{section}.private_key_path"), cloudkit.private_key);
                    match EcKey::read(&file) {
                        Ok(_) => self.private(&key, &file),
                        Err(error) => {
                            let hint = format!(
                                "openssl ecparam -name prime256v1 -genkey -noout -out {} makes one; Apple needs its public key",
                                file.display()
                            );
                            self.problem(&key, error.to_string(), hint);
                        }
                    }
                }
                Provider::Jwt(_)
                | Provider::Google(_)
                | Provider::AzureAd(_)
                | Provider::Debug(_) => {}
            }
        }
    }

    /// A file with the secret that a provider knows the app by.
    fn secret(&mut self, key: &str, file: Option<&Path>) {
        let Some(file) = file else { return };
        match fs::read_to_string(file) {
            Ok(_) => self.private(key, file),
            Err(error) => {
                let what = format!("{}: {error}", file.display());
                let hint = "name a file with the secret of the app, as the provider shows it";
                self.problem(key, what, hint.to_owned());
            }
        }
    }

    fn earlier_keys(&mut self) {
        const KEY: &str = "auth.previous_public_keys";
        for file in &self.loaded.settings.previous_public_keys {
            if let Err(error) = PublicKey::read(file) {
                let what = format!("{}: {error}", file.display());
                let hint = "name the public key (PEM) of an earlier pair, or take it out";
                self.problem(KEY, what, hint.to_owned());
            }
        }
    }

    fn log(&mut self) {
        const KEY: &str = "logging.path";
        let Some(path) = &self.loaded.settings.log_path else {
            return;
        };
        let shown = path.display();
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            Some(_) | None => Path::new("."),
        };
        let hint = format!("name another file, or let {} write there", me());
        if path.is_dir() {
            self.problem(
                KEY,
                format!("{shown} is a folder"),
                "name a file in it".to_owned(),
            );
        } else if path.exists() {
            if access(path, Access::WRITE_OK).is_err() {
                self.problem(KEY, format!("{shown} cannot be written to"), hint);
            }
        } else if !folder.is_dir() {
            let folder = folder.display();
            self.problem(
                KEY,
                format!("there is no folder {folder}"),
                format!("install -d {folder}"),
            );
        } else if access(folder, Access::WRITE_OK | Access::EXEC_OK).is_err() {
            self.problem(
                KEY,
                format!("no file can be made in {}", folder.display()),
                hint,
            );
        }
    }

    fn ports(&mut self) {
        let settings = &self.loaded.settings;
        for (section, listener) in listeners(settings) {
            let [address, port] =
                ["address", "port"].map(|last| format!("{section}.listen_{last}"));
            self.port([&address, &port], listener.socket());
        }
        for listener in settings
            .sync_servers
            .iter()
            .filter_map(SyncServer::listener)
        {
            self.port(["sync.servers"; 2], listener.socket());
        }
    }

    /// Tries to listen; `keys` are those of the address and of the port.
    fn port(&mut self, keys: [&str; 2], address: SocketAddr) {
        let Err(error) = bind(address) else {
            return;
        };
        let port = address.port();
        let [of_address, of_port] = keys;
        match error.kind() {
            io::ErrorKind::AddrInUse => self.taken(of_port, address),
            io::ErrorKind::PermissionDenied => {
                let what = format!("{} may not listen on port {port}", me());
                self.problem(of_port, what, privileged(port));
            }
            io::ErrorKind::AddrNotAvailable => {
                let what = format!("this host has no address {}", address.ip());
                let hint = "`ip address` lists those it has; '::' is all of them".to_owned();
                self.problem(of_address, what, hint);
            }
            _ => {
                let what = format!("cannot listen on {address}: {error}");
                self.problem(of_address, what, "choose another address".to_owned());
            }
        }
    }

    fn taken(&mut self, key: &str, address: SocketAddr) {
        let (port, root) = (address.port(), &self.loaded.settings.root);
        let holder = holder(address);
        let is_its_own = |holder: &Holder| Some(holder.pid) == server_of(root);
        if is_held(root).unwrap_or(false) && holder.as_ref().is_none_or(is_its_own) {
            return; // The server runs.
        }
        let (who, hint) = match holder {
            Some(holder) => (holder.to_string(), "stop that".to_owned()),
            None => (
                "a process of somebody else".to_owned(),
                format!("`ss -ltnp 'sport = :{port}'` as root says which; stop that"),
            ),
        };
        let what = format!("port {port} of {} is taken by {who}", address.ip());
        self.problem(key, what, format!("{hint}, or choose another port"));
    }

    /// Whether a file can be opened.
    fn readable(&mut self, key: &str, file: &Path) -> bool {
        let shown = file.display();
        match File::open(file).and_then(|file| file.metadata()) {
            Ok(found) if found.is_dir() => {
                self.problem(
                    key,
                    format!("{shown} is a folder"),
                    "name a file in it".to_owned(),
                );
                false
            }
            Ok(_) => true,
            Err(error) => {
                let hint = match error.kind() {
                    io::ErrorKind::NotFound if key == "auth.private_key_path" => another_key(file),
                    io::ErrorKind::PermissionDenied => format!("let {} read it", me()),
                    _ => {
                        "name the file, relative to where the server is started or from the root on"
                            .to_owned()
                    }
                };
                self.problem(key, format!("{shown}: {error}"), hint);
                false
            }
        }
    }

    /// A private key is nobody else's.
    pub(super) fn private(&mut self, key: &str, file: &Path) {
        const OTHERS: u32 = 0o007;
        let mode = fs::metadata(file).map_or(0, |found| found.mode());
        if mode & OTHERS != 0 {
            let shown = file.display();
            let what = format!(
                "everybody on this host may read {shown} (mode {:o})",
                mode & 0o777
            );
            self.warning(key, what, format!("chmod o-rwx {shown}"));
        }
    }

    pub(super) fn problem(&mut self, key: &str, what: String, hint: String) {
        let problem = self.made(key, what, hint);
        self.report.problems.push(problem);
    }

    pub(super) fn warning(&mut self, key: &str, what: String, hint: String) {
        let problem = self.made(key, what, hint);
        self.report.warnings.push(problem);
    }

    fn made(&self, key: &str, what: String, hint: String) -> Problem {
        Problem {
            key: key.to_owned(),
            what,
            hint: Some(hint),
            source: self.loaded.origins.get(key).cloned(),
        }
    }
}

/// What helps where a process may not listen on a low port.
pub fn privileged(port: u16) -> String {
    let high = if port == 443 { 9443 } else { 9080 };
    format!(
        "allow it with CapabilityBoundingSet= and AmbientCapabilities=CAP_NET_BIND_SERVICE in the unit of systemd, or with `setcap cap_net_bind_service=+ep $(command -v ros)`; or listen on {high} and lead {port} there: {}",
        redirect(port, high)
    )
}

/// Listens for a moment. `::` is every address, also on a host without IPv6.
fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    match TcpListener::bind(address) {
        Err(error) if is_v6(address.ip()) && !is_meant(&error) => {
            TcpListener::bind((Ipv4Addr::UNSPECIFIED, address.port()))
        }
        result => result,
    }
}

fn is_v6(address: IpAddr) -> bool {
    address.is_ipv6() && address.is_unspecified()
}

fn is_meant(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::AddrInUse | io::ErrorKind::PermissionDenied
    )
}

/// The process that has the data folder, or had it last.
fn server_of(root: &Path) -> Option<u32> {
    let note = note_of(root).ok()?;
    let note: serde_json::Value = serde_json::from_str(&note).ok()?;
    note["pid"].as_u64()?.try_into().ok()
}

/// Whether a file belongs to the user of this process, or that is root.
fn mine(found: &fs::Metadata) -> bool {
    let me = rustix::process::geteuid();
    me.is_root() || me.as_raw() == found.uid()
}

fn owner(found: &fs::Metadata) -> String {
    user(found.uid())
}

fn me() -> String {
    user(rustix::process::geteuid().as_raw())
}

/// The name of a user, or the number where it has none here.
fn user(id: u32) -> String {
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let name = users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, number) = (fields.next()?, fields.nth(1)?);
        (number.parse() == Ok(id)).then(|| name.to_owned())
    });
    name.unwrap_or_else(|| id.to_string())
}
