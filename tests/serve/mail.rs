//! Letters as a server for mail gets them: real SMTP, on loopback.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};

use crate::support::patience::PATIENCE;
use crate::support::server::Server;
use crate::support::wire::request;

/// A server for mail that takes whatever comes; the letters that it got.
fn post_office() -> (u16, Receiver<String>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, letters) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let mut out = stream.try_clone().unwrap();
            let mut say = |line: &str| out.write_all(format!("{line}\r\n").as_bytes()).unwrap();
            let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
            say("220 post.example.com ESMTP");
            let mut letter = String::new();
            while let Some(line) = lines.next() {
                let verb = line.split([' ', ':']).next().unwrap_or_default();
                match verb.to_uppercase().as_str() {
                    "EHLO" | "HELO" => say("250 post.example.com"),
                    "MAIL" | "RCPT" => {
                        letter.push_str(&format!("{line}\n"));
                        say("250 ok");
                    }
                    "DATA" => {
                        say("354 go on");
                        let body = lines.by_ref().take_while(|line| line != ".");
                        letter.extend(body.map(|line| format!("{line}\n")));
                        drop(sender.send(std::mem::take(&mut letter))); // the test may be over
                        say("250 taken");
                    }
                    "QUIT" => {
                        say("221 bye");
                        break;
                    }
                    _ => say("502 not here"),
                }
            }
        }
    });
    (port, letters)
}

/// The text of a letter: lines that end in `=` go on, and bytes are written in hex (quoted-printable), or all is plain.
fn text(letter: &str) -> String {
    let joined = letter.replace("=\n", "");
    joined.replace("=3D", "=")
}

#[test]
fn who_has_forgotten_the_password_gets_a_letter() {
    let (port, letters) = post_office();
    let server = Server::with_configuration(&format!(
        "apps: {{ x: {{ providers: {{ local-userpass: true }}, registration: open, confirmation: email }} }}\n\
         mail:\n  url: 'smtp://127.0.0.1:{port}'\n  from: 'Example <no-reply@example.com>'\n  confirm_url: 'https://app.example.com/confirm'\n  reset_url: 'https://app.example.com/reset'\n"
    ));
    let post = |path: &str, body: &str| {
        let path = format!("/app/x/auth/providers/local-userpass{path}");
        request(server.address(), "POST", &path, None, body)
    };
    let credentials = r#"{"email":"u@example.com","password":"correct horse"}"#;
    assert_eq!(post("/register", credentials).0, 201);
    let login = r#"{"username":"u@example.com","password":"correct horse"}"#;
    assert_eq!(post("/login", login).0, 401);
    let link = |page: &str| {
        let letter = letters.recv_timeout(PATIENCE).expect("a letter");
        assert!(
            letter.contains("MAIL FROM:<no-reply@example.com>"),
            "{letter}"
        );
        assert!(letter.contains("RCPT TO:<u@example.com>"), "{letter}");
        assert!(
            letter.contains("From: Example <no-reply@example.com>")
                || letter.contains("From: \"Example\" <no-reply@example.com>"),
            "{letter}"
        );
        let text = text(&letter);
        let link = text
            .split_whitespace()
            .find(|word| word.starts_with(page))
            .expect("a link")
            .to_owned();
        let value = |name: &str| {
            link.split(['?', '&'])
                .find_map(|pair| pair.strip_prefix(name))
                .unwrap()
                .to_owned()
        };
        (value("token="), value("tokenId="))
    };
    let (token, id) = link("https://app.example.com/confirm?app=x");
    assert_eq!(
        post(
            "/confirm",
            &format!(r#"{{"token":"{token}","tokenId":"{id}"}}"#)
        )
        .0,
        200
    );
    assert_eq!(post("/login", login).0, 200);
    assert_eq!(post("/reset/send", r#"{"email":"u@example.com"}"#).0, 202);
    let (token, id) = link("https://app.example.com/reset?app=x");
    let set = format!(r#"{{"token":"{token}","tokenId":"{id}","password":"battery staple"}}"#);
    assert_eq!(post("/reset", &set).0, 200);
    assert_eq!(post("/login", login).0, 401);
    assert_eq!(
        post("/login", &login.replace("correct horse", "battery staple")).0,
        200
    );
}

#[test]
fn a_server_for_mail_that_is_away_holds_nobody_up() {
    let gone = TcpListener::bind(("127.0.0.1", 0))
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let server = Server::with_configuration(&format!(
        "apps: {{ x: {{ providers: {{ local-userpass: true }}, registration: open }} }}\nmail:\n  url: 'smtp://127.0.0.1:{gone}'\n  from: no-reply@example.com\n  reset_url: 'https://app.example.com/reset'\n"
    ));
    let post = |path: &str, body: &str| {
        let path = format!("/app/x/auth/providers/local-userpass{path}");
        request(server.address(), "POST", &path, None, body)
    };
    let credentials = r#"{"email":"u@example.com","password":"correct horse"}"#;
    assert_eq!(post("/register", credentials).0, 201);
    assert_eq!(post("/reset/send", r#"{"email":"u@example.com"}"#).0, 202);
    server.log_with("an e-mail could not be sent");
}
