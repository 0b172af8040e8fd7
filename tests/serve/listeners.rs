//! The services behind the proxy, by themselves.

use super::{NEWEST, User};
use crate::support::server::{Local, Server};
use crate::support::wire::{Wire, raw, request};

const LOCATION: &str = "/app/my-app/location";

#[test]
fn without_the_proxy_devices_are_told_both_ports() {
    let server = Local::without_proxy();
    let (web, sync) = (server.address(), server.second_address());
    let (status, location) = request(web, "GET", LOCATION, None, "");
    assert_eq!(status, 200);
    assert_eq!(location["hostname"], "http://x", "the name that was used");
    assert_eq!(location["ws_hostname"], format!("ws://x:{}", sync.port()));
    // A device of a newer SDK may come to the first without having asked.
    let user = User::sign_in(web, "my-app");
    for (number, address) in [web, sync].into_iter().enumerate() {
        let mut wire = user.connect(address, "my-app", NEWEST);
        let partition = format!("\"{number}\"");
        assert!(super::is_bound(&mut wire, 1, &partition, ""));
    }
    let ask = |path: &str| {
        raw(
            sync,
            format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes(),
        )
    };
    assert!(ask("/readyz").contains(" 200 "));
    assert!(ask(&format!("/api/client/v2.0{LOCATION}")).contains(" 404 "));
}

#[test]
fn behind_a_proxy_of_another_kind_there_is_one_name() {
    let server = Local::without_proxy();
    let question = format!(
        "GET /api/client/v2.0{LOCATION} HTTP/1.1\r\nHost: inside\r\nX-Forwarded-Host: sync.example.com\r\nX-Forwarded-Proto: https\r\n\r\n"
    );
    let answer = raw(server.address(), question.as_bytes());
    assert!(answer.contains("\"https://sync.example.com\""), "{answer}");
    assert!(answer.contains("\"wss://sync.example.com\""), "{answer}");
}

#[test]
fn the_log_names_the_client_and_not_the_proxy() {
    let server = Server::start();
    let question = "GET /nowhere HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 192.0.2.7\r\n\r\n";
    raw(server.address(), question.as_bytes());
    server.log_with("refused peer=192.0.2.7 ");
    let wire = Wire::open(server.address(), "/realm-sync", Some(NEWEST));
    drop(wire);
    server.log_with("peer=127.0.0.1:");
}
