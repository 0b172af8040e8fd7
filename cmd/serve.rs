//! `ros serve`: run the server.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use ros::audit::{Act, Entry};
use ros::config::{Loaded, Overrides, Reload, Settings};
use ros::doctor;
use ros::log::{FATAL, Log};
use ros::server::dev::DevFiles;
use ros::server::life::{self, Signals};
use ros::server::{self, Handle, Prepared, StartError, Wanted};
use ros::tls::{Cause, TlsError};
use tokio::net::TcpListener;

use crate::failure::{Exit, Failure};
use crate::given::{self, Checked, Given, USUAL};
use crate::invitation::Places;

/// Run the server
///
/// With --dev it needs nothing else: it makes a data folder, a key pair and an administrator's token, takes any app id, and lets anybody sign in.
/// Without it, it runs what the configuration file says. SIGTERM ends it when what has arrived is stored, a second one at once; SIGHUP opens the log again and takes the configuration.
#[derive(clap::Args)]
#[command(
    after_long_help = "`ros man conf` and ros.conf(5) list every key of the configuration file; `ros check-config` looks at one.",
    before_long_help = "Examples:\n  ros serve --dev\n  ros serve --dev --listen 0.0.0.0:9080\n  ros serve -c /etc/realm/configuration.yml"
)]
pub struct Arguments {
    /// The configuration file
    #[arg(
        short,
        long,
        env = "ROS_CONFIG",
        default_value = USUAL,
        value_name = "FILE"
    )]
    configuration: PathBuf,
    /// Run for development: any app, anybody signs in, everything made on the spot
    #[arg(long)]
    dev: bool,
    #[command(flatten)]
    given: Given,
}

/// Runs until told to stop.
pub fn run(arguments: Arguments) -> Result<(), Failure> {
    let (
        Loaded {
            settings, warnings, ..
        },
        dev,
    ) = load(&arguments, found_here)?;
    let log = start_log(&settings)?;
    for warning in warnings {
        tracing::warn!("configuration: {warning}");
    }
    let started = start(&arguments, settings, &log, dev.as_ref());
    if let Err(failure) = &started
        && log.is_file()
    {
        tracing::error!(target: FATAL, "{}", failure.line());
    }
    started
}

/// What a configuration file says; what is wrong with it, or with this host for it, is a failure.
fn found_here(file: &Path, overrides: &Overrides) -> Result<Loaded, Failure> {
    let Checked {
        loaded,
        problems,
        warnings,
    } = given::check(file, overrides)?;
    match loaded {
        Some(loaded) if problems.is_empty() => Ok(Loaded { warnings, ..loaded }),
        Some(_) | None => Err(given::invalid(file, &problems)),
    }
}

fn start(
    arguments: &Arguments,
    settings: Settings,
    log: &Log,
    dev: Option<&DevFiles>,
) -> Result<(), Failure> {
    let root = settings.root.clone();
    let metrics = settings.metrics;
    let metrics = metrics.enabled.then_some(metrics.socket());
    let wanted = server::wanted(&settings).map_err(|error| no_https(&error))?;
    let waiting_threads = server::waiting_threads(&settings.limits);
    let prepared = server::prepare(settings).map_err(|error| cannot_start(&error, &root))?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(waiting_threads)
        .build()
        .map_err(|error| Failure::new(Exit::Failed, "cannot start threads").cause(error))?;
    let reload = |handle: &Handle, places: &Places| reload(arguments, log, handle, places);
    runtime.block_on(serve(prepared, wanted, metrics, dev, reload))
}

async fn serve(
    mut prepared: Prepared,
    wanted: Vec<Wanted>,
    metrics: Option<SocketAddr>,
    dev: Option<&DevFiles>,
    reload: impl Fn(&Handle, &Places),
) -> Result<(), Failure> {
    if wanted.is_empty() {
        return Err(Failure::new(Exit::Configuration, "nothing to listen on")
            .cause("proxy.http, proxy.https, network.http and network.sync are all switched off")
            .hint("switch one on, for example proxy.http.enable: true"));
    }
    let signals = Signals::listen()
        .map_err(|error| Failure::new(Exit::Failed, "cannot wait for signals").cause(error))?;
    if let Some(metrics) = metrics {
        let (listener, address) = bind(metrics, "metrics.listen_port")?;
        tracing::info!("metrics listening on {}", shown(address));
        prepared = prepared.with_metrics(listener);
    }
    let is_all_in_one = wanted.len() == 1;
    let mut places = Places::default();
    let mut last = None;
    for wanted in wanted {
        let (listener, address) = bind(wanted.address, wanted.key)?;
        if is_all_in_one {
            tracing::info!("sync engine listening on {}", shown(address));
            tracing::info!("web server listening on {}", shown(address));
        }
        tracing::info!("{} listening on {}", wanted.service.title(), shown(address));
        places.add(&wanted.service, address);
        prepared = prepared.with(wanted.service, listener);
        last = Some(address);
    }
    if let (Some(files), Some(address)) = (dev, last) {
        eprint!("{}", next_steps(address, files));
    }
    Entry::of(Act::Start)
        .detail(env!("CARGO_PKG_VERSION"))
        .done();
    let handle = prepared.handle();
    places.invite(&handle);
    let watched = handle.clone();
    let end_now = || std::process::exit(Exit::Interrupted as i32);
    let reload = || reload(&handle, &places);
    let told = life::until_told_to_stop(signals, watched, reload, end_now);
    prepared.run(told).await;
    Entry::of(Act::Stop).done();
    tracing::info!("stopped");
    Ok(())
}

/// The certificate or its key is of no use.
fn no_https(error: &TlsError) -> Failure {
    let hint = match error.cause {
        Cause::SelfSigned => {
            "proxy.https.allow_self_signed: true takes it, for a lab whose devices know it"
        }
        Cause::NoKey | Cause::Locked | Cause::BadKey | Cause::NoEcKey | Cause::Mismatch => {
            "proxy.https.private_key_path names the key that the certificate was made with, without a passphrase"
        }
        Cause::Unreadable(_)
        | Cause::TooLarge
        | Cause::NotPem(_)
        | Cause::NoCertificate
        | Cause::BadCertificate(_) => {
            "proxy.https.certificate_path names the server's certificate and after it those of its issuers, PEM (fullchain.pem); the server's user must be able to read it"
        }
    };
    Failure::new(Exit::Configuration, "cannot serve HTTPS")
        .cause(error)
        .hint(hint)
}

fn bind(wanted: SocketAddr, other: &str) -> Result<(TcpListener, SocketAddr), Failure> {
    let listener = server::bind(wanted).map_err(|error| {
        let hint = match error.kind() {
            std::io::ErrorKind::PermissionDenied => doctor::privileged(wanted.port()),
            _ if other.starts_with("proxy.http.") => {
                format!("choose another address with --listen ADDR:PORT or {other}")
            }
            _ => format!("choose another address with {other}"),
        };
        Failure::new(Exit::Failed, format!("cannot listen on {wanted}"))
            .cause(error)
            .hint(hint)
    })?;
    let address = listener
        .local_addr()
        .map_err(|error| Failure::new(Exit::Failed, "cannot listen").cause(error))?;
    Ok((listener, address))
}

/// As the original shows addresses: `127.0.0.1:9080`, `:::9080`.
fn shown(address: SocketAddr) -> String {
    format!("{}:{}", address.ip(), address.port())
}

/// SIGHUP: opens the log again, takes the configuration as it is now, and invites again whoever was not quick enough. A bad one changes nothing.
fn reload(arguments: &Arguments, log: &Log, handle: &Handle, places: &Places) {
    configure(arguments, log, handle);
    places.invite(handle);
}

fn configure(arguments: &Arguments, log: &Log, handle: &Handle) {
    if let Err(error) = log.reopen() {
        tracing::error!(%error, "the log cannot be opened again; it goes on where it was");
    }
    if arguments.dev {
        tracing::info!("log opened again");
        return;
    }
    let Loaded {
        settings, warnings, ..
    } = match load(arguments, given::configured) {
        Ok((loaded, _)) => loaded,
        Err(failure) => {
            Entry::of(Act::Configure).refused(failure.line());
            tracing::error!(
                "configuration not taken, the one before goes on: {}",
                failure.line()
            );
            return;
        }
    };
    for warning in warnings {
        tracing::warn!("configuration: {warning}");
    }
    if let Err(error) = log.move_to(settings.log_path.as_deref()) {
        tracing::error!(%error, "the new log cannot be opened; the one before goes on");
    }
    if let Err(error) = log.audit_to(settings.audit_path.as_deref()) {
        tracing::error!(%error, "the new audit log cannot be opened; the one before goes on");
    }
    log.change(settings.log_level, settings.log_format);
    let Reload {
        changed, waiting, ..
    } = handle.configure(settings);
    let (changed, waiting) = (changed.join(", "), waiting.join(", "));
    Entry::of(Act::Configure).detail(&changed).done();
    tracing::info!(changed, "log opened again, configuration taken");
    if !waiting.is_empty() {
        tracing::warn!("a restart is needed for: {waiting}");
    }
}

fn load(
    arguments: &Arguments,
    read: impl Fn(&Path, &Overrides) -> Result<Loaded, Failure>,
) -> Result<(Loaded, Option<DevFiles>), Failure> {
    let overrides = arguments.given.overrides();
    if !arguments.dev {
        return Ok((read(&arguments.configuration, &overrides)?, None));
    }
    let root = arguments.given.root().unwrap_or(Path::new("ros-data"));
    let files = dev_files(root)?;
    let settings = Settings::dev(root).with(&overrides);
    Ok((
        Loaded {
            settings,
            origins: BTreeMap::new(),
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

fn cannot_start(error: &StartError, root: &std::path::Path) -> Failure {
    let failure =
        Failure::new(Exit::Failed, format!("cannot start on {}", root.display())).cause(error);
    match error {
        StartError::Storage(ros::storage::StorageError::InUse(_)) => {
            failure.hint("stop the other server, or choose another folder with --root DIR")
        }
        StartError::Keys { .. } => failure
            .hint("name an RSA private key (PEM) with --private-key FILE or auth.private_key_path"),
        StartError::Password { .. } => Failure::new(Exit::Configuration, "no administrator")
            .cause(error)
            .hint("administrator.password_path names a file that holds the password alone"),
        StartError::Administrator(cause) if !cause.is_ours() => {
            Failure::new(Exit::Configuration, "no administrator")
                .cause(error)
                .hint("administrator.name and administrator.password_path say who it is to be")
        }
        StartError::Administrator(_) | StartError::Storage(_) | StartError::Io(_) => failure,
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
    let failed = |path: Option<&Path>, error, key| {
        let file = path.unwrap_or(Path::new("standard error")).display();
        Failure::new(Exit::Failed, format!("cannot log to {file}"))
            .cause(error)
            .hint(format!("name another file with {key}"))
    };
    let log = Log::start(settings.log_level, settings.log_format, path)
        .map_err(|error: io::Error| failed(path, error, "logging.path"))?;
    let audit = settings.audit_path.as_deref();
    log.audit_to(audit)
        .map_err(|error| failed(audit, error, "logging.audit_path"))?;
    Ok(log)
}
