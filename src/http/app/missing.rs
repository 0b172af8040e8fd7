//! What the API has and this server has not: each such route answers as if the thing that it is about did not exist, and is counted.
//!
//! Never 401 or 403: a client would log its user out.

use std::sync::atomic::{AtomicU64, Ordering};

use hyper::{Response, StatusCode};
use serde::Deserialize;

use crate::api::ErrorCode;
use crate::http::answer::Failure;
use crate::http::{Answer, Http, request};
use crate::ident::AppId;

/// Something that this server has not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// Functions, and through them MongoDB.
    Functions,
    /// Push notifications.
    Push,
    /// Identities for a user by providers that make none.
    Link,
    /// Providers that the app has not.
    Providers,
    /// Confirmation of e-mail addresses.
    Confirmation,
    /// Password reset.
    Reset,
}

impl Missing {
    /// All of them.
    pub const ALL: [Missing; 6] = [
        Missing::Functions,
        Missing::Push,
        Missing::Link,
        Missing::Providers,
        Missing::Confirmation,
        Missing::Reset,
    ];

    /// The name in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Missing::Functions => "functions",
            Missing::Push => "push",
            Missing::Link => "link",
            Missing::Providers => "providers",
            Missing::Confirmation => "confirmation",
            Missing::Reset => "reset",
        }
    }
}

/// How often each was asked for.
#[derive(Default)]
pub struct MissingCounts([AtomicU64; Missing::ALL.len()]);

impl MissingCounts {
    /// How often this was asked for.
    pub fn of(&self, missing: Missing) -> u64 {
        self.0[missing as usize].load(Ordering::Relaxed)
    }

    fn add(&self, missing: Missing) {
        self.0[missing as usize].fetch_add(1, Ordering::Relaxed);
    }
}

/// Counts, and answers.
fn refuse(
    http: &Http,
    missing: Missing,
    status: StatusCode,
    code: ErrorCode,
    text: impl Into<String>,
) -> Result<Response<Answer>, Failure> {
    http.missing.add(missing);
    tracing::debug!(
        missing = missing.name(),
        "a client asked for what this server has not"
    );
    Err(Failure::new(status, code, text))
}

/// A provider that is not there.
pub fn provider(http: &Http, name: &str) -> Result<Response<Answer>, Failure> {
    let text = format!("authentication via '{name}' is unsupported");
    refuse(
        http,
        Missing::Providers,
        StatusCode::NOT_FOUND,
        ErrorCode::AuthProviderNotFound,
        text,
    )
}

/// `POST …/login?link=true` with a provider that cannot be added.
pub fn link(http: &Http, provider: &str) -> Result<Response<Answer>, Failure> {
    let text = format!("linking of '{provider}' is unsupported");
    refuse(
        http,
        Missing::Link,
        StatusCode::NOT_FOUND,
        ErrorCode::AuthProviderNotFound,
        text,
    )
}

/// `POST …/local-userpass/confirm/call`, and `…/send` where whoever has registered is confirmed.
pub fn confirm_again(http: &Http, _app: &AppId) -> Result<Response<Answer>, Failure> {
    refuse(
        http,
        Missing::Confirmation,
        StatusCode::BAD_REQUEST,
        ErrorCode::UserAlreadyConfirmed,
        "already confirmed",
    )
}

/// `POST …/local-userpass/reset/call`: there are no functions
pub fn reset(http: &Http, _app: &AppId) -> Result<Response<Answer>, Failure> {
    refuse(
        http,
        Missing::Reset,
        StatusCode::BAD_REQUEST,
        ErrorCode::BadRequest,
        "password reset by a function is unsupported",
    )
}

/// `POST /app/<app id>/functions/call`, and `GET` to watch a collection.
pub fn function(http: &Http, _app: &AppId, body: &[u8]) -> Result<Response<Answer>, Failure> {
    #[derive(Deserialize, Default)]
    #[serde(default)]
    struct Call {
        name: String,
        service: Option<String>,
    }
    let call: Call = if body.is_empty() {
        Call::default()
    } else {
        request::parse(body)?
    };
    let (code, text) = match call.service {
        Some(service) => (
            ErrorCode::ServiceNotFound,
            format!("service not found: '{service}'"),
        ),
        None => (
            ErrorCode::FunctionNotFound,
            format!("function not found: '{}'", call.name),
        ),
    };
    refuse(http, Missing::Functions, StatusCode::NOT_FOUND, code, text)
}

/// `PUT` and `DELETE /app/<app id>/push/providers/<service>/registration`
pub fn push(http: &Http, _app: &AppId, service: &str) -> Result<Response<Answer>, Failure> {
    let text = format!("service not found: '{service}'");
    refuse(
        http,
        Missing::Push,
        StatusCode::NOT_FOUND,
        ErrorCode::ServiceNotFound,
        text,
    )
}
