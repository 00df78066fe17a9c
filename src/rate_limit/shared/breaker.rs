//! Leaves a store alone that has failed several times in a row, and asks it now and then whether it is back.
//!
//! Times are nanoseconds of one clock, taken as numbers.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Shared by all callers of one limiter. Its lock is held for a comparison and a store, never across a call.
#[derive(Debug)]
pub(super) struct Breaker {
    state: Mutex<State>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The store is asked. So many calls failed since the last that did not.
    Closed { failures: u32 },
    /// It is not asked before `until`.
    Open { until: u64, pause: u64 },
    /// One caller asks; all others wait for what it learns.
    Probing { pause: u64 },
}

/// What a caller was let through for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pass {
    /// To call the store.
    Call,
    /// To learn whether it is back, alone.
    Probe,
}

/// What came of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Answered,
    Failed,
    /// The caller went away before there was an answer, or the call was wrong: that says nothing about the store.
    Abandoned,
}

impl Breaker {
    pub(super) fn new() -> Self {
        Self { state: Mutex::new(State::Closed { failures: 0 }) }
    }

    /// Lets a caller through, or says how long the store is left alone yet. Whoever is let through must
    /// [`settle`](Self::settle).
    pub(super) fn enter(&self, now: u64) -> Result<Pass, u64> {
        let mut state = self.lock();
        match *state {
            State::Closed { .. } => Ok(Pass::Call),
            State::Open { until, .. } if now < until => Err(until - now),
            State::Open { pause, .. } => {
                *state = State::Probing { pause };
                Ok(Pass::Probe)
            }
            State::Probing { .. } => Err(FIRST_PAUSE),
        }
    }

    /// Takes note of what came of the call. `true` if the store is left alone from now on and was not before.
    pub(super) fn settle(&self, pass: Pass, outcome: Outcome, now: u64) -> bool {
        let mut state = self.lock();
        let open = |pause: u64| State::Open { until: now.saturating_add(pause), pause };
        let next = match (*state, pass, outcome) {
            (State::Probing { .. }, Pass::Probe, Outcome::Answered)
            | (State::Closed { .. }, _, Outcome::Answered) => State::Closed { failures: 0 },
            (State::Probing { pause }, Pass::Probe, Outcome::Failed) => {
                open(pause.saturating_mul(2).min(LONGEST_PAUSE))
            }
            // Not longer, since nothing was learnt; but a pause: callers in a hurry must not all find out one by one.
            (State::Probing { pause }, Pass::Probe, Outcome::Abandoned) => open(pause),
            (State::Closed { failures }, _, Outcome::Failed) if failures + 1 >= FAILURES => open(FIRST_PAUSE),
            (State::Closed { failures }, _, Outcome::Failed) => State::Closed { failures: failures + 1 },
            // Calls that began before: the probe knows better.
            (same, ..) => same,
        };
        let opened = matches!((*state, next), (State::Closed { .. }, State::Open { .. }));
        *state = next;
        opened
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // INVARIANT: the state is written whole, so one that a panic left behind is valid.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// In a row: one lost packet is none, and at a timeout of 30 ms a dead store costs each thread 150 ms.
const FAILURES: u32 = 5;

/// 100 ms: a store that restarts is missed for little longer than it is away.
pub(super) const FIRST_PAUSE: u64 = 100_000_000;

/// 5 s, after six failed probes.
const LONGEST_PAUSE: u64 = 5_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn opened_at(now: u64) -> Breaker {
        let breaker = Breaker::new();
        for failure in 1..=FAILURES {
            let pass = breaker.enter(now).unwrap();
            assert_eq!(breaker.settle(pass, Outcome::Failed, now), failure == FAILURES);
        }
        breaker
    }

    #[test]
    fn failures_in_a_row_open_it_and_others_do_not() {
        let breaker = Breaker::new();
        for _ in 0..100 {
            for outcome in
                [Outcome::Failed, Outcome::Failed, Outcome::Failed, Outcome::Failed, Outcome::Answered]
            {
                let pass = breaker.enter(0).unwrap();
                assert!(!breaker.settle(pass, outcome, 0));
            }
        }
        let breaker = opened_at(7);
        assert_eq!(breaker.enter(7), Err(FIRST_PAUSE));
        assert_eq!(breaker.enter(7 + FIRST_PAUSE - 1), Err(1));
    }

    #[test]
    fn one_caller_probes_and_an_answer_closes_it() {
        let breaker = opened_at(0);
        let now = FIRST_PAUSE;
        assert_eq!(breaker.enter(now), Ok(Pass::Probe));
        assert_eq!(breaker.enter(now), Err(FIRST_PAUSE));
        // A call that began before it opened neither closes nor opens it.
        assert!(!breaker.settle(Pass::Call, Outcome::Answered, now));
        assert!(!breaker.settle(Pass::Call, Outcome::Failed, now));
        assert!(breaker.enter(now).is_err());
        assert!(!breaker.settle(Pass::Probe, Outcome::Answered, now));
        assert_eq!(breaker.enter(now), Ok(Pass::Call));
    }

    #[test]
    fn the_pause_grows_to_a_bound() {
        let breaker = opened_at(0);
        let mut now = 0;
        for pause in [1, 2, 4, 8, 16, 32, 50, 50, 50].map(|factor| factor * FIRST_PAUSE) {
            assert_eq!(breaker.enter(now), Err(pause));
            now += pause;
            assert_eq!(breaker.enter(now), Ok(Pass::Probe));
            assert!(!breaker.settle(Pass::Probe, Outcome::Failed, now));
        }
    }

    #[test]
    fn a_probe_that_is_abandoned_leaves_the_next_one_to_another_caller() {
        let breaker = opened_at(0);
        for round in 1..5 {
            let now = round * FIRST_PAUSE;
            assert_eq!(breaker.enter(now), Ok(Pass::Probe));
            assert!(!breaker.settle(Pass::Probe, Outcome::Abandoned, now));
            assert_eq!(breaker.enter(now), Err(FIRST_PAUSE));
        }
    }
}
