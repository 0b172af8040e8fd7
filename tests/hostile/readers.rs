//! Clients that ask and do not read.

use bytes::Bytes;
use rand::SeedableRng;
use rand::rngs::StdRng;
use tungstenite::protocol::Message;

use super::client::{Client, MIB, blob};
use crate::support::server::Server;

/// A server that lets nobody go for being slow: on a busy machine a test is.
fn patient() -> Server {
    Server::with_configuration("limits: { stall: 3600, download_time: 3600 }")
}

#[test]
fn who_does_not_read_holds_up_nobody() {
    let server = patient();
    let mut random = StdRng::seed_from_u64(2);
    let mut lazy: Vec<Client> = (0..20)
        .map(|_| {
            let mut client = Client::connect(&server);
            client.bind(1, "/shared");
            client
        })
        .collect();
    let mut writer = Client::connect(&server);
    writer.bind(1, "/shared");
    for _ in 0..100 {
        writer.upload(1, &blob(&mut random, MIB));
        writer.acknowledged();
    }
    let mut reader = Client::connect(&server);
    reader.bind(1, "/shared");
    reader.is_served(1);
    // 100 MiB for each of 20, if it were queued.
    assert!(server.peak_memory() < 500, "{} MiB", server.peak_memory());
    for client in &mut lazy {
        client.is_served(1);
    }
}

#[test]
fn who_asks_and_does_not_read_is_not_heard() {
    let server = patient();
    let mut good = Client::connect(&server);
    good.bind(1, "/good");
    let floods = [
        Message::Binary(Bytes::from("ping 1 0\n")),
        Message::Binary(Bytes::from("mark 1 1099511627776\n")),
        Message::Ping(Bytes::from(vec![0; 125])),
    ];
    let mut floods: Vec<_> = floods
        .iter()
        .map(|message| {
            let mut client = Client::connect(&server);
            client.bind(1, "/flood");
            (client.wire.flood(message), client)
        })
        .collect();
    good.is_served(1);
    assert!(server.peak_memory() < 150, "{} MiB", server.peak_memory());
    // Nothing is lost for one who reads after all.
    let (sent, client) = &mut floods[0];
    assert!(*sent > 10_000, "{sent}");
    assert_eq!(client.next().kind(), "pong");
}

#[test]
fn large_downloads_of_one_connection_are_made_one_at_a_time() {
    const REALMS: u64 = 24;
    let server = patient();
    let mut random = StdRng::seed_from_u64(6);
    let mut writer = Client::connect(&server);
    for session in 1..=REALMS {
        writer.bind(session, &format!("/large/{session}"));
        writer.version = 1;
        writer.upload(session, &blob(&mut random, 14 * MIB));
        writer.acknowledged();
    }
    drop(writer);
    let before = server.peak_memory();
    let mut lazy = Client::connect(&server);
    for session in 1..=REALMS {
        let path = format!("/large/{session}");
        lazy.send(
            &format!("bind {session} {} 0 1 0\n", path.len()),
            path.as_bytes(),
        );
        let ident = lazy.next();
        lazy.send(
            &format!(
                "ident {session} {} {} 0 0 0 0\n",
                ident.number(2),
                ident.number(3)
            ),
            b"",
        );
    }
    let mut good = Client::connect(&server);
    good.bind(1, "/good");
    good.is_served(1);
    let more = server.peak_memory() - before;
    assert!(more < 150, "{before} MiB and {more} more");
    // All of them arrive when it reads.
    for _ in 0..REALMS {
        assert_eq!(lazy.next().kind(), "download");
    }
}
