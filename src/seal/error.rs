/// Why a value was not sealed or opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.kind)]
pub struct SealError {
    kind: SealErrorKind,
}

/// What a caller can act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealErrorKind {
    /// Not sealed by this ring for this context, or changed since. One answer for all of these.
    #[error("the sealed value does not open: it belongs elsewhere, was changed, or its key is gone")]
    Rejected,
    /// The text that was opened is not UTF-8: it was sealed as bytes.
    #[error("the sealed value is not text")]
    NotText,
    /// More than AES-GCM takes in one message, 64 GiB: seal it as a stream.
    #[error("the value is longer than 64 GiB, seal it as a stream")]
    TooLong,
    /// The random source failed; nothing was sealed.
    #[error("the operating system's random source is unavailable")]
    Random,
}

impl SealError {
    /// What happened.
    pub const fn kind(&self) -> SealErrorKind {
        self.kind
    }
}

impl From<SealErrorKind> for SealError {
    fn from(kind: SealErrorKind) -> Self {
        Self { kind }
    }
}

impl From<crate::random::RandomError> for SealError {
    fn from(_: crate::random::RandomError) -> Self {
        Self { kind: SealErrorKind::Random }
    }
}
