//! The clerk over real Realms.

use super::*;
use crate::auth::KeyPair;
use crate::auth::tests::pair;
use crate::changeset::{self, Changeset};
use crate::config::Settings;
use crate::fanout::Fanout;
use crate::limits::Limits;
use crate::storage::{Store, file_of};

fn name() -> RealmName {
    RealmName::from_canonical("/ada/__management")
}

/// What a clerk works with, in a folder of its own.
fn tools(limits: &Limits) -> (Tools, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), || 1).unwrap();
    let registry = Arc::new(Registry::new(store, limits));
    let lanes = Lanes::start(
        registry.clone(),
        Fanout::default(),
        Inbox::default(),
        Arc::default(),
        Arc::default(),
        limits,
    );
    let keys = KeyPair::from_pem(&pair().private_pem().unwrap()).unwrap();
    let settings = Arc::new(Settings::dev(folder.path()));
    let tools = Tools {
        system: Arc::new(System::open(settings, keys).unwrap()),
        registry,
        lanes: Arc::new(lanes.unwrap()),
        notices: Arc::default(),
        live: Live::default(),
    };
    (tools, folder)
}

/// An effect that changes nothing, but has its place.
fn effect(number: u64) -> Effect {
    let nothing = Changeset {
        instructions: Vec::new(),
    };
    Effect {
        number,
        realm: name(),
        base: None,
        changeset: changeset::encode(&nothing),
    }
}

#[test]
fn no_effect_gets_through_after_one_that_waits() {
    let (tools, folder) = tools(&Limits::default());
    let file = folder.path().join(file_of(&name()));
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(&file, "no Realm").unwrap();
    let mut stuck = HashSet::new();
    assert!(upload(&tools, vec![effect(1)], &mut stuck).is_empty());
    // It works again, in the middle of a pass.
    std::fs::remove_file(&file).unwrap();
    assert!(upload(&tools, vec![effect(2)], &mut stuck).is_empty());
    let mut next_pass = HashSet::new();
    let both = vec![effect(1), effect(2)];
    assert_eq!(upload(&tools, both, &mut next_pass), [1, 2]);
    tools.lanes.drain();
}

#[test]
fn a_file_is_not_removed_before_those_who_have_it_open_know() {
    let (tools, folder) = tools(&Limits::default());
    let file = folder.path().join(file_of(&name()));
    drop(tools.registry.open(&name(), true).unwrap());
    // The removal is durable, and the clerk is quicker than the news of it.
    assert_eq!(remove(&tools, &name()), Some(SOON));
    assert!(file.exists());
    tools.live.removed(&name(), None);
    assert_eq!(remove(&tools, &name()), None);
    assert!(!file.exists());
    tools.lanes.drain();
}

#[test]
fn what_was_removed_is_not_made_again_to_be_looked_at() {
    let (tools, _folder) = tools(&Limits::default());
    drop(tools.registry.open(&name(), true).unwrap());
    tools.live.removed(&name(), None);
    assert_eq!(remove(&tools, &name()), None);
    let inbox = Inbox::default();
    assert!(look_and_answer(&tools, &inbox, vec![name()]).is_empty());
    assert!(tools.registry.store().is_missing(&name()).unwrap());
    tools.lanes.drain();
}

#[test]
fn a_realm_whose_lane_is_full_waits_for_the_next_pass() {
    let narrow = Limits {
        lane_bytes: 1,
        ..Limits::default()
    };
    let (tools, _folder) = tools(&narrow);
    let mut stuck = HashSet::new();
    let mut settled = upload(&tools, (1..=500).map(effect).collect(), &mut stuck);
    settled.sort_unstable();
    let through: Vec<u64> = (1..=500).take(settled.len()).collect();
    assert_eq!(settled, through);
    assert!(stuck.contains(&name()), "500 of them are too many");
    tools.lanes.drain();
}

#[test]
fn what_has_failed_waits_a_while_and_keeps_nobody_else_waiting() {
    let inbox = Inbox::default();
    let began = Instant::now();
    inbox.again([name()]);
    let other = RealmName::from_canonical("/bob/__management");
    inbox.news(&other);
    assert_eq!(inbox.next().unwrap().looks, [other]);
    assert!(began.elapsed() < AGAIN);
    assert_eq!(inbox.next().unwrap().looks, [name()]);
    assert!(began.elapsed() >= AGAIN);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_waits_for_a_realm_to_be_filled_hears_whether_it_is() {
    let (tools, folder) = tools(&Limits::default());
    let (registry, lanes) = (tools.registry.clone(), tools.lanes.clone());
    let [shows, broken] = ["/ada/__permission", "/bob/__permission"].map(RealmName::from_canonical);
    let file = folder.path().join(file_of(&broken));
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(&file, "no Realm").unwrap();
    let inbox = Inbox::default();
    let clerk = Clerk::start(tools, inbox.clone(), Vec::new(), None).unwrap();
    let (filled, not_filled) = tokio::join!(inbox.fill(&shows), inbox.fill(&broken));
    assert_eq!((filled, not_filled), (true, false));
    let realm = registry.open(&shows, false).unwrap();
    assert!(realm.head().version > ServerVersion(0));
    clerk.stop();
    lanes.drain();
}
