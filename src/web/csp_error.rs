use std::error::Error;
use std::fmt;

use super::Directive;

/// What is wrong with a content security policy: all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CspError {
    problems: Vec<CspProblem>,
}

/// One thing that is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CspProblem {
    /// A source that is not scheme, host, port and path as browsers write them, or has a character that a policy gives a
    /// meaning to or does not know.
    #[error(
        "a source is https://, wss://, http:// or ws://, a host in small letters, a port if not the scheme's, a path"
    )]
    Source,
    /// A directive was given a source that browsers ignore there.
    #[error("{} does not take nonces, hashes or keywords", .0.name())]
    OnlyPlaces(Directive),
    /// `STRICT_DYNAMIC` outside the directives of scripts, where browsers ignore it.
    #[error("{} does not know 'strict-dynamic'", .0.name())]
    NotOfScripts(Directive),
    /// `STRICT_DYNAMIC` without a nonce or a hash, which blocks every script.
    #[error("'strict-dynamic' in {} has no nonce or hash beside it", .0.name())]
    NothingToTrust(Directive),
    /// The name of a place for reports.
    #[error("the name of a reporting endpoint has 1 to 64 small letters, digits and -")]
    EndpointName,
    /// Where reports go.
    #[error("a reporting endpoint is a path from / or an https:// address, without a query")]
    Endpoint,
    /// The name of a Trusted Types policy.
    #[error("the name of a trusted types policy has 1 to 64 letters, digits and -_.")]
    TrustedTypes,
}

impl CspError {
    pub(super) const fn new(problems: Vec<CspProblem>) -> Self {
        Self { problems }
    }

    /// All problems, in the order of the calls.
    pub fn problems(&self) -> &[CspProblem] {
        &self.problems
    }
}

impl From<CspProblem> for CspError {
    fn from(problem: CspProblem) -> Self {
        Self::new(vec![problem])
    }
}

impl fmt::Display for CspError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, problem) in self.problems.iter().enumerate() {
            f.write_str(if number == 0 { "" } else { "; " })?;
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl Error for CspError {}
