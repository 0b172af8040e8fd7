//! A terminal, for what commands show to people alone.

use std::fs::{File, OpenOptions};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::{Command, ExitStatus};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

/// Runs a command whose output and errors go to a terminal with so many columns; what it has written there, and how it ended.
pub fn run(mut command: Command, columns: u16) -> (String, ExitStatus) {
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&ours).unwrap();
    unlockpt(&ours).unwrap();
    let name = ptsname(&ours, Vec::new()).unwrap();
    let path = Path::new(std::ffi::OsStr::from_bytes(name.to_bytes()));
    let theirs = OpenOptions::new()
        .read(true)
        .write(true)
        .open(path)
        .unwrap();
    let size = Winsize {
        ws_row: 24,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    tcsetwinsize(&theirs, size).unwrap();
    command.stdout(theirs.try_clone().unwrap()).stderr(theirs);
    let mut child = command.spawn().unwrap();
    drop(command); // it holds the other end
    let (mut ours, mut written) = (File::from(ours), Vec::new());
    let mut buffer = [0; 4096];
    // When nobody has the other end any more, reading fails.
    while let Ok(read @ 1..) = ours.read(&mut buffer) {
        written.extend_from_slice(&buffer[..read]);
    }
    let status = child.wait().unwrap();
    (String::from_utf8(written).unwrap(), status)
}
