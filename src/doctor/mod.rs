//! What is wrong on this host, and how to put it right.
//!
//! Looks, and changes nothing but a small file that it writes into the data folder and takes away again.

mod certificate;
mod configuration;
mod firewall;
mod folder;
mod holder;
mod host;
mod pair;
mod ports;

pub use certificate::finding as certificate;
pub use configuration::{Report, needs, privileged};
use serde::Serialize;

use crate::config::Settings;

/// What was found about one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at. Names stay.
    pub check: &'static str,
    /// How it is.
    pub state: State,
    /// In words.
    pub text: String,
    /// What would put it right.
    pub hint: Option<String>,
}

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// As it should be.
    Ok,
    /// It works, but not for long, not for many, or nobody knows.
    Warn,
    /// It does not work.
    Bad,
}

impl State {
    /// The name.
    pub fn name(self) -> &'static str {
        match self {
            State::Ok => "ok",
            State::Warn => "warn",
            State::Bad => "bad",
        }
    }
}

impl Finding {
    /// All is well.
    pub fn ok(check: &'static str, text: impl Into<String>) -> Finding {
        Finding::of(check, State::Ok, text.into(), None)
    }

    /// Somebody should look at it.
    pub fn warn(check: &'static str, text: impl Into<String>, hint: impl Into<String>) -> Finding {
        Finding::of(check, State::Warn, text.into(), Some(hint.into()))
    }

    /// It must be put right.
    pub fn bad(check: &'static str, text: impl Into<String>, hint: impl Into<String>) -> Finding {
        Finding::of(check, State::Bad, text.into(), Some(hint.into()))
    }

    fn of(check: &'static str, state: State, text: String, hint: Option<String>) -> Finding {
        Finding {
            check,
            state,
            text,
            hint,
        }
    }
}

/// Looks at everything that these settings need. `runs`: their server has just answered.
pub fn examine(settings: &Settings, runs: bool) -> Vec<Finding> {
    let mut findings = vec![host::files(), host::clock()];
    findings.extend(folder::findings(settings));
    findings.extend(ports::findings(settings, runs));
    findings.extend(firewall::findings(settings));
    findings.extend(certificate::configured(settings));
    findings
}

/// What a program of the system has printed; nothing if it is not there, fails, or takes too long.
fn printed(program: &str, arguments: &[&str]) -> Option<String> {
    let mut command = std::process::Command::new("timeout");
    command.arg("5").arg(program).args(arguments);
    command.stdin(std::process::Stdio::null());
    let output = command.output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    output.status.success().then_some(text)
}
