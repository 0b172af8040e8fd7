//! Client resets of our own client: the server has gone back to an older state.

use ros::changeset::Key;
use ros::client::{Changes, Options, Place, ResetMode};
use ros::replica::Touch;

use super::{address, anybody, note, open, texts};
use crate::support::patience::PATIENCE;
use crate::support::server::Server;

async fn after_a_reset(reset: ResetMode) -> (Vec<String>, Vec<String>) {
    let mut server = Server::start();
    let user = anybody(&server).await;
    let options = Options {
        reset,
        ..Options::default()
    };
    let copy = user
        .open(&address("p"), Place::Memory, options)
        .await
        .unwrap();
    note(&copy, 1, "before");
    copy.wait_for_upload().await.unwrap();
    server.kill();
    server.take_copy();
    server.restart();
    note(&copy, 2, "forgotten by the server");
    copy.wait_for_upload().await.unwrap();
    copy.set_online(false);
    note(&copy, 3, "offline");
    let mut changes = copy.changes();
    let waiting = tokio::spawn({
        let copy = copy.clone();
        async move { copy.wait_for_upload().await }
    });
    server.kill();
    server.go_back();
    server.restart();
    copy.set_online(true);
    copy.wait_for_download().await.unwrap();
    // Whoever waits since before the reset is told, though versions have begun anew.
    let told = tokio::time::timeout(PATIENCE, waiting).await;
    told.unwrap().unwrap().unwrap();
    copy.wait_for_upload().await.unwrap();
    let reader = open(&server, "p").await;
    reader.wait_for_download().await.unwrap();
    assert_news(&mut changes, reset).await;
    (texts(&copy), texts(&reader))
}

/// Observers hear that everything has gone, then of what is there again.
async fn assert_news(changes: &mut Changes, reset: ResetMode) {
    let mut expected = vec![None, Some(1)];
    if reset == ResetMode::Recover {
        expected.push(Some(3));
    }
    let mut heard = Vec::new();
    while heard.len() < expected.len() {
        let news = tokio::time::timeout(PATIENCE, changes.next()).await;
        let news = news.unwrap_or_else(|_| panic!("{heard:?} of {expected:?}"));
        let news = news.unwrap();
        if news.objects.is_empty() && news.schema {
            heard.push(None);
        }
        for ((_, key), touch) in &news.objects {
            assert_eq!(*touch, Touch::Inserted);
            let Key::Int(number) = key else {
                panic!("{key:?}")
            };
            heard.push(Some(*number));
        }
    }
    assert_eq!(heard, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_server_did_not_acknowledge_is_made_again() {
    let (copy, reader) = after_a_reset(ResetMode::Recover).await;
    assert_eq!(copy, ["before", "offline"]);
    assert_eq!(reader, copy);
}

#[tokio::test(flavor = "multi_thread")]
async fn or_it_is_dropped() {
    let (copy, reader) = after_a_reset(ResetMode::Discard).await;
    assert_eq!(copy, ["before"]);
    assert_eq!(reader, copy);
}
