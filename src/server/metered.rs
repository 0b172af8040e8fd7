//! What one client sends, read as far as there is memory for it.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

use super::intake::{FIRST, Hold, Intake};
use crate::limits::Limits;

/// A socket whose reader waits for memory.
pub struct Metered<R> {
    socket: R,
    intake: Arc<Intake>,
    /// Whether somebody has shown a token.
    is_known: bool,
    /// Bytes of the message that is coming in, about.
    unfinished: usize,
    large: Option<Box<Large>>,
}

/// A large message that is coming in.
struct Large {
    room: Room,
    /// When it must have come in, if others wait.
    end: Pin<Box<Sleep>>,
}

enum Room {
    /// It waits for more.
    Waits(Pin<Box<dyn Future<Output = Hold> + Send>>),
    /// It may be as large as this.
    UpTo(Hold),
}

impl<R> Metered<R> {
    /// Over a socket. Nobody who `is_known` sends messages larger than a BIND.
    pub fn new(socket: R, intake: Arc<Intake>, is_known: bool) -> Metered<R> {
        Metered {
            socket,
            intake,
            is_known,
            unfinished: 0,
            large: None,
        }
    }

    /// Somebody has shown a token.
    pub fn know(&mut self) {
        self.is_known = true;
    }

    /// A message is whole. What it has of the memory.
    pub fn finished(&mut self) -> Hold {
        self.unfinished = 0;
        match self.large.take().map(|large| large.room) {
            Some(Room::UpTo(hold)) => hold,
            Some(Room::Waits(_)) | None => Hold::default(),
        }
    }

    /// So many bytes of what has come were no part of the message that is coming in.
    pub fn passed(&mut self, bytes: usize) {
        self.unfinished = self.unfinished.saturating_sub(bytes);
    }

    /// Whether a large message is coming in.
    pub fn holds_much(&self) -> bool {
        self.large.is_some()
    }

    /// The socket.
    pub fn socket(&mut self) -> &mut R {
        &mut self.socket
    }

    /// Waits until more may be read.
    fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let limits = &self.intake.limits;
        if !self.is_known && self.unfinished > most_of_bind(limits) {
            return Poll::Pending; // whoever learns of a token reads on
        }
        if self.unfinished <= limits.free_message_bytes {
            return Poll::Ready(Ok(()));
        }
        let (intake, unfinished) = (&self.intake, self.unfinished);
        let large = self
            .large
            .get_or_insert_with(|| Box::new(Large::new(intake, unfinished)));
        large.poll_more(intake, unfinished, cx)
    }
}

impl Large {
    fn new(intake: &Arc<Intake>, unfinished: usize) -> Large {
        let end = tokio::time::sleep(intake.limits.upload_time);
        Large {
            room: Room::asked(intake, Hold::default(), unfinished),
            end: Box::pin(end),
        }
    }

    /// Waits until more of the message may come than there is.
    fn poll_more(
        &mut self,
        intake: &Arc<Intake>,
        unfinished: usize,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        while self.end.as_mut().poll(cx).is_ready() {
            let goes_on = matches!(self.room, Room::UpTo(..));
            let has_some = goes_on || unfinished >= FIRST;
            if has_some && intake.first.is_wanted() || goes_on && intake.rest.is_wanted() {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            self.end.as_mut().reset(Instant::now() + PATIENCE);
        }
        if let Room::UpTo(hold) = &mut self.room
            && unfinished >= hold.most()
        {
            self.room = Room::asked(intake, std::mem::take(hold), unfinished);
        }
        if let Room::Waits(line) = &mut self.room {
            let hold = ready!(line.as_mut().poll(cx));
            self.room = Room::UpTo(hold);
        }
        Poll::Ready(Ok(()))
    }
}

impl Room {
    fn asked(intake: &Arc<Intake>, hold: Hold, unfinished: usize) -> Room {
        let intake = intake.clone();
        Room::Waits(Box::pin(async move {
            let step = intake.next_step(unfinished);
            intake.grow(hold, step).await
        }))
    }
}

/// The most that a BIND is, and some more.
fn most_of_bind(limits: &Limits) -> usize {
    limits.bind_path_bytes + limits.bind_token_bytes + 1024
}

/// How often it is looked whether others wait.
const PATIENCE: Duration = Duration::from_secs(5);

impl<R: AsyncRead + Unpin> AsyncRead for Metered<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.poll_room(cx))?;
        let before = buf.filled().len();
        let poll = Pin::new(&mut self.socket).poll_read(cx, buf);
        self.unfinished += buf.filled().len() - before;
        poll
    }
}

/// What is written goes where the socket lets it.
impl<R: AsyncWrite + Unpin> AsyncWrite for Metered<R> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    const MIB: usize = 1 << 20;

    fn intake(bytes: usize) -> Arc<Intake> {
        let limits = Limits {
            intake_bytes: bytes,
            message_bytes: 8 * MIB,
            ..Limits::default()
        };
        Arc::new(Intake::new(&limits, 1))
    }

    /// All of the memory is there again.
    async fn is_all_there(intake: &Intake) {
        intake.first.take_bytes(usize::MAX).await;
        intake.rest.take_bytes(usize::MAX).await;
    }

    #[tokio::test]
    async fn those_who_wait_for_more_do_not_wait_in_a_circle() {
        let intake = intake(4 * MIB);
        let messages: Vec<_> = (0..16)
            .map(|_| {
                let intake = intake.clone();
                tokio::spawn(async move {
                    let bytes = vec![7; 6 * MIB];
                    let mut metered = Metered::new(&bytes[..], intake.clone(), true);
                    let mut message = Vec::new();
                    metered.read_to_end(&mut message).await.unwrap();
                    let message = Bytes::from(message);
                    let taken = intake.take_in(&message, metered.finished());
                    let taken = taken.expect("it is large").await;
                    tokio::task::yield_now().await;
                    taken.len()
                })
            })
            .collect();
        for message in messages {
            assert_eq!(message.await.unwrap(), 6 * MIB);
        }
        is_all_there(&intake).await;
    }

    #[tokio::test]
    async fn what_is_small_asks_for_nothing() {
        let intake = intake(MIB);
        let _all = intake.first.take_bytes(usize::MAX).await;
        let bytes = vec![7; 60 << 10];
        let mut metered = Metered::new(&bytes[..], intake.clone(), true);
        let mut message = Vec::new();
        for _ in 0..3 {
            metered.socket = &bytes;
            message.clear();
            metered.read_to_end(&mut message).await.unwrap();
            let hold = metered.finished();
            assert!(
                intake
                    .take_in(&Bytes::from(message.clone()), hold)
                    .is_none()
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_takes_too_long_goes_when_others_wait() {
        let intake = intake(MIB); // one can have the first step
        let begin = || async {
            let (mut far, near) = tokio::io::duplex(MIB);
            far.write_all(&vec![7; 100 << 10]).await.unwrap();
            let mut metered = Metered::new(near, intake.clone(), true);
            let reader = tokio::spawn(async move {
                let mut message = Vec::new();
                metered
                    .read_to_end(&mut message)
                    .await
                    .map_err(|e| e.kind())
            });
            (far, reader)
        };
        let (_far, slow) = begin().await;
        tokio::time::sleep(intake.limits.upload_time * 10).await;
        assert!(!slow.is_finished());
        let (far, next) = begin().await;
        assert_eq!(slow.await.unwrap(), Err(io::ErrorKind::TimedOut));
        drop(far);
        assert_eq!(next.await.unwrap(), Ok(100 << 10));
        is_all_there(&intake).await;
    }

    #[tokio::test(start_paused = true)]
    async fn who_has_shown_no_token_is_heard_as_far_as_a_bind() {
        let intake = intake(MIB);
        let most = most_of_bind(&intake.limits);
        let bytes = vec![7; 40 << 10];
        let mut metered = Metered::new(&bytes[..], intake, false);
        let mut read = vec![0; 100];
        let mut heard = 0;
        let wait = Duration::from_secs(9);
        while let Ok(count) = tokio::time::timeout(wait, metered.read(&mut read)).await {
            heard += count.unwrap();
        }
        assert!((most..most + 200).contains(&heard), "{heard}");
        metered.know();
        assert_eq!(metered.read(&mut read).await.unwrap(), 100);
    }
}
