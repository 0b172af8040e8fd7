//! A server that speaks TLS, and its clients.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use ros::changeset::{Key, Value};
use ros::client::{ClientError, Credentials, Server as There, field};
use ros::tls::Pair;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::ServerName;

use crate::client::{open_of, schema};
use crate::support::lab::Lab;
use crate::support::patience::{PATIENCE, deadline};
use crate::support::server::Local;
use crate::support::wire::raw;

type Stream = TlsStream<tokio::net::TcpStream>;

async fn connected(server: &Local, lab: &Lab) -> std::io::Result<Stream> {
    let stream = tokio::net::TcpStream::connect(server.second_address()).await?;
    let host = ServerName::try_from("localhost").unwrap();
    lab.trust().connector().connect(host, stream).await
}

/// Asks whether the server is well, on a connection that stays open.
async fn asked(stream: &mut Stream) -> String {
    let request = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"ok\n") {
        answer.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(answer).unwrap()
}

/// The certificate that was shown.
fn shown(stream: &Stream) -> Vec<u8> {
    let (_, connection) = stream.get_ref();
    connection.peer_certificates().unwrap()[0].to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn realms_are_synced_over_tls() {
    let lab = Lab::for_this_host();
    let server = Local::secure(lab.files());
    let there = There::trusting(&server.secure_url(), &lab.ca()).unwrap();
    let writer = open_of(&there, "secret").await;
    writer.write(schema).unwrap();
    // What goes out is more than TLS takes at once.
    let text = |number: i64| format!("{number} ").repeat(100_000);
    for number in 0..20 {
        let made = writer.write(|edit| {
            edit.create("Note", Key::Int(number))?;
            let value = Value::String(text(number).as_str().into());
            edit.set(field("Note", &Key::Int(number), "text"), value)
        });
        made.unwrap();
    }
    writer.wait_for_upload().await.unwrap();
    let reader = open_of(&there, "secret").await;
    reader.wait_for_download().await.unwrap();
    for number in 0..20 {
        let found = reader.get("Note", &Key::Int(number), "text").unwrap();
        let value = Value::String(text(number).as_str().into());
        assert!(found == Some(ros::state::Content::Value(value)), "{number}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_speaks_to_a_server_that_it_does_not_trust() {
    let lab = Lab::new();
    lab.issue(&["localhost"], false);
    let server = Local::secure(lab.files());
    let app = "app".to_owned();
    let credentials = Credentials::Anonymous { app };
    let by_address = format!("https://{}", server.second_address());
    for (there, cause) in [
        (
            There::at(&server.secure_url()),
            "nobody who is trusted here has signed it",
        ),
        (
            There::trusting(&by_address, &lab.ca()),
            "it is for other hosts",
        ),
    ] {
        match there.unwrap().sign_in(&credentials).await.err().unwrap() {
            ClientError::Untrusted { cause: told, .. } => assert!(told.contains(cause), "{told}"),
            other => panic!("{other}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_certificate_is_shown_and_no_connection_lost() {
    let lab = Lab::for_this_host();
    let server = Local::secure(lab.files());
    let mut before = connected(&server, &lab).await.unwrap();
    asked(&mut before).await;
    let there = There::trusting(&server.secure_url(), &lab.ca()).unwrap();
    let realm = open_of(&there, "kept").await;
    realm.write(schema).unwrap();
    realm.wait_for_upload().await.unwrap();

    lab.issue(&["localhost"], false);
    let end = deadline();
    loop {
        let after = connected(&server, &lab).await.unwrap();
        if shown(&after) != shown(&before) {
            break;
        }
        assert!(Instant::now() < end, "the certificate before is shown on");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    asked(&mut before).await;
    let lost = realm.trouble();
    assert!(realm.is_connected() && lost.is_none(), "{lost:?}");
    realm
        .write(|edit| edit.create("Note", Key::Int(1)))
        .unwrap();
    realm.wait_for_upload().await.unwrap();
}

#[test]
fn the_end_of_the_certificate_can_be_watched() {
    let lab = Lab::for_this_host();
    let asked = |server: &Local| {
        let question = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n";
        let text = raw(server.metrics(), question);
        let mut lines = text.lines();
        let end = lines.find_map(|line| line.strip_prefix("ros_certificate_end_seconds "))?;
        Some(end.parse::<f64>().unwrap())
    };
    let server = Local::secure(lab.files());
    let until = Pair::read(&lab.files()).unwrap().chain()[0].until;
    assert_eq!(asked(&server), Some(until.as_secs_f64()));
    assert_eq!(asked(&Local::start(|_| {})), None);
}

#[test]
fn what_is_not_tls_is_let_go() {
    let lab = Lab::for_this_host();
    let server = Local::secure_with(lab.files(), |settings| {
        settings.limits.http_head_time = Duration::from_millis(300);
    });
    for said in [
        &b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"[..],
        b"\x16\x03\x01",
        b"",
        &[0xff; 4096],
    ] {
        let mut stream = TcpStream::connect(server.second_address()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(said).unwrap();
        let mut rest = Vec::new();
        match stream.read_to_end(&mut rest) {
            Ok(_) => assert!(!rest.starts_with(b"HTTP")), // an alert of TLS, or nothing
            Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
        }
    }
}

fn ros(arguments: &[&str], ca: Option<&Path>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ros"));
    command.args(arguments).env_remove("ROS_CA_FILE");
    command.envs(ca.map(|file| ("ROS_CA_FILE", file)));
    command.output().unwrap()
}

#[test]
fn commands_trust_an_authority_that_they_are_told() {
    let lab = Lab::for_this_host();
    let server = Local::secure(lab.files());
    let url = server.secure_url();
    let load = [
        "bench",
        "idle",
        "--sessions",
        "3",
        "--hold",
        "1",
        "-o",
        "json",
    ];
    let load = [&load[..], &["--server", &url]].concat();
    let ran = ros(&load, Some(&lab.ca()));
    let report: serde_json::Value = serde_json::from_slice(&ran.stdout).unwrap();
    assert_eq!(
        (ran.status.code(), &report["connected"]),
        (Some(0), &3.into())
    );

    let refused = ros(&load, None);
    assert_eq!(refused.status.code(), Some(4));
    let told: serde_json::Value = serde_json::from_slice(&refused.stdout).unwrap();
    let hint = told["error"]["hint"].as_str().unwrap();
    assert!(hint.contains("--ca-file"), "{told}");

    let empty = lab.file("empty.pem");
    std::fs::write(&empty, "").unwrap();
    let refused = ros(&load, Some(&empty));
    assert_eq!(refused.status.code(), Some(2));
    let told = String::from_utf8(refused.stdout).unwrap();
    assert!(told.contains("there is no certificate in it"), "{told}");
}
