//! What those who watch over a server are told: health, status, metrics, its log.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::tokens::{in_seconds, signed};
use super::{NEWEST, User, bind, is_bound};
use crate::support::patience::deadline;
use crate::support::server::{Local, Server};
use crate::support::wire::{Wire, raw};

/// The status and the body of an answer.
fn get(address: SocketAddr, path: &str, token: Option<&str>) -> (u16, String) {
    let token = token.map_or(String::new(), |token| {
        format!("Authorization: Bearer {token}\r\n")
    });
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\n{token}\r\n");
    let answer = raw(address, request.as_bytes());
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, body.to_owned())
}

#[test]
fn it_is_alive_and_says_whether_it_is_ready() {
    let server = Server::start();
    let address = server.address();
    let ready = || get(address, "/readyz", None);
    assert_eq!(get(address, "/healthz", None), (200, "ok\n".into()));
    assert_eq!(ready(), (200, "ready\n".into()));
    let answer = raw(
        address,
        b"POST /readyz HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
    );
    assert!(answer.starts_with("HTTP/1.1 405"), "{answer}");

    let (root, away) = (server.root(), server.root().with_file_name("away"));
    let becomes = |status| {
        let end = deadline();
        loop {
            let found = ready();
            if found.0 == status {
                return found.1;
            }
            assert!(Instant::now() < end, "{found:?}");
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    std::fs::rename(&root, &away).unwrap();
    let cause = becomes(503);
    assert!(
        cause.contains("the data folder cannot be written"),
        "{cause}"
    );
    assert_eq!(get(address, "/healthz", None).0, 200);
    std::fs::rename(&away, &root).unwrap();
    becomes(200);
}

#[test]
fn administrators_see_its_status() {
    let server = Server::start();
    let address = server.address();
    let status = |token: Option<&str>| get(address, "/api/ros/v1/status", token);
    let claims = format!(r#"{{"identity":"ada","expires":{}}}"#, in_seconds(60));
    assert_eq!(status(None).0, 401);
    assert_eq!(status(Some("nonsense")).0, 401);
    assert_eq!(status(Some(&signed(&server, &claims))).0, 403);

    let user = User::sign_in(address, "x");
    let mut wire = user.connect(address, "x", NEWEST);
    assert!(is_bound(&mut wire, 1, "\"p\"", ""));
    let (code, body) = status(Some(&server.admin_token()));
    assert_eq!(code, 200, "{body}");
    let status: ros::api::status::Status = serde_json::from_str(&body).unwrap();
    assert_eq!(status.version, env!("CARGO_PKG_VERSION"));
    assert!(status.ready && status.not_ready.is_none());
    assert_eq!((status.connections, status.sessions), (1, 1));
    assert_eq!(status.realms.listed, Some(1));
    assert_eq!(status.root, server.root().display().to_string());
    assert_eq!(status.listeners[0].name, "http");
    assert_eq!(status.listeners[0].address, address.to_string());
    assert!(status.disk.is_some_and(|disk| disk.free_bytes > 0));
    assert!(status.process.is_some_and(|process| process.open_files > 3));
}

#[test]
fn everything_is_counted() {
    let server = Local::start(|_| {});
    let number = |name: &str| -> f64 {
        let (status, text) = get(server.metrics(), "/metrics", None);
        assert_eq!(status, 200);
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("{name} is not in\n{text}"))
            .parse()
            .unwrap()
    };
    assert_eq!(get(server.metrics(), "/", None).0, 404);
    assert_eq!(number("ros_connections"), 0.0);
    let target = format!("/realm-sync?baas_at={}", server.admin_token());
    let mut wire = Wire::open(server.address(), &target, Some(NEWEST)).unwrap();
    assert!(is_bound(&mut wire, 1, "/a", ""));
    assert_eq!(bind(&mut wire, 2, "/a//b", ""), ("json_error".into(), 204));
    for (name, value) in [
        ("ros_connections", 1.0),
        ("ros_connections_opened_total", 1.0),
        ("ros_sessions", 1.0),
        ("ros_received_messages_total", 2.0),
        ("ros_errors_total{code=\"204\"}", 1.0),
        ("ros_http_requests_total{status=\"101\"}", 1.0),
        ("ros_realms_listed", 1.0),
        ("ros_info{version=\"0.1.0\"}", 1.0),
    ] {
        assert_eq!(number(name), value, "{name}");
    }
    // A changeset that was made in the year 2337, by its device.
    wire.send("bind 3 2 0 1 0\n/b");
    let ident = wire.receive().unwrap();
    let (file, salt) = (ident.number(2), ident.number(3));
    wire.send(format!("ident 3 {file} {salt} 0 0 0 0\n"));
    assert_eq!(wire.receive().unwrap().kind(), "download");
    let body = "2 0 10000000000000 0 0 ";
    wire.send(format!("upload 3 0 {} 0 2 0 0\n{body}", body.len()));
    assert_eq!(wire.receive().unwrap().kind(), "download");
    for name in [
        "ros_uploaded_changesets_total",
        "ros_clocks_ahead_total",
        "ros_integrate_seconds_count",
    ] {
        assert!(number(name) > 0.0, "{name}");
    }
    for name in [
        "ros_sent_bytes_total",
        "ros_commit_seconds_count",
        "process_resident_memory_bytes",
        "process_open_fds",
    ] {
        assert!(number(name) > 0.0, "{name}");
    }
    drop(wire);
    let end = deadline();
    while number("ros_connections") > 0.0 {
        assert!(Instant::now() < end);
    }
    assert_eq!(number("ros_sessions"), 0.0);
}

/// Names stay: dashboards and alerts know them.
#[test]
fn all_metrics_are_documented() {
    let server = Local::start(|_| {});
    let (_, text) = get(server.metrics(), "/metrics", None);
    let documented = include_str!("../../docs/metrics.md");
    let heads = text.lines().filter_map(|line| line.strip_prefix("# HELP "));
    let names: Vec<&str> = heads.filter_map(|head| head.split(' ').next()).collect();
    assert!(names.len() > 20);
    for name in names {
        let ways = [format!("`{name}`"), format!("`{name}{{")];
        assert!(ways.iter().any(|way| documented.contains(way)), "{name}");
    }
}

#[test]
fn a_connection_has_a_line_at_its_beginning_and_one_at_its_end() {
    let server = Server::start();
    let user = User::sign_in(server.address(), "x");
    let mut wire = user.connect(server.address(), "x", NEWEST);
    assert!(is_bound(&mut wire, 1, "\"p\"", ""));
    wire.send("nonsense\n");
    wire.await_close();
    drop(wire);
    let log = server.log_with(" disconnected ");
    let line = |word: &str| log.iter().find(|line| line.contains(word)).unwrap();
    let (begin, end) = (line(": connected "), line(": disconnected "));
    let id = |line: &str| {
        let at = line
            .split(' ')
            .find_map(|part| part.strip_prefix("connection="));
        at.unwrap().to_owned()
    };
    assert_eq!(id(begin), id(end));
    for word in ["peer=127.0.0.1:", "user=", "agent=", "protocol=14"] {
        assert!(
            begin.contains(word) && end.contains(word),
            "{word}: {begin} {end}"
        );
    }
    for word in [
        "sessions=1",
        "realms=\"x/\\\"p\\\"\"",
        "received_bytes=",
        "sent_bytes=",
        "uploaded_changesets=0",
        "downloaded_changesets=0",
        "seconds=",
        "reason=\"103 Bad syntax in input message head",
    ] {
        assert!(end.contains(word), "{word}: {end}");
    }
}

#[test]
fn it_says_in_the_originals_words_where_it_listens() {
    let server = Server::start();
    let log = server.log_with("http proxy listening on ");
    for what in ["sync engine", "web server", "http proxy"] {
        let text = format!(" - info: {what} listening on {}", server.address());
        assert!(log.iter().any(|line| line.ends_with(&text)), "{log:#?}");
    }
}

#[test]
fn every_error_is_explained_and_every_alert_knows_its_metric() {
    let explained = include_str!("../../docs/troubleshooting.md");
    for code in ros::wire::ErrorCode::ALL {
        let row = format!("| {} | {} |", code.number(), code.text());
        assert!(explained.contains(&row), "{row}");
    }
    // Codes of both APIs, as the sources have them.
    let api = include_str!("../../src/api/mod.rs");
    let (_, names) = api.split_once("pub enum ErrorCode {").unwrap();
    let (names, _) = names.split_once("\n}").unwrap();
    let is_name = |line: &&str| line.starts_with(char::is_uppercase) && line.ends_with(',');
    let names = names.lines().map(str::trim).filter(is_name);
    let mut rows: Vec<String> = names
        .map(|name| format!("| `{}` | ", name.trim_end_matches(',')))
        .collect();
    let problems = include_str!("../../src/http/classic/problem.rs");
    let codes = problems.lines().filter_map(|line| {
        let code: u16 = line.trim().strip_suffix(',')?.parse().ok()?;
        Some(format!("| {code} | "))
    });
    rows.extend(codes);
    assert!(rows.len() > 25, "{rows:?}");
    for row in rows {
        assert!(explained.contains(&row), "{row}");
    }
    let documented = include_str!("../../docs/metrics.md");
    let alerts = include_str!("../../packaging/alerts.yml");
    let words = alerts.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    let names = words.filter(|word| word.starts_with("ros_") || word.starts_with("process_"));
    let names: Vec<&str> = names.map(|name| name.trim_end_matches("_bucket")).collect();
    assert!(names.len() > 5);
    for name in names {
        assert!(documented.contains(&format!("`{name}")), "{name}");
    }
}
