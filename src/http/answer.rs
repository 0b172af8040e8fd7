//! Answers: the one place where causes become what a client is told.

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue,
};
use hyper::{Response, StatusCode};
use serde::Serialize;

use super::Answer;
use crate::api::{ErrorBody, ErrorCode};
use crate::system::{Refusal, SystemError};

/// What every answer carries: browsers of any origin may ask, and nobody keeps a token that was in an answer.
const HEADERS: [(HeaderName, &str); 4] = [
    (ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    (
        ACCESS_CONTROL_ALLOW_HEADERS,
        "Authorization, Content-Type, Accept",
    ),
    (
        ACCESS_CONTROL_ALLOW_METHODS,
        "GET, POST, PUT, PATCH, DELETE",
    ),
    (CACHE_CONTROL, "no-store"),
];

/// An answer with a JSON body.
pub fn json(status: StatusCode, body: &impl Serialize) -> Response<Answer> {
    match serde_json::to_vec(body) {
        Ok(body) => with_body(status, body),
        Err(_) => empty(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

fn with_body(status: StatusCode, body: Vec<u8>) -> Response<Answer> {
    let mut answer = empty(status);
    *answer.body_mut() = Full::from(body);
    answer
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}

/// An answer without a body, and therefore without a content type.
pub fn empty(status: StatusCode) -> Response<Answer> {
    let mut answer = Response::new(Full::new(Bytes::new()));
    *answer.status_mut() = status;
    for (name, value) in HEADERS {
        answer
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    answer
}

/// Why an answer is an error, for the log; no secrets. Travels in the answer's extensions.
#[derive(Debug, Clone)]
pub struct Cause(pub String);

/// An answer that is an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    status: StatusCode,
    code: ErrorCode,
    text: String,
    /// What the client is not told.
    cause: Option<String>,
}

impl Failure {
    /// An error of this status, with the code for programs and the text for people.
    pub fn new(status: StatusCode, code: ErrorCode, text: impl Into<String>) -> Failure {
        Failure {
            status,
            code,
            text: text.into(),
            cause: None,
        }
    }

    /// The same, with a cause for the log that the client is not told.
    pub fn because(mut self, cause: impl std::fmt::Display) -> Failure {
        self.cause = Some(cause.to_string());
        self
    }

    /// The request is malformed.
    pub fn bad_request(text: impl Into<String>) -> Failure {
        Failure::new(StatusCode::BAD_REQUEST, ErrorCode::BadRequest, text)
    }

    /// A key that must be in the body is missing.
    pub fn missing_parameter(name: &str) -> Failure {
        Failure::new(
            StatusCode::BAD_REQUEST,
            ErrorCode::MissingParameter,
            format!("missing parameter '{name}'"),
        )
    }

    /// The token is bad or its login is over: the client gets a new one, or logs its user out.
    pub fn invalid_session() -> Failure {
        Failure::new(
            StatusCode::UNAUTHORIZED,
            ErrorCode::InvalidSession,
            "invalid session",
        )
    }

    /// Whoever asks is known, and may not.
    pub fn forbidden(text: &str) -> Failure {
        Failure::new(StatusCode::FORBIDDEN, ErrorCode::AppUnknownError, text)
    }

    /// There is no such route.
    pub fn no_such_route() -> Failure {
        Failure::new(
            StatusCode::NOT_FOUND,
            ErrorCode::AppUnknownError,
            "not found",
        )
    }

    /// The server failed; the client keeps what it has and tries again.
    pub fn internal() -> Failure {
        Failure::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            ErrorCode::InternalServerError,
            "internal server error",
        )
    }

    /// The server has too much to do.
    pub fn busy() -> Failure {
        Failure::new(
            StatusCode::SERVICE_UNAVAILABLE,
            ErrorCode::InternalServerError,
            "try again later",
        )
    }

    /// Too many tries.
    pub fn too_many(text: &str) -> Failure {
        Failure::new(
            StatusCode::TOO_MANY_REQUESTS,
            ErrorCode::AppUnknownError,
            text,
        )
    }

    /// The same as an error of what was asked for, and not of whoever asks: a client that hears 401 gives its own token up.
    pub fn of_the_body(self) -> Failure {
        if self.status == StatusCode::UNAUTHORIZED {
            let text = self.cause.unwrap_or(self.text);
            Failure::bad_request(text)
        } else {
            self
        }
    }

    /// Whether the client was refused for its credentials.
    pub fn is_wrong_password(&self) -> bool {
        self.code == ErrorCode::InvalidPassword
    }

    /// Whether it is about who may do what.
    pub fn is_refusal(&self) -> bool {
        matches!(
            self.status,
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN
        )
    }

    /// Whether the server has failed, or has too much to do, and not whoever asks.
    pub fn is_ours(&self) -> bool {
        self.status.is_server_error()
    }

    /// Its status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// What the client is told.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The answer itself.
    pub fn answer(&self) -> Response<Answer> {
        let body = ErrorBody {
            error: self.text.clone(),
            error_code: self.code,
            link: String::new(),
        };
        let mut answer = json(self.status, &body);
        let cause = self.cause.as_ref().unwrap_or(&self.text);
        answer.extensions_mut().insert(Cause(cause.clone()));
        answer
    }
}

/// For the log.
impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.cause.as_ref().unwrap_or(&self.text))
    }
}

impl From<SystemError> for Failure {
    fn from(error: SystemError) -> Failure {
        let told = |status, code| Failure::new(status, code, error.to_string());
        match &error {
            SystemError::NoSuchApp(_) => told(StatusCode::NOT_FOUND, ErrorCode::AppUnknownError),
            SystemError::NoSuchProvider(_) => {
                told(StatusCode::NOT_FOUND, ErrorCode::AuthProviderNotFound)
            }
            SystemError::RegistrationClosed
            | SystemError::BadEmail
            | SystemError::BadName
            | SystemError::BadId
            | SystemError::BadMetadata
            | SystemError::BadMailedToken
            | SystemError::NoMail
            | SystemError::BadKeyName
            | SystemError::TooManyKeys
            | SystemError::BadPassword(_) => told(StatusCode::BAD_REQUEST, ErrorCode::BadRequest),
            SystemError::IdInUse | SystemError::IdOfRealms(_) => {
                told(StatusCode::CONFLICT, ErrorCode::BadRequest)
            }
            SystemError::NameInUse => told(StatusCode::CONFLICT, ErrorCode::AccountNameInUse),
            SystemError::WrongPassword => {
                told(StatusCode::UNAUTHORIZED, ErrorCode::InvalidPassword)
            }
            SystemError::Foreign(_) => told(StatusCode::UNAUTHORIZED, ErrorCode::AuthError),
            SystemError::NotConfirmed => told(StatusCode::UNAUTHORIZED, ErrorCode::AuthError),
            SystemError::UserDisabled => told(StatusCode::UNAUTHORIZED, ErrorCode::UserDisabled),
            SystemError::Token(_)
            | SystemError::LoginEnded
            | SystemError::Revoked
            | SystemError::UserRemoved => Failure::invalid_session().because(&error),
            SystemError::KeyNameInUse => told(StatusCode::CONFLICT, ErrorCode::APIKeyAlreadyExists),
            SystemError::NoSuchKey => told(StatusCode::NOT_FOUND, ErrorCode::APIKeyNotFound),
            SystemError::NoSuchUser => told(StatusCode::NOT_FOUND, ErrorCode::UserNotFound),
            SystemError::BeingRemoved | SystemError::NotMade => Failure::busy().because(&error),
            SystemError::NotAdmin => Failure::forbidden("only administrators may do this"),
            SystemError::Storage(_) | SystemError::Database(_) | SystemError::Hash(_) => {
                Failure::internal().because(&error)
            }
        }
    }
}

/// What whoever is not let in to sync is told.
impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Failure {
        match refusal {
            Refusal::NoSuchApp(app) => SystemError::NoSuchApp(app).into(),
            Refusal::Unauthorized(cause) => Failure::invalid_session().because(cause),
            Refusal::Unavailable(cause) => Failure::busy().because(cause),
        }
    }
}
