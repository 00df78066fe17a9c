//! The only door to the operating system's random source.
//!
//! Every random byte this crate uses comes through [`fill`]. It blocks until the system has gathered enough
//! entropy after boot, and it fails rather than hand out anything weaker.
//!
//! It does not offer seeds, ranges or distributions: those are for simulations, not for secrets.
//!
//! ```
//! let mut nonce = [0; 24];
//! palisade::random::fill(&mut nonce)?;
//! let key: palisade::secret::SecretBytes = palisade::random::secret_bytes(32)?;
//! # assert_ne!(nonce, [0; 24]);
//! # Ok::<(), palisade::random::RandomError>(())
//! ```
//!
//! # Source
//! `getrandom(2)` on Linux and its counterparts elsewhere, through `ring::rand::SystemRandom`.

use ring::rand::{SecureRandom, SystemRandom};
use zeroize::Zeroize;

use crate::secret::SecretBytes;

/// Fills `buffer` with random bytes.
///
/// # Errors
/// [`RandomError`]; `buffer` is then erased, so that a half-filled one is never mistaken for a key.
pub fn fill(buffer: &mut [u8]) -> Result<(), RandomError> {
    source(buffer).inspect_err(|_| buffer.zeroize())
}

/// Makes a secret of `len` random bytes.
///
/// # Errors
/// [`RandomError`].
pub fn secret_bytes(len: usize) -> Result<SecretBytes, RandomError> {
    SecretBytes::try_filled(len, fill)
}

/// The operating system's random source is unavailable; nothing random was made.
///
/// Seen where system calls are filtered or `/dev/urandom` is missing. Retrying seldom helps: check the
/// container's or sandbox's rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the operating system's random source is unavailable")]
#[non_exhaustive]
pub struct RandomError;

#[cfg(not(test))]
fn source(buffer: &mut [u8]) -> Result<(), RandomError> {
    SystemRandom::new().fill(buffer).map_err(|_| RandomError)
}

#[cfg(test)]
pub(crate) use failing::{source, while_failing};

/// The source that unit tests see: the real one, until a test makes it fail on its own thread.
#[cfg(test)]
mod failing {
    use super::{RandomError, SecureRandom, SystemRandom};
    use std::cell::Cell;

    thread_local!(static FAILING: Cell<bool> = const { Cell::new(false) });

    pub(crate) fn source(buffer: &mut [u8]) -> Result<(), RandomError> {
        if FAILING.get() {
            buffer.iter_mut().take(3).for_each(|byte| *byte = 0xaa);
            return Err(RandomError);
        }
        SystemRandom::new().fill(buffer).map_err(|_| RandomError)
    }

    pub(crate) fn while_failing<T>(work: impl FnOnce() -> T) -> T {
        FAILING.set(true);
        let result = work();
        FAILING.set(false);
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::ExposeSecret;

    #[test]
    fn failing_source_is_an_error_and_leaves_no_bytes() {
        let mut buffer = [7; 16];
        assert_eq!(while_failing(|| fill(&mut buffer)), Err(RandomError));
        assert_eq!(buffer, [0; 16]);
        assert_eq!(while_failing(|| secret_bytes(16)).unwrap_err(), RandomError);
    }

    #[test]
    fn every_byte_position_is_filled() {
        // 64 draws of 40 bytes: a position that stays zero in all of them has a chance of 40 / 2^512.
        let mut seen = [0_u8; 40];
        for _ in 0..64 {
            let bytes = secret_bytes(40).unwrap();
            seen.iter_mut().zip(bytes.expose_secret()).for_each(|(seen, byte)| *seen |= byte);
        }
        assert!(seen.iter().all(|&byte| byte != 0));
    }
}
