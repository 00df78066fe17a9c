//! Mail addresses: a dot-atom, `@`, a domain of two labels or more (RFC 5321 §4.1.2, RFC 5322 §3.2.3).
//!
//! Letters of any script may stand in both (RFC 6531). Of the dot-atom's punctuation only what people's addresses
//! have is read: in a log, `=`, `/`, `&` or `#` before an address end the text around it.

use std::ops::Range;

use super::around::{byte, digits, run, step_back};

/// The mail address around an `@`, which may be written as an escape.
///
/// `user` is where the user part of a URL starts; an `@` that ends it is not one of mail.
pub(super) fn around(text: &[u8], at: Range<usize>, user: Option<usize>) -> Option<Range<usize>> {
    if !is_label(byte(text, at.end)) {
        return None;
    }
    let start = local_start(text, at.start);
    let end = domain_end(text, at.end)?;
    let local = text.get(start..at.start).filter(|local| !local.is_empty())?;
    let in_url = user
        .and_then(|user| text.get(user..at.start))
        .is_some_and(|user| !user.iter().any(|&byte| ends_authority(byte)));
    // The user every repository is fetched as, also without a scheme: `git@host:path`.
    (!in_url && local != b"git").then_some(start..end)
}

/// Where the local part starts that ends at `end`.
fn local_start(text: &[u8], end: usize) -> usize {
    let floor = end.saturating_sub(LONGEST_LOCAL);
    let mut start = end;
    while start > floor {
        let (last, before) = step_back(text, start);
        let dots = last == b'.' && (start == end || byte(text, start) == b'.');
        if before < floor || dots || !is_local(last) || start - before > 1 && !is_escaped_local(text, before)
        {
            break;
        }
        if last >= 0x80 && is_punctuation(text, start.saturating_sub(3)) {
            break;
        }
        start = before;
    }
    // A cut at the floor may have split a character; quotes and dashes before an address are not part of it.
    start + run(text, start, |byte| matches!(byte, 0x80..0xc0 | b'.' | b'-' | b'\'' | b'~')).min(end - start)
}

fn is_local(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'+' | b'\'' | b'~' | 0x80..)
}

/// Only `%2B` and the like; `\n` before an address is a line's end.
fn is_escaped_local(text: &[u8], at: usize) -> bool {
    byte(text, at) == b'%'
}

fn is_label(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | 0x80..)
}

fn ends_authority(byte: u8) -> bool {
    matches!(byte, b'/' | b'?' | b'#' | b'"' | b'\'' | b'<' | b'>') || byte.is_ascii_whitespace()
}

/// Where the longest domain ends that starts at `start`.
fn domain_end(text: &[u8], start: usize) -> Option<usize> {
    let mut end = None;
    let mut numbers = 0;
    let mut at = start;
    for labels in 1.. {
        let length = label(text, at);
        let label = text.get(at..at + length).unwrap_or_default();
        if label.is_empty()
            || length > LONGEST_LABEL
            || at + length > start + LONGEST_DOMAIN
            || label.starts_with(b"-")
        {
            break;
        }
        numbers += usize::from(labels <= 2 && label.iter().all(u8::is_ascii_digit));
        if labels >= 2
            && let Some(top) = top_label(label)
        {
            end = Some(at + top);
        }
        at += length;
        if byte(text, at) != b'.' {
            break;
        }
        at += 1;
    }
    let end = end.filter(|_| numbers < 2)?; // `lib@1.2.0-beta.rc` is a version
    let domain = text.get(start..end)?;
    (!is_unit(domain) && !is_scaled_image(text, start)).then_some(end)
}

/// How many bytes a label has; punctuation outside ASCII ends it.
fn label(text: &[u8], start: usize) -> usize {
    let mut at = start;
    while at - start <= LONGEST_LABEL && is_label(byte(text, at)) && !is_punctuation(text, at) {
        at += 1;
    }
    at - start
}

/// How much of a label can be a top-level domain: letters, or an A-label.
fn top_label(label: &[u8]) -> Option<usize> {
    if label.get(..4).is_some_and(|start| start.eq_ignore_ascii_case(b"xn--")) {
        return (label.len() > 4 && !label.ends_with(b"-")).then_some(label.len());
    }
    let letters = run(label, 0, |byte| byte.is_ascii_alphabetic());
    if letters == 0 {
        return Some(run(label, 0, |byte| byte >= 0x80)).filter(|&length| length > 1);
    }
    (letters >= 2 && !byte(label, letters).is_ascii_digit()).then_some(letters)
}

/// `user@1000.service`: an instance of a systemd unit, by the types of systemd.unit(5).
fn is_unit(domain: &[u8]) -> bool {
    let top = domain.rsplit(|&byte| byte == b'.').next().unwrap_or_default();
    UNITS.iter().any(|unit| top == unit.as_bytes())
}

/// `logo@2x.png`.
fn is_scaled_image(text: &[u8], start: usize) -> bool {
    digits(text, start) == 1 && byte(text, start + 1) == b'x' && byte(text, start + 2) == b'.'
}

/// Whether a character of general, CJK or full-width punctuation starts at `at`.
fn is_punctuation(text: &[u8], at: usize) -> bool {
    matches!(
        (byte(text, at), byte(text, at + 1), byte(text, at + 2)),
        (0xe2, 0x80 | 0x81, _) | (0xe3, 0x80, _) | (0xef, 0xbc, 0x81..=0x8f | 0x9a..=0xa0)
    )
}

/// RFC 5321 §4.5.3.1, octets.
const LONGEST_LOCAL: usize = 64;
const LONGEST_DOMAIN: usize = 255;
/// RFC 1035 §2.3.4.
const LONGEST_LABEL: usize = 63;

const UNITS: &[&str] =
    &["service", "socket", "timer", "mount", "automount", "swap", "path", "slice", "scope", "target"];
