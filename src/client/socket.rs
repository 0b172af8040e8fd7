//! The connection: a WebSocket to the sync endpoint.

use std::io;
use std::net::ToSocketAddrs;

use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_tungstenite::WebSocketStream;
use tungstenite::Error;
use tungstenite::client::IntoClientRequest;
use tungstenite::http::{HeaderValue, Uri};
use tungstenite::protocol::WebSocketConfig;

use tokio_util::either::Either;

use super::account::no_answer;
use super::{ClientError, Options};
use crate::replica::Rules;
use crate::secret::Secret;
use crate::tls::Trust;

/// An open connection, without TLS or with it.
pub type Socket = WebSocketStream<Either<TcpStream, TlsStream<TcpStream>>>;

/// What this client speaks.
const PROTOCOLS: &str = "com.mongodb.realm-sync#14, com.mongodb.realm-sync#13";

/// Why there is no connection.
pub enum NoConnection {
    /// It may work later.
    Later(ClientError),
    /// The access token is not accepted.
    Unauthorized,
    /// It will not work.
    Never(ClientError),
}

/// Opens a connection. The rules by which the server merges: ours, if it is one of ours, else the reference's.
pub async fn connect(
    url: &Secret,
    trust: &Trust,
    options: &Options,
) -> Result<(Socket, Rules), NoConnection> {
    match tokio::time::timeout(options.timeout, open(url, trust, options)).await {
        Ok(result) => result,
        Err(_) => Err(NoConnection::Later(ClientError::Unreachable {
            url: shown(url),
            cause: format!("no answer within {} s", options.timeout.as_secs()),
        })),
    }
}

async fn open(
    url: &Secret,
    trust: &Trust,
    options: &Options,
) -> Result<(Socket, Rules), NoConnection> {
    let never = |cause: String| {
        NoConnection::Never(ClientError::Strange {
            url: shown(url),
            cause,
        })
    };
    let later = |cause: String| {
        NoConnection::Later(ClientError::Unreachable {
            url: shown(url),
            cause,
        })
    };
    let mut request = url
        .reveal()
        .into_client_request()
        .map_err(|error| never(error.to_string()))?;
    request.headers_mut().insert(
        "Sec-WebSocket-Protocol",
        HeaderValue::from_static(PROTOCOLS),
    );
    let stream = dial(request.uri(), trust, options).await;
    let stream = stream.map_err(|error| NoConnection::Later(no_answer(shown(url), &error)))?;
    let config = WebSocketConfig::default()
        .read_buffer_size(8192)
        .write_buffer_size(0)
        .max_message_size(None)
        .max_frame_size(None);
    match tokio_tungstenite::client_async_with_config(request, stream, Some(config)).await {
        Ok((socket, response)) => {
            let ours = response
                .headers()
                .get("server")
                .and_then(|server| server.to_str().ok())
                .is_some_and(|server| server.starts_with("ros"));
            let rules = if ours {
                Rules::SERVER
            } else {
                Rules::REFERENCE
            };
            Ok((socket, rules))
        }
        Err(Error::Http(answer)) => Err(match answer.status().as_u16() {
            401 => NoConnection::Unauthorized,
            403 => NoConnection::Never(ClientError::Forbidden("HTTP 403 Forbidden".into())),
            status @ 500.. => later(format!("HTTP {status}")),
            status => {
                let body = answer.body().as_deref().unwrap_or_default();
                let text = String::from_utf8_lossy(&body[..body.len().min(300)]).into_owned();
                never(format!("HTTP {status} {text}"))
            }
        }),
        Err(error) => Err(later(error.to_string())),
    }
}

async fn dial(
    uri: &Uri,
    trust: &Trust,
    options: &Options,
) -> io::Result<Either<TcpStream, TlsStream<TcpStream>>> {
    let is_secure = uri.scheme_str() == Some("wss");
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    let port = uri.port_u16().unwrap_or(if is_secure { 443 } else { 80 });
    let stream = reach(host, port).await?;
    stream.set_nodelay(options.nodelay)?;
    if !is_secure {
        return Ok(Either::Left(stream));
    }
    let host = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
    trust
        .connector()
        .connect(host, stream)
        .await
        .map(Either::Right)
}

async fn reach(host: &str, port: u16) -> io::Result<TcpStream> {
    if let Ok(address) = host.parse::<std::net::IpAddr>() {
        return TcpStream::connect((address, port)).await;
    }
    let host = host.to_owned();
    let addresses =
        tokio::task::spawn_blocking(move || (host, port).to_socket_addrs().map(Vec::from_iter))
            .await
            .map_err(io::Error::other)??;
    TcpStream::connect(&addresses[..]).await
}

/// The URL without its token.
fn shown(url: &Secret) -> String {
    let url = url.reveal();
    url.split('?').next().unwrap_or_default().to_owned()
}
