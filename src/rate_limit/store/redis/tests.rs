//! The script on a clock that the test drives. The suite of all stores, and what the network does, is in
//! `tests/conformance`.

use std::cell::{Cell, RefCell};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use redis::Value;

use super::Redis;
use super::script::Script;
use crate::clock::{Clock, ManualClock};
use crate::rate_limit;
use crate::rate_limit::store::{Limit, Memory, Op, Store, StoreErrorKind};
use crate::rate_limit::{Decision, Quota, RateKey};
use crate::vectors;

#[path = "../../../../tests/support/scenarios.rs"]
mod scenarios;
#[path = "../../../../tests/support/redis_server.rs"]
mod server;

use server::Server;

/// A server whose script reads the time from a key.
struct Timed {
    server: Server,
    connection: redis::Connection,
    store: Redis,
    began: u64,
}

impl Timed {
    fn start() -> Self {
        let server = Server::start();
        let text = include_str!("script.lua");
        assert_eq!(text.matches("redis.call('TIME')").count(), 1);
        let timed = text
            .replace("redis.call('TIME')", "{ redis.call('GET', 'seconds'), redis.call('GET', 'micros') }");
        let builder = Redis::builder(&server.url()).script(Script::new(&timed));
        let store = builder.timeout(Duration::from_secs(5)).build().unwrap();
        let connection = redis::Client::open(server.url()).unwrap().get_connection().unwrap();
        // Not before the present, or the server would let keys expire.
        let began = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() + 10;
        let mut timed = Self { server, connection, store, began };
        timed.set(Duration::ZERO);
        timed
    }

    fn set(&mut self, since: Duration) {
        let mut command = redis::cmd("MSET");
        command.arg("seconds").arg(self.began + since.as_secs()).arg("micros").arg(since.subsec_micros());
        let _: Value = command.query(&mut self.connection).unwrap();
    }

    fn check(&self, limits: &[Limit<'_>]) -> Decision {
        self.store.decide(Op::Check, limits).unwrap()
    }

    /// The names of limits that the server keeps.
    fn kept(&self) -> Vec<String> {
        self.server.keys().into_iter().filter(|key| key.starts_with("palisade:")).collect()
    }
}

fn wait(decision: &Decision) -> Duration {
    let Decision::Deny(denied) = decision else { panic!("{decision}") };
    denied.retry_after()
}

#[test]
#[ignore = "needs redis-server; .ci/run runs it"]
fn the_script_answers_as_the_vectors_say() {
    let mut timed = Timed::start();
    let steps = scenarios::replay(|at, op, limits| {
        timed.set(at);
        timed.store.decide(op, limits).unwrap()
    });
    assert!(steps > 70, "{steps}");
}

#[test]
#[ignore = "needs redis-server; .ci/run runs it"]
fn the_script_answers_as_the_memory_store_does() {
    let timed = RefCell::new(Timed::start());
    let clock = ManualClock::new();
    let memory = Memory::builder().clock(clock.clone()).build().unwrap();
    let mut runner = TestRunner::new(Config { cases: 300, failure_persistence: None, ..Config::default() });
    let quota = (1..2000_u64, 1..2000_u64, 1..u64::from(u32::MAX), 0..20_u32).prop_filter_map(
        "a quota out of range",
        |(capacity, tokens, period, shift)| {
            Quota::new(capacity, tokens, Duration::from_nanos(period << shift)).ok()
        },
    );
    let step = (0..4_u8, 0..4000_u64, 0..u64::from(u32::MAX), 0..20_u32);
    let cases = (proptest::collection::vec(quota, 1..4), proptest::collection::vec(step, 1..20));
    let number = Cell::new(0_u32);
    let outcome = runner.run(&cases, |(quotas, steps)| {
        number.set(number.get() + 1);
        let key = RateKey::new("random").part(number.get());
        let mut timed = timed.borrow_mut();
        for (op, cost, micros, shift) in steps {
            let pause = Duration::from_micros(u64::from(u32::try_from(micros).unwrap()) >> shift);
            clock.advance(pause);
            timed.set(clock.monotonic());
            let op = [Op::Check, Op::Peek, Op::Refund, Op::Debit][usize::from(op)];
            let limits: Vec<_> = ["a", "b", "c"]
                .iter()
                .zip(&quotas)
                .map(|(name, quota)| Limit { name, key: &key, quota: *quota, cost })
                .collect();
            let expected = memory.decide(op, &limits).unwrap();
            prop_assert_eq!(timed.store.decide(op, &limits).unwrap(), expected, "{:?} {:?}", op, limits);
        }
        Ok(())
    });
    outcome.unwrap();
}

#[test]
#[ignore = "needs redis-server; .ci/run runs it"]
fn keys_live_until_nothing_is_owed_and_not_a_millisecond_less() {
    let mut timed = Timed::start();
    let key = RateKey::new("ttl");
    for (number, (quota, micros, expires)) in [
        ("1/100us", 0, 1),        // a tenth of a millisecond ahead
        ("1/1ms", 0, 1),          // exactly one
        ("1/1000001ns", 0, 2),    // one nanosecond more
        ("1/1ms", 1, 2),          // a microsecond later
        ("1/1ns", 999, 1),        // on the last microsecond of one
        ("1/d", 500, 86_400_001), // a day
        ("1/4611686018427387904ns", 0, 4_611_686_018_428),
    ]
    .into_iter()
    .enumerate()
    {
        timed.set(Duration::from_micros(micros));
        let name = format!("n{number}");
        let limit = Limit { name: &name, key: &key, quota: quota.parse().unwrap(), cost: 1 };
        assert!(timed.check(&[limit]).is_allowed());
        let stored = timed.kept().into_iter().find(|kept| kept.ends_with(&name)).unwrap();
        let at = timed.server.number(&["PEXPIRETIME", &stored]);
        assert_eq!(at, i64::try_from(timed.began).unwrap() * 1000 + expires, "{quota}");
    }
}

#[test]
#[ignore = "needs redis-server; .ci/run runs it"]
fn what_is_stored_is_whole_numbers() {
    let mut timed = Timed::start();
    timed.set(Duration::from_micros(123_457));
    let key = RateKey::new("text");
    let limit = Limit { name: "a", key: &key, quota: Quota::per_second(3), cost: 1 };
    assert!(timed.check(&[limit]).is_allowed());
    let stored = timed.server.text(&["GET", &timed.kept().remove(0)]);
    assert_eq!(stored, format!("{}456790 334", timed.began));
}

#[test]
#[ignore = "needs redis-server; .ci/run runs it"]
fn a_clock_that_goes_back_admits_nothing_and_locks_nobody_out_for_longer_than_a_debt() {
    let mut timed = Timed::start();
    let key = RateKey::new("clock");
    let limit = Limit { name: "a", key: &key, quota: Quota::per_second(1).burst(2), cost: 1 };
    let hours = |hours: u64| Duration::from_secs(hours * 3600);
    timed.set(hours(2));
    assert!(timed.check(&[limit]).is_allowed() && timed.check(&[limit]).is_allowed());
    timed.set(Duration::from_secs(7200 - 60));
    assert_eq!(wait(&timed.check(&[limit])), Duration::from_secs(61));
    // Two hours and 2 s ahead is more than anybody can owe: 2 s and 2000 s of debt.
    timed.set(Duration::ZERO);
    assert_eq!(wait(&timed.check(&[limit])), Duration::from_secs(2001));
    assert!(timed.store.decide(Op::Refund, &[Limit { cost: 2001, ..limit }]).unwrap().is_allowed());
    assert!(timed.check(&[limit]).is_allowed());
    assert!(!timed.check(&[limit]).is_allowed());
}

#[test]
#[ignore = "needs redis-server; .ci/run runs it"]
fn values_that_are_not_ours_are_corrupt_and_stay_as_they_are() {
    let timed = Timed::start();
    let (key, other) = (RateKey::new("damaged"), RateKey::new("well"));
    let limit = Limit { name: "a", key: &key, quota: Quota::per_second(1), cost: 1 };
    assert!(timed.check(&[limit]).is_allowed());
    let stored = timed.kept().remove(0);
    for value in [
        "", " ", "1", "1 ", " 1", "1  1", "-1 0", "1 -1", "1 1000", "1.5 0", "1e9 0", "nan 0", "inf 0",
        "0x10 0", "1 0 ", "1 0\n", "1 0\u{0}", "\u{0}1 0", "12345678901234567 0", "1\u{a0}0", "hello",
        "1 0 0",
    ] {
        timed.server.ask(&["SET", &stored, value]);
        for op in [Op::Check, Op::Peek, Op::Refund, Op::Debit] {
            let limits = [Limit { key: &other, ..limit }, limit];
            let error = timed.store.decide(op, &limits).unwrap_err();
            assert_eq!(error.kind(), StoreErrorKind::Corrupt, "{value:?}");
        }
        assert_eq!(timed.server.text(&["GET", &stored]), value);
        assert_eq!(timed.kept().len(), 1, "nothing was charged for the other");
    }
    timed.server.ask(&["DEL", &stored]);
    timed.server.ask(&["RPUSH", &stored, "1 0"]);
    assert_eq!(timed.store.decide(Op::Check, &[limit]).unwrap_err().kind(), StoreErrorKind::Corrupt);
    timed.server.ask(&["DEL", &stored]);
    // The largest that is taken for a time is cut to what can be owed.
    timed.server.ask(&["SET", &stored, "9999999999999999 999"]);
    assert_eq!(wait(&timed.check(&[limit])), Duration::from_secs(1001));
}

#[test]
#[ignore = "needs redis-server; .ci/run runs it"]
fn only_what_is_owed_is_stored() {
    let timed = Timed::start();
    let key = RateKey::new("kept");
    let limit = Limit { name: "a", key: &key, quota: Quota::per_hour(5), cost: 1 };
    for op in [Op::Peek, Op::Refund] {
        assert!(timed.store.decide(op, &[limit]).unwrap().is_allowed());
        assert_eq!(timed.kept().len(), 0);
    }
    for op in [Op::Check, Op::Debit] {
        assert!(timed.store.decide(op, &[Limit { cost: 0, ..limit }]).unwrap().is_allowed());
        assert_eq!(timed.kept().len(), 0);
    }
    assert!(timed.check(&[limit]).is_allowed());
    assert_eq!(timed.kept().len(), 1);
    assert!(timed.store.decide(Op::Refund, &[limit]).unwrap().is_allowed());
    assert_eq!(timed.kept().len(), 0);
}
