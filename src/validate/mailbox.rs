//! The parts of an e-mail address, which both of its types are made of.

use std::borrow::Cow;

use super::ldh::{self, Rule};
use super::{Invalid, InvalidKind, idn_hostname};

/// Words of `atext` with single dots between them: RFC 5321 §4.1.2, and beyond ASCII what `allows` does, which is told
/// whether the character begins a word.
pub(super) fn dot_atom(local: &str, allows: impl Fn(char, bool) -> bool) -> Result<(), Invalid> {
    let mut is_first = true;
    for (at, char) in local.char_indices() {
        let is_fine = match char {
            '.' => !is_first,
            '\0'..='\x7f' => is_atext(char),
            _ => allows(char, is_first),
        };
        if !is_fine {
            let kind = if char.is_ascii() { InvalidKind::Character } else { InvalidKind::Deceptive };
            return Err(invalid(kind, WORDS).at_byte(at));
        }
        is_first = char == '.';
    }
    if is_first { Err(invalid(InvalidKind::Form, WORDS).at_byte(local.len())) } else { Ok(()) }
}

/// The name of a host, in ASCII.
pub(super) fn host(domain: &str, rule: Rule) -> Result<Cow<'_, str>, Invalid> {
    if domain.is_ascii() {
        return ldh::canonical(domain, rule);
    }
    idn_hostname::to_ascii(&domain.to_ascii_lowercase()).map(|ascii| Cow::Owned(ascii.into_owned()))
}

/// The address of these parts, their lengths checked; borrowed where `text` is the same.
pub(super) fn join<'a>(text: &'a str, local: &str, domain: &str) -> Result<Cow<'a, str>, Invalid> {
    if local.len() > 64 {
        return Err(invalid(InvalidKind::TooLong, "at most 64 bytes before the @"));
    }
    if text.strip_prefix(local).and_then(|rest| rest.strip_prefix('@')) == Some(domain) {
        return Ok(Cow::Borrowed(text));
    }
    let address = [local, "@", domain].concat();
    if address.len() > MAX_BYTES { Err(TOO_LONG) } else { Ok(Cow::Owned(address)) }
}

/// What both types look at first.
pub(super) fn check_length(text: &str) -> Result<(), Invalid> {
    match text.len() {
        0 => Err(invalid(InvalidKind::Empty, FORM)),
        1..=MAX_BYTES => Ok(()),
        _ => Err(TOO_LONG),
    }
}

pub(super) const fn invalid(kind: InvalidKind, expected: &'static str) -> Invalid {
    Invalid::new(SUBJECT, kind, expected)
}

const fn is_atext(char: char) -> bool {
    char.is_ascii_alphanumeric()
        || matches!(char, '!' | '#'..='\'' | '*' | '+' | '-' | '/' | '=' | '?' | '^'..='`' | '{'..='~')
}

pub(super) const SUBJECT: &str = "e-mail address";
pub(super) const FORM: &str = "one @ between a name and a domain";

/// RFC 5321 §4.5.3.1.3: 256 with the angle brackets around it.
const MAX_BYTES: usize = 254;
const TOO_LONG: Invalid = invalid(InvalidKind::TooLong, "at most 254 bytes, also with its domain in ASCII");
const WORDS: &str = "letters, digits and signs with single dots between them before the @";
