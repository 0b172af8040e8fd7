//! The first administrator of a server that has none: by the link that it prints, or as the configuration says.

use std::process::{Command, Stdio};
use std::time::Instant;

use crate::support::patience::deadline;
use crate::support::server::{Server, configuration};
use crate::support::wire::raw;

/// The path and query of the newest link that was printed.
fn link(log: &[String]) -> String {
    let line = log.iter().rev().find(|line| line.contains("/setup?token="));
    let (_, rest) = line.unwrap().split_once("/setup").unwrap();
    format!("/setup{}", rest.trim())
}

fn get(server: &Server, target: &str) -> String {
    let head = format!("GET {target} HTTP/1.1\r\nHost: x\r\n\r\n");
    raw(server.address(), head.as_bytes())
}

fn post(server: &Server, path: &str, kind: &str, body: &str) -> String {
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    raw(server.address(), head.as_bytes())
}

/// Whether a classic user signs in as an administrator.
fn is_administrator(server: &Server, name: &str, password: &str) -> bool {
    let body = format!(
        r#"{{"provider":"password","data":"{name}","user_info":{{"password":"{password}"}},"app_id":"x"}}"#
    );
    post(server, "/auth", "application/json", &body).contains("\"is_admin\":true")
}

#[test]
fn a_start_prints_a_link_until_there_is_an_administrator() {
    let mut server = Server::with_configuration("");
    let printed = link(&server.log_with("/setup?token="));
    assert!(get(&server, &printed).starts_with("HTTP/1.1 200 "));

    // A reload prints another, and the one before counts no more.
    server.signal("HUP");
    let second = link(&server.log_with_many("/setup?token=", 2));
    assert!(get(&server, &printed).starts_with("HTTP/1.1 404 "));
    let token = second.split_once('=').unwrap().1;
    let form = format!("token={token}&name=root&password=a+long+password&again=a+long+password");
    let made = post(
        &server,
        "/setup",
        "application/x-www-form-urlencoded",
        &form,
    );
    assert!(made.starts_with("HTTP/1.1 200 "), "{made}");
    assert!(is_administrator(&server, "root", "a long password"));
    assert!(get(&server, &second).starts_with("HTTP/1.1 410 "));

    server.stop();
    server.restart();
    let log = server.log_with_many("http proxy listening on ", 2);
    let links = log.iter().filter(|line| line.contains("/setup?token="));
    assert_eq!(links.count(), 2);
    assert!(get(&server, &second).starts_with("HTTP/1.1 404 "));
    // In the log there is the path alone.
    let lines = log.iter().filter(|line| line.contains("GET path=/setup"));
    assert!(lines.clone().count() >= 3 && lines.clone().all(|line| !line.contains(token)));
}

#[test]
fn nobody_is_invited_where_the_configuration_says_so() {
    let off = "enterprise: { skip_setup: true }";
    let server = Server::with_configuration(off);
    server.signal("HUP");
    let log = server.log_with("configuration taken");
    assert!(!log.iter().any(|line| line.contains("/setup")), "{log:#?}");
    assert!(get(&server, "/setup?token=").starts_with("HTTP/1.1 404 "));
    // A reload takes another word at once, and a link that was printed before counts no more.
    server.reconfigure("");
    let printed = link(&server.log_with("/setup?token="));
    assert!(get(&server, &printed).starts_with("HTTP/1.1 200 "));
    server.reconfigure(off);
    let end = deadline();
    while !get(&server, &printed).starts_with("HTTP/1.1 404 ") {
        assert!(Instant::now() < end, "the link still counts");
    }
    let log = server.log_with_many("configuration taken", 3);
    let links = log.iter().filter(|line| line.contains("/setup?token="));
    assert_eq!(links.count(), 1, "{log:#?}");
}

#[test]
fn a_start_makes_the_administrator_of_the_configuration_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("password");
    std::fs::write(&file, "a long password\n").unwrap();
    let named = format!(
        "administrator: {{ name: chief, password_path: {} }}",
        file.display()
    );
    let mut server = Server::with_configuration(&named);
    assert!(is_administrator(&server, "chief", "a long password"));
    let log = server.log_with("there is an administrator now");
    assert!(!log.iter().any(|line| line.contains("a long password")));
    assert!(!log.iter().any(|line| line.contains("/setup?token=")));

    // Another name makes no second one, and the file may go.
    std::fs::remove_file(&file).unwrap();
    server.stop();
    server.configure(&named.replace("chief", "second"));
    server.restart();
    assert!(is_administrator(&server, "chief", "a long password"));
    assert!(!is_administrator(&server, "second", "a long password"));
}

#[test]
fn an_administrator_of_the_configuration_who_is_suspended_stays_so_and_the_server_starts() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("password");
    std::fs::write(&file, "a long password\n").unwrap();
    let named = format!(
        "administrator: {{ name: chief, password_path: {} }}",
        file.display()
    );
    let mut server = Server::with_configuration(&named);
    server.log_with("there is an administrator now");
    server.stop();
    let mut suspend = Command::new(env!("CARGO_BIN_EXE_ros"));
    suspend
        .args(["users", "suspend", "Chief", "--root"])
        .arg(server.root());
    assert!(suspend.output().unwrap().status.success());
    for is_there in [true, false] {
        if !is_there {
            std::fs::remove_file(&file).unwrap();
        }
        server.restart();
        assert!(!is_administrator(&server, "chief", "a long password"));
        server.stop();
    }
    server.log_with("there is no administrator: whom the configuration names");
}

#[test]
fn an_administrator_who_cannot_be_made_keeps_the_server_from_starting() {
    let folder = tempfile::tempdir().unwrap();
    let password = folder.path().join("password");
    std::fs::write(&password, "short\n").unwrap();
    for (file, cause) in [
        (password, "password must be between 8 and 128 characters"),
        (folder.path().join("nowhere"), "No such file"),
    ] {
        let rest = format!("administrator: {{ password_path: {} }}", file.display());
        let file = configuration(&folder.path().join("root"), &rest);
        let mut command = Command::new(env!("CARGO_BIN_EXE_ros"));
        command
            .args(["serve", "--listen", "127.0.0.1:0", "-c"])
            .arg(file);
        let output = command.stdin(Stdio::null()).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(3), "{said}");
        assert!(said.contains(cause) && said.contains("hint: "), "{said}");
        assert!(!said.contains("short\n"), "{said}");
    }
}
