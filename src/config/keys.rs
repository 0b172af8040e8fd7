//! The definition of every key, once: its path in the file, what it is for, its default, and how its value is taken.

use std::net::IpAddr;
use std::path::PathBuf;

use serde_yaml::Value;

use super::{App, LogFormat, LogLevel, PublicUrl, Settings};

/// One key of the configuration file.
pub struct Key {
    /// Its place; `*` stands for an app id.
    pub path: &'static str,
    /// What it is for.
    pub text: &'static str,
    /// Its value where the file says nothing; empty if there is none.
    pub default: &'static str,
    pub(super) take: Take,
}

/// How a value is taken, or what is expected instead.
pub(super) enum Take {
    /// A setting of the server.
    Server(fn(&mut Settings, &Value) -> Result<(), &'static str>),
    /// A setting of one app.
    App(fn(&mut App, &Value) -> Result<(), &'static str>),
}

use Take::{App as OfApp, Server as OfServer};

/// Every key.
pub const KEYS: &[Key] = &[
    Key {
        path: "storage.root_path",
        text: "The data folder.",
        default: "",
        take: OfServer(|settings, value| put(&mut settings.root, file(value))),
    },
    Key {
        path: "auth.private_key_path",
        text: "The RSA private key that signs tokens, PEM.",
        default: "",
        take: OfServer(|settings, value| put(&mut settings.private_key, file(value))),
    },
    Key {
        path: "auth.public_key_path",
        text: "The RSA public key, PEM; it must belong to the private key, from which it is known anyway.",
        default: "",
        take: OfServer(|settings, value| put(&mut settings.public_key, file(value).map(Some))),
    },
    Key {
        path: "proxy.http.listen_address",
        text: "The address to listen on; `::` is every one.",
        default: "::",
        take: OfServer(|settings, value| address(value).map(|ip| settings.listen.set_ip(ip))),
    },
    Key {
        path: "proxy.http.listen_port",
        text: "The port to listen on.",
        default: "9080",
        take: OfServer(|settings, value| port(value).map(|port| settings.listen.set_port(port))),
    },
    Key {
        path: "location.url",
        text: "The URL under which clients reach the server. Without it each client is told the name that it used.",
        default: "",
        take: OfServer(|settings, value| put(&mut settings.public_url, url(value).map(Some))),
    },
    Key {
        path: "classic.unknown_files",
        text: "What becomes of a device that comes with a file of another server to a virtual path that is empty here: hold (it tries again, and keeps its data) or reset (it starts over with what is here).",
        default: "hold",
        take: OfServer(|settings, value| put(&mut settings.reset_unknown_files, reset(value))),
    },
    Key {
        path: "logging.level",
        text: "How much is logged: all, trace, debug, detail, info, warn, error, fatal or off.",
        default: "info",
        take: OfServer(|settings, value| put(&mut settings.log_level, level(value))),
    },
    Key {
        path: "logging.path",
        text: "The file to log to; SIGHUP opens it again. Without it, standard error.",
        default: "",
        take: OfServer(|settings, value| put(&mut settings.log_path, file(value).map(Some))),
    },
    Key {
        path: "logging.format",
        text: "The form of the log: text or json.",
        default: "text",
        take: OfServer(|settings, value| put(&mut settings.log_format, log_format(value))),
    },
    Key {
        path: "metrics.enable",
        text: "Whether there is a listener for metrics (Prometheus, at /metrics). It asks for no token.",
        default: "false",
        take: OfServer(|settings, value| put(&mut settings.metrics.enable, flag(value))),
    },
    Key {
        path: "metrics.listen_address",
        text: "The address of the listener for metrics.",
        default: "127.0.0.1",
        take: OfServer(|settings, value| {
            address(value).map(|ip| settings.metrics.listen.set_ip(ip))
        }),
    },
    Key {
        path: "metrics.listen_port",
        text: "The port of the listener for metrics.",
        default: "27088",
        take: OfServer(|settings, value| {
            port(value).map(|port| settings.metrics.listen.set_port(port))
        }),
    },
    Key {
        path: "apps.*.providers.anon-user",
        text: "Whether users may sign in without credentials.",
        default: "false",
        take: OfApp(|app, value| put(&mut app.anonymous, flag(value))),
    },
    Key {
        path: "apps.*.providers.local-userpass",
        text: "Whether users may sign in with e-mail and password.",
        default: "false",
        take: OfApp(|app, value| put(&mut app.password, flag(value))),
    },
    Key {
        path: "apps.*.registration",
        text: "Whether anybody may register with e-mail and password: open or closed.",
        default: "closed",
        take: OfApp(|app, value| put(&mut app.registration, open(value))),
    },
    Key {
        path: "apps.*.partitions.read",
        text: "Whether every user of the app may read every partition.",
        default: "false",
        take: OfApp(|app, value| put(&mut app.read, flag(value))),
    },
    Key {
        path: "apps.*.partitions.write",
        text: "Whether every user of the app may read and write every partition.",
        default: "false",
        take: OfApp(|app, value| put(&mut app.write, flag(value))),
    },
    Key {
        path: "apps.*.partitions.manage",
        text: "Whether every user of the app may change the permissions of every partition, and remove classes and columns.",
        default: "false",
        take: OfApp(|app, value| put(&mut app.manage, flag(value))),
    },
    Key {
        path: "apps.*.unknown_files",
        text: "What becomes of a device that comes with a file of another server to a partition that is empty here: hold (it tries again, and keeps its data) or reset (it starts over with what is here).",
        default: "hold",
        take: OfApp(|app, value| put(&mut app.reset_unknown_files, reset(value))),
    },
    Key {
        path: "apps.*.ttls.access_token",
        text: "Seconds until an access token ends.",
        default: "1800",
        take: OfApp(|app, value| put(&mut app.lifetimes.access, seconds(value))),
    },
    Key {
        path: "apps.*.ttls.refresh_token",
        text: "Seconds until a login ends, and its refresh token with it.",
        default: "5184000",
        take: OfApp(|app, value| put(&mut app.lifetimes.refresh, seconds(value))),
    },
];

fn put<T>(place: &mut T, value: Result<T, &'static str>) -> Result<(), &'static str> {
    *place = value?;
    Ok(())
}

fn file(value: &Value) -> Result<PathBuf, &'static str> {
    let text = value.as_str().filter(|text| !text.is_empty());
    text.map(PathBuf::from).ok_or("a path is expected")
}

fn address(value: &Value) -> Result<IpAddr, &'static str> {
    let text = value.as_str().and_then(|text| text.parse().ok());
    text.ok_or("an IP address is expected, like 127.0.0.1 or '::'")
}

fn port(value: &Value) -> Result<u16, &'static str> {
    let port = value
        .as_u64()
        .and_then(|port| u16::try_from(port).ok())
        .filter(|port| *port > 0);
    port.ok_or("a port number from 1 to 65535 is expected")
}

fn flag(value: &Value) -> Result<bool, &'static str> {
    value.as_bool().ok_or("`true` or `false` is expected")
}

fn open(value: &Value) -> Result<bool, &'static str> {
    match value.as_str() {
        Some("open") => Ok(true),
        Some("closed") => Ok(false),
        Some(_) | None => Err("`open` or `closed` is expected"),
    }
}

fn reset(value: &Value) -> Result<bool, &'static str> {
    match value.as_str() {
        Some("reset") => Ok(true),
        Some("hold") => Ok(false),
        Some(_) | None => Err("`hold` or `reset` is expected"),
    }
}

/// A hundred years at most, so that no sum of times overflows.
fn seconds(value: &Value) -> Result<u64, &'static str> {
    let seconds = value
        .as_u64()
        .filter(|seconds| (1..=100 * 365 * 86_400).contains(seconds));
    seconds.ok_or("a number of seconds is expected, from 1 to 3153600000")
}

fn level(value: &Value) -> Result<LogLevel, &'static str> {
    let level = value.as_str().and_then(LogLevel::named);
    level.ok_or("one of all, trace, debug, detail, info, warn, error, fatal and off is expected")
}

fn log_format(value: &Value) -> Result<LogFormat, &'static str> {
    match value.as_str() {
        Some("text") => Ok(LogFormat::Text),
        Some("json") => Ok(LogFormat::Json),
        Some(_) | None => Err("`text` or `json` is expected"),
    }
}

fn url(value: &Value) -> Result<PublicUrl, &'static str> {
    let expected = "a URL of scheme and host is expected, like https://sync.example.com";
    let (scheme, rest) = value
        .as_str()
        .and_then(|text| text.split_once("://"))
        .ok_or(expected)?;
    let authority = rest.trim_end_matches('/');
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte);
    if !matches!(scheme, "http" | "https") || authority.is_empty() || !authority.bytes().all(plain)
    {
        return Err(expected);
    }
    Ok(PublicUrl {
        secure: scheme == "https",
        authority: authority.to_owned(),
    })
}
