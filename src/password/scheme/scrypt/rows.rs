//! A row mixed in vector registers, four words in each, in steps that fit beside those of another lane.

#![expect(clippy::inline_always, reason = "half a million calls for a hash")]

use safe_arch::{
    add_i32_m128i, bitor_m128i, bitxor_m128i, load_unaligned_m128i, m128i, shl_imm_u32_m128i,
    shr_imm_u32_m128i, shuffle_ai_f32_all_m128i, store_unaligned_m128i,
};

use super::romix::Chunk;

/// A row on its way: scryptBlockMix, chunk by chunk.
pub(super) struct Rows<'row> {
    x: [m128i; 4],
    from: std::slice::Iter<'row, Chunk>,
    /// Where the next result goes, and the one after it.
    to: [std::slice::IterMut<'row, Chunk>; 2],
}

impl<'row> Rows<'row> {
    pub(super) fn new(from: &'row [Chunk], to: &'row mut [Chunk]) -> Self {
        let (even, odd) = to.split_at_mut(to.len() / 2);
        let mut rows =
            Self { x: [m128i::default(); 4], from: from.iter(), to: [even.iter_mut(), odd.iter_mut()] };
        rows.xor(from.last());
        rows
    }

    #[inline(always)]
    fn xor(&mut self, chunk: Option<&Chunk>) {
        let chunk = chunk.unwrap_or(&[0; 64]);
        for (x, bytes) in self.x.iter_mut().zip(chunk.as_chunks().0) {
            *x = bitxor_m128i(*x, load_unaligned_m128i(bytes));
        }
    }

    /// Begins Salsa20/8 of the next chunk, which is eight rounds and an end.
    #[inline(always)]
    pub(super) fn begin(&mut self) -> [m128i; 4] {
        let chunk = self.from.next();
        self.xor(chunk);
        self.x
    }

    /// A round of columns; what it leaves is turned, so that the next round's rows stand as columns.
    #[inline(always)]
    pub(super) fn round(&mut self) {
        let [a, b, c, d] = self.x;
        let b = bitxor_m128i(b, rotated::<7, 25>(add_i32_m128i(a, d)));
        let c = bitxor_m128i(c, rotated::<9, 23>(add_i32_m128i(b, a)));
        let d = bitxor_m128i(d, rotated::<13, 19>(add_i32_m128i(c, b)));
        let a = bitxor_m128i(a, rotated::<18, 14>(add_i32_m128i(d, c)));
        self.x = [a, turned::<0b00_11_10_01>(d), turned::<0b01_00_11_10>(c), turned::<0b10_01_00_11>(b)];
    }

    #[inline(always)]
    pub(super) fn end(&mut self, before: [m128i; 4]) {
        for (x, before) in self.x.iter_mut().zip(before) {
            *x = add_i32_m128i(*x, before);
        }
        let [now, then] = &mut self.to;
        if let Some(chunk) = now.next() {
            for (x, bytes) in self.x.iter().zip(chunk.as_chunks_mut().0) {
                store_unaligned_m128i(bytes, *x);
            }
        }
        std::mem::swap(now, then);
    }
}

#[inline(always)]
fn rotated<const LEFT: i32, const RIGHT: i32>(x: m128i) -> m128i {
    bitor_m128i(shl_imm_u32_m128i::<LEFT>(x), shr_imm_u32_m128i::<RIGHT>(x))
}

/// Word `i` of the result is the one whose number is the `i`th pair of bits, from the right.
#[inline(always)]
fn turned<const PLACES: i32>(x: m128i) -> m128i {
    shuffle_ai_f32_all_m128i::<PLACES>(x)
}
