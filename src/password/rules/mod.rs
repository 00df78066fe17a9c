//! Which passwords a user may choose.

#[cfg(feature = "blocklist")]
mod blocklist;
mod guess;

use std::fmt;

use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use super::MAX_PASSWORD_BYTES;

/// Judges a password that a user chooses: long enough, and not one that is guessed first.
///
/// There is nothing about digits, capitals or punctuation, and no password expires: such rules make passwords worse.
/// Any Unicode is taken, spaces and NUL too.
///
/// ```
/// use palisade::password::{Refusal, Rules};
///
/// let rules = Rules::default().context(["alice", "acme shop"]);
/// assert!(rules.check("correct horse battery staple").is_ok());
/// assert_eq!(rules.check("tooshort").unwrap_err(), Refusal::TooShort { least: 15 });
/// assert_eq!(rules.check("abcdefghijklmnop").unwrap_err(), Refusal::Sequence);
/// assert_eq!(rules.check("Alice-Alice-Alice").unwrap_err(), Refusal::Context);
/// println!("{}", rules.check("tooshort").unwrap_err()); // at least 15 characters, please
/// ```
///
/// The feature `blocklist` adds some 90,000 words, names and leaked passwords that are looked for in it; without it only
/// the caller's words, repetitions and sequences are seen through.
///
/// It is the whole password that is held against them: a word or a sequence in it does no harm where there is enough
/// beside it. The standard asks for a comparison with a list of whole passwords; at 15 characters no list would ever bite.
///
/// # Source
/// NIST SP 800-63B-4 §3.1.1.2. The words of `blocklist`: the frequency lists of zxcvbn.
#[derive(Clone, Debug)]
pub struct Rules {
    least: usize,
    /// Folded; at least three characters each.
    context: Vec<String>,
}

/// Proof that a password may be chosen.
#[must_use = "hash what it lends"]
#[derive(Clone, Copy)]
pub struct Acceptable<'p>(&'p str);

/// Why a password may not be chosen, in words for its user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// It has fewer characters than asked for.
    #[error("at least {least} characters, please")]
    TooShort {
        /// How many it must have.
        least: usize,
    },
    /// It has more than 4,096 bytes.
    #[error("at most 4096 bytes, please")]
    TooLong,
    /// It is made of few words that many people choose.
    #[error("it is made of words that are guessed first, add some that nobody expects")]
    Common,
    /// It is made of the user's or service's own name, or another word of the context.
    #[error("it is mostly a name that belongs here, add words that do not")]
    Context,
    /// It repeats itself.
    #[error("it repeats itself, add something else")]
    Repetitive,
    /// It goes along the alphabet, the numbers or the keyboard.
    #[error("it is mostly a sequence of neighbours, add something else")]
    Sequence,
}

impl Rules {
    /// For passwords that are used with a second factor: 8 characters instead of 15.
    pub fn with_second_factor() -> Self {
        Self { least: 8, ..Self::default() }
    }

    /// How many characters at least, where more are wanted than the standard asks for. Fewer are not.
    #[must_use]
    pub fn min_chars(mut self, count: usize) -> Self {
        self.least = self.least.max(count.min(MAX_LEAST));
        self
    }

    /// Words that an attacker tries first here: the user's names, the service's name. Those of one or two characters
    /// are not looked for.
    #[must_use]
    pub fn context<W: AsRef<str>>(mut self, words: impl IntoIterator<Item = W>) -> Self {
        for words in words {
            let folded = fold(words.as_ref());
            let parts = folded.split(|character: char| !character.is_alphanumeric());
            let long_enough = parts.filter(|part| part.chars().count() >= 3).take(MAX_CONTEXT);
            self.context.extend(long_enough.map(|part| part.chars().take(MAX_WORD).collect::<String>()));
        }
        self.context.truncate(MAX_CONTEXT);
        self
    }

    /// Judges a password.
    ///
    /// # Errors
    /// [`Refusal`], to be shown to the user.
    pub fn check<'p>(&self, password: &'p str) -> Result<Acceptable<'p>, Refusal> {
        if password.len() > MAX_PASSWORD_BYTES {
            return Err(Refusal::TooLong);
        }
        if password.nfc().count() < self.least {
            return Err(Refusal::TooShort { least: self.least });
        }
        let folded = Zeroizing::new(fold(password));
        match guess::refusal(&folded, self.least, &self.context) {
            Some(refusal) => Err(refusal),
            None => Ok(Acceptable(password)),
        }
    }
}

impl<'p> Acceptable<'p> {
    /// The password, to be hashed.
    pub const fn expose(&self) -> &'p str {
        self.0
    }
}

impl Default for Rules {
    /// For passwords that are the only factor: 15 characters.
    fn default() -> Self {
        Self { least: 15, context: Vec::new() }
    }
}

impl fmt::Debug for Acceptable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Acceptable")
    }
}

/// One spelling for what a guesser holds for the same.
fn fold(text: &str) -> String {
    // Lower case can be longer than what it is made from, at most threefold.
    let mut folded = String::with_capacity(text.len().saturating_mul(11 * 3));
    folded.extend(text.nfkc().flat_map(char::to_lowercase));
    folded
}

/// At least 64 characters must be allowed; a policy that asks for more than this makes nobody safer.
const MAX_LEAST: usize = 64;
/// Words of context, and characters of each, that are looked for.
const MAX_CONTEXT: usize = 64;
const MAX_WORD: usize = 32;
