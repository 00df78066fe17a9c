mod breaker;
mod denials;
mod policy;

use std::fmt;
use std::sync::Arc;

use self::breaker::Breaker;
use self::denials::Denials;
use self::policy::{Begun, Counts, Policy, Report};
use super::decision::Decision;
use super::error::{RateLimitError, RateLimitErrorKind};
use super::key::RateKey;
use super::quota::Quota;
use super::store::{self, AsyncStore, Limit, Memory, Op, Store, StoreError};
use crate::clock::{Clock, SystemClock};

/// Limits how often each caller may act, over a store that may fail: its calls always answer.
///
/// All its limits are decided together, in one call of the store. When the store fails, [`OnError`] says what is answered;
/// when it fails five times in a row, it is left alone for a pause of 100 ms to 5 s, and one caller tries again after that.
/// Who was denied is denied again without asking until the wait is over, or for 10 s if that is shorter.
///
/// ```
/// use palisade::rate_limit::{Decision, OnError, Quota, RateKey, SharedLimiter};
/// use palisade::rate_limit::store::Memory;
///
/// let store = Memory::new()?; // or store::redis::Redis::connect("redis://127.0.0.1/")?
/// let local = Memory::builder().nodes(4.try_into()?).build()?; // each of four servers admits a quarter meanwhile
/// let limiter = SharedLimiter::builder(store, OnError::Local(local))
///     .limit("burst", Quota::per_second(5))
///     .limit("daily", "1000/d".parse()?)
///     .build()?;
/// match limiter.check(&RateKey::new("api").part("ann")) {
///     Decision::Allow(allowed) => assert_eq!(allowed.remaining(), 4),
///     Decision::Deny(denied) => println!("retry in {:?}: {:?}", denied.retry_after(), denied.reason()),
///     Decision::Impossible => println!("that costs more than any caller may do"),
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A clone is a handle to the same limiter. It does not wait, queue or sleep.
///
/// # Security
/// - A call that is wrong, such as one with limits that lie on different servers of a cluster, is denied whatever
///   [`OnError`] says, so that no caller can bring about [`OnError::Allow`].
/// - [`Decision::answered_by`] tells an answer that the store did not give.
/// - A refund in another process is seen here after 10 s at most.
#[derive(Clone)]
pub struct SharedLimiter {
    store: Arc<dyn Store>,
    policy: Arc<Policy>,
}

/// [`SharedLimiter`] over an [`AsyncStore`].
///
/// ```
/// use palisade::rate_limit::{AsyncSharedLimiter, OnError, Quota, RateKey};
/// use palisade::rate_limit::store::Memory;
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let store = Memory::new()?; // or store::redis::AsyncRedis::connect("redis://127.0.0.1/")?
/// let limiter = AsyncSharedLimiter::builder(store, OnError::Deny).limit("burst", Quota::per_second(5)).build()?;
/// assert!(limiter.check(&RateKey::new("api").part("ann")).await.is_allowed());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Dropping a future may leave the limits charged: what was sent, the store does.
#[derive(Clone)]
pub struct AsyncSharedLimiter {
    store: Arc<dyn AsyncStore>,
    policy: Arc<Policy>,
}

/// What a shared limiter answers when its store cannot be asked.
///
/// There is no default: to deny turns the store's outage into one of the service, to allow lifts the limit for whoever can
/// bring the store down.
#[derive(Clone, Debug)]
pub enum OnError {
    /// Deny, with [`Reason::Unavailable`](super::Reason::Unavailable) and the time until the store is tried again: HTTP's 503.
    Deny,
    /// Allow, uncounted: for limits that only spread load.
    Allow,
    /// Ask this store in place of the other: for limits that protect log-ins. Give each of `n` processes an `n`th with
    /// [`MemoryBuilder::nodes`](store::MemoryBuilder::nodes). It starts with full quotas, and what it admits the store never learns.
    Local(Memory),
}

/// Makes a [`SharedLimiter`] or an [`AsyncSharedLimiter`], by the kind of its store.
#[must_use = "a builder limits nothing until build()"]
pub struct SharedLimiterBuilder<S: ?Sized> {
    store: Arc<S>,
    on_error: OnError,
    limits: Vec<(String, Quota)>,
    clock: Arc<dyn Clock>,
    report: Option<Report>,
    denials: usize,
}

/// What a shared limiter has done since it was built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SharedStats {
    /// Questions that the store was asked.
    pub asked: u64,
    /// Of those, the ones it did not answer in time.
    pub timed_out: u64,
    /// Of those, the ones for which it could not be reached, or failed.
    pub unavailable: u64,
    /// Of those, the ones for which it holds something that is not a store's.
    pub corrupt: u64,
    /// Wrong calls, which were denied: they are to be corrected.
    pub misused: u64,
    /// How many times the store was left alone because it failed several times in a row.
    pub opened: u64,
    /// Questions that were answered by [`OnError`] while it was left alone.
    pub skipped: u64,
    /// Denials that were given again without asking.
    pub remembered: u64,
}

impl SharedLimiter {
    /// A limiter over `store`; `on_error` is what it answers while that is away.
    pub fn builder(store: impl Store + 'static, on_error: OnError) -> SharedLimiterBuilder<dyn Store> {
        SharedLimiterBuilder::new(Arc::new(store), on_error)
    }

    /// Charges one cell of each limit if the caller has them all.
    pub fn check(&self, key: &RateKey) -> Decision {
        self.check_cost(key, 1)
    }

    /// Charges `cost` cells of each limit if the caller has them all; no cell otherwise.
    pub fn check_cost(&self, key: &RateKey, cost: u64) -> Decision {
        self.decide(Op::Check, &self.policy.limits_of(key, cost))
    }

    /// Whether [`check_cost`](Self::check_cost) would allow it, and what is left now. Nothing is charged, and nobody
    /// remembered.
    pub fn peek(&self, key: &RateKey, cost: u64) -> Decision {
        self.decide(Op::Peek, &self.policy.limits_of(key, cost))
    }

    /// Gives `cost` cells of each limit back, up to the full quota: for work that was charged and not done.
    pub fn refund(&self, key: &RateKey, cost: u64) -> Decision {
        self.decide(Op::Refund, &self.policy.limits_of(key, cost))
    }

    /// Gives the caller its full quotas back.
    pub fn reset(&self, key: &RateKey) -> Decision {
        self.refund(key, u64::MAX)
    }

    /// Charges `cost` cells of each limit whether or not the caller has them: for work whose cost is known only afterwards.
    pub fn debit(&self, key: &RateKey, cost: u64) -> Decision {
        self.decide(Op::Debit, &self.policy.limits_of(key, cost))
    }

    /// Does `op` with other limits than the builder's: of several keys, say, or of a quota that belongs to a plan.
    pub fn decide(&self, op: Op, limits: &[Limit<'_>]) -> Decision {
        match self.policy.begin(op, limits) {
            Begun::Answered(decision) => decision,
            Begun::Ask(question) => question.settle(self.store.decide(op, limits)),
        }
    }

    /// What was asked, and how often the store failed.
    pub fn stats(&self) -> SharedStats {
        self.policy.stats()
    }
}

impl AsyncSharedLimiter {
    /// A limiter over `store`; `on_error` is what it answers while that is away.
    pub fn builder(
        store: impl AsyncStore + 'static,
        on_error: OnError,
    ) -> SharedLimiterBuilder<dyn AsyncStore> {
        SharedLimiterBuilder::new(Arc::new(store), on_error)
    }

    /// Charges one cell of each limit if the caller has them all.
    pub async fn check(&self, key: &RateKey) -> Decision {
        self.check_cost(key, 1).await
    }

    /// Charges `cost` cells of each limit if the caller has them all; no cell otherwise.
    pub async fn check_cost(&self, key: &RateKey, cost: u64) -> Decision {
        self.decide(Op::Check, &self.policy.limits_of(key, cost)).await
    }

    /// Whether [`check_cost`](Self::check_cost) would allow it, and what is left now. Nothing is charged, and nobody
    /// remembered.
    pub async fn peek(&self, key: &RateKey, cost: u64) -> Decision {
        self.decide(Op::Peek, &self.policy.limits_of(key, cost)).await
    }

    /// Gives `cost` cells of each limit back, up to the full quota: for work that was charged and not done.
    pub async fn refund(&self, key: &RateKey, cost: u64) -> Decision {
        self.decide(Op::Refund, &self.policy.limits_of(key, cost)).await
    }

    /// Gives the caller its full quotas back.
    pub async fn reset(&self, key: &RateKey) -> Decision {
        self.refund(key, u64::MAX).await
    }

    /// Charges `cost` cells of each limit whether or not the caller has them: for work whose cost is known only afterwards.
    pub async fn debit(&self, key: &RateKey, cost: u64) -> Decision {
        self.decide(Op::Debit, &self.policy.limits_of(key, cost)).await
    }

    /// Does `op` with other limits than the builder's: of several keys, say, or of a quota that belongs to a plan.
    pub async fn decide(&self, op: Op, limits: &[Limit<'_>]) -> Decision {
        match self.policy.begin(op, limits) {
            Begun::Answered(decision) => decision,
            Begun::Ask(question) => {
                let answer = self.store.decide(op, limits).await;
                question.settle(answer)
            }
        }
    }

    /// What was asked, and how often the store failed.
    pub fn stats(&self) -> SharedStats {
        self.policy.stats()
    }
}

impl<S: ?Sized> SharedLimiterBuilder<S> {
    fn new(store: Arc<S>, on_error: OnError) -> Self {
        let clock = Arc::new(SystemClock);
        Self { store, on_error, limits: Vec::new(), clock, report: None, denials: DENIALS }
    }

    /// Adds a limit. Limits of different names are different limits, also of different limiters over one store; the name has
    /// 1 to 64 letters, digits and `-_.`.
    pub fn limit(mut self, name: &str, quota: Quota) -> Self {
        self.limits.push((name.to_owned(), quota));
        self
    }

    /// How many denials are remembered: 4096 unless set, of 32 bytes each; 0 for none.
    pub fn remember_denials(self, denials: usize) -> Self {
        Self { denials, ..self }
    }

    /// Called with each failure of the store and each wrong call, to be logged: the answers do not hold them. It must not block.
    ///
    /// While the store is left alone, nothing fails: [`SharedStats::skipped`] counts those answers.
    pub fn report(self, report: impl Fn(&StoreError) + Send + Sync + 'static) -> Self {
        Self { report: Some(Arc::new(report)), ..self }
    }

    /// Another clock than the system's, for pauses and remembered denials: quotas run on the store's.
    pub fn clock(self, clock: impl Clock + 'static) -> Self {
        Self { clock: Arc::new(clock), ..self }
    }

    fn policy(self) -> Result<(Arc<S>, Arc<Policy>), RateLimitError> {
        let names = self.limits.iter().map(|(name, _)| name);
        let differ =
            names.clone().enumerate().all(|(index, name)| !names.clone().take(index).any(|one| one == name));
        if !(1..=store::MOST).contains(&self.limits.len())
            || !differ
            || !names.clone().all(|name| store::is_name(name))
        {
            return Err(RateLimitErrorKind::Limits.into());
        }
        self.limits.iter().try_for_each(|(_, quota)| quota.pace().map(|_| ()))?;
        let policy = Policy {
            limits: self.limits,
            on_error: self.on_error,
            clock: self.clock,
            report: self.report,
            denials: Denials::new(self.denials)?,
            breaker: Breaker::new(),
            counts: Counts::default(),
        };
        Ok((self.store, Arc::new(policy)))
    }
}

impl SharedLimiterBuilder<dyn Store> {
    /// Builds the limiter. The store is not asked.
    ///
    /// # Errors
    /// There is no limit or more than 64, a name is wrong or stands twice, a quota is out of range, there is not enough memory,
    /// or the random source is unavailable.
    pub fn build(self) -> Result<SharedLimiter, RateLimitError> {
        self.policy().map(|(store, policy)| SharedLimiter { store, policy })
    }
}

impl SharedLimiterBuilder<dyn AsyncStore> {
    /// Builds the limiter. The store is not asked.
    ///
    /// # Errors
    /// There is no limit or more than 64, a name is wrong or stands twice, a quota is out of range, there is not enough memory,
    /// or the random source is unavailable.
    pub fn build(self) -> Result<AsyncSharedLimiter, RateLimitError> {
        self.policy().map(|(store, policy)| AsyncSharedLimiter { store, policy })
    }
}

impl fmt::Debug for SharedLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedLimiter").field("store", &self.store).field("policy", &self.policy).finish()
    }
}

impl fmt::Debug for AsyncSharedLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncSharedLimiter")
            .field("store", &self.store)
            .field("policy", &self.policy)
            .finish()
    }
}

impl<S: fmt::Debug + ?Sized> fmt::Debug for SharedLimiterBuilder<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedLimiterBuilder")
            .field("store", &self.store)
            .field("on_error", &self.on_error)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// 128 KiB.
const DENIALS: usize = 4096;
