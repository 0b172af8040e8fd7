//! One WebSocket: frames in, the session machine, frames out.
//!
//! The task of a connection never waits for one thing only: it reads while the machine allows it, writes while something waits to be written,
//! and takes the answers of lanes and readers as they come. What waits to be written is bounded: above the bound no DOWNLOAD is built.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Poll, ready};

use bytes::{Bytes, BytesMut};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{Sink, StreamExt};
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{self, Message};

use super::desk::{Desk, Event};
use super::socket::Socket;
use crate::session::{Close, Connection, Frame, Input, Output};

/// How `tungstenite` is to treat our connections: small buffers, for there are many, and no message beyond the limit.
pub fn config(message_bytes: usize) -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(4096)
        .write_buffer_size(0)
        .max_message_size(Some(message_bytes))
        .max_frame_size(Some(message_bytes))
}

/// One connection and all that belongs to it.
pub struct Task {
    connection: Connection,
    /// Carries out what the machine asks of the server.
    desk: Desk,
    events: mpsc::UnboundedReceiver<Event>,
    stream: SplitStream<WebSocketStream<Socket>>,
    outgoing: Outgoing,
    /// Reads put off until the client has taken what waits for it.
    delayed: VecDeque<Output>,
    outgoing_limit: usize,
    silence: std::time::Duration,
    expires: Option<Instant>,
    /// The client is to hear the last message, whatever it is sending.
    linger: bool,
}

/// Why a connection's task goes on or ends.
enum Next {
    Continue,
    End,
}

impl Task {
    /// Takes over an upgraded connection. `expires` is when the caller's token ends.
    pub fn new(
        socket: WebSocketStream<Socket>,
        connection: Connection,
        desk: Desk,
        events: mpsc::UnboundedReceiver<Event>,
        expires: Option<Instant>,
    ) -> Task {
        let (sink, stream) = socket.split();
        let limits = desk.limits();
        Task {
            outgoing_limit: limits.outgoing_bytes,
            silence: limits.silence,
            connection,
            desk,
            events,
            stream,
            outgoing: Outgoing {
                sink,
                waiting: VecDeque::new(),
                bytes: 0,
                dirty: false,
            },
            delayed: VecDeque::new(),
            expires,
            linger: false,
        }
    }

    /// Serves until the client leaves, the server closes, or the socket breaks.
    pub async fn run(mut self) {
        let mut outputs = Vec::new();
        self.connection.start(&mut outputs);
        self.carry_out(outputs);
        let mut heard = Instant::now();
        loop {
            let silence = tokio::time::sleep_until(heard + self.silence);
            let expiry = self.expires;
            let next = tokio::select! {
                written = self.outgoing.flush(), if self.outgoing.dirty => match written {
                    Ok(()) => self.resume(),
                    Err(error) => self.lost(&error),
                },
                Some(event) = self.events.recv() => self.event(event),
                message = self.stream.next(), if self.connection.may_read_socket() => {
                    heard = Instant::now();
                    match message {
                        Some(Ok(message)) => self.message(message),
                        Some(Err(tungstenite::Error::Capacity(error))) => self.input(Input::Oversized(error.to_string())),
                        Some(Err(error)) => self.lost(&error),
                        None => Next::End,
                    }
                }
                () = silence => self.close(&Close::Silent),
                () = sleep_until(expiry) => self.close(&Close::TokenExpired),
            };
            if let Next::End = next {
                break;
            }
        }
        self.finish().await;
    }

    /// Writes what still waits and ends the TCP connection, each within a short time. No Close frame is made up: clients stay away for an hour after
    /// codes that they do not know. Closing while the client still sends would take back what it has not read, so then the rest is awaited and dropped.
    async fn finish(mut self) {
        match tokio::time::timeout(LAST_WORDS, self.outgoing.flush()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::trace!(%error, "connection ended while closing"),
            Err(_) => tracing::trace!("the client did not take the last messages"),
        }
        let Ok(socket) = self.outgoing.sink.reunite(self.stream) else {
            return;
        };
        let mut socket = socket.into_inner();
        let end = async {
            socket.shutdown().await?;
            if self.linger {
                tokio::io::copy(&mut socket, &mut tokio::io::sink()).await?;
            }
            Ok::<(), std::io::Error>(())
        };
        match tokio::time::timeout(LAST_WORDS, end).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::trace!(%error, "connection ended while closing"),
            Err(_) => tracing::trace!("the client did not close"),
        }
    }

    fn message(&mut self, message: Message) -> Next {
        match message {
            Message::Binary(bytes) => self.input(Input::Message(bytes)),
            // Pongs are answered by tungstenite when the next message is read or written.
            Message::Ping(_) => {
                self.outgoing.dirty = true;
                Next::Continue
            }
            Message::Text(_) | Message::Pong(_) | Message::Frame(_) => Next::Continue,
            Message::Close(_) => {
                self.outgoing.dirty = true;
                Next::End
            }
        }
    }

    fn event(&mut self, event: Event) -> Next {
        match event {
            Event::Input(input) => self.input(input),
            Event::News(session) => match self.desk.news(session) {
                Some(head) => self.input(Input::Announced(session, head)),
                None => Next::Continue,
            },
            Event::Close(close) => self.close(&close),
        }
    }

    fn input(&mut self, input: Input) -> Next {
        let mut outputs = Vec::new();
        self.connection.handle(input, &mut outputs);
        self.carry_out(outputs)
    }

    fn carry_out(&mut self, outputs: Vec<Output>) -> Next {
        for output in outputs {
            match output {
                Output::Send(frame) => self.outgoing.push(frame),
                Output::Close(close) => return self.close(&close),
                read @ Output::Read { .. } if self.outgoing.bytes > self.outgoing_limit => {
                    self.delayed.push_back(read)
                }
                other => self.desk.carry_out(other),
            }
        }
        Next::Continue
    }

    /// Takes up the reads that were put off, once the client has taken what waited.
    fn resume(&mut self) -> Next {
        for read in self.delayed.drain(..) {
            self.desk.carry_out(read);
        }
        Next::Continue
    }

    fn close(&mut self, close: &Close) -> Next {
        tracing::debug!(connection = self.desk.id(), reason = %close, "closing");
        self.linger = *close == Close::AfterError;
        let frame = close
            .code(self.connection.protocol())
            .map(|(code, reason)| CloseFrame {
                code: code.into(),
                reason: reason.into(),
            });
        if let Some(frame) = frame {
            self.outgoing.waiting.push_back(Message::Close(Some(frame)));
            self.outgoing.dirty = true;
        }
        Next::End
    }

    fn lost(&self, error: &tungstenite::Error) -> Next {
        tracing::debug!(connection = self.desk.id(), %error, "connection lost");
        Next::End
    }
}

async fn sleep_until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

/// What waits to be written.
struct Outgoing {
    sink: SplitSink<WebSocketStream<Socket>, Message>,
    waiting: VecDeque<Message>,
    bytes: usize,
    /// Whether anything may be left to write, here or in the socket's buffer.
    dirty: bool,
}

impl Outgoing {
    fn push(&mut self, frame: Frame) {
        let bytes = joined(frame);
        self.bytes += bytes.len();
        self.waiting.push_back(Message::Binary(bytes));
        self.dirty = true;
    }

    /// Writes all that waits. Can be dropped and called again at any point without losing or doubling anything.
    async fn flush(&mut self) -> Result<(), tungstenite::Error> {
        poll_fn(|cx| {
            let mut sink = Pin::new(&mut self.sink);
            while !self.waiting.is_empty() {
                ready!(sink.as_mut().poll_ready(cx))?;
                if let Some(message) = self.waiting.pop_front() {
                    self.bytes -= if message.is_binary() {
                        message.len()
                    } else {
                        0
                    };
                    sink.as_mut().start_send(message)?;
                }
            }
            ready!(sink.as_mut().poll_flush(cx))?;
            self.dirty = false;
            Poll::Ready(Ok(()))
        })
        .await
    }
}

/// How long a closing connection may take to accept what is still to be said, and then to close.
const LAST_WORDS: std::time::Duration = std::time::Duration::from_secs(5);

/// Head and body as one message.
fn joined(frame: Frame) -> Bytes {
    if frame.body.is_empty() {
        return frame.head;
    }
    let mut whole = BytesMut::with_capacity(frame.head.len() + frame.body.len());
    whole.extend_from_slice(&frame.head);
    whole.extend_from_slice(&frame.body);
    whole.freeze()
}
