//! Mixing that counts its rows, and who mixes.

use std::cell::{Cell, RefCell};

use crate::orders;
use crate::sync;

pub(in crate::password) type Chunk = [u8; 64];

pub(super) const INTERLEAVES: bool = true;

/// Rows of a lane.
pub(in crate::password) const ROWS: u8 = 3;

thread_local! {
    static MIXING: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
    static MOST: Cell<usize> = const { Cell::new(0) };
    static PANICS_AT: Cell<Option<u32>> = const { Cell::new(None) };
}

/// Begins a new order, in which the thread that mixes the row of this number panics.
pub(in crate::password) fn begin(panics_at: Option<u32>) {
    MIXING.take();
    MOST.set(0);
    PANICS_AT.set(panics_at);
}

/// How many threads mixed at once, at most.
pub(in crate::password) fn at_once() -> usize {
    MOST.get()
}

/// This thread mixes no more.
pub(in crate::password) fn leave() {
    let this = sync::this();
    MIXING.with_borrow_mut(|mixing| mixing.retain(|thread| *thread != this));
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::password) struct Progress {
    width: usize,
    left: u8,
}

impl Progress {
    pub(super) fn start(bytes: &[u8], memory: &mut [Chunk]) -> Self {
        assert!(memory.iter().all(|chunk| chunk[1..] == [0; 63]), "of the lane before");
        memory[0][0] = bytes[0];
        Self { width: bytes.len() / 64, left: ROWS }
    }

    pub(super) fn is_done(&self) -> bool {
        self.left == 0
    }

    pub(super) fn goes_with(&self, other: &Self) -> bool {
        self.width == other.width
    }

    /// A row; this thread is one that mixes.
    pub(super) fn advance(&mut self, memory: &mut [Chunk]) {
        let this = sync::this();
        MIXING.with_borrow_mut(|mixing| {
            if !mixing.contains(&this) {
                mixing.push(this);
            }
            MOST.set(MOST.get().max(mixing.len()));
        });
        sync::point();
        if let Some(left) = PANICS_AT.get() {
            PANICS_AT.set(left.checked_sub(1));
            if left == 0 {
                sync::panic();
            }
        }
        if let Some(left) = self.left.checked_sub(1) {
            self.left = left;
            memory[0][1] += 1;
        }
    }

    pub(super) fn run(&mut self, memory: &mut [Chunk]) {
        while !self.is_done() {
            self.advance(memory);
        }
    }

    pub(super) fn advance_two(ahead: (&mut Self, &mut [Chunk]), beside: (&mut Self, &mut [Chunk])) {
        orders::meet("a ride");
        ahead.0.advance(ahead.1);
        beside.0.advance(beside.1);
    }

    pub(super) fn finish(self, memory: &mut [Chunk], bytes: &mut [u8]) {
        leave();
        bytes[..2].copy_from_slice(&memory[0][..2]);
        memory[0] = [0; 64];
        memory[0][0] = 1; // something is left, to be erased
    }
}
