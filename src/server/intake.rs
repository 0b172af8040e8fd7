//! Memory for what clients send: large messages while they come in, and until they are integrated. All connections share it, and wait in line.
//!
//! What a connection may send without asking is small. For more it asks while the message comes in, step by step, so that it never has much more than it needs; and once
//! more for what the message takes when it is inflated. What it has been given then lives as long as the message's bytes do, whoever has them.
//!
//! The first step has memory of its own, so that messages of the usual size do not wait behind large ones. Those who have something and wait for more could wait in a
//! circle, so one of them at a time goes on with what is not there.

use std::future::Future;
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::budget::{Budget, Share};
use crate::courtesy;
use crate::limits::Limits;
use crate::wire;

/// The memory, and who inflates.
pub struct Intake {
    pub(super) first: Budget,
    pub(super) rest: Budget,
    /// One message may be larger than there is memory for it.
    overdraft: Arc<Semaphore>,
    inflating: Semaphore,
    pub(super) limits: Limits,
}

/// What a message has of the memory.
#[derive(Default)]
pub struct Hold {
    bytes: usize,
    first: Option<Share>,
    rest: Option<Share>,
    overdraft: Option<OwnedSemaphorePermit>,
}

impl Hold {
    /// How large the message may become.
    pub fn most(&self) -> usize {
        match self.overdraft {
            Some(_) => usize::MAX,
            None => self.bytes,
        }
    }
}

impl Intake {
    /// As much as the limits say; so many bodies are inflated at a time.
    pub fn new(limits: &Limits, inflating: usize) -> Intake {
        let first = limits.intake_bytes / 4;
        Intake {
            first: Budget::new(first, FIRST),
            rest: Budget::new(limits.intake_bytes - first, FIRST),
            overdraft: Arc::new(Semaphore::new(1)),
            inflating: Semaphore::new(inflating),
            limits: limits.clone(),
        }
    }

    /// Takes a whole message in, and what it takes in memory with it; `None` if that is small.
    pub fn take_in(
        self: &Arc<Intake>,
        message: &Bytes,
        hold: Hold,
    ) -> Option<impl Future<Output = Bytes> + Send + use<>> {
        let size = wire::unpacked_size(message, &self.limits);
        if size <= self.limits.free_message_bytes {
            return None;
        }
        Some(self.clone().unpack(message.clone(), size, hold))
    }

    /// The message with its body inflated, on a thread that may be busy, and counted for as long as there is something of it.
    async fn unpack(self: Arc<Intake>, message: Bytes, size: usize, hold: Hold) -> Bytes {
        let mut hold = self.grow(hold, size).await;
        if size == message.len() {
            self.correct(&mut hold, size);
            return counted(message, hold);
        }
        let turn = self.inflating.acquire().await;
        let _turn = turn.expect("the semaphore is never closed");
        let limits = self.limits.clone();
        let packed = message.clone();
        let unpack = move || courtesy::giving_way(|| wire::unpack(packed, &limits));
        let unpacked = tokio::task::spawn_blocking(unpack).await;
        // After a panic, which is in the log, decoding inflates it.
        let message = unpacked.unwrap_or(message);
        self.correct(&mut hold, message.len());
        counted(message, hold)
    }

    /// Waits until a message may take so many bytes altogether.
    pub async fn grow(&self, mut hold: Hold, bytes: usize) -> Hold {
        if hold.first.is_none() {
            hold.first = Some(self.first.take().await);
            hold.bytes = FIRST;
        }
        if bytes <= hold.bytes || hold.overdraft.is_some() {
            return hold;
        }
        let more = self.rest.take_bytes(bytes - hold.bytes);
        tokio::select! {
            biased;
            more = more => {
                match &mut hold.rest {
                    Some(rest) => rest.merge(more),
                    None => hold.rest = Some(more),
                }
                hold.bytes = bytes;
            }
            overdraft = self.overdraft.clone().acquire_owned() => {
                hold.overdraft = Some(overdraft.expect("the semaphore is never closed"));
            }
        }
        hold
    }

    /// The message takes no more than this.
    fn correct(&self, hold: &mut Hold, bytes: usize) {
        if let Some(first) = &mut hold.first {
            self.first.correct(first, bytes.min(FIRST));
        }
        if let Some(rest) = &mut hold.rest {
            self.rest.correct(rest, bytes.saturating_sub(FIRST));
        }
    }

    /// How much a message asks for that has come in up to here.
    pub fn next_step(&self, bytes: usize) -> usize {
        let mut step = FIRST;
        while step <= bytes {
            step *= 4;
        }
        step.min(self.limits.message_bytes)
    }
}

/// What a message has at first.
pub const FIRST: usize = 256 << 10;

/// Bytes that are counted until the last part of them is gone.
fn counted(bytes: Bytes, hold: Hold) -> Bytes {
    struct Counted(Bytes, #[expect(dead_code, reason = "it is held")] Hold);
    impl AsRef<[u8]> for Counted {
        fn as_ref(&self) -> &[u8] {
            &self.0
        }
    }
    Bytes::from_owner(Counted(bytes, hold))
}
