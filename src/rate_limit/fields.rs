use std::fmt;
use std::time::Duration;

use super::decision::{Decision, seconds};
use super::error::{RateLimitError, RateLimitErrorKind};
use super::quota::Quota;

/// A limit by its name, as HTTP responses tell clients of it.
///
/// ```
/// use palisade::clock::ManualClock;
/// use palisade::rate_limit::{Fields, Quota, RateLimiter};
///
/// let quota = Quota::per_minute(10);
/// let fields = Fields::new("login", quota)?;
/// let limiter = RateLimiter::builder(quota).clock(ManualClock::new()).build()?;
/// let decision = limiter.check_cost("ann", 7);
/// assert_eq!(fields.policy().to_string(), r#""login";q=10;w=60"#); // RateLimit-Policy
/// assert_eq!(fields.limit(&decision).to_string(), r#""login";r=3;t=42"#); // RateLimit
/// assert_eq!(fields.retry_after(&decision), None); // Retry-After
/// assert_eq!(fields.retry_after(&limiter.check_cost("ann", 4)), Some(6));
/// # Ok::<(), palisade::rate_limit::RateLimitError>(())
/// ```
///
/// Several limits are one field, their values parted by `, `.
///
/// # Source
/// draft-ietf-httpapi-ratelimit-headers-10 §§3, 4, whose values are RFC 9651's; RFC 9110 §10.2.3 for `Retry-After`. The
/// draft has changed its form before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fields {
    name: String,
    quota: Quota,
    window: u64,
}

/// The value of `RateLimit-Policy`: the quota, and how many seconds it takes to come back.
#[derive(Clone, Copy, Debug)]
pub struct PolicyField<'a> {
    fields: &'a Fields,
}

/// The value of `RateLimit`: what is left, and in how many seconds there is more.
#[derive(Clone, Copy, Debug)]
pub struct LimitField<'a> {
    fields: &'a Fields,
    remaining: u64,
    after: u64,
}

impl Fields {
    /// Names a limit.
    ///
    /// # Errors
    /// The name is not 1 to 64 printable ASCII characters, or the quota is out of range.
    pub fn new(name: &str, quota: Quota) -> Result<Self, RateLimitError> {
        if name.is_empty() || name.len() > 64 || !name.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
            return Err(RateLimitErrorKind::Name.into());
        }
        let window = Duration::from_nanos(quota.pace()?.depth());
        Ok(Self { name: name.to_owned(), quota, window: seconds(window) })
    }

    /// The value of `RateLimit-Policy`.
    pub fn policy(&self) -> PolicyField<'_> {
        PolicyField { fields: self }
    }

    /// The value of `RateLimit` after `decision`: how many seconds until the quota is full again; after a denial, until the
    /// same request conforms.
    pub fn limit(&self, decision: &Decision) -> LimitField<'_> {
        let (remaining, after) = match decision {
            Decision::Allow(allowed) => (allowed.remaining(), seconds(allowed.reset_after())),
            Decision::Deny(denied) => (denied.remaining(), denied.retry_after_seconds()),
            Decision::Impossible => (0, self.window),
        };
        LimitField { fields: self, remaining, after }
    }

    /// The value of `Retry-After`: whole seconds, rounded up, after a denial; `None` after anything else.
    pub fn retry_after(&self, decision: &Decision) -> Option<u64> {
        match decision {
            Decision::Deny(denied) => Some(denied.retry_after_seconds()),
            Decision::Allow(_) | Decision::Impossible => None,
        }
    }
}

impl fmt::Display for PolicyField<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Fields { name, quota, window } = self.fields;
        write!(f, "{};q={};w={}", SfString(name), integer(quota.capacity()), integer(*window))
    }
}

impl fmt::Display for LimitField<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{};r={};t={}", SfString(&self.fields.name), integer(self.remaining), integer(self.after))
    }
}

/// RFC 9651 §4.1.6.
struct SfString<'a>(&'a str);

impl fmt::Display for SfString<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        for character in self.0.chars() {
            if matches!(character, '"' | '\\') {
                f.write_str("\\")?;
            }
            write!(f, "{character}")?;
        }
        f.write_str("\"")
    }
}

/// RFC 9651 §3.3.1: at most fifteen digits.
fn integer(number: u64) -> u64 {
    number.min(999_999_999_999_999)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;
    use crate::rate_limit::RateLimiter;

    #[test]
    fn seconds_are_rounded_up() {
        for (nanos, expected) in [
            (0, 0),
            (1, 1),
            (999_999_999, 1),
            (1_000_000_000, 1),
            (1_000_000_001, 2),
            (u64::MAX, 18_446_744_074),
        ] {
            assert_eq!(seconds(Duration::from_nanos(nanos)), expected);
        }
        assert_eq!(seconds(Duration::MAX), u64::MAX);
    }

    #[test]
    fn names_are_structured_strings() {
        let fields = Fields::new(r#"a "b" \c"#, Quota::per_second(1)).unwrap();
        assert_eq!(fields.policy().to_string(), r#""a \"b\" \\c";q=1;w=1"#);
        for name in ["", "a\r\nSet-Cookie: x=1", "a\0", "ä", &"a".repeat(65)] {
            assert_eq!(
                Fields::new(name, Quota::per_second(1)).unwrap_err().kind(),
                RateLimitErrorKind::Name,
                "{name:?}"
            );
        }
    }

    #[test]
    fn numbers_have_fifteen_digits_at_most() {
        let quota = Quota::new(1 << 62, 1, Duration::from_nanos(1)).unwrap();
        assert_eq!(
            Fields::new("x", quota).unwrap().policy().to_string(),
            "\"x\";q=999999999999999;w=4611686019"
        );
    }

    #[test]
    fn what_never_conforms_has_no_retry_after() {
        let quota = Quota::per_minute(2);
        let limiter = RateLimiter::builder(quota).clock(ManualClock::new()).build().unwrap();
        let fields = Fields::new("x", quota).unwrap();
        let impossible = limiter.check_cost("ann", 3);
        assert_eq!(fields.retry_after(&impossible), None);
        assert_eq!(fields.limit(&impossible).to_string(), "\"x\";r=0;t=60");
        assert_eq!(fields.limit(&limiter.peek("ann", 0)).to_string(), "\"x\";r=2;t=0");
    }
}
