//! What clients of the classic API are told when something is wrong. Old SDKs end their app on a code that they do not know: routes that those of 1.x call keep to 601 to 616.

use std::net::IpAddr;

use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};
use serde::Serialize;

use crate::api::classic::{InvalidParameter, ProblemBody};
use crate::audit::{Act, Entry};
use crate::http::Answer;
use crate::http::answer::{self, Cause, Failure};
use crate::ident::UserId;
use crate::providers::NotKnown;
use crate::system::{NoAccess, SystemError};

/// A kind of problem. Codes are fixed: add, never renumber.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A value is refused.
    InvalidParameters,
    /// A field is absent.
    MissingParameters,
    /// Login refused.
    InvalidCredentials,
    /// No such account.
    UnknownAccount,
    /// The path, or the rights there.
    AccessDenied,
    /// The refresh token's time is over.
    ExpiredRefreshToken,
    /// The URL of a Realm is another server's.
    InvalidHost,
    /// No such Realm.
    RealmNotFound,
    /// No such user.
    UnknownUser,
    /// An offer's time is over.
    ExpiredOffer,
    /// Too many tries: told as refused credentials, which every SDK knows.
    TooMany,
    /// The server failed, or has too much to do.
    Unavailable,
    /// This server does not do that.
    NotEnabled,
}

impl Kind {
    /// Its code, HTTP status, name in `type`, and title.
    fn row(self) -> (u16, StatusCode, &'static str, &'static str) {
        use StatusCode as S;
        match self {
            Kind::InvalidParameters => (
                601,
                S::BAD_REQUEST,
                "invalid-parameters",
                "Your request parameters did not validate.",
            ),
            Kind::MissingParameters => (
                602,
                S::BAD_REQUEST,
                "missing-parameters",
                "Your request is missing parameters.",
            ),
            Kind::InvalidCredentials => (
                611,
                S::UNAUTHORIZED,
                "invalid-credentials",
                "The provided credentials are invalid or the user does not exist.",
            ),
            Kind::UnknownAccount => (
                612,
                S::NOT_FOUND,
                "unknown-account",
                "The account does not exist.",
            ),
            Kind::RealmNotFound => (
                617,
                S::NOT_FOUND,
                "realm-not-found",
                "The Realm was not found.",
            ),
            Kind::UnknownUser => (
                618,
                S::NOT_FOUND,
                "unknown-user",
                "The user does not exist.",
            ),
            Kind::AccessDenied => (
                614,
                S::FORBIDDEN,
                "access-denied",
                "The path is invalid or current user has no access.",
            ),
            Kind::ExpiredRefreshToken => (
                615,
                S::FORBIDDEN,
                "expired-refresh-token",
                "The refresh token is expired.",
            ),
            Kind::InvalidHost => (
                616,
                S::BAD_REQUEST,
                "invalid-host",
                "The Realm is on a host that this server is not responsible for.",
            ),
            Kind::ExpiredOffer => (
                701,
                S::FORBIDDEN,
                "expired-permission-offer",
                "The permission offer is expired.",
            ),
            Kind::TooMany => (
                611,
                S::TOO_MANY_REQUESTS,
                "invalid-credentials",
                "Too many tries. Try again in a minute.",
            ),
            Kind::NotEnabled => (
                803,
                S::NOT_IMPLEMENTED,
                "not-enabled",
                "This is not enabled on this server.",
            ),
            Kind::Unavailable => (
                801,
                S::SERVICE_UNAVAILABLE,
                "server-misconfiguration",
                "The server cannot do this now. Try again later.",
            ),
        }
    }
}

/// An answer that is an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    kind: Kind,
    parameters: Vec<InvalidParameter>,
    detail: Option<String>,
    /// What the client is not told.
    cause: Option<String>,
    /// Who it was, for the record.
    by: Option<UserId>,
}

impl Problem {
    /// A problem of this kind.
    pub fn new(kind: Kind) -> Problem {
        Problem {
            kind,
            parameters: Vec::new(),
            detail: None,
            cause: None,
            by: None,
        }
    }

    /// A field that must be there is not.
    pub fn missing(name: &str) -> Problem {
        Problem::new(Kind::MissingParameters).parameter(name, "is missing")
    }

    /// A value is refused.
    pub fn invalid(name: &str, reason: impl Into<String>) -> Problem {
        Problem::new(Kind::InvalidParameters).parameter(name, reason)
    }

    fn parameter(mut self, name: &str, reason: impl Into<String>) -> Problem {
        self.parameters.push(InvalidParameter {
            name: name.to_owned(),
            reason: reason.into(),
        });
        self
    }

    /// The same, with what more can be said.
    pub fn detail(mut self, detail: impl Into<String>) -> Problem {
        self.detail = Some(detail.into());
        self
    }

    /// The same, with a cause for the log that the client is not told.
    pub fn because(mut self, cause: impl std::fmt::Display) -> Problem {
        self.cause = Some(cause.to_string());
        self
    }

    /// The same, with who it was.
    pub fn by(mut self, user: &UserId) -> Problem {
        self.by = Some(user.clone());
        self
    }

    /// Puts it on record, if it is about who may do what. That there is no such user is, where it is said to somebody who may not know.
    pub fn record(&self, act: Act, what: &str, from: IpAddr) {
        let is_about_rights = match self.kind {
            Kind::InvalidCredentials | Kind::AccessDenied | Kind::ExpiredRefreshToken => true,
            Kind::UnknownAccount | Kind::UnknownUser => self.by.is_some(),
            _ => false,
        };
        if is_about_rights {
            let entry = Entry::of(act).detail(what).from(from);
            let entry = match &self.by {
                Some(user) => entry.by(user),
                None => entry,
            };
            entry.refused(self);
        }
    }

    /// Whether the client was refused for its credentials.
    pub fn is_wrong_password(&self) -> bool {
        self.kind == Kind::InvalidCredentials
    }

    /// The answer itself.
    pub fn answer(&self) -> Response<Answer> {
        let (code, status, slug, title) = self.kind.row();
        let body = ProblemBody {
            kind: format!("https://realm.io/docs/object-server/problems/{slug}"),
            title: title.to_owned(),
            status: status.as_u16(),
            detail: self.detail.clone(),
            code,
            invalid_params: self.parameters.clone(),
        };
        let mut answer = json(status, &body);
        let cause = self.to_string();
        answer
            .extensions_mut()
            .insert(Cause(format!("{code}: {cause}")));
        answer
    }
}

/// For the log.
impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (_, _, _, title) = self.kind.row();
        let said = self
            .parameters
            .iter()
            .map(|parameter| format!("{} {}", parameter.name, parameter.reason));
        let cause = self.cause.clone().or(self.detail.clone());
        let cause = cause.or(said.reduce(|all, one| format!("{all}, {one}")));
        f.write_str(cause.as_deref().unwrap_or(title))
    }
}

/// An answer with a JSON body, in the one spelling of its type that all SDKs take.
pub fn json(status: StatusCode, body: &impl Serialize) -> Response<Answer> {
    let mut answer = answer::json(status, body);
    let kind = HeaderValue::from_static("application/json; charset=utf-8");
    answer.headers_mut().insert(CONTENT_TYPE, kind);
    answer
}

impl From<SystemError> for Problem {
    fn from(error: SystemError) -> Problem {
        match &error {
            SystemError::RegistrationClosed
            | SystemError::NameInUse
            | SystemError::WrongPassword
            | SystemError::Foreign(_)
            | SystemError::UserDisabled => Problem::new(Kind::InvalidCredentials).because(error),
            SystemError::BadPassword(_) => Problem::invalid("password", error.to_string()),
            SystemError::BadEmail | SystemError::BadName => {
                Problem::invalid("data", error.to_string())
            }
            SystemError::Token(_)
            | SystemError::LoginEnded
            | SystemError::Revoked
            | SystemError::UserRemoved => Problem::new(Kind::InvalidCredentials).because(error),
            SystemError::BadId | SystemError::IdInUse | SystemError::IdOfRealms(_) => {
                Problem::invalid("user_id", error.to_string())
            }
            SystemError::BadMetadata => Problem::invalid("metadata", error.to_string()),
            SystemError::NoSuchUser => Problem::new(Kind::UnknownUser).because(error),
            SystemError::NotConfirmed => Problem::new(Kind::InvalidCredentials).because(error),
            SystemError::NoMail => Problem::new(Kind::NotEnabled).because(error),
            SystemError::BadMailedToken
            | SystemError::BadKeyName
            | SystemError::KeyNameInUse
            | SystemError::TooManyKeys
            | SystemError::NoSuchKey
            | SystemError::NotAdmin
            | SystemError::NoSuchApp(_)
            | SystemError::NoSuchProvider(_) => Problem::new(Kind::AccessDenied).because(error),
            SystemError::Storage(_)
            | SystemError::Database(_)
            | SystemError::Hash(_)
            | SystemError::BeingRemoved
            | SystemError::NotMade => Problem::new(Kind::Unavailable).because(error),
        }
    }
}

/// What whoever asks for an access token is told: bad refresh tokens are refused like bad paths.
impl From<NoAccess> for Problem {
    fn from(error: NoAccess) -> Problem {
        use crate::auth::TokenError::Expired;
        match error {
            NoAccess::System(SystemError::Token(Expired)) => {
                Problem::new(Kind::ExpiredRefreshToken).because(error)
            }
            NoAccess::System(error) if error.is_ours() => error.into(),
            NoAccess::Path(bad) => Problem::new(Kind::AccessDenied).detail(bad.to_string()),
            NoAccess::Denied { .. } | NoAccess::System(_) => {
                Problem::new(Kind::AccessDenied).because(error)
            }
        }
    }
}

/// What whoever is known to others only is told.
impl From<NotKnown> for Problem {
    fn from(error: NotKnown) -> Problem {
        let kind = match error {
            NotKnown::Refused(_) => Kind::InvalidCredentials,
            NotKnown::Unavailable(_) => Kind::Unavailable,
        };
        Problem::new(kind).because(error)
    }
}

/// What goes wrong before the request is understood.
impl From<Failure> for Problem {
    fn from(failure: Failure) -> Problem {
        let kind = if failure.is_ours() {
            Kind::Unavailable
        } else {
            Kind::InvalidParameters
        };
        Problem::new(kind).because(failure)
    }
}
