//! The classic API: that of Realm Object Server 1 to 3, as the SDKs of that time call it.
//!
//! Every success is 200 with a JSON object, every error a problem with a code.

mod account;
mod problem;
mod sign_in;

use std::net::IpAddr;

use hyper::body::Body;
use hyper::header::AUTHORIZATION;
use hyper::http::request::Parts;
use hyper::{Method, Response, StatusCode};
use serde_json::json;

use self::problem::{Kind, Problem};
use super::{Answer, Http, request};
use crate::secret::Secret;

/// A route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// `POST /auth`
    Authenticate,
    /// `POST /auth/revoke`
    Revoke,
    /// `GET /health`
    Health,
}

/// Whether a path belongs to the classic API, or could.
pub fn is_classic(path: &str) -> bool {
    let first = path.trim_start_matches('/').split('/').next();
    matches!(first, Some("auth" | "health"))
}

impl Route {
    /// The route of a method and a path; `None` if there is none.
    pub fn find(method: &Method, path: &str) -> Option<Route> {
        let path = path.strip_suffix('/').unwrap_or(path);
        match (method.as_str(), path) {
            ("POST", "/auth") => Some(Route::Authenticate),
            ("POST", "/auth/revoke") => Some(Route::Revoke),
            ("GET", "/health") => Some(Route::Health),
            _ => None,
        }
    }
}

/// Answers a request to one of the routes.
pub async fn answer<B>(
    http: &Http,
    peer: IpAddr,
    route: Route,
    head: &Parts,
    body: B,
) -> Result<Response<Answer>, Problem>
where
    B: Body,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let body = request::body(body, &http.limits).await?;
    match route {
        Route::Authenticate => sign_in::authenticate(http, peer, &body).await,
        Route::Revoke => account::revoke(http, head, &body).await,
        Route::Health => Ok(done(&json!({}))),
    }
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
