//! Answers. Errors have the content type exactly `application/json` (SDKs read the body only then); what has no body has no type either.

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    CONTENT_TYPE, HeaderValue,
};
use hyper::{Response, StatusCode};
use serde::Serialize;

use crate::api;
use crate::auth::TokenError;
use crate::system::SystemError;

/// A body in one piece.
pub type Answer = Full<Bytes>;

/// Why a request fails: what it becomes on the wire is decided here alone.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// No such route.
    #[error("not found")]
    NotFound,
    /// The route is there, but not for this method.
    #[error("method not allowed")]
    WrongMethod,
    /// No app of that id is configured.
    #[error("cannot find app using Client App ID '{0}'")]
    NoApp(String),
    /// The app does not allow this provider, or it is not built.
    #[error("authentication via '{0}' is unsupported")]
    NoProvider(String),
    /// Registration is closed.
    #[error("registration is closed for this app")]
    Closed,
    /// The body is not what the route takes.
    #[error("{0}")]
    BadRequest(String),
    /// The body is too long.
    #[error("request too large")]
    TooLarge,
    /// Credentials do not match.
    #[error("invalid username/password")]
    InvalidPassword,
    /// The token is not, or no longer, good.
    #[error("invalid session")]
    InvalidSession,
    /// Another account has that name.
    #[error("name already in use")]
    NameInUse,
    /// The user is suspended.
    #[error("user disabled")]
    UserDisabled,
    /// Functions are not built.
    #[error("function not found: '{0}'")]
    NoFunction(String),
    /// Services behind functions are not built.
    #[error("service not found: '{0}'")]
    NoService(String),
    /// API keys are not built.
    #[error("API key not found")]
    NoApiKey,
    /// What has its own documented error and is not built.
    #[error("{0}")]
    NotBuilt(&'static str),
    /// The server cannot do its work. The cause is in the log.
    #[error("internal server error")]
    Internal,
}

impl Failure {
    fn code(&self) -> (StatusCode, &'static str) {
        match self {
            Failure::NotFound => (StatusCode::NOT_FOUND, "NotFound"),
            Failure::WrongMethod => (StatusCode::METHOD_NOT_ALLOWED, "HTTPError"),
            Failure::NoApp(_) => (StatusCode::NOT_FOUND, "AppNotFound"),
            Failure::NoProvider(_) => (StatusCode::NOT_FOUND, "AuthProviderNotFound"),
            Failure::Closed | Failure::BadRequest(_) => (StatusCode::BAD_REQUEST, "BadRequest"),
            Failure::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "BadRequest"),
            Failure::InvalidPassword => (StatusCode::UNAUTHORIZED, "InvalidPassword"),
            Failure::InvalidSession => (StatusCode::UNAUTHORIZED, "InvalidSession"),
            Failure::NameInUse => (StatusCode::CONFLICT, "AccountNameInUse"),
            Failure::UserDisabled => (StatusCode::UNAUTHORIZED, "UserDisabled"),
            Failure::NoFunction(_) => (StatusCode::NOT_FOUND, "FunctionNotFound"),
            Failure::NoService(_) => (StatusCode::NOT_FOUND, "ServiceNotFound"),
            Failure::NoApiKey => (StatusCode::NOT_FOUND, "APIKeyNotFound"),
            Failure::NotBuilt(_) => (StatusCode::NOT_FOUND, "UserNotFound"),
            Failure::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError"),
        }
    }

    /// Whether this stands for something that this server could one day do.
    pub fn is_not_built(&self) -> bool {
        matches!(
            self,
            Failure::NoFunction(_)
                | Failure::NoService(_)
                | Failure::NoApiKey
                | Failure::NotBuilt(_)
                | Failure::NoProvider(_)
        )
    }

    /// The answer.
    pub fn answer(&self) -> Response<Answer> {
        let (status, code) = self.code();
        json(
            status,
            &api::Error {
                error: self.to_string(),
                error_code: code.into(),
                link: String::new(),
            },
        )
    }
}

impl From<SystemError> for Failure {
    fn from(error: SystemError) -> Failure {
        match error {
            SystemError::NameInUse => Failure::NameInUse,
            SystemError::Suspended => Failure::UserDisabled,
            SystemError::Token(
                TokenError::Malformed
                | TokenError::BadSignature
                | TokenError::Expired
                | TokenError::WrongUse,
            ) => Failure::InvalidSession,
            SystemError::Storage(error) => {
                tracing::error!(%error, "the server's database failed");
                Failure::Internal
            }
        }
    }
}

/// A JSON answer.
pub fn json(status: StatusCode, body: &impl Serialize) -> Response<Answer> {
    let text = serde_json::to_vec(body).expect("our shapes have string keys and no failing parts");
    let mut response = open(status, Bytes::from(text));
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// An answer without a body.
pub fn empty(status: StatusCode) -> Response<Answer> {
    open(status, Bytes::new())
}

/// What browsers ask before they ask.
pub fn preflight() -> Response<Answer> {
    let mut response = empty(StatusCode::NO_CONTENT);
    let headers = response.headers_mut();
    headers.insert(
        ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static("Authorization, Content-Type, Accept"),
    );
    headers.insert(
        ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE"),
    );
    response
}

fn open(status: StatusCode, body: Bytes) -> Response<Answer> {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}
