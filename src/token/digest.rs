use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use sha2::{Digest, Sha256};

use crate::{compare, encoding};

/// What a server stores of a token: the SHA-256 of its text.
///
/// As a key it finds a session in one look-up; as text it is 64 lower-case hexadecimal digits.
///
/// ```
/// use palisade::token::TokenDigest;
///
/// let digest = TokenDigest::of("presented text");
/// let same: TokenDigest = digest.to_hex().parse()?;
/// assert_eq!(digest, same);
/// assert!(same.matches("presented text"));
/// # Ok::<(), palisade::token::DigestError>(())
/// ```
///
/// # Security
/// Comparison, with `==` too, takes a time independent of content. `Debug` shows the first four bytes, enough to
/// find a row and too few to be one.
///
/// # Source
/// SHA-256: FIPS 180-4 §6.2.
#[derive(Clone, Copy)]
pub struct TokenDigest([u8; 32]);

impl TokenDigest {
    /// Digests the text of a token.
    pub fn of(token: &str) -> Self {
        Self(Sha256::digest(token).into())
    }

    /// Whether `presented` is the token that this is the digest of, in a time independent of content.
    #[must_use = "a comparison nobody asks for protects nothing"]
    pub fn matches(&self, presented: &str) -> bool {
        *self == Self::of(presented)
    }

    /// 64 lower-case hexadecimal digits.
    pub fn to_hex(&self) -> String {
        encoding::hex(&self.0)
    }

    /// Reads back what [`to_hex`](Self::to_hex) wrote.
    ///
    /// # Errors
    /// [`DigestError`] for anything but 64 lower-case hexadecimal digits: one digest has one spelling.
    pub fn from_hex(text: &str) -> Result<Self, DigestError> {
        let mut bytes = [0; 32];
        encoding::from_hex(text, &mut bytes).map(|()| Self(bytes)).ok_or(DigestError)
    }

    /// The digest's 32 bytes, for a binary column.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads back what [`as_bytes`](Self::as_bytes) gave.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl PartialEq for TokenDigest {
    fn eq(&self, other: &Self) -> bool {
        compare::equal(&self.0, &other.0)
    }
}

impl Eq for TokenDigest {}

impl Hash for TokenDigest {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl fmt::Display for TokenDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_hex())
    }
}

impl FromStr for TokenDigest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        Self::from_hex(text)
    }
}

impl fmt::Debug for TokenDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, second, third, fourth, ..] = self.0;
        write!(f, "TokenDigest({first:02x}{second:02x}{third:02x}{fourth:02x}…)")
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for TokenDigest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_hex())
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for TokenDigest {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::from_hex(&text).map_err(serde::de::Error::custom)
    }
}

/// A stored digest is not 64 lower-case hexadecimal digits: the row is damaged, or of another kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a token digest is 64 lower-case hexadecimal digits")]
#[non_exhaustive]
pub struct DigestError;

#[cfg(test)]
mod tests {
    use super::*;

    // Source: FIPS 180-4 example, SHA-256 of "abc".
    const OF_ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn known_answer_both_ways() {
        assert_eq!(TokenDigest::of("abc").to_hex(), OF_ABC);
        assert_eq!(OF_ABC.parse::<TokenDigest>().unwrap(), TokenDigest::of("abc"));
        assert_eq!(TokenDigest::from_bytes(*TokenDigest::of("abc").as_bytes()).to_string(), OF_ABC);
    }

    #[test]
    fn other_spellings_are_refused() {
        let upper = OF_ABC.to_uppercase();
        let longer = format!("{OF_ABC}00");
        let line = format!("{OF_ABC}\n");
        for text in ["", &OF_ABC[2..], &longer, &upper, &line, &format!("g{}", &OF_ABC[1..])] {
            assert_eq!(TokenDigest::from_hex(text), Err(DigestError), "{text:?}");
        }
    }

    #[test]
    fn every_flipped_bit_of_a_stored_digest_stops_it_matching() {
        let digest = TokenDigest::of("token");
        assert!(digest.matches("token"));
        for bit in 0..256 {
            let mut bytes = *digest.as_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(!TokenDigest::from_bytes(bytes).matches("token"));
        }
    }

    #[test]
    fn debug_is_too_short_to_be_the_digest() {
        assert_eq!(format!("{:?}", TokenDigest::of("abc")), "TokenDigest(ba7816bf…)");
    }

    #[test]
    fn other_digests_have_other_hashes() {
        let state = std::hash::RandomState::new();
        let hash = |token| std::hash::BuildHasher::hash_one(&state, TokenDigest::of(token));
        assert_eq!(hash("abc"), hash("abc"));
        assert!(["abd", "b", ""].iter().any(|token| hash(token) != hash("abc")));
    }

    #[cfg(feature = "serde")]
    #[test]
    fn serde_form_is_the_hexadecimal_text() {
        let text = serde_json::to_string(&TokenDigest::of("abc")).unwrap();
        assert_eq!(text, format!("\"{OF_ABC}\""));
        assert_eq!(serde_json::from_str::<TokenDigest>(&text).unwrap(), TokenDigest::of("abc"));
        assert!(serde_json::from_str::<TokenDigest>("\"00\"").is_err());
    }
}
