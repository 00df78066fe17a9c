//! Secrets that are known, in every form in which they appear.

use std::ops::Range;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::detect::{Detail, Scene};
use super::error::{RedactError, RedactErrorKind};
use super::kind::Kind;
use super::text::cut;
use crate::compare;
use crate::encoding;
use crate::secret::{CIPHER, on_clean_stack};

/// Registered secrets, and where to look for them.
#[derive(Default)]
pub(super) struct Known {
    secrets: Vec<Arc<Secret>>,
    index: Index,
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
        // In one piece: what grows leaves copies, and a hash can be turned back into the bytes that it is of.
        let mut entries = Vec::with_capacity(secrets.iter().map(|known| known.forms.len()).sum());
        for (secret, known) in secrets.iter().enumerate() {
            entries.extend(known.forms.iter().enumerate().filter_map(|(form, text)| {
                Some(Entry { hash: hash(*text.first_chunk()?), secret, form, begins_with: None })
            }));
        }
        let index = on_clean_stack::<CIPHER, _>(|| Index::of(entries, |entry| form(&secrets, entry)));
        Self { secrets, index }
    }

    pub(super) fn look(&self, scene: &mut Scene<'_>) {
        for place in self.places(scene.text) {
            scene.add(place, Kind::Registered, Detail::None);
        }
    }

    /// Where forms are, at each place the longest; overlapping: a short secret that begins earlier must not expose the rest of a
    /// long one.
    fn places(&self, text: &[u8]) -> impl Iterator<Item = Range<usize>> {
        text.windows(SHORTEST).enumerate().filter_map(move |(start, first)| {
            let hash = hash(*first.first_chunk()?);
            let near = self.index.near(hash);
            if near.is_empty() {
                return None; // nearly always
            }
            // What the text goes on with comes in order after the longest form that it begins with, and after nothing that does
            // not begin with that form.
            let rest = cut(text, start, text.len());
            let upto = near.partition_point(|entry| (entry.hash, form(&self.secrets, entry)) <= (hash, rest));
            let mut entry = near.get(upto.checked_sub(1)?)?;
            loop {
                let form = form(&self.secrets, entry);
                if rest.starts_with(form) {
                    return Some(start..start + form.len());
                }
                entry = self.index.entries.get(entry.begins_with?)?;
            }
        })
    }
}

fn form<'a>(secrets: &'a [Arc<Secret>], entry: &Entry) -> &'a [u8] {
    secrets.get(entry.secret).and_then(|secret| secret.forms.get(entry.form)).map_or(&[], |form| form)
}

/// The forms by a hash of their first eight bytes: an automaton would be a copy of them that nobody can erase.
///
/// A line of 77 bytes takes 135 ns more, with one secret and with a hundred, where the automaton of aho-corasick took 126 and 195;
/// a hundred secrets are registered in 20 ms instead of 308 (2026-11-23, rustc 1.95).
struct Index {
    /// By hash, and by form where that is the same: any number of secrets may begin alike.
    entries: Vec<Entry>,
    /// Where the entries of each bucket begin, and where the last ends; of a hash its upper bits are the bucket.
    begins: Vec<u32>,
    shift: u32,
}

/// A form, and the hash of its first bytes.
struct Entry {
    hash: u64,
    secret: usize,
    form: usize,
    /// Where the longest other form is that this one begins with.
    begins_with: Option<usize>,
}

impl Index {
    fn of<'a>(mut entries: Vec<Entry>, form: impl Fn(&Entry) -> &'a [u8]) -> Self {
        // Nearly all buckets are empty, so that nearly all places are passed over at once.
        let buckets = (entries.len() * 16).next_power_of_two().max(2);
        let shift = 64 - buckets.ilog2();
        entries.sort_unstable_by(|one, other| (one.hash, form(one)).cmp(&(other.hash, form(other))));
        let all = entries.len();
        entries.dedup_by(|one, other| form(one) == form(other));
        let different = entries.len();
        // What is left behind the last is overwritten.
        entries.resize_with(all, || Entry { hash: 0, secret: 0, form: 0, begins_with: None });
        zeroize::optimization_barrier(entries.as_slice());
        entries.truncate(different);
        let mut outer = Vec::new(); // of the forms that the next one may begin with, each begins with the one before
        for index in 0..entries.len() {
            let Some(entry) = entries.get(index) else { break };
            let begins =
                |at: &usize| entries.get(*at).is_some_and(|outer| form(entry).starts_with(form(outer)));
            while outer.last().is_some_and(|last| !begins(last)) {
                outer.pop();
            }
            let begins_with = outer.last().copied();
            entries.get_mut(index).into_iter().for_each(|entry| entry.begins_with = begins_with);
            outer.push(index);
        }
        let mut begins = Vec::with_capacity(buckets + 1);
        let mut passed = 0;
        for bucket in 0..=buckets as u64 {
            let rest = entries.get(passed..).unwrap_or_default();
            passed += rest.iter().take_while(|entry| entry.hash >> shift < bucket).count();
            begins.push(u32::try_from(passed).expect("forms are fewer than bytes of memory"));
        }
        Self { entries, begins, shift }
    }

    /// The entries of a hash, and of others that share its bucket.
    #[inline]
    fn near(&self, hash: u64) -> &[Entry] {
        let bucket = usize::try_from(hash >> self.shift).unwrap_or_default();
        let (begin, end) = match self.begins.get(bucket..bucket + 2) {
            Some(&[begin, end]) => (begin as usize, end as usize),
            _ => (0, 0),
        };
        self.entries.get(begin..end).unwrap_or_default()
    }
}

impl Default for Index {
    fn default() -> Self {
        Self::of(Vec::new(), |_| &[])
    }
}

impl Drop for Index {
    fn drop(&mut self) {
        self.entries.iter_mut().for_each(|entry| entry.hash = 0);
        zeroize::optimization_barrier(self.entries.as_slice());
    }
}

/// A number that no line of a log makes alike for many of its places: multiplication by the golden ratio.
#[inline]
fn hash(first: [u8; SHORTEST]) -> u64 {
    u64::from_le_bytes(first).wrapping_mul(0x9e37_79b9_7f4a_7c15)
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
        for text in [encoding::base64_unpadded(&shifted), encoding::base64url(&shifted)] {
            let text = Zeroizing::new(text.into_bytes());
            add(cut(&text, own.start, own.end).to_vec());
        }
    }
    for kept in [&b"-._~"[..], b"-._~!'()*", b"-._*", b"-._~!$&'()*+,;=:@/?#[]", b"-._~!$&'()*+,;=:@/"] {
        for lower in [false, true] {
            add(percent(secret, kept, lower, "%20"));
            add(percent(secret, kept, lower, "+"));
        }
    }
    if let Ok(text) = std::str::from_utf8(secret) {
        for style in Json::all() {
            let once = style.escape(text);
            let twice = style.escape(&once);
            for form in [style.escape(&twice), twice, once] {
                add(form.into_bytes());
            }
        }
        for apostrophe in ["&#39;", "&apos;", "'"] {
            for quote in ["&#34;", "&quot;", "\""] {
                add(rewritten(text, |character, write| match character {
                    '&' => write("&amp;"),
                    '<' => write("&lt;"),
                    '>' => write("&gt;"),
                    '\'' => write(apostrophe),
                    '"' => write(quote),
                    character => write(character.encode_utf8(&mut [0; 4])),
                })
                .into_bytes());
            }
        }
    }
}

/// A text with other texts in place of its characters, in memory of the exact size: one that grows leaves copies behind.
fn rewritten(text: &str, each: impl Fn(char, &mut dyn FnMut(&str))) -> String {
    let mut len = 0;
    text.chars().for_each(|character| each(character, &mut |piece| len += piece.len()));
    let mut rewritten = String::with_capacity(len);
    text.chars().for_each(|character| each(character, &mut |piece| rewritten.push_str(piece)));
    rewritten
}

/// RFC 3986 §2.1, but for letters, digits and what is `kept`; with this for a space.
fn percent(secret: &[u8], kept: &[u8], lower: bool, space: &str) -> Vec<u8> {
    let mut encoded = Vec::with_capacity(secret.len() * 3);
    for &byte in secret {
        if byte.is_ascii_alphanumeric() || kept.contains(&byte) {
            encoded.push(byte);
        } else if byte == b' ' {
            encoded.extend_from_slice(space.as_bytes());
        } else {
            encoded.extend([b'%', hex_digit(byte >> 4, !lower), hex_digit(byte & 0xf, !lower)]);
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
        rewritten(text, |character, write| match character {
            character if self.signs.contains(character) || (self.foreign && !character.is_ascii()) => {
                self.number(character, write);
            }
            '"' => write("\\\""),
            '\\' => write("\\\\"),
            '/' if self.slash => write("\\/"),
            '\n' => write("\\n"),
            '\r' => write("\\r"),
            '\t' => write("\\t"),
            '\u{8}' => write("\\b"),
            '\u{c}' => write("\\f"),
            character if u32::from(character) < 0x20 => self.number(character, write),
            character => write(character.encode_utf8(&mut [0; 4])),
        })
    }

    fn number(self, character: char, write: &mut dyn FnMut(&str)) {
        for unit in character.encode_utf16(&mut [0; 2]) {
            write("\\u");
            for shift in [12, 8, 4, 0] {
                let digit = hex_digit((*unit >> shift & 0xf) as u8, self.capitals);
                write(char::from(digit).encode_utf8(&mut [0; 4]));
            }
        }
    }
}

fn hex_digit(value: u8, capital: bool) -> u8 {
    match (value, capital) {
        (..10, _) => b'0' + value,
        (_, true) => b'A' - 10 + value,
        (_, false) => b'a' - 10 + value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_longest_form_is_found_at_every_place(
            secrets in proptest::collection::vec("([ab/ ]{8,12}|a{8,12}|abababab[ab]{0,4})", 1..6),
            texts in proptest::collection::vec("[ab/ ]{0,9}", 0..9),
        ) {
            let registered = secrets.iter().filter(|secret| secret.trim().len() >= SHORTEST);
            let known = registered.fold(Known::default(), |known, secret| known.with(secret.as_bytes()).unwrap());
            let forms: Vec<_> = known.secrets.iter().flat_map(|secret| &secret.forms).collect();
            let text = [texts.concat(), secrets.concat(), encoding::hex(secrets[0].as_bytes())].concat();
            let longest = |start: usize| {
                let here = forms.iter().filter(|form| text.as_bytes()[start..].starts_with(form));
                here.map(|form| start..start + form.len()).max_by_key(|place| place.end)
            };
            let expected: Vec<_> = (0..text.len()).filter_map(longest).collect();
            prop_assert_eq!(known.places(text.as_bytes()).collect::<Vec<_>>(), expected);
        }
    }
}
