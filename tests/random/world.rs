//! A server and its devices, and the steps that they go through.

use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::{Value, json};

use super::plan::{Plan, Step, Who};
use super::reference::{self, Reference};
use super::{device, view};
use crate::sdk::device::Device;
use crate::sdk::edits::create;
use crate::sdk::random_edits::{Kind, random_edit};
use crate::sdk::which::Sdk;
use crate::support::dump::{first_difference, normal};
use crate::support::server::Server;

const PARTITION: &str = "random";

/// The partition as it is bound.
pub fn partition_text() -> String {
    json!(PARTITION).to_string()
}

enum Body {
    Process(Box<Device>),
    Reference(Reference),
}

struct Member {
    who: Who,
    body: Body,
    online: bool,
}

pub struct World {
    kind: Kind,
    server: Server,
    members: Vec<Member>,
}

/// Why a run ends: what is not as it should be.
pub type Wrong = String;

impl World {
    /// Everybody signed in, and the Realm with its classes in place. Nothing if an SDK is not there.
    pub fn start(plan: &Plan) -> Option<World> {
        let server = Server::start();
        let mut members = Vec::new();
        for who in &plan.devices {
            let body = match who {
                Who::Kotlin => Body::Process(Box::new(Sdk::Kotlin.device()?)),
                Who::Js => Body::Process(Box::new(Sdk::Js.device()?)),
                Who::Ours => Body::Process(Box::new(device::start())),
                Who::Reference => Body::Reference(Reference::new(reference::built()?, &server)),
            };
            let mut member = Member {
                who: *who,
                body,
                online: true,
            };
            if let Body::Process(device) = &mut member.body {
                device.sign_in(&server.url());
                device.open(PARTITION);
            }
            members.push(member);
        }
        let mut world = World {
            kind: plan.kind,
            server,
            members,
        };
        world.begin(plan.seed);
        Some(world)
    }

    /// Everybody has the classes before anybody edits: the reference client edits only what there is.
    fn begin(&mut self, seed: u64) {
        let (ours, nested) = (0, self.kind == Kind::Nested);
        if let Body::Process(device) = &mut self.members[ours].body {
            device.upload();
            device.run(json!({"op": "edit", "shape": seed, "count": 1, "nested": nested}));
            device.upload();
        }
        // Realm Kotlin 2.3.0 ends (SIGSEGV in its core) when an object is created beside others whose Mixed values hold collections.
        if let (true, Body::Process(device)) = (nested, &mut self.members[1].body) {
            let objects = (0..5).map(|n| create(&format!("k{n}"), json!({})));
            device.write(objects.collect());
            device.upload();
        }
        for number in 0..self.members.len() {
            self.wait(number, "download").unwrap();
        }
    }

    pub fn run(&mut self, step: Step) -> Result<(), Wrong> {
        match step {
            Step::Edit {
                device,
                seed,
                count,
            } => self.edit(device, seed, count),
            Step::Offline(device) => self.set_online(device, false),
            Step::Online(device) => self.set_online(device, true),
            Step::Kill(number) => self.kill(number),
            Step::Upload(device) => self.wait(device, "upload"),
            Step::Download(device) => self.wait(device, "download"),
            Step::KillServer => {
                self.server.kill();
                self.restart_server()
            }
            Step::StopServer => {
                self.server.stop();
                self.restart_server()
            }
            Step::Settle => self.settle(),
        }
    }

    fn restart_server(&mut self) -> Result<(), Wrong> {
        self.server.restart();
        (0..self.members.len()).try_for_each(|number| self.ask(number, "reconnect").map(drop))
    }

    /// Has a device do something; the reference client does only what is asked of it elsewhere.
    fn ask(&mut self, number: usize, op: &str) -> Result<Value, Wrong> {
        self.command(number, json!({ "op": op }))
    }

    fn command(&mut self, number: usize, command: Value) -> Result<Value, Wrong> {
        let member = &mut self.members[number];
        match &mut member.body {
            Body::Reference(_) => Ok(Value::Null),
            Body::Process(device) => device
                .attempt(&command)
                .map_err(|error| format!("device {number} ({:?}), {command}: {error}", member.who)),
        }
    }

    fn edit(&mut self, number: usize, seed: u64, count: u64) -> Result<(), Wrong> {
        let member = &mut self.members[number];
        match (&mut member.body, member.who) {
            (Body::Reference(reference), _) => reference.edit(seed, count),
            (Body::Process(_), Who::Ours) => {
                let nested = self.kind == Kind::Nested;
                let command = json!({"op": "edit", "seed": seed, "count": count, "nested": nested});
                self.command(number, command).map(drop)
            }
            (Body::Process(device), _) => {
                let mut random = StdRng::seed_from_u64(seed);
                for _ in 0..count {
                    let edit = random_edit(&mut random, self.kind);
                    // An edit of what is not there, on this device at this time, fails and changes nothing.
                    let _ = device.attempt(&json!({"op": "write", "edits": [edit]}));
                }
                Ok(())
            }
        }
    }

    fn set_online(&mut self, number: usize, online: bool) -> Result<(), Wrong> {
        self.members[number].online = online;
        self.ask(number, if online { "resume" } else { "pause" })
            .map(drop)
    }

    fn kill(&mut self, number: usize) -> Result<(), Wrong> {
        let member = &mut self.members[number];
        member.online = true;
        if let Body::Process(device) = &mut member.body {
            device.restart(&self.server.url());
            device.open(PARTITION);
        }
        Ok(())
    }

    fn wait(&mut self, number: usize, op: &str) -> Result<(), Wrong> {
        if !self.members[number].online {
            return Ok(());
        }
        match &self.members[number].body {
            Body::Reference(reference) => reference.sync(&self.server).map(drop),
            Body::Process(_) => self
                .command(number, json!({"op": op, "timeout": 60_000}))
                .map(drop),
        }
    }

    /// Brings everything everywhere, and compares.
    pub fn settle(&mut self) -> Result<(), Wrong> {
        let all = 0..self.members.len();
        for number in all.clone() {
            self.set_online(number, true)?;
            self.ask(number, "reconnect")?;
        }
        for op in ["upload", "download"] {
            all.clone().try_for_each(|number| self.wait(number, op))?;
        }
        let truth = self.ask(0, "dump")?;
        for number in all {
            self.compare(number, &truth)?;
            self.heard(number)?;
        }
        self.fresh(&truth)
    }

    fn compare(&mut self, number: usize, truth: &Value) -> Result<(), Wrong> {
        let (theirs, truth) = match (&self.members[number].body, self.members[number].who) {
            (Body::Reference(reference), _) => {
                let shown = reference.sync(&self.server)?;
                (
                    normal(&view::decimals(&shown)),
                    normal(&view::decimals(truth)),
                )
            }
            (Body::Process(_), Who::Ours) => (self.ask(number, "dump")?, truth.clone()),
            (Body::Process(_), _) => {
                let read = self.ask(number, "read")?;
                (view::read(&read), view::everything(truth, &read))
            }
        };
        self.same(number, &truth, &theirs)
    }

    fn same(&self, number: usize, truth: &Value, theirs: &Value) -> Result<(), Wrong> {
        if truth == theirs {
            return Ok(());
        }
        let who = self.members.get(number).map(|member| member.who);
        let place = difference(truth, theirs);
        Err(format!(
            "device 0 and device {number} ({who:?}) differ: {place}"
        ))
    }

    /// What a device was told that it should not have been.
    fn heard(&mut self, number: usize) -> Result<(), Wrong> {
        let events = self.ask(number, "events")?;
        let bad = |event: &&Value| event["fatal"] != false || event["reset"] == true;
        match events.as_array().and_then(|events| events.iter().find(bad)) {
            Some(event) => Err(format!("device {number} was told {event}")),
            None => Ok(()),
        }
    }

    /// A new device has the same from the start: what replaying the history gives.
    fn fresh(&mut self, truth: &Value) -> Result<(), Wrong> {
        let mut fresh = device::start();
        fresh.sign_in(&self.server.url());
        fresh.open(PARTITION);
        fresh.download();
        let theirs = fresh.run(json!({"op": "dump"}));
        self.same(self.members.len(), truth, &theirs)
    }

    /// Ends the server; what it stores must be the same, and what its history gives too.
    pub fn end(
        mut self,
        check: impl FnOnce(&std::path::Path, &Value) -> Result<(), Wrong>,
    ) -> Result<(), Wrong> {
        let truth = self.ask(0, "dump")?;
        let classes = truth.as_object().into_iter().flat_map(|all| all.values());
        let objects = classes.filter_map(|class| class["objects"].as_object().map(|all| all.len()));
        println!(
            "random run: equal with {} objects, {} bytes of JSON",
            objects.sum::<usize>(),
            truth.to_string().len()
        );
        self.server.stop();
        check(&self.server.root(), &truth)
    }
}

/// Where two states differ first; lists of objects by their keys.
fn difference(one: &Value, other: &Value) -> String {
    if let (Value::Array(ones), Value::Array(others)) = (one, other) {
        for pair in ones.iter().zip(others) {
            if pair.0 != pair.1 {
                return first_difference(pair.0, pair.1, pair.0["_id"].to_string());
            }
        }
        return format!("{} and {} objects", ones.len(), others.len());
    }
    first_difference(one, other, String::new())
        .chars()
        .take(2000)
        .collect()
}
