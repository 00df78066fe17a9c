//! Rate limiting beside governor, which remembers every key it ever saw.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hash};
use std::hint::black_box;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use palisade::rate_limit::{Quota, RateLimiter, check_all};
use palisade_peers::{Race, Report, Walk};

/// How many checks make one run of a walk through a million keys.
const STEPS: usize = 1 << 16;

pub fn races(report: &mut Report) {
    many_keys("string", |number| format!("user-{number:07}@example.com"), "≤ 0.55 ×", report);
    many_keys("integer", |number| number, "≤ 0.65 ×", report);
    hot_key(report);
    two_threads(report);
    several_limits(report);
}

/// A million keys in random order, the clock included.
fn many_keys<K: Clone + Eq + Hash + 'static>(
    kind: &str,
    key: impl Fn(u64) -> K,
    goal: &'static str,
    report: &mut Report,
) {
    let keys: Arc<Vec<K>> = Arc::new((0..MILLION as u64).map(key).collect());
    let limiter = RateLimiter::builder(generous()).max_keys(1 << 21).build().unwrap();
    let governor = governor::RateLimiter::keyed(governors());
    for key in keys.iter() {
        assert!(limiter.is_allowed(key) && governor.check_key(key).is_ok());
    }
    let hasher = RandomState::new();
    let (ours, theirs, bare) = (Arc::clone(&keys), Arc::clone(&keys), keys);
    let (mut first, mut second, mut third) = (Walk(1), Walk(1), Walk(1));
    Race::new(format!("{STEPS} checks, 1M {kind} keys in random order"), goal)
        .contender(
            "palisade, max_keys 2^21",
            move || (0..STEPS).filter(|_| limiter.is_allowed(&ours[first.step(MILLION)])).count(),
            |&allowed| allowed == STEPS,
        )
        .contender(
            "governor 0.10.4",
            move || (0..STEPS).filter(|_| governor.check_key(&theirs[second.step(MILLION)]).is_ok()).count(),
            |&allowed| allowed == STEPS,
        )
        .contender(
            "fetching and hashing the key alone",
            move || (0..STEPS).fold(0, |sum, _| sum ^ hasher.hash_one(&bare[third.step(MILLION)])),
            |_| true,
        )
        .run(report);
}

fn hot_key(report: &mut Report) {
    let limiter = RateLimiter::new(generous()).unwrap();
    let governor = governor::RateLimiter::keyed(governors());
    let keys: Vec<String> = (0..1000).map(|number| format!("user-{number}")).collect();
    let mut turn = 0;
    Race::new("one hot key, the clock included", "≤ 1.2 × (Instant::now() + 20 ns)")
        .contender("palisade", move || limiter.is_allowed(black_box("10.0.0.7")), |&allowed| allowed)
        .contender("Instant::now()", Instant::now, |_| true)
        .contender(
            "governor 0.10.4, 1,000 keys in turn",
            move || {
                turn = (turn + 1) % keys.len();
                governor.check_key(&keys[turn]).is_ok()
            },
            |&allowed| allowed,
        )
        .run(report);

    let (text, integer) = (RateLimiter::new(generous()).unwrap(), RateLimiter::new(generous()).unwrap());
    let governor =
        governor::RateLimiter::direct_with_clock(governors(), governor::clock::FakeRelativeClock::default());
    let (mut first, mut second) = (Duration::ZERO, Duration::ZERO);
    let tick = Duration::from_nanos(100);
    Race::new("one hot key, the time given", "≤ 16 ns")
        .contender(
            "palisade, \"10.0.0.7\"",
            move || {
                first += tick;
                text.check_at(black_box("10.0.0.7"), first).is_allowed()
            },
            |&allowed| allowed,
        )
        .contender(
            "palisade, an integer",
            move || {
                second += tick;
                integer.check_at(black_box(&7_u64), second).is_allowed()
            },
            |&allowed| allowed,
        )
        .contender(
            "governor 0.10.4, without keys, the time standing still",
            move || governor.check().is_ok(),
            |_| true,
        )
        .run(report);
}

/// The same work in one thread and, twice, in two.
fn two_threads(report: &mut Report) {
    const CHECKS: u64 = 1_000_000;
    let work = |limiter: &RateLimiter, thread: u64| {
        (0..CHECKS).filter(|number| limiter.is_allowed(&((thread << 32) | (number % 1000)))).count() as u64
    };
    // In a table of 65,536 every seventh key shares a pair of cache lines with one of the other thread's.
    let limiter = || RateLimiter::builder(generous()).max_keys(1 << 20).build().unwrap();
    let (one, two) = (limiter(), limiter());
    Race::new("1M checks of 1,000 keys a thread, each its own", "≥ 1.8 times the work: ≤ 1.11 ×")
        .contender(
            "palisade, two threads",
            move || {
                thread::scope(|scope| {
                    let other = scope.spawn(|| work(&two, 1));
                    work(&two, 0).min(other.join().unwrap())
                })
            },
            |&allowed| allowed == CHECKS,
        )
        .contender(
            "palisade, one thread",
            move || thread::scope(|scope| scope.spawn(|| work(&one, 1)).join().unwrap()),
            |&allowed| allowed == CHECKS,
        )
        .run(report);
}

fn several_limits(report: &mut Report) {
    let all: Vec<RateLimiter> = (0..4).map(|_| RateLimiter::new(generous()).unwrap()).collect();
    let chain: Vec<_> = (0..4).map(|_| governor::RateLimiter::keyed(governors())).collect();
    let key = "10.0.0.7".to_owned();
    Race::new("four limits for one request", "")
        .contender(
            "palisade, all or nothing",
            move || check_all(&[0, 1, 2, 3].map(|index| all[index].charge("10.0.0.7"))).is_allowed(),
            |&allowed| allowed,
        )
        .contender(
            "governor 0.10.4, one after the other",
            move || chain.iter().all(|limiter| limiter.check_key(&key).is_ok()),
            |&allowed| allowed,
        )
        .run(report);
}

fn generous() -> Quota {
    Quota::per_second(1_000_000_000)
}

fn governors() -> governor::Quota {
    governor::Quota::per_second(NonZeroU32::new(1_000_000_000).unwrap())
}

const MILLION: usize = 1_000_000;
