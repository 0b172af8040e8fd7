//! A device: an SDK in a process of its own, told what to do in JSON, one line a command, one line an answer.

use std::borrow::BorrowMut;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

/// A device and the process it is; dropping it ends it.
pub struct Device {
    command: Command,
    process: Process,
    folder: TempDir,
}

struct Process {
    child: Child,
    commands: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Device {
    /// Starts the process; it knows no server yet.
    pub fn start(mut command: Command) -> Self {
        let process = Process::start(&mut command);
        Self {
            command,
            process,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// The process dies without notice and a new one takes up where it was, signed in as the same user.
    pub fn restart(&mut self, url: &str) {
        self.relaunch();
        self.sign_in_as(url, json!({"resume": true})).unwrap();
    }

    /// The same, and nobody is signed in.
    pub fn relaunch(&mut self) {
        self.process = Process::start(&mut self.command);
    }

    /// Signs in as a new anonymous user.
    pub fn sign_in(&mut self, url: &str) {
        self.sign_in_as(url, json!({})).unwrap();
    }

    /// Signs in with these credentials.
    pub fn sign_in_as(&mut self, url: &str, mut credentials: Value) -> Result<Value, Value> {
        credentials["op"] = json!("signIn");
        credentials["baseUrl"] = json!(url);
        credentials["appId"] = json!("app");
        credentials["directory"] = json!(self.folder.path());
        self.attempt(&credentials)
    }

    /// Runs an operation that has to work.
    pub fn run(&mut self, command: Value) -> Value {
        self.attempt(&command)
            .unwrap_or_else(|error| panic!("{command}: {error}"))
    }

    /// Runs an operation that may fail.
    pub fn attempt(&mut self, command: &Value) -> Result<Value, Value> {
        writeln!(self.process.commands, "{command}").unwrap();
        let mut answer = self.process.answer(command);
        match answer.get_mut("error") {
            Some(error) => Err(error.take()),
            None => Ok(answer["ok"].take()),
        }
    }

    pub fn open(&mut self, partition: impl Into<Value>) {
        self.run(json!({"op": "open", "partition": partition.into()}));
    }

    /// Opens with what to do when the server asks for a client reset.
    pub fn open_with_reset(&mut self, partition: &str, reset: &str) {
        self.run(json!({"op": "open", "partition": partition, "reset": reset}));
    }

    pub fn close(&mut self) {
        self.run(json!({"op": "close"}));
    }

    pub fn write(&mut self, edits: Value) {
        self.run(json!({"op": "write", "edits": edits}));
    }

    /// Every object, by primary key.
    pub fn read(&mut self) -> Value {
        self.run(json!({"op": "read"}))
    }

    pub fn pause(&mut self) {
        self.run(json!({"op": "pause"}));
    }

    pub fn resume(&mut self) {
        self.run(json!({"op": "resume"}));
    }

    /// Connects at once, instead of after the client's own delay.
    pub fn reconnect(&mut self) {
        self.run(json!({"op": "reconnect"}));
    }

    /// Returns when the server acknowledged every change of this device.
    pub fn upload(&mut self) {
        self.run(json!({"op": "upload"}));
    }

    /// Returns when everything the server has is here.
    pub fn download(&mut self) {
        self.run(json!({"op": "download"}));
    }

    /// Sync errors and client resets since the last time.
    pub fn events(&mut self) -> Vec<Value> {
        match self.run(json!({"op": "events"})) {
            Value::Array(events) => events,
            other => panic!("events are a list, not {other}"),
        }
    }
}

impl Process {
    fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Self {
            commands: child.stdin.take().unwrap(),
            answers: BufReader::new(child.stdout.take().unwrap()),
            child,
        }
    }
}

impl Process {
    /// The next line that is JSON: our own device is a test, whose harness prints lines too.
    fn answer(&mut self, command: &Value) -> Value {
        loop {
            let mut line = String::new();
            let read = self.answers.read_line(&mut line);
            assert!(
                read.is_ok_and(|read| read > 0),
                "{command}: the device is gone"
            );
            if let Some(at) = line.find("{\"")
                && let Ok(answer) = serde_json::from_str(&line[at..])
            {
                return answer;
            }
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill(); // may have ended already
        let _ = self.child.wait();
    }
}

/// Brings every change of every device to every other, and returns what they all read then.
pub fn settle<D: BorrowMut<Device>>(devices: &mut [D]) -> Value {
    devices
        .iter_mut()
        .for_each(|device| device.borrow_mut().upload());
    devices
        .iter_mut()
        .for_each(|device| device.borrow_mut().download());
    let mut states = devices.iter_mut().map(|device| device.borrow_mut().read());
    let first = states.next().unwrap();
    for (index, other) in states.enumerate() {
        assert_eq!(
            differences(&first, &other),
            Vec::<String>::new(),
            "devices 0 and {} do not agree",
            index + 1
        );
    }
    first
}

/// Where two values differ.
fn differences(left: &Value, right: &Value) -> Vec<String> {
    let (Value::Array(left), Value::Array(right)) = (left, right) else {
        panic!("states are lists")
    };
    let mut all = Vec::new();
    for (left, right) in left.iter().zip(right) {
        for (name, value) in left.as_object().unwrap() {
            if value != &right[name] {
                all.push(format!(
                    "{}.{name}: {value} and {}",
                    left["_id"], right[name]
                ));
            }
        }
    }
    if left.len() != right.len() {
        all.push(format!("{} and {} objects", left.len(), right.len()));
    }
    all
}
