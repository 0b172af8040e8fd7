//! A server of this build, in a folder of its own, on a port of its own.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::support::patience::deadline;
use ros::server::Service;
use tempfile::TempDir;

/// A running server; dropping it kills it.
pub struct Server {
    process: Child,
    address: SocketAddr,
    folder: TempDir,
    log: Log,
    start: Start,
}

/// How a server is started.
#[derive(Default)]
struct Start {
    /// In production: what the configuration says beside root, keys and address.
    configuration: Option<String>,
    /// How many files it may have open.
    files: Option<usize>,
    /// The name that it is called by, if it is another.
    name: Option<&'static str>,
    /// How large its files may become, in units of 512 bytes, until somebody changes that.
    blocks: Option<usize>,
    /// Whether it listens where the configuration says; the log names this service when it is ready.
    ready: Option<&'static str>,
    /// What is added to its environment.
    environment: Vec<(&'static str, String)>,
}

/// Lines that the server logged, this run and those before.
type Log = Arc<Mutex<Vec<String>>>;

impl Server {
    /// Starts one for development, on an empty folder.
    pub fn start() -> Self {
        Self::started(Start::default())
    }

    /// Starts one for development that may have so many files open.
    pub fn with_files(files: usize) -> Self {
        Self::started(Start {
            files: Some(files),
            ..Start::default()
        })
    }

    /// Starts one for development whose files may become so large, in units of 512 bytes: what is beyond fails as on a full disk.
    pub fn with_file_size(blocks: usize) -> Self {
        Self::started(Start {
            blocks: Some(blocks),
            ..Start::default()
        })
    }

    /// There is room on the disk again.
    pub fn make_room(&self) {
        use rustix::process::{Pid, Resource, Rlimit, prlimit};
        let id = Pid::from_raw(self.process.id().try_into().unwrap());
        let all = Rlimit {
            current: None,
            maximum: None,
        };
        prlimit(id, Resource::Fsize, all).unwrap();
    }

    /// Starts one for production with these variables in its environment.
    pub fn with_environment(environment: Vec<(&'static str, String)>) -> Self {
        Self::started(Start {
            configuration: Some(String::new()),
            environment,
            ..Start::default()
        })
    }

    /// Starts one for production, with this configuration beside root, keys and address.
    pub fn with_configuration(configuration: &str) -> Self {
        Self::started(Start {
            configuration: Some(configuration.to_owned()),
            ..Start::default()
        })
    }

    /// The same, listening where the configuration says. It is ready when the log says where this service listens, which is its address then.
    pub fn as_configured(service: &'static str, configuration: &str) -> Self {
        Self::started(Start {
            configuration: Some(configuration.to_owned()),
            ready: Some(service),
            ..Start::default()
        })
    }

    /// The same, called by another name.
    pub fn called(name: &'static str, configuration: &str) -> Self {
        Self::started(Start {
            configuration: Some(configuration.to_owned()),
            name: Some(name),
            ..Start::default()
        })
    }

    /// Starts one for development on a copy of a data folder.
    pub fn on(root: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        copy(root, &folder.path().join("root"));
        Self::started_in(folder, Start::default())
    }

    fn started(start: Start) -> Self {
        Self::started_in(tempfile::tempdir().unwrap(), start)
    }

    fn started_in(folder: TempDir, start: Start) -> Self {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let log = Log::default();
        let (process, address) = start.spawn(&folder.path().join("root"), any, &log);
        Self {
            process,
            address,
            folder,
            log,
            start,
        }
    }

    /// Replaces the configuration of the stopped server.
    pub fn configure(&mut self, text: &str) {
        self.start.configuration = Some(text.to_owned());
    }

    /// Replaces the configuration of the running server, which hears of it.
    pub fn reconfigure(&self, text: &str) {
        configuration(&self.root(), text);
        self.signal("HUP");
    }

    /// Sends it a signal.
    pub fn signal(&self, name: &str) {
        let id = self.process.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status();
        assert!(sent.unwrap().success());
    }

    /// Waits until it has ended; its exit code.
    pub fn ended(&mut self) -> Option<i32> {
        self.process.wait().unwrap().code()
    }

    /// Where apps find it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The id of its process.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// The most memory that it ever held, in MiB.
    pub fn peak_memory(&self) -> usize {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status
            .lines()
            .find(|line| line.starts_with("VmHWM:"))
            .unwrap();
        let kib: usize = line.split_whitespace().nth(1).unwrap().parse().unwrap();
        kib / 1024
    }

    /// How many files it has open, sockets among them.
    pub fn open_files(&self) -> usize {
        let files = std::fs::read_dir(format!("/proc/{}/fd", self.process.id()));
        files.unwrap().count()
    }

    /// What it has logged, once it has logged this.
    pub fn log_with(&self, text: &str) -> Vec<String> {
        self.log_with_many(text, 1)
    }

    /// What it has logged, once it has logged this so often.
    pub fn log_with_many(&self, text: &str, times: usize) -> Vec<String> {
        let end = deadline();
        loop {
            let log = self.log.lock().unwrap().clone();
            if log.iter().filter(|line| line.contains(text)).count() >= times {
                return log;
            }
            assert!(Instant::now() < end, "{text} is not logged: {log:#?}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// The token of its administrator.
    pub fn admin_token(&self) -> String {
        let file = self.root().join("keys/admin.token");
        std::fs::read_to_string(file).unwrap().trim().to_string()
    }

    /// Forgets all Realms, while stopped.
    pub fn lose_realms(&self) {
        std::fs::remove_dir_all(self.root().join("realms")).unwrap();
    }

    /// Its data folder.
    pub fn root(&self) -> PathBuf {
        self.folder.path().join("root")
    }

    /// Notes the state of the stopped server, for `go_back`.
    pub fn take_copy(&self) {
        copy(&self.root(), &self.folder.path().join("copy"));
    }

    /// Gives the stopped server the state it had at `take_copy`.
    pub fn go_back(&self) {
        std::fs::remove_dir_all(self.root()).unwrap();
        copy(&self.folder.path().join("copy"), &self.root());
    }

    /// As a power cut would: the process gets no say.
    pub fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Asks it to end, and waits until it has.
    pub fn stop(&mut self) {
        let id = self.process.id().to_string();
        assert!(Command::new("kill").arg(id).status().unwrap().success());
        assert!(self.process.wait().unwrap().success());
    }

    /// Starts again on the same folder and address, after `kill` or `stop`.
    pub fn restart(&mut self) {
        let (process, address) = self.start.spawn(&self.root(), self.address, &self.log);
        assert_eq!(address, self.address);
        self.process = process;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill(); // may have ended already
        let _ = self.process.wait();
        if !std::thread::panicking() {
            self.has_logged_no_secret();
        }
    }
}

/// What a token, a key or a password is known by, wherever it comes from.
const SECRETS: [&str; 6] = [
    "eyJ",
    "baas_at",
    "Bearer ",
    "PRIVATE KEY",
    "token=\"",
    "\"password\"",
];

impl Server {
    fn has_logged_no_secret(&self) {
        let admin = std::fs::read_to_string(self.root().join("keys/admin.token"));
        let admin = admin.unwrap_or_default(); // a test may have taken the folder away
        let parts = admin.trim().split([':', '.']).filter(|part| part.len() > 8);
        let secrets: Vec<&str> = parts.chain(SECRETS).collect();
        let root = self.root(); // has a name by chance
        for line in self.log.lock().unwrap().iter() {
            let line = line.replace(&*root.to_string_lossy(), "");
            let found = secrets.iter().find(|secret| line.contains(**secret));
            assert_eq!(found, None, "{line}");
            assert!(!line.contains("panicked: "), "{line}");
        }
    }
}

fn copy(from: &Path, to: &Path) {
    let status = Command::new("cp")
        .arg("-a")
        .args([from, to])
        .status()
        .unwrap();
    assert!(status.success());
}

impl Start {
    fn spawn(&self, root: &Path, listen: SocketAddr, log: &Log) -> (Child, SocketAddr) {
        let level = std::env::var("ROS_LOG").unwrap_or("all".into());
        let mut command = self.command(root);
        let (service, listen) = match self.ready {
            Some(service) => (service, None),
            None => ("http proxy", Some(listen.to_string())),
        };
        if let Some(listen) = listen {
            command.args(["--listen", &listen]);
        }
        let mut process = command
            .args(["--log-level", &level])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let address = lines.by_ref().map(Result::unwrap).find_map(|line| {
            let address = listening(&line, service);
            log.lock().unwrap().push(line);
            address
        });
        let address = address.unwrap_or_else(|| panic!("the server did not start: {log:#?}"));
        let show = std::env::var_os("ROS_LOG").is_some();
        let log = log.clone();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                if show {
                    eprintln!("server: {line}");
                }
                log.lock().unwrap().push(line);
            }
        });
        (process, address)
    }

    fn command(&self, root: &Path) -> Command {
        let mut program = vec![PathBuf::from(env!("CARGO_BIN_EXE_ros"))];
        match self.name {
            None => program.push("serve".into()),
            Some(name) => {
                let link = root.with_file_name(name);
                let _ = std::os::unix::fs::symlink(&program[0], &link); // there after a restart
                program[0] = link;
            }
        }
        let mut command = Command::new("sh");
        let files = self.files.map(|files| format!("ulimit -n {files}; "));
        let size = |blocks| format!("trap '' XFSZ; ulimit -S -f {blocks}; ");
        let size = self.blocks.map(size).unwrap_or_default();
        let script = format!("{}{size}exec \"$0\" \"$@\"", files.unwrap_or_default());
        command.args(["-c", &script]).args(program);
        command.envs(self.environment.iter().cloned());
        match &self.configuration {
            None => command.arg("--dev").arg("--root").arg(root),
            Some(text) => command.arg("-c").arg(configuration(root, text)),
        };
        command
    }
}

/// A server in this process, for development, with settings that the command line does not have.
pub struct Local {
    addresses: Vec<SocketAddr>,
    metrics: SocketAddr,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
    folder: TempDir,
}

impl Local {
    /// Starts one.
    pub fn start(change: impl FnOnce(&mut ros::config::Settings)) -> Self {
        Self::started(change, None)
    }

    /// Starts one that speaks TLS too, with this pair.
    pub fn secure(files: ros::tls::Files) -> Self {
        Self::secure_with(files, |_| {})
    }

    /// The same, with settings.
    pub fn secure_with(
        files: ros::tls::Files,
        change: impl FnOnce(&mut ros::config::Settings),
    ) -> Self {
        Self::started(change, Some(ros::tls::Identity::read(files).unwrap()))
    }

    /// One without a proxy: HTTP service and sync service by themselves.
    pub fn without_proxy() -> Self {
        Self::serving(|_| {}, vec![Service::Web, Service::Sync])
    }

    fn started(
        change: impl FnOnce(&mut ros::config::Settings),
        identity: Option<ros::tls::Identity>,
    ) -> Self {
        let secure = identity.map(Service::Https);
        Self::serving(change, [Service::Http].into_iter().chain(secure).collect())
    }

    fn serving(change: impl FnOnce(&mut ros::config::Settings), services: Vec<Service>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        ros::server::dev::DevFiles::ensure(folder.path()).unwrap();
        let mut settings = ros::config::Settings::dev(folder.path());
        change(&mut settings);
        let prepared = ros::server::prepare(settings).unwrap();
        let (scraped, metrics) = free();
        let services: Vec<_> = services
            .into_iter()
            .map(|service| (service, free()))
            .collect();
        let addresses = services.iter().map(|(_, (_, address))| *address).collect();
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let asynchronous = |listener| tokio::net::TcpListener::from_std(listener).unwrap();
                let mut prepared = prepared.with_metrics(asynchronous(scraped));
                for (service, (listener, _)) in services {
                    prepared = prepared.with(service, asynchronous(listener));
                }
                let stopped = async move { drop(stopped.await) };
                prepared.run(stopped).await;
            });
        });
        Self {
            addresses,
            metrics,
            stop: Some(stop),
            thread: Some(thread),
            folder,
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.addresses[0]
    }

    /// The same as a URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// Where it speaks TLS, or sync only.
    pub fn second_address(&self) -> SocketAddr {
        self.addresses[1]
    }

    /// The same as a URL.
    pub fn secure_url(&self) -> String {
        format!("https://localhost:{}", self.second_address().port())
    }

    /// Where its metrics are read.
    pub fn metrics(&self) -> SocketAddr {
        self.metrics
    }

    /// The token of its administrator.
    pub fn admin_token(&self) -> String {
        let file = self.folder.path().join("keys/admin.token");
        std::fs::read_to_string(file).unwrap().trim().to_owned()
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        drop(self.stop.take());
        let ended = self.thread.take().map(|thread| thread.join());
        if !std::thread::panicking() {
            assert!(matches!(ended, Some(Ok(()))));
        }
    }
}

/// A listener on a port that was free.
fn free() -> (std::net::TcpListener, SocketAddr) {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// Writes a configuration beside the root, with keys of its own; the file. Lines that are indented at its beginning belong to the section `auth`.
pub fn configuration(root: &Path, rest: &str) -> PathBuf {
    let keys = ros::server::dev::DevFiles::ensure(root).unwrap();
    let file = root.with_file_name("configuration.yml");
    let text = format!(
        "storage: {{root_path: {}}}\nauth:\n  private_key_path: {}\n{rest}",
        root.display(),
        keys.private_key.display()
    );
    std::fs::write(&file, text).unwrap();
    file
}

/// The address in the line of the log that says so; this host's, if it is every one.
pub fn listening(line: &str, service: &str) -> Option<SocketAddr> {
    let (_, address) = line.split_once(&format!("{service} listening on "))?;
    let (address, port) = address.trim().rsplit_once(':')?;
    let address: std::net::IpAddr = address.parse().ok()?;
    let here = std::net::Ipv4Addr::LOCALHOST.into();
    let address = if address.is_unspecified() {
        here
    } else {
        address
    };
    Some(SocketAddr::new(address, port.parse().ok()?))
}

/// Ports that were free a moment ago.
pub fn free_ports<const N: usize>() -> [u16; N] {
    let listeners = [(); N].map(|()| free());
    listeners.map(|(_, address)| address.port())
}
