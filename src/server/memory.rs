//! Memory that is not needed any more goes back to the system.
//!
//! glibc raises the size from which it maps a block of its own up to 32 MiB as such blocks are freed. What is smaller then lies in heaps of its own for each thread, between whatever else is
//! there, and stays: with messages of 16 MiB the server held twice of what it used. With a size that does not move, large blocks are mapped, and unmapped when they are freed.
//!
//! glibc has up to eight heaps for each processor, each with free places between its blocks, and threads change from one to the next: for hours more of them fill. With fewer the server soon needs
//! what it is going to.
#![allow(unsafe_code)] // the C library has no other interface for it

/// Bytes of a block from which it is mapped by itself.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const LARGE: libc::c_int = 4 << 20;
/// Heaps for each processor, and the fewest there are.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const HEAPS: (usize, usize) = (2, 4);

/// From now on large blocks are apart, and all others in few heaps, unless `MALLOC_ARENA_MAX` says in how many; to be called before there are many threads. Other C libraries than glibc do so by themselves.
pub fn keep_little() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    for (what, number) in [
        (libc::M_MMAP_THRESHOLD, Some(LARGE)),
        (libc::M_TRIM_THRESHOLD, Some(2 * LARGE)),
        (libc::M_ARENA_MAX, heaps()),
    ] {
        let Some(number) = number else { continue };
        // SAFETY: takes two numbers and a lock of the allocator's own.
        if unsafe { libc::mallopt(what, number) } == 0 {
            tracing::debug!(what, number, "the allocator does not take a bound");
        }
    }
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn heaps() -> Option<libc::c_int> {
    if std::env::var_os("MALLOC_ARENA_MAX").is_some() {
        return None;
    }
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let (each, fewest) = HEAPS;
    libc::c_int::try_from((each * processors).max(fewest)).ok()
}
