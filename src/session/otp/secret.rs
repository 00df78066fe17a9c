use std::fmt;

use zeroize::Zeroizing;

use super::algorithm::Algorithm;
use crate::encoding;
use crate::random::{self, RandomError};
use crate::seal::{Context, SealError, SealErrorKind, Sealer};
use crate::secret::{ExposeSecret, SecretBytes, SecretString};

/// What server and authenticator share: random bytes, erased when dropped, sealed at rest.
///
/// Unlike a password it cannot be stored as a hash, since the server computes codes from it. [`seal`](Self::seal) binds it to
/// its user: a row that is moved to another user does not open.
///
/// ```
/// use palisade::keys::KeyRing;
/// use palisade::seal::Sealer;
/// use palisade::session::otp::OtpSecret;
///
/// let sealer = Sealer::new(&KeyRing::generate()?);
/// let secret = OtpSecret::generate()?;
/// let column = secret.seal(&sealer, "17")?; // → users.otp_secret of user 17
///
/// assert!(OtpSecret::open(&sealer, "17", &column).is_ok());
/// assert!(OtpSecret::open(&sealer, "18", &column).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// It is not copied, compared by `==` or serialised:
///
/// ```compile_fail,E0599
/// let copy = palisade::session::otp::OtpSecret::generate()?.clone();
/// # Ok::<(), palisade::random::RandomError>(())
/// ```
/// ```compile_fail,E0369
/// use palisade::session::otp::OtpSecret;
/// let same = OtpSecret::generate()? == OtpSecret::generate()?;
/// # Ok::<(), palisade::random::RandomError>(())
/// ```
/// ```compile_fail,E0277
/// let text = serde_json::to_string(&palisade::session::otp::OtpSecret::generate()?);
/// # Ok::<(), palisade::random::RandomError>(())
/// ```
// Not Clone: two copies are two places to erase. Not PartialEq: `==` would stop at the first difference.
pub struct OtpSecret(SecretBytes);

/// Why a text is not the secret of an authenticator.
///
/// It says what is wrong with the form; it never holds the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a secret in base32: {}", self.kind)]
pub struct OtpSecretError {
    kind: OtpSecretErrorKind,
}

/// What is wrong with the form of a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OtpSecretErrorKind {
    /// Fewer than 10 bytes or more than 128, or more than 512 characters with what stands between them.
    #[error("it has fewer than 10 bytes or more than 128")]
    Length,
    /// A character, the padding, or the last character's unused bits cannot occur.
    #[error("it has a character or padding that cannot occur there")]
    Character,
}

impl OtpSecret {
    /// Makes a secret of 20 random bytes: 160 bits, for [`Otp::default`](super::Otp::default).
    ///
    /// # Errors
    /// [`RandomError`] when the operating system's random source is unavailable.
    ///
    /// # Source
    /// RFC 4226 §4, requirement R6.
    pub fn generate() -> Result<Self, RandomError> {
        Self::generate_for(Algorithm::Sha1)
    }

    /// Makes a secret as long as the hash of `algorithm`: 20, 32 or 64 random bytes.
    ///
    /// # Errors
    /// [`RandomError`] when the operating system's random source is unavailable.
    ///
    /// # Source
    /// RFC 6238 §3, requirement R6, and §5.1.
    pub fn generate_for(algorithm: Algorithm) -> Result<Self, RandomError> {
        random::secret_bytes(algorithm.output_len()).map(Self)
    }

    /// Reads a secret that another system made: base32 in either case, in groups divided by spaces or hyphens or in none,
    /// with its padding or without.
    ///
    /// It takes 10 to 128 bytes. Of those from 10 to 15 it takes the old secrets of 80 bits that many services have handed
    /// out; RFC 4226 asks for 16 or more, and [`generate`](Self::generate) makes 20.
    ///
    /// ```
    /// use palisade::session::otp::OtpSecret;
    ///
    /// let secret = OtpSecret::from_base32("jbsw y3dp ehpk 3pxp")?;
    /// assert_eq!(secret.expose_base32().len(), 16);
    /// # Ok::<(), palisade::session::otp::OtpSecretError>(())
    /// ```
    ///
    /// # Errors
    /// [`OtpSecretError`], which never holds the text.
    ///
    /// # Source
    /// RFC 4648 §6.
    pub fn from_base32(text: &str) -> Result<Self, OtpSecretError> {
        let refuse = |kind| OtpSecretError { kind };
        if text.len() > LONGEST_TEXT {
            return Err(refuse(OtpSecretErrorKind::Length));
        }
        let mut digits = Zeroizing::new(Vec::with_capacity(text.len()));
        digits.extend(
            text.bytes().filter(|byte| !matches!(byte, b' ' | b'-')).map(|byte| byte.to_ascii_uppercase()),
        );
        let padding = digits.iter().rev().take_while(|&&byte| byte == b'=').count();
        if padding > 0 && !digits.len().is_multiple_of(8) {
            return Err(refuse(OtpSecretErrorKind::Character));
        }
        // More than six signs leave a rest of one character or none, which is no base32.
        let (digits, _) = digits.split_at(digits.len() - padding.min(7));
        let bytes = encoding::from_base32(digits).ok_or(refuse(OtpSecretErrorKind::Character))?;
        Self::of(bytes).ok_or(refuse(OtpSecretErrorKind::Length))
    }

    /// The secret as text, for those who type it instead of scanning it: base32 in upper case, without padding.
    pub fn expose_base32(&self) -> SecretString {
        SecretString::from(encoding::base32(self.expose()))
    }

    /// Encrypts the secret for `user`, for a column of this user's row. `user` is the account's number or another name of
    /// it that never changes.
    ///
    /// # Errors
    /// [`SealErrorKind::Random`].
    pub fn seal(&self, sealer: &Sealer, user: &str) -> Result<Vec<u8>, SealError> {
        sealer.seal(self.expose(), context(user))
    }

    /// Decrypts what [`seal`](Self::seal) made for the same user.
    ///
    /// # Errors
    /// [`SealErrorKind::Rejected`] when it was sealed for somebody else or something else, by another ring, or was changed.
    pub fn open(sealer: &Sealer, user: &str, sealed: &[u8]) -> Result<Self, SealError> {
        let bytes = sealer.open(sealed, context(user))?;
        Self::of(bytes).ok_or(SealErrorKind::Rejected.into())
    }

    /// Seals anew what was sealed under a key that is not the ring's primary one any more; `None` where nothing is to be
    /// done. See [`Sealer::reseal`].
    ///
    /// # Errors
    /// As [`open`](Self::open) and [`seal`](Self::seal).
    pub fn reseal(sealer: &Sealer, user: &str, sealed: &[u8]) -> Result<Option<Vec<u8>>, SealError> {
        sealer.reseal(sealed, context(user))
    }

    fn of(bytes: SecretBytes) -> Option<Self> {
        (10..=128).contains(&bytes.len()).then_some(Self(bytes))
    }

    pub(super) fn expose(&self) -> &[u8] {
        self.0.expose_secret()
    }
}

impl fmt::Debug for OtpSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OtpSecret")
    }
}

impl OtpSecretError {
    /// What is wrong.
    pub const fn kind(&self) -> OtpSecretErrorKind {
        self.kind
    }
}

fn context(user: &str) -> Context {
    ["palisade otp secret", user].into()
}

/// 128 bytes are 205 characters; as many and more may stand between them.
const LONGEST_TEXT: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::while_failing;

    #[test]
    fn a_failing_random_source_makes_no_secret() {
        assert!(while_failing(OtpSecret::generate).is_err());
        assert!(while_failing(|| OtpSecret::generate_for(Algorithm::Sha512)).is_err());
    }

    #[test]
    fn what_is_sealed_under_the_context_but_is_no_secret_does_not_open() {
        let sealer = Sealer::new(crate::keys::KeyRing::generate().unwrap());
        for len in [0, 9, 129] {
            let sealed = sealer.seal(&vec![7; len], ["palisade otp secret", "17"]).unwrap();
            let error = OtpSecret::open(&sealer, "17", &sealed).unwrap_err();
            assert_eq!(error.kind(), SealErrorKind::Rejected);
        }
    }
}
