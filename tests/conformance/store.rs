//! The suite. A new store runs [`suite`] and names what happens when it fails.
//!
//! It runs on clocks that nobody drives: quotas come back in hours, and a wait may be shorter than reckoned by the time
//! that the test took.

use std::time::{Duration, Instant};

use palisade::rate_limit::store::{Limit, Op, Store, StoreErrorKind};
use palisade::rate_limit::{AnsweredBy, Decision, Quota, RateKey, Reason};

const HOUR: Duration = Duration::from_secs(3600);

/// All that holds for every store, under keys that begin with `name`.
pub(crate) fn suite(store: &dyn Store, name: &str) {
    let key = |part: &str| RateKey::new(name).part(part);
    capacity_is_exact(store, &key("capacity"));
    wrong_calls_are_refused(store, &key("wrong"));
    what_costs_too_much_is_impossible(store, &key("impossible"));
    a_peek_changes_nothing(store, &key("peek"));
    refunds_end_at_full(store, &key("refund"));
    debits_end_at_a_thousand_capacities(store, &key("debit"));
    limits_are_charged_together(store, &key("together"));
    sixty_four_limits_fit(store, &key("many"));
    keys_are_told_apart(store, name);
    callers_are_decided_together(store, &key("one"), &key("other"));
    sub_millisecond_debts_are_remembered(store, &key("short"));
    threads_never_exceed_the_capacity(store, &key("threads"));
}

fn limit<'a>(name: &'a str, key: &'a RateKey, quota: Quota) -> Limit<'a> {
    Limit { name, key, quota, cost: 1 }
}

/// One cell an hour.
fn hourly(key: &RateKey, capacity: u64) -> Limit<'_> {
    limit("hourly", key, Quota::per_hour(1).burst(capacity))
}

fn left(decision: &Decision) -> u64 {
    let Decision::Allow(allowed) = decision else { panic!("{decision}") };
    assert_eq!(allowed.answered_by(), AnsweredBy::Limiter);
    allowed.remaining()
}

/// Denied with a wait of `wait`, less the time since `started`.
fn assert_denied(decision: &Decision, wait: Duration, started: Instant) {
    let Decision::Deny(denied) = decision else { panic!("{decision}") };
    assert_eq!(denied.reason(), Reason::Rate);
    let soonest = wait.saturating_sub(started.elapsed() + CLOCKS_DIFFER);
    assert!(
        (soonest..=wait).contains(&denied.retry_after()),
        "{denied:?} is not within {soonest:?} and {wait:?}"
    );
}

/// The server's clock and ours need not run alike to the microsecond.
const CLOCKS_DIFFER: Duration = Duration::from_millis(5);

fn capacity_is_exact(store: &dyn Store, key: &RateKey) {
    let started = Instant::now();
    let one = hourly(key, 3);
    for rest in (0..3).rev() {
        assert_eq!(left(&store.decide(Op::Check, &[one]).unwrap()), rest);
    }
    assert_denied(&store.decide(Op::Check, &[one]).unwrap(), HOUR, started);
    assert_denied(&store.decide(Op::Check, &[Limit { cost: 3, ..one }]).unwrap(), 3 * HOUR, started);
    assert_denied(&store.decide(Op::Check, &[one]).unwrap(), HOUR, started); // the denied charged nothing
}

fn wrong_calls_are_refused(store: &dyn Store, key: &RateKey) {
    let long = "n".repeat(65);
    let fine = hourly(key, 1);
    let mut wrong: Vec<Vec<Limit<'_>>> = vec![vec![], vec![fine, fine]];
    wrong.extend(["", "a b", "a:b", "a{b", "é", "a\0", &long].map(|name| vec![fine, Limit { name, ..fine }]));
    let names: Vec<String> = (0..65).map(|number| number.to_string()).collect();
    wrong.push(names.iter().map(|name| Limit { name, ..fine }).collect());
    for limits in wrong {
        for op in [Op::Check, Op::Peek, Op::Refund, Op::Debit] {
            assert_eq!(store.decide(op, &limits).unwrap_err().kind(), StoreErrorKind::Limits, "{limits:?}");
        }
    }
    assert_eq!(left(&store.decide(Op::Peek, &[Limit { cost: 0, ..fine }]).unwrap()), 1);
}

fn what_costs_too_much_is_impossible(store: &dyn Store, key: &RateKey) {
    let (small, large) = (hourly(key, 3), limit("large", key, Quota::per_hour(10)));
    for cost in [4, u64::MAX] {
        let limits = [Limit { cost, ..large }, Limit { cost, ..small }];
        for op in [Op::Check, Op::Peek] {
            assert_eq!(store.decide(op, &limits).unwrap(), Decision::Impossible);
        }
    }
    let out_of_range = limit("none", key, Quota::per_second(0));
    assert_eq!(store.decide(Op::Check, &[large, out_of_range]).unwrap(), Decision::Impossible);
    assert_eq!(left(&store.decide(Op::Peek, &[Limit { cost: 0, ..large }]).unwrap()), 10);
}

fn a_peek_changes_nothing(store: &dyn Store, key: &RateKey) {
    let started = Instant::now();
    let one = hourly(key, 2);
    for _ in 0..5 {
        assert_eq!(left(&store.decide(Op::Peek, &[one]).unwrap()), 2);
    }
    assert_eq!(left(&store.decide(Op::Check, &[Limit { cost: 2, ..one }]).unwrap()), 0);
    for _ in 0..5 {
        assert_denied(&store.decide(Op::Peek, &[one]).unwrap(), HOUR, started);
    }
    assert_eq!(left(&store.decide(Op::Peek, &[Limit { cost: 0, ..one }]).unwrap()), 0);
}

fn refunds_end_at_full(store: &dyn Store, key: &RateKey) {
    let one = hourly(key, 5);
    let cost = |cost| [Limit { cost, ..one }];
    assert_eq!(left(&store.decide(Op::Refund, &cost(3)).unwrap()), 5);
    assert_eq!(left(&store.decide(Op::Check, &cost(4)).unwrap()), 1);
    assert_eq!(left(&store.decide(Op::Refund, &cost(2)).unwrap()), 3);
    assert_eq!(left(&store.decide(Op::Refund, &cost(u64::MAX)).unwrap()), 5);
    assert_eq!(left(&store.decide(Op::Check, &cost(5)).unwrap()), 0);
    assert!(!store.decide(Op::Check, &cost(1)).unwrap().is_allowed());
}

fn debits_end_at_a_thousand_capacities(store: &dyn Store, key: &RateKey) {
    let started = Instant::now();
    let one = hourly(key, 2);
    let cost = |cost| [Limit { cost, ..one }];
    assert_eq!(left(&store.decide(Op::Debit, &cost(1)).unwrap()), 1);
    assert_eq!(left(&store.decide(Op::Debit, &cost(4)).unwrap()), 0);
    assert_denied(&store.decide(Op::Check, &cost(1)).unwrap(), 4 * HOUR, started);
    for _ in 0..2 {
        assert_eq!(left(&store.decide(Op::Debit, &cost(u64::MAX)).unwrap()), 0);
    }
    assert_denied(&store.decide(Op::Check, &cost(1)).unwrap(), 2001 * HOUR, started);
    assert_eq!(left(&store.decide(Op::Refund, &cost(2001)).unwrap()), 1);
}

fn limits_are_charged_together(store: &dyn Store, key: &RateKey) {
    let started = Instant::now();
    let narrow = limit("narrow", key, Quota::per_hour(1).burst(2));
    let wide = limit("wide", key, Quota::per_hour(2).burst(10));
    let both = [wide, narrow];
    for rest in [1, 0] {
        let decision = store.decide(Op::Check, &both).unwrap();
        assert_eq!(left(&decision), rest);
        let Decision::Allow(allowed) = decision else { unreachable!() };
        assert_eq!(allowed.limit(), 1);
    }
    for op in [Op::Check, Op::Peek] {
        let decision = store.decide(op, &both).unwrap();
        assert_denied(&decision, HOUR, started);
        let Decision::Deny(denied) = decision else { unreachable!() };
        assert_eq!((denied.limit(), denied.remaining()), (1, 0));
    }
    assert_eq!(left(&store.decide(Op::Peek, &[Limit { cost: 0, ..wide }]).unwrap()), 8); // not charged when denied
    assert_eq!(left(&store.decide(Op::Refund, &both).unwrap()), 1);
    assert_eq!(left(&store.decide(Op::Peek, &[Limit { cost: 0, ..wide }]).unwrap()), 9);
    // Costs of their own: the longest wait counts, of either.
    assert_eq!(left(&store.decide(Op::Check, &[Limit { cost: 9, ..wide }]).unwrap()), 0);
    let decision =
        store.decide(Op::Check, &[Limit { cost: 9, ..wide }, Limit { cost: 2, ..narrow }]).unwrap();
    assert_denied(&decision, HOUR * 9 / 2, started);
    let Decision::Deny(denied) = decision else { unreachable!() };
    assert_eq!((denied.limit(), denied.remaining()), (0, 0));
}

fn sixty_four_limits_fit(store: &dyn Store, key: &RateKey) {
    let names: Vec<String> = (0..64).map(|number| format!("{number:-<64}")).collect();
    let limits: Vec<Limit<'_>> = names
        .iter()
        .zip(1..)
        .map(|(name, capacity)| limit(name, key, Quota::per_hour(1).burst(100 - capacity)))
        .collect();
    let decision = store.decide(Op::Check, &limits).unwrap();
    let Decision::Allow(allowed) = decision else { panic!("{decision}") };
    assert_eq!((allowed.limit(), allowed.remaining()), (63, 35));
}

fn keys_are_told_apart(store: &dyn Store, name: &str) {
    let hostile: Vec<RateKey> = [
        &b""[..],
        b"\0",
        b"\0\0",
        b"}{",
        b"{a}b",
        b"{a}c",
        b"*",
        b"\r\nDEL x\r\n",
        b"\xff\xfe",
        b"\xc3\xa4",
        b"1 0",
        b"palisade:{a}:hourly",
    ]
    .map(|bytes| RateKey::new(name).part(bytes))
    .into();
    let big = |last: u8| {
        let mut bytes = vec![b'a'; 1 << 20];
        bytes.push(last);
        RateKey::new(name).part(bytes)
    };
    let ambiguous = [RateKey::new(name).part("ab").part("c"), RateKey::new(name).part("a").part("bc")];
    for key in hostile.into_iter().chain([big(0), big(1)]).chain(ambiguous) {
        assert_eq!(left(&store.decide(Op::Check, &[hourly(&key, 1)]).unwrap()), 0);
        assert!(!store.decide(Op::Check, &[hourly(&key, 1)]).unwrap().is_allowed());
        // Another limit of the same caller is another.
        assert_eq!(left(&store.decide(Op::Check, &[limit("HOURLY", &key, Quota::per_hour(1))]).unwrap()), 0);
    }
}

fn callers_are_decided_together(store: &dyn Store, one: &RateKey, other: &RateKey) {
    assert_eq!(left(&store.decide(Op::Check, &[hourly(other, 1)]).unwrap()), 0);
    let decision = store.decide(Op::Check, &[hourly(one, 1), hourly(other, 1)]).unwrap();
    let Decision::Deny(denied) = decision else { panic!("{decision}") };
    assert_eq!(denied.limit(), 1);
    assert_eq!(left(&store.decide(Op::Check, &[hourly(one, 1)]).unwrap()), 0);
}

/// A debt of less than a millisecond is not forgotten before it is paid: of many, each is charged.
fn sub_millisecond_debts_are_remembered(store: &dyn Store, key: &RateKey) {
    let quota: Quota = "1/100us, burst 20".parse().unwrap();
    let started = Instant::now();
    let admitted = (0..400)
        .filter(|_| store.decide(Op::Check, &[limit("short", key, quota)]).unwrap().is_allowed())
        .count() as u128;
    let most = 20 + (started.elapsed() + CLOCKS_DIFFER).as_micros() / 100;
    assert!(admitted <= most, "{admitted} of {most}");
}

fn threads_never_exceed_the_capacity(store: &dyn Store, key: &RateKey) {
    let two = [hourly(key, 100), limit("other", key, Quota::per_hour(1).burst(150))];
    let admitted: usize = std::thread::scope(|scope| {
        let ask = || (0..40).filter(|_| store.decide(Op::Check, &two).unwrap().is_allowed()).count();
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(admitted, 100);
    assert_eq!(left(&store.decide(Op::Peek, &[Limit { cost: 0, ..two[1] }]).unwrap()), 50);
}
