//! scrypt's mixing in memory. RFC 7914 §§3 to 5.
//!
//! Our own, and the only primitive that is, so that its memory can be reused and wiped, and be as fast as an attacker's: the
//! scrypt crate takes a fresh table for each hash and returns it as it is, which no budget holds, since allocators keep some.
//! It is held to that crate by differential tests.
//!
//! In the table the words of 64 bytes stand in the order of the matrix's diagonals, word `i` being word `5 × i mod 16` of
//! the standard: so vector registers take them four at a time, and plain ones do not care.
//!
//! 2026-11-23, N = 2^17, r = 8, wiping included, medians in one run, on the machine of `benches/README.md`: plain registers
//! ([`words`]) 162 ms, vectors of four words ([`rows`]) 315, OpenSSL 301. Each block waits for the one before, and a vector
//! instruction takes two cycles here, a plain one takes one. Two lanes one after the other take 2.0 of one, both in vectors
//! 2.1, both in plain registers 2.5 for want of registers; one in each, changing places, 1.6. To xor a row before it
//! is mixed, so that all its loads are under way at once, saves 12 % of one. Huge pages save nothing once the table is
//! there, and a sixth of the first hash.

#[cfg(target_arch = "x86_64")]
use super::rows::Rows;
use super::words;

/// 64 bytes: what Salsa20/8 mixes.
pub(in crate::password) type Chunk = [u8; 64];

/// Chunks that a table of these costs and the work beside it take; as good as infinite where that does not fit.
pub(super) fn chunks(log_n: u32, r: u32) -> usize {
    let rows = 1_u64.checked_shl(log_n).unwrap_or(u64::MAX).saturating_add(2);
    usize::try_from(rows.saturating_mul(2 * u64::from(r))).unwrap_or(usize::MAX)
}

/// Mixes 128 × r bytes in place. `memory` has the [`chunks`] of N and r.
///
/// The time depends on the password, as the standard has it: where the second half reads is not hidden from who watches
/// the caches.
pub(super) fn mix(bytes: &mut [u8], memory: &mut [Chunk]) {
    let mut lane = Lane::new(bytes, memory);
    lane.run();
    lane.finish(bytes);
}

/// Mixes twice 128 × r bytes at once, each in memory of its own, in less time than one after the other.
pub(super) fn mix_two(bytes: [&mut [u8]; 2], memory: [&mut [Chunk]; 2]) {
    let ([one, other], [memory, memory_of_other]) = (bytes, memory);
    let (mut a, mut b) = (Lane::new(one, memory), Lane::new(other, memory_of_other));
    #[cfg(target_arch = "x86_64")]
    interleave(&mut a, &mut b);
    a.run();
    b.run();
    a.finish(one);
    b.finish(other);
}

/// Two rows of one lane in plain registers take as long as one of the other in vectors: so they take turns.
#[cfg(target_arch = "x86_64")]
fn interleave<'m>(a: &mut Lane<'m>, b: &mut Lane<'m>) {
    let (mut ahead, mut beside) = (a, b);
    while ahead.left > 1 && beside.left > 0 {
        let (from, to) = beside.step();
        let mut row = Rows::new(from, to);
        for _ in 0..2 {
            let (from, to) = ahead.step();
            words::mix_beside(from, to, &mut row);
        }
        (ahead, beside) = (beside, ahead);
    }
}

/// 128 × r bytes on their way through the table.
struct Lane<'m> {
    table: &'m mut [Chunk],
    /// What is mixed next, once the table is full.
    x: &'m mut [Chunk],
    /// What came out last, then.
    y: &'m mut [Chunk],
    /// Rows in the table: N.
    rows: usize,
    /// Rows still to be mixed, of 2 × N.
    left: usize,
}

impl<'m> Lane<'m> {
    fn new(bytes: &[u8], memory: &'m mut [Chunk]) -> Self {
        let width = bytes.len() / 64;
        let (table, work) = memory.split_at_mut(memory.len().saturating_sub(2 * width));
        let (x, y) = work.split_at_mut(width);
        for (standard, chunk) in bytes.as_chunks().0.iter().zip(table.iter_mut()) {
            *chunk = reordered::<5>(standard);
        }
        let rows = table.len() / width;
        Self { table, x, y, rows, left: 2 * rows }
    }

    fn finish(self, bytes: &mut [u8]) {
        for (standard, chunk) in bytes.as_chunks_mut().0.iter_mut().zip(self.y) {
            *standard = reordered::<13>(chunk);
        }
    }

    fn run(&mut self) {
        while self.left > 0 {
            let (from, to) = self.step();
            words::mix(from, to);
        }
    }

    /// What is to be mixed next, and where to. In the first half that is a row of the table, mixed into the next one; in
    /// the second half `x`, with the row that it names, into `y`.
    fn step(&mut self) -> (&[Chunk], &mut [Chunk]) {
        let (width, done) = (self.x.len(), 2 * self.rows - self.left);
        self.left -= 1;
        if done < self.rows {
            let (before, after) = self.table.split_at_mut((done + 1) * width);
            let from = before.get(done * width..).unwrap_or_default();
            return (from, after.get_mut(..width).unwrap_or(self.x));
        }
        if done > self.rows {
            std::mem::swap(&mut self.x, &mut self.y);
        }
        // N is a power of two of at most 2^32, so that the first word of the last chunk is enough.
        let named =
            self.x.last().and_then(|last| last.first_chunk()).map_or(0, |word| u32::from_le_bytes(*word));
        let named = named as usize & (self.rows - 1);
        let row = self.table.get(named * width..(named + 1) * width).unwrap_or_default();
        for (x, row) in self.x.iter_mut().zip(row) {
            x.iter_mut().zip(row).for_each(|(x, row)| *x ^= row);
        }
        (self.x, self.y)
    }
}

/// Each word in the place of the one whose number is `STEP` times its own: by 5 from the standard's order to ours, by 13
/// back, as 5 × 13 is 1 modulo 16.
fn reordered<const STEP: usize>(chunk: &Chunk) -> Chunk {
    let (words, _) = chunk.as_chunks::<4>();
    let mut reordered = [0; 64];
    for (at, word) in reordered.as_chunks_mut().0.iter_mut().enumerate() {
        *word = words.get(at * STEP % 16).copied().unwrap_or_default();
    }
    reordered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_at_once_are_what_one_after_the_other_are() {
        for (log_n, r) in [(1, 1), (1, 8), (2, 3), (3, 1), (4, 5), (5, 8), (6, 2), (7, 8), (8, 7)] {
            let mut random = vec![0; 256 * r as usize];
            crate::random::fill(&mut random).unwrap();
            let (one, other) = random.split_at(128 * r as usize);
            let (mut together, mut other_together) = (one.to_vec(), other.to_vec());
            let (mut alone, mut other_alone) = (one.to_vec(), other.to_vec());
            let (mut memory, mut more) = (vec![[7; 64]; chunks(log_n, r)], vec![[8; 64]; chunks(log_n, r)]);
            mix_two([&mut together, &mut other_together], [&mut memory, &mut more]);
            mix(&mut alone, &mut more);
            mix(&mut other_alone, &mut memory);
            assert_ne!(alone, other_alone);
            assert_eq!((together, other_together), (alone, other_alone), "N = 2^{log_n}, r = {r}");
        }
    }
}
