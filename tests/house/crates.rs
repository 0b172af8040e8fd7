//! The crates that carry the design: each is used directly by what is shipped, and has its purpose on paper.

use std::path::Path;

use super::layers::texts;

/// The crates, by the names of Cargo.
const CARRYING: [&str; 10] = [
    "clap",
    "tokio",
    "reqwest",
    "tungstenite",
    "serde",
    "serde_yaml",
    "indicatif",
    "comfy-table",
    "walkdir",
    "fs_extra",
];

fn read(file: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap()
}

#[test]
fn crates_that_carry_the_design_are_used_and_have_a_purpose() {
    let manifest = read("Cargo.toml");
    let (_, dependencies) = manifest.split_once("\n[dependencies]\n").unwrap();
    let (dependencies, _) = dependencies.split_once("\n\n[").unwrap();
    let architecture = read("ARCHITECTURE.md");
    let (_, purposes) = architecture.split_once("## What stands on what").unwrap();
    let (purposes, _) = purposes.split_once("\n## ").unwrap();
    let shipped: Vec<String> = ["src", "cmd"].into_iter().flat_map(texts).collect();
    for name in CARRYING {
        let line = dependencies.lines().find(|line| {
            line.split_once(" = ")
                .is_some_and(|(found, _)| found == name)
        });
        let line = line.unwrap_or_else(|| panic!("{name} is no direct dependency"));
        assert!(line.contains(" # "), "{name} has no purpose in Cargo.toml");
        assert!(
            purposes.contains(&format!("`{name}`")),
            "{name} has no purpose in ARCHITECTURE.md"
        );
        let path = format!("{}::", name.replace('-', "_"));
        let uses = |text: &&String| {
            let mut lines = text.lines().map(str::trim_start);
            lines.any(|line| !line.starts_with("//") && names(line, &path))
        };
        assert!(shipped.iter().any(|text| uses(&text)), "{name} is not used");
    }
}

/// Whether a line has this path, and not the end of a longer name.
fn names(line: &str, path: &str) -> bool {
    line.match_indices(path)
        .any(|(at, _)| !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':'))
}
