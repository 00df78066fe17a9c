/// Why there is no cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CookieError {
    /// The name.
    #[error("the name of a cookie has 1 to 64 letters, digits, - and _")]
    Name,
    /// The value is empty or has characters that no cookie can hold.
    #[error(
        "the value of a cookie is ASCII without spaces, quotes, commas, semicolons and backslashes, and not empty"
    )]
    Value,
    /// Browsers would drop it.
    #[error("a cookie has at most 4096 bytes of name and value")]
    TooLong,
    /// The random source failed; nothing was sealed.
    #[error("the operating system's random source is unavailable")]
    Random,
}
