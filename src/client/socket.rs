//! The connection: a WebSocket to the sync endpoint.

use std::net::ToSocketAddrs;

use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderValue, Uri};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use super::{ClientError, Options};
use crate::replica::Rules;
use crate::secret::Secret;

/// An open connection.
pub type Socket = WebSocketStream<TcpStream>;

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
pub async fn connect(url: &Secret, options: &Options) -> Result<(Socket, Rules), NoConnection> {
    match tokio::time::timeout(options.timeout, open(url, options)).await {
        Ok(result) => result,
        Err(_) => Err(NoConnection::Later(ClientError::Unreachable {
            url: shown(url),
            cause: format!("no answer within {} s", options.timeout.as_secs()),
        })),
    }
}

async fn open(url: &Secret, options: &Options) -> Result<(Socket, Rules), NoConnection> {
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
    if request.uri().scheme_str() != Some("ws") {
        return Err(never("this build connects without TLS only".into()));
    }
    let stream = dial(request.uri())
        .await
        .map_err(|error| later(error.to_string()))?;
    stream
        .set_nodelay(options.nodelay)
        .map_err(|error| later(error.to_string()))?;
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
            403 => NoConnection::Never(ClientError::Unauthorized("not allowed".into())),
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

async fn dial(uri: &Uri) -> std::io::Result<TcpStream> {
    let host = uri
        .host()
        .unwrap_or_default()
        .trim_matches(['[', ']'])
        .to_owned();
    let port = uri.port_u16().unwrap_or(80);
    if let Ok(address) = host.parse::<std::net::IpAddr>() {
        return TcpStream::connect((address, port)).await;
    }
    let addresses =
        tokio::task::spawn_blocking(move || (host, port).to_socket_addrs().map(Vec::from_iter))
            .await
            .map_err(std::io::Error::other)??;
    TcpStream::connect(&addresses[..]).await
}

/// The URL without its token.
fn shown(url: &Secret) -> String {
    let url = url.reveal();
    url.split('?').next().unwrap_or_default().to_owned()
}
