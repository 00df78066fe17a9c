//! Passwords in URLs: `scheme://user:password@host`, RFC 3986 §3.2.1, also where the password was not percent-encoded.

use std::ops::Range;

use super::{Detail, Detector, Scene};
use crate::redact::kind::Kind;
use crate::redact::text::{at, cut, is_space, run, run_before};
use crate::redact::value::{is_placeholder, looks_random};

pub(super) const DETECTOR: Detector =
    Detector { kinds: &[Kind::Userinfo], anchors: &["://", "%3A%2F%2F", "%3a%2f%2f", "\\/\\/"], look };

/// A longer authority is not looked through.
const LONGEST: usize = 4096;

fn look(scene: &mut Scene<'_>, anchor: Range<usize>) {
    let text = scene.text;
    // `:\/\/`, as JSON may write it: its colon is no rare byte, so it is not in the anchor.
    let colon = anchor.start.checked_sub(1).filter(|_| at(text, anchor.start) == b'\\');
    let scheme_end = match colon {
        Some(colon) if at(text, colon) != b':' => return,
        Some(colon) => colon,
        None => anchor.start,
    };
    if run_before(text, scheme_end, 1, |byte| byte.is_ascii_alphanumeric()) == 0 {
        return;
    }
    let from = anchor.end;
    let scheme = scheme_end
        - run_before(text, scheme_end, 32, |byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.' | b':')
        });
    // An apostrophe may stand in a URL, but not in one that is quoted by it.
    let quoted = scheme > 0 && at(text, scheme - 1) == b'\'';
    let is_outside = |byte: u8| is_outside(byte) || quoted && byte == b'\'';
    let reach = cut(text, 0, from + LONGEST);
    let authority = from + run(reach, from, |byte| !is_outside(byte) && !matches!(byte, b'/' | b'?' | b'#'));
    let mut userinfo = last_at(text, from, authority);
    if userinfo.is_none() && has_bad_port(cut(text, from, authority)) {
        // No port has letters: what stands there is a password with a slash, a question mark or a hash in it.
        let word = from + run(reach, from, |byte| !is_outside(byte));
        userinfo = last_at(text, from, word);
    }
    let Some(end) = userinfo else { return };
    let user = from + run(cut(text, 0, end), from, |byte| byte != b':');
    let mut hide = |place: Range<usize>| scene.add(place, Kind::Userinfo, Detail::None);
    if looks_random(cut(text, from, user)) && user - from >= 16 {
        hide(from..user); // a token in the place of a user
    }
    if user < end && !is_placeholder(cut(text, user + 1, end)) && cut(text, user + 1, end) != b"x-oauth-basic"
    {
        hide(user + 1..end);
    }
}

fn is_outside(byte: u8) -> bool {
    is_space(byte) || byte < b' ' || matches!(byte, b'"' | b'<' | b'>' | b'\\' | b'`')
}

fn last_at(text: &[u8], from: usize, to: usize) -> Option<usize> {
    memchr::memrchr(b'@', cut(text, from, to)).map(|at| from + at)
}

/// Whether something that is no number stands behind the colon of `host:port`. A bracket begins an IPv6 address.
fn has_bad_port(authority: &[u8]) -> bool {
    let Some(colon) = memchr::memchr(b':', authority).filter(|_| at(authority, 0) != b'[') else {
        return false;
    };
    let port = authority.get(colon + 1..).unwrap_or_default();
    !port.iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b',' | b')' | b'\'' | b';' | b']' | b'}'))
        && !port.starts_with(b"{")
        && !port.starts_with(b"$")
}
