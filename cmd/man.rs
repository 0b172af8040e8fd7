//! `ros man`: the manual, made from the same definition as the help.

use std::io;

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};
use ros::config;

use crate::cli::{self, EXIT_CODES};
use crate::failure::{Exit, Failure};
use crate::output;

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
        None => Some(root()),
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
    let text = render(page)
        .map_err(|error| Failure::new(Exit::Failed, "cannot make the manual page").cause(error))?;
    output::print_bytes(&text)
}

/// The page of `ros` itself.
pub fn root() -> Command {
    cli::command().disable_help_subcommand(true)
}

/// The pages of all visible subcommands, named `ros-<command>`.
pub fn pages() -> Vec<Command> {
    let mut root = cli::command();
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

/// A page as text for man(1).
pub fn render(page: Command) -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    let man = Man::new(page.clone());
    man.render_title(&mut out)?;
    man.render_name_section(&mut out)?;
    man.render_synopsis_section(&mut out)?;
    man.render_description_section(&mut out)?;
    examples(&page).to_writer(&mut out)?;
    man.render_options_section(&mut out)?;
    if page.has_subcommands() {
        man.render_subcommands_section(&mut out)?;
    }
    if page.get_name() == "ros" {
        listed("EXIT STATUS", exit_codes()).to_writer(&mut out)?;
    }
    listed("ENVIRONMENT", environment(&page)).to_writer(&mut out)?;
    if page.get_name() == "ros-serve" {
        listed("CONFIGURATION", configuration()).to_writer(&mut out)?;
    }
    man.render_version_section(&mut out)?;
    Ok(out)
}

/// The examples, line by line.
fn examples(page: &Command) -> Roff {
    let mut roff = Roff::new();
    let Some(text) = page.get_before_long_help() else {
        return roff;
    };
    roff.control("SH", ["EXAMPLES"]).control("nf", []);
    for line in text.to_string().lines().skip(1) {
        roff.text([roman(line.trim())]);
    }
    roff.control("fi", []);
    roff
}

/// A section of names with their texts; none if there are none.
fn listed(title: &str, items: impl IntoIterator<Item = (String, String)>) -> Roff {
    let mut roff = Roff::new();
    for (number, (name, text)) in items.into_iter().enumerate() {
        if number == 0 {
            roff.control("SH", [title]);
        }
        roff.control("TP", [])
            .text([bold(name)])
            .text([roman(text)]);
    }
    roff
}

fn exit_codes() -> impl Iterator<Item = (String, String)> {
    let (_, codes) = EXIT_CODES.split_once(": ").unwrap_or_default();
    let codes = codes.split(", ").filter_map(|code| code.split_once(' '));
    codes.map(|(code, text)| (code.to_owned(), text.to_owned()))
}

/// The variables that stand for options.
fn environment(page: &Command) -> Vec<(String, String)> {
    let variables = page.get_arguments().filter_map(|argument| {
        let variable = argument.get_env()?.to_string_lossy().into_owned();
        let option = argument.get_long().unwrap_or_default();
        Some((
            variable,
            format!("Stands for --{option} where it is not given"),
        ))
    });
    variables.collect()
}

/// The keys of the configuration file.
fn configuration() -> impl Iterator<Item = (String, String)> {
    config::all().map(|key| {
        let default = key.default();
        let default = default.map_or(String::new(), |default| format!(" [default: {default}]"));
        (key.path.to_owned(), format!("{}{default}", key.text))
    })
}

/// The keys of the configuration file, as the help shows them.
pub fn configuration_help() -> String {
    let mut help = "Configuration file (YAML; * stands for an app id):".to_owned();
    for (key, text) in configuration() {
        help.push_str(&format!("\n  {key}{}", indented(&text)));
    }
    help
}

/// A text of lines that fit the narrowest terminal, below what it belongs to.
fn indented(text: &str) -> String {
    const WIDTH: usize = 72;
    const INDENT: &str = "\n      ";
    let (mut out, mut width) = (INDENT.to_owned(), 0);
    for word in text.split(' ') {
        if width > 0 && width + word.len() >= WIDTH {
            out.push_str(INDENT);
            width = 0;
        }
        if width > 0 {
            out.push(' ');
        }
        out.push_str(word);
        width += word.len() + 1;
    }
    out
}
