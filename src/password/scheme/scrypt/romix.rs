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
//! ([`words`]) 162 ms, vectors of four words (`rows`) 315, OpenSSL 301. Each block waits for the one before, and a vector
//! instruction takes two cycles here, a plain one takes one. A block takes 126 cycles, of which 98 no order of instructions
//! could save, and 30 more while the second half waits for memory. Built for a processor with AVX-512, the compiler puts the
//! plain registers' words into vectors by itself: 262 ms. Two lanes one after the other take 2.0 of one, both in vectors
//! 2.1, both in plain registers 2.5 for want of registers; one in each, changing places, 1.6. To xor a row before it
//! is mixed, so that all its loads are under way at once, saves 12 % of one. Huge pages save nothing that could be
//! measured once the table is there.

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

/// Whether two lanes at once take less time than one after the other.
pub(super) const INTERLEAVES: bool = cfg!(target_arch = "x86_64");

/// Chunks in 128 × r bytes; as good as infinite where that does not fit.
pub(super) fn width(r: u32) -> usize {
    usize::try_from(2 * u64::from(r)).unwrap_or(usize::MAX)
}

/// How far 128 × r bytes have come on their way through a table.
///
/// The time depends on the password, as the standard has it: where the second half reads is not hidden from who watches
/// the caches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::password) struct Progress {
    /// Chunks in 128 × r bytes.
    width: usize,
    /// Rows in the table: N.
    rows: usize,
    /// Rows still to be mixed, of 2 × N.
    left: usize,
}

impl Progress {
    /// Puts the bytes at the beginning of `memory`, which has the [`chunks`] of N and r.
    pub(super) fn start(bytes: &[u8], memory: &mut [Chunk]) -> Self {
        for (standard, chunk) in bytes.as_chunks().0.iter().zip(memory.iter_mut()) {
            *chunk = reordered::<5>(standard);
        }
        let width = bytes.len() / 64;
        let rows = (memory.len() / width).saturating_sub(2);
        Self { width, rows, left: 2 * rows }
    }

    pub(super) fn is_done(&self) -> bool {
        self.left == 0
    }

    /// Whether both can be mixed at once.
    pub(super) fn goes_with(&self, other: &Self) -> bool {
        self.width == other.width
    }

    /// Mixes one row.
    pub(super) fn advance(&mut self, memory: &mut [Chunk]) {
        if let Some((from, to)) = self.step(memory) {
            words::mix(from, to);
        }
    }

    /// Mixes all rows that are left.
    pub(super) fn run(&mut self, memory: &mut [Chunk]) {
        while !self.is_done() {
            self.advance(memory);
        }
    }

    /// Mixes three rows, of both by turns, in less time than one after the other; what has one row left gets that done.
    ///
    /// Two rows of one in plain registers take as long as one of the other in vectors.
    pub(super) fn advance_two(ahead: (&mut Self, &mut [Chunk]), beside: (&mut Self, &mut [Chunk])) {
        let ((ahead, memory), (beside, memory_beside)) = (ahead, beside);
        #[cfg(target_arch = "x86_64")]
        if ahead.left > 1
            && let Some((from, to)) = beside.step(memory_beside)
        {
            let mut row = Rows::new(from, to);
            for _ in 0..2 {
                if let Some((from, to)) = ahead.step(memory) {
                    words::mix_beside(from, to, &mut row);
                }
            }
            return;
        }
        ahead.advance(memory);
        beside.advance(memory_beside);
    }

    /// Reads what came out.
    pub(super) fn finish(self, memory: &mut [Chunk], bytes: &mut [u8]) {
        let (x, _) = self.work(memory).1.split_at(self.width);
        for (standard, chunk) in bytes.as_chunks_mut().0.iter_mut().zip(x) {
            *standard = reordered::<13>(chunk);
        }
    }

    /// The table, and what is beside it.
    fn work(self, memory: &mut [Chunk]) -> (&mut [Chunk], &mut [Chunk]) {
        memory.split_at_mut(self.rows * self.width)
    }

    /// What is to be mixed next, and where to. In the first half that is a row of the table, mixed into the next one; in
    /// the second half what came out last, with the row that it names.
    fn step<'m>(&mut self, memory: &'m mut [Chunk]) -> Option<(&'m [Chunk], &'m mut [Chunk])> {
        let done = 2 * self.rows - self.left;
        self.left = self.left.checked_sub(1)?;
        if done < self.rows {
            let (before, after) = memory.split_at_mut((done + 1) * self.width);
            return Some((before.get(done * self.width..)?, after.get_mut(..self.width)?));
        }
        let (table, work) = self.work(memory);
        let (x, y) = work.split_at_mut(self.width);
        let (from, to) = if (done - self.rows).is_multiple_of(2) { (x, y) } else { (y, x) };
        // N is a power of two of at most 2^32, so that the first word of the last chunk is enough.
        let named = u32::from_le_bytes(*from.last()?.first_chunk()?) as usize & (self.rows - 1);
        let row = table.get(named * self.width..(named + 1) * self.width)?;
        for (from, row) in from.iter_mut().zip(row) {
            from.iter_mut().zip(row).for_each(|(from, row)| *from ^= row);
        }
        Some((from, to))
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
        for (log_n, r, late) in [
            (1, 1, 0),
            (1, 8, 1),
            (2, 3, 5),
            (3, 1, 3),
            (4, 5, 0),
            (5, 8, 31),
            (6, 2, 64),
            (7, 8, 70),
            (8, 7, 500),
        ] {
            let mut random = vec![0; 256 * r as usize];
            crate::random::fill(&mut random).unwrap();
            let (one, other) = random.split_at(128 * r as usize);
            let alone = |bytes: &[u8]| {
                let (mut memory, mut out) = (vec![[7; 64]; chunks(log_n, r)], bytes.to_vec());
                let mut lane = Progress::start(bytes, &mut memory);
                lane.run(&mut memory);
                lane.finish(&mut memory, &mut out);
                out
            };
            let (mut memory, mut more) = (vec![[8; 64]; chunks(log_n, r)], vec![[9; 64]; chunks(log_n, r)]);
            let (mut a, mut b) = (Progress::start(one, &mut memory), Progress::start(other, &mut more));
            for _ in 0..late {
                a.advance(&mut memory);
            }
            while !a.is_done() || !b.is_done() {
                Progress::advance_two((&mut a, &mut memory), (&mut b, &mut more));
                Progress::advance_two((&mut b, &mut more), (&mut a, &mut memory));
            }
            let mut out = random.clone();
            a.finish(&mut memory, &mut out[..128 * r as usize]);
            b.finish(&mut more, &mut out[128 * r as usize..]);
            assert_ne!(alone(one), alone(other));
            assert_eq!(out, [alone(one), alone(other)].concat(), "N = 2^{log_n}, r = {r}, {late} late");
        }
    }
}
