use std::fmt;

use zeroize::Zeroizing;

use super::TokenDigest;
use crate::encoding;
use crate::random::{self, RandomError};
use crate::secret::{ExposeSecret, SecretString};

/// A bearer token that this server just made: random, erased on drop, shown to its client once.
///
/// ```
/// use palisade::token::Token;
///
/// let session = Token::generate()?; // 256 bits, 43 characters
/// assert_eq!(session.expose().len(), 43);
/// let short = Token::generate_bytes::<16>()?; // 128 bits, 22 characters
/// assert_eq!(short.expose().len(), 22);
/// # Ok::<(), palisade::random::RandomError>(())
/// ```
///
/// Fewer than 16 bytes (128 bits) or more than 64 (512 bits) do not compile:
///
/// ```compile_fail,E0080
/// let weak = palisade::token::Token::generate_bytes::<8>();
/// ```
///
/// # Security
/// Store [`Token::digest`], never the token.
// Not Clone: it goes to one client.
pub struct Token(SecretString);

impl Token {
    /// Makes a token of 32 random bytes: 256 bits, 43 characters of base64url.
    ///
    /// # Errors
    /// [`RandomError`] when the operating system's random source is unavailable.
    ///
    /// # Source
    /// RFC 4648 §5, without padding.
    pub fn generate() -> Result<Self, RandomError> {
        Self::generate_bytes::<32>()
    }

    /// Makes a token of `BYTES` random bytes, 16 to 64: 128 to 512 bits, `⌈BYTES × 4 / 3⌉` characters.
    ///
    /// # Errors
    /// [`RandomError`] when the operating system's random source is unavailable.
    pub fn generate_bytes<const BYTES: usize>() -> Result<Self, RandomError> {
        const {
            assert!(16 <= BYTES && BYTES <= 64, "a token has 16 to 64 random bytes");
        }
        let mut bytes = Zeroizing::new([0; BYTES]);
        random::fill(&mut *bytes)?;
        Ok(Self::from_text(encoding::base64url(&*bytes)))
    }

    pub(super) fn from_text(text: String) -> Self {
        Self(SecretString::from(text))
    }

    /// The token's text, to be sent to its client.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// What the server stores.
    pub fn digest(&self) -> TokenDigest {
        TokenDigest::of(self.expose())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::while_failing;

    #[test]
    fn lengths_are_those_documented() {
        assert_eq!(Token::generate_bytes::<16>().unwrap().expose().len(), 22);
        assert_eq!(Token::generate_bytes::<17>().unwrap().expose().len(), 23);
        assert_eq!(Token::generate().unwrap().expose().len(), 43);
        assert_eq!(Token::generate_bytes::<64>().unwrap().expose().len(), 86);
    }

    #[test]
    fn tokens_decode_to_their_bytes_and_differ() {
        let (one, two) = (Token::generate().unwrap(), Token::generate().unwrap());
        assert_ne!(one.expose(), two.expose());
        assert_eq!(encoding::from_base64url(one.expose(), &mut [0; 32]), Some(()));
    }

    #[test]
    fn failing_random_source_makes_no_token() {
        assert_eq!(while_failing(Token::generate).unwrap_err(), RandomError);
    }

    #[test]
    fn debug_prints_the_name_only() {
        assert_eq!(format!("{:?}", Token::generate().unwrap()), "Token");
    }
}
