//! What a shared limiter makes of stores that fail, on a clock that the test drives.

use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};
use std::time::Duration;

use palisade::clock::ManualClock;
use palisade::rate_limit::store::{Answer, AsyncStore, Limit, Memory, Op, StoreError, StoreErrorKind};
use palisade::rate_limit::{
    AnsweredBy, AsyncSharedLimiter, Decision, OnError, Quota, RateKey, RateLimitErrorKind, Reason,
    SharedLimiter, SharedLimiterBuilder,
};

use crate::fake::{Fragile, Silent};

const PAUSE: Duration = Duration::from_millis(100);
const KINDS: [StoreErrorKind; 2] = [StoreErrorKind::TimedOut, StoreErrorKind::Unavailable];

struct Setup {
    clock: ManualClock,
    store: Arc<Fragile>,
    limiter: SharedLimiter,
}

fn memory(clock: &ManualClock) -> Memory {
    Memory::builder().clock(clock.clone()).build().unwrap()
}

fn setup(on_error: impl FnOnce(&ManualClock) -> OnError) -> Setup {
    setup_with(on_error, |builder| builder)
}

fn setup_with(
    on_error: impl FnOnce(&ManualClock) -> OnError,
    more: impl FnOnce(
        SharedLimiterBuilder<dyn palisade::rate_limit::store::Store>,
    ) -> SharedLimiterBuilder<dyn palisade::rate_limit::store::Store>,
) -> Setup {
    let clock = ManualClock::new();
    let store = Arc::new(Fragile::new(memory(&clock)));
    let builder = SharedLimiter::builder(Arc::clone(&store), on_error(&clock))
        .limit("burst", Quota::per_second(1).burst(3))
        .limit("daily", "100/d".parse().unwrap())
        .clock(clock.clone());
    let limiter = more(builder).build().unwrap();
    Setup { clock, store, limiter }
}

fn ann() -> RateKey {
    RateKey::new("api").part("ann")
}

fn wait(decision: &Decision) -> Duration {
    let Decision::Deny(denied) = decision else { panic!("{decision}") };
    denied.retry_after()
}

fn reason(decision: &Decision) -> Reason {
    let Decision::Deny(denied) = decision else { panic!("{decision}") };
    denied.reason()
}

#[test]
fn a_store_that_is_well_decides() {
    let Setup { clock, limiter, .. } = setup(|_| OnError::Deny);
    let decision = limiter.check_cost(&ann(), 2);
    let Decision::Allow(allowed) = decision else { panic!("{decision}") };
    assert_eq!((allowed.remaining(), allowed.limit(), allowed.answered_by()), (1, 0, AnsweredBy::Limiter));
    assert!(!decision.is_degraded());
    assert!(limiter.peek(&ann(), 1).is_allowed() && limiter.check(&ann()).is_allowed());
    assert_eq!(wait(&limiter.check(&ann())), Duration::from_secs(1));
    assert!(limiter.refund(&ann(), 1).is_allowed() && limiter.check(&ann()).is_allowed());
    assert!(limiter.debit(&ann(), 2).is_allowed());
    assert_eq!(wait(&limiter.check(&ann())), Duration::from_secs(3));
    assert_eq!(limiter.check_cost(&ann(), 4), Decision::Impossible);
    assert!(limiter.reset(&ann()).is_allowed() && limiter.check_cost(&ann(), 3).is_allowed());
    clock.advance(Duration::from_secs(1));
    let key = RateKey::new("other");
    let two = [
        Limit { name: "burst", key: &ann(), quota: Quota::per_second(1).burst(3), cost: 1 },
        Limit { name: "burst", key: &key, quota: Quota::per_second(1).burst(3), cost: 3 },
    ];
    assert!(limiter.decide(Op::Check, &two).is_allowed());
}

#[test]
fn each_policy_answers_for_a_store_that_fails() {
    for kind in KINDS.into_iter().chain([StoreErrorKind::Corrupt]) {
        let Setup { store, limiter, .. } = setup(|_| OnError::Deny);
        store.fail(kind);
        let decision = limiter.check(&ann());
        assert_eq!((reason(&decision), wait(&decision)), (Reason::Unavailable, PAUSE));
        assert_eq!(decision.answered_by(), AnsweredBy::Policy);

        let Setup { store, limiter, .. } = setup(|_| OnError::Allow);
        store.fail(kind);
        for _ in 0..10 {
            let decision = limiter.check(&ann());
            let Decision::Allow(allowed) = decision else { panic!("{decision}") };
            assert_eq!((allowed.remaining(), allowed.answered_by()), (2, AnsweredBy::Policy));
            assert!(decision.is_degraded());
        }
        assert_eq!(limiter.check_cost(&ann(), 4), Decision::Impossible, "it would be with the store");

        let Setup { store, limiter, .. } = setup(|clock| OnError::Local(memory(clock)));
        store.fail(kind);
        for rest in [2, 1, 0] {
            let decision = limiter.check(&ann());
            let Decision::Allow(allowed) = decision else { panic!("{decision}") };
            assert_eq!((allowed.remaining(), allowed.answered_by()), (rest, AnsweredBy::Local));
        }
        let decision = limiter.check(&ann());
        assert_eq!((reason(&decision), decision.answered_by()), (Reason::Rate, AnsweredBy::Local));
        store.fail(None);
    }
}

#[test]
fn wrong_calls_are_denied_whatever_the_policy_and_open_nothing() {
    for kind in [StoreErrorKind::Limits, StoreErrorKind::CrossSlot] {
        let Setup { store, limiter, .. } = setup(|_| OnError::Allow);
        for number in 0..20_u32 {
            let key = RateKey::new("api").part(number);
            store.fail(kind);
            assert_eq!(reason(&limiter.check(&key)), Reason::Unavailable);
            store.fail(None);
            assert!(limiter.check(&key).is_allowed() && !limiter.check(&key).is_degraded());
        }
        assert_eq!((limiter.stats().misused, limiter.stats().opened), (20, 0));
    }
    let Setup { clock, store, limiter } = setup(|_| OnError::Allow);
    assert_eq!(reason(&limiter.decide(Op::Check, &[])), Reason::Unavailable);
    assert_eq!((store.asked(), limiter.stats().misused), (0, 1));
    // Nor do they bring a store back that is away.
    for _ in 0..5 {
        store.fail(StoreErrorKind::TimedOut);
        assert!(limiter.check(&ann()).is_allowed());
    }
    assert_eq!(limiter.stats().opened, 1);
    assert_eq!(limiter.check_cost(&ann(), 4), Decision::Impossible);
    assert_eq!(limiter.check(&ann()).answered_by(), AnsweredBy::Policy);
    assert_eq!(store.asked(), 5);
    clock.advance(PAUSE);
    store.fail(StoreErrorKind::CrossSlot);
    assert_eq!(reason(&limiter.check(&ann())), Reason::Unavailable, "the one that was to probe");
    assert!(limiter.check(&ann()).is_allowed());
    assert_eq!(store.asked(), 6);
}

#[test]
fn a_store_that_fails_in_a_row_is_left_alone_and_tried_again() {
    for kind in KINDS {
        let Setup { clock, store, limiter } = setup(|_| OnError::Deny);
        store.fail(kind);
        for asked in 1..=5 {
            assert_eq!(wait(&limiter.check(&ann())), PAUSE);
            assert_eq!(store.asked(), asked);
        }
        clock.advance(PAUSE / 4);
        assert_eq!(wait(&limiter.check(&ann())), PAUSE * 3 / 4);
        assert_eq!((store.asked(), limiter.stats().opened, limiter.stats().skipped), (5, 1, 1));
        clock.advance(PAUSE * 3 / 4);
        assert!(!limiter.check(&ann()).is_allowed());
        assert_eq!(store.asked(), 6);
        assert_eq!(wait(&limiter.check(&ann())), PAUSE * 2);
        store.fail(None);
        clock.advance(PAUSE * 2);
        assert!(limiter.check(&ann()).is_allowed());
        assert!(limiter.check(&ann()).is_allowed());
        assert_eq!((store.asked(), limiter.stats().opened), (8, 1));
    }
}

#[test]
fn damaged_values_leave_the_store_to_other_callers() {
    let Setup { store, limiter, .. } = setup(|_| OnError::Deny);
    for _ in 0..20 {
        store.fail(StoreErrorKind::Corrupt);
        assert_eq!(reason(&limiter.check(&ann())), Reason::Unavailable);
    }
    store.fail(None);
    assert!(limiter.check(&RateKey::new("bob")).is_allowed());
    assert_eq!((limiter.stats().corrupt, limiter.stats().opened), (20, 0));
}

#[test]
fn whoever_is_denied_is_denied_again_without_asking() {
    let Setup { clock, store, limiter } = setup(|_| OnError::Deny);
    assert!(limiter.check_cost(&ann(), 3).is_allowed());
    assert_eq!(wait(&limiter.check(&ann())), Duration::from_secs(1));
    let asked = store.asked();
    for millis in 0..1000 {
        let decision = limiter.check(&ann());
        assert_eq!(wait(&decision), Duration::from_millis(1000 - millis));
        assert_eq!((reason(&decision), decision.answered_by()), (Reason::Rate, AnsweredBy::Limiter));
        assert_eq!(wait(&limiter.check_cost(&ann(), 2)), Duration::from_millis(2000 - millis));
        clock.advance(Duration::from_millis(1));
    }
    assert_eq!((store.asked(), limiter.stats().remembered), (asked, 2000));
    assert!(limiter.check(&ann()).is_allowed());
    assert!(limiter.check(&RateKey::new("bob")).is_allowed());
    // While the store is away, what it said still holds.
    assert!(!limiter.check(&ann()).is_allowed());
    store.fail(StoreErrorKind::TimedOut);
    assert_eq!(reason(&limiter.check(&ann())), Reason::Rate);
}

#[test]
fn whoever_is_given_something_back_is_asked_for_again() {
    let Setup { clock, limiter, .. } = setup(|_| OnError::Deny);
    for give_back in [SharedLimiter::reset, |limiter: &SharedLimiter, key: &RateKey| limiter.refund(key, 1)] {
        assert!(limiter.check_cost(&ann(), 3).is_allowed());
        assert!(!limiter.check(&ann()).is_allowed());
        assert!(give_back(&limiter, &ann()).is_allowed());
        assert!(limiter.check(&ann()).is_allowed());
        clock.advance(Duration::from_secs(86_400));
    }
    // A debit makes the wait longer than what is remembered.
    assert!(limiter.check_cost(&ann(), 3).is_allowed());
    assert_eq!(wait(&limiter.check(&ann())), Duration::from_secs(1));
    assert!(limiter.debit(&ann(), 5).is_allowed());
    assert_eq!(wait(&limiter.check(&ann())), Duration::from_secs(6));
}

#[test]
fn nothing_is_remembered_where_that_is_turned_off() {
    let Setup { store, limiter, .. } = setup_with(|_| OnError::Deny, |builder| builder.remember_denials(0));
    assert!(limiter.check_cost(&ann(), 3).is_allowed());
    for _ in 0..10 {
        assert!(!limiter.check(&ann()).is_allowed());
    }
    assert_eq!(store.asked(), 11);
}

#[test]
fn failures_are_reported() {
    let seen: Arc<Mutex<Vec<StoreErrorKind>>> = Arc::default();
    let told = Arc::clone(&seen);
    let report = move |error: &StoreError| told.lock().unwrap().push(error.kind());
    let Setup { store, limiter, .. } = setup_with(|_| OnError::Deny, |builder| builder.report(report));
    store.fail(StoreErrorKind::TimedOut);
    assert!(!limiter.check(&ann()).is_allowed());
    assert!(!limiter.decide(Op::Check, &[]).is_allowed());
    assert_eq!(*seen.lock().unwrap(), [StoreErrorKind::TimedOut, StoreErrorKind::Limits]);
}

#[test]
fn limits_out_of_range_are_not_built() {
    let build = |limits: &[(&str, Quota)]| {
        let start = SharedLimiter::builder(Memory::new().unwrap(), OnError::Deny);
        let builder = limits.iter().fold(start, |builder, (name, quota)| builder.limit(name, *quota));
        builder.build().unwrap_err().kind()
    };
    let second = Quota::per_second(1);
    assert_eq!(build(&[]), RateLimitErrorKind::Limits);
    assert_eq!(build(&[("a", second), ("a", Quota::per_hour(1))]), RateLimitErrorKind::Limits);
    assert_eq!(build(&[("a b", second)]), RateLimitErrorKind::Limits);
    assert_eq!(build(&[("a", Quota::per_second(0))]), RateLimitErrorKind::Zero);
    let names: Vec<String> = (0..65).map(|number| number.to_string()).collect();
    let many: Vec<(&str, Quota)> = names.iter().map(|name| (name.as_str(), second)).collect();
    assert_eq!(build(&many), RateLimitErrorKind::Limits);
}

#[test]
fn a_probe_whose_future_is_dropped_leaves_room_for_the_next() {
    /// Fails at once, or never answers.
    #[derive(Debug)]
    struct Moody(Mutex<u32>);
    impl AsyncStore for Moody {
        fn decide<'a>(&'a self, op: Op, limits: &'a [Limit<'a>]) -> Answer<'a> {
            let mut failures = self.0.lock().unwrap();
            if *failures > 0 {
                *failures -= 1;
                return Box::pin(std::future::ready(Err(StoreErrorKind::Unavailable.into())));
            }
            Silent.decide(op, limits)
        }
    }
    let clock = ManualClock::new();
    let store = Arc::new(Moody(Mutex::new(5)));
    let limiter = AsyncSharedLimiter::builder(store, OnError::Deny)
        .limit("a", Quota::per_second(1))
        .clock(clock.clone())
        .build()
        .unwrap();
    let key = ann();
    let mut context = Context::from_waker(Waker::noop());
    let is_pending = |context: &mut Context<'_>| pin!(limiter.check(&key)).poll(context).is_pending();
    for _ in 0..5 {
        assert!(!is_pending(&mut context));
    }
    assert!(!is_pending(&mut context), "it is left alone now");
    for _ in 0..3 {
        clock.advance(PAUSE);
        {
            let mut probe = pin!(limiter.check(&key));
            assert!(probe.as_mut().poll(&mut context).is_pending());
            assert!(!is_pending(&mut context), "one probes, the others are answered");
        }
        assert!(!is_pending(&mut context), "dropped, and not at once tried again");
    }
    assert_eq!(limiter.stats().opened, 1);
}

#[test]
fn an_awaited_limiter_answers_as_a_blocking_one() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let clock = ManualClock::new();
        let limiter = AsyncSharedLimiter::builder(memory(&clock), OnError::Deny)
            .limit("burst", Quota::per_second(1).burst(3))
            .clock(clock.clone())
            .build()
            .unwrap();
        assert!(limiter.check_cost(&ann(), 3).await.is_allowed());
        assert_eq!(wait(&limiter.check(&ann()).await), Duration::from_secs(1));
        assert!(!limiter.peek(&ann(), 1).await.is_allowed());
        assert_eq!(limiter.stats().remembered, 1);
        assert!(limiter.refund(&ann(), 1).await.is_allowed() && limiter.check(&ann()).await.is_allowed());
        assert!(limiter.debit(&ann(), 1).await.is_allowed());
        assert!(limiter.reset(&ann()).await.is_allowed() && limiter.check_cost(&ann(), 3).await.is_allowed());
        assert_eq!(limiter.check_cost(&ann(), 4).await, Decision::Impossible);
    });
}
