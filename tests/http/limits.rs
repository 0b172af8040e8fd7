//! Bodies that are too long or too slow.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::Request;
use hyper::body::{Body, Frame};

use super::{BASE, Server};

const REGISTER: &str = "/app/x/auth/providers/local-userpass/register";

#[tokio::test]
async fn a_body_beyond_the_limit_is_refused() {
    let server = Server::with(|settings| settings.limits.http_body_bytes = 100);
    server
        .post(REGISTER, &" ".repeat(100))
        .await
        .error(400, "BadRequest");
    server
        .post(REGISTER, &" ".repeat(101))
        .await
        .error(413, "BadRequest");
}

/// A body that never comes.
struct Silence;

impl Body for Silence {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Pending
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let server = Server::dev();
    let request = Request::post(format!("{BASE}{REGISTER}"))
        .body(Silence)
        .unwrap();
    let answer = server.http.route(&super::arrival(), request).await;
    assert_eq!(answer.status(), 408);
}
