use std::error::Error;
use std::fmt;

use super::store::CodeStoreError;
use crate::random::RandomError;
use crate::rate_limit::LoginDenied;

/// Why a code was not accepted.
///
/// Its text may be shown to whoever presented the code: a wrong code, one that was used already and one that is none have the
/// same. [`kind`](Self::kind) tells them apart, for the log.
#[derive(Clone, Debug)]
pub struct OtpError {
    kind: OtpErrorKind,
    source: Option<CodeStoreError>,
}

/// What happened, for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OtpErrorKind {
    /// It is not a code of this user, or not now; or a recovery code that is unknown or spent.
    #[error("the code is wrong")]
    Wrong,
    /// It has another form than a code.
    #[error("the code is malformed")]
    Malformed,
    /// It was right, and it or a later one was used already: somebody has watched it being typed, or the user was too fast.
    #[error("the code was used already")]
    Replayed,
    /// There were too many guesses. The code was not looked at, and nothing was charged.
    #[error("{0}")]
    Denied(LoginDenied),
    /// Misuse: the user has a second factor, and is to show it first.
    #[error("the user has a second factor")]
    Enrolled,
    /// The sealed secret is not this user's, or it was damaged, or its key is gone.
    #[error("the sealed secret does not open for this user")]
    Corrupt,
    /// The random source failed; no recovery codes were made.
    #[error("the operating system's random source is unavailable")]
    Random,
    /// The store cannot answer, or the clock shows a time before 1970.
    #[error("the store of codes or the clock is unavailable")]
    Unavailable,
}

impl OtpError {
    /// What happened.
    pub fn kind(&self) -> OtpErrorKind {
        self.kind
    }

    /// Whether it is the code that was refused: wrong, malformed or used. All of them get one answer.
    pub fn is_rejected(&self) -> bool {
        matches!(self.kind, OtpErrorKind::Wrong | OtpErrorKind::Malformed | OtpErrorKind::Replayed)
    }
}

impl fmt::Display for OtpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            OtpErrorKind::Wrong | OtpErrorKind::Malformed | OtpErrorKind::Replayed => {
                f.write_str("the code is not valid")
            }
            OtpErrorKind::Denied(denied) => denied.fmt(f),
            OtpErrorKind::Enrolled => f.write_str("there is a second factor already: show it first"),
            OtpErrorKind::Corrupt | OtpErrorKind::Random | OtpErrorKind::Unavailable => {
                f.write_str("codes cannot be checked at the moment")
            }
        }
    }
}

impl Error for OtpError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| source as &(dyn Error + 'static))
    }
}

impl From<OtpErrorKind> for OtpError {
    fn from(kind: OtpErrorKind) -> Self {
        Self { kind, source: None }
    }
}

impl From<LoginDenied> for OtpError {
    fn from(denied: LoginDenied) -> Self {
        OtpErrorKind::Denied(denied).into()
    }
}

impl From<RandomError> for OtpError {
    fn from(_: RandomError) -> Self {
        OtpErrorKind::Random.into()
    }
}

impl From<CodeStoreError> for OtpError {
    fn from(error: CodeStoreError) -> Self {
        Self { kind: OtpErrorKind::Unavailable, source: Some(error) }
    }
}

/// A number, a time or a name that one-time codes cannot be made, checked or set up with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.kind)]
pub struct OtpParameterError {
    kind: OtpParameterErrorKind,
}

/// Which one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OtpParameterErrorKind {
    /// A number of digits.
    #[error("a code has 6 to 8 digits")]
    Digits,
    /// How long a code stands.
    #[error("a code stands for 15 to 120 whole seconds")]
    Period,
    /// How many periods a clock may be wrong.
    #[error("a clock may be wrong by at most 2 periods")]
    Drift,
    /// How far a token may be ahead.
    #[error("a token may be ahead by at most 20 codes")]
    LookAhead,
    /// When a code is for.
    #[error("codes begin in 1970")]
    Time,
    /// The name of the service.
    #[error("an issuer has 1 to 128 bytes, no colon, no control character, and no space at its ends")]
    Issuer,
    /// The name of the account.
    #[error("an account has 1 to 128 bytes, no colon, no control character, and no space at its ends")]
    Account,
}

impl OtpParameterError {
    pub(super) const fn new(kind: OtpParameterErrorKind) -> Self {
        Self { kind }
    }

    /// Which one.
    pub const fn kind(&self) -> OtpParameterErrorKind {
        self.kind
    }
}

impl From<OtpParameterErrorKind> for OtpParameterError {
    fn from(kind: OtpParameterErrorKind) -> Self {
        Self { kind }
    }
}
