use std::fmt;

use crate::encoding;
use crate::random::{self, RandomError};

/// A number used once: names the scripts and styles of one response that its server wrote.
///
/// ```
/// use palisade::web::Nonce;
///
/// let nonce = Nonce::generate()?;
/// let tag = format!("<script nonce=\"{nonce}\">"); // needs no escaping
/// assert_eq!(nonce.to_string().len(), 22);
/// # Ok::<(), palisade::random::RandomError>(())
/// ```
///
/// # Security
/// 128 random bits. Make one for each response, and write it into the tags that your own templates hold; whoever adds it to
/// all tags of a finished page adds it to those that were injected too. A response that holds one must not be cached for others.
///
/// # Source
/// Content Security Policy Level 3, §§2.3.1, 7.1.
#[derive(Clone)]
pub struct Nonce(String);

impl Nonce {
    /// Makes one.
    ///
    /// # Errors
    /// [`RandomError`].
    pub fn generate() -> Result<Self, RandomError> {
        let mut bytes = [0; 16];
        random::fill(&mut bytes)?;
        Ok(Self::new(&bytes))
    }

    pub(super) fn new(random: &[u8; 16]) -> Self {
        Self(encoding::base64url(random))
    }

    /// Stands for a nonce in what is rendered once for all responses.
    #[cfg(feature = "tower")]
    pub(super) fn mark() -> Self {
        Self(Self::MARK.to_owned())
    }

    /// No policy has it otherwise.
    #[cfg(feature = "tower")]
    pub(super) const MARK: &str = "\0";

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// For templates.
impl fmt::Display for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Nonce")
    }
}
