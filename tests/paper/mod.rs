//! What the documentation has operators do to a host, done on one that is made for it: docs/install.md and docs/backup.md with systemd, the rules for firewalls.

mod cgroup;
mod firewall;
mod newcomer;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/paper")
}

/// Goes into a control group, if there is one, and runs what comes after it.
const ENTER: &str = r#"[ -z "$1" ] || echo 0 > "$1"; shift; exec "$@""#;

/// Runs a script of this folder with namespaces of its own; nothing where that may not be.
fn in_namespaces(kinds: &str, script: &Path, arguments: &[&Path]) -> Option<Output> {
    let scratch = tempfile::tempdir().unwrap();
    let program = Path::new(env!("CARGO_BIN_EXE_ros")).parent().unwrap();
    let path = std::env::var("PATH").unwrap_or_default();
    let group = cgroup::Cgroup::new();
    let processes = group.as_ref().map(cgroup::Cgroup::processes);
    let output = Command::new("bash")
        .args(["-c", ENTER, "bash"])
        .arg(processes.unwrap_or_default())
        .args(["unshare", kinds, "--fork", "--kill-child", "bash"])
        .arg(script)
        .arg(scratch.path())
        .args(arguments)
        .env("PATH", format!("{}:{path}", program.display()))
        .output();
    // It says so when it has a host of its own.
    let output = output
        .ok()
        .filter(|output| output.stdout.starts_with(b"here\n"));
    if output.is_none() {
        println!(
            "could not run {}: no namespaces, or not root",
            script.display()
        );
    }
    output
}

/// The blocks of a language in a page.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    let blocks = page.split(fence.as_str()).skip(1);
    let blocks = blocks.map(|rest| rest.split("```").next().unwrap().to_owned());
    blocks.collect()
}
