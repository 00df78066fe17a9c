use std::hash::{Hash, Hasher};

use siphasher::sip::SipHasher13;

use super::error::{RateLimitError, RateLimitErrorKind};
use super::set::{Set, WAYS};
use crate::random;

/// Sets, and the secret that says which key belongs to which.
#[derive(Debug)]
pub(super) struct Table {
    sets: Box<[Set]>,
    /// Of `SipHash`. A hasher made from them for each key stays in registers; a copied one does not: 14 against 22 ns a check.
    keys: (u64, u64),
}

/// Where a key is: its hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place(u64);

impl Table {
    /// A table that never tells apart more than `max_keys` keys: a set remembers four of them by name, and all others
    /// together by the mark.
    pub(super) fn new(max_keys: usize) -> Result<Self, RateLimitError> {
        if max_keys == 0 || max_keys as u64 > MOST_KEYS {
            return Err(RateLimitErrorKind::Keys.into());
        }
        let (mut first, mut second) = ([0; 8], [0; 8]);
        random::fill(&mut first)?;
        random::fill(&mut second)?;
        let count = max_keys.div_ceil(WAYS + 1);
        let mut sets = Vec::new();
        sets.try_reserve_exact(count).map_err(|_| RateLimitErrorKind::OutOfMemory)?;
        sets.extend(std::iter::repeat_with(Set::new).take(count));
        Ok(Self {
            sets: sets.into_boxed_slice(),
            keys: (u64::from_ne_bytes(first), u64::from_ne_bytes(second)),
        })
    }

    #[inline]
    pub(super) fn place(&self, key: &(impl Hash + ?Sized)) -> Place {
        let mut hasher = SipHasher13::new_with_keys(self.keys.0, self.keys.1);
        key.hash(&mut hasher);
        Place(hasher.finish())
    }

    /// The set that a place belongs to, and the tag it has there.
    #[inline]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "an index below the length; the lower half of a hash"
    )]
    pub(super) fn set(&self, Place(hash): Place) -> (&Set, u32) {
        // The set is told by the hash's upper bits, the tag is its lower ones: they say nothing about each other as long as
        // there are at most 2^32 sets.
        let index = (u128::from(hash) * self.sets.len() as u128) >> 64;
        let set = self.sets.get(index as usize).expect("hash < 2^64, so index < len");
        (set, (hash as u32).max(1))
    }

    pub(super) fn slots(&self) -> usize {
        self.sets.len() * WAYS
    }

    pub(super) fn live(&self, now: u64) -> usize {
        self.sets.iter().map(|set| set.live(now)).sum()
    }
}

/// More would need more than 32 bits for the number of a set.
const MOST_KEYS: u64 = 1 << 34;
