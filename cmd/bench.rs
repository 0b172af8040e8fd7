//! `ros bench`: loads for any server of the sync protocol.

use std::time::Duration;

use ros::bench::{self, BenchError, Target};
use ros::client::{Credentials, Options};
use ros::secret::Secret;
use serde_json::Value;

use crate::failure::{Exit, Failure};
use crate::output::{self, Format, Rows};
use crate::reach::{Reach, failed};

/// Measure any server that speaks the sync protocol
///
/// Each load opens fresh Realms and one client for each device, and reports rates and latencies as the devices see them; with --server-pid also what the server's process
/// has used. Repeat a load at least three times and compare medians: machines are noisy.
#[derive(clap::Args)]
#[command(
    before_long_help = "Examples:\n  ros bench load --clients 8 --tx 300 --server-pid $(pgrep -f 'ros serve')\n  ros bench fanout --readers 100 -o json\n  ros bench load --server http://127.0.0.1:7800 --path /bench --token x"
)]
pub struct Arguments {
    #[command(subcommand)]
    load: Load,
}

/// The loads.
#[derive(clap::Subcommand)]
#[allow(clippy::enum_variant_names, reason = "the words of the command line")]
enum Load {
    /// Transactions that each wait for their durable acknowledgement
    #[command(
        before_long_help = "Examples:\n  ros bench load --clients 1 --tx 500\n  ros bench load --clients 8 --tx 800 --window 16 --no-nodelay"
    )]
    Load {
        /// Clients, each with a connection of its own
        #[arg(long, default_value_t = 8)]
        clients: usize,
        /// Realms, over which the clients are spread [default: one for each client]
        #[arg(long)]
        realms: Option<usize>,
        /// Transactions of each client
        #[arg(long, default_value_t = 300)]
        tx: usize,
        /// New objects in each transaction
        #[arg(long, default_value_t = 5)]
        objects: usize,
        /// Transactions of each client on their way at the same time; 1 is a closed loop
        #[arg(long, default_value_t = 1)]
        window: usize,
        #[command(flatten)]
        common: Common,
    },
    /// From a commit on one device to its integration on many
    #[command(
        before_long_help = "Examples:\n  ros bench fanout --readers 100\n  ros bench fanout --readers 1000 --tx 20 -o json"
    )]
    Fanout {
        /// Devices that read
        #[arg(long, default_value_t = 100)]
        readers: usize,
        /// Transactions, one after another
        #[arg(long, default_value_t = 60)]
        tx: usize,
        /// New objects in each transaction
        #[arg(long, default_value_t = 1)]
        objects: usize,
        #[command(flatten)]
        common: Common,
    },
    /// A fresh device downloads everything
    #[command(
        before_long_help = "Examples:\n  ros bench bootstrap --objects 100000\n  ros bench bootstrap --objects 20000 --objects-per-tx 5 --repeat 3"
    )]
    Bootstrap {
        /// Objects in the Realm
        #[arg(long, default_value_t = 100_000)]
        objects: usize,
        /// Objects in each of the transactions that made them
        #[arg(long, default_value_t = 1000)]
        objects_per_tx: usize,
        /// Fresh devices, one after another
        #[arg(long, default_value_t = 2)]
        repeat: usize,
        #[command(flatten)]
        common: Common,
    },
    /// Devices that edited the same objects offline come online together
    #[command(
        before_long_help = "Examples:\n  ros bench conflict --clients 8 --ops 1000\n  ros bench conflict --clients 2 --ops 4000 --seed 7"
    )]
    Conflict {
        /// Devices
        #[arg(long, default_value_t = 8)]
        clients: usize,
        /// Edits of each while it is offline
        #[arg(long, default_value_t = 1000)]
        ops: usize,
        /// Objects that they share
        #[arg(long, default_value_t = 20)]
        objects: usize,
        /// From which the edits are drawn
        #[arg(long, default_value_t = 1)]
        seed: u64,
        #[command(flatten)]
        common: Common,
    },
    /// Devices that are connected and do nothing
    #[command(
        before_long_help = "Examples:\n  ros bench idle --sessions 10000\n  ros bench idle --sessions 1000 --realms 1000 --hold 30"
    )]
    Idle {
        /// Devices, each with a connection of its own
        #[arg(long, default_value_t = 1000)]
        sessions: usize,
        /// Realms, over which they are spread
        #[arg(long, default_value_t = 1)]
        realms: usize,
        /// Seconds to hold them
        #[arg(long, default_value_t = 5)]
        hold: u64,
        #[command(flatten)]
        common: Common,
    },
    /// All devices lose their connection at once and come back
    #[command(
        before_long_help = "Examples:\n  ros bench reconnect --clients 5000\n  ros bench reconnect --clients 1000 --realms 100 -o json"
    )]
    Reconnect {
        /// Devices, each with a connection of its own
        #[arg(long, default_value_t = 1000)]
        clients: usize,
        /// Realms, over which they are spread
        #[arg(long, default_value_t = 10)]
        realms: usize,
        #[command(flatten)]
        common: Common,
    },
}

/// What all loads take.
#[derive(clap::Args)]
struct Common {
    /// Partitions of this app, opened by an anonymous user, unless --path is given
    #[arg(long, default_value = "bench")]
    app: String,
    /// Classic Realms whose virtual paths begin like this, opened with a token
    #[arg(long, value_name = "PATH")]
    path: Option<String>,
    /// The token is of no account to the server that is measured: send this text
    #[arg(long, hide = true, requires = "path")]
    token: Option<String>,
    /// Leave Nagle's algorithm on, as the SDKs do
    #[arg(long)]
    no_nodelay: bool,
    /// Read what the server's process uses
    #[arg(long, value_name = "PID")]
    server_pid: Option<u32>,
    /// The form of the result
    #[arg(short, long, value_enum, default_value_t = Format::Table)]
    output: Format,
    #[command(flatten)]
    reach: Reach,
}

impl Load {
    fn common(&self) -> &Common {
        match self {
            Load::Load { common, .. }
            | Load::Fanout { common, .. }
            | Load::Bootstrap { common, .. }
            | Load::Conflict { common, .. }
            | Load::Idle { common, .. }
            | Load::Reconnect { common, .. } => common,
        }
    }
}

/// Runs a load and prints what came of it.
pub fn run(arguments: Arguments) -> Result<(), Failure> {
    let runtime = crate::runtime()?;
    let common = arguments.load.common();
    let report = runtime.block_on(async {
        let target = target(common).await?;
        carry_out(&arguments.load, &target).await
    })?;
    match common.output {
        Format::Json | Format::Ndjson => output::print_json(&report),
        format @ (Format::Table | Format::Plain | Format::Csv) => {
            let mut rows = Rows::new(["figure", "value"]);
            flatten("", &report, &mut rows);
            output::print(&rows.text(format))
        }
    }
}

async fn target(common: &Common) -> Result<Target, Failure> {
    let number: u32 = rand::random();
    let user = match (&common.path, &common.token) {
        (None, _) => {
            let app = common.app.clone();
            let server = common.reach.server()?;
            let credentials = Credentials::Anonymous { app };
            common
                .reach
                .within("cannot sign in", async {
                    server.sign_in(&credentials).await
                })
                .await?
        }
        (Some(_), Some(token)) => {
            let server = common.reach.server()?;
            let credentials = Credentials::Token(Secret::new(token.as_str()));
            let signed_in = server.sign_in(&credentials).await;
            signed_in.map_err(|error| failed("cannot sign in", &error))?
        }
        (Some(_), None) => common.reach.sign_in(None).await?,
    };
    let prefix = match &common.path {
        Some(path) => format!("{path}-{number}"),
        None => format!("{}/bench-{number}", common.app),
    };
    let timeout = common.reach.timeout().max(Duration::from_secs(600));
    Ok(Target {
        user,
        prefix,
        options: Options {
            nodelay: !common.no_nodelay,
            ..Options::default()
        },
        timeout,
        process: common.server_pid,
    })
}

async fn carry_out(load: &Load, target: &Target) -> Result<Value, Failure> {
    let report = match *load {
        Load::Load {
            clients,
            realms,
            tx,
            objects,
            window,
            ..
        } => {
            let realms = realms.unwrap_or(clients);
            let load = bench::Load {
                clients,
                realms,
                tx,
                objects,
                window,
            };
            document(bench::load(target, load).await)
        }
        Load::Fanout {
            readers,
            tx,
            objects,
            ..
        } => {
            let load = bench::Fanout {
                readers,
                tx,
                objects,
            };
            document(bench::fanout(target, load).await)
        }
        Load::Bootstrap {
            objects,
            objects_per_tx,
            repeat,
            ..
        } => {
            let load = bench::Bootstrap {
                objects,
                objects_per_tx,
                repeat,
            };
            document(bench::bootstrap(target, load).await)
        }
        Load::Conflict {
            clients,
            ops,
            objects,
            seed,
            ..
        } => {
            let load = bench::Conflict {
                clients,
                ops,
                objects,
                seed,
            };
            document(bench::conflict(target, load).await)
        }
        Load::Idle {
            sessions,
            realms,
            hold,
            ..
        } => {
            let load = bench::Idle {
                sessions,
                realms,
                hold_s: hold,
            };
            document(bench::idle(target, load).await)
        }
        Load::Reconnect {
            clients, realms, ..
        } => {
            let load = bench::Reconnect { clients, realms };
            document(bench::reconnect(target, load).await)
        }
    };
    report.map_err(|error| {
        let what = "the load was not carried out";
        match error {
            BenchError::Client(error) => failed(what, &error),
            error @ BenchError::Timeout(..) => Failure::new(Exit::Unreachable, what).cause(error),
            error @ BenchError::Wrong(_) => Failure::new(Exit::Damaged, what).cause(error),
            error @ BenchError::Address(_) => Failure::new(Exit::Usage, what).cause(error),
            error @ (BenchError::Write(_) | BenchError::Process(..)) => {
                Failure::new(Exit::Failed, what).cause(error)
            }
        }
    })
}

fn document<T: serde::Serialize>(report: Result<T, BenchError>) -> Result<Value, BenchError> {
    let report = report?;
    serde_json::to_value(report).map_err(|error| BenchError::Wrong(error.to_string()))
}

/// Nested figures as rows, with dots between their names.
fn flatten(name: &str, value: &Value, rows: &mut Rows) {
    let below = |part: &str| match name {
        "" => part.to_owned(),
        name => format!("{name}.{part}"),
    };
    match value {
        Value::Object(fields) => fields
            .iter()
            .for_each(|(part, value)| flatten(&below(part), value, rows)),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .for_each(|(index, value)| flatten(&below(&(index + 1).to_string()), value, rows)),
        plain => rows.push(vec![name.to_owned(), plain.to_string()]),
    }
}
