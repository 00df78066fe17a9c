use super::decision::Decision;
use super::limiter::{Charge, SystemTime};

/// Charges several limits in one decision: all of them if all conform, none otherwise.
///
/// What is denied names the limit to be waited for longest, by its place in `charges` ([`Denied::limit`](super::Denied::limit));
/// what is allowed, the one with the least left. Where another thread came in between, it is the limit that it took.
///
/// ```
/// use palisade::rate_limit::{check_all, Decision, Quota, RateLimiter};
///
/// let per_second = RateLimiter::new(Quota::per_second(2))?;
/// let per_hour = RateLimiter::new(Quota::per_hour(100))?;
/// let decision = check_all(&[per_second.charge("ann"), per_hour.charge("ann").cost(3)]);
/// let Decision::Allow(allowed) = decision else { panic!() };
/// assert_eq!((allowed.remaining(), allowed.limit()), (1, 0));
/// # Ok::<(), palisade::rate_limit::RateLimitError>(())
/// ```
///
/// Of no charges, nothing is limited: the answer is [`Decision::Impossible`].
///
/// # Security
/// No order of threads admits more than any of the limits. Where two threads ask for the last cells of the same limits at
/// the same time, the one that comes second gives back what it was charged for the others; who asks in between may be
/// denied although a cell was left a moment later.
pub fn check_all(charges: &[Charge<'_>]) -> Decision {
    let now = Charge::system_time();
    if !charges.iter().all(|charge| charge.timed(now).peek().is_allowed()) {
        let asked = peek_all(charges, now);
        if !asked.is_allowed() {
            return asked;
        }
    }
    let mut answer = None;
    for (index, charge) in charges.iter().enumerate() {
        let decision = charge.timed(now).check().of_limit(index);
        if !decision.is_allowed() {
            // Another thread took what was seen, or two of the charges are for one key.
            for charged in charges.iter().take(index) {
                charged.timed(now).refund();
            }
            return decision;
        }
        answer = Some(answer.map_or(decision, |all: Decision| all.and(decision)));
    }
    answer.unwrap_or(Decision::Impossible)
}

/// What [`check_all`] would answer.
pub(super) fn peek_all(charges: &[Charge<'_>], now: SystemTime) -> Decision {
    combined(charges.iter().map(|charge| charge.timed(now).peek()))
}

/// What several limits that must all conform come to.
pub(super) fn combined(decisions: impl Iterator<Item = Decision>) -> Decision {
    let numbered = decisions.enumerate().map(|(index, decision)| decision.of_limit(index));
    numbered.reduce(Decision::and).unwrap_or(Decision::Impossible)
}
