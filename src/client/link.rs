//! The task that keeps a copy in sync: connects, converses, comes back.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tungstenite::Message;

use super::ClientError;
use super::realm::{Shared, now};
use super::socket::{self, NoConnection, Socket};
use crate::replica::{Output, Progress, Session, Touched, Violation};
use crate::wire::{Action, Answer, Request};

/// What whoever holds the Realm asks of the task.
pub enum Command {
    /// There are new changes.
    Changed,
    /// Say when everything that is on the server now is here.
    Mark(oneshot::Sender<()>),
    /// Go offline, or online again.
    Online(bool),
    /// Lose the connection.
    Lose,
    /// End.
    Close(oneshot::Sender<()>),
}

/// What the task says of itself.
#[derive(Debug, Clone)]
pub struct Status {
    /// Whether there is a connection.
    pub connected: bool,
    /// How far the copy has come.
    pub progress: Progress,
    /// Why there is no connection, if there was an attempt.
    pub trouble: Option<ClientError>,
    /// Why the task has given up.
    pub failed: Option<ClientError>,
}

impl Status {
    /// Before the first connection.
    pub fn new(progress: Progress) -> Status {
        Status {
            connected: false,
            progress,
            trouble: None,
            failed: None,
        }
    }
}

/// First and longest delay between attempts to connect.
const FIRST_DELAY: Duration = Duration::from_millis(100);
const LONGEST_DELAY: Duration = Duration::from_secs(30);
/// Time between PINGs.
const PING: Duration = Duration::from_secs(60);
/// Bytes to which one DOWNLOAD may inflate.
const DOWNLOAD_BYTES: usize = 1 << 30;

/// What goes on beside the connection of the moment.
struct Task {
    shared: Arc<Shared>,
    commands: mpsc::UnboundedReceiver<Command>,
    online: bool,
    /// Who waits for a MARK, with its number in this session once it was sent.
    marks: Vec<(Option<u64>, oneshot::Sender<()>)>,
    closed: Option<oneshot::Sender<()>>,
    resets: Resets,
}

/// Client resets one after another, with nothing between them that has come to rest: what the server has does not fit, or it cannot keep what it was told.
#[derive(Default)]
struct Resets {
    /// How long the next one waits.
    delay: Duration,
}

impl Resets {
    /// How long this one waits: the first not at all.
    fn next(&mut self) -> Duration {
        let longer = (self.delay * 2).clamp(FIRST_DELAY, LONGEST_DELAY);
        std::mem::replace(&mut self.delay, longer)
    }

    /// All that there is was taken, or the connection ended in another way.
    fn end(&mut self) {
        self.delay = Duration::ZERO;
    }
}

/// How a connection has ended.
enum End {
    /// Come back at once.
    Again,
    /// Begin anew, with what the server has.
    Reset(ClientError),
    /// Come back after a while.
    Later(ClientError),
    /// Get a new access token first.
    Unauthorized,
    /// For good.
    Failed(ClientError),
    /// As asked for.
    Closed,
}

/// Runs until the Realm is closed, dropped, or refused for good.
pub async fn run(shared: Arc<Shared>, commands: mpsc::UnboundedReceiver<Command>) {
    let mut task = Task {
        shared,
        commands,
        online: true,
        marks: Vec::new(),
        closed: None,
        resets: Resets::default(),
    };
    let mut delay = FIRST_DELAY;
    let mut refreshed = false;
    loop {
        let end = if task.online {
            task.connection(&mut delay, &mut refreshed).await
        } else {
            End::Later(ClientError::Unreachable {
                url: task.shared.user.server().url().to_owned(),
                cause: "offline, as asked for".into(),
            })
        };
        task.shared
            .status
            .send_modify(|status| status.connected = false);
        let end = match end {
            // One new token for one refusal; a second refusal is about something else.
            End::Unauthorized if !refreshed => {
                refreshed = true;
                match task.shared.user.refresh().await {
                    Ok(()) => continue,
                    Err(
                        error @ (ClientError::Unreachable { .. } | ClientError::Untrusted { .. }),
                    ) => End::Later(error),
                    Err(error) => End::Failed(error),
                }
            }
            End::Unauthorized => End::Failed(ClientError::Unauthorized(
                "the server does not accept the token".into(),
            )),
            other => other,
        };
        if !matches!(end, End::Reset(_)) {
            task.resets.end();
        }
        match end {
            End::Again => {}
            End::Reset(error) => {
                let delay = task.resets.next();
                tracing::debug!(realm = %task.shared.address, %error, ?delay, "client reset");
                if task.pause(delay).await.is_break() {
                    break;
                }
            }
            End::Later(error) => {
                tracing::debug!(realm = %task.shared.address, %error, "no connection");
                task.shared
                    .status
                    .send_modify(|status| status.trouble = Some(error));
                if task.pause(delay).await.is_break() {
                    break;
                }
                delay = (delay * 2).min(LONGEST_DELAY);
            }
            End::Failed(error) => {
                task.shared
                    .status
                    .send_modify(|status| status.failed = Some(error));
                break;
            }
            End::Closed | End::Unauthorized => break,
        }
    }
    if let Some(closed) = task.closed {
        closed.send(()).unwrap_or_default(); // whoever asked may have gone
    }
}

impl Task {
    async fn connection(&mut self, delay: &mut Duration, refreshed: &mut bool) -> End {
        let user = &self.shared.user;
        let url = user.sync_url(&self.shared.address);
        let trust = user.server().trust();
        match socket::connect(&url, trust, &self.shared.options).await {
            Ok((socket, rules)) => {
                self.shared.replica().merge_by(rules);
                self.shared.status.send_modify(|status| {
                    status.connected = true;
                    status.trouble = None;
                });
                *delay = FIRST_DELAY;
                *refreshed = false;
                self.converse(socket).await
            }
            Err(NoConnection::Unauthorized) => End::Unauthorized,
            Err(NoConnection::Later(error)) => End::Later(error),
            Err(NoConnection::Never(error)) => End::Failed(error),
        }
    }

    /// Waits before the next attempt; ends early when something is asked for.
    async fn pause(&mut self, delay: Duration) -> ControlFlow<()> {
        let end = Instant::now() + delay;
        loop {
            let command = tokio::select! {
                command = self.commands.recv() => command,
                () = tokio::time::sleep_until(end), if self.online => return ControlFlow::Continue(()),
            };
            match command {
                Some(Command::Changed | Command::Lose) => {}
                Some(Command::Mark(done)) => self.marks.push((None, done)),
                Some(Command::Online(true)) => {
                    self.online = true;
                    return ControlFlow::Continue(());
                }
                Some(Command::Online(false)) => self.online = false,
                Some(Command::Close(done)) => {
                    self.closed = Some(done);
                    return ControlFlow::Break(());
                }
                None => return ControlFlow::Break(()),
            }
        }
    }

    /// One connection, from BIND to its end.
    async fn converse(&mut self, mut socket: Socket) -> End {
        let shared = self.shared.clone();
        let mut said = Vec::new();
        let text = shared.address.text();
        let mut session = Session::start(&shared.replica(), &text, shared.options.reset, &mut said);
        self.marks.iter_mut().for_each(|(number, _)| *number = None);
        let mut ping = Instant::now() + PING;
        let mut pong: Option<Instant> = None;
        loop {
            for (number, _) in self.marks.iter_mut().filter(|(number, _)| number.is_none()) {
                *number = Some(session.mark(&mut said));
            }
            while !said.is_empty() {
                if let Some(end) = self.carry_out(&mut socket, &mut session, &mut said).await {
                    return end;
                }
            }
            tokio::select! {
                message = socket.next() => match message {
                    Some(Ok(Message::Binary(message))) => {
                        let answer = match Answer::decode(message, DOWNLOAD_BYTES) {
                            Ok(answer) => answer,
                            Err(error) => return self.strange(&error),
                        };
                        if matches!(answer, Answer::Pong { .. }) {
                            pong = None;
                        }
                        if let Err(violation) = handle(&shared, &mut session, answer, &mut said) {
                            return match violation {
                                Violation::Replica(error) => End::Failed(error.into()),
                                Violation::Server(_) => self.strange(&violation),
                            };
                        }
                    }
                    Some(Ok(Message::Close(Some(frame)))) if u16::from(frame.code) == 4001 => return End::Unauthorized,
                    Some(Ok(Message::Close(_))) | None => return self.lost("the server has closed the connection"),
                    Some(Ok(Message::Text(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                    Some(Err(error)) => return self.lost(&error),
                },
                command = self.commands.recv() => match command {
                    Some(Command::Changed) => session.changed(&shared.replica(), &mut said),
                    Some(Command::Mark(done)) => self.marks.push((None, done)),
                    Some(Command::Online(true)) => {}
                    Some(Command::Lose) => return End::Again,
                    Some(Command::Online(false)) => {
                        self.online = false;
                        return self.leave(socket, &mut session, End::Again).await;
                    }
                    Some(Command::Close(done)) => {
                        self.closed = Some(done);
                        return self.leave(socket, &mut session, End::Closed).await;
                    }
                    None => return self.leave(socket, &mut session, End::Closed).await,
                },
                () = tokio::time::sleep_until(ping), if pong.is_none() => {
                    ping = Instant::now() + PING;
                    pong = Some(Instant::now() + shared.options.timeout);
                    let request = Request::Ping { timestamp: 0, round_trip: 0 };
                    said.push(Output::Send(request.encode().into()));
                }
                () = sleep_until(pong) => return self.lost("a PING was not answered"),
            }
        }
    }

    /// Sends and tells what the session has put out.
    async fn carry_out(
        &mut self,
        socket: &mut Socket,
        session: &mut Session,
        said: &mut Vec<Output>,
    ) -> Option<End> {
        let mut fed = false;
        for output in std::mem::take(said) {
            match output {
                Output::Send(message) => {
                    fed = true;
                    if let Err(error) = socket.feed(Message::Binary(message)).await {
                        return Some(self.lost(&error));
                    }
                }
                Output::Moved(touched) => self.shared.moved(touched),
                Output::Marked(number) => {
                    let recovered = recover(&self.shared);
                    if let Err(error) = recovered {
                        return Some(End::Failed(error));
                    }
                    self.resets.end();
                    session.changed(&self.shared.replica(), said);
                    let waiting = std::mem::take(&mut self.marks);
                    for (wanted, done) in waiting {
                        if wanted.is_some_and(|wanted| wanted <= number) {
                            done.send(()).unwrap_or_default(); // whoever asked may have gone
                        } else {
                            self.marks.push((wanted, done));
                        }
                    }
                }
                Output::Ended(error) => {
                    let reset = matches!(
                        error.action,
                        Action::ClientReset | Action::ClientResetNoRecovery
                    );
                    self.shared.moved(Touched {
                        schema: reset, // no class is there any more
                        ..Touched::default()
                    });
                    return Some(match error.action {
                        Action::ClientReset | Action::ClientResetNoRecovery => {
                            End::Reset(ClientError::Ended(error))
                        }
                        Action::Transient => End::Later(ClientError::Ended(error)),
                        Action::ApplicationBug | Action::ProtocolViolation => {
                            End::Failed(ClientError::Ended(error))
                        }
                    });
                }
            }
        }
        if fed && let Err(error) = socket.flush().await {
            return Some(self.lost(&error));
        }
        None
    }

    async fn leave(&self, mut socket: Socket, session: &mut Session, end: End) -> End {
        let mut said = Vec::new();
        session.unbind(&mut said);
        let unbind = said.into_iter().find_map(|output| match output {
            Output::Send(message) => Some(message),
            Output::Moved(_) | Output::Marked(_) | Output::Ended(_) => None,
        });
        let message = Message::Binary(unbind.unwrap_or_else(Bytes::new));
        let farewell = async {
            socket.send(message).await?;
            socket.close(None).await
        };
        if let Ok(Err(error)) = tokio::time::timeout(Duration::from_secs(5), farewell).await {
            tracing::debug!(%error, "the connection had ended already");
        }
        end
    }

    fn lost(&self, cause: impl std::fmt::Display) -> End {
        End::Later(ClientError::Unreachable {
            url: self.shared.user.server().url().to_owned(),
            cause: cause.to_string(),
        })
    }

    fn strange(&self, cause: &dyn std::fmt::Display) -> End {
        End::Failed(ClientError::Strange {
            url: self.shared.user.server().url().to_owned(),
            cause: cause.to_string(),
        })
    }
}

/// Takes an answer. A copy in a file waits for the disk, so other tasks of this thread go elsewhere meanwhile.
fn handle(
    shared: &Shared,
    session: &mut Session,
    answer: Answer,
    said: &mut Vec<Output>,
) -> Result<(), Violation> {
    let work = || session.handle(answer, &mut shared.replica(), said);
    let many = tokio::runtime::Handle::current().runtime_flavor()
        == tokio::runtime::RuntimeFlavor::MultiThread;
    if many && shared.replica().is_in_file() {
        tokio::task::block_in_place(work)
    } else {
        work()
    }
}

/// Makes changes again that a client reset has parked.
fn recover(shared: &Shared) -> Result<(), ClientError> {
    let mut replica = shared.replica();
    if !replica.has_parked() {
        return Ok(());
    }
    let (left_out, touched) = replica.recover(now())?;
    drop(replica);
    shared.moved(touched);
    if left_out > 0 {
        tracing::warn!(realm = %shared.address, left_out, "instructions of unsynced changes no longer fit after a client reset");
    }
    Ok(())
}

async fn sleep_until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_reset_that_comes_again_and_again_waits() {
        let mut resets = Resets::default();
        assert_eq!(resets.next(), Duration::ZERO);
        let delays: Vec<Duration> = (0..20).map(|_| resets.next()).collect();
        assert_eq!(delays[..3], [1, 2, 4].map(|times| times * FIRST_DELAY));
        assert_eq!(delays.last(), Some(&LONGEST_DELAY));
        resets.end();
        assert_eq!(resets.next(), Duration::ZERO);
    }
}
