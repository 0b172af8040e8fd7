//! The command line: the one definition that feeds the parser, help, man pages and completions.

use std::ffi::OsString;
use std::path::Path;

use clap::{Parser, Subcommand};

use crate::{bench, browse, completions, generate, man, realms, serve};

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

const EXIT_CODES: &str = "Exit codes: 0 done, 1 failed, 2 usage, 3 bad configuration, 4 server unreachable or timed out, \
5 not signed in or not allowed, 6 not found, 7 exists or conflicts, 8 done in part, 9 verification failed or data damaged, 130 interrupted";

/// The subcommands.
#[derive(Subcommand)]
pub enum Command {
    /// Run the server
    Serve(serve::Arguments),
    /// Look at what a Realm contains
    Browse(browse::Arguments),
    /// Work with whole Realms
    Realms(realms::Arguments),
    /// Measure any server that speaks the sync protocol
    Bench(bench::Arguments),
    /// Print a shell's completion script
    Completions(completions::Arguments),
    /// Print a manual page
    Man(man::Arguments),
    /// Write man pages and completions into a folder
    #[command(hide = true)]
    Generate(generate::Arguments),
}

/// The arguments to parse. Called as `realm-object-server` the program is `ros serve`.
pub fn arguments(given: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = given.collect();
    let called = arguments.first().map(Path::new).and_then(Path::file_name);
    if called.is_some_and(|name| name == "realm-object-server") {
        arguments.insert(1, "serve".into());
    }
    arguments
}
