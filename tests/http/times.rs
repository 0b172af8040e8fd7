//! What the time of an answer could tell: for each question the cases that nobody shall tell apart. Their answers are the same, which is checked; their times are measured in turn, in the process
//! and without a network, where they differ least from chance. Nothing is asserted of times: they are the machine's.
//!
//! `ROS_LONG=1 cargo test --release --test tests http::times -- --nocapture` prints the table.

use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ros::auth::ClassicToken;
use ros::config::{App, Lifetimes};
use serde_json::{Value, json};

use super::{BASE, Server, keys};

const PASSWORD: &str = "correct horse";

/// One way to ask a question.
struct Case {
    question: &'static str,
    name: &'static str,
    method: &'static str,
    path: String,
    token: Option<String>,
    body: Value,
    times: Vec<Duration>,
}

/// A hash of another server: what it is made with decides how long comparing takes.
#[derive(Clone, Copy)]
struct Hash(&'static str, u32);

const BOTH: [Hash; 2] = [Hash("sha512", 10_000), Hash("sha256", 100_000)];

async fn administer(server: &Server, method: &str, path: &str, body: &Value) {
    let (path, token) = (
        format!("/api/ros/v1/users{path}"),
        ClassicToken::admin(&keys()),
    );
    let reply = server
        .request_at(method, &path, Some(token.reveal()), &body.to_string())
        .await;
    assert!(reply.status.is_success(), "{path} {:?}", reply.body);
}

/// A server with users of every kind in the app `x` and among the classic ones.
async fn server(imported: &[Hash]) -> Server {
    let server = Server::with(|settings| {
        settings.limits.registrations = u32::MAX;
        settings.limits.wrong_passwords = u32::MAX;
        settings.mail.url = Some("smtp://127.0.0.1:1".to_owned());
        settings.mail.from = Some("ros@example.com".to_owned());
        settings.mail.reset_url = Some("https://app.example.com/reset".to_owned());
        settings.mail.confirm_url = Some("https://app.example.com/confirm".to_owned());
        settings.apps.any = settings.apps.any.clone().map(|app| App {
            confirm_email: true,
            lifetimes: Lifetimes {
                access: 1_000_000_000,
                refresh: 1_000_000_000,
            },
            ..app
        });
    });
    for app in ["x", "classic"] {
        for (name, password) in [
            ("known@example.com", Some(PASSWORD)),
            ("suspended@example.com", Some(PASSWORD)),
            ("without@example.com", None),
        ] {
            let body = json!({"name": name, "app": app, "password": password});
            administer(&server, "POST", "", &body).await;
        }
        let path = format!("/suspended%40example.com?app={app}");
        administer(&server, "PATCH", &path, &json!({"suspended": true})).await;
        for Hash(digest, rounds) in imported {
            let user = json!({
                "id": format!("{app}-{digest}"), "name": format!("{digest}@example.com"), "app": app,
                "digest": digest, "iterations": rounds,
                "hash": BASE64_STANDARD.encode([7; 64]), "salt": BASE64_STANDARD.encode([8; 32]),
            });
            administer(&server, "POST", "/import", &user).await;
        }
    }
    let elsewhere = json!({"name": "elsewhere@example.com", "app": "y", "password": PASSWORD});
    administer(&server, "POST", "", &elsewhere).await;
    server
}

/// Signing in with a wrong password.
fn signing_in(imported: &[Hash], of_app: &'static str, of_classic: &'static str) -> Vec<Case> {
    let mut names = vec![
        ("nobody", "nobody@example.com"),
        ("a user", "known@example.com"),
        ("suspended", "suspended@example.com"),
        ("without a password", "without@example.com"),
        ("a user of another app", "elsewhere@example.com"),
    ];
    if !imported.is_empty() {
        names.push(("imported, SHA-512, 10,000 rounds", "sha512@example.com"));
        names.push(("imported, SHA-256, 100,000 rounds", "sha256@example.com"));
    }
    let app = |&(name, who): &(&'static str, &str)| {
        let path = format!("{BASE}/app/x/auth/providers/local-userpass/login");
        let body = json!({"username": who, "password": "wrong password"});
        Case::new(of_app, name, "POST", path).with(body)
    };
    let classic = |&(name, who): &(&'static str, &str)| {
        let body = json!({"provider": "password", "data": who, "user_info": {"password": "wrong password"}});
        Case::new(of_classic, name, "POST", "/auth".to_owned()).with(body)
    };
    let (of_app, of_classic) = (names.iter().map(app), names.iter().map(classic));
    of_app.chain(of_classic).collect()
}

/// All other questions that a name, an address or an id is part of.
async fn others(server: &Server) -> Vec<Case> {
    let (classic, user) = server.classic_user("stranger@example.com").await;
    let access = server.anonymous().await.text("access_token");
    let known = server.classic_user("friend@example.com").await.1;
    let (own, known) = (&user["identity"], known["identity"].as_str().unwrap());
    assert!(own.is_string());
    let addresses = [
        ("nobody", "nobody@example.com"),
        ("a user", "known@example.com"),
        ("suspended", "suspended@example.com"),
    ];
    let mut cases = Vec::new();
    for (name, email) in addresses {
        for (question, path) in [
            ("a letter to set a password", "reset/send"),
            ("a letter to confirm an address", "confirm/send"),
        ] {
            let path = format!("{BASE}/app/x/auth/providers/local-userpass/{path}");
            cases.push(Case::new(question, name, "POST", path).with(json!({ "email": email })));
        }
        for (question, action) in [
            ("a letter to set a password, classic", "reset_password"),
            (
                "a letter to confirm an address, classic",
                "request_email_confirmation",
            ),
        ] {
            let body = json!({"provider_id": email, "data": {"action": action}});
            let path = "/auth/password/updateAccount".to_owned();
            cases.push(Case::new(question, name, "POST", path).with(body));
        }
        let path = format!("{BASE}/app/x/auth/providers/local-userpass/login?link=true");
        let body = json!({"username": email, "password": "wrong password"});
        let case = Case::new("linking with a wrong password", name, "POST", path);
        cases.push(case.with(body).shown(&access));
        let path = format!("/auth/users/password/{}", email.replace('@', "%40"));
        let case = Case::new("a stranger looks a name up", name, "GET", path);
        cases.push(case.shown(&classic));
    }
    for (name, id) in [
        ("nobody", "0123456789abcdef0123456789abcdef"),
        ("a user", known),
    ] {
        let path = format!("/auth/users/{id}");
        cases.push(
            Case::new("a stranger looks an id up", name, "GET", path.clone()).shown(&classic),
        );
        cases.push(Case::new("a stranger removes a user", name, "DELETE", path).shown(&classic));
        let body = json!({"token": classic, "password": "battery staple", "user_id": id});
        let path = "/auth/password".to_owned();
        cases.push(Case::new("a stranger sets a password", name, "PUT", path).with(body));
    }
    cases
}

impl Case {
    fn new(question: &'static str, name: &'static str, method: &'static str, path: String) -> Case {
        Case {
            question,
            name,
            method,
            path,
            token: None,
            body: Value::Null,
            times: Vec::new(),
        }
    }

    fn with(self, body: Value) -> Case {
        Case { body, ..self }
    }

    fn shown(self, token: &str) -> Case {
        Case {
            token: Some(token.to_owned()),
            ..self
        }
    }

    /// Asks once; the answer.
    async fn ask(&mut self, server: &Server) -> (u16, String) {
        let body = match &self.body {
            Value::Null => String::new(),
            body => body.to_string(),
        };
        let begin = Instant::now();
        let reply = server
            .request_at(self.method, &self.path, self.token.as_deref(), &body)
            .await;
        self.times.push(begin.elapsed());
        let body = String::from_utf8_lossy(&reply.body).into_owned();
        (reply.status.as_u16(), body)
    }

    /// The time within which this share of the answers came, in milliseconds.
    fn within(&mut self, share: usize) -> f64 {
        self.times.sort_unstable();
        let at = (self.times.len() - 1) * share / 100;
        self.times[at].as_secs_f64() * 1000.0
    }
}

/// Asks all of it so many times, case after case: what the machine does meanwhile meets all of them.
async fn measure(server: &Server, cases: &mut [Case], rounds: usize) {
    for round in 0..=rounds {
        server.pass(60); // so many letters are written to one address in a minute, and no more
        server.world.letters.lock().unwrap().clear();
        let mut answers: Vec<(&str, (u16, String))> = Vec::new();
        for case in &mut *cases {
            let answer = case.ask(server).await;
            if round == 0 {
                case.times.clear(); // statements are prepared, memory is taken
            }
            match answers
                .iter()
                .find(|(question, _)| *question == case.question)
            {
                Some((_, first)) => assert_eq!(answer, *first, "{}: {}", case.question, case.name),
                None => answers.push((case.question, answer)),
            }
        }
    }
}

fn print(cases: &mut [Case]) {
    println!("| question | who | half | 10 to 90 in 100 |\n|---|---|---|---|");
    for case in cases {
        let (question, name) = (case.question, case.name);
        let [least, half, most] = [10, 50, 90].map(|share| case.within(share));
        println!("| {question} | {name} | {half:.2} ms | {least:.2} to {most:.2} ms |");
    }
}

#[tokio::test]
async fn nobody_is_told_apart_by_answer_and_times_are_there_to_be_looked_at() {
    let rounds = match std::env::var_os("ROS_LONG") {
        Some(_) => 200,
        None => 1,
    };
    let fresh = server(&[]).await;
    let mut cases = signing_in(&[], "signing in", "signing in, classic");
    cases.extend(others(&fresh).await);
    measure(&fresh, &mut cases, rounds).await;
    print(&mut cases);

    let moved = server(&BOTH).await;
    let mut cases = signing_in(
        &BOTH,
        "signing in where hashes were imported",
        "signing in where hashes were imported, classic",
    );
    measure(&moved, &mut cases, rounds).await;
    print(&mut cases);
}
