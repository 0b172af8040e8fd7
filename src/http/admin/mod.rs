//! What administrators and the commands ask: everything below `/api/ros/v1`, the status left out, which the server itself answers.
//!
//! Every route asks for an administrator's token, and says 401 to whoever shows none that counts, 403 to whoever is no administrator.

mod permissions;
mod tokens;

use hyper::body::Body;
use hyper::http::request::Parts;
use hyper::{Method, Response};

pub use tokens::inspected;

use super::answer::Failure;
use super::{Answer, Http, request};
use crate::ident::UserId;

/// The prefix of all routes.
const BASE: &str = "/api/ros/v1/";

/// A route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// `POST tokens/inspect`
    Inspect,
    /// `POST tokens/revoke`
    Revoke,
    /// `POST permissions/why`
    Why,
}

impl Route {
    /// The route of a method and a path; `None` if there is none.
    pub fn find(method: &Method, path: &str) -> Option<Route> {
        let segments: Vec<&str> = path.strip_prefix(BASE)?.splitn(4, '/').collect();
        match (method.as_str(), segments.as_slice()) {
            ("POST", ["tokens", "inspect"]) => Some(Route::Inspect),
            ("POST", ["tokens", "revoke"]) => Some(Route::Revoke),
            ("POST", ["permissions", "why"]) => Some(Route::Why),
            _ => None,
        }
    }
}

/// Answers a request to one of the routes.
pub async fn answer<B>(
    http: &Http,
    route: Route,
    head: &Parts,
    body: B,
) -> Result<Response<Answer>, Failure>
where
    B: Body,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let administrator = administrator(http, head).await?;
    let body = request::body(body, &http.limits).await?;
    match route {
        Route::Inspect => tokens::inspect(http, &body).await,
        Route::Revoke => tokens::revoke(http, &administrator, &body).await,
        Route::Why => permissions::why(http, &body).await,
    }
}

/// Who asks, if it is an administrator.
async fn administrator(http: &Http, head: &Parts) -> Result<UserId, Failure> {
    let (token, now) = (request::bearer(head)?, http.surroundings.now());
    http.call(move |system| system.administrator(&token, now))
        .await
}
