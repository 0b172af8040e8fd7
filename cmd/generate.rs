//! `ros generate` (hidden): writes `man/` and `completions/`, which are committed and checked by a test.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap_complete::Shell;

use crate::cli;
use crate::failure::{Exit, Failure};
use crate::man;

/// Write man pages and completions into a folder
#[derive(clap::Args)]
pub struct Arguments {
    /// The folder; `man` and `completions` are made in it
    folder: PathBuf,
}

/// Writes the files.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    write(&arguments.folder).map_err(|error| {
        Failure::new(
            Exit::Failed,
            format!("cannot write to {}", arguments.folder.display()),
        )
        .cause(error)
    })
}

fn write(folder: &Path) -> io::Result<()> {
    let (manual, completions) = (folder.join("man"), folder.join("completions"));
    fs::create_dir_all(&manual)?;
    fs::create_dir_all(&completions)?;
    for page in std::iter::once(man::root()).chain(man::pages()) {
        let name = format!("{}.1", page.get_name());
        fs::write(manual.join(name), man::render(page)?)?;
    }
    for shell in [Shell::Bash, Shell::Fish, Shell::Zsh] {
        clap_complete::generate_to(shell, &mut cli::command(), "ros", &completions)?;
    }
    Ok(())
}
