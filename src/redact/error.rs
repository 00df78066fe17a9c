use std::error::Error;
use std::fmt;

/// Why a redactor was not built, or a secret not registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RedactError {
    kind: RedactErrorKind,
}

/// What a caller can act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RedactErrorKind {
    /// The secret has fewer than 8 bytes, so that it would be found where it does not stand.
    #[error("a registered secret needs 8 bytes or more: a shorter one would be found in harmless words")]
    TooShort,
    /// The secret has more than 16 KiB.
    #[error("a registered secret has 16 KiB at most")]
    TooLong,
    /// The mask is empty, longer than 64 bytes, would break a log's format, or would be redacted itself.
    #[error(
        "a mask has 1 to 64 bytes, no quotes, backslashes, angle brackets, ampersands or control characters, and is no secret by its form"
    )]
    Mask,
    /// A rule's regular expression is not one, or is too large.
    #[error("the rule's pattern is not a regular expression of at most 1 MiB when compiled")]
    Pattern,
    /// A rule would match nothing at all.
    #[error("the rule's pattern matches the empty text")]
    MatchesNothing,
    /// A rule's literal is too short.
    #[error("a rule needs a literal of 2 bytes or more that every match stands near, or Rule::everywhere")]
    Literal,
    /// The longest line is too small.
    #[error("the longest line to be scanned has 1 KiB or more")]
    Limit,
}

impl RedactError {
    /// What kind of error this is.
    pub fn kind(&self) -> RedactErrorKind {
        self.kind
    }
}

impl fmt::Display for RedactError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

impl Error for RedactError {}

impl From<RedactErrorKind> for RedactError {
    fn from(kind: RedactErrorKind) -> Self {
        Self { kind }
    }
}
