//! Reading requests: bodies within a limit, tokens, and the host that the client used.

use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::Request;
use hyper::body::Body;
use hyper::header::{AUTHORIZATION, HOST, HeaderMap};
use serde::de::DeserializeOwned;

use super::Failure;

/// The body of a request, as JSON.
pub async fn body<B, T>(request: Request<B>, limit: usize) -> Result<T, Failure>
where
    B: Body<Data = Bytes> + Send,
    B::Error: std::fmt::Display,
    T: DeserializeOwned,
{
    let body = Limited::new(ErrorAsText(Box::pin(request.into_body())), limit);
    let bytes = body.collect().await.map_err(|error| {
        if error.is::<LengthLimitError>() {
            Failure::TooLarge
        } else {
            Failure::BadRequest(format!("unreadable body: {error}"))
        }
    })?;
    serde_json::from_slice(&bytes.to_bytes())
        .map_err(|error| Failure::BadRequest(format!("invalid body: {error}")))
}

/// The bearer token.
pub fn bearer<B>(request: &Request<B>) -> Result<String, Failure> {
    let header = request
        .headers()
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let token = header.and_then(|header| header.strip_prefix("Bearer "));
    token
        .map(|token| token.trim().to_owned())
        .ok_or(Failure::InvalidSession)
}

/// The base URLs for HTTP and WebSocket by which the client has reached us, without a slash at the end.
pub fn base_urls(headers: &HeaderMap) -> Result<(String, String), Failure> {
    let first = |name: &str| {
        let value = headers.get(name)?.to_str().ok()?.split(',').next()?.trim();
        (!value.is_empty()).then(|| value.to_owned())
    };
    let host = first("x-forwarded-host")
        .or_else(|| first(HOST.as_str()))
        .filter(|host| {
            host.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte))
        })
        .ok_or_else(|| Failure::BadRequest("a Host header is needed".into()))?;
    let secure = first("x-forwarded-proto").is_some_and(|proto| {
        proto.eq_ignore_ascii_case("https") || proto.eq_ignore_ascii_case("wss")
    });
    Ok(if secure {
        (format!("https://{host}"), format!("wss://{host}"))
    } else {
        (format!("http://{host}"), format!("ws://{host}"))
    })
}

/// A body whose errors are texts, so that bodies of any kind can be limited.
struct ErrorAsText<B>(std::pin::Pin<Box<B>>);

impl<B> Body for ErrorAsText<B>
where
    B: Body<Data = Bytes>,
    B::Error: std::fmt::Display,
{
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<hyper::body::Frame<Bytes>, std::io::Error>>> {
        self.0.as_mut().poll_frame(cx).map(|frame| {
            frame.map(|frame| frame.map_err(|error| std::io::Error::other(error.to_string())))
        })
    }
}
