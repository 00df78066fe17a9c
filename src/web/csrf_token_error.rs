use crate::random::RandomError;

/// Why there is no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CsrfTokenError {
    /// The session's id is empty: whoever has no session would share its tokens.
    #[error("a token is of a session, whose id is not empty")]
    Session,
    /// The random source failed.
    #[error("the operating system's random source is unavailable")]
    Random,
}

impl From<RandomError> for CsrfTokenError {
    fn from(_: RandomError) -> Self {
        Self::Random
    }
}
