//! A world in one thread, from one seed: devices, their connections, the server, its disk, the phones' disk, the clocks. Anything may go wrong at any point; after every
//! step the invariants are looked at, and in the end all copies are equal.
//!
//! Everything of the product runs as it is, except what only moves bytes and time: sockets, tasks, threads.

mod checks;
mod device;
mod line;
mod server;
mod weather;

use std::collections::BTreeMap;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use ros::ident::{FileIdent, OriginTimestamp, RealmName, ServerVersion};
use ros::limits::Limits;
use ros::realm::{RealmError, Refusal};
use ros::replica::{Output as Said, ReplicaError, Violation, WriteError};
use ros::session::Input;
use ros::wire::{Action, Answer};

use super::stored;
use crate::support::disk::{Disk, Fault};
use crate::support::model::difference;
use checks::Checks;
use device::Device;
use line::{Line, SESSION, Told};
use server::Server;
pub use weather::Weather;

/// Everything.
pub struct World<'d> {
    seed: u64,
    weather: Weather,
    random: StdRng,
    now: u64,
    limits: Limits,
    disk: &'d Disk,
    phones: &'d Disk,
    server: Option<Server>,
    checks: BTreeMap<RealmName, Checks>,
    devices: Vec<Device>,
    lines: BTreeMap<u64, Line>,
    next_line: u64,
    steps: Vec<String>,
    /// What happened, for who wants to know whether anything did.
    pub counts: BTreeMap<&'static str, usize>,
}

impl<'d> World<'d> {
    /// A world at its beginning, on the server's disk and the phones'.
    pub fn new(seed: u64, weather: Weather, disks: &'d [Disk; 2]) -> World<'d> {
        World::with_fault(seed, weather, disks, None)
    }

    /// The same, in which the server's disk meets a fault at a point.
    pub fn with_fault(
        seed: u64,
        weather: Weather,
        [disk, phones]: &'d [Disk; 2],
        fault: Option<(u64, Fault)>,
    ) -> World<'d> {
        server::seed_chance(seed);
        disk.wipe();
        phones.wipe();
        if let Some((point, fault)) = fault {
            disk.plan(point, fault);
        }
        let mut random = StdRng::seed_from_u64(seed);
        let realms: Vec<RealmName> = ["/one", "/two"][..random.random_range(1..=2)]
            .iter()
            .map(|name| RealmName::from_canonical(*name))
            .collect();
        let devices = (0..random.random_range(2..=4)).map(|number| {
            let in_file = random.random_bool(0.4);
            let file = in_file.then(|| phones.path().join(format!("{number}.realm")));
            Device::new(realms[number % realms.len()].clone(), file)
        });
        let devices = devices.collect();
        let limits = Limits {
            tail_bytes: 2000, // so that both the tail and the file are read
            open_realms: random.random_range(1..=2),
            checkpoint_bytes: [100_000, Limits::default().checkpoint_bytes]
                [random.random_range(0..2)],
            ..Limits::default()
        };
        let mut world = World {
            seed,
            weather,
            random,
            now: 1000,
            limits,
            disk,
            phones,
            server: None,
            checks: realms
                .iter()
                .map(|name| (name.clone(), Checks::default()))
                .collect(),
            devices,
            lines: BTreeMap::new(),
            next_line: 1,
            steps: Vec::new(),
            counts: BTreeMap::new(),
        };
        world.start();
        world
    }

    /// Runs for a while.
    pub fn run(&mut self) {
        let steps = self.random.random_range(50..250);
        self.run_for(steps);
    }

    /// Runs for so many steps, and to the end.
    pub fn run_for(&mut self, steps: usize) {
        for _ in 0..steps {
            self.now += 1;
            self.step();
            self.after_step();
        }
        self.settle();
        self.compare();
    }

    /// Everything that happened: two worlds of one seed have the same.
    pub fn trace(&self) -> (Vec<String>, u64) {
        (self.steps.clone(), self.disk.count())
    }

    fn note(&mut self, step: String) {
        self.steps.push(step);
    }

    fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    fn step(&mut self) {
        match self.random.random_range(0..100) {
            0..18 => self.edit(),
            18..27 => self.connect(),
            27..30 => self.disconnect(),
            30..33 => self.restart_device(),
            33..38 => self.strike(),
            38..40 => self.restart_server(),
            40..60 => self.exchange(),
            60..73 => self.deliver_up(),
            73..86 => self.deliver_down(),
            86..96 => self.integrate(),
            _ => self.announce(),
        }
    }

    // Devices

    fn any_device(&mut self) -> usize {
        self.random.random_range(0..self.devices.len())
    }

    fn edit(&mut self) {
        let number = self.any_device();
        self.note(format!("device {number} edits"));
        if self.random.random_bool(0.1) {
            self.devices[number].jump(&mut self.random);
        }
        match self.devices[number].edit(&mut self.random, self.now) {
            Ok(()) => {
                for line in self.lines.values_mut().filter(|line| line.device == number) {
                    line.changed(&self.devices[number]);
                }
            }
            Err(WriteError::Local(error)) => self.device_failed(number, &error),
            Err(error) => panic!("device {number} cannot edit: {error}"),
        }
    }

    /// A device whose disk failed starts again.
    fn device_failed(&mut self, number: usize, error: &dyn std::fmt::Display) {
        self.note(format!("device {number} fails: {error}"));
        assert!(
            self.phones.is_troubled(),
            "a healthy disk failed device {number}: {error}"
        );
        self.count("device failures");
        self.hang_up(number);
        self.devices[number].replica = None;
        self.reopen(number);
    }

    /// Opens a device's copy, if its disk lets it.
    fn reopen(&mut self, number: usize) {
        if self.devices[number].file.is_none() {
            return;
        }
        for _ in 0..2 {
            if self.phones.is_off() {
                return; // opened when the power is back
            }
            match self.devices[number].open() {
                Ok(()) => return,
                Err(error) => assert!(
                    self.phones.is_troubled(),
                    "device {number} cannot open its healthy file: {error}"
                ),
            }
            self.devices[number].replica = None;
            self.phones.heal();
        }
        assert!(self.phones.is_off(), "device {number} does not come back");
    }

    fn hang_up(&mut self, number: usize) {
        self.lines
            .retain(|_, line| line.device != number || line.client.is_none());
    }

    /// Calls; the last call is given up, and the server need not know.
    fn connect(&mut self) {
        let number = self.any_device();
        if self.devices[number].replica.is_none() {
            return;
        }
        for line in self.lines.values_mut().filter(|line| line.device == number) {
            line.client = None;
            line.down.clear();
        }
        let id = self.next_line;
        self.next_line += 1;
        self.note(format!("device {number} calls: line {id}"));
        let line = Line::new(id, number, &self.devices[number]);
        self.lines.insert(id, line);
    }

    fn any_line(&mut self) -> Option<u64> {
        let index = self.random.random_range(0..self.lines.len().max(1));
        self.lines.keys().nth(index).copied()
    }

    fn disconnect(&mut self) {
        if let Some(id) = self.any_line() {
            self.note(format!("line {id} breaks"));
            self.lines.remove(&id);
        }
    }

    fn restart_device(&mut self) {
        let number = self.any_device();
        self.note(format!("device {number} restarts"));
        self.hang_up(number);
        if self.devices[number].file.is_some() {
            self.devices[number].replica = None;
            self.reopen(number);
        }
    }

    /// A client takes a message.
    fn deliver_down(&mut self) {
        let Some(id) = self.any_line() else { return };
        self.hear(id);
    }

    fn hear(&mut self, id: u64) {
        let Some(line) = self.lines.get_mut(&id) else {
            return;
        };
        let (Some(client), Some(message)) = (&mut line.client, line.down.pop_front()) else {
            return;
        };
        let number = line.device;
        let device = &mut self.devices[number];
        if device.replica.is_none() {
            return;
        }
        let answer = Answer::decode(message, 1 << 30).expect("checked when it was sent");
        let mut said = Vec::new();
        match client.handle(answer, device.integrates(), &mut said) {
            Ok(()) => {}
            Err(Violation::Replica(ReplicaError::Local(error))) => {
                return self.device_failed(number, &error);
            }
            Err(error) => panic!("line {id}: {error}"),
        }
        device.succeeded();
        self.heard(id, number, said);
    }

    fn heard(&mut self, id: u64, number: usize, said: Vec<Said>) {
        let ended = said.iter().find_map(|output| match output {
            Said::Ended(error) => Some(error.clone()),
            Said::Send(_) | Said::Moved(_) | Said::Marked(_) => None,
        });
        let marked = said.iter().any(|output| matches!(output, Said::Marked(_)));
        if let Some(line) = self.lines.get_mut(&id) {
            line.say(said);
        }
        if let Some(error) = ended {
            self.note(format!("line {id} is told: {error}"));
            let transient = error.action == Action::Transient;
            assert!(
                transient || self.weather.forgets,
                "line {id} is told: {error}"
            );
            self.devices[number].resets += usize::from(!transient);
            self.count(if transient {
                "transient errors"
            } else {
                "client resets"
            });
            self.lines.remove(&id);
        } else if marked && self.devices[number].replica().has_parked() {
            self.recover(id, number);
        }
    }

    /// What a client reset has parked is made again.
    fn recover(&mut self, id: u64, number: usize) {
        let device = &mut self.devices[number];
        match device.integrates().recover(OriginTimestamp(0)) {
            Ok(_) => device.succeeded(),
            Err(ReplicaError::Local(error)) => return self.device_failed(number, &error),
            Err(error) => panic!("device {number} cannot recover: {error}"),
        }
        if let Some(line) = self.lines.get_mut(&id) {
            line.changed(&self.devices[number]);
        }
    }

    // The server

    /// Starts the server, as whoever watches over it would. It may fail while the disk does.
    fn start(&mut self) {
        match Server::start(&self.disk.root(), &self.limits) {
            Ok(server) => self.server = Some(server),
            Err(error) => self.excuse(&error, "the server does not start"),
        }
    }

    /// An error is right while the disk fails, and never one that names damage.
    fn excuse(&mut self, error: &RealmError, what: &str) {
        self.note(format!("{what}: {error}"));
        assert!(matches!(error, RealmError::Io { .. }), "{what}: {error}");
        assert!(self.disk.is_troubled(), "{what} on a healthy disk: {error}");
        self.count("server errors");
    }

    /// The server takes a message.
    fn deliver_up(&mut self) {
        let Some(id) = self.any_line() else { return };
        self.serve(id);
    }

    fn serve(&mut self, id: u64) {
        let message = self.lines.get_mut(&id).and_then(|line| line.up.pop_front());
        if let Some(message) = message {
            self.tell(id, Input::Message(message));
        }
    }

    fn tell(&mut self, id: u64, input: Input) {
        let (Some(server), Some(line)) = (&self.server, self.lines.get_mut(&id)) else {
            return;
        };
        let realm = self.devices[line.device].realm.clone();
        let told = line.tell(id, input, server, &realm, || !self.disk.is_off());
        self.carry_out(id, &realm, told);
    }

    fn carry_out(&mut self, id: u64, realm: &RealmName, told: Told) {
        if let Some(file) = told.claimed {
            self.claim(id, realm, file);
        }
        let file = self.lines.get(&id).and_then(|line| line.file);
        if !self.disk.is_off() {
            let checks = self.checks.get_mut(realm).expect("known");
            told.sent
                .iter()
                .for_each(|message| checks.sent(file, message));
        }
        for error in &told.errors {
            self.excuse(error, "a Realm is not available");
        }
        if let Some(server) = &mut self.server {
            server.lane.extend(told.jobs);
        }
        if told.closed {
            self.lines.remove(&id);
        }
    }

    /// A file has come back: the connections that had it before are closed.
    fn claim(&mut self, id: u64, realm: &RealmName, file: FileIdent) {
        let devices = &self.devices;
        let before = self.lines.len();
        self.lines.retain(|other, line| {
            *other == id || line.file != Some(file) || devices[line.device].realm != *realm
        });
        if self.lines.len() < before {
            self.count("superseded");
        }
        if let Some(line) = self.lines.get_mut(&id) {
            line.file = Some(file);
        }
    }

    /// Some of what waits is stored by one commit.
    fn integrate(&mut self) {
        let most = self.random.random_range(1..8);
        let Some(server) = &mut self.server else {
            return;
        };
        let mut jobs = server.take_batch(most);
        jobs.retain(|job| !job.is_broken.get());
        let Some(name) = jobs.first().map(|job| job.realm.clone()) else {
            return;
        };
        let pendings = jobs.iter().map(|job| job.pending.clone()).collect();
        let integrated = server.realm(&name).and_then(|realm| {
            let integrated = realm.integrate(pendings)?;
            Ok((integrated, realm))
        });
        self.note(format!(
            "{} uploads to {name} are stored together",
            jobs.len()
        ));
        let outcomes = match integrated {
            Ok((integrated, realm)) => {
                if let Err(error) = realm.maintain() {
                    self.excuse(&error, "the log is not copied");
                }
                integrated.outcomes
            }
            Err(error) => {
                self.excuse(&error, "uploads are not stored");
                jobs.iter()
                    .map(|_| Err(Refusal::Unavailable(error.to_string())))
                    .collect()
            }
        };
        for (job, outcome) in jobs.into_iter().zip(outcomes) {
            if self.disk.is_off() {
                return; // nobody is left to say anything
            }
            if outcome.is_err() {
                job.is_broken.set(true);
            }
            self.tell(
                job.line,
                Input::Integrated(job.session, outcome.map_err(line::told)),
            );
        }
    }

    /// Who is connected hears of new versions.
    fn announce(&mut self) {
        for id in self.lines.keys().copied().collect::<Vec<_>>() {
            if self.disk.is_off() {
                return;
            }
            let (Some(server), Some(line)) = (&self.server, self.lines.get_mut(&id)) else {
                continue;
            };
            let name = &self.devices[line.device].realm;
            let head = match server.realm(name) {
                Ok(realm) => realm.head().version,
                Err(error) => {
                    self.excuse(&error, "a Realm is not available");
                    continue;
                }
            };
            if line.announced < head {
                line.announced = head;
                self.tell(id, Input::Announced(SESSION, head));
            }
        }
    }

    /// A conversation with little delay.
    fn exchange(&mut self) {
        let Some(id) = self.any_line() else { return };
        for _ in 0..self.random.random_range(1..6) {
            if self.disk.is_off() || self.phones.is_off() {
                return;
            }
            self.serve(id);
            self.hear(id);
        }
    }

    /// It is asked to end, and starts again.
    fn restart_server(&mut self) {
        self.note("the server restarts".into());
        self.count("restarts");
        while !self.disk.is_off()
            && self
                .server
                .as_ref()
                .is_some_and(|server| !server.lane.is_empty())
        {
            self.integrate();
        }
        self.lines.clear();
        if let Some(server) = self.server.take() {
            for (_, error) in server.registry().close() {
                self.excuse(&error, "reported progress is not stored");
            }
        }
        if !self.disk.is_off() {
            self.start();
        }
    }

    // The end

    /// Looks at the Realms that are open: opening one is something that happens.
    fn look(&mut self) {
        let Some(server) = &self.server else { return };
        let mut errors = Vec::new();
        for (name, checks) in &mut self.checks {
            let open = server.registry().opened(name);
            errors.extend(open.and_then(|realm| checks.look_at(&realm).err()));
        }
        for error in errors {
            self.excuse(&error, "a Realm cannot be looked at");
        }
    }

    fn look_at_disk(&mut self) {
        let Some(server) = &self.server else { return };
        let mut errors = Vec::new();
        for (name, checks) in &mut self.checks {
            errors.extend(checks.look_at_disk(server.registry(), name).err());
        }
        for error in errors {
            self.excuse(&error, "a Realm cannot be looked at");
        }
    }

    /// All goes well from now on, until everybody has everything.
    fn settle(&mut self) {
        self.note("all goes well".into());
        self.disk.heal();
        self.phones.heal();
        for round in 0.. {
            assert!(round < 1000, "they do not settle: {:#?}", self.places());
            self.after_step();
            for number in 0..self.devices.len() {
                if !self
                    .lines
                    .values()
                    .any(|line| line.device == number && line.client.is_some())
                {
                    let id = self.next_line;
                    self.next_line += 1;
                    self.lines
                        .insert(id, Line::new(id, number, &self.devices[number]));
                }
            }
            for id in self.lines.keys().copied().collect::<Vec<_>>() {
                for _ in 0..20 {
                    self.serve(id);
                    self.hear(id);
                }
            }
            for _ in 0..10 {
                self.integrate();
            }
            self.announce();
            if self.is_quiet() {
                return;
            }
        }
    }

    /// Where each device stands, for who wants to know why they do not settle.
    fn places(&self) -> Vec<String> {
        let place = |device: &Device| {
            let head = self
                .server
                .as_ref()
                .and_then(|server| Some(server.realm(&device.realm).ok()?.head().version));
            format!(
                "{}: {:?}, settled: {}, head: {head:?}",
                device.realm,
                device.replica().progress(),
                device.is_settled()
            )
        };
        self.devices.iter().map(place).collect()
    }

    fn is_quiet(&self) -> bool {
        let silent = |line: &Line| line.up.is_empty() && line.down.is_empty();
        let Some(server) = &self.server else {
            return false;
        };
        self.lines.values().all(silent)
            && server.lane.is_empty()
            && self.devices.iter().all(|device| {
                let head = server
                    .realm(&device.realm)
                    .expect("a healthy disk")
                    .head()
                    .version;
                let at = device.replica().progress().download.server_version;
                device.is_settled()
                    && at == head
                    && (head > ServerVersion(0) || device.made.is_empty() || self.weather.forgets)
            })
    }

    /// Every copy is equal to the server's, and everything that was made is there.
    fn compare(&mut self) {
        self.look_at_disk();
        let server = self.server.as_ref().expect("all went well");
        for (number, device) in self.devices.iter().enumerate() {
            let state = stored(&server.realm(&device.realm).expect("a healthy disk"));
            if let Some(place) = difference(&state, &device.model()) {
                panic!("server and device {number}: {place}");
            }
            if !self.weather.forgets {
                let file = device.replica().progress().file;
                self.checks[&device.realm].has_all_of(file, &device.made);
            }
        }
    }
}

impl Drop for World<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("seed {} in {:?}:", self.seed, self.weather);
            self.steps.iter().for_each(|step| println!("  {step}"));
            println!("the last that the server's disk was asked:");
            self.disk
                .recent()
                .iter()
                .for_each(|point| println!("  {point}"));
            println!(
                "again: ROS_SEED={} cargo test --test tests simulation",
                self.seed
            );
        }
    }
}
