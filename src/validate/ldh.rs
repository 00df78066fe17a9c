//! Names of ASCII labels: letters, digits and hyphens.

use std::borrow::Cow;

use super::idna::{self, Direction, Label};
use super::{Invalid, InvalidKind};

/// Which names are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// Of hosts: RFC 1123 §2.1.
    Host,
    /// Of hosts in an e-mail address, as RFC 5321 has them: the last label may be a number.
    Mail,
    /// Of anything in the DNS: with underscores.
    Dns,
}

/// What else is to be done with a name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    has_capitals: bool,
    has_a_labels: bool,
}

/// The name in small letters, its A-labels checked.
pub(super) fn canonical(name: &str, rule: Rule) -> Result<Cow<'_, str>, Invalid> {
    let shape = scan(name, rule)?;
    let small = if shape.has_capitals { Cow::Owned(name.to_ascii_lowercase()) } else { Cow::Borrowed(name) };
    if shape.has_a_labels {
        check_a_labels(&small, rule)?;
    }
    Ok(small)
}

/// Whether the name is one without A-labels and in small letters: all of the check there is for those.
pub(super) const fn is_plain(name: &str, rule: Rule) -> bool {
    matches!(scan(name, rule), Ok(Shape { has_capitals: false, has_a_labels: false }))
}

const fn scan(name: &str, rule: Rule) -> Result<Shape, Invalid> {
    if name.is_empty() {
        return Err(invalid(InvalidKind::Empty, "at least one label"));
    }
    if name.len() > MAX_BYTES {
        return Err(invalid(InvalidKind::TooLong, "at most 253 bytes"));
    }
    let mut shape = Shape { has_capitals: false, has_a_labels: false };
    let mut label = name.as_bytes();
    loop {
        let start = name.len() - label.len();
        let mut rest = label;
        loop {
            while let [b'a'..=b'z' | b'0'..=b'9', others @ ..] = rest {
                rest = others;
            }
            rest = match rest {
                [] | [b'.', ..] => break,
                [b'A'..=b'Z', others @ ..] => {
                    shape.has_capitals = true;
                    others
                }
                [b'-', others @ ..] if rest.len() < label.len() && !matches!(others, [] | [b'.', ..]) => {
                    others
                }
                [b'_', others @ ..] if matches!(rule, Rule::Dns) => others,
                _ => {
                    let expected = if matches!(rule, Rule::Dns) { CHARACTERS_OF_DNS } else { CHARACTERS };
                    return Err(invalid(InvalidKind::Character, expected).at_byte(name.len() - rest.len()));
                }
            };
        }
        let len = label.len() - rest.len();
        if len == 0 {
            return Err(invalid(InvalidKind::Form, "no empty label, and no dot at the end").at_byte(start));
        }
        if len > 63 {
            return Err(invalid(InvalidKind::TooLong, "labels of at most 63 bytes").at_byte(start));
        }
        match label {
            [b'X' | b'x', b'N' | b'n', b'-', b'-', ..] => shape.has_a_labels = true,
            [_, _, b'-', b'-', ..] if len > 3 => {
                return Err(invalid(InvalidKind::Reserved, RESERVED).at_byte(start + 2));
            }
            _ => {}
        }
        label = match rest {
            [_, others @ ..] => others,
            [] if !matches!(rule, Rule::Mail) && is_number(label) => {
                return Err(invalid(InvalidKind::Form, "a last label that is not a number").at_byte(start));
            }
            [] => return Ok(shape),
        };
    }
}

/// Whether a URL with this as its host's last label has an IPv4 address there: WHATWG URL, "ends in a number".
const fn is_number(label: &[u8]) -> bool {
    let (mut rest, is_hex) = match label {
        [b'0', b'x' | b'X', digits @ ..] => (digits, true),
        _ => (label, false),
    };
    while let [byte, others @ ..] = rest {
        if !(byte.is_ascii_digit() || is_hex && byte.is_ascii_hexdigit()) {
            return false;
        }
        rest = others;
    }
    true
}

fn check_a_labels(name: &str, rule: Rule) -> Result<(), Invalid> {
    let mut is_bidi = false;
    let mut start = 0;
    for label in name.split('.') {
        if label.starts_with(idna::PREFIX) {
            let checked = Label::read(label).and_then(|label| label.check());
            is_bidi |= checked.map_err(|error| error.at_byte(start))? == Direction::RightToLeft;
        }
        start += label.len() + 1;
    }
    // Names of services and keys, such as `_25._tcp`, are no part of what is read: RFC 8552 §1.2.
    if is_bidi && rule != Rule::Dns { idna::check_bidi(name.split('.')) } else { Ok(()) }
}

const fn invalid(kind: InvalidKind, expected: &'static str) -> Invalid {
    Invalid::new("host name", kind, expected)
}

/// RFC 1035 §2.3.4: 255 on the wire, where the first length and the root take two.
pub(super) const MAX_BYTES: usize = 253;

const CHARACTERS: &str = "labels of a to z, 0 to 9 and hyphens between them";
const CHARACTERS_OF_DNS: &str = "labels of a to z, 0 to 9, underscores and hyphens between them";
const RESERVED: &str = "two hyphens in third and fourth place only behind xn";
