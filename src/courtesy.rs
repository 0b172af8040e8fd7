//! Work that keeps a processor busy lets others have it now and then.
//!
//! Whoever is busy keeps the processor for some milliseconds, however many wait for it who need a moment only: so operating systems share. One client's large message would so be felt
//! by all others. Loops that may take long therefore say how much they have done, and after a tenth of a millisecond or so their thread goes to the end of the line. Where nobody waits, that costs
//! next to nothing. What others wait for does not give way: a short job is done at once.

use std::cell::Cell;

/// Effort after which others have their turn, so what loops cut their work into. One is about what it takes to inflate a byte, 5 to 10 ns.
pub const TURN: usize = 8 << 10;
/// Effort of a job that is done at once: no more than a third of a millisecond or so.
const GRACE: usize = 32 << 10;

/// Bytes that are copied, or added to a checksum, at a time.
pub const PIECE: usize = 64 << 10;
/// How many of them with an effort of one.
const COPYING: usize = 16;

thread_local! {
    /// What this thread may do until others have their turn, if it gives way.
    static LEFT: Cell<Option<usize>> = const { Cell::new(None) };
}

/// A job that may take long, and then gives way.
pub fn giving_way<T>(job: impl FnOnce() -> T) -> T {
    struct End;
    impl Drop for End {
        fn drop(&mut self) {
            LEFT.set(None);
        }
    }
    let _end = End;
    LEFT.set(Some(GRACE));
    job()
}

/// So much was done of a job, which gives way if it was begun like that.
pub fn did(effort: usize) {
    if let Some(left) = LEFT.get() {
        take(left, effort);
    }
}

/// Bytes that are copied or looked at piece by piece, as parts of a job that gives way.
pub fn pieces(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.chunks(PIECE).inspect(|piece| copied(piece.len()))
}

/// So many bytes were copied, as a part of a job that gives way.
pub fn copied(bytes: usize) {
    did(bytes / COPYING);
}

/// So much was done for one of many, whose turns a thread takes without end: it gives way.
pub fn served(effort: usize) {
    take(LEFT.get().unwrap_or(TURN), effort);
}

fn take(left: usize, effort: usize) {
    if effort < left {
        return LEFT.set(Some(left - effort));
    }
    LEFT.set(Some(TURN));
    std::thread::yield_now();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_jobs_that_take_long_give_way() {
        did(GRACE);
        assert_eq!(LEFT.get(), None);
        giving_way(|| {
            did(GRACE - 1);
            assert_eq!(LEFT.get(), Some(1));
            did(3);
            assert_eq!(LEFT.get(), Some(TURN));
        });
        let bytes = vec![7; 3 * PIECE + 1];
        giving_way(|| assert_eq!(pieces(&bytes).collect::<Vec<_>>().concat(), bytes));
        assert!(std::panic::catch_unwind(|| giving_way(|| panic!("at work"))).is_err());
        did(1);
        assert_eq!(LEFT.get(), None);
        served(1);
        assert_eq!(LEFT.get(), Some(TURN - 1));
    }
}
