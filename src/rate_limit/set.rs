//! Four callers' times and what became of those that had to make room: all that a decision touches, in one cache line.
//!
//! [`super`] holds the argument why no caller is admitted beyond its limit, whatever order these stores are seen in; the
//! crate in `loom/` tries the orders.

use super::atomic::{AtomicU32, AtomicU64, Ordering, pause};
use super::gcra::{Pace, Verdict};

/// How many callers a set remembers by name.
pub(super) const WAYS: usize = 4;

/// One set of the table.
#[derive(Debug)]
#[repr(align(64))]
pub(super) struct Set {
    /// Theoretical arrival times; 0 in a slot that was never used.
    times: [AtomicU64; WAYS],
    /// Whose they are: a part of the key's hash that is never 0. 0 stands in a slot that is empty or changes hands.
    tags: [AtomicU32; WAYS],
    /// The largest time that was ever overwritten. It never goes back.
    mark: AtomicU64,
    /// 1 while a slot changes hands or a time goes back.
    lock: AtomicU32,
}

/// What a request came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) verdict: Verdict,
    /// The caller's time before the request: of one that is not here, the largest that was overwritten.
    pub(super) tat: u64,
    pub(super) caller: Caller,
}

/// How the set knows who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Caller {
    /// It is here.
    Known,
    /// It is not.
    New,
    /// It was not, and took the place of one whose time had not come.
    Evicting,
}

impl Outcome {
    /// The caller's time after the request.
    pub(super) fn charged(self) -> u64 {
        match self.verdict {
            Verdict::Conforms { tat } => tat,
            Verdict::Early { .. } | Verdict::Never => self.tat,
        }
    }

    /// Whether a caller that is not here was denied for what others owe.
    pub(super) fn is_saturated(self) -> bool {
        self.caller == Caller::New && matches!(self.verdict, Verdict::Early { .. })
    }
}

#[derive(Clone, Copy)]
struct Slot<'a> {
    time: &'a AtomicU64,
    tag: &'a AtomicU32,
}

impl Set {
    pub(super) fn new() -> Self {
        Self {
            times: std::array::from_fn(|_| AtomicU64::new(0)),
            tags: std::array::from_fn(|_| AtomicU32::new(0)),
            mark: AtomicU64::new(0),
            lock: AtomicU32::new(0),
        }
    }

    /// Decides what `tag` asks for and charges it if it conforms. A denial writes nothing.
    #[inline]
    pub(super) fn take(&self, tag: u32, pace: Pace, now: u64, cost: u64) -> Outcome {
        self.advance(tag, now, |tat| pace.decide(tat, now, cost))
    }

    /// Charges `tag` whatever it has left.
    pub(super) fn debit(&self, tag: u32, pace: Pace, now: u64, cost: u64, debt: u64) -> Outcome {
        self.advance(tag, now, |tat| Verdict::Conforms { tat: pace.charge(tat, now, cost, debt) })
    }

    /// What `take` would answer.
    pub(super) fn peek(&self, tag: u32, pace: Pace, now: u64, cost: u64) -> Outcome {
        loop {
            let Some(slot) = self.find(tag) else {
                let tat = self.mark.load(Ordering::Acquire);
                return Outcome { verdict: pace.decide(tat, now, cost), tat, caller: Caller::New };
            };
            let tat = slot.time.load(Ordering::Acquire);
            if slot.tag.load(Ordering::Acquire) == tag {
                return Outcome { verdict: pace.decide(tat, now, cost), tat, caller: Caller::Known };
            }
        }
    }

    /// Sets the time of `tag` back to what `earlier` makes of it; answers the time it has then, or `None` for one that is
    /// not here. That one's debt, if it has any, stays in the mark.
    ///
    /// Under the lock, since the slot must not change hands between the look at its tag and the exchange: what one caller
    /// is given back must not reach another.
    pub(super) fn give_back(&self, tag: u32, earlier: impl Fn(u64) -> u64) -> Option<u64> {
        let _guard = self.lock();
        let slot = self.find(tag)?;
        let mut tat = slot.time.load(Ordering::Acquire);
        loop {
            let after = earlier(tat).min(tat);
            match slot.time.compare_exchange_weak(tat, after, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return Some(after),
                Err(actual) => tat = actual,
            }
        }
    }

    /// How many slots hold a time that has not come.
    pub(super) fn live(&self, now: u64) -> usize {
        self.times.iter().filter(|time| time.load(Ordering::Relaxed) > now).count()
    }

    #[inline]
    fn advance(&self, tag: u32, now: u64, decide: impl Fn(u64) -> Verdict) -> Outcome {
        loop {
            let outcome = match self.find(tag) {
                Some(slot) => Self::advance_known(slot, tag, &decide),
                None => self.advance_new(tag, now, &decide),
            };
            if let Some(outcome) = outcome {
                return outcome;
            }
        }
    }

    /// `None` if the slot changed hands meanwhile. What was charged then fell on the slot's new owner, who is limited
    /// more for it, never less.
    #[inline]
    fn advance_known(slot: Slot<'_>, tag: u32, decide: impl Fn(u64) -> Verdict) -> Option<Outcome> {
        let mut tat = slot.time.load(Ordering::Acquire);
        loop {
            let verdict = decide(tat);
            if let Verdict::Conforms { tat: after } = verdict
                && after != tat
                && let Err(actual) =
                    slot.time.compare_exchange_weak(tat, after, Ordering::AcqRel, Ordering::Acquire)
            {
                if slot.tag.load(Ordering::Acquire) != tag {
                    return None;
                }
                tat = actual;
                continue;
            }
            // After the exchange: had the slot changed hands before it, the exchange saw that, and so does this load.
            let still = slot.tag.load(Ordering::Acquire) == tag;
            return still.then_some(Outcome { verdict, tat, caller: Caller::Known });
        }
    }

    /// `None` if another thread has let `tag` in meanwhile.
    #[inline(never)]
    fn advance_new(&self, tag: u32, now: u64, decide: impl Fn(u64) -> Verdict) -> Option<Outcome> {
        let mark = self.mark.load(Ordering::Acquire);
        let verdict = decide(mark);
        if !matches!(verdict, Verdict::Conforms { .. }) {
            return Some(Outcome { verdict, tat: mark, caller: Caller::New }); // the mark only grows
        }
        let _guard = self.lock();
        if self.find(tag).is_some() {
            return None;
        }
        let mark = self.mark.load(Ordering::Relaxed);
        let verdict = decide(mark);
        let caller = match verdict {
            Verdict::Conforms { tat } if self.let_in(tag, tat, mark) > now => Caller::Evicting,
            _ => Caller::New,
        };
        Some(Outcome { verdict, tat: mark, caller })
    }

    /// Gives `tag` the slot whose time is smallest, and answers that time. The lock is held.
    fn let_in(&self, tag: u32, tat: u64, mark: u64) -> u64 {
        let slot =
            self.slots().min_by_key(|slot| slot.time.load(Ordering::Relaxed)).expect("a set has slots");
        // INVARIANT: the tag goes first, the time next, and what the time was is in the mark before anyone can miss the
        // tag under the lock. A charge that comes before the exchange is part of what it returns, and one that comes after
        // it finds the tag gone.
        slot.tag.store(0, Ordering::Relaxed);
        let overwritten = slot.time.swap(tat, Ordering::AcqRel);
        self.mark.store(mark.max(overwritten), Ordering::Release);
        slot.tag.store(tag, Ordering::Release);
        overwritten
    }

    #[inline]
    fn find(&self, tag: u32) -> Option<Slot<'_>> {
        self.slots().find(|slot| slot.tag.load(Ordering::Acquire) == tag)
    }

    #[inline]
    fn slots(&self) -> impl Iterator<Item = Slot<'_>> {
        self.times.iter().zip(&self.tags).map(|(time, tag)| Slot { time, tag })
    }

    fn lock(&self) -> Guard<'_> {
        let mut attempt = 0;
        while self.lock.compare_exchange_weak(0, 1, Ordering::Acquire, Ordering::Relaxed).is_err() {
            pause(attempt);
            attempt = attempt.saturating_add(1);
        }
        Guard { lock: &self.lock }
    }
}

struct Guard<'a> {
    lock: &'a AtomicU32,
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        self.lock.store(0, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn allows(outcome: Outcome) -> bool {
        matches!(outcome.verdict, Verdict::Conforms { .. })
    }

    #[test]
    fn a_set_is_one_cache_line() {
        assert_eq!((size_of::<Set>(), align_of::<Set>()), (64, 64));
    }

    #[test]
    fn a_time_that_lies_behind_sees_what_was_overwritten() {
        let pace = Pace::new(1, 1, SECOND).unwrap();
        let set = Set::new();
        assert!(allows(set.take(1, pace, 8 * SECOND, 1))); // due again at 9
        for tag in [2, 3, 4] {
            assert!(allows(set.take(tag, pace, 9 * SECOND + 1, 1)));
        }
        let newcomer = set.take(5, pace, 10 * SECOND, 1);
        assert_eq!(newcomer.caller, Caller::New, "it takes the place of one whose time has passed");
        assert!(!allows(set.take(1, pace, 8 * SECOND, 1)), "a thread that read its clock earlier");
    }

    #[test]
    fn a_denial_writes_nothing() {
        let pace = Pace::new(2, 1, SECOND).unwrap();
        let set = Set::new();
        for tag in 1..=9 {
            set.take(tag, pace, 0, 2);
        }
        let before = format!("{set:?}");
        for tag in 1..=20 {
            assert!(!allows(set.take(tag, pace, 0, 1)), "{tag}");
            let _ = set.peek(tag, pace, 5 * SECOND, 1);
            assert_eq!(set.take(tag, pace, 50 * SECOND, 3).verdict, Verdict::Never);
        }
        assert_eq!(format!("{set:?}"), before);
    }

    #[test]
    fn nobody_is_given_back_what_is_not_theirs() {
        let pace = Pace::new(5, 1, SECOND).unwrap();
        let set = Set::new();
        set.take(1, pace, 0, 3);
        assert_eq!(set.give_back(2, |tat| pace.refund(tat, 0, 3)), None);
        assert_eq!(set.peek(1, pace, 0, 1).tat, 3 * SECOND);
        assert_eq!(set.give_back(1, |tat| pace.refund(tat, 0, 1)), Some(2 * SECOND));
    }
}
