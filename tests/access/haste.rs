//! How soon requests are answered while others keep the server busy.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use ros::changeset::{Key, KeyKind, PrimaryKeyColumn, TableKind};
use ros::client::{Realm, WriteError};

use super::{ask, change, classic, made, management};
use crate::support::patience::stretched;
use crate::support::server::Server;

/// Users who ask, and as many devices that write what has nothing to do with it.
const USERS: usize = 20;
/// Requests of each, one after the other without a pause.
const ROUNDS: usize = 20;

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_answered_soon_while_many_ask() {
    let server = Server::start();
    let (over, edits) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicU64::new(0)),
    );
    let (mut desks, mut writing) = (Vec::new(), Vec::new());
    classic(&server, "bob").await;
    for number in 0..USERS {
        let user = classic(&server, &format!("user{number}")).await;
        let notes = made(&user, &format!("/user{number}/notes")).await;
        desks.push(management(&user).await);
        let (over, edits) = (over.clone(), edits.clone());
        writing.push(tokio::spawn(async move {
            begin(&notes);
            for key in 0.. {
                if over.load(Ordering::Relaxed) {
                    break;
                }
                let written = notes.write(|edit| edit.create("Note", Key::Int(key)));
                written.map_err(|error: WriteError| error).unwrap();
                notes.wait_for_upload().await.unwrap();
                edits.fetch_add(1, Ordering::Relaxed);
            }
        }));
    }
    let began = Instant::now();
    let asking = desks.into_iter().map(|desk| {
        tokio::spawn(async move {
            let mut times = Vec::new();
            for round in 0..ROUNDS {
                let flags = if round % 2 == 0 { "rw-" } else { "r--" };
                let began = Instant::now();
                assert_eq!(ask(&desk, change("bob", "/~/notes", flags)).await.code, 0);
                times.push(began.elapsed());
            }
            times
        })
    });
    let mut times = Vec::new();
    for one in asking.collect::<Vec<_>>() {
        times.extend(one.await.unwrap());
    }
    let meanwhile = began.elapsed();
    over.store(true, Ordering::Relaxed);
    for one in writing {
        one.await.unwrap();
    }
    times.sort();
    let (median, late) = (times[times.len() / 2], times[times.len() * 95 / 100]);
    println!(
        "of {} requests half took {median:?}, one in twenty {late:?} and more, the slowest {:?}; {} edits were uploaded in these {meanwhile:?}",
        times.len(),
        times[times.len() - 1],
        edits.load(Ordering::Relaxed),
    );
    // Machines that test are busy with other things, too; docs/access.md has what was measured.
    assert!(median < stretched(Duration::from_secs(1)), "{median:?}");
}

/// Makes the class of what is written.
fn begin(notes: &Realm) {
    let key = PrimaryKeyColumn {
        field: "_id".into(),
        kind: KeyKind::Int,
        nullable: false,
    };
    let made = notes.write(|edit| edit.add_class("Note", TableKind::TopLevel(key)));
    made.map_err(|error: WriteError| error).unwrap();
}
