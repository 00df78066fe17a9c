//! Hold a secret without printing, copying or leaving it behind.
//!
//! [`SecretString`] and [`SecretBytes`] keep their content on the heap, erase it when dropped and show only
//! their type's name. The one way to read them is [`ExposeSecret::expose_secret`], so that searching a program
//! for `expose` lists every place that does.
//!
//! They do not lock memory against swapping, and they cannot erase copies made before the secret reached them
//! or after it was exposed.
//!
//! ```
//! use palisade::secret::{ExposeSecret, SecretString};
//!
//! let mut typed = String::from("correct horse battery staple");
//! let password = SecretString::take(&mut typed);
//!
//! assert!(typed.is_empty()); // and its memory was erased
//! assert_eq!(format!("{password:?}"), "SecretString");
//! assert_eq!(password.expose_secret().len(), 28);
//! ```
//!
//! # Security
//! A `String` that grows or shrinks leaves its old buffer behind unerased. These types never resize: text that
//! arrives with spare capacity is copied once into memory of its exact size, and the whole source, spare
//! capacity included, is erased.

use std::fmt;
use std::io::{self, Read};
use std::ops::Deref;

use zeroize::{Zeroize, Zeroizing};

use crate::compare;

pub use secrecy::ExposeSecret;

/// Text that is erased when dropped and never shown.
///
/// It cannot be printed, cloned, compared with `==`, hashed or serialised:
///
/// ```compile_fail,E0277
/// let secret = palisade::secret::SecretString::from("hunter2");
/// println!("{secret}");
/// ```
/// ```compile_fail,E0599
/// let secret = palisade::secret::SecretString::from("hunter2");
/// let copy = secret.clone();
/// ```
/// ```compile_fail,E0369
/// use palisade::secret::SecretString;
/// let same = SecretString::from("hunter2") == SecretString::from("hunter2");
/// ```
/// ```compile_fail,E0277
/// let secret = palisade::secret::SecretString::from("hunter2");
/// let text = serde_json::to_string(&secret);
/// ```
/// ```compile_fail,E0277
/// use palisade::secret::SecretString;
/// let set = std::collections::HashSet::from([SecretString::from("hunter2")]);
/// ```
/// ```compile_fail,E0614
/// let secret = palisade::secret::SecretString::from("hunter2");
/// let text: &str = &*secret;
/// ```
// Not Clone: two copies are two places to erase. Not PartialEq: `==` would stop at the first difference.
pub struct SecretString(Box<str>);

/// Bytes that are erased when dropped and never shown.
///
/// They cannot be printed, cloned, compared with `==` or serialised:
///
/// ```compile_fail,E0277
/// let key = palisade::secret::SecretBytes::from(vec![7; 32]);
/// println!("{key}");
/// ```
/// ```compile_fail,E0599
/// let key = palisade::secret::SecretBytes::from(vec![7; 32]);
/// let copy = key.clone();
/// ```
/// ```compile_fail,E0369
/// use palisade::secret::SecretBytes;
/// let same = SecretBytes::from(vec![7; 32]) == SecretBytes::from(vec![7; 32]);
/// ```
/// ```compile_fail,E0277
/// let key = palisade::secret::SecretBytes::from(vec![7; 32]);
/// let text = serde_json::to_string(&key);
/// ```
pub struct SecretBytes(Box<[u8]>);

impl SecretString {
    /// Moves the text out of `source` and erases what stays there.
    ///
    /// `source` is left empty and usable, as an input buffer that is read into again.
    pub fn take(source: &mut String) -> Self {
        Self::from(std::mem::take(source))
    }

    /// Length in bytes.
    pub fn len(&self) -> usize {
        self.expose_secret().len()
    }

    /// Whether the text has no bytes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether `presented` is this secret, in a time independent of the content, not of the lengths.
    ///
    /// ```
    /// # use palisade::secret::SecretString;
    /// let api_key = SecretString::from("b4ad5c9b1d9d4ec4");
    /// assert!(api_key.matches("b4ad5c9b1d9d4ec4"));
    /// assert!(!api_key.matches("b4ad5c9b1d9d4ec5"));
    /// ```
    #[must_use = "a comparison nobody asks for protects nothing"]
    pub fn matches(&self, presented: &str) -> bool {
        compare::equal(self.expose_secret().as_bytes(), presented.as_bytes())
    }

    /// Turns bytes into text; bytes that are not UTF-8 are erased.
    ///
    /// # Errors
    /// [`NotUtf8`], which does not tell where or what.
    #[expect(clippy::needless_pass_by_value, reason = "taken, so that only one copy stays")]
    pub fn from_utf8(bytes: SecretBytes) -> Result<Self, NotUtf8> {
        std::str::from_utf8(bytes.expose_secret()).map(Self::from).map_err(|_| NotUtf8)
    }
}

impl SecretBytes {
    /// Copies `source` and erases it, as for a key in an array on the stack.
    ///
    /// ```
    /// # use palisade::secret::SecretBytes;
    /// let mut key = [7_u8; 32];
    /// let secret = SecretBytes::take(&mut key);
    /// assert_eq!(key, [0; 32]);
    /// ```
    pub fn take(source: &mut [u8]) -> Self {
        let secret = Self::from(&*source);
        source.zeroize();
        secret
    }

    /// Makes a secret of `len` bytes that `fill` writes in place, so that no other copy ever exists.
    ///
    /// # Errors
    /// Those of `fill`; what it had written is erased.
    pub fn try_filled<E>(len: usize, fill: impl FnOnce(&mut [u8]) -> Result<(), E>) -> Result<Self, E> {
        let mut secret = Self(vec![0; len].into_boxed_slice());
        fill(&mut secret.0)?;
        Ok(secret)
    }

    /// Reads `reader` to its end, at most `limit` bytes, erasing every buffer on the way.
    ///
    /// # Errors
    /// Those of `reader`, and [`io::ErrorKind::InvalidData`] when there is more than `limit`.
    pub fn read_from(mut reader: impl Read, limit: usize) -> io::Result<Self> {
        let mut buffer = Zeroizing::new(vec![0; limit.min(FIRST_READ)]);
        let mut filled = 0;
        loop {
            if filled == buffer.len() {
                // A full buffer at the limit may still be the whole input; one more byte decides.
                let len = buffer.len().saturating_mul(2).clamp(1, limit.saturating_add(1));
                let mut grown = Zeroizing::new(vec![0; len]);
                grown.iter_mut().zip(buffer.iter()).for_each(|(to, from)| *to = *from);
                buffer = grown; // the old one is erased here
            }
            let rest = buffer.get_mut(filled..).unwrap_or_default();
            match reader.read(rest) {
                Ok(0) => return Ok(Self::from(buffer.get(..filled).unwrap_or_default())),
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
            if filled > limit {
                let reason = format!("longer than {limit} bytes");
                return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
            }
        }
    }

    /// For those who decrypt in place.
    pub(crate) fn expose_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }

    /// Length in bytes.
    pub fn len(&self) -> usize {
        self.expose_secret().len()
    }

    /// Whether there are no bytes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether `presented` is this secret, in a time independent of the content, not of the lengths.
    #[must_use = "a comparison nobody asks for protects nothing"]
    pub fn matches(&self, presented: &[u8]) -> bool {
        compare::equal(self.expose_secret(), presented)
    }
}

impl ExposeSecret<str> for SecretString {
    fn expose_secret(&self) -> &str {
        &self.0
    }
}

impl ExposeSecret<[u8]> for SecretBytes {
    fn expose_secret(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for SecretString {
    fn drop(&mut self) {
        // Neither step copies or moves the text.
        let mut bytes = String::from(std::mem::take(&mut self.0)).into_bytes();
        erase(&mut bytes);
    }
}

impl Drop for SecretBytes {
    fn drop(&mut self) {
        erase(&mut self.0);
    }
}

/// Overwrites bytes with zeros in a way that the compiler cannot drop, at the speed of `memset`.
///
/// zeroize's own slices are written byte by byte: 16 KiB take 3.2 µs, this 0.1 (2026-11-22, rustc 1.95).
pub(crate) fn erase(bytes: &mut [u8]) {
    bytes.fill(0);
    zeroize::optimization_barrier(bytes);
}

/// Bytes that grow and leave no copies behind.
#[derive(Default)]
pub(crate) struct Growing(Vec<u8>);

impl Growing {
    pub(crate) fn extend(&mut self, more: &[u8]) {
        let len = self.0.len().saturating_add(more.len());
        if len > self.0.capacity() {
            let mut grown = Vec::with_capacity(len.max(self.0.capacity().saturating_mul(2)));
            grown.extend_from_slice(&self.0);
            erase(&mut self.0);
            self.0 = grown;
        }
        self.0.extend_from_slice(more);
    }

    /// Erases them; their memory is used again.
    pub(crate) fn clear(&mut self) {
        erase(&mut self.0);
        self.0.clear();
    }
}

impl Deref for Growing {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Growing {
    fn drop(&mut self) {
        erase(&mut self.0);
    }
}

/// Does work, then erases so much of the stack that it lay on: what ciphers and hashes put there is theirs, and they leave it.
///
/// [`HASH`] takes 9 ns and [`CIPHER`] 52 (2026-11-23, rustc 1.95). `tests/erasure.rs` searches the stack.
pub(crate) fn on_clean_stack<const BYTES: usize, T>(work: impl FnOnce() -> T) -> T {
    // In a frame of its own, which begins where that of the erasure will.
    #[inline(never)]
    fn apart<T>(work: impl FnOnce() -> T) -> T {
        work()
    }
    let result = apart(work);
    zeroize::zeroize_stack::<BYTES>();
    result
}

/// As deep as HMAC goes.
pub(crate) const HASH: usize = 2 << 10;
/// As deep as HKDF and AES-256-GCM's round keys go.
pub(crate) const CIPHER: usize = 8 << 10;

impl From<String> for SecretString {
    /// Keeps the allocation when its size is exact; else copies once and erases all of `source`.
    fn from(mut source: String) -> Self {
        if source.capacity() == source.len() {
            return Self(source.into_boxed_str());
        }
        let secret = Self::from(source.as_str());
        source.zeroize();
        secret
    }
}

impl From<&str> for SecretString {
    /// Copies; the source stays the caller's to erase. [`SecretString::take`] erases it.
    fn from(source: &str) -> Self {
        Self(Box::from(source))
    }
}

impl From<Vec<u8>> for SecretBytes {
    /// Keeps the allocation when its size is exact; else copies once and erases all of `source`.
    fn from(mut source: Vec<u8>) -> Self {
        if source.capacity() == source.len() {
            return Self(source.into_boxed_slice());
        }
        let secret = Self::from(source.as_slice());
        source.zeroize();
        secret
    }
}

impl From<&[u8]> for SecretBytes {
    /// Copies; the source stays the caller's to erase. [`SecretBytes::take`] erases it.
    fn from(source: &[u8]) -> Self {
        Self(Box::from(source))
    }
}

impl From<SecretString> for SecretBytes {
    fn from(source: SecretString) -> Self {
        Self::from(source.expose_secret().as_bytes())
    }
}

impl fmt::Debug for SecretString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretString")
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretBytes")
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for SecretString {
    /// Reads text. What the format's own parser buffered is that parser's to erase.
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let secret = |text: std::borrow::Cow<'_, str>| {
            Ok::<_, std::convert::Infallible>(Self::from(text.into_owned()))
        };
        crate::unquoted::text(deserializer, "expected a string, write the secret in quotes", secret)
    }
}

/// The bytes of a secret are not UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the secret is not valid UTF-8")]
pub struct NotUtf8;

/// Bytes that [`SecretBytes::read_from`] makes room for at first; most secrets are shorter.
const FIRST_READ: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_allocation_is_kept_and_not_copied() {
        let source = String::from("exact").into_boxed_str().into_string();
        let address = source.as_ptr();
        let secret = SecretString::from(source);
        assert_eq!(secret.expose_secret().as_ptr(), address);
    }

    #[test]
    fn spare_capacity_does_not_change_the_secret() {
        let mut text = String::with_capacity(4096);
        text.push_str("spare");
        assert_eq!(SecretString::from(text).expose_secret(), "spare");

        let mut bytes = Vec::with_capacity(4096);
        bytes.extend_from_slice(b"\0spare\xff");
        assert_eq!(SecretBytes::from(bytes).expose_secret(), b"\0spare\xff");
    }

    #[test]
    fn take_leaves_the_source_empty() {
        let mut text = String::from("typed");
        assert_eq!(SecretString::take(&mut text).expose_secret(), "typed");
        assert_eq!((text.len(), text.capacity()), (0, 0));

        let mut bytes = *b"typed";
        assert_eq!(SecretBytes::take(&mut bytes).expose_secret(), b"typed");
        assert_eq!(bytes, [0; 5]);
    }

    #[test]
    fn bytes_that_are_not_text_are_refused() {
        assert_eq!(SecretString::from_utf8(SecretBytes::from(vec![0xff])).unwrap_err(), NotUtf8);
        let text = SecretString::from_utf8(SecretBytes::from("grüß\0".as_bytes())).unwrap();
        assert_eq!(text.expose_secret(), "grüß\0");
    }

    #[test]
    fn failed_fill_returns_its_error() {
        let refused = SecretBytes::try_filled(8, |_| Err("no"));
        assert_eq!(refused.unwrap_err(), "no");
    }

    /// A reader that hands out at most `step` bytes a call and is interrupted before each.
    struct Dribble<'a> {
        rest: &'a [u8],
        step: usize,
        interrupted: bool,
    }

    impl Read for Dribble<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.interrupted = !self.interrupted;
            if self.interrupted {
                return Err(io::ErrorKind::Interrupted.into());
            }
            let len = self.step.min(buffer.len());
            self.rest.read(&mut buffer[..len])
        }
    }

    #[test]
    fn read_from_takes_everything_up_to_the_limit_and_no_more() {
        let source: Vec<u8> = (0..=255).cycle().take(5000).collect();
        for step in [1, 7, 1024, 5000] {
            for len in [0, 1, 1023, 1024, 1025, 4999, 5000] {
                let input = Dribble { rest: &source[..len], step, interrupted: false };
                let read = SecretBytes::read_from(input, len).unwrap();
                assert_eq!(read.expose_secret(), &source[..len]);

                if len > 0 {
                    let input = Dribble { rest: &source[..len], step, interrupted: false };
                    let error = SecretBytes::read_from(input, len - 1).unwrap_err();
                    assert_eq!(error.kind(), io::ErrorKind::InvalidData);
                }
            }
        }
    }

    #[cfg(feature = "serde")]
    #[test]
    fn secret_text_deserialises() {
        let secret: SecretString = serde_json::from_str(r#""a\u0062c""#).unwrap();
        assert_eq!(secret.expose_secret(), "abc");
        for scalar in ["8675309", "-8675309", "86753.09", "true"] {
            let error = serde_json::from_str::<SecretString>(scalar).unwrap_err().to_string();
            assert!(error.contains("a string") && !error.contains(scalar), "{error}");
        }
    }
}
