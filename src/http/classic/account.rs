//! What somebody who has signed in does with that.

use hyper::Response;
use hyper::http::request::Parts;
use serde_json::json;

use super::problem::Problem;
use super::{done, token};
use crate::api::classic::Revocation;
use crate::http::{Answer, Http, request};

/// `POST /auth/revoke`: the refresh token in the body, or the one that is shown if there is none.
pub async fn revoke(http: &Http, head: &Parts, body: &[u8]) -> Result<Response<Answer>, Problem> {
    let said: Revocation = if body.is_empty() {
        Revocation::default()
    } else {
        request::parse(body)?
    };
    let token = match (said.token, token(head)) {
        (Some(token), _) | (None, Ok(token)) => token,
        (None, Err(_)) => return Err(Problem::missing("token")),
    };
    let now = http.surroundings.now();
    let login = http
        .ask(move |system| system.classic_log_out(&token, now))
        .await??;
    http.surroundings.ended(&[login]);
    Ok(done(&json!({})))
}
