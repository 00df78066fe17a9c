use std::fmt;

use zeroize::Zeroizing;

use super::{Token, TokenDigest, TokenError, TokenErrorKind};
use crate::encoding;
use crate::random::{self, RandomError};

/// A token in two parts: a selector that finds the row, and a verifier that proves the right to it.
///
/// Looking a secret up in an index compares it in a time that depends on content. Here the index sees only the
/// selector, which is no secret, and the rest is compared in a time independent of content.
///
/// ```
/// use palisade::token::SplitToken;
///
/// let issued = SplitToken::generate()?;
/// let row = (issued.selector().to_owned(), issued.digest()); // the two columns to store
///
/// let presented = SplitToken::parse(issued.expose())?;
/// assert_eq!(presented.selector(), row.0); // SELECT … WHERE selector = ?
/// assert!(presented.matches(&row.1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Format
/// 66 characters: the selector, 16 random bytes as 22 characters of base64url; `.`; the verifier, 32 random bytes
/// as 43 characters of base64url. The stored digest is the SHA-256 of all 66, so that it also binds the selector:
/// a digest moved to another row matches nothing.
pub struct SplitToken(Token);

impl SplitToken {
    /// Makes a token with a selector of 128 and a verifier of 256 random bits.
    ///
    /// # Errors
    /// [`RandomError`] when the operating system's random source is unavailable.
    pub fn generate() -> Result<Self, RandomError> {
        let mut bytes = Zeroizing::new([0; SELECTOR_BYTES + VERIFIER_BYTES]);
        random::fill(&mut *bytes)?;
        let (selector, verifier) = bytes.split_at(SELECTOR_BYTES);
        let verifier = Zeroizing::new(encoding::base64url(verifier));
        let mut text = String::with_capacity(SELECTOR + 1 + verifier.len());
        text.push_str(&encoding::base64url(selector));
        text.push('.');
        text.push_str(&verifier);
        Ok(Self(Token::from_text(text)))
    }

    /// Reads a presented token's two parts.
    ///
    /// # Errors
    /// [`TokenError`] when the text is not two such parts in their one spelling.
    pub fn parse(presented: &str) -> Result<PresentedSplit<'_>, TokenError> {
        if presented.len() != SELECTOR + 1 + VERIFIER {
            return Err(TokenError::new(TokenErrorKind::Length));
        }
        let decodes = |(selector, verifier)| {
            encoding::from_base64url(selector, &mut [0; SELECTOR_BYTES])?;
            encoding::from_base64url(verifier, &mut *Zeroizing::new([0; VERIFIER_BYTES]))
        };
        match presented.split_once('.').and_then(decodes) {
            Some(()) => Ok(PresentedSplit { text: presented }),
            None => Err(TokenError::new(TokenErrorKind::Character)),
        }
    }

    /// The part to store as it is and to look up by: 22 characters.
    pub fn selector(&self) -> &str {
        selector(self.expose())
    }

    /// What to store beside the selector.
    pub fn digest(&self) -> TokenDigest {
        self.0.digest()
    }

    /// The token's text, to be sent to its client.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl fmt::Debug for SplitToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SplitToken")
    }
}

/// A presented [`SplitToken`] whose form was checked; it is not yet known to anyone.
#[derive(Clone, Copy)]
#[must_use = "a well-formed token lets nobody in before it matched a stored digest"]
pub struct PresentedSplit<'a> {
    text: &'a str,
}

impl<'a> PresentedSplit<'a> {
    /// The part to look up by.
    pub fn selector(&self) -> &'a str {
        selector(self.text)
    }

    /// Whether this is the token that `stored` is the digest of, in a time independent of content.
    #[must_use = "a comparison nobody asks for protects nothing"]
    pub fn matches(&self, stored: &TokenDigest) -> bool {
        stored.matches(self.text)
    }
}

impl fmt::Debug for PresentedSplit<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PresentedSplit")
    }
}

fn selector(text: &str) -> &str {
    text.get(..SELECTOR).expect("both types hold 66 ASCII characters")
}

const SELECTOR_BYTES: usize = 16;
const VERIFIER_BYTES: usize = 32;
/// Characters of base64url.
const SELECTOR: usize = 22;
const VERIFIER: usize = 43;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::while_failing;
    use proptest::prelude::*;

    #[test]
    fn issued_token_is_found_and_matches() {
        let issued = SplitToken::generate().unwrap();
        let presented = SplitToken::parse(issued.expose()).unwrap();
        assert_eq!(issued.expose().len(), 66);
        assert_eq!(presented.selector(), issued.selector());
        assert!(presented.matches(&issued.digest()));
        assert!(!presented.matches(&SplitToken::generate().unwrap().digest()));
        assert_eq!(format!("{issued:?} {presented:?}"), "SplitToken PresentedSplit");
    }

    #[test]
    fn digest_binds_the_selector() {
        let (one, two) = (SplitToken::generate().unwrap(), SplitToken::generate().unwrap());
        let moved = format!("{}{}", two.selector(), &one.expose()[SELECTOR..]);
        assert!(!SplitToken::parse(&moved).unwrap().matches(&one.digest()));
    }

    #[test]
    fn damaged_forms_are_refused() {
        let token = "AAAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        assert!(SplitToken::parse(token).is_ok());
        let damaged = [
            (token[..65].to_owned(), TokenErrorKind::Length),
            (format!("{token}A"), TokenErrorKind::Length),
            (String::new(), TokenErrorKind::Length),
            (token.replace('.', "A"), TokenErrorKind::Character),
            (token.replace('.', "-"), TokenErrorKind::Character),
            (token.replacen("AA", "A.", 1), TokenErrorKind::Character),
            (format!("{}B", &token[..65]), TokenErrorKind::Character), // unused bits set
            (token.replacen("A.", "B.", 1), TokenErrorKind::Character), // unused bits set
            (token.replacen('A', "=", 1), TokenErrorKind::Character),
            (token.replacen("AA", "ä", 1), TokenErrorKind::Character),
        ];
        for (text, kind) in damaged {
            assert_eq!(SplitToken::parse(&text).unwrap_err().kind(), kind, "{text}");
        }
    }

    #[test]
    fn failing_random_source_makes_no_token() {
        assert!(while_failing(SplitToken::generate).is_err());
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in "\\PC{0,70}", ascii in "[A-Za-z0-9_.-]{66}") {
            let _ = SplitToken::parse(&text);
            if let Ok(presented) = SplitToken::parse(&ascii) {
                prop_assert_eq!(presented.selector().len(), 22);
            }
        }
    }
}
