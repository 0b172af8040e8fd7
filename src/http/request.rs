//! Reading requests: tokens, bodies within their bound, the name by which the client reaches us.

use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Body;
use hyper::header::{AUTHORIZATION, HOST};
use hyper::http::request::Parts;
use hyper::{StatusCode, Uri};
use serde::de::DeserializeOwned;

use super::answer::Failure;
use super::arrival::Arrival;
use crate::api::ErrorCode;
use crate::limits::Limits;
use crate::secret::Secret;

/// The token in `Authorization: Bearer …`.
pub fn bearer(head: &Parts) -> Result<Secret, Failure> {
    let value = head
        .headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let (scheme, token) = value
        .and_then(|value| value.split_once(' '))
        .ok_or_else(|| Failure::invalid_session().because("no token"))?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Failure::invalid_session().because("not a bearer token"));
    }
    Ok(Secret::new(token.trim()))
}

/// The whole body, within the bounds on size and time.
pub async fn body<B>(body: B, limits: &Limits) -> Result<Bytes, Failure>
where
    B: Body,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let too_large = || {
        Failure::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            ErrorCode::BadRequest,
            "the request body is too large",
        )
    };
    if body.size_hint().lower() > limits.http_body_bytes as u64 {
        return Err(too_large()); // as it says itself: not worth waiting for
    }
    let whole = Limited::new(body, limits.http_body_bytes).collect();
    match tokio::time::timeout(limits.http_body_time, whole).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large()),
        Ok(Err(_)) => Err(Failure::bad_request("the request body did not arrive")),
        Err(_) => Err(Failure::new(
            StatusCode::REQUEST_TIMEOUT,
            ErrorCode::BadRequest,
            "the request body took too long",
        )),
    }
}

/// A body as JSON. What is wrong with it is not repeated, only where it is: it may hold a password.
pub fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(body).map_err(|error| {
        let text = "the request body is not the JSON that is expected";
        let (line, column) = (error.line(), error.column());
        Failure::bad_request(text).because(format!("{text}: line {line}, column {column}"))
    })
}

/// A text with its percent escapes decoded; `None` if they are malformed or hide what is no UTF-8.
pub fn decoded(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut out = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let digits = [bytes.next()?, bytes.next()?];
            let digits = std::str::from_utf8(&digits).ok()?;
            // A sign is no digit, though it can be parsed.
            let digits = digits
                .bytes()
                .all(|b| b.is_ascii_hexdigit())
                .then_some(digits)?;
            out.push(u8::from_str_radix(digits, 16).ok()?);
        } else {
            out.push(byte);
        }
    }
    String::from_utf8(out).ok()
}

/// The value of a name in the query, decoded; `None` if it is not there or malformed.
pub fn query(uri: &Uri, name: &str) -> Option<String> {
    let pairs = uri
        .query()?
        .split('&')
        .filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.into_iter().find(|(found, _)| *found == name)?;
    decoded(&value.replace('+', " "))
}

/// Whether the query has this pair.
pub fn has_query(uri: &Uri, pair: &str) -> bool {
    uri.query()
        .is_some_and(|query| query.split('&').any(|found| found == pair))
}

/// The authority under which the client reaches this server: what a proxy says, else what the client says.
pub fn authority<'a>(arrival: &'a Arrival, head: &'a Parts) -> Result<&'a str, Failure> {
    let host = head.headers.get(HOST);
    let host = host.and_then(|host| host.to_str().ok());
    let authority = arrival.host.as_deref().or(host);
    let authority = authority.or(head.uri.authority().map(|a| a.as_str()));
    authority
        .filter(|text| !text.is_empty() && is_authority(text))
        .ok_or_else(|| {
            Failure::bad_request("the request does not say under which name it reaches this server")
        })
}

/// The same host with another port.
pub fn with_port(authority: &str, port: u16) -> String {
    let host = match authority.rsplit_once(':') {
        Some((host, last)) if !last.contains(']') => host,
        Some(_) | None => authority,
    };
    format!("{host}:{port}")
}

fn is_authority(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_has_another_port() {
        for (authority, other) in [
            ("a:1", "a:7"),
            ("a", "a:7"),
            ("127.0.0.1:27080", "127.0.0.1:7"),
            ("[::1]:27080", "[::1]:7"),
            ("[::1]", "[::1]:7"),
        ] {
            assert_eq!(with_port(authority, 7), other);
        }
    }
}
