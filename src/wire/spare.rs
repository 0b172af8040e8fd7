//! The states of zlib, used again and again.
//!
//! Making one takes longer than deflating the changeset of a small transaction. And its memory is aligned, which glibc before 2.38 does not find again once it was given
//! back: a server that made one for each message grew by 20 MiB a minute.

use std::sync::{Mutex, PoisonError};

use flate2::{Compress, Compression, Decompress};

/// States that nobody uses now, a few of a kind.
pub struct Spares<T> {
    spare: Mutex<Vec<T>>,
    make: fn() -> T,
    reset: fn(&mut T),
}

/// At most so many are kept; more than that work at the same time only on machines with more cores.
const KEPT: usize = 16;

/// Compressors of zlib streams, level 1 as SDKs have it.
pub static COMPRESSORS: Spares<Compress> = Spares {
    spare: Mutex::new(Vec::new()),
    make: || Compress::new(Compression::fast(), true),
    reset: Compress::reset,
};

/// Those that inflate such streams.
pub static DECOMPRESSORS: Spares<Decompress> = Spares {
    spare: Mutex::new(Vec::new()),
    make: || Decompress::new(true),
    reset: |decompress| decompress.reset(true),
};

impl<T> Spares<T> {
    /// Works with one that is as new.
    pub fn with<R>(&self, work: impl FnOnce(&mut T) -> R) -> R {
        let spare = || self.spare.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = spare().pop();
        let mut state = kept.unwrap_or_else(self.make);
        let result = work(&mut state);
        (self.reset)(&mut state);
        let mut spare = spare();
        if spare.len() < KEPT {
            spare.push(state);
        }
        result
    }
}
