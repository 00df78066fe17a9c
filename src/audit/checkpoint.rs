use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::PathBuf;
use std::str::FromStr;

use super::chain::Head;
use crate::encoding;
use crate::file;

/// What a chain had come to at one moment: kept elsewhere, it shows that records were cut off.
///
/// Its text is `palisade-audit-v1:`, the chain's id, the record's number and its MAC, with `:` between.
///
/// ```
/// use palisade::audit::{self, AuditLog, Checkpoint, Event};
/// use palisade::keys::KeyRing;
///
/// let ring = KeyRing::generate()?;
/// let log = AuditLog::new(Vec::new(), &ring);
/// log.record(Event::authentication_failure())?;
/// log.record(Event::authentication_failure())?;
/// let printed = log.checkpoint()?.to_string(); // to another machine, a mail, a notary
///
/// let written = log.into_inner()?;
/// let without_the_last = &written[..written[..written.len() - 1].iter().rposition(|b| *b == b'\n').unwrap() + 1];
/// assert!(audit::verify(without_the_last, &ring).is_ok());
/// assert!(audit::verify_against(without_the_last, &ring, &printed.parse::<Checkpoint>()?).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Checkpoint {
    pub(super) head: Head,
}

impl Checkpoint {
    /// The number of the record it was made after; 0 is the one that starts the chain.
    pub const fn seq(&self) -> u64 {
        self.head.seq
    }

    /// The chain's id: 32 hexadecimal digits.
    pub fn chain(&self) -> String {
        encoding::hex(&self.head.chain)
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Head { chain, seq, mac } = &self.head;
        write!(f, "{PREFIX}{}:{seq}:{}", encoding::hex(chain), encoding::hex(mac))
    }
}

impl fmt::Debug for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Checkpoint({self})")
    }
}

impl FromStr for Checkpoint {
    type Err = CheckpointError;

    fn from_str(text: &str) -> Result<Self, CheckpointError> {
        let parse = || {
            let mut parts = text.strip_prefix(PREFIX)?.split(':');
            let (chain_digits, number, mac_digits) = (parts.next()?, parts.next()?, parts.next()?);
            let (mut chain, mut mac) = ([0; 16], [0; 32]);
            encoding::from_hex(chain_digits, &mut chain)?;
            encoding::from_hex(mac_digits, &mut mac)?;
            let read = Self { head: Head { chain, seq: number.parse().ok()?, mac } };
            (parts.next().is_none() && read.to_string() == text).then_some(read) // one spelling
        };
        parse().ok_or(CheckpointError)
    }
}

/// A text is not a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the text is not an audit checkpoint of this version")]
#[non_exhaustive]
pub struct CheckpointError;

/// The second place, which keeps the last checkpoint.
///
/// # Contract
/// - Whoever can change the log should not be able to change this place: a store that the attacker of the log can
///   write to protects from accidents only.
/// - `latest` gives the one saved last. Giving an older one lets records be cut off unseen, and is a security fault.
/// - `save` returns when the checkpoint will outlast a crash. Whoever records waits for it.
/// - Neither calls the log.
pub trait CheckpointStore: Send + Sync {
    /// Keeps a checkpoint in place of the one before.
    ///
    /// # Errors
    /// Any; the caller of [`record`](super::AuditLog::record) is told, and the next event tries again.
    fn save(&self, checkpoint: &Checkpoint) -> io::Result<()>;

    /// The checkpoint saved last; `None` when there never was one.
    ///
    /// # Errors
    /// Any; the log is then not opened. [`io::ErrorKind::InvalidData`] for something that is no checkpoint.
    fn latest(&self) -> io::Result<Option<Checkpoint>>;
}

/// Keeps the last checkpoint in a file, such as one on another machine's disk. One log, one file.
#[derive(Clone, Debug)]
pub struct CheckpointFile {
    path: PathBuf,
}

impl CheckpointFile {
    /// Names the file; it is made with the first checkpoint.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }
}

impl CheckpointStore for CheckpointFile {
    fn save(&self, checkpoint: &Checkpoint) -> io::Result<()> {
        // Where a link leads, that is the second place.
        let path = fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone());
        file::replace(&path, format!("{checkpoint}\n").as_bytes())
    }

    fn latest(&self) -> io::Result<Option<Checkpoint>> {
        let mut text = String::new();
        match File::open(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                // A name that leads nowhere is not the same as no name.
                return match fs::symlink_metadata(&self.path) {
                    Ok(_) => Err(error),
                    Err(_) => Ok(None),
                };
            }
            opened => opened?.take(MAX_TEXT).read_to_string(&mut text)?,
        };
        let checkpoint = text.trim_end_matches('\n').parse();
        checkpoint.map(Some).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }
}

const PREFIX: &str = "palisade-audit-v1:";
/// More than any checkpoint has.
const MAX_TEXT: u64 = 256;
