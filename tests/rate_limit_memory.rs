//! A limiter's memory is what it was when it was built, whoever comes.

#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

use palisade::rate_limit::{Quota, RateLimiter, check_all, ip_key};

#[global_allocator]
static ALLOCATOR: dhat::Alloc = dhat::Alloc;

#[test]
fn ten_million_keys_allocate_nothing() {
    const MAX_KEYS: usize = 1 << 20;
    let _profiler = dhat::Profiler::builder().testing().build();

    let before = dhat::HeapStats::get();
    let limiter = RateLimiter::builder(Quota::per_minute(1)).max_keys(MAX_KEYS).build().unwrap();
    let built = dhat::HeapStats::get();
    let (size, slots) = (built.curr_bytes - before.curr_bytes, limiter.stats().slots);
    assert!(size <= 20 * slots && size <= 20 * MAX_KEYS, "{size} bytes for {slots} slots");

    let mut admitted = 0_u64;
    for key in 0..10_000_000_u32 {
        admitted += u64::from(limiter.is_allowed(&key));
    }
    let address = ip_key(std::net::Ipv4Addr::LOCALHOST);
    for _ in 0..1000 {
        let _decision = check_all(&[limiter.charge("ann"), limiter.charge(&address).cost(1)]);
        let _balance = (limiter.debit("ann", 1), limiter.refund("ann", 1), limiter.reset("bob"));
        let _decision = limiter.peek("ann", 1);
    }
    let after = dhat::HeapStats::get();
    assert_eq!((after.curr_bytes, after.total_blocks), (built.curr_bytes, built.total_blocks));
    assert!(admitted > 800_000, "{admitted}");
}
