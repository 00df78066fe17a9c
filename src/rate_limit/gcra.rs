//! The arithmetic of one limit: numbers in, numbers out, no clock and no state.
//!
//! A caller's state is one number, its *theoretical arrival time* (`tat`): the moment at which it will have its full
//! quota again. A request of cost `c` moves it to `max(tat, now) + c × interval` and conforms if that lies no further
//! ahead of `now` than `capacity × interval`.
//!
//! All times are nanoseconds of one clock. Sums that do not fit deny; nothing wraps.
//!
//! # Source
//! Generic cell rate algorithm, virtual scheduling form: ITU-T I.371, Annex A.

/// How fast cells are admitted, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pace {
    /// The emission interval: the time after which one cell more is admitted. Rounded up, so that never more is admitted
    /// than was asked for.
    interval: u64,
    /// How many cells are admitted at once from rest.
    capacity: u64,
}

/// The longest time that a full quota may take to come back, and a debt may last: 146 years. Two of them and any moment
/// of the next 290 years fit into 64 bits.
pub(super) const LONGEST: u64 = 1 << 62;

/// What is to be done, and how far ahead of `now` the caller's time is then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The caller's time becomes `tat`.
    Conforms { tat: u64 },
    /// Nothing changes; from `wait` on, and not before, the same request conforms.
    Early { wait: u64 },
    /// It never conforms: it costs more than the capacity.
    Never,
}

impl Pace {
    /// Admits nothing: what a quota with numbers out of range comes to.
    pub(super) const NOTHING: Self = Self { interval: 1, capacity: 0 };

    /// `tokens` cells a `period` of nanoseconds, `capacity` at once; `None` if a number is zero, if there is more than one
    /// cell a nanosecond, or if a full quota takes longer than [`LONGEST`] to come back.
    pub(super) const fn new(capacity: u64, tokens: u64, period: u64) -> Option<Self> {
        if capacity == 0 || tokens == 0 || period < tokens {
            return None;
        }
        let interval = period.div_ceil(tokens);
        match interval.checked_mul(capacity) {
            // INVARIANT: capacity × interval fits, here and in `depth` and `charge`.
            Some(depth) if depth <= LONGEST => Some(Self { interval, capacity }),
            _ => None,
        }
    }

    pub(super) const fn capacity(self) -> u64 {
        self.capacity
    }

    #[cfg(test)]
    pub(super) const fn interval(self) -> u64 {
        self.interval
    }

    /// How far ahead of the clock a caller's time may be after a request that conforms.
    pub(super) const fn depth(self) -> u64 {
        self.interval * self.capacity
    }

    /// Decides whether a request of `cost` cells conforms at `now`.
    #[inline]
    pub(super) fn decide(self, tat: u64, now: u64, cost: u64) -> Verdict {
        if cost > self.capacity {
            return Verdict::Never;
        }
        // cost ≤ capacity, so the product is at most the depth.
        let Some(tat) = tat.max(now).checked_add(cost * self.interval) else {
            return Verdict::Early { wait: LONGEST }; // the end of time: a sum that wrapped would admit
        };
        // tat ≥ now, by the maximum above.
        match (tat - now).checked_sub(self.depth()) {
            None | Some(0) => Verdict::Conforms { tat },
            Some(wait) => Verdict::Early { wait },
        }
    }

    /// The caller's time after `cost` cells that are charged whatever was admitted, `debt` cells below zero at most.
    /// It never goes back.
    pub(super) fn charge(self, tat: u64, now: u64, cost: u64, debt: u64) -> u64 {
        let charged = tat.max(now).saturating_add(cost.saturating_mul(self.interval));
        charged.min(now.saturating_add(self.furthest(debt))).max(tat)
    }

    /// How far ahead of the clock a caller's time may be at most, when it owes `debt` cells.
    pub(super) fn furthest(self, debt: u64) -> u64 {
        self.depth().saturating_add(debt.saturating_mul(self.interval)).min(LONGEST)
    }

    /// How far `cost` cells move a caller's time.
    pub(super) fn price(self, cost: u64) -> u64 {
        cost.saturating_mul(self.interval).min(LONGEST)
    }

    /// The caller's time after `cost` cells were given back: full at most, and never further ahead than before.
    pub(super) fn refund(self, tat: u64, now: u64, cost: u64) -> u64 {
        tat.saturating_sub(cost.saturating_mul(self.interval)).max(now.min(tat))
    }

    /// Whole cells that are left when the caller's time is `ahead` of the clock; below zero, those owed.
    pub(super) fn remaining(self, ahead: u64) -> i64 {
        // Both are at most LONGEST but for times from a clock that stepped back, which saturate.
        let depth = i64::try_from(self.depth()).unwrap_or(i64::MAX);
        let ahead = i64::try_from(ahead).unwrap_or(i64::MAX);
        let interval = i64::try_from(self.interval).unwrap_or(i64::MAX);
        (depth - ahead).div_euclid(interval)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pace(capacity: u64, tokens: u64, period: u64) -> Pace {
        Pace::new(capacity, tokens, period).unwrap()
    }

    #[test]
    fn the_interval_is_rounded_up() {
        assert_eq!(pace(3, 7, 60_000_000_000).interval(), 8_571_428_572);
        assert_eq!(pace(1, 1, 1).interval(), 1);
        assert_eq!(pace(1, 2, 3).interval(), 2);
    }

    #[test]
    fn numbers_out_of_range_make_no_pace() {
        for (capacity, tokens, period) in [
            (0, 1, 1),
            (1, 0, 1),
            (1, 1, 0),
            (1, 2, 1),
            (u64::MAX, 1, 1),
            (1, 1, LONGEST + 1),
            (2, 1, LONGEST / 2 + 1),
            (u64::MAX, 1, u64::MAX),
            (10_000_000, 1, 3_600_000_000_000_000),
        ] {
            assert_eq!(Pace::new(capacity, tokens, period), None, "{capacity} {tokens} {period}");
        }
        assert!(Pace::new(LONGEST, 1, 1).is_some() && Pace::new(1, 1, LONGEST).is_some());
    }

    #[test]
    fn the_end_of_time_denies() {
        let pace = pace(5, 1, 10);
        assert_eq!(pace.decide(u64::MAX, u64::MAX, 1), Verdict::Early { wait: LONGEST });
        assert_eq!(pace.decide(0, u64::MAX, 1), Verdict::Early { wait: LONGEST });
        assert_eq!(pace.charge(u64::MAX - 3, u64::MAX - 3, 1, 0), u64::MAX);
        assert!(matches!(pace.decide(u64::MAX, 0, 1), Verdict::Early { .. }));
        assert!(pace.remaining(u64::MAX) < 0);
    }

    #[test]
    fn a_pace_of_nothing_admits_nothing() {
        assert_eq!(Pace::NOTHING.decide(0, 0, 1), Verdict::Never);
        assert_eq!(Pace::NOTHING.decide(0, u64::MAX, u64::MAX), Verdict::Never);
    }

    proptest! {
        #[test]
        fn a_denied_request_conforms_after_its_wait_and_not_before(
            capacity in 1..50_u64, tokens in 1..1_000_u64, period in 1_000..10_000_000_u64,
            ahead in 0..u64::from(u32::MAX), now in 0..1_u64 << 60, cost in 1..50_u64,
        ) {
            let pace = pace(capacity, tokens, period);
            let tat = now + ahead;
            match pace.decide(tat, now, cost) {
                Verdict::Early { wait } => {
                    let conforms = |now| matches!(pace.decide(tat, now, cost), Verdict::Conforms { .. });
                    prop_assert!(conforms(now + wait));
                    prop_assert!(!conforms(now + wait - 1));
                }
                Verdict::Conforms { tat } => {
                    prop_assert!(pace.remaining(tat - now) >= 0);
                    prop_assert!(cost <= capacity);
                }
                Verdict::Never => prop_assert!(cost > capacity),
            }
        }

        #[test]
        fn no_numbers_overflow(
            capacity: u64, tokens: u64, period: u64, tat: u64, now: u64, cost: u64, debt: u64,
        ) {
            if let Some(pace) = Pace::new(capacity, tokens, period) {
                if let Verdict::Conforms { tat: after } = pace.decide(tat, now, cost) {
                    prop_assert!(after >= now && after >= tat);
                }
                prop_assert!(pace.charge(tat, now, cost, debt) >= tat);
                let refunded = pace.refund(tat, now, cost);
                prop_assert!(refunded <= tat && refunded >= tat.min(now));
                let _ = pace.remaining(tat);
            }
        }
    }
}
