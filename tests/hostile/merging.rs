//! Uploads that are much work to merge: two edits of one list meet instruction by instruction.

use super::client::{Client, list_edit};
use crate::support::server::{Local, Server};

#[test]
fn long_merges_hold_up_no_other_realm() {
    const REALMS: usize = 8;
    let server = Server::start();
    let edit = list_edit(0..5000);
    let mut others: Vec<Client> = (0..REALMS)
        .map(|realm| {
            let path = format!("/list/{realm}");
            let mut one = Client::connect(&server);
            one.bind(1, &path);
            let mut other = Client::connect(&server);
            other.bind(1, &path);
            one.upload(1, &edit);
            one.acknowledged();
            other
        })
        .collect();
    let mut good = Client::connect(&server);
    good.bind(1, "/good");
    for other in &mut others {
        other.upload(1, &edit); // 25 million pairs
    }
    for _ in 0..20 {
        good.upload(1, &list_edit(0..0));
        good.acknowledged();
    }
    let merged = others.iter_mut().map(|other| {
        let version = other.version;
        other
            .wire
            .has_come(|message| message.kind() == "download" && message.number(6) >= version)
    });
    let merged = merged.filter(|has_come| *has_come).count();
    assert!(merged < REALMS / 2, "{merged} were merged first");
}

#[test]
fn what_is_too_much_to_merge_is_reset_and_taken_afterwards() {
    let server = Local::start(|settings| settings.limits.merge_work = 100_000);
    let connect = || Client::at(server.address(), &server.admin_token());
    let edit = list_edit(0..1000);
    let mut one = connect();
    one.bind(1, "/list");
    one.upload(1, &edit);
    one.acknowledged();
    let mut other = connect();
    other.bind(1, "/list");
    other.bind(2, "/other");
    other.upload(1, &edit); // its base is version 0
    let (code, session, json) = other.error();
    assert_eq!((code, session), (222, 1), "{json}");
    assert_eq!(json["action"], "ClientReset");
    other.is_served(2);
    // As after a reset: a new file, and the same edit on what there is.
    let mut reset = connect();
    reset.bind(1, "/list");
    reset.upload_after(1, 1, &list_edit(1000..2000));
    reset.acknowledged();
    one.is_served(1);
}

#[test]
fn a_list_edit_of_a_million_instructions_is_taken() {
    let server = Server::start();
    let mut good = Client::connect(&server);
    good.bind(1, "/good");
    let before = server.peak_memory();
    let mut client = Client::connect(&server);
    client.bind(1, "/list");
    client.upload(1, &list_edit(0..1_000_000));
    let mut round_trips = 0;
    while !client
        .wire
        .has_come(|message| message.kind() == "download" && message.number(6) == 2)
    {
        good.upload(1, &list_edit(0..0));
        good.acknowledged();
        round_trips += 1;
    }
    assert!(round_trips > 20, "{round_trips}");
    let more = server.peak_memory() - before;
    assert!(more < 600, "{before} MiB and {more} more");
}
