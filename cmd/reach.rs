//! Reaching a server: where it is, and who we are there.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ros::client::{ClientError, Credentials, RealmAddress, Server, User};
use ros::secret::Secret;

use crate::failure::{Exit, Failure};

/// Arguments of every command that talks to a server.
#[derive(clap::Args)]
#[command(next_help_heading = "Server")]
pub struct Reach {
    /// The server: http(s)://HOST[:PORT] or realm(s)://HOST[:PORT] [default: http://127.0.0.1:9080]
    #[arg(long, env = "ROS_SERVER", value_name = "URL")]
    server: Option<String>,
    /// A file of authorities, PEM, that may sign the server's certificate beside those that this host trusts
    #[arg(long, env = "ROS_CA_FILE", value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// A file that holds an administrator's token [default: ./ros-data/keys/admin.token, /etc/realm/admin.token]
    ///
    /// Without a flag that names credentials: [env: ROS_ADMIN_TOKEN_FILE]
    #[arg(long, value_name = "FILE")]
    admin_token_file: Option<PathBuf>,
    /// A file that holds a user's or access token
    ///
    /// Without a flag that names credentials: [env: ROS_TOKEN_FILE]
    #[arg(long, value_name = "FILE", conflicts_with = "admin_token_file")]
    token_file: Option<PathBuf>,
    /// A user of the app, by e-mail address
    #[arg(long, value_name = "NAME", requires = "password_file", conflicts_with_all = ["admin_token_file", "token_file"])]
    user: Option<String>,
    /// A file that holds the user's password; - for standard input
    #[arg(long, value_name = "FILE", requires = "user")]
    password_file: Option<PathBuf>,
    /// Seconds to wait for the server
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..))]
    timeout: u64,
}

/// Where an administrator's token lies that nobody had to name.
const WELL_KNOWN: [&str; 2] = ["ros-data/keys/admin.token", "/etc/realm/admin.token"];

/// Variables that name a token's file, for who names none by a flag.
const ENVIRONMENT: [&str; 2] = ["ROS_ADMIN_TOKEN_FILE", "ROS_TOKEN_FILE"];

impl Reach {
    /// Whether a token is shown, and no password.
    pub fn has_token(&self) -> bool {
        self.user.is_none()
    }

    /// Whether a token is shown, and it is an administrator's. Nothing that others may not do is tried for that.
    pub async fn is_administrator(&self) -> Result<bool, Failure> {
        if !self.has_token() {
            return Ok(false);
        }
        let server = self.server()?;
        match self.credentials(None)? {
            Credentials::Token(token) => Ok(server.is_administrator(&token).await),
            Credentials::Anonymous { .. } | Credentials::Password { .. } => Ok(false),
        }
    }

    /// How long to wait.
    pub fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout)
    }

    /// The server.
    pub fn server(&self) -> Result<Server, Failure> {
        let url = self.server.as_deref().unwrap_or("http://127.0.0.1:9080");
        self.at(url)
    }

    fn at(&self, url: &str) -> Result<Server, Failure> {
        let server = match &self.ca_file {
            Some(file) => Server::trusting(url, file),
            None => Server::at(url),
        };
        server.map_err(|error| {
            let failure = Failure::new(Exit::Usage, error.to_string());
            match error {
                ClientError::Authorities(_) => {
                    failure.hint("--ca-file FILE names certificates as PEM")
                }
                _ => failure.hint("name the server with --server http://HOST:PORT"),
            }
        })
    }

    /// The server, or the one at this URL if none is named.
    pub fn server_or(&self, url: &str) -> Result<Server, Failure> {
        match self.server {
            Some(_) => self.server(),
            None => self.at(url),
        }
    }

    /// The token of an administrator: one that is shown, or of one who signs in with name and password.
    pub fn admin_token(&self) -> Result<Secret, Failure> {
        if let (Some(name), Some(file)) = (&self.user, &self.password_file) {
            let (server, password) = (self.server()?, secret_of(file)?);
            let signing_in = server.classic_sign_in(name, &password);
            let signed_in = async { self.within("cannot sign in", signing_in).await };
            return crate::runtime()?.block_on(signed_in);
        }
        match self.credentials(None)? {
            Credentials::Token(token) => Ok(token),
            Credentials::Anonymous { .. } | Credentials::Password { .. } => Err(Failure::new(
                Exit::Usage,
                "this takes an administrator's token, and no user",
            )),
        }
    }

    /// Signs in, for a Realm if one is meant: a user with a password belongs to its app.
    pub async fn sign_in(&self, realm: Option<&RealmAddress>) -> Result<User, Failure> {
        let server = self.server()?;
        let credentials = self.credentials(realm)?;
        let signing_in = server.sign_in(&credentials);
        match tokio::time::timeout(self.timeout(), signing_in).await {
            Ok(result) => result.map_err(|error| failed("cannot sign in", &error)),
            Err(_) => Err(self.too_late("signing in")),
        }
    }

    /// Waits for a client, within the time that the user gives.
    pub async fn within<T>(
        &self,
        what: &str,
        work: impl Future<Output = Result<T, ClientError>>,
    ) -> Result<T, Failure> {
        match tokio::time::timeout(self.timeout(), work).await {
            Ok(result) => result.map_err(|error| failed(what, &error)),
            Err(_) => Err(self.too_late(what)),
        }
    }

    /// The failure when the time is over.
    pub fn too_late(&self, what: &str) -> Failure {
        Failure::new(Exit::Unreachable, what)
            .cause(format!("not done within {} s", self.timeout))
            .hint("allow more with --timeout SECONDS")
    }

    fn credentials(&self, realm: Option<&RealmAddress>) -> Result<Credentials, Failure> {
        if let (Some(email), Some(file)) = (&self.user, &self.password_file) {
            let app = match realm {
                Some(RealmAddress::Partition { app, .. }) => app.to_string(),
                Some(RealmAddress::Path(_)) | None => {
                    return Err(Failure::new(
                        Exit::Usage,
                        "a user with a password opens partitions of an app only",
                    )
                    .hint("name the Realm as APP/PARTITION, or use --token-file"));
                }
            };
            return Ok(Credentials::Password {
                app,
                email: email.clone(),
                password: secret_of(file)?,
            });
        }
        // Flags win over the environment, whichever of the two names an administrator.
        let flag = self.admin_token_file.clone().or(self.token_file.clone());
        let named = flag.or_else(|| {
            let set = ENVIRONMENT.iter().filter_map(std::env::var_os);
            set.map(PathBuf::from)
                .find(|file| !file.as_os_str().is_empty())
        });
        if let Some(file) = named {
            return secret_of(&file).map(Credentials::Token);
        }
        let found = WELL_KNOWN.iter().map(Path::new).find(|file| file.exists());
        match found {
            Some(file) => secret_of(file).map(Credentials::Token),
            None => Err(Failure::new(Exit::Denied, "no credentials")
                .cause(format!(
                    "none are named, and there is no {}",
                    WELL_KNOWN.join(" and no ")
                ))
                .hint("--admin-token-file FILE, or --user NAME --password-file FILE")),
        }
    }
}

/// The whole of a file, or of standard input.
pub fn text_of(file: &Path) -> Result<String, Failure> {
    let mut text = String::new();
    let read = if file.as_os_str() == "-" {
        std::io::stdin().read_to_string(&mut text).map(drop)
    } else {
        std::fs::read_to_string(file).map(|read| text = read)
    };
    let failed = || Failure::new(Exit::Failed, format!("cannot read {}", file.display()));
    read.map_err(|error| failed().cause(error))?;
    Ok(text)
}

/// One line of a file, or of standard input.
pub fn secret_of(file: &Path) -> Result<Secret, Failure> {
    let text = text_of(file)?;
    match text.lines().next().map(str::trim) {
        Some(line) if !line.is_empty() => Ok(Secret::new(line)),
        Some(_) | None => Err(Failure::new(
            Exit::Denied,
            format!("{} is empty", file.display()),
        )),
    }
}

/// A client's error as a failure of the program: what was to be done, why not, what may help.
pub fn failed(what: &str, error: &ClientError) -> Failure {
    let failure = |exit| Failure::new(exit, what).cause(error);
    match error {
        ClientError::BadUrl(_) | ClientError::Authorities(_) => failure(Exit::Usage),
        ClientError::Untrusted { .. } => failure(Exit::Unreachable)
            .hint("--ca-file FILE names the authority of a lab; ros doctor --certificate FILE looks at the server's own"),
        ClientError::Unreachable { .. } => {
            failure(Exit::Unreachable).hint("is the server running? Name another with --server URL")
        }
        ClientError::Unauthorized(_) => failure(Exit::Denied).hint(
            "--admin-token-file FILE, --token-file FILE, or --user NAME --password-file FILE",
        ),
        ClientError::Forbidden(_) => failure(Exit::Denied),
        ClientError::NotFound(_) => failure(Exit::NotFound),
        ClientError::Conflict(_) => failure(Exit::Conflict),
        ClientError::Ended(told) if told.code == 206 => failure(Exit::Denied),
        ClientError::Ended(_)
        | ClientError::Refused(_)
        | ClientError::Strange { .. }
        | ClientError::Replica(_) => failure(Exit::Failed),
    }
}
