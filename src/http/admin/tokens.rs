//! Looking at tokens, and ending them.

use hyper::{Response, StatusCode};
use serde_json::json;

use super::By;
use crate::api::tokens::{Inspected, TokenBody};
use crate::audit::Act;
use crate::auth::{Form, Inspection};
use crate::http::answer::{self, Failure};
use crate::http::{Answer, Http, request};
use crate::ident::UnixTime;

/// `POST /api/ros/v1/tokens/inspect`
pub async fn inspect(http: &Http, body: &[u8]) -> Result<Response<Answer>, Failure> {
    let (TokenBody { token }, now) = (request::parse(body)?, http.surroundings.now());
    let verdict = http.call(move |system| system.inspect(&token, now)).await?;
    let shown = Inspected {
        accepted: Some(verdict.refused.is_none()),
        refused: verdict.refused,
        ..inspected(verdict.inspection)
    };
    Ok(answer::json(StatusCode::OK, &shown))
}

/// `POST /api/ros/v1/tokens/revoke`
pub async fn revoke(http: &Http, by: &By, body: &[u8]) -> Result<Response<Answer>, Failure> {
    let (TokenBody { token }, now) = (request::parse(body)?, http.surroundings.now());
    let revoked = http.call(move |system| system.revoke(&token, now)).await;
    // The caller's own token is fine: what is wrong here is the one in the body.
    let login = revoked.map_err(|failure| failure.of_the_body())?;
    by.entry(Act::RevokeToken).detail(&login).done();
    http.surroundings.ended(&[login]);
    Ok(answer::json(StatusCode::OK, &json!({})))
}

/// What a token says, as it is shown; whether a server takes it is left open.
pub fn inspected(inspection: Inspection) -> Inspected {
    let shown = |time: Option<UnixTime>| time.map(UnixTime::rfc3339);
    Inspected {
        form: inspection.form.map(|form| match form {
            Form::Jwt => "jwt".to_owned(),
            Form::Classic => "classic".to_owned(),
        }),
        kind: inspection.kind.map(str::to_owned),
        header: inspection.header,
        claims: inspection.claims,
        issued_at: shown(inspection.issued_at),
        expires_at: shown(inspection.expires_at),
        signed_by: inspection.signed_by,
        accepted: None,
        refused: inspection.refused.map(|cause| cause.to_string()),
    }
}
