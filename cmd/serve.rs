//! `ros serve`: run the server.

use std::net::SocketAddr;
use std::path::PathBuf;

use ros::config::{ConfigError, DEFAULT_LISTEN, Settings};
use ros::server::dev::DevFiles;
use ros::server::{self, Prepared, StartError};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::failure::{Exit, Failure};

/// Run the server
///
/// With --dev it needs nothing else: it makes a data folder, a key pair and an administrator's token, takes any app id, and lets anybody sign in.
/// Without it, it runs what the configuration file says.
#[derive(clap::Args)]
#[command(
    before_long_help = "Examples:\n  ros serve --dev\n  ros serve --dev --listen 0.0.0.0:9080\n  ros serve -c /etc/realm/configuration.yml"
)]
pub struct Arguments {
    /// The configuration file
    #[arg(
        short,
        long,
        env = "ROS_CONFIG",
        default_value = "/etc/realm/configuration.yml",
        value_name = "FILE",
        conflicts_with = "dev"
    )]
    configuration: PathBuf,
    /// Run for development: any app, anybody signs in, everything made on the spot
    #[arg(long)]
    dev: bool,
    /// The data folder [default: ./ros-data with --dev, else from the configuration]
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
    /// Where to listen; port 0 takes a free one [default: 127.0.0.1:9080, or from the configuration]
    #[arg(long, value_name = "ADDR:PORT")]
    listen: Option<SocketAddr>,
    /// The private key, PEM; its public half is known from it [default: from the configuration]
    #[arg(long, value_name = "FILE")]
    private_key: Option<PathBuf>,
    /// What to log: error, warn, info, debug or trace
    #[arg(long, env = "ROS_LOG", default_value = "info", value_name = "LEVEL", value_parser = ["error", "warn", "info", "debug", "trace"])]
    log_level: String,
}

/// Runs until told to stop.
pub fn run(arguments: Arguments) -> Result<(), Failure> {
    start_log(&arguments.log_level);
    let (settings, dev) = settings(&arguments)?;
    let root = settings.root.clone();
    let listen = settings.listen;
    let prepared = server::prepare(settings).map_err(|error| cannot_start(&error, &root))?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(BLOCKING_THREADS)
        .build()
        .map_err(|error| Failure::new(Exit::Failed, "cannot start threads").cause(error))?;
    runtime.block_on(serve(prepared, listen, dev.as_ref()))
}

/// Threads for reads from disk and password hashes.
const BLOCKING_THREADS: usize = 16;

async fn serve(
    prepared: Prepared,
    listen: SocketAddr,
    dev: Option<&DevFiles>,
) -> Result<(), Failure> {
    let listener = TcpListener::bind(listen).await.map_err(|error| {
        Failure::new(Exit::Failed, format!("cannot listen on {listen}"))
            .cause(error)
            .hint("choose another address with --listen ADDR:PORT")
    })?;
    let address = listener
        .local_addr()
        .map_err(|error| Failure::new(Exit::Failed, "cannot listen").cause(error))?;
    tracing::info!(%address, "listening");
    if let Some(files) = dev {
        eprint!("{}", next_steps(address, files));
    }
    let stop = || Failure::new(Exit::Failed, "cannot wait for signals");
    let mut terminate = signal(SignalKind::terminate()).map_err(|error| stop().cause(error))?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(|error| stop().cause(error))?;
    prepared
        .run(listener, async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            tracing::info!("stopping");
        })
        .await;
    tracing::info!("stopped");
    Ok(())
}

fn settings(arguments: &Arguments) -> Result<(Settings, Option<DevFiles>), Failure> {
    let (mut settings, files) = if arguments.dev {
        dev(arguments)?
    } else {
        (configured(arguments)?, None)
    };
    if let Some(root) = &arguments.root {
        settings.root.clone_from(root);
    }
    if let Some(listen) = arguments.listen {
        settings.listen = listen;
    }
    if let Some(key) = &arguments.private_key {
        settings.private_key.clone_from(key);
    }
    Ok((settings, files))
}

fn dev(arguments: &Arguments) -> Result<(Settings, Option<DevFiles>), Failure> {
    let root = arguments.root.clone().unwrap_or_else(|| "ros-data".into());
    let files = DevFiles::ensure(&root).map_err(|error| {
        Failure::new(
            Exit::Failed,
            format!("cannot make the data folder {}", root.display()),
        )
        .cause(error)
        .hint("choose another with --root DIR")
    })?;
    let listen = DEFAULT_LISTEN
        .parse()
        .map_err(|_| Failure::new(Exit::Failed, "the default address is wrong"))?;
    Ok((Settings::dev(&root, listen), Some(files)))
}

fn configured(arguments: &Arguments) -> Result<Settings, Failure> {
    let file = &arguments.configuration;
    Settings::read(file).map_err(|error| {
        let failure = Failure::new(
            Exit::Configuration,
            format!("bad configuration {}", file.display()),
        );
        match error {
            ConfigError::Unreadable(cause) => failure
                .cause(cause)
                .hint("name another file with -c FILE, or try `ros serve --dev`"),
            ConfigError::NotYaml(cause) => failure.cause(cause),
            ConfigError::Invalid(problems) => problems.iter().fold(failure, Failure::cause),
        }
    })
}

fn cannot_start(error: &StartError, root: &std::path::Path) -> Failure {
    let failure =
        Failure::new(Exit::Failed, format!("cannot start on {}", root.display())).cause(error);
    match error {
        StartError::Storage(ros::storage::StorageError::InUse(_)) => {
            failure.hint("stop the other server, or choose another folder with --root DIR")
        }
        StartError::Keys { .. } => failure
            .hint("name an RSA private key (PEM) with --private-key FILE or auth.private_key_path"),
        StartError::Storage(_) | StartError::Io(_) => failure,
    }
}

fn next_steps(address: SocketAddr, files: &DevFiles) -> String {
    let port = address.port();
    format!(
        "\nThis is a development server: any app id, and anybody may sign in.\n\n  \
         base URL for SDKs   http://{address}\n  \
         Android emulator    http://10.0.2.2:{port} (start with --listen 0.0.0.0:{port})\n  \
         admin token         {}\n\n  \
         try it              curl http://{address}/api/client/v2.0/app/my-app/location\n\n",
        files.admin_token.display()
    )
}

fn start_log(level: &str) {
    use std::io::IsTerminal;
    let colour = std::io::stderr().is_terminal()
        && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    // The library's own lines; those of packages only when they are serious.
    let filter = tracing_subscriber::EnvFilter::new(format!("warn,ros={level}"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(colour)
        .with_target(false)
        .init();
}
