use std::ops::Deref;

/// As many of something as a label has characters, without an allocation.
#[derive(Clone, Copy)]
pub(super) struct Short<T> {
    items: [T; MOST],
    len: usize,
}

/// The characters of the longest label, which is one of ASCII.
const MOST: usize = 63;

impl<T: Copy> Short<T> {
    /// None; `filler` is what the room ahead holds.
    pub(super) const fn new(filler: T) -> Self {
        Self { items: [filler; MOST], len: 0 }
    }

    /// `None` when there is no room, or a gap before `at`.
    pub(super) fn insert(&mut self, at: usize, item: T) -> Option<()> {
        if at > self.len || self.len == MOST {
            return None;
        }
        self.items.copy_within(at..self.len, at + 1);
        *self.items.get_mut(at)? = item;
        self.len += 1;
        Some(())
    }

    /// `None` when there is no room.
    pub(super) fn push(&mut self, item: T) -> Option<()> {
        *self.items.get_mut(self.len)? = item;
        self.len += 1;
        Some(())
    }
}

impl<T> Deref for Short<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        self.items.get(..self.len).unwrap_or_default()
    }
}
