//! What open Realms keep in memory so that they need not read it again, counted together.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The sum of all shares.
#[derive(Clone, Default)]
pub struct Memory(Arc<AtomicUsize>);

/// What one Realm keeps. Dropping it takes it from the sum.
pub struct Share {
    all: Memory,
    bytes: AtomicUsize,
}

impl Memory {
    /// Bytes that all keep together.
    pub fn bytes(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// A share of nothing yet.
    pub fn share(&self) -> Share {
        Share {
            all: self.clone(),
            bytes: AtomicUsize::new(0),
        }
    }
}

impl Share {
    /// So much is kept now.
    pub fn set(&self, bytes: usize) {
        let before = self.bytes.swap(bytes, Ordering::Relaxed);
        self.all.0.fetch_add(bytes, Ordering::Relaxed);
        self.all.0.fetch_sub(before, Ordering::Relaxed);
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.set(0);
    }
}
