//! What `ros serve --dev` needs: a data folder with a key pair and an administrator's token. All of it works with a production configuration afterwards.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::auth::{ClassicToken, KeyError, KeyPair};

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
    /// The private key cannot be used.
    #[error("{}: {cause}", .file.display())]
    Key {
        /// Its file.
        file: PathBuf,
        /// What is wrong with it.
        cause: KeyError,
    },
}

/// What lies in such a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DevFiles {
    /// The private key, PEM.
    pub private_key: PathBuf,
    /// The public key, PEM.
    pub public_key: PathBuf,
    /// A file that holds an administrator's token: one line.
    pub admin_token: PathBuf,
}

impl DevFiles {
    /// Makes what is missing: the folder (0700), a key pair and an administrator's token (0600). What is there is never replaced.
    pub fn ensure(root: &Path) -> Result<DevFiles, DevError> {
        let folder = root.join("keys");
        let files = DevFiles {
            private_key: folder.join("private.pem"),
            public_key: folder.join("public.pem"),
            admin_token: folder.join("admin.token"),
        };
        make_folder(&folder)?;
        if !files.private_key.exists() {
            let pem = KeyPair::generate(&mut rand_core::OsRng).and_then(|keys| keys.private_pem());
            make_file(
                &files.private_key,
                pem.map_err(|cause| files.key_error(cause))?.reveal(),
            )?;
        }
        let keys =
            KeyPair::read(&files.private_key, None).map_err(|cause| files.key_error(cause))?;
        if !files.public_key.exists() {
            make_file(
                &files.public_key,
                &keys.public_pem().map_err(|cause| files.key_error(cause))?,
            )?;
        }
        if !files.admin_token.exists() {
            make_file(
                &files.admin_token,
                &format!("{}\n", ClassicToken::admin(&keys).reveal()),
            )?;
        }
        Ok(files)
    }

    fn key_error(&self, cause: KeyError) -> DevError {
        DevError::Key {
            file: self.private_key.clone(),
            cause,
        }
    }
}

/// Makes a folder and those above it, for their owner alone.
fn make_folder(path: &Path) -> Result<(), DevError> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|cause| DevError::Io {
        file: path.to_owned(),
        cause,
    })
}

/// Makes a file for its owner alone: there as a whole or not at all, also when the power goes.
fn make_file(path: &Path, text: &str) -> Result<(), DevError> {
    let scratch = path.with_extension("new");
    let make = || {
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&scratch)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&scratch, path)?;
        File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()
    };
    make().map_err(|cause| DevError::Io {
        file: path.to_owned(),
        cause,
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::secret::Secret;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn what_is_missing_is_made_and_what_is_there_is_kept() {
        let scratch = tempfile::tempdir().unwrap();
        let root = scratch.path().join("ros-data");
        let files = DevFiles::ensure(&root).unwrap();
        let paths = [&files.private_key, &files.public_key, &files.admin_token];
        let read = || paths.map(|path| fs::read_to_string(path).unwrap());
        let first = read();
        assert_eq!(paths.map(|path| mode(path)), [0o600; 3]);
        assert_eq!((mode(&root), mode(&root.join("keys"))), (0o700, 0o700));

        assert_eq!(DevFiles::ensure(&root).unwrap(), files);
        assert_eq!(read(), first);
        fs::remove_file(&files.public_key).unwrap();
        DevFiles::ensure(&root).unwrap();
        assert_eq!(read(), first);

        let keys = KeyPair::read(&files.private_key, Some(&files.public_key)).unwrap();
        let token = ClassicToken::verify(&Secret::new(first[2].as_str()), keys.public()).unwrap();
        assert!(token.is_admin());
    }

    #[test]
    fn a_broken_key_is_named_and_not_replaced() {
        let scratch = tempfile::tempdir().unwrap();
        let files = DevFiles::ensure(scratch.path()).unwrap();
        fs::write(&files.private_key, "broken").unwrap();
        let error = DevFiles::ensure(scratch.path()).unwrap_err().to_string();
        assert!(error.contains("private.pem"), "{error}");
        assert_eq!(fs::read_to_string(&files.private_key).unwrap(), "broken");
    }
}
