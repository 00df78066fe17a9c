//! Hardware addresses: 48 bits as six octets with `:` or `-` (IEEE 802-2014 §8.1), or as three groups with `.`.

use std::ops::Range;

use super::around::{back, byte, is_word, joined_before, word};

/// The address whose first separator, `-` or `.`, stands at `first`.
pub(super) fn around(text: &[u8], first: usize) -> Option<Range<usize>> {
    let separator = byte(text, first);
    let start = first.checked_sub(if separator == b'.' { 4 } else { 2 })?;
    if joined_before(text, start) || back(text, start, 1) == separator && !is_label(word(text, start - 1)) {
        return None;
    }
    match separator {
        b'.' => dotted(text, start),
        _ => octets(text, start).filter(|range| !text.get(range.clone()).is_some_and(is_time)),
    }
}

/// The address of octets that starts at `start`, where a word may start.
///
/// Fourteen octets are the header of a frame, as a firewall logs it: two addresses and a type (IEEE 802.3 §3.1.1).
pub(super) fn octets(text: &[u8], start: usize) -> Option<Range<usize>> {
    let separator = byte(text, start + 2);
    if !is_hex(text, start, 2) {
        return None;
    }
    let mut count = 1;
    while count <= FRAME_HEADER
        && byte(text, start + 3 * count - 1) == separator
        && is_hex(text, start + 3 * count, 2)
    {
        count += 1;
    }
    let end = start + 3 * count - 1;
    let header = text
        .get(end.saturating_sub(5)..end)
        .is_some_and(|kind| matches!(kind, b"08:00" | b"08:06" | b"86:dd"));
    let goes_on = is_word(byte(text, end)) || byte(text, end) == separator && is_word(byte(text, end + 1));
    let address = text.get(start..end)?;
    ((count == 6 || count == FRAME_HEADER && header) && !goes_on && is_of_one(address)).then_some(start..end)
}

fn dotted(text: &[u8], start: usize) -> Option<Range<usize>> {
    let end = start + 14;
    let groups = (0..3).all(|group| is_hex(text, start + 5 * group, 4)) && byte(text, start + 9) == b'.';
    let goes_on = is_word(byte(text, end)) || byte(text, end) == b'.' && is_word(byte(text, end + 1));
    let address = text.get(start..end)?;
    // Without a letter it is a number with thousands, or a version.
    let hexadecimal = address.iter().any(u8::is_ascii_alphabetic);
    (groups && !goes_on && hexadecimal && is_of_one(address)).then_some(start..end)
}

fn is_hex(text: &[u8], start: usize, length: usize) -> bool {
    text.get(start..start + length).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
}

/// Neither everyone's address (all ones) nor no one's (all zeros).
fn is_of_one(address: &[u8]) -> bool {
    let all = |digit: u8| {
        address.iter().filter(|byte| byte.is_ascii_hexdigit()).all(|byte| byte.eq_ignore_ascii_case(&digit))
    };
    !all(b'f') && !all(b'0')
}

/// A name before the address, and not an earlier part of a longer chain.
fn is_label(word: &[u8]) -> bool {
    let octet = word.len() == 2 && word.iter().all(u8::is_ascii_hexdigit);
    !octet && !word.is_empty() && !word.iter().any(u8::is_ascii_digit)
}

/// `24-01-31-23-59-59`: year, month, day, hour, minute and second.
fn is_time(address: &[u8]) -> bool {
    let mut parts = address.split(|&byte| byte == b'-');
    let limits: [&[u8]; 6] = [b"99", b"12", b"31", b"24", b"59", b"60"];
    limits
        .iter()
        .all(|limit| parts.next().is_some_and(|part| part <= *limit && part.iter().all(u8::is_ascii_digit)))
}

/// Octets of a header: destination, source, type.
const FRAME_HEADER: usize = 14;
