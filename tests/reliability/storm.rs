//! Devices that write all the time to a server that goes down all the time, and what must be there whenever it is up again.
//!
//! Each device puts numbers of its own at the front of one list that all share: what is lost is missing, what is stored twice is there twice, and what comes out of order shows.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use ros::changeset::{
    CollectionKind, Column, ColumnKind, Key, KeyKind, PrimaryKeyColumn, Step, TableKind, Value,
};
use ros::client::{Credentials, Options, Place, Realm, Server, User, WriteError, field};
use ros::ident::FileIdent;
use ros::state::Content;
use tokio::runtime::Runtime;

use super::service::Service;
use crate::support::patience::PATIENCE;
use crate::support::wire::request;

/// Devices that write.
const WRITERS: u64 = 4;
/// After so many crashes the list is begun anew: it costs more the longer it is.
const CRASHES_OF_A_LIST: u64 = 25;
/// Transactions that a device does not wait for.
const AHEAD: usize = 3;

/// Runs a storm of so many crashes; `crash` takes the server down and up again.
pub fn storm(
    seed: u64,
    crashes: u64,
    mut service: Service,
    mut crash: impl FnMut(Service, &mut StdRng) -> Service,
) {
    let runtime = Runtime::new().unwrap();
    let mut random = StdRng::seed_from_u64(seed);
    let mut acknowledged = 0;
    for first in (0..crashes).step_by(usize::try_from(CRASHES_OF_A_LIST).unwrap()) {
        let name = format!("app/storm-{first}");
        let devices = runtime.block_on(devices(&service, &name));
        let mut logins = Vec::new();
        for number in first..crashes.min(first + CRASHES_OF_A_LIST) {
            logins.push(login(&service));
            std::thread::sleep(Duration::from_millis(random.random_range(0..120)));
            let told: Vec<u64> = devices.iter().map(Device::acknowledged).collect();
            service = crash(service, &mut random);
            devices
                .iter()
                .for_each(|device| device.realm.set_online(true));
            let there = runtime.block_on(read(&service, &name));
            check(&there, &devices, &told).unwrap_or_else(|wrong| {
                panic!("seed {seed}, crash {number}: {wrong}\n{:#?}", service.log())
            });
            for token in &logins {
                let (status, _) =
                    request(service.address(), "GET", "/auth/profile", Some(token), "");
                assert_eq!(status, 200, "seed {seed}, crash {number}: a login is gone");
            }
        }
        acknowledged += runtime.block_on(finish(&service, &name, devices));
    }
    println!(
        "seed {seed}: {crashes} crashes, {acknowledged} transactions acknowledged and present"
    );
}

/// A device and what it has done.
struct Device {
    realm: Realm,
    file: FileIdent,
    counts: Arc<Counts>,
    task: tokio::task::JoinHandle<()>,
}

#[derive(Default)]
struct Counts {
    made: AtomicU64,
    acknowledged: AtomicU64,
    stop: std::sync::atomic::AtomicBool,
}

impl Device {
    fn acknowledged(&self) -> u64 {
        self.counts.acknowledged.load(Ordering::SeqCst)
    }
}

async fn user(service: &Service) -> User {
    let server = Server::at(&service.url()).unwrap();
    let app = "app".to_owned();
    server
        .sign_in(&Credentials::Anonymous { app })
        .await
        .unwrap()
}

async fn open(service: &Service, name: &str) -> Realm {
    let user = user(service).await;
    let options = Options {
        timeout: Duration::from_secs(5),
        ..Options::default()
    };
    user.open(&name.parse().unwrap(), Place::Memory, options)
        .await
        .unwrap()
}

/// A login that was answered: the access token.
fn login(service: &Service) -> String {
    let path = "/app/app/auth/providers/anon-user/login";
    let (status, body) = request(service.address(), "POST", path, None, "{}");
    assert_eq!(status, 200, "{body}");
    body["access_token"].as_str().unwrap().to_owned()
}

async fn within<T>(what: &str, work: impl Future<Output = T>) -> T {
    let done = tokio::time::timeout(PATIENCE, work).await;
    done.unwrap_or_else(|_| panic!("{what} takes too long"))
}

async fn devices(service: &Service, name: &str) -> Vec<Device> {
    let first = open(service, name).await;
    first
        .write(|edit| {
            let key = PrimaryKeyColumn {
                field: "_id".into(),
                kind: KeyKind::Int,
                nullable: false,
            };
            edit.add_class("Log", TableKind::TopLevel(key))?;
            let column = Column {
                kind: ColumnKind::Int,
                nullable: false,
                collection: CollectionKind::List,
                dictionary_key: 0,
            };
            edit.add_column("Log", "all", column)?;
            edit.create("Log", Key::Int(0))
        })
        .unwrap();
    within("the beginning", first.wait_for_upload())
        .await
        .unwrap();
    let mut devices = Vec::new();
    for number in 0..WRITERS {
        let realm = open(service, name).await;
        within("a download", realm.wait_for_download())
            .await
            .unwrap();
        let counts = Arc::new(Counts::default());
        devices.push(Device {
            file: realm.progress().file,
            task: tokio::spawn(write(realm.clone(), number, counts.clone())),
            realm,
            counts,
        });
    }
    devices
}

/// Writes until it is told to stop, and waits for what is acknowledged.
async fn write(realm: Realm, number: u64, counts: Arc<Counts>) {
    let mut waiting = VecDeque::new();
    let mut made = 0;
    let is_over = || counts.stop.load(Ordering::SeqCst);
    while !is_over() || !waiting.is_empty() {
        if !is_over() {
            made += 1;
            let entry = Value::Int(i64::try_from((number << 32) + made).unwrap());
            let mut front = field("Log", &Key::Int(0), "all");
            front.steps.push(Step::Index(0));
            realm
                .write::<_, WriteError>(|edit| edit.insert(front, entry))
                .unwrap();
            counts.made.store(made, Ordering::SeqCst);
            waiting.push_back((realm.written(), made));
        }
        let ahead = if is_over() { 0 } else { AHEAD };
        if waiting.len() > ahead
            && let Some((version, _)) = waiting.front()
        {
            realm.wait_for_own(*version).await.unwrap();
        }
        let acknowledged = realm.progress().acknowledged;
        while let Some((version, seq)) = waiting.front().copied()
            && version <= acknowledged
        {
            counts.acknowledged.store(seq, Ordering::SeqCst);
            waiting.pop_front();
        }
    }
}

/// The list as a device sees it that has never been there; oldest first.
async fn read(service: &Service, name: &str) -> Vec<i64> {
    let realm = open(service, name).await;
    within("a download", realm.wait_for_download())
        .await
        .unwrap();
    let Some(Content::List(list)) = realm.get("Log", &Key::Int(0), "all").unwrap() else {
        panic!("there is no list");
    };
    realm.close().await;
    let number = |content: Content| match content {
        Content::Value(Value::Int(number)) => number,
        other => panic!("{other:?} in the list"),
    };
    list.into_iter().rev().map(number).collect()
}

/// Of each device everything that was acknowledged is there, without gaps, once, in order.
fn check(there: &[i64], devices: &[Device], told: &[u64]) -> Result<(), String> {
    let mut last: BTreeMap<u64, u64> = BTreeMap::new();
    for entry in there {
        let entry = u64::try_from(*entry).map_err(|_| "a number that nobody made")?;
        let (number, seq) = (entry >> 32, entry & 0xFFFF_FFFF);
        let before = last.insert(number, seq).unwrap_or(0);
        if seq != before + 1 {
            return Err(format!("device {number}: {seq} comes after {before}"));
        }
    }
    for (number, device) in (0..).zip(devices) {
        let there = last.get(&number).copied().unwrap_or(0);
        let told = told[usize::try_from(number).unwrap_or_default()];
        if there < told {
            return Err(format!(
                "device {number}: {told} were acknowledged, {there} are there"
            ));
        }
        if device.realm.progress().file != device.file {
            return Err(format!("device {number} was reset"));
        }
    }
    Ok(())
}

/// Everything is uploaded in the end, and all copies are equal. How many transactions there were.
async fn finish(service: &Service, name: &str, devices: Vec<Device>) -> u64 {
    for device in &devices {
        device.counts.stop.store(true, Ordering::SeqCst);
    }
    let mut all = 0;
    let mut made = Vec::new();
    let mut realms = Vec::new();
    for device in devices {
        within("the end", device.task).await.unwrap();
        made.push(device.counts.made.load(Ordering::SeqCst));
        assert_eq!(
            made.last(),
            Some(&device.counts.acknowledged.load(Ordering::SeqCst))
        );
        all += made.last().unwrap();
        realms.push(device.realm);
    }
    let there = read(service, name).await;
    assert_eq!(there.len() as u64, all, "as many as were made");
    for realm in realms {
        within("a download", realm.wait_for_download())
            .await
            .unwrap();
        let Some(Content::List(list)) = realm.get("Log", &Key::Int(0), "all").unwrap() else {
            panic!("there is no list");
        };
        let expected = there
            .iter()
            .rev()
            .map(|number| Content::Value(Value::Int(*number)));
        assert!(list.into_iter().eq(expected), "a device differs");
        realm.close().await;
    }
    all
}
