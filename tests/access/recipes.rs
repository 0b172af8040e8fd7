//! The recipes of docs/access.md, as they stand there.

use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use crate::support::server::Server;

#[test]
fn the_recipes_of_the_documentation_run() {
    if Command::new("curl").arg("--version").output().is_err() {
        return println!("could not run the recipes: no curl");
    }
    let text = include_str!("../../docs/access.md");
    let blocks = text.split("```sh\n").skip(1);
    let script: String = blocks
        .map(|block| block.split("```").next().unwrap())
        .collect();
    assert!(script.matches("ros perms").count() >= 10, "{script}");
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    symlink(server.root(), folder.path().join("ros-data")).unwrap();
    let program = Path::new(env!("CARGO_BIN_EXE_ros")).parent().unwrap();
    let path = std::env::var("PATH").unwrap();
    let ran = Command::new("bash")
        .args(["-euo", "pipefail", "-c", &script])
        .current_dir(folder.path())
        .env("PATH", format!("{}:{path}", program.display()))
        .env("ROS_SERVER", server.url())
        .output()
        .unwrap();
    let (out, err) = (
        String::from_utf8_lossy(&ran.stdout),
        String::from_utf8_lossy(&ran.stderr),
    );
    assert!(ran.status.success(), "{out}\n{err}");
    for said in [
        "read-write access",
        "granted to this user",
        "would ask for",
        "read-only access",
    ] {
        assert!(out.contains(said), "{said}: {out}\n{err}");
    }
}
