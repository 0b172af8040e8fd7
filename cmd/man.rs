//! `ros man`: the manual, made from the same definition as the help.

use clap::CommandFactory;

use crate::cli::Cli;
use crate::failure::{Exit, Failure};

/// Print a manual page
#[derive(clap::Args)]
#[command(before_long_help = "Examples:\n  ros man | man -l -\n  ros man serve > ros-serve.1")]
pub struct Arguments {
    /// The subcommand; without one, the page of `ros` itself
    command: Option<String>,
}

/// Prints the page.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let page = match &arguments.command {
        None => Some(Cli::command()),
        Some(name) => pages()
            .into_iter()
            .find(|page| page.get_name() == format!("ros-{name}")),
    };
    let Some(page) = page else {
        let name = arguments.command.as_deref().unwrap_or_default();
        return Err(
            Failure::new(Exit::Usage, format!("no command is called `{name}`"))
                .hint("ros --help lists the commands"),
        );
    };
    clap_mangen::Man::new(page)
        .render(&mut std::io::stdout())
        .map_err(|error| Failure::new(Exit::Failed, "cannot print the manual page").cause(error))
}

/// The pages of all visible subcommands, named `ros-<command>`.
pub fn pages() -> Vec<clap::Command> {
    let mut root = Cli::command();
    root.build();
    root.get_subcommands()
        .filter(|command| !command.is_hide_set() && command.get_name() != "help")
        .map(|command| {
            let name: &'static str =
                Box::leak(format!("ros-{}", command.get_name()).into_boxed_str());
            command.clone().name(name).display_name(name)
        })
        .collect()
}
