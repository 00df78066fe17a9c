//! Compare bytes without telling where they differ.
//!
//! `==` stops at the first difference, so that its time tells how much of a guess was right. [`equal`] always
//! reads both slices to their end.
//!
//! It does not hide lengths. Where a length is secret, compare digests, as
//! [`TokenDigest::matches`](crate::token::TokenDigest::matches) does.
//!
//! ```
//! use palisade::compare;
//!
//! assert!(compare::equal(b"9f86d081884c7d65", b"9f86d081884c7d65"));
//! assert!(!compare::equal(b"9f86d081884c7d65", b"9f86d081884c7d64"));
//! assert!(!compare::equal(b"9f86", b"9f86d081884c7d65")); // at once: lengths are not secret
//! ```
//!
//! # Security
//! The time is independent of content, not of length or address. A compiler may turn a branch-free loop back
//! into one that stops early; the defence is that of the `constant_time_eq` crate: the loop itself is written
//! in inline assembly on `x86` with SSE2 and on `aarch64` with NEON, where it also sets the processor's
//! data-independent-timing bit, and elsewhere every accumulated word passes through an assembly barrier that
//! the optimiser cannot look into.
//!
//! Chosen on measurement, 2026-11-22, rustc 1.95, x86-64: 32 bytes take 2.2 ns, 1 KiB 18 ns; subtle's slice
//! comparison, with a barrier for each byte, 36 ns and 1.1 µs; `==` 1.3 and 11 ns. `benches/README.md` tells how
//! to repeat it.

pub use subtle::{Choice, ConditionallySelectable, ConstantTimeEq, CtOption};

/// Whether `a` and `b` are the same bytes, in a time independent of their content, not of their lengths.
///
/// Slices of different lengths are unequal at once.
///
/// # Security
/// What the caller does with the answer is visible: both outcomes should lead to the same work.
#[inline]
#[must_use = "a comparison nobody asks for protects nothing"]
pub fn equal(a: &[u8], b: &[u8]) -> bool {
    constant_time_eq::constant_time_eq(a, b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_single_bit_flip_is_seen() {
        for len in (0..=130).chain([255, 256, 257, 1024]) {
            let a: Vec<u8> = (0..=255).cycle().take(len).collect();
            let mut b = a.clone();
            assert!(equal(&a, &b));
            for bit in 0..len * 8 {
                b[bit / 8] ^= 1 << (bit % 8);
                assert!(!equal(&a, &b), "bit {bit} of {len} bytes");
                b[bit / 8] ^= 1 << (bit % 8);
            }
        }
    }

    #[test]
    fn unaligned_slices_and_all_ones_are_compared_rightly() {
        let a = [0xff_u8; 200];
        let b = [0x00_u8; 200];
        for start in 0..17 {
            assert!(equal(&a[start..start + 64], &a[start + 1..start + 65]));
            assert!(!equal(&a[start..start + 64], &b[start..start + 64]));
        }
    }

    #[test]
    fn lengths_differ() {
        assert!(!equal(b"", b"a"));
        assert!(!equal(b"a", b""));
        assert!(!equal(b"aa", b"a"));
        assert!(equal(b"", b""));
    }
}
