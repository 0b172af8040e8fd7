//! The list of what is in a backup: lines of JSON, the last of which is the checksum of those before it.

use std::fs;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{BackupError, Item, at};
use crate::storage::UNFINISHED;

/// The name of the file.
pub const MANIFEST: &str = "backup-manifest.ndjson";

/// The format that this program writes, and the newest that it reads.
const FORMAT: u32 = 1;

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// Where it comes from.
    pub head: Head,
    /// Its files, in the order of their paths.
    pub items: Vec<Item>,
}

/// Where a backup comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The format of the manifest.
    pub format: u32,
    /// When the backup was begun: what was acknowledged by then is in it. RFC 3339.
    pub begun: String,
    /// The program that made it.
    pub program: String,
    /// The folder that it was made from.
    pub source: String,
    /// Keys that the server of that folder signs with and that lay outside of it, and are not in the backup.
    pub keys_elsewhere: Vec<String>,
}

impl Manifest {
    /// A manifest of this program.
    pub fn new(
        source: &Path,
        begun: String,
        keys_elsewhere: Vec<String>,
        items: Vec<Item>,
    ) -> Manifest {
        let head = Head {
            format: FORMAT,
            begun,
            program: format!("ros {}", env!("CARGO_PKG_VERSION")),
            source: source.to_string_lossy().into_owned(),
            keys_elsewhere,
        };
        Manifest { head, items }
    }

    /// The text of the file.
    pub fn text(&self) -> String {
        let mut text = line(&self.head);
        for item in &self.items {
            text += &line(item);
        }
        let foot = foot_of(&text);
        text + &foot
    }

    /// Reads the manifest of a backup. Inner error: what is wrong with it.
    pub fn read(backup: &Path) -> Result<Result<Manifest, String>, BackupError> {
        if backup.join(UNFINISHED).exists() {
            return Err(BackupError::Unfinished(backup.to_owned()));
        }
        let path = backup.join(MANIFEST);
        match fs::read(&path) {
            Ok(bytes) => Ok(Manifest::parse(&bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound && backup.is_dir() => {
                Err(BackupError::NotABackup(backup.to_owned()))
            }
            Err(error) => Err(at(&path)(error)),
        }
    }

    /// The manifest that has this text, to the byte.
    fn parse(bytes: &[u8]) -> Result<Manifest, String> {
        let text = std::str::from_utf8(bytes).map_err(|_| "it is no text")?;
        let end = text
            .trim_end_matches('\n')
            .rfind('\n')
            .map_or(0, |end| end + 1);
        let (above, foot) = text.split_at(end);
        if foot != foot_of(above) {
            return Err("it does not have its checksum".to_owned());
        }
        let (head, items) = above.split_once('\n').unwrap_or((above, ""));
        let wrong = |error: serde_json::Error| error.to_string();
        let head: Head = serde_json::from_str(head).map_err(wrong)?;
        if head.format > FORMAT {
            return Err(format!(
                "it has format {}; this program knows {FORMAT} and earlier",
                head.format
            ));
        }
        let items = items
            .lines()
            .map(serde_json::from_str)
            .collect::<Result<_, _>>()
            .map_err(wrong)?;
        let manifest = Manifest { head, items };
        if manifest.items.iter().any(|item| !is_below(&item.path)) {
            return Err("it names a file outside of the backup".to_owned());
        }
        Ok(manifest)
    }
}

/// Whether a path stays below the folder that it starts from.
fn is_below(path: &str) -> bool {
    let mut parts = Path::new(path).components();
    parts.all(|part| matches!(part, std::path::Component::Normal(_)))
}

fn line(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("plain values become JSON") + "\n"
}

/// The last line below these.
fn foot_of(above: &str) -> String {
    let sum = format!("{:x}", Sha256::digest(above));
    line(&serde_json::json!({ "sha256_of_lines_above": sum }))
}
