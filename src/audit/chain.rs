//! The keys and the arithmetic of the chain; no input or output.

use std::sync::{Arc, Weak};

use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::ratchet::Ratchet;
use crate::keys::{Key, KeyId, KeyRing, MacKey, Snapshot};
use crate::secret::{ExposeSecret, SecretBytes};

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

/// The key of one chain that records are made under now, derived once for each state of its source.
#[derive(Default)]
pub(super) struct Current(Option<(Stamp, KeyId, Arc<MacKey>)>);

/// What a derived key belongs to.
struct Stamp {
    chain: [u8; 16],
    epoch: u64,
    /// Of a ring: its state. Weak, so that a destroyed key is erased though the log rests; and a weak pointer keeps its
    /// allocation, so that no later state can be taken for this one.
    state: Weak<Snapshot>,
}

impl Current {
    pub(super) fn key(&mut self, source: &Source, chain: &[u8; 16]) -> (KeyId, Arc<MacKey>) {
        let (state, epoch) = match source {
            Source::Ring(ring) => (Arc::downgrade(&ring.snapshot()), 0),
            Source::Ratchet(ratchet) => (Weak::new(), ratchet.epoch()),
        };
        if let Some((stamp, id, key)) = &self.0
            && stamp.chain == *chain
            && stamp.epoch == epoch
            && stamp.state.ptr_eq(&state)
        {
            return (*id, Arc::clone(key));
        }
        let (id, key) = match source {
            Source::Ring(ring) => {
                let snapshot = ring.snapshot();
                (snapshot.primary().id, ring_key(snapshot.primary(), chain))
            }
            Source::Ratchet(ratchet) => (ratchet.key_id(), epoch_key(ratchet.secret(), chain)),
        };
        let key = Arc::new(key);
        self.0 = Some((Stamp { chain: *chain, epoch, state }, id, Arc::clone(&key)));
        (id, key)
    }
}

/// The key of one chain under a key of the ring.
pub(super) fn ring_key(key: &Key, chain: &[u8; 16]) -> MacKey {
    key.mac_key(&[CHAIN, chain])
}

/// The key of one chain in one epoch of a ratchet.
pub(super) fn epoch_key(secret: &SecretBytes, chain: &[u8; 16]) -> MacKey {
    let mut derived = Zeroizing::new([0; 32]);
    expand(secret, &[b"chain", chain], &mut derived);
    MacKey::new(&derived)
}

/// A ratchet's first secret.
pub(super) fn first_epoch(key: &Key, ratchet: &[u8; 16]) -> SecretBytes {
    let mut first = Zeroizing::new([0; 32]);
    key.derive(&[RATCHET, ratchet], &mut *first);
    SecretBytes::from(first.as_slice())
}

/// The secret of the next epoch, from which this one's cannot be computed.
pub(super) fn next_epoch(secret: &SecretBytes) -> SecretBytes {
    let mut next = Zeroizing::new([0; 32]);
    expand(secret, &[b"next"], &mut next);
    SecretBytes::from(next.as_slice())
}

/// The MAC of a record, which covers the one before and so all before.
pub(super) fn mac(key: &MacKey, before: &[u8; 32], signed: &[u8]) -> [u8; 32] {
    key.tag(&[b"record", before, signed])
}

fn expand(secret: &SecretBytes, info: &[&[u8]], into: &mut [u8; 32]) {
    let key =
        Hkdf::<Sha256>::from_prk(secret.expose_secret()).expect("a secret has 32 bytes, as SHA-256's output");
    key.expand_multi_info(info, into).expect("HKDF-SHA-256 gives up to 255 × 32 bytes");
}

const CHAIN: &[u8] = b"palisade audit v1";
const RATCHET: &[u8] = b"palisade audit ratchet v1";
