use std::error::Error;
use std::fmt;

use crate::random::RandomError;

/// Why a quota was refused, or a limiter not built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimitError {
    kind: RateLimitErrorKind,
}

/// What a caller can act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RateLimitErrorKind {
    /// The capacity, the number of cells or the period is zero.
    #[error(
        "a quota's capacity, cells and period are at least 1: to admit nothing, refuse without a limiter"
    )]
    Zero,
    /// More than one cell a nanosecond.
    #[error("a quota refills at most one cell a nanosecond")]
    TooFast,
    /// A full quota would take longer than 2^62 ns to come back.
    #[error("a quota comes back within 146 years: take a smaller capacity or a shorter period")]
    TooLong,
    /// The text is not a quota.
    #[error("a quota is written as in \"5/s\", \"100/30d\" or \"5/s, burst 10\"")]
    Malformed,
    /// The number of keys is zero or above 2^34.
    #[error("a limiter remembers 1 to 2^34 keys")]
    Keys,
    /// The name of a limit does not fit into an HTTP field.
    #[error("the name of a limit has 1 to 64 printable ASCII characters")]
    Name,
    /// A limiter over a store has no limit, or more than 64, or two of the same name, or a name with other characters than it
    /// may have.
    #[error("a shared limiter has 1 to 64 limits, of different names of 1 to 64 letters, digits and -_.")]
    Limits,
    /// There is not enough memory for the table.
    #[error("there is not enough memory for a table of so many keys")]
    OutOfMemory,
    /// The random source is unavailable, so that no key for hashing was made.
    #[error("the operating system's random source is unavailable")]
    Unavailable,
}

impl RateLimitError {
    /// What kind of error this is.
    pub fn kind(&self) -> RateLimitErrorKind {
        self.kind
    }
}

impl fmt::Display for RateLimitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

impl Error for RateLimitError {}

impl From<RateLimitErrorKind> for RateLimitError {
    fn from(kind: RateLimitErrorKind) -> Self {
        Self { kind }
    }
}

impl From<RandomError> for RateLimitError {
    fn from(_: RandomError) -> Self {
        RateLimitErrorKind::Unavailable.into()
    }
}
