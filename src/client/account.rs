//! A server, and who is signed in there.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::{RequestBuilder, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::json;

use super::realm::{self, Realm};
use super::{ClientError, Options, Place, RealmAddress};
use crate::api::status::Status;
use crate::api::{AccessToken, Location, Session};
use crate::secret::Secret;
use crate::tls::{Trust, distrust};

/// A server, by its URL.
#[derive(Clone)]
pub struct Server {
    /// `http://host:port`.
    url: Arc<str>,
    http: reqwest::Client,
    trust: Trust,
}

/// Who wants in.
pub enum Credentials {
    /// A new anonymous user of an app.
    Anonymous {
        /// The app.
        app: String,
    },
    /// A user of an app.
    Password {
        /// The app.
        app: String,
        /// The user's name.
        email: String,
        /// The password.
        password: Secret,
    },
    /// The holder of a token that the server has signed: an administrator's, or one for Realms of virtual paths.
    Token(Secret),
}

/// Somebody who is signed in.
#[derive(Clone)]
pub struct User {
    server: Server,
    account: Arc<Account>,
}

enum Account {
    /// A user of an app, whose access tokens expire.
    App {
        id: String,
        /// Where sync connections of the app go: `ws://host:port`.
        sync: String,
        refresh: Secret,
        access: Mutex<Secret>,
    },
    Token(Secret),
}

/// How long an HTTP request may take.
const PATIENCE: Duration = Duration::from_secs(60);

impl Server {
    /// The server at this URL: `http://`, `https://`, `realm://` or `realms://`.
    pub fn at(url: &str) -> Result<Server, ClientError> {
        Server::trusted(url, Trust::system())
    }

    /// The same. A certificate is believed that an authority of this host has signed, or one in a file, PEM.
    pub fn trusting(url: &str, authorities: &Path) -> Result<Server, ClientError> {
        let trust = Trust::system_and(authorities);
        let trust = trust.map_err(|error| ClientError::Authorities(error.to_string()))?;
        Server::trusted(url, trust)
    }

    fn trusted(url: &str, trust: Trust) -> Result<Server, ClientError> {
        let bad = || ClientError::BadUrl(url.to_owned());
        let (scheme, rest) = url.split_once("://").ok_or_else(bad)?;
        let scheme = match scheme {
            "http" | "realm" | "ws" => "http",
            "https" | "realms" | "wss" => "https",
            _ => return Err(bad()),
        };
        let authority = rest.trim_end_matches('/');
        let normal = format!("{scheme}://{authority}");
        let parsed = reqwest::Url::parse(&normal).map_err(|_| bad())?;
        if parsed.host_str().is_none() || parsed.path() != "/" || !parsed.username().is_empty() {
            return Err(bad());
        }
        let http = reqwest::Client::builder()
            .use_preconfigured_tls(trust.config())
            .timeout(PATIENCE)
            .build();
        let http = http.map_err(|error| ClientError::Unreachable {
            url: normal.clone(),
            cause: error.to_string(),
        })?;
        Ok(Server {
            url: normal.into(),
            http,
            trust,
        })
    }

    /// Its URL: `http://` or `https://`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Whom it is believed through.
    pub(super) fn trust(&self) -> &Trust {
        &self.trust
    }

    fn unreachable(&self, error: &reqwest::Error) -> ClientError {
        no_answer(self.url.to_string(), error)
    }

    /// Signs in.
    pub async fn sign_in(&self, credentials: &Credentials) -> Result<User, ClientError> {
        let account = match credentials {
            Credentials::Token(token) => Account::Token(token.clone()),
            Credentials::Anonymous { app } => self.log_in(app, "anon-user", json!({})).await?,
            Credentials::Password {
                app,
                email,
                password,
            } => {
                let body = json!({ "username": email, "password": password.reveal() });
                self.log_in(app, "local-userpass", body).await?
            }
        };
        Ok(User {
            server: self.clone(),
            account: Arc::new(account),
        })
    }

    /// Registers a user of an app.
    pub async fn register(
        &self,
        app: &str,
        email: &str,
        password: &Secret,
    ) -> Result<(), ClientError> {
        let url = format!(
            "{}/api/client/v2.0/app/{app}/auth/providers/local-userpass/register",
            self.url
        );
        let body = json!({ "email": email, "password": password.reveal() });
        let request = self.http.post(url).json(&body);
        self.ask::<serde_json::Value>(request).await.map(drop)
    }

    /// How the server is, for its administrator.
    pub async fn status(&self, token: &Secret) -> Result<Status, ClientError> {
        let url = format!("{}/api/ros/v1/status", self.url);
        self.ask(self.http.get(url).bearer_auth(token.reveal()))
            .await
    }

    /// Whether the server can do its work; what it says if it cannot.
    pub async fn ready(&self) -> Result<Option<String>, ClientError> {
        let unreachable = |error| self.unreachable(&error);
        let answer = self.http.get(format!("{}/readyz", self.url)).send().await;
        let answer = answer.map_err(unreachable)?;
        let status = answer.status();
        let text = answer.text().await.map_err(unreachable)?;
        let told = if text.trim().is_empty() {
            format!("HTTP {status}")
        } else {
            text.trim().chars().take(300).collect()
        };
        Ok((!status.is_success()).then_some(told))
    }

    async fn log_in(
        &self,
        app: &str,
        provider: &str,
        body: serde_json::Value,
    ) -> Result<Account, ClientError> {
        let location = format!("{}/api/client/v2.0/app/{app}/location", self.url);
        let location: Location = self.ask(self.http.get(location)).await?;
        let url = format!(
            "{}/api/client/v2.0/app/{app}/auth/providers/{provider}/login",
            location.hostname
        );
        let session: Session = self.ask(self.http.post(url).json(&body)).await?;
        Ok(Account::App {
            id: session.user_id,
            sync: location.ws_hostname,
            refresh: session.refresh_token,
            access: Mutex::new(session.access_token),
        })
    }

    /// Posts a document as the holder of a token.
    pub(super) async fn post<T: DeserializeOwned>(
        &self,
        token: &Secret,
        path: &str,
        body: &serde_json::Value,
    ) -> Result<T, ClientError> {
        let request = self.http.post(format!("{}{path}", self.url)).json(body);
        self.ask(request.bearer_auth(token.reveal())).await
    }

    /// Sends a request as the holder of a token.
    pub(super) async fn send<T: DeserializeOwned>(
        &self,
        token: &Secret,
        method: reqwest::Method,
        url: reqwest::Url,
        body: Option<&serde_json::Value>,
    ) -> Result<T, ClientError> {
        let mut request = self.http.request(method, url).bearer_auth(token.reveal());
        if let Some(body) = body {
            request = request.json(body);
        }
        self.ask(request).await
    }

    async fn ask<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, ClientError> {
        let unreachable = |error| self.unreachable(&error);
        let answer = request.send().await.map_err(unreachable)?;
        let status = answer.status();
        let body = answer.bytes().await.map_err(unreachable)?;
        if status.is_success() {
            return serde_json::from_slice(&body).map_err(|error| ClientError::Strange {
                url: self.url.to_string(),
                cause: error.to_string(),
            });
        }
        let told = serde_json::from_slice::<serde_json::Value>(&body).ok();
        // The classic API says `title`.
        let told = told.and_then(|body| {
            let text = body.get("error").or_else(|| body.get("title"));
            Some(text?.as_str()?.to_owned())
        });
        let text = told.unwrap_or_else(|| format!("HTTP {status}"));
        match status {
            StatusCode::UNAUTHORIZED => Err(ClientError::Unauthorized(text)),
            StatusCode::FORBIDDEN => Err(ClientError::Forbidden(text)),
            StatusCode::NOT_FOUND => Err(ClientError::NotFound(text)),
            StatusCode::CONFLICT => Err(ClientError::Conflict(text)),
            status if status.is_server_error() => Err(ClientError::Unreachable {
                url: self.url.to_string(),
                cause: text,
            }),
            _ => Err(ClientError::Refused(text)),
        }
    }
}

impl User {
    /// The server.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// The id of a user of an app.
    pub fn id(&self) -> Option<&str> {
        match &*self.account {
            Account::App { id, .. } => Some(id),
            Account::Token(_) => None,
        }
    }

    /// Opens a Realm: at once what the copy has, while a task keeps it in sync.
    pub async fn open(
        &self,
        address: &RealmAddress,
        place: Place,
        options: Options,
    ) -> Result<Realm, ClientError> {
        realm::open(self.clone(), address.clone(), place, options).await
    }

    /// The URL of a sync connection, token included.
    pub(super) fn sync_url(&self, address: &RealmAddress) -> Secret {
        let plain = self.server.url.replacen("http", "ws", 1);
        let (base, token) = match &*self.account {
            Account::App { sync, access, .. } => {
                let access = access.lock().unwrap_or_else(PoisonError::into_inner);
                (sync.as_str(), access.clone())
            }
            Account::Token(token) => (plain.as_str(), token.clone()),
        };
        let token = escaped(token.reveal());
        Secret::new(format!("{base}{}?baas_at={token}", address.endpoint()))
    }

    /// Gets a new access token, if this user has such.
    pub(super) async fn refresh(&self) -> Result<(), ClientError> {
        let Account::App {
            refresh, access, ..
        } = &*self.account
        else {
            return Err(ClientError::Unauthorized(
                "the server does not accept the token".into(),
            ));
        };
        let url = format!("{}/api/client/v2.0/auth/session", self.server.url);
        let request = self.server.http.post(url).bearer_auth(refresh.reveal());
        let fresh: AccessToken = self.server.ask(request).await?;
        *access.lock().unwrap_or_else(PoisonError::into_inner) = fresh.access_token;
        Ok(())
    }
}

/// Percent-encoded for a query.
fn escaped(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
            byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect()
}

/// Nothing answers, or it shows a certificate that is not believed.
pub(super) fn no_answer(url: String, error: &(dyn std::error::Error + 'static)) -> ClientError {
    match distrust(error) {
        Some(cause) => ClientError::Untrusted { url, cause },
        None => ClientError::Unreachable {
            url,
            cause: innermost(error),
        },
    }
}

/// The cause at the bottom, which is the one that tells something: "connection refused".
fn innermost(mut error: &(dyn std::error::Error + 'static)) -> String {
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_every_scheme() {
        for (given, url) in [
            ("http://127.0.0.1:9080", "http://127.0.0.1:9080"),
            ("realm://sync.example:9080/", "http://sync.example:9080"),
            ("realms://sync.example", "https://sync.example"),
        ] {
            assert_eq!(Server::at(given).unwrap().url(), url);
        }
        for bad in [
            "",
            "sync.example",
            "ftp://x",
            "http://",
            "http://x/y",
            "http://u@x",
        ] {
            assert!(Server::at(bad).is_err(), "{bad}");
        }
    }
}
