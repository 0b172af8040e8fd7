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
use tokio::sync::OwnedSemaphorePermit;

use super::crowd::Presence;
use super::listening::{Service, reaches};
use super::peer::Peer;
use super::socket::{Socket, Tcp};
use super::{Server, door, upgrade, watch};
use crate::http::{Answer, Arrival, Cause, Failure, SETUP, is_classic, without_token};
use crate::tls;

/// A connection's place among the allowed number; given back when the last holder is gone.
pub type Place = Arc<(OwnedSemaphorePermit, Option<Presence>)>;

/// A connection as it comes in.
struct Came {
    peer: Peer,
    place: Place,
    entry: Arc<Entry>,
    /// The port of sync, for whoever is told to go there.
    sync_port: Option<u16>,
}

/// What all connections of one listener share.
pub struct Entry {
    /// What is served.
    pub service: Service,
    /// Where sync is, for those who are sent there.
    pub sync: Option<SocketAddr>,
}

/// Accepts for ever. Connections go on in tasks of their own.
pub async fn accept(server: Arc<Server>, listener: TcpListener, entry: Entry) {
    let entry = Arc::new(entry);
    loop {
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                not_accepted(&server, &error).await;
                continue;
            }
        };
        let peer = Peer::direct(peer);
        let Some(place) = place(&server, &peer) else {
            continue;
        };
        let local = stream.local_addr().map(|local| local.ip());
        let reached = |sync: &SocketAddr| local.is_ok_and(|local| reaches(local, *sync));
        let came = Came {
            peer,
            place,
            sync_port: entry.sync.filter(reached).map(|sync| sync.port()),
            entry: entry.clone(),
        };
        match Tcp::new(stream, server.limits.stall) {
            Ok(tcp) => {
                server.tasks.spawn(secure(server.clone(), tcp, came));
            }
            Err(error) => tracing::debug!(%peer, %error, "connection lost"),
        }
    }
}

/// A place for one more connection, if there is one.
fn place(server: &Server, peer: &Peer) -> Option<Place> {
    let Ok(permit) = server.places.clone().try_acquire_owned() else {
        server.measures.refused.inc();
        if server.notices.is_new("too many", "connections") {
            let open = server.limits.connections;
            tracing::warn!(%peer, open, "connections are refused: too many are open");
        }
        return None;
    };
    if server.trusts(peer.address) {
        return Some(Arc::new((permit, None)));
    }
    let presence = server.crowd.enter(peer.address);
    if presence.is_none() {
        server.too_many_of(peer);
    }
    Some(Arc::new((permit, Some(presence?))))
}

impl Server {
    /// An address has all the connections that it may have.
    pub(super) fn too_many_of(&self, peer: &Peer) {
        self.measures.refused.inc();
        let address = peer.address.to_string();
        if self.notices.is_new("too many connections of", &address) {
            let most = self.limits.connections_per_address;
            tracing::warn!(
                address,
                most,
                "connections are refused: this address has too many"
            );
        }
    }
}

/// Shakes hands where that is to be done, and goes on with requests.
async fn secure(server: Arc<Server>, tcp: Tcp, came: Came) {
    let Service::Https(identity) = &came.entry.service else {
        return serve(server, tcp.plain(), came).await;
    };
    let peer = came.peer;
    // In a box, for what shaking hands takes in memory is not needed afterwards.
    let shaking = Box::pin(tcp.secured(identity.acceptor()));
    let shaken = tokio::select! {
        shaken = tokio::time::timeout(server.limits.http_head_time, shaking) => shaken,
        () = server.stop.cancelled() => return,
    };
    match shaken {
        Ok(Ok(socket)) => serve(server, socket, came).await,
        Ok(Err(error)) => {
            tracing::debug!(%peer, %error, "no TLS with this client");
            if let Some(cause) = tls::disbelief(&error)
                && server.notices.is_new(cause, "certificate")
            {
                tracing::warn!(%peer, cause, "a client does not trust the certificate; `ros doctor --certificate FILE` looks at it and its chain");
            }
        }
        Err(_) => tracing::debug!(%peer, "no TLS with this client: it took too long"),
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
async fn serve(server: Arc<Server>, socket: Socket, came: Came) {
    let limits = &server.limits;
    let peer = came.peer;
    let came = Arc::new(came);
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(limits.http_head_time)
        .max_buf_size(limits.http_head_bytes.max(8192));
    let handler = {
        let server = server.clone();
        service_fn(move |request| handle(server.clone(), request, came.clone()))
    };
    let mut connection = std::pin::pin!(
        http.serve_connection(TokioIo::new(socket), handler)
            .with_upgrades()
    );
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = server.stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            match tokio::time::timeout(LAST_REQUEST, connection).await {
                Ok(ended) => ended,
                Err(_) => return tracing::debug!(%peer, "the server ends before this request has come or its answer has gone"),
            }
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%peer, %error, "connection lost");
    }
}

async fn handle(
    server: Arc<Server>,
    request: Request<Incoming>,
    came: Arc<Came>,
) -> Result<Response<Answer>, Infallible> {
    let service = &came.entry.service;
    let mut arrival = Arrival::direct(came.peer.address, matches!(service, Service::Https(_)));
    arrival.sync_port = came.sync_port;
    let arrival = arrival.told(request.headers(), |address| server.trusts(address));
    let peer = came.peer.or_client(arrival.client);
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let mut response = if head_bytes(&request) > server.limits.http_head_bytes {
        upgrade::too_long()
    } else if let Some(endpoint) = door::endpoint(&path) {
        upgrade::answer(server.clone(), endpoint, request, peer, came.place.clone())
    } else if let Some(answer) = watch::answer(&server, peer.address, &request).await {
        answer
    } else if is_routed(&path) && !matches!(service, Service::Sync) {
        routed(&server, arrival, request).await
    } else {
        upgrade::no_such_page()
    };
    let headers = response.headers_mut();
    headers.insert(SERVER, HeaderValue::from_static(NAME));
    let status = response.status().as_u16();
    server.measures.answered(status);
    let path = without_token(&path);
    tracing::debug!(%peer, %method, %path, status, "request");
    if let Some(Cause(cause)) = response.extensions().get()
        && server.notices.is_new(cause, &peer.address.to_string())
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

/// Has a request answered to its end, also when whoever asked has gone meanwhile: what follows from a change, as that connections are closed, comes after it.
async fn routed(
    server: &Arc<Server>,
    arrival: Arrival,
    request: Request<Incoming>,
) -> Response<Answer> {
    let asked = server.clone();
    let answer = async move { asked.http.route(&arrival, request).await };
    let answered = server.tasks.spawn(answer).await;
    answered.unwrap_or_else(|_| Failure::internal().answer())
}

/// Bytes of a request's line and headers. `hyper` bounds what it holds of them, and takes more than that at one reading.
fn head_bytes(request: &Request<Incoming>) -> usize {
    let target = request.uri().path_and_query();
    let line = request.method().as_str().len() + target.map_or(1, |target| target.as_str().len());
    let headers = request.headers().iter();
    let headers: usize = headers
        .map(|(name, value)| name.as_str().len() + ": \r\n".len() + value.len())
        .sum();
    line + "  HTTP/1.1\r\n".len() + headers + "\r\n".len()
}

/// How long a request may take that is under way when the server is told to end: a slow client holds up no restart.
const LAST_REQUEST: Duration = Duration::from_secs(10);

/// Whether a path is one of the API, or of the page for the first administrator.
fn is_routed(path: &str) -> bool {
    path.starts_with("/api/") || is_classic(path) || path == SETUP
}

/// What this server calls itself.
const NAME: &str = concat!("ros/", env!("CARGO_PKG_VERSION"));
