use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::error::{RateLimitError, RateLimitErrorKind};
use super::gcra::Pace;

/// How much a caller may do: so many cells at once, and so many more as time goes by.
///
/// A cell is whatever a request costs: one, mostly. Cells come back one by one, evenly over the period, up to the capacity.
/// So in a window of any length `w`, at most `capacity + rate × w` are admitted: where "100 an hour" must hold for every
/// hour, take a capacity well below 100.
///
/// ```
/// use palisade::rate_limit::Quota;
/// use std::time::Duration;
///
/// let quota = Quota::per_second(5).burst(10); // 10 at once, then 5 each second
/// assert_eq!(quota, Quota::new(10, 5, Duration::from_secs(1))?);
/// assert_eq!(quota, "5/s, burst 10".parse()?); // as a configuration file would have it
/// # Ok::<(), palisade::rate_limit::RateLimitError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Quota {
    capacity: u64,
    tokens: u64,
    period: Duration,
}

impl Quota {
    /// `capacity` cells at once; `refill_tokens` come back each `refill_period`.
    ///
    /// # Errors
    /// A number is zero; there is more than one cell a nanosecond; or a full quota takes longer than 2^62 ns, 146 years, to
    /// come back.
    pub fn new(capacity: u64, refill_tokens: u64, refill_period: Duration) -> Result<Self, RateLimitError> {
        let quota = Self { capacity, tokens: refill_tokens, period: refill_period };
        quota.pace().map(|_| quota)
    }

    /// As [`new`](Self::new); what is out of range is reported where a limiter is built.
    pub(super) const fn of(capacity: u64, tokens: u64, period: Duration) -> Self {
        Self { capacity, tokens, period }
    }

    /// `n` cells each second, and `n` at once unless [`burst`](Self::burst) says otherwise.
    ///
    /// Numbers out of range are reported where a limiter is built.
    #[must_use]
    pub const fn per_second(n: u64) -> Self {
        Self { capacity: n, tokens: n, period: Duration::from_secs(1) }
    }

    /// `n` cells each minute, and `n` at once unless [`burst`](Self::burst) says otherwise.
    #[must_use]
    pub const fn per_minute(n: u64) -> Self {
        Self { capacity: n, tokens: n, period: Duration::from_secs(60) }
    }

    /// `n` cells each hour, and `n` at once unless [`burst`](Self::burst) says otherwise.
    #[must_use]
    pub const fn per_hour(n: u64) -> Self {
        Self { capacity: n, tokens: n, period: Duration::from_secs(3600) }
    }

    /// `capacity` cells at once, exactly: not one more.
    #[must_use]
    pub const fn burst(self, capacity: u64) -> Self {
        Self { capacity, ..self }
    }

    /// How many cells are admitted at once from rest.
    #[must_use]
    pub const fn capacity(&self) -> u64 {
        self.capacity
    }

    /// How long a full quota takes to come back, rounded up to nanoseconds a cell; `None` for one that is out of range.
    #[must_use]
    pub fn refill_time(&self) -> Option<Duration> {
        self.pace().ok().map(|pace| Duration::from_nanos(pace.depth()))
    }

    /// What each of `nodes` admits so that all of them admit this together; but no less at once than a request of `cost`.
    pub(super) fn share(&self, nodes: u64, cost: u64) -> Self {
        if nodes == 1 {
            return *self;
        }
        let period = u32::try_from(nodes).ok().and_then(|nodes| self.period.checked_mul(nodes));
        Self {
            capacity: (self.capacity / nodes.max(1)).max(cost.clamp(1, self.capacity.max(1))),
            tokens: self.tokens,
            period: period.unwrap_or(Duration::MAX),
        }
    }

    pub(super) fn pace(&self) -> Result<Pace, RateLimitError> {
        if self.capacity == 0 || self.tokens == 0 || self.period.is_zero() {
            return Err(RateLimitErrorKind::Zero.into());
        }
        let period = u64::try_from(self.period.as_nanos()).map_err(|_| RateLimitErrorKind::TooLong)?;
        if period < self.tokens {
            return Err(RateLimitErrorKind::TooFast.into());
        }
        Pace::new(self.capacity, self.tokens, period).ok_or(RateLimitErrorKind::TooLong.into())
    }

    /// The pace, or one that admits nothing.
    pub(super) fn pace_or_nothing(&self) -> Pace {
        self.pace().unwrap_or(Pace::NOTHING)
    }
}

/// As it is parsed: `5/s, burst 10`.
impl fmt::Display for Quota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.period.as_nanos();
        let (unit, length) = UNITS
            .iter()
            .rev()
            .find(|(_, length)| nanos.is_multiple_of(*length))
            .expect("a nanosecond divides every period");
        write!(f, "{}/", self.tokens)?;
        if nanos != *length {
            write!(f, "{}", nanos / length)?;
        }
        f.write_str(unit)?;
        if self.capacity != self.tokens {
            write!(f, ", burst {}", self.capacity)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Quota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Quota({self})")
    }
}

/// Reads `CELLS/PERIOD` or `CELLS/PERIOD, burst CAPACITY`, where the period is a unit (`ns`, `us`, `ms`, `s`, `min`, `h`,
/// `d`) with a number before it or none. Without a burst, the capacity is the number of cells.
impl FromStr for Quota {
    type Err = RateLimitError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (quota, capacity) = parse(text).ok_or(RateLimitErrorKind::Malformed)?;
        Self::new(capacity.unwrap_or(quota.tokens), quota.tokens, quota.period)
    }
}

fn parse(text: &str) -> Option<(Quota, Option<u64>)> {
    let (rate, burst) = match text.split_once(',') {
        Some((rate, burst)) => (rate, Some(number(burst.trim_start().strip_prefix("burst ")?)?)),
        None => (text, None),
    };
    let (tokens, period) = rate.split_once('/')?;
    let tokens = number(tokens)?;
    let digits = period.find(|c: char| !c.is_ascii_digit())?;
    let (count, unit) = period.split_at(digits);
    let count = if count.is_empty() { 1 } else { number(count)? };
    let (_, length) = UNITS.iter().find(|(name, _)| *name == unit)?;
    let nanos = u128::from(count).checked_mul(*length)?;
    let period = Duration::new(
        u64::try_from(nanos / NANOS_PER_SECOND).ok()?,
        u32::try_from(nanos % NANOS_PER_SECOND).ok()?,
    );
    Some((Quota { capacity: tokens, tokens, period }, burst))
}

/// Digits alone: no sign, which `u64::from_str` would take.
fn number(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

const NANOS_PER_SECOND: u128 = 1_000_000_000;

/// From the smallest up; each is a multiple of the one before.
const UNITS: [(&str, u128); 7] = [
    ("ns", 1),
    ("us", 1_000),
    ("ms", 1_000_000),
    ("s", NANOS_PER_SECOND),
    ("min", 60 * NANOS_PER_SECOND),
    ("h", 3_600 * NANOS_PER_SECOND),
    ("d", 86_400 * NANOS_PER_SECOND),
];

#[cfg(feature = "serde")]
impl serde::Serialize for Quota {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Quota {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_out_of_range_says_why() {
        let second = Duration::from_secs(1);
        for (quota, kind) in [
            (Quota::new(0, 1, second), RateLimitErrorKind::Zero),
            (Quota::new(1, 0, second), RateLimitErrorKind::Zero),
            (Quota::new(1, 1, Duration::ZERO), RateLimitErrorKind::Zero),
            (Quota::new(1, 1_000_000_001, second), RateLimitErrorKind::TooFast),
            (Quota::new(u64::MAX, 1, second), RateLimitErrorKind::TooLong),
            (Quota::new(1, 1, Duration::MAX), RateLimitErrorKind::TooLong),
            (Quota::new(200_000_001, 1, Duration::from_secs(86_400)), RateLimitErrorKind::TooLong),
        ] {
            assert_eq!(quota.unwrap_err().kind(), kind);
        }
        assert!(Quota::new(1, 1_000_000_000, second).is_ok());
        assert_eq!(Quota::per_hour(1).burst(10_000_000_000).refill_time(), None);
    }

    #[test]
    fn texts_are_read_and_written() {
        let days = |n: u64| Duration::from_secs(n * 86_400);
        for (text, quota) in [
            ("5/s", Quota::per_second(5)),
            ("5/s, burst 10", Quota::per_second(5).burst(10)),
            ("100/30d", Quota::new(100, 100, days(30)).unwrap()),
            ("7/min, burst 3", Quota::per_minute(7).burst(3)),
            ("1/1500ms", Quota::new(1, 1, Duration::from_millis(1500)).unwrap()),
            ("3/h", Quota::per_hour(3)),
        ] {
            assert_eq!(text.parse(), Ok(quota));
            assert_eq!(quota.to_string(), text);
        }
        assert_eq!("5/s,burst 10".parse::<Quota>().unwrap().to_string(), "5/s, burst 10");
        for text in [
            "",
            "5",
            "/s",
            "5/",
            "5/5",
            "+5/s",
            "5/+1s",
            "5/s burst 10",
            "5/s,",
            "5/s, burst",
            "5/s, burst -1",
            "5 /s",
            "5/fortnight",
            "5/s, burst 10, burst 11",
            "99999999999999999999/s",
            "5/99999999999999999999d",
            "٥/s",
        ] {
            assert_eq!(text.parse::<Quota>().unwrap_err().kind(), RateLimitErrorKind::Malformed, "{text:?}");
        }
        assert_eq!("0/s".parse::<Quota>().unwrap_err().kind(), RateLimitErrorKind::Zero);
        assert_eq!("1/99999999d".parse::<Quota>().unwrap_err().kind(), RateLimitErrorKind::TooLong);
    }

    #[cfg(feature = "serde")]
    #[test]
    fn configuration_files_hold_quotas_as_text() {
        let quota: Quota = serde_json::from_str(r#""5/s, burst 10""#).unwrap();
        assert_eq!(quota, Quota::per_second(5).burst(10));
        assert_eq!(serde_json::to_string(&quota).unwrap(), r#""5/s, burst 10""#);
        for text in [r#""5""#, r#""0/s""#, "5", "null"] {
            assert!(serde_json::from_str::<Quota>(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_quota_is_read_back(capacity in 1..u64::MAX, tokens in 1..u64::MAX, period in 1..u64::MAX) {
            if let Ok(quota) = Quota::new(capacity, tokens, Duration::from_nanos(period)) {
                prop_assert_eq!(quota.to_string().parse(), Ok(quota));
            }
        }
    }
}
