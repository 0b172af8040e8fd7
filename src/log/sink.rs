//! Where lines go.

use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Standard error, or a file.
pub struct Sink(Mutex<State>);

struct State {
    out: Out,
    /// Lines that could not be written since the last one that could.
    lost: u64,
}

enum Out {
    Stderr { colour: bool },
    File { path: PathBuf, file: File },
}

impl Out {
    fn open(path: Option<&Path>) -> io::Result<Out> {
        let Some(path) = path else {
            let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
            let colour = wanted && io::stderr().is_terminal();
            return Ok(Out::Stderr { colour });
        };
        let mut options = OpenOptions::new();
        let file = options.append(true).create(true).mode(0o640).open(path)?;
        Ok(Out::File {
            path: path.to_owned(),
            file,
        })
    }

    /// One call for each line, so that lines of others never come between.
    fn write(&mut self, text: &str) -> io::Result<()> {
        match self {
            Out::Stderr { .. } => io::stderr().lock().write_all(text.as_bytes()),
            Out::File { file, .. } => file.write_all(text.as_bytes()),
        }
    }
}

impl Sink {
    /// Opens a file, made if it is not there; or standard error.
    pub fn open(path: Option<&Path>) -> io::Result<Sink> {
        let out = Out::open(path)?;
        Ok(Sink(Mutex::new(State { out, lost: 0 })))
    }

    /// Whether it is a file.
    pub fn is_file(&self) -> bool {
        matches!(self.lock().out, Out::File { .. })
    }

    /// Opens the same file again.
    pub fn reopen(&self) -> io::Result<()> {
        let mut state = self.lock();
        if let Out::File { path, .. } = &state.out {
            state.out = Out::open(Some(path))?;
        }
        Ok(())
    }

    /// Goes on in another place.
    pub fn move_to(&self, path: Option<&Path>) -> io::Result<()> {
        let out = Out::open(path)?;
        self.lock().out = out;
        Ok(())
    }

    /// Writes a line; it is made by whoever is told whether colours are seen.
    pub fn write(&self, line: impl FnOnce(bool) -> String) {
        let mut state = self.lock();
        let colour = matches!(state.out, Out::Stderr { colour: true });
        let mut text = line(colour);
        if state.lost > 0 {
            let lost = state.lost;
            text.insert_str(0, &format!("{lost} lines could not be written here\n"));
        }
        match state.out.write(&text) {
            Ok(()) => state.lost = 0,
            Err(_) => state.lost += 1, // There is no other place to say so.
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
