//! Private keys in PEM armour, RFC 7468: over several lines, with its line breaks written out as `\n`, and cut off.

use std::ops::Range;

use super::{Detail, Detector, Scene};
use crate::redact::kind::Kind;
use crate::redact::text::{at, cut, is_space, run};

pub(super) const DETECTOR: Detector = Detector { kinds: &[Kind::PrivateKey], anchors: &["BEGIN "], look };

fn look(scene: &mut Scene<'_>, anchor: Range<usize>) {
    let text = scene.text;
    let Some(start) = body_start(text, &anchor) else { return };
    let body = body(text, start);
    scene.open_armour = body.open;
    scene.add(start..body.end, Kind::PrivateKey, Detail::None);
}

/// Behind `-----BEGIN … PRIVATE KEY-----`; SSH2's has a space behind its dashes.
fn body_start(text: &[u8], anchor: &Range<usize>) -> Option<usize> {
    let label = label_end(text, anchor.end);
    let private = memchr::memmem::find(cut(text, anchor.end, label), b"PRIVATE KEY").is_some();
    let armoured = matches!(at(text, anchor.start.checked_sub(2)?), b'-')
        && matches!(at(text, anchor.start - 1), b'-' | b' ');
    (private && armoured).then(|| label + run(cut(text, 0, label + 8), label, |byte| byte == b'-'))
}

/// RFC 7468 §3: capitals and spaces; digits in `SSH2` and `X25519`.
fn label_end(text: &[u8], from: usize) -> usize {
    from + run(cut(text, 0, from + 64), from, |byte| {
        byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b' '
    })
}

/// How much of a text belongs to armour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::redact) struct Body {
    pub(in crate::redact) end: usize,
    /// The text ended before the armour did.
    pub(in crate::redact) open: bool,
}

/// The armoured body that goes on at `from`: up to its END line, or up to what can be none of it.
pub(in crate::redact) fn body(text: &[u8], from: usize) -> Body {
    let mut end = from;
    loop {
        let start = behind_breaks(text, end);
        if start >= text.len() {
            return Body { end, open: true };
        }
        match boundary(text, start) {
            Boundary::None => {}
            Boundary::End(behind) => return Body { end: behind, open: false },
            Boundary::Begin => return Body { end, open: false },
        }
        let header = HEADERS.iter().any(|name| cut(text, start, text.len()).starts_with(name));
        let word = start + run(text, start, |byte| if header { !is_break(byte) } else { is_base64(byte) });
        if word > start && (header || is_line(text, start, word, end == from)) {
            end = word;
            continue;
        }
        match prefixed(text, start) {
            Prefixed::None => return Body { end, open: false },
            Prefixed::Line(behind) => end = behind,
            Prefixed::End(behind) => return Body { end: behind, open: false },
        }
    }
}

/// RFC 1421 §4.6 and RFC 9580 §6.2.2.1.
const HEADERS: [&[u8]; 7] =
    [b"Proc-Type:", b"DEK-Info:", b"Comment:", b"Version:", b"Hash:", b"Charset:", b"Subject:"];

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}

fn is_break(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r' | b'\\' | b'"' | b'\'')
}

/// Behind white space, line breaks that are written out, and the quotes and signs that join strings in code.
fn behind_breaks(text: &[u8], mut from: usize) -> usize {
    loop {
        let start = from;
        from += run(text, from, is_space);
        if at(text, from) == b'\\' {
            let escape = from + run(text, from, |byte| byte == b'\\');
            if matches!(at(text, escape), b'n' | b'r' | b't' | b'/') || is_space(at(text, escape)) {
                from = escape + 1;
            }
        }
        // `…" + "…`: a quote, and the next one with nothing but a sign between them.
        if matches!(at(text, from), b'"' | b'\'') {
            let next = from
                + 1
                + run(cut(text, 0, from + 64), from + 1, |byte| {
                    is_space(byte) || matches!(byte, b'+' | b'.' | b'\\')
                });
            if at(text, next) == at(text, from) && next > from + 1 {
                from = next + 1;
            }
        }
        if from == start {
            return from;
        }
    }
}

/// A line of armour behind what a logger puts before every line.
enum Prefixed {
    None,
    /// Base64, and where it ends.
    Line(usize),
    /// The END line, and where it ends.
    End(usize),
}

/// How much a logger may put before a line of 64 characters.
const LONGEST_PREFIXED: usize = 512;

fn prefixed(text: &[u8], start: usize) -> Prefixed {
    let line = cut(text, start, start + LONGEST_PREFIXED);
    let line = line.get(..memchr::memchr3(b'\n', b'\\', b'"', line).unwrap_or(line.len())).unwrap_or(line);
    if let Some(dashes) = memchr::memmem::find(line, b"-----END ") {
        return match boundary(text, start + dashes) {
            Boundary::End(behind) => Prefixed::End(behind),
            _ => Prefixed::None,
        };
    }
    let content = line.trim_ascii_end();
    let last = content.iter().rev().take_while(|&&byte| is_base64(byte)).count();
    let word = content.get(content.len() - last..).unwrap_or_default();
    let before = content.len().checked_sub(last + 1).map(|before| at(content, before));
    // A short last line is told by the END line behind it.
    let next = start + line.len();
    let ends = || memchr::memmem::find(cut(text, next, next + LONGEST_PREFIXED), b"-----END ").is_some();
    let key = last >= 40
        || last >= 4 && last % 4 == 0 && word.iter().any(|byte| !byte.is_ascii_lowercase()) && ends();
    if key && matches!(before, Some(b' ' | b'\t' | b'|' | b'>' | b'+')) {
        Prefixed::Line(start + content.len())
    } else {
        Prefixed::None
    }
}

/// A line of armour that is no body.
#[derive(PartialEq, Eq)]
enum Boundary {
    None,
    /// END, and where it ends.
    End(usize),
    /// Another key's BEGIN.
    Begin,
}

fn boundary(text: &[u8], start: usize) -> Boundary {
    let dashes = run(cut(text, 0, start + 8), start, |byte| byte == b'-');
    let label = start + dashes + usize::from(at(text, start + dashes) == b' ');
    match cut(text, label, text.len()) {
        _ if dashes < 4 => Boundary::None,
        rest if rest.starts_with(b"END") => {
            let end = label_end(text, label);
            Boundary::End(end + run(cut(text, 0, end + 8), end, |byte| byte == b'-'))
        }
        rest if rest.starts_with(b"BEGIN") => Boundary::Begin,
        _ => Boundary::None,
    }
}

/// Whether a word of base64 is a line of a key: the first is, a long one is, and one that has its line for itself.
fn is_line(text: &[u8], start: usize, end: usize, first: bool) -> bool {
    let next = at(text, end);
    let alone = end >= text.len()
        || is_break(next)
        || is_space(next) && boundary(text, behind_breaks(text, end)) != Boundary::None;
    let mixed = cut(text, start, end).iter().any(|byte| !byte.is_ascii_lowercase());
    let length = end - start;
    length >= 40 || mixed && (alone || first && length >= 8)
}
