//! `ros generate` (hidden): writes `man/`, `completions/` and what is made from the keys of the configuration; all of it is committed and checked by a test.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap_complete::Shell;
use ros::config;

use crate::cli;
use crate::failure::{Exit, Failure};
use crate::{man, man_conf};

/// Write what is made from definitions into a folder: man pages, completions, the sample configuration, its schema and its reference
#[derive(clap::Args)]
pub struct Arguments {
    /// The folder; `man`, `completions`, `packaging` and `docs` are made in it
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
    fs::write(manual.join(man_conf::NAME), man_conf::page()?)?;
    let (packaging, docs) = (folder.join("packaging"), folder.join("docs"));
    fs::create_dir_all(&packaging)?;
    fs::create_dir_all(&docs)?;
    fs::write(packaging.join("configuration.yml"), config::sample())?;
    let schema = serde_json::to_string_pretty(&config::schema())?;
    fs::write(packaging.join("configuration.schema.json"), schema + "\n")?;
    fs::write(docs.join("configuration-keys.md"), config::reference())?;
    for shell in [Shell::Bash, Shell::Fish, Shell::Zsh] {
        for mut command in std::iter::once(cli::command()).chain(cli::by_other_names()) {
            let name = command.get_name().to_owned();
            clap_complete::generate_to(shell, &mut command, name, &completions)?;
        }
    }
    Ok(())
}
