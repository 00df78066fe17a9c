/// Why a request was refused as not the user's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CsrfRefusal {
    /// A page of another origin made it.
    #[error("the request was made by a page of another origin")]
    CrossOrigin,
    /// It says nothing of where it came from.
    #[error("the request has neither Sec-Fetch-Site nor Origin")]
    Unmarked,
    /// Its token is not one of the session's.
    #[error("the token is not one of this session")]
    Token,
}
