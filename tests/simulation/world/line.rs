//! A connection: the client's half, the server's half, and what is on the way between them.

use std::cell::Cell;
use std::collections::VecDeque;
use std::rc::Rc;

use bytes::Bytes;
use ros::download;
use ros::ident::{FileIdent, RealmName, ServerVersion};
use ros::limits::Limits;
use ros::realm::{Allow, RealmError, Refusal};
use ros::replica::{Output as Said, ResetMode, Session};
use ros::server::between;
use ros::session::{Connection, Input, Output, SessionKey};
use ros::wire::{Action, ErrorCode, WireError, negotiate};

use super::device::Device;
use super::server::{Job, Server};
use crate::simulation::user;

/// A connection.
pub struct Line {
    /// The device at the other end.
    pub device: usize,
    /// Its half; gone when it has given the connection up and the server does not know yet.
    pub client: Option<Session>,
    server: Connection,
    /// Messages to the server.
    pub up: VecDeque<Bytes>,
    /// Messages to the client.
    pub down: VecDeque<Bytes>,
    /// The file that it has claimed.
    pub file: Option<FileIdent>,
    /// The version that it was told of last.
    pub announced: ServerVersion,
    /// An upload was refused: those after it are too, even when the connection has ended.
    pub is_broken: Rc<Cell<bool>>,
}

/// What came of an input.
#[derive(Default)]
pub struct Told {
    /// Messages of the server, as far as they got.
    pub sent: Vec<Bytes>,
    /// Uploads for the lane.
    pub jobs: Vec<Job>,
    /// A file that belongs to this connection from now on.
    pub claimed: Option<FileIdent>,
    /// The server ends the connection.
    pub closed: bool,
    /// What went wrong with a Realm.
    pub errors: Vec<RealmError>,
}

/// The one session of a connection.
pub const SESSION: SessionKey = SessionKey(1);

impl Line {
    /// A device calls.
    pub fn new(id: u64, number: usize, device: &Device) -> Line {
        let offered = negotiate("com.mongodb.realm-sync#14").expect("known");
        let mut said = Vec::new();
        let client = Session::start(device.replica(), "/realm", ResetMode::Recover, &mut said);
        let mut line = Line {
            device: number,
            client: Some(client),
            server: Connection::new(&offered, format!("{id}"), Limits::default()),
            up: VecDeque::new(),
            down: VecDeque::new(),
            file: None,
            announced: ServerVersion(0),
            is_broken: Rc::default(),
        };
        line.say(said);
        line
    }

    /// Sends what the client says.
    pub fn say(&mut self, said: Vec<Said>) {
        let messages = said.into_iter().filter_map(|output| match output {
            Said::Send(message) => Some(message),
            Said::Moved(_) | Said::Marked(_) | Said::Ended(_) => None,
        });
        self.up.extend(messages);
    }

    /// The client has made something.
    pub fn changed(&mut self, device: &Device) {
        if let Some(client) = &mut self.client {
            let mut said = Vec::new();
            client.changed(device.replica(), &mut said);
            self.say(said);
        }
    }

    /// Gives the server's half an input and carries out what it asks, as long as `alive` says that there is a server.
    pub fn tell(
        &mut self,
        id: u64,
        input: Input,
        server: &Server,
        realm: &RealmName,
        alive: impl Fn() -> bool,
    ) -> Told {
        let mut told = Told::default();
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            let mut outputs = Vec::new();
            self.server.handle(input, &mut outputs);
            for output in outputs {
                inputs.extend(self.carry_out(id, output, server, realm, &mut told));
                if !alive() {
                    return told;
                }
            }
        }
        self.down.extend(told.sent.iter().cloned());
        told
    }

    fn carry_out(
        &self,
        id: u64,
        output: Output,
        server: &Server,
        realm: &RealmName,
        told: &mut Told,
    ) -> Option<Input> {
        match output {
            Output::Send(frame) => {
                told.sent
                    .push([&frame.head[..], &frame.body[..]].concat().into());
                None
            }
            Output::Bind {
                session,
                need_client_file_ident,
                ..
            } => {
                let opened = server.realm(realm);
                let bound = opened
                    .and_then(|realm| between::bound(&realm, need_client_file_ident, &user()));
                Some(Input::Bound(session, told.answer(bound)))
            }
            Output::LookUp {
                session,
                file,
                salt: _,
                latest,
            } => {
                let facts = server.realm(realm).and_then(|realm| {
                    let stored = between::stored(&realm, file, &user())?;
                    between::facts(&realm, stored, false, latest)
                });
                Some(Input::ClientFile(session, told.answer(facts)))
            }
            Output::Note {
                file,
                progress,
                locked,
                ..
            } => {
                // A Realm that cannot be opened knows nothing of it; the client says it again.
                let noted = server
                    .realm(realm)
                    .map(|realm| realm.note(file, progress, locked));
                assert!(noted.unwrap_or(true));
                None
            }
            Output::Integrate {
                session,
                file,
                entries,
                progress,
                locked,
            } => {
                told.jobs.push(Job {
                    line: id,
                    is_broken: self.is_broken.clone(),
                    session,
                    realm: realm.clone(),
                    pending: between::pending(file, entries, progress, locked, Allow::ALL),
                });
                None
            }
            Output::Read {
                session,
                file,
                from,
            } => {
                let protocol = self.server.protocol();
                let made = server.realm(realm).and_then(|realm| {
                    download::make(&realm, &server.fragments, file, from, protocol, 300)
                });
                Some(Input::Downloaded(
                    session,
                    told.answer(made.map(between::downloaded)),
                ))
            }
            Output::Report { text, .. } => {
                assert!(!text.contains("could not use"), "{text}");
                None
            }
            Output::Claim { file, .. } => {
                told.claimed = Some(file);
                None
            }
            Output::Close(_) => {
                told.closed = true;
                None
            }
            Output::Release(_) => None,
        }
    }
}

impl Told {
    /// What a session is told when its Realm has failed.
    fn answer<T>(&mut self, answer: Result<T, RealmError>) -> Result<T, WireError> {
        answer.map_err(|error| {
            self.errors.push(error);
            unavailable()
        })
    }
}

/// As the server says it.
pub fn unavailable() -> WireError {
    WireError::new(ErrorCode::OtherSessionError).with(Action::Transient)
}

/// What becomes of a refusal. In a world without hostile clients there is one cause.
pub fn told(refusal: Refusal) -> WireError {
    match refusal {
        Refusal::Unavailable(_) => unavailable(),
        other => panic!("an upload was refused: {other}"),
    }
}
