use std::time::{Duration, Instant};

use super::{Budget, Ceilings, Hasher, Scheme};

impl Scheme {
    /// The scrypt costs that come closest to `target` on this machine, within `max_memory` bytes; it measures for some
    /// multiples of `target`.
    ///
    /// Never below OWASP's minimum, though that takes longer or needs 8 MiB; never above the default [`Ceilings`]. The
    /// machine should be as idle as in service, and the result belongs into a configuration file rather than into
    /// every start.
    ///
    /// ```no_run
    /// use palisade::password::Scheme;
    /// use std::time::Duration;
    ///
    /// let scheme = Scheme::calibrate(Duration::from_millis(250), 128 << 20);
    /// assert!(scheme.meets_owasp());
    /// ```
    ///
    /// `cargo run --release --example calibrate` prints a table.
    pub fn calibrate(target: Duration, max_memory: u64) -> Self {
        let unit = measure(Self::scrypt(14, 8, 1));
        let minimum = |log_n: u8| match log_n {
            ..14 => 10,
            14 => 5,
            15 => 3,
            16 => 2,
            _ => 1,
        };
        for log_n in (14..=20_u8).rev() {
            let least = Self::scrypt(log_n, 8, minimum(log_n));
            let expected = unit.saturating_mul(minimum(log_n)).saturating_mul(1 << (log_n - 14));
            if least.memory() > max_memory
                || least.admit(&Ceilings::default()).is_err()
                || expected > target.saturating_mul(2)
            {
                continue;
            }
            let measured = measure(least);
            if measured <= target {
                return largest(target, measured, minimum(log_n), |p| Self::scrypt(log_n, 8, p));
            }
        }
        Self::scrypt(13, 8, 10)
    }

    /// The Argon2id costs, of one lane, that come closest to `target` on this machine, within `max_memory` bytes; as
    /// [`calibrate`](Self::calibrate) does for scrypt.
    pub fn calibrate_argon2id(target: Duration, max_memory: u64) -> Self {
        let kib = |bytes: u64| u32::try_from(bytes / 1024).unwrap_or(u32::MAX);
        let most = kib(max_memory).min(262_144);
        for memory in [most, 131_072, 65_536, 47_104, 19_456, 12_288, 9_216] {
            let least = (1..=5).map(|passes| Self::argon2id(memory, passes, 1)).find(Self::meets_owasp);
            let Some(least) =
                least.filter(|least| memory <= kib(max_memory) && least.admit(&Ceilings::default()).is_ok())
            else {
                continue;
            };
            let measured = measure(least);
            let [_, passes, _] = least.costs;
            if measured <= target {
                return largest(target, measured, passes, |passes| Self::argon2id(memory, passes, 1));
            }
        }
        Self::argon2id(7_168, 5, 1)
    }
}

/// The dearest scheme within the time and the ceilings, when `least` of it takes `measured`.
fn largest(target: Duration, measured: Duration, least: u32, scheme: impl Fn(u32) -> Scheme) -> Scheme {
    let within = |count: &u32| {
        let expected = measured.saturating_mul(*count) / least;
        expected <= target && scheme(*count).admit(&Ceilings::default()).is_ok()
    };
    let count = (least..=least.saturating_mul(MOST)).take_while(within).last();
    scheme(count.unwrap_or(least))
}

/// The shortest of three hashes on one core, as under load: what others on the machine add is not the scheme's.
fn measure(scheme: Scheme) -> Duration {
    let hasher = Hasher::builder().scheme(scheme).budget(Budget::default().hashes(1)).build();
    let time = || {
        let started = Instant::now();
        let hashed = hasher.as_ref().map(|hasher| hasher.verify_absent("calibration"));
        hashed.map_or(Duration::MAX, |_| started.elapsed())
    };
    (0..3).map(|_| time()).min().unwrap_or(Duration::MAX)
}

/// Lanes or passes at most, as multiples of OWASP's.
const MOST: u32 = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_below_owasp_and_within_memory_and_ceilings() {
        for (milliseconds, memory) in
            [(0, 0), (1, u64::MAX), (40, 16 << 20), (100, 32 << 20), (u64::MAX, 16 << 20)]
        {
            let target = Duration::from_millis(milliseconds);
            for scheme in [Scheme::calibrate(target, memory), Scheme::calibrate_argon2id(target, memory)] {
                assert!(scheme.meets_owasp(), "{scheme}");
                assert!(scheme.memory() <= memory.max(8 << 20), "{scheme}");
                assert!(scheme.admit(&Ceilings::default()).is_ok(), "{scheme}");
            }
        }
    }

    #[test]
    fn more_time_buys_more_work() {
        let scheme = |p| Scheme::scrypt(17, 8, p);
        let (second, budget) = (Duration::from_secs(1), Duration::from_millis(300));
        assert_eq!(largest(second, budget, 1, scheme), scheme(3));
        assert_eq!(largest(Duration::MAX, budget, 1, scheme), scheme(4), "the ceiling");
        assert_eq!(largest(Duration::ZERO, budget, 1, scheme), scheme(1));
    }
}
