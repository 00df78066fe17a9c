use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use hkdf::Hkdf;
use sha2::Sha256;

use super::mac::Derived;
use crate::encoding;
use crate::secret::{CIPHER, ExposeSecret, SecretBytes, on_clean_stack};
use crate::sync::RwLock;

/// The public name of a key: eight hexadecimal digits.
///
/// ```
/// use palisade::keys::{KeyId, KeyRing};
///
/// let id = KeyRing::generate()?.primary();
/// assert_eq!(id.to_string().parse::<KeyId>()?, id);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(u32);

impl KeyId {
    /// The id as the four bytes that stored formats hold.
    pub const fn to_bytes(self) -> [u8; 4] {
        self.0.to_be_bytes()
    }

    /// Reads back what [`to_bytes`](Self::to_bytes) gave.
    pub const fn from_bytes(bytes: [u8; 4]) -> Self {
        Self(u32::from_be_bytes(bytes))
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

impl FromStr for KeyId {
    type Err = KeyIdError;

    fn from_str(text: &str) -> Result<Self, KeyIdError> {
        let mut bytes = [0; 4];
        encoding::from_hex(text, &mut bytes).map(|()| Self::from_bytes(bytes)).ok_or(KeyIdError)
    }
}

/// A text is not a key id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a key id is eight lower-case hexadecimal digits")]
#[non_exhaustive]
pub struct KeyIdError;

/// What a key is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyState {
    /// Makes everything new, and verifies. A ring always has exactly one.
    Primary,
    /// Verifies and opens: a key not yet, or no longer, primary.
    Accepted,
    /// Refused for tokens, cookies and CSRF; still opens what was stored, which then asks to be sealed anew.
    Retired,
}

/// What may be told of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyInfo {
    /// Its public name.
    pub id: KeyId,
    /// What it is used for.
    pub state: KeyState,
    /// When it was added, to the second.
    pub added: SystemTime,
    /// When it came into its state, to the second.
    pub changed: SystemTime,
}

/// A key of a ring's snapshot.
#[derive(Clone)]
pub(crate) struct Key {
    pub(crate) id: KeyId,
    pub(crate) state: KeyState,
    /// Seconds since 1970.
    pub(super) added: u64,
    /// When it came into its state, in seconds since 1970.
    pub(super) changed: u64,
    pub(super) material: Arc<Material>,
}

/// A key's secret part, shared by all snapshots that hold it.
pub(super) struct Material {
    pub(super) bytes: SecretBytes,
    /// HKDF's first half, done once.
    extracted: Hkdf<Sha256>,
    /// What was derived from it for HMAC. Here, so that it is erased with it.
    pub(super) macs: RwLock<Vec<Derived>>,
}

impl Key {
    /// Fills `output`, at most 8,160 bytes, with a key for one purpose. To be called on a stack that is cleaned.
    ///
    /// A purpose starts with a label of its room, and no label starts with another: `seal`, `palisade token v1`.
    pub(crate) fn derive(&self, purpose: &[&[u8]], output: &mut [u8]) {
        let expanded = self.material.extracted.expand_multi_info(purpose, output);
        expanded.expect("HKDF-SHA-256 gives up to 255 × 32 bytes");
    }

    pub(super) fn info(&self) -> KeyInfo {
        let time = |seconds| {
            let time = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds));
            time.unwrap_or(SystemTime::UNIX_EPOCH)
        };
        KeyInfo { id: self.id, state: self.state, added: time(self.added), changed: time(self.changed) }
    }
}

impl Material {
    pub(super) fn new(bytes: SecretBytes) -> Arc<Self> {
        on_clean_stack::<CIPHER, _>(|| {
            let extracted = Hkdf::new(Some(SALT), bytes.expose_secret());
            Arc::new(Self { bytes, extracted, macs: RwLock::default() })
        })
    }
}

/// Separates our derivations from any other use of the same bytes.
const SALT: &[u8] = b"palisade key ring v1";
