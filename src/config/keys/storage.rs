//! `storage`, `performance`, `logging`, `backup`, `enterprise`.

use super::{Effect, Key};
use crate::config::kind::Kind;
use crate::config::place::Server;

/// The names of the levels.
const LEVELS: Kind = Kind::Words(&[
    "all", "trace", "debug", "detail", "info", "warn", "error", "fatal", "off",
]);

pub const KEYS: &[Key] = &[
    Key::fixed(
        "storage.root_path",
        Kind::Folder,
        &Server(|s| &mut s.root),
        "The data folder.",
    )
    .needed()
    .like("/var/lib/realm/object-server"),
    Key::fixed(
        "performance.max_open_files",
        Kind::Count,
        &Server(|s| &mut s.limits.open_realms),
        "Realms kept open; the least recently used idle one is closed to open another.",
    ),
    Key::live(
        "logging.level",
        LEVELS,
        &Server(|s| &mut s.log_level),
        "How much is logged: each level includes those after it.",
    ),
    Key::live(
        "logging.path",
        Kind::File,
        &Server(|s| &mut s.log_path),
        "The file to log to; SIGHUP opens it again. Without it, standard error.",
    )
    .like("/var/log/realm-object-server.log"),
    Key::live(
        "logging.audit_path",
        Kind::File,
        &Server(|s| &mut s.audit_path),
        "The file of the audit log: a line of JSON for each sign-in, refusal, change of permissions and act of an administrator. SIGHUP opens it again. Without it there is none.",
    )
    .like("/var/log/realm/audit.log"),
    Key::live(
        "logging.format",
        Kind::Words(&["text", "json"]),
        &Server(|s| &mut s.log_format),
        "The form of the log.",
    ),
    Key::fixed(
        "backup.enable",
        Kind::Flag,
        &Server(|s| &mut s.backup.listener.enabled),
        "Whether clients of the continuous backup are served. `ros backup` needs none of this.",
    )
    .but(Effect::Fixed),
    Key::fixed(
        "backup.network.listen_address",
        Kind::Address,
        &Server(|s| &mut s.backup.listener.address),
        "The address for clients of the continuous backup.",
    )
    .but(Effect::Missing),
    Key::fixed(
        "backup.network.listen_port",
        Kind::Port,
        &Server(|s| &mut s.backup.listener.port),
        "The port for clients of the continuous backup.",
    )
    .but(Effect::Missing),
    Key::fixed(
        "backup.logging.level",
        LEVELS,
        &Server(|s| &mut s.backup.log_level),
        "How much the continuous backup logs.",
    )
    .but(Effect::Missing),
    Key::fixed(
        "backup.logging.path",
        Kind::File,
        &Server(|s| &mut s.backup.log_path),
        "The file that the continuous backup logs to.",
    )
    .but(Effect::Missing)
    .like("/var/log/realm-object-server-backup-server.log"),
    Key::live(
        "enterprise.skip_setup",
        Kind::Flag,
        &Server(|s| &mut s.skip_setup),
        "Whether neither a start nor a reload prints a link that makes the first administrator while there is none.",
    ),
];
