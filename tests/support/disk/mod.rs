//! A disk that does what it is told, below a real mount point: it counts what is asked of it, fails, is full, and loses what was not synced.
//!
//! A file system of our own (FUSE). Whatever a process does to its data folder passes there: writes of SQLite and our own, syncs of files and of folders, new files, renames. Only the
//! memory that the connections of a database share (`-shm`) is not counted where the kernel writes it back when it likes: what is in it does not outlive a process.
//!
//! The disk is a process of its own, this test program called once more: a process that maps a file of a disk in its own memory waits for itself sooner or later.

mod daemon;
mod fuse;
mod state;
mod tree;

#[cfg(test)]
mod tests;

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use serde::de::DeserializeOwned;

use daemon::Ask;
pub use state::{Fault, Point, Trouble};
pub use tree::Loss;

/// A mounted disk; dropping it takes it away with all that is on it.
pub struct Disk {
    /// Closed first: that ends the process.
    line: Option<Mutex<Line>>,
    process: Child,
    folder: tempfile::TempDir,
}

/// What is asked and answered, a line of JSON each.
struct Line {
    asks: UnixStream,
    answers: BufReader<UnixStream>,
}

/// Whether disks can be mounted here. If not, it says so; with `ROS_REQUIRE_DISK` that is a failure.
pub fn can_mount() -> bool {
    let Err(error) = Disk::mount() else {
        return true;
    };
    assert!(
        std::env::var_os("ROS_REQUIRE_DISK").is_none(),
        "no simulated disk: {error}"
    );
    println!("could not run: no simulated disk (/dev/fuse, and root or fusermount3): {error}");
    false
}

impl Disk {
    /// An empty disk.
    pub fn new() -> Disk {
        Disk::mount().unwrap_or_else(|error| panic!("no simulated disk: {error}"))
    }

    fn mount() -> Result<Disk, String> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("disk")).unwrap();
        let listener = UnixListener::bind(folder.path().join("line")).unwrap();
        let process = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", daemon::TEST, "--nocapture", "--test-threads=1"])
            .env(daemon::FOLDER, folder.path())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let (asks, _) = listener.accept().unwrap();
        let mut line = Line {
            answers: BufReader::new(asks.try_clone().unwrap()),
            asks,
        };
        let mounted: Result<(), String> = line.hear();
        let disk = Disk {
            line: Some(Mutex::new(line)),
            process,
            folder,
        };
        mounted.map(|()| disk)
    }

    /// Where it is mounted.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("disk")
    }

    /// A folder on it; not made yet.
    pub fn root(&self) -> PathBuf {
        self.path().join("root")
    }

    /// Everything on it is gone, as if it were new.
    pub fn wipe(&self) {
        self.ask(&Ask::Wipe)
    }

    /// How many writes, syncs, renames and the like there have been.
    pub fn count(&self) -> u64 {
        self.ask(&Ask::Count)
    }

    /// The last of them.
    pub fn recent(&self) -> Vec<Point> {
        self.ask(&Ask::Recent)
    }

    /// Has the point of this number meet a fault. There is one at a time.
    pub fn plan(&self, number: u64, fault: Fault) {
        self.ask(&Ask::Plan(number, fault))
    }

    /// Whether the planned fault was met since this was asked last.
    pub fn take_strike(&self) -> bool {
        self.ask(&Ask::TakeStrike)
    }

    /// Whether it is right to fail: something is wrong with the disk, or was just now.
    pub fn is_troubled(&self) -> bool {
        self.ask(&Ask::IsTroubled)
    }

    /// Forgets a fault that was not met, and ends troubles that last. The power stays off if it is.
    pub fn heal(&self) {
        self.ask(&Ask::Heal)
    }

    /// From now on only so many bytes fit beside those that are there.
    pub fn leave_room(&self, bytes: u64) {
        self.ask(&Ask::LeaveRoom(bytes))
    }

    /// The power goes, now.
    pub fn cut_power(&self) {
        self.ask(&Ask::CutPower)
    }

    /// Whether the power is gone: nothing is written any more.
    pub fn is_off(&self) -> bool {
        self.ask(&Ask::IsOff)
    }

    /// The power is back; the seed says what is lost of what may be. Nobody may have a file open.
    pub fn restore_power(&self, loss: Loss, seed: u64) {
        self.ask(&Ask::RestorePower(loss, seed))
    }

    fn ask<T: DeserializeOwned>(&self, ask: &Ask) -> T {
        let line = self.line.as_ref().expect("open until it is dropped");
        let mut line = line.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = serde_json::to_string(ask).unwrap();
        text.push('\n');
        line.asks.write_all(text.as_bytes()).unwrap();
        line.hear()
    }
}

impl Line {
    fn hear<T: DeserializeOwned>(&mut self) -> T {
        let mut text = String::new();
        self.answers.read_line(&mut text).unwrap();
        serde_json::from_str(&text)
            .unwrap_or_else(|error| panic!("the disk said {text:?}: {error}"))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        self.line = None;
        let ended = self.process.wait();
        if !std::thread::panicking() {
            assert!(ended.unwrap().success(), "the disk ended badly");
        }
    }
}

/// Opens a file or folder and makes it safe.
#[cfg(test)]
fn sync(path: &Path) {
    std::fs::File::open(path).unwrap().sync_all().unwrap();
}
