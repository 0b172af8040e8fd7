//! `ros completions`: what a shell needs to complete our command line.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::cli::Cli;
use crate::failure::Failure;

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
    clap_complete::generate(
        arguments.shell,
        &mut Cli::command(),
        "ros",
        &mut std::io::stdout(),
    );
    Ok(())
}
