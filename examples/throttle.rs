#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for people to read")]
//! Asks for more than a limit admits, and compares what was admitted with what should have been.
//!
//! ```text
//! cargo run --release --example throttle -- [--limit '100/s, burst 50'] [--threads N] [--seconds N] [--keys N] [--factor N]
//! cargo run --release --features redis --example throttle -- --redis redis://127.0.0.1/ [--share NAME] [--at UNIX_SECONDS] …
//! ```
//!
//! It asks `factor` times as often as the limit allows, of all keys in turn, and prints a line each second. Programs that
//! are started with the same `--share` and `--at` ask for the same keys from the same moment on: what all of them admitted
//! together is at most what one would have.

use std::error::Error;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use palisade::rate_limit::{Decision, OnError, Quota, RateKey, RateLimiter, SharedLimiter};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("throttle: {error}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let options = Options::read(std::env::args().skip(1))?;
    let limiter = match &options.redis {
        Some(url) => Limiter::Shared(shared(url, options.limit)?),
        None => Limiter::Own(RateLimiter::new(options.limit)?),
    };
    let keys: Vec<RateKey> = (0..options.keys)
        .map(|number| RateKey::new("throttle").part(&*options.share).part(options.at).part(number))
        .collect();
    wait_until(options.at);
    let counts = Counts::default();
    let began = Instant::now();
    let end = began + Duration::from_secs(options.seconds);
    thread::scope(|scope| {
        for thread in 0..options.threads {
            let (options, limiter, keys, counts) = (&options, &limiter, &keys, &counts);
            scope.spawn(move || load(options, limiter, keys, counts, thread, began, end));
        }
        watch(&counts, began, end);
    });
    summary(&options, &counts, began.elapsed());
    if let Limiter::Shared(limiter) = &limiter {
        println!("{:?}", limiter.stats());
    }
    Ok(())
}

struct Options {
    redis: Option<String>,
    limit: Quota,
    threads: u64,
    seconds: u64,
    keys: u64,
    factor: u64,
    share: String,
    at: u64,
}

enum Limiter {
    Own(RateLimiter),
    Shared(SharedLimiter),
}

/// What all threads count.
#[derive(Default)]
struct Counts {
    asked: AtomicU64,
    admitted: AtomicU64,
    denied: AtomicU64,
    errors: AtomicU64,
    took: Histogram,
}

impl Options {
    fn read(mut arguments: impl Iterator<Item = String>) -> Result<Self, Box<dyn Error>> {
        let own = format!("process {}", std::process::id());
        let mut options = Self {
            redis: None,
            limit: Quota::per_second(100).burst(50),
            threads: 2,
            seconds: 5,
            keys: 10,
            factor: 5,
            share: own,
            at: 0,
        };
        while let Some(flag) = arguments.next() {
            let value = arguments.next().ok_or_else(|| format!("{flag} needs a value"))?;
            let number = || match value.parse() {
                Ok(number @ 1..) => Ok(number),
                _ => Err(format!("{value:?} is not a number of {flag} above zero")),
            };
            match flag.as_str() {
                "--redis" => options.redis = Some(value),
                "--limit" => options.limit = value.parse()?,
                "--threads" => options.threads = number()?,
                "--seconds" => options.seconds = number()?,
                "--keys" => options.keys = number()?,
                "--factor" => options.factor = number()?,
                "--at" => options.at = number()?,
                "--share" => options.share = value,
                _ => return Err(format!("{flag} is not known: see the head of examples/throttle.rs").into()),
            }
        }
        Ok(options)
    }

    /// The time after which a key has one cell more.
    fn interval(&self) -> Duration {
        let refill = self.limit.refill_time().unwrap_or_default();
        Duration::from_nanos(
            u64::try_from(refill.as_nanos() / u128::from(self.limit.capacity())).unwrap_or(u64::MAX),
        )
    }
}

impl Limiter {
    fn check(&self, key: &RateKey) -> Decision {
        match self {
            Self::Own(limiter) => limiter.check(key),
            Self::Shared(limiter) => limiter.check(key),
        }
    }
}

#[cfg(feature = "redis")]
fn shared(url: &str, quota: Quota) -> Result<SharedLimiter, Box<dyn Error>> {
    use palisade::rate_limit::store::redis::Redis;
    Ok(SharedLimiter::builder(Redis::connect(url)?, OnError::Deny)
        .limit("throttle", quota)
        .report(|error| eprintln!("throttle: {error}"))
        .build()?)
}

#[cfg(not(feature = "redis"))]
fn shared(_: &str, _: Quota) -> Result<SharedLimiter, Box<dyn Error>> {
    let _ = OnError::Deny;
    Err("built without Redis: cargo run --release --features redis --example throttle -- …".into())
}

fn wait_until(at: u64) {
    let at = UNIX_EPOCH + Duration::from_secs(at);
    if let Ok(left) = at.duration_since(SystemTime::now()) {
        thread::sleep(left);
    }
}

/// One thread's share: each question has its time, and one that is late is asked at once.
fn load(
    options: &Options,
    limiter: &Limiter,
    keys: &[RateKey],
    counts: &Counts,
    thread: u64,
    began: Instant,
    end: Instant,
) {
    let apart = options.interval() * u32::try_from(options.threads).unwrap_or(u32::MAX);
    let apart = apart / u32::try_from(options.keys.saturating_mul(options.factor)).unwrap_or(u32::MAX);
    // Threads begin at keys that lie apart, so that no two ask for the same at the same time but by chance.
    let first =
        keys.len() * usize::try_from(thread).unwrap_or(0) / usize::try_from(options.threads).unwrap_or(1);
    let mut due = began;
    for key in keys.iter().cycle().skip(first) {
        let now = Instant::now();
        if now >= end {
            return;
        }
        if let Some(early) = due.checked_duration_since(now)
            && !early.is_zero()
        {
            thread::sleep(early.min(end - now));
        }
        due += apart;
        let asked = Instant::now();
        let decision = limiter.check(key);
        counts.took.add(asked.elapsed());
        counts.asked.fetch_add(1, Ordering::Relaxed);
        let counter = match decision {
            _ if decision.is_degraded() => &counts.errors,
            Decision::Allow(_) => &counts.admitted,
            Decision::Deny(_) | Decision::Impossible => &counts.denied,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

/// A line each second.
fn watch(counts: &Counts, began: Instant, end: Instant) {
    println!("  second      asked   admitted     denied     errors        p50        p99");
    let mut last = [0; 4];
    let mut second = 0;
    while Instant::now() < end {
        second += 1;
        let next = (began + Duration::from_secs(second)).min(end);
        thread::sleep(next.saturating_duration_since(Instant::now()));
        let now = [&counts.asked, &counts.admitted, &counts.denied, &counts.errors]
            .map(|count| count.load(Ordering::Relaxed));
        let [asked, admitted, denied, errors] = std::array::from_fn(|index| {
            now.get(index).zip(last.get(index)).map_or(0, |(now, last)| now - last)
        });
        last = now;
        let [p50, p99] = counts.took.take([50, 99]);
        println!(
            "{second:>8} {asked:>10} {admitted:>10} {denied:>10} {errors:>10} {p50:>10.1?} {p99:>10.1?}"
        );
    }
}

fn summary(options: &Options, counts: &Counts, took: Duration) {
    let refilled = took.as_nanos() / options.interval().as_nanos().max(1);
    let most = u128::from(options.keys) * (u128::from(options.limit.capacity()) + refilled);
    let admitted = u128::from(counts.admitted.load(Ordering::Relaxed));
    let share = admitted * 100_000 / most;
    println!(
        "\n{} of {} keys in {took:.3?}\nadmitted {admitted}\nat most  {most}: the capacity, and one cell each {:?}\nthat is  {}.{:03} %",
        options.limit,
        options.keys,
        options.interval(),
        share / 1000,
        share % 1000
    );
}

/// Durations by their size: eight classes for each power of two of nanoseconds.
struct Histogram([AtomicU64; 64 * 8]);

impl Histogram {
    fn add(&self, took: Duration) {
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX).max(8);
        let power = nanos.ilog2();
        let class = power * 8 + u32::try_from(nanos >> (power - 3) & 7).unwrap_or(0);
        if let Some(count) = self.0.get(class as usize) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Upper bounds of the percentiles since the last call.
    fn take(&self, percentiles: [u64; 2]) -> [Duration; 2] {
        let counts: Vec<u64> = self.0.iter().map(|count| count.swap(0, Ordering::Relaxed)).collect();
        let all: u64 = counts.iter().sum();
        percentiles.map(|percentile| {
            let mut left = all * percentile / 100;
            let class = counts.iter().position(|count| {
                let is_here = left < *count;
                left = left.saturating_sub(*count);
                is_here
            });
            class.map_or(Duration::ZERO, |class| {
                Duration::from_nanos((9 + class as u64 % 8) << (class / 8).saturating_sub(3))
            })
        })
    }
}

impl Default for Histogram {
    fn default() -> Self {
        Self(std::array::from_fn(|_| AtomicU64::new(0)))
    }
}
