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
    many_keys("string", user, "≤ 0.55 ×", report);
    many_keys("integer", |number| number, "≤ 0.65 ×", report);
    hot_key(report);
    several_limits(report);
    growing(report);
    threads(report);
}

/// A million keys in random order, the clock included.
fn many_keys<K: Clone + Eq + Hash + 'static>(
    kind: &str,
    key: impl Fn(u64) -> K,
    goal: &'static str,
    report: &mut Report,
) {
    let keys: Arc<Vec<K>> = Arc::new((0..MILLION as u64).map(key).collect());
    let hasher = RandomState::new();
    let mut walk = Walk(1);
    walks(Race::new(format!("a check, 1M {kind} keys in random order"), goal), &keys)
        .yardstick(
            "fetching and hashing the key alone",
            move || (0..STEPS).fold(0, |sum, _| sum ^ hasher.hash_one(&keys[walk.step(MILLION)])),
            |_| true,
        )
        .run(report);
}

/// The same table of ours, whatever comes; governor's grows.
fn growing(report: &mut Report) {
    for count in [100, 1_000, 10_000, 100_000, 1_000_000] {
        let keys: Arc<Vec<String>> = Arc::new((0..count).map(user).collect());
        walks(Race::new("a check, string keys in random order", "").at("keys", count), &keys).run(report);
    }
}

fn walks<K: Clone + Eq + Hash + 'static>(race: Race, keys: &Arc<Vec<K>>) -> Race {
    let limiter = RateLimiter::builder(generous()).max_keys(1 << 21).build().unwrap();
    let governor = governor::RateLimiter::keyed(governors());
    for key in keys.iter() {
        assert!(limiter.is_allowed(key) && governor.check_key(key).is_ok());
    }
    let (ours, theirs) = (Arc::clone(keys), Arc::clone(keys));
    let (mut first, mut second) = (Walk(1), Walk(1));
    race.of(STEPS)
        .contender(
            "palisade: max_keys 2^21",
            move || (0..STEPS).filter(|_| limiter.is_allowed(&ours[first.step(ours.len())])).count(),
            |&allowed| allowed == STEPS,
        )
        .contender(
            "governor 0.10.4",
            move || {
                (0..STEPS).filter(|_| governor.check_key(&theirs[second.step(theirs.len())]).is_ok()).count()
            },
            |&allowed| allowed == STEPS,
        )
}

fn user(number: u64) -> String {
    format!("user-{number:07}@example.com")
}

fn hot_key(report: &mut Report) {
    let limiter = RateLimiter::new(generous()).unwrap();
    let governor = governor::RateLimiter::keyed(governors());
    let keys: Vec<String> = (0..1000).map(|number| format!("user-{number}")).collect();
    let mut turn = 0;
    Race::new("one hot key, the clock included", "≤ 1.2 × (Instant::now() + 20 ns)")
        .contender("palisade", move || limiter.is_allowed(black_box("10.0.0.7")), |&allowed| allowed)
        .yardstick("Instant::now() alone", Instant::now, |_| true)
        .contender(
            "governor 0.10.4: 1,000 keys in turn",
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
            "palisade: \"10.0.0.7\"",
            move || {
                first += tick;
                text.check_at(black_box("10.0.0.7"), first).is_allowed()
            },
            |&allowed| allowed,
        )
        .yardstick(
            "palisade: an integer",
            move || {
                second += tick;
                integer.check_at(black_box(&7_u64), second).is_allowed()
            },
            |&allowed| allowed,
        )
        .contender(
            "governor 0.10.4: without keys, the time standing still",
            move || governor.check().is_ok(),
            |_| true,
        )
        .run(report);
}

/// Each thread has keys of its own: the time is that of all, shared among their checks.
fn threads(report: &mut Report) {
    const CHECKS: u64 = 200_000;
    for threads in [1, 2, 4, 8] {
        // In a table of 65,536 every seventh key shares a pair of cache lines with one of another thread's.
        let limiter = RateLimiter::builder(generous()).max_keys(1 << 20).build().unwrap();
        let governor = governor::RateLimiter::keyed(governors());
        let all = |&allowed: &u64| allowed == threads * CHECKS;
        Race::new("a check, 1,000 integer keys a thread", "")
            .of((threads * CHECKS) as usize)
            .at("threads", threads)
            .contender("palisade", move || count(threads, CHECKS, |key| limiter.is_allowed(&key)), all)
            .contender(
                "governor 0.10.4",
                move || count(threads, CHECKS, |key| governor.check_key(&key).is_ok()),
                all,
            )
            .run(report);
    }
}

/// How often the check says yes, in all threads.
fn count(threads: u64, checks: u64, is_allowed: impl Fn(u64) -> bool + Sync) -> u64 {
    let allowed = |thread: u64| {
        (0..checks).filter(|number| is_allowed((thread << 32) | (number % 1000))).count() as u64
    };
    thread::scope(|scope| {
        let others: Vec<_> = (0..threads).map(|number| scope.spawn(move || allowed(number))).collect();
        others.into_iter().map(|other| other.join().unwrap()).sum()
    })
}

fn several_limits(report: &mut Report) {
    let all: Vec<RateLimiter> = (0..4).map(|_| RateLimiter::new(generous()).unwrap()).collect();
    let chain: Vec<_> = (0..4).map(|_| governor::RateLimiter::keyed(governors())).collect();
    let key = "10.0.0.7".to_owned();
    Race::new("four limits for one request", "")
        .contender(
            "palisade: all or nothing",
            move || check_all(&[0, 1, 2, 3].map(|index| all[index].charge("10.0.0.7"))).is_allowed(),
            |&allowed| allowed,
        )
        .contender(
            "governor 0.10.4: one after the other",
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
