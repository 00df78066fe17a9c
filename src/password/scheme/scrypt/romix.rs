//! scrypt's mixing in memory. RFC 7914 §§3 to 5.
//!
//! Our own, and the only primitive that is, so that its memory can be reused and wiped: the scrypt crate takes a fresh
//! table for each hash and returns it as it is, which no budget holds, since allocators keep some. It is held to that crate
//! by differential tests.
//!
//! A block of 64 bytes is four rows of four words. The words stand in the order of the matrix's diagonals, so that a round
//! works on whole rows: word `i` here is word `5 × i mod 16` of the standard.

#![expect(clippy::inline_always, reason = "half a million calls for a hash")]

use super::row::{Row, add, first, from_words, rotate, swap_halves, to_words, turn_left, turn_right, xor};

/// 64 bytes.
pub(in crate::password) type Quad = [Row; 4];

/// One without a bit.
pub(in crate::password) fn no_quad() -> Quad {
    [from_words([0; 4]); 4]
}

/// Quads that a table of these costs and the work beside it take; as good as infinite where that does not fit.
pub(super) fn quads(log_n: u32, r: u32) -> usize {
    let rows = 1_u64.checked_shl(log_n).unwrap_or(u64::MAX).saturating_add(2);
    usize::try_from(rows.saturating_mul(2 * u64::from(r))).unwrap_or(usize::MAX)
}

/// Mixes 128 × r bytes in place. `memory` has the [`quads`] of N and r.
///
/// The time depends on the password, as the standard has it: where the second half reads is not hidden from who watches
/// the caches.
pub(super) fn mix(bytes: &mut [u8], memory: &mut [Quad]) {
    let width = bytes.len() / 64;
    let (table, work) = memory.split_at_mut(memory.len().saturating_sub(2 * width));
    let (x, y) = work.split_at_mut(width);
    load(bytes, x);

    // Each row of the table is mixed from the one before, where that stands.
    let mut rows = table.chunks_exact_mut(width);
    let count = rows.len();
    let Some(mut before) = rows.next() else { return };
    before.copy_from_slice(x);
    for row in rows {
        mix_blocks(before, row);
        before = row;
    }
    mix_blocks(before, x);

    for _ in 0..count / 2 {
        mix_with_row(table, x, y);
        mix_with_row(table, y, x);
    }
    store(x, bytes);
}

/// One step of the second half: `to` is mixed from `from` and the row that `from` names.
fn mix_with_row(table: &[Quad], from: &[Quad], to: &mut [Quad]) {
    let width = from.len();
    let count = table.len() / width;
    // N is a power of two of at most 2^32, so that the first word of the last block is enough.
    let named = from.last().map_or(0, |last| first(last[0])) as usize & (count - 1);
    if let Some(row) = table.get(named * width..(named + 1) * width) {
        mix_blocks_xored(from, row, to);
    }
}

/// scryptBlockMix: even results go to the first half, odd ones to the second.
fn mix_blocks(from: &[Quad], to: &mut [Quad]) {
    let Some(mut x) = from.last().copied() else { return };
    let (pairs, _) = from.as_chunks::<2>();
    let (even, odd) = to.split_at_mut(to.len() / 2);
    for ((pair, even), odd) in pairs.iter().zip(even).zip(odd) {
        x = salsa(xored(x, pair[0]));
        *even = x;
        x = salsa(xored(x, pair[1]));
        *odd = x;
    }
}

/// scryptBlockMix of `from` xor `row`.
fn mix_blocks_xored(from: &[Quad], row: &[Quad], to: &mut [Quad]) {
    let (Some(last), Some(last_of_row)) = (from.last(), row.last()) else { return };
    let mut x = xored(*last, *last_of_row);
    let ((pairs, _), (row, _)) = (from.as_chunks::<2>(), row.as_chunks::<2>());
    let (even, odd) = to.split_at_mut(to.len() / 2);
    for (((pair, row), even), odd) in pairs.iter().zip(row).zip(even).zip(odd) {
        x = salsa(xored(x, xored(pair[0], row[0])));
        *even = x;
        x = salsa(xored(x, xored(pair[1], row[1])));
        *odd = x;
    }
}

#[inline(always)]
fn xored(one: Quad, other: Quad) -> Quad {
    [xor(one[0], other[0]), xor(one[1], other[1]), xor(one[2], other[2]), xor(one[3], other[3])]
}

/// Salsa20/8.
#[inline(always)]
fn salsa(input: Quad) -> Quad {
    let [mut a, mut b, mut c, mut d] = input;
    for _ in 0..4 {
        b = xor(b, rotate::<7>(add(a, d)));
        c = xor(c, rotate::<9>(add(b, a)));
        d = xor(d, rotate::<13>(add(c, b)));
        a = xor(a, rotate::<18>(add(d, c)));
        (b, c, d) = (turn_right(b), swap_halves(c), turn_left(d));
        d = xor(d, rotate::<7>(add(a, b)));
        c = xor(c, rotate::<9>(add(d, a)));
        b = xor(b, rotate::<13>(add(c, d)));
        a = xor(a, rotate::<18>(add(b, c)));
        (b, c, d) = (turn_left(b), swap_halves(c), turn_right(d));
    }
    [add(a, input[0]), add(b, input[1]), add(c, input[2]), add(d, input[3])]
}

fn load(bytes: &[u8], to: &mut [Quad]) {
    let (blocks, _) = bytes.as_chunks::<64>();
    for (block, quad) in blocks.iter().zip(to) {
        let (words, _) = block.as_chunks::<4>();
        let word = |at: usize| words.get(at * 5 % 16).copied().map_or(0, u32::from_le_bytes);
        *quad = [0, 4, 8, 12].map(|at| from_words([word(at), word(at + 1), word(at + 2), word(at + 3)]));
    }
}

fn store(from: &[Quad], bytes: &mut [u8]) {
    let (blocks, _) = bytes.as_chunks_mut::<64>();
    for (quad, block) in from.iter().zip(blocks) {
        let (words, _) = block.as_chunks_mut::<4>();
        let ours = quad.iter().flat_map(|row| to_words(*row));
        for (at, word) in ours.enumerate() {
            if let Some(place) = words.get_mut(at * 5 % 16) {
                *place = word.to_le_bytes();
            }
        }
    }
}
