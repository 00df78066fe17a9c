//! The keys and the arithmetic of the chain; no input or output.

use std::sync::Arc;

use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::ratchet::Ratchet;
use crate::keys::{Key, KeyId, KeyRing, MacKey};
use crate::secret::{CIPHER, ExposeSecret, SecretBytes, on_clean_stack};

/// Where a chain stands: what the next record must follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) chain: [u8; 16],
    /// The last record's.
    pub(super) seq: u64,
    pub(super) mac: [u8; 32],
}

/// Which ratchet, and how often it has turned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ratcheted {
    pub(super) id: [u8; 16],
    pub(super) epoch: u64,
}

/// What records are authenticated under: a [`KeyRing`], or a [`Ratchet`].
#[derive(Debug)]
pub struct ChainKey(pub(super) Source);

#[derive(Debug)]
pub(super) enum Source {
    Ring(KeyRing),
    Ratchet(Ratchet),
}

impl From<KeyRing> for ChainKey {
    fn from(ring: KeyRing) -> Self {
        Self(Source::Ring(ring))
    }
}

impl From<&KeyRing> for ChainKey {
    fn from(ring: &KeyRing) -> Self {
        Self(Source::Ring(ring.clone()))
    }
}

impl From<Ratchet> for ChainKey {
    fn from(ratchet: Ratchet) -> Self {
        Self(Source::Ratchet(ratchet))
    }
}

/// The key of one chain in the ratchet's epoch of now, derived once, and put away when an epoch begins. Of a ring, the ring
/// itself keeps it.
#[derive(Default)]
pub(super) struct Current(Option<([u8; 16], Arc<MacKey>)>);

impl Current {
    pub(super) fn key(&mut self, source: &Source, chain: &[u8; 16]) -> (KeyId, Arc<MacKey>) {
        let ratchet = match source {
            Source::Ring(ring) => {
                let snapshot = ring.snapshot();
                return (snapshot.primary().id, ring_key(snapshot.primary(), chain));
            }
            Source::Ratchet(ratchet) => ratchet,
        };
        let known = self.0.take().filter(|(of, _)| of == chain);
        let new = || (*chain, Arc::new(epoch_key(ratchet.secret(), chain)));
        let (_, key) = self.0.insert(known.unwrap_or_else(new));
        (ratchet.key_id(), Arc::clone(key))
    }
}

/// The key of one chain under a key of the ring.
pub(super) fn ring_key(key: &Key, chain: &[u8; 16]) -> Arc<MacKey> {
    key.mac_key(CHAIN, chain)
}

/// The key of one chain in one epoch of a ratchet.
pub(super) fn epoch_key(secret: &SecretBytes, chain: &[u8; 16]) -> MacKey {
    on_clean_stack::<CIPHER, _>(|| {
        let mut derived = Zeroizing::new([0; 32]);
        expand(secret, &[b"chain", chain], &mut derived);
        MacKey::new(&derived)
    })
}

/// A ratchet's first secret.
pub(super) fn first_epoch(key: &Key, ratchet: &[u8; 16]) -> SecretBytes {
    on_clean_stack::<CIPHER, _>(|| {
        let mut first = Zeroizing::new([0; 32]);
        key.derive(&[RATCHET, ratchet], &mut *first);
        SecretBytes::from(first.as_slice())
    })
}

/// The secret of the next epoch, from which this one's cannot be computed.
pub(super) fn next_epoch(secret: &SecretBytes) -> SecretBytes {
    on_clean_stack::<CIPHER, _>(|| {
        let mut next = Zeroizing::new([0; 32]);
        expand(secret, &[b"next"], &mut next);
        SecretBytes::from(next.as_slice())
    })
}

/// The MAC of a record, which covers the one before and so all before.
pub(super) fn mac(key: &MacKey, before: &[u8; 32], signed: &[u8]) -> [u8; 32] {
    *key.tag(&[b"record", before, signed])
}

fn expand(secret: &SecretBytes, info: &[&[u8]], into: &mut [u8; 32]) {
    let key =
        Hkdf::<Sha256>::from_prk(secret.expose_secret()).expect("a secret has 32 bytes, as SHA-256's output");
    key.expand_multi_info(info, into).expect("HKDF-SHA-256 gives up to 255 × 32 bytes");
}

const CHAIN: &[u8] = b"palisade audit v1";
const RATCHET: &[u8] = b"palisade audit ratchet v1";
