use std::fmt;

use zeroize::Zeroizing;

use super::{Token, TokenDigest, TokenError, TokenErrorKind};
use crate::random::RandomError;
use crate::{compare, encoding};

/// A recognisable kind of token: `prefix_`, 30 random base62 digits, 6 digits of checksum.
///
/// The prefix tells people and secret scanners what was leaked; the checksum refuses a typo or a cut-off paste
/// before any database is asked.
///
/// ```
/// use palisade::token::TokenFormat;
///
/// let format = TokenFormat::new("acme_live")?;
/// let key = format.generate()?; // acme_live_yrmmMLALL9V8MnaF94Ii4KZMEXIWEM2SIuwn
///
/// let digest = format.check(key.expose())?.digest(); // well formed: now look it up
/// assert_eq!(digest, key.digest());
///
/// let typo = key.expose().replacen("acme_live_", "acme_live_x", 1);
/// assert!(format.check(&typo).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Format
/// ASCII, byte for byte, `n` being the prefix's length:
///
/// | bytes | content |
/// |---|---|
/// | 0 … n−1 | prefix: a letter, then letters, digits or `_`, not ending in `_`; 1 to 32 bytes |
/// | n | `_` |
/// | n+1 … n+30 | body: 30 digits of `0-9A-Za-z`, each uniformly random: 178.6 bits |
/// | n+31 … n+36 | CRC-32 (as in zip) of bytes 0 … n+30, as a number in base 62 with digits `0-9A-Za-z`, most significant first, padded with `0` |
///
/// `_` is not a base62 digit, so a double-click selects the whole token and the last `_` ends the prefix.
///
/// # Security
/// The checksum is public arithmetic, not a signature: anyone can make a well-formed token. Only the look-up of
/// its digest lets a caller in.
///
/// # Source
/// The shape follows GitHub's token formats of 2021; alphabet order and checksum coverage are our own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenFormat {
    /// With its `_`.
    prefix: String,
}

impl TokenFormat {
    /// Names a kind of token; `acme_live` gives `acme_live_…`.
    ///
    /// # Errors
    /// [`PrefixError`] when the prefix is not a letter followed by letters, digits or `_`, ends in `_`, or has
    /// more than 32 bytes.
    pub fn new(prefix: &str) -> Result<Self, PrefixError> {
        let known = prefix.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let starts = prefix.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic());
        if prefix.len() > MAX_PREFIX || !known || !starts || prefix.ends_with('_') {
            return Err(PrefixError);
        }
        Ok(Self { prefix: format!("{prefix}_") })
    }

    /// Makes a token of this format.
    ///
    /// # Errors
    /// [`RandomError`] when the operating system's random source is unavailable.
    pub fn generate(&self) -> Result<Token, RandomError> {
        let mut body = Zeroizing::new([0; BODY]);
        encoding::random_base62(&mut *body)?;
        Ok(Token::from_text(self.assemble(&body)))
    }

    /// Checks the form of a presented token; no database is needed to refuse a typo.
    ///
    /// # Errors
    /// [`TokenError`] when prefix, length, alphabet or checksum do not fit. Any change of one character is seen,
    /// as is any truncation.
    pub fn check<'a>(&self, presented: &'a str) -> Result<WellFormed<'a>, TokenError> {
        let refuse = |kind| Err(TokenError::new(kind));
        let Some(rest) = presented.as_bytes().strip_prefix(self.prefix.as_bytes()) else {
            return refuse(TokenErrorKind::Prefix);
        };
        if rest.len() != BODY + CHECKSUM {
            return refuse(TokenErrorKind::Length);
        }
        if !encoding::is_base62(rest) {
            return refuse(TokenErrorKind::Character);
        }
        // A second spelling of a checksum does not exist: the text is compared, not a number read from it.
        let (covered, checksum) = presented.as_bytes().split_at(presented.len() - CHECKSUM);
        if !compare::equal(checksum, &encoding::base62_u32(encoding::crc32(covered))) {
            return refuse(TokenErrorKind::Checksum);
        }
        Ok(WellFormed { text: presented })
    }

    /// The prefix that tokens of this format start with, its `_` included.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    fn assemble(&self, body: &[u8; BODY]) -> String {
        let mut text = Vec::with_capacity(self.prefix.len() + BODY + CHECKSUM);
        text.extend_from_slice(self.prefix.as_bytes());
        text.extend_from_slice(body);
        text.extend_from_slice(&encoding::base62_u32(encoding::crc32(&text)));
        String::from_utf8(text).expect("prefix and base62 digits are ASCII")
    }
}

/// A presented text whose form and checksum were checked; it is not yet known to anyone.
#[derive(Clone, Copy)]
#[must_use = "a well-formed token lets nobody in before its digest was looked up"]
pub struct WellFormed<'a> {
    text: &'a str,
}

impl<'a> WellFormed<'a> {
    /// What to look the token up by.
    pub fn digest(&self) -> TokenDigest {
        TokenDigest::of(self.text)
    }

    /// The presented text.
    pub const fn expose(&self) -> &'a str {
        self.text
    }
}

impl fmt::Debug for WellFormed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WellFormed")
    }
}

/// The prefix of a [`TokenFormat`] is not usable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a token prefix is a letter followed by letters, digits or '_', not ending in '_', of 32 bytes at most"
)]
#[non_exhaustive]
pub struct PrefixError;

/// Random digits: log2(62) × 30 = 178.6 bits.
const BODY: usize = 30;
/// 62^6 > 2^32.
const CHECKSUM: usize = 6;
const MAX_PREFIX: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::while_failing;
    use proptest::prelude::*;

    #[test]
    fn pinned_vectors_assemble_and_check() {
        let mut cases = 0;
        for line in include_str!("../../tests/vectors/token/format.txt").lines() {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let &[prefix, body, text, expected] = fields.as_slice() else { continue };
            if prefix == "#" {
                continue;
            }
            let format = TokenFormat::new(prefix).unwrap();
            match expected {
                "valid" => {
                    assert_eq!(format.assemble(body.as_bytes().try_into().unwrap()), text);
                    assert_eq!(format.check(text).unwrap().expose(), text);
                }
                kind => {
                    assert_eq!(format!("{:?}", format.check(text).unwrap_err().kind()), kind, "{text}");
                }
            }
            cases += 1;
        }
        assert!(cases >= 10, "only {cases} vectors were read");
    }

    #[test]
    fn generated_tokens_have_the_documented_shape() {
        let format = TokenFormat::new("acme_live").unwrap();
        let token = format.generate().unwrap();
        assert_eq!(token.expose().len(), "acme_live_".len() + 36);
        assert_eq!(format.prefix(), "acme_live_");
        assert!(token.expose().starts_with(format.prefix()));
        let well_formed = format.check(token.expose()).unwrap();
        assert_eq!(well_formed.digest(), token.digest());
        assert_eq!(format!("{well_formed:?}"), "WellFormed");
        assert_ne!(token.expose(), format.generate().unwrap().expose());
    }

    #[test]
    fn prefixes() {
        for good in ["a", "A9", "acme_live", "sk_test_2", "a__b", &"x".repeat(32)] {
            assert!(TokenFormat::new(good).is_ok(), "{good}");
        }
        for bad in ["", "_a", "a_", "9a", "a-b", "a b", "ä", "a\0", &"x".repeat(33)] {
            assert_eq!(TokenFormat::new(bad), Err(PrefixError), "{bad:?}");
        }
    }

    #[test]
    fn every_change_of_one_byte_is_refused() {
        let format = TokenFormat::new("k").unwrap();
        let token = format.generate().unwrap();
        for position in 0..token.expose().len() {
            for replacement in 0..=127 {
                let mut bytes = token.expose().as_bytes().to_vec();
                if bytes[position] != replacement {
                    bytes[position] = replacement;
                    let changed = String::from_utf8(bytes).unwrap();
                    assert!(format.check(&changed).is_err(), "{replacement} at {position}");
                }
            }
        }
    }

    #[test]
    fn failing_random_source_makes_no_token() {
        let format = TokenFormat::new("k").unwrap();
        assert!(while_failing(|| format.generate()).is_err());
    }

    proptest! {
        #[test]
        fn truncated_extended_and_swapped_tokens_are_refused(cut in 0_usize..40, extra in "[0-9A-Za-z]{1,3}") {
            let format = TokenFormat::new("acme").unwrap();
            let token = format.generate().unwrap();
            let text = token.expose();
            prop_assert!(format.check(&text[..cut]).is_err());
            let extended = format!("{text}{extra}");
            prop_assert!(format.check(&extended).is_err());
            if let Some(&[a, b]) = text.as_bytes().get(cut..cut + 2)
                && a != b
            {
                let mut swapped = text.as_bytes().to_vec();
                swapped.swap(cut, cut + 1);
                prop_assert!(format.check(std::str::from_utf8(&swapped).unwrap()).is_err());
            }
        }

        #[test]
        fn arbitrary_text_is_refused_without_being_repeated(text: String) {
            let error = TokenFormat::new("acme").unwrap().check(&text).unwrap_err();
            let shown = format!("{error} {error:?}");
            prop_assert!(text.len() < 20 || !shown.contains(&text));
        }
    }
}
