//! The routes of the App Services client API.

use bytes::Bytes;
use hyper::body::Body;
use hyper::{Method, Request, Response, StatusCode};
use serde_json::Value;

use super::answer::{Answer, Failure, empty, json};
use super::{Http, request};
use crate::api;
use crate::auth::{hash_password, matches_password};
use crate::config::App;
use crate::secret::Secret;
use crate::system::{ANONYMOUS, PASSWORD, SignedIn};

type Outcome = Result<Response<Answer>, Failure>;

impl Http {
    pub(super) async fn client_api<B>(&self, path: &[&str], request: Request<B>) -> Outcome
    where
        B: Body<Data = Bytes> + Send,
        B::Error: std::fmt::Display,
    {
        match (request.method(), path) {
            (&Method::GET, ["app", id, "location"]) => self.location(id, &request),
            (&Method::POST, ["app", id, "auth", "providers", provider, "login"]) => {
                self.login(id, provider, request).await
            }
            (&Method::POST, ["app", id, "auth", "providers", PASSWORD, "register"]) => {
                self.register(id, request).await
            }
            (&Method::GET, ["auth", "profile"]) => self.profile(&request),
            (&Method::POST, ["auth", "session"]) => self.refresh(&request),
            (&Method::DELETE, ["auth", "session"]) => self.logout(&request),
            (&Method::DELETE, ["auth", "delete"]) => self.delete_user(&request),
            (_, ["app", id, rest @ ..]) => {
                self.app(id)?;
                self.not_built_for_app(rest, request).await
            }
            (_, ["auth", "api_keys", ..]) => Err(Failure::NoApiKey),
            (_, ["auth", "profile" | "session" | "delete"]) => Err(Failure::WrongMethod),
            _ => Err(Failure::NotFound),
        }
    }

    fn app(&self, id: &str) -> Result<&App, Failure> {
        self.apps
            .get(id)
            .ok_or_else(|| Failure::NoApp(id.chars().take(64).collect()))
    }

    fn location<B>(&self, id: &str, request: &Request<B>) -> Outcome {
        self.app(id)?;
        let (hostname, ws_hostname) = request::base_urls(request.headers())?;
        let location = api::Location {
            deployment_model: "GLOBAL".into(),
            location: "LOCAL".into(),
            hostname,
            ws_hostname,
        };
        Ok(json(StatusCode::OK, &location))
    }

    async fn login<B>(&self, id: &str, provider: &str, request: Request<B>) -> Outcome
    where
        B: Body<Data = Bytes> + Send,
        B::Error: std::fmt::Display,
    {
        let app = self.app(id)?;
        let linking = request
            .uri()
            .query()
            .is_some_and(|query| query.split('&').any(|part| part == "link=true"));
        let unsupported = || Failure::NoProvider(provider.chars().take(64).collect());
        match provider {
            _ if linking => Err(Failure::NotBuilt("linking is not supported")),
            ANONYMOUS if app.anonymous => {
                let _: Value = request::body(request, self.body_bytes).await?;
                Ok(session(&self.system.sign_in_anonymously(id, (self.now)())?))
            }
            PASSWORD if app.password => {
                let credentials: api::PasswordCredentials =
                    request::body(request, self.body_bytes).await?;
                self.login_with_password(id, credentials).await
            }
            _ => Err(unsupported()),
        }
    }

    async fn login_with_password(
        &self,
        app: &str,
        credentials: api::PasswordCredentials,
    ) -> Outcome {
        let account = self.system.password_account(app, &credentials.username)?;
        let (user, hash) = account.unzip();
        let password = Secret::new(credentials.password);
        let matches = self
            .on_password(move || matches_password(&password, hash.as_ref()))
            .await?;
        match user.filter(|_| matches) {
            Some(user) => Ok(session(&self.system.begin_session(
                &user,
                app,
                (self.now)(),
            )?)),
            None => Err(Failure::InvalidPassword),
        }
    }

    async fn register<B>(&self, id: &str, request: Request<B>) -> Outcome
    where
        B: Body<Data = Bytes> + Send,
        B::Error: std::fmt::Display,
    {
        let app = self.app(id)?;
        if !app.password {
            return Err(Failure::NoProvider(PASSWORD.into()));
        }
        if !app.registration {
            return Err(Failure::Closed);
        }
        let api::Registration { email, password } = request::body(request, self.body_bytes).await?;
        if email.is_empty() || email.len() > 320 {
            return Err(Failure::BadRequest(
                "an email of 1 to 320 bytes is needed".into(),
            ));
        }
        if !(6..=128).contains(&password.len()) {
            return Err(Failure::BadRequest(
                "password must be between 6 and 128 characters".into(),
            ));
        }
        if self.system.password_account(id, &email)?.is_some() {
            return Err(Failure::NameInUse);
        }
        let password = Secret::new(password);
        let hash = self
            .on_password(move || hash_password(&password))
            .await?
            .ok_or(Failure::Internal)?;
        self.system.register(id, &email, &hash, (self.now)())?;
        Ok(json(StatusCode::CREATED, &serde_json::json!({})))
    }

    /// Work on a password: few at once, and not on the threads that serve.
    async fn on_password<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Failure> {
        let _turn = self.hashes.acquire().await.map_err(|_| Failure::Internal)?;
        tokio::task::spawn_blocking(work)
            .await
            .map_err(|_| Failure::Internal)
    }

    fn profile<B>(&self, request: &Request<B>) -> Outcome {
        let profile = self
            .system
            .profile(&request::bearer(request)?, (self.now)())?;
        let email = profile
            .identities
            .iter()
            .find(|(_, provider, _)| provider == PASSWORD)
            .map(|(_, _, name)| name.clone());
        let identity = |(id, provider_type, _): (String, String, String)| api::Identity {
            provider_id: id.clone(),
            id,
            provider_type,
        };
        let shown = api::Profile {
            user_id: profile.user,
            domain_id: profile.app,
            kind: "normal".into(),
            identities: profile.identities.into_iter().map(identity).collect(),
            data: api::ProfileData { email },
        };
        Ok(json(StatusCode::OK, &shown))
    }

    fn refresh<B>(&self, request: &Request<B>) -> Outcome {
        let token = self
            .system
            .refresh(&request::bearer(request)?, (self.now)())?;
        Ok(json(
            StatusCode::CREATED,
            &api::Refreshed {
                access_token: token.reveal().into(),
            },
        ))
    }

    fn logout<B>(&self, request: &Request<B>) -> Outcome {
        self.system
            .end_session(&request::bearer(request)?, (self.now)())?;
        Ok(empty(StatusCode::NO_CONTENT))
    }

    fn delete_user<B>(&self, request: &Request<B>) -> Outcome {
        self.system
            .delete_user(&request::bearer(request)?, (self.now)())?;
        Ok(empty(StatusCode::NO_CONTENT))
    }

    /// What the API has and this server has not: each with the error that SDKs know for it.
    async fn not_built_for_app<B>(&self, path: &[&str], request: Request<B>) -> Outcome
    where
        B: Body<Data = Bytes> + Send,
        B::Error: std::fmt::Display,
    {
        match path {
            ["functions", "call"] => {
                let call: Value = request::body(request, self.body_bytes)
                    .await
                    .unwrap_or_default();
                let text = |key: &str| {
                    call.get(key)
                        .and_then(Value::as_str)
                        .unwrap_or_default()
                        .chars()
                        .take(64)
                        .collect::<String>()
                };
                let service = text("service");
                Err(if service.is_empty() {
                    Failure::NoFunction(text("name"))
                } else {
                    Failure::NoService(service)
                })
            }
            ["push", "providers", service, ..] => {
                Err(Failure::NoService(service.chars().take(64).collect()))
            }
            ["auth", "providers", PASSWORD, "confirm" | "reset", ..] => {
                Err(Failure::NotBuilt("user not found"))
            }
            ["auth", "providers", provider, ..] => {
                Err(Failure::NoProvider(provider.chars().take(64).collect()))
            }
            _ => Err(Failure::NotFound),
        }
    }
}

fn session(signed_in: &SignedIn) -> Response<Answer> {
    json(
        StatusCode::OK,
        &api::Session {
            access_token: signed_in.access.reveal().into(),
            refresh_token: signed_in.refresh.reveal().into(),
            user_id: signed_in.user.clone(),
            device_id: signed_in.device.clone(),
        },
    )
}
