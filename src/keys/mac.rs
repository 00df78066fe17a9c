use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::Key;

/// HMAC-SHA-256 under a key derived for one purpose, its first blocks hashed already; erased when dropped.
pub(crate) struct MacKey(Hmac<Sha256>);

impl Key {
    /// An HMAC key for one purpose, labelled as for [`derive`](Self::derive).
    pub(crate) fn mac_key(&self, purpose: &[&[u8]]) -> MacKey {
        let mut derived = Zeroizing::new([0; TAG]);
        self.derive(purpose, &mut *derived);
        MacKey::new(&derived)
    }
}

impl MacKey {
    pub(crate) fn new(key: &[u8; TAG]) -> Self {
        Self(Hmac::new_from_slice(key).expect("HMAC takes keys of any length"))
    }

    /// The tag of all parts, one after the other.
    pub(crate) fn tag(&self, message: &[&[u8]]) -> [u8; TAG] {
        let mut mac = self.0.clone();
        for part in message {
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

/// Bytes of a key and of a tag.
const TAG: usize = 32;
