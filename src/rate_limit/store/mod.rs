//! Limits that several processes share, and the contract of what remembers them.
//!
//! A [`Store`] decides any number of limits in one call, on its own clock. [`Memory`] keeps them in this process;
//! `store::redis`, feature `redis`, on a server of Redis or Valkey.
//!
//! A [`SharedLimiter`](super::SharedLimiter) puts a policy for failures around a store: applications call that.

mod memory;
#[cfg(feature = "redis")]
pub mod redis;

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use super::decision::Decision;
use super::key::RateKey;
use super::quota::Quota;

pub use memory::{Memory, MemoryBuilder};

/// Remembers one theoretical arrival time for each limit and key, and decides with it.
///
/// # Contract
/// - Atomic: of two concurrent calls, the second sees what the first wrote, for all limits of the call. [`Memory`] may deny
///   the second for what the first gave back.
/// - All or nothing: where one limit does not conform, nothing is charged and nothing remembered. The wait is the longest
///   of all limits, what is left is the least.
/// - To forget a time that has passed is free. To forget any other lets a caller exceed its quota, and is a security fault.
/// - A store that cannot answer returns `Err`. It never invents `Allow`: that is the policy of its limiter.
/// - A call ends within the store's timeout, whatever the store is waiting for.
///
/// `decide` takes parameters and not a closure, so that a remote store decides in one round trip. [`AsyncStore`] has the
/// same contract and passes the same tests.
pub trait Store: fmt::Debug + Send + Sync {
    /// Does `op` with all `limits`.
    ///
    /// # Errors
    /// The store cannot answer; or the limits are none, more than 64, or twice the same.
    fn decide(&self, op: Op, limits: &[Limit<'_>]) -> Result<Decision, StoreError>;
}

/// A [`Store`] whose answer is awaited.
pub trait AsyncStore: fmt::Debug + Send + Sync {
    /// Does `op` with all `limits`. Dropping the future may leave the limits charged: what was sent, the store does.
    ///
    /// # Errors
    /// The store cannot answer; or the limits are none, more than 64, or twice the same.
    fn decide<'a>(&'a self, op: Op, limits: &'a [Limit<'a>]) -> Answer<'a>;
}

impl<S: Store + ?Sized> Store for Arc<S> {
    fn decide(&self, op: Op, limits: &[Limit<'_>]) -> Result<Decision, StoreError> {
        (**self).decide(op, limits)
    }
}

impl<S: AsyncStore + ?Sized> AsyncStore for Arc<S> {
    fn decide<'a>(&'a self, op: Op, limits: &'a [Limit<'a>]) -> Answer<'a> {
        (**self).decide(op, limits)
    }
}

/// What an [`AsyncStore`] will answer.
pub type Answer<'a> = std::pin::Pin<Box<dyn Future<Output = Result<Decision, StoreError>> + Send + 'a>>;

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Op {
    /// Charge all limits if all conform.
    Check,
    /// Answer whether a check would conform; change nothing, remember nobody. What is left is what is left now.
    Peek,
    /// Give cells back, up to the full quota; the answer is `Allow` with what is left then, the least of all limits.
    Refund,
    /// Charge all limits, conforming or not; the answer is `Allow` with what is left then, nothing if cells are owed. What is
    /// owed is at most a thousand times the capacity.
    Debit,
}

/// One limit that a request must conform to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit<'a> {
    /// What the limit is called: limits of different names are different limits. 1 to 64 letters, digits and `-_.`.
    pub name: &'a str,
    /// Whom it limits.
    pub key: &'a RateKey,
    /// How much that one may do.
    pub quota: Quota,
    /// How many cells the request costs.
    pub cost: u64,
}

impl Limit<'_> {
    /// Refuses calls that no store takes.
    pub(super) fn check_all(limits: &[Limit<'_>]) -> Result<(), StoreError> {
        let fits = (1..=MOST).contains(&limits.len())
            && limits.iter().all(|limit| is_name(limit.name))
            && limits.iter().enumerate().all(|(index, limit)| {
                limits
                    .iter()
                    .take(index)
                    .all(|earlier| (earlier.name, earlier.key) != (limit.name, limit.key))
            });
        if fits { Ok(()) } else { Err(StoreErrorKind::Limits.into()) }
    }
}

/// Whether a limit, or what stands before the names of all, may be called so.
pub(super) fn is_name(name: &str) -> bool {
    (1..=MOST).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

/// Limits of a decision, and characters of a name.
pub(super) const MOST: usize = 64;

/// Why a store did not answer.
#[derive(Clone, Debug)]
pub struct StoreError {
    kind: StoreErrorKind,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

/// What a caller can act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// There is no limit in the call, or there are more than 64, or one stands in it twice, or a name has other characters than
    /// it may have.
    #[error("a decision has 1 to 64 different limits, and their names have 1 to 64 letters, digits and -_.")]
    Limits,
    /// The limits of one decision lie on different servers of a cluster.
    #[error("limits of one decision have one key on a cluster, or one hash tag for all keys")]
    CrossSlot,
    /// The store did not answer in time.
    #[error("the store did not answer in time")]
    TimedOut,
    /// The store could not be reached, or it failed.
    #[error("the store is unavailable")]
    Unavailable,
    /// What the store holds for one of the limits is not what a store writes. Somebody else writes there, or it was damaged.
    #[error("the store holds something else under the limit's name")]
    Corrupt,
    /// The store was left alone, since it failed several times in a row.
    #[error("the store has failed several times in a row and is left alone for a moment")]
    Open,
}

impl StoreError {
    /// An error that a store's author makes of what went wrong. `source` is shown to operators: it must hold no keys.
    pub fn new(kind: StoreErrorKind, source: Option<Arc<dyn Error + Send + Sync>>) -> Self {
        Self { kind, source }
    }

    /// What kind of error this is.
    pub fn kind(&self) -> StoreErrorKind {
        self.kind
    }
}

impl From<StoreErrorKind> for StoreError {
    fn from(kind: StoreErrorKind) -> Self {
        Self::new(kind, None)
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}
