//! `ros users`.

use serde_json::{Value, json};

use super::{Ran, command, fed, ros};
use crate::support::server::Server;

fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.out)
        .unwrap_or_else(|error| panic!("{error}: {} {}", ran.out, ran.err))
}

/// The same with a password on standard input.
fn with(server: &Server, password: &str, arguments: &[&str]) -> Ran {
    fed(command(server, arguments), password)
}

#[test]
fn users_are_made_found_changed_and_removed() {
    let server = Server::start();
    let add = [
        "users",
        "add",
        "Ada@example.org",
        "--admin",
        "--new-password-file",
        "-",
        "-o",
        "json",
    ];
    let made = json(&with(&server, "correct horse\n", &add));
    assert_eq!(
        (&made["name"], &made["admin"], &made["app"]),
        (&json!("Ada@example.org"), &json!(true), &json!("classic"))
    );
    assert_eq!(with(&server, "correct horse\n", &add).code, 7);
    assert_eq!(
        ros(&server, &["users", "add", "bob", "--app", "my-app"]).code,
        0
    );

    let list = |rest: &[&str]| {
        let mut all = vec!["users", "list", "-o", "json"];
        all.extend_from_slice(rest);
        let found = json(&ros(&server, &all));
        let names = found.as_array().unwrap().iter();
        let mut names: Vec<_> = names
            .map(|user| user["name"].as_str().unwrap().to_owned())
            .collect();
        names.sort();
        names
    };
    assert_eq!(list(&[]), ["Ada@example.org", "bob"]);
    assert_eq!(list(&["--app", "my-app"]), ["bob"]);
    assert_eq!(list(&["--search", "ADA@"]), ["Ada@example.org"]);
    assert_eq!(list(&["--admins"]), ["Ada@example.org"]);
    assert_eq!(list(&["--limit", "1"]).len(), 1);

    // The administrator signs in with name and password, and does the rest.
    let as_ada = |rest: &[&str], input: &str| {
        let scratch = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(scratch.path(), "correct horse\n").unwrap();
        let file = scratch.path().to_str().unwrap();
        let mut all = vec!["users"];
        all.extend_from_slice(rest);
        all.extend(["--user", "ada@example.org", "--password-file", file]);
        let mut command = command(&server, &all);
        command.env_remove("ROS_ADMIN_TOKEN_FILE");
        fed(command, input)
    };
    let bob = ["bob", "--app", "my-app"];
    let shown = as_ada(&[&["show"][..], &bob, &["-o", "json"]].concat(), "");
    assert_eq!(json(&shown)["suspended"], false, "{}", shown.err);
    assert_eq!(as_ada(&[&["suspend"][..], &bob].concat(), "").code, 0);
    let shown = as_ada(&[&["show"][..], &bob].concat(), "");
    assert!(shown.out.contains("suspended"), "{}", shown.out);
    assert_eq!(
        as_ada(&[&["suspend"][..], &bob, &["--undo"]].concat(), "").code,
        0
    );
    let set = [&["set-password"][..], &bob, &["--new-password-file", "-"]].concat();
    assert_eq!(as_ada(&set, "battery staple\n").code, 0);
    assert_eq!(as_ada(&set, "x\n").code, 1);
    let remove = [&["remove"][..], &bob].concat();
    assert_eq!(as_ada(&[&remove[..], &["--dry-run"]].concat(), "").code, 0);
    assert_eq!(as_ada(&remove, "").code, 2);
    assert_eq!(as_ada(&[&remove[..], &["--yes"]].concat(), "").code, 0);
    assert_eq!(as_ada(&[&remove[..], &["--yes"]].concat(), "").code, 6);
    assert_eq!(list(&[]), ["Ada@example.org"]);
    // One who is no administrator any more may do nothing of this.
    assert_eq!(
        as_ada(&["make-admin", "ada@example.org", "--undo"], "").code,
        0
    );
    assert_eq!(as_ada(&["list"], "").code, 5);
}

#[test]
fn whoever_has_the_folder_of_a_stopped_server_comes_in() {
    let mut server = Server::start();
    let root = server.root().display().to_string();
    let make = [
        "users",
        "add",
        "root",
        "--admin",
        "--new-password-file",
        "-",
        "--root",
        &root,
    ];
    let busy = with(&server, "correct horse\n", &make);
    assert_eq!(busy.code, 7, "{}", busy.err);
    assert!(busy.err.contains("hint: stop it"), "{}", busy.err);
    server.stop();
    assert_eq!(with(&server, "correct horse\n", &make).code, 0);
    let at_rest = |rest: &[&str]| {
        let mut all = vec!["users"];
        all.extend_from_slice(rest);
        all.extend(["--root", &root]);
        ros(&server, &all)
    };
    assert_eq!(at_rest(&["suspend", "root"]).code, 0);
    assert!(at_rest(&["list"]).out.contains("suspended"));
    assert_eq!(at_rest(&["suspend", "root", "--undo"]).code, 0);
    assert_eq!(at_rest(&["show", "nobody"]).code, 6);
    let nowhere = ros(&server, &["users", "list", "--root", "/nonexistent"]);
    assert_eq!(
        (nowhere.code, std::path::Path::new("/nonexistent").exists()),
        (6, false)
    );
    server.restart();
    let scratch = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(scratch.path(), "correct horse\n").unwrap();
    let file = scratch.path().to_str().unwrap();
    let mut listed = command(
        &server,
        &[
            "users",
            "list",
            "--admins",
            "-o",
            "plain",
            "--user",
            "root",
            "--password-file",
            file,
        ],
    );
    let listed = listed.env_remove("ROS_ADMIN_TOKEN_FILE").output().unwrap();
    assert!(
        String::from_utf8(listed.stdout)
            .unwrap()
            .contains("\troot\tadmin\t")
    );
}
