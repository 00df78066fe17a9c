//! What a shared limiter does before and after its store is called: the same for blocking stores and awaited ones.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::breaker::{Breaker, FIRST_PAUSE, Outcome, Pass};
use super::denials::{Denials, Epoch};
use super::{OnError, SharedStats};
use crate::clock::Clock;
use crate::rate_limit::all;
use crate::rate_limit::decision::{AnsweredBy, Balance, Decision};
use crate::rate_limit::key::RateKey;
use crate::rate_limit::limiter::{MOST_DEBT, nanos};
use crate::rate_limit::quota::Quota;
use crate::rate_limit::store::{Limit, Op, Store, StoreError, StoreErrorKind};

/// Told of each failure.
pub(super) type Report = Arc<dyn Fn(&StoreError) + Send + Sync>;

pub(super) struct Policy {
    pub(super) limits: Vec<(String, Quota)>,
    pub(super) on_error: OnError,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) report: Option<Report>,
    pub(super) denials: Denials,
    pub(super) breaker: Breaker,
    pub(super) counts: Counts,
}

#[derive(Debug, Default)]
pub(super) struct Counts {
    asked: AtomicU64,
    timed_out: AtomicU64,
    unavailable: AtomicU64,
    corrupt: AtomicU64,
    misused: AtomicU64,
    opened: AtomicU64,
    skipped: AtomicU64,
    remembered: AtomicU64,
}

/// What is to be done with a question.
pub(super) enum Begun<'a> {
    Answered(Decision),
    /// The store is to be called with it.
    Ask(Question<'a>),
}

/// A question on its way to the store. Dropped without an answer, it was abandoned.
pub(super) struct Question<'a> {
    policy: &'a Policy,
    op: Op,
    limits: &'a [Limit<'a>],
    asked: u64,
    epoch: Epoch,
    pass: Pass,
    outcome: Outcome,
}

impl Policy {
    /// All limits of the builder, for one caller.
    pub(super) fn limits_of<'a>(&'a self, key: &'a RateKey, cost: u64) -> Vec<Limit<'a>> {
        self.limits.iter().map(|(name, quota)| Limit { name, key, quota: *quota, cost }).collect()
    }

    pub(super) fn begin<'a>(&'a self, op: Op, limits: &'a [Limit<'a>]) -> Begun<'a> {
        if let Err(error) = Limit::check_all(limits) {
            return Begun::Answered(self.failed(&error, op, limits));
        }
        let asked = self.now();
        if matches!(op, Op::Check | Op::Peek) {
            // That no store is needed for; one that answered it unasked would seem to be back.
            if limits.iter().any(|limit| as_new(op, limit) == Decision::Impossible) {
                return Begun::Answered(Decision::Impossible);
            }
            if let Some(denied) = self.denials.known(limits, asked) {
                count(&self.counts.remembered);
                return Begun::Answered(denied);
            }
        }
        match self.breaker.enter(asked) {
            Ok(pass) => {
                count(&self.counts.asked);
                let epoch = self.denials.epoch();
                Begun::Ask(Question {
                    policy: self,
                    op,
                    limits,
                    asked,
                    epoch,
                    pass,
                    outcome: Outcome::Abandoned,
                })
            }
            Err(wait) => {
                count(&self.counts.skipped);
                Begun::Answered(self.instead(op, limits, wait))
            }
        }
    }

    pub(super) fn stats(&self) -> SharedStats {
        let Counts { asked, timed_out, unavailable, corrupt, misused, opened, skipped, remembered } =
            &self.counts;
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        SharedStats {
            asked: read(asked),
            timed_out: read(timed_out),
            unavailable: read(unavailable),
            corrupt: read(corrupt),
            misused: read(misused),
            opened: read(opened),
            skipped: read(skipped),
            remembered: read(remembered),
        }
    }

    /// Counts and reports a failure, and answers in the store's place.
    fn failed(&self, error: &StoreError, op: Op, limits: &[Limit<'_>]) -> Decision {
        let counts = &self.counts;
        count(match error.kind() {
            StoreErrorKind::Limits | StoreErrorKind::CrossSlot => &counts.misused,
            StoreErrorKind::TimedOut => &counts.timed_out,
            StoreErrorKind::Corrupt => &counts.corrupt,
            StoreErrorKind::Unavailable | StoreErrorKind::Open => &counts.unavailable,
        });
        if let Some(report) = &self.report {
            report(error);
        }
        // A wrong call is wrong while the store is well, too: the policy is for stores that are not.
        if is_misuse(error) {
            Decision::unavailable(FIRST_PAUSE)
        } else {
            self.instead(op, limits, FIRST_PAUSE)
        }
    }

    /// What the caller chose to be answered while the store cannot.
    fn instead(&self, op: Op, limits: &[Limit<'_>], wait: u64) -> Decision {
        match &self.on_error {
            OnError::Deny => Decision::unavailable(wait),
            OnError::Allow => {
                all::combined(limits.iter().map(|limit| as_new(op, limit))).answered(AnsweredBy::Policy)
            }
            OnError::Local(memory) => match Store::decide(memory, op, limits) {
                Ok(decision) => decision.answered(AnsweredBy::Local),
                Err(_) => Decision::unavailable(wait),
            },
        }
    }

    fn now(&self) -> u64 {
        nanos(self.clock.monotonic())
    }
}

impl Question<'_> {
    /// The decision, whatever the store came to.
    pub(super) fn settle(mut self, answer: Result<Decision, StoreError>) -> Decision {
        let policy = self.policy;
        match answer {
            Ok(decision) => {
                self.outcome = Outcome::Answered;
                if let Decision::Deny(denied) = &decision {
                    policy.denials.remember(self.limits, denied, self.asked, self.epoch);
                }
                decision
            }
            Err(error) => {
                self.outcome = match error.kind() {
                    StoreErrorKind::Corrupt => Outcome::Answered, // it was read, so the store is there
                    _ if is_misuse(&error) => Outcome::Abandoned,
                    _ => Outcome::Failed,
                };
                policy.failed(&error, self.op, self.limits)
            }
        }
    }
}

/// Also where the caller's future was dropped, or the store panicked.
impl Drop for Question<'_> {
    fn drop(&mut self) {
        let policy = self.policy;
        // Answered or not, it may have reached the store.
        if !matches!(self.op, Op::Check | Op::Peek) {
            policy.denials.forget(self.limits);
        }
        if policy.breaker.settle(self.pass, self.outcome, policy.now()) {
            count(&policy.counts.opened);
        }
    }
}

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Policy")
            .field("limits", &self.limits)
            .field("on_error", &self.on_error)
            .finish_non_exhaustive()
    }
}

/// As a caller is answered that was never seen: what costs more than the capacity stays impossible.
fn as_new(op: Op, limit: &Limit<'_>) -> Decision {
    let pace = limit.quota.pace_or_nothing();
    match op {
        Op::Check => Decision::of_ahead(0, pace, limit.cost),
        Op::Peek => Decision::of_ahead(0, pace, limit.cost).uncharged(),
        Op::Refund => Balance::new(0, pace, 0).as_decision(),
        Op::Debit => {
            let debt = pace.capacity().saturating_mul(MOST_DEBT);
            Balance::new(pace.charge(0, 0, limit.cost, debt), pace, 0).as_decision()
        }
    }
}

fn is_misuse(error: &StoreError) -> bool {
    matches!(error.kind(), StoreErrorKind::Limits | StoreErrorKind::CrossSlot)
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
