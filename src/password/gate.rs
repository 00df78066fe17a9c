//! How much hashing happens at once, and the memory it happens in.
//!
//! A login flood asks for 128 MiB a request. The gate admits callers in order of arrival while their memory fits
//! the budget; the others wait, and after a deadline are told that the server is busy, before anything was
//! allocated for them. What a hash worked in is kept for the next one, erased.

use std::collections::VecDeque;
use std::sync::{Arc, LazyLock, PoisonError};
use std::thread;
use std::time::Duration;
use std::{fmt, mem};

use super::HashErrorKind;
use super::arena::{Arena, Block};
use super::scheme::{Chunk, Progress};
use super::seat::{Ride, Seat};
use crate::clock::{Clock, SystemClock};
use crate::sync::{Condvar, Mutex, MutexGuard};

/// How much memory and how many hashes a [`Hasher`](super::Hasher) may use at once, shared by its clones.
///
/// The default is 512 MiB of memory, four of the default policy's hashes, no more hashes at once than there are
/// cores, and callers that wait up to 10 seconds for their turn. All hashers that were not given a budget of their
/// own share one such budget, so that making a hasher for each request is safe. In a container with less memory,
/// give a smaller one. After a flood the process keeps what it hashed in, within the budget, for the next. Memory for more
/// hashes than may run at once is not wasted: with it, logins that wait are hashed beside those that run.
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
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(default, deny_unknown_fields)
)]
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

    /// Threads that hash at once; more than there are cores only makes each slower. Each may mix a second login's scrypt.
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
        Self { memory: 512 << 20, hashes: cores, wait: Duration::from_secs(10) }
    }
}

/// Admits hashes within a budget.
pub(super) struct Gate {
    budget: Budget,
    state: Mutex<State>,
    freed: Condvar,
    /// As many asynchronous callers as may hash at once, and ride along, hold a thread of the blocking pool; the others
    /// wait without.
    #[cfg(feature = "tokio")]
    pub(super) threads: Arc<tokio::sync::Semaphore>,
}

#[derive(Default)]
struct State {
    running: usize,
    /// Those who rode along and wait for a place of their own, before everybody else.
    promoted: usize,
    /// Bytes granted to running hashes.
    granted: u64,
    /// Erased memory kept for the next call, oldest first, and what it is charged. INVARIANT: together with `granted`
    /// within the budget, and no more pieces than twice the hashes that may run.
    idle: VecDeque<(u64, Arena)>,
    /// Room beside hashes that run, and the chunks of their blocks.
    seats: Vec<(usize, Arc<Seat>)>,
    /// Those who wait, in order of arrival.
    queue: VecDeque<u64>,
    next_ticket: u64,
    /// The memory of every hash, in order.
    #[cfg(test)]
    log: Vec<u64>,
    #[cfg(test)]
    granted_at_most: u64,
    #[cfg(test)]
    running_at_most: usize,
}

/// What a call asks for, whose hashes run one after the other.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Share {
    /// Bytes to be charged to the budget: of the dearest hash. They must not exceed it: the policy's ceiling sees to that.
    pub(super) memory: u64,
    /// How many of Argon2's blocks that works in.
    pub(super) blocks: usize,
    /// How many of scrypt's chunks.
    pub(super) chunks: usize,
    /// The chunks of its block, where that may be mixed beside another; else none.
    pub(super) rides: usize,
    /// How many of both a next call will want.
    pub(super) keep: (usize, usize),
}

impl Share {
    /// What a row needs, under this policy: the same memory where that is the same kind, so that it is found again, and
    /// none of another kind, which would not be paid for. It is charged what the policy is, at least, so that all callers
    /// wait alike, but for those who cannot ride along.
    pub(super) fn of_row(self, row: Self) -> Self {
        let memory = self.memory.max(row.memory);
        let kind = |policy: usize, row: usize| if row == 0 { 0 } else { policy.max(row) };
        Self {
            memory,
            blocks: kind(self.blocks, row.blocks),
            chunks: kind(self.chunks, row.chunks),
            rides: row.rides,
            ..self
        }
    }
}

/// When a call gives up waiting.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline(Duration);

impl Deadline {
    pub(super) fn left(self) -> Duration {
        self.0.saturating_sub(SystemClock.monotonic())
    }
}

/// Leave to hash, one after the other; gives its share back when dropped, whatever happened.
pub(super) struct Permit<'gate> {
    gate: &'gate Gate,
    share: Share,
    reach: Reach,
    /// Where its first hash may ride along.
    seat: Option<Arc<Seat>>,
    arena: Arena,
    /// Blocks and chunks that were written to: a cheaper row uses few of a policy's.
    used: (usize, usize),
}

impl Gate {
    pub(super) fn new(budget: Budget) -> Self {
        Self {
            budget,
            state: Mutex::default(),
            freed: Condvar::new(),
            #[cfg(feature = "tokio")]
            threads: Arc::new(tokio::sync::Semaphore::new(
                budget.hashes.saturating_mul(2).clamp(1, tokio::sync::Semaphore::MAX_PERMITS),
            )),
        }
    }

    /// The one of this process.
    pub(super) fn shared() -> Arc<Self> {
        static SHARED: LazyLock<Arc<Gate>> = LazyLock::new(|| Arc::new(Gate::new(Budget::default())));
        Arc::clone(&SHARED)
    }

    pub(super) fn budget(&self) -> Budget {
        self.budget
    }

    /// Until when a caller who comes now waits, however many hashes its call needs.
    pub(super) fn deadline(&self) -> Deadline {
        Deadline(SystemClock.monotonic().saturating_add(self.budget.wait))
    }

    /// Waits for a share of the budget, behind everyone who came before.
    pub(super) fn enter(&self, share: Share, deadline: Deadline) -> Result<Permit<'_>, HashErrorKind> {
        let mut state = self.lock();
        let ticket = state.next_ticket;
        state.next_ticket = ticket.wrapping_add(1);
        state.queue.push_back(ticket);
        loop {
            if state.queue.front() == Some(&ticket)
                && let Some((reach, seat)) = self.place(&mut state, share)
            {
                state.queue.pop_front();
                let permit = self.grant(&mut state, share, reach, seat);
                drop(state);
                self.freed.notify_all(); // the next in the queue may fit too
                return Ok(permit);
            }
            let left = deadline.left();
            if left.is_zero() {
                state.queue.retain(|waiting| *waiting != ticket);
                drop(state);
                self.freed.notify_all(); // who stood behind may be first now
                return Err(HashErrorKind::Busy);
            }
            state = self.freed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn has_room(&self, state: &State, share: Share, reach: Reach) -> bool {
        (reach == Reach::Memory || state.running + state.promoted < self.budget.hashes)
            && state.granted.saturating_add(share.memory) <= self.budget.memory
    }

    /// A thread that may hash, or else a seat beside one that hashes the like.
    fn place(&self, state: &mut State, share: Share) -> Option<(Reach, Option<Arc<Seat>>)> {
        if self.has_room(state, share, Reach::Thread) {
            return Some((Reach::Thread, None));
        }
        let index = state.seats.iter().position(|(width, _)| *width == share.rides && share.rides > 0)?;
        let has_room = self.has_room(state, share, Reach::Memory);
        has_room.then(|| (Reach::Memory, Some(state.seats.swap_remove(index).1)))
    }

    fn grant(&self, state: &mut State, share: Share, reach: Reach, seat: Option<Arc<Seat>>) -> Permit<'_> {
        state.running += usize::from(reach == Reach::Thread);
        state.granted += share.memory;
        #[cfg(test)]
        {
            state.granted_at_most = state.granted_at_most.max(state.granted);
            state.running_at_most = state.running_at_most.max(state.running);
        }
        let arena = state.take_idle((share.blocks, share.chunks));
        state.shrink_idle(&self.budget);
        Permit { gate: self, share, reach, seat, arena, used: (0, 0) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // INVARIANT: nothing panics while the lock is held, so even a poisoned state would be whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Memory of exactly so many blocks and chunks, if some was kept.
    fn take_idle(&mut self, count: (usize, usize)) -> Arena {
        let fits = self.idle.iter().position(|(_, arena)| arena.count() == count);
        fits.and_then(|index| self.idle.remove(index)).unwrap_or_default().1
    }

    /// Returns kept memory to the allocator, oldest first, until all is within the budget again.
    fn shrink_idle(&mut self, budget: &Budget) {
        let kept = |idle: &VecDeque<(u64, Arena)>| idle.iter().map(|(charged, _)| charged).sum::<u64>();
        while self.idle.len() > budget.hashes.saturating_mul(2)
            || self.granted.saturating_add(kept(&self.idle)) > budget.memory
        {
            if self.idle.pop_front().is_none() {
                break;
            }
        }
    }
}

/// What a permit is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// A hash on a thread of its own, which is one of those at once.
    Thread,
    /// Memory for one more lane on a thread that hashes already.
    Memory,
}

impl<'gate> Permit<'gate> {
    /// As much again for the same hash, if that is to be had at once and nobody waits for it.
    pub(super) fn more(&self, reach: Reach) -> Option<Permit<'gate>> {
        let mut state = self.gate.lock();
        let free = state.queue.is_empty() && self.gate.has_room(&state, self.share, reach);
        free.then(|| self.gate.grant(&mut state, self.share, reach, None))
    }

    /// Has a lane mixed beside another hash, if a seat was given: as far as that one goes. `None` if it was lost there.
    pub(super) fn ride(&mut self, chunks: usize, progress: Progress) -> Option<Progress> {
        let Some(seat) = self.seat.take() else { return Some(progress) };
        let mut ride = seat.ride(Ride { arena: mem::take(&mut self.arena), chunks, progress })?;
        self.arena = mem::take(&mut ride.arena);
        Some(ride.progress)
    }

    /// Waits for a place among the hashes at once, where this one had none: who rode along until here, before all others.
    ///
    /// It comes: who has one waits for nobody.
    pub(super) fn run_alone(&mut self) {
        if self.reach == Reach::Thread {
            return;
        }
        let mut state = self.gate.lock();
        state.promoted += 1;
        while state.running >= self.gate.budget.hashes {
            state = self.gate.freed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.promoted -= 1;
        state.running += 1;
        #[cfg(test)]
        {
            state.running_at_most = state.running_at_most.max(state.running);
        }
        self.reach = Reach::Thread;
    }

    /// Offers room beside this hash, which runs on this thread from now on.
    pub(super) fn offer_seat(&mut self, width: usize) -> OfferedSeat<'gate> {
        self.run_alone();
        let seat = Arc::new(Seat::new());
        let mut state = self.gate.lock();
        state.seats.push((width, Arc::clone(&seat)));
        drop(state);
        self.gate.freed.notify_all();
        OfferedSeat { gate: self.gate, seat }
    }

    /// Notes what a hash works in.
    #[cfg(test)]
    pub(super) fn note(&self, memory: u64) {
        self.gate.lock().log.push(memory);
    }

    /// Erases what hashes have written so far.
    pub(super) fn wipe(&mut self) {
        self.arena.wipe(mem::take(&mut self.used));
    }

    /// So many of Argon2's blocks, at most what the share asked for; `None` when there is no memory.
    pub(super) fn blocks(&mut self, count: usize) -> Option<&mut [Block]> {
        self.used.0 = self.used.0.max(count);
        self.arena.blocks(self.share.blocks)?.get_mut(..count)
    }

    /// So many of scrypt's chunks, as [`blocks`](Self::blocks).
    pub(super) fn chunks(&mut self, count: usize) -> Option<&mut [Chunk]> {
        self.used.1 = self.used.1.max(count);
        self.arena.chunks(self.share.chunks)?.get_mut(..count)
    }
}

/// A [`Seat`] of a hash that runs; nobody takes it once this is dropped.
pub(super) struct OfferedSeat<'gate> {
    gate: &'gate Gate,
    seat: Arc<Seat>,
}

impl OfferedSeat<'_> {
    pub(super) fn take(&self) -> Option<Ride> {
        self.seat.take()
    }

    pub(super) fn give_back(&self, ride: Ride) {
        self.seat.give_back(ride);
    }
}

impl Drop for OfferedSeat<'_> {
    fn drop(&mut self) {
        self.gate.lock().seats.retain(|(_, seat)| !Arc::ptr_eq(seat, &self.seat));
        self.seat.close();
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.wipe();
        let mut arena = mem::take(&mut self.arena);
        if arena.count() != self.share.keep {
            arena = Arena::default(); // returned before its share is
        }
        let mut state = self.gate.lock();
        state.running -= usize::from(self.reach == Reach::Thread);
        state.granted -= self.share.memory;
        if arena.count() != (0, 0) {
            state.idle.push_back((self.share.memory, arena));
            state.shrink_idle(&self.gate.budget);
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

#[cfg(test)]
impl OfferedSeat<'_> {
    /// Whether somebody was granted it.
    pub(super) fn is_taken(&self) -> bool {
        self.gate.lock().seats.is_empty()
    }
}

#[cfg(test)]
impl Deadline {
    pub(super) const PASSED: Self = Self(Duration::ZERO);
}

#[cfg(test)]
impl Gate {
    /// The memory of every hash so far, in order.
    pub(super) fn log(&self) -> Vec<u64> {
        self.lock().log.clone()
    }

    pub(super) fn running_at_most(&self) -> usize {
        self.lock().running_at_most
    }

    pub(super) fn granted_at_most(&self) -> u64 {
        self.lock().granted_at_most
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

    const KIB: u64 = 1024;

    fn impatient(hashes: usize, memory: u64) -> Gate {
        Gate::new(Budget { memory, hashes, wait: Duration::ZERO })
    }

    fn plain(memory: u64) -> Share {
        Share { memory, ..Share::default() }
    }

    /// As many blocks as fit into `memory`.
    fn argon2(memory: u64) -> Share {
        {
            let blocks = usize::try_from(memory / KIB).unwrap();
            Share { memory, blocks, chunks: 0, rides: 0, keep: (blocks, 0) }
        }
    }

    #[test]
    fn a_full_budget_answers_busy_before_anything_is_allocated() {
        let gate = impatient(8, 10 * KIB);
        let first = gate.enter(plain(6 * KIB), gate.deadline()).unwrap();
        assert_eq!(gate.enter(plain(5 * KIB), gate.deadline()).err(), Some(HashErrorKind::Busy));
        let second = gate.enter(plain(4 * KIB), gate.deadline()).unwrap();
        drop(first);
        assert_eq!(gate.enter(plain(7 * KIB), gate.deadline()).err(), Some(HashErrorKind::Busy));
        drop(second);
        assert!(gate.enter(plain(10 * KIB), gate.deadline()).is_ok());
        assert!(gate.lock().queue.is_empty());
    }

    #[test]
    fn hashes_at_once_are_counted_too() {
        let gate = impatient(1, 10 * KIB);
        let running = gate.enter(plain(KIB), gate.deadline()).unwrap();
        assert_eq!(gate.enter(plain(KIB), gate.deadline()).err(), Some(HashErrorKind::Busy));
        drop(running);
        assert!(gate.enter(plain(KIB), gate.deadline()).is_ok());
    }

    #[test]
    fn blocks_are_kept_erased_and_yield_to_others() {
        let gate = impatient(2, 10 * KIB);
        let mut permit = gate.enter(argon2(6 * KIB), gate.deadline()).unwrap();
        permit.blocks(6).unwrap()[5].as_mut()[127] = 0xdead_beef;
        let address = permit.arena.blocks(6).unwrap().as_ptr();
        drop(permit);

        let mut permit = gate.enter(argon2(6 * KIB), gate.deadline()).unwrap();
        assert_eq!(permit.arena.blocks(6).unwrap().as_ptr(), address);
        assert_eq!(permit.blocks(6).unwrap()[5].as_ref()[127], 0);
        drop(permit);

        let other = gate.enter(plain(5 * KIB), gate.deadline()).unwrap(); // 5 + 6 kept is above 10: what was kept goes
        assert!(gate.lock().idle.is_empty());
        drop(other);
    }

    #[test]
    fn a_row_gets_the_policys_memory_only_where_it_uses_it() {
        let policy = Share { memory: 50 * KIB, blocks: 0, chunks: 30, rides: 0, keep: (0, 30) };
        let of = |memory, blocks, chunks| {
            let share = policy.of_row(Share { memory, blocks, chunks, rides: 0, keep: (blocks, chunks) });
            (share.memory / KIB, share.blocks, share.chunks, share.keep)
        };
        assert_eq!(of(KIB, 0, 7), (50, 0, 30, (0, 30)), "a cheaper row of the same kind");
        assert_eq!(of(80 * KIB, 0, 40), (80, 0, 40, (0, 30)), "a dearer one");
        assert_eq!(of(5 * KIB, 5, 0), (50, 5, 0, (0, 30)), "one of another kind");
        assert_eq!(of(0, 0, 0), (50, 0, 0, (0, 30)), "one that needs none");

        let gate = impatient(1, 100 * KIB);
        let mut permit = gate.enter(policy, gate.deadline()).unwrap();
        let address = permit.chunks(7).unwrap().as_ptr();
        drop(permit);
        let mut other = gate.enter(Share { blocks: 5, chunks: 0, ..policy }, gate.deadline()).unwrap();
        assert_eq!(other.blocks(5).unwrap().len(), 5);
        drop(other);
        let mut permit = gate.enter(policy, gate.deadline()).unwrap();
        assert_eq!(permit.chunks(30).unwrap().as_ptr(), address);
        assert!(permit.chunks(30).unwrap().iter().all(|chunk| *chunk == [0; 64]));
    }

    #[test]
    fn kept_memory_never_outgrows_what_can_be_reused() {
        let gate = impatient(2, 1000 * KIB);
        for size in 1..50 {
            let mut permit = gate
                .enter(
                    Share { memory: 20 * KIB, blocks: size, chunks: 0, rides: 0, keep: (size, 0) },
                    gate.deadline(),
                )
                .unwrap();
            assert_eq!(permit.blocks(size).unwrap().len(), size);
        }
        let kept: Vec<usize> = gate.lock().idle.iter().map(|(_, arena)| arena.count().0).collect();
        assert_eq!(kept, [46, 47, 48, 49]); // the newest: as many as two hashes may work in

        let mut permit = gate
            .enter(
                Share { memory: 900 * KIB, blocks: 900, chunks: 0, rides: 0, keep: (20, 0) },
                gate.deadline(),
            )
            .unwrap();
        permit.blocks(900).unwrap();
        drop(permit);
        assert!(gate.lock().idle.iter().all(|(_, arena)| arena.count().0 < 900)); // an unusual row pins nothing
    }

    #[test]
    fn a_large_request_is_not_overtaken_by_small_ones() {
        let gate = Gate::new(Budget { memory: 10 * KIB, hashes: 8, wait: Duration::from_secs(60) });
        let order = Mutex::new(Vec::new());
        let running = gate.enter(plain(6 * KIB), gate.deadline()).unwrap();
        thread::scope(|scope| {
            let enter = |name: &'static str, memory| {
                let permit = gate.enter(plain(memory), gate.deadline()).unwrap();
                order.lock().unwrap().push(name);
                drop(permit);
            };
            scope.spawn(move || enter("large", 10 * KIB));
            while gate.lock().queue.is_empty() {
                thread::yield_now();
            }
            scope.spawn(move || enter("small", KIB)); // would fit, but came later
            while gate.lock().queue.len() < 2 && order.lock().unwrap().is_empty() {
                thread::yield_now();
            }
            drop(running);
        });
        assert_eq!(*order.lock().unwrap(), ["large", "small"]);
    }

    #[test]
    fn who_gives_up_lets_the_next_one_through() {
        let gate = Gate::new(Budget { memory: 10 * KIB, hashes: 8, wait: Duration::from_millis(50) });
        let running = gate.enter(plain(6 * KIB), gate.deadline()).unwrap();
        thread::scope(|scope| {
            let large = scope.spawn(|| gate.enter(plain(10 * KIB), gate.deadline()).err());
            while gate.lock().queue.is_empty() && !large.is_finished() {
                thread::yield_now();
            }
            // Behind the large one until that gives up; then at once, or after its own deadline at the latest.
            let small = scope.spawn(|| gate.enter(plain(KIB), gate.deadline()).err());
            assert_eq!(large.join().unwrap(), Some(HashErrorKind::Busy));
            assert!(matches!(small.join().unwrap(), None | Some(HashErrorKind::Busy)));
        });
        assert!(gate.lock().queue.is_empty());
        drop(running);
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
                        let mut permit = gate.enter(argon2(memory), gate.deadline()).unwrap();
                        assert!(granted.fetch_add(memory, Ordering::SeqCst) + memory <= 8 * KIB);
                        most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        permit.blocks(1).unwrap();
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
        assert!(state.idle.iter().map(|(charged, _)| charged).sum::<u64>() <= 8 * KIB);
    }

    #[test]
    fn more_for_a_hash_is_charged_and_never_taken_from_who_waits() {
        let gate = Gate::new(Budget { memory: 10 * KIB, hashes: 2, wait: Duration::from_secs(60) });
        let permit = gate.enter(plain(3 * KIB), gate.deadline()).unwrap();
        let thread = permit.more(Reach::Thread).unwrap();
        assert!(permit.more(Reach::Thread).is_none(), "two hashes at once");
        let memory = permit.more(Reach::Memory).unwrap();
        assert!(permit.more(Reach::Memory).is_none(), "9 of 10 KiB");
        drop((thread, memory));
        assert_eq!(gate.lock().granted, 3 * KIB);
        thread::scope(|scope| {
            let waiting = scope.spawn(|| drop(gate.enter(plain(8 * KIB), gate.deadline()).unwrap()));
            while gate.lock().queue.is_empty() && !waiting.is_finished() {
                thread::yield_now();
            }
            assert!(permit.more(Reach::Memory).is_none() && permit.more(Reach::Thread).is_none());
            drop(permit);
        });
        let state = gate.lock();
        assert_eq!((state.running, state.granted), (0, 0));
    }

    #[test]
    fn a_panic_in_a_hash_gives_its_share_back() {
        let gate = impatient(1, KIB);
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let _permit = gate.enter(plain(KIB), gate.deadline()).unwrap();
            panic!("in the middle of a hash");
        }));
        assert!(panicked.is_err());
        assert!(gate.enter(plain(KIB), gate.deadline()).is_ok());
    }
}
