//! Memory that large messages took goes back to the system when they are gone.
//!
//! glibc raises the size from which it maps a block of its own up to 32 MiB as such blocks are freed. What is smaller then lies in heaps of its own for each thread, between whatever else is
//! there, and stays: with messages of 16 MiB the server held twice of what it used. With a size that does not move, large blocks are mapped, and unmapped when they are freed.
#![allow(unsafe_code)] // the C library has no other interface for it

/// Bytes of a block from which it is mapped by itself.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const LARGE: libc::c_int = 4 << 20;

/// From now on large blocks are apart. Other C libraries than glibc do so by themselves.
pub fn keep_large_blocks_apart() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    for (what, bytes) in [
        (libc::M_MMAP_THRESHOLD, LARGE),
        (libc::M_TRIM_THRESHOLD, 2 * LARGE),
    ] {
        // SAFETY: takes two numbers and a lock of the allocator's own.
        if unsafe { libc::mallopt(what, bytes) } == 0 {
            tracing::debug!(what, bytes, "the allocator does not take a bound");
        }
    }
}
