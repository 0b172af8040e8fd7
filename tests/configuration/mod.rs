//! Configurations as operators meet them: what is checked, what is told, and what holds in the end.

mod bounds;
mod certificates;
mod effects;
mod lines;
mod observed;
mod providers;
mod schema;

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::server::{Server, configuration};

/// How a run ended, and what it said.
struct Run {
    code: Option<i32>,
    out: String,
    err: String,
}

fn run(program: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Run {
    let mut command = Command::new(program);
    command.env_remove("ROS_CONFIG").args(arguments);
    command.envs(environment.iter().copied());
    let output = command.stdin(Stdio::null()).output().unwrap();
    Run {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

fn ros() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_ros"))
}

/// Data folder and keys that are in order, and the file that names them.
struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Place {
        Place {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("root")
    }

    /// Writes the rest of the configuration; the file.
    fn file(&self, rest: &str) -> String {
        let file = configuration(&self.root(), rest);
        file.to_str().unwrap().to_owned()
    }

    fn check(&self, rest: &str) -> Run {
        run(
            ros(),
            &["check-config", &self.file(rest), "--listen", "127.0.0.1:0"],
            &[],
        )
    }

    /// What is found, as programs are told.
    fn document(&self, rest: &str) -> Value {
        let file = self.file(rest);
        let run = run(ros(), &["check-config", &file, "-o", "json"], &[]);
        serde_json::from_str(&run.out)
            .unwrap_or_else(|error| panic!("{error}: {}{}", run.out, run.err))
    }
}

#[test]
fn a_valid_configuration_is_shown_with_where_each_value_is_from() {
    let place = Place::new();
    let file = place.file("logging: { level: debug }");
    let arguments = ["check-config", &file, "--listen", "127.0.0.1:0"];
    let shown = run(ros(), &arguments, &[("ROS_METRICS__LISTEN_PORT", "27089")]);
    assert_eq!(shown.code, Some(0), "{}", shown.err);
    let mut lines = shown.out.lines();
    assert_eq!(lines.next(), Some("configuration is valid (not started)"));
    let from = |key: &str| {
        let line = shown
            .out
            .lines()
            .find(|line| line.split_whitespace().next() == Some(key));
        let words: Vec<&str> = line
            .unwrap_or_else(|| panic!("{key}: {}", shown.out))
            .split_whitespace()
            .collect();
        (words[1].to_owned(), words[2].to_owned())
    };
    let is = |value: &str, origin: &str| (value.to_owned(), origin.to_owned());
    assert_eq!(from("logging.level"), is("debug", &format!("{file}:4:19")));
    assert_eq!(from("proxy.http.listen_port"), is("0", "--listen"));
    assert_eq!(
        from("metrics.listen_port"),
        is("27089", "ROS_METRICS__LISTEN_PORT")
    );
    assert_eq!(from("metrics.enable"), is("false", "default"));

    let shown = run(ros(), &[&arguments[..], &["-o", "json"]].concat(), &[]);
    let document: Value = serde_json::from_str(&shown.out).unwrap();
    assert_eq!(
        (&document["valid"], &document["warnings"]),
        (&Value::Bool(true), &Value::Array(Vec::new()))
    );
    let settings = document["settings"].as_array().unwrap();
    let level = settings
        .iter()
        .find(|setting| setting["key"] == "logging.level")
        .unwrap();
    assert_eq!(level["value"], "debug");
}

/// A line that was copied from a page of the documentation.
#[test]
fn typographic_quotes_are_shown_with_what_to_write() {
    let place = Place::new();
    let file = place.file("proxy:\n  http:\n    listen_address: ‘::'\n");
    let expected = format!(
        "ros: bad configuration {file}
  cause: {file}:6:21: proxy.http.listen_address: `‘` (U+2018) is a typographic character, no quote of YAML
  6 |     listen_address: ‘::'
    |                     ^
  hint: write '::'
"
    );
    let old = place.folder.path().join("realm-object-server");
    symlink(ros(), &old).unwrap();
    let joined = format!("--check-configuration={file}");
    for (program, arguments) in [
        (ros(), &["check-config", &file][..]),
        (ros(), &["serve", "-c", &file]),
        (&old, &["--check-configuration", &file]),
        (&old, &[&joined]),
    ] {
        let run = run(program, arguments, &[]);
        assert_eq!(
            (run.code, run.err.as_str()),
            (Some(3), expected.as_str()),
            "{arguments:?}"
        );
    }
}

#[test]
fn problems_of_text_and_of_this_host_are_told_together() {
    let place = Place::new();
    let missing = place.folder.path().join("nowhere/ros.log");
    let rest = format!(
        "logging: {{ level: loud, path: {} }}\nnonsense: 1\nlocation: {{ url: x }}",
        missing.display()
    );
    let file = place.file(&rest);
    fs::remove_dir_all(place.root()).unwrap();
    let arguments = [
        "check-config",
        &file,
        "--listen",
        "127.0.0.1:0",
        "-o",
        "json",
    ];
    let run = run(ros(), &arguments, &[]);
    let document: Value = serde_json::from_str(&run.out).unwrap();
    let details = &document["error"]["details"];
    let keys = |list: &Value| {
        let keys = list
            .as_array()
            .unwrap()
            .iter()
            .map(|problem| problem["key"].as_str().unwrap().to_owned());
        keys.collect::<Vec<_>>()
    };
    assert_eq!(document["error"]["code"], "bad-configuration");
    assert_eq!(keys(&details["warnings"]), ["nonsense"]);
    assert_eq!(
        keys(&details["problems"]),
        [
            "storage.root_path",
            "auth.private_key_path",
            "logging.level",
            "logging.path",
            "location.url"
        ]
    );
    let level = &details["problems"][2];
    assert_eq!((&level["line"], &level["column"]), (&4.into(), &19.into()));
    assert_eq!(level["text"], rest.lines().next().unwrap());
}

/// Whoever corrects a file goes through it once.
#[test]
fn problems_and_warnings_are_told_in_the_order_of_the_lines() {
    let place = Place::new();
    let file = place.file(
        "nonsense: 1\nmetrics: { listen_port: x }\nlogging: { level: loud }\nproxy: { https: { enable: true } }\napps: { a: { registration: maybe, extra: 1 } }",
    );
    let variables = [("ROS_LOGGING__FORMAT", "xml"), ("ROS_LOGGING__WIDTH", "80")];
    let run = run(ros(), &["check-config", &file, "-o", "json"], &variables);
    let document: Value = serde_json::from_str(&run.out).unwrap();
    let told = |list: &str| {
        let list = document["error"]["details"][list].as_array().unwrap();
        let told = list.iter().map(|one| {
            let key = one["key"].as_str().unwrap().to_owned();
            (one["line"].as_u64(), key)
        });
        told.collect::<Vec<_>>()
    };
    let at = |line, key: &str| (Some(line), key.to_owned());
    assert_eq!(
        told("problems"),
        [
            at(5, "metrics.listen_port"),
            at(6, "logging.level"),
            at(7, "proxy.https.certificate_path"),
            at(7, "proxy.https.private_key_path"),
            at(8, "apps.a.registration"),
            (None, "logging.format".to_owned()),
        ]
    );
    let of_nobody = (None, "logging.width".to_owned());
    assert_eq!(
        told("warnings"),
        [at(4, "nonsense"), at(8, "apps.a.extra"), of_nobody]
    );
}

#[test]
fn a_port_that_is_taken_is_told_with_who_has_it() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let place = Place::new();
    let document = place.document(&format!(
        "proxy: {{ http: {{ listen_address: 127.0.0.1, listen_port: {port} }} }}"
    ));
    let problems = &document["error"]["details"]["problems"];
    let said = problems[0]["message"].as_str().unwrap();
    assert_eq!(problems[0]["key"], "proxy.http.listen_port");
    assert!(
        said.contains(&format!("port {port} of 127.0.0.1 is taken by ")),
        "{said}"
    );
    assert!(
        said.contains(&format!("(process {})", std::process::id())),
        "{said}"
    );
    // The same where a server would be started.
    let file = place.folder.path().join("configuration.yml");
    let run = run(ros(), &["serve", "-c", file.to_str().unwrap()], &[]);
    assert_eq!(run.code, Some(3));
    assert!(run.err.contains(said), "{}", run.err);
}

#[test]
fn a_running_server_is_not_in_its_own_way() {
    let server = Server::with_configuration("logging: { level: info }");
    let file = server.root().with_file_name("configuration.yml");
    let address = server.address().to_string();
    let run = run(
        ros(),
        &["check-config", file.to_str().unwrap(), "--listen", &address],
        &[],
    );
    assert_eq!(run.code, Some(0), "{}", run.err);
}

#[test]
fn folders_and_keys_are_looked_at() {
    let place = Place::new();
    assert_eq!(place.check("").code, Some(0));
    let other = Place::new();
    other.file("");
    let stranger = other.root().join("keys/public.pem");
    let told = |rest: &str, expected: &str| {
        let run = place.check(rest);
        assert_eq!(run.code, Some(3), "{rest}: {}", run.out);
        assert!(run.err.contains(expected), "{rest}: {}", run.err);
    };
    let file = place.file("");
    let stranger = stranger.to_str().unwrap();
    let run = run(
        ros(),
        &[
            "check-config",
            &file,
            "--listen",
            "127.0.0.1:0",
            "--public-key",
            stranger,
        ],
        &[],
    );
    assert_eq!(run.code, Some(3), "{}", run.out);
    assert!(
        run.err.contains(
            "--public-key: auth.public_key_path: the public key does not belong to the private key"
        ),
        "{}",
        run.err
    );

    told(
        "logging: { path: /nonexistent/ros.log }",
        "logging.path: there is no folder /nonexistent",
    );
    told(
        &format!("logging: {{ path: {} }}", place.folder.path().display()),
        "is a folder",
    );
    told(
        "performance: { max_open_files: 0 }",
        "performance.max_open_files: a whole number, from 1 is expected",
    );

    // A file that is there is never written over by what is advised.
    for (text, advice) in [
        ("nonsense", "hint: openssl genrsa -out FILE 2048"),
        (
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\n",
            "hint: it has a passphrase, which a server cannot be asked for: openssl rsa -in ",
        ),
    ] {
        let other = place.folder.path().join("other.key");
        fs::write(&other, text).unwrap();
        let key = other.to_str().unwrap();
        let arguments = ["check-config", &place.file(""), "--private-key", key];
        let ran = self::run(ros(), &arguments, &[]);
        assert_eq!(ran.code, Some(3), "{}", ran.out);
        assert!(ran.err.contains(advice), "{}", ran.err);
    }

    let key = place.root().join("keys/private.pem");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let run = place.check("");
    assert_eq!(run.code, Some(0));
    assert!(
        run.err.contains("ros: warning: ") && run.err.contains("everybody on this host may read"),
        "{}",
        run.err
    );
}

#[test]
fn without_a_file_there_is_a_hint() {
    let run = run(
        ros(),
        &["check-config", "/nonexistent/configuration.yml"],
        &[],
    );
    assert_eq!(run.code, Some(3));
    assert!(run.err.contains("hint: name another file"), "{}", run.err);
}
