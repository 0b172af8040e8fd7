//! Copies of our own client on the real session machine and a real Realm's file: both ends of the wire, without a wire.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use ros::download::{self, Fragments};
use ros::ident::OriginTimestamp;
use ros::limits::Limits;
use ros::realm::{Allow, Realm, Refusal};
use ros::replica::{Local, Output as Said, Replica, ResetMode, Rules, Session};
use ros::server::between;
use ros::session::{self, Connection, Input, Output};
use ros::state::MemoryCells;
use ros::storage::ReplicaFile;
use ros::wire::{Answer, WireError, negotiate};

use super::{SCOPE, Server, seeds, stored, user};
use crate::support::edits::{self, Shape};
use crate::support::model::{Model, difference};

/// A copy with the connection that it has, if it has one.
struct Device {
    replica: Option<Replica>,
    /// Its file, if it has one.
    file: Option<std::path::PathBuf>,
    line: Option<Line>,
    resets: usize,
    shape: Shape,
}

/// A connection: both machines, and what is on the way between them.
struct Line {
    client: Session,
    server: Connection,
    up: VecDeque<Bytes>,
    down: VecDeque<Bytes>,
}

impl Device {
    fn new(file: Option<std::path::PathBuf>, shape: Shape) -> Device {
        let mut device = Device {
            replica: None,
            file,
            line: None,
            resets: 0,
            shape,
        };
        device.open();
        device
    }

    fn open(&mut self) {
        let local = match &self.file {
            Some(file) => Local::File(ReplicaFile::open(file).unwrap()),
            None => Local::Memory(MemoryCells::default()),
        };
        self.replica = Some(Replica::open(local, Rules::SERVER).unwrap());
    }

    fn replica(&mut self) -> &mut Replica {
        self.replica.as_mut().unwrap()
    }

    fn model(&self) -> Model {
        let replica = self.replica.as_ref().unwrap();
        replica
            .look(|schema, cells| Model::read(cells, schema))
            .unwrap()
    }

    /// Its process dies; what is in a file is still there. Copies in memory only lose their connection.
    fn restart(&mut self) {
        self.line = None;
        if self.file.is_some() {
            self.replica = None;
            self.open();
        }
    }

    fn edit(&mut self, random: &mut StdRng, now: u64) {
        let mut model = self.model();
        let changeset = if model.classes.is_empty() {
            self.shape.beginning(&mut model)
        } else {
            edits::transaction(random, &mut model, SCOPE, 5)
        };
        let made = self.replica().write(OriginTimestamp(now), |transaction| {
            changeset
                .instructions
                .into_iter()
                .try_for_each(|instruction| transaction.apply(instruction))
        });
        made.unwrap_or_else(|error| panic!("{error}"));
        assert!(difference(&model, &self.model()).is_none());
        let replica = self.replica.as_ref().unwrap();
        if let Some(line) = &mut self.line {
            let mut said = Vec::new();
            line.client.changed(replica, &mut said);
            line.sent(said);
        }
    }

    fn connect(&mut self, number: u64) {
        let offered = negotiate("com.mongodb.realm-sync#14").unwrap();
        let server = Connection::new(&offered, format!("{number}"), Limits::default());
        let mut said = Vec::new();
        let replica = self.replica.as_ref().unwrap();
        let client = Session::start(replica, "/realm", ResetMode::Recover, &mut said);
        let mut line = Line {
            client,
            server,
            up: VecDeque::new(),
            down: VecDeque::new(),
        };
        line.sent(said);
        self.line = Some(line);
    }

    /// The client takes a message; whether there was one.
    fn hear(&mut self) -> bool {
        let Some(line) = &mut self.line else {
            return false;
        };
        let Some(message) = line.down.pop_front() else {
            return false;
        };
        let answer = Answer::decode(message, 1 << 30).unwrap();
        let mut said = Vec::new();
        let replica = self.replica.as_mut().unwrap();
        line.client
            .handle(answer, replica, &mut said)
            .unwrap_or_else(|error| panic!("{error}"));
        let over = said.iter().find_map(|output| match output {
            Said::Ended(error) => Some(error.clone()),
            Said::Send(_) | Said::Moved(_) | Said::Marked(_) => None,
        });
        let marked = said.iter().any(|output| matches!(output, Said::Marked(_)));
        line.sent(said);
        if marked && replica.has_parked() {
            replica.recover(OriginTimestamp(0)).unwrap();
            let mut said = Vec::new();
            line.client.changed(replica, &mut said);
            line.sent(said);
        }
        if let Some(error) = over {
            assert!([208, 209, 211].contains(&error.code), "{error}");
            self.resets += 1;
            self.line = None;
        }
        true
    }

    /// The server takes a message; whether there was one.
    fn serve(&mut self, realm: &Arc<Realm>, fragments: &Fragments) -> bool {
        let Some(line) = &mut self.line else {
            return false;
        };
        let Some(message) = line.up.pop_front() else {
            return false;
        };
        line.tell(Input::Message(message), realm, fragments);
        true
    }

    fn is_settled(&self) -> bool {
        let replica = self.replica.as_ref().unwrap();
        replica.unacknowledged_bytes() == 0 && !replica.has_parked()
    }
}

impl Line {
    fn sent(&mut self, said: Vec<Said>) {
        self.up
            .extend(said.into_iter().filter_map(|output| match output {
                Said::Send(message) => Some(message),
                Said::Moved(_) | Said::Marked(_) | Said::Ended(_) => None,
            }));
    }

    /// Gives the server's machine an input, and carries out what it asks.
    fn tell(&mut self, input: Input, realm: &Arc<Realm>, fragments: &Fragments) {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            let mut outputs = Vec::new();
            self.server.handle(input, &mut outputs);
            for output in outputs {
                inputs.extend(self.carry_out(output, realm, fragments));
            }
        }
    }

    fn carry_out(
        &mut self,
        output: Output,
        realm: &Arc<Realm>,
        fragments: &Fragments,
    ) -> Option<Input> {
        match output {
            Output::Send(frame) => {
                self.down
                    .push_back([&frame.head[..], &frame.body[..]].concat().into());
                None
            }
            Output::Bind {
                session,
                need_client_file_ident,
                ..
            } => {
                let bound = between::bound(realm, need_client_file_ident, &user()).unwrap();
                Some(Input::Bound(session, Ok(bound)))
            }
            Output::LookUp {
                session,
                file,
                salt: _,
                latest,
            } => {
                let stored = between::stored(realm, file, &user()).unwrap();
                let facts = between::facts(realm, stored, false, latest).unwrap();
                Some(Input::ClientFile(session, Ok(facts)))
            }
            Output::Note {
                file,
                progress,
                locked,
                ..
            } => {
                assert!(realm.note(file, progress, locked));
                None
            }
            Output::Integrate {
                session,
                file,
                entries,
                progress,
                locked,
            } => {
                let pending = between::pending(file, entries, progress, locked, Allow::ALL);
                let mut integrated = realm.integrate(vec![pending]).unwrap();
                let outcome = integrated.outcomes.remove(0).map_err(told);
                Some(Input::Integrated(session, outcome))
            }
            Output::Read {
                session,
                file,
                from,
            } => {
                let protocol = self.server.protocol();
                let made = download::make(realm, fragments, file, from, protocol, 300).unwrap();
                Some(Input::Downloaded(session, Ok(between::downloaded(made))))
            }
            Output::Report { text, .. } => {
                assert!(!text.contains("could not use"), "{text}");
                None
            }
            Output::Claim { .. } | Output::Release(_) | Output::Close(_) => None,
        }
    }
}

fn told(refusal: Refusal) -> WireError {
    panic!("{refusal}")
}

/// Copies edit, lose their connections, restart; the server restarts and may lose what it had. In the end all are equal. How many client
/// resets there were.
fn converge(seed: u64, forgets: bool) -> usize {
    println!("seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start();
    let mut fragments = Fragments::new(1 << 20);
    let mut devices: Vec<Device> = (0..random.random_range(2..=4))
        .map(|number| {
            let in_file = random.random_bool(0.3);
            let file = in_file.then(|| folder.path().join(format!("{number}.realm")));
            Device::new(file, Shape::of(seed))
        })
        .collect();
    let mut connections = 0;
    let mut heads = BTreeMap::new();
    for now in 1..random.random_range(50..250) {
        let device = random.random_range(0..devices.len());
        let device = &mut devices[device];
        match random.random_range(0..100) {
            0..25 => {
                let wrong_clock = random.random_range(0..5);
                device.edit(&mut random, now + wrong_clock);
            }
            25..35 if device.line.is_none() => {
                connections += 1;
                device.connect(connections);
            }
            35..38 => device.line = None,
            38..41 => device.restart(),
            41 => {
                devices.iter_mut().for_each(|device| device.line = None);
                server.restart();
            }
            42 if forgets => {
                devices.iter_mut().for_each(|device| device.line = None);
                server.forget();
                fragments = Fragments::new(1 << 20);
                heads.clear();
            }
            _ => exchange(
                device,
                &server.realm(),
                &fragments,
                random.random_range(1..6),
            ),
        }
        announce(&mut devices, &server, &fragments, &mut heads);
    }
    settle(
        &mut devices,
        &server,
        &fragments,
        &mut heads,
        &mut connections,
    );
    let state = stored(&server.realm());
    for (number, device) in devices.iter().enumerate() {
        if let Some(place) = difference(&state, &device.model()) {
            panic!("server and device {number}, seed {seed}: {place}");
        }
    }
    devices.iter().map(|device| device.resets).sum()
}

/// Messages go back and forth.
fn exchange(device: &mut Device, realm: &Arc<Realm>, fragments: &Fragments, most: usize) {
    for _ in 0..most {
        device.serve(realm, fragments);
        device.hear();
    }
}

/// Whoever is connected hears of a new version.
fn announce(
    devices: &mut [Device],
    server: &Server,
    fragments: &Fragments,
    heads: &mut BTreeMap<usize, u64>,
) {
    let realm = server.realm();
    let head = realm.head().version;
    for (number, device) in devices.iter_mut().enumerate() {
        if let Some(line) = &mut device.line
            && heads.insert(number, head.0) != Some(head.0)
        {
            line.tell(
                Input::Announced(session::SessionKey(1), head),
                &realm,
                fragments,
            );
        }
    }
}

fn settle(
    devices: &mut [Device],
    server: &Server,
    fragments: &Fragments,
    heads: &mut BTreeMap<usize, u64>,
    connections: &mut u64,
) {
    for round in 0.. {
        assert!(round < 1000, "they do not settle");
        for device in devices.iter_mut() {
            if device.line.is_none() {
                *connections += 1;
                device.connect(*connections);
            }
            exchange(device, &server.realm(), fragments, 20);
        }
        heads.clear();
        announce(devices, server, fragments, heads);
        let quiet = devices.iter().all(|device| {
            let line = device.line.as_ref();
            device.is_settled()
                && line.is_some_and(|line| line.up.is_empty() && line.down.is_empty())
        });
        let head = server.realm().head().version;
        let there = |device: &Device| {
            device
                .replica
                .as_ref()
                .unwrap()
                .progress()
                .download
                .server_version
                == head
        };
        if quiet && devices.iter().all(there) {
            return;
        }
    }
}

#[test]
fn our_own_copies_converge() {
    for seed in seeds(60, 3000) {
        assert_eq!(converge(seed, false), 0);
    }
}

/// A server that has lost everything asks for client resets; what was not acknowledged by it is made again.
#[test]
fn our_own_copies_survive_client_resets() {
    let resets: usize = seeds(30, 1000).map(|seed| converge(seed, true)).sum();
    assert!(resets > 0);
}
