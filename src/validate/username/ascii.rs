//! Names in the letters of ASCII, and what holds for names of all scripts.

use std::borrow::Cow;

use crate::validate::{Invalid, InvalidKind};

pub(super) fn canonical(text: &str) -> Result<Cow<'_, str>, Invalid> {
    if text.is_empty() {
        return Err(invalid(InvalidKind::Empty, LETTER));
    }
    if text.len() > MAX_BYTES {
        return Err(invalid(InvalidKind::TooLong, "at most 64 bytes"));
    }
    if let Some(at) =
        text.find(|character: char| !character.is_ascii_alphanumeric() && !is_separator(character))
    {
        return Err(invalid(InvalidKind::Character, "only letters, digits and . _ - of ASCII").at_byte(at));
    }
    shape(text, is_separator)?;
    Ok(if text.contains(|character: char| character.is_ascii_uppercase()) {
        Cow::Owned(text.to_ascii_lowercase())
    } else {
        Cow::Borrowed(text)
    })
}

/// What holds for names of all scripts: single separators inside, a letter, and no sign that reads as another.
pub(super) fn shape(name: &str, is_separator: fn(char) -> bool) -> Result<(), Invalid> {
    if let Some(at) = unseparated(name, is_separator) {
        return Err(invalid(InvalidKind::Form, "single separators, between letters and digits").at_byte(at));
    }
    if name.chars().nth(1).is_none() {
        return Err(invalid(InvalidKind::TooShort, "at least two characters"));
    }
    if !name.contains(char::is_alphabetic) {
        return Err(invalid(InvalidKind::Form, LETTER));
    }
    if let Some(at) = stand_in(name) {
        return Err(invalid(InvalidKind::Deceptive, READS).at_byte(at));
    }
    Ok(())
}

/// The byte of a separator that does not stand between two others.
fn unseparated(name: &str, is_separator: fn(char) -> bool) -> Option<usize> {
    let mut may_separate = false;
    for (at, character) in name.char_indices() {
        if is_separator(character) && !may_separate {
            return Some(at);
        }
        may_separate = !is_separator(character);
    }
    (!may_separate).then(|| name.len().saturating_sub(1))
}

/// The byte of zeros and ones between letters, which read as o and l; or of a capital I after a small letter.
fn stand_in(name: &str) -> Option<usize> {
    let mut before = None;
    let mut digits = None;
    for (at, character) in name.char_indices() {
        if matches!(character, '0' | '1') {
            digits = digits.or(before.is_some_and(char::is_alphabetic).then_some(at));
        } else if character.is_alphabetic() && digits.is_some() {
            return digits;
        } else if character == 'I' && before.is_some_and(char::is_lowercase) {
            return Some(at);
        } else {
            digits = None;
        }
        before = Some(character);
    }
    None
}

fn is_separator(character: char) -> bool {
    matches!(character, '.' | '_' | '-')
}

pub(super) const fn invalid(kind: InvalidKind, expected: &'static str) -> Invalid {
    Invalid::new("user name", kind, expected)
}

/// A name of other scripts has twice as many: its letters are longer.
const MAX_BYTES: usize = 64;
const LETTER: &str = "at least one letter";
const READS: &str = "no digit or capital where another letter is read";
