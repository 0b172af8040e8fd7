//! The recipes of docs/users.md, run one after the other as they are printed.

use std::process::Command;

use crate::support::server::Server;

#[test]
fn the_recipes_for_users_work_as_printed() {
    let text = include_str!("../../docs/users.md");
    let blocks = text.split("```sh\n").skip(1);
    let script: String = blocks
        .map(|block| block.split("```").next().unwrap())
        .collect();
    assert!(script.lines().count() > 15, "{script}");
    let server = Server::start();
    let scratch = tempfile::tempdir().unwrap();
    let link = |from: &std::path::Path, name: &str| {
        std::os::unix::fs::symlink(from, scratch.path().join(name)).unwrap();
    };
    link(&server.root(), "ros-data");
    link(env!("CARGO_BIN_EXE_ros").as_ref(), "ros");
    let path = std::env::var("PATH").unwrap();
    let output = Command::new("sh")
        .args(["-e", "-c", &script])
        .current_dir(scratch.path())
        .env_clear()
        .env("PATH", format!("{}:{path}", scratch.path().display()))
        .env("ROS_SERVER", server.url())
        .output()
        .unwrap();
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{out}\n{err}");
    assert!(out.contains("root") && out.contains("accepted"), "{out}");
    assert!(
        err.contains("would remove the user bob@example.com"),
        "{err}"
    );
}
