use std::ops::RangeInclusive;

use unicode_normalization::char::is_combining_mark;

use super::{Invalid, InvalidKind, characters};

/// Which characters a text may have, and how many: a type of your own in one constant, without a regular expression.
///
/// It is always about the whole text. The length counts characters, 1 to 255 unless [`len`](Self::len) says otherwise.
///
/// ```
/// use palisade::validate::CharSpec;
///
/// const LABEL: CharSpec = CharSpec::ascii_alphanumeric().or(b"-").first(CharSpec::ascii_alphabetic()).len(1..=63);
///
/// assert_eq!(LABEL.parse("eu-west-1")?, "eu-west-1");
/// assert!(LABEL.parse("1st").is_err() && LABEL.parse("eu west").is_err() && LABEL.parse("").is_err());
/// assert!(LABEL.parse("eu-west-1\n").is_err());
/// # Ok::<(), palisade::validate::Invalid>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CharSpec {
    any: Set,
    first: Option<Set>,
    last: Option<Set>,
    least: usize,
    most: usize,
    most_bytes: usize,
}

/// The ASCII characters whose bits are set; and, where asked for, the letters and digits of all scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Set {
    ascii: u128,
    unicode: bool,
}

impl CharSpec {
    /// `a` to `z`, `A` to `Z` and `0` to `9`.
    pub const fn ascii_alphanumeric() -> Self {
        Self::ascii_alphabetic().or(DIGITS)
    }

    /// `a` to `z` and `A` to `Z`.
    pub const fn ascii_alphabetic() -> Self {
        Self::ascii_lowercase().or(CAPITALS)
    }

    /// `a` to `z`.
    pub const fn ascii_lowercase() -> Self {
        Self::of(b"abcdefghijklmnopqrstuvwxyz")
    }

    /// `0` to `9`.
    pub const fn ascii_digit() -> Self {
        Self::of(DIGITS)
    }

    /// Letters, digits and the marks of letters of all scripts, but those that nobody sees.
    ///
    /// # Security
    /// Texts of equal looks may differ: for names there is [`Username`](super::Username).
    pub const fn alphanumeric() -> Self {
        let any = Set { unicode: true, ..Self::ascii_alphanumeric().any };
        Self { any, ..Self::of(b"") }
    }

    /// These characters of ASCII.
    ///
    /// # Panics
    /// One is not ASCII; in a constant, when it is compiled.
    pub const fn of(characters: &[u8]) -> Self {
        let any = Set { ascii: 0, unicode: false }.with(characters);
        Self { any, first: None, last: None, least: 1, most: 255, most_bytes: MOST_BYTES }
    }

    /// These characters of ASCII, too.
    ///
    /// # Panics
    /// One is not ASCII; in a constant, when it is compiled.
    #[must_use]
    pub const fn or(self, characters: &[u8]) -> Self {
        Self { any: self.any.with(characters), ..self }
    }

    /// The first character is one of these alone.
    #[must_use]
    pub const fn first(self, characters: Self) -> Self {
        Self { first: Some(characters.any), ..self }
    }

    /// The last character is one of these alone.
    #[must_use]
    pub const fn last(self, characters: Self) -> Self {
        Self { last: Some(characters.any), ..self }
    }

    /// How many characters there are, counted as Unicode does, not as they are drawn.
    ///
    /// # Panics
    /// The range is empty; in a constant, when it is compiled.
    #[must_use]
    pub const fn len(self, characters: RangeInclusive<usize>) -> Self {
        assert!(*characters.start() <= *characters.end(), "no length is in an empty range");
        Self { least: *characters.start(), most: *characters.end(), ..self }
    }

    /// How many bytes there are at most, 4096 unless this says otherwise; longer text is refused unread.
    #[must_use]
    pub const fn max_bytes(self, bytes: usize) -> Self {
        Self { most_bytes: bytes, ..self }
    }

    /// `text`, when it is as specified.
    ///
    /// # Errors
    /// It is not; the error says where, and does not repeat it.
    pub fn parse<'a>(&self, text: &'a str) -> Result<&'a str, Invalid> {
        // No character has more than four bytes.
        if text.len() > self.most_bytes || text.len() / 4 > self.most {
            return Err(invalid(InvalidKind::TooLong, "fewer bytes"));
        }
        let (mut count, mut last) = (0, None);
        for (at, character) in text.char_indices() {
            let set = self.first.filter(|_| at == 0).unwrap_or(self.any);
            if !set.contains(character) {
                return Err(invalid(InvalidKind::Character, "another character").at_byte(at));
            }
            count += 1;
            last = Some((at, character));
        }
        if let Some((at, character)) = last
            && !self.last.is_none_or(|set| set.contains(character))
        {
            return Err(invalid(InvalidKind::Character, "another character at the end").at_byte(at));
        }
        if count > self.most {
            return Err(invalid(InvalidKind::TooLong, "fewer characters"));
        }
        if count < self.least {
            let kind = if count == 0 { InvalidKind::Empty } else { InvalidKind::TooShort };
            return Err(invalid(kind, "more characters"));
        }
        Ok(text)
    }
}

impl Set {
    const fn with(self, mut characters: &[u8]) -> Self {
        let mut ascii = self.ascii;
        while let [character, rest @ ..] = characters {
            assert!(character.is_ascii(), "only characters of ASCII");
            ascii |= 1 << *character;
            characters = rest;
        }
        Self { ascii, ..self }
    }

    fn contains(self, character: char) -> bool {
        match u32::from(character) {
            code @ 0..=127 => self.ascii >> code & 1 == 1,
            _ => {
                self.unicode
                    && (character.is_alphanumeric() || is_combining_mark(character))
                    && !characters::is_unseen(character)
            }
        }
    }
}

const fn invalid(kind: InvalidKind, expected: &'static str) -> Invalid {
    Invalid::new("text", kind, expected)
}

const DIGITS: &[u8] = b"0123456789";
const CAPITALS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const MOST_BYTES: usize = 4096;
