//! The data folder of a stopped server: the way for whoever has it, when no administrator can sign in.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use ros::audit::{Act, Entry};
use ros::auth::KeyPair;
use ros::config::{self, LogLevel, Overrides, Settings};
use ros::ident::UnixTime;
use ros::log::Log;
use ros::storage::{StorageError, Store};
use ros::system::{Moment, System, SystemError};

use crate::failure::{Exit, Failure};
use crate::given;

/// Arguments that name it.
#[derive(clap::Args)]
#[command(next_help_heading = "Stopped server")]
pub struct Stopped {
    /// The data folder of a stopped server, for when no administrator can sign in
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
    /// With --root: the server's configuration, for its rules [default: /etc/realm/configuration.yml, if it names this folder]
    #[arg(short, long, value_name = "FILE", requires = "root")]
    configuration: Option<PathBuf>,
}

/// A data folder that no server has open.
pub struct Folder {
    /// Users, Realms, permissions.
    pub system: System,
    /// Its files; keeps a server from starting meanwhile.
    pub store: Store,
}

impl Stopped {
    /// The folder, if one is named.
    pub fn open(&self) -> Result<Option<Folder>, Failure> {
        let Some(root) = &self.root else {
            return Ok(None);
        };
        let settings = match &self.configuration {
            Some(file) => with_root(file, root)?,
            None => usual(root).unwrap_or_else(|| Settings::dev(root)),
        };
        open(root, settings).map(Some)
    }
}

/// What a configuration says, of this folder.
fn with_root(file: &Path, root: &Path) -> Result<Settings, Failure> {
    let overrides = Overrides {
        root: Some(root.to_owned()),
        ..Overrides::default()
    };
    Ok(given::configured(file, &overrides)?.settings)
}

/// What the usual configuration says, if it can be read and is this folder's.
fn usual(root: &Path) -> Option<Settings> {
    let usual = config::read(Path::new(given::USUAL), &Overrides::default()).ok()?;
    let here = root.canonicalize().ok()?;
    let there = usual.settings.root.canonicalize().ok()?;
    (there == here).then_some(usual.settings)
}

fn open(root: &Path, settings: Settings) -> Result<Folder, Failure> {
    let failed = || Failure::new(Exit::Failed, format!("cannot open {}", root.display()));
    if !root.join("admin.db").exists() {
        return Err(Failure::new(
            Exit::NotFound,
            format!("{} is no server's data folder", root.display()),
        )
        .cause("there is no admin.db in it"));
    }
    let store = Store::open(root, rand::random::<u64>).map_err(|error| match &error {
        StorageError::InUse(_) => Failure::new(
            Exit::Conflict,
            format!("a server has {} open", root.display()),
        )
        .hint("stop it, or leave --root away and name the server with --server URL"),
        _ => failed().cause(&error),
    })?;
    // No token is made or looked at here, so the server's own keys are not needed.
    let keys = KeyPair::generate(&mut rand_core::OsRng).map_err(|error| failed().cause(error))?;
    put_on_record(&settings)?;
    let system = System::open(Arc::new(settings), keys).map_err(|error| failed().cause(error))?;
    Ok(Folder { system, store })
}

/// What is done to the folder goes into the audit log of its server, if the configuration names one. One that is not there yet is left to the server, whose file it is to be.
fn put_on_record(settings: &Settings) -> Result<(), Failure> {
    let Some(file) = settings.audit_path.as_deref().filter(|file| file.exists()) else {
        return Ok(());
    };
    let log = Log::start(LogLevel::Error, settings.log_format, None);
    let opened = log.and_then(|log| log.audit_to(Some(file)));
    opened.map_err(|error| {
        let what = format!("cannot put on record in {}", file.display());
        Failure::new(Exit::Failed, what).cause(error)
    })
}

/// An entry of what is done to the folder.
pub fn entry(act: Act) -> Entry {
    Entry::of(act).by("--root")
}

impl Folder {
    /// Removes the files of Realms that are removed. What is left by a failure goes at the next start of the server.
    pub fn erase_removed(&self) -> Result<(), SystemError> {
        for realm in self.system.removals()? {
            self.store.erase(&realm)?;
            self.system.removed(&realm)?;
        }
        Ok(())
    }
}

/// Time and chance for one call.
pub fn moment() -> Moment {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    Moment {
        now: UnixTime(now.unwrap_or_default().as_secs()),
        random: std::array::from_fn(|_| rand::random()),
    }
}
