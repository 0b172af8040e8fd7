//! The reference library's client: a process for each step, on a file that stays.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::support::dump::normal;
use crate::support::server::Server;
use crate::support::wire::request;

/// The built client: `ROS_PEER` names its folder.
pub fn built() -> Option<PathBuf> {
    let folder = std::env::var_os("ROS_PEER")?;
    let program = Path::new(&folder).join("peer-client");
    assert!(program.is_file(), "ROS_PEER has no peer-client");
    Some(program)
}

/// A device of it.
pub struct Reference {
    program: PathBuf,
    folder: tempfile::TempDir,
    token: String,
}

impl Reference {
    pub fn new(program: PathBuf, server: &Server) -> Reference {
        let path = "/app/app/auth/providers/anon-user/login";
        let (_, answer) = request(server.address(), "POST", path, None, "{}");
        Reference {
            program,
            folder: tempfile::tempdir().unwrap(),
            token: answer["access_token"].as_str().unwrap().to_owned(),
        }
    }

    /// Random edits without a connection, in one transaction.
    pub fn edit(&self, seed: u64, count: u64) -> Result<(), String> {
        let (seed, ops) = (format!("{}", seed >> 1), format!("random:{count}"));
        self.step(&["--offline", "--ops", &ops, "--seed", &seed])
            .map(drop)
    }

    /// Sends what it has and waits until it has what the server has; what it has then.
    pub fn sync(&self, server: &Server) -> Result<Value, String> {
        let port = server.address().port().to_string();
        let at = format!("/api/client/v2.0/app/app/realm-sync?baas_at={}", self.token);
        let path = super::world::partition_text();
        let options = [
            "--port",
            &port,
            "--prefix",
            &at,
            "--path",
            &path,
            "--show",
            "--timeout",
            "60",
        ];
        self.step(&options).map(|state| normal(&state))
    }

    fn step(&self, options: &[&str]) -> Result<Value, String> {
        let output = Command::new(&self.program)
            .arg("step")
            .arg("--file")
            .arg(self.folder.path().join("peer.realm"))
            .args(["--token", &self.token])
            .args(options)
            .current_dir(self.folder.path())
            .output()
            .map_err(|error| error.to_string())?;
        let mut answer: Value = serde_json::from_slice(&output.stdout).map_err(|_| {
            format!(
                "reference client, {}: {}",
                output.status,
                String::from_utf8_lossy(&output.stderr)
            )
        })?;
        if answer["ok"] != true {
            return Err(format!("reference client: {answer}")
                .chars()
                .take(2000)
                .collect());
        }
        Ok(answer["state"].take())
    }
}
