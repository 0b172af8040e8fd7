//! The data folder of `ros serve --dev`: made with everything in it, so that nothing else is needed. All of it works with a production configuration afterwards.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::auth::{ClassicClaims, KeyError, KeyPair};

/// What lies in such a folder.
#[derive(Debug, Clone)]
pub struct DevFiles {
    /// The private key, PEM.
    pub private_key: PathBuf,
    /// The public key, PEM.
    pub public_key: PathBuf,
    /// A file that holds an administrator's token.
    pub admin_token: PathBuf,
}

/// Why the folder cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum DevError {
    /// The file system said no.
    #[error("{}: {cause}", .file.display())]
    Io {
        /// The file or folder.
        file: PathBuf,
        /// What it said.
        cause: io::Error,
    },
    /// The key pair.
    #[error(transparent)]
    Keys(#[from] KeyError),
}

impl DevFiles {
    /// Makes what is missing: the folder (0700), a key pair and an administrator's token (0600).
    pub fn ensure(root: &Path) -> Result<DevFiles, DevError> {
        let keys = root.join("keys");
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&keys)
            .map_err(|cause| DevError::Io {
                file: keys.clone(),
                cause,
            })?;
        let files = DevFiles {
            private_key: keys.join("private.pem"),
            public_key: keys.join("public.pem"),
            admin_token: keys.join("admin.token"),
        };
        if !files.private_key.exists() {
            let (private, public) = KeyPair::generate()?;
            write(&files.public_key, public.as_bytes())?;
            write(&files.private_key, private.reveal().as_bytes())?;
        }
        if !files.admin_token.exists() {
            let claims = ClassicClaims {
                identity: "admin".into(),
                access: ["download", "upload", "manage"].map(String::from).to_vec(),
                admin: true,
                ..ClassicClaims::default()
            };
            let token = claims.sign(&KeyPair::read(&files.private_key)?);
            write(&files.admin_token, token.reveal().as_bytes())?;
        }
        Ok(files)
    }
}

/// Writes a file whole or not at all.
fn write(path: &Path, content: &[u8]) -> Result<(), DevError> {
    let error = |cause| DevError::Io {
        file: path.to_owned(),
        cause,
    };
    let scratch = path.with_extension("new");
    let mut file: File = File::options()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&scratch)
        .map_err(error)?;
    file.write_all(content)
        .and_then(|()| file.sync_all())
        .map_err(error)?;
    fs::rename(&scratch, path).map_err(error)
}
