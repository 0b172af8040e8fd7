//! The program on a data folder of the test's choosing, with keys that are made once.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use ros::server::dev::DevFiles;
use tempfile::TempDir;

use crate::support::patience::deadline;
use crate::support::server::listening;

/// A running server; dropping it kills it.
pub struct Service {
    process: Child,
    address: SocketAddr,
    log: Arc<Mutex<Vec<String>>>,
}

/// A server that did not start.
#[derive(Debug)]
pub struct Ended {
    /// How it ended.
    pub status: ExitStatus,
    /// What it said.
    pub log: Vec<String>,
}

/// Any port.
pub const ANYWHERE: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

/// A data folder with keys and nothing else, made once.
pub fn with_keys() -> &'static Path {
    static FOLDER: OnceLock<TempDir> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        DevFiles::ensure(folder.path()).unwrap();
        folder
    });
    folder.path()
}

/// Copies a folder with all that is in it; `to` is not there yet.
pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), &target).unwrap();
        }
    }
}

impl Service {
    /// Starts it; it may end instead.
    pub fn try_start(root: &Path, listen: SocketAddr) -> Result<Service, Ended> {
        let mut process = spawn(root, listen);
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let mut said = Vec::new();
        let address = lines.by_ref().map_while(Result::ok).find_map(|line| {
            let address = listening(&line, "http proxy");
            said.push(line);
            address
        });
        let Some(address) = address else {
            let status = process.wait().unwrap();
            return Err(Ended { status, log: said });
        };
        let log = Arc::new(Mutex::new(said));
        let more = log.clone();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                more.lock().unwrap().push(line);
            }
        });
        Ok(Service {
            process,
            address,
            log,
        })
    }

    /// Starts it.
    pub fn start(root: &Path, listen: SocketAddr) -> Service {
        Service::try_start(root, listen)
            .unwrap_or_else(|ended| panic!("it does not start: {ended:?}"))
    }

    /// Starts it and kills it so much later, whatever it is at.
    pub fn start_and_kill(root: &Path, after: Duration) {
        let mut process = spawn(root, ANYWHERE);
        std::thread::sleep(after);
        process.kill().unwrap();
        process.wait().unwrap();
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where apps find it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What it has logged.
    pub fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    /// As a power cut would: the process gets no say.
    pub fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Asks it to end, and waits until it has.
    pub fn stop(&mut self) -> ExitStatus {
        let id = self.process.id().to_string();
        assert!(Command::new("kill").arg(id).status().unwrap().success());
        let end = deadline();
        loop {
            if let Some(status) = self.process.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < end, "it does not end: {:#?}", self.log());
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

fn spawn(root: &Path, listen: SocketAddr) -> Child {
    Command::new(env!("CARGO_BIN_EXE_ros"))
        .args(["serve", "--dev"])
        .args(["--listen", &listen.to_string()])
        .arg("--root")
        .arg(root)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

impl Drop for Service {
    fn drop(&mut self) {
        drop(self.process.kill()); // may have ended already
        drop(self.process.wait());
    }
}
