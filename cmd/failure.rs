//! How a command ends: the exit codes that scripts rely on, and what is printed when it fails.

use std::fmt;
use std::process::ExitCode;

use serde_json::{Value, json};

/// Exit codes. Add, never renumber; listed in ros(1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// The command failed.
    Failed = 1,
    /// The command line is wrong (clap ends with the same code).
    Usage = 2,
    /// The configuration is wrong.
    Configuration = 3,
    /// The server cannot be reached, or took too long.
    Unreachable = 4,
    /// Not signed in, or not allowed.
    Denied = 5,
    /// There is no such thing.
    NotFound = 6,
    /// It is there already, or something else is in its way.
    Conflict = 7,
    /// Done in part; what was done is said.
    Partly = 8,
    /// Verification failed, or data is damaged.
    Damaged = 9,
    /// Ended by Ctrl-C; nothing is printed.
    Interrupted = 130,
}

impl Exit {
    /// The name in JSON errors. Add, never rename; listed in docs/troubleshooting.md.
    pub fn name(self) -> &'static str {
        match self {
            Exit::Failed => "failed",
            Exit::Usage => "usage",
            Exit::Configuration => "bad-configuration",
            Exit::Unreachable => "unreachable",
            Exit::Denied => "permission-denied",
            Exit::NotFound => "not-found",
            Exit::Conflict => "conflict",
            Exit::Partly => "partly-done",
            Exit::Damaged => "damaged",
            Exit::Interrupted => "interrupted",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

/// A failed command: what failed and on what, why, and what would put it right.
#[derive(Debug)]
pub struct Failure {
    exit: Exit,
    message: String,
    causes: Vec<String>,
    hint: Option<String>,
}

impl Failure {
    /// A failure with its exit code and what failed, on what.
    pub fn new(exit: Exit, message: impl Into<String>) -> Failure {
        Failure {
            exit,
            message: message.into(),
            causes: Vec::new(),
            hint: None,
        }
    }

    /// An end with this code, after a result that says it all: nothing more is printed.
    pub fn shown(exit: Exit) -> Failure {
        Failure::new(exit, "")
    }

    /// Whether the result says it all.
    pub fn is_shown(&self) -> bool {
        self.message.is_empty()
    }

    /// Why, in parts.
    pub fn causes(&self) -> &[String] {
        &self.causes
    }

    /// The end by Ctrl-C.
    pub fn interrupted() -> Failure {
        Failure::new(Exit::Interrupted, "interrupted")
    }

    /// The same failure of a command that has done a part of its work.
    pub fn partly(mut self) -> Failure {
        self.exit = Exit::Partly;
        self
    }

    /// Adds a cause.
    pub fn cause(mut self, cause: impl fmt::Display) -> Failure {
        self.causes.push(cause.to_string());
        self
    }

    /// Says what would put it right.
    pub fn hint(mut self, hint: impl Into<String>) -> Failure {
        self.hint = Some(hint.into());
        self
    }

    /// All of it in one line, for the log.
    pub fn line(&self) -> String {
        let first = |cause: &String| cause.lines().next().map(|line| format!(": {line}"));
        let causes = self.causes.iter().filter_map(first);
        let causes: String = causes.collect();
        let hint = self.hint.iter().map(|hint| format!(" ({hint})"));
        format!("{}{causes}{}", self.message, hint.collect::<String>())
    }

    /// The failure as a JSON document, for programs.
    pub fn json(&self) -> Value {
        json!({ "error": {
            "code": self.exit.name(),
            "message": self.message,
            "hint": self.hint,
            "details": { "exitCode": self.exit as u8, "causes": self.causes },
        } })
    }

    /// The code to end with.
    pub fn exit(&self) -> Exit {
        self.exit
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ros: {}", self.message)?;
        for cause in &self.causes {
            write!(f, "\n  cause: {cause}")?;
        }
        if let Some(hint) = &self.hint {
            write!(f, "\n  hint: {hint}")?;
        }
        Ok(())
    }
}
