use std::error::Error;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use crate::random::RandomError;

/// Why a ring was not read, changed or saved.
#[derive(Clone, Debug)]
pub struct KeyError {
    kind: KeyErrorKind,
    source: Option<Arc<io::Error>>,
}

/// What a caller can act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyErrorKind {
    /// The ring has no such key.
    #[error("the ring has no key of this id")]
    Unknown,
    /// The ring already has a key of this id, or these bytes under another id.
    #[error("the ring already has this key or a key of this id")]
    Exists,
    /// The primary key cannot be retired or destroyed.
    #[error("the key is primary, promote another first")]
    Primary,
    /// Only a retired key can be destroyed.
    #[error("the key is still accepted, retire it first")]
    NotRetired,
    /// A retired key does not come back.
    #[error("the key is retired, add a new one")]
    Retired,
    /// Other processes may not have reloaded since the key came into its state.
    #[error("other processes may not have reloaded yet: wait {} s more, or call the _now form", .0.as_secs())]
    TooYoung(Duration),
    /// The ring peppers passwords: who destroys a key must know how many it takes along.
    #[error("the key may pepper passwords: count its rows, and call destroy_pepper() with their number")]
    Peppers,
    /// A key has exactly 32 bytes.
    #[error("a key has exactly 32 bytes")]
    Length,
    /// A ring holds at most 1,024 keys.
    #[error("the ring is full, destroy retired keys first")]
    Full,
    /// Another passphrase or wrapping key than it was saved under, or changed text.
    #[error("the key ring does not open: another passphrase or wrapping key, or changed text")]
    Rejected,
    /// The text is not a key ring.
    #[error("the text is not a key ring of this version")]
    Malformed,
    /// The text names passphrase costs that are above what is run.
    #[error("the key ring's passphrase costs are above the ceiling")]
    CostAboveCeiling,
    /// There is a file already; it is never overwritten.
    #[error("there is a key file already, open it")]
    FileExists,
    /// The file holds an older state than this process knows: a copy was put back. It was not taken.
    #[error(
        "the key file holds an older state of the ring than this process knows, put the newer back or overwrite_file()"
    )]
    Older,
    /// The file's ring and this one were changed apart from each other: a copy was put back and changed. Taking either
    /// would lose keys of the other, so nothing was taken.
    #[error(
        "the key file and this process have changed the ring apart from each other, choose one: restart on the file, or overwrite_file()"
    )]
    Forked,
    /// The file holds another ring.
    #[error("the key file holds another ring, it was not taken")]
    OtherRing,
    /// Another process has held the file's lock for ten seconds.
    #[error("another process is changing the key file, try again later")]
    Busy,
    /// The ring was not read from a file.
    #[error("the ring is in memory only, it has no file")]
    NoFile,
    /// The file system failed.
    #[error("the key file is unavailable")]
    Unavailable,
    /// The random source failed.
    #[error("the operating system's random source is unavailable")]
    Random,
    /// There is not enough memory for the passphrase's hash.
    #[error("there is not enough memory to hash the passphrase")]
    Memory,
}

impl KeyError {
    /// What happened.
    pub const fn kind(&self) -> KeyErrorKind {
        self.kind
    }
}

impl From<KeyErrorKind> for KeyError {
    fn from(kind: KeyErrorKind) -> Self {
        Self { kind, source: None }
    }
}

impl From<io::Error> for KeyError {
    fn from(error: io::Error) -> Self {
        Self { kind: KeyErrorKind::Unavailable, source: Some(Arc::new(error)) }
    }
}

impl From<RandomError> for KeyError {
    fn from(_: RandomError) -> Self {
        Self { kind: KeyErrorKind::Random, source: None }
    }
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.kind, f)
    }
}

impl Error for KeyError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|error| error as _)
    }
}
