//! Where an app's clients go. All their later requests follow this answer: a wrong one makes them leave.

use hyper::http::request::Parts;
use hyper::{Response, StatusCode};

use crate::api::Location;
use crate::http::answer::{self, Failure};
use crate::http::{Answer, Arrival, Http, request};
use crate::ident::AppId;

/// `GET /app/<app id>/location`
pub fn answer(
    http: &Http,
    arrival: &Arrival,
    _app: &AppId,
    head: &Parts,
) -> Result<Response<Answer>, Failure> {
    let (secure, authority, sync) = match &http.system.settings().public_url {
        Some(url) => (url.secure, url.authority.clone(), url.authority.clone()),
        None => {
            let authority = request::authority(arrival, head)?;
            let sync = arrival
                .sync_port
                .map(|port| request::with_port(authority, port));
            let sync = sync.unwrap_or_else(|| authority.to_owned());
            (arrival.secure, authority.to_owned(), sync)
        }
    };
    let s = if secure { "s" } else { "" };
    let location = Location {
        deployment_model: "GLOBAL".to_owned(),
        location: "US-VA".to_owned(),
        hostname: format!("http{s}://{authority}"),
        ws_hostname: format!("ws{s}://{sync}"),
    };
    Ok(answer::json(StatusCode::OK, &location))
}
