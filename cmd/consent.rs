//! Before something is taken away: what will be done is said, and asked on a terminal.

use std::io::{self, BufRead, IsTerminal};

use crate::failure::{Exit, Failure};

/// Arguments of commands that take something away.
#[derive(clap::Args)]
pub struct Consent {
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// Do it without asking
    #[arg(short, long)]
    yes: bool,
}

impl Consent {
    /// Says what will be done (`revoke the token`), and whether it is to be done. Without a terminal `--yes` is needed.
    pub fn given(&self, what: &str) -> Result<bool, Failure> {
        if self.dry_run {
            eprintln!("would {what}");
            return Ok(false);
        }
        if self.yes {
            return Ok(true);
        }
        if !io::stdin().is_terminal() {
            return Err(Failure::new(Exit::Usage, format!("not sure to {what}"))
                .cause("there is no terminal to ask on")
                .hint("say --yes to do it, --dry-run to see what would be done"));
        }
        eprint!("{what}? [y/N] ");
        let mut answer = String::new();
        let read = io::stdin().lock().read_line(&mut answer);
        read.map_err(|error| Failure::new(Exit::Failed, "cannot read the answer").cause(error))?;
        if matches!(answer.trim(), "y" | "Y" | "yes") {
            Ok(true)
        } else {
            Err(Failure::interrupted())
        }
    }
}
