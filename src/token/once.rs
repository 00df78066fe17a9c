use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use super::TokenDigest;
use crate::clock::{Clock, SystemClock};

/// Remembers which single-use tokens were used.
///
/// # Contract
/// - Atomic: of two concurrent calls with one digest, exactly one is told `true`.
/// - A digest may be forgotten once `until` has passed, and never before: forgetting early lets a token be used
///   again, and is a security fault.
/// - A store that cannot tell returns `Err`; the token is then refused.
///
/// In SQL: `INSERT INTO used_tokens (digest, until) VALUES (?, ?) ON CONFLICT DO NOTHING`, and `true` when a row
/// was inserted.
pub trait OnceStore {
    /// Remembers `digest` until then; `false` when it was known already.
    ///
    /// # Errors
    /// [`OnceStoreError`] when the store cannot tell.
    fn insert_if_absent(&self, digest: &TokenDigest, until: SystemTime) -> Result<bool, OnceStoreError>;
}

/// A store of used tokens cannot tell; the token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the store of used tokens is unavailable")]
pub struct OnceStoreError;

/// A [`OnceStore`] in memory, for one process, that holds at most so many unexpired tokens.
///
/// When it is full it refuses rather than forget: see [`OnceStore`]'s contract.
#[derive(Clone)]
pub struct MemoryOnceStore {
    used: Arc<Mutex<Used>>,
    capacity: usize,
    clock: Arc<dyn Clock>,
}

#[derive(Debug)]
struct Used {
    until: HashMap<TokenDigest, SystemTime>,
    /// What was valid until then or earlier may have been forgotten, even if the clock is set back afterwards.
    forgotten: SystemTime,
    /// Before then nothing can be forgotten; what spares a full store from looking at all it holds each time.
    next: SystemTime,
}

impl MemoryOnceStore {
    /// Holds at most `capacity` unexpired tokens, some 100 bytes each.
    pub fn new(capacity: usize) -> Self {
        let start = SystemTime::UNIX_EPOCH;
        let used = Used { until: HashMap::new(), forgotten: start, next: start };
        Self { used: Arc::new(Mutex::new(used)), capacity, clock: Arc::new(SystemClock) }
    }

    /// The clock by which tokens are forgotten; the signer's.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }
}

impl OnceStore for MemoryOnceStore {
    fn insert_if_absent(&self, digest: &TokenDigest, until: SystemTime) -> Result<bool, OnceStoreError> {
        // INVARIANT: nothing panics while the lock is held.
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if used.until.contains_key(digest) {
            return Ok(false);
        }
        if until <= used.forgotten {
            return Err(OnceStoreError);
        }
        if used.until.len() >= self.capacity {
            let now = self.clock.wall();
            if now < used.next {
                return Err(OnceStoreError);
            }
            used.until.retain(|_, until| *until > now);
            used.forgotten = used.forgotten.max(now);
            used.next = used.until.values().min().copied().unwrap_or(now);
            if used.until.len() >= self.capacity {
                return Err(OnceStoreError);
            }
        }
        used.next = used.next.min(until);
        used.until.insert(*digest, until);
        Ok(true)
    }
}

impl fmt::Debug for MemoryOnceStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryOnceStore").field("capacity", &self.capacity).finish_non_exhaustive()
    }
}
