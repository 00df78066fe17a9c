use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_security::{GeneralSecurityProfile, RestrictionLevel, RestrictionLevelDetection, skeleton};

use super::username::{invalid, shape};
use super::{Invalid, InvalidKind, Username, characters};

valid_text! {
    /// The name of an account in the letters of one language: as [`Username`], of feature `idn`.
    ///
    /// Letters are of one script, or of those that Chinese, Japanese and Korean are written in together, with Latin. Digits
    /// are ASCII's; an apostrophe may separate, too. The canonical form is NFC in lower case.
    ///
    /// ```
    /// use palisade::validate::IdnUsername;
    ///
    /// assert_eq!(IdnUsername::parse("José")?.as_str(), "josé");
    /// assert!(IdnUsername::parse("田中タロウ").is_ok());
    /// assert!(IdnUsername::parse("раypal").is_err()); // the first two letters are Cyrillic
    /// assert!(IdnUsername::parse("ѕсоре").is_err()); // all are, and look like "scope"
    /// # Ok::<(), palisade::validate::Invalid>(())
    /// ```
    ///
    /// # Security
    /// Two names of different scripts, or with different accents, may still look alike to somebody: keep
    /// [`skeleton`](Self::skeleton) in a column that is unique.
    /// Letters that change under case folding in another way than to lower case, as ß, ı and ſ, are refused.
    ///
    /// # Source
    /// Unicode Technical Standard 39: General Security Profile §3.1, skeletons §4, Highly Restrictive §5.2, marks §5.4.
    IdnUsername, at most 128 bytes
}

impl IdnUsername {
    /// What names that look alike have in common; for comparing and for unique columns, not for showing.
    ///
    /// ```
    /// # use palisade::validate::IdnUsername;
    /// assert_eq!(IdnUsername::parse("modern")?.skeleton(), IdnUsername::parse("modem")?.skeleton());
    /// # Ok::<(), palisade::validate::Invalid>(())
    /// ```
    ///
    /// It changes with new editions of Unicode: compute the column again after an upgrade.
    pub fn skeleton(&self) -> String {
        skeleton(self.as_str()).collect()
    }
}

/// Every ASCII name is one here, in the same form.
impl From<Username> for IdnUsername {
    fn from(name: Username) -> Self {
        Self(Cow::Owned(name.into()))
    }
}

fn canonical(text: &str) -> Result<Cow<'_, str>, Invalid> {
    if text.is_empty() {
        return Err(invalid(InvalidKind::Empty, "at least one letter"));
    }
    if text.len() > IdnUsername::MAX_BYTES {
        return Err(invalid(InvalidKind::TooLong, LENGTH));
    }
    if let Some(at) = text.find(|character| !is_allowed(character)) {
        return Err(
            invalid(InvalidKind::Character, "only letters, digits, and . _ - ' between them").at_byte(at)
        );
    }
    let name = characters::nfc(text);
    shape(&name, is_separator)?;
    if characters::has_pile(&name) {
        return Err(invalid(InvalidKind::Deceptive, "at most four marks on a letter, and none without one"));
    }
    if name.nfd().zip(name.nfd().skip(1)).any(|(mark, next)| mark == next && is_combining_mark(mark)) {
        return Err(invalid(InvalidKind::Deceptive, "no mark twice in a row"));
    }
    let lower: String = name.to_lowercase().nfc().collect();
    if lower.contains(|character| !is_allowed(character)) {
        return Err(invalid(InvalidKind::Deceptive, "letters whose small forms are in use")); // some are not, of which the capitals are
    }
    if lower.len() > IdnUsername::MAX_BYTES {
        return Err(invalid(InvalidKind::TooLong, LENGTH)); // some letters are longer in lower case
    }
    if !lower.nfkc().eq(lower.chars()) || !lower.to_uppercase().to_lowercase().nfc().eq(lower.chars()) {
        return Err(invalid(
            InvalidKind::Deceptive,
            "letters in their plain form, of which small and capital make pairs",
        ));
    }
    if !lower.check_restriction_level(RestrictionLevel::HighlyRestrictive) {
        return Err(invalid(InvalidKind::Deceptive, "letters of one script"));
    }
    if !lower.is_ascii() && skeleton(&lower).all(|character| character.is_ascii()) || has_dot_twice(&lower) {
        return Err(invalid(InvalidKind::Deceptive, "letters that do not all look like those of ASCII"));
    }
    Ok(Cow::Owned(lower))
}

fn is_allowed(character: char) -> bool {
    is_separator(character)
        || character.is_ascii_digit()
        || (character.is_alphabetic() || is_combining_mark(character)) && character.identifier_allowed()
}

fn is_separator(character: char) -> bool {
    matches!(character, '.' | '_' | '-' | '\'')
}

/// A second dot above i or j does not show.
fn has_dot_twice(lower: &str) -> bool {
    lower.contains("i\u{307}") || lower.contains("j\u{307}")
}

const LENGTH: &str = "at most 128 bytes";
