//! Who was denied a moment ago: answered again without asking the store.
//!
//! A store said how far a caller's time lies ahead. Until somebody gives cells back, it lies there or further, so what
//! does not conform by it is denied, and the wait is what is left of it. Nothing is ever admitted from here.

use std::fmt;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use siphasher::sip128::{Hasher128, SipHasher13};

use crate::random;
use crate::rate_limit::decision::{Decision, Denied, Reason};
use crate::rate_limit::error::{RateLimitError, RateLimitErrorKind};
use crate::rate_limit::limiter::nanos;
use crate::rate_limit::store::Limit;

/// A table of fixed size. Where a set is full, the entry that would end first makes room: that costs a call to the store.
pub(super) struct Denials {
    sets: Box<[Mutex<[Entry; WAYS]>]>,
    keys: (u64, u64),
    /// Counts what was given back: an answer that was on its way meanwhile is not remembered.
    epoch: AtomicU64,
}

/// One limit of one caller. Times are nanoseconds of this process.
#[derive(Clone, Copy, Default)]
struct Entry {
    /// Of the limit and the caller, 128 bits under keys of this process: another caller has the same with a chance of 2^-128.
    tag: u128,
    /// The caller's theoretical arrival time, no later than the store has it.
    tat: u64,
    /// When the entry is forgotten.
    until: u64,
}

/// How much had been given back when the store was asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Epoch(u64);

impl Denials {
    /// A table of `count` entries; of 0, nothing is remembered.
    pub(super) fn new(count: usize) -> Result<Self, RateLimitError> {
        if count > MOST {
            return Err(RateLimitErrorKind::Keys.into());
        }
        let (mut first, mut second) = ([0; 8], [0; 8]);
        random::fill(&mut first)?;
        random::fill(&mut second)?;
        let count = count.div_ceil(WAYS);
        let mut sets = Vec::new();
        sets.try_reserve_exact(count).map_err(|_| RateLimitErrorKind::OutOfMemory)?;
        sets.extend(std::iter::repeat_with(Mutex::default).take(count));
        Ok(Self {
            sets: sets.into_boxed_slice(),
            keys: (u64::from_ne_bytes(first), u64::from_ne_bytes(second)),
            epoch: AtomicU64::new(0),
        })
    }

    /// The denial that the store would give, as far as it is known here.
    pub(super) fn known(&self, limits: &[Limit<'_>], now: u64) -> Option<Decision> {
        if self.sets.is_empty() {
            return None;
        }
        let mut answer: Option<Decision> = None;
        for (index, limit) in limits.iter().enumerate() {
            let Some(tat) = self.tat(limit, now) else { continue };
            let pace = limit.quota.pace_or_nothing();
            let decision = Decision::of_ahead(tat.saturating_sub(now), pace, limit.cost);
            if !decision.is_allowed() {
                let decision = decision.of_limit(index);
                answer = Some(answer.map_or(decision, |all| all.and(decision)));
            }
        }
        answer
    }

    pub(super) fn epoch(&self) -> Epoch {
        Epoch(self.epoch.load(Ordering::Acquire))
    }

    /// Remembers what the store answered to a question that was asked at `asked`: the store's clock was no earlier, so the
    /// caller's time, reckoned from then, is no later than it is there.
    pub(super) fn remember(&self, limits: &[Limit<'_>], denied: &Denied, asked: u64, Epoch(epoch): Epoch) {
        let Some(limit) = limits.get(denied.limit()) else { return };
        if self.sets.is_empty() || denied.reason() != Reason::Rate {
            return;
        }
        let pace = limit.quota.pace_or_nothing();
        // wait = ahead + price - depth, so this is what the store found.
        let wait = nanos(denied.retry_after());
        let ahead = wait.saturating_add(pace.depth()).saturating_sub(pace.price(limit.cost));
        let entry = Entry {
            tag: self.tag(limit),
            tat: asked.saturating_add(ahead),
            until: asked.saturating_add(wait.min(LONGEST)),
        };
        let Some(mut set) = self.set(entry.tag) else { return };
        // Under the lock: who gives back counts first and forgets then, and finds this entry if we did not see the count.
        if self.epoch.load(Ordering::Acquire) != epoch {
            return;
        }
        let same = set.iter().position(|old| old.tag == entry.tag);
        let slot = match same {
            Some(index) => set.get_mut(index),
            None => set.iter_mut().min_by_key(|old| old.until),
        };
        *slot.expect("a set has entries") = entry;
    }

    /// Forgets these callers: they were given something back.
    pub(super) fn forget(&self, limits: &[Limit<'_>]) {
        if self.sets.is_empty() {
            return;
        }
        self.epoch.fetch_add(1, Ordering::AcqRel);
        for limit in limits {
            let tag = self.tag(limit);
            let Some(mut set) = self.set(tag) else { continue };
            set.iter_mut().filter(|entry| entry.tag == tag).for_each(|entry| *entry = Entry::default());
        }
    }

    fn tat(&self, limit: &Limit<'_>, now: u64) -> Option<u64> {
        let tag = self.tag(limit);
        let set = self.set(tag)?;
        set.iter().find(|entry| entry.tag == tag && now < entry.until).map(|entry| entry.tat)
    }

    fn tag(&self, limit: &Limit<'_>) -> u128 {
        let mut hasher = SipHasher13::new_with_keys(self.keys.0, self.keys.1);
        (limit.name, limit.key).hash(&mut hasher);
        limit.quota.hash(&mut hasher); // of another quota, another time
        hasher.finish128().as_u128().max(1)
    }

    #[expect(clippy::cast_possible_truncation, reason = "an index below the length")]
    fn set(&self, tag: u128) -> Option<MutexGuard<'_, [Entry; WAYS]>> {
        let index = ((tag >> 64) * self.sets.len() as u128) >> 64;
        // INVARIANT: entries are written whole, so those that a panic left behind are valid.
        self.sets.get(index as usize).map(|set| set.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for Denials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Denials").field("entries", &(self.sets.len() * WAYS)).finish_non_exhaustive()
    }
}

const WAYS: usize = 8;

/// 8 GiB.
const MOST: usize = 1 << 28;

/// 10 s: so long may a refund in another process be overlooked, and so often is a store asked about a caller that it denies.
pub(super) const LONGEST: u64 = 10_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rate_limit::{Quota, RateKey};

    const SECOND: u64 = 1_000_000_000;

    fn limit(key: &RateKey, cost: u64) -> Limit<'_> {
        Limit { name: "burst", key, quota: Quota::per_second(1).burst(5), cost }
    }

    /// What a store answers a caller whose time lies `ahead`.
    fn denied(limit: &Limit<'_>, ahead: u64) -> Denied {
        let decision = Decision::of_ahead(ahead, limit.quota.pace_or_nothing(), limit.cost);
        let Decision::Deny(denied) = decision else { panic!("{decision}") };
        denied
    }

    #[test]
    fn a_denial_holds_until_its_wait_is_over_and_says_what_is_left_of_it() {
        let denials = Denials::new(16).unwrap();
        let key = RateKey::new("ann");
        let (one, three) = (limit(&key, 1), limit(&key, 3));
        denials.remember(&[one], &denied(&one, 5 * SECOND), 100, denials.epoch());
        for (cost, wait) in [(one, SECOND), (three, 3 * SECOND)] {
            let Some(Decision::Deny(known)) = denials.known(&[cost], 100) else { panic!() };
            assert_eq!(nanos(known.retry_after()), wait);
            assert_eq!(known.remaining(), 0);
        }
        let Some(Decision::Deny(known)) = denials.known(&[one], 99 + SECOND) else { panic!() };
        assert_eq!(nanos(known.retry_after()), 1);
        assert_eq!(denials.known(&[one], 100 + SECOND), None);
        // A larger cost would be denied for longer, but what is known ends here.
        assert_eq!(denials.known(&[three], 100 + SECOND), None);
    }

    #[test]
    fn a_smaller_cost_that_conforms_is_asked_for() {
        let denials = Denials::new(16).unwrap();
        let key = RateKey::new("ann");
        denials.remember(&[limit(&key, 3)], &denied(&limit(&key, 3), 4 * SECOND), 0, denials.epoch());
        assert!(denials.known(&[limit(&key, 2)], 0).is_some());
        assert_eq!(denials.known(&[limit(&key, 1)], 0), None);
    }

    #[test]
    fn other_callers_limits_and_quotas_are_others() {
        let denials = Denials::new(16).unwrap();
        let (ann, bob) = (RateKey::new("ann"), RateKey::new("bob"));
        let one = limit(&ann, 1);
        denials.remember(&[one], &denied(&one, 5 * SECOND), 0, denials.epoch());
        assert_eq!(denials.known(&[limit(&bob, 1)], 0), None);
        assert_eq!(denials.known(&[Limit { name: "daily", ..one }], 0), None);
        assert_eq!(denials.known(&[Limit { quota: Quota::per_second(2), ..one }], 0), None);
        // Among several limits it is found, and named by its place.
        let Some(Decision::Deny(known)) = denials.known(&[limit(&bob, 1), one], 0) else { panic!() };
        assert_eq!(known.limit(), 1);
    }

    #[test]
    fn what_was_given_back_is_forgotten_and_not_remembered_late() {
        let denials = Denials::new(16).unwrap();
        let key = RateKey::new("ann");
        let one = limit(&key, 1);
        let asked = denials.epoch();
        denials.remember(&[one], &denied(&one, 5 * SECOND), 0, asked);
        denials.forget(&[one]);
        assert_eq!(denials.known(&[one], 0), None);
        denials.remember(&[one], &denied(&one, 5 * SECOND), 0, asked);
        assert_eq!(denials.known(&[one], 0), None);
        denials.remember(&[one], &denied(&one, 5 * SECOND), 0, denials.epoch());
        assert!(denials.known(&[one], 0).is_some());
    }

    #[test]
    fn a_long_denial_is_asked_for_again_after_a_while() {
        let denials = Denials::new(16).unwrap();
        let key = RateKey::new("ann");
        let daily = Limit { name: "daily", key: &key, quota: Quota::per_hour(1), cost: 1 };
        denials.remember(&[daily], &denied(&daily, 3600 * SECOND), 0, denials.epoch());
        assert!(denials.known(&[daily], LONGEST - 1).is_some());
        assert_eq!(denials.known(&[daily], LONGEST), None);
    }

    #[test]
    fn memory_is_fixed_and_none_is_allowed() {
        let denials = Denials::new(16).unwrap();
        let nothing = Denials::new(0).unwrap();
        for number in 0..1000_u32 {
            let key = RateKey::new("k").part(number);
            let one = limit(&key, 1);
            for table in [&denials, &nothing] {
                table.remember(&[one], &denied(&one, 5 * SECOND), 0, table.epoch());
                table.forget(&[]);
            }
            assert!(denials.known(&[one], 0).is_some());
            assert_eq!(nothing.known(&[one], 0), None);
        }
        let still = (0..1000_u32)
            .filter(|number| denials.known(&[limit(&RateKey::new("k").part(*number), 1)], 0).is_some());
        assert!((1..=16).contains(&still.count()));
        assert!(Denials::new(MOST + 1).is_err());
    }
}
