//! `ros man`: the manual, made from the same definition as the help.

use std::io;

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use crate::cli::{self, EXIT_CODES};
use crate::failure::{Exit, Failure};
use crate::{man_conf, output};

/// Print a manual page
#[derive(clap::Args)]
#[command(
    before_long_help = "Examples:\n  ros man | man -l -\n  ros man perms grant > ros-perms-grant.1\n  ros man conf | man -l -"
)]
pub struct Arguments {
    /// The subcommand, or `conf` for the configuration file; without one, the page of `ros` itself
    command: Vec<String>,
}

/// Prints the page.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    if arguments.command == [man_conf::SHORT] {
        return output::print_bytes(&rendered(man_conf::page())?);
    }
    let name = format!("ros-{}", arguments.command.join("-"));
    let page = match arguments.command.is_empty() {
        true => Some(root()),
        false => pages().into_iter().find(|page| page.get_name() == name),
    };
    let Some(page) = page else {
        let name = arguments.command.join(" ");
        return Err(
            Failure::new(Exit::Usage, format!("no command is called `{name}`"))
                .hint("ros --help lists the commands"),
        );
    };
    output::print_bytes(&rendered(render(page))?)
}

fn rendered(page: io::Result<Vec<u8>>) -> Result<Vec<u8>, Failure> {
    page.map_err(|error| Failure::new(Exit::Failed, "cannot make the manual page").cause(error))
}

/// The page of `ros` itself.
pub fn root() -> Command {
    without_help(cli::command())
}

/// `ros help …` says what the pages say.
fn without_help(command: Command) -> Command {
    command
        .disable_help_subcommand(true)
        .mut_subcommands(without_help)
}

/// The pages of all visible subcommands and theirs, named `ros-<command>` and `ros-<command>-<subcommand>`.
pub fn pages() -> Vec<Command> {
    let mut root = root();
    root.build();
    let mut pages = Vec::new();
    add_pages("ros", &root, &mut pages);
    pages
}

fn add_pages(above: &str, command: &Command, pages: &mut Vec<Command>) {
    for command in command.get_subcommands() {
        if command.is_hide_set() {
            continue;
        }
        let name = format!("{above}-{}", command.get_name());
        add_pages(&name, command, pages);
        let name: &'static str = Box::leak(name.into_boxed_str());
        pages.push(command.clone().name(name).display_name(name));
    }
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
    if page.get_name() == "ros-serve" || page.get_name() == "ros-check-config" {
        let mut roff = Roff::new();
        roff.control("SH", ["SEE ALSO"]);
        roff.text([
            bold("ros.conf"),
            roman("(5): every key of the configuration file"),
        ]);
        roff.to_writer(&mut out)?;
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
pub fn listed(title: &str, items: impl IntoIterator<Item = (String, String)>) -> Roff {
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
