//! What the program writes is kept as it writes it: man pages, completions, the sample configuration with its schema and reference.

use std::fs;
use std::path::Path;
use std::process::Command;

#[test]
fn what_is_generated_is_fresh() {
    let scratch = tempfile::tempdir().expect("a scratch folder");
    let status = Command::new(env!("CARGO_BIN_EXE_ros"))
        .arg("generate")
        .arg(scratch.path())
        .status()
        .expect("ros starts");
    assert!(status.success());
    // These two have nothing else in them.
    for folder in ["man", "completions"] {
        let made = files(&scratch.path().join(folder));
        let kept = files(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder));
        assert!(!made.is_empty());
        assert!(
            made == kept,
            "{folder}/ is stale: run `cargo run -- generate .`"
        );
    }
    for folder in ["packaging", "docs"] {
        let made = files(&scratch.path().join(folder));
        assert!(!made.is_empty());
        for (name, text) in made {
            let kept = Path::new(env!("CARGO_MANIFEST_DIR"))
                .join(folder)
                .join(&name);
            let kept = fs::read_to_string(kept).unwrap_or_default();
            assert!(
                kept == text,
                "{folder}/{name} is stale: run `cargo run -- generate .`"
            );
        }
    }
}

fn files(folder: &Path) -> Vec<(String, String)> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .expect("a readable folder")
        .map(|entry| {
            let path = entry.expect("a readable entry").path();
            let name = path
                .file_name()
                .expect("a name")
                .to_string_lossy()
                .into_owned();
            (name, fs::read_to_string(path).expect("a readable file"))
        })
        .collect();
    files.sort();
    files
}

#[test]
fn pages_of_the_manual_name_pages_that_there_are() {
    let pages = files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("man"));
    for (name, text) in &pages {
        let text = text.replace("\\-", "-");
        let named = text
            .split_whitespace()
            .filter_map(|word| word.strip_suffix("(1)"));
        for named in named.filter(|named| named.starts_with("ros")) {
            let page = format!("{named}.1");
            assert!(
                pages.iter().any(|(known, _)| *known == page),
                "{name} names {named}(1)"
            );
        }
    }
}
