//! man/ and completions/ are what the program writes.

use std::fs;
use std::path::Path;
use std::process::Command;

#[test]
fn manual_and_completions_are_fresh() {
    let scratch = tempfile::tempdir().expect("a scratch folder");
    let status = Command::new(env!("CARGO_BIN_EXE_ros"))
        .arg("generate")
        .arg(scratch.path())
        .status()
        .expect("ros starts");
    assert!(status.success());
    for folder in ["man", "completions"] {
        let made = files(&scratch.path().join(folder));
        let kept = files(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder));
        assert!(!made.is_empty());
        assert!(
            made == kept,
            "{folder}/ is stale: run `cargo run -- generate .`"
        );
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
