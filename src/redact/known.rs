//! Secrets that are known, in every form in which they appear.

use std::fmt::Write as _;
use std::sync::Arc;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
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
    secrets: Vec<Arc<Secret>>,
    automaton: Option<AhoCorasick>,
}

struct Secret {
    bytes: Zeroizing<Vec<u8>>,
    forms: Vec<Zeroizing<Vec<u8>>>,
}

/// A shorter secret would be found in harmless words.
const SHORTEST: usize = 8;

/// Longer than any key: an RSA key of 16,384 bits has 12 KiB in PEM.
const LONGEST: usize = 1 << 14;

impl Known {
    /// These secrets and one more.
    pub(super) fn with(&self, secret: &[u8]) -> Result<Self, RedactError> {
        if secret.trim_ascii().len() < SHORTEST {
            return Err(RedactErrorKind::TooShort.into());
        }
        if secret.len() > LONGEST {
            return Err(RedactErrorKind::TooLong.into());
        }
        let more = Arc::new(Secret { bytes: Zeroizing::new(secret.to_vec()), forms: forms(secret) });
        Ok(Self::of(self.others(secret).chain([more]).collect()))
    }

    /// These secrets but for one; `None` if it is none of them.
    pub(super) fn without(&self, secret: &[u8]) -> Option<Self> {
        let others: Vec<_> = self.others(secret).collect();
        (others.len() < self.secrets.len()).then(|| Self::of(others))
    }

    fn others(&self, secret: &[u8]) -> impl Iterator<Item = Arc<Secret>> {
        self.secrets.iter().filter(|known| !compare::equal(&known.bytes, secret)).cloned()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.secrets.is_empty()
    }

    fn of(secrets: Vec<Arc<Secret>>) -> Self {
        let forms = || secrets.iter().flat_map(|secret| &secret.forms).map(|form| form.as_slice());
        // Of the three kinds of automata, this one is built in milliseconds for secrets of kilobytes (a DFA takes seconds),
        // and is half as fast as the DFA over the text.
        let builder = || {
            AhoCorasick::builder()
                .kind(Some(AhoCorasickKind::ContiguousNFA))
                .match_kind(MatchKind::Standard)
                .build(forms())
        };
        let automaton = (!secrets.is_empty())
            .then(|| builder().expect("some thousand secrets of 16 KiB fit into its 2^31 states"));
        Self { secrets, automaton }
    }

    pub(super) fn look(&self, scene: &mut Scene<'_>) {
        let Some(automaton) = self.automaton.as_ref().filter(|automaton| automaton.is_match(scene.text))
        else {
            return;
        };
        // Overlapping: a short secret that begins earlier must not expose the rest of a long one.
        for found in automaton.find_overlapping_iter(scene.text) {
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
            .filter(|line| line.len() >= SHORTEST && !line.starts_with(b"-----"))
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
        for style in Json::all() {
            let once = style.escape(text);
            let twice = style.escape(&once);
            add(style.escape(&twice).into_bytes());
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
#[derive(Clone, Copy)]
struct Json {
    /// `/` as well, as PHP does.
    slash: bool,
    /// These as well: those of HTML as Go does, and more as .NET does.
    signs: &'static str,
    /// Everything but ASCII as well, as Python does.
    foreign: bool,
    /// Capitals in what is written as a number.
    capitals: bool,
}

impl Json {
    fn all() -> impl Iterator<Item = Self> {
        let signs = ["", "<>&", "<>&'\"+`"];
        signs.into_iter().flat_map(|signs| {
            (0..8).map(move |bits: u8| Self {
                slash: bits & 1 != 0,
                signs,
                foreign: bits & 2 != 0,
                capitals: bits & 4 != 0,
            })
        })
    }

    fn escape(self, text: &str) -> String {
        let mut escaped = String::with_capacity(text.len() * 2);
        for character in text.chars() {
            let foreign = self.foreign && !character.is_ascii();
            match character {
                character if self.signs.contains(character) || foreign => {
                    self.number(character, &mut escaped);
                }
                '"' | '\\' => escaped.extend(['\\', character]),
                '/' if self.slash => escaped.push_str("\\/"),
                '\n' => escaped.push_str("\\n"),
                '\r' => escaped.push_str("\\r"),
                '\t' => escaped.push_str("\\t"),
                '\u{8}' => escaped.push_str("\\b"),
                '\u{c}' => escaped.push_str("\\f"),
                character if u32::from(character) < 0x20 => self.number(character, &mut escaped),
                character => escaped.push(character),
            }
        }
        escaped
    }

    fn number(self, character: char, escaped: &mut String) {
        for unit in character.encode_utf16(&mut [0; 2]) {
            // A String takes all that is written.
            let _ = if self.capitals {
                write!(escaped, "\\u{unit:04X}")
            } else {
                write!(escaped, "\\u{unit:04x}")
            };
        }
    }
}
