//! The socket of a client: TCP that acknowledges at once, with TLS above it or without.
//!
//! Clients of the SDKs never set TCP_NODELAY: after a small message their kernel holds the next one back until the first is
//! acknowledged, and ours would delay that by 40 ms. `TCP_QUICKACK` must be set again after each read; the flag does not stay.
//!
//! As a WebSocket it comes apart: `tungstenite` reads, and what is written is written by [`super::outgoing`].

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf, ReadHalf, WriteHalf};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::either::Either;

use crate::courtesy;

/// The socket of a client. TLS lies in a box, so that sockets without it take no memory for it.
pub type Socket = Either<Tcp, Tls>;
type Tls = Box<TlsStream<Tcp>>;

/// The half that is written to.
pub type Outward = Either<OwnedWriteHalf, WriteHalf<Tls>>;

/// Bytes that TLS takes, encrypts and holds back for a client that does not read.
const HELD_BACK: usize = 32 << 10;

/// A TCP stream that asks for quick acknowledgement after each read.
pub struct Tcp(TcpStream);

impl Tcp {
    /// Takes an accepted connection. Small messages leave at once; who takes nothing of what it is sent for so long, or has gone, is let go by the system.
    pub fn new(stream: TcpStream, stall: Duration) -> io::Result<Tcp> {
        stream.set_nodelay(true)?;
        #[cfg(target_os = "linux")]
        {
            let stall = u32::try_from(stall.as_millis()).unwrap_or(u32::MAX);
            rustix::net::sockopt::set_tcp_user_timeout(&stream, stall)?;
        }
        Ok(Tcp(stream))
    }

    /// As it is.
    pub fn plain(self) -> Socket {
        Either::Left(self)
    }

    /// Shakes hands.
    pub async fn secured(self, acceptor: &TlsAcceptor) -> io::Result<Socket> {
        let bounded = acceptor.accept_with(self, |connection| {
            connection.set_buffer_limit(Some(HELD_BACK));
        });
        Ok(Either::Right(Box::new(bounded.await?)))
    }
}

/// The two directions.
pub fn split(socket: Socket) -> (Incoming, Outward) {
    match socket {
        Either::Left(Tcp(stream)) => {
            let (read, write) = stream.into_split();
            (Incoming(Either::Left(Reading(read))), Either::Left(write))
        }
        Either::Right(stream) => {
            let (read, write) = tokio::io::split(stream);
            (Incoming(Either::Right(read)), Either::Right(write))
        }
    }
}

/// What the client sends. What is written to it is dropped: whoever reads has nothing to say of its own.
pub struct Incoming(Either<Reading, ReadHalf<Tls>>);

/// The half of a TCP stream that is read.
struct Reading(OwnedReadHalf);

/// The effort of one read, and the bytes that are copied with an effort of one.
const READ: usize = 64;
const COPYING: usize = 64;

fn acknowledge(stream: &TcpStream) {
    #[cfg(target_os = "linux")]
    if let Err(error) = stream.set_quickack(true) {
        tracing::trace!(%error, "TCP_QUICKACK not set");
    }
}

/// Reads, and acknowledges if something came.
fn poll_read<R: AsyncRead + Unpin>(
    half: &mut R,
    stream: impl Fn(&R) -> &TcpStream,
    cx: &mut Context<'_>,
    buf: &mut ReadBuf<'_>,
) -> Poll<io::Result<()>> {
    let before = buf.filled().len();
    let poll = Pin::new(&mut *half).poll_read(cx, buf);
    let read = buf.filled().len() - before;
    if read > 0 {
        courtesy::served(READ + read / COPYING);
        acknowledge(stream(half));
    }
    poll
}

impl AsyncRead for Reading {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        poll_read(&mut self.0, |half| half.as_ref(), cx, buf)
    }
}

impl AsyncRead for Incoming {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Incoming {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Tcp {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        poll_read(&mut self.0, |stream| stream, cx, buf)
    }
}

impl AsyncWrite for Tcp {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
