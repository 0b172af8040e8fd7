//! The services behind the proxy, by themselves.

use std::process::Command;

use ros::client::{Credentials, Options, Place};
use ros::secret::Secret;
use serde_json::Value;

use super::{NEWEST, User};
use crate::support::lab::Lab;
use crate::support::server::{Local, Server, free_ports};
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

fn network(web: u16, sync: u16) -> String {
    format!("network: {{http: {{listen_port: {web}}}, sync: {{listen_port: {sync}}}}}\n")
}

fn healthy(address: impl std::net::ToSocketAddrs) -> bool {
    let address = address.to_socket_addrs().unwrap().next().unwrap();
    raw(address, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").contains(" 200 ")
}

#[test]
fn everything_listens_where_the_configuration_says() {
    let lab = Lab::for_this_host();
    let [http, secure, web, sync] = free_ports();
    let configuration = format!(
        "proxy: {{http: {{listen_port: {http}}}, {}}}\n{}",
        lab.https(secure),
        network(web, sync)
    );
    let server = Server::as_configured("http proxy", &configuration);
    let log = server.log_with("http proxy listening on ");
    for line in [
        format!("sync engine listening on 127.0.0.1:{sync}"),
        format!("web server listening on 127.0.0.1:{web}"),
        format!("https proxy listening on 127.0.0.1:{secure}"),
        format!("http proxy listening on :::{http}"),
    ] {
        assert!(log.iter().any(|found| found.ends_with(&line)), "{line}");
    }
    for port in [http, web, sync] {
        assert!(healthy(("127.0.0.1", port)), "{port}");
    }
    assert!(healthy(("::1", http)), "both families");
    let ran = Command::new(env!("CARGO_BIN_EXE_ros"))
        .args(["status", "-o", "json", "--ca-file"])
        .arg(lab.ca())
        .args(["--server", &format!("https://localhost:{secure}")])
        .arg("--admin-token-file")
        .arg(server.root().join("keys/admin.token"))
        .output()
        .unwrap();
    let status: Value = serde_json::from_slice(&ran.stdout).unwrap();
    let listeners = status["listeners"].as_array().unwrap();
    let names: Vec<_> = listeners.iter().map(|one| &one["name"]).collect();
    assert_eq!(names, ["sync", "web", "https", "http"]);
}

#[test]
fn the_proxy_can_be_switched_off() {
    let [web, sync] = free_ports();
    let configuration = format!(
        "proxy: {{http: {{enable: false}}}}\n{}apps: {{my-app: {{}}}}",
        network(web, sync)
    );
    let server = Server::as_configured("web server", &configuration);
    let (status, location) = request(server.address(), "GET", LOCATION, None, "");
    assert_eq!((status, server.address().port()), (200, web));
    assert_eq!(location["ws_hostname"], format!("ws://x:{sync}"));
    let late = "sync: {servers: [{id: '0', address: 0.0.0.0, port: ";
    let [web, sync] = free_ports();
    let configuration = format!(
        "proxy: {{http: {{enable: false}}}}\nnetwork: {{http: {{listen_port: {web}}}}}\n{late}{sync}}}]}}"
    );
    let server = Server::as_configured("web server", &configuration);
    assert!(healthy(("127.0.0.1", sync)));
    server.log_with(&format!("sync engine listening on 127.0.0.1:{sync}"));
}

/// Starts a server that does not start; exit code and what it says.
fn refused(configuration: &str) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = crate::support::server::configuration(&folder.path().join("root"), configuration);
    let ran = Command::new(env!("CARGO_BIN_EXE_ros"))
        .args(["serve", "-c"])
        .arg(file)
        .output()
        .unwrap();
    (
        ran.status.code(),
        String::from_utf8_lossy(&ran.stderr).into_owned(),
    )
}

#[test]
fn a_pair_that_is_of_no_use_is_refused_with_what_helps() {
    let lab = Lab::new();
    let [http, secure, web, sync] = free_ports();
    let configuration = format!(
        "proxy: {{http: {{listen_address: 127.0.0.1, listen_port: {http}}}, {}}}\n{}",
        lab.https(secure),
        network(web, sync)
    );
    lab.issue(&["localhost"], true);
    let (code, said) = refused(&configuration);
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("the certificate has signed itself"), "{said}");
    assert!(said.contains("proxy.https.allow_self_signed"), "{said}");
    let allowed = configuration.replace("enable: true,", "enable: true, allow_self_signed: true,");
    let server = Server::as_configured("http proxy", &allowed);
    server.log_with("the certificate has signed itself: devices that do not know it refuse it");
    drop(server);
    for (name, bad, cause) in [
        ("server.key", "", "there is no private key in it"),
        ("server.pem", "", "there is no certificate in it"),
    ] {
        lab.issue(&["localhost"], false);
        std::fs::write(lab.file(name), bad).unwrap();
        let (code, said) = refused(&configuration);
        assert_eq!(code, Some(3), "{said}");
        assert!(said.contains(cause) && said.contains(name), "{said}");
        assert!(!said.contains("panicked"), "{said}");
    }
}

/// What `/location` says to a proxy that names another host.
fn told(server: &Server) -> String {
    let question = format!(
        "GET /api/client/v2.0{LOCATION} HTTP/1.1\r\nHost: inside\r\nX-Forwarded-Host: outside\r\n\r\n"
    );
    raw(server.address(), question.as_bytes())
}

#[test]
fn a_reload_takes_certificates_and_proxies_and_nothing_that_is_bad() {
    let (lab, other) = (Lab::for_this_host(), Lab::for_this_host());
    let [secure] = free_ports();
    let apps = "apps: {my-app: {}}\n";
    let of = |lab: &Lab, more: &str| format!("{apps}proxy: {{{more}{}}}", lab.https(secure));
    let server = Server::with_configuration(&of(&lab, ""));
    let trusts = |lab: &Lab| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ros"));
        command
            .args(["doctor", "-o", "json", "--ca-file"])
            .arg(lab.ca());
        command.args(["--server", &format!("https://localhost:{secure}"), "-c"]);
        command.arg(server.root().with_file_name("configuration.yml"));
        let ran = command.output().unwrap();
        let findings: Value = serde_json::from_slice(&ran.stdout).unwrap();
        let mut findings = findings.as_array().unwrap().iter();
        findings.any(|one| one["check"] == "server" && one["state"] == "ok")
    };
    assert!(trusts(&lab) && !trusts(&other));
    assert!(told(&server).contains("\"http://outside\""));

    server.reconfigure(&of(&other, "trusted: [192.0.2.1], "));
    server.log_with("new certificate taken");
    assert!(trusts(&other) && !trusts(&lab));
    assert!(told(&server).contains("\"http://inside\""));

    std::fs::remove_file(lab.file("server.key")).unwrap();
    server.reconfigure(&of(&lab, ""));
    server.log_with("the new certificate is not taken, the one before goes on");
    assert!(trusts(&other));
    // When there is one that is of use, nobody needs to say so.
    lab.issue(&["localhost"], false);
    server.log_with_many("new certificate taken", 2);
    assert!(trusts(&lab));
}

#[test]
fn the_log_says_that_clients_do_not_trust_the_certificate() {
    let lab = Lab::for_this_host();
    let [secure] = free_ports();
    let server = Server::with_configuration(&format!("proxy: {{{}}}", lab.https(secure)));
    let ran = Command::new(env!("CARGO_BIN_EXE_ros"))
        .args(["status", "--server", &format!("https://localhost:{secure}")])
        .arg("--admin-token-file")
        .arg(server.root().join("keys/admin.token"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(said.contains("nobody who is trusted here"), "{said}");
    let log = server.log_with("a client does not trust the certificate");
    assert!(log.iter().any(|line| line.contains("unknown authority")));
}

#[test]
fn who_ends_tls_without_a_word_has_left() {
    let lab = Lab::for_this_host();
    let [secure] = free_ports();
    let configuration = format!("proxy: {{{}}}", lab.https(secure));
    let server = Server::with_configuration(&configuration);
    let url = format!("https://localhost:{secure}");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let there = ros::client::Server::trusting(&url, &lab.ca()).unwrap();
        let token = Credentials::Token(Secret::new(server.admin_token()));
        let user = there.sign_in(&token).await.unwrap();
        let address = "/left".parse().unwrap();
        let realm = user.open(&address, Place::Memory, Options::default());
        let realm = realm.await.unwrap();
        realm.wait_for_download().await.unwrap();
        realm.lose_connection();
        drop(realm);
    });
    let log = server.log_with("disconnected");
    let end = log
        .iter()
        .find(|line| line.contains("disconnected"))
        .unwrap();
    assert!(end.contains("reason=\"the client left\""), "{end}");
}
