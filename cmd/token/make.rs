//! `ros token admin` and `ros token mint`: whoever has the private key makes tokens, without a server.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ros::access::Endpoint;
use ros::auth::ClassicClaims;
use ros::ident::UserId;
use ros::system::realm_name;
use serde_json::json;

use super::key::SigningKey;
use crate::failure::{Exit, Failure};
use crate::output;

/// Make an administrator's token
///
/// Whoever holds it may do everything, on every Realm, without an end. `ros token revoke` ends it.
#[derive(clap::Args)]
#[command(
    before_long_help = "Examples:\n  ros token admin --private-key ros-data/keys/private.pem > admin.token\n  ros token admin -c /etc/realm/configuration.yml --to /etc/realm/admin.token"
)]
pub struct Admin {
    #[command(flatten)]
    made: Made,
    #[command(flatten)]
    key: SigningKey,
}

/// Make a token for a user, or for one Realm
///
/// Without --realm it says who somebody is, and its rights are those of the user. With --realm it carries rights itself, for that Realm alone, whoever the user is. For
/// clients of the classic endpoint (/realm-sync).
#[derive(clap::Args)]
#[command(
    before_long_help = "Examples:\n  ros token mint alice --lifetime 1h\n  ros token mint sensor-7 --realm /sensors/hall --read --write --lifetime 30d"
)]
pub struct Mint {
    /// The user's id
    user: String,
    /// The Realm that it is for: a path; ~ stands for the user's home
    #[arg(long, value_name = "PATH")]
    realm: Option<String>,
    /// May download
    #[arg(long, requires = "realm")]
    read: bool,
    /// May upload
    #[arg(long, requires = "realm")]
    write: bool,
    /// May manage
    #[arg(long, requires = "realm")]
    manage: bool,
    /// How long it counts: 10m, 12h, 30d
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = humantime::parse_duration)]
    lifetime: Duration,
    #[command(flatten)]
    made: Made,
    #[command(flatten)]
    key: SigningKey,
}

/// What becomes of a token that was made.
#[derive(clap::Args)]
struct Made {
    /// A file to write it to, which must not be there; readable for its owner alone
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
    /// The form of the result: the token alone, or a document that says what is in it
    #[arg(short, long, value_parser = ["plain", "json"], default_value = "plain")]
    output: String,
}

/// Makes an administrator's token.
pub fn admin(arguments: &Admin) -> Result<(), Failure> {
    let claims = ClassicClaims {
        salt: Some(salt()),
        timestamp: Some(now()),
        ..ClassicClaims::admin()
    };
    arguments.made.give(&claims, &arguments.key)
}

/// Makes a user's.
pub fn mint(arguments: &Mint) -> Result<(), Failure> {
    let user = &arguments.user;
    if user.is_empty() || UserId(user.as_str().into()).is_reserved() {
        return Err(
            Failure::new(Exit::Usage, format!("`{user}` can be nobody's id"))
                .hint("`ros token admin` makes an administrator's token"),
        );
    }
    let rights = [
        ("download", arguments.read),
        ("upload", arguments.write),
        ("manage", arguments.manage),
    ];
    let rights = rights.into_iter().filter(|(_, has)| *has);
    let rights: Vec<_> = rights.map(|(word, _)| word).collect();
    let realm = arguments.realm.as_deref();
    let realm = realm.map(|path| expanded(path, user)).transpose()?;
    if realm.is_some() && rights.is_empty() {
        return Err(Failure::new(Exit::Usage, "the token would allow nothing")
            .hint("say --read, --write or --manage"));
    }
    let claims = ClassicClaims {
        identity: user.clone(),
        access: realm.is_some().then_some(rights),
        salt: Some(salt()),
        expires: Some(now().saturating_add(arguments.lifetime.as_secs().max(1))),
        path: realm,
        timestamp: Some(now()),
        ..ClassicClaims::default()
    };
    arguments.made.give(&claims, &arguments.key)
}

/// The Realm's own name, with `~` as the user's home.
fn expanded(path: &str, user: &str) -> Result<String, Failure> {
    let name = realm_name(&Endpoint::Classic, &UserId(user.into()), path.as_bytes());
    let name = name.map_err(|error| {
        Failure::new(Exit::Usage, format!("`{path}` is no Realm's path")).cause(error)
    })?;
    Ok(name.to_string())
}

impl Made {
    fn give(&self, claims: &ClassicClaims, key: &SigningKey) -> Result<(), Failure> {
        let token = claims.sign(&key.read()?);
        if let Some(file) = &self.to {
            write_private(file, &format!("{}\n", token.reveal())).map_err(|error| {
                let exit = match error.kind() {
                    io::ErrorKind::AlreadyExists => Exit::Conflict,
                    _ => Exit::Failed,
                };
                Failure::new(exit, format!("cannot write {}", file.display())).cause(error)
            })?;
        }
        match (self.output.as_str(), &self.to) {
            ("json", Some(file)) => output::print_json(&json!({"file": file, "claims": claims})),
            ("json", None) => {
                output::print_json(&json!({"token": token.reveal(), "claims": claims}))
            }
            (_, Some(_)) => Ok(()),
            (_, None) => output::print(&format!("{}\n", token.reveal())),
        }
    }
}

/// A new file for its owner alone.
fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.unwrap_or_default().as_secs()
}

/// Makes tokens differ that say the same.
fn salt() -> String {
    format!("{:08x}", rand::random::<u32>())
}
