//! Every check of the protocol, provoked on a real socket: what is said, what is answered, and that nobody else notices.
//!
//! A check has the number of its place in the description of the protocol. `completeness` fails when one is in no table, or when the server can say something that no
//! table provokes.

mod completeness;
mod files;
mod names;
mod order;
mod syntax;
mod uploads;

use super::client::{Client, list_edit};
use crate::support::server::Server;

/// A check of the server.
struct Check {
    /// Its place: section and row.
    place: &'static str,
    /// Where the session is when it begins.
    stage: Stage,
    /// What is said then.
    said: Vec<Vec<u8>>,
    answer: Answer,
    /// In the error's words.
    cause: &'static str,
}

/// Where session 1 is.
#[derive(Clone, Copy, PartialEq)]
enum Stage {
    /// It has not begun.
    Nothing,
    /// It is bound and has not said which file it has.
    Bound,
    /// It syncs a file that has just been given out.
    Fresh,
    /// It syncs the file that has uploaded up to client version 4, knowing server version 1.
    Known,
}

/// What comes of it.
#[derive(Clone, Copy, PartialEq)]
enum Answer {
    /// Session 1 ends with this error and this action; the connection goes on.
    Session(u64, &'static str),
    /// The connection ends with this error.
    Connection(u64, &'static str),
}

use Answer::{Connection, Session};

const VIOLATION: &str = "ProtocolViolation";
const RESET: &str = "ClientReset";
const BUG: &str = "ApplicationBug";

/// A check that one message provokes.
fn check(
    place: &'static str,
    stage: Stage,
    said: impl Into<Vec<u8>>,
    answer: Answer,
    cause: &'static str,
) -> Check {
    Check {
        place,
        stage,
        said: vec![said.into()],
        answer,
        cause,
    }
}

/// What the tables speak of: a Realm with two versions, made by a client that has acknowledged the first.
struct Scene {
    server: Server,
    owner: Client,
    good: Client,
    /// The salt of version 2.
    newest_salt: u64,
}

impl Scene {
    fn set() -> Scene {
        let server = Server::start();
        let mut owner = Client::connect(&server);
        owner.bind(1, "/checks");
        owner.upload(1, &list_edit(0..1));
        owner.acknowledged();
        owner.version = 3;
        owner.upload_after(1, 1, &list_edit(1..2));
        assert!(owner.wire.await_message(|message| message.number(6) == 4));
        let download = std::iter::from_fn(|| owner.wire.receive())
            .find(|message| message.kind() == "download" && message.number(6) == 4);
        let newest_salt = download.unwrap().number(5);
        let mut good = Client::connect(&server);
        good.bind(1, "/good");
        Scene {
            server,
            owner,
            good,
            newest_salt,
        }
    }

    fn tables(&self) -> Vec<Check> {
        let mut all = order::checks();
        all.extend(syntax::checks());
        all.extend(names::checks());
        all.extend(files::checks(self));
        all.extend(uploads::checks());
        all
    }

    /// A connection whose session 9 syncs, with session 1 where it should be.
    fn arranged(&self, stage: Stage) -> Client {
        let mut client = Client::connect(&self.server);
        client.bind(9, "/beside");
        match stage {
            Stage::Nothing => {}
            Stage::Bound => client.send("bind 1 7 0 0 0\n", b"/checks"),
            Stage::Fresh => client.bind(1, "/checks"),
            Stage::Known => {
                client.send("bind 1 7 0 0 0\n", b"/checks");
                client.send(&self.known(1), b"");
                assert_eq!(client.next().kind(), "download");
            }
        }
        client
    }

    /// The IDENT of the owner's file.
    fn known(&self, session: u64) -> String {
        let (file, salt) = (self.owner.file, self.owner.salt);
        format!("ident {session} {file} {salt} 2 4 2 {}\n", self.newest_salt)
    }

    fn run(&mut self, check: &Check) {
        let name = format!("{}: {}", check.place, told(&check.said));
        let mut client = self.arranged(check.stage);
        for said in &check.said {
            assert!(client.wire.send(said.clone()), "{name}");
        }
        match check.answer {
            Session(code, action) => {
                let (told, session, json) = client.error();
                assert_eq!((told, session), (code, 1), "{name}: {json}");
                assert_eq!(json["action"], action, "{name}: {json}");
                says(&json, check.cause, &name);
                client.is_served(9);
                client.send("unbind 1\n", b"");
                client.bind(1, "/again");
            }
            Connection(code, action) => {
                let (told, session, json) = client.error();
                assert_eq!((told, session), (code, 0), "{name}: {json}");
                assert_eq!(json["action"], action, "{name}: {json}");
                says(&json, check.cause, &name);
                assert_eq!(client.wire.receive(), None, "{name}");
            }
        }
        self.good.is_served(1);
    }
}

fn says(json: &serde_json::Value, cause: &str, name: &str) {
    let message = json["message"].as_str().unwrap();
    assert!(message.contains(cause), "{name}: {message}");
}

/// What was said, for people.
fn told(said: &[Vec<u8>]) -> String {
    let lines = said.iter().map(|said| {
        let line = said.split(|byte| *byte == b'\n').next().unwrap_or_default();
        String::from_utf8_lossy(&line[..line.len().min(100)]).into_owned()
    });
    lines.collect::<Vec<_>>().join(" | ")
}

/// An UPLOAD of session 1: how far it claims to be, and for each changeset the client version and its base.
fn upload(progress: (u64, u64), locked: u64, entries: &[(u64, u64)]) -> Vec<u8> {
    let body: String = entries
        .iter()
        .map(|(client, server)| format!("{client} {server} 1 0 0 "))
        .collect();
    let (client, server) = progress;
    format!(
        "upload 1 0 {} 0 {client} {server} {locked}\n{body}",
        body.len()
    )
    .into()
}

#[test]
fn every_check_is_answered_and_nobody_else_notices() {
    let mut scene = Scene::set();
    for check in scene.tables() {
        scene.run(&check);
    }
}
