//! One WebSocket: frames in, the session machine, frames out.
//!
//! The task of a connection never waits for one thing only: it reads while the machine allows it, writes while something waits to be written,
//! and takes the answers of lanes and readers as they come. What waits to be written is bounded: above the bound no DOWNLOAD is built.

use std::collections::VecDeque;
use std::future::Future;
use std::io::ErrorKind::UnexpectedEof;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use tokio::io::AsyncWriteExt;
use tokio::time::Instant;
use tokio_tungstenite::WebSocketStream;
use tungstenite::Message;
use tungstenite::error::ProtocolError::ResetWithoutClosingHandshake;
use tungstenite::protocol::WebSocketConfig;

use super::budget::Share;
use super::desk::{self, Desk};
use super::events::{Arrivals, Event};
use super::intake::Hold;
use super::metered::Metered;
use super::outgoing::Outgoing;
use super::socket::{Incoming, Outward};
use crate::courtesy;
use crate::session::{Close, Connection, Frame, Input, Output};

/// How `tungstenite` is to treat our connections: small buffers, for there are many, and no message beyond the limit.
pub fn config(message_bytes: usize) -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(1024)
        .max_message_size(Some(message_bytes))
        .max_frame_size(Some(message_bytes))
}

/// One connection and all that belongs to it.
pub struct Task {
    connection: Connection,
    /// Carries out what the machine asks of the server.
    desk: Desk,
    events: Arrivals,
    incoming: WebSocketStream<Metered<Incoming>>,
    /// A large message that is taken in; nothing after it is read meanwhile.
    taken_in: Option<Pin<Box<dyn Future<Output = Bytes> + Send>>>,
    outgoing: Outgoing<Outward>,
    /// Reads put off until the client has taken what waits for it.
    reads: VecDeque<Output>,
    /// Reads that are not small, put off until the one before is done.
    large_reads: VecDeque<Output>,
    /// Whether a large DOWNLOAD is being made.
    is_making: bool,
    /// What the DOWNLOAD that the machine is given is counted in.
    share: Option<Share>,
    /// How long the client has to take that, if others wait for it.
    share_until: Instant,
    /// When the client last said something, or was last kept from it.
    heard: Instant,
    until: Until,
    /// The client is to hear the last message, whatever it is sending.
    linger: bool,
}

/// How long a connection is allowed.
pub enum Until {
    /// Until a token must have come.
    TokenCame(Instant),
    /// Until the first of its tokens ends; `None` is for ever.
    TokenEnds(Option<Instant>),
}

impl Until {
    fn end(&self) -> Option<Instant> {
        match self {
            Until::TokenCame(end) => Some(*end),
            Until::TokenEnds(end) => *end,
        }
    }

    /// A token has come that ends then.
    fn with(&self, end: Option<Instant>) -> Until {
        match self {
            Until::TokenCame(_) | Until::TokenEnds(None) => Until::TokenEnds(end),
            Until::TokenEnds(Some(first)) => {
                Until::TokenEnds(Some(end.map_or(*first, |end| end.min(*first))))
            }
        }
    }
}

/// Why a connection's task goes on or ends.
enum Next {
    Continue,
    End,
}

impl Task {
    /// Takes over an upgraded connection. Boxed, so that it lies in memory once, and not in every future that it passes through.
    pub fn new(
        incoming: WebSocketStream<Metered<Incoming>>,
        outgoing: Outward,
        connection: Connection,
        desk: Desk,
        events: Arrivals,
        until: Until,
    ) -> Box<Task> {
        Box::new(Task {
            connection,
            desk,
            events,
            incoming,
            taken_in: None,
            outgoing: Outgoing::new(outgoing),
            reads: VecDeque::new(),
            large_reads: VecDeque::new(),
            is_making: false,
            share: None,
            share_until: Instant::now(),
            heard: Instant::now(),
            until,
            linger: false,
        })
    }

    /// Serves until the client leaves, the server closes, or the socket breaks.
    pub async fn run(mut self: Box<Task>) {
        let mut outputs = Vec::new();
        self.connection.start(&mut outputs);
        let mut next = self.carry_out(outputs);
        while let Next::Continue = next {
            let may_read = self.may_read();
            if !may_read {
                self.heard = Instant::now(); // it may have spoken
            }
            let (deadline, close) = self.deadline();
            next = tokio::select! {
                written = self.outgoing.write(), if !self.outgoing.is_empty() => match written {
                    Ok(bytes) => {
                        self.desk.tally().sent(bytes);
                        self.make_reads()
                    }
                    Err(error) => self.lost(&error),
                },
                Some(event) = self.events.next() => self.event(event),
                message = self.incoming.next(), if may_read => {
                    self.heard = Instant::now();
                    match message {
                        Some(Ok(message)) => self.whole(message),
                        Some(Err(tungstenite::Error::Capacity(error))) => self.input(Input::Oversized(error.to_string())),
                        Some(Err(tungstenite::Error::Protocol(ResetWithoutClosingHandshake))) => self.left(),
                        // SDKs end TLS as they end TCP, without a word.
                        Some(Err(tungstenite::Error::Io(error))) if error.kind() == UnexpectedEof => self.left(),
                        Some(Err(error)) => self.lost(&error),
                        None => self.left(),
                    }
                }
                message = taken_in(&mut self.taken_in), if self.taken_in.is_some() => {
                    self.taken_in = None;
                    self.input(Input::Message(message))
                }
                () = tokio::time::sleep_until(deadline) => self.close(&close),
                () = tokio::time::sleep_until(self.share_until), if self.outgoing.holds_share() => self.overstayed(),
            };
        }
        self.finish().await;
        self.leave();
    }

    /// Gives back what belongs to it. For megabytes that takes the system milliseconds, in which this thread would serve no other connection.
    fn leave(self: Box<Self>) {
        let Task {
            incoming, taken_in, ..
        } = *self;
        if incoming.get_ref().holds_much() || taken_in.is_some() {
            tokio::task::spawn_blocking(move || drop((incoming, taken_in)));
        }
    }

    /// Whether the client is heard: not while a large message is taken in, while much waits for the Realms, nor while it does not read what it has asked for.
    fn may_read(&self) -> bool {
        self.taken_in.is_none()
            && self.connection.may_read_socket()
            && self.desk.may_ask()
            && self.outgoing.answers() <= self.desk.limits().outgoing_bytes
    }

    /// When the connection is to be closed if nothing happens until then, and why.
    fn deadline(&self) -> (Instant, Close) {
        let limits = self.desk.limits();
        let stalled = self
            .outgoing
            .stalled_since()
            .map(|since| since + limits.stall);
        let ends = [
            (Some(self.heard + limits.silence), Close::Silent),
            (stalled, Close::Stalled),
            (self.until.end(), Close::TokenExpired),
        ];
        let ends = ends
            .into_iter()
            .filter_map(|(end, close)| Some((end?, close)));
        ends.min_by_key(|(end, _)| *end)
            .expect("silence always ends some time")
    }

    /// The client takes its time. So it may, unless others wait for the memory.
    fn overstayed(&mut self) -> Next {
        if self.desk.budget().is_wanted() {
            return self.close(&Close::Stalled);
        }
        self.share_until = Instant::now() + PATIENCE;
        Next::Continue
    }

    /// Writes what still waits and ends the TCP connection, each within a short time. No Close frame is made up: clients stay away for an hour after
    /// codes that they do not know. Closing while the client still sends would take back what it has not read, so then the rest is awaited and dropped.
    async fn finish(&mut self) {
        let end = async {
            while !self.outgoing.is_empty() {
                let bytes = self.outgoing.write().await?;
                self.desk.tally().sent(bytes);
            }
            self.outgoing.socket().shutdown().await
        };
        match tokio::time::timeout(LAST_WORDS, end).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return tracing::trace!(%error, "connection ended while closing"),
            Err(_) => return tracing::trace!("the client did not take the last messages"),
        }
        if !self.linger {
            return;
        }
        let rest = self.incoming.get_mut().socket();
        let mut nowhere = tokio::io::sink();
        let end = tokio::io::copy(rest, &mut nowhere);
        match tokio::time::timeout(LAST_WORDS, end).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::trace!(%error, "connection ended while closing"),
            Err(_) => tracing::trace!("the client did not close"),
        }
    }

    /// A message has come. Control frames may come amid another message, which goes on after them.
    fn whole(&mut self, message: Message) -> Next {
        let metered = self.incoming.get_mut();
        let hold = match &message {
            Message::Binary(_) | Message::Text(_) => metered.finished(),
            control => {
                metered.passed(control.len() + CONTROL_HEAD);
                Hold::default()
            }
        };
        self.message(message, hold)
    }

    fn message(&mut self, message: Message, hold: Hold) -> Next {
        courtesy::served(MESSAGE);
        match message {
            Message::Binary(bytes) => {
                self.desk.tally().received(bytes.len());
                match self.desk.intake().take_in(&bytes, hold) {
                    Some(taken_in) => {
                        self.taken_in = Some(Box::pin(taken_in));
                        Next::Continue
                    }
                    None => self.input(Input::Message(bytes)),
                }
            }
            Message::Ping(payload) => {
                self.outgoing.pong(&payload);
                Next::Continue
            }
            Message::Text(_) | Message::Pong(_) | Message::Frame(_) => Next::Continue,
            Message::Close(close) => {
                let code = close.map(|close| u16::from(close.code));
                self.outgoing.close(code.map(|code| (code, "")));
                self.left()
            }
        }
    }

    fn event(&mut self, event: Event) -> Next {
        match event {
            Event::Answer(input) => {
                self.desk.answered();
                self.input(input)
            }
            Event::Made(input, changesets, share) => {
                self.desk.tally().downloaded(changesets);
                self.desk.answered();
                self.is_making = false;
                self.share = share;
                let next = self.input(input);
                self.share = None;
                next
            }
            Event::Integrated(input) => self.input(input),
            Event::News(session) => match self.desk.news(session) {
                Some(head) => self.input(Input::Announced(session, head)),
                None => Next::Continue,
            },
            Event::Rights(session) => match self.desk.recheck(session) {
                Some(error) => self.input(Input::Denied(session, error)),
                None => Next::Continue,
            },
            Event::Removed(session) => self.input(Input::Denied(session, desk::removed())),
            Event::Token(end) => {
                self.until = self.until.with(end);
                self.incoming.get_mut().know();
                Next::Continue
            }
            Event::Close(close) => self.close(&close),
        }
    }

    fn input(&mut self, input: Input) -> Next {
        let mut outputs = Vec::new();
        self.connection.handle(input, &mut outputs);
        self.carry_out(outputs)
    }

    fn carry_out(&mut self, outputs: Vec<Output>) -> Next {
        match self.hand_on(outputs) {
            Next::Continue => self.make_reads(),
            Next::End => Next::End,
        }
    }

    fn hand_on(&mut self, outputs: Vec<Output>) -> Next {
        for output in outputs {
            match output {
                Output::Send(frame) if frame.body.is_empty() => self.outgoing.push(frame, None),
                Output::Send(frame) => self.send_download(frame),
                Output::Close(close) => return self.close(&close),
                read @ Output::Read { .. } => self.reads.push_back(read),
                other => self.desk.carry_out(other),
            }
        }
        Next::Continue
    }

    fn send_download(&mut self, frame: Frame) {
        let share = self.share.take();
        if share.is_some() {
            self.share_until = Instant::now() + self.desk.limits().download_time;
        }
        self.outgoing.push(frame, share);
    }

    /// Makes DOWNLOADs while the client takes what waits: those that need no waiting at once, of the others one at a time.
    fn make_reads(&mut self) -> Next {
        while self.outgoing.bytes() <= self.desk.limits().outgoing_bytes {
            if let Some(read) = self.reads.pop_front() {
                match self.desk.read_now(&read) {
                    Some(made) => {
                        let mut outputs = Vec::new();
                        self.connection.handle(made, &mut outputs);
                        if let Next::End = self.hand_on(outputs) {
                            return Next::End;
                        }
                    }
                    None => self.large_reads.push_back(read),
                }
            } else if let Some(read) = self.next_large_read() {
                self.is_making = self.desk.read(read);
            } else {
                self.reads = VecDeque::new(); // who is idle keeps no room for them
                break;
            }
        }
        Next::Continue
    }

    fn next_large_read(&mut self) -> Option<Output> {
        if self.is_making {
            None
        } else {
            self.large_reads.pop_front()
        }
    }

    fn close(&mut self, close: &Close) -> Next {
        self.desk.tally().ends(&close.to_string());
        self.linger = *close == Close::AfterError;
        let code = close.code(self.connection.protocol());
        if code.is_some() {
            self.outgoing.close(code);
        }
        Next::End
    }

    fn lost(&mut self, error: &dyn std::fmt::Display) -> Next {
        let reason = format!("connection lost: {error}");
        self.desk.tally().ends(&reason);
        Next::End
    }

    fn left(&mut self) -> Next {
        self.desk.tally().ends("the client left");
        Next::End
    }
}

/// The message that is taken in.
async fn taken_in(message: &mut Option<Pin<Box<dyn Future<Output = Bytes> + Send>>>) -> Bytes {
    match message {
        Some(message) => message.await,
        None => std::future::pending().await,
    }
}

/// Bytes before the payload of a control frame of a client.
const CONTROL_HEAD: usize = 6;

/// The effort of taking a message and handing it on.
const MESSAGE: usize = 256;

/// How often it is looked whether others wait.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long a closing connection may take to accept what is still to be said, and then to close.
const LAST_WORDS: Duration = Duration::from_secs(5);
