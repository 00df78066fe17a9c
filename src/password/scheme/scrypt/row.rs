//! Four words side by side, which the compiler keeps in one register.

#![expect(clippy::inline_always, reason = "an addition that is called takes ten times as long")]
#![expect(clippy::many_single_char_names, reason = "eight words of no meaning")]

/// Aligned, so that a row is loaded and stored at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(align(16))]
pub(in crate::password) struct Row([u32; 4]);

#[inline(always)]
pub(super) fn from_words(words: [u32; 4]) -> Row {
    Row(words)
}

#[inline(always)]
pub(super) fn to_words(Row(words): Row) -> [u32; 4] {
    words
}

#[inline(always)]
pub(super) fn first(Row([first, ..]): Row) -> u32 {
    first
}

#[inline(always)]
pub(super) fn add(Row([a, b, c, d]): Row, Row([e, f, g, h]): Row) -> Row {
    Row([a.wrapping_add(e), b.wrapping_add(f), c.wrapping_add(g), d.wrapping_add(h)])
}

#[inline(always)]
pub(super) fn xor(Row([a, b, c, d]): Row, Row([e, f, g, h]): Row) -> Row {
    Row([a ^ e, b ^ f, c ^ g, d ^ h])
}

/// Rotates each word to the left.
#[inline(always)]
pub(super) fn rotate<const BITS: u32>(Row([a, b, c, d]): Row) -> Row {
    Row([a.rotate_left(BITS), b.rotate_left(BITS), c.rotate_left(BITS), d.rotate_left(BITS)])
}

/// Each word takes the place after its own.
#[inline(always)]
pub(super) fn turn_right(Row([a, b, c, d]): Row) -> Row {
    Row([d, a, b, c])
}

#[inline(always)]
pub(super) fn swap_halves(Row([a, b, c, d]): Row) -> Row {
    Row([c, d, a, b])
}

/// Each word takes the place before its own.
#[inline(always)]
pub(super) fn turn_left(Row([a, b, c, d]): Row) -> Row {
    Row([b, c, d, a])
}
