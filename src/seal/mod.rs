//! Encryption at rest under a key ring, bound to where the value belongs.
//!
//! A [`Sealer`] encrypts a value together with its *context*: the row, the owner, the column. A sealed value that is
//! moved to another row does not open there. What was sealed under an older key opens, and tells that it should be
//! sealed anew.
//!
//! It does not hide lengths, and it does not find values: what is sealed cannot be searched for.
//!
//! ```
//! use palisade::keys::KeyRing;
//! use palisade::seal::Sealer;
//! use palisade::secret::ExposeSecret;
//!
//! let ring = KeyRing::generate()?;
//! let sealer = Sealer::new(&ring);
//!
//! let sealed = sealer.seal(b"4111 1111 1111 1111", ["users.card", "17"])?; // a blob column of row 17
//! let card = sealer.open(&sealed, ["users.card", "17"])?;
//! assert_eq!(card.expose_secret(), b"4111 1111 1111 1111");
//! assert!(sealer.open(&sealed, ["users.card", "18"]).is_err()); // not another row's
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Rotation
//! After another key was promoted, [`Sealer::reseal`] walks what is stored: it answers `None` where nothing is to be
//! done. Start it once every process has reloaded, one reload interval after the promotion; when it answers `None`
//! everywhere, the old key can be retired and destroyed. After a key has leaked it proves nothing: what a thief sealed
//! under that key is sealed anew like the rest.
//!
//! # Format
//! | bytes | content |
//! |---|---|
//! | 0 | `1` |
//! | 1 … 4 | key id, big-endian |
//! | 5 … 28 | nonce, 24 random bytes |
//! | 29 … 60 | commitment, 32 bytes |
//! | 61 … n−17 | ciphertext, as long as the plaintext |
//! | n−16 … n−1 | AES-256-GCM's tag |
//!
//! With `PRK = HKDF-Extract(salt = "palisade key ring v1", key)`, the 64 bytes of
//! `HKDF-Expand(PRK, "seal" ‖ bytes 0 … 28 ‖ context, 64)` are the message's key, then the commitment; SHA-256 throughout.
//! AES-256-GCM runs under the message's key with a nonce of twelve zeros and no associated data. The context is the
//! concatenation of its fields, each preceded by its length in bytes as eight big-endian bytes. The text form
//! is base64url without padding.
//!
//! A stream ([`SealWriter`]) starts with byte `2` instead of `1`, and bytes 1 … 60 are made in the same way. Then follow chunks of 65,536 bytes of plaintext with a tag each; the last chunk,
//! and only it, may be shorter, even empty. A chunk's nonce is its number from 0 on as eight big-endian bytes, then
//! three zeros, then 1 for the last chunk and 0 for all others.
//!
//! # Security
//! Each message has a key of its own, so that no limit of messages for random AES-GCM nonces applies: two messages
//! share a key only when their 192-bit nonces collide, which at 2^48 messages has a chance below 2^-96, and each
//! key then meets AES-GCM once. The commitment fixes key, nonce and context: no ciphertext opens under two keys or
//! two contexts. Wrong key, wrong context, unknown key id and changed bytes get one answer.
//!
//! # Source
//! AES-GCM: NIST SP 800-38D. HKDF: RFC 5869. Bound: birthday bound on 192 bits, 2^(2×48) / 2^193. Commitment by
//! an expanded key: as in the AWS Encryption SDK's committing suites. Streams: Hoang, Reyhanitabar, Rogaway and
//! Vizár, "Online Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance", STREAM.

mod context;
mod error;
mod message;
mod stream;

pub use context::Context;
pub use error::{SealError, SealErrorKind};
pub use message::{Opened, Sealer};
pub use stream::{EndSeen, OpenReader, SealWriter};
