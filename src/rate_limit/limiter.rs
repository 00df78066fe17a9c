use std::fmt;
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::decision::{Allowed, Balance, Decision};
use super::error::RateLimitError;
use super::gcra::Pace;
use super::quota::Quota;
use super::set::{Caller, Outcome};
use super::table::{Place, Table};
use crate::clock::{Clock, SystemClock};

/// Limits how often each caller may act.
///
/// Its memory is fixed when it is built, and a check does not allocate. A clone is a handle to the same limiter.
///
/// ```
/// use palisade::clock::ManualClock;
/// use palisade::rate_limit::{Decision, Quota, RateLimiter};
/// use std::time::Duration;
///
/// let clock = ManualClock::new();
/// let limiter = RateLimiter::builder(Quota::per_second(5).burst(2)).clock(clock.clone()).build()?;
/// assert!(limiter.check("ann").is_allowed());
/// assert!(limiter.check("ann").is_allowed());
/// let Decision::Deny(denied) = limiter.check("ann") else { panic!() };
/// assert_eq!(denied.retry_after(), Duration::from_millis(200));
///
/// clock.advance(denied.retry_after());
/// assert!(limiter.check("ann").is_allowed());
/// assert!(limiter.check("bob").is_allowed());
/// # Ok::<(), palisade::rate_limit::RateLimitError>(())
/// ```
#[derive(Clone)]
pub struct RateLimiter {
    shared: Arc<Shared>,
}

struct Shared {
    table: Table,
    pace: Pace,
    quota: Quota,
    max_debt: Option<u64>,
    clock: Source,
    latest: Latest,
    counts: Counts,
}

/// The system's clock is called directly, without a pointer to it: it is most of what a check costs.
enum Source {
    System,
    Given(Arc<dyn Clock>),
}

/// The latest time that was given. What comes later is never earlier: a clock that steps back mints nothing.
///
/// The system's clock is not put through it, since that never does, and threads would wait for each other's turn to write.
#[derive(Default)]
#[repr(align(64))]
struct Latest {
    nanos: AtomicU64,
}

/// In a line of their own: what a flood counts up must not slow those who only read the rest.
#[derive(Default)]
#[repr(align(64))]
struct Counts {
    evicted: AtomicU64,
    saturated: AtomicU64,
}

/// Makes a [`RateLimiter`].
#[derive(Clone, Debug)]
#[must_use = "a builder limits nothing until build()"]
pub struct RateLimiterBuilder {
    quota: Quota,
    max_keys: usize,
    max_debt: Option<u64>,
    clock: Option<Arc<dyn Clock>>,
}

/// One thing that one caller asks of one limiter: what [`check_all`](super::check_all) takes several of.
///
/// ```
/// use palisade::rate_limit::{Quota, RateLimiter};
///
/// let limiter = RateLimiter::new(Quota::per_minute(60))?;
/// assert!(limiter.charge("ann").cost(60).check().is_allowed());
/// assert!(!limiter.charge("ann").check().is_allowed());
/// assert!(limiter.charge("bob").quota(Quota::per_minute(600)).cost(500).check().is_allowed()); // bob pays
/// # Ok::<(), palisade::rate_limit::RateLimitError>(())
/// ```
#[derive(Clone, Copy)]
#[must_use = "a charge is made by check()"]
pub struct Charge<'a> {
    limiter: &'a Shared,
    place: Place,
    pace: Pace,
    cost: u64,
    now: Now,
}

/// What time a charge is made at.
#[derive(Clone, Copy)]
enum Now {
    /// The limiter's clock is asked.
    Asked,
    /// It was, and is the system's.
    System(u64),
    /// The caller knows.
    Given(u64),
}

/// A time, and how far the clock that was read lay behind it.
#[derive(Clone, Copy)]
struct Moment {
    settled: u64,
    lag: u64,
}

/// See [`Charge::system_time`].
#[derive(Clone, Copy)]
pub(super) struct SystemTime(u64);

/// How full a limiter is, and what that did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// How many callers can be told apart.
    pub slots: usize,
    /// How many of those slots hold a caller whose quota is not full.
    pub live: usize,
    /// How many callers whose quota was not full had to make room. If this grows without an attack, take more `max_keys`.
    pub evicted: u64,
    /// How many requests of new callers were denied because others owe too much where they would be remembered.
    pub saturated: u64,
}

impl RateLimiter {
    /// A limiter with the defaults of [`builder`](Self::builder).
    ///
    /// # Errors
    /// The quota is out of range, or the random source is unavailable.
    pub fn new(quota: Quota) -> Result<Self, RateLimitError> {
        Self::builder(quota).build()
    }

    /// A limiter with settings of its own.
    pub fn builder(quota: Quota) -> RateLimiterBuilder {
        RateLimiterBuilder { quota, max_keys: DEFAULT_MAX_KEYS, max_debt: None, clock: None }
    }

    /// Charges one cell if the caller has one.
    ///
    /// Any key that can be hashed will do: a text, a number, [`()`](unit) for a limit on all callers together. For addresses
    /// take [`ip_key`](super::ip_key): a bare IPv6 address has 2^64 neighbours that are the same caller, and a socket's
    /// address a port that is new for each connection.
    #[inline]
    pub fn check(&self, key: &(impl Hash + ?Sized)) -> Decision {
        self.charge(key).check()
    }

    /// Charges `cost` cells if the caller has as many; no cell otherwise.
    #[inline]
    pub fn check_cost(&self, key: &(impl Hash + ?Sized), cost: u64) -> Decision {
        self.charge(key).cost(cost).check()
    }

    /// [`check`](Self::check) at a time that the caller has read already, from the limiter's clock or one that agrees with
    /// it: [`Clock::monotonic`].
    ///
    /// # Security
    /// A time that lies ahead admits what is not due yet, and holds time still until the clock is there; a far one, such as
    /// the calendar's, for years. One that lies behind the latest that was given counts as that one.
    #[inline]
    pub fn check_at(&self, key: &(impl Hash + ?Sized), now: Duration) -> Decision {
        self.charge(key).at(now).check()
    }

    /// Whether the caller may act; one cell is charged if it may. Use [`check`](Self::check) to learn when it may again.
    #[inline]
    #[must_use = "a limit that nobody looks at limits nothing"]
    pub fn is_allowed(&self, key: &(impl Hash + ?Sized)) -> bool {
        self.check(key).is_allowed()
    }

    /// Whether [`check_cost`](Self::check_cost) would allow it, and what is left now. Nothing is charged, and nobody
    /// remembered.
    #[inline]
    pub fn peek(&self, key: &(impl Hash + ?Sized), cost: u64) -> Decision {
        self.charge(key).cost(cost).peek()
    }

    /// Gives `cost` cells back, up to the full quota: for work that was charged and not done.
    ///
    /// To a caller that had to make room meanwhile nothing is given back.
    pub fn refund(&self, key: &(impl Hash + ?Sized), cost: u64) -> Balance {
        self.charge(key).cost(cost).refund()
    }

    /// Charges `cost` cells whether or not the caller has them: for work whose cost is known only afterwards. What is owed
    /// is paid back by waiting, [`RateLimiterBuilder::max_debt`] cells at most.
    pub fn debit(&self, key: &(impl Hash + ?Sized), cost: u64) -> Balance {
        self.charge(key).cost(cost).debit()
    }

    /// Gives the caller its full quota back. One that had to make room for others gets nothing back, as with
    /// [`refund`](Self::refund).
    pub fn reset(&self, key: &(impl Hash + ?Sized)) -> Balance {
        self.charge(key).cost(u64::MAX).refund()
    }

    /// Waits until the caller has a cell, and charges it. `sleep` is the runtime's, such as `tokio::time::sleep`.
    ///
    /// A `sleep` that does not wait by the limiter's clock is asked again and again. Dropping the future charges nothing.
    /// Those who wait for the same key are not queued: whoever wakes first is first.
    ///
    /// ```
    /// # use palisade::rate_limit::{Quota, RateLimiter};
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
    /// let limiter = RateLimiter::new(Quota::per_second(100).burst(1))?;
    /// for _ in 0..3 {
    ///     limiter.until_ready("mirror.example", tokio::time::sleep).await;
    /// }
    /// # Ok::<(), palisade::rate_limit::RateLimitError>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn until_ready<S, F>(&self, key: &(impl Hash + ?Sized), mut sleep: S) -> Allowed
    where
        S: FnMut(Duration) -> F,
        F: Future<Output = ()>,
    {
        let charge = self.charge(key);
        loop {
            match charge.check() {
                Decision::Allow(allowed) => return allowed,
                Decision::Deny(denied) => sleep(denied.retry_after()).await,
                Decision::Impossible => unreachable!("a limiter's own quota has a capacity of 1 or more"),
            }
        }
    }

    /// One cell for the caller, to be changed and then checked: the general form of the calls above.
    #[inline]
    pub fn charge(&self, key: &(impl Hash + ?Sized)) -> Charge<'_> {
        let limiter = &*self.shared;
        Charge { limiter, place: limiter.table.place(key), pace: limiter.pace, cost: 1, now: Now::Asked }
    }

    /// What a caller may do.
    pub fn quota(&self) -> Quota {
        self.shared.quota
    }

    /// How full the table is. It reads all of it: for a metric once a minute, not for each request.
    pub fn stats(&self) -> Stats {
        let Shared { table, counts, .. } = &*self.shared;
        Stats {
            slots: table.slots(),
            live: table.live(self.shared.read(Now::Asked).settled),
            evicted: counts.evicted.load(Ordering::Relaxed),
            saturated: counts.saturated.load(Ordering::Relaxed),
        }
    }
}

impl Charge<'_> {
    /// So many cells in place of one.
    #[inline]
    pub fn cost(self, cost: u64) -> Self {
        Self { cost, ..self }
    }

    /// Another quota than the limiter's: for callers of another plan. It must be the same at every call for this key, refunds
    /// included: what is remembered is a time, which another quota reads differently. Where a plan changes,
    /// [`reset`](RateLimiter::reset) the caller. A quota that is out of range admits nothing.
    ///
    /// # Security
    /// Callers of all plans share the table. Where quotas take very different times to come back, a limiter for each keeps
    /// the long debts of one from denying new callers of the other.
    pub fn quota(self, quota: Quota) -> Self {
        Self { pace: quota.pace_or_nothing(), ..self }
    }

    /// At a time that was read already, from the limiter's clock or one that agrees with it.
    #[inline]
    pub fn at(self, now: Duration) -> Self {
        Self { now: Now::Given(nanos(now)), ..self }
    }

    /// Charges the cells if the caller has them.
    #[inline]
    pub fn check(self) -> Decision {
        if self.cost == 0 {
            return self.peek();
        }
        let now = self.settled();
        let (set, tag) = self.limiter.table.set(self.place);
        self.decision(set.take(tag, self.pace, now.settled, self.cost), now)
    }

    /// Whether [`check`](Self::check) would allow it, and what is left now.
    #[inline]
    pub fn peek(self) -> Decision {
        let now = self.now();
        let (set, tag) = self.limiter.table.set(self.place);
        let outcome = set.peek(tag, self.pace, now.settled, self.cost);
        self.decision(outcome, now).uncharged()
    }

    /// As [`RateLimiter::refund`].
    pub fn refund(self) -> Balance {
        let now = self.settled().settled;
        let (set, tag) = self.limiter.table.set(self.place);
        let tat = set.give_back(tag, |tat| self.pace.refund(tat, now, self.cost));
        Balance::new(tat.unwrap_or_else(|| set.peek(tag, self.pace, now, 0).tat), self.pace, now)
    }

    /// As [`RateLimiter::debit`].
    pub fn debit(self) -> Balance {
        let now = self.settled().settled;
        let (set, tag) = self.limiter.table.set(self.place);
        let debt = self.limiter.max_debt.unwrap_or(self.pace.capacity().saturating_mul(MOST_DEBT));
        let outcome = match self.cost {
            0 => set.peek(tag, self.pace, now, 0),
            cost => set.debit(tag, self.pace, now, cost, debt),
        };
        self.count(outcome);
        Balance::new(outcome.charged(), self.pace, now)
    }

    /// A reading of the system's clock, for charges that are made together.
    pub(super) fn system_time() -> SystemTime {
        SystemTime(nanos(SystemClock.monotonic()))
    }

    /// At that time, if the limiter's clock is the system's and no other time was given.
    pub(super) fn timed(self, SystemTime(now): SystemTime) -> Self {
        match (&self.limiter.clock, self.now) {
            (Source::System, Now::Asked) => Self { now: Now::System(now), ..self },
            _ => self,
        }
    }

    #[inline]
    fn decision(self, outcome: Outcome, now: Moment) -> Decision {
        if outcome.caller != Caller::Known {
            self.count(outcome);
        }
        match Decision::of(outcome, self.pace, now.settled) {
            Decision::Deny(denied) => Decision::Deny(denied.after(now.lag)),
            other => other,
        }
    }

    fn count(self, outcome: Outcome) {
        let Counts { evicted, saturated } = &self.limiter.counts;
        if outcome.caller == Caller::Evicting {
            evicted.fetch_add(1, Ordering::Relaxed);
        } else if outcome.is_saturated() {
            saturated.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[inline]
    fn now(self) -> Moment {
        self.limiter.read(self.now)
    }

    /// [`now`](Self::now), for what changes something. To ask about the future does not bring it on.
    #[inline]
    fn settled(self) -> Moment {
        let now = self.now();
        if let Some(latest) = self.limiter.latest_for(self.now) {
            latest.settle(now.settled);
        }
        now
    }
}

impl Shared {
    #[inline]
    fn read(&self, now: Now) -> Moment {
        let read = match (now, &self.clock) {
            (Now::System(now) | Now::Given(now), _) => now,
            (Now::Asked, Source::System) => nanos(SystemClock.monotonic()),
            (Now::Asked, Source::Given(clock)) => nanos(clock.monotonic()),
        };
        let settled = self.latest_for(now).map_or(read, |latest| latest.or(read));
        Moment { settled, lag: settled - read }
    }

    /// The latest time that was given, where times are given; the system's own are not held against it.
    #[inline]
    fn latest_for(&self, now: Now) -> Option<&Latest> {
        let is_system = match now {
            Now::Asked => matches!(self.clock, Source::System),
            Now::System(_) => true,
            Now::Given(_) => false,
        };
        (!is_system).then_some(&self.latest)
    }
}

impl Latest {
    /// A load and a store, not an exchange, which takes three times as long. Of two threads that are here at once, the one
    /// with the earlier time may store last: the two times were read at once, and neither is the right one.
    #[inline]
    fn settle(&self, now: u64) {
        if now > self.nanos.load(Ordering::Relaxed) {
            self.nanos.store(now, Ordering::Relaxed);
        }
    }

    #[inline]
    fn or(&self, now: u64) -> u64 {
        now.max(self.nanos.load(Ordering::Relaxed))
    }
}

impl RateLimiterBuilder {
    /// How many callers' debts are remembered: 65,536 unless set. Each costs 12.8 bytes, from the start and for good. Four out
    /// of five are remembered by name, and those that had to make room for others together.
    ///
    /// Callers whose quota is full need no memory. Take twice the number of callers that are active within the time a quota
    /// takes to come back, or four times if they use most of it: where too many meet in one place of the table, a newcomer
    /// starts with what the one owed that made room, and may be denied early for it. [`RateLimiter::stats`] counts them.
    pub fn max_keys(self, max_keys: usize) -> Self {
        Self { max_keys, ..self }
    }

    /// How many cells a caller can owe after [`RateLimiter::debit`]: a thousand times the capacity unless set. A larger debit
    /// is cut to it, so that one wrong number does not lock a caller out for years.
    pub fn max_debt(self, cells: u64) -> Self {
        Self { max_debt: Some(cells), ..self }
    }

    /// Another clock than the system's, such as a [`ManualClock`](crate::clock::ManualClock).
    pub fn clock(self, clock: impl Clock + 'static) -> Self {
        Self { clock: Some(Arc::new(clock)), ..self }
    }

    /// Builds the limiter.
    ///
    /// # Errors
    /// The quota or the number of keys is out of range, there is not enough memory, or the random source is unavailable.
    pub fn build(self) -> Result<RateLimiter, RateLimitError> {
        let pace = self.quota.pace()?;
        let shared = Shared {
            table: Table::new(self.max_keys)?,
            pace,
            quota: self.quota,
            max_debt: self.max_debt,
            clock: self.clock.map_or(Source::System, Source::Given),
            latest: Latest::default(),
            counts: Counts::default(),
        };
        Ok(RateLimiter { shared: Arc::new(shared) })
    }
}

impl fmt::Debug for RateLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimiter")
            .field("quota", &self.shared.quota)
            .field("slots", &self.shared.table.slots())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Charge<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Charge").field("cost", &self.cost).finish_non_exhaustive()
    }
}

/// A time as a number; it stays at the end of 64 bits, in the year 584 of a clock, where everything is denied.
#[inline]
pub(super) fn nanos(time: Duration) -> u64 {
    time.as_secs().saturating_mul(1_000_000_000).saturating_add(u64::from(time.subsec_nanos()))
}

/// 840 KB.
const DEFAULT_MAX_KEYS: usize = 1 << 16;

/// In capacities.
pub(super) const MOST_DEBT: u64 = 1000;
