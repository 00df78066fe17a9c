use std::error::Error;
use std::fmt;

/// What is wrong with a policy for pages of other origins: all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CorsError {
    problems: Vec<CorsProblem>,
}

/// One thing that is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CorsProblem {
    /// `null`, which any sandboxed frame sends.
    #[error("null is the origin of whoever asks for it")]
    Null,
    /// A pattern. All origins are `any_origin()`.
    #[error("an origin is one, without *")]
    Wildcard,
    /// Not spelt as browsers write it, so that it would never be met.
    #[error(
        "an origin is https:// or http://, a host in small letters and a port if not the scheme's, and nothing after it"
    )]
    NotCanonical,
    /// Plain HTTP of another machine: whoever sits between writes such pages.
    #[error("an origin of http:// is on the same machine")]
    Insecure,
    /// No origin at all, or a list beside `any_origin()`.
    #[error("a policy has a list of origins or any origin")]
    Origins,
    /// All pages, with the cookies of their users.
    #[error("any origin is never allowed credentials")]
    AnyWithCredentials,
    /// A method that is not in capitals, or that browsers never send.
    #[error("a method is in capitals, and not CONNECT, TRACE or TRACK")]
    Method,
    /// Not the name of a header.
    #[error("the name of a header has 1 to 128 letters, digits and !#$%&'+-.^_`|~")]
    Header,
    /// More than a day, which browsers cut.
    #[error("the answer to a preflight is kept for at most 86400 seconds")]
    MaxAge,
}

impl CorsError {
    pub(super) const fn new(problems: Vec<CorsProblem>) -> Self {
        Self { problems }
    }

    /// All problems.
    pub fn problems(&self) -> &[CorsProblem] {
        &self.problems
    }
}

impl fmt::Display for CorsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, problem) in self.problems.iter().enumerate() {
            f.write_str(if number == 0 { "" } else { "; " })?;
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl Error for CorsError {}
