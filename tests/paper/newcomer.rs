//! A newcomer installs a server, backs it up, loses it and brings it back, by what the pages say alone.

use std::os::unix::fs::symlink;
use std::path::Path;

use super::{blocks, folder, in_namespaces};

/// The blocks that a page has its reader run, in their order.
fn steps(page: &str) -> String {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(page)).unwrap();
    let steps: Vec<String> = blocks(&text, "sh")
        .into_iter()
        .map(|block| match block.strip_prefix("#!/bin/sh\n") {
            // A script for the night, in a shell of its own.
            Some(script) => format!("sh -c '{script}'\n"),
            None => block,
        })
        .collect();
    let steps = steps.concat();
    // It is built.
    let lines = steps
        .lines()
        .filter(|line| !line.starts_with("cargo build"));
    lines.map(|line| format!("{line}\n")).collect()
}

/// A folder of this host that another host's is mounted on; gone at the end if it was not there.
struct MountPoint {
    path: &'static str,
    made: bool,
}

impl MountPoint {
    fn new(path: &'static str) -> MountPoint {
        let made = std::fs::create_dir(path).is_ok();
        MountPoint { path, made }
    }
}

impl Drop for MountPoint {
    fn drop(&mut self) {
        if self.made {
            let _ = std::fs::remove_dir(self.path);
        }
    }
}

/// What is looked at between the steps and after them.
const LOOKS: &str = r#"
# What was there before the backup is there after it.
ros users list --app my-app -o ndjson | grep ada@example.com
# A server that hangs is ended and started again by systemd.
hung=$(systemctl show -P MainPID realm-object-server)
kill -STOP "$hung"
for _ in $(seq 600); do
  now=$(systemctl show -P MainPID realm-object-server)
  [ "$now" = "$hung" ] || [ "$now" = 0 ] || break
  sleep 0.1
done
[ "$now" != "$hung" ]
for _ in $(seq 600); do systemctl is-active -q realm-object-server && break; sleep 0.1; done
curl -fs http://127.0.0.1:9080/readyz
systemctl reload realm-object-server
systemctl status --no-pager realm-object-server
systemctl stop realm-object-server
echo "the newcomer is done"
"#;

const A_USER: &str = "
printf 'correct horse battery' > /run/password
ros users add ada@example.com --app my-app --new-password-file /run/password
";

#[test]
fn whoever_follows_the_pages_has_a_server_and_gets_it_back() {
    if !Path::new("/lib/systemd/systemd").exists() {
        return println!("could not run a newcomer: no systemd");
    }
    // A clone in which the program has been built.
    let clone = tempfile::tempdir_in("/var/tmp").unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for name in ["man", "completions", "packaging"] {
        symlink(root.join(name), clone.path().join(name)).unwrap();
    }
    std::fs::create_dir_all(clone.path().join("target/release")).unwrap();
    let program = Path::new(env!("CARGO_BIN_EXE_ros"));
    symlink(program, clone.path().join("target/release/ros")).unwrap();

    let (install, backup) = (steps("docs/install.md"), steps("docs/backup.md"));
    assert!(install.contains("systemctl enable --now") && backup.contains("--rehearse"));
    let script = clone.path().join("script");
    std::fs::write(&script, [&*install, A_USER, &*backup, LOOKS].concat()).unwrap();
    let said = clone.path().join("said");
    let boot = folder().join("boot.sh");
    let _backup = MountPoint::new("/backup");
    let arguments = [&*script, clone.path(), &*said];
    if in_namespaces("-mnuiCp", &boot, &arguments).is_none() {
        return;
    }
    let said = std::fs::read_to_string(said).unwrap();
    assert!(said.contains("the newcomer is done\n"), "{said}");
    for line in ["configuration is valid", "ready       yes", "\"hostname\""] {
        assert!(said.contains(line), "{line}: {said}");
    }
}
