//! Keys with ids and states, changed without downtime.
//!
//! A [`KeyRing`] holds the keys of one application. Its *primary* key makes new tokens and seals; older
//! *accepted* keys still verify; *retired* ones are refused for anything that lets a caller in, but still open what
//! was stored. Handles are cheap clones of one ring, and every room derives keys of its own from it, so that one
//! ring serves them all.
//!
//! It does not talk to a key management service; it takes keys from one by [`KeyRing::add`].
//!
//! ```
//! use palisade::keys::{KeyRing, KeyState};
//!
//! let ring = KeyRing::generate()?;
//! let old = ring.primary();
//!
//! let new = ring.add_generated()?; // known, not yet used
//! ring.promote(new)?; // used from now on; what the old key made stays valid
//! ring.retire(old)?; // weeks later: nothing it signed lets anyone in any more
//! assert_eq!(ring.state(old), Some(KeyState::Retired));
//! ring.destroy(old)?; // and when nothing sealed by it is left: gone
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Rotation without downtime
//! Several processes read one ring from a file ([`KeyFile`]) and reload it at different times. Every change of such
//! a ring is saved before it takes effect, and unknown to the others until they reload. So [`KeyRing::promote`] refuses
//! a key younger than the reload interval, [`KeyRing::retire`] one that was primary within it, and
//! [`KeyRing::destroy`] one retired within it. Hence the steps, days apart in earnest: add; promote; once nobody
//! seals with the old key any more, seal stored values anew; once what it signed has expired, retire; destroy.
//!
//! # Security
//! Keys are 32 random bytes. Each purpose gets a key of its own by HKDF, so that a signature can never stand in
//! for a seal. Key ids are public. `Debug` shows ids and states only. Key bytes, and what is derived from them, are
//! erased when the last handle that uses them is gone; `tests/erasure.rs` searches a process's memory for them.
//!
//! # Source
//! HKDF: RFC 5869 with SHA-256. Key states: NIST SP 800-57 part 1 §7.

mod error;
mod file;
mod key;
mod mac;
mod ring;
mod wrapped;

pub use error::{KeyError, KeyErrorKind};
pub use file::{KeyFile, Reloaded};
pub use key::{KeyId, KeyIdError, KeyInfo, KeyState};
pub use ring::KeyRing;
pub use wrapped::Wrapping;

pub(crate) use key::Key;
pub(crate) use mac::MacKey;
pub(crate) use ring::Snapshot;
