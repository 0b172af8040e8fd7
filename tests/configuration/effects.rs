//! What keys do, seen from outside: each server here has them from a file, as an operator would.

use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ros::changeset::{Changeset, Instruction, KeyKind, PrimaryKeyColumn, TableKind, encode};

use super::{Place, ros};
use crate::hostile::client::Client;
use crate::serve::User;
use crate::support::lab::Lab;
use crate::support::patience::PATIENCE;
use crate::support::server::{Server, free_ports};
use crate::support::wire::{raw, request};

/// Waits until it is so.
pub fn eventually(what: &str, mut is: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !is() {
        assert!(begin.elapsed() < PATIENCE, "{what} never came");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn the_level_of_the_log_decides_what_is_in_it() {
    let place = Place::new();
    let logged = |level: &str| {
        let [port] = free_ports();
        let log = place.folder.path().join(format!("{level}.log"));
        let file = place.file(&format!(
            "logging: {{ level: {level}, path: {} }}\nproxy: {{ http: {{ listen_address: 127.0.0.1, listen_port: {port} }} }}\nnetwork: {{ http: {{ enable: false }}, sync: {{ enable: false }} }}\nnonsense: 1",
            log.display()
        ));
        let mut command = std::process::Command::new(ros());
        command.env_remove("ROS_LOG").args(["serve", "-c", &file]);
        let mut process = command.spawn().unwrap();
        eventually("the server", || {
            std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        let stopped = std::process::Command::new("kill")
            .arg(process.id().to_string())
            .status();
        assert!(stopped.unwrap().success() && process.wait().unwrap().success());
        let text = std::fs::read_to_string(log).unwrap();
        ["info: ", "warn: "].map(|level| text.contains(level))
    };
    assert_eq!(logged("info"), [true, true]);
    assert_eq!(logged("warn"), [false, true]);
    assert_eq!(logged("off"), [false, false]);
}

#[test]
fn data_is_where_it_is_said() {
    let server = Server::with_configuration("");
    Client::connect(&server).bind(1, "/a");
    assert!(server.root().join("admin.db").is_file());
}

#[test]
fn no_more_realms_are_kept_open_than_is_said() {
    let server = Server::with_configuration("performance: { max_open_files: 3 }");
    for realm in ["/a", "/b", "/c", "/d", "/e", "/f"] {
        Client::connect(&server).bind(1, realm);
    }
    let token = server.admin_token();
    let head = format!(
        "GET /api/ros/v1/status HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n"
    );
    eventually("few open Realms", || {
        let answer = raw(server.address(), head.as_bytes());
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        let status: ros::api::status::Status = serde_json::from_str(body).unwrap();
        assert_eq!(status.realms.most_open, 3);
        status.realms.listed >= Some(6) && status.realms.open <= 3
    });
}

#[test]
fn long_heads_are_refused_where_that_is_said() {
    let asked = |server: &Server, bytes: usize| {
        let head = |x: &str| format!("GET /healthz HTTP/1.1\r\nHost: x\r\nX: {x}\r\n\r\n");
        let head = head(&"x".repeat(bytes - head("").len()));
        raw(server.address(), head.as_bytes())
    };
    let server = Server::with_configuration("");
    assert!(asked(&server, 32 << 10).starts_with("HTTP/1.1 200"));
    assert!(asked(&server, (32 << 10) + 1).starts_with("HTTP/1.1 431"));
    let server = Server::with_configuration("limits: { http_head_bytes: 9000 }");
    assert!(asked(&server, 9000).starts_with("HTTP/1.1 200"));
    assert!(asked(&server, 9001).starts_with("HTTP/1.1 431"));
    assert!(asked(&server, 30_000).starts_with("HTTP/1.1 431"));
}

/// The status of a try to sign in with a wrong password.
fn tried(server: &Server, name: &str) -> u16 {
    let body = format!(r#"{{"username":"{name}","password":"wrong-password"}}"#);
    let path = "/app/x/auth/providers/local-userpass/login";
    request(server.address(), "POST", path, None, &body).0
}

const WITH_PASSWORDS: &str = "apps: { x: { providers: { local-userpass: true } } }\n";

#[test]
fn wrong_passwords_are_remembered_as_long_and_for_as_many_as_is_said() {
    let limits = "limits: { wrong_passwords: 2, wrong_passwords_time: 1 }";
    let server = Server::with_configuration(&format!("{WITH_PASSWORDS}{limits}"));
    eventually("the end of patience", || {
        tried(&server, "a@x.example") == 429
    });
    eventually("forgiveness", || tried(&server, "a@x.example") == 401);

    let limits = "limits: { wrong_passwords: 2, wrong_passwords_names: 1 }";
    let server = Server::with_configuration(&format!("{WITH_PASSWORDS}{limits}"));
    let tries = ["a", "a", "a", "b", "a"].map(|name| tried(&server, &format!("{name}@x.example")));
    assert_eq!(tries, [401, 401, 429, 401, 401]);
}

/// The code with which a BIND of this path and token is answered; 0 if it is taken.
fn bound(configuration: &str, path: &str, token: &str) -> u64 {
    let server = Server::with_configuration(configuration);
    let mut client = Client::connect(&server);
    let head = format!("bind 1 {} {} 1 0\n{path}{token}", path.len(), token.len());
    client.send(&head, b"");
    let answer = client.next();
    match answer.kind() {
        "json_error" => answer.number(1),
        _ => 0,
    }
}

#[test]
fn paths_and_tokens_may_be_as_long_as_is_said() {
    let path = format!("/{}", "x".repeat(200));
    assert_eq!(bound("", &path, ""), 0);
    assert_eq!(bound("limits: { bind_path_bytes: 200 }", &path, ""), 103);
    let token = "x".repeat(200);
    let refused = bound("", "/x", &token);
    assert!(refused != 0 && refused != 103, "{refused}");
    assert_eq!(
        bound("limits: { bind_token_bytes: 199 }", "/x", &token),
        103
    );
}

#[test]
fn there_are_as_many_connections_as_is_said() {
    let server = Server::with_configuration("limits: { connections: 2 }");
    let mut first = Client::connect(&server);
    let second = Client::connect(&server);
    let more = raw(
        server.address(),
        b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
    );
    assert!(!more.starts_with("HTTP/1.1 200"), "{more}");
    first.bind(1, "/x");
    drop(second);
    eventually("room", || {
        raw(
            server.address(),
            b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
        )
        .starts_with("HTTP/1.1 200")
    });
}

#[test]
fn messages_are_as_large_as_is_said() {
    let answered = |configuration: &str| {
        let server = Server::with_configuration(configuration);
        let mut client = Client::connect(&server);
        client.bind(1, "/x");
        let body = vec![7; 20_000];
        client.wire.send(
            [
                format!("upload 1 0 {} 0 9 0 0\n", body.len()).as_bytes(),
                &body,
            ]
            .concat(),
        );
        client.error().0
    };
    let too_large = 101;
    assert_ne!(answered(""), too_large);
    assert_eq!(answered("limits: { message_bytes: 10000 }"), too_large);
}

/// An app is there by its name, and allows what it says and nothing else.
#[test]
fn an_app_allows_what_it_says() {
    let server = Server::with_configuration(
        "apps: { none: {}, anon: { providers: { anon-user: true } }, open: { providers: { local-userpass: true }, registration: open }, closed: { providers: { local-userpass: true } } }",
    );
    let posted = |path: &str, body: &str| request(server.address(), "POST", path, None, body).0;
    let anonymous = |app: &str| posted(&format!("/app/{app}/auth/providers/anon-user/login"), "{}");
    assert_eq!(["none", "anon", "open"].map(anonymous), [404, 200, 404]);
    let registered = |app: &str| {
        let body = r#"{"email":"a@x.example","password":"secret-password"}"#;
        posted(
            &format!("/app/{app}/auth/providers/local-userpass/register"),
            body,
        )
    };
    assert_eq!([registered("open"), registered("closed")], [201, 400]);
    assert_eq!(
        lifetime(&User::sign_in(server.address(), "anon").access),
        1800
    );
}

/// For how many seconds a token of an app is given out.
fn lifetime(token: &str) -> u64 {
    let claims = token.split('.').nth(1).unwrap();
    let claims = BASE64_URL_SAFE_NO_PAD.decode(claims).unwrap();
    let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
    claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap()
}

/// The lifetimes of what somebody is given by an app, and by the API of Realm Object Server, in seconds.
#[test]
fn tokens_live_as_long_as_is_said() {
    let server = Server::with_configuration(
        "  ttls: { access_token: 70, refresh_token: 700 }\nclassic: { registration: open }\napps: { x: { providers: { anon-user: true }, ttls: { access_token: 100, refresh_token: 1000 } } }",
    );
    let (_, login) = request(
        server.address(),
        "POST",
        "/app/x/auth/providers/anon-user/login",
        None,
        "{}",
    );
    let of_app =
        ["access_token", "refresh_token"].map(|name| lifetime(login[name].as_str().unwrap()));
    assert_eq!(of_app, [100, 1000]);

    let body = r#"{"provider":"password","data":"ada","app_id":"x","user_info":{"password":"correct horse","register":true}}"#;
    let made = classic(&server, body);
    let refresh = &made["refresh_token"];
    assert!(
        left(&refresh["token_data"]["expires"]).abs_diff(700) < 60,
        "{made}"
    );
    let token = refresh["token"].as_str().unwrap();
    let body = format!(r#"{{"provider":"realm","data":"{token}","app_id":"x","path":"/~/a"}}"#);
    let opened = classic(&server, &body);
    assert!(
        left(&opened["access_token"]["token_data"]["expires"]) <= 70,
        "{opened}"
    );
}

/// What `/auth` answers.
fn classic(server: &Server, body: &str) -> serde_json::Value {
    let length = body.len();
    let text = format!(
        "POST /auth HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    let answer = raw(server.address(), text.as_bytes());
    serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap()
}

/// Seconds from now to a time in seconds since 1970.
fn left(time: &serde_json::Value) -> u64 {
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    time.as_u64().unwrap().saturating_sub(now)
}

/// Somebody of an app with a session for a partition.
fn somebody(server: &Server, app: &str) -> Client {
    let wire = User::sign_in(server.address(), app).connect(
        server.address(),
        app,
        "com.mongodb.realm-sync#14",
    );
    Client {
        wire,
        file: 0,
        salt: 0,
        version: 1,
    }
}

#[test]
fn only_who_may_manage_removes_classes() {
    let rights = "providers: { anon-user: true }, partitions: { read: true, write: true";
    let server = Server::with_configuration(&format!(
        "apps: {{ no: {{ {rights} }} }}, yes: {{ {rights}, manage: true }} }} }}"
    ));
    let refused = |app: &str| {
        let mut client = somebody(&server, app);
        client.bind(1, "\"p\"");
        client.upload(1, &changeset(vec![add()]));
        client.acknowledged();
        client.upload(
            1,
            &changeset(vec![Instruction::EraseTable {
                class: "Note".into(),
            }]),
        );
        loop {
            let answer = client.next();
            match answer.kind() {
                "json_error" => return answer.number(1) == 206,
                _ if answer.number(6) >= client.version => return false,
                _ => {}
            }
        }
    };
    assert_eq!([refused("no"), refused("yes")], [true, false]);
}

fn add() -> Instruction {
    let key = PrimaryKeyColumn {
        field: "_id".into(),
        kind: KeyKind::Int,
        nullable: false,
    };
    Instruction::AddTable {
        class: "Note".into(),
        kind: TableKind::TopLevel(key),
    }
}

fn changeset(instructions: Vec<Instruction>) -> Vec<u8> {
    encode(&Changeset { instructions })
}

#[test]
fn an_app_says_what_becomes_of_devices_of_another_server() {
    let rights = "providers: { anon-user: true }, partitions: { read: true, write: true }";
    let server = Server::with_configuration(&format!(
        "apps: {{ hold: {{ {rights} }}, reset: {{ {rights}, unknown_files: reset }} }}"
    ));
    let is_reset = |app: &str| {
        let mut client = somebody(&server, app);
        client.send("bind 1 3 0 0 0\n", b"\"p\"");
        client.send("ident 1 3 4711 0 0 0 0\n", b"");
        let (_, _, answer) = client.error();
        [&answer["shouldClientReset"], &answer["tryAgain"]].map(|word| word.as_bool().unwrap())
    };
    assert_eq!(is_reset("hold"), [false, true]);
    assert!(is_reset("reset")[0]);
}

#[test]
fn each_listener_is_where_it_is_said_or_off() {
    let lab = Lab::for_this_host();
    let files = lab.files();
    let pair = format!(
        "certificate_path: {}, private_key_path: {}",
        files.certificate.display(),
        files.private_key.display()
    );
    let at = |host: u8, port: u16| format!("listen_address: 127.0.0.{host}, listen_port: {port}");
    let ports: [u16; 5] = free_ports();
    let configuration = |services: bool, others: bool| {
        format!(
            "proxy: {{ http: {{ {} }}, https: {{ enable: {others}, {}, {pair} }} }}\nnetwork: {{ http: {{ enable: {services}, {} }}, sync: {{ enable: {services}, {} }} }}\nmetrics: {{ enable: {others}, {} }}",
            at(2, ports[0]),
            at(3, ports[1]),
            at(4, ports[2]),
            at(5, ports[3]),
            at(6, ports[4]),
        )
    };
    let answers = || {
        let answers = |host: u8, port: u16| {
            std::net::TcpStream::connect(std::net::SocketAddr::from(([127, 0, 0, host], port)))
                .is_ok()
        };
        let there = [2, 3, 4, 5, 6].map(|host| answers(host, ports[usize::from(host) - 2]));
        let elsewhere = ports.map(|port| answers(1, port));
        assert_eq!(elsewhere, [false; 5]);
        there
    };
    let server = Server::as_configured("http proxy", &configuration(true, true));
    assert_eq!(answers(), [true; 5]);
    drop(server);
    let server = Server::as_configured("http proxy", &configuration(false, false));
    assert_eq!(answers(), [true, false, false, false, false]);
    drop(server);
}
