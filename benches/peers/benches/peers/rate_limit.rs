//! Rate limiting beside governor, which keeps a time for every key it ever saw.

use std::hash::Hash;
use std::hint::black_box;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant};

use governor::clock::{Clock as _, DefaultClock};
use palisade::rate_limit::{Quota, RateLimiter};
use palisade_peers::{Race, Report};

/// How many checks a round makes, so that a random walk through a million keys is one.
const WALK: usize = 1 << 16;

pub fn races(report: &mut Report) {
    many_keys("strings", |number| format!("user-{number:07}@example.com"), "≤ 0.55 ×", report);
    many_keys("integers", |number| number, "≤ 0.65 ×", report);
    hot_key(report);
}

/// A million keys in random order, one thread, clock included.
fn many_keys<K: Clone + Eq + Hash + 'static>(
    what: &str,
    make: impl Fn(u64) -> K,
    goal: &'static str,
    report: &mut Report,
) {
    let keys: Arc<Vec<K>> = Arc::new((0..1_000_000).map(make).collect());
    let ours = RateLimiter::builder(generous()).max_keys(1 << 21).build().unwrap();
    let theirs = governor::RateLimiter::keyed(
        governor::Quota::per_second(NonZeroU32::new(1000).unwrap()),
    );
    for key in keys.iter() {
        let _ = ours.check(key);
        let _ = theirs.check_key(key);
    }
    let (mut first, mut second, mut third) = (Walk(1), Walk(1), Walk(1));
    let (own, other, bare) = (Arc::clone(&keys), Arc::clone(&keys), keys);
    let hasher = std::hash::RandomState::new();
    Race::new(format!("{WALK} of 1M {what} keys in random order"), goal)
        .contender(
            "palisade",
            move || (0..WALK).filter(|_| ours.check(&own[first.next()]).is_allowed()).count(),
            |&allowed| allowed == WALK,
        )
        .contender(
            "governor 0.10.4",
            move || (0..WALK).filter(|_| theirs.check_key(&other[second.next()]).is_ok()).count(),
            |&allowed| allowed == WALK,
        )
        .contender(
            "fetch and hash of the key alone",
            move || {
                use std::hash::BuildHasher;
                (0..WALK).fold(0_u64, |sum, _| sum ^ hasher.hash_one(&bare[third.next()]))
            },
            |_| true,
        )
        .run(report);
}

fn hot_key(report: &mut Report) {
    let ours = RateLimiter::new(generous()).unwrap();
    let at = RateLimiter::new(generous()).unwrap();
    let keyed = governor::RateLimiter::keyed(governor::Quota::per_second(NonZeroU32::new(1_000_000_000).unwrap()));
    let names: Vec<String> = (0..1000).map(|number| format!("user-{number}")).collect();
    let ks = names.clone();
    let clock = DefaultClock::default();
    let (mut turn, mut now) = (0, 0_u64);
    Race::new("one hot key", "≤ 1.2 × (Instant::now + 20 ns)")
        .contender("palisade", move || ours.check("10.0.0.7"), |d| d.is_allowed())
        .contender(
            "palisade, check_at",
            move || {
                now += 100;
                at.check_at("10.0.0.7", Duration::from_nanos(now))
            },
            |d| d.is_allowed(),
        )
        .contender("Instant::now()", Instant::now, |_| true)
        .contender("governor's clock", move || clock.now(), |_| true)
        .contender(
            "governor 0.10.4, 1,000 keys in turn",
            move || {
                turn = (turn + 1) % 1000;
                keyed.check_key(&ks[turn]).is_ok()
            },
            |&ok| ok,
        )
        .run(report);
    black_box(names);
}

fn generous() -> Quota {
    Quota::per_second(1_000_000_000)
}

/// The same numbers below a million for every contender, in an order that no cache foresees.
struct Walk(u64);

impl Walk {
    fn next(&mut self) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % 1_000_000) as usize
    }
}
