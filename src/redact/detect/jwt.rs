//! JSON Web Tokens, RFC 7519: base64url of a JSON header, then more parts; also when the whole was encoded once more.

use std::ops::Range;

use super::{Detail, Detector, Scene};
use crate::encoding;
use crate::redact::kind::Kind;
use crate::redact::text::{at, begins_word, cut, run, run_before};

/// `{"` in base64url, and that once more in base64.
pub(super) const DETECTOR: Detector = Detector { kinds: &[Kind::Jwt], anchors: &["eyJ", "ZXlK"], look };

fn look(scene: &mut Scene<'_>, anchor: Range<usize>) {
    match at(scene.text, anchor.start) {
        b'e' => plain(scene, anchor.start),
        _ => encoded(scene, anchor.start),
    }
}

/// Longer parts are not judged, but hidden to their end behind a header that was.
const LONGEST: usize = 1024;

fn is_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

fn plain(scene: &mut Scene<'_>, start: usize) {
    let text = scene.text;
    if !begins_word(text, start) {
        return;
    }
    // No further than a header is long, or a line of headers would be read again for each.
    let header = start + run(cut(text, 0, start + LONGEST), start, is_part);
    let payload = header + 1 + run(cut(text, 0, header + LONGEST), header + 1, is_part);
    let padded = header + run(text, header, |byte| byte == b'=');
    if at(text, header) != b'.' && at(text, padded) != b'.' || header - start < 12 {
        return;
    }
    let end = header + run(text, header, |byte| is_part(byte) || matches!(byte, b'.' | b'='));
    // Two parts that begin as JSON and a third one are enough: tokens are logged with damage, too.
    let likely = payload - header > 12
        && at(text, header + 1) == b'e'
        && at(text, payload) == b'.'
        && end - payload > 12;
    if likely || is_header(cut(text, start, header)) {
        scene.add(start..end, Kind::Jwt, Detail::None);
    }
}

/// Whether it is the header of a JWS or JWE: an object that names an algorithm, RFC 7515 §4.1.1.
fn is_header(part: &[u8]) -> bool {
    let mut header = [0; 1024];
    let whole = part.get(..part.len().min(1024) / 4 * 4).unwrap_or_default();
    let Some(into) = header.get_mut(..encoding::base64url_len(whole)) else { return false };
    let decoded = std::str::from_utf8(whole).ok().and_then(|whole| encoding::from_base64url(whole, into));
    decoded.is_some()
        && [&b"\"alg\""[..], b"\"enc\"", b"\"typ\"", b"\"kid\""]
            .iter()
            .any(|name| memchr::memmem::find(into, name).is_some())
}

fn encoded(scene: &mut Scene<'_>, anchor: usize) {
    let text = scene.text;
    let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_');
    let start = anchor - run_before(text, anchor, 3, is_base64);
    let head_end = anchor + run(cut(text, 0, anchor + 64), anchor, is_base64);
    if head_end - anchor < 40 || !begins_word(text, start) || start + 3 < anchor {
        return;
    }
    // A header in base64 begins with `eyJ`, one, two or three characters into the text: decode it by its own alignment.
    let head = cut(text, start, start + 64.min((head_end - start) / 4 * 4));
    let mut decoded = [0; 48];
    let Some(into) = decoded.get_mut(..head.len() / 4 * 3) else { return };
    let aligned = head.get(..head.len() / 4 * 4).unwrap_or_default();
    let whole = std::str::from_utf8(aligned).ok().and_then(|head| encoding::from_any_base64(head, into));
    let json = |at: usize| {
        into.get(at..).is_some_and(|rest| {
            rest.starts_with(b"eyJ") && rest.iter().all(|&byte| is_part(byte) || byte == b'.')
        })
    };
    if whole.is_some() && (0..=2).any(json) {
        let end = head_end + run(text, head_end, is_base64);
        let end = end + run(cut(text, 0, end + 2), end, |byte| byte == b'=');
        scene.add(start..end, Kind::Jwt, Detail::None);
    }
}
