//! Programs in front of the server, with the recipes of the documentation.

use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::lab::Lab;
use super::server::free_ports;
use crate::support::patience::deadline;

/// A running program; dropping it ends it.
pub struct Front {
    process: Child,
    port: u16,
}

impl Front {
    /// nginx with the recipe, in front of a server. `None` where there is no nginx.
    pub fn nginx(lab: &Lab, server: SocketAddr) -> Option<Front> {
        let [port] = free_ports();
        let recipe = recipe("nginx")
            .replace("listen 443 ssl;", &format!("listen 127.0.0.1:{port} ssl;"))
            .replace("listen [::]:443 ssl;", "")
            .replace("sync.example.com;", "localhost;")
            .replace(FULL_CHAIN, &lab.file("server.pem").display().to_string())
            .replace(PRIVATE_KEY, &lab.file("server.key").display().to_string())
            .replace("/var/log/nginx/", &format!("{}/", lab.folder().display()))
            .replace("127.0.0.1:9080", &server.to_string());
        let folder = lab.folder().display();
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .iter()
            .map(|what| format!("{what}_temp_path {folder}/{what};\n"))
            .collect();
        let whole = format!(
            "daemon off; error_log stderr; pid {folder}/pid; events {{}}\nhttp {{\n{temporary}{recipe}\n}}\n"
        );
        std::fs::write(lab.file("nginx.conf"), whole).unwrap();
        let mut command = Command::new("nginx");
        command.args(["-e", "stderr", "-p"]).arg(lab.folder());
        command.arg("-c").arg(lab.file("nginx.conf"));
        Front::started(command, port)
    }

    /// Caddy with the recipe, in front of a server. `None` where there is no Caddy.
    pub fn caddy(lab: &Lab, server: SocketAddr) -> Option<Front> {
        let [port] = free_ports();
        let pair = [lab.file("server.pem"), lab.file("server.key")];
        let pair = format!("tls {} {}", pair[0].display(), pair[1].display());
        let site = format!("https://localhost:{port} {{\n{pair}");
        let recipe = recipe("caddy")
            .replace("sync.example.com {", &site)
            .replace("127.0.0.1:9080", &server.to_string());
        let whole = format!("{{\nadmin off\nauto_https disable_redirects\n}}\n{recipe}\n");
        std::fs::write(lab.file("Caddyfile"), whole).unwrap();
        let mut command = Command::new("caddy");
        command.args(["run", "--adapter", "caddyfile", "--config"]);
        command.arg(lab.file("Caddyfile"));
        command.env("XDG_DATA_HOME", lab.folder());
        command.env("XDG_CONFIG_HOME", lab.folder());
        Front::started(command, port)
    }

    fn started(mut command: Command, port: u16) -> Option<Front> {
        let name = command.get_program().to_owned();
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let process = match command.stderr(Stdio::null()).spawn() {
            Ok(process) => process,
            Err(_) => {
                let name = Path::new(&name).display();
                println!("could not run: no {name} (tests/run installs it)");
                return None;
            }
        };
        let mut front = Front { process, port };
        let end = deadline();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = front.process.try_wait().unwrap();
            assert_eq!(ended, None, "{} has ended", Path::new(&name).display());
            assert!(Instant::now() < end, "nobody listens on {port}");
            std::thread::sleep(Duration::from_millis(20));
        }
        Some(front)
    }

    /// Where apps find it.
    pub fn url(&self) -> String {
        format!("https://localhost:{}", self.port)
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        // Its workers end when they are told, not when it is killed.
        let id = self.process.id().to_string();
        let told = Command::new("kill").arg(id).status();
        if told.is_ok_and(|status| status.success()) {
            self.process.wait().unwrap();
        }
    }
}

const FULL_CHAIN: &str = "/etc/letsencrypt/live/sync.example.com/fullchain.pem";
const PRIVATE_KEY: &str = "/etc/letsencrypt/live/sync.example.com/privkey.pem";

/// A recipe of docs/tls-and-proxies.md: the block of this language.
fn recipe(language: &str) -> String {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/tls-and-proxies.md");
    let text = std::fs::read_to_string(file).unwrap();
    let (_, block) = text.split_once(&format!("```{language}\n")).unwrap();
    let (block, _) = block.split_once("```").unwrap();
    block.to_owned()
}
