//! IDNA2008: which labels in Unicode a host name may have.
//!
//! Nothing is mapped: capitals that are not ASCII, compatibility forms and text that is not in NFC are refused.
//!
//! # Source
//! RFC 5890 (terms), RFC 5891 §5.4 (checks), RFC 5892 (characters), RFC 5893 (right to left), RFC 3492 (Punycode).

mod punycode;
mod rules;
mod short;
mod table;
mod traits;

use self::short::Short;
use self::traits::{Form, Traits};
use super::{Invalid, InvalidKind};

/// A label in Unicode, for whatever reason it is one: written so, decoded from an A-label, or ASCII.
pub(super) struct Label(Short<char>);

impl Label {
    /// Reads an A-label, in lower case; or any other label, which is taken as it is.
    ///
    /// # Errors
    /// The A-label is no Punycode; the label is too long.
    pub(super) fn read(label: &str) -> Result<Self, Invalid> {
        if let Some(digits) = label.strip_prefix(PREFIX) {
            let decoded = punycode::decode(digits);
            return decoded.map(Self).ok_or(invalid(InvalidKind::Form, "Punycode behind xn--"));
        }
        let mut chars = Short::new('\0');
        for char in label.chars() {
            chars.push(char).ok_or(invalid(InvalidKind::TooLong, "labels of at most 63 bytes in ASCII"))?;
        }
        Ok(Self(chars))
    }

    /// Checks a U-label; whether it reads from right to left.
    pub(super) fn check(&self) -> Result<Direction, Invalid> {
        rules::check(&self.0)
    }

    /// Whether it may stand in a name that has labels from right to left.
    pub(super) fn is_bidi(&self) -> bool {
        rules::is_bidi(&self.0)
    }

    pub(super) fn chars(&self) -> &[char] {
        &self.0
    }
}

/// How a label reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    LeftToRight,
    RightToLeft,
}

/// Appends the A-label of a U-label.
pub(super) fn to_a_label(label: &str, out: &mut String) {
    out.push_str(PREFIX);
    punycode::encode(label, out);
}

/// RFC 5893 §2, of every label of a name that has one from right to left.
pub(super) fn check_bidi<'a>(mut labels: impl Iterator<Item = &'a str>) -> Result<(), Invalid> {
    let is_bidi = labels.all(|label| Label::read(label).is_ok_and(|label| label.is_bidi()));
    if is_bidi { Ok(()) } else { Err(invalid(InvalidKind::Deceptive, rules::BIDI)) }
}

/// Whether a word in some script may have this character, first or behind another: letters, digits and marks that have
/// no other form that looks like them.
pub(super) fn is_word_char(char: char, is_first: bool) -> bool {
    let fits = |traits: Traits| match traits.form {
        Form::Letter | Form::Composing | Form::InContext => true,
        Form::Mark | Form::Virama => !is_first,
        Form::Joiner => false,
    };
    match Traits::of(char) {
        Some(traits) => fits(traits),
        // A capital is as good as its small letter; what is none has itself for one.
        None => char.to_lowercase().all(|small| Traits::of(small).is_some_and(fits)),
    }
}

const fn invalid(kind: InvalidKind, expected: &'static str) -> Invalid {
    Invalid::new("host name", kind, expected)
}

/// What an A-label begins with.
pub(super) const PREFIX: &str = "xn--";
