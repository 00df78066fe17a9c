use std::fmt;
use std::time::Duration;

use super::gcra::{Pace, Verdict};
use super::set::{Caller, Outcome};

/// What a limiter answers.
///
/// ```
/// use palisade::rate_limit::{Decision, Quota, RateLimiter};
///
/// let limiter = RateLimiter::new(Quota::per_minute(1))?;
/// assert!(limiter.check("10.0.0.7").is_allowed());
/// let status = match limiter.check("10.0.0.7") {
///     Decision::Allow(_) => 200,
///     Decision::Deny(denied) => {
///         assert!(denied.retry_after().as_secs() < 60);
///         429 // Retry-After: denied.retry_after_seconds()
///     }
///     Decision::Impossible => 400,
/// };
/// # assert_eq!(status, 429);
/// # Ok::<(), palisade::rate_limit::RateLimitError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a limit that nobody looks at limits nothing"]
pub enum Decision {
    /// The request conforms, and was charged.
    Allow(Allowed),
    /// The request does not conform, and changed nothing.
    Deny(Denied),
    /// The request costs more than the capacity: it never conforms, however long the caller waits.
    Impossible,
}

/// What is left after a request that conformed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Allowed {
    state: State,
    /// How far ahead the time lay before it was charged.
    before: u64,
    limit: usize,
    by: AnsweredBy,
}

/// Why a request was denied, and when to come back.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Denied {
    /// Of the limit that has the least left.
    state: State,
    /// Of the limit that must be waited for longest, as all that follows.
    reset: u64,
    wait: u64,
    limit: usize,
    reason: Reason,
    by: AnsweredBy,
}

/// Who gave an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AnsweredBy {
    /// The limiter; of a shared one, its store.
    Limiter,
    /// A limiter in this process, in place of a store that could not be asked. It knows nothing of what other processes
    /// admitted.
    Local,
    /// Nobody who counts: the store could not be asked, and the answer is what its limiter is told to give then.
    Policy,
}

/// Why a request was denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// The caller has used its quota: HTTP's 429.
    Rate,
    /// The caller is new, and so many others are in debt, or were when they had to make room, that it cannot be let in:
    /// HTTP's 503. It must wait as long as the largest of those would have had to that made room.
    Saturated,
    /// The store could not be asked, and its limiter is told to deny then: HTTP's 503.
    Unavailable,
}

/// What a caller has left, or owes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Balance {
    state: State,
}

/// How far the caller's theoretical arrival time lies ahead of the clock.
#[derive(Clone, Copy, PartialEq, Eq)]
struct State {
    ahead: u64,
    pace: Pace,
}

impl Decision {
    /// Whether the request conforms.
    pub const fn is_allowed(&self) -> bool {
        matches!(self, Self::Allow(_))
    }

    /// Who gave the answer. A request that is allowed by others than the limiter was not counted against what all processes
    /// share: some callers refuse then what cannot be undone.
    pub const fn answered_by(&self) -> AnsweredBy {
        match self {
            Self::Allow(allowed) => allowed.by,
            Self::Deny(denied) => denied.by,
            Self::Impossible => AnsweredBy::Limiter, // that needs no store
        }
    }

    /// Whether a store could not be asked, so that somebody else answered.
    pub const fn is_degraded(&self) -> bool {
        !matches!(self.answered_by(), AnsweredBy::Limiter)
    }

    #[inline]
    pub(super) fn of(outcome: Outcome, pace: Pace, now: u64) -> Self {
        match outcome.verdict {
            Verdict::Conforms { tat } => {
                let state = State { ahead: tat.saturating_sub(now), pace };
                Self::Allow(Allowed::new(state, outcome.tat.saturating_sub(now)))
            }
            Verdict::Early { wait } => Self::Deny(Denied {
                state: State { ahead: outcome.tat.saturating_sub(now), pace },
                reset: outcome.tat.saturating_sub(now),
                wait,
                limit: 0,
                reason: if outcome.is_saturated() { Reason::Saturated } else { Reason::Rate },
                by: AnsweredBy::Limiter,
            }),
            Verdict::Never => Self::Impossible,
        }
    }

    /// The answer to a request of `cost` cells of a caller whose time lies `ahead` of the clock: for stores, which remember
    /// that and no more.
    pub(super) fn of_ahead(ahead: u64, pace: Pace, cost: u64) -> Self {
        let outcome = Outcome { verdict: pace.decide(ahead, 0, cost), tat: ahead, caller: Caller::Known };
        Self::of(outcome, pace, 0)
    }

    /// What is left if the request is not made, after all: the answer to a question.
    pub(super) fn uncharged(self) -> Self {
        match self {
            Self::Allow(allowed) => Self::Allow(Allowed { state: allowed.uncharged(), ..allowed }),
            other => other,
        }
    }

    /// Denied without having been counted.
    pub(super) fn unavailable(wait: u64) -> Self {
        Self::Deny(Denied {
            state: State { ahead: wait, pace: Pace::NOTHING },
            reset: wait,
            wait,
            limit: 0,
            reason: Reason::Unavailable,
            by: AnsweredBy::Policy,
        })
    }

    /// The same answer, of somebody else.
    pub(super) fn answered(self, by: AnsweredBy) -> Self {
        match self {
            Self::Allow(allowed) => Self::Allow(Allowed { by, ..allowed }),
            Self::Deny(denied) => Self::Deny(Denied { by, ..denied }),
            Self::Impossible => Self::Impossible,
        }
    }

    /// The answer of the `index`th of several limits.
    pub(super) fn of_limit(self, index: usize) -> Self {
        match self {
            Self::Allow(allowed) => Self::Allow(Allowed { limit: index, ..allowed }),
            Self::Deny(denied) => Self::Deny(Denied { limit: index, ..denied }),
            Self::Impossible => Self::Impossible,
        }
    }

    /// What two limits that must both conform come to: the longer wait, the smaller rest.
    pub(super) fn and(self, next: Self) -> Self {
        match (self, next) {
            (Self::Impossible, _) | (_, Self::Impossible) => Self::Impossible,
            (Self::Allow(all), Self::Allow(next)) => {
                Self::Allow(if next.remaining() < all.remaining() { next } else { all })
            }
            (Self::Allow(allowed), Self::Deny(denied)) | (Self::Deny(denied), Self::Allow(allowed)) => {
                // It will not be charged, after all.
                Self::Deny(denied.beside(allowed.uncharged()))
            }
            (Self::Deny(all), Self::Deny(next)) => {
                let (longer, other) = if next.wait > all.wait { (next, all) } else { (all, next) };
                Self::Deny(longer.beside(other.state))
            }
        }
    }
}

impl Allowed {
    fn new(state: State, before: u64) -> Self {
        Self { state, before, limit: 0, by: AnsweredBy::Limiter }
    }

    fn uncharged(self) -> State {
        State { ahead: self.before, ..self.state }
    }

    /// Who allowed it: see [`Decision::answered_by`].
    pub fn answered_by(&self) -> AnsweredBy {
        self.by
    }

    /// Whole cells that are left.
    pub fn remaining(&self) -> u64 {
        self.state.remaining()
    }

    /// How long until the quota is full again, if nothing more is asked for.
    pub fn reset_after(&self) -> Duration {
        self.state.reset_after()
    }

    /// Of several limits, which one has the least left, counted from 0.
    pub fn limit(&self) -> usize {
        self.limit
    }
}

impl Denied {
    /// How long until the same request conforms, if nothing else is charged: exactly, that is, not one nanosecond earlier.
    pub fn retry_after(&self) -> Duration {
        Duration::from_nanos(self.wait)
    }

    /// [`retry_after`](Self::retry_after) in whole seconds, rounded up: the value of HTTP's `Retry-After`.
    ///
    /// # Source
    /// RFC 9110 §10.2.3.
    pub fn retry_after_seconds(&self) -> u64 {
        seconds(self.retry_after())
    }

    /// Whole cells that are left; of several limits, the least of all.
    pub fn remaining(&self) -> u64 {
        self.state.remaining()
    }

    /// How long until the quota is full again, if nothing more is asked for; of several limits, that of [`limit`](Self::limit).
    pub fn reset_after(&self) -> Duration {
        Duration::from_nanos(self.reset)
    }

    fn beside(self, other: State) -> Self {
        Self { state: self.state.poorer(other), ..self }
    }

    /// The same after a clock that was read `lag` too early has caught up.
    pub(super) fn after(self, lag: u64) -> Self {
        Self { wait: self.wait.saturating_add(lag), reset: self.reset.saturating_add(lag), ..self }
    }

    /// Who denied it: see [`Decision::answered_by`].
    pub fn answered_by(&self) -> AnsweredBy {
        self.by
    }

    /// Why the request was denied.
    pub fn reason(&self) -> Reason {
        self.reason
    }

    /// Of several limits, which one the caller must wait for longest, counted from 0.
    pub fn limit(&self) -> usize {
        self.limit
    }
}

impl Balance {
    pub(super) fn new(tat: u64, pace: Pace, now: u64) -> Self {
        Self { state: State { ahead: tat.saturating_sub(now), pace } }
    }

    /// As stores answer.
    pub(super) fn as_decision(self) -> Decision {
        Decision::Allow(Allowed::new(self.state, self.state.ahead))
    }

    /// Whole cells that are left; below zero, those that are owed.
    pub fn remaining(&self) -> i64 {
        self.state.pace.remaining(self.state.ahead)
    }

    /// How long until nothing is owed any more; zero if nothing is.
    pub fn overdraft(&self) -> Duration {
        Duration::from_nanos(self.state.ahead.saturating_sub(self.state.pace.depth()))
    }

    /// How long until the quota is full again, if nothing more is asked for.
    pub fn reset_after(&self) -> Duration {
        self.state.reset_after()
    }
}

impl State {
    fn remaining(self) -> u64 {
        u64::try_from(self.pace.remaining(self.ahead)).unwrap_or(0)
    }

    fn reset_after(self) -> Duration {
        Duration::from_nanos(self.ahead)
    }

    /// The one that has fewer cells left.
    fn poorer(self, other: Self) -> Self {
        if other.remaining() < self.remaining() { other } else { self }
    }
}

/// Whole seconds, rounded up: a client that waits them is never early.
pub(super) fn seconds(duration: Duration) -> u64 {
    duration.as_secs().saturating_add(u64::from(duration.subsec_nanos() > 0))
}

/// `allowed, 4 left`; `denied, retry in 1.5s`; `impossible, it costs more than the capacity`.
impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Allow(allowed) => write!(f, "allowed, {} left", allowed.remaining()),
            Self::Deny(denied) => write!(f, "denied, retry in {:?}", denied.retry_after()),
            Self::Impossible => f.write_str("impossible, it costs more than the capacity"),
        }
    }
}

impl fmt::Debug for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Allowed")
            .field("remaining", &self.remaining())
            .field("reset_after", &self.reset_after())
            .field("limit", &self.limit)
            .field("answered_by", &self.by)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Denied")
            .field("reason", &self.reason)
            .field("retry_after", &self.retry_after())
            .field("remaining", &self.remaining())
            .field("limit", &self.limit)
            .field("answered_by", &self.by)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Balance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Balance")
            .field("remaining", &self.remaining())
            .field("reset_after", &self.reset_after())
            .finish_non_exhaustive()
    }
}
