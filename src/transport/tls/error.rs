use std::fmt;
use std::io;

use super::Refusal;

/// Why the settings of a client or a server cannot be used. It shows no path and nothing of what was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TlsError {
    kind: TlsErrorKind,
}

/// What a caller can act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TlsErrorKind {
    /// No authority is trusted: the system has no roots, and none were given.
    #[error(
        "no certificate authority is trusted: install the system's (package ca-certificates), or give one of your own"
    )]
    NoRoots,
    /// The text with authorities is not certificates in PEM alone, or has none.
    #[error("authorities are certificates in PEM, one at least, and nothing else")]
    Authorities,
    /// The text with the chain is not certificates in PEM alone, or has none.
    #[error("a chain is certificates in PEM, the own one first, and nothing else")]
    Chain,
    /// The text with the key is not one private key in PEM that can be used.
    #[error(
        "a key is one private key in PEM, not encrypted: RSA of 2048 to 4096 bits, ECDSA on P-256 or P-384, or Ed25519"
    )]
    Key,
    /// The key is not that of the first certificate.
    #[error("the private key is not that of the chain's first certificate")]
    KeyMismatch,
    /// The other side would not accept our certificate.
    #[error("the own certificate would be refused: {0}")]
    OwnCertificate(Refusal),
    /// Two revocation lists are of one authority: the first alone would be asked.
    #[error("of two revocation lists of one authority the newest is given, and no other")]
    TwoCrls,
    /// The text with revocation lists is not lists in PEM alone, or has none.
    #[error("revocation lists are X.509 CRLs of version 2 in PEM, one at least, and nothing else")]
    Crls,
    /// Misuse: revocation lists of clients for a server that asks clients for no certificate.
    #[error("revocation lists of clients need an authority of clients")]
    CrlsWithoutAuthority,
    /// A pin is not the SHA-256 of a key, or there is none where there should be one.
    #[error("a pin is sha256/ and the base64 of a SHA-256, and there is one at least")]
    Pin,
    /// The name of a protocol is empty or has more than 255 bytes.
    #[error("the name of an application protocol has 1 to 255 bytes")]
    Alpn,
    /// A file cannot be read, or is longer than a key or chain could be.
    #[error("a file of the certificate or the key cannot be read: {0}")]
    Unreadable(io::ErrorKind),
}

impl TlsError {
    /// What is wrong.
    pub const fn kind(&self) -> TlsErrorKind {
        self.kind
    }
}

impl From<TlsErrorKind> for TlsError {
    fn from(kind: TlsErrorKind) -> Self {
        Self { kind }
    }
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

impl std::error::Error for TlsError {}
