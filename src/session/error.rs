use std::error::Error;
use std::sync::Arc;

/// Why a session was not begun, not changed or not accepted. What it says is for callers; [`kind`](Self::kind) is for the log.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{}", self.kind.message())]
pub struct SessionError {
    kind: SessionErrorKind,
    source: Option<StoreError>,
}

/// What a program can act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SessionErrorKind {
    /// What was presented has not the form of a token.
    Malformed,
    /// There is no such session: it was ended, or swept, or never was.
    Unknown,
    /// There is such a session, and this is not its token. Somebody guesses, or has an old copy of the store.
    Mismatch,
    /// Its time is over, however much it was used.
    Expired,
    /// It was not used for too long.
    Idle,
    /// The client does not show what the session is bound to.
    Binding,
    /// It is a visitor's: nobody has logged in.
    Visitor,
    /// Misuse: it is not a visitor's any more.
    LoggedIn,
    /// It was ended or rotated by another request in the meantime.
    Ended,
    /// Misuse: it was checked more than a minute ago.
    Stale,
    /// The code that was accepted is another user's.
    OtherUser,
    /// Misuse: a user's name has 1 to 256 bytes.
    User,
    /// The random source failed; nothing was begun.
    Random,
    /// The store cannot tell, or the clock is before 1970 or beyond what calendars hold; nobody is let in.
    Unavailable,
}

/// The times of sessions are out of their bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("sessions end after 8 s without use or more, and after that time or more, ten years at most")]
#[non_exhaustive]
pub struct SessionsBuildError;

/// A store cannot answer.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the store of sessions is unavailable")]
pub struct StoreError(#[source] Option<Arc<dyn Error + Send + Sync>>);

impl SessionError {
    /// What happened.
    pub const fn kind(&self) -> SessionErrorKind {
        self.kind
    }
}

impl SessionErrorKind {
    const fn message(self) -> &'static str {
        match self {
            Self::Random | Self::Unavailable => "sessions are unavailable, try again later",
            Self::User => "the name of a user has 1 to 256 bytes",
            Self::LoggedIn => "the session is not a visitor's",
            _ => "not logged in, or not any more: log in again",
        }
    }
}

impl StoreError {
    /// With what the store says, which is for the log.
    pub fn new(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(Some(Arc::from(source.into())))
    }
}

impl From<SessionErrorKind> for SessionError {
    fn from(kind: SessionErrorKind) -> Self {
        Self { kind, source: None }
    }
}

impl From<StoreError> for SessionError {
    fn from(error: StoreError) -> Self {
        Self { kind: SessionErrorKind::Unavailable, source: Some(error) }
    }
}

impl From<crate::random::RandomError> for SessionError {
    fn from(_: crate::random::RandomError) -> Self {
        SessionErrorKind::Random.into()
    }
}
