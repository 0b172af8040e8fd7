//! The classic API: that of Realm Object Server 1 to 3, as the SDKs of that time call it.
//!
//! Every success is 200 with a JSON object, every error a problem with a code.

mod account;
mod files;
mod mail;
mod moment;
mod permissions;
mod problem;
mod sign_in;
mod stranger;
mod users;

use std::borrow::Cow;
use std::net::IpAddr;

use hyper::header::AUTHORIZATION;
use hyper::http::request::Parts;
use hyper::{Method, Response, StatusCode};
use serde_json::json;

use self::problem::{Kind, Problem};
use super::{Answer, Http};
use crate::audit::Act;
use crate::ident::AppId;
use crate::secret::Secret;

/// A route, with what its path names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route<'a> {
    /// `POST /auth`
    Authenticate,
    /// `POST /auth/revoke`
    Revoke,
    /// `PUT /auth/password`
    Password,
    /// `POST /auth/<provider>/updateAccount`
    UpdateAccount(&'a str),
    /// `GET /auth/users`
    Users,
    /// `PUT /auth/users`
    PutUser,
    /// `GET /auth/users/<id>`
    User(&'a str),
    /// `PATCH /auth/users/<id>`
    Status(&'a str),
    /// `DELETE /auth/users/<id>`, in 2.0 to 2.5 `/auth/user/<id>`
    DeleteUser(&'a str),
    /// `GET /auth/users/<provider>/<name>`
    Identity(&'a str, &'a str),
    /// `GET /api/providers/<provider>/accounts/<name>`
    Account(&'a str, &'a str),
    /// `GET /realms/files/<path>`
    File(&'a str),
    /// `DELETE /realms/files/<path>`
    DeleteFile(&'a str),
    /// Below `/permissions`
    Permissions(permissions::Route<'a>),
    /// `GET /health`
    Health,
}

/// Whether a path belongs to the classic API, or could.
pub fn is_classic(path: &str) -> bool {
    let first = path.trim_start_matches('/').split('/').next();
    matches!(first, Some("auth" | "health" | "permissions" | "realms"))
}

/// A path as it may be logged: without the token of an offer, with which anybody could take it up.
pub fn without_token(path: &str) -> Cow<'_, str> {
    const OFFERS: &str = "/permissions/offers/";
    match path.strip_prefix(OFFERS) {
        Some(rest) => {
            let after = rest.find('/').map_or("", |at| &rest[at..]);
            format!("{OFFERS}…{after}").into()
        }
        None => path.into(),
    }
}

impl<'a> Route<'a> {
    /// What is put on record when it is refused to whoever asks; `None` where those who answer know more of it.
    fn refused(self) -> Option<Act> {
        match self {
            Route::Authenticate
            | Route::UpdateAccount(_)
            | Route::DeleteFile(_)
            | Route::Permissions(_)
            | Route::Health => None,
            Route::Revoke => Some(Act::SignOut),
            Route::Password => Some(Act::Password),
            Route::Users
            | Route::PutUser
            | Route::User(_)
            | Route::Status(_)
            | Route::Identity(..)
            | Route::Account(..) => Some(Act::Administer),
            Route::DeleteUser(_) => Some(Act::RemoveUser),
            Route::File(_) => Some(Act::Open),
        }
    }

    /// The route of a method and a path; `None` if there is none.
    pub fn find(method: &Method, path: &'a str) -> Option<Route<'a>> {
        let path = path.strip_suffix('/').unwrap_or(path);
        let segments: Vec<&str> = path.strip_prefix('/')?.splitn(6, '/').collect();
        let route = match (method.as_str(), segments.as_slice()) {
            ("POST", ["auth"]) => Route::Authenticate,
            ("POST", ["auth", "revoke"]) => Route::Revoke,
            ("PUT", ["auth", "password"]) => Route::Password,
            ("POST", ["auth", provider, "updateAccount"]) => Route::UpdateAccount(provider),
            ("GET", ["auth", "users"]) => Route::Users,
            ("PUT", ["auth", "users"]) => Route::PutUser,
            ("GET", ["auth", "users", id]) => Route::User(id),
            ("PATCH", ["auth", "users", id]) => Route::Status(id),
            ("DELETE", ["auth", "users" | "user", id]) => Route::DeleteUser(id),
            ("GET", ["auth", "users", provider, name]) => Route::Identity(provider, name),
            ("GET", ["api", "providers", provider, "accounts", name]) => {
                Route::Account(provider, name)
            }
            ("GET", ["realms", "files", path]) => Route::File(path),
            ("DELETE", ["realms", "files", path]) => Route::DeleteFile(path),
            (method, ["permissions", rest @ ..]) => {
                Route::Permissions(permissions::Route::find(method, rest)?)
            }
            ("GET", ["health"]) => Route::Health,
            _ => return None,
        };
        Some(route)
    }
}

/// Answers a request to one of the routes.
pub async fn answer(
    http: &Http,
    peer: IpAddr,
    route: Route<'_>,
    head: &Parts,
    body: &[u8],
) -> Result<Response<Answer>, Problem> {
    let answered = match route {
        Route::Authenticate => sign_in::authenticate(http, peer, body).await,
        Route::Revoke => account::revoke(http, head, body).await,
        Route::Password => account::password(http, peer, head, body).await,
        Route::UpdateAccount(provider) => mail::update(http, peer, provider, body).await,
        Route::Users => users::list(http, head).await,
        Route::PutUser => users::put(http, head, body).await,
        Route::User(id) => users::show(http, head, id).await,
        Route::Status(id) => users::status(http, head, id, body).await,
        Route::DeleteUser(id) => users::delete(http, head, id).await,
        Route::Identity(provider, name) => users::identity(http, head, provider, name).await,
        Route::Account(provider, name) => users::account(http, head, provider, name).await,
        Route::File(path) => files::file(http, head, path).await,
        Route::DeleteFile(path) => files::delete(http, peer, head, path).await,
        Route::Permissions(route) => permissions::answer(http, peer, route, head, body).await,
        Route::Health => Ok(done(&json!({}))),
    };
    answered.inspect_err(|problem| {
        if let Some(act) = route.refused() {
            problem.record(act, head.uri.path(), peer);
        }
    })
}

/// A success.
fn done(body: &impl serde::Serialize) -> Response<Answer> {
    problem::json(StatusCode::OK, body)
}

/// The token that a client shows: alone in `Authorization`, where newer APIs have `Bearer` before it, or in the header of its own.
fn token(head: &Parts) -> Result<Secret, Problem> {
    let named = |name: &str| head.headers.get(name)?.to_str().ok();
    let shown = named(AUTHORIZATION.as_str()).or_else(|| named("x-realm-access-token"));
    let shown = shown.map(|text| text.strip_prefix("Bearer ").unwrap_or(text).trim());
    match shown {
        Some(token) if !token.is_empty() => Ok(Secret::new(token)),
        Some(_) | None => Err(Problem::new(Kind::InvalidCredentials).because("no token")),
    }
}

/// The app that classic users belong to.
fn app() -> AppId {
    AppId::parse("classic").expect("a word of letters is an app id")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_logged_of_a_path_opens_nothing() {
        for (path, logged) in [
            (
                "/permissions/offers/0a1b:2c/accept",
                "/permissions/offers/…/accept",
            ),
            ("/permissions/offers/0a1b:2c", "/permissions/offers/…"),
            ("/permissions/offers", "/permissions/offers"),
            ("/realms/files/a%2Fb", "/realms/files/a%2Fb"),
        ] {
            assert_eq!(without_token(path), logged);
        }
    }
}
