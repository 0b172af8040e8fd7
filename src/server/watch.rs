//! What those who watch over the server ask it: whether it is alive and ready, how it is, its metrics.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{ALLOW, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use tokio::time::Instant;

use super::process::Process;
use super::{Server, clock};
use crate::access::Endpoint;
use crate::api::status::{Disk, ErrorCount, Lanes, Memory, Realms, Status};
use crate::audit::{Act, Entry};
use crate::http::{Answer, Failure, json};
use crate::metrics::Exposition;
use crate::secret::Secret;
use crate::storage;

/// Answers a request that is for this room; nothing if it is for another.
pub async fn answer<B>(
    server: &Arc<Server>,
    from: IpAddr,
    request: &Request<B>,
) -> Option<Response<Answer>> {
    let path = request.uri().path();
    if !matches!(path, "/healthz" | "/readyz" | "/api/ros/v1/status") {
        return None;
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Some(only_get());
    }
    Some(match path {
        "/healthz" => text(StatusCode::OK, "ok\n"),
        "/readyz" => match ready(server).await {
            Ok(()) => text(StatusCode::OK, "ready\n"),
            Err(cause) => text(
                StatusCode::SERVICE_UNAVAILABLE,
                &format!("not ready: {cause}\n"),
            ),
        },
        _ => match may_see(server, from, request.headers()) {
            Ok(()) => json(StatusCode::OK, &status(server).await),
            Err(failure) => failure.answer(),
        },
    })
}

/// The metrics as text; to be asked for by the listener of metrics only.
pub async fn metrics<B>(server: &Arc<Server>, request: &Request<B>) -> Response<Answer> {
    if request.uri().path() != "/metrics" {
        return text(StatusCode::NOT_FOUND, "metrics are at /metrics\n");
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return only_get();
    }
    let server = server.clone();
    match tokio::task::spawn_blocking(move || exposed(&server)).await {
        Ok(metrics) => text(StatusCode::OK, &metrics),
        Err(_) => text(StatusCode::INTERNAL_SERVER_ERROR, "cannot be read\n"),
    }
}

fn only_get() -> Response<Answer> {
    let mut answer = text(StatusCode::METHOD_NOT_ALLOWED, "only GET\n");
    answer
        .headers_mut()
        .insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    answer
}

fn text(status: StatusCode, text: &str) -> Response<Answer> {
    let mut answer = Response::new(Full::new(Bytes::copy_from_slice(text.as_bytes())));
    *answer.status_mut() = status;
    let plain = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    answer.headers_mut().insert(CONTENT_TYPE, plain);
    answer
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

/// Only for administrators.
fn may_see(server: &Server, from: IpAddr, headers: &HeaderMap) -> Result<(), Failure> {
    let header = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let token = header.and_then(|header| header.strip_prefix("Bearer "));
    let token = Secret::new(token.unwrap_or_default().trim());
    let caller = server.door.caller(&Endpoint::Classic, &token, from)?;
    if caller.admin {
        Ok(())
    } else {
        let refused = Failure::forbidden("only administrators may see this");
        let entry = Entry::of(Act::Administer).by(&caller.user).from(from);
        entry.detail("the status").refused(&refused);
        Err(refused)
    }
}

/// What was found out last about being ready, and when. Whoever asks again at once is told the same: asking costs a write.
#[derive(Default)]
pub struct Readiness(tokio::sync::Mutex<Option<(Instant, Result<(), String>)>>);

/// Whether the server can do its work: its database answers, its folder can be written, and it does not stop.
async fn ready(server: &Arc<Server>) -> Result<(), String> {
    if server.stop.is_cancelled() {
        return Err("the server stops".into());
    }
    let mut last = server.readiness.0.lock().await;
    if let Some((when, found)) = &*last
        && when.elapsed() < FRESH
    {
        return found.clone();
    }
    let asked = server.clone();
    let look = tokio::task::spawn_blocking(move || look(&asked));
    let found = match tokio::time::timeout(PATIENCE, look).await {
        Ok(Ok(found)) => found,
        Ok(Err(_)) => Err("looking failed".into()),
        Err(_) => Err("the data folder does not answer".into()),
    };
    *last = Some((Instant::now(), found.clone()));
    found
}

/// How long an answer about being ready holds.
const FRESH: Duration = Duration::from_secs(1);
/// How long the data folder may take.
const PATIENCE: Duration = Duration::from_secs(5);

fn look(server: &Server) -> Result<(), String> {
    let listed = server.door.listed_realms();
    listed.map_err(|error| format!("the server's database does not answer: {error}"))?;
    let written = storage::try_writing(server.registry.store().root(), false);
    written.map_err(|error| format!("the data folder cannot be written: {error}"))?;
    Ok(())
}

/// How the server is.
async fn status(server: &Arc<Server>) -> Status {
    let not_ready = ready(server).await.err();
    let asked = server.clone();
    let facts = tokio::task::spawn_blocking(move || Facts::of(&asked)).await;
    let (facts, measures) = (facts.unwrap_or_default(), &server.measures);
    let load = server.lanes.load();
    Status {
        version: env!("CARGO_PKG_VERSION").into(),
        started: server.started.rfc3339(),
        uptime_seconds: clock::now().0.saturating_sub(server.started.0),
        ready: not_ready.is_none(),
        not_ready,
        root: facts.root.display().to_string(),
        listeners: server.listeners.all(),
        connections: measures.open.get(),
        most_connections: server.limits.connections as u64,
        sessions: measures.sessions.get(),
        realms: Realms {
            listed: facts.realms,
            open: server.registry.count() as u64,
            most_open: server.limits.open_realms as u64,
        },
        held: server.held.names(),
        lanes: Lanes {
            threads: load.threads as u64,
            realms: load.realms as u64,
            uploads: load.uploads as u64,
            bytes: load.bytes as u64,
        },
        disk: facts.space.map(|space| Disk {
            free_bytes: space.free,
            total_bytes: space.total,
        }),
        process: facts.process.map(|process| Memory {
            resident_bytes: process.resident_bytes,
            open_files: process.open_files,
            most_files: process.most_files,
        }),
        uploaded_changesets: measures.uploaded.get(),
        downloaded_changesets: measures.downloaded.get(),
        errors: measures
            .errors()
            .map(|(code, count)| ErrorCount { code, count })
            .collect(),
    }
}

/// What takes a look at the disk.
#[derive(Default)]
struct Facts {
    /// The data folder, from `/`.
    root: PathBuf,
    realms: Option<u64>,
    space: Option<storage::Space>,
    process: Option<Process>,
}

impl Facts {
    fn of(server: &Server) -> Facts {
        fn known<T, E: std::fmt::Display>(what: &str, found: Result<T, E>) -> Option<T> {
            found
                .map_err(|error| tracing::debug!(%error, "{what} is not known"))
                .ok()
        }
        let root = server.registry.store().root();
        Facts {
            root: std::path::absolute(root).unwrap_or_else(|_| root.to_owned()),
            realms: known("the number of Realms", server.door.listed_realms()),
            space: known("the room on the disk", storage::space(root)),
            process: Some(Process::now()),
        }
    }
}

/// All metrics. Takes a look at the disk.
fn exposed(server: &Server) -> String {
    let mut text = Exposition::default();
    server.measures.expose(&mut text);
    let facts = Facts::of(server);
    let load = server.lanes.load();
    let mut gauge = |name, help, value: u64| text.gauge(name, help, value);
    gauge(
        "ros_realms_open",
        "Realms that are open.",
        server.registry.count() as u64,
    );
    gauge(
        "ros_realms_kept_bytes",
        "Bytes that open Realms keep in memory.",
        server.registry.kept_bytes() as u64,
    );
    gauge(
        "ros_fragments_bytes",
        "Bytes of compressed changesets that are kept.",
        server.fragments.bytes() as u64,
    );
    if let Some(realms) = facts.realms {
        gauge("ros_realms_listed", "Realms that there are.", realms);
    }
    gauge(
        "ros_lane_realms",
        "Realms whose uploads wait or are being integrated.",
        load.realms as u64,
    );
    gauge(
        "ros_lane_uploads",
        "Uploads that wait.",
        load.uploads as u64,
    );
    gauge(
        "ros_lane_bytes",
        "Bytes of uploads that wait.",
        load.bytes as u64,
    );
    gauge(
        "ros_download_line",
        "Large DOWNLOADs that wait for memory.",
        server.budget.waiting() as u64,
    );
    if let Some(ends) = server.certificate_ends() {
        gauge(
            "ros_certificate_end_seconds",
            "When the certificate of HTTPS ends, in seconds since 1970.",
            ends,
        );
    }
    if let Some(space) = facts.space {
        gauge(
            "ros_disk_free_bytes",
            "Room for the data folder.",
            space.free,
        );
        gauge(
            "ros_disk_total_bytes",
            "Size of the data folder's file system.",
            space.total,
        );
    }
    if let Some(process) = facts.process {
        gauge(
            "process_resident_memory_bytes",
            "Memory of the process.",
            process.resident_bytes,
        );
        gauge(
            "process_open_fds",
            "Files and sockets that the process has open.",
            process.open_files,
        );
        gauge(
            "process_max_fds",
            "Files and sockets that it may have open.",
            process.most_files,
        );
    }
    gauge(
        "process_start_time_seconds",
        "When the process started, in seconds since 1970.",
        server.started.0,
    );
    let version = env!("CARGO_PKG_VERSION");
    text.gauge_of(
        "ros_info",
        "The version of the server.",
        "version",
        version,
        1,
    );
    text.counters(
        "ros_missing_total",
        "Requests for what the API has and this server has not, by name.",
        "name",
        server.http.missing(),
    );
    text.into_text()
}
