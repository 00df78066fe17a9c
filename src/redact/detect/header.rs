//! Credentials in HTTP headers: `Authorization` and `Proxy-Authorization` keep their scheme (RFC 9110 §11), cookies their
//! names (RFC 6265 §4); and credentials that stand behind `Bearer` or `Basic` without a header's name.

use std::ops::Range;

use super::{Detail, Detector, Scene};
use crate::encoding;
use crate::redact::kind::Kind;
use crate::redact::text::{at, begins_word, blanks, cut, is_space, run, run_before};
use crate::redact::value::{is_placeholder, is_prose, is_status, looks_random};

pub(super) const DETECTOR: Detector = Detector { kinds: &[Kind::Authorization], anchors: &["earer "], look };

/// Behind a scheme that stands by itself.
fn look(scene: &mut Scene<'_>, anchor: Range<usize>) {
    let text = scene.text;
    let Some(start) = anchor.start.checked_sub(1).filter(|&start| begins_word(text, start)) else { return };
    let from = blanks(text, anchor.end);
    let token = from..from + run(text, from, is_token68);
    let word = cut(text, token.start, token.end);
    let digits = word.iter().any(u8::is_ascii_digit);
    let credentials = match at(text, start) {
        b'B' | b'b' if at(text, anchor.start).eq_ignore_ascii_case(&b'e') => {
            looks_random(word) || word.len() >= 12 && digits
        }
        b'B' | b'b' => is_basic(word),
        _ => false,
    };
    if credentials && !is_placeholder(word) {
        scene.add(token, Kind::Authorization, Detail::None);
    }
}

/// RFC 9110 §11.2
fn is_token68(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/' | b'=')
}

/// Base64 of `user:password`, RFC 7617 §2.
pub(super) fn is_basic(word: &[u8]) -> bool {
    let alphabet = |&byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    if !(4..=1024).contains(&word.len()) || !word.iter().all(alphabet) {
        return false; // before memory is taken for it
    }
    let decoded = std::str::from_utf8(word)
        .ok()
        .and_then(|word| encoding::from_base64_unpadded(word.trim_end_matches('=')));
    decoded.is_some_and(|decoded| {
        decoded.contains(&b':')
            && std::str::from_utf8(&decoded).is_ok_and(|text| !text.chars().any(char::is_control))
    })
}

/// Where the value of a header ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Ends {
    /// With the range: it was quoted.
    There,
    /// Within the range, and it is a value: it stands behind an equals sign.
    Within,
    /// Within the range, if it is a value at all: a sentence may go on behind a colon.
    Perhaps,
}

/// The credentials in the value of an `Authorization` header.
pub(super) fn authorization(scene: &mut Scene<'_>, value: Range<usize>, ends: Ends) {
    let closed = ends == Ends::There;
    let text = scene.text;
    let start = value.start + run(cut(text, 0, value.end), value.start, is_space);
    let word_end = |from: usize| {
        from + run(cut(text, 0, value.end), from, |byte| {
            !is_space(byte) && !matches!(byte, b'"' | b'\'' | b'\\' | b'<')
        })
    };
    let first = word_end(start);
    let second = blanks(text, first);
    let scheme = cut(text, start, first);
    let is_scheme = second > first
        && second < value.end
        && !matches!(at(text, second), b'"' | b'\'' | b'\\' | b'}' | b')')
        && scheme.len() <= 32
        && scheme.iter().all(|&byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
        && !looks_random(scheme)
        && !is_status(scheme) | is_known(scheme);
    let from = if is_scheme { second } else { start };
    let mut end = if closed { value.end } else { trim(text, from, word_end(from)) };
    // `Digest username="…", response="…"`: where there are parameters, all that follows belongs to them.
    if !closed && is_scheme && has_parameters(scheme) {
        end = value.end;
    }
    let credentials = cut(text, from, end);
    let spoken = ends == Ends::Perhaps && !is_scheme && is_prose(text, from, end);
    if !is_placeholder(credentials.trim_ascii()) && !spoken && (is_scheme || closed || credentials.len() >= 4)
    {
        scene.add(from..end, Kind::Authorization, Detail::None);
    }
}

/// Schemes with more behind them than one word.
fn has_parameters(scheme: &[u8]) -> bool {
    const SCHEMES: [&[u8]; 8] =
        [b"digest", b"oauth", b"hawk", b"signature", b"mac", b"vapid", b"scram-sha-256", b"aws4-hmac-sha256"];
    SCHEMES.iter().any(|known| scheme.eq_ignore_ascii_case(known))
}

/// IANA's registry of HTTP authentication schemes, and what large services use besides.
fn is_known(scheme: &[u8]) -> bool {
    [&b"basic"[..], b"bearer", b"digest", b"token", b"negotiate", b"ntlm", b"apikey", b"oauth", b"hawk"]
        .iter()
        .any(|known| scheme.eq_ignore_ascii_case(known))
}

/// The values of cookies in `value`. Of `Set-Cookie` only the first is a cookie, the others are attributes.
pub(super) fn cookies(scene: &mut Scene<'_>, value: Range<usize>, set: bool) {
    let text = scene.text;
    let mut i = value.start;
    loop {
        i += run(cut(text, 0, value.end), i, |byte| is_space(byte) || byte == b';');
        let name = i + run(cut(text, 0, value.end), i, is_cookie_name);
        let named = at(text, name) == b'=' && name < value.end;
        let from = if named { name + 1 } else { i };
        let end = from
            + run(cut(text, 0, value.end), from, |byte| {
                !is_space(byte) && !matches!(byte, b';' | b'"' | b'\\' | b'\'')
            });
        let content = cut(text, from, end);
        if !is_placeholder(content)
            && (named || i == value.start && content.len() >= 8 && end >= value.end || looks_random(content))
        {
            scene.add(from..end, Kind::Cookie, Detail::Under(i..name));
        }
        if set || !named || end == i || at(text, end) != b';' || end >= value.end {
            return;
        }
        i = end;
    }
}

fn is_cookie_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'_' | b'-' | b'.' | b'$' | b'!' | b'#' | b'%' | b'&' | b'*' | b'+' | b'^' | b'`' | b'|' | b'~'
        )
}

/// The end of the line, in the text or written out as `\n`, before `limit`.
pub(super) fn line_end(text: &[u8], from: usize, limit: usize) -> usize {
    let line = cut(text, from, limit.min(from + LONGEST_LINE));
    let end = memchr::memchr3(b'\n', b'\r', b'\x1b', line).unwrap_or(line.len());
    let line = line.get(..end).unwrap_or(line);
    let escaped =
        memchr::memmem::find_iter(line, b"\\").find(|&at| matches!(line.get(at + 1), Some(b'n' | b'r')));
    from + escaped.unwrap_or(end)
}

/// Headers are no longer than this in practice: servers refuse them from 8 to 64 KiB on.
const LONGEST_LINE: usize = 1 << 16;

/// `end` without the brackets and commas that belong to what is around.
fn trim(text: &[u8], from: usize, end: usize) -> usize {
    let own = match at(text, from) {
        b'[' => b']',
        b'(' => b')',
        _ => 0,
    };
    let behind = |byte| matches!(byte, b',' | b';' | b')' | b']' | b'}' | b'>') && byte != own;
    end - run_before(text, end, end.saturating_sub(from), behind)
}
