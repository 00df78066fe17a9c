//! Security events, in a log that shows when it was tampered with.
//!
//! An [`Event`] says who did what, where, when, and how it ended, in a vocabulary that alerts can rely on. An
//! [`AuditLog`] writes events as lines of JSON, each authenticated together with all before it; [`verify`] finds what
//! was edited, deleted, moved, inserted or forked, and says where.
//!
//! It does not decide what to record: events reach it from the application or from an adapter, never by a global.
//!
//! ```
//! use palisade::audit::{self, AuditLog, Event};
//! use palisade::keys::KeyRing;
//!
//! let ring = KeyRing::generate()?;
//! let log = AuditLog::new(Vec::new(), &ring); // AuditLog::open(path, &ring) for a file
//! log.record(Event::authentication_failure().subject("alice").reason("wrong password"))?;
//! log.record(Event::authorization_denied().subject("bob").resource("invoice 17").action("invoice:delete"))?;
//!
//! let lines = log.into_inner()?;
//! assert_eq!(audit::verify(&lines[..], &ring)?.records, 3); // the first starts the chain
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Format
//! UTF-8 lines, each a JSON object on its own, which begins and ends so:
//!
//! ```text
//! {"v":1,"seq":17,"datetime":"2026-01-01T00:00:00.000000Z", … ,"key":"1a2b3c4d","mac":"<64 hex digits>"}
//! ```
//!
//! - `seq` counts records from 0. A file begins with a record of the log about itself, which has, after `seq`,
//!   `"chain":"<32 hex digits>"`, a random id, and `"before":"<64 hex digits>"`, the MAC of the record before: zeros
//!   where the chain starts, and that of the last record of the file before where it is continued. With a [`Ratchet`]
//!   there follow `"ratchet":"<32 hex digits>"` and `"epoch":<number>`.
//! - `mac` is HMAC of `"record"`, the 32 bytes of the MAC before, and the bytes of the line up to and with `"mac":"`.
//! - HMAC is HMAC-SHA-256 under the 32 bytes of `HKDF-Expand(PRK, "palisade audit v1" ‖ chain, 32)`, with `PRK` as for
//!   [`seal`](crate::seal) from the key that `key` names, and `chain` the 16 bytes of the id.
//! - With a ratchet, the secret of epoch 0 is `HKDF-Expand(PRK, "palisade audit ratchet v1" ‖ ratchet, 32)`, that of the
//!   next `HKDF-Expand(secret, "next", 32)`, and HMAC's key in an epoch `HKDF-Expand(secret, "chain" ‖ chain, 32)`. The
//!   first record of an epoch, `audit_epoch_started`, is made under its key.
//!
//! Fields between, as far as an event has them: `appid`, `event`, `owasp` (the name in that vocabulary, where `event` is
//! another), `level`, `outcome`, `source_ip`, `subject`, `session`, `useragent`, `resource`, `action`, `reason`,
//! `description`, `request_id`, `request_method`, `request_uri`, `trace_id`, `span_id`, `one_in` (this one stands for so
//! many), `details` (an object), and `cut` (true where a text was too long). About itself the log records
//! `audit_chain_started`, `audit_chain_continued`, `audit_chain_damaged`, `audit_log_recovered`, `audit_epoch_started`,
//! `audit_checkpoint_missing` and `audit_events_lost`.
//!
//! # Security
//! - Whoever can write the file, and has no key, can do this unseen by [`verify`]: cut records off its end, delete it or
//!   its oldest parts, and put an older state of it or another log of the same ring in its place. A [`Checkpoint`] that
//!   is kept elsewhere shows all of it; [`Builder::checkpoints`] keeps them, and refuses to continue a file that does
//!   not hold the record of the last one. So does a ring of its own for each log against confusing them.
//! - **Whoever has one key of the ring, a retired one too, can write history anew**, from any record on. That includes
//!   everyone who takes over the process. A [`Ratchet`] takes this from them for all epochs past: the machine that
//!   writes then has no key of them, and only where the ring is can the log be verified. What is left to them is to
//!   begin a chain in the epoch of now and to delete the one before: [`Verified::epoch`] tells. Checkpoints show any
//!   rewriting.
//! - The chain tells what was recorded, not whether everything was. Times are what the clock said.
//! - Texts are escaped so that an attacker's can neither end the line nor steer a terminal, and bounded: 1,024 bytes
//!   each. They pass through [`Builder::redact`] first.
//! - A file has one writer: [`AuditLog::open`] locks it. After a crash it continues where the last whole record ends; a
//!   full disk is an error of [`AuditLog::record`], after which the file ends as before.
//!
//! # Source
//! HMAC: RFC 2104. HKDF: RFC 5869. Events, levels and fields: OWASP Application Logging Vocabulary and Logging Cheat
//! Sheets. Trace context: W3C Trace Context §3.2. Log injection: OWASP ASVS 5.0 16.4.1.

mod builder;
mod chain;
mod chain_writer;
mod checkpoint;
mod error;
mod event;
mod kind;
mod line;
mod log;
mod monitor;
mod output;
mod queue;
mod ratchet;
mod record;
pub mod sink;
mod trace;
mod verify;

pub use builder::Builder;
pub use chain::ChainKey;
pub use checkpoint::{Checkpoint, CheckpointError, CheckpointFile, CheckpointStore};
pub use error::{AuditError, AuditErrorKind};
pub use event::{Detail, Event};
pub use kind::{Kind, KindError, Level, Outcome};
pub use log::AuditLog;
pub use monitor::Counts;
pub use output::{Fsync, LogFile, Output, read_all};
pub use queue::{Queue, WhenFull};
pub use ratchet::Ratchet;
pub use record::{Record, Sink};
pub use trace::{TraceContext, TraceContextError};
pub use verify::{Finding, FindingKind, Tampering, Verified, VerifyError, verify, verify_against};
