//! The architecture as a test: which room may use which. An arrow that is not listed here does not exist; change the list alone and say why.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Words without behaviour, and how to give way: everybody may use them.
const WORDS: [&str; 4] = ["ident", "secret", "limits", "courtesy"];

/// A room, and the rooms it may use beside itself and the words.
const ARROWS: &[(&str, &[&str])] = &[
    ("ident", &[]),
    ("secret", &[]),
    ("limits", &[]),
    ("courtesy", &[]),
    ("changeset", &[]),
    ("wire", &[]),
    // The rules of apps are patterns, and a bad one is a problem of the configuration.
    ("config", &["access"]),
    ("audit", &[]),
    ("log", &["audit", "config"]),
    ("metrics", &[]),
    ("merge", &["changeset"]),
    ("state", &["changeset"]),
    ("ejson", &["state", "changeset"]),
    ("query", &["state", "ejson", "changeset"]),
    ("storage", &[]),
    ("backup", &["storage"]),
    ("fanout", &[]),
    ("access", &[]),
    ("auth", &[]),
    ("api", &[]),
    ("tls", &[]),
    ("history", &["merge", "changeset"]),
    (
        "realm",
        &["history", "merge", "state", "storage", "changeset"],
    ),
    (
        "replica",
        &["history", "state", "storage", "changeset", "wire"],
    ),
    (
        "client",
        &[
            "replica",
            "state",
            "storage",
            "changeset",
            "wire",
            "api",
            "tls",
        ],
    ),
    ("transfer", &["client", "ejson", "state", "changeset"]),
    ("providers", &["auth", "config", "tls"]),
    ("doctor", &["auth", "config", "storage", "tls"]),
    ("bench", &["client", "state", "changeset"]),
    ("download", &["realm", "changeset", "wire"]),
    ("session", &["wire", "access"]),
    (
        "system",
        &[
            "realm",
            "state",
            "storage",
            "access",
            "audit",
            "auth",
            "changeset",
            "config",
        ],
    ),
    (
        "http",
        &[
            "system",
            "realm",
            "access",
            "audit",
            "auth",
            "api",
            "config",
            "providers",
        ],
    ),
    (
        "server",
        &[
            "access",
            "api",
            "audit",
            "auth",
            "changeset",
            "config",
            "download",
            "fanout",
            "http",
            "log",
            "metrics",
            "realm",
            "session",
            "state",
            "storage",
            "system",
            "tls",
            "wire",
        ],
    ),
];

/// Rooms that know no sockets, clocks, randomness or disk.
const PURE: [&str; 10] = [
    "changeset",
    "wire",
    "merge",
    "history",
    "state",
    "ejson",
    "query",
    "session",
    "access",
    "fanout",
];

/// What a pure room may not name.
const IMPURE: [&str; 8] = [
    "std::fs",
    "std::net",
    "std::time::Instant",
    "SystemTime",
    "tokio::",
    "rusqlite",
    "rand::",
    "std::thread",
];

#[test]
fn rooms_use_only_the_rooms_below_them() {
    let mut wrong = Vec::new();
    for (file, room, text) in sources() {
        let allowed = ARROWS
            .iter()
            .find(|(name, _)| *name == room)
            .map(|(_, allowed)| *allowed);
        let Some(allowed) = allowed else {
            wrong.push(format!(
                "{}: the room `{room}` is not in the table of arrows",
                file.display()
            ));
            continue;
        };
        for used in rooms_named(&text) {
            if used != room && !WORDS.contains(&used.as_str()) && !allowed.contains(&used.as_str())
            {
                wrong.push(format!("{}: `{room}` uses `{used}`", file.display()));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "arrows that do not exist:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn pure_rooms_know_no_world() {
    let mut wrong = Vec::new();
    for (file, room, text) in sources() {
        if !PURE.contains(&room.as_str()) {
            continue;
        }
        for word in IMPURE.iter().filter(|word| names(&text, word)) {
            wrong.push(format!("{}: `{word}`", file.display()));
        }
    }
    assert!(
        wrong.is_empty(),
        "pure rooms that reach outside:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn arrows_have_no_cycle() {
    let graph: BTreeMap<&str, &[&str]> = ARROWS.iter().copied().collect();
    for (room, _) in ARROWS {
        let mut open = graph[room].to_vec();
        while let Some(next) = open.pop() {
            assert_ne!(next, *room, "{room} can be reached from itself");
            open.extend_from_slice(graph[next]);
        }
    }
}

/// Every source file of the library with its room and its text, tests left out.
fn sources() -> Vec<(PathBuf, String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let found: Vec<_> = files("src")
        .into_iter()
        .filter(|path| path.file_name().is_none_or(|name| name != "lib.rs"))
        .map(|path| {
            let inner = path.strip_prefix(&root).expect("a file below src");
            let room = inner
                .components()
                .next()
                .expect("a first component")
                .as_os_str()
                .to_string_lossy();
            let room = room.trim_end_matches(".rs").to_owned();
            let text = without_tests(&path);
            (path, room, text)
        })
        .collect();
    assert!(found.len() > 10, "the sources were not found");
    found
}

/// The texts of the source files in a folder, tests left out.
pub fn texts(folder: &str) -> Vec<String> {
    files(folder)
        .iter()
        .map(|path| without_tests(path))
        .collect()
}

/// The source files in a folder, but those of tests.
fn files(folder: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).expect("a readable source folder") {
            let path = entry.expect("a readable entry").path();
            if path.is_dir() {
                open.extend((!path.ends_with("tests")).then_some(path));
            } else if path.extension().is_some_and(|e| e == "rs")
                && path.file_name().is_none_or(|name| name != "tests.rs")
            {
                found.push(path);
            }
        }
    }
    found
}

fn without_tests(path: &Path) -> String {
    let text = fs::read_to_string(path).expect("a readable source file");
    let text = text.split("#[cfg(test)]\nmod tests {").next();
    text.unwrap_or_default().to_owned()
}

/// The rooms that a text names as `crate::room` or in `use crate::{room, …}`.
fn rooms_named(text: &str) -> Vec<String> {
    let mut named = Vec::new();
    for (at, _) in text.match_indices("crate::") {
        if text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$') {
            continue;
        }
        let rest = &text[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            Some(list) => {
                let list = list.split('}').next().unwrap_or_default();
                named.extend(
                    list.split(',')
                        .map(first_word)
                        .filter(|word| !word.is_empty()),
                );
            }
            None => named.push(first_word(rest)),
        }
    }
    named
}

/// Whether a text has a word that is not the end of a longer one (`rand::`, not `Operand::`).
fn names(text: &str, word: &str) -> bool {
    text.match_indices(word)
        .any(|(at, _)| !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
}

fn first_word(text: &str) -> String {
    text.trim_start()
        .chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect()
}
