//! Our own client as a device in a process of its own: the commands of the SDK devices, with edits that it makes itself from a seed.

use std::io::BufRead;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use rand::SeedableRng;
use rand::rngs::StdRng;
use ros::client::{Credentials, Options, Place, Realm, Server, User};
use ros::secret::Secret;
use serde_json::{Value, json};

use crate::client::write_fitting;
use crate::sdk::device::Device;
use crate::support::dump::{dump, normal};
use crate::support::edits::{self, Scope, Shape};

/// In the environment of a process that is to be a device.
const VARIABLE: &str = "ROS_TEST_DEVICE";
const NAME: &str = "random::device::our_own_device_answers";

/// A device of our own client, on no server yet.
pub fn start() -> Device {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([NAME, "--exact", "--nocapture", "--test-threads=1"]);
    command.env(VARIABLE, "1");
    Device::start(command)
}

#[test]
fn our_own_device_answers() {
    if std::env::var_os(VARIABLE).is_some() {
        return serve();
    }
    let mut device = start();
    let answer = device.attempt(&json!({"op": "fly"}));
    assert_eq!(answer.unwrap_err()["message"], "no operation fly");
}

#[derive(Default)]
struct Open {
    url: String,
    folder: PathBuf,
    user: Option<User>,
    realm: Option<Realm>,
    /// What the copy was when it was asked last.
    ident: u64,
}

/// Does what each line says until there are no more.
fn serve() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut open = Open::default();
    for line in std::io::stdin().lock().lines() {
        let command: Value = serde_json::from_str(&line.unwrap()).unwrap();
        let answer = match runtime.block_on(open.run(&command)) {
            Ok(answer) => json!({ "ok": answer }),
            Err(message) => json!({ "error": {"message": message} }),
        };
        println!("{answer}");
    }
    std::process::exit(0); // the harness has nothing to add
}

impl Open {
    async fn run(&mut self, command: &Value) -> Result<Value, String> {
        let text = |name: &str| command[name].as_str().unwrap_or_default().to_owned();
        match text("op").as_str() {
            "signIn" => {
                (self.url, self.folder) = (text("baseUrl"), text("directory").into());
                self.sign_in(command["resume"] == true).await
            }
            "open" => self.open(&command["partition"]).await,
            "edit" => self.edit(command),
            "dump" => self.dump(),
            "events" => self.events(),
            "pause" => Ok(self.online(false)),
            "resume" => Ok(self.online(true)),
            "reconnect" => Ok(Value::Null), // it tries again within a second by itself
            "upload" => waited(self.realm()?.wait_for_upload()).await,
            "download" => waited(self.realm()?.wait_for_download()).await,
            op => Err(format!("no operation {op}")),
        }
    }

    fn realm(&self) -> Result<&Realm, String> {
        self.realm.as_ref().ok_or("no Realm is open".into())
    }

    /// Client resets: the copy is another file then.
    fn events(&mut self) -> Result<Value, String> {
        let ident = self.realm()?.progress().file.0;
        let before = std::mem::replace(&mut self.ident, ident);
        if before == 0 || before == ident {
            return Ok(json!([]));
        }
        Ok(json!([{"event": "client reset", "reset": true}]))
    }

    fn online(&self, online: bool) -> Value {
        self.realm.iter().for_each(|realm| realm.set_online(online));
        Value::Null
    }

    /// As the user of this folder: a new one, or who was there before. What a file has is no other user's to go on with.
    async fn sign_in(&mut self, again: bool) -> Result<Value, String> {
        const APP: &str = "app";
        let there = Server::at(&self.url).map_err(|error| error.to_string())?;
        let folder = self.folder.file_name().unwrap_or_default();
        let email = format!("device{}@example.com", folder.display());
        let password = Secret::new("a device of the tests");
        if !again {
            let registered = there.register(APP, &email, &password).await;
            registered.map_err(|error| error.to_string())?;
        }
        let app = APP.to_owned();
        let credentials = Credentials::Password {
            app,
            email,
            password,
        };
        let user = there.sign_in(&credentials).await;
        self.user = Some(user.map_err(|error| error.to_string())?);
        Ok(Value::Null)
    }

    async fn open(&mut self, partition: &Value) -> Result<Value, String> {
        let user = self.user.as_ref().ok_or("nobody has signed in")?;
        let address = format!("app/{partition}").parse().unwrap();
        let place = Place::File(self.folder.join("ours.realm"));
        let realm = user.open(&address, place, Options::default()).await;
        self.realm = Some(realm.map_err(|error| error.to_string())?);
        Ok(Value::Null)
    }

    /// `count` transactions from a seed; the first one of a Realm makes its classes.
    fn edit(&mut self, command: &Value) -> Result<Value, String> {
        let number = |name: &str| command[name].as_u64().unwrap_or_default();
        let realm = self.realm()?;
        let scope = Scope {
            own_links: true,
            sdk_objects: command["nested"] != true,
            maker: realm.progress().file.0,
            ..if command["nested"] == true {
                Scope::SHIPPED
            } else {
                Scope::OLD
            }
        };
        let mut random = StdRng::seed_from_u64(number("seed"));
        for _ in 0..number("count") {
            let made = write_fitting(realm, |model| match &command["shape"] {
                Value::Number(shape) => Shape::of(shape.as_u64().unwrap()).beginning(model),
                _ => edits::transaction(&mut random, model, scope, 4),
            });
            made.map_err(|error| error.to_string())?;
        }
        Ok(Value::Null)
    }

    fn dump(&self) -> Result<Value, String> {
        let dumped = self.realm()?.look(|schema, cells| Ok(dump(schema, cells)));
        dumped
            .map(|dump| normal(&dump))
            .map_err(|error| error.to_string())
    }
}

async fn waited(
    wait: impl Future<Output = Result<(), ros::client::ClientError>>,
) -> Result<Value, String> {
    match tokio::time::timeout(Duration::from_secs(60), wait).await {
        Ok(Ok(())) => Ok(Value::Null),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("not done in 60 s".into()),
    }
}
