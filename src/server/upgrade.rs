//! From an HTTP request to a WebSocket: what must be right in it, and who sends it.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{
    AUTHORIZATION, CONNECTION, CONTENT_TYPE, HeaderMap, HeaderValue, SEC_WEBSOCKET_ACCEPT,
    SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE, USER_AGENT,
};
use hyper::upgrade::OnUpgrade;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::time::Instant;
use tokio_tungstenite::WebSocketStream;
use tokio_util::sync::CancellationToken;
use tungstenite::handshake::derive_accept_key;
use tungstenite::protocol::Role;

use super::desk::Desk;
use super::events::{self, Event, Events};
use super::listener::Place;
use super::metered::Metered;
use super::peer::Peer;
use super::socket::{self, Socket};
use super::tally::Tally;
use super::websocket::{self, Task, Until};
use super::{Server, clock};
use crate::access::{Caller, Endpoint};
use crate::http::{Answer, Cause, Failure};
use crate::secret::Secret;
use crate::session::{Close, Connection};
use crate::wire::{Mismatch, Negotiated, negotiate};

/// Answers an upgrade request; when it is accepted, the connection goes on in a task of its own.
pub fn answer(
    server: Arc<Server>,
    endpoint: Endpoint,
    mut request: Request<Incoming>,
    peer: Peer,
    place: Place,
) -> Response<Answer> {
    let accept = match check(request.headers()) {
        Ok(accept) => accept,
        Err(what) => return refuse(&format!("Bad upgrade request: {what}\n")),
    };
    let offered = all(request.headers(), SEC_WEBSOCKET_PROTOCOL.as_str());
    let negotiated = match negotiate(&offered) {
        Ok(negotiated) => negotiated,
        Err(mismatch) => {
            let from = peer.address.to_string();
            if mismatch == Mismatch::TooOld && server.notices.is_new("too old", &from) {
                tracing::warn!(%peer, "an app with an SDK of the generation before (io.realm.sync) tried to connect; it must be updated");
            }
            return refuse(&mismatch.to_string());
        }
    };
    let token = token(&request);
    // On the classic endpoint the token may come with each BIND instead.
    let caller = if token.is_none() && endpoint == Endpoint::Classic {
        None
    } else {
        let token = token.unwrap_or_else(|| Secret::new(""));
        match server.door.caller(&endpoint, &token, peer.address) {
            Ok(caller) => Some(caller),
            Err(refusal) => return Failure::from(refusal).answer(),
        }
    };
    let presence = match peer.port {
        Some(_) => None, // counted when it connected
        None => match server.crowd.enter(peer.address) {
            Some(presence) => Some(presence),
            None => {
                server.too_many_of(&peer);
                return Failure::busy().answer();
            }
        },
    };
    let Ok(subprotocol) = HeaderValue::from_str(&negotiated.subprotocol) else {
        return refuse("Bad upgrade request: bad protocol\n");
    };
    let number = server.connections.fetch_add(1, Ordering::Relaxed);
    let id: Arc<str> = format!("{number:08x}{:016x}", clock::random()).into();
    let request_id = (!negotiated.protocol.has_log_messages())
        .then(|| HeaderValue::from_str(&id).ok())
        .flatten();
    let upgrade = hyper::upgrade::on(&mut request);
    let tasks = server.tasks.clone();
    let stop = server.stop.clone();
    let guest = Guest {
        id: id.clone(),
        peer,
        agent: agent(request.headers()),
        endpoint,
        caller,
    };
    // In a box of its own, so that what only the beginning needs does not take memory until the end.
    let opening = Box::pin(open(server, upgrade, negotiated, guest));
    tasks.spawn(async move {
        if let Some((task, events)) = opening.await {
            serve(task, events, stop).await;
        }
        drop((place, presence));
    });
    let mut response = Response::new(Full::new(Bytes::new()));
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    headers.insert(SEC_WEBSOCKET_PROTOCOL, subprotocol);
    if let Some(id) = request_id {
        headers.insert("x-appservices-request-id", id);
    }
    response
}

/// Who is upgraded.
struct Guest {
    /// Knows the connection in logs, here and on the client.
    id: Arc<str>,
    peer: Peer,
    /// What the client says of itself.
    agent: String,
    endpoint: Endpoint,
    /// `None` until a BIND shows a token.
    caller: Option<Caller>,
}

/// Serves a WebSocket to its end, or to that of the server.
async fn serve(task: Box<Task>, events: Events, stop: CancellationToken) {
    let mut running = std::pin::pin!(task.run());
    tokio::select! {
        () = running.as_mut() => {}
        () = stop.cancelled() => {
            events.send(Event::Close(Close::ShutDown));
            running.await;
        }
    }
}

/// Makes a WebSocket of an upgraded connection.
async fn open(
    server: Arc<Server>,
    upgrade: OnUpgrade,
    negotiated: Negotiated,
    guest: Guest,
) -> Option<(Box<Task>, Events)> {
    let Guest {
        id,
        peer,
        agent,
        endpoint,
        caller,
    } = guest;
    let upgraded = match upgrade.await {
        Ok(upgraded) => upgraded,
        Err(error) => {
            tracing::debug!(%peer, %error, "upgrade failed");
            return None;
        }
    };
    let Ok(parts) = upgraded.downcast::<TokioIo<Socket>>() else {
        tracing::error!(%peer, "upgraded something that is no socket of ours");
        return None;
    };
    let config = websocket::config(server.limits.message_bytes);
    let (incoming, outgoing) = socket::split(parts.io.into_inner());
    let incoming = Metered::new(incoming, server.intake.clone(), caller.is_some());
    let incoming = WebSocketStream::from_partially_read(
        incoming,
        parts.read_buf.to_vec(),
        Role::Server,
        Some(config),
    )
    .await;
    let user = caller.as_ref().map(|caller| caller.user.clone());
    let (measures, protocol) = (server.measures.clone(), negotiated.protocol);
    let tally = Tally::begin(measures, id.clone(), peer, &agent, user, protocol);
    let until = match &caller {
        Some(caller) => Until::TokenEnds(caller.expires_at.map(clock::instant)),
        None => Until::TokenCame(Instant::now() + server.limits.token_time),
    };
    let connection = Connection::new(&negotiated, id.to_string(), server.limits.clone());
    let (events, arrivals) = events::queue();
    let desk = Desk::new(
        server,
        endpoint,
        caller,
        negotiated.protocol,
        id,
        events.clone(),
        tally,
    );
    let task = Task::new(incoming, outgoing, connection, desk, arrivals, until);
    Some((task, events))
}

/// What a WebSocket handshake must have. The value of `Sec-WebSocket-Accept`.
fn check(headers: &HeaderMap) -> Result<HeaderValue, &'static str> {
    let has = |name: &str, word: &str| {
        all(headers, name)
            .split(',')
            .any(|part| part.trim().eq_ignore_ascii_case(word))
    };
    if !has(UPGRADE.as_str(), "websocket") || !has(CONNECTION.as_str(), "upgrade") {
        return Err("this is a WebSocket endpoint");
    }
    if headers
        .get(SEC_WEBSOCKET_VERSION)
        .is_none_or(|version| version != "13")
    {
        return Err("Sec-WebSocket-Version must be 13");
    }
    let key = headers
        .get(SEC_WEBSOCKET_KEY)
        .filter(|key| !key.is_empty())
        .ok_or("Sec-WebSocket-Key is missing")?;
    HeaderValue::from_str(&derive_accept_key(key.as_bytes())).map_err(|_| "bad Sec-WebSocket-Key")
}

/// What the client says of itself, or the beginning of it.
fn agent(headers: &HeaderMap) -> String {
    const LONGEST: usize = 100;
    let agent = headers.get(USER_AGENT).map(HeaderValue::as_bytes);
    let agent = String::from_utf8_lossy(agent.unwrap_or(b"-"));
    agent.chars().take(LONGEST).collect()
}

/// All values of a header, as one list.
fn all(headers: &HeaderMap, name: &str) -> String {
    let values: Vec<&str> = headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .collect();
    values.join(",")
}

/// The token: in the query, or in the `Authorization` header in either classic form. `None` if there is neither.
fn token(request: &Request<Incoming>) -> Option<Secret> {
    let query = request.uri().query().unwrap_or_default();
    let named = query
        .split('&')
        .find_map(|part| part.strip_prefix("baas_at="));
    if let Some(token) = named {
        // JWTs travel as they are; classic tokens have characters that some tools escape.
        let escapes = [("%3A", ":"), ("%3D", "="), ("%2B", "+"), ("%2F", "/")];
        let plain = |token: String, (escape, plain)| token.replace(escape, plain);
        return Some(Secret::new(
            escapes.into_iter().fold(token.to_owned(), plain),
        ));
    }
    let header = request.headers().get(AUTHORIZATION)?;
    let token = header.to_str().ok().and_then(in_header);
    Some(Secret::new(token.unwrap_or_default()))
}

fn in_header(header: &str) -> Option<&str> {
    let classic = header
        .strip_prefix("Realm-Access-Token")
        .and_then(|rest| rest.split_once("token=\""))
        .and_then(|(_, rest)| rest.strip_suffix('"'));
    header.strip_prefix("Bearer ").or(classic)
}

fn refuse(text: &str) -> Response<Answer> {
    let mut response = page(StatusCode::BAD_REQUEST, text);
    response
        .headers_mut()
        .insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

/// The answer to whoever asks for what is neither sync nor API.
pub fn no_such_page() -> Response<Answer> {
    page(
        StatusCode::NOT_FOUND,
        "Realm sync server\n\nPage not found\n",
    )
}

/// The answer to a request whose line and headers are longer than allowed.
pub fn too_long() -> Response<Answer> {
    page(
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        "Realm sync server\n\nRequest line and headers are too long\n",
    )
}

fn page(status: StatusCode, text: &str) -> Response<Answer> {
    let mut response = Response::new(Full::new(Bytes::copy_from_slice(text.as_bytes())));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    let cause = text.trim_end().replace('\n', " ");
    response.extensions_mut().insert(Cause(cause));
    response
}
