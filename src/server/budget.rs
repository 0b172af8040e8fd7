//! Bytes of memory that all connections share: of large DOWNLOADs that are made or wait to be taken by their clients, and of large messages that come in.
//!
//! Who comes first gets first. A share is taken for the largest that something usually is, before it is there, and corrected to what it is after. Whoever holds a share
//! waits for no other, so nobody waits in a circle.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The bytes.
pub struct Budget {
    kib: Arc<Semaphore>,
    each: u32,
    all: u32,
    waiting: AtomicUsize,
}

/// Some of the bytes, until it is dropped.
pub struct Share {
    permit: OwnedSemaphorePermit,
}

impl Budget {
    /// So many bytes for all, of which everybody takes `each` at first.
    pub fn new(bytes: usize, each: usize) -> Budget {
        let each = kib(each);
        let all = kib(bytes).max(each);
        Budget {
            kib: Arc::new(Semaphore::new(all as usize)),
            each,
            all,
            waiting: AtomicUsize::new(0),
        }
    }

    /// Takes a share; waits for those who came before.
    pub async fn take(&self) -> Share {
        self.take_kib(self.each).await
    }

    /// Takes a share of so many bytes, or of all there are; waits likewise.
    pub async fn take_bytes(&self, bytes: usize) -> Share {
        self.take_kib(kib(bytes).min(self.all)).await
    }

    async fn take_kib(&self, kib: u32) -> Share {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let _waits = Waits(&self.waiting);
        let permit = self.kib.clone().acquire_many_owned(kib).await;
        Share {
            permit: permit.expect("the semaphore is never closed"),
        }
    }

    /// How many wait for others to give back.
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Whether somebody waits for others to give back.
    pub fn is_wanted(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) > 0
    }

    /// Corrects a share to what it turned out to be. What is more than there is goes uncounted: it is there already, and one entry at most.
    pub fn correct(&self, share: &mut Share, bytes: usize) {
        let permit = &mut share.permit;
        let (is, held) = (kib(bytes) as usize, permit.num_permits());
        if is < held {
            drop(permit.split(held - is));
            return;
        }
        let more = u32::try_from(is - held).unwrap_or(u32::MAX);
        if let Ok(more) = self.kib.clone().try_acquire_many_owned(more) {
            permit.merge(more);
        }
    }
}

/// Somebody who waits, even if it is dropped while doing so.
struct Waits<'a>(&'a AtomicUsize);

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Share {
    /// Adds another share of the same budget.
    pub fn merge(&mut self, other: Share) {
        self.permit.merge(other.permit);
    }
}

fn kib(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: usize = 1 << 20;

    #[tokio::test]
    async fn a_share_is_corrected_and_given_back() {
        let budget = Arc::new(Budget::new(4 * MIB, 2 * MIB));
        let mut one = budget.take().await;
        let two = budget.take().await;
        assert_eq!(budget.kib.available_permits(), 0);
        let third = tokio::spawn({
            let budget = budget.clone();
            async move { budget.take().await }
        });
        while !budget.is_wanted() {
            tokio::task::yield_now().await;
        }
        budget.correct(&mut one, 100);
        assert!(!third.is_finished());
        drop(two);
        let third = third.await.unwrap();
        assert!(!budget.is_wanted());
        // 4096 - 1 - 2048 are left; what is more than that goes uncounted.
        budget.correct(&mut one, MIB);
        assert_eq!(budget.kib.available_permits(), 1024);
        budget.correct(&mut one, 80 * MIB);
        assert_eq!(budget.kib.available_permits(), 1024);
        drop((one, third));
        assert_eq!(budget.kib.available_permits(), 4096);
    }
}
