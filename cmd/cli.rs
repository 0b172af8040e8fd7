//! The command line: the one definition that feeds the parser, help, man pages and completions.

use std::ffi::OsString;
use std::path::Path;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::failure::{Exit, Failure};
use crate::{
    backup, bench, browse, check_config, completions, doctor, generate, man, perms, realms, serve,
    status, token, users,
};

/// Run and operate a Realm Object Server
///
/// Syncs the Realms of phones and desktops between devices, on a server that your team owns.
#[derive(Parser)]
#[command(name = "ros", version, propagate_version = true, max_term_width = 100, after_help = EXIT_CODES)]
#[command(
    before_long_help = "Examples:\n  ros serve --dev\n  ros serve -c /etc/realm/configuration.yml"
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the exit codes mean, as the manual takes it apart.
pub const EXIT_CODES: &str = "Exit codes: 0 done, 1 failed, 2 usage, 3 bad configuration, 4 server unreachable or timed out, \
5 not signed in or not allowed, 6 not found, 7 exists or conflicts, 8 done in part, 9 verification failed or data damaged, 130 interrupted";

/// The subcommands. Their help is that of their arguments.
#[derive(Subcommand)]
pub enum Command {
    Serve(serve::Arguments),
    CheckConfig(check_config::Arguments),
    Backup(backup::Backup),
    Verify(backup::Verify),
    Restore(backup::Restore),
    Browse(browse::Arguments),
    Realms(realms::Arguments),
    Perms(perms::Arguments),
    Users(users::Arguments),
    Token(token::Arguments),
    Bench(bench::Arguments),
    Status(status::Arguments),
    Doctor(doctor::Arguments),
    Completions(completions::Arguments),
    Man(man::Arguments),
    #[command(hide = true)]
    Generate(generate::Arguments),
}

/// The definition. All help is laid out the same way: what the command does, examples, options.
pub fn command() -> clap::Command {
    fn laid_out(command: clap::Command) -> clap::Command {
        const HELP: &str = "\
{about-with-newline}
{before-help}{usage-heading} {usage}

{all-args}{after-help}";
        command.help_template(HELP).mut_subcommands(laid_out)
    }
    laid_out(Cli::command())
}

/// What the program is when it is called by one of its other names, as far as shells complete it: a command of ours by that name.
pub fn by_other_names() -> [clap::Command; 2] {
    let whole = command();
    let command = |name: &str| {
        let command = whole.find_subcommand(name).cloned();
        command
            .unwrap_or_default()
            .version(env!("CARGO_PKG_VERSION"))
    };
    let check = clap::Arg::new("check")
        .long("check-configuration")
        .value_name("FILE")
        .value_hint(clap::ValueHint::FilePath)
        .help("Check a configuration, and show what would hold");
    [
        command("backup").name("realm-backup"),
        command("serve").name("realm-object-server").arg(check),
    ]
}

/// What was asked for, and how.
pub struct Parsed {
    /// What to do.
    pub cli: Cli,
    /// Whether a failure is told as JSON: the command's result would have been.
    pub json: bool,
}

/// The command line, or the end of the program with what is wrong with it.
pub fn parse(given: impl Iterator<Item = OsString>) -> Parsed {
    let arguments = arguments(given);
    let json = wants_json(&arguments);
    let matches = command().try_get_matches_from(arguments);
    let matches = matches.unwrap_or_else(|error| end(&error, json));
    if let Some(matches) = matches.subcommand_matches("serve")
        && matches.get_flag("dev")
        && matches.value_source("configuration") == Some(ValueSource::CommandLine)
    {
        // One in the environment is just not used.
        let text = "the argument '--dev' cannot be used with '--configuration <FILE>'";
        end(&command().error(ErrorKind::ArgumentConflict, text), json);
    }
    Parsed {
        cli: Cli::from_arg_matches(&matches).unwrap_or_else(|error| end(&error, json)),
        json: is_json(&matches),
    }
}

/// Ends the program: help and versions are no failures, and told as they are.
fn end(error: &clap::Error, json: bool) -> ! {
    let text = error.to_string();
    if !error.use_stderr() || !(json || text.starts_with("error: ")) {
        error.exit()
    }
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let message = lines.next().unwrap_or_default();
    let message = message.strip_prefix("error: ").unwrap_or(message);
    if json {
        let failure = lines.fold(Failure::new(Exit::Usage, message), Failure::cause);
        crate::tell(&failure, true);
    } else {
        eprint!("ros: {}", text.trim_start_matches("error: "));
    }
    std::process::exit(Exit::Usage as i32)
}

/// Whether the arguments ask for JSON, as far as that can be said of arguments that may be wrong.
fn wants_json(arguments: &[OsString]) -> bool {
    let follows =
        |pair: &[OsString]| (pair[0] == "-o" || pair[0] == "--output") && pair[1] == "json";
    let says = |argument: &OsString| {
        argument == "-ojson" || argument == "--output=json" || argument == "-o=json"
    };
    arguments.windows(2).any(follows) || arguments.iter().any(says)
}

/// Whether the command that was found writes JSON.
fn is_json(matches: &ArgMatches) -> bool {
    if let Some((_, matches)) = matches.subcommand() {
        return is_json(matches);
    }
    match matches.try_get_raw("output") {
        Ok(Some(mut values)) => values.any(|value| value == "json"),
        Ok(None) | Err(_) => false, // it has no such option
    }
}

/// The arguments to parse. Called as `realm-object-server` the program is `ros serve`, or with `--check-configuration FILE` `ros check-config FILE`; as `realm-backup` it is `ros backup`.
fn arguments(given: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = given.collect();
    let called = arguments.first().map(Path::new).and_then(Path::file_name);
    let command = called.and_then(|name| match name.to_str()? {
        "realm-object-server" => Some("serve"),
        "realm-backup" => Some("backup"),
        _ => None,
    });
    match command {
        Some("serve") if takes_check(&mut arguments) => arguments.insert(1, "check-config".into()),
        Some(command) => arguments.insert(1, command.into()),
        None => {}
    }
    arguments
}

/// Whether the original's option for a check is among the arguments; its file stays.
fn takes_check(arguments: &mut Vec<OsString>) -> bool {
    const CHECK: &str = "--check-configuration";
    if let Some(at) = arguments.iter().position(|argument| argument == CHECK) {
        arguments.remove(at);
        return true;
    }
    let joined = |argument: &OsString| {
        Some(
            argument
                .to_str()?
                .strip_prefix(CHECK)?
                .strip_prefix('=')?
                .into(),
        )
    };
    match arguments
        .iter()
        .enumerate()
        .find_map(|(at, argument)| Some((at, joined(argument)?)))
    {
        Some((at, file)) => {
            arguments[at] = file;
            true
        }
        None => false,
    }
}
