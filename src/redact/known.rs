//! Secrets that are known, in every form in which they appear.

use std::fmt::Write as _;

use aho_corasick::{AhoCorasick, MatchKind};
use zeroize::Zeroizing;

use super::detect::{Detail, Scene};
use super::error::{RedactError, RedactErrorKind};
use super::kind::Kind;
use super::text::cut;
use crate::compare;
use crate::encoding;

/// Registered secrets, and the automaton that finds them.
#[derive(Default)]
pub(super) struct Known {
    secrets: Vec<Zeroizing<Vec<u8>>>,
    automaton: Option<AhoCorasick>,
}

/// A shorter secret would be found in harmless words.
const SHORTEST: usize = 8;

const LONGEST: usize = 1 << 16;

impl Known {
    /// These secrets and one more.
    pub(super) fn with(&self, secret: &[u8]) -> Result<Self, RedactError> {
        if secret.trim_ascii().len() < SHORTEST {
            return Err(RedactErrorKind::TooShort.into());
        }
        if secret.len() > LONGEST {
            return Err(RedactErrorKind::TooLong.into());
        }
        let others = self.secrets.iter().filter(|known| !compare::equal(known, secret)).cloned();
        Ok(Self::of(others.chain([Zeroizing::new(secret.to_vec())]).collect()))
    }

    /// These secrets but for one; `None` if it is none of them.
    pub(super) fn without(&self, secret: &[u8]) -> Option<Self> {
        let others: Vec<_> =
            self.secrets.iter().filter(|known| !compare::equal(known, secret)).cloned().collect();
        (others.len() < self.secrets.len()).then(|| Self::of(others))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.secrets.is_empty()
    }

    fn of(secrets: Vec<Zeroizing<Vec<u8>>>) -> Self {
        let forms: Vec<Zeroizing<Vec<u8>>> = secrets.iter().flat_map(|secret| forms(secret)).collect();
        let automaton = (!forms.is_empty()).then(|| {
            let built = AhoCorasick::builder()
                .match_kind(MatchKind::LeftmostLongest)
                .build(forms.iter().map(|form| form.as_slice()));
            built.expect("patterns of 64 KiB fit into an automaton of 2^31 states, some thousands of them")
        });
        Self { secrets, automaton }
    }

    pub(super) fn look(&self, scene: &mut Scene<'_>) {
        let Some(automaton) = &self.automaton else { return };
        for found in automaton.find_iter(scene.text) {
            scene.add(found.range(), Kind::Registered, Detail::None);
        }
    }
}

/// A secret as it is, and as encodings write it. What an encoding writes together with a neighbour is left out.
fn forms(secret: &[u8]) -> Vec<Zeroizing<Vec<u8>>> {
    let trimmed = secret.trim_ascii();
    let mut forms = Vec::new();
    texts(trimmed, &mut forms);
    // A key of several lines appears line by line.
    if trimmed.contains(&b'\n') {
        let lines = trimmed.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii);
        lines
            .filter(|line| line.len() >= 2 * SHORTEST && !line.starts_with(b"-----"))
            .for_each(|line| texts(line, &mut forms));
    }
    forms.sort_by(|a, b| a.as_slice().cmp(b));
    forms.dedup_by(|a, b| a.as_slice() == b.as_slice());
    forms.retain(|form| form.len() >= SHORTEST);
    forms
}

fn texts(secret: &[u8], forms: &mut Vec<Zeroizing<Vec<u8>>>) {
    let mut add = |form: Vec<u8>| forms.push(Zeroizing::new(form));
    add(secret.to_vec());
    let hex = encoding::hex(secret);
    add(hex.to_ascii_uppercase().into_bytes());
    add(hex.into_bytes());
    for offset in 0..3 {
        let shifted = Zeroizing::new([cut(&[0; 2], 0, offset), secret].concat());
        // Characters that hold only bits of ours: RFC 4648 §4, six bits each.
        let own = (offset * 8).div_ceil(6)..shifted.len() * 8 / 6;
        let standard = encoding::base64_unpadded(&shifted).into_bytes();
        let url = encoding::base64url(&shifted).into_bytes();
        add(cut(&standard, own.start, own.end).to_vec());
        add(cut(&url, own.start, own.end).to_vec());
    }
    for kept in [&b"-._~"[..], b"-._~!'()*", b"-._*", b"-._~!$&'()*+,;=:@/?#[]", b"-._~!$&'()*+,;=:@/"] {
        for lower in [false, true] {
            let encoded = percent(secret, kept, lower);
            add(encoded.clone());
            if secret.contains(&b' ') {
                add(String::from_utf8_lossy(&encoded).replace("%20", "+").into_bytes());
            }
        }
    }
    if let Ok(text) = std::str::from_utf8(secret) {
        for style in [Json::Plain, Json::Slashes, Json::Html, Json::Ascii] {
            let once = json(text, style);
            let twice = json(&once, style);
            add(json(&twice, style).into_bytes());
            add(twice.into_bytes());
            add(once.into_bytes());
        }
        for apostrophe in ["&#39;", "&apos;", "'"] {
            let escaped = text
                .replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('>', "&gt;")
                .replace('\'', apostrophe);
            add(escaped.replace('"', "&#34;").into_bytes());
            add(escaped.replace('"', "&quot;").into_bytes());
            add(escaped.into_bytes());
        }
    }
}

/// RFC 3986 §2.1, but for letters, digits and what is `kept`.
fn percent(secret: &[u8], kept: &[u8], lower: bool) -> Vec<u8> {
    let mut encoded = Vec::with_capacity(secret.len() * 3);
    for &byte in secret {
        if byte.is_ascii_alphanumeric() || kept.contains(&byte) {
            encoded.push(byte);
        } else {
            let digits = if lower { format!("%{byte:02x}") } else { format!("%{byte:02X}") };
            encoded.extend_from_slice(digits.as_bytes());
        }
    }
    encoded
}

/// How writers of JSON differ: RFC 8259 §7 leaves them free to escape more than they must.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Json {
    Plain,
    /// `/` as well.
    Slashes,
    /// `<`, `>` and `&` as well.
    Html,
    /// Everything but ASCII as well.
    Ascii,
}

fn json(text: &str, style: Json) -> String {
    let mut escaped = String::with_capacity(text.len() * 2);
    for character in text.chars() {
        let html = style == Json::Html && matches!(character, '<' | '>' | '&');
        let foreign = style == Json::Ascii && !character.is_ascii();
        match character {
            '"' | '\\' => escaped.extend(['\\', character]),
            '/' if style == Json::Slashes => escaped.push_str("\\/"),
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '\t' => escaped.push_str("\\t"),
            '\u{8}' => escaped.push_str("\\b"),
            '\u{c}' => escaped.push_str("\\f"),
            character if html || foreign || u32::from(character) < 0x20 => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    let _ = write!(escaped, "\\u{unit:04x}"); // a String takes all
                }
            }
            character => escaped.push(character),
        }
    }
    escaped
}
