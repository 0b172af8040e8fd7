//! Requests to calls: parse, authorise, call, answer. Holds no rules.
//!
//! Invariants
//! - 401 is said of tokens and credentials only: a client that hears it of anything else logs its user out.
//! - An error has a body of exactly `application/json`; an empty body has no content type.
//! - Request targets may carry a token (`baas_at`) and are never logged.
//!
//! The upgrade to WebSocket is not here.

mod admin;
mod answer;
mod app;
mod arrival;
mod attempts;
mod classic;
mod request;
mod setup;
mod strangers;

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Body;
use hyper::{Method, Request, Response, StatusCode};
use tokio::sync::Semaphore;

pub use self::admin::{changed_words, imported_user, inspected, shown_user};
pub use self::answer::{Cause, Failure, json};
use self::app::{Missing, MissingCounts, Route};
pub use self::arrival::Arrival;
pub use self::attempts::Attempts;
pub use self::classic::{is_classic, without_token};
pub use self::setup::PATH as SETUP;
use crate::ident::{LoginId, UnixTime, UserId};
use crate::limits::Limits;
use crate::providers::Providers;
use crate::system::{Letter, Moment, System, SystemError};

/// E-mails to one address that one client may cause within the time for which wrong passwords are remembered.
const LETTERS: u32 = 3;

/// The body of an answer, in one piece.
pub type Answer = Full<Bytes>;

/// What the routes need from the running server.
pub trait Surroundings: Send + Sync {
    /// The server's clock.
    fn now(&self) -> UnixTime;
    /// Fills a buffer with random bytes.
    fn random(&self, buffer: &mut [u8]);
    /// These logins have ended: close what was opened with them.
    fn ended(&self, logins: &[LoginId]);
    /// This user is suspended, gone, or may do other things than before: close everything that it has open. Whoever may still come in comes back.
    fn user_ended(&self, user: &UserId);
    /// Sends an e-mail, without making anybody wait.
    fn mail(&self, letter: Letter);
}

/// What all requests share.
pub struct Http {
    system: Arc<System>,
    surroundings: Arc<dyn Surroundings>,
    limits: Limits,
    /// One permit for each call at the same time.
    calls: Arc<Semaphore>,
    /// One permit for each password that may be hashed at the same time.
    hashes: Arc<Semaphore>,
    /// One permit for each of these, and for each that may wait for it.
    line: Arc<Semaphore>,
    wrong_passwords: Attempts,
    registrations: Attempts,
    letters: Attempts,
    /// Whom only others know.
    strangers: Attempts,
    providers: Providers,
    missing: MissingCounts,
}

impl Http {
    /// The routes over a system.
    pub fn new(system: Arc<System>, surroundings: Arc<dyn Surroundings>, limits: Limits) -> Http {
        let (time, names) = (limits.wrong_passwords_time, limits.wrong_passwords_names);
        let attempts = |most| Attempts::new(most, time, names);
        Http {
            calls: Arc::new(Semaphore::new(limits.http_threads.max(1))),
            hashes: Arc::new(Semaphore::new(limits.password_hashes.max(1))),
            line: Arc::new(Semaphore::new(
                limits.password_hashes.max(1) + limits.password_line,
            )),
            wrong_passwords: attempts(limits.wrong_passwords),
            registrations: attempts(limits.registrations),
            letters: attempts(LETTERS),
            strangers: attempts(limits.registrations),
            providers: Providers::default(),
            missing: MissingCounts::default(),
            system,
            surroundings,
            limits,
        }
    }

    /// How often clients have asked for what this server does not have, by name.
    pub fn missing(&self) -> Vec<(&'static str, u64)> {
        Missing::ALL
            .into_iter()
            .map(|missing| (missing.name(), self.missing.of(missing)))
            .collect()
    }

    fn moment(&self) -> Moment {
        let mut random = [0; 64];
        self.surroundings.random(&mut random);
        Moment {
            now: self.surroundings.now(),
            random,
        }
    }

    /// Calls the system on a thread that may wait; only so many at a time.
    async fn call<T: Send + 'static>(
        &self,
        work: impl FnOnce(&System) -> Result<T, SystemError> + Send + 'static,
    ) -> Result<T, Failure> {
        Ok(self.ask(work).await??)
    }

    /// The same, with the system's own answer.
    async fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&System) -> T + Send + 'static,
    ) -> Result<T, Failure> {
        let permit = self.calls.clone().acquire_owned().await;
        self.run(permit, work).await
    }

    /// The same for work that hashes a password: fewer at a time, and a line of its own, which has an end.
    async fn call_hashing<T: Send + 'static>(
        &self,
        work: impl FnOnce(&System) -> Result<T, SystemError> + Send + 'static,
    ) -> Result<T, Failure> {
        Ok(self.ask_hashing(work).await??)
    }

    /// The same, with the system's own answer.
    async fn ask_hashing<T: Send + 'static>(
        &self,
        work: impl FnOnce(&System) -> T + Send + 'static,
    ) -> Result<T, Failure> {
        let place = self.line.clone().try_acquire_owned();
        let place = place.map_err(|_| Failure::busy())?;
        let permit = self.hashes.clone().acquire_owned().await;
        self.run((place, permit), work).await
    }

    /// What was acquired is held until the work is done, also when the client has gone meanwhile.
    async fn run<T: Send + 'static>(
        &self,
        acquired: impl Send + 'static,
        work: impl FnOnce(&System) -> T + Send + 'static,
    ) -> Result<T, Failure> {
        let system = self.system.clone();
        let work = move || {
            let _until_done = acquired;
            work(&system)
        };
        let done = tokio::task::spawn_blocking(work).await;
        done.map_err(|_| Failure::internal())
    }

    /// Answers one request, other than upgrades to WebSocket.
    pub async fn route<B>(&self, arrival: &Arrival, request: Request<B>) -> Response<Answer>
    where
        B: Body + Send,
        B::Data: Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        if request.method() == Method::OPTIONS {
            return answer::empty(StatusCode::NO_CONTENT);
        }
        let (head, body) = request.into_parts();
        let (method, path) = (&head.method, head.uri.path());
        if path == setup::PATH {
            return setup::answer(self, arrival, &head, body).await;
        }
        let peer = arrival.client;
        let answered = async {
            if let Some(route) = Route::find(method, path) {
                let body = request::body(body, &self.limits).await?;
                app::answer(self, arrival, route, &head, &body).await
            } else if let Some(route) = admin::Route::find(method, path) {
                // Nothing is read of who is no administrator.
                let by = admin::admit(self, peer, &head).await?;
                let body = request::body(body, &self.limits).await?;
                admin::answer(self, &by, route, &head, &body).await
            } else if let Some(route) = classic::Route::find(method, path) {
                let answered = match request::body(body, &self.limits).await {
                    Ok(body) => classic::answer(self, peer, route, &head, &body).await,
                    Err(failure) => Err(failure.into()),
                };
                Ok(answered.unwrap_or_else(|problem| problem.answer()))
            } else {
                Err(Failure::no_such_route())
            }
        };
        let answered = answered.await;
        answered.unwrap_or_else(|failure| failure.answer())
    }
}
