use std::fmt;
use std::ptr;
use std::sync::{Arc, PoisonError, RwLock, Weak};

use super::{Key, KeyId, MacKey, Snapshot};

/// The HMAC keys that one room derives from a ring, each derived once while the ring stays as it is; clones share them.
#[derive(Clone)]
pub(crate) struct MacKeys {
    label: &'static [u8],
    cache: Arc<RwLock<Cache>>,
}

/// HMAC keys derived from one snapshot of the ring.
#[derive(Default)]
struct Cache {
    /// Weak, so that a destroyed key is erased though nobody asks for another.
    snapshot: Weak<Snapshot>,
    version: u64,
    keys: Vec<(KeyId, String, Arc<MacKey>)>,
}

impl MacKeys {
    /// Keys whose purposes all begin with a label, as for [`Key::derive`].
    pub(crate) fn new(label: &'static [u8]) -> Self {
        Self { label, cache: Arc::default() }
    }

    /// The HMAC key for a purpose under a key of the snapshot.
    pub(crate) fn of(&self, snapshot: &Arc<Snapshot>, key: &Key, purpose: &str) -> Arc<MacKey> {
        // The weak pointer keeps its allocation: no later snapshot can have the same address.
        let is_current = |cache: &Cache| ptr::eq(cache.snapshot.as_ptr(), Arc::as_ptr(snapshot));
        {
            // INVARIANT: a panic while the lock is held for writing leaves a cache that is only smaller.
            let cache = self.cache.read().unwrap_or_else(PoisonError::into_inner);
            let known = cache.keys.iter().find(|(id, name, _)| *id == key.id && name == purpose);
            if let Some((_, _, known)) = known.filter(|_| is_current(&cache)) {
                return Arc::clone(known);
            }
        }
        let derived = Arc::new(key.mac_key(&[self.label, purpose.as_bytes()]));
        let mut cache = self.cache.write().unwrap_or_else(PoisonError::into_inner);
        if !is_current(&cache) {
            if cache.version > snapshot.version() {
                return derived; // a slow caller of an older ring
            }
            let version = snapshot.version();
            *cache = Cache { snapshot: Arc::downgrade(snapshot), version, keys: Vec::new() };
        }
        if !cache.keys.iter().any(|(id, name, _)| *id == key.id && name == purpose) {
            if cache.keys.len() >= MAX_CACHED {
                cache.keys.remove(0);
            }
            cache.keys.push((key.id, purpose.to_owned(), Arc::clone(&derived)));
        }
        derived
    }
}

impl fmt::Debug for MacKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MacKeys")
    }
}

const MAX_CACHED: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::KeyRing;

    #[test]
    fn keys_are_cached_within_bounds_and_never_of_another_ring() {
        let (ring, keys) = (KeyRing::generate().unwrap(), MacKeys::new(b"test"));
        let tag = |purpose: &str| {
            let snapshot = ring.snapshot();
            let primary = snapshot.primary();
            let tag = keys.of(&snapshot, primary, purpose).tag(&[b"message"]);
            assert_eq!(tag, primary.mac_key(&[b"test", purpose.as_bytes()]).tag(&[b"message"]));
            tag
        };
        for number in 0..200 {
            assert_eq!(tag(&format!("purpose {number}")), tag(&format!("purpose {number}")));
        }
        assert_eq!(keys.cache.read().unwrap().keys.len(), MAX_CACHED);

        let before = tag("purpose 0");
        ring.promote(ring.add_generated().unwrap()).unwrap();
        assert_ne!(tag("purpose 0"), before);
        assert_eq!(keys.cache.read().unwrap().keys.len(), 1);
    }
}
