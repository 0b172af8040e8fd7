//! What docs/tls-and-proxies.md says, done: its configurations are read, its lab is made.

use std::process::Command;

use ros::config::{Overrides, parse};
use ros::tls::{Files, Pair, Trust};

const TEXT: &str = include_str!("../../docs/tls-and-proxies.md");

/// The blocks of a language.
fn blocks(language: &str) -> Vec<&'static str> {
    let fence = format!("```{language}\n");
    let blocks = TEXT.split(fence.as_str()).skip(1);
    blocks
        .map(|rest| rest.split("```").next().unwrap())
        .collect()
}

#[test]
fn configurations_are_such() {
    let whole =
        |block| format!("storage: {{root_path: r}}\nauth: {{private_key_path: k}}\n{block}");
    let blocks = blocks("yaml");
    assert!(blocks.len() > 2);
    for block in blocks {
        let loaded = parse(&whole(block), &Overrides::default());
        let loaded = loaded.unwrap_or_else(|error| panic!("{block}{error:?}"));
        assert_eq!(loaded.warnings, [], "{block}");
    }
}

#[test]
fn the_lab_is_made_and_trusted() {
    let blocks = blocks("sh");
    let lab = blocks
        .iter()
        .find(|block| block.contains("CN=Lab"))
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let made = Command::new("sh")
        .args(["-ec", lab])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&made.stderr);
    assert!(made.status.success(), "{said}");
    let pair = Pair::read(&Files {
        certificate: folder.path().join("server.pem"),
        private_key: folder.path().join("server.key"),
        allow_self_signed: false,
    });
    let pair = pair.unwrap();
    assert!(pair.holds_for("localhost") && pair.holds_for("127.0.0.1"));
    assert_eq!(pair.chain().len(), 2);
    assert!(Trust::system_and(&folder.path().join("ca.pem")).is_ok());
}
