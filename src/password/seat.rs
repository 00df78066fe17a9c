//! A login that waits while every core hashes may ride along: its lane of scrypt is mixed beside the one of a hash that
//! runs, by that one's thread, in less time than one after the other.

use std::mem;
use std::sync::PoisonError;

use super::arena::Arena;
use super::scheme::Progress;
use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sync::{Condvar, Mutex, MutexGuard};

/// Room for one beside a hash that runs.
pub(super) struct Seat {
    state: Mutex<State>,
    changed: Condvar,
    /// Whether a look at the state is due: it is asked once for each row.
    knocked: AtomicBool,
}

/// A lane, and what it is mixed in.
pub(super) struct Ride {
    pub(super) arena: Arena,
    pub(super) chunks: usize,
    pub(super) progress: Progress,
}

impl Drop for Ride {
    /// What is lost is erased too.
    fn drop(&mut self) {
        self.arena.wipe((0, self.chunks));
    }
}

enum State {
    Free,
    Offered(Ride),
    Riding,
    Back(Ride),
    Closed,
}

impl Seat {
    pub(super) fn new() -> Self {
        Self { state: Mutex::new(State::Free), changed: Condvar::new(), knocked: AtomicBool::new(false) }
    }

    /// Hands a lane over, and waits until it is back: further on its way, or where it was. `None` if it is lost, as when
    /// the other thread panics.
    pub(super) fn ride(&self, ride: Ride) -> Option<Ride> {
        let mut state = self.lock();
        if matches!(*state, State::Closed) {
            return Some(ride);
        }
        *state = State::Offered(ride);
        self.knocked.store(true, Ordering::Release);
        loop {
            match mem::replace(&mut *state, State::Closed) {
                State::Back(ride) => return Some(ride),
                State::Closed => return None,
                other => *state = other,
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Takes what was handed over.
    pub(super) fn take(&self) -> Option<Ride> {
        if !self.knocked.load(Ordering::Acquire) {
            return None;
        }
        self.knocked.store(false, Ordering::Relaxed);
        let mut state = self.lock();
        match mem::replace(&mut *state, State::Riding) {
            State::Offered(ride) => Some(ride),
            other => {
                *state = other;
                None
            }
        }
    }

    /// Gives back what was taken.
    pub(super) fn give_back(&self, ride: Ride) {
        *self.lock() = State::Back(ride);
        self.changed.notify_all();
    }

    /// Takes nobody from now on. What was offered goes back; what was taken and not given back is lost.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        *state = match mem::replace(&mut *state, State::Closed) {
            State::Offered(ride) | State::Back(ride) => State::Back(ride),
            State::Free | State::Riding | State::Closed => State::Closed,
        };
        drop(state);
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // INVARIANT: nothing panics while the lock is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
