//! Where an app's clients go. All their later requests follow this answer: a wrong one makes them leave.

use hyper::http::request::Parts;
use hyper::{Response, StatusCode};

use crate::api::Location;
use crate::http::answer::{self, Failure};
use crate::http::{Answer, Http, request};
use crate::ident::AppId;

/// `GET /app/<app id>/location`
pub fn answer(http: &Http, _app: &AppId, head: &Parts) -> Result<Response<Answer>, Failure> {
    let (secure, authority) = match &http.system.settings().public_url {
        Some(url) => (url.secure, url.authority.clone()),
        None => request::base(head)?,
    };
    let (web, sync) = if secure {
        ("https", "wss")
    } else {
        ("http", "ws")
    };
    let location = Location {
        deployment_model: "GLOBAL".to_owned(),
        location: "US-VA".to_owned(),
        hostname: format!("{web}://{authority}"),
        ws_hostname: format!("{sync}://{authority}"),
    };
    Ok(answer::json(StatusCode::OK, &location))
}
