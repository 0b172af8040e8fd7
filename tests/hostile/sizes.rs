//! Messages that are large, or become large.

use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use rand::SeedableRng;
use rand::rngs::StdRng;
use ros::changeset::{Changeset, Instruction, encode};

use super::client::{Client, MIB, blob, blobs, list_edit};
use crate::support::server::Server;
use crate::support::wire::Wire;

#[test]
fn a_large_transaction_is_taken_and_a_larger_one_refused() {
    let server = Server::start();
    let mut random = StdRng::seed_from_u64(1);
    let mut client = Client::connect(&server);
    client.bind(1, "/large");
    client.upload(1, &blob(&mut random, 64 * MIB));
    client.acknowledged();
    let mut reader = Client::connect(&server);
    reader.send("bind 1 6 0 1 0\n", b"/large");
    let ident = reader.next();
    reader.send(
        &format!("ident 1 {} {} 0 0 0 0\n", ident.number(2), ident.number(3)),
        b"",
    );
    assert!(
        reader
            .wire
            .await_message(|message| message.body.len() > 64 * MIB)
    );

    // Above the limit the app is told, and its other sessions go on.
    client.bind(2, "/other");
    client.upload(1, &blob(&mut random, 85 * MIB));
    let (code, session, json) = client.error();
    assert_eq!((code, session), (206, 1), "{json}");
    assert_eq!(
        (&json["tryAgain"], &json["shouldClientReset"]),
        (&false.into(), &false.into())
    );
    client.is_served(2);

    // What is too large to be looked at ends the connection, with words that arrive.
    let mut client = Client::connect(&server);
    client.bind(1, "/large");
    let body = vec![7; 120 * MIB];
    client.wire.send(
        [
            format!("upload 1 0 {} 0 9 0 0\n", body.len()).as_bytes(),
            &body,
        ]
        .concat(),
    );
    let (code, session, json) = client.error();
    assert_eq!((code, session), (101, 0), "{json}");
    assert_eq!(
        (&json["tryAgain"], &json["shouldClientReset"]),
        (&false.into(), &false.into())
    );
    assert_eq!(client.wire.receive(), None);
    reader.is_served(1);
}

#[test]
fn a_bomb_does_not_go_off() {
    let server = Server::start();
    let mut good = Client::connect(&server);
    good.bind(1, "/good");
    let bomb = deflated(&vec![0; 1024 * MIB]);
    for (declared, code) in [(1000, 101), (70 * MIB, 101), (1024 * MIB, 206)] {
        let mut client = Client::connect(&server);
        client.bind(1, "/bomb");
        client.send(
            &format!("upload 1 1 {declared} {} 5 0 0\n", bomb.len()),
            &bomb,
        );
        assert_eq!(client.error().0, code);
    }
    good.is_served(1);
    assert!(server.peak_memory() < 300, "{} MiB", server.peak_memory());
}

#[test]
fn small_things_in_large_numbers_meet_a_bound() {
    let server = Server::start();
    let mut good = Client::connect(&server);
    good.bind(1, "/good");
    // Ten bytes on the wire, more in memory.
    let mut client = Client::connect(&server);
    client.bind(1, "/entries");
    client.bind(2, "/other");
    let body: Vec<u8> = (2..6 << 20)
        .flat_map(|version| format!("{version} 0 1 0 0 ").into_bytes())
        .collect();
    let head = format!("upload 1 0 {} 0 {} 0 0\n", body.len(), 6 << 20);
    client.send(&head, &body);
    let (code, session, json) = client.error();
    assert_eq!((code, session), (206, 1), "{json}");
    assert_eq!(json["shouldClientReset"], false);
    client.is_served(2);
    assert!(server.peak_memory() < 400, "{} MiB", server.peak_memory());

    // Two bytes on the wire, some hundred in memory.
    client.bind(3, "/instructions");
    let erase = Instruction::EraseTable {
        class: "Photo".into(),
    };
    let instructions = vec![erase; 20];
    let mut changeset = encode(&Changeset { instructions });
    let one = changeset[changeset.len() - 2..].to_vec();
    changeset.extend_from_slice(&one.repeat(30 * MIB));
    client.upload(3, &changeset);
    let (code, session, json) = client.error();
    assert_eq!((code, session), (206, 3), "{json}");
    assert_eq!(json["shouldClientReset"], false);
    client.is_served(2);
    good.is_served(1);
    assert!(server.peak_memory() < 1200, "{} MiB", server.peak_memory());
}

/// The head of a frame that announces a masked binary message of this length.
pub fn announce(length: usize) -> Vec<u8> {
    let mut head = vec![0x82, 0x80 | 127];
    head.extend_from_slice(&(length as u64).to_be_bytes());
    head.extend_from_slice(&[0; 4]);
    head
}

#[test]
fn unfinished_messages_of_many_share_a_bound() {
    let server = Server::start();
    let mut good = Client::connect(&server);
    good.bind(1, "/good");
    let start = [announce(90 * MIB), vec![b'x'; 80 * MIB]].concat();
    let protocol = Some("com.mongodb.realm-sync#14");
    // Who has not shown a token is not heard beyond what a BIND takes.
    let mut nobodies: Vec<Wire> = (0..5)
        .map(|_| Wire::open(server.address(), "/realm-sync", protocol).unwrap())
        .collect();
    for nobody in &mut nobodies {
        assert!(nobody.force(&start) < start.len());
    }
    let unknown = server.peak_memory();
    assert!(unknown < 60, "{unknown} MiB");
    // Nor with something else between the parts of the message.
    let part = [
        &[0, 0x80 | 126, 0x07, 0xD0, 0, 0, 0, 0][..],
        &[b'x'; 2000],
        &[0x89, 0x80, 0, 0, 0, 0],
    ]
    .concat();
    let parts = [
        &[2, 0x80, 0, 0, 0, 0][..],
        &part.repeat(80 * MIB / part.len()),
    ]
    .concat();
    let mut nobody = Wire::open(server.address(), "/realm-sync", protocol).unwrap();
    assert!(nobody.force(&parts) < parts.len());
    let unknown = server.peak_memory();
    assert!(unknown < 60, "{unknown} MiB");
    let mut crowd: Vec<Client> = (0..10).map(|_| Client::connect(&server)).collect();
    let taken = crowd.iter_mut().map(|client| client.wire.force(&start));
    let whole = taken.filter(|sent| *sent == start.len()).count();
    assert!((4..8).contains(&whole), "{whole}");
    for _ in 0..20 {
        good.upload(1, &list_edit(0..0));
        good.acknowledged();
    }
    assert!(server.peak_memory() < 650, "{} MiB", server.peak_memory());
    // What is given back is there for others.
    drop(crowd);
    let mut random = StdRng::seed_from_u64(1);
    good.upload(1, &blob(&mut random, 40 * MIB));
    good.acknowledged();
}

#[test]
fn what_bombs_of_many_inflate_to_shares_a_bound() {
    const BOMBS: u64 = 12;
    let server = Server::start();
    let mut good = Client::connect(&server);
    good.bind(1, "/good");
    let plain = zeros(64 * MIB);
    let bomb = deflated(&plain);
    let mut crowd: Vec<Client> = (0..BOMBS)
        .map(|number| {
            let mut client = Client::connect(&server);
            client.bind(1, &format!("/bomb/{number}"));
            let head = format!("upload 1 1 {} {} 2 0 0\n", plain.len(), bomb.len());
            client.version = 2;
            client.send(&head, &bomb);
            client
        })
        .collect();
    for _ in 0..20 {
        good.upload(1, &list_edit(0..0));
        good.acknowledged();
    }
    for client in &mut crowd {
        client.acknowledged();
    }
    assert!(server.peak_memory() < 1100, "{} MiB", server.peak_memory());
}

/// The body of an UPLOAD of one changeset, with blobs of zeros.
fn zeros(size: usize) -> Vec<u8> {
    let mut keys = 0..;
    let key = || keys.next().unwrap();
    let changeset = blobs(size, key, |bytes| bytes.fill(0));
    let mut body = format!("2 0 1 0 {} ", changeset.len()).into_bytes();
    body.extend_from_slice(&changeset);
    body
}

pub fn deflated(plain: &[u8]) -> Vec<u8> {
    let mut stream = ZlibEncoder::new(Vec::new(), Compression::best());
    stream.write_all(plain).unwrap();
    stream.finish().unwrap()
}
