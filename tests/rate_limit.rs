//! Limits hold whatever a crowd of keys, a clock or another thread does.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed step is a failed test"
)]

#[path = "support/dice.rs"]
mod dice;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use palisade::clock::ManualClock;
use palisade::rate_limit::{
    Decision, LoginGuard, LoginLimit, Quota, RateKey, RateLimitErrorKind, RateLimiter, Reason, check_all,
};

use dice::Dice;

const SECOND: Duration = Duration::from_secs(1);

fn limiter(quota: Quota, max_keys: usize) -> (RateLimiter, ManualClock) {
    let clock = ManualClock::new();
    (RateLimiter::builder(quota).max_keys(max_keys).clock(clock.clone()).build().unwrap(), clock)
}

fn denied(decision: Decision) -> palisade::rate_limit::Denied {
    let Decision::Deny(denied) = decision else { panic!("{decision}") };
    denied
}

fn remaining(decision: Decision) -> u64 {
    match decision {
        Decision::Allow(allowed) => allowed.remaining(),
        Decision::Deny(denied) => denied.remaining(),
        Decision::Impossible => panic!("impossible"),
    }
}

#[test]
fn exactly_the_capacity_is_admitted_at_once() {
    for capacity in [1, 2, 5, 1000] {
        let (limiter, clock) = limiter(Quota::per_second(1).burst(capacity), 16);
        for idle in [0, 1, 1_000_000] {
            clock.advance(SECOND * idle);
            limiter.reset("ann");
            for left in (0..capacity).rev() {
                assert_eq!(remaining(limiter.check("ann")), left);
            }
            let denied = denied(limiter.check("ann"));
            assert_eq!((denied.retry_after(), denied.remaining()), (SECOND, 0));
            assert_eq!(denied.reset_after(), SECOND * u32::try_from(capacity).unwrap());
            assert_eq!(denied.reason(), Reason::Rate);
        }
    }
}

#[test]
fn what_costs_more_than_the_capacity_is_impossible_and_changes_nothing() {
    let (limiter, _clock) = limiter(Quota::per_second(10).burst(3), 16);
    for cost in [4, 5, u64::MAX] {
        assert_eq!(limiter.check_cost("ann", cost), Decision::Impossible);
        assert_eq!(limiter.peek("ann", cost), Decision::Impossible);
    }
    assert_eq!(limiter.stats().live, 0);
    assert_eq!(remaining(limiter.check_cost("ann", 3)), 0);
}

#[test]
fn looking_charges_nothing_and_remembers_nobody() {
    let (limiter, _clock) = limiter(Quota::per_second(10).burst(3), 16);
    for _ in 0..5 {
        assert_eq!(remaining(limiter.peek("ann", 2)), 3, "what is left, not what would be");
        assert_eq!(remaining(limiter.peek("ann", 0)), 3);
        assert_eq!(remaining(limiter.check_cost("ann", 0)), 3);
        assert_eq!(limiter.debit("ann", 0).remaining(), 3);
        assert_eq!(limiter.refund("ann", 2).remaining(), 3);
        assert_eq!(limiter.reset("ann").remaining(), 3);
    }
    assert_eq!(limiter.stats().live, 0);
    assert!(limiter.is_allowed("ann"));
    assert_eq!(limiter.stats().live, 1);
}

#[test]
fn refunds_stop_at_the_full_quota() {
    let (limiter, clock) = limiter(Quota::per_second(1).burst(5), 16);
    assert_eq!(remaining(limiter.check_cost("ann", 4)), 1);
    assert_eq!(limiter.refund("ann", 2).remaining(), 3);
    assert_eq!(limiter.refund("ann", u64::MAX).remaining(), 5);
    assert_eq!(remaining(limiter.check_cost("ann", 5)), 0);
    clock.advance(SECOND * 100);
    assert_eq!(limiter.refund("ann", 5).remaining(), 5);
    assert_eq!(remaining(limiter.check_cost("ann", 5)), 0);
    assert!(!limiter.is_allowed("ann"));
}

#[test]
fn debts_are_paid_back_and_bounded() {
    let (limiter, clock) = limiter(Quota::per_second(2).burst(10), 16);
    let owed = limiter.debit("ann", 15);
    assert_eq!((owed.remaining(), owed.overdraft()), (-5, SECOND * 5 / 2));
    assert_eq!(denied(limiter.check("ann")).retry_after(), SECOND * 3);
    clock.advance(SECOND * 3);
    assert_eq!(remaining(limiter.check("ann")), 0);
    assert_eq!(limiter.debit("ann", u64::MAX).remaining(), -10_000);
    assert_eq!(limiter.debit("ann", 1).remaining(), -10_000);
    clock.advance(SECOND * 5005);
    assert_eq!(remaining(limiter.check_cost("ann", 10)), 0);

    let strict = RateLimiter::builder(Quota::per_second(1)).max_debt(0).clock(clock).build().unwrap();
    assert_eq!(strict.debit("ann", 7).remaining(), 0);
}

#[test]
fn several_limits_are_charged_together_or_not_at_all() {
    let clock = ManualClock::new();
    let with = |quota| RateLimiter::builder(quota).clock(clock.clone()).build().unwrap();
    let (second, minute, small) =
        (with(Quota::per_second(3)), with(Quota::per_minute(10)), with(Quota::per_hour(1)));
    let all = || check_all(&[second.charge("ann"), minute.charge("ann").cost(4), small.charge("bob")]);

    let Decision::Allow(allowed) = all() else { panic!() };
    assert_eq!((allowed.remaining(), allowed.limit()), (0, 2));
    let denied = denied(all());
    assert_eq!((denied.limit(), denied.retry_after()), (2, Duration::from_secs(3600)));
    assert_eq!((remaining(second.peek("ann", 0)), remaining(minute.peek("ann", 0))), (2, 6));
    assert_eq!(denied.remaining(), 0);
    let Decision::Deny(denied) = check_all(&[second.charge("ann").cost(3), minute.charge("ann").cost(5)])
    else {
        panic!("two are left of the first")
    };
    assert_eq!((denied.limit(), denied.remaining()), (0, 2), "nothing was charged");
    assert!(denied.reset_after() >= denied.retry_after());
    assert_eq!(check_all(&[second.charge("ann"), minute.charge("ann").cost(11)]), Decision::Impossible);
    assert_eq!(check_all(&[]), Decision::Impossible);
    assert_eq!(remaining(second.peek("ann", 0)), 2);
}

#[test]
fn two_charges_of_one_key_are_added_up() {
    let (limiter, _clock) = limiter(Quota::per_second(1).burst(3), 16);
    let twice = |cost| check_all(&[limiter.charge("ann").cost(cost), limiter.charge("ann").cost(cost)]);
    assert!(!twice(2).is_allowed());
    assert_eq!(remaining(limiter.peek("ann", 0)), 3);
    assert_eq!(remaining(twice(1)), 1);
}

#[test]
fn callers_of_another_plan_have_their_own_quota() {
    let (limiter, _clock) = limiter(Quota::per_second(1), 16);
    let gold = Quota::per_second(50).burst(100);
    assert_eq!(remaining(limiter.charge("bob").quota(gold).cost(60).check()), 40);
    assert_eq!(remaining(limiter.check("ann")), 0);
    let nothing = Quota::per_second(0);
    assert_eq!(limiter.charge("eve").quota(nothing).check(), Decision::Impossible);
    assert_eq!(limiter.charge("eve").quota(Quota::per_hour(1).burst(u64::MAX)).check(), Decision::Impossible);
}

#[test]
fn limiters_that_cannot_work_are_not_built() {
    let build = |quota, keys| RateLimiter::builder(quota).max_keys(keys).build().unwrap_err().kind();
    assert_eq!(build(Quota::per_second(0), 1), RateLimitErrorKind::Zero);
    assert_eq!(build(Quota::per_second(5).burst(0), 1), RateLimitErrorKind::Zero);
    assert_eq!(build(Quota::per_second(2_000_000_000), 1), RateLimitErrorKind::TooFast);
    assert_eq!(build(Quota::per_hour(1).burst(10_000_000_000), 1), RateLimitErrorKind::TooLong);
    assert_eq!(build(Quota::per_second(1), 0), RateLimitErrorKind::Keys);
    assert_eq!(build(Quota::per_second(1), usize::MAX), RateLimitErrorKind::Keys);
}

// What a key may have been admitted, by a model that forgets nothing: arrival times of exact fractions.
struct Model {
    interval: u128,
    capacity: u128,
    now: u128,
    times: HashMap<u64, u128>,
}

impl Model {
    fn new(capacity: u64, interval: Duration) -> Self {
        let (interval, capacity) = (interval.as_nanos(), u128::from(capacity));
        Self { interval, capacity, now: 0, times: HashMap::new() }
    }

    fn see(&mut self, now: Duration) {
        self.now = self.now.max(now.as_nanos());
    }

    fn time(&self, key: u64) -> u128 {
        self.times.get(&key).copied().unwrap_or(0).max(self.now)
    }

    fn conforms(&self, key: u64, cost: u64) -> bool {
        self.time(key) + u128::from(cost) * self.interval <= self.now + self.capacity * self.interval
    }

    fn charge(&mut self, key: u64, cost: u64) {
        let time = self.time(key) + u128::from(cost) * self.interval;
        self.times.insert(key, time);
    }

    fn refund(&mut self, key: u64, cost: u64) {
        let time = self.time(key).saturating_sub(u128::from(cost) * self.interval).max(self.now);
        self.times.insert(key, time);
    }
}

/// 500 histories of 2,000 steps: checks, refunds and debits of few and many keys in tables of one set and more, under a
/// clock that runs, stands still and steps back.
#[test]
fn no_history_admits_more_than_the_exact_model() {
    let (mut admitted, mut refused_by_the_table_alone) = (0_u64, 0_u64);
    for seed in 1..=500_u64 {
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let capacity = 1 + dice.roll(8);
        let interval = Duration::from_nanos(1 + dice.roll(1_000_000));
        let quota = Quota::new(capacity, 1, interval).unwrap();
        let limiter =
            RateLimiter::builder(quota).max_keys([1, 5, 6, 50][(seed % 4) as usize]).build().unwrap();
        let mut model = Model::new(capacity, interval);
        let keys = 1 + dice.roll(40);
        let mut now = Duration::ZERO;
        for _ in 0..2_000 {
            match dice.roll(20) {
                0 => now += interval * u32::try_from(dice.roll(3 * capacity)).unwrap(),
                1 => now += interval / 3,
                2 => now = now.saturating_sub(interval * u32::try_from(dice.roll(4)).unwrap()),
                _ => {}
            }
            model.see(now);
            let (key, cost) = (dice.roll(keys), 1 + dice.roll(capacity));
            let charge = limiter.charge(&key).cost(cost).at(now);
            match dice.roll(12) {
                0 => {
                    charge.refund();
                    model.refund(key, cost);
                }
                1 => {
                    charge.debit();
                    model.charge(key, cost);
                }
                _ => {
                    let conforms = model.conforms(key, cost);
                    if charge.check().is_allowed() {
                        assert!(conforms, "seed {seed}: {key} was admitted beyond its limit");
                        model.charge(key, cost);
                        admitted += 1;
                    } else if conforms {
                        refused_by_the_table_alone += 1;
                    }
                }
            }
        }
    }
    assert!(
        admitted > 100_000 && refused_by_the_table_alone > 1000,
        "{admitted} {refused_by_the_table_alone}"
    );
}

#[test]
fn with_room_for_all_every_decision_is_the_exact_models() {
    for seed in 1..=20_u64 {
        let mut dice = Dice(seed);
        let (capacity, interval) = (1 + dice.roll(10), Duration::from_nanos(1 + dice.roll(1_000_000)));
        let (limiter, clock) = limiter(Quota::new(capacity, 1, interval).unwrap(), 1 << 16);
        let mut model = Model::new(capacity, interval);
        let mut now = Duration::ZERO;
        for _ in 0..5_000 {
            let step = Duration::from_nanos(dice.roll(1_000_000));
            clock.advance(step);
            now += step;
            model.see(now);
            let (key, cost) = (dice.roll(100), 1 + dice.roll(capacity));
            match limiter.check_cost(&key, cost) {
                Decision::Allow(allowed) => {
                    assert!(model.conforms(key, cost));
                    model.charge(key, cost);
                    let ahead = model.time(key) - model.now;
                    assert_eq!(allowed.reset_after().as_nanos(), ahead);
                    assert_eq!(
                        u128::from(allowed.remaining()),
                        (model.capacity * model.interval - ahead) / model.interval
                    );
                }
                Decision::Deny(denied) => {
                    assert!(!model.conforms(key, cost));
                    let charge = limiter.charge(&key).cost(cost);
                    assert!(charge.at(now + denied.retry_after()).peek().is_allowed());
                    assert!(
                        !charge
                            .at((now + denied.retry_after()).saturating_sub(Duration::from_nanos(1)))
                            .peek()
                            .is_allowed()
                    );
                }
                Decision::Impossible => panic!("a cost within the capacity"),
            }
        }
        assert_eq!(limiter.stats().evicted, 0);
    }
}

#[test]
fn a_flood_of_new_keys_readmits_nobody() {
    let (limiter, _clock) = limiter(Quota::per_second(1).burst(5), 4096);
    assert!(limiter.check_cost("victim", 5).is_allowed());
    let mut admitted = 0;
    for key in 0..400_000_u32 {
        admitted += u64::from(limiter.is_allowed(&key));
        if key % 20_000 == 0 {
            assert!(!limiter.is_allowed("victim"), "after {key} keys");
        }
    }
    // All that new keys can ever be admitted at one moment is what as many keys as are remembered would be.
    assert!(admitted <= 4100 * 5, "{admitted}");
    assert!(admitted >= 4000 * 5, "{admitted}: the table fills up");
    let stats = limiter.stats();
    assert!(stats.saturated > 300_000 && stats.evicted > 0 && stats.live == stats.slots, "{stats:?}");
    assert_eq!(denied(limiter.check("newcomer")).reason(), Reason::Saturated);
}

#[test]
fn a_flood_has_a_ceiling_that_two_waves_share() {
    for keys in [5_000_u64, 10_000, 65_536] {
        let (limiter, _clock) = limiter(Quota::per_second(10).burst(20), 10_000);
        let mut dice = Dice(keys);
        let admitted = (0..400_000).filter(|_| limiter.is_allowed(&dice.roll(keys))).count();
        assert!(admitted <= 10_000 * 20, "{keys} keys: {admitted}");
    }
}

#[test]
fn a_quiet_table_lets_newcomers_in() {
    // Each of 200,000 callers comes once, 1,000 in the time their cell takes to come back, and the table has room for 4,096.
    // Where the hash puts too many of them together, one may start with what another owed: seldom, and by chance.
    let (limiter, clock) = limiter(Quota::per_second(1).burst(2), 4096);
    let mut denied = 0;
    for key in 0..200_000_u32 {
        clock.advance(Duration::from_millis(1));
        denied += u32::from(!limiter.is_allowed(&key));
    }
    assert!(denied < 200, "{denied} of 200,000");
}

#[test]
fn a_refund_after_an_eviction_gives_nobody_a_fresh_quota() {
    // One set of four: a fills a quarter, the others all of it; one makes room for another, one is given everything back.
    let (limiter, _clock) = limiter(Quota::per_second(1).burst(5), 1);
    for (key, cost) in [("a", 4), ("b", 5), ("c", 5), ("d", 5), ("e", 1)] {
        assert!(limiter.check_cost(key, cost).is_allowed(), "{key}");
    }
    assert_eq!(limiter.stats().evicted, 1); // a
    limiter.refund("c", 5);
    assert!(!limiter.check_cost("a", 2).is_allowed());
    assert!(limiter.check_cost("a", 1).is_allowed()); // takes the place of c, who owes nothing
    assert!(!limiter.check_cost("f", 2).is_allowed(), "what a owed is not forgotten for it");
}

#[test]
fn a_clock_that_steps_back_mints_nothing_and_locks_nobody_out() {
    let quota = Quota::per_second(1).burst(3);
    let limiter = RateLimiter::new(quota).unwrap();
    let check = |seconds| limiter.check_at("ann", Duration::from_secs(seconds)).is_allowed();
    assert!(check(1000) && check(1000) && check(1000));
    for back in [999, 500, 0] {
        assert!(!check(back));
    }
    assert_eq!(denied(limiter.check_at("ann", Duration::from_secs(10))).retry_after(), SECOND * 991);
    assert!(!check(1000) && check(1001) && !check(1001));
    assert!(!limiter.check_at("bob", Duration::MAX).is_allowed(), "the end of time denies");
    assert!(!limiter.check_at("bob", Duration::from_secs(1)).is_allowed(), "and there is no way back");
}

/// Eight threads, one moment, one set: whatever changes hands, nobody is admitted beyond its capacity.
#[test]
fn threads_that_share_a_set_admit_no_more_than_the_capacity() {
    const KEYS: usize = 9;
    const CAPACITY: u64 = 50;
    for round in 0..50_u64 {
        let (limiter, _clock) = limiter(Quota::per_hour(1).burst(CAPACITY), 1);
        let admitted: [AtomicU64; KEYS] = std::array::from_fn(|_| AtomicU64::new(0));
        let start = Barrier::new(8);
        thread::scope(|scope| {
            for thread in 0..8 {
                let (limiter, admitted, start) = (&limiter, &admitted, &start);
                scope.spawn(move || {
                    let mut dice = Dice(round * 8 + thread + 1);
                    start.wait();
                    for _ in 0..400 {
                        let key = usize::try_from(dice.roll(KEYS as u64)).unwrap();
                        if limiter.is_allowed(&key) {
                            admitted[key].fetch_add(1, Ordering::Relaxed);
                        }
                    }
                });
            }
        });
        for (key, admitted) in admitted.iter().enumerate() {
            assert!(admitted.load(Ordering::Relaxed) <= CAPACITY, "{key}: {admitted:?}");
        }
    }
}

#[test]
fn threads_that_charge_several_limits_at_once_exceed_none() {
    let clock = ManualClock::new();
    let with = |capacity| {
        RateLimiter::builder(Quota::per_hour(1).burst(capacity)).clock(clock.clone()).build().unwrap()
    };
    let (wide, narrow) = (with(1000), with(100));
    let admitted = AtomicU64::new(0);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..500 {
                    let decision = check_all(&[wide.charge("all"), narrow.charge("ann")]);
                    admitted.fetch_add(u64::from(decision.is_allowed()), Ordering::Relaxed);
                }
            });
        }
    });
    let admitted = admitted.into_inner();
    assert!(admitted <= 100, "{admitted}");
    assert_eq!(remaining(wide.peek("all", 0)), 1000 - admitted, "what was given back is back");
    assert_eq!(remaining(narrow.peek("ann", 0)), 100 - admitted);
}

#[tokio::test]
async fn waiting_ends_when_the_cell_is_due() {
    let (limiter, clock) = limiter(Quota::per_second(4).burst(1), 16);
    let mut slept = Vec::new();
    for _ in 0..3 {
        let sleep = |wait| {
            slept.push(wait);
            clock.advance(wait);
            std::future::ready(())
        };
        let _allowed = limiter.until_ready("ann", sleep).await;
    }
    assert_eq!(slept, [SECOND / 4, SECOND / 4]);
}

#[tokio::test]
async fn a_wait_that_is_dropped_charges_nothing() {
    let (limiter, clock) = limiter(Quota::per_second(1), 16);
    assert!(limiter.is_allowed("ann"));
    let waiting = tokio::time::timeout(
        Duration::from_millis(1),
        limiter.until_ready("ann", |_| std::future::pending()),
    );
    assert!(waiting.await.is_err());
    clock.advance(SECOND);
    assert!(limiter.is_allowed("ann"));
}

#[test]
fn keys_of_several_parts_are_not_confused() {
    let one = |part: &dyn Fn(RateKey) -> RateKey| part(RateKey::new("login"));
    let keys = [
        one(&|key| key),
        one(&|key| key.part("")),
        one(&|key| key.part("").part("")),
        one(&|key| key.part("a").part("bc")),
        one(&|key| key.part("ab").part("c")),
        one(&|key| key.part("abc")),
        one(&|key| key.part("a\0bc")),
        one(&|key| key.part([1_u8])),
        one(&|key| key.part(1_u8)),
        one(&|key| key.part(-1)),
        one(&|key| key.part(u128::MAX)),
        one(&|key| key.part("1")),
        one(&|key| key.part("192.0.2.1")),
        one(&|key| key.part("192.0.2.1".parse::<IpAddr>().unwrap())),
        one(&|key| key.part("::1".parse::<IpAddr>().unwrap())),
        RateKey::new("logi").part("n"),
    ];
    for (index, key) in keys.iter().enumerate() {
        assert!(keys[index + 1..].iter().all(|other| other.as_bytes() != key.as_bytes()), "{index}");
    }
    assert_eq!(one(&|key| key.part(7_u32)), one(&|key| key.part(7_i64)));
    assert_eq!(one(&|key| key.part(7_usize)), one(&|key| key.part(7_u128)));
    assert_eq!(format!("{:?}", keys[3]), "RateKey { .. }");
}

fn guard() -> (LoginGuard, ManualClock) {
    let clock = ManualClock::new();
    (LoginGuard::builder().clock(clock.clone()).build().unwrap(), clock)
}

fn addr(number: u32) -> IpAddr {
    std::net::Ipv4Addr::from(0x0b00_0000 + number * 256).into()
}

/// How many guesses at one account go through within so many days, from a new address each time, tried every minute.
#[test]
fn a_patient_attacker_has_a_hundred_guesses_a_month() {
    let (guard, clock) = guard();
    let mut guesses = Vec::new();
    for minute in 0..60 * 24 * 90_u32 {
        if guard.attempt("ann", addr(minute % 60_000)).is_ok() {
            guesses.push(minute);
        }
        clock.advance(SECOND * 60);
    }
    let month = 60 * 24 * 30;
    let most = guesses
        .iter()
        .map(|&first| guesses.iter().filter(|&&one| (first..first + month).contains(&one)).count());
    assert!(most.max().unwrap() <= 100);
    assert!(guesses.len() > 150, "{} in three months", guesses.len());
}

#[test]
fn a_login_gives_back_its_own_attempt_alone() {
    let (guard, _clock) = guard();
    let home = addr(1);
    for round in 0..30 {
        // An attacker logs in to an account of its own between guesses at others.
        assert!(guard.attempt(&format!("victim-{round}"), home).is_ok(), "{round}");
        if let Ok(own) = guard.attempt("attacker", home) {
            own.succeeded();
        }
    }
    let denied = guard.attempt("victim-30", home).unwrap_err();
    assert_eq!((denied.limit(), denied.retry_after()), (LoginLimit::Address, SECOND * 10));
    assert_eq!(denied.to_string(), "too many attempts, try again in 10 s");
    assert!(guard.attempt("attacker", addr(2)).is_ok());
}

#[test]
fn names_are_one_account_however_they_are_typed() {
    let (guard, _clock) = guard();
    for (number, name) in
        ["ann", "ANN", " Ann\t", "ａｎｎ", "aNN", "Ann ", "anN", "ANn", "ANN\n", "\u{a0}ann"]
            .iter()
            .enumerate()
    {
        assert!(guard.attempt(name, addr(number.try_into().unwrap())).is_ok(), "{name:?}");
    }
    let same = [
        "ann", "ann\u{200b}", "a\u{ad}nn", "a\u{1}nn", "ann\0", "änn", "a\u{308}nn", "\u{feff}ann",
        "ann\u{fe0f}", "ann\u{202c}", "Ⓐnn", " \u{200b} ann",
    ];
    for name in same {
        assert_eq!(guard.attempt(name, addr(99)).unwrap_err().limit(), LoginLimit::Account, "{name:?}");
    }
    for blanks in 1000..1030 {
        let name = format!("{}ann{}", " ".repeat(blanks), " ".repeat(blanks));
        assert!(guard.attempt(&name, addr(99)).is_err(), "{blanks}");
    }
    for unseen in [300, 341, 342, 1024, 5000] {
        let name = format!("{} ann", "\u{200b}".repeat(unseen));
        assert!(guard.attempt(&name, addr(99)).is_err(), "{unseen}");
    }
    assert!(guard.attempt("anna", addr(99)).is_ok());
    for (one, other) in [("ΣΣ", "σς"), ("Straße", "STRASSE"), ("İris", "iris"), ("ﬁn", "fin")] {
        (0..10).for_each(|number| drop(guard.attempt(one, addr(200 + number)).unwrap()));
        assert!(guard.attempt(other, addr(250)).is_err(), "{other}");
    }
    let huge = "x".repeat(1 << 20);
    assert!(guard.attempt(&huge, addr(100)).is_ok());
}

#[test]
fn a_known_device_is_not_locked_out_by_strangers() {
    let (guard, _clock) = guard();
    for number in 0..20 {
        let _ = guard.attempt("ann", addr(number)).map(drop);
    }
    assert!(guard.attempt("ann", addr(50)).is_err());
    for _ in 0..10 {
        assert!(guard.attempt_from_device("ann", "laptop", addr(50)).is_ok());
    }
    assert_eq!(
        guard.attempt_from_device("ann", "laptop", addr(50)).unwrap_err().limit(),
        LoginLimit::Account
    );
    assert!(guard.attempt_from_device("ann", "phone", addr(50)).is_ok());
}

#[test]
fn an_owner_who_proved_it_is_let_in_again() {
    let (guard, _clock) = guard();
    (0..10).for_each(|number| drop(guard.attempt("ann", addr(number)).unwrap()));
    assert!(guard.attempt("ann", addr(50)).is_err());
    guard.reset("Ann");
    assert!(guard.attempt("ann", addr(50)).is_ok());
}

/// Names that nobody has, from everywhere, at the pace that is let in, for days: neither people nor devices are kept out, and
/// the account that was guessed at before stays limited.
#[test]
fn made_up_names_keep_nobody_out() {
    let clock = ManualClock::new();
    let guard = LoginGuard::builder().max_accounts(500).clock(clock.clone()).build().unwrap();
    for _ in 0..60 {
        let _ = guard.attempt("victim", addr(70_000)).map(drop);
        clock.advance(SECOND * 360);
    }
    assert_eq!(guard.attempt("victim", addr(70_000)).unwrap_err().limit(), LoginLimit::AccountSlow);
    for number in 0..100_000_u32 {
        clock.advance(SECOND * 2);
        let _ = guard.attempt(&format!("nobody-{number}"), addr(number % 60_000)).map(drop);
    }
    let slow = guard.stats(LoginLimit::AccountSlow);
    assert!(slow.saturated > 10_000 && slow.live == slow.slots, "{slow:?}");
    for number in 0..100 {
        let name = format!("person-{number}");
        assert!(guard.attempt(&name, addr(65_000)).map(drop).is_ok() || number >= 30, "{number}");
        let device = guard.attempt_from_device(&name, "laptop", addr(65_001 + number));
        device.unwrap().succeeded();
    }
}

#[test]
fn guesses_made_at_the_same_time_are_all_counted() {
    let guard = LoginGuard::new().unwrap();
    let through = AtomicU64::new(0);
    thread::scope(|scope| {
        for number in 0..50 {
            let (guard, through) = (&guard, &through);
            scope.spawn(move || {
                if let Ok(attempt) = guard.attempt("ann", addr(number)) {
                    through.fetch_add(1, Ordering::Relaxed);
                    drop(attempt); // a wrong password
                }
            });
        }
    });
    assert!(through.into_inner() <= 10);
}
