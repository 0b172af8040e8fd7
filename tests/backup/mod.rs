//! `ros backup`, `ros verify` and `ros restore` as an operator uses them: beside a server that is written to.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::client::{anybody, note, open, texts};
use crate::support::patience::deadline;
use crate::support::server::Server;

struct Ran {
    out: String,
    err: String,
    code: i32,
}

fn ros<const N: usize>(arguments: [&str; N]) -> Ran {
    let output = Command::new(env!("CARGO_BIN_EXE_ros"))
        .args(arguments)
        .env_clear()
        .output()
        .unwrap();
    Ran {
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
        code: output.status.code().unwrap_or(-1),
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Writes notes to a partition, one after the other, and counts those that were acknowledged.
struct Writer {
    acknowledged: Arc<AtomicI64>,
    stop: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Writer {
    fn start(server: &Server, partition: &str) -> Writer {
        let (acknowledged, stop) = (
            Arc::new(AtomicI64::new(0)),
            Arc::new(AtomicBool::new(false)),
        );
        let (url, partition) = (server.url(), partition.to_owned());
        let (count, end) = (acknowledged.clone(), stop.clone());
        let write = async move {
            let realm = crate::client::open_at(&url, &partition).await;
            for number in 1.. {
                if end.load(Ordering::Relaxed) {
                    return;
                }
                note(&realm, number, &number.to_string());
                realm.wait_for_upload().await.unwrap();
                count.store(number, Ordering::Release);
            }
        };
        let thread =
            std::thread::spawn(move || tokio::runtime::Runtime::new().unwrap().block_on(write));
        Writer {
            acknowledged,
            stop,
            thread: Some(thread),
        }
    }

    /// How many were acknowledged, as soon as it is more than that many.
    fn more_than(&self, count: i64) -> i64 {
        let end = Instant::now() + Duration::from_secs(60);
        loop {
            let now = self.acknowledged.load(Ordering::Acquire);
            if now > count {
                return now;
            }
            assert!(
                Instant::now() < end,
                "nothing more is acknowledged than {now}"
            );
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join(); // a panic there has been told
        }
    }
}

/// How many notes a server has in a partition; they are all there from the first to the last.
fn notes(server: &Server, partition: &str) -> i64 {
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let realm = open(server, partition).await;
        realm.wait_for_download().await.unwrap();
        let mut numbers: Vec<i64> = texts(&realm)
            .iter()
            .map(|text| text.parse().unwrap())
            .collect();
        numbers.sort_unstable();
        assert!(
            numbers
                .iter()
                .zip(1..)
                .all(|(number, expected)| *number == expected),
            "{numbers:?}"
        );
        numbers.len() as i64
    })
}

#[test]
fn backups_under_load_hold_what_was_acknowledged_before_they_began() {
    let server = Server::start();
    let scratch = tempfile::tempdir().unwrap();
    let writers = ["a", "b"].map(|partition| Writer::start(&server, partition));
    let rounds = if std::env::var_os("ROS_LONG").is_some() {
        20
    } else {
        3
    };
    let mut before = [0; 2];
    for round in 0..rounds {
        // Others go on between two backups.
        before = [
            writers[0].more_than(before[0] + 20),
            writers[1].more_than(before[1] + 20),
        ];
        let (backup, root) = (
            scratch.path().join(format!("b{round}")),
            scratch.path().join(format!("r{round}")),
        );
        let ran = ros(["backup", text(&server.root()), text(&backup), "-o", "json"]);
        assert_eq!(ran.code, 0, "{}", ran.err);
        let ran = ros(["restore", text(&backup), text(&root)]);
        assert_eq!(ran.code, 0, "{}", ran.err);
        let restored = Server::on(&root);
        for (partition, before) in ["a", "b"].into_iter().zip(before) {
            let there = notes(&restored, partition);
            assert!(there >= before, "{there} of {before} in round {round}");
        }
    }
    writers[0].more_than(before[0]); // the server was never stopped
}

#[test]
fn a_stopped_folder_is_copied_too_and_so_does_cp() {
    let mut server = Server::start();
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let realm = open(&server, "p").await;
        note(&realm, 1, "1");
        realm.wait_for_upload().await.unwrap();
    });
    let scratch = tempfile::tempdir().unwrap();
    let copies = ["killed", "stopped", "plain"].map(|name| scratch.path().join(name));
    server.kill();
    assert_eq!(
        ros(["backup", text(&server.root()), text(&copies[0])]).code,
        0
    );
    server.restart();
    server.stop();
    assert_eq!(
        ros(["backup", text(&server.root()), text(&copies[1])]).code,
        0
    );
    let copied = Command::new("cp")
        .arg("-a")
        .args([&server.root(), &copies[2]])
        .status()
        .unwrap();
    assert!(copied.success());
    for copy in &copies {
        assert_eq!(notes(&Server::on(copy), "p"), 1, "{}", copy.display());
    }
}

#[test]
fn a_killed_backup_is_none() {
    let server = Server::start();
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        anybody(&server).await;
    });
    let blob = server.root().join("blob"); // something that takes a while
    std::fs::File::create(&blob)
        .unwrap()
        .set_len(4 << 30)
        .unwrap();
    let scratch = tempfile::tempdir().unwrap();
    for (name, exists) in [("absent", false), ("empty", true)] {
        let target = scratch.path().join(name);
        if exists {
            std::fs::create_dir(&target).unwrap();
        }
        let mut backup = Command::new(env!("CARGO_BIN_EXE_ros"));
        let mut backup = backup
            .args(["backup", text(&server.root()), text(&target)])
            .spawn()
            .unwrap();
        let place = if exists {
            target.clone()
        } else {
            scratch.path().join(".absent.unfinished")
        };
        wait_for(&place.join("unfinished-copy"));
        backup.kill().unwrap();
        backup.wait().unwrap();
        assert_ne!(ros(["verify", text(&target)]).code, 0);
        assert!(!target.join("backup-manifest.ndjson").exists());
        assert_ne!(
            ros([
                "serve",
                "--dev",
                "--root",
                text(&place),
                "--listen",
                "127.0.0.1:0"
            ])
            .code,
            0
        );
    }
    std::fs::remove_file(blob).unwrap();
    assert_eq!(
        ros([
            "backup",
            text(&server.root()),
            text(&scratch.path().join("absent"))
        ])
        .code,
        0
    );
    let refused = ros([
        "backup",
        text(&server.root()),
        text(&scratch.path().join("empty")),
    ]);
    assert_eq!(refused.code, 7);
    assert!(refused.err.contains("hint: remove it"), "{}", refused.err);
}

fn wait_for(path: &Path) {
    let end = deadline();
    while !path.exists() {
        assert!(Instant::now() < end, "there is no {}", path.display());
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn what_is_printed_can_be_read_by_programs() {
    let server = Server::start();
    let scratch = tempfile::tempdir().unwrap();
    let (backup, root) = (scratch.path().join("b"), scratch.path().join("r"));
    let made = ros([
        "backup",
        text(&server.root()),
        text(&backup),
        "-o",
        "ndjson",
    ]);
    let lines: Vec<Value> = made
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let (last, files) = lines.split_last().unwrap();
    assert!(
        files
            .iter()
            .any(|file| file["path"] == "admin.db" && file["kind"] == "admin"),
        "{}",
        made.out
    );
    assert_eq!(last["files"], files.len());
    assert_eq!(
        (last["damaged"].as_array().unwrap().len(), made.err.as_str()),
        (0, "")
    );

    let document = |ran: &Ran| serde_json::from_str::<Value>(&ran.out).unwrap();
    let whole = ros(["verify", text(&backup), "-o", "json"]);
    assert_eq!(
        (document(&whole)["whole"].clone(), whole.code),
        (true.into(), 0)
    );
    assert_eq!(
        ros(["restore", "--dry-run", text(&backup), text(&root)]).code,
        0
    );
    assert_eq!(
        ros(["restore", "--rehearse", text(&backup), text(&root)]).code,
        0
    );
    assert!(!root.exists());

    std::fs::write(backup.join("keys/admin.token"), "other").unwrap();
    let changed = ros(["verify", text(&backup), "-o", "json"]);
    assert_eq!(
        (
            document(&changed)["problems"][0]["path"].clone(),
            changed.code
        ),
        ("keys/admin.token".into(), 9)
    );
    assert_eq!(ros(["restore", text(&backup), text(&root)]).code, 9);
    assert!(!root.exists());
    let refused = ros(["restore", text(&backup), text(&server.root()), "-o", "json"]);
    assert_eq!(
        (document(&refused)["error"]["code"].clone(), refused.code),
        ("conflict".into(), 7)
    );
    assert_eq!(ros(["verify", text(&root)]).code, 6);
    assert_eq!(
        ros(["backup", text(&backup.join("realms")), text(&root)]).code,
        6
    );
}

#[test]
fn a_link_that_leads_nowhere_is_told_and_not_left_out() {
    let scratch = tempfile::tempdir().unwrap();
    let (root, backup) = (scratch.path().join("root"), scratch.path().join("b"));
    std::fs::create_dir_all(root.join("realms")).unwrap();
    std::fs::write(root.join("admin.db"), "").unwrap();
    std::os::unix::fs::symlink("/not/mounted/x.db", root.join("realms/x.realm.db")).unwrap();
    let refused = ros(["backup", text(&root), text(&backup)]);
    assert_eq!(refused.code, 6, "{}", refused.err);
    for told in [
        "realms/x.realm.db is a link",
        "hint: mount what it leads to",
    ] {
        assert!(refused.err.contains(told), "{}", refused.err);
    }
    assert!(!backup.exists());
}
