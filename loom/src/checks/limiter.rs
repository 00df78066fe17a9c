//! What holds for one set of the rate limiter's table.

#[path = "../../../src/rate_limit/gcra.rs"]
#[allow(dead_code, reason = "limiters use the rest")]
mod gcra;
#[path = "../../../src/rate_limit/set.rs"]
#[allow(dead_code, reason = "limiters use the rest")]
mod set;

mod atomic {
    use std::cell::Cell;

    use loom::sync::atomic;

    pub(super) use loom::sync::atomic::{AtomicU32, Ordering};

    thread_local!(
        /// Whether who exchanges looks first, and writes then: a fault that a control puts in.
        pub(super) static EXCHANGES_BY_HALVES: Cell<bool> = const { Cell::new(false) }
    );

    #[derive(Debug)]
    pub(super) struct AtomicU64(atomic::AtomicU64);

    impl AtomicU64 {
        pub(super) fn new(value: u64) -> Self {
            Self(atomic::AtomicU64::new(value))
        }

        pub(super) fn load(&self, order: Ordering) -> u64 {
            self.0.load(order)
        }

        pub(super) fn store(&self, value: u64, order: Ordering) {
            self.0.store(value, order);
        }

        pub(super) fn swap(&self, value: u64, order: Ordering) -> u64 {
            self.0.swap(value, order)
        }

        pub(super) fn compare_exchange_weak(
            &self,
            current: u64,
            new: u64,
            success: Ordering,
            failure: Ordering,
        ) -> Result<u64, u64> {
            if !EXCHANGES_BY_HALVES.get() {
                return self.0.compare_exchange_weak(current, new, success, failure);
            }
            let found = self.0.load(Ordering::Acquire);
            if found != current {
                return Err(found);
            }
            self.0.store(new, Ordering::Release);
            Ok(found)
        }
    }

    /// loom runs the others on until one of them has left.
    pub(super) fn pause(_attempt: u32) {
        loom::thread::yield_now();
    }
}

use gcra::{Pace, Verdict};
use loom::sync::Arc;
use loom::thread;
use set::{Set, WAYS};

use crate::orders::{self, Task};

pub(crate) const TASKS: &[Task] = &[
    Task::Check("two threads on one key admit its capacity", &[], two_threads_on_one_key_admit_its_capacity),
    Task::Check(
        "a key that is evicted while it is charged keeps its debt",
        &[],
        a_key_that_is_evicted_while_it_is_charged_keeps_its_debt,
    ),
    Task::Check(
        "two newcomers at once are let in once each",
        &[],
        two_newcomers_at_once_are_let_in_once_each,
    ),
    Task::Check("what is given back goes to nobody else", &[], what_is_given_back_goes_to_nobody_else),
    Task::Check(
        "three threads over more keys than slots exceed none",
        &[],
        three_threads_over_more_keys_than_slots_exceed_none,
    ),
    Task::Check(
        "a key that is charged by two while it is evicted keeps its debt",
        &[],
        a_key_that_is_charged_by_two_while_it_is_evicted_keeps_its_debt,
    ),
    Task::Control("a time that is looked at, and then written", "admitted 3", || {
        atomic::EXCHANGES_BY_HALVES.set(true);
        two_threads_on_one_key_admit_its_capacity();
    }),
];

/// One cell an hour, so that one moment is all there is.
fn pace(capacity: u64) -> Pace {
    Pace::new(capacity, 1, 3_600_000_000_000).expect("numbers within range")
}

fn admitted(set: &Set, tag: u32, pace: Pace) -> u64 {
    u64::from(matches!(set.take(tag, pace, 1, 1).verdict, Verdict::Conforms { .. }))
}

/// Explores all orders, or those in which threads are taken off at most `switches` times before they are done.
fn explore(switches: Option<usize>, work: impl Fn() + Sync + Send + 'static) {
    if orders::is_in_turn() {
        return; // loom has no such order: a thread that waits for no other may see what was there before
    }
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = switches;
    builder.check(move || {
        orders::count();
        work();
    });
}

/// A set whose four slots are taken, one cell each.
fn full_set(pace: Pace) -> Arc<Set> {
    let set = Set::new();
    for tag in 1..=WAYS as u32 {
        assert_eq!(admitted(&set, tag, pace), 1);
    }
    Arc::new(set)
}

fn two_threads_on_one_key_admit_its_capacity() {
    explore(None, || {
        let set = Arc::new(Set::new());
        let other = {
            let set = Arc::clone(&set);
            thread::spawn(move || admitted(&set, 1, pace(2)) + admitted(&set, 1, pace(2)))
        };
        let here = admitted(&set, 1, pace(2)) + admitted(&set, 1, pace(2));
        let all = here + other.join().expect("no panic");
        assert!(all == 2, "admitted {all}");
    });
}

fn a_key_that_is_evicted_while_it_is_charged_keeps_its_debt() {
    explore(None, || {
        let pace = pace(3);
        let set = full_set(pace);
        let newcomers = {
            let set = Arc::clone(&set);
            thread::spawn(move || admitted(&set, 9, pace))
        };
        // 1 has used one cell of three; another key may take its slot at any moment of this.
        let here = admitted(&set, 1, pace) + admitted(&set, 1, pace);
        newcomers.join().expect("no panic");
        let after = (0..3).map(|_| admitted(&set, 1, pace)).sum::<u64>();
        assert!(1 + here + after <= 3, "1 + {here} + {after}");
    });
}

fn two_newcomers_at_once_are_let_in_once_each() {
    explore(None, || {
        let pace = pace(2);
        let set = full_set(pace);
        let other = {
            let set = Arc::clone(&set);
            thread::spawn(move || admitted(&set, 9, pace))
        };
        let here = admitted(&set, 9, pace);
        let together = here + other.join().expect("no panic");
        let after = (0..2).map(|_| admitted(&set, 9, pace)).sum::<u64>();
        // Its base is what the one that made room owed: one cell.
        assert!(together + after <= 2, "{together} + {after}");
    });
}

fn what_is_given_back_goes_to_nobody_else() {
    explore(None, || {
        let pace = pace(2);
        let set = full_set(pace);
        let refund = {
            let set = Arc::clone(&set);
            thread::spawn(move || set.give_back(1, |tat| pace.refund(tat, 1, 1)).is_some())
        };
        let newcomer = admitted(&set, 9, pace); // takes the slot of 1, before or after
        refund.join().expect("no panic");
        let newcomer = newcomer + (0..2).map(|_| admitted(&set, 9, pace)).sum::<u64>();
        assert!(newcomer <= 2, "{newcomer}");
        let others = (2..=WAYS as u32).map(|tag| (0..2).map(|_| admitted(&set, tag, pace)).sum::<u64>());
        assert!(others.into_iter().all(|more| more <= 1));
    });
}

fn three_threads_over_more_keys_than_slots_exceed_none() {
    explore(Some(1), || {
        let pace = pace(1);
        let set = Arc::new(Set::new());
        let threads: Vec<_> = [[1, 2], [3, 1]]
            .into_iter()
            .map(|tags| {
                let set = Arc::clone(&set);
                thread::spawn(move || tags.map(|tag| (tag, admitted(&set, tag, pace))))
            })
            .collect();
        let mut all = vec![(1, admitted(&set, 1, pace))];
        all.extend(threads.into_iter().flat_map(|thread| thread.join().expect("no panic")));
        for tag in 1..=3 {
            let sum: u64 = all.iter().filter(|(of, _)| *of == tag).map(|(_, admitted)| admitted).sum();
            assert!(sum <= 1, "{tag}: {all:?}");
        }
    });
}

fn a_key_that_is_charged_by_two_while_it_is_evicted_keeps_its_debt() {
    explore(Some(1), || {
        let pace = pace(3);
        let set = full_set(pace);
        let threads: Vec<_> = [9, 1]
            .into_iter()
            .map(|tag| {
                let set = Arc::clone(&set);
                thread::spawn(move || admitted(&set, tag, pace))
            })
            .collect();
        let here = admitted(&set, 1, pace);
        let [_, there] =
            *threads.into_iter().map(|thread| thread.join().expect("no panic")).collect::<Vec<_>>()
        else {
            unreachable!("two threads were started")
        };
        let after = (0..3).map(|_| admitted(&set, 1, pace)).sum::<u64>();
        assert!(1 + here + there + after <= 3, "1 + {here} + {there} + {after}");
    });
}
