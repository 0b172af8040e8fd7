//! Commands as a shell calls them: what they print, and how they end.

mod documented;
mod perms;
mod token;
mod users;

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

use crate::support::server::Server;

/// What a command has printed, and its exit code.
struct Ran {
    out: String,
    err: String,
    code: i32,
}

fn command(server: &Server, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ros"));
    command
        .args(arguments)
        .env_clear()
        .env("ROS_SERVER", server.url())
        .env(
            "ROS_ADMIN_TOKEN_FILE",
            server.root().join("keys/admin.token"),
        )
        .stdin(Stdio::null());
    command
}

fn ros(server: &Server, arguments: &[&str]) -> Ran {
    ran(command(server, arguments).output().unwrap())
}

fn ran(output: Output) -> Ran {
    Ran {
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
        code: output.status.code().unwrap(),
    }
}

/// Feeds lines to a command.
fn fed(mut command: Command, input: &str) -> Ran {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    match stdin.write_all(input.as_bytes()) {
        // A command that fails at once need not read.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {}
        written => written.unwrap(),
    }
    drop(stdin);
    ran(child.wait_with_output().unwrap())
}

/// A class of every kind of property, and some objects.
fn lines() -> String {
    let mut columns = Vec::new();
    for (name, kind) in [
        ("bool", "bool"),
        ("string", "string"),
        ("data", "data"),
        ("due", "date"),
        ("float", "float"),
        ("x", "double"),
        ("price", "decimal128"),
        ("oid", "objectId"),
        ("uuid", "uuid"),
        ("any", "mixed"),
        ("next", "link<Note>"),
        ("part", "link<Part>"),
    ] {
        columns.push(json!({"name": name, "type": kind, "nullable": true}));
    }
    for (name, kind, collection) in [
        ("tags", "string", "list"),
        ("parts", "link<Part>", "list"),
        ("numbers", "int", "set"),
        ("map", "mixed", "dictionary"),
    ] {
        let nullable = kind == "mixed";
        columns.push(
            json!({"name": name, "type": kind, "nullable": nullable, "collection": collection}),
        );
    }
    columns.push(json!({"name": "n", "type": "int", "nullable": false}));
    let key = json!({"name": "_id", "type": "int", "nullable": false});
    let part = json!({"name": "Part", "kind": "embedded", "columns": [{"name": "n", "type": "int", "nullable": false}]});
    let note = json!({"name": "Note", "kind": "top-level", "primaryKey": key, "columns": columns});
    let full = json!({
        "_id": 1, "bool": true, "string": "née, \"quoted\"\nand 🦀", "data": {"$binary": {"base64": "AQID", "subType": "00"}},
        "due": {"$date": "2026-01-01T00:00:00.5Z"}, "float": 1.5, "x": 0.1, "price": {"$numberDecimal": "-1.50"},
        "oid": {"$oid": "507f1f77bcf86cd799439011"}, "uuid": {"$uuid": "9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d"},
        "any": {"a": [1, {"$numberDouble": "2.5"}, {"$ref": "Note", "$id": 2}]}, "next": {"$ref": "Note", "$id": 2}, "part": {"n": 7},
        "tags": ["b", "a", "b"], "parts": [{"n": 1}, {"n": 2}], "numbers": [1, 2], "map": {"k": null, "l": "x"}, "n": 3,
    });
    let second = json!({"_id": 2, "string": "second", "n": 10, "next": {"$ref": "Note", "$id": 1}});
    let third = json!({"_id": 3, "n": -1});
    let classes = [part, note].map(|class| json!({ "schema": class }));
    let objects = [full, second, third].map(|object| json!({"class": "Note", "object": object}));
    classes
        .iter()
        .chain(&objects)
        .map(|line| format!("{line}\n"))
        .collect()
}

fn imported(server: &Server, realm: &str) {
    let ran = fed(command(server, &["realms", "import", realm]), &lines());
    assert_eq!(ran.code, 0, "{}", ran.err);
}

#[test]
fn what_is_exported_and_imported_is_the_same() {
    let server = Server::start();
    for (from, to) in [("app/p", "app/42"), ("/some/path", "/other/path")] {
        imported(&server, from);
        let exported = ros(&server, &["realms", "export", from]);
        assert_eq!((exported.code, &*exported.err), (0, ""));
        let again = fed(
            command(&server, &["realms", "import", to, "-o", "json"]),
            &exported.out,
        );
        let counts: Value = serde_json::from_str(&again.out).unwrap();
        assert_eq!(counts["created"], 3, "{}", again.err);
        assert_eq!(ros(&server, &["realms", "export", to]).out, exported.out);
        let same = fed(
            command(&server, &["realms", "import", to, "-o", "json"]),
            &exported.out,
        );
        let counts: Value = serde_json::from_str(&same.out).unwrap();
        assert_eq!(
            counts,
            json!({"created": 0, "changed": 0, "unchanged": 3, "dryRun": false})
        );
    }
}

#[test]
fn an_import_is_an_upsert_and_says_where_it_fails() {
    let server = Server::start();
    imported(&server, "app/p");
    let change = r#"{"class":"Note","object":{"_id":3,"string":"set"}}"#;
    let dry = fed(
        command(
            &server,
            &["realms", "import", "app/p", "--dry-run", "-o", "json"],
        ),
        change,
    );
    assert!(dry.out.contains("\"changed\":1"), "{}", dry.out);
    let shown = || {
        let show = [
            "browse", "app/p", "Note", "--where", "_id == 3", "-o", "json",
        ];
        serde_json::from_str::<Value>(&ros(&server, &show).out).unwrap()
    };
    assert_eq!(shown()[0]["string"], Value::Null, "a dry run");
    let done = fed(command(&server, &["realms", "import", "app/p"]), change);
    assert_eq!(done.code, 0);
    assert_eq!(
        (&shown()[0]["string"], &shown()[0]["n"]),
        (&json!("set"), &json!(-1))
    );
    for (line, place, cause) in [
        ("{", "-:1", "no JSON"),
        ("[]", "-:1", "neither"),
        (
            "\n\n{\"class\":\"Nope\",\"object\":{\"_id\":1}}",
            "-:3",
            "no class Nope",
        ),
        ("{\"class\":\"Note\",\"object\":{\"n\":1}}", "-:1", "no key"),
        (
            "{\"class\":\"Note\",\"object\":{\"_id\":1,\"n\":\"x\"}}",
            "-:1",
            "Note.n",
        ),
        (
            "{\"class\":\"Note\",\"object\":{\"_id\":1,\"nn\":1}}",
            "-:1",
            "did you mean n",
        ),
    ] {
        let bad = fed(command(&server, &["realms", "import", "app/p"]), line);
        assert_eq!(bad.code, 1, "{line}");
        assert!(
            bad.err.contains(place) && bad.err.contains(cause),
            "{}",
            bad.err
        );
    }
}

#[test]
fn objects_are_found_sorted_and_shown_in_every_form() {
    let server = Server::start();
    imported(&server, "app/p");
    let classes = ros(&server, &["browse", "app/p", "-o", "json"]);
    let classes: Value = serde_json::from_str(&classes.out).unwrap();
    assert_eq!(classes["classes"][0]["name"], "Note");
    assert_eq!(classes["classes"][0]["objects"], 3);
    assert!(
        ros(&server, &["browse", "app/p"])
            .out
            .contains("tags: [string]")
    );
    let note = |more: &[&str]| ros(&server, &[&["browse", "app/p", "Note"], more].concat());
    let keys = |more: &[&str]| -> Vec<i64> {
        let shown = note(&[more, &["-o", "ndjson"]].concat());
        assert_eq!(shown.code, 0, "{}", shown.err);
        shown
            .out
            .lines()
            .map(|line| {
                serde_json::from_str::<Value>(line).unwrap()["_id"]
                    .as_i64()
                    .unwrap()
            })
            .collect()
    };
    assert_eq!(keys(&["--sort", "n DESC"]), [2, 1, 3]);
    assert_eq!(keys(&["--sort", "n", "--limit", "2"]), [3, 1]);
    assert_eq!(keys(&["--where", "n > 0 AND bool == true"]), [1]);
    assert_eq!(keys(&["--where", "next.n == 10 OR tags == 'a'"]), [1]);
    assert_eq!(keys(&["--where", "part.n == 7"]), [1]);
    let csv = note(&["--where", "_id == 2", "-o", "csv"]).out;
    assert!(csv.starts_with("_id,bool,string,"), "{csv}");
    assert_eq!(note(&["--where", "n > 99", "-o", "json"]).out, "[]\n");
    assert_eq!(note(&["--where", "n > 99", "-o", "ndjson"]).out, "");
    for (arguments, code, said) in [
        (&["browse", "app/p", "Nope"][..], 6, "no class Nope"),
        (&["browse", "app/p", "Note", "--where", "n >"], 2, "^"),
        (
            &["browse", "app/p", "Note", "--where", "m > 1"],
            2,
            "did you mean",
        ),
        (&["browse", "nothing"], 2, "names no Realm"),
        (&["browse", "app/p", "Part"], 2, "embedded"),
    ] {
        let failed = ros(&server, arguments);
        assert_eq!(failed.code, code, "{arguments:?}: {}", failed.err);
        assert!(failed.err.contains(said), "{}", failed.err);
        assert_eq!(failed.out, "");
    }
}

#[test]
fn realms_are_listed_and_none_is_made_by_looking() {
    let mut server = Server::start();
    let list = |server: &Server| -> Vec<String> {
        let listed = ros(server, &["realms", "list", "-o", "json"]);
        assert_eq!(listed.code, 0, "{}", listed.err);
        let listed: Value = serde_json::from_str(&listed.out).unwrap();
        let name = |listed: &Value| listed["realm"].as_str().unwrap().to_owned();
        listed.as_array().unwrap().iter().map(name).collect()
    };
    assert_eq!(list(&server), Vec::<String>::new());
    for realm in ["app/p", "app/42", "/some/path"] {
        imported(&server, realm);
    }
    let all = ["/some/path", "app/\"p\"", "app/42"];
    assert_eq!(list(&server), all);
    for nothing in ["app/nothing", "/nothing"] {
        for command in [
            &["browse", nothing][..],
            &["realms", "info", nothing],
            &["realms", "export", nothing],
        ] {
            assert_eq!(ros(&server, command).code, 6, "{command:?}");
        }
    }
    assert_eq!(
        ros(&server, &["realms", "info", "app/{\"$numberLong\":\"42\"}"]).code,
        0
    );
    // What lists them is none of them, and can be looked at.
    let list_itself = ros(&server, &["browse", "/__admin", "RealmFile", "-o", "plain"]);
    assert!(
        list_itself.out.contains("/some/path"),
        "{}",
        list_itself.err
    );
    server.kill();
    server.restart();
    assert_eq!(list(&server), all);
    let row = ros(&server, &["realms", "list", "-o", "plain"]).out;
    assert!(row.starts_with("/some/path\tpath\t20"), "{row}");
}

#[test]
fn changes_are_followed() {
    let server = Server::start();
    imported(&server, "app/p");
    let mut follow = command(&server, &["browse", "app/p", "--follow"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(follow.stdout.take().unwrap()).lines();
    // It begins to follow at a moment that is not known here, so changes are made until one is seen.
    let (seen, heard) = std::sync::mpsc::channel();
    std::thread::spawn(move || seen.send(lines.next().unwrap().unwrap()));
    let line = (0..).find_map(|number| {
        let change = format!("{{\"class\":\"Note\",\"object\":{{\"_id\":3,\"n\":{number}}}}}");
        fed(command(&server, &["realms", "import", "app/p"]), &change);
        heard.try_recv().ok()
    });
    follow.kill().unwrap();
    follow.wait().unwrap();
    let change: Value = serde_json::from_str(&line.unwrap()).unwrap();
    assert_eq!(
        (&change["class"], &change["change"]),
        (&json!("Note"), &json!("modified"))
    );
    assert_eq!(change["object"]["_id"], 3);
}

#[test]
fn who_is_not_let_in_is_told_how() {
    let server = Server::start();
    let bare = |arguments: &[&str], folder: &Path| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ros"));
        command.args(arguments).env_clear().current_dir(folder);
        ran(command.output().unwrap())
    };
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    std::fs::write(&token, "nonsense\n").unwrap();
    let token = token.to_str().unwrap();
    let url = server.url();
    for (arguments, code) in [
        (vec!["browse", "app/p", "--server", &url], 5),
        (
            vec![
                "browse",
                "app/p",
                "--server",
                &url,
                "--admin-token-file",
                token,
            ],
            5,
        ),
        (
            vec![
                "browse",
                "app/p",
                "--server",
                "http://127.0.0.1:1",
                "--admin-token-file",
                token,
            ],
            4,
        ),
        (
            vec![
                "browse",
                "app/p",
                "--server",
                "nonsense",
                "--admin-token-file",
                token,
            ],
            2,
        ),
        (
            vec![
                "browse",
                "app/p",
                "--server",
                &url,
                "--user",
                "a@example.com",
                "--password-file",
                token,
            ],
            5,
        ),
        (vec!["browse"], 2),
    ] {
        let failed = bare(&arguments, folder.path());
        assert_eq!(failed.code, code, "{arguments:?}: {}", failed.err);
        assert!(!failed.err.contains("panicked"), "{}", failed.err);
        assert!(!failed.err.contains("nonsense\n"), "a secret is shown");
    }
}

#[test]
fn every_load_of_the_bench_is_carried_out() {
    let server = Server::start();
    for load in [
        "load --clients 3 --realms 2 --tx 5 --window 2",
        "fanout --readers 4 --tx 3",
        "bootstrap --objects 300 --objects-per-tx 50",
        "conflict --clients 3 --ops 60",
        "idle --sessions 5 --hold 0",
        "reconnect --clients 6 --realms 2",
    ] {
        let words: Vec<&str> = ["bench"]
            .into_iter()
            .chain(load.split(' '))
            .chain(["-o", "json"])
            .collect();
        let done = ros(&server, &words);
        assert_eq!(done.code, 0, "{load}: {}", done.err);
        let report: Value = serde_json::from_str(&done.out).unwrap();
        assert!(report["machine"]["cores"].as_u64() > Some(0), "{report}");
    }
}

/// Every kind of command, each failing in its own way.
#[test]
fn failures_are_json_where_the_result_would_have_been() {
    let server = Server::start();
    let nobody = server.root().join("nobody");
    std::fs::write(&nobody, "nonsense\n").unwrap();
    let nobody = nobody.to_str().unwrap();
    let cases: &[(&[&str], i32, &str)] = &[
        (&["browse", "/missing", "-o", "json"], 6, "not-found"),
        (&["realms", "info", "nonsense", "--output=json"], 2, "usage"),
        (
            &["realms", "list", "-ojson", "--server", "http://127.0.0.1:1"],
            4,
            "unreachable",
        ),
        (
            &["realms", "list", "-o", "json", "--admin-token-file", nobody],
            5,
            "permission-denied",
        ),
        (&["realms", "list", "-o", "json", "--nonsense"], 2, "usage"),
        (
            &["realms", "import", "x/p", "/missing", "-o", "json"],
            6,
            "not-found",
        ),
    ];
    for (arguments, exit, code) in cases {
        let mut command = command(&server, arguments);
        if arguments.contains(&"--admin-token-file") {
            command.env_remove("ROS_ADMIN_TOKEN_FILE");
        }
        let Ran {
            out,
            err,
            code: ended,
        } = ran(command.output().unwrap());
        assert_eq!(ended, *exit, "{arguments:?}: {out} {err}");
        let document: Value = serde_json::from_str(&out).unwrap();
        let error = &document["error"];
        assert_eq!(error["code"], *code, "{document}");
        assert_eq!(error["details"]["exitCode"], *exit);
        assert!(
            error["message"]
                .as_str()
                .is_some_and(|text| !text.is_empty())
        );
        assert_eq!(err, "", "{arguments:?}");
    }
    let plain = ros(&server, &["browse", "/missing"]);
    assert_eq!((plain.code, plain.out.as_str()), (6, ""));
    assert!(
        plain
            .err
            .starts_with("ros: there is no Realm /missing\n  hint: ")
    );
}

#[test]
fn status_shows_a_running_server() {
    let server = Server::start();
    let shown = ros(&server, &["status"]);
    assert_eq!(shown.code, 0, "{}", shown.err);
    let line = |what: &str| shown.out.lines().find(|line| line.starts_with(what));
    assert!(line("server").is_some_and(|line| line.ends_with(&server.url())));
    assert!(line("ready").is_some_and(|line| line.ends_with("yes")));
    let json = ros(&server, &["status", "-o", "json"]);
    let json: Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(json["ready"], true);
    assert_eq!(json["root"], server.root().display().to_string());
    let away = ros(&server, &["status", "--server", "http://127.0.0.1:1"]);
    assert_eq!(away.code, 4);
}

#[test]
fn doctor_finds_what_is_wrong() {
    let mut server = Server::with_configuration("");
    let file = server.root().with_file_name("configuration.yml");
    let examine = |server: &Server| {
        let arguments = ["doctor", "-c", file.to_str().unwrap(), "-o", "json"];
        let ran = ran(command(server, &arguments)
            .env("PATH", "/usr/bin:/bin")
            .output()
            .unwrap());
        let findings: Value =
            serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{}", ran.err));
        (ran.code, findings)
    };
    let state = |findings: &Value, check: &str| {
        let all = findings.as_array().unwrap();
        let found = all.iter().find(|finding| finding["check"] == check);
        found.unwrap_or_else(|| panic!("{check}: {findings}"))["state"].clone()
    };
    let (code, findings) = examine(&server);
    assert!([0, 1, 8].contains(&code));
    for check in ["root-permissions", "keys", "server"] {
        assert_eq!(state(&findings, check), "ok", "{check}");
    }
    for check in [
        "open-files",
        "clock",
        "disk-space",
        "disk-speed",
        "port-http",
        "firewall",
    ] {
        state(&findings, check);
    }
    server.stop();
    std::fs::write(server.root().join("keys/private.pem"), "broken").unwrap();
    let (code, findings) = examine(&server);
    assert_eq!(code, 1);
    assert_eq!(state(&findings, "server"), "bad");
    assert_eq!(state(&findings, "keys"), "bad");
    let plain = ros(&server, &["doctor", "-c", file.to_str().unwrap()]);
    assert_eq!((plain.code, plain.err.as_str()), (1, ""));
    let nowhere = ros(&server, &["doctor", "-c", "/nonexistent", "-o", "json"]);
    let error: Value = serde_json::from_str(&nowhere.out).unwrap();
    assert_eq!(
        (nowhere.code, &error["error"]["code"]),
        (3, &json!("bad-configuration"))
    );
}

#[test]
fn a_terminal_without_a_width_shows_tables_as_they_are() {
    let server = Server::start();
    let tool = format!(
        "{} users list --server {}",
        env!("CARGO_BIN_EXE_ros"),
        server.url()
    );
    let mut script = Command::new("script");
    script.args(["-qec", &format!("stty cols 0; {tool}"), "/dev/null"]);
    script.env(
        "ROS_ADMIN_TOKEN_FILE",
        server.root().join("keys/admin.token"),
    );
    let Ok(ran) = script.stdin(Stdio::null()).output() else {
        return println!("could not run: there is no script(1)");
    };
    let shown = String::from_utf8_lossy(&ran.stdout);
    assert!(
        shown.contains("id app name state logins created"),
        "{shown}"
    );
}
