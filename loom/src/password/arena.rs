//! What hashes work in, counted: how much there is at once, and whether it was erased when it went.

use std::cell::Cell;

use super::scheme::Chunk;

pub(super) type Block = [u64; 1];

thread_local! {
    static BYTES: Cell<usize> = const { Cell::new(0) };
    static MOST: Cell<usize> = const { Cell::new(0) };
    static LEFT: Cell<bool> = const { Cell::new(false) };
}

/// Begins a new order.
pub(super) fn begin() {
    BYTES.set(0);
    MOST.set(0);
    LEFT.set(false);
}

/// Bytes that there are, bytes that there were at most, and whether any were not erased when they went.
pub(super) fn ledger() -> (usize, usize, bool) {
    (BYTES.get(), MOST.get(), LEFT.get())
}

#[derive(Default)]
pub(super) struct Arena(Vec<Chunk>);

impl Arena {
    pub(super) fn blocks(&mut self, _: usize) -> Option<&mut [Block]> {
        None
    }

    pub(super) fn chunks(&mut self, count: usize) -> Option<&mut [Chunk]> {
        if self.0.is_empty() {
            self.0.resize(count, [0; 64]);
            BYTES.set(BYTES.get() + size_of_val(&*self.0));
            MOST.set(MOST.get().max(BYTES.get()));
        }
        Some(&mut self.0)
    }

    pub(super) fn wipe(&mut self, (_, chunks): (usize, usize)) {
        let used = chunks.min(self.0.len());
        self.0[..used].fill([0; 64]);
    }

    pub(super) fn count(&self) -> (usize, usize) {
        (0, self.0.len())
    }
}

impl Drop for Arena {
    fn drop(&mut self) {
        BYTES.set(BYTES.get() - size_of_val(&*self.0));
        LEFT.set(LEFT.get() || self.0.iter().any(|chunk| *chunk != [0; 64]));
    }
}
