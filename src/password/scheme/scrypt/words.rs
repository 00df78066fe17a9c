//! Rows mixed in plain registers, one word in each.

#![expect(clippy::inline_always, reason = "half a million calls for a hash")]

use super::romix::Chunk;
#[cfg(target_arch = "x86_64")]
use super::rows::Rows;

/// scryptBlockMix: even results go to the first half, odd ones to the second.
#[inline(never)]
pub(super) fn mix(from: &[Chunk], to: &mut [Chunk]) {
    let mut x = Words::of(from.last());
    let (even, odd) = to.split_at_mut(to.len() / 2);
    for (([one, other], even), odd) in from.as_chunks().0.iter().zip(even).zip(odd) {
        x.salsa(one, even, || ());
        x.salsa(other, odd, || ());
    }
}

/// The same, while half of another lane's row is mixed in vectors.
#[cfg(target_arch = "x86_64")]
#[inline(never)]
pub(super) fn mix_beside(from: &[Chunk], to: &mut [Chunk], beside: &mut Rows<'_>) {
    let mut x = Words::of(from.last());
    let (even, odd) = to.split_at_mut(to.len() / 2);
    for (([one, other], even), odd) in from.as_chunks().0.iter().zip(even).zip(odd) {
        let before = beside.begin();
        x.salsa(one, even, || beside.round());
        x.salsa(other, odd, || beside.round());
        beside.end(before);
    }
}

/// 64 bytes, in the order of the table.
struct Words([u32; 16]);

impl Words {
    #[inline(always)]
    fn of(chunk: Option<&Chunk>) -> Self {
        let mut words = Self([0; 16]);
        words.xor(chunk.unwrap_or(&[0; 64]));
        words
    }

    #[inline(always)]
    fn xor(&mut self, chunk: &Chunk) {
        for (word, bytes) in self.0.iter_mut().zip(chunk.as_chunks().0) {
            *word ^= u32::from_le_bytes(*bytes);
        }
    }

    /// Salsa20/8 of what is here xor `chunk`, which stays here and goes to `to`; beside each of its double rounds, `beside`.
    #[inline(always)]
    fn salsa(&mut self, chunk: &Chunk, to: &mut Chunk, mut beside: impl FnMut()) {
        self.xor(chunk);
        let before = self.0;
        for _ in 0..4 {
            beside();
            self.double_round();
        }
        for ((word, before), bytes) in self.0.iter_mut().zip(before).zip(to.as_chunks_mut().0) {
            *word = word.wrapping_add(before);
            *bytes = word.to_le_bytes();
        }
    }

    #[inline(always)]
    fn double_round(&mut self) {
        // Columns, which start at the diagonal, then rows.
        self.quarter_round::<0, 4, 8, 12>();
        self.quarter_round::<1, 5, 9, 13>();
        self.quarter_round::<2, 6, 10, 14>();
        self.quarter_round::<3, 7, 11, 15>();
        self.quarter_round::<0, 13, 10, 7>();
        self.quarter_round::<1, 14, 11, 4>();
        self.quarter_round::<2, 15, 8, 5>();
        self.quarter_round::<3, 12, 9, 6>();
    }

    #[inline(always)]
    #[expect(clippy::indexing_slicing, reason = "constants below 16")]
    fn quarter_round<const A: usize, const B: usize, const C: usize, const D: usize>(&mut self) {
        let Self(x) = self;
        x[B] ^= x[A].wrapping_add(x[D]).rotate_left(7);
        x[C] ^= x[B].wrapping_add(x[A]).rotate_left(9);
        x[D] ^= x[C].wrapping_add(x[B]).rotate_left(13);
        x[A] ^= x[D].wrapping_add(x[C]).rotate_left(18);
    }
}
