//! What a writer holds back until it is complete, in bounded memory.

use super::redactor::notice;
use crate::secret::Growing;

/// The beginning of a line or an event; of one that is too long, only its length.
#[derive(Default)]
pub(super) struct Held {
    /// Not redacted yet.
    bytes: Growing,
    /// How many bytes were dropped, and the first of them that is no white space.
    dropped: usize,
    first: u8,
}

/// What was held back.
pub(super) enum Taken {
    Whole(Growing),
    /// What to show for what was too long.
    Dropped(String),
}

impl Held {
    /// Keeps `piece` as well, or drops all if that is more than `longest`.
    pub(super) fn push(&mut self, piece: &[u8], longest: usize) {
        if self.dropped == 0 && self.bytes.len() + piece.len() <= longest {
            self.bytes.extend(piece);
            return;
        }
        if self.dropped == 0 {
            let begun = self.bytes.iter().chain(piece).find(|byte| !byte.is_ascii_whitespace());
            self.first = begun.copied().unwrap_or(0);
        }
        self.dropped += self.bytes.len() + piece.len();
        self.bytes = Growing::default();
    }

    /// Nothing is held back, nor was it dropped.
    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty() && self.dropped == 0
    }

    /// How many bytes are held back; none of what is too long.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn take(&mut self) -> Taken {
        match std::mem::take(&mut self.dropped) {
            0 => Taken::Whole(std::mem::take(&mut self.bytes)),
            dropped => Taken::Dropped(notice(dropped, self.first)),
        }
    }

    /// Goes on with `bytes`, or only with their memory, once they are taken and cleared.
    pub(super) fn put_back(&mut self, bytes: Growing) {
        self.bytes = bytes;
    }
}
