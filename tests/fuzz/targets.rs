//! What strange bytes are given to: each target takes any bytes and must neither panic nor find a state that cannot be read.
//!
//! The same file is compiled into the tests, which alter known inputs, and into `fuzz/`, where coverage guides the alterations.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, OnceLock};

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::Request as HttpRequest;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use ros::auth::{AppToken, ClassicToken, KeyPair, TokenKind};
use ros::changeset::{Changeset, Instruction, Step, Value, decode, encode};
use ros::config::{Overrides, Settings};
use ros::http::{Arrival, Http, Surroundings};
use ros::ident::{FileIdent, LoginId, OriginTimestamp, RealmName, Salt, SaltedVersion, UserId};
use ros::ident::{ServerVersion, UnixTime, UploadCursor};
use ros::limits::Limits;
use ros::merge::{OrderKey, Part, Rules, merge};
use ros::replica::{Local, Replica, ResetMode, Session};
use ros::secret::Secret;
use ros::session::{Bound, Connection, FileFacts, Input, Output, StoredFile};
use ros::state::{Applier, MemoryCells, Schema};
use ros::system::System;
use ros::wire::{Answer, Request, negotiate};

use crate::support::edits::Shape;
use crate::support::model::{Model, difference};

/// A target by its name.
pub type Target = (&'static str, fn(&[u8]));

/// All of them.
pub const TARGETS: [Target; 8] = [
    ("changeset", changeset),
    ("server_wire", server_wire),
    ("client_wire", client_wire),
    ("merge", merge_two),
    ("apply", apply),
    ("http", http),
    ("token", token),
    ("config", config),
];

/// What decodes is the same when it is written again.
pub fn changeset(data: &[u8]) {
    if let Ok(read) = decode(&Bytes::copy_from_slice(data)) {
        assert_eq!(decode(&encode(&read).into()).as_ref(), Ok(&read));
    }
}

/// Parts with their lengths in front, two bytes each; the last has what is left.
fn parts(mut data: &[u8]) -> Vec<Bytes> {
    let mut all = Vec::new();
    while let Some((length, rest)) = data.split_first_chunk() {
        let (part, rest) = rest.split_at(rest.len().min(u16::from_le_bytes(*length).into()));
        all.push(Bytes::copy_from_slice(part));
        data = rest;
    }
    all
}

/// The inverse: what a corpus holds.
pub fn joined(parts: &[Bytes]) -> Vec<u8> {
    let one = |part: &Bytes| {
        let length = u16::try_from(part.len()).unwrap_or(u16::MAX);
        [&length.to_le_bytes()[..], &part[..length.into()]].concat()
    };
    parts.iter().flat_map(one).collect()
}

/// Small enough that little input reaches them.
fn limits() -> Limits {
    Limits {
        upload_bytes: 1 << 20,
        ..Limits::default()
    }
}

/// Messages that a server gets on one connection; the first byte says the protocol.
pub fn server_wire(data: &[u8]) {
    let Some((first, rest)) = data.split_first() else {
        return;
    };
    let offered = format!("com.mongodb.realm-sync#{}", 2 + first % 13);
    let offered = negotiate(&offered).expect("spoken by this server");
    let mut connection = Connection::new(&offered, "fuzz".into(), limits());
    connection.start(&mut Vec::new());
    for message in parts(rest) {
        if let Ok(request) = Request::decode(message.clone(), &limits()) {
            let again = Request::decode(request.encode().into(), &limits());
            assert!(again.is_ok(), "{request:?} {again:?}");
        }
        let mut inputs = vec![Input::Message(message)];
        while let Some(input) = inputs.pop() {
            let mut outputs = Vec::new();
            connection.handle(input, &mut outputs);
            inputs.extend(outputs.into_iter().filter_map(answered));
        }
    }
}

/// What a server with one empty Realm says.
fn answered(output: Output) -> Option<Input> {
    Some(match output {
        Output::Bind {
            session,
            need_client_file_ident,
            ..
        } => {
            let realm = RealmName::from_canonical("/fuzz");
            let file = need_client_file_ident.then_some((FileIdent(2), Salt(3)));
            Input::Bound(session, Ok(Bound { realm, file }))
        }
        Output::LookUp { session, salt, .. } => {
            let file = StoredFile {
                salt,
                upload: UploadCursor::default(),
                locked: ServerVersion(0),
                expired: false,
            };
            let facts = FileFacts {
                file: Some(file),
                head: SaltedVersion {
                    version: ServerVersion(9),
                    salt: Salt(1),
                },
                latest_salt: Some(Salt(1)),
                held: false,
            };
            Input::ClientFile(session, Ok(facts))
        }
        Output::Integrate {
            session, entries, ..
        } => {
            entries.iter().for_each(|entry| changeset(&entry.changeset));
            Input::Integrated(session, Ok(()))
        }
        Output::Send(_)
        | Output::Note { .. }
        | Output::Claim { .. }
        | Output::Read { .. }
        | Output::Release(_)
        | Output::Report { .. }
        | Output::Close(_) => return None,
    })
}

/// Messages that a client gets.
pub fn client_wire(data: &[u8]) {
    let local = Local::Memory(MemoryCells::default());
    let mut replica = Replica::open(local, Rules::SERVER).expect("an empty copy opens");
    let mut session = Session::start(&replica, "/fuzz", ResetMode::Recover, &mut Vec::new());
    for message in parts(data) {
        let Ok(answer) = Answer::decode(message, 1 << 20) else {
            return;
        };
        if session
            .handle(answer, &mut replica, &mut Vec::new())
            .is_err()
        {
            return;
        }
    }
    let read = replica.look(|schema, cells| Model::read(cells, schema));
    read.expect("what was taken can be read");
}

/// A Realm with every class and column, and two objects of each class.
fn base() -> (MemoryCells, Schema) {
    static BASE: OnceLock<Changeset> = OnceLock::new();
    let beginning = BASE.get_or_init(|| Shape::whole().beginning(&mut Model::default()));
    let (mut cells, mut schema) = (MemoryCells::default(), Schema::default());
    let applied = apply_to(&mut cells, &mut schema, beginning);
    assert!(applied, "the beginning fits");
    (cells, schema)
}

fn apply_to(cells: &mut MemoryCells, schema: &mut Schema, changeset: &Changeset) -> bool {
    let mut applier = Applier::new(cells, schema);
    for instruction in &changeset.instructions {
        match applier.apply(instruction) {
            Ok(()) => {}
            Err(ros::state::ApplyError::Refused(_)) => return false,
            Err(ros::state::ApplyError::Cells(error)) => panic!("{error}"),
        }
    }
    applier.finish();
    true
}

/// Changesets on a Realm, one after another, until one is refused.
pub fn apply(data: &[u8]) {
    let (mut cells, mut schema) = base();
    for part in parts(data) {
        let Ok(changeset) = decode(&part) else { return };
        if !apply_to(&mut cells, &mut schema, &changeset) {
            return; // an overlay with a savepoint takes such a one back
        }
    }
    let read = Model::read(&mut cells, &schema);
    read.expect("what was applied can be read");
}

/// Two devices' changesets are merged. Where each fits the base, what comes out fits too, and both sides end equal.
pub fn merge_two(data: &[u8]) {
    let [left, right, ..] = &parts(data)[..] else {
        return;
    };
    let (Ok(left), Ok(right)) = (decode(left), decode(right)) else {
        return;
    };
    if left.instructions.len() * right.instructions.len() > 10_000 {
        return; // takes long without being new
    }
    let one = after(&left);
    let other = after(&right);
    let comparable = [&left, &right].iter().all(|made| converges(made));
    let part = |origin, changeset| {
        let timestamp = OriginTimestamp(1);
        let origin = FileIdent(origin);
        Part::new(OrderKey { timestamp, origin }, changeset)
    };
    let (mut left, mut right) = ([part(2, left)], [part(3, right)]);
    if merge(&mut left, &mut right, Rules::SERVER).is_err() {
        return;
    }
    let (Some(mut one), Some(mut other)) = (one, other) else {
        return;
    };
    let fits = apply_to(&mut one.0, &mut one.1, &right[0].changeset);
    let fits_too = apply_to(&mut other.0, &mut other.1, &left[0].changeset);
    if !comparable {
        return;
    }
    assert_eq!(fits, fits_too, "both sides take what comes");
    if fits {
        let read = |(cells, schema): &mut (MemoryCells, Schema)| {
            Model::read(cells, schema).expect("what was applied can be read")
        };
        let place = difference(&read(&mut one), &read(&mut other));
        assert_eq!(place, None, "both sides are equal");
    }
}

/// The base after a changeset, if it fits.
fn after(changeset: &Changeset) -> Option<(MemoryCells, Schema)> {
    let (mut cells, mut schema) = base();
    apply_to(&mut cells, &mut schema, changeset).then_some((cells, schema))
}

/// Embedded objects that two devices make under one key of a dictionary do not converge on any client.
fn converges(changeset: &Changeset) -> bool {
    let mut each = changeset.instructions.iter();
    !each.any(|instruction| match instruction {
        Instruction::Update {
            path,
            value: Value::Object,
            ..
        } => matches!(path.steps.last(), Some(Step::Name(_))),
        _ => false,
    })
}

struct Still;

impl Surroundings for Still {
    fn now(&self) -> UnixTime {
        UnixTime(1_000_000)
    }

    fn random(&self, buffer: &mut [u8]) {
        rand::RngCore::fill_bytes(&mut rand::rng(), buffer);
    }

    fn ended(&self, _logins: &[LoginId]) {}

    fn user_ended(&self, _user: &UserId) {}
    fn mail(&self, _: ros::system::Letter) {}
}

struct Server {
    http: Http,
    runtime: tokio::runtime::Runtime,
    _root: tempfile::TempDir,
}

impl Server {
    fn start() -> Server {
        let root = tempfile::tempdir().expect("a folder");
        let mut settings = Settings::dev(root.path());
        settings.limits.password_hashes = 1;
        let limits = settings.limits.clone();
        let system = System::open(Arc::new(settings), keys()).expect("an empty folder opens");
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .worker_threads(1)
            .build()
            .expect("a runtime");
        Server {
            http: Http::new(Arc::new(system), Arc::new(Still), limits),
            runtime,
            _root: root,
        }
    }
}

fn keys() -> KeyPair {
    static PEM: OnceLock<Secret> = OnceLock::new();
    let make = || {
        let made = KeyPair::generate(&mut rand_core::OsRng).expect("a key");
        made.private_pem().expect("a key can be written")
    };
    KeyPair::from_pem(PEM.get_or_init(make)).expect("it was just written")
}

/// Signs as the server does, ten times as fast.
struct Signer {
    keys: KeyPair,
    fast: RsaKeyPair,
}

fn signer() -> &'static Signer {
    static SIGNER: OnceLock<Signer> = OnceLock::new();
    SIGNER.get_or_init(|| {
        let keys = keys();
        let pem = keys.private_pem().expect("a key can be written");
        let lines = pem.reveal().lines().filter(|line| !line.starts_with('-'));
        let der = BASE64_STANDARD.decode(lines.collect::<String>());
        let fast = RsaKeyPair::from_pkcs8(&der.expect("it is base64"));
        Signer {
            keys,
            fast: fast.expect("it is a key"),
        }
    })
}

impl Signer {
    fn sign(&self, said: &[u8]) -> Vec<u8> {
        let mut signature = vec![0; self.fast.public().modulus_len()];
        let random = ring::rand::SystemRandom::new();
        let signed = self
            .fast
            .sign(&RSA_PKCS1_SHA256, &random, said, &mut signature);
        signed.expect("it can sign");
        signature
    }
}

/// What [`token`] needs before the first of its inputs is timed: making a key may take seconds.
pub fn before_tokens() {
    let signer = signer();
    assert_eq!(signer.sign(b"said"), signer.keys.sign(b"said"));
}

/// A request: a line with method and target, a line with a token, and the body.
pub fn http(data: &[u8]) {
    static SERVER: OnceLock<Server> = OnceLock::new();
    let mut lines = data.splitn(3, |byte| *byte == b'\n');
    let mut text = || {
        lines
            .next()
            .map(String::from_utf8_lossy)
            .unwrap_or_default()
    };
    let (line, token) = (text(), text());
    let body = Bytes::copy_from_slice(lines.next().unwrap_or_default());
    let (method, target) = line.split_once(' ').unwrap_or(("GET", &line));
    let request = HttpRequest::builder()
        .method(method)
        .uri(target)
        .header("host", "127.0.0.1:9080")
        .header("authorization", &*token)
        .body(Full::<Bytes>::from(body));
    let Ok(request) = request else { return };
    let server = SERVER.get_or_init(Server::start);
    let arrival = Arrival::direct(IpAddr::V4(Ipv4Addr::LOCALHOST), false);
    server.runtime.block_on(async {
        let answer = server.http.route(&arrival, request).await;
        assert_ne!(answer.status().as_u16(), 500, "{line}");
        let body = answer.into_body().collect().await;
        body.expect("an answer has a body");
    });
}

/// A token as it is, or claims that the server's key has signed.
pub fn token(data: &[u8]) {
    let Some((first, rest)) = data.split_first() else {
        return;
    };
    let signer = signer();
    let text = match first % 4 {
        0 => String::from_utf8_lossy(rest).into_owned(),
        form => {
            let body = BASE64_URL_SAFE_NO_PAD.encode(rest);
            let head = BASE64_URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256","typ":"JWT"}"#);
            let said = if form == 1 {
                format!("{head}.{body}")
            } else {
                body
            };
            let signature = BASE64_URL_SAFE_NO_PAD.encode(signer.sign(said.as_bytes()));
            format!("{said}{}{signature}", if form == 3 { ":" } else { "." })
        }
    };
    let token = Secret::new(text);
    for kind in [TokenKind::Access, TokenKind::Refresh] {
        drop(AppToken::verify(
            &token,
            kind,
            signer.keys.public(),
            UnixTime(1),
        ));
    }
    if let Ok(token) = ClassicToken::verify(&token, signer.keys.public()) {
        token.has_expired(UnixTime(1));
    }
}

/// A configuration file.
pub fn config(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data) {
        drop(ros::config::parse(text, &Overrides::default()));
    }
}
