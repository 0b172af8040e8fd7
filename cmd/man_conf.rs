//! ros.conf(5): the manual of the configuration file, made from the definition of its keys.

use std::io;

use clap_mangen::roff::{Roff, bold, italic, roman};
use ros::config::{self, Key};

use crate::man::listed;

/// The name of the file of the page.
pub const NAME: &str = "ros.conf.5";

/// How `ros man` is asked for it.
pub const SHORT: &str = "conf";

const DESCRIPTION: &[&str] = &[
    "The configuration of the server, usually /etc/realm/configuration.yml, is a YAML file. ros serve reads it when it starts and again on SIGHUP; ros check-config looks at it and at the host, and says all that is wrong.",
    "A key is taken from the first that says something: an option of the command line, a variable of the environment, the file, the default. The variable of a key is ROS_ and the key in capitals, with __ for each dot and _ for what a variable cannot have: ROS_PROXY__HTTP__LISTEN_PORT. Lists are written as YAML.",
    "Unknown keys are warnings. Keys that this build does not implement are errors, unless they are as they would be anyway or belong to something that is switched off. Relative paths begin where the server is started.",
];

const EXAMPLE: &str = "\
storage:
  root_path: /var/lib/realm/object-server
auth:
  private_key_path: /etc/realm/token-signature.key
apps:
  my-app:
    providers: { anon-user: false, local-userpass: true }
    registration: open
    partitions: { read: true, write: true }";

/// The page.
pub fn page() -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    let mut roff = Roff::new();
    let version = format!("ros {}", env!("CARGO_PKG_VERSION"));
    roff.control("TH", ["ros.conf", "5", "", &version, ""]);
    roff.control("SH", ["NAME"]);
    roff.text([roman(
        "ros.conf - configuration.yml, the configuration of ros serve",
    )]);
    roff.control("SH", ["DESCRIPTION"]);
    for (number, text) in DESCRIPTION.iter().enumerate() {
        if number > 0 {
            roff.control("PP", []);
        }
        roff.text([roman(*text)]);
    }
    roff.control("SH", ["EXAMPLES"]).control("nf", []);
    for line in EXAMPLE.lines() {
        roff.text([roman(line)]);
    }
    roff.control("fi", []);
    keys(&mut roff);
    roff.to_writer(&mut out)?;
    listed("FILES", files()).to_writer(&mut out)?;
    let mut roff = Roff::new();
    roff.control("SH", ["SEE ALSO"]);
    roff.text([
        bold("ros-serve"),
        roman("(1), "),
        bold("ros-check-config"),
        roman("(1)"),
    ]);
    roff.to_writer(&mut out)?;
    Ok(out)
}

/// Every key, section by section.
fn keys(roff: &mut Roff) {
    roff.control("SH", ["KEYS"]);
    roff.text([roman("* stands for a name that you choose.")]);
    let mut section = "";
    for key in config::all() {
        let name = key.path.split('.').next().unwrap_or_default();
        if name != section {
            section = name;
            roff.control("SS", [name]);
            for group in
                config::groups().filter(|group| group.path.starts_with(&format!("{name}.")))
            {
                roff.control("TP", []);
                roff.text([bold(group.path)]);
                roff.text([roman(group.effect.told(group.text))]);
            }
        }
        roff.control("TP", []);
        roff.text([bold(key.path), roman(" "), italic(key.kind.expected())]);
        roff.text([roman(told(key))]);
    }
}

fn told(key: &Key) -> String {
    let mut text = key.effect.told(key.text);
    if let Some(default) = key.default() {
        text += &format!(" Default: {default}.");
    } else if key.needed {
        text += " Needed.";
    }
    if !key.reload {
        text += " Another value needs a restart.";
    }
    text
}

fn files() -> [(String, String); 2] {
    [
        (
            "/etc/realm/configuration.yml".to_owned(),
            "the usual place".to_owned(),
        ),
        (
            "packaging/configuration.yml".to_owned(),
            "a sample with every key; configuration.schema.json beside it is for editors"
                .to_owned(),
        ),
    ]
}
