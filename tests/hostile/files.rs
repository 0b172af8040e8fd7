//! Client files that are not what they are said to be, and users who do what they may not.

use rand::SeedableRng;
use rand::rngs::StdRng;
use ros::ident::{FileIdent, RealmName, ServerVersion};
use ros::storage::{Batch, ClientFile, Store};

use super::client::{Client, blob, token};
use crate::support::server::Server;

#[test]
fn who_may_only_read_repeats_the_schema_and_changes_nothing() {
    let server = Server::start();
    let mut random = StdRng::seed_from_u64(6);
    let mut writer = Client::connect(&server);
    writer.bind(1, "/shared");
    writer.upload(1, &blob(&mut random, 1000));
    writer.acknowledged();
    let mut reader = Client::with_token(&server, &token(&server, &["download"]));
    reader.bind(1, "/shared");
    reader.upload(1, &blob(&mut random, 0)); // what every SDK does when it opens a Realm
    reader.acknowledged();
    reader.is_served(1);
    reader.upload(1, &blob(&mut random, 1000));
    let (code, session, json) = reader.error();
    assert_eq!((code, session), (206, 1), "{json}");
    assert_eq!(json["shouldClientReset"], false);
    writer.is_served(1);
}

#[test]
fn devices_of_another_server_are_held_until_the_operator_decides() {
    let mut server = Server::with_configuration("");
    let mut random = StdRng::seed_from_u64(7);
    let come = |server: &Server, file: u64| {
        let mut client = Client::connect(server);
        client.send("bind 1 6 0 0 0\n", b"/moved");
        client.send(&format!("ident 1 {file} 4711 9 3 9 815\n"), b"");
        let (code, _, json) = client.error();
        (code, json["shouldClientReset"].as_bool().unwrap())
    };
    // 3 lies in the block of idents that the first file of this server is from, 300 does not.
    let mut fresh = Client::connect(&server);
    fresh.bind(1, "/moved");
    for file in [3, 300] {
        assert_eq!(come(&server, file), (201, false));
    }
    // A new device comes with data; the others are still not emptied, not even after a restart.
    fresh.upload(1, &blob(&mut random, 1000));
    fresh.acknowledged();
    assert_eq!(come(&server, 3), (201, false));
    server.stop();
    server.restart();
    assert_eq!(come(&server, 3), (201, false));
    let log = server.log_with("such devices are held");
    let told = log
        .iter()
        .filter(|line| line.contains("such devices are held"));
    assert_eq!(told.count(), 1, "{log:#?}");
    let status = format!(
        "GET /api/ros/v1/status HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\r\n",
        server.admin_token()
    );
    let status = crate::support::wire::raw(server.address(), status.as_bytes());
    assert!(status.contains(r#""held":["/moved"]"#), "{status}");

    server.stop();
    server.configure("classic: { unknown_files: reset }");
    server.restart();
    assert_eq!(come(&server, 3), (209, true));
}

#[test]
fn a_device_of_another_server_is_reset_where_there_is_data() {
    let server = Server::with_configuration("");
    let mut random = StdRng::seed_from_u64(8);
    let mut owner = Client::connect(&server);
    owner.bind(1, "/owned");
    owner.upload(1, &blob(&mut random, 1000));
    owner.acknowledged();
    let mut stranger = Client::connect(&server);
    stranger.send("bind 1 6 0 0 0\n", b"/owned");
    stranger.send("ident 1 3 4711 0 0 0 0\n", b"");
    let (code, _, json) = stranger.error();
    assert_eq!((code, &json["shouldClientReset"]), (211, &true.into()));
}

/// A file that comes back has been given up by the connection that had it: a device never has two.
#[test]
fn a_file_that_comes_back_ends_its_old_connection_and_no_other() {
    let server = Server::start();
    let mut beside = Client::connect(&server);
    beside.bind(1, "/shared");
    let mut old = Client::connect(&server);
    old.bind(1, "/shared");
    let ident = format!("ident 1 {} {} 0 0 0 0\n", old.file, old.salt);
    for _ in 0..10 {
        let mut new = Client::connect(&server);
        new.send("bind 1 7 0 0 0\n", b"/shared");
        new.send(&ident, b"");
        assert_eq!(new.next().kind(), "download");
        assert_eq!(old.wire.await_close(), None);
        new.is_served(1);
        beside.is_served(1);
        old = new;
    }
}

#[test]
fn a_forged_file_is_not_served() {
    let server = Server::start();
    let mut owner = Client::connect(&server);
    owner.bind(1, "/owned");
    let (file, salt) = (owner.file, owner.salt);
    let mut forger = Client::connect(&server);
    forger.send("bind 1 6 0 0 0\n", b"/owned");
    forger.send(&format!("ident 1 {file} {} 0 0 0 0\n", salt ^ 1), b"");
    let (code, session, _) = forger.error();
    assert_eq!((code, session), (211, 1));
    owner.is_served(1);
}

#[test]
fn an_expired_file_is_reset() {
    let mut server = Server::start();
    let mut client = Client::connect(&server);
    client.bind(1, "/expired");
    server.stop();
    expire(&server, "/expired", client.file);
    server.restart();
    let mut again = Client::connect(&server);
    again.bind(9, "/beside");
    again.send("bind 1 8 0 0 0\n", b"/expired");
    let ident = format!("ident 1 {} {} 0 0 0 0\n", client.file, client.salt);
    again.send(&ident, b"");
    let (code, session, json) = again.error();
    assert_eq!((code, session), (222, 1), "{json}");
    assert_eq!(json["action"], "ClientReset");
    again.is_served(9);
}

/// Notes in the stopped server's storage that what a client needs is gone.
fn expire(server: &Server, realm: &str, file: u64) {
    let store = Store::open(&server.root(), rand::random).unwrap();
    let realm = store
        .realm(&RealmName::from_canonical(realm), false)
        .unwrap();
    let ident = FileIdent(file);
    let stored = realm.client_file(ident).unwrap().unwrap();
    let expired = ClientFile {
        expired: true,
        ..stored
    };
    let batch = Batch {
        files: vec![(ident, expired)],
        ..Batch::default()
    };
    realm.begin().unwrap();
    realm.commit(ServerVersion(0), &batch).unwrap();
}
