//! Where the database of a Realm lies.
//!
//! `/alice/notes` is `realms/alice/notes.realm.db`; the partition `"notes"` of the app `my-app` is `partitions/my-app/%22notes%22.realm.db`. What is not a
//! letter, digit, `_` or `-` is percent-encoded, dots included, so nothing of a name can mean a folder or a suffix; a segment too long for a file name is
//! replaced by `~` and a hash.

use std::fmt::Write;
use std::path::PathBuf;

use sha2::{Digest, Sha256};

use crate::ident::RealmName;

const SUFFIX: &str = ".realm.db";

/// File names may have 255 bytes; the database's own suffixes come after this.
const LONGEST_SEGMENT: usize = 200;

/// The file of a Realm, relative to the data folder.
pub fn file_of(name: &RealmName) -> PathBuf {
    let text = name.as_str();
    let (mut path, segments): (PathBuf, Vec<&str>) = match text.strip_prefix('/') {
        Some(path) => ("realms".into(), path.split('/').collect()),
        None => ("partitions".into(), text.splitn(2, '/').collect()),
    };
    let (last, folders) = segments.split_last().unwrap_or((&"", &[]));
    path.extend(folders.iter().map(|segment| encoded(segment)));
    path.push(format!("{}{SUFFIX}", encoded(last)));
    path
}

fn encoded(segment: &str) -> String {
    let mut out = String::with_capacity(segment.len());
    for byte in segment.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' => out.push(byte.into()),
            byte => {
                // Writing to a String cannot fail.
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    if out.len() <= LONGEST_SEGMENT {
        return out;
    }
    let digest = Sha256::digest(segment.as_bytes());
    digest.iter().fold(String::from("~"), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str) -> String {
        file_of(&RealmName::from_canonical(name))
            .to_string_lossy()
            .into_owned()
    }

    #[test]
    fn names_become_files_below_the_root() {
        for (name, expected) in [
            ("/a", "realms/a.realm.db"),
            ("/a/b", "realms/a/b.realm.db"),
            ("/a.realm.db/b", "realms/a%2Erealm%2Edb/b.realm.db"),
            ("/../etc", "realms/%2E%2E/etc.realm.db"),
            ("/Ärger", "realms/%C3%84rger.realm.db"),
            ("app/\"/a\"", "partitions/app/%22%2Fa%22.realm.db"),
            ("app/42", "partitions/app/42.realm.db"),
        ] {
            assert_eq!(file(name), expected);
        }
    }

    #[test]
    fn long_names_stay_apart_and_fit() {
        let (a, b) = (
            file(&format!("app/\"{}a\"", "x".repeat(900))),
            file(&format!("app/\"{}b\"", "x".repeat(900))),
        );
        assert_ne!(a, b);
        assert!(a.starts_with("partitions/app/~") && a.len() < 100);
    }
}
