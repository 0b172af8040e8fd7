//! `ros users`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
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
    assert_eq!(list(&["--limit", "0"]).len(), 0);

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
    for weak in ["x\n", "Password123\n"] {
        let refused = as_ada(&set, weak);
        assert_eq!(refused.code, 1);
        assert!(refused.err.contains("password"), "{}", refused.err);
    }
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
    let weak = with(&server, "password123\n", &make);
    assert_eq!(weak.code, 1);
    assert!(weak.err.contains("most common"), "{}", weak.err);
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

#[test]
fn the_folder_of_a_stopped_server_has_the_rules_of_its_configuration() {
    let scratch = tempfile::tempdir().unwrap();
    let record = scratch.path().join("audit.ndjson");
    let rest = format!(
        "  password_min_length: 4\nlogging: {{ audit_path: {} }}",
        record.display()
    );
    let mut server = Server::with_configuration(&rest);
    let root = server.root().display().to_string();
    let configuration = server.root().with_file_name("configuration.yml");
    let configuration = configuration.display().to_string();
    let add = |server: &Server, name: &str, password: &str, rest: &[&str]| {
        let named = ["users", "add", name, "--new-password-file", "-"];
        with(server, password, &[&named[..], rest].concat()).code
    };
    let here = ["--root", &root];
    let ruled = ["--root", &root, "-c", &configuration];
    assert_eq!(add(&server, "a", "7239\n", &ruled), 7, "it is running");
    server.stop();
    assert_eq!(add(&server, "a", "7239\n", &here), 1);
    assert_eq!(add(&server, "a", "7239\n", &ruled), 0);
    assert_eq!(add(&server, "b", "723\n", &ruled), 1);
    let other_app = [&ruled[..], &["--app", "nowhere"]].concat();
    assert_ne!(add(&server, "c", "72391\n", &other_app), 0);
    let bad = ["--root", &root, "-c", "/nonexistent"];
    assert_eq!(add(&server, "d", "72391\n", &bad), 3);
    let alone = ["users", "list", "-c", &configuration];
    assert_eq!(ros(&server, &alone).code, 2, "a folder must be named");

    // What is done is on record, as if a server had done it.
    for act in [
        &["users", "make-admin", "a"][..],
        &["users", "suspend", "a"],
        &["users", "remove", "a", "--yes"],
    ] {
        let ran = ros(&server, &[act, &ruled].concat());
        assert_eq!(ran.code, 0, "{act:?}: {}", ran.err);
    }
    let text = std::fs::read_to_string(record).unwrap();
    let entries = text.lines().map(|line| line.parse::<Value>().unwrap());
    let ours: Vec<_> = entries
        .filter(|entry| entry["by"] == "--root")
        .map(|entry| (entry["act"].clone(), entry["detail"].clone()))
        .collect();
    assert_eq!(
        ours,
        [
            (json!("add-user"), json!("user")),
            (json!("change-user"), json!("administrator")),
            (json!("change-user"), json!("suspended")),
            (json!("remove-user"), Value::Null),
        ]
    );
    assert!(!text.contains("7239"));
}

/// PBKDF2 as Realm Object Server kept it: 512 bytes, base64.
fn kept(digest: &str, password: &str, salt: &[u8], rounds: u32) -> String {
    let mut hash = [0; 512];
    let password = password.as_bytes();
    match digest {
        "sha256" => pbkdf2::pbkdf2_hmac::<sha2::Sha256>(password, salt, rounds, &mut hash),
        _ => pbkdf2::pbkdf2_hmac::<sha2::Sha512>(password, salt, rounds, &mut hash),
    }
    STANDARD.encode(hash)
}

/// The hash of a user's password as it is in the database of a stopped server.
fn secret(server: &Server, user: &str) -> String {
    let database = ros::storage::connect(&server.root().join("admin.db")).unwrap();
    let sql = "SELECT secret FROM accounts WHERE user = ?1";
    database.query_row(sql, [user], |row| row.get(0)).unwrap()
}

#[test]
fn users_of_another_server_are_imported_with_their_ids_and_passwords() {
    let mut server = Server::start();
    let first = "5d1c0e7a9b3f4c2286aa10f3b7e4d901";
    let salt = STANDARD.encode([7; 32]);
    let data = json!({
        "password": kept("sha256", "battery staple", &[7; 32], 2000), "salt": salt,
        "options": {"digest": "sha256", "iterations": 2000, "key_length": 512},
    });
    let lines = [
        json!({
            "userId": first, "name": "Root@example.org", "isAdmin": true, "salt": salt, "metadata": {"team": "blue"},
            "hash": kept("sha512", "x", &[7; 32], 1000), "digest": "sha512", "iterations": 1000, "keyLength": 512,
        }),
        json!({"id": "second", "provider_id": "second", "data": data.to_string(), "admin": true}),
        json!({"id": "__admin", "name": "third"}),
        json!({"id": "fourth", "name": "fourth", "hash": "AAAA"}),
        json!({"id": "fifth", "name": "fifth", "salt": "AAAA", "hash": STANDARD.encode([0; 64]), "iterations": 2_000_000_000}),
        json!({"id": "sixth", "name": "sixth", "password": "unhashed"}),
        json!({"id": first, "name": "seventh"}),
        json!({"id": "eighth", "name": "root@EXAMPLE.org"}),
    ];
    let list = lines.each_ref().map(ToString::to_string).join("\n");
    let import = |rest: &[&str]| {
        let mut all = vec!["users", "import", "-", "-o", "json"];
        all.extend_from_slice(rest);
        fed(command(&server, &all), &list)
    };
    let good = |ran: &Ran, word: &str| -> Vec<u64> {
        let report = json(ran);
        assert_eq!(report.as_array().unwrap().len(), lines.len());
        let good = report.as_array().unwrap().iter();
        good.filter(|line| line["message"] == word)
            .map(|line| line["line"].as_u64().unwrap())
            .collect()
    };
    let tried = import(&["--dry-run"]);
    assert_eq!(tried.code, 8, "{}", tried.err);
    // Two lines with one name are only found when the first is made.
    assert_eq!(good(&tried, "would be made"), [1, 2, 8]);
    assert_eq!(
        json(&ros(&server, &["users", "list", "-o", "json"])),
        json!([])
    );
    let done = import(&[]);
    assert_eq!(
        (done.code, good(&done, "made")),
        (8, vec![1, 2]),
        "{}",
        done.out
    );
    assert!(!done.out.contains("unhashed"), "{}", done.out);
    assert_eq!(import(&[]).code, 1, "all of them are there already");
    let shown = json(&ros(&server, &["users", "show", first, "-o", "json"]));
    assert_eq!(
        (&shown["name"], &shown["admin"], &shown["metadata"]),
        (
            &json!("Root@example.org"),
            &json!(true),
            &json!({"team": "blue"})
        )
    );

    // They sign in as before, by flags that win over the administrator's token of the environment.
    let scratch = tempfile::NamedTempFile::new().unwrap();
    let list_as = |name: &str, password: &str| {
        std::fs::write(scratch.path(), password).unwrap();
        let file = scratch.path().to_str().unwrap();
        let all = ["users", "list", "--user", name, "--password-file", file];
        ros(&server, &all).code
    };
    assert_eq!(list_as("root@example.org", "y"), 5);
    for _ in ["imported", "hashed anew"] {
        assert_eq!(list_as("root@example.org", "x"), 0);
    }
    assert_eq!(list_as("second", "x"), 5);
    server.stop();
    assert!(secret(&server, first).starts_with("$argon2id$"));
    assert!(secret(&server, "second").starts_with("$pbkdf2-sha256$i=2000$"));

    // CSV, into the folder of a stopped server.
    let root = server.root().display().to_string();
    let csv = format!(
        "id,name,hash,salt,digest,iterations,admin\n0042,0042,{},{salt},sha512,1000,true\nx/y,x,,,,,\n",
        kept("sha512", "correct horse", &[7; 32], 1000)
    );
    let all = ["users", "import", "-", "--root", &root, "-o", "plain"];
    let ran = fed(command(&server, &all), &csv);
    assert_eq!(ran.code, 8, "{}", ran.err);
    assert!(ran.out.contains("3\t"), "{}", ran.out);
    server.restart();
    let list_as = |name: &str, password: &str| {
        std::fs::write(scratch.path(), password).unwrap();
        let file = scratch.path().to_str().unwrap();
        let all = ["users", "list", "--user", name, "--password-file", file];
        ros(&server, &all).code
    };
    assert_eq!(list_as("0042", "correct horse"), 0);
    assert_eq!(list_as("second", "battery staple"), 0);
}
