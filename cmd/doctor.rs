//! `ros doctor`: what is wrong on this host.

use std::path::{Path, PathBuf};

use ros::config::{Overrides, Settings};
use ros::doctor::{self, Finding, State};

use crate::failure::{Exit, Failure};
use crate::given::{self, USUAL};
use crate::output::{self, Format, Rows};
use crate::reach::Reach;

/// Find out what is wrong on this host, and how to put it right
///
/// Looks at open files, clock, disk, permissions, keys, ports, firewall, a certificate if one is named, and asks the server whether it is ready. Changes nothing. Ends with 0 if all is well, 8 if somebody
/// should look at something, 1 if something must be put right.
#[derive(clap::Args)]
#[command(
    before_long_help = "Examples:\n  ros doctor\n  ros doctor -c /etc/realm/configuration.yml -o json\n  ros doctor --certificate /etc/letsencrypt/live/sync.example.com/fullchain.pem"
)]
pub struct Arguments {
    /// The configuration file [default: /etc/realm/configuration.yml, or else the development server of ./ros-data]
    #[arg(short, long, env = "ROS_CONFIG", value_name = "FILE")]
    configuration: Option<PathBuf>,
    /// The certificate that devices are shown, PEM, also one of a proxy in front
    #[arg(long, value_name = "FILE")]
    certificate: Option<PathBuf>,
    /// The form of the result
    #[arg(short, long, value_enum, default_value_t = Format::Table)]
    output: Format,
    #[command(flatten)]
    reach: Reach,
}

/// Looks and prints.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let settings = settings(arguments.configuration.as_deref())?;
    let server = answers(&settings, &arguments.reach)?;
    let mut findings = doctor::examine(&settings, server.state != State::Bad);
    let named = arguments.certificate.as_deref().map(doctor::certificate);
    let named = named.filter(|named| !findings.contains(named)); // it may be the configured one
    findings.extend(named);
    findings.push(server);
    print(&findings, arguments.output)?;
    match findings.iter().map(|finding| finding.state).max() {
        Some(State::Bad) => Err(Failure::shown(Exit::Failed)),
        Some(State::Warn) => Err(Failure::shown(Exit::Partly)),
        Some(State::Ok) | None => Ok(()),
    }
}

fn settings(file: Option<&Path>) -> Result<Settings, Failure> {
    const DEV: &str = "ros-data";
    let file = match file {
        Some(file) => file,
        None if !Path::new(USUAL).exists() && Path::new(DEV).exists() => {
            return Ok(Settings::dev(Path::new(DEV)));
        }
        None => Path::new(USUAL),
    };
    Ok(given::configured(file, &Overrides::default())?.settings)
}

/// Whether the server answers, and is ready.
fn answers(settings: &Settings, reach: &Reach) -> Result<Finding, Failure> {
    const CHECK: &str = "server";
    let server = reach.server_or(&here(settings))?;
    let url = server.url().to_owned();
    let ready = reach.within("", server.ready());
    Ok(match crate::runtime()?.block_on(ready) {
        Ok(None) => Finding::ok(CHECK, format!("{url} is ready")),
        Ok(Some(cause)) => Finding::warn(
            CHECK,
            format!("{url} answers: {cause}"),
            "the log has the cause; ros status",
        ),
        Err(failure) => Finding::bad(
            CHECK,
            format!("{url} does not answer: {}", failure.causes().join(", ")),
            "systemctl status realm-object-server; journalctl -u realm-object-server",
        ),
    })
}

/// Where this host reaches a server with these settings.
fn here(settings: &Settings) -> String {
    let plain = [settings.proxy_http, settings.network_http];
    let plain = plain.into_iter().chain(settings.sync_listeners());
    match plain.into_iter().find(|listener| listener.enabled) {
        Some(listener) if listener.address.is_unspecified() => {
            format!("http://127.0.0.1:{}", listener.port)
        }
        Some(listener) => format!("http://{}", listener.socket()),
        None => format!("https://localhost:{}", settings.proxy_https.listener.port),
    }
}

fn print(findings: &[Finding], format: Format) -> Result<(), Failure> {
    match format {
        Format::Json => output::print_json(&findings),
        Format::Ndjson => findings.iter().try_for_each(output::print_json),
        Format::Table | Format::Plain | Format::Csv => {
            let mut rows = Rows::new(["check", "state", "finding", "hint"]);
            for finding in findings {
                rows.push(vec![
                    finding.check.to_owned(),
                    finding.state.name().to_owned(),
                    finding.text.clone(),
                    finding.hint.clone().unwrap_or_default(),
                ]);
            }
            output::print(&rows.text(format))
        }
    }
}
