use std::sync::{Arc, PoisonError};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::Key;
use crate::secret::{CIPHER, HASH, on_clean_stack};

/// HMAC-SHA-256 under a key derived for one purpose, its first blocks hashed already; erased when dropped.
pub(crate) struct MacKey(Hmac<Sha256>);

/// The HMAC key for a purpose, by its label and the rest of it.
pub(super) type Derived = (&'static [u8], Box<[u8]>, Arc<MacKey>);

impl Key {
    /// The HMAC key for one purpose, labelled as for [`derive`](Self::derive). It is derived once, and erased with the key.
    pub(crate) fn mac_key(&self, label: &'static [u8], purpose: &[u8]) -> Arc<MacKey> {
        let find = |all: &[Derived]| {
            let known = all.iter().find(|(known, rest, _)| *known == label && **rest == *purpose);
            known.map(|(_, _, key)| Arc::clone(key))
        };
        // INVARIANT: a panic while the lock is held for writing leaves a list that is only shorter.
        let known = find(&self.material.macs.read().unwrap_or_else(PoisonError::into_inner));
        known.unwrap_or_else(|| {
            let derived = on_clean_stack::<CIPHER, _>(|| {
                let mut derived = Zeroizing::new([0; TAG]);
                self.derive(&[label, purpose], &mut *derived);
                Arc::new(MacKey::new(&derived))
            });
            let mut all = self.material.macs.write().unwrap_or_else(PoisonError::into_inner);
            find(&all).unwrap_or_else(|| {
                if all.len() >= MAX_DERIVED {
                    all.remove(0);
                }
                all.push((label, purpose.into(), Arc::clone(&derived)));
                derived
            })
        })
    }
}

impl MacKey {
    pub(crate) fn new(key: &[u8; TAG]) -> Self {
        Self(Hmac::new_from_slice(key).expect("HMAC takes keys of any length"))
    }

    /// The tag of all parts, one after the other.
    pub(crate) fn tag(&self, message: &[&[u8]]) -> Zeroizing<[u8; TAG]> {
        on_clean_stack::<HASH, _>(|| {
            let mut mac = self.0.clone();
            for part in message {
                mac.update(part);
            }
            Zeroizing::new(mac.finalize().into_bytes().into())
        })
    }
}

/// Bytes of a key and of a tag.
const TAG: usize = 32;
const MAX_DERIVED: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::KeyRing;

    #[test]
    fn keys_are_derived_once_within_bounds_and_gone_with_theirs() {
        let ring = KeyRing::generate().unwrap();
        let key = |purpose: &str| ring.snapshot().primary().mac_key(b"test", purpose.as_bytes());
        let first = key("purpose 0");
        for number in 0..200 {
            let (snapshot, purpose) = (ring.snapshot(), format!("purpose {number}"));
            let mut derived = [0; TAG];
            snapshot.primary().derive(&[b"test", purpose.as_bytes()], &mut derived);
            assert_eq!(key(&purpose).tag(&[b"message"]), MacKey::new(&derived).tag(&[b"message"]));
            assert!(Arc::ptr_eq(&key(&purpose), &key(&purpose)));
        }
        assert!(!Arc::ptr_eq(&first, &key("purpose 0")));
        assert_eq!(ring.snapshot().primary().material.macs.read().unwrap().len(), MAX_DERIVED);

        let (old, derived) = (ring.primary(), Arc::downgrade(&key("purpose 1")));
        ring.promote(ring.add_generated().unwrap()).unwrap();
        assert!(derived.upgrade().is_some() && !Arc::ptr_eq(&derived.upgrade().unwrap(), &key("purpose 1")));
        ring.retire(old).unwrap();
        ring.destroy(old).unwrap();
        assert!(derived.upgrade().is_none());
    }
}
