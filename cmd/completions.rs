//! `ros completions`: what a shell needs to complete our command line.

use clap_complete::Shell;

use crate::cli;
use crate::failure::Failure;
use crate::output;

/// Print a shell's completion script
#[derive(clap::Args)]
#[command(
    before_long_help = "Examples:\n  ros completions bash > /etc/bash_completion.d/ros\n  ros completions fish > ~/.config/fish/completions/ros.fish"
)]
pub struct Arguments {
    /// The shell
    shell: Shell,
}

/// Prints the script.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut cli::command(), "ros", &mut script);
    output::print_bytes(&script)
}
