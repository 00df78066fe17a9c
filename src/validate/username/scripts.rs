//! Names in the letters of one script. UTS 39.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_security::{GeneralSecurityProfile, RestrictionLevel, RestrictionLevelDetection, skeleton};

use super::ascii::{invalid, shape};
use super::{Username, ascii};
use crate::validate::{Invalid, InvalidKind, characters};

pub(super) fn canonical(text: &str) -> Result<Cow<'_, str>, Invalid> {
    // Every name of ASCII is one here, in the same form.
    ascii::canonical(text).or_else(|_| of_scripts(text))
}

fn of_scripts(text: &str) -> Result<Cow<'_, str>, Invalid> {
    if text.is_empty() {
        return Err(invalid(InvalidKind::Empty, "at least one letter"));
    }
    if text.len() > Username::MAX_BYTES {
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
    if lower.len() > Username::MAX_BYTES {
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
