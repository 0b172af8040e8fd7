//! A client that says just what it is told, on a socket of its own.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use bytes::Bytes;
use tungstenite::Error;
use tungstenite::client::IntoClientRequest;
use tungstenite::client::client_with_config;
use tungstenite::http::HeaderValue;
use tungstenite::protocol::{Message, WebSocket, WebSocketConfig};

use super::patience::{PATIENCE, stretched};

/// How long a server that takes nothing is flooded.
fn flood_patience() -> Option<Duration> {
    Some(stretched(Duration::from_secs(1)))
}

/// A WebSocket to the server.
pub struct Wire {
    socket: WebSocket<TcpStream>,
    /// Messages that were received but not asked for yet.
    waiting: VecDeque<Received>,
    close: Option<u16>,
}

/// A message of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// The words of the head.
    pub head: Vec<String>,
    /// What follows it.
    pub body: Bytes,
}

impl Received {
    fn parse(message: Bytes) -> Received {
        let end = message
            .iter()
            .position(|byte| *byte == b'\n')
            .expect("a head ends with a newline");
        let head = String::from_utf8(message[..end].to_vec()).expect("heads are text");
        Received {
            head: head.split(' ').map(str::to_owned).collect(),
            body: message.slice(end + 1..),
        }
    }

    /// The message's name.
    pub fn kind(&self) -> &str {
        &self.head[0]
    }

    /// A number in the head; the name is at 0.
    pub fn number(&self, at: usize) -> u64 {
        self.head[at].parse().expect("a number")
    }

    /// Numbers of the head after the name.
    pub fn numbers(&self) -> Vec<u64> {
        (1..self.head.len()).map(|at| self.number(at)).collect()
    }

    /// The body of an error.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("the body is JSON")
    }
}

impl Wire {
    /// Opens a WebSocket; the HTTP status if the server does not want it.
    pub fn open(address: SocketAddr, target: &str, protocols: Option<&str>) -> Result<Wire, u16> {
        Wire::open_with(address, target, protocols, None)
    }

    /// The same, with an `Authorization` header.
    pub fn open_with(
        address: SocketAddr,
        target: &str,
        protocols: Option<&str>,
        authorization: Option<&str>,
    ) -> Result<Wire, u16> {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut request = format!("ws://{address}{target}")
            .into_client_request()
            .unwrap();
        if let Some(protocols) = protocols {
            let value = HeaderValue::from_str(protocols).unwrap();
            request
                .headers_mut()
                .insert("Sec-WebSocket-Protocol", value);
        }
        if let Some(authorization) = authorization {
            let value = HeaderValue::from_str(authorization).unwrap();
            request.headers_mut().insert("Authorization", value);
        }
        let config = WebSocketConfig::default()
            .max_message_size(None)
            .max_frame_size(None);
        match client_with_config(request, stream, Some(config)) {
            Ok((socket, _)) => Ok(Wire {
                socket,
                waiting: VecDeque::new(),
                close: None,
            }),
            Err(tungstenite::HandshakeError::Failure(Error::Http(answer))) => {
                Err(answer.status().as_u16())
            }
            Err(error) => panic!("{error}"),
        }
    }

    /// Waits until the server has closed; the close code that it gave.
    pub fn await_close(&mut self) -> Option<u16> {
        while self.receive_new().is_some() {}
        self.close
    }

    /// The close code that the server gave, once it has closed.
    pub fn close_code(&self) -> Option<u16> {
        self.close
    }

    /// Sends a message; whether the connection still took it.
    pub fn send(&mut self, message: impl Into<Bytes>) -> bool {
        self.socket.send(Message::Binary(message.into())).is_ok()
    }

    /// Sends this again and again without reading, until the server has not taken anything for a while or has closed; how often.
    pub fn flood(&mut self, message: &Message) -> usize {
        let stream = self.socket.get_ref().try_clone().unwrap();
        stream.set_write_timeout(flood_patience()).unwrap();
        let mut sent = 0;
        while self.send_frame(message.clone()) {
            sent += 1;
        }
        sent
    }

    /// Whether the server has closed, or does within a while.
    pub fn has_ended(&mut self, wait: Duration) -> bool {
        let stream = self.socket.get_ref();
        stream.set_read_timeout(Some(wait)).unwrap();
        let ended = match stream.peek(&mut [0]) {
            Ok(count) => count == 0,
            Err(error) => error.kind() != std::io::ErrorKind::WouldBlock,
        };
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        ended
    }

    /// Sends bytes that need not be frames, until the server has not taken anything for a while or has closed; how many it took.
    pub fn force(&mut self, bytes: &[u8]) -> usize {
        let mut stream = self.socket.get_ref();
        stream.set_write_timeout(flood_patience()).unwrap();
        let mut sent = 0;
        while sent < bytes.len() {
            match stream.write(&bytes[sent..]) {
                Ok(count) => sent += count,
                Err(_) => break,
            }
        }
        sent
    }

    /// Sends a frame of any kind.
    pub fn send_frame(&mut self, message: Message) -> bool {
        self.socket.send(message).is_ok()
    }

    /// The next message, log messages left out; nothing when the server has closed.
    pub fn receive(&mut self) -> Option<Received> {
        if let Some(message) = self.waiting.pop_front() {
            return Some(message);
        }
        self.receive_new()
    }

    /// Messages that were received too early: they come next.
    pub fn put_back(&mut self, messages: Vec<Received>) {
        for message in messages.into_iter().rev() {
            self.waiting.push_front(message);
        }
    }

    fn receive_new(&mut self) -> Option<Received> {
        loop {
            match self.socket.read() {
                Ok(Message::Binary(message)) => {
                    let received = Received::parse(message);
                    if received.kind() != "log_message" {
                        return Some(received);
                    }
                }
                Ok(Message::Close(close)) => self.close = close.map(|close| close.code.into()),
                Ok(Message::Ping(_) | Message::Pong(_)) => {}
                Ok(other) => panic!("the server sent {other:?}"),
                Err(Error::Io(error)) if error.kind() == std::io::ErrorKind::WouldBlock => {
                    panic!("nothing came for {PATIENCE:?}")
                }
                Err(_) => return None,
            }
        }
    }

    /// Whether a message like this has come by now.
    pub fn has_come(&mut self, like: impl Fn(&Received) -> bool) -> bool {
        self.socket.get_ref().set_nonblocking(true).unwrap();
        loop {
            match self.socket.read() {
                Ok(Message::Binary(message)) => self.waiting.push_back(Received::parse(message)),
                Ok(_) => {}
                Err(_) => break, // nothing more for now, or for good
            }
        }
        self.socket.get_ref().set_nonblocking(false).unwrap();
        self.waiting.iter().any(like)
    }

    /// Waits for a message like this; others before it are kept for `receive`. Whether it came before the server closed.
    pub fn await_message(&mut self, like: impl Fn(&Received) -> bool) -> bool {
        if self.waiting.iter().any(&like) {
            return true;
        }
        while let Some(message) = self.receive_new() {
            let found = like(&message);
            self.waiting.push_back(message);
            if found {
                return true;
            }
        }
        false
    }
}

/// Sends bytes as they are and returns all that is answered until the server closes.
pub fn raw(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    if stream.write_all(bytes).is_err() {
        return String::new();
    }
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => answer.extend_from_slice(&buffer[..count]),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                panic!("the server neither answers nor closes")
            }
            Err(_) => break,
        }
        let text = String::from_utf8_lossy(&answer);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length")
                    .then(|| value.trim().parse().ok())?
            });
            if length.is_none_or(|length: usize| body.len() >= length) {
                break;
            }
        }
    }
    String::from_utf8_lossy(&answer).into_owned()
}

/// A request to the App Services API; the status and the body of the answer.
pub fn request(
    address: SocketAddr,
    method: &str,
    path: &str,
    token: Option<&str>,
    body: &str,
) -> (u16, serde_json::Value) {
    let path = format!("/api/client/v2.0{path}");
    let token = token.map(|token| format!("Bearer {token}"));
    answered(address, method, &path, &token.unwrap_or_default(), body)
}

/// A request to whatever is at a path, with JSON or nothing (`null`). The token is shown as it is in the classic API, and as a bearer's elsewhere.
pub fn ask(
    address: SocketAddr,
    method: &str,
    path: &str,
    token: &str,
    body: &serde_json::Value,
) -> (u16, serde_json::Value) {
    let body = match body {
        serde_json::Value::Null => String::new(),
        body => body.to_string(),
    };
    let bearer = match path.starts_with("/api/") && !token.is_empty() {
        true => "Bearer ",
        false => "",
    };
    answered(address, method, path, &format!("{bearer}{token}"), &body)
}

fn answered(
    address: SocketAddr,
    method: &str,
    path: &str,
    authorization: &str,
    body: &str,
) -> (u16, serde_json::Value) {
    let authorization = match authorization {
        "" => String::new(),
        token => format!("Authorization: {token}\r\n"),
    };
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: x\r\n{authorization}Content-Length: {length}\r\n\r\n{body}"
    );
    let answer = raw(address, head.as_bytes());
    let status = answer
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    let body = answer.split("\r\n\r\n").nth(1).unwrap_or_default();
    (
        status.unwrap_or_else(|| panic!("no status in {answer:?}")),
        serde_json::from_str(body).unwrap_or_default(),
    )
}
