//! How the program ends, and what it says then.

use std::process::{Command, Stdio};

use crate::support::server::{Server, configuration};

/// The exit code and what was said.
fn run(arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ros"));
    command.env_remove("ROS_CONFIG").args(arguments);
    let output = command.stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    (output.status.code(), said)
}

#[test]
fn a_second_server_on_one_root_does_not_start() {
    let server = Server::start();
    let root = server.root();
    let root = root.to_str().unwrap();
    let (code, said) = run(&["serve", "--dev", "--root", root, "--listen", "127.0.0.1:0"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("hint: stop the other server"), "{said}");
}

#[test]
fn a_port_that_is_taken_is_named() {
    let server = Server::start();
    let scratch = tempfile::tempdir().unwrap();
    let (root, address) = (scratch.path().join("root"), server.address().to_string());
    let (code, said) = run(&[
        "serve",
        "--dev",
        "--root",
        root.to_str().unwrap(),
        "--listen",
        &address,
    ]);
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains(&format!("cannot listen on {address}")),
        "{said}"
    );
}

#[test]
fn a_wrong_command_line_is_a_matter_of_usage() {
    for arguments in [
        &["serve", "--nonsense"][..],
        &["serve", "--listen", "here"],
        &["nonsense"],
        &["man", "nonsense"],
        &[],
    ] {
        let (code, said) = run(arguments);
        assert_eq!(code, Some(2), "{arguments:?}: {said}");
    }
}

#[test]
fn a_bad_configuration_is_told_in_full() {
    let scratch = tempfile::tempdir().unwrap();
    let root = scratch.path().join("root");
    for (text, problems) in [
        (
            "proxy: {http: {listen_port: 0}}\nlogging: {level: loud}",
            &["proxy.http.listen_port: ", "logging.level: "][..],
        ),
        ("apps: [x]", &["apps: "]),
        ("}", &["cause: "]),
    ] {
        let file = configuration(&root, text);
        let (code, said) = run(&["serve", "-c", file.to_str().unwrap()]);
        assert_eq!(code, Some(3), "{said}");
        for problem in problems {
            assert!(said.contains(problem), "{said}");
        }
    }
    let (code, said) = run(&["serve", "-c", "/nonexistent/configuration.yml"]);
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("/nonexistent/configuration.yml") && said.contains("hint: "));
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    for arguments in [
        &["man"][..],
        &["man", "serve"],
        &["completions", "bash"],
        &["--help"],
        &["serve", "--help"],
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = Command::new(env!("CARGO_BIN_EXE_ros"));
        let child = command
            .args(arguments)
            .stdout(writer)
            .stderr(Stdio::piped());
        let output = child.spawn().unwrap().wait_with_output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(
            (output.status.code(), said.as_str()),
            (Some(0), ""),
            "{arguments:?}"
        );
    }
}

/// What is printed.
fn printed(arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ros"));
    String::from_utf8(command.args(arguments).output().unwrap().stdout).unwrap()
}

#[test]
fn help_and_manual_have_all_there_is_to_know() {
    let page = |arguments| {
        printed(arguments)
            .replace("\\-", "-")
            .replace("\\*(Aq", "'")
    };
    let (help, manual) = (printed(&["serve", "--help"]), page(&["man", "serve"]));
    let mut lines = help.lines();
    assert_eq!(lines.next(), Some("Run the server"));
    let place = |text: &str| help.find(text).unwrap_or_else(|| panic!("{text}: {help}"));
    assert!(place("With --dev it needs nothing else") < place("Examples:"));
    assert!(place("Examples:") < place("Options:"));
    for section in ["EXAMPLES", "ENVIRONMENT"] {
        assert!(manual.contains(&format!(".SH {section}\n")), "{manual}");
    }
    place("ros.conf(5)");
    let configuration = page(&["man", "conf"]);
    for key in ros::config::all() {
        let path = key.path;
        assert!(configuration.contains(path), "{path}: {configuration}");
        let default = key.default().unwrap_or_default();
        assert!(configuration.contains(&default), "{path}");
    }
    for text in ["ros serve -c", "ROS_CONFIG", "ROS_LOG"] {
        assert!(manual.contains(text), "{text}: {manual}");
    }
    let manual = page(&["man"]);
    assert!(manual.contains("EXIT STATUS"), "{manual}");
}

#[test]
fn development_takes_no_configuration_from_anywhere() {
    let (code, said) = run(&["serve", "--dev", "-c", "configuration.yml"]);
    assert_eq!(code, Some(2), "{said}");
    let server = Server::start();
    let mut command = Command::new(env!("CARGO_BIN_EXE_ros"));
    command.env("ROS_CONFIG", "/nonexistent/configuration.yml");
    command.args(["serve", "--dev", "--root", server.root().to_str().unwrap()]);
    // It comes as far as the lock.
    assert_eq!(command.output().unwrap().status.code(), Some(1));
}
