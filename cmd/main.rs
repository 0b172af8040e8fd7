//! The program `ros`: arguments (and the name it was called by) to subcommand to exit code; nothing else.

mod backup;
mod bench;
mod browse;
mod check_config;
mod cli;
mod completions;
mod consent;
mod doctor;
mod failure;
mod folder;
mod generate;
mod given;
mod invitation;
mod man;
mod man_conf;
mod open;
mod output;
mod perms;
mod reach;
mod realms;
mod serve;
mod status;
mod token;
mod users;

use std::process::ExitCode;

use cli::{Command, Parsed};
use failure::{Exit, Failure};

fn main() -> ExitCode {
    let Parsed { cli, json } = cli::parse(std::env::args_os());
    let result = match cli.command {
        Command::Serve(arguments) => serve::run(arguments),
        Command::CheckConfig(arguments) => check_config::run(&arguments),
        Command::Backup(arguments) => backup::backup(arguments),
        Command::Verify(arguments) => backup::verify(arguments),
        Command::Restore(arguments) => backup::restore(arguments),
        Command::Bench(arguments) => bench::run(arguments),
        Command::Browse(arguments) => browse::run(&arguments),
        Command::Realms(arguments) => realms::run(&arguments),
        Command::Perms(arguments) => perms::run(&arguments),
        Command::Status(arguments) => status::run(&arguments),
        Command::Users(arguments) => users::run(&arguments),
        Command::Token(arguments) => token::run(&arguments),
        Command::Doctor(arguments) => doctor::run(&arguments),
        Command::Completions(arguments) => completions::run(&arguments),
        Command::Man(arguments) => man::run(&arguments),
        Command::Generate(arguments) => generate::run(&arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            tell(&failure, json);
            failure.exit().into()
        }
    }
}

/// Says why a command has failed: to programs that read JSON in the place of the result, to others beside it. One that was interrupted may have begun its result.
fn tell(failure: &Failure, json: bool) {
    if failure.is_shown() {
        return;
    }
    let begun = failure.exit() == Exit::Interrupted;
    if !json || begun || output::print_json(&failure.json()).is_err() {
        eprintln!("{failure}");
    }
}

/// The runtime of commands that talk to a server.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Exit::Failed, "cannot start threads").cause(error))
}
