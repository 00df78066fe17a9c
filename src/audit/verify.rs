use std::fmt;
use std::io::{self, BufRead, BufReader, Read};
use std::sync::Arc;

use super::Checkpoint;
use super::chain::{self, Head};
use super::line::{self, MAX_LINE, Outline, Start};
use crate::compare;
use crate::keys::{KeyId, KeyRing, MacKey, Snapshot};
use crate::secret::SecretBytes;

/// Reads a log and checks every record, in one pass and constant memory.
///
/// Of a log that was rotated, [`read_all`](super::read_all) reads all files.
///
/// ```
/// use palisade::audit::{self, AuditLog, Event, VerifyError};
/// use palisade::keys::KeyRing;
///
/// let ring = KeyRing::generate()?;
/// let log = AuditLog::new(Vec::new(), &ring);
/// log.record(Event::authentication_failure().subject("mallory"))?;
/// let written = String::from_utf8(log.into_inner()?)?;
///
/// let verified = audit::verify(written.as_bytes(), &ring)?;
/// assert!(!verified.anchored); // records at the end may have been cut off: verify_against() tells
///
/// match audit::verify(written.replace("mallory", "alice").as_bytes(), &ring) {
///     Err(VerifyError::Tampered(tampering)) => assert_eq!(tampering.first().line, 2),
///     other => panic!("{other:?}"),
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`VerifyError`].
pub fn verify(reader: impl Read, ring: impl Into<KeyRing>) -> Result<Verified, VerifyError> {
    run(reader, &ring.into(), None)
}

/// Reads a log as [`verify`] does, and checks that it holds the record that a checkpoint was made after.
///
/// # Errors
/// [`VerifyError`].
pub fn verify_against(
    reader: impl Read,
    ring: impl Into<KeyRing>,
    checkpoint: &Checkpoint,
) -> Result<Verified, VerifyError> {
    run(reader, &ring.into(), Some(checkpoint))
}

/// Proof that every record read follows the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "what is not looked at may begin late or end early"]
#[non_exhaustive]
pub struct Verified {
    /// How many, with those that the log writes about itself.
    pub records: u64,
    /// The number of the first. Not 0 when older files were not read.
    pub first: u64,
    /// The epoch that what was read begins with; `None` without a ratchet. A chain that starts late although the log
    /// is old has replaced another.
    pub epoch: Option<u64>,
    /// What the chain had come to at the end.
    pub checkpoint: Checkpoint,
    /// Whether a checkpoint from elsewhere was met. If not, records may be missing at the end.
    pub anchored: bool,
}

/// Why a log was not verified.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// The log is not as it was written.
    #[error("the log is not as it was written: {0}")]
    Tampered(Tampering),
    /// The log could not be read to its end.
    #[error("the log could not be read")]
    Unavailable(#[source] io::Error),
}

/// What is wrong with a log, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tampering {
    first: Finding,
    more: Vec<Finding>,
}

impl Tampering {
    /// The first finding: what comes before it is as it was written.
    pub const fn first(&self) -> &Finding {
        &self.first
    }

    /// The first sixteen findings, in the log's order. One change may cause several.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        std::iter::once(&self.first).chain(&self.more)
    }
}

impl fmt::Display for Tampering {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.first.line, self.first.kind)?;
        if self.more.is_empty() { Ok(()) } else { write!(f, " (and {} more findings)", self.more.len()) }
    }
}

/// One thing that is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The line in what was read, counted from 1.
    pub line: u64,
    /// Bytes before that line.
    pub offset: u64,
    /// The number that the record there gives itself, which may be forged.
    pub seq: Option<u64>,
    /// What is wrong there.
    pub kind: FindingKind,
}

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FindingKind {
    /// There is nothing to read.
    #[error("there is no record at all")]
    Empty,
    /// The first line does not start a chain.
    #[error("the log does not begin with the start of a chain: records before it are missing")]
    NoStart,
    /// The line is no record. What follows one that is longer than any record is not read.
    #[error("this is no record of a log")]
    Malformed,
    /// The chain begins after more epochs than are computed.
    #[error("the ratchet's epoch is above 2^24")]
    EpochTooLate,
    /// The last line does not end: a crash, or a cut. Opening the log mends it.
    #[error("the last record is incomplete: a crash, or a cut")]
    Incomplete,
    /// The record, or the MAC of the one before, was changed.
    #[error("the record, or the MAC before it, was changed")]
    Edited,
    /// Records between these numbers, inclusive, are not there.
    #[error("records {from} to {to} are missing before it")]
    Missing {
        /// The first.
        from: u64,
        /// The last.
        to: u64,
    },
    /// The record's number was passed already.
    #[error("the record is not where it belongs")]
    OutOfOrder,
    /// The same record stands before it.
    #[error("the record is there twice")]
    Repeated,
    /// Another record follows the same one: two writers, or a copy that was continued.
    #[error("the chain forks: this record and the one before it follow the same record")]
    Forked,
    /// The record's key is not of the ring.
    #[error("it was made under key {0}, which the ring does not have: destroyed, or of another ring")]
    UnknownKey(KeyId),
    /// Another chain starts in the middle.
    #[error("another chain starts here")]
    OtherChain,
    /// The log ends before the checkpoint.
    #[error("the log ends here, and its checkpoint is of record {0}: records were cut off")]
    Truncated(u64),
    /// The log begins after the checkpoint.
    #[error("the log begins here, after record {0} of the checkpoint: read the files before it as well")]
    BeginsLate(u64),
    /// The record of the checkpoint's number is another one.
    #[error("the record is not the one its checkpoint was made after: history was written anew")]
    Rewritten,
}

fn run(reader: impl Read, ring: &KeyRing, checkpoint: Option<&Checkpoint>) -> Result<Verified, VerifyError> {
    let mut verifier = Verifier::new(ring.snapshot(), checkpoint);
    let mut reader = BufReader::with_capacity(64 * 1024, reader);
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        let read = (&mut reader).take(MAX_LINE as u64 + 1).read_until(b'\n', &mut buffer);
        let count = read.map_err(VerifyError::Unavailable)? as u64;
        if count == 0 {
            break;
        }
        let line = buffer.strip_suffix(b"\n");
        if line.is_none() && buffer.len() > MAX_LINE {
            // Such a line may have no end.
            verifier.find(None, FindingKind::Malformed);
            break;
        } else if let Some(line) = line {
            verifier.read(line);
        } else {
            verifier.find(None, FindingKind::Incomplete);
        }
        verifier.line += 1;
        verifier.offset += count;
        // More would be noise, and a hostile file might have no end.
        if verifier.findings.len() >= MAX_FINDINGS {
            break;
        }
    }
    verifier.finish()
}

struct Verifier<'a> {
    snapshot: Arc<Snapshot>,
    checkpoint: Option<&'a Checkpoint>,
    anchored: bool,
    /// Once the first line was read.
    chain: Option<Chain>,
    /// The line that is read now.
    line: u64,
    offset: u64,
    records: u64,
    /// The last line was no record, so that nothing is known of what the next must follow.
    is_lost: bool,
    findings: Vec<Finding>,
}

struct Chain {
    first: u64,
    first_epoch: Option<u64>,
    head: Head,
    /// The MAC before the head's.
    before_head: [u8; 32],
    ratchet: Option<Epoch>,
}

struct Epoch {
    /// Of the key that the ratchet was made under.
    id: KeyId,
    secret: SecretBytes,
    key: MacKey,
}

impl<'a> Verifier<'a> {
    fn new(snapshot: Arc<Snapshot>, checkpoint: Option<&'a Checkpoint>) -> Self {
        let (chain, findings) = (None, Vec::new());
        Self {
            snapshot,
            checkpoint,
            anchored: false,
            chain,
            line: 1,
            offset: 0,
            records: 0,
            is_lost: false,
            findings,
        }
    }

    fn find(&mut self, seq: Option<u64>, kind: FindingKind) {
        if self.findings.len() < MAX_FINDINGS {
            self.findings.push(Finding { line: self.line, offset: self.offset, seq, kind });
        }
    }

    fn read(&mut self, line: &[u8]) {
        let Some(outline) = line::outline(line) else {
            self.is_lost = true;
            return self.find(None, FindingKind::Malformed);
        };
        let (mut chain, is_first) = match self.chain.take() {
            Some(chain) => (chain, false),
            None => match Chain::begin(&outline, &self.snapshot) {
                Ok(chain) => (chain, true),
                Err(kind) => {
                    // Without a start nothing can be judged: said once.
                    return if self.findings.is_empty() {
                        self.find(Some(outline.seq), kind);
                    };
                }
            },
        };
        match chain.judge(&outline, is_first, &self.snapshot) {
            Ok(()) => self.records += 1,
            Err(_) if self.is_lost => {} // of what was found before
            Err(kind) => self.find(Some(outline.seq), kind),
        }
        self.is_lost = false;
        // Whatever was wrong, the next line is judged by this one, so that each change is found where it is.
        chain.before_head = if is_first { chain.before_head } else { chain.head.mac };
        chain.head = Head { chain: chain.head.chain, seq: outline.seq, mac: outline.mac };
        self.meet_checkpoint(&chain);
        self.chain = Some(chain);
    }

    fn meet_checkpoint(&mut self, chain: &Chain) {
        let Some(Checkpoint { head }) = self.checkpoint else { return };
        if head.chain == chain.head.chain && head.seq == chain.head.seq {
            self.anchored = *head == chain.head;
            if !self.anchored {
                self.find(Some(head.seq), FindingKind::Rewritten);
            }
        }
    }

    fn finish(mut self) -> Result<Verified, VerifyError> {
        let kind = match (&self.chain, self.checkpoint) {
            (None, _) => Some(FindingKind::Empty),
            (Some(chain), Some(Checkpoint { head })) if !self.anchored => {
                Some(if head.chain != chain.head.chain {
                    FindingKind::OtherChain
                } else if chain.first > head.seq {
                    FindingKind::BeginsLate(head.seq)
                } else {
                    FindingKind::Truncated(head.seq)
                })
            }
            _ => None,
        };
        if self.findings.is_empty()
            && let Some(kind) = kind
        {
            self.find(None, kind);
        }
        if let Some((first, more)) = self.findings.split_first() {
            return Err(VerifyError::Tampered(Tampering { first: *first, more: more.to_vec() }));
        }
        let Chain { first, head, first_epoch: epoch, .. } =
            self.chain.expect("a log without a chain has a finding");
        let (records, anchored) = (self.records, self.anchored);
        Ok(Verified { records, first, epoch, checkpoint: Checkpoint { head }, anchored })
    }
}

impl Chain {
    /// What the first line says; whether that is true, [`judge`](Self::judge) finds out.
    fn begin(outline: &Outline<'_>, snapshot: &Snapshot) -> Result<Self, FindingKind> {
        let Start { chain, before, ratchet } = outline.start.ok_or(FindingKind::NoStart)?;
        let first_epoch = ratchet.map(|state| state.epoch);
        let ratchet = match ratchet {
            None => None,
            Some(state) => {
                if state.epoch > MAX_EPOCH {
                    return Err(FindingKind::EpochTooLate);
                }
                let key = snapshot.stored(outline.key).ok_or(FindingKind::UnknownKey(outline.key))?;
                let mut secret = chain::first_epoch(key, &state.id);
                for _ in 0..state.epoch {
                    secret = chain::next_epoch(&secret);
                }
                let key = chain::epoch_key(&secret, &chain);
                Some(Epoch { id: outline.key, secret, key })
            }
        };
        let head = Head { chain, seq: outline.seq, mac: before };
        Ok(Self { first: outline.seq, first_epoch, head, before_head: before, ratchet })
    }

    /// Whether a record follows the head.
    fn judge(
        &mut self,
        outline: &Outline<'_>,
        is_first: bool,
        snapshot: &Snapshot,
    ) -> Result<(), FindingKind> {
        if outline.start.is_some_and(|start| start.chain != self.head.chain) {
            return Err(FindingKind::OtherChain);
        }
        let expected = if is_first { outline.seq } else { self.head.seq.saturating_add(1) };
        let before = outline.start.map_or(self.head.mac, |start| start.before);
        let follows = before == self.head.mac && outline.seq == expected;
        if self.is_authentic(outline, &before, snapshot)? && follows {
            return Ok(());
        }
        if !is_first && outline.mac == self.head.mac {
            return Err(FindingKind::Repeated);
        }
        let before_head = self.before_head;
        if !is_first && outline.seq == self.head.seq && self.is_authentic(outline, &before_head, snapshot)? {
            return Err(FindingKind::Forked);
        }
        Err(match outline.seq.checked_sub(expected) {
            None => FindingKind::OutOfOrder,
            Some(0) => FindingKind::Edited,
            Some(_) => FindingKind::Missing { from: expected, to: outline.seq.saturating_sub(1) },
        })
    }

    fn is_authentic(
        &mut self,
        outline: &Outline<'_>,
        before: &[u8; 32],
        snapshot: &Snapshot,
    ) -> Result<bool, FindingKind> {
        let matches = |key: &MacKey| compare::equal(&chain::mac(key, before, outline.signed), &outline.mac);
        if let Some(epoch) = &mut self.ratchet {
            if outline.key != epoch.id || matches(&epoch.key) {
                return Ok(outline.key == epoch.id);
            }
            // The first record of an epoch is made under its key.
            let secret = chain::next_epoch(&epoch.secret);
            let key = chain::epoch_key(&secret, &self.head.chain);
            let begins = matches(&key);
            if begins {
                *epoch = Epoch { id: epoch.id, secret, key };
            }
            return Ok(begins);
        }
        let key = snapshot.stored(outline.key).ok_or(FindingKind::UnknownKey(outline.key))?;
        Ok(matches(&chain::ring_key(key, &self.head.chain)))
    }
}

const MAX_FINDINGS: usize = 16;
/// Epochs that a header may ask to be computed, which takes some seconds: 32 years of one minute.
const MAX_EPOCH: u64 = 1 << 24;
