//! The program's disk fails once at every write, sync and rename there is in a small scenario, or from then on for a while: nobody is told that something is stored which is not, who was told
//! that it is not tries again, and the server is well when its disk is. `ROS_POINT=n` runs one point of the disk again, `ROS_POINT=n..m` those without the last.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use ros::changeset::{CollectionKind, Column, ColumnKind, KeyKind, PrimaryKeyColumn, TableKind};
use ros::changeset::{Key, Value};
use ros::client::Credentials;
use ros::client::{Options, Place, Realm, Server, WriteError, field};
use ros::state::Content;
use tokio::runtime::Runtime;

use super::service::{ANYWHERE, Service, with_keys};
use crate::simulation::numbers;
use crate::support::disk::{Disk, Fault, Loss, Trouble, can_mount};
use crate::support::patience::PATIENCE;
use crate::support::wire::request;

/// How long a disk is in trouble that does not fail just once.
const SPELL: Duration = Duration::from_millis(300);
/// How often anything is tried.
const TRIES: usize = 40;

/// One run of the scenario.
struct Run<'d> {
    disk: &'d Disk,
    runtime: &'d Runtime,
    /// What went wrong, told in its own words.
    failures: Vec<String>,
}

/// What a run must find again.
const NAMES: [&str; 2] = ["app/one", "app/two"];
const USER: &str = r#"{"email":"u@example.com","password":"secret-password"}"#;

impl Run<'_> {
    /// First steps, two Realms with two devices each, a stop; and everything is there after a start.
    fn all(&mut self) {
        let mut service = self.start();
        self.register(service.address());
        let token = self.sign_in(service.address());
        for name in NAMES {
            let first = self.open(&service, name);
            self.write(&first, 1);
            let second = self.open(&service, name);
            self.write(&second, 2);
            self.close([first, second]);
        }
        let status = service.stop();
        assert!(
            status.success(),
            "it does not end well: {:#?}",
            service.log()
        );
        self.failures.extend(
            service
                .log()
                .into_iter()
                .filter(|line| line.contains(" - error: ")),
        );
        self.disk.heal();
        let service = self.start();
        let (status, _) = request(service.address(), "GET", "/auth/profile", Some(&token), "");
        assert_eq!(status, 200, "a login is gone");
        self.sign_in(service.address());
        for name in NAMES {
            let realm = self.open(&service, name);
            for number in [1, 2] {
                let found = realm.get("Note", &Key::Int(number), "n").unwrap();
                let expected = Some(Content::Value(Value::Int(number)));
                assert_eq!(found, expected, "{name}: note {number}");
            }
            self.close([realm]);
        }
    }

    /// Starts it, as often as its disk makes necessary.
    fn start(&mut self) -> Service {
        for _ in 0..TRIES {
            match Service::try_start(&self.disk.root(), ANYWHERE) {
                Ok(service) => return service,
                Err(ended) => {
                    let said = ended.log.join("\n");
                    assert!(ended.status.code() == Some(1), "{ended:?}");
                    assert!(
                        said.contains("cause: ") || said.contains("hint: "),
                        "{said}"
                    );
                    self.failed(said);
                }
            }
        }
        panic!("it does not start: {:#?}", self.failures);
    }

    /// Something has failed: that is right when the disk has. It is well soon.
    fn failed(&mut self, what: String) {
        assert!(
            self.disk.is_troubled(),
            "failed on a healthy disk: {what}; before: {:#?}",
            self.failures
        );
        self.failures.push(what);
        std::thread::sleep(SPELL);
        self.disk.heal();
    }

    fn post(&mut self, address: SocketAddr, path: &str, expected: &[u16]) -> serde_json::Value {
        for _ in 0..TRIES {
            let path = format!("/app/app/auth/providers/local-userpass/{path}");
            let body = USER.replace(
                "email",
                if path.ends_with("login") {
                    "username"
                } else {
                    "email"
                },
            );
            let (status, answer) = request(address, "POST", &path, None, &body);
            if expected.contains(&status) {
                return answer;
            }
            assert!(status >= 500, "{path}: {status} {answer}");
            self.failed(format!("{path}: {status} {answer}"));
        }
        panic!("{path} does not succeed: {:#?}", self.failures);
    }

    /// A registration that was answered with an error may have taken place: then the name is taken.
    fn register(&mut self, address: SocketAddr) {
        self.post(address, "register", &[201]);
    }

    fn sign_in(&mut self, address: SocketAddr) -> String {
        let answer = self.post(address, "login", &[200]);
        answer["access_token"].as_str().unwrap().to_owned()
    }

    fn open(&mut self, service: &Service, name: &str) -> Realm {
        let realm = self.runtime.block_on(async {
            let token = Credentials::Password {
                app: "app".into(),
                email: "u@example.com".into(),
                password: ros::secret::Secret::new("secret-password"),
            };
            let server = Server::at(&service.url()).unwrap();
            for _ in 0..TRIES {
                match server.sign_in(&token).await {
                    Ok(user) => {
                        let options = Options::default();
                        return user
                            .open(&name.parse().unwrap(), Place::Memory, options)
                            .await
                            .unwrap();
                    }
                    Err(error) => {
                        assert!(self.disk.is_troubled(), "{error}");
                        tokio::time::sleep(SPELL).await;
                        self.disk.heal();
                    }
                }
            }
            panic!("nobody can sign in: {:#?}", service.log());
        });
        self.wait("a download", || realm.wait_for_download());
        realm
    }

    fn write(&mut self, realm: &Realm, number: i64) {
        realm
            .write::<_, WriteError>(|edit| {
                let key = PrimaryKeyColumn {
                    field: "_id".into(),
                    kind: KeyKind::Int,
                    nullable: false,
                };
                edit.add_class("Note", TableKind::TopLevel(key))?;
                let column = Column {
                    kind: ColumnKind::Int,
                    nullable: false,
                    collection: CollectionKind::Single,
                    dictionary_key: 0,
                };
                edit.add_column("Note", "n", column)?;
                let key = Key::Int(number);
                edit.create("Note", key.clone())?;
                edit.set(field("Note", &key, "n"), Value::Int(number))
            })
            .unwrap();
        self.wait("an upload", || realm.wait_for_upload());
    }

    /// Waits for what a device does by itself; the disk is healed after a while.
    fn wait<W: Future<Output = Result<(), ros::client::ClientError>>>(
        &mut self,
        what: &str,
        work: impl Fn() -> W,
    ) {
        let limit = |time, work| {
            self.runtime
                .block_on(async move { tokio::time::timeout(time, work).await })
        };
        if let Ok(done) = limit(SPELL, work()) {
            return done.unwrap_or_else(|error| panic!("{what}: {error}"));
        }
        self.disk.heal();
        let done = limit(PATIENCE, work());
        let done = done.unwrap_or_else(|_| panic!("{what} does not come: {:#?}", self.failures));
        done.unwrap_or_else(|error| panic!("{what}: {error}"));
    }

    fn close<const N: usize>(&self, realms: [Realm; N]) {
        for realm in realms {
            self.runtime.block_on(realm.close());
        }
    }
}

/// A fresh disk with a private key and nothing else.
fn prepare(disk: &Disk) {
    disk.wipe();
    let keys = disk.root().join("keys");
    std::fs::create_dir_all(&keys).unwrap();
    let key = Path::new("keys/private.pem");
    std::fs::copy(with_keys().join(key), disk.root().join(key)).unwrap();
    disk.cut_power();
    disk.restore_power(Loss::Nothing, 0);
}

#[test]
fn a_disk_that_fails_anywhere_loses_nothing() {
    if !can_mount() {
        return;
    }
    let disk = Disk::new();
    let runtime = Runtime::new().unwrap();
    let run = |fault: Option<(u64, Fault)>| {
        prepare(&disk);
        disk.take_strike();
        let before = disk.count();
        if let Some((point, fault)) = fault {
            disk.plan(before + point, fault);
        }
        let mut run = Run {
            disk: &disk,
            runtime: &runtime,
            failures: Vec::new(),
        };
        run.all();
        (disk.count() - before, run.failures.len())
    };
    let (points, failures) = run(None);
    assert_eq!(failures, 0);
    let every = if std::env::var_os("ROS_LONG").is_some() {
        1
    } else {
        points / 6
    };
    let (all, every) = match std::env::var("ROS_POINT") {
        Ok(text) => (numbers(&text), 1),
        Err(_) => (1..points + 1, every),
    };
    let (mut runs, mut failures) = (0, 0);
    for trouble in [Trouble::Broken, Trouble::Full] {
        for fault in [Fault::Once(trouble), Fault::FromThenOn(trouble)] {
            for point in all.clone().step_by(usize::try_from(every).unwrap()) {
                println!("{fault:?} at point {point}");
                let (_, failed) = run(Some((point, fault)));
                (runs, failures) = (runs + 1, failures + usize::from(failed > 0));
            }
        }
    }
    println!(
        "faults: {runs} runs, every {every}th of {points} points; {failures} were noticed outside"
    );
}
