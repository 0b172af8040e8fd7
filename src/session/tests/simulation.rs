//! Clients that say what they like and a server that answers when it likes, from a seed. The invariants of the room are asserted at every step.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};

use super::*;

/// One connection, the client's sessions on it, and the server's side.
struct World {
    random: StdRng,
    connection: Connection,
    /// The client's view of its sessions, by their numbers.
    sessions: BTreeMap<u64, Client>,
    /// What the server was asked and has not answered.
    open: Vec<Question>,
    /// The Realm of every session that there ever was.
    keys: HashMap<SessionKey, String>,
    /// The last version that a client file has made.
    versions: BTreeMap<(String, u64), u64>,
    realms: BTreeMap<String, RealmState>,
    next_file: u64,
    over: bool,
    steps: Vec<String>,
}

#[derive(Default)]
struct RealmState {
    head: u64,
    /// How far each file is integrated.
    files: BTreeMap<u64, u64>,
}

/// What the client and the checks know of a session.
#[derive(Debug, Default)]
struct Client {
    key: Option<SessionKey>,
    realm: String,
    file: Option<u64>,
    identified: bool,
    /// Where its last DOWNLOAD left it.
    downloaded: u64,
    version: u64,
    acknowledged: u64,
    /// The last version that it uploaded with changesets.
    uploaded: u64,
    /// The MARK that was said last, and the head of the Realm then.
    mark: Option<(u64, u64)>,
    marks: u64,
    failed: bool,
}

enum Question {
    Bind(SessionKey, bool),
    LookUp(SessionKey, u64),
    Integrate(SessionKey, u64, Vec<u64>),
    Read(SessionKey, u64, u64),
}

impl World {
    fn new(seed: u64) -> World {
        // Any byte that is on its way stops the socket: so what is left at the end shows.
        let limits = Limits {
            pending_upload_bytes: 1,
            ..Limits::default()
        };
        World {
            random: StdRng::seed_from_u64(seed),
            connection: connection(14, Kind::Partition, limits),
            sessions: BTreeMap::new(),
            open: Vec::new(),
            keys: HashMap::new(),
            versions: BTreeMap::new(),
            realms: BTreeMap::new(),
            next_file: 2,
            over: false,
            steps: Vec::new(),
        }
    }

    fn step(&mut self) {
        match self.random.random_range(0..10) {
            0..5 => self.speak(),
            5..9 => self.answer(),
            _ => self.announce(),
        }
    }

    // The client

    fn speak(&mut self) {
        let number = self.random.random_range(1..6);
        let Some(client) = self.sessions.get(&number) else {
            return self.bind(number);
        };
        let (live, failed) = (client.identified, client.failed);
        match self.random.random_range(0..10) {
            0 => self.unbind(number),
            _ if failed => self.unbind(number),
            _ if !live => self.identify(number),
            1..4 => self.mark(number),
            _ => self.upload(number),
        }
    }

    fn bind(&mut self, number: u64) {
        let realm = ["/a", "/b"].choose(&mut self.random).unwrap().to_string();
        let old: Vec<u64> = self
            .realms
            .get(&realm)
            .into_iter()
            .flat_map(|state| state.files.keys().copied())
            .filter(|file| {
                self.sessions
                    .values()
                    .all(|client| client.file != Some(*file) || client.realm != realm)
            })
            .collect();
        let file = old.choose(&mut self.random).copied();
        let need = u8::from(file.is_none());
        let made = |file| self.versions.get(&(realm.clone(), file)).copied();
        let version = file.and_then(made).unwrap_or(1);
        self.sessions.insert(
            number,
            Client {
                realm: realm.clone(),
                file,
                version,
                ..Client::default()
            },
        );
        self.say(&format!("bind {number} 2 0 {need} 0\n{realm}"));
    }

    fn identify(&mut self, number: u64) {
        let client = self.sessions.get_mut(&number).unwrap();
        if let Some(file) = client.file {
            client.identified = true;
            self.say(&format!("ident {number} {file} {SALT} 0 0 0 0\n"));
        }
    }

    fn mark(&mut self, number: u64) {
        let client = self.sessions.get_mut(&number).unwrap();
        client.marks += 1;
        let head = self.realms.get(&client.realm).map_or(0, |realm| realm.head);
        client.mark = Some((client.marks, head));
        let mark = format!("mark {number} {}\n", client.marks);
        self.say(&mark);
    }

    fn upload(&mut self, number: u64) {
        let client = self.sessions.get_mut(&number).unwrap();
        let count = self.random.random_range(0..3);
        let versions: Vec<u64> = (1..=count).map(|index| client.version + index).collect();
        client.version += count + 1;
        client.uploaded = versions.last().copied().unwrap_or(client.uploaded);
        let file = client.file.expect("identified");
        self.versions
            .insert((client.realm.clone(), file), client.version);
        let client = &self.sessions[&number];
        let message = upload(number, &versions, client.version);
        self.say(&message);
    }

    fn unbind(&mut self, number: u64) {
        let client = self.sessions.remove(&number).unwrap();
        let said = self.say(&format!("unbind {number}\n"));
        let unbound = format!("unbound {number}");
        let times = said.iter().filter(|line| **line == unbound).count();
        assert_eq!(times, usize::from(!client.failed), "{said:?}");
        assert!(!said.iter().any(|line| line.contains("read?")));
    }

    fn say(&mut self, message: &str) -> Vec<String> {
        self.steps
            .push(message.lines().next().unwrap_or_default().into());
        self.input(Input::Message(message.as_bytes().to_vec().into()))
    }

    // The server

    /// Answers a question; those about uploads of one session in their order, others in any.
    fn answer(&mut self) {
        if self.open.is_empty() {
            return;
        }
        let mut index = self.random.random_range(0..self.open.len());
        if let Question::Integrate(key, ..) = &self.open[index] {
            let first = |question: &Question| matches!(question, Question::Integrate(other, ..) if other == key);
            index = self.open.iter().position(first).unwrap();
        }
        let fails = self.random.random_bool(0.03);
        let error = || WireError::new(ErrorCode::OtherSessionError);
        let input = match self.open.remove(index) {
            Question::Bind(key, _) if fails => Input::Bound(key, Err(error())),
            Question::LookUp(key, _) if fails => Input::ClientFile(key, Err(error())),
            Question::Read(key, ..) if fails => Input::Downloaded(key, Err(error())),
            Question::Integrate(key, ..) if fails => {
                // What comes after it of the same session is refused as well.
                for question in &mut self.open {
                    if let Question::Integrate(other, _, versions) = question
                        && *other == key
                    {
                        *versions = vec![0];
                    }
                }
                Input::Integrated(key, Err(WireError::new(ErrorCode::BadChangeset)))
            }
            Question::Integrate(key, _, versions) if versions == [0] => {
                Input::Integrated(key, Err(error()))
            }
            Question::Bind(key, need) => self.open_realm(key, need),
            Question::LookUp(key, file) => self.look_up(key, file),
            Question::Integrate(key, file, versions) => self.integrate(key, file, &versions),
            Question::Read(key, file, from) => self.read(key, file, from),
        };
        self.steps
            .push(format!("{input:?}").chars().take(60).collect());
        self.input(input);
    }

    fn realm_of(&mut self, key: SessionKey) -> &mut RealmState {
        self.realms.entry(self.keys[&key].clone()).or_default()
    }

    fn open_realm(&mut self, key: SessionKey, need: bool) -> Input {
        let file = need.then_some(self.next_file);
        self.next_file += u64::from(need);
        let name = self.keys[&key].clone();
        let realm = self.realm_of(key);
        realm.files.extend(file.map(|file| (file, 0)));
        let bound = Bound {
            realm: RealmName::from_canonical(name),
            file: file.map(|file| (FileIdent(file), Salt(SALT))),
        };
        Input::Bound(key, Ok(bound))
    }

    fn look_up(&mut self, key: SessionKey, file: u64) -> Input {
        let realm = self.realm_of(key);
        let mut facts = facts(realm.head);
        let upload = realm.files.get(&file).copied().unwrap_or_default();
        if let Some(stored) = &mut facts.file {
            stored.upload.client_version = ClientVersion(upload);
        }
        Input::ClientFile(key, Ok(facts))
    }

    fn integrate(&mut self, key: SessionKey, file: u64, versions: &[u64]) -> Input {
        let realm = self.realm_of(key);
        let known = realm.files.entry(file).or_default();
        for version in versions {
            if version > known {
                *known = *version;
                realm.head += 1;
            }
        }
        Input::Integrated(key, Ok(()))
    }

    fn read(&mut self, key: SessionKey, file: u64, from: u64) -> Input {
        let some = self.random.random_range(1..4);
        let realm = self.realm_of(key);
        let cursor = realm.head.min(from + some).max(from);
        let upload = realm.files.get(&file).copied().unwrap_or_default();
        Input::Downloaded(key, Ok(download(cursor, realm.head.max(from), upload)))
    }

    /// Tells one session the head of its Realm, or what was the head once.
    fn announce(&mut self) {
        let keys: Vec<SessionKey> = self
            .sessions
            .values()
            .filter_map(|client| client.key)
            .collect();
        if let Some(key) = keys.choose(&mut self.random).copied() {
            let late = self.random.random_range(0..2);
            let realm = self.realm_of(key);
            let head = realm.head.saturating_sub(late);
            self.input(Input::Announced(key, ServerVersion(head)));
        }
    }

    // What the connection puts out

    fn input(&mut self, input: Input) -> Vec<String> {
        let mut out = Vec::new();
        self.connection.handle(input, &mut out);
        assert!(!self.over || out.is_empty(), "something after the end");
        out.iter().for_each(|output| self.take(output));
        out.iter().filter_map(said).collect()
    }

    fn take(&mut self, output: &Output) {
        match output {
            Output::Send(frame) => self.sent(&frame.head),
            Output::Bind {
                session,
                need_client_file_ident,
                ..
            } => {
                let unbound = |client: &&mut Client| client.key.is_none();
                let fresh = self.sessions.iter_mut().find(|(_, client)| unbound(client));
                let (_, client) = fresh.expect("a session was bound");
                client.key = Some(*session);
                let before = self.keys.insert(*session, client.realm.clone());
                assert_eq!(before, None, "a key twice");
                self.open
                    .push(Question::Bind(*session, *need_client_file_ident));
            }
            Output::LookUp { session, file, .. } => {
                self.open.push(Question::LookUp(*session, file.0))
            }
            Output::Integrate {
                session,
                file,
                entries,
                ..
            } => {
                let versions = entries.iter().map(|entry| entry.cursor.client_version.0);
                self.open
                    .push(Question::Integrate(*session, file.0, versions.collect()));
            }
            Output::Read {
                session,
                file,
                from,
            } => {
                let twice = |question: &Question| matches!(question, Question::Read(key, ..) if key == session);
                assert!(!self.open.iter().any(twice), "two reads at a time");
                self.open
                    .push(Question::Read(*session, file.0, from.server_version.0));
            }
            Output::Close(_) => self.over = true,
            Output::Note { session, .. } => {
                let before = |question: &Question| matches!(question, Question::Integrate(key, ..) if key == session);
                assert!(
                    !self.open.iter().any(before),
                    "progress overtakes an upload"
                );
            }
            Output::Claim { .. } | Output::Release(_) | Output::Report { .. } => {}
        }
    }

    fn sent(&mut self, head: &[u8]) {
        let line = sent(head);
        let words: Vec<&str> = line.split(' ').collect();
        let number = |index: usize| words[index].parse::<u64>().unwrap();
        if words[0] == "error" {
            assert!(number(1) >= 200, "the client did nothing wrong: {line}");
            let client = self.sessions.get_mut(&number(2)).expect("a session");
            assert!(!client.failed, "two errors");
            client.failed = true;
            return;
        }
        if words[0] == "unbound" {
            return;
        }
        let client = self.sessions.get_mut(&number(1)).expect("a session");
        assert!(!client.failed, "{line} after an error");
        match words[0] {
            "ident" => client.file = Some(number(2)),
            "download" => {
                let (cursor, newest, upload) = (number(2), number(3), number(4));
                assert!(cursor >= client.downloaded, "{line} goes back");
                assert!(cursor <= newest && upload <= client.version, "{line}");
                client.downloaded = cursor;
                client.acknowledged = client.acknowledged.max(upload);
            }
            "mark" => {
                let (request, head) = client.mark.take().expect("a MARK");
                assert_eq!(number(2), request);
                assert!(client.downloaded >= head, "{line} before all was sent");
            }
            _ => panic!("{line}"),
        }
    }

    /// Answers all that is open and tells everybody the news, until nothing happens any more.
    fn settle(&mut self) {
        loop {
            while !self.open.is_empty() {
                self.answer();
            }
            let keys: Vec<SessionKey> = self
                .sessions
                .values()
                .filter_map(|client| client.key)
                .collect();
            for key in keys {
                let realm = self.realm_of(key);
                let head = realm.head;
                self.input(Input::Announced(key, ServerVersion(head)));
            }
            if self.open.is_empty() {
                return;
            }
        }
    }

    /// Nothing is owed to anybody.
    fn is_settled(&self) {
        for client in self.sessions.values() {
            if client.failed || !client.identified {
                continue;
            }
            assert_eq!(client.mark, None, "an unanswered MARK");
            assert_eq!(client.downloaded, self.realms[&client.realm].head);
            assert!(client.acknowledged >= client.uploaded, "{client:?}");
        }
        assert!(self.connection.may_read_socket(), "something still counts");
    }
}

#[test]
fn invariants_hold_whatever_comes() {
    for seed in 0..2000 {
        let mut world = World::new(seed);
        let run = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            for _ in 0..200 {
                world.step();
            }
            world.settle();
            world.is_settled();
        }));
        if let Err(panic) = run {
            println!("seed {seed}: {:#?}", world.steps);
            std::panic::resume_unwind(panic);
        }
    }
}

/// Bytes that are nearly messages: the connection answers or ends, and never panics.
#[test]
fn noise_is_survived() {
    let mut random = StdRng::seed_from_u64(1);
    let messages = [
        "bind 1 2 0 1 0\n/a".to_owned(),
        "ident 1 2 77 0 0 0 0\n".into(),
        upload(1, &[2, 3], 4),
        "mark 1 1\n".into(),
        "unbind 1\n".into(),
        "json_error 112 2 1\n{}".into(),
        "ping 1 1\n".into(),
    ];
    let mut ends = BTreeSet::new();
    for _ in 0..20_000 {
        let mut peer = Peer::live();
        for _ in 0..random.random_range(1..4) {
            let mut bytes = messages.choose(&mut random).unwrap().clone().into_bytes();
            for _ in 0..random.random_range(0..3) {
                let at = random.random_range(0..bytes.len());
                bytes[at] = random.random();
            }
            let said = peer.input(Input::Message(bytes.into()));
            ends.extend(said.into_iter().filter(|line| line.starts_with("error")));
        }
    }
    assert!(ends.iter().any(|line| line.starts_with("error 103 ")));
}
