use std::fmt;

use zeroize::Zeroizing;

use crate::compare::Choice;
use crate::encoding;
use crate::random::RandomError;
use crate::secret::{ExposeSecret, HASH, SecretString, on_clean_stack};
use crate::token::TokenDigest;

/// Ten codes that each let their user in once, when the authenticator is lost. Shown once, erased when dropped.
///
/// [`OtpVerifier::replace_recovery_codes`](super::OtpVerifier::replace_recovery_codes) makes and stores them in one call.
///
/// ```
/// use palisade::session::otp::RecoveryCodes;
///
/// let codes = RecoveryCodes::generate()?;
/// for code in codes.expose() { // x8vq-3m0c-9d2k-hw7r
///     assert_eq!(code.len(), 19);
/// }
/// let stored = codes.digests("17"); // of user 17 alone
/// assert_eq!(stored.len(), 10);
/// # Ok::<(), palisade::random::RandomError>(())
/// ```
///
/// # Format
/// Sixteen digits of Crockford's base32 in lower case, 80 random bits, in groups of four. What is typed may be in either case
/// and grouped in any way, with `o` for `0` and `i` or `l` for `1`. A digest is the SHA-256 of `palisade recovery code `, the
/// length of the user in bytes as decimal digits, `:`, the user, `:`, and the sixteen digits.
///
/// # Security
/// Who steals the digests needs some 2^76 guesses for one of a user's ten codes. Each digest is bound to its user: it cannot
/// be searched for among those of all users at once, and a row that is moved to another user is of no use there. Where
/// NIST SP 800-63B applies, mind that it asks for a slow hash of whatever has fewer than 112 bits.
///
/// # Source
/// Douglas Crockford, "Base 32".
// Not Clone: they are shown to one user.
pub struct RecoveryCodes(Vec<SecretString>);

impl RecoveryCodes {
    /// Makes ten codes.
    ///
    /// # Errors
    /// [`RandomError`] when the operating system's random source is unavailable.
    pub fn generate() -> Result<Self, RandomError> {
        (0..COUNT).map(|_| generate()).collect::<Result<_, _>>().map(Self)
    }

    /// The codes' texts, to be shown to their user.
    pub fn expose(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(ExposeSecret::expose_secret)
    }

    /// What a [`CodeStore`](super::CodeStore) holds of them, for this user.
    pub fn digests(&self, user: &str) -> Vec<TokenDigest> {
        self.expose().filter_map(|code| digest(user, code)).collect()
    }
}

impl fmt::Debug for RecoveryCodes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryCodes")
    }
}

/// What is stored of a code that somebody typed; `None` when it has another form.
pub(super) fn digest(user: &str, presented: &str) -> Option<TokenDigest> {
    if presented.len() > LONGEST_TEXT {
        return None;
    }
    let length = user.len().to_string();
    let mut text = Zeroizing::new(Vec::with_capacity(LABEL.len() + length.len() + user.len() + 2 + DIGITS));
    for part in [LABEL, &length, ":", user, ":"] {
        text.extend_from_slice(part.as_bytes());
    }
    let digits = text.len() + DIGITS;
    let mut known = Choice::from(1);
    for typed in presented.bytes().filter(|typed| !encoding::is_separator(*typed)) {
        if text.len() == digits {
            return None;
        }
        let (digit, is_known) = encoding::typed_crockford(typed);
        known &= is_known;
        text.push(digit);
    }
    let whole = bool::from(known) && text.len() == digits;
    let text = whole.then(|| std::str::from_utf8(&text).expect("user and digits are UTF-8"))?;
    Some(on_clean_stack::<HASH, _>(|| TokenDigest::of(text)))
}

fn generate() -> Result<SecretString, RandomError> {
    let mut digits = Zeroizing::new([0; DIGITS]);
    encoding::random_crockford(&mut *digits)?;
    let mut text = Vec::with_capacity(DIGITS + DIGITS / 4);
    for (index, digit) in digits.iter().enumerate() {
        if index > 0 && index % 4 == 0 {
            text.push(b'-');
        }
        text.push(*digit);
    }
    let text = String::from_utf8(text).expect("digits are ASCII");
    Ok(SecretString::from(text))
}

const COUNT: usize = 10;
/// Of five random bits each.
const DIGITS: usize = 16;
/// Digits with what stands between them.
const LONGEST_TEXT: usize = 64;
const LABEL: &str = "palisade recovery code ";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::while_failing;

    #[test]
    fn a_failing_random_source_makes_no_codes() {
        assert!(while_failing(RecoveryCodes::generate).is_err());
    }

    #[test]
    fn every_spelling_of_a_code_has_one_digest() {
        // Source: Python's hashlib.sha256(b"palisade recovery code 2:17:0123456789abcdef").
        let known = "d761cfb7cae23ed3d56af8c0c2f90fe3670238f777c9018a08d7f02e7c0529b0";
        let expected = TokenDigest::from_hex(known).unwrap();
        for typed in [
            "0123-4567-89ab-cdef",
            "0123456789abcdef",
            " 0123 4567 89AB CDEF\n",
            "oI23-4567-89ab-cdef",
            "OL23-4567-89AB-CDEF",
            "-O-i-2-3-4-5-6-7-8-9-a-b-c-d-e-f-",
        ] {
            assert_eq!(digest("17", typed), Some(expected), "{typed:?}");
        }
        assert_ne!(digest("18", "0123456789abcdef"), Some(expected));
    }

    #[test]
    fn other_forms_have_none() {
        let long = "0".repeat(1 << 20);
        for typed in [
            "", "-", "0123-4567-89ab-cde", "0123-4567-89ab-cdef-0", "u123-4567-89ab-cdef",
            "0123456789abcde\0", "+123456789abcdef", "٠123456789abcdef", "０123456789abcdef",
            "0123_4567_89ab_cdef", &long,
        ] {
            assert_eq!(digest("17", typed), None, "{} bytes", typed.len());
        }
    }

    #[test]
    fn users_and_codes_do_not_run_into_each_other() {
        // Without the length, user "1:0" would be taken for user "1" and a digit.
        assert_ne!(digest("1:0", "0123456789abcdef"), digest("1", "0123456789abcdef"));
        assert_ne!(digest("", "0123456789abcdef"), digest("0", "0123456789abcdef"));
    }
}
