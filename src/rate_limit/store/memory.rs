use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroU32;
use std::sync::{Arc, PoisonError, RwLock};

use super::{Answer, AsyncStore, Limit, Op, Store, StoreError, StoreErrorKind};
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
/// Each limit has a table of its own, by its name, made when the name is first seen: the long debts of one keep no newcomer
/// out of another. There are 256 at most: names are the application's, not the caller's.
#[derive(Clone)]
pub struct Memory {
    shared: Arc<Shared>,
}

struct Shared {
    tables: RwLock<BTreeMap<String, RateLimiter>>,
    table: RateLimiterBuilder,
    nodes: u64,
}

/// Makes a [`Memory`].
#[derive(Clone, Debug)]
#[must_use = "a builder stores nothing until build()"]
pub struct MemoryBuilder {
    table: RateLimiterBuilder,
    nodes: NonZeroU32,
}

impl Memory {
    /// A store for 65,536 keys a limit.
    ///
    /// # Errors
    /// There is not enough memory, or the random source is unavailable.
    pub fn new() -> Result<Self, RateLimitError> {
        Self::builder().build()
    }

    /// A store with settings of its own.
    pub fn builder() -> MemoryBuilder {
        // The quota is given by each limit; this one is never used.
        MemoryBuilder { table: RateLimiter::builder(Quota::per_second(1)), nodes: NonZeroU32::MIN }
    }

    fn table(&self, name: &str) -> Result<RateLimiter, StoreError> {
        let Shared { tables, table, .. } = &*self.shared;
        // INVARIANT: nothing panics while the lock is held, and a map that was poisoned is whole.
        if let Some(table) = tables.read().unwrap_or_else(PoisonError::into_inner).get(name) {
            return Ok(table.clone());
        }
        let mut tables = tables.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(table) = tables.get(name) {
            return Ok(table.clone());
        }
        if tables.len() == MOST_TABLES {
            return Err(StoreErrorKind::Limits.into());
        }
        let unavailable = |error| StoreError::new(StoreErrorKind::Unavailable, Some(Arc::new(error)));
        let table = table.clone().build().map_err(unavailable)?;
        tables.insert(name.to_owned(), table.clone());
        Ok(table)
    }

    fn charge<'a>(&self, table: &'a RateLimiter, limit: &Limit<'_>) -> Charge<'a> {
        let quota = limit.quota.share(self.shared.nodes, limit.cost);
        table.charge(limit.key).quota(quota).cost(limit.cost)
    }
}

impl Store for Memory {
    fn decide(&self, op: Op, limits: &[Limit<'_>]) -> Result<Decision, StoreError> {
        Limit::check_all(limits)?;
        let tables = limits.iter().map(|limit| self.table(limit.name)).collect::<Result<Vec<_>, _>>()?;
        let charges: Vec<Charge<'_>> =
            tables.iter().zip(limits).map(|(table, limit)| self.charge(table, limit)).collect();
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

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory").field("table", &self.shared.table).finish_non_exhaustive()
    }
}

impl MemoryBuilder {
    /// How many keys of each limit are remembered: 65,536 unless set. See [`RateLimiterBuilder::max_keys`].
    pub fn max_keys(self, max_keys: usize) -> Self {
        Self { table: self.table.max_keys(max_keys), ..self }
    }

    /// Another clock than the system's.
    pub fn clock(self, clock: impl Clock + 'static) -> Self {
        Self { table: self.table.clock(clock), ..self }
    }

    /// Of how many processes this is one: each limit's capacity and rate are divided by it, so that all of them together
    /// admit about what the store would have admitted. Each admits one request, whatever it costs, and however many they are.
    pub fn nodes(self, nodes: NonZeroU32) -> Self {
        Self { nodes, ..self }
    }

    /// Builds the store.
    ///
    /// # Errors
    /// The number of keys is out of range, there is not enough memory, or the random source is unavailable.
    pub fn build(self) -> Result<Memory, RateLimitError> {
        self.table.clone().build()?; // what would fail later fails now
        let (table, nodes) = (self.table, u64::from(self.nodes.get()));
        Ok(Memory { shared: Arc::new(Shared { tables: RwLock::default(), table, nodes }) })
    }
}

const MOST_TABLES: usize = 256;
