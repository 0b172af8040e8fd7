//! A development server of this build, in a folder of its own, on a port of its own.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// A running server; dropping it kills it.
pub struct Server {
    process: Child,
    address: SocketAddr,
    folder: TempDir,
}

impl Server {
    /// Starts on an empty folder.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let (process, address) = spawn(&folder.path().join("root"), any);
        Self {
            process,
            address,
            folder,
        }
    }

    /// Where apps find it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The token of its administrator.
    pub fn admin_token(&self) -> String {
        let file = self.root().join("keys/admin.token");
        std::fs::read_to_string(file).unwrap().trim().to_string()
    }

    /// Forgets all Realms, while stopped.
    pub fn lose_realms(&self) {
        std::fs::remove_dir_all(self.root().join("realms")).unwrap();
    }

    /// Its data folder.
    pub fn root(&self) -> PathBuf {
        self.folder.path().join("root")
    }

    /// Notes the state of the stopped server, for `go_back`.
    pub fn take_copy(&self) {
        copy(&self.root(), &self.folder.path().join("copy"));
    }

    /// Gives the stopped server the state it had at `take_copy`.
    pub fn go_back(&self) {
        std::fs::remove_dir_all(self.root()).unwrap();
        copy(&self.folder.path().join("copy"), &self.root());
    }

    /// As a power cut would: the process gets no say.
    pub fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Starts again on the same folder and address, after `kill`.
    pub fn restart(&mut self) {
        let (process, address) = spawn(&self.root(), self.address);
        assert_eq!(address, self.address);
        self.process = process;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill(); // may have ended already
        let _ = self.process.wait();
    }
}

fn copy(from: &Path, to: &Path) {
    let status = Command::new("cp")
        .arg("-a")
        .args([from, to])
        .status()
        .unwrap();
    assert!(status.success());
}

fn spawn(root: &Path, listen: SocketAddr) -> (Child, SocketAddr) {
    let log = std::env::var("ROS_LOG").unwrap_or("info".into());
    let mut process = Command::new(env!("CARGO_BIN_EXE_ros"))
        .args(["serve", "--dev", "--root"])
        .arg(root)
        .args(["--listen", &listen.to_string(), "--log-level", &log])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
    let address = lines
        .by_ref()
        .map(Result::unwrap)
        .find_map(|line| listening(&line))
        .expect("the server did not start");
    let show = std::env::var_os("ROS_LOG").is_some();
    std::thread::spawn(move || {
        for line in lines.map_while(Result::ok).filter(|_| show) {
            eprintln!("server: {line}");
        }
    });
    (process, address)
}

/// The address in the line that says so.
fn listening(line: &str) -> Option<SocketAddr> {
    let (_, address) = line.split_once("listening address=")?;
    address.trim().parse().ok()
}
