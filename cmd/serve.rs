//! `ros serve`: run the server.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::builder::{PossibleValuesParser, TypedValueParser};
use ros::config::{self, ConfigError, Loaded, LogLevel, Overrides, Settings};
use ros::log::Log;
use ros::server::dev::DevFiles;
use ros::server::{self, Prepared, StartError};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::failure::{Exit, Failure};
use crate::man;

/// Run the server
///
/// With --dev it needs nothing else: it makes a data folder, a key pair and an administrator's token, takes any app id, and lets anybody sign in.
/// Without it, it runs what the configuration file says.
#[derive(clap::Args)]
#[command(
    after_long_help = man::configuration_help(),
    before_long_help = "Examples:\n  ros serve --dev\n  ros serve --dev --listen 0.0.0.0:9080\n  ros serve -c /etc/realm/configuration.yml"
)]
pub struct Arguments {
    /// The configuration file
    #[arg(
        short,
        long,
        env = "ROS_CONFIG",
        default_value = "/etc/realm/configuration.yml",
        value_name = "FILE"
    )]
    configuration: PathBuf,
    /// Run for development: any app, anybody signs in, everything made on the spot
    #[arg(long)]
    dev: bool,
    /// The data folder [default: ./ros-data with --dev, else from the configuration]
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
    /// Where to listen; port 0 takes a free one [default: 127.0.0.1:9080 with --dev, else from the configuration]
    #[arg(long, value_name = "ADDR:PORT")]
    listen: Option<SocketAddr>,
    /// The private key, PEM; its public half is known from it [default: from the configuration]
    #[arg(long, value_name = "FILE")]
    private_key: Option<PathBuf>,
    /// The public key, PEM; must belong to the private key [default: from the configuration]
    #[arg(long, value_name = "FILE")]
    public_key: Option<PathBuf>,
    /// What to log [default: from the configuration, or info]
    #[arg(long, env = "ROS_LOG", value_name = "LEVEL", value_parser = log_levels())]
    log_level: Option<LogLevel>,
}

/// Runs until told to stop.
pub fn run(arguments: Arguments) -> Result<(), Failure> {
    let (Loaded { settings, warnings }, dev) = load(&arguments)?;
    let log = start_log(&settings)?;
    for warning in warnings {
        tracing::warn!("configuration: {warning}");
    }
    let root = settings.root.clone();
    let listen = settings.listen;
    let waiting_threads = server::waiting_threads(&settings.limits);
    let prepared = server::prepare(settings).map_err(|error| cannot_start(&error, &root))?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(waiting_threads)
        .build()
        .map_err(|error| Failure::new(Exit::Failed, "cannot start threads").cause(error))?;
    runtime.block_on(serve(prepared, listen, dev.as_ref()))
}

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

fn load(arguments: &Arguments) -> Result<(Loaded, Option<DevFiles>), Failure> {
    let overrides = Overrides {
        root: arguments.root.clone(),
        listen: arguments.listen,
        private_key: arguments.private_key.clone(),
        public_key: arguments.public_key.clone(),
        log_level: arguments.log_level,
    };
    if !arguments.dev {
        return Ok((configured(&arguments.configuration, &overrides)?, None));
    }
    let root = arguments.root.clone().unwrap_or_else(|| "ros-data".into());
    let files = dev_files(&root)?;
    let settings = Settings::dev(&root).with(&overrides);
    Ok((
        Loaded {
            settings,
            warnings: Vec::new(),
        },
        Some(files),
    ))
}

fn dev_files(root: &Path) -> Result<DevFiles, Failure> {
    DevFiles::ensure(root).map_err(|error| {
        Failure::new(
            Exit::Failed,
            format!("cannot make the data folder {}", root.display()),
        )
        .cause(error)
        .hint("choose another with --root DIR")
    })
}

fn configured(file: &Path, overrides: &Overrides) -> Result<Loaded, Failure> {
    config::read(file, overrides).map_err(|error| {
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

/// The names of the levels, as the configuration file knows them.
fn log_levels() -> impl TypedValueParser<Value = LogLevel> {
    let names = LogLevel::NAMES.map(|(name, _)| name);
    PossibleValuesParser::new(names).map(|name| LogLevel::named(&name).unwrap_or_default())
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

fn start_log(settings: &Settings) -> Result<Log, Failure> {
    let path = settings.log_path.as_deref();
    Log::start(settings.log_level, settings.log_format, path).map_err(|error| {
        let file = path.unwrap_or(Path::new("standard error")).display();
        Failure::new(Exit::Failed, format!("cannot log to {file}"))
            .cause(error)
            .hint("name another file with logging.path")
    })
}
