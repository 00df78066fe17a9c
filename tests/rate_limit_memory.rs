//! A limiter's memory is what it was when it was built, whoever comes.

#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

use std::net::Ipv4Addr;

use allocation_counter::measure;
use palisade::rate_limit::{Quota, RateLimiter, check_all, ip_key};

#[test]
fn ten_million_keys_allocate_nothing() {
    const MAX_KEYS: usize = 1 << 20;
    let mut built = None;
    let memory = measure(|| {
        built = Some(RateLimiter::builder(Quota::per_minute(1)).max_keys(MAX_KEYS).build().unwrap());
    });
    let limiter = built.unwrap();
    let slots = limiter.stats().slots;
    let size = usize::try_from(memory.bytes_current).unwrap();
    assert!(
        size >= 10 * slots && size <= 20 * slots && size <= 20 * MAX_KEYS,
        "{size} bytes for {slots} slots"
    );

    let mut admitted = 0_u64;
    let used = measure(|| {
        for key in 0..10_000_000_u32 {
            admitted += u64::from(limiter.is_allowed(&key));
        }
        let address = ip_key(Ipv4Addr::LOCALHOST);
        for _ in 0..1000 {
            let _decision = check_all(&[limiter.charge("ann"), limiter.charge(&address)]);
            let _balances = (limiter.debit("ann", 1), limiter.refund("ann", 1), limiter.reset("bob"));
            let _decision = limiter.peek("ann", 1);
        }
    });
    assert_eq!((used.count_total, used.bytes_current), (0, 0));
    assert!(admitted > 800_000, "{admitted}");
}
