//! Locks and threads of what several threads share. The crate that checks interleavings puts its own in this file's place.

pub(crate) use std::sync::{Condvar, Mutex, MutexGuard, RwLock, atomic};
pub(crate) use std::thread;
