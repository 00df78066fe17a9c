//! Issue bearer tokens and check them: opaque, prefixed with a checksum, split for look-up, or signed.
//!
//! Whoever holds a bearer token is let in, so a server hands out the token and stores only its digest: a stolen
//! table opens nothing.
//!
//! | type | text | for |
//! |---|---|---|
//! | [`Token`] | 43 characters of base64url | sessions, reset links |
//! | [`TokenFormat`] | `acme_live_…` with a checksum | API keys that people paste and scanners must find |
//! | [`SplitToken`] | selector and verifier | look-up by an index that reveals nothing |
//! | [`Signer`] | its own content, signed and expiring | links in mails, without a table |
//!
//! It keeps no sessions: their expiry and revocation are the caller's table, or the session room's.
//!
//! ```
//! use palisade::token::{Token, TokenDigest};
//!
//! let token = Token::generate()?;
//! let handed_out: &str = token.expose(); // to the client, once
//! let stored: String = token.digest().to_hex(); // to the database
//!
//! // When a client presents it again:
//! let digest = TokenDigest::from_hex(&stored)?;
//! assert!(digest.matches(handed_out));
//! assert!(!digest.matches("guess"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Security
//! Tokens hold at least 128 random bits, so an unsalted fast digest is enough: there is nothing to guess. Do not
//! use [`TokenDigest`] for passwords; those need [`password`](crate::password).

mod digest;
mod format;
mod once;
mod opaque;
mod signed;
mod split;

pub use digest::{DigestError, TokenDigest};
pub use format::{PrefixError, TokenFormat, WellFormed};
pub use once::{MemoryOnceStore, OnceStore, OnceStoreError};
pub use opaque::Token;
pub use signed::Signer;
pub use split::{PresentedSplit, SplitToken};

/// Why a presented text is not a token of the expected form.
///
/// It says what is wrong with the form, so that a person can mend a paste; it never holds the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a token of this form: {}", self.kind)]
pub struct TokenError {
    kind: TokenErrorKind,
}

/// Why a token was not signed or not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.kind)]
pub struct SignError {
    kind: SignErrorKind,
}

/// What a caller can act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignErrorKind {
    /// Not signed by this ring for this purpose and state. One answer for every forgery.
    #[error("the token is not valid here")]
    Rejected,
    /// It was good, and its time is over.
    #[error("the token has expired, ask for a new one")]
    Expired,
    /// It was good, and was used already.
    #[error("the token was used already, ask for a new one")]
    Used,
    /// The payload has more than 4 KiB.
    #[error("the payload is longer than 4096 bytes")]
    TooLong,
    /// The random source failed; nothing was signed.
    #[error("the operating system's random source is unavailable")]
    Random,
    /// The store of used tokens or the clock cannot tell; nothing is signed or accepted.
    #[error("the store of used tokens or the clock is unavailable")]
    Unavailable,
}

impl SignError {
    /// What happened.
    pub const fn kind(&self) -> SignErrorKind {
        self.kind
    }
}

impl From<SignErrorKind> for SignError {
    fn from(kind: SignErrorKind) -> Self {
        Self { kind }
    }
}

impl From<crate::random::RandomError> for SignError {
    fn from(_: crate::random::RandomError) -> Self {
        Self { kind: SignErrorKind::Random }
    }
}

/// What is wrong with the form of a presented token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenErrorKind {
    /// It starts with another prefix: a key of another kind, environment or vendor.
    #[error("it starts with another prefix")]
    Prefix,
    /// It is longer or shorter: cut off, or pasted with its surroundings.
    #[error("it is too long or too short")]
    Length,
    /// A character, or the last one's unused bits, cannot occur in this form.
    #[error("it has a character that cannot occur there")]
    Character,
    /// The checksum does not match the rest: a typo.
    #[error("its checksum does not match")]
    Checksum,
}

impl TokenError {
    const fn new(kind: TokenErrorKind) -> Self {
        Self { kind }
    }

    /// What is wrong.
    pub const fn kind(&self) -> TokenErrorKind {
        self.kind
    }
}
