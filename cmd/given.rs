//! What commands are told of a configuration: its file, and options that win over it. What is wrong with it, as it is shown.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::builder::{PossibleValuesParser, TypedValueParser};
use ros::config::{self, ConfigError, Examined, Loaded, LogLevel, Overrides, Problem};
use ros::doctor;

use crate::failure::{Exit, Failure};

/// Where the configuration is, unless told otherwise.
pub const USUAL: &str = "/etc/realm/configuration.yml";

/// Options that win over the configuration file.
#[derive(clap::Args)]
pub struct Given {
    /// The data folder [default: ./ros-data with --dev, else from the configuration]
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
    /// Where to listen; port 0 takes a free one [default: 127.0.0.1:9080 with --dev, else from the configuration]
    #[arg(long, value_name = "ADDR:PORT")]
    listen: Option<SocketAddr>,
    /// The private key, PEM; its public half is known from it [default: from the configuration]
    #[arg(long, value_name = "FILE")]
    private_key: Option<PathBuf>,
    /// The public key, PEM; must belong to the private key [default: from the configuration]
    #[arg(long, value_name = "FILE")]
    public_key: Option<PathBuf>,
    /// What to log [default: from the configuration, or info]
    #[arg(long, env = "ROS_LOG", value_name = "LEVEL", value_parser = log_levels())]
    log_level: Option<LogLevel>,
}

impl Given {
    /// What the options say.
    pub fn overrides(&self) -> Overrides {
        Overrides {
            root: self.root.clone(),
            listen: self.listen,
            private_key: self.private_key.clone(),
            public_key: self.public_key.clone(),
            log_level: self.log_level,
        }
    }

    /// The data folder, if one is given.
    pub fn root(&self) -> Option<&Path> {
        self.root.as_deref()
    }
}

/// The names of the levels, as the configuration file knows them.
fn log_levels() -> impl TypedValueParser<Value = LogLevel> {
    let names = LogLevel::NAMES.map(|(name, _)| name);
    PossibleValuesParser::new(names).map(|name| LogLevel::named(&name).unwrap_or_default())
}

/// The settings of a configuration file.
pub fn configured(file: &Path, overrides: &Overrides) -> Result<Loaded, Failure> {
    config::read(file, overrides).map_err(|error| match error {
        ConfigError::Unreadable(cause) => unreadable(file, cause),
        ConfigError::Invalid(problems) => invalid(file, &problems),
    })
}

/// A configuration, and what is wrong with it or with this host.
pub struct Checked {
    /// What was said; `None` if the file is no YAML.
    pub loaded: Option<Loaded>,
    /// What keeps a server from starting, in the order of the file's lines.
    pub problems: Vec<Problem>,
    /// What somebody should look at.
    pub warnings: Vec<Problem>,
}

/// Looks at a configuration file, and at this host with its eyes.
pub fn check(file: &Path, overrides: &Overrides) -> Result<Checked, Failure> {
    let examined = config::examine(file, overrides).map_err(|cause| unreadable(file, cause))?;
    let Examined {
        loaded,
        mut problems,
    } = examined;
    let mut warnings = Vec::new();
    if let Some(loaded) = &loaded {
        let found = doctor::needs(loaded);
        let known: Vec<String> = problems.iter().map(|problem| problem.key.clone()).collect();
        let new = |problem: &Problem| !known.contains(&problem.key);
        problems.extend(found.problems.into_iter().filter(new));
        warnings.extend(loaded.warnings.iter().cloned());
        warnings.extend(found.warnings.into_iter().filter(new));
        config::in_order(&mut problems);
        config::in_order(&mut warnings);
    }
    Ok(Checked {
        loaded,
        problems,
        warnings,
    })
}

/// A configuration file that cannot be read.
fn unreadable(file: &Path, cause: std::io::Error) -> Failure {
    bad(file)
        .cause(cause)
        .hint("name another file with -c FILE, or try `ros serve --dev`")
}

/// A configuration of which this is wrong; of each problem all that is known of it.
pub fn invalid(file: &Path, problems: &[Problem]) -> Failure {
    let shown = problems.iter().map(|problem| format!("{problem:#}"));
    shown.fold(bad(file), Failure::cause)
}

fn bad(file: &Path) -> Failure {
    let message = format!("bad configuration {}", file.display());
    Failure::new(Exit::Configuration, message)
}
