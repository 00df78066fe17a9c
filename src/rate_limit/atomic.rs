//! The atomics that sets are made of. The crate that checks interleavings puts loom's in this file's place.

pub(super) use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// Waits a moment for another thread, which is about to store four numbers; or for the scheduler, which took it off.
pub(super) fn pause(attempt: u32) {
    if attempt < 64 {
        std::hint::spin_loop();
    } else {
        std::thread::yield_now();
    }
}
