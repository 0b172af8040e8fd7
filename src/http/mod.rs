//! Routes to calls: parse, authorise, call, answer. The App Services client API.
//!
//! Holds no rules: who may sign in is configuration, who somebody is comes from `auth` and `system`. What is not built answers its documented error and is counted.

mod answer;
mod app;
mod request;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use hyper::body::Body;
use hyper::{Method, Request, Response};
use tokio::sync::Semaphore;

use crate::config::Apps;
use crate::limits::Limits;
use crate::system::System;

pub use answer::{Answer, Failure};

/// What the routes need.
pub struct Http {
    system: Arc<System>,
    apps: Apps,
    /// Unix seconds.
    now: fn() -> u64,
    body_bytes: usize,
    /// Passwords that may be hashed at once.
    hashes: Semaphore,
    not_built: AtomicU64,
}

impl Http {
    /// Over the server's users and the configured apps. `now` gives Unix seconds.
    pub fn new(system: Arc<System>, apps: Apps, now: fn() -> u64, limits: &Limits) -> Http {
        Http {
            system,
            apps,
            now,
            body_bytes: limits.http_body_bytes,
            hashes: Semaphore::new(limits.password_hashes),
            not_built: AtomicU64::new(0),
        }
    }

    /// Requests so far for routes that are not built.
    pub fn not_built(&self) -> u64 {
        self.not_built.load(Ordering::Relaxed)
    }

    /// Answers a request.
    pub async fn route<B>(&self, request: Request<B>) -> Response<Answer>
    where
        B: Body<Data = Bytes> + Send,
        B::Error: std::fmt::Display,
    {
        if request.method() == Method::OPTIONS {
            return answer::preflight();
        }
        let path = request.uri().path().to_owned();
        let outcome = match path.strip_prefix("/api/client/v2.0/") {
            Some(rest) => {
                self.client_api(&rest.split('/').collect::<Vec<_>>(), request)
                    .await
            }
            None => Err(Failure::NotFound),
        };
        outcome.unwrap_or_else(|failure| {
            if failure.is_not_built() {
                self.not_built.fetch_add(1, Ordering::Relaxed);
                tracing::info!(%path, "a client asked for what is not built");
            }
            failure.answer()
        })
    }
}
