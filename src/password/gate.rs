//! How much hashing happens at once, and the memory it happens in.
//!
//! A login flood asks for 128 MiB a request. The gate admits callers in order of arrival while their memory fits
//! the budget; the others wait, and after a deadline are told that the server is busy, before anything was
//! allocated for them. Argon2's blocks are kept for the next hash, erased.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use argon2::Block;
use zeroize::Zeroize;

use super::HashErrorKind;
use crate::clock::{Clock, SystemClock};

/// How much memory and how many hashes a [`Hasher`](super::Hasher) may use at once, shared by its clones.
///
/// The default is one hash for each core, 128 MiB of memory for each core but at least 256 MiB and at most
/// 1 GiB, and callers wait up to 10 seconds for their turn. All hashers that were not given a budget of their
/// own share one such budget, so that making a hasher for each request is safe.
///
/// ```
/// use palisade::password::{Budget, Hasher};
/// use std::time::Duration;
///
/// let budget = Budget::default().hashes(4).memory(512 << 20).wait(Duration::from_secs(2));
/// let hasher = Hasher::builder().budget(budget).build()?;
/// # Ok::<(), palisade::password::BuildError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "give it to a builder"]
pub struct Budget {
    pub(super) memory: u64,
    pub(super) hashes: usize,
    pub(super) wait: Duration,
}

impl Budget {
    /// Working memory of all hashes together, in bytes.
    pub fn memory(mut self, bytes: u64) -> Self {
        self.memory = bytes;
        self
    }

    /// Hashes at once; more than there are cores only makes each slower.
    pub fn hashes(mut self, count: usize) -> Self {
        self.hashes = count;
        self
    }

    /// How long a caller waits for its turn before the answer is `Busy`.
    pub fn wait(mut self, deadline: Duration) -> Self {
        self.wait = deadline;
        self
    }
}

impl Default for Budget {
    fn default() -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let memory = (cores as u64).saturating_mul(128 << 20).clamp(256 << 20, 1 << 30);
        Self { memory, hashes: cores, wait: Duration::from_secs(10) }
    }
}

/// Admits hashes within a budget.
pub(super) struct Gate {
    budget: Budget,
    state: Mutex<State>,
    freed: Condvar,
}

#[derive(Default)]
struct State {
    running: usize,
    /// Bytes granted to running hashes.
    granted: u64,
    /// Erased Argon2 memory kept for the next hash. INVARIANT: together with `granted` within the budget.
    idle: Vec<Vec<Block>>,
    /// Those who wait, in order of arrival.
    queue: VecDeque<u64>,
    next_ticket: u64,
}

/// Leave to run one hash; gives its share back when dropped, whatever happened.
pub(super) struct Permit<'gate> {
    gate: &'gate Gate,
    memory: u64,
    blocks: Vec<Block>,
}

impl Gate {
    pub(super) fn new(budget: Budget) -> Self {
        Self { budget, state: Mutex::default(), freed: Condvar::new() }
    }

    /// The one of this process.
    pub(super) fn shared() -> Arc<Self> {
        static SHARED: LazyLock<Arc<Gate>> = LazyLock::new(|| Arc::new(Gate::new(Budget::default())));
        Arc::clone(&SHARED)
    }

    pub(super) fn budget(&self) -> Budget {
        self.budget
    }

    /// Waits for a share of `memory` bytes, behind everyone who came before.
    ///
    /// `memory` must not exceed the budget's: the policy's ceiling sees to that.
    pub(super) fn enter(&self, memory: u64) -> Result<Permit<'_>, HashErrorKind> {
        let deadline = SystemClock.monotonic().saturating_add(self.budget.wait);
        let mut state = self.lock();
        let ticket = state.next_ticket;
        state.next_ticket = ticket.wrapping_add(1);
        state.queue.push_back(ticket);
        loop {
            if state.queue.front() == Some(&ticket) && self.has_room(&state, memory) {
                state.queue.pop_front();
                state.running += 1;
                state.granted += memory;
                let blocks = state.take_idle(memory);
                state.shrink_idle(self.budget.memory);
                drop(state);
                self.freed.notify_all(); // the next in the queue may fit too
                return Ok(Permit { gate: self, memory, blocks });
            }
            let left = deadline.saturating_sub(SystemClock.monotonic());
            if left.is_zero() {
                state.queue.retain(|waiting| *waiting != ticket);
                drop(state);
                self.freed.notify_all(); // who stood behind may be first now
                return Err(HashErrorKind::Busy);
            }
            state = self.freed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn has_room(&self, state: &State, memory: u64) -> bool {
        state.running < self.budget.hashes && state.granted.saturating_add(memory) <= self.budget.memory
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // INVARIANT: nothing panics while the lock is held, so even a poisoned state would be whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Argon2 memory of exactly this size, if some was kept.
    fn take_idle(&mut self, memory: u64) -> Vec<Block> {
        let fits = self.idle.iter().position(|blocks| size(blocks) == memory);
        fits.map_or_else(Vec::new, |index| self.idle.swap_remove(index))
    }

    /// Returns kept memory to the allocator until all is within the budget again.
    fn shrink_idle(&mut self, budget: u64) {
        let kept = |idle: &[Vec<Block>]| idle.iter().map(|blocks| size(blocks)).sum::<u64>();
        while !self.idle.is_empty() && self.granted.saturating_add(kept(&self.idle)) > budget {
            self.idle.pop();
        }
    }
}

impl Permit<'_> {
    /// Argon2's memory; `None` when the allocator has none.
    pub(super) fn blocks(&mut self, count: usize) -> Option<&mut [Block]> {
        if self.blocks.len() < count {
            self.blocks = Vec::new();
            self.blocks.try_reserve_exact(count).ok()?;
            self.blocks.resize(count, Block::new());
        }
        self.blocks.get_mut(..count)
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.blocks.iter_mut().for_each(Zeroize::zeroize);
        let blocks = std::mem::take(&mut self.blocks);
        let mut state = self.gate.lock();
        state.running -= 1;
        state.granted -= self.memory;
        if !blocks.is_empty() {
            state.idle.push(blocks);
            state.shrink_idle(self.gate.budget.memory);
        }
        drop(state);
        self.gate.freed.notify_all();
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.budget, f)
    }
}

fn size(blocks: &[Block]) -> u64 {
    size_of_val(blocks) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

    const KIB: u64 = 1024;

    fn impatient(hashes: usize, memory: u64) -> Gate {
        Gate::new(Budget { memory, hashes, wait: Duration::ZERO })
    }

    #[test]
    fn a_full_budget_answers_busy_before_anything_is_allocated() {
        let gate = impatient(8, 10 * KIB);
        let first = gate.enter(6 * KIB).unwrap();
        assert_eq!(gate.enter(5 * KIB).err(), Some(HashErrorKind::Busy));
        let second = gate.enter(4 * KIB).unwrap();
        drop(first);
        assert_eq!(gate.enter(7 * KIB).err(), Some(HashErrorKind::Busy));
        drop(second);
        assert!(gate.enter(10 * KIB).is_ok());
        assert!(gate.lock().queue.is_empty());
    }

    #[test]
    fn hashes_at_once_are_counted_too() {
        let gate = impatient(1, 10 * KIB);
        let running = gate.enter(KIB).unwrap();
        assert_eq!(gate.enter(KIB).err(), Some(HashErrorKind::Busy));
        drop(running);
        assert!(gate.enter(KIB).is_ok());
    }

    #[test]
    fn blocks_are_kept_for_the_next_hash_and_yield_to_others() {
        let gate = impatient(2, 10 * KIB);
        let mut permit = gate.enter(6 * KIB).unwrap();
        permit.blocks(6).unwrap()[5].as_mut()[127] = 0xdead_beef;
        let address = permit.blocks.as_ptr();
        drop(permit);

        let mut permit = gate.enter(6 * KIB).unwrap();
        assert_eq!(permit.blocks.as_ptr(), address);
        assert_eq!(permit.blocks(6).unwrap()[5].as_ref()[127], 0);
        drop(permit);

        let other = gate.enter(5 * KIB).unwrap(); // 5 + 6 kept is above 10: what was kept goes
        assert!(gate.lock().idle.is_empty());
        drop(other);
    }

    #[test]
    fn waiting_threads_all_run_and_never_exceed_the_budget() {
        let gate = Gate::new(Budget { memory: 8 * KIB, hashes: 3, wait: Duration::from_secs(60) });
        let (granted, running, most) = (AtomicU64::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
        thread::scope(|scope| {
            for worker in 0..16 {
                let (gate, granted, running, most) = (&gate, &granted, &running, &most);
                scope.spawn(move || {
                    for round in 0..50 {
                        let memory = (1 + (worker + round) % 8) * KIB;
                        let mut permit = gate.enter(memory).unwrap();
                        assert!(granted.fetch_add(memory, Ordering::SeqCst) + memory <= 8 * KIB);
                        most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        permit.blocks(usize::try_from(memory / KIB).unwrap()).unwrap();
                        thread::yield_now();
                        running.fetch_sub(1, Ordering::SeqCst);
                        granted.fetch_sub(memory, Ordering::SeqCst);
                        drop(permit);
                    }
                });
            }
        });
        assert!(most.into_inner() <= 3);
        let state = gate.lock();
        assert_eq!((state.running, state.granted, state.queue.len()), (0, 0, 0));
        assert!(state.idle.iter().map(|blocks| size(blocks)).sum::<u64>() <= 8 * KIB);
    }

    #[test]
    fn a_panic_in_a_hash_gives_its_share_back() {
        let gate = impatient(1, KIB);
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let _permit = gate.enter(KIB).unwrap();
            panic!("in the middle of a hash");
        }));
        assert!(panicked.is_err());
        assert!(gate.enter(KIB).is_ok());
    }
}
