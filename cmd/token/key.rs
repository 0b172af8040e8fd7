//! The key that signs: which file, and that it can be read.

use std::path::{Path, PathBuf};

use ros::auth::KeyPair;
use ros::config::Overrides;

use crate::failure::{Exit, Failure};
use crate::given;

/// Where the key is.
#[derive(clap::Args)]
#[command(next_help_heading = "Key")]
pub struct SigningKey {
    /// The private key, PEM [default: ./ros-data/keys/private.pem, /etc/realm/token-signature.key]
    #[arg(long, value_name = "FILE")]
    private_key: Option<PathBuf>,
    /// The configuration that names it
    #[arg(
        short,
        long,
        env = "ROS_CONFIG",
        value_name = "FILE",
        conflicts_with = "private_key"
    )]
    configuration: Option<PathBuf>,
}

/// Where a private key lies that nobody had to name.
const WELL_KNOWN: [&str; 2] = [
    "ros-data/keys/private.pem",
    "/etc/realm/token-signature.key",
];

impl SigningKey {
    /// The key.
    pub fn read(&self) -> Result<KeyPair, Failure> {
        let file = self.file()?;
        KeyPair::read(&file, None).map_err(|error| {
            Failure::new(Exit::Failed, "cannot sign")
                .cause(error)
                .hint("name an RSA private key (PEM) with --private-key FILE")
        })
    }

    fn file(&self) -> Result<PathBuf, Failure> {
        if let Some(file) = &self.private_key {
            return Ok(file.clone());
        }
        if let Some(file) = &self.configuration {
            let loaded = given::configured(file, &Overrides::default())?;
            return Ok(loaded.settings.private_key);
        }
        let mut known = WELL_KNOWN.iter().map(Path::new);
        let found = known.find(|file| file.exists()).map(Path::to_owned);
        found.ok_or_else(|| {
            Failure::new(Exit::NotFound, "no key to sign with")
                .cause(format!("there is no {}", WELL_KNOWN.join(" and no ")))
                .hint("--private-key FILE, or -c FILE for the one of a configuration")
        })
    }
}
