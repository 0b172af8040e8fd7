//! A disk that does not do what it should.

use std::path::{Path, PathBuf};

use rand::SeedableRng;
use rand::rngs::StdRng;

use super::client::{Client, blob};
use crate::support::server::Server;

#[test]
fn a_damaged_realm_is_named_and_the_others_stay_up() {
    let mut server = Server::start();
    let mut random = StdRng::seed_from_u64(5);
    for path in ["/broken", "/whole"] {
        let mut client = Client::connect(&server);
        client.bind(1, path);
        client.upload(1, &blob(&mut random, 100_000));
        client.acknowledged();
    }
    server.stop(); // what is only in the log and damaged there is lost without a trace, as after a torn write
    let files = databases(&server.root().join("realms"));
    let broken = files
        .iter()
        .find(|file| file.to_string_lossy().contains("broken"));
    damage(broken.expect("a file for the Realm"));
    server.restart();
    let mut whole = Client::connect(&server);
    whole.bind(1, "/whole");
    let mut client = Client::connect(&server);
    client.send("bind 1 7 0 1 0\n", b"/broken");
    let (code, session, json) = match client.next() {
        ident if ident.kind() == "ident" => {
            client.send(
                &format!("ident 1 {} {} 0 0 0 0\n", ident.number(2), ident.number(3)),
                b"",
            );
            client.error()
        }
        error => (error.number(1), error.number(3), error.json()),
    };
    assert_eq!((code, session), (201, 1), "{json}");
    assert_eq!(json["tryAgain"], true);
    let log = server.log_with("broken.realm.db");
    let lines = log.iter().filter(|line| line.contains("broken.realm.db"));
    assert_eq!(lines.count(), 1, "{log:#?}");
    whole.is_served(1);
}

#[test]
fn a_realm_that_cannot_be_listed_is_not_made() {
    let server = Server::start();
    let mut good = Client::connect(&server);
    good.bind(1, "/listed");
    let database = ros::storage::connect(&server.root().join("admin.db")).unwrap();
    let full = "CREATE TRIGGER full BEFORE INSERT ON realms BEGIN SELECT RAISE(ABORT, 'full'); END";
    database.execute_batch(full).unwrap();
    let mut client = Client::connect(&server);
    client.send("bind 1 4 0 1 0\n", b"/new");
    let (code, session, json) = client.error();
    assert_eq!((code, session), (201, 1), "{json}");
    assert_eq!(json["tryAgain"], true);
    let files = databases(&server.root().join("realms"));
    let new = |file: &PathBuf| file.ends_with("new.realm.db");
    assert!(!files.is_empty() && !files.iter().any(new), "{files:?}");
    good.is_served(1);
    let mut again = Client::connect(&server);
    again.bind(1, "/listed");
}

/// Flips bytes throughout a database, its log included.
fn damage(database: &Path) {
    for suffix in ["", "-wal"] {
        let file = PathBuf::from(format!("{}{suffix}", database.display()));
        let Ok(mut bytes) = std::fs::read(&file) else {
            continue;
        };
        // Behind the headers, so that it still looks like a database.
        for at in (4200..bytes.len()).step_by(64) {
            bytes[at] ^= 0x10;
        }
        std::fs::write(&file, bytes).unwrap();
    }
}

fn databases(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(databases(&path));
        } else if path.extension().is_some_and(|end| end != "lock") {
            let name = path.to_string_lossy();
            if !name.ends_with("-wal") && !name.ends_with("-shm") {
                found.push(path);
            }
        }
    }
    found
}
