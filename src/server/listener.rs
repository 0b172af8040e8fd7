//! Accepting connections and HTTP requests.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::header::{HeaderValue, SERVER};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::socket::Socket;
use super::{Server, door, upgrade, watch};
use crate::http::{Answer, Cause};

/// A connection's place among the allowed number; given back when the last holder is gone.
pub type Place = Arc<OwnedSemaphorePermit>;

/// Accepts for ever. Connections go on in tasks of their own.
pub async fn accept(server: Arc<Server>, listener: TcpListener) {
    let places = Arc::new(Semaphore::new(server.limits.connections));
    loop {
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                not_accepted(&server, &error).await;
                continue;
            }
        };
        let Ok(place) = places.clone().try_acquire_owned() else {
            server.measures.refused.inc();
            if server.notices.is_new("too many", "connections") {
                tracing::warn!(%peer, open = server.limits.connections, "connections are refused: too many are open");
            }
            continue;
        };
        match Socket::new(stream) {
            Ok(socket) => {
                server
                    .tasks
                    .spawn(serve(server.clone(), socket, peer, Arc::new(place)));
            }
            Err(error) => tracing::debug!(%peer, %error, "connection lost"),
        }
    }
}

/// Out of files or memory, some must be given back first; what else happens concerns one peer that has gone.
async fn not_accepted(server: &Server, error: &std::io::Error) {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    if let ConnectionAborted | ConnectionReset | Interrupted = error.kind() {
        return tracing::debug!(%error, "connection lost");
    }
    if server.notices.is_new(&error.to_string(), "accept") {
        tracing::error!(%error, "connections cannot be accepted");
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
}

/// Serves the HTTP requests of a connection, until it ends or becomes a WebSocket.
async fn serve(server: Arc<Server>, socket: Socket, peer: SocketAddr, place: Place) {
    let limits = &server.limits;
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(limits.http_head_time)
        .max_buf_size(limits.http_head_bytes.max(8192));
    let handler = {
        let server = server.clone();
        service_fn(move |request| handle(server.clone(), request, peer, place.clone()))
    };
    let mut connection = std::pin::pin!(
        http.serve_connection(TokioIo::new(socket), handler)
            .with_upgrades()
    );
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = server.stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%peer, %error, "connection lost");
    }
}

async fn handle(
    server: Arc<Server>,
    request: Request<Incoming>,
    peer: SocketAddr,
    place: Place,
) -> Result<Response<Answer>, Infallible> {
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let mut response = if let Some(endpoint) = door::endpoint(&path) {
        upgrade::answer(server.clone(), endpoint, request, peer, place)
    } else if let Some(answer) = watch::answer(&server, &request).await {
        answer
    } else if path.starts_with("/api/") {
        server.http.route(peer.ip(), request).await
    } else {
        upgrade::no_such_page()
    };
    let headers = response.headers_mut();
    headers.insert(SERVER, HeaderValue::from_static(NAME));
    let status = response.status().as_u16();
    server.measures.answered(status);
    tracing::debug!(%peer, %method, %path, status, "request");
    if let Some(Cause(cause)) = response.extensions().get()
        && server.notices.is_new(cause, &peer.ip().to_string())
    {
        let cause: String = cause.chars().take(300).collect();
        let path: String = path.chars().take(300).collect();
        if response.status().is_server_error() {
            tracing::error!(%peer, %method, path, status, cause, "a request could not be answered");
        } else {
            tracing::info!(%peer, %method, path, status, cause, "request refused");
        }
    }
    Ok(response)
}

/// What this server calls itself.
const NAME: &str = concat!("ros/", env!("CARGO_PKG_VERSION"));
