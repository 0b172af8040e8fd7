//! What waits to be written to one WebSocket: frames as they go out, in order.
//!
//! A body is never copied: the head of its frame and the body itself are handed to the kernel as they are, and what the kernel has taken is let go.
//! Answers to what the client says are counted apart from DOWNLOADs, for whoever asks faster than it reads is not heard until it has read.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::Poll;

use bytes::{Buf, Bytes};
use tokio::io::AsyncWrite;
use tokio::time::Instant;

use super::budget::Share;
use crate::courtesy;
use crate::session::Frame;

/// The queue.
pub struct Outgoing<W> {
    socket: W,
    waiting: VecDeque<Piece>,
    bytes: usize,
    answers: usize,
    shares: usize,
    moved: Instant,
    /// Whether the socket may still hold something back that it has taken: TLS does.
    held_back: bool,
}

/// Some bytes of a frame.
struct Piece {
    bytes: Bytes,
    is_answer: bool,
    /// What the bytes are counted in, beside this queue.
    share: Option<Share>,
}

/// The kinds of frames, as RFC 6455 numbers them.
#[derive(Clone, Copy)]
enum Kind {
    Binary = 2,
    Close = 8,
    Pong = 10,
}

impl<W: AsyncWrite + Unpin> Outgoing<W> {
    /// An empty queue to a socket.
    pub fn new(socket: W) -> Outgoing<W> {
        Outgoing {
            socket,
            waiting: VecDeque::new(),
            bytes: 0,
            answers: 0,
            shares: 0,
            moved: Instant::now(),
            held_back: false,
        }
    }

    /// Whether nothing waits, here or in the socket.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty() && !self.held_back
    }

    /// How much waits.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// How much of that is answers to what the client has said.
    pub fn answers(&self) -> usize {
        self.answers
    }

    /// Since when the client has taken nothing, if something waits.
    pub fn stalled_since(&self) -> Option<Instant> {
        (!self.is_empty()).then_some(self.moved)
    }

    /// Whether something waits that is counted in the server's budget.
    pub fn holds_share(&self) -> bool {
        self.shares > 0
    }

    /// Queues a message. The share ends when the last of it is written.
    pub fn push(&mut self, frame: Frame, share: Option<Share>) {
        let Frame { head, body } = frame;
        let start = framed(Kind::Binary, &head, body.len());
        if body.is_empty() {
            return self.queue(start, true, None);
        }
        self.queue(start, false, None);
        self.queue(body, false, share);
    }

    /// Queues the answer to a ping.
    pub fn pong(&mut self, payload: &[u8]) {
        self.queue(framed(Kind::Pong, payload, 0), true, None);
    }

    /// Queues the end.
    pub fn close(&mut self, code: Option<(u16, &str)>) {
        let mut payload = Vec::new();
        if let Some((code, reason)) = code {
            payload.extend_from_slice(&code.to_be_bytes());
            payload.extend_from_slice(reason.as_bytes());
        }
        self.queue(framed(Kind::Close, &payload, 0), true, None);
    }

    fn queue(&mut self, bytes: Bytes, is_answer: bool, share: Option<Share>) {
        if self.is_empty() {
            self.moved = Instant::now();
        }
        self.bytes += bytes.len();
        self.shares += usize::from(share.is_some());
        if is_answer {
            self.answers += bytes.len();
        }
        self.waiting.push_back(Piece {
            bytes,
            is_answer,
            share,
        });
    }

    /// Writes as much as the client takes now, or a part of that; waits until it takes something. Can be dropped and called again at any point without losing or doubling anything. How many
    /// bytes the client took.
    pub async fn write(&mut self) -> io::Result<usize> {
        if self.waiting.is_empty() {
            poll_fn(|cx| Pin::new(&mut self.socket).poll_flush(cx)).await?;
            self.held_back = false;
            return Ok(0);
        }
        let written = self.write_waiting().await?;
        if written == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        courtesy::served(written / COPYING);
        self.moved = Instant::now();
        self.forget(written);
        self.held_back = true;
        if self.waiting.is_empty() {
            let flushed = poll_fn(|cx| Poll::Ready(Pin::new(&mut self.socket).poll_flush(cx)));
            match flushed.await {
                Poll::Ready(flushed) => {
                    flushed?;
                    self.held_back = false;
                }
                Poll::Pending => {} // the next call goes on
            }
        }
        Ok(written)
    }

    async fn write_waiting(&mut self) -> io::Result<usize> {
        let socket = &mut self.socket;
        let waiting = &self.waiting;
        poll_fn(|cx| {
            let mut slices = [IoSlice::new(&[]); MOST_PIECES];
            let (mut count, mut room) = (0, MOST_AT_ONCE);
            for (slice, piece) in slices.iter_mut().zip(waiting) {
                let taken = room.min(piece.bytes.len());
                *slice = IoSlice::new(&piece.bytes[..taken]);
                count += 1;
                room -= taken;
                if room == 0 {
                    break;
                }
            }
            Pin::new(&mut *socket).poll_write_vectored(cx, &slices[..count])
        })
        .await
    }

    /// Writes all that waits.
    #[cfg(test)]
    pub async fn flush(&mut self) -> io::Result<()> {
        while !self.is_empty() {
            self.write().await?;
        }
        Ok(())
    }

    fn forget(&mut self, mut written: usize) {
        self.bytes -= written;
        while let Some(piece) = self.waiting.front_mut() {
            let taken = written.min(piece.bytes.len());
            if piece.is_answer {
                self.answers -= taken;
            }
            piece.bytes.advance(taken);
            written -= taken;
            if !piece.bytes.is_empty() {
                return;
            }
            self.shares -= usize::from(piece.share.is_some());
            self.waiting.pop_front();
        }
        self.waiting = VecDeque::new(); // who is idle keeps no room for pieces
    }

    /// The socket.
    pub fn socket(&mut self) -> &mut W {
        &mut self.socket
    }
}

/// Pieces that are handed to the kernel in one call.
const MOST_PIECES: usize = 16;

/// Bytes that are handed to the kernel in one call: without a bound it takes megabytes, for milliseconds in which many kernels let nobody else have the processor.
const MOST_AT_ONCE: usize = 128 << 10;

/// The bytes that the kernel copies, and brings to a client on this machine, with an effort of one.
const COPYING: usize = 32;

/// The start of a frame of `start` and `rest` further bytes: its head and `start`.
fn framed(kind: Kind, start: &[u8], rest: usize) -> Bytes {
    let length = start.len() + rest;
    let mut out = Vec::with_capacity(10 + start.len());
    out.push(0x80 | kind as u8);
    match u16::try_from(length) {
        Ok(short) if short < 126 => out.push(short as u8),
        Ok(short) => {
            out.push(126);
            out.extend_from_slice(&short.to_be_bytes());
        }
        Err(_) => {
            out.push(127);
            out.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    out.extend_from_slice(start);
    out.into()
}

#[cfg(test)]
mod tests {
    use std::task::Context;

    use tungstenite::protocol::{Message, Role, WebSocket};

    use super::*;

    /// Takes so many bytes at a time, and no more than it has room for. May hold them back until it is flushed.
    struct Slow {
        taken: Vec<u8>,
        step: usize,
        room: usize,
        held_back: bool,
    }

    impl AsyncWrite for Slow {
        fn poll_write(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            buf: &[u8],
        ) -> Poll<io::Result<usize>> {
            let count = buf.len().min(self.step).min(self.room);
            if count == 0 {
                return Poll::Pending;
            }
            self.room -= count;
            self.taken.extend_from_slice(&buf[..count]);
            Poll::Ready(Ok(count))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            match self.held_back {
                true => Poll::Pending,
                false => Poll::Ready(Ok(())),
            }
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    fn frame(head: usize, body: usize) -> Frame {
        Frame {
            head: vec![b'h'; head].into(),
            body: vec![b'b'; body].into(),
        }
    }

    #[tokio::test]
    async fn what_is_pushed_is_read_as_frames_whatever_their_size() {
        for step in [1, 7, usize::MAX] {
            let mut outgoing = Outgoing::new(Slow {
                taken: Vec::new(),
                step,
                room: usize::MAX,
                held_back: false,
            });
            let sizes = [
                (1, 0),
                (125, 0),
                (126, 0),
                (9, 65_526),
                (9, 65_527),
                (20, 100_000),
            ];
            for (head, body) in sizes {
                outgoing.push(frame(head, body), None);
            }
            outgoing.pong(b"now");
            outgoing.close(Some((4001, "over")));
            outgoing.flush().await.unwrap();
            assert_eq!((outgoing.bytes(), outgoing.answers()), (0, 0));
            let taken = io::Cursor::new(std::mem::take(&mut outgoing.socket().taken));
            let mut reader = WebSocket::from_raw_socket(taken, Role::Client, None);
            for (head, body) in sizes {
                let message = reader.read().unwrap().into_data();
                assert_eq!(message[..head], frame(head, body).head);
                assert_eq!(message[head..], frame(head, body).body);
            }
            assert_eq!(reader.read().unwrap(), Message::Pong(Bytes::from("now")));
            let Message::Close(Some(close)) = reader.read().unwrap() else {
                panic!("no close frame");
            };
            assert_eq!((u16::from(close.code), &*close.reason), (4001, "over"));
        }
    }

    #[tokio::test]
    async fn a_large_message_goes_in_parts() {
        let mut outgoing = Outgoing::new(Slow {
            taken: Vec::new(),
            step: usize::MAX,
            room: usize::MAX,
            held_back: false,
        });
        outgoing.push(frame(10, 3 * MOST_AT_ONCE), None);
        let mut writes = 0;
        while !outgoing.is_empty() {
            assert!(outgoing.write().await.unwrap() <= MOST_AT_ONCE);
            writes += 1;
        }
        assert!(writes >= 4);
        assert_eq!(outgoing.socket().taken.len(), 20 + 3 * MOST_AT_ONCE);
    }

    #[tokio::test(start_paused = true)]
    async fn what_waits_is_counted_until_it_is_taken() {
        let mut outgoing = Outgoing::new(Slow {
            taken: Vec::new(),
            step: usize::MAX,
            room: 50,
            held_back: false,
        });
        assert_eq!(outgoing.stalled_since(), None);
        outgoing.push(frame(10, 100), None);
        outgoing.push(frame(10, 0), None);
        assert_eq!((outgoing.bytes(), outgoing.answers()), (124, 12));
        outgoing.write().await.unwrap(); // the head, for want of vectored writing
        outgoing.write().await.unwrap();
        let moved = outgoing.stalled_since();
        assert_eq!((outgoing.bytes(), outgoing.answers()), (74, 12));
        let wait = std::time::Duration::from_secs(9);
        assert!(tokio::time::timeout(wait, outgoing.write()).await.is_err());
        assert_eq!(outgoing.stalled_since(), moved);
        outgoing.socket().room = 1000;
        outgoing.flush().await.unwrap();
        assert_eq!((outgoing.bytes(), outgoing.answers()), (0, 0));
        assert_eq!(outgoing.stalled_since(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn what_the_socket_holds_back_still_waits() {
        let mut outgoing = Outgoing::new(Slow {
            taken: Vec::new(),
            step: usize::MAX,
            room: usize::MAX,
            held_back: true,
        });
        outgoing.pong(b"now");
        assert_eq!(outgoing.write().await.unwrap(), 5);
        assert_eq!(outgoing.bytes(), 0);
        assert!(!outgoing.is_empty() && outgoing.stalled_since().is_some());
        let wait = std::time::Duration::from_secs(9);
        assert!(tokio::time::timeout(wait, outgoing.write()).await.is_err());
        outgoing.socket().held_back = false;
        assert_eq!(outgoing.write().await.unwrap(), 0);
        assert!(outgoing.is_empty());
    }
}
