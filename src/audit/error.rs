use std::error::Error;
use std::fmt;
use std::io;
use std::sync::Arc;

use crate::random::RandomError;

/// Why a log was not opened, or an event not recorded.
#[derive(Clone, Debug)]
pub struct AuditError {
    kind: AuditErrorKind,
    source: Option<Arc<io::Error>>,
}

/// What a caller can act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuditErrorKind {
    /// Another writer has the file open.
    #[error("another writer has the log or ratchet open, a chain has one")]
    Locked,
    /// The end of the file is not a chain's.
    #[error(
        "the end of the log is damaged or forged: verify it, then move it away, or open with set_aside_damaged()"
    )]
    Damaged,
    /// The file ends before the last checkpoint.
    #[error("the log does not reach its last checkpoint: records were cut off, or it is another log")]
    Truncated,
    /// The end of the file was made under a key that the ring or ratchet does not have.
    #[error("the log was made under a key that is not here: another ring, or a destroyed key")]
    UnknownKey,
    /// The file was deleted, moved, shortened or written to by somebody else while it was open.
    #[error(
        "the log file was changed by somebody else while it is open: nothing more is recorded, open it again"
    )]
    Changed,
    /// A writer took part of a record and then failed.
    #[error("the writer failed in the middle of a record: nothing more can be recorded, start a new log")]
    Broken,
    /// The queue is full.
    #[error("the queue of events is full, the event was not recorded")]
    Full,
    /// The queue's writer is gone.
    #[error("the queue is closed, the event was not recorded")]
    Closed,
    /// A sink asked the queue that calls it to wait for what comes after the sink.
    #[error("a sink cannot wait for the queue that calls it, flush or close it elsewhere")]
    WaitsForItself,
    /// A ratchet's or checkpoint's place holds something else.
    #[error("the text is not a ratchet or checkpoint of this version")]
    Malformed,
    /// There is a ratchet already; it is never overwritten.
    #[error("there is a ratchet already, open it")]
    FileExists,
    /// The file system or writer failed.
    #[error("the log is unavailable")]
    Unavailable,
    /// The random source failed.
    #[error("the operating system's random source is unavailable")]
    Random,
    /// The event is recorded; whether it outlasts a power failure is not known.
    #[error("the log was not synced: what was recorded last may not outlast a power failure")]
    NotSynced,
    /// The event is recorded; the file could not be rotated, and grows on.
    #[error("the log was not rotated, it grows on")]
    NotRotated,
    /// The event is recorded; the alert that it raised is not.
    #[error("the alert that the event raised was not recorded")]
    NotAlerted,
    /// The event is recorded; its checkpoint was not saved, and the next event tries again.
    #[error("the checkpoint was not saved")]
    NotCheckpointed,
    /// The event is recorded; the ratchet's turn was not saved, and the next event tries again.
    #[error("the ratchet's new state was not saved")]
    NotRatcheted,
}

impl AuditError {
    /// What happened.
    pub const fn kind(&self) -> AuditErrorKind {
        self.kind
    }

    /// Whether the event is in the log all the same.
    pub const fn is_recorded(&self) -> bool {
        use AuditErrorKind::{NotAlerted, NotCheckpointed, NotRatcheted, NotRotated, NotSynced};
        matches!(self.kind, NotSynced | NotRotated | NotAlerted | NotCheckpointed | NotRatcheted)
    }

    pub(super) fn into_kind(self, kind: AuditErrorKind) -> Self {
        Self { kind, ..self }
    }

    pub(super) fn new(kind: AuditErrorKind, source: io::Error) -> Self {
        Self { kind, source: Some(Arc::new(source)) }
    }
}

impl From<AuditErrorKind> for AuditError {
    fn from(kind: AuditErrorKind) -> Self {
        Self { kind, source: None }
    }
}

impl From<io::Error> for AuditError {
    fn from(error: io::Error) -> Self {
        Self::new(AuditErrorKind::Unavailable, error)
    }
}

impl From<RandomError> for AuditError {
    fn from(_: RandomError) -> Self {
        AuditErrorKind::Random.into()
    }
}

impl fmt::Display for AuditError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.kind, f)
    }
}

impl Error for AuditError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|error| error as _)
    }
}
