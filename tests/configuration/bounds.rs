//! What bounds do to one Realm, one upload, one user: each is set low enough to be reached, and beside it left as it is.

use std::path::PathBuf;

use rand::SeedableRng;
use rand::rngs::StdRng;
use ros::changeset::{Changeset, encode};

use super::effects::eventually;
use crate::hostile::client::{Client, blob};
use crate::serve::{User, is_bound};
use crate::support::patience::PATIENCE;
use crate::support::server::{Server, free_ports};
use crate::support::wire::raw;

const KIB: usize = 1 << 10;

/// A server whose metrics can be read.
pub struct Watched {
    pub server: Server,
    metrics: u16,
}

impl Watched {
    /// With these limits.
    pub fn with_limits(limits: &str) -> Watched {
        let [metrics] = free_ports();
        let server = Server::with_configuration(&format!(
            "limits: {{ {limits} }}\nmetrics: {{ enable: true, listen_address: 127.0.0.1, listen_port: {metrics} }}"
        ));
        Watched { server, metrics }
    }

    /// What a metric is at now.
    pub fn metric(&self, name: &str) -> u64 {
        let address = ([127, 0, 0, 1], self.metrics).into();
        let text = raw(address, b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
        let mut values = text.lines().filter_map(|line| line.split_once(' '));
        let value = values.find(|(known, _)| *known == name);
        value
            .unwrap_or_else(|| panic!("{name}: {text}"))
            .1
            .parse()
            .unwrap()
    }
}

/// A changeset that nothing compresses.
pub fn photo(bytes: usize) -> Vec<u8> {
    blob(&mut StdRng::seed_from_u64(bytes as u64), bytes)
}

/// Somebody with a session for a Realm.
pub fn bound(server: &Server, path: &str) -> Client {
    let mut client = Client::connect(server);
    client.bind(1, path);
    client
}

#[test]
fn an_upload_is_as_large_as_is_said() {
    let answered = |configuration: &str| {
        let server = Server::with_configuration(configuration);
        let mut client = bound(&server, "/a");
        client.bind(2, "/other");
        client.version = 1;
        client.bind(3, "/third");
        client.upload(1, &photo(20 * KIB));
        client.send("ping 7 0\n", b"");
        let mut seen = Vec::new();
        loop {
            let answer = client.next();
            match answer.kind() {
                "json_error" => seen.push(answer.number(1)),
                "download" if answer.number(6) >= client.version => break,
                "pong" if !seen.is_empty() => break,
                _ => {}
            }
        }
        client.is_served(2);
        seen
    };
    assert_eq!(answered(""), [0; 0]);
    assert_eq!(answered("limits: { upload_bytes: 10000 }"), [206]);
}

/// How many effects wait.
fn effects(server: &Server) -> i64 {
    let database = ros::storage::connect(&server.root().join("admin.db")).unwrap();
    let count = database.query_row("SELECT count(*) FROM effects", [], |row| row.get(0));
    count.unwrap()
}

/// How many commits it took to integrate uploads that come faster than they are stored.
fn commits(limits: &str, uploads: u64) -> u64 {
    let watched = Watched::with_limits(limits);
    let mut client = bound(&watched.server, "/a");
    client.upload(1, &photo(KIB));
    client.acknowledged();
    // That the Realm was made is shown in the list of Realms: commits of their own.
    eventually("the end of effects", || effects(&watched.server) == 0);
    let before = watched.metric("ros_commit_seconds_count");
    let empty = encode(&Changeset {
        instructions: Vec::new(),
    });
    for _ in 0..uploads {
        client.upload(1, &empty);
    }
    client.acknowledged();
    watched.metric("ros_commit_seconds_count") - before
}

#[test]
fn a_commit_integrates_as_much_as_is_said() {
    const UPLOADS: u64 = 200;
    eventually("a commit of several uploads", || {
        commits("batch_bytes: 10000000", UPLOADS) < UPLOADS
    });
    assert_eq!(commits("batch_changesets: 1", UPLOADS), UPLOADS);
    assert_eq!(commits("batch_bytes: 1", UPLOADS), UPLOADS);
}

/// The database of a classic Realm.
fn file(server: &Server, name: &str) -> PathBuf {
    let name = format!("{name}.realm.db");
    server.root().join("realms").join(name)
}

#[test]
fn the_write_ahead_log_is_copied_when_it_is_as_long_as_is_said() {
    const LARGE: u64 = 1 << 20;
    let in_the_database = |limits: &str| {
        let server = Server::with_configuration(&format!("limits: {{ {limits} }}"));
        let mut client = bound(&server, "/a");
        for size in [1024, 1025, 1026] {
            client.upload(1, &photo(size * KIB));
            client.acknowledged();
        }
        file(&server, "a").metadata().unwrap().len()
    };
    assert!(in_the_database("checkpoint_bytes: 1") > LARGE);
    assert!(in_the_database("checkpoint_bytes: 1000000000") < LARGE);
}

/// What a client has not seen is read once and kept: damage that comes after that is not met, unless it is to be read again.
#[test]
fn what_a_client_has_not_seen_is_kept_as_far_as_is_said() {
    let is_kept = |limits: &str| {
        let server = Server::with_configuration(&format!("limits: {{ tail_bytes: 1, {limits} }}"));
        let mut writer = bound(&server, "/a");
        let mut behind = bound(&server, "/a");
        for size in [10, 11] {
            writer.upload(1, &photo(size * KIB));
            writer.acknowledged();
        }
        behind.upload(1, &photo(KIB));
        behind.acknowledged();
        let database = ros::storage::connect(&file(&server, "a")).unwrap();
        database.busy_timeout(PATIENCE).unwrap();
        let damage = "UPDATE history SET checksum = checksum + 1 WHERE version = 2";
        assert_eq!(database.execute(damage, []).unwrap(), 1);
        behind.upload(1, &photo(2 * KIB));
        loop {
            let answer = behind.next();
            match answer.kind() {
                "json_error" => return false,
                "download" if answer.number(6) >= behind.version => return true,
                _ => {}
            }
        }
    };
    assert!(is_kept(""));
    assert!(!is_kept("kept_windows_bytes: 1"));
}

#[test]
fn realms_that_a_user_made_are_remembered_as_long_as_is_said() {
    let server = Server::with_configuration(
        "limits: { new_realms: 1, new_realms_time: 1 }\napps: { x: { providers: { anon-user: true }, partitions: { read: true, write: true } } }",
    );
    let user = User::sign_in(server.address(), "x");
    let mut wire = user.connect(server.address(), "x", "com.mongodb.realm-sync#14");
    let mut session = 0;
    let mut is_made = || {
        session += 1;
        is_bound(&mut wire, session, &format!("\"{session}\""), "")
    };
    assert!(is_made());
    eventually("the bound", || !is_made());
    eventually("another Realm", is_made);
}

/// How many DOWNLOADs bring what is there.
fn downloads(configuration: &str) -> usize {
    let server = Server::with_configuration(configuration);
    let mut writer = bound(&server, "/a");
    for size in 10..20 {
        writer.upload(1, &photo(size * KIB));
        writer.acknowledged();
    }
    let mut reader = Client::connect(&server);
    reader.send("bind 1 2 0 1 0\n", b"/a");
    let ident = reader.next();
    let (file, salt) = (ident.number(2), ident.number(3));
    reader.send(&format!("ident 1 {file} {salt} 0 0 0 0\n"), b"");
    let mut count = 0;
    loop {
        let answer = reader.next();
        assert_eq!(answer.kind(), "download");
        count += 1;
        let (at, head) = (answer.number(2), answer.number(4));
        if at == head && head > 0 {
            return count;
        }
    }
}

#[test]
fn a_download_ends_where_it_is_said() {
    assert_eq!(downloads(""), 1);
    assert_eq!(downloads("limits: { download_bytes: 1 }"), 10);
}
