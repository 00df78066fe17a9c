use std::num::NonZeroU32;

use super::{Answer, AsyncStore, Limit, Op, Store, StoreError};
use crate::clock::Clock;
use crate::rate_limit::all;
use crate::rate_limit::decision::Decision;
use crate::rate_limit::error::RateLimitError;
use crate::rate_limit::limiter::{Charge, RateLimiter, RateLimiterBuilder};
use crate::rate_limit::quota::Quota;

/// A store in this process: for tests, and for what is to be done while a remote store is away.
///
/// ```
/// use palisade::rate_limit::{Quota, RateKey};
/// use palisade::rate_limit::store::{Limit, Memory, Op, Store};
///
/// let store = Memory::new()?;
/// let key = RateKey::new("api").part("ann");
/// let limits = [
///     Limit { name: "burst", key: &key, quota: Quota::per_second(5), cost: 1 },
///     Limit { name: "daily", key: &key, quota: "1000/d".parse()?, cost: 1 },
/// ];
/// assert!(store.decide(Op::Check, &limits)?.is_allowed());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// All limits share one table, of fixed size.
#[derive(Clone, Debug)]
pub struct Memory {
    limiter: RateLimiter,
    nodes: u64,
}

/// Makes a [`Memory`].
#[derive(Clone, Debug)]
#[must_use = "a builder stores nothing until build()"]
pub struct MemoryBuilder {
    limiter: RateLimiterBuilder,
    nodes: NonZeroU32,
}

impl Memory {
    /// A store for 65,536 keys.
    ///
    /// # Errors
    /// There is not enough memory, or the random source is unavailable.
    pub fn new() -> Result<Self, RateLimitError> {
        Self::builder().build()
    }

    /// A store with settings of its own.
    pub fn builder() -> MemoryBuilder {
        // The quota is given by each limit; this one is never used.
        MemoryBuilder { limiter: RateLimiter::builder(Quota::per_second(1)), nodes: NonZeroU32::MIN }
    }

    fn charge<'a>(&'a self, limit: &Limit<'_>) -> Charge<'a> {
        let quota = if self.nodes == 1 { limit.quota } else { limit.quota.share(self.nodes) };
        self.limiter.charge(&(limit.name, limit.key)).quota(quota).cost(limit.cost)
    }
}

impl Store for Memory {
    fn decide(&self, op: Op, limits: &[Limit<'_>]) -> Result<Decision, StoreError> {
        Limit::check_all(limits)?;
        let charges: Vec<Charge<'_>> = limits.iter().map(|limit| self.charge(limit)).collect();
        let now = Charge::system_time();
        Ok(match op {
            Op::Check => all::check_all(&charges),
            Op::Peek => all::peek_all(&charges, now),
            Op::Refund => all::combined(charges.iter().map(|one| one.timed(now).refund().as_decision())),
            Op::Debit => all::combined(charges.iter().map(|one| one.timed(now).debit().as_decision())),
        })
    }
}

impl AsyncStore for Memory {
    fn decide<'a>(&'a self, op: Op, limits: &'a [Limit<'a>]) -> Answer<'a> {
        Box::pin(std::future::ready(Store::decide(self, op, limits)))
    }
}

impl MemoryBuilder {
    /// How many keys are remembered, of all limits together: 65,536 unless set.
    pub fn max_keys(self, max_keys: usize) -> Self {
        Self { limiter: self.limiter.max_keys(max_keys), ..self }
    }

    /// Another clock than the system's.
    pub fn clock(self, clock: impl Clock + 'static) -> Self {
        Self { limiter: self.limiter.clock(clock), ..self }
    }

    /// Of how many processes this is one: each limit's capacity and rate are divided by it, so that all of them together
    /// admit what the store would have admitted.
    pub fn nodes(self, nodes: NonZeroU32) -> Self {
        Self { nodes, ..self }
    }

    /// Builds the store.
    ///
    /// # Errors
    /// The number of keys is out of range, there is not enough memory, or the random source is unavailable.
    pub fn build(self) -> Result<Memory, RateLimitError> {
        Ok(Memory { limiter: self.limiter.build()?, nodes: u64::from(self.nodes.get()) })
    }
}
