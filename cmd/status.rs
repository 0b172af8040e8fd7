//! `ros status`: a running server at a glance.

use ros::api::status::Status;

use crate::failure::Failure;
use crate::output::{self, Format, Rows};
use crate::reach::Reach;

/// Show a running server at a glance
///
/// Version, listeners, connections, sessions, Realms, what waits, the disk. Needs an administrator's token.
#[derive(clap::Args)]
#[command(
    before_long_help = "Examples:\n  ros status\n  ros status --server https://sync.example.com --admin-token-file admin.token -o json"
)]
pub struct Arguments {
    /// The form of the result
    #[arg(short, long, value_enum, default_value_t = Format::Table)]
    output: Format,
    #[command(flatten)]
    reach: Reach,
}

/// Asks and prints.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let reach = &arguments.reach;
    let (server, token) = (reach.server()?, reach.admin_token()?);
    let asked = async {
        reach
            .within("cannot ask for the status", server.status(&token))
            .await
    };
    let status = crate::runtime()?.block_on(asked)?;
    match arguments.output {
        Format::Json | Format::Ndjson => output::print_json(&status),
        format @ (Format::Table | Format::Plain | Format::Csv) => {
            let mut rows = Rows::new(["what", "value"]);
            for (what, value) in lines(&status, server.url()) {
                rows.push(vec![what.to_owned(), value]);
            }
            output::print(&rows.text(format))
        }
    }
}

fn lines(status: &Status, url: &str) -> Vec<(&'static str, String)> {
    let unknown = || "not known".to_owned();
    let uptime = std::time::Duration::from_secs(status.uptime_seconds);
    let listeners = status.listeners.iter();
    let listeners = listeners.map(|listener| format!("{} {}", listener.name, listener.address));
    let (realms, lanes) = (&status.realms, &status.lanes);
    let listed = realms
        .listed
        .map_or_else(unknown, |listed| listed.to_string());
    let errors = status.errors.iter();
    let errors = errors.map(|error| format!("{} ({} times)", error.code, error.count));
    let mut lines = vec![
        ("server", url.to_owned()),
        ("version", status.version.clone()),
        (
            "ready",
            status
                .not_ready
                .as_ref()
                .map_or("yes".to_owned(), |cause| format!("no: {cause}")),
        ),
        ("started", status.started.clone()),
        ("uptime", humantime::format_duration(uptime).to_string()),
        ("data folder", status.root.clone()),
        ("listeners", listeners.collect::<Vec<_>>().join(", ")),
        (
            "connections",
            format!("{} of {}", status.connections, status.most_connections),
        ),
        ("sessions", status.sessions.to_string()),
        (
            "realms",
            format!("{listed}, {} of {} open", realms.open, realms.most_open),
        ),
        (
            "lanes",
            format!(
                "{} threads; {} Realms, {} uploads, {} waiting",
                lanes.threads,
                lanes.realms,
                lanes.uploads,
                size(lanes.bytes)
            ),
        ),
        (
            "disk",
            status.disk.as_ref().map_or_else(unknown, |disk| {
                format!(
                    "{} free of {}",
                    size(disk.free_bytes),
                    size(disk.total_bytes)
                )
            }),
        ),
    ];
    if !status.held.is_empty() {
        lines.push(("devices held in", status.held.join(", ")));
    }
    if let Some(process) = &status.process {
        lines.push(("memory", size(process.resident_bytes)));
        lines.push((
            "open files",
            format!("{} of {}", process.open_files, process.most_files),
        ));
    }
    lines.push((
        "changesets",
        format!(
            "{} uploaded, {} downloaded",
            status.uploaded_changesets, status.downloaded_changesets
        ),
    ));
    let errors: Vec<String> = errors.collect();
    lines.push((
        "errors told",
        if errors.is_empty() {
            "none".to_owned()
        } else {
            errors.join(", ")
        },
    ));
    lines
}

/// A size for people.
fn size(bytes: u64) -> String {
    indicatif::BinaryBytes(bytes).to_string()
}
