//! The audit log: who did what, and what was refused to whom.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{NEWEST, bind};
use crate::support::patience::deadline;
use crate::support::server::Server;
use crate::support::wire::{Wire, raw};

/// The entries, once there is one of this act and outcome.
fn entries(file: &std::path::Path, act: &str, outcome: &str) -> Vec<Value> {
    let end = deadline();
    loop {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
        let found: Vec<Value> = lines.collect();
        let found: Vec<Value> = found
            .into_iter()
            .filter(|entry| entry["act"] == act && entry["outcome"] == outcome)
            .collect();
        if !found.is_empty() {
            return found;
        }
        assert!(Instant::now() < end, "no {act} {outcome} in {text}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn what_is_done_and_what_is_refused_is_on_record() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("audit");
    let server = Server::with_configuration(&format!(
        "classic: {{ registration: open }}\nlogging: {{ audit_path: {} }}\n",
        file.display()
    ));
    let address = server.address();
    let post = |path: &str, body: Value| {
        let head =
            format!("POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ");
        let body = body.to_string();
        let sent = format!("{head}{}\r\n\r\n{body}", body.len());
        let answer = raw(address, sent.as_bytes());
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        serde_json::from_str::<Value>(body).unwrap()
    };
    assert_eq!(entries(&file, "start", "done").len(), 1);
    let password = |password: &str, register: bool| json!({"provider": "password", "data": "ada", "user_info": {"password": password, "register": register}});
    let made = post("/auth", password("correct horse", true));
    let (token, user) = (
        &made["refresh_token"]["token"],
        &made["refresh_token"]["token_data"]["identity"],
    );
    let registered = &entries(&file, "register", "done")[0];
    assert_eq!(
        (&registered["user"], &registered["from"], &registered["app"]),
        (user, &json!("127.0.0.1"), &json!("classic"))
    );
    post("/auth", password("wrong horse", false));
    let refused = &entries(&file, "sign-in", "refused")[0];
    assert_eq!(
        (&refused["reason"], &refused["from"]),
        (&json!("invalid username/password"), &json!("127.0.0.1"))
    );
    post(
        "/auth",
        json!({"provider": "realm", "data": token, "path": "/somebody/notes"}),
    );
    let refused = &entries(&file, "access-token", "refused")[0];
    assert_eq!(
        (&refused["realm"], &refused["reason"]),
        (
            &json!("/somebody/notes"),
            &json!("/somebody/notes: nothing is granted to this user")
        )
    );

    let shown = post(
        "/auth",
        json!({"provider": "realm", "data": token, "path": ""}),
    );
    let user_token = shown["user_token"]["token"].as_str().unwrap();
    let mut wire = Wire::open(address, "/realm-sync", Some(NEWEST)).unwrap();
    assert_eq!(bind(&mut wire, 1, "/somebody/notes", user_token).1, 206);
    let refused = &entries(&file, "open", "refused")[0];
    assert_eq!(
        (&refused["by"], &refused["realm"]),
        (user, &json!("/somebody/notes"))
    );
    assert_eq!(refused["reason"], "nothing is granted to this user");

    let stranger = "GET /api/ros/v1/users HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    raw(address, stranger.as_bytes());
    let refused = &entries(&file, "administer", "refused")[0];
    assert_eq!(
        (&refused["detail"], &refused["reason"]),
        (&json!("/api/ros/v1/users"), &json!("no token"))
    );

    let text = std::fs::read_to_string(&file).unwrap();
    for secret in ["horse", token.as_str().unwrap(), user_token] {
        assert!(!text.contains(secret), "{text}");
    }
}
